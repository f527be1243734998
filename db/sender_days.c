#include "sender_days.h"

#include <stdlib.h>

#include "domain_rows.h"
#include "statement.h"

static bool is_foreign(const bool *foreign, int64_t count, int64_t domain)
{
    return domain >= 0 && domain < count && foreign[domain];
}

/* Takes the rows of STATEMENT but for those of the domains that are FOREIGN. */
static enum db_status take_rows(struct db *db, sqlite3_stmt *statement, const bool *foreign,
                                int64_t count, sender_day_fn *take, void *context)
{
    enum db_status status = DB_OK;
    bool goes_on = true;
    while (goes_on && statement_next(db, statement, &status)) {
        int day = sqlite3_column_int(statement, 0);
        struct sender_sums row = sender_sums_of(db, statement, 2);
        struct sender_sum sum;
        if (is_foreign(foreign, count, sqlite3_column_int64(statement, 1)))
            continue;
        while (goes_on && sender_sums_next(&row, &sum, &status))
            goes_on = take(context, day, &sum);
    }
    return db_done(statement, status);
}

/* total_sender has no rows for ALL_DOMAINS. */
static enum db_status take_all(struct db *db, struct day_range days, sender_day_fn *take,
                               void *context)
{
    static const char select[] =
        "SELECT t.day, t.domain, t.senders FROM total_sender t WHERE t.day BETWEEN ? AND ?";
    bool *foreign;
    int64_t count;
    enum db_status status = domains_foreign(db, &foreign, &count);
    if (status == DB_OK) {
        sqlite3_stmt *statement = db_statement(db, select);
        db_bind_integers(statement, (int64_t[]){days.first, days.last}, 2);
        status = take_rows(db, statement, foreign, count, take, context);
    }
    free(foreign);
    return status;
}

enum db_status sender_days(struct db *db, int64_t domain, struct day_range days,
                           sender_day_fn *take, void *context)
{
    /* a domain has reports on fewer days than a range has; the plus keeps SQLite from
     * looking through the range for all domains */
    static const char select[] =
        "SELECT t.day, t.domain, t.senders FROM mode_day m"
        " CROSS JOIN total_sender t ON t.day = +m.day AND t.domain = +m.domain"
        " WHERE m.domain = ? AND m.day BETWEEN ? AND ?";
    if (domain == ALL_DOMAINS)
        return take_all(db, days, take, context);
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, days.first, days.last}, 3);
    return take_rows(db, statement, NULL, 0, take, context);
}
