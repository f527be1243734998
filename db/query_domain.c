#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "cover.h"
#include "domain_rows.h"
#include "growing.h"
#include "statement.h"

/* --- totals of one domain --- */

enum db_status query_total(struct db *db, int64_t domain, struct day_range range,
                           struct totals *totals)
{
    static const char select[] = SQL_COVER " SELECT t.reports, t.successful, t.failed"
                                           " FROM cover c CROSS JOIN total_domain t"
                                           "  ON t.level = c.level AND t.block = c.block"
                                           "   AND t.domain = ?2";
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 2, domain);
    enum db_status status = cover_bind(db, statement, LEVELS_ALL, range);
    *totals = (struct totals){0};
    while (statement_next(db, statement, &status))
        totals_add(totals, statement_totals(statement, 0));
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
    memset(steps, 0, domain_count * (size_t)count * sizeof *steps);
    enum db_status status = db_bind_json(db, statement, 2, wanted);
    if (status == DB_OK)
        status = cover_bind_steps(db, statement, LEVELS_ALL, first, days, count);
    while (statement_next(db, statement, &status)) {
        int64_t at = sqlite3_column_int64(statement, 1) * count + sqlite3_column_int(statement, 0);
        totals_add(&steps[at], statement_totals(statement, 2));
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
    return query_total(db, ALL_DOMAINS, (struct day_range){extent->first_day, extent->last_day},
                       &extent->totals);
}

enum db_status query_recency(struct db *db, int today, struct recency *recency)
{
    static const char select[] =
        "SELECT coalesce((SELECT block FROM total_domain WHERE level = 0 AND block <= ?1"
        "   AND domain = 0 ORDER BY block DESC LIMIT 1), -1),"
        " coalesce((SELECT (max(end_time) - 1) / 86400 FROM report INDEXED BY report_of_days"
        "   WHERE " SQL_SEVERAL_DAYS " AND end_time <= (?1 + 1) * 86400), -1)";
    _Static_assert(ALL_DOMAINS == 0, "named by number");
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int(statement, 1, today);
    enum db_status status = DB_OK;
    *recency = (struct recency){.last_day = -1};
    if (statement_next(db, statement, &status)) {
        int day = sqlite3_column_int(statement, 0), ended = sqlite3_column_int(statement, 1);
        bool several_days = ended >= day;
        recency->last_day = several_days ? ended : day;
        recency->overdue = recency->last_day >= 0 &&
                           today - recency->last_day > (several_days ? WEEKLY_LATE : REPORTS_LATE);
    }
    return db_done(statement, status);
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
        struct day_statement *more = with_room(*days, *count, &capacity, sizeof *more);
        if (more == NULL)
            return db_done(statement, db_complain(db, DB_MEMORY, "out of memory"));
        *days = more;
        more[(*count)++] = statement_day(statement, 0);
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
