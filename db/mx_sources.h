/*
 * mx_sources.h - where sums by MX host come from: what days have, in parts that memory
 * holds, and what the blocks of all my domains have, in total_mx_of_mine.  For db/
 * only.
 */
#ifndef TLSRPTOP_DB_MX_SOURCES_H
#define TLSRPTOP_DB_MX_SOURCES_H

#include "mx_sums.h"
#include "sender_sums.h"

/* Empty when all but `db` is 0. */
struct mx_sources {
    struct db *db;
    struct mx_part *parts; /* to be read side by side; their bytes are malloc'ed */
    size_t count, capacity;
    struct mx_fact *facts; /* of days, yet to become a part */
    size_t fact_count, fact_capacity;
    bool short_of_memory;
};

/* Adds SUM to SOURCES, a struct mx_sources: for sender_days(). */
bool mx_sources_add(void *sources, int day, const struct sender_sum *sum);

/* Adds the block of LEVEL that begins with DAY. */
enum db_status mx_sources_add_block(struct mx_sources *sources, int level, int day);

/* Nothing more comes: the parts are complete. */
enum db_status mx_sources_finish(struct mx_sources *sources);

void mx_sources_free(struct mx_sources *sources);

#endif
