#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "by_name.h"
#include "cover.h"
#include "observation.h"
#include "statement.h"

static void add(struct totals *sum, struct totals totals)
{
    sum->reports += totals.reports;
    sum->successful += totals.successful;
    sum->failed += totals.failed;
}

/* --- totals of one domain --- */

static const char select_totals[] =
    SQL_COVER " SELECT c.step, t.reports, t.successful, t.failed"
              " FROM cover c CROSS JOIN total_domain t"
              "  ON t.level = c.level AND t.block = c.block AND t.domain = ?2";

static enum db_status sum_range(struct db *db, int64_t domain, struct day_range range,
                                struct totals *totals)
{
    sqlite3_stmt *statement = db_statement(db, select_totals);
    sqlite3_bind_int64(statement, 2, domain);
    enum db_status status = cover_bind(db, statement, LEVELS_ALL, range);
    *totals = (struct totals){0};
    while (statement_next(db, statement, &status))
        add(totals, statement_totals(statement, 1));
    return status;
}

enum db_status query_steps(struct db *db, int64_t domain, int first, int days, int count,
                           struct totals *steps)
{
    return query_steps_each(db, &domain, 1, first, days, count, steps);
}

enum db_status query_steps_each(struct db *db, const int64_t *domains, size_t domain_count,
                                int first, int days, int count, struct totals *steps)
{
    static const char select[] =
        SQL_COVER " SELECT c.step, w.key, t.reports, t.successful, t.failed"
                  " FROM cover c CROSS JOIN json_each(?2) w CROSS JOIN total_domain t"
                  "  ON t.level = c.level AND t.block = c.block AND t.domain = w.value";
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_str *wanted = sqlite3_str_new(NULL);
    for (size_t i = 0; i < domain_count; i++)
        sqlite3_str_appendf(wanted, "%c%lld", i == 0 ? '[' : ',', (sqlite3_int64)domains[i]);
    sqlite3_str_appendall(wanted, domain_count == 0 ? "[]" : "]");
    char *json = sqlite3_str_finish(wanted);
    memset(steps, 0, domain_count * (size_t)count * sizeof *steps);
    if (json == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    sqlite3_bind_text(statement, 2, json, -1, sqlite3_free);
    enum db_status status = cover_bind_steps(db, statement, LEVELS_ALL, first, days, count);
    while (statement_next(db, statement, &status)) {
        int64_t at = sqlite3_column_int64(statement, 1) * count + sqlite3_column_int(statement, 0);
        add(&steps[at], statement_totals(statement, 2));
    }
    return status;
}

enum db_status query_days(struct db *db, int64_t domain, struct day_range range, day_row_fn *row,
                          void *context)
{
    static const char select[] =
        SQL_COVER " SELECT t.block, t.reports, t.successful, t.failed"
                  " FROM cover c CROSS JOIN total_domain t"
                  "  ON t.level = 0 AND t.block = c.block AND t.domain = ?2";
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 2, domain);
    enum db_status status = cover_bind(db, statement, LEVELS_DAYS, range);
    while (statement_next(db, statement, &status)) {
        struct day_row day = {.day = sqlite3_column_int(statement, 0),
                              .totals = statement_totals(statement, 1)};
        if (row(context, &day) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

/* --- what there is --- */

enum db_status query_extent(struct db *db, struct extent *extent)
{
    static const char select[] = "SELECT coalesce(min(first_day) FILTER (WHERE mine), 0),"
                                 "  coalesce(max(last_day) FILTER (WHERE mine), -1),"
                                 "  count(*) FILTER (WHERE mine),"
                                 "  count(*) FILTER (WHERE NOT mine AND first_day IS NOT NULL)"
                                 " FROM domain";
    *extent = (struct extent){.last_day = -1};
    sqlite3_stmt *statement = db_statement(db, select);
    enum db_status status = DB_OK;
    if (statement_next(db, statement, &status)) {
        extent->first_day = sqlite3_column_int(statement, 0);
        extent->last_day = sqlite3_column_int(statement, 1);
        extent->domains = sqlite3_column_int64(statement, 2);
        extent->foreign_domains = sqlite3_column_int64(statement, 3);
    }
    db_done(statement, status);
    if (status != DB_OK)
        return status;
    return sum_range(db, ALL_DOMAINS, (struct day_range){extent->first_day, extent->last_day},
                     &extent->totals);
}

enum db_status query_find_domain(struct db *db, const char *name, int64_t *domain)
{
    static const char select[] = "SELECT id FROM domain WHERE name = ?";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_text(statement, 1, name);
    bool found;
    enum db_status status = db_step(db, statement, &found);
    *domain = found ? sqlite3_column_int64(statement, 0) : 0;
    return db_done(statement, status);
}

/* --- the list of domains --- */

#define SELECT_DOMAIN                                                                              \
    "SELECT d.id, d.name, d.mine, coalesce(d.first_day, 0), coalesce(d.last_day, -1), d.mode,"     \
    "  o.mode, o.last_time,"                                                                       \
    "  iif(json_valid(o.evidence), o.evidence ->> '$.mx.state' = 'nxdomain', 0)"                   \
    " FROM domain d LEFT JOIN observation o ON o.id ="                                             \
    "  (SELECT n.id FROM observation n WHERE n.domain = d.id ORDER BY n.last_time DESC, n.id "     \
    "DESC LIMIT 1)"

/* The live check, while it is young, is nearer to the present than reports; but a
 * look that did not find the domain tells nothing against fresh ones. */
static void set_mode(struct domain_row *domain, sqlite3_stmt *statement, int64_t fresh_since)
{
    enum tls_mode seen = (enum tls_mode)sqlite3_column_int(statement, 6);
    int64_t checked = sqlite3_column_int64(statement, 7);
    bool fresh = checked != 0 && checked >= fresh_since;
    domain->check_time = fresh ? checked : 0;
    domain->name_missing = fresh && sqlite3_column_int(statement, 8) != 0;
    bool blind = domain->name_missing || seen == MODE_UNKNOWN;
    domain->mode_is_live = fresh && !(blind && domain->last_day >= day_of(fresh_since));
    domain->mode = domain->mode_is_live ? seen : domain->mode_reported;
    domain->mode_time =
        domain->mode_is_live ? checked : (int64_t)domain->last_day * SECONDS_PER_DAY;
}

static void read_domain(struct domain_row *domain, sqlite3_stmt *statement, int64_t fresh_since)
{
    *domain = (struct domain_row){
        .id = sqlite3_column_int64(statement, 0),
        .name = db_text(statement, 1),
        .mine = sqlite3_column_int(statement, 2) != 0,
        .first_day = sqlite3_column_int(statement, 3),
        .last_day = sqlite3_column_int(statement, 4),
        .mode_reported = (enum tls_mode)sqlite3_column_int(statement, 5),
    };
    set_mode(domain, statement, fresh_since);
}

static int64_t fresh_since(void)
{
    return instant_now() - (int64_t)OBSERVATION_FRESH_DAYS * SECONDS_PER_DAY;
}

static enum db_status one_domain(struct db *db, int64_t domain, struct day_range range,
                                 domain_row_fn *row, void *context)
{
    static const char select[] = SELECT_DOMAIN " WHERE d.id = ?";
    struct totals totals;
    enum db_status status = sum_range(db, domain, range, &totals);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, domain);
    if (statement_next(db, statement, &status)) {
        struct domain_row line;
        read_domain(&line, statement, fresh_since());
        line.totals = totals;
        if (row(context, &line) != 0)
            status = DB_STOPPED;
    }
    return db_done(statement, status);
}

/* The totals of every domain at *TOTALS, by number, *COUNT of them: to be freed. */
static enum db_status sum_domains(struct db *db, struct day_range range, struct totals **totals,
                                  int64_t *count)
{
    static const char select[] = SQL_COVER " SELECT t.domain, t.reports, t.successful, t.failed"
                                           " FROM cover c CROSS JOIN total_domain t"
                                           "  ON t.level = c.level AND t.block = c.block";
    enum db_status status = db_integer(db, "SELECT coalesce(max(id), 0) + 1 FROM domain", count);
    if (status != DB_OK)
        return status;
    *totals = calloc((size_t)*count, sizeof **totals);
    if (*totals == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    sqlite3_stmt *statement = db_statement(db, select);
    status = cover_bind(db, statement, LEVELS_ALL, range);
    while (statement_next(db, statement, &status)) {
        int64_t domain = sqlite3_column_int64(statement, 0);
        if (domain < *count) /* an importer may have added one since */
            add(&(*totals)[domain], statement_totals(statement, 1));
    }
    return status;
}

static enum db_status all_domains(struct db *db, const struct totals *totals, int64_t count,
                                  bool foreign, domain_row_fn *row, void *context)
{
    static const char select[] =
        SELECT_DOMAIN " WHERE d.mine = ? AND (d.first_day IS NOT NULL OR o.id IS NOT NULL)"
                      " ORDER BY d.id";
    int64_t since = fresh_since();
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, !foreign);
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        struct domain_row line;
        read_domain(&line, statement, since);
        if (line.id < count)
            line.totals = totals[line.id];
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

enum db_status domains_by_number(struct db *db, int64_t domain, struct day_range range,
                                 bool foreign, domain_row_fn *row, void *context)
{
    if (domain != ALL_DOMAINS)
        return one_domain(db, domain, range, row, context);
    struct totals *totals = NULL;
    int64_t count;
    enum db_status status = sum_domains(db, range, &totals, &count);
    if (status == DB_OK)
        status = all_domains(db, totals, count, foreign, row, context);
    free(totals);
    return status;
}

enum db_status query_domains(struct db *db, int64_t domain, struct day_range range, bool foreign,
                             domain_row_fn *row, void *context)
{
    struct by_name list = {0};
    enum db_status status = domains_by_number(db, domain, range, foreign, by_name_add, &list);
    status = by_name_give(db, &list, status, row, context);
    by_name_free(&list);
    return status;
}

/* --- modes --- */

/* What is stated of DOMAIN in RANGE and the days before it that it may inherit
 * from: *COUNT statements at *DAYS, to be freed. */
static enum db_status read_statements(struct db *db, int64_t domain, struct day_range range,
                                      struct day_statement **days, size_t *count)
{
    static const char select[] = "SELECT day, dane, sts, not_found, fetch_error FROM mode_day"
                                 " WHERE domain = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement,
                     (int64_t[]){domain, (int64_t)range.first - MODE_INHERIT_DAYS, range.last}, 3);
    size_t capacity = 0;
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        if (*count == capacity) {
            capacity = capacity == 0 ? 512 : capacity * 2;
            struct day_statement *more = realloc(*days, capacity * sizeof **days);
            if (more == NULL)
                return db_done(statement, db_complain(db, DB_MEMORY, "out of memory"));
            *days = more;
        }
        (*days)[(*count)++] = statement_day(statement, 0);
    }
    return status;
}

enum db_status query_modes(struct db *db, int64_t domain, struct day_range range,
                           struct day_mode *modes)
{
    struct day_statement *days = NULL;
    size_t count = 0;
    enum db_status status = read_statements(db, domain, range, &days, &count);
    if (status == DB_OK)
        mode_fill(days, count, range.first, range.last, modes);
    free(days);
    return status;
}

/* With the days before a range that its first days may inherit from. */
#define SELECT_MODE_DAYS                                                                           \
    "SELECT d.name, t.reports, t.successful, t.failed,"                                            \
    "  (SELECT count(DISTINCT r.organization) FROM total_reporter r"                               \
    "    WHERE r.level = 0 AND r.block = m.day AND r.domain = m.domain),"                          \
    "  d.id, m.day, m.dane, m.sts, m.not_found, m.fetch_error"                                     \
    " FROM domain d"                                                                               \
    "  CROSS JOIN mode_day m ON m.domain = d.id AND m.day BETWEEN ?2 AND ?3"                       \
    "  CROSS JOIN total_domain t ON t.level = 0 AND t.block = m.day AND t.domain = m.domain"

enum db_status query_mode_days(struct db *db, int64_t domain, struct day_range range,
                               mode_day_row_fn *row, void *context)
{
    static const char one[] = SELECT_MODE_DAYS " WHERE d.id = ?1 ORDER BY m.day";
    static const char mine[] = SELECT_MODE_DAYS " WHERE d.mine ORDER BY d.name, m.day";
    sqlite3_stmt *statement = db_statement(db, domain == ALL_DOMAINS ? mine : one);
    if (domain != ALL_DOMAINS)
        sqlite3_bind_int64(statement, 1, domain);
    sqlite3_bind_int64(statement, 2, (int64_t)range.first - MODE_INHERIT_DAYS);
    sqlite3_bind_int64(statement, 3, range.last);
    struct mode_memory memory = {0};
    int64_t remembered = 0;
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        struct day_statement day = statement_day(statement, 6);
        if (sqlite3_column_int64(statement, 5) != remembered)
            memory = (struct mode_memory){0};
        remembered = sqlite3_column_int64(statement, 5);
        mode_learn(&memory, &day);
        if (day.day < range.first)
            continue;
        struct mode_day_row line = {
            .domain = db_text(statement, 0),
            .day = day.day,
            .mode = mode_on(&memory, day.day),
            .totals = statement_totals(statement, 1),
            .reporters = sqlite3_column_int64(statement, 4),
        };
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

enum db_status query_last_changes(struct db *db, struct day_range range, bool foreign,
                                  change_row_fn *row, void *context)
{
    static const char select[] =
        "SELECT d.id, c.day, c.before, c.mode FROM domain d"
        "  CROSS JOIN mode_change c ON c.domain = d.id AND c.day = (SELECT max(m.day)"
        "   FROM mode_change m WHERE m.domain = d.id AND m.day BETWEEN ?2 AND ?3)"
        " WHERE d.mine = ?1 AND c.before <> 0 ORDER BY d.id";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){!foreign, range.first, range.last}, 3);
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        struct change_row line = {
            .domain = sqlite3_column_int64(statement, 0),
            .change = {.day = sqlite3_column_int(statement, 1),
                       .from = (enum tls_mode)sqlite3_column_int(statement, 2),
                       .to = (enum tls_mode)sqlite3_column_int(statement, 3)},
        };
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}
