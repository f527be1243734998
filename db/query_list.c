#include "query.h"

#include <stdlib.h>

#include "by_name.h"
#include "domain_rows.h"
#include "ranking.h"
#include "statement.h"

static enum db_status one_domain(struct db *db, int64_t domain, struct day_range range,
                                 domain_row_fn *row, void *context)
{
    struct totals totals;
    enum db_status status = query_total(db, domain, range, &totals);
    return status == DB_OK ? domain_single(db, domain, &totals, row, context) : status;
}

enum db_status query_domains(struct db *db, int64_t domain, struct day_range range, bool foreign,
                             domain_row_fn *row, void *context)
{
    if (domain != ALL_DOMAINS)
        return one_domain(db, domain, range, row, context);
    struct by_name list = {0};
    enum db_status status = domains_by_number(db, range, foreign, by_name_add, &list);
    status = by_name_give(db, &list, status, row, context);
    by_name_free(&list);
    return status;
}

/* --- with their last change of mode --- */

struct timeline {
    struct mode_change *changes; /* by number, of those with a rank */
    struct ranking ranking;
    struct by_name list;
};

static enum db_status read_changes(struct db *db, struct day_range range, bool foreign,
                                   struct timeline *timeline, struct list_sums *sums)
{
    static const char select[] =
        "SELECT d.id, c.day, c.before, c.mode FROM domain d"
        "  CROSS JOIN mode_change c ON c.domain = d.id AND c.day = (SELECT max(m.day)"
        "   FROM mode_change m WHERE m.domain = d.id AND m.day BETWEEN ?2 AND ?3)"
        " WHERE d.mine = ?1 AND c.before <> 0 ORDER BY d.id";
    timeline->changes = calloc((size_t)timeline->ranking.count, sizeof *timeline->changes);
    if (timeline->changes == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){!foreign, range.first, range.last}, 3);
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        int64_t domain = sqlite3_column_int64(statement, 0);
        int day = sqlite3_column_int(statement, 1);
        if (!ranking_lists(&timeline->ranking, domain))
            continue;
        timeline->changes[domain] =
            (struct mode_change){.day = day,
                                 .from = (enum tls_mode)sqlite3_column_int(statement, 2),
                                 .to = (enum tls_mode)sqlite3_column_int(statement, 3)};
        timeline->ranking.ranks[domain] = (int64_t)day + 1;
        sums->ranked++;
    }
    return status;
}

static int add_change(void *context, const struct domain_row *row)
{
    struct timeline *timeline = context;
    struct domain_row line = *row;
    if (ranking_lists(&timeline->ranking, row->id) && timeline->ranking.ranks[row->id] > 0)
        line.change = timeline->changes[row->id];
    return by_name_add(&timeline->list, &line);
}

static enum db_status add_first(struct db *db, struct day_range range, size_t most,
                                struct timeline *timeline)
{
    int64_t *first;
    size_t count;
    enum db_status status = ranking_first(db, &timeline->ranking, most, &first, &count);
    for (size_t i = 0; i < count && status == DB_OK; i++)
        status = one_domain(db, first[i], range, add_change, timeline);
    free(first);
    return status;
}

enum db_status query_timeline(struct db *db, struct day_range range, bool foreign, size_t most,
                              struct list_sums *sums, domain_row_fn *row, void *context)
{
    struct timeline timeline = {0};
    enum db_status status = ranking_make(db, foreign, &timeline.ranking, sums);
    if (status == DB_OK)
        status = read_changes(db, range, foreign, &timeline, sums);
    sums->complete = most == 0 || sums->domains <= FEW_DOMAINS;
    if (status == DB_OK && sums->complete)
        status = domains_by_number(db, range, foreign, add_change, &timeline);
    else if (status == DB_OK)
        status = add_first(db, range, most, &timeline);
    status = by_name_give(db, &timeline.list, status, row, context);
    by_name_free(&timeline.list);
    ranking_free(&timeline.ranking);
    free(timeline.changes);
    return status;
}
