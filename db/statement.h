/*
 * statement.h - reading rows: what the files query_*.c share.  For db/ only.
 */
#ifndef TLSRPTOP_DB_STATEMENT_H
#define TLSRPTOP_DB_STATEMENT_H

#include "connection.h"
#include "query.h"

/* Is there a (next) row?  If not, STATEMENT has been reset and *STATUS tells
 * why: DB_OK at the end of the rows.  A *STATUS that is a failure already, of
 * binding, stays.  A loop that is left early ends by db_done(). */
bool statement_next(struct db *db, sqlite3_stmt *statement, enum db_status *status);

/* Of a report: is it of several days?  As in the index report_of_days. */
#define SQL_SEVERAL_DAYS "end_time - begin_time > 129600"

/* The policies `p` of a day and domain, which are expressions: all of them, or those
 * with failures, by their summary or by their details, which need not agree.  The
 * index is by days first, as reports come. */
#define SQL_POLICIES_ON(day, domain)                                                               \
    " CROSS JOIN policy p INDEXED BY policy_day ON p.day = " day " AND p.domain = " domain
/* Those of a row `m` of mode_day. */
#define SQL_POLICIES SQL_POLICIES_ON("m.day", "m.domain")
#define SQL_FAILING  " AND (p.failed > 0 OR p.failures > 0) = 1"

/* The columns reports, successful and failed from COLUMN on. */
struct totals statement_totals(sqlite3_stmt *statement, int column);

/* The columns day, dane, sts, not_found and fetch_error from COLUMN on. */
struct day_statement statement_day(sqlite3_stmt *statement, int column);

/* The failure details of policy N of REPORT, in its order. */
enum db_status failures_of_policy(struct db *db, int64_t report, int64_t n, failure_row_fn *row,
                                  void *context);

/* Different texts joined by ", ": what does not fit ends in an ellipsis. */
enum { JOINED_MAX = 4096 };
struct joined {
    size_t length;
    char text[JOINED_MAX];
};

void join_nothing(struct joined *joined);
/* Adds TEXT unless it is empty or there already. */
void join(struct joined *joined, const char *text);

#endif
