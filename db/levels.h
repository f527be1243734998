/*
 * levels.h - totals for blocks of 1, 4, 16 and 64 days.  For db/ only.
 *
 * Level 0 is always right.  A block of a higher level is the sum of its four
 * blocks below, unless it stands in the table open_block: then a large import
 * has passed over it, its rows are stale, and readers use the level below until
 * levels_close() has made it anew.  So a large import writes each total once,
 * a small one keeps all levels right by itself, and readers never wait.
 */
#ifndef TLSRPTOP_DB_LEVELS_H
#define TLSRPTOP_DB_LEVELS_H

#include <sqlite3.h>

#include "day.h"
#include "db.h"

enum { LEVELS = 4, LEVEL_BITS = 2 }; /* a block holds 1 << LEVEL_BITS of the level below */

/* Marks the blocks around DAY, whose level 0 is about to change, as open. */
enum db_status levels_open(struct db *db, int64_t day);

enum db_status levels_is_open(struct db *db, int level, int64_t block, bool *open);

/* Closes one open block that ended before DAY, in the open transaction.  *MORE
 * is false when there was none left to close. */
enum db_status levels_close_one(struct db *db, int day, bool *more);

/* Binds to PARAMETER of STATEMENT the blocks that cover RANGE without overlap,
 * as JSON [[level, first block, last block], ...] for json_each(), widest blocks
 * where they are closed.  LEVELS_KEPT is the bit set of levels the table has. */
enum { ALL_LEVELS = 0xf, SENDER_LEVELS = 0x5 };
enum db_status levels_bind_cover(struct db *db, sqlite3_stmt *statement, int parameter,
                                 struct day_range range, unsigned levels_kept);

/* Joins a totals table `t` to that parameter, which must be ?1. */
#define SQL_COVER(table)                                                                           \
    " json_each(?1) c CROSS JOIN " table " t ON t.level = c.value ->> 0"                           \
    " AND t.block BETWEEN c.value ->> 1 AND c.value ->> 2 "

#endif
