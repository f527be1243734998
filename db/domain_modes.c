#include "domain_modes.h"

#include <string.h>

#include "connection.h"
#include "day.h"
#include "mode.h"
#include "statement.h"

enum db_status modes_weigh_day(struct db *db, int64_t domain, int day)
{
    static const char select[] =
        "SELECT t.organization, t.type, t.mode, t.successful + t.failed,"
        "  coalesce(o.first_tlsa_day <= t.block, 0), coalesce(o.first_sts_day <= t.block, 0)"
        " FROM total_reporter t JOIN organization o ON o.id = t.organization"
        " WHERE t.level = 0 AND t.block = ?1 AND t.domain = ?2"
        " ORDER BY t.organization";
    static const char insert[] =
        "INSERT INTO mode_day VALUES(?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO UPDATE"
        " SET dane = ?3, sts = ?4, not_found = ?5, fetch_error = ?6";
    struct statement said[DAY_STATEMENTS_MAX];
    sqlite3_stmt *rows = db_statement(db, select);
    db_bind_integers(rows, (int64_t[]){day, domain}, 2);
    size_t count = 0;
    bool row;
    enum db_status status = db_step(db, rows, &row);
    for (; status == DB_OK && row && count < DAY_STATEMENTS_MAX; status = db_step(db, rows, &row)) {
        said[count++] = (struct statement){
            .organization = sqlite3_column_int64(rows, 0),
            .policy_type = sqlite3_column_int(rows, 1),
            .mode = (enum sts_mode)sqlite3_column_int(rows, 2),
            .sessions = sqlite3_column_int64(rows, 3),
            .reports_tlsa = sqlite3_column_int(rows, 4) != 0,
            .reports_sts = sqlite3_column_int(rows, 5) != 0,
        };
    }
    db_done(rows, status);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *kept = db_statement(db, insert);
    struct day_statement weighed = mode_weigh(day, said, count);
    db_bind_integers(
        kept,
        (int64_t[]){domain, day, weighed.dane, weighed.sts, weighed.not_found, weighed.fetch_error},
        6);
    return db_run(db, kept);
}

/* The latest statements about DOMAIN up to LAST, ascending; as many as its mode
 * can stand on.  The newest alone will do when it leaves nothing to inherit. */
static enum db_status recent_days(struct db *db, int64_t domain, int last,
                                  struct day_statement days[static MODE_INHERIT_DAYS + 1],
                                  size_t *count)
{
    static const char select[] = "SELECT day, dane, sts, not_found, fetch_error FROM mode_day"
                                 " WHERE domain = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day DESC";
    enum { MOST = MODE_INHERIT_DAYS + 1 };
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, last - MODE_INHERIT_DAYS, last}, 3);
    size_t first = MOST;
    bool row;
    enum db_status status = db_step(db, statement, &row);
    for (; status == DB_OK && row && first > 0; status = db_step(db, statement, &row)) {
        struct day_statement *day = &days[--first];
        *day = statement_day(statement, 0);
        if (day->day == last && day->dane != DANE_UNSTATED && day->sts != STS_UNSTATED)
            break;
    }
    *count = MOST - first;
    memmove(days, days + first, *count * sizeof *days);
    return db_done(statement, status);
}

static enum db_status mode_of_day(struct db *db, int64_t domain, int day, enum tls_mode *mode)
{
    struct day_statement days[MODE_INHERIT_DAYS + 1];
    struct day_mode told;
    size_t count;
    enum db_status status = recent_days(db, domain, day, days, &count);
    mode_fill(days, status == DB_OK ? count : 0, day, day, &told);
    *mode = told.mode;
    return status;
}

/* --- changes --- */

static enum db_status forget_changes(struct db *db, int64_t domain, int first, int last)
{
    static const char delete[] =
        "DELETE FROM mode_change WHERE domain = ?1 AND day BETWEEN ?2 AND ?3";
    sqlite3_stmt *statement = db_statement(db, delete);
    db_bind_integers(statement, (int64_t[]){domain, first, last}, 3);
    return db_run(db, statement);
}

/* The mode of DOMAIN on the last day before DAY that told one. */
static enum db_status mode_before(struct db *db, int64_t domain, int day, enum tls_mode *mode)
{
    static const char select[] = "SELECT mode FROM mode_change WHERE domain = ?1 AND day < ?2"
                                 " ORDER BY day DESC LIMIT 1";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, day}, 2);
    bool row;
    enum db_status status = db_step(db, statement, &row);
    *mode = row ? (enum tls_mode)sqlite3_column_int(statement, 0) : MODE_UNKNOWN;
    return db_done(statement, status);
}

/* Keeps it if DAY, which comes next, changes the mode of DOMAIN. */
static enum db_status watch_day(struct db *db, int64_t domain, struct mode_watch *watch,
                                const struct day_statement *day)
{
    static const char insert[] = "INSERT INTO mode_change VALUES(?, ?, ?, ?)";
    enum tls_mode before = watch->mode;
    struct mode_change change;
    mode_watch(watch, day, &change);
    if (watch->mode == before)
        return DB_OK;
    sqlite3_stmt *statement = db_statement(db, insert);
    db_bind_integers(statement, (int64_t[]){domain, day->day, before, watch->mode}, 4);
    return db_run(db, statement);
}

/* The days FIRST to LAST may state something else than before: finds anew which of
 * them, and of those that may inherit from them, change the mode of DOMAIN.  The
 * first day behind these that tells a mode may follow another one now. */
static enum db_status find_changes(struct db *db, int64_t domain, int first, int last)
{
    static const char select[] = "SELECT day, dane, sts, not_found, fetch_error FROM mode_day"
                                 " WHERE domain = ?1 AND day >= ?2 ORDER BY day";
    int inheriting = last + MODE_INHERIT_DAYS;
    struct mode_watch watch = {0};
    enum db_status status = mode_before(db, domain, first, &watch.mode);
    if (status == DB_OK)
        status = forget_changes(db, domain, first, inheriting);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, first - MODE_INHERIT_DAYS}, 2);
    bool row, behind = false;
    while (!behind && (status = db_step(db, statement, &row)) == DB_OK && row) {
        struct day_statement day = statement_day(statement, 0);
        if (day.day < first) {
            mode_learn(&watch.memory, &day);
            continue;
        }
        if (day.day > inheriting)
            status = forget_changes(db, domain, day.day, day.day);
        if (status == DB_OK)
            status = watch_day(db, domain, &watch, &day);
        if (status != DB_OK)
            break;
        behind = day.day > inheriting && mode_on(&watch.memory, day.day) != MODE_UNKNOWN;
    }
    return db_done(statement, status);
}

/* --- one domain --- */

enum db_status modes_update_domain(struct db *db, int64_t domain, int first, int last)
{
    static const char span[] =
        "UPDATE domain SET first_day = min(coalesce(first_day, ?2), ?2),"
        " last_day = max(coalesce(last_day, ?3), ?3) WHERE id = ?1 RETURNING last_day, mode";
    static const char set_mode[] = "UPDATE domain SET mode = ?2 WHERE id = ?1";
    sqlite3_stmt *statement = db_statement(db, span);
    db_bind_integers(statement, (int64_t[]){domain, first, last}, 3);
    bool row;
    enum db_status status = db_step(db, statement, &row);
    int last_ever = row ? sqlite3_column_int(statement, 0) : last;
    enum tls_mode before = row ? (enum tls_mode)sqlite3_column_int(statement, 1) : MODE_UNKNOWN;
    db_done(statement, status);
    enum tls_mode now = before;
    if (status == DB_OK && last >= last_ever - MODE_INHERIT_DAYS)
        status = mode_of_day(db, domain, last_ever, &now);
    if (status == DB_OK && (first < last_ever || now != before))
        status = find_changes(db, domain, first, last);
    if (status != DB_OK || now == before)
        return status;
    statement = db_statement(db, set_mode);
    db_bind_integers(statement, (int64_t[]){domain, now}, 2);
    return db_run(db, statement);
}

enum db_status modes_note_first(struct db *db, int64_t organization, int type, int day, int *until)
{
    static const char select_sts[] =
        "SELECT coalesce(first_sts_day, 1 << 30) FROM organization WHERE id = ?";
    static const char select_tlsa[] =
        "SELECT coalesce(first_tlsa_day, 1 << 30) FROM organization WHERE id = ?";
    static const char update_sts[] = "UPDATE organization SET first_sts_day = ?2 WHERE id = ?1";
    static const char update_tlsa[] = "UPDATE organization SET first_tlsa_day = ?2 WHERE id = ?1";
    sqlite3_stmt *statement = db_statement(db, type == POLICY_STS ? select_sts : select_tlsa);
    sqlite3_bind_int64(statement, 1, organization);
    bool row;
    enum db_status status = db_step(db, statement, &row);
    int known = row ? sqlite3_column_int(statement, 0) : 0;
    db_done(statement, status);
    *until = known > day ? known : day;
    if (status != DB_OK || known <= day)
        return status;
    statement = db_statement(db, type == POLICY_STS ? update_sts : update_tlsa);
    db_bind_integers(statement, (int64_t[]){organization, day}, 2);
    return db_run(db, statement);
}

static bool is_news(const struct silence *silences, size_t count, int64_t organization, int day)
{
    size_t low = 0;
    for (size_t high = count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (silences[middle].organization < organization)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < count && silences[low].organization == organization; low++) {
        if (day >= silences[low].first && day < silences[low].until)
            return true;
    }
    return false;
}

/* Selects all rows of the organizations of SILENCES on the days of some. */
static enum db_status select_silent(struct db *db, const struct silence *silences, size_t count,
                                    sqlite3_stmt **statement)
{
    static const char select[] = "SELECT domain, block, organization FROM total_reporter"
                                 " WHERE level = 0 AND block BETWEEN ?1 AND ?2 AND domain <> 0"
                                 "  AND organization IN (SELECT value FROM json_each(?3))";
    *statement = db_statement(db, select);
    sqlite3_str *organizations = sqlite3_str_new(NULL);
    int first = silences[0].first, last = silences[0].until - 1;
    for (size_t i = 0; i < count; i++) {
        sqlite3_str_appendf(organizations, "%c%lld", i == 0 ? '[' : ',',
                            (sqlite3_int64)silences[i].organization);
        first = silences[i].first < first ? silences[i].first : first;
        last = silences[i].until > last ? silences[i].until - 1 : last;
    }
    sqlite3_str_appendchar(organizations, 1, ']');
    db_bind_integers(*statement, (int64_t[]){first, last}, 2);
    return db_bind_json(db, *statement, 3, organizations);
}

enum db_status modes_find_silent(struct db *db, const struct silence *silences, size_t count,
                                 touched_fn *touched, void *context)
{
    if (count == 0)
        return DB_OK;
    sqlite3_stmt *statement;
    enum db_status status = select_silent(db, silences, count, &statement);
    while (statement_next(db, statement, &status)) {
        int day = sqlite3_column_int(statement, 1);
        if (is_news(silences, count, sqlite3_column_int64(statement, 2), day) &&
            touched(context, sqlite3_column_int64(statement, 0), day) != 0)
            return db_done(statement, db_complain(db, DB_MEMORY, "out of memory"));
    }
    return status;
}
