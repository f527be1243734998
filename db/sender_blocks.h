/*
 * sender_blocks.h - what failed of all my domains by sender and result type, and by MX
 * host, for blocks of 4, 16 and 64 days: a year of them is a tenth of what the days of
 * all domains are.  For db/ only.
 *
 * A row of total_sender_of_mine has the block = day >> (2 * level) of level 1 to 3.
 * Unless it is `made`, reports on its days have come since, and readers use the days.
 * What it has by MX host is in total_mx_of_mine (mx_sources.h).
 */
#ifndef TLSRPTOP_DB_SENDER_BLOCKS_H
#define TLSRPTOP_DB_SENDER_BLOCKS_H

#include "query.h"
#include "sender_sums.h"

/* DAY is about to change. */
enum db_status sender_blocks_open(struct db *db, int64_t day);
/* Domains have come to be mine, or are not any more. */
enum db_status sender_blocks_open_all(struct db *db);

/* Makes one block that ended before DAY, in the open transaction.  *MORE is false when
 * there was none left to make. */
enum db_status sender_blocks_close_one(struct db *db, int day, bool *more);

/* A part of a range: a block that is made, or, with level 0, days that none covers. */
struct sender_piece {
    int level;
    struct day_range days;
};

/* The pieces of RANGE in their order: *COUNT at *PIECES, to be freed, whatever it
 * returns.  What failed of one DOMAIN is in no blocks. */
enum db_status sender_blocks_cover(struct db *db, int64_t domain, struct day_range range,
                                   struct sender_piece **pieces, size_t *count);

/* The column `senders` of PIECE, which is a block.  Its sums have these days where others
 * have an MX host. */
sqlite3_stmt *sender_blocks_select(struct db *db, const struct sender_piece *piece);
struct day_range sender_block_days(const struct sender_piece *piece, const struct sender_sum *sum);

#endif
