#include "review.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cover.h"
#include "statement.h"
#include "sts_policy.h"

enum db_status query_unfetched(struct db *db, int64_t domain, struct day_range range,
                               int64_t *failed)
{
    static const char select[] =
        SQL_COVER " SELECT coalesce(sum(t.failed), 0) FROM cover c CROSS JOIN total_result t"
                  "  ON t.level = c.level AND t.block = c.block AND t.domain = ?2"
                  " WHERE t.result_type IN " SQL_UNFETCHED;
    sqlite3_stmt *row = db_statement(db, select);
    sqlite3_bind_int64(row, 2, domain);
    enum db_status status = cover_bind(db, row, LEVELS_SPARSE, range);
    *failed = statement_next(db, row, &status) ? sqlite3_column_int64(row, 0) : 0;
    return db_done(row, status);
}

enum db_status query_refusals(struct db *db, int64_t domain, struct day_range range,
                              struct refusals *refusals)
{
    static const char select[] = SQL_COVER
        " SELECT t.block, t.type, t.failed, iif(t.type = 3, 0, (SELECT sum(f.failed)"
        "   FROM total_result f WHERE f.level = 0 AND f.block = t.block AND f.domain = t.domain"
        "    AND f.organization = t.organization AND f.result_type IN " SQL_UNFETCHED "))"
        " FROM cover c CROSS JOIN total_reporter t"
        "  ON t.level = 0 AND t.block = c.block AND t.domain = ?2"
        " WHERE t.failed > 0 AND (t.type = 3 OR (t.type = 2 AND t.mode = 3))";
    _Static_assert(POLICY_TLSA == 3 && POLICY_STS == 2 && STS_ENFORCE == 3, "named by number");
    sqlite3_stmt *row = db_statement(db, select);
    sqlite3_bind_int64(row, 2, domain);
    *refusals = (struct refusals){.last_day = -1};
    enum db_status status = cover_bind(db, row, LEVELS_DAYS, range);
    while (statement_next(db, row, &status)) {
        int day = sqlite3_column_int(row, 0);
        int64_t failed = sqlite3_column_int64(row, 2), unfetched = sqlite3_column_int64(row, 3);
        failed -= unfetched < failed ? unfetched : failed;
        if (failed == 0)
            continue;
        if (sqlite3_column_int(row, 1) == POLICY_TLSA)
            refusals->dane += failed;
        else
            refusals->enforced += failed;
        if (refusals->last_day < 0 || day < refusals->first_day)
            refusals->first_day = day;
        if (day > refusals->last_day)
            refusals->last_day = day;
    }
    return status;
}

enum db_status query_days_reported(struct db *db, int64_t domain, struct day_range range,
                                   int64_t *days)
{
    static const char select[] =
        SQL_COVER " SELECT count(*) FROM cover c CROSS JOIN total_domain t"
                  "  ON t.level = 0 AND t.block = c.block AND t.domain = ?2";
    sqlite3_stmt *row = db_statement(db, select);
    sqlite3_bind_int64(row, 2, domain);
    enum db_status status = cover_bind(db, row, LEVELS_DAYS, range);
    *days = statement_next(db, row, &status) ? sqlite3_column_int64(row, 0) : 0;
    return db_done(row, status);
}

enum db_status query_unheard(struct db *db, int64_t domain, struct day_range testing,
                             struct day_range quiet, unheard_row_fn *row, void *context)
{
    static const char select[] = SQL_COVER
        ", daily AS MATERIALIZED (SELECT t.organization, t.block AS day,"
        "   sum(t.successful + t.failed) AS sessions, sum(t.failed) AS failed"
        "  FROM cover c CROSS JOIN total_reporter t"
        "   ON t.level = 0 AND t.block = c.block AND t.domain = ?2 AND t.type = 2"
        "  GROUP BY t.organization, t.block HAVING sum(t.successful + t.failed) > 0)"
        " SELECT o.name, d.day, d.sessions, d.failed FROM daily d"
        "  CROSS JOIN organization o ON o.id = d.organization"
        " WHERE d.failed > 0 AND d.day < ?3"
        "  AND d.day = (SELECT max(n.day) FROM daily n WHERE n.organization = d.organization)"
        "  AND d.organization NOT IN (SELECT r.organization FROM cover c"
        "   CROSS JOIN policy p INDEXED BY policy_day ON p.day = c.block AND p.domain = ?2"
        "   CROSS JOIN report r ON r.id = p.report"
        "   WHERE " SQL_SEVERAL_DAYS " AND r.end_time > ?3 * 86400)"
        " ORDER BY d.failed DESC, o.name";
    _Static_assert(POLICY_STS == 2, "named by number");
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 2, domain);
    sqlite3_bind_int(statement, 3, quiet.first);
    enum db_status status = cover_bind(db, statement, LEVELS_DAYS, testing);
    while (statement_next(db, statement, &status)) {
        struct unheard_row line = {.organization = db_text(statement, 0),
                                   .day = sqlite3_column_int(statement, 1),
                                   .sessions = sqlite3_column_int64(statement, 2),
                                   .failed = sqlite3_column_int64(statement, 3)};
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

/* --- mx lines --- */

struct lines {
    struct sts_policy newest;
    char *text; /* that it points into */
    int newest_since;
    int since[STS_MX_MAX]; /* when each was first shown */
};

static int take_newest(void *context, const struct newest_policy_row *row)
{
    struct lines *lines = context;
    lines->text = strdup(row->text);
    if (lines->text == NULL)
        return -1;
    sts_policy_read(lines->text, strlen(lines->text), &lines->newest);
    lines->newest_since = row->first_day;
    for (size_t i = 0; i < lines->newest.mx_count; i++)
        lines->since[i] = row->first_day;
    return 0;
}

static void compare_lines(struct lines *lines, const struct sts_policy *earlier, int first_day)
{
    for (size_t i = 0; i < lines->newest.mx_count; i++)
        for (size_t j = 0; j < earlier->mx_count && lines->since[i] > first_day; j++)
            if (lines->newest.mx[i].length == earlier->mx[j].length &&
                strncasecmp(lines->newest.mx[i].start, earlier->mx[j].start,
                            earlier->mx[j].length) == 0)
                lines->since[i] = first_day;
}

static enum db_status read_earlier(struct db *db, int64_t domain, struct lines *lines)
{
    static const char select[] = /* no more than anybody can have had in a testing */
        "SELECT x.value, s.first_day FROM policy_seen s"
        "  CROSS JOIN policy_text x ON x.id = s.policy_text"
        " WHERE s.domain = ?1 AND s.type = 2 AND s.first_day < ?2"
        " ORDER BY s.first_day DESC LIMIT 100";
    _Static_assert(POLICY_STS == 2, "named by number");
    enum db_status status = DB_OK;
    sqlite3_stmt *row = db_statement(db, select);
    db_bind_integers(row, (int64_t[]){domain, lines->newest_since}, 2);
    while (statement_next(db, row, &status)) {
        struct sts_policy earlier;
        const char *text = db_text(row, 0);
        sts_policy_read(text, strlen(text), &earlier);
        compare_lines(lines, &earlier, sqlite3_column_int(row, 1));
    }
    return status;
}

enum db_status query_lines_since(struct db *db, int64_t domain, int today, int *since)
{
    struct lines lines = {.newest = {.mx_count = 0}};
    *since = -1;
    enum db_status status =
        query_newest_policy(db, domain, today, STS_TESTING, take_newest, &lines);
    if (status == DB_STOPPED)
        status = db_complain(db, DB_MEMORY, "out of memory");
    if (status == DB_OK && lines.newest.mx_count > 0)
        status = read_earlier(db, domain, &lines);
    for (size_t i = 0; i < lines.newest.mx_count; i++)
        if (lines.since[i] > *since)
            *since = lines.since[i];
    free(lines.text);
    return status;
}
