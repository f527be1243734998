#include "domain_rows.h"

#include <stdlib.h>

#include "cover.h"
#include "observation.h"
#include "statement.h"

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
        .change.day = -1,
    };
    set_mode(domain, statement, fresh_since);
}

static int64_t fresh_since(void)
{
    return instant_now() - (int64_t)OBSERVATION_FRESH_DAYS * SECONDS_PER_DAY;
}

enum db_status domain_single(struct db *db, int64_t domain, const struct totals *totals,
                             domain_row_fn *row, void *context)
{
    static const char select[] = SELECT_DOMAIN " WHERE d.id = ?";
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, domain);
    enum db_status status = DB_OK;
    if (statement_next(db, statement, &status)) {
        struct domain_row line;
        read_domain(&line, statement, fresh_since());
        line.totals = *totals;
        if (row(context, &line) != 0)
            status = DB_STOPPED;
    }
    return db_done(statement, status);
}

enum db_status domain_numbers(struct db *db, int64_t *count)
{
    return db_integer(db, "SELECT coalesce(max(id), 0) + 1 FROM domain", count);
}

enum db_status query_domain_totals(struct db *db, struct day_range range, struct totals **totals,
                                   int64_t *count)
{
    static const char select[] = SQL_COVER " SELECT t.domain, t.reports, t.successful, t.failed"
                                           " FROM cover c CROSS JOIN total_domain t"
                                           "  ON t.level = c.level AND t.block = c.block";
    *totals = NULL;
    enum db_status status = domain_numbers(db, count);
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
            totals_add(&(*totals)[domain], statement_totals(statement, 1));
    }
    return status;
}

enum db_status domains_all(struct db *db, const struct totals *totals, int64_t count, bool foreign,
                           domain_row_fn *row, void *context)
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

enum db_status domains_by_number(struct db *db, struct day_range range, bool foreign,
                                 domain_row_fn *row, void *context)
{
    struct totals *totals;
    int64_t count;
    enum db_status status = query_domain_totals(db, range, &totals, &count);
    if (status == DB_OK)
        status = domains_all(db, totals, count, foreign, row, context);
    free(totals);
    return status;
}

enum db_status domains_foreign(struct db *db, bool **foreign, int64_t *count)
{
    static const char select[] = "SELECT id FROM domain WHERE NOT mine";
    *foreign = NULL;
    enum db_status status = domain_numbers(db, count);
    if (status != DB_OK)
        return status;
    *foreign = calloc((size_t)*count, sizeof **foreign);
    if (*foreign == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    sqlite3_stmt *statement = db_statement(db, select);
    while (statement_next(db, statement, &status)) {
        int64_t domain = sqlite3_column_int64(statement, 0);
        if (domain >= 0 && domain < *count)
            (*foreign)[domain] = true;
    }
    return status;
}
