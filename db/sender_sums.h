/*
 * sender_sums.h - the failed sessions of a domain on a day by sender and MX host: all
 * of them in one row of total_sender, as those of many domains in a year are
 * millions.  For db/ only.
 *
 * The column `senders` has the sums one after the other, sorted by their numbers:
 * each as five integers (packed.h).
 */
#ifndef TLSRPTOP_DB_SENDER_SUMS_H
#define TLSRPTOP_DB_SENDER_SUMS_H

#include <stdbool.h>
#include <stddef.h>

#include "connection.h"

struct sender_sum {
    int64_t organization; /* numbers of texts */
    int64_t sending_ip;
    int64_t result_type;
    int64_t mx_host;
    int64_t failed; /* sessions */
};

/* Adds COUNT sums, sorted and none twice, to those of DOMAIN on DAY. */
enum db_status sender_sums_add(struct db *db, int64_t day, int64_t domain,
                               const struct sender_sum *sums, size_t count);

/* COUNT sums, none twice, as they stand in a row: *SIZE bytes, to be freed, or NULL when
 * memory is short.  Sorts them. */
unsigned char *sender_sums_pack(struct sender_sum *sums, size_t count, size_t *size);

/* What is read of one row.  The bytes stay the statement's. */
struct sender_sums {
    struct db *db;
    const unsigned char *at;
    const unsigned char *end;
};

/* The sums in COLUMN of the row that STATEMENT is on. */
struct sender_sums sender_sums_of(struct db *db, sqlite3_stmt *statement, int column);

/* There are no more than these left. */
size_t sender_sums_most(const struct sender_sums *sums);

/* Reads the next one.  If there is none *STATUS tells why: DB_OK behind the last,
 * DB_DAMAGED when the bytes are no sums. */
bool sender_sums_next(struct sender_sums *sums, struct sender_sum *sum, enum db_status *status);

/* Adds to SQLITE the aggregate function pack_senders(organization, sending_ip,
 * result_type, mx_host, failed), which migrations need.  Returns SQLite's code. */
int sender_sums_define(sqlite3 *sqlite);

#endif
