#include "query.h"

#include "cover.h"
#include "statement.h"

/* SELECT with the cover of RANGE and DOMAIN bound. */
static sqlite3_stmt *over_range(struct db *db, const char *select, int64_t domain,
                                struct day_range range, enum db_status *status)
{
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 2, domain);
    *status = cover_bind(db, statement, LEVELS_SPARSE, range);
    return statement;
}

enum db_status query_composition(struct db *db, int64_t domain, struct day_range range,
                                 composition_row_fn *row, void *context)
{
    static const char select[] =
        SQL_COVER ", seen AS MATERIALIZED ("
                  "  SELECT t.organization, t.type, t.mode, sum(t.reports) AS reports,"
                  "    sum(t.successful) AS successful, sum(t.failed) AS failed"
                  "   FROM cover c CROSS JOIN total_reporter t"
                  "    ON t.level = c.level AND t.block = c.block AND t.domain = ?2"
                  "   GROUP BY t.organization, t.type, t.mode)"
                  " SELECT o.name, p.name, s.mode, s.reports, s.successful, s.failed"
                  "  FROM seen s CROSS JOIN organization o ON o.id = s.organization"
                  "   CROSS JOIN policy_type p ON p.id = s.type"
                  "  ORDER BY s.successful + s.failed DESC, o.name, s.type, s.mode";
    enum db_status status;
    sqlite3_stmt *statement = over_range(db, select, domain, range, &status);
    while (statement_next(db, statement, &status)) {
        struct composition_row line = {
            .organization = db_text(statement, 0),
            .policy_type = db_text(statement, 1),
            .mode = (enum sts_mode)sqlite3_column_int(statement, 2),
            .totals = statement_totals(statement, 3),
        };
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

enum db_status query_reporters(struct db *db, int64_t domain, struct day_range range,
                               reporter_row_fn *row, void *context)
{
    static const char select[] = SQL_COVER
        ", seen AS MATERIALIZED ("
        "  SELECT t.organization, iif(t.type BETWEEN 1 AND 3, t.type, 0) AS type,"
        "    sum(t.reports) AS reports, sum(t.successful) AS successful, sum(t.failed) AS failed"
        "   FROM cover c CROSS JOIN total_reporter t"
        "    ON t.level = c.level AND t.block = c.block AND t.domain = ?2"
        "   GROUP BY 1, 2),"
        " by_type AS MATERIALIZED ("
        "  SELECT organization, max(reports) AS reports, sum(successful) AS successful,"
        "    sum(failed) AS failed,"
        "    sum(reports) FILTER (WHERE type = 0) AS r0,"
        "    sum(successful) FILTER (WHERE type = 0) AS s0,"
        "    sum(failed) FILTER (WHERE type = 0) AS f0,"
        "    sum(reports) FILTER (WHERE type = 1) AS r1,"
        "    sum(successful) FILTER (WHERE type = 1) AS s1,"
        "    sum(failed) FILTER (WHERE type = 1) AS f1,"
        "    sum(reports) FILTER (WHERE type = 2) AS r2,"
        "    sum(successful) FILTER (WHERE type = 2) AS s2,"
        "    sum(failed) FILTER (WHERE type = 2) AS f2,"
        "    sum(reports) FILTER (WHERE type = 3) AS r3,"
        "    sum(successful) FILTER (WHERE type = 3) AS s3,"
        "    sum(failed) FILTER (WHERE type = 3) AS f3"
        "   FROM seen GROUP BY organization)"
        " SELECT o.id, o.name, t.reports, t.successful, t.failed,"
        "   r0, s0, f0, r1, s1, f1, r2, s2, f2, r3, s3, f3"
        "  FROM by_type t CROSS JOIN organization o ON o.id = t.organization"
        "  ORDER BY t.failed DESC, t.successful DESC, o.name";
    _Static_assert(POLICY_NOT_FOUND == 1 && POLICY_STS == 2 && POLICY_TLSA == 3,
                   "the statement names them by number");
    enum { FIRST_TYPE = 5, TYPES = 4, COLUMNS = 3 };
    enum db_status status;
    sqlite3_stmt *statement = over_range(db, select, domain, range, &status);
    while (statement_next(db, statement, &status)) {
        struct reporter_row line = {
            .organization_id = sqlite3_column_int64(statement, 0),
            .organization = db_text(statement, 1),
            .totals = statement_totals(statement, 2),
        };
        for (int type = 0; type < TYPES; type++)
            line.by_type[type] = statement_totals(statement, FIRST_TYPE + COLUMNS * type);
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

static enum db_status count_reporters(struct db *db, int64_t domain, struct day_range range,
                                      int64_t *count)
{
    static const char select[] =
        SQL_COVER " SELECT count(DISTINCT t.organization)"
                  " FROM cover c CROSS JOIN total_reporter t"
                  "  ON t.level = c.level AND t.block = c.block AND t.domain = ?2";
    enum db_status status;
    sqlite3_stmt *statement = over_range(db, select, domain, range, &status);
    *count = statement_next(db, statement, &status) ? sqlite3_column_int64(statement, 0) : 0;
    return db_done(statement, status);
}

enum db_status query_coverage(struct db *db, int64_t domain, struct day_range range,
                              struct coverage *coverage)
{
    static const char select[] =
        "SELECT coalesce((SELECT min(day) FROM mode_day WHERE domain = ?1 AND day BETWEEN ?2 AND"
        "  ?3), 0),"
        " coalesce((SELECT max(day) FROM mode_day WHERE domain = ?1 AND day BETWEEN ?2 AND ?3), "
        "-1)";
    *coverage = (struct coverage){.last_day = -1};
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, range.first, range.last}, 3);
    enum db_status status = DB_OK;
    if (statement_next(db, statement, &status)) {
        coverage->first_day = sqlite3_column_int(statement, 0);
        coverage->last_day = sqlite3_column_int(statement, 1);
    }
    db_done(statement, status);
    if (status != DB_OK || coverage->last_day < 0)
        return status;
    /* the days it has need fewer blocks than RANGE may */
    return count_reporters(db, domain, (struct day_range){coverage->first_day, coverage->last_day},
                           &coverage->reporters);
}

enum db_status query_policies(struct db *db, int64_t domain, policy_seen_row_fn *row, void *context)
{
    static const char select[] =
        "SELECT s.policy_text, x.value, s.mode, p.name, o.name, s.first_day, s.last_day,"
        "   s.reports, s.successful, s.failed"
        "  FROM policy_seen s CROSS JOIN policy_text x ON x.id = s.policy_text"
        "   CROSS JOIN policy_type p ON p.id = s.type"
        "   CROSS JOIN organization o ON o.id = s.organization"
        "  WHERE s.domain = ? ORDER BY s.first_day, o.name, s.policy_text, s.type";
    enum db_status status = DB_OK;
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, domain);
    while (statement_next(db, statement, &status)) {
        struct policy_seen_row line = {
            .text_id = sqlite3_column_int64(statement, 0),
            .text = db_text(statement, 1),
            .mode = (enum sts_mode)sqlite3_column_int(statement, 2),
            .policy_type = db_text(statement, 3),
            .organization = db_text(statement, 4),
            .first_day = sqlite3_column_int(statement, 5),
            .last_day = sqlite3_column_int(statement, 6),
            .totals = statement_totals(statement, 7),
        };
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

enum db_status query_newest_policy(struct db *db, int64_t domain, int today, enum sts_mode least,
                                   newest_policy_row_fn *row, void *context)
{
    static const char select[] =
        "WITH seen AS MATERIALIZED ("
        "  SELECT policy_text, min(first_day) AS first, min(max(last_day), ?2) AS last,"
        "    sum(successful + failed) AS sessions"
        "   FROM policy_seen WHERE domain = ?1 AND type = ?3 AND mode >= ?4 AND first_day <= ?2"
        "   GROUP BY policy_text)"
        /* some of the newest; of which one that a reporter has gone back from comes last */
        ", newest AS MATERIALIZED (SELECT *, last >= (SELECT max(last) FROM seen) - 1 AS now"
        "   FROM seen ORDER BY now DESC, first DESC, sessions DESC LIMIT 8)"
        " SELECT x.value, s.first, s.last FROM newest s"
        "  CROSS JOIN policy_text x ON x.id = s.policy_text"
        " ORDER BY s.now DESC, EXISTS (SELECT 1 FROM policy_seen b CROSS JOIN policy_seen a"
        "   ON a.domain = b.domain AND a.organization = b.organization AND a.type = ?3"
        "    AND a.mode >= ?4 AND a.last_day > b.last_day AND a.first_day < b.first_day"
        "   WHERE b.domain = ?1 AND b.type = ?3 AND b.policy_text = s.policy_text),"
        "  s.first DESC, s.sessions DESC"
        " LIMIT 1";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, today, POLICY_STS, least}, 4);
    enum db_status status = DB_OK;
    if (statement_next(db, statement, &status)) {
        struct newest_policy_row line = {
            .text = db_text(statement, 0),
            .first_day = sqlite3_column_int(statement, 1),
            .last_day = sqlite3_column_int(statement, 2),
        };
        if (row(context, &line) != 0)
            status = DB_STOPPED;
    }
    return db_done(statement, status);
}
