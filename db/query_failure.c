#include "query.h"

#include "cover.h"
#include "sender_sums.h"
#include "statement.h"

enum db_status query_results(struct db *db, int64_t domain, struct day_range range,
                             result_row_fn *row, void *context)
{
    static const char select[] =
        SQL_COVER ", seen AS MATERIALIZED ("
                  "  SELECT t.result_type, sum(t.failed) AS failed,"
                  "    count(DISTINCT t.organization) AS reporters"
                  "   FROM cover c CROSS JOIN total_result t"
                  "    ON t.level = c.level AND t.block = c.block AND t.domain = ?2"
                  "   GROUP BY t.result_type)"
                  " SELECT r.name, s.failed, s.reporters"
                  "  FROM seen s CROSS JOIN result_type r ON r.id = s.result_type"
                  "  ORDER BY s.failed DESC, r.name";
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 2, domain);
    enum db_status status = cover_bind(db, statement, LEVELS_SPARSE, range);
    while (statement_next(db, statement, &status)) {
        struct result_row line = {
            .result_type = db_text(statement, 0),
            .failed = sqlite3_column_int64(statement, 1),
            .reporters = sqlite3_column_int64(statement, 2),
        };
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

/* --- single failures --- */

#define FAILURE_COLUMNS                                                                            \
    "SELECT p.report, d.name, p.day, o.name, pt.name, r.name, ip.value, mx.value, to_ip.value,"    \
    "  helo.value, f.failed, code.value, note.value"
#define FAILURE_TEXTS                                                                              \
    " CROSS JOIN organization o ON o.id = e.organization"                                          \
    " CROSS JOIN policy_type pt ON pt.id = p.type"                                                 \
    " CROSS JOIN result_type r ON r.id = f.result_type"                                            \
    " CROSS JOIN text ip ON ip.id = f.sending_ip"                                                  \
    " CROSS JOIN text mx ON mx.id = f.mx_host"                                                     \
    " CROSS JOIN text to_ip ON to_ip.id = f.receiving_ip"                                          \
    " CROSS JOIN text helo ON helo.id = f.mx_helo"                                                 \
    " CROSS JOIN text code ON code.id = f.reason_code"                                             \
    " CROSS JOIN text note ON note.id = f.additional_info"

/* Is a row of failure one of those that are asked for (struct wanted)?  Rows are
 * compared by number before their texts are looked up. */
#define FITTING_FAILURES                                                                           \
    " AND (?4 = -1 OR f.sending_ip = ?4) AND (?5 = -1 OR f.result_type = ?5)"                      \
    " AND (?6 = -1 OR f.mx_host = ?6)"                                                             \
    " CROSS JOIN report e ON e.id = p.report AND (?7 = -1 OR e.organization = ?7)" FAILURE_TEXTS

#define SELECT_FAILURES                                                                            \
    FAILURE_COLUMNS                                                                                \
    " FROM domain d CROSS JOIN mode_day m ON m.domain = d.id AND m.day BETWEEN ?2 AND "            \
    "?3" SQL_POLICIES SQL_FAILING                                                                  \
    " CROSS JOIN failure f ON f.report = p.report AND f.n = p.n" FITTING_FAILURES

static const char select_failures[] =
    SELECT_FAILURES " WHERE d.id = ?1 ORDER BY m.day DESC, p.report DESC LIMIT ?8";
static const char select_failures_of_mine[] =
    SELECT_FAILURES " WHERE d.mine ORDER BY d.name, m.day DESC, p.report DESC LIMIT ?8";

/* What is asked for, by number; ANY where nothing is. */
struct wanted {
    int64_t organization, sending_ip, result_type, mx_host;
};

enum { ANY = -1, NONE = -2 }; /* NONE is the number of nothing */

static enum db_status find_number(struct db *db, const char *select, const char *name,
                                  int64_t *number)
{
    *number = ANY;
    if (name == NULL)
        return DB_OK;
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_text(statement, 1, name);
    bool row;
    enum db_status status = db_step(db, statement, &row);
    *number = row ? sqlite3_column_int64(statement, 0) : NONE;
    return db_done(statement, status);
}

static enum db_status find_wanted(struct db *db, const struct failure_filter *filter,
                                  struct wanted *wanted)
{
    static const char organization[] = "SELECT id FROM organization WHERE name = ?";
    static const char result_type[] = "SELECT id FROM result_type WHERE name = ?";
    static const char text[] = "SELECT id FROM text WHERE value = ?";
    enum db_status status =
        find_number(db, organization, filter->organization, &wanted->organization);
    if (status == DB_OK)
        status = find_number(db, text, filter->sending_mta_ip, &wanted->sending_ip);
    if (status == DB_OK)
        status = find_number(db, result_type, filter->result_type, &wanted->result_type);
    if (status == DB_OK)
        status = find_number(db, text, filter->mx_host, &wanted->mx_host);
    return status;
}

/* *COUNT, unless NULL, goes up with each row. */
static enum db_status each_failure(struct db *db, sqlite3_stmt *statement, failure_row_fn *row,
                                   void *context, int64_t *count)
{
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        struct failure_row line = {
            .report = sqlite3_column_int64(statement, 0),
            .domain = db_text(statement, 1),
            .day = sqlite3_column_int(statement, 2),
            .organization = db_text(statement, 3),
            .policy_type = db_text(statement, 4),
            .result_type = db_text(statement, 5),
            .sending_mta_ip = db_text(statement, 6),
            .receiving_mx_hostname = db_text(statement, 7),
            .receiving_ip = db_text(statement, 8),
            .receiving_mx_helo = db_text(statement, 9),
            .failed = sqlite3_column_int64(statement, 10),
            .reason_code = db_text(statement, 11),
            .additional_info = db_text(statement, 12),
        };
        if (count != NULL)
            ++*count;
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

/* The failures of one domain, or of mine one domain after the other; LIMIT of
 * them, all if it is negative. */
static enum db_status failures_in(struct db *db, const struct wanted *wanted, int64_t domain,
                                  struct day_range range, int64_t limit, failure_row_fn *row,
                                  void *context, int64_t *count)
{
    sqlite3_stmt *statement =
        db_statement(db, domain == ALL_DOMAINS ? select_failures_of_mine : select_failures);
    if (domain != ALL_DOMAINS)
        sqlite3_bind_int64(statement, 1, domain);
    sqlite3_bind_int(statement, 2, range.first);
    sqlite3_bind_int(statement, 3, range.last);
    sqlite3_bind_int64(statement, 4, wanted->sending_ip);
    sqlite3_bind_int64(statement, 5, wanted->result_type);
    sqlite3_bind_int64(statement, 6, wanted->mx_host);
    sqlite3_bind_int64(statement, 7, wanted->organization);
    sqlite3_bind_int64(statement, 8, limit);
    return each_failure(db, statement, row, context, count);
}

static bool fits(int64_t number, int64_t wanted)
{
    return wanted == ANY || number == wanted;
}

/* Is one of SUMS asked for? */
static bool has_wanted(struct sender_sums sums, const struct wanted *wanted, enum db_status *status)
{
    struct sender_sum sum;
    while (sender_sums_next(&sums, &sum, status)) {
        if (fits(sum.organization, wanted->organization) &&
            fits(sum.sending_ip, wanted->sending_ip) &&
            fits(sum.result_type, wanted->result_type) && fits(sum.mx_host, wanted->mx_host))
            return true;
    }
    return false;
}

/* The totals tell on which days of which domains there are any: only these are
 * looked at, the newest first, until there are enough. */
static enum db_status fitting_failures(struct db *db, const struct failure_filter *filter,
                                       const struct wanted *wanted, failure_row_fn *row,
                                       void *context)
{
    static const char one[] =
        "SELECT t.day, t.domain, t.senders FROM mode_day m"
        " CROSS JOIN total_sender t ON t.day = +m.day AND t.domain = +m.domain"
        " WHERE m.domain = ?1 AND m.day BETWEEN ?2 AND ?3 ORDER BY m.day DESC";
    static const char mine[] = "SELECT t.day, t.domain, t.senders FROM total_sender t"
                               " CROSS JOIN domain d ON d.id = t.domain AND d.mine"
                               " WHERE t.day BETWEEN ?2 AND ?3 ORDER BY t.day DESC, t.domain DESC";
    bool all = filter->domain == ALL_DOMAINS;
    sqlite3_stmt *statement = db_statement(db, all ? mine : one);
    if (!all)
        sqlite3_bind_int64(statement, 1, filter->domain);
    sqlite3_bind_int(statement, 2, filter->range.first);
    sqlite3_bind_int(statement, 3, filter->range.last);
    enum db_status status = DB_OK;
    int64_t count = 0;
    while (statement_next(db, statement, &status)) {
        int day = sqlite3_column_int(statement, 0);
        if (!has_wanted(sender_sums_of(db, statement, 2), wanted, &status))
            continue;
        status = failures_in(db, wanted, sqlite3_column_int64(statement, 1),
                             (struct day_range){day, day},
                             filter->limit == 0 ? -1 : filter->limit - count, row, context, &count);
        if (filter->limit != 0 && count >= filter->limit)
            return db_done(statement, status);
    }
    return status;
}

enum db_status query_failures(struct db *db, const struct failure_filter *filter,
                              failure_row_fn *row, void *context)
{
    struct wanted wanted = {ANY, ANY, ANY, ANY};
    enum db_status status = find_wanted(db, filter, &wanted);
    if (status != DB_OK)
        return status;
    if (filter->sending_mta_ip != NULL || filter->result_type != NULL || filter->mx_host != NULL ||
        filter->organization != NULL)
        return fitting_failures(db, filter, &wanted, row, context);
    return failures_in(db, &wanted, filter->domain, filter->range,
                       filter->limit == 0 ? -1 : filter->limit, row, context, NULL);
}

enum db_status failures_of_policy(struct db *db, int64_t report, int64_t n, failure_row_fn *row,
                                  void *context)
{
    static const char select[] =
        FAILURE_COLUMNS " FROM policy p CROSS JOIN failure f ON f.report = p.report AND f.n = p.n"
                        " CROSS JOIN report e ON e.id = p.report"
                        " CROSS JOIN domain d ON d.id = p.domain" FAILURE_TEXTS
                        " WHERE p.report = ? AND p.n = ? ORDER BY f.i";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){report, n}, 2);
    return each_failure(db, statement, row, context, NULL);
}
