/*
 * levels.h - totals for blocks of 1, 4, 16 and 64 days.  For db/ only.
 *
 * Level 0 is always right.  A block of a higher level is the sum of its four
 * blocks below, unless it stands in the table open_block: then a large import
 * has passed over it, its rows are stale, and readers use the level below until
 * levels_close_one() has made it anew.  So a large import writes each total once,
 * a small one keeps all levels right by itself, and readers never wait.
 */
#ifndef TLSRPTOP_DB_LEVELS_H
#define TLSRPTOP_DB_LEVELS_H

#include "db.h"

enum { LEVELS = 4, LEVEL_BITS = 2 }; /* a block holds 1 << LEVEL_BITS of the level below */

/* Sets of levels.  What reporters tell of a domain on four days is hardly less than
 * what they tell on each. */
enum {
    LEVELS_ALL = 0xf,    /* total_domain */
    LEVELS_SPARSE = 0xd, /* total_reporter, total_result: no blocks of 4 days */
    LEVELS_DAYS = 0x1    /* all other totals */
};

/* Marks the blocks around DAY, whose level 0 is about to change, as open. */
enum db_status levels_open(struct db *db, int64_t day);

enum db_status levels_is_open(struct db *db, int level, int64_t block, bool *open);

/* The block that SELECT, with one parameter, finds to be closed of those that ended
 * before DAY: its columns are the level and the number.  *MORE is false when there is
 * none. */
enum db_status levels_find_ended(struct db *db, const char *select, int day, bool *more, int *level,
                                 int64_t *block);

/* Closes one open block that ended before DAY, in the open transaction.  *MORE
 * is false when there was none left to close. */
enum db_status levels_close_one(struct db *db, int day, bool *more);

#endif
