#include "ranking.h"

#include <stdlib.h>

#include "domain_rows.h"
#include "statement.h"

enum db_status ranking_make(struct db *db, bool foreign, struct ranking *ranking,
                            struct list_sums *sums)
{
    static const char select[] =
        "SELECT d.id, coalesce(d.last_day, -1) FROM domain d WHERE d.mine = ?"
        " AND (d.first_day IS NOT NULL OR EXISTS"
        "  (SELECT 1 FROM observation o WHERE o.domain = d.id))";
    *ranking = (struct ranking){0};
    *sums = (struct list_sums){.last_day = -1};
    enum db_status status = domain_numbers(db, &ranking->count);
    if (status != DB_OK)
        return status;
    ranking->ranks = calloc((size_t)ranking->count, sizeof *ranking->ranks);
    if (ranking->ranks == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    for (int64_t i = 0; i < ranking->count; i++)
        ranking->ranks[i] = NOT_LISTED;
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int(statement, 1, !foreign);
    while (statement_next(db, statement, &status)) {
        int64_t domain = sqlite3_column_int64(statement, 0);
        int last_day = sqlite3_column_int(statement, 1);
        if (domain >= ranking->count)
            continue;
        ranking->ranks[domain] = 0;
        sums->domains++;
        sums->last_day = last_day > sums->last_day ? last_day : sums->last_day;
    }
    return status;
}

void ranking_free(struct ranking *ranking)
{
    free(ranking->ranks);
}

bool ranking_lists(const struct ranking *ranking, int64_t domain)
{
    return domain > 0 && domain < ranking->count && ranking->ranks[domain] != NOT_LISTED;
}

static int by_rank(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left < right) - (left > right);
}

/* The rank of the domain that comes MOST-th, 0 where there are fewer with a rank above
 * that; NOT_LISTED when memory is short. */
static int64_t last_rank(const struct ranking *ranking, size_t most)
{
    int64_t *ranks = calloc((size_t)ranking->count, sizeof *ranks);
    size_t count = 0;
    if (ranks == NULL)
        return NOT_LISTED;
    for (int64_t i = 0; i < ranking->count; i++) {
        if (ranking->ranks[i] > 0)
            ranks[count++] = ranking->ranks[i];
    }
    if (count > 0)
        qsort(ranks, count, sizeof *ranks, by_rank);
    int64_t rank = most > 0 && count >= most ? ranks[most - 1] : 0;
    free(ranks);
    return rank;
}

/* Adds those of RANK by name, until there are MOST. */
static enum db_status add_by_name(struct db *db, const struct ranking *ranking, int64_t rank,
                                  size_t most, int64_t *domains, size_t *count)
{
    sqlite3_stmt *statement = db_statement(db, "SELECT id FROM domain ORDER BY name");
    enum db_status status = DB_OK;
    while (*count < most && statement_next(db, statement, &status)) {
        int64_t domain = sqlite3_column_int64(statement, 0);
        if (ranking_lists(ranking, domain) && ranking->ranks[domain] == rank)
            domains[(*count)++] = domain;
    }
    return db_done(statement, status);
}

enum db_status ranking_first(struct db *db, const struct ranking *ranking, size_t most,
                             int64_t **domains, size_t *count)
{
    int64_t last = last_rank(ranking, most);
    *count = 0;
    *domains = last == NOT_LISTED ? NULL : calloc(most + 1, sizeof **domains);
    if (*domains == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    for (int64_t i = 0; i < ranking->count; i++) {
        if (ranking->ranks[i] > last && *count < most) /* fewer than MOST have it */
            (*domains)[(*count)++] = i;
    }
    return add_by_name(db, ranking, last, most, *domains, count);
}
