/*
 * cover.h - which blocks of the levelled totals make up a range of days.
 * For db/ only.
 *
 * A cover has the widest blocks that lie in the range and whose totals are right
 * (levels.h), none twice.  The cover of a range goes to a statement as one parameter, a JSON array
 * of [step, level, first block, last block], so that the text of the statement is constant:
 * SQL_COVER is a common table expression that makes from parameter 1 the rows cover(step, level,
 * block), for those blocks only that hold a report.
 */
#ifndef TLSRPTOP_DB_COVER_H
#define TLSRPTOP_DB_COVER_H

#include <sqlite3.h>

#include "day.h"
#include "levels.h"

/* Binds the cover of RANGE in blocks of LEVELS, as step 0, to parameter 1. */
enum db_status cover_bind(struct db *db, sqlite3_stmt *statement, unsigned levels,
                          struct day_range range);

/* Binds the covers of COUNT steps of DAYS days each, from the day FIRST on. */
enum db_status cover_bind_steps(struct db *db, sqlite3_stmt *statement, unsigned levels, int first,
                                int days, int count);

/* From the first block on to the next that any report fell into, so that a
 * report dated in the year 9999 costs one block and not a thousand. */
#define SQL_COVER                                                                                  \
    "WITH RECURSIVE cover(step, level, block, last) AS ("                                          \
    "  SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3 FROM json_each(?1)"               \
    "  UNION ALL"                                                                                  \
    "  SELECT c.step, c.level,"                                                                    \
    "    (SELECT t.block FROM total_domain t WHERE t.level = c.level"                              \
    "      AND t.block > c.block AND t.block <= c.last ORDER BY t.block LIMIT 1),"                 \
    "    c.last"                                                                                   \
    "   FROM cover c WHERE c.block < c.last"                                                       \
    ")"

#endif
