/*
 * mx_sums.h - failed sessions by MX host and result type, and the addresses that failed
 * at each host, packed.  For db/ only.
 *
 * Numbers ascend, and each is kept as the difference to the one before, which is above
 * 0 (packed.h).  A host is its number; its result types, each with its failed
 * sessions; 0; its addresses; 0.
 */
#ifndef TLSRPTOP_DB_MX_SUMS_H
#define TLSRPTOP_DB_MX_SUMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "db.h"

struct mx_fact {
    int64_t mx_host; /* numbers of texts */
    int64_t result_type;
    int64_t sending_ip; /* 0: not told */
    int64_t failed;     /* sessions */
};

/* Of COUNT facts, which it sorts: *SIZE bytes, to be freed.  NULL when memory is
 * short. */
unsigned char *mx_sums_pack(struct mx_fact *facts, size_t count, size_t *size);

/* Sums that are added up while they are read. */
struct mx_part {
    unsigned char *bytes; /* the caller's */
    const unsigned char *at, *end;
    int64_t host;   /* the next one to be read, or being read */
    int64_t value;  /* of its result types or addresses, the next one */
    int64_t failed; /* of that type */
};

struct mx_reader {
    struct db *db;
    struct mx_part *parts; /* those with the present host first */
    size_t count;
    size_t present;
    int64_t least; /* `value` of these */
};

/* Begins to read PARTS, of which `at` and `end` are set. */
void mx_reader_begin(struct mx_reader *reader, struct db *db, struct mx_part *parts, size_t count,
                     enum db_status *status);

/* The next number, ascending: of a host; of a result type of that host.  False behind the
 * last; all types are to be read, then the addresses counted.  After damage *STATUS is
 * DB_DAMAGED. */
bool mx_next_host(struct mx_reader *reader, int64_t *host, enum db_status *status);
bool mx_next_type(struct mx_reader *reader, int64_t *type, int64_t *failed, enum db_status *status);

/* How many different addresses there are at the host.  SEEN, zeroed at first, is kept from host to
 * host; its `hosts` are to be freed. */
struct mx_seen {
    uint32_t *hosts; /* by address: where it was met last */
    size_t size;
    uint32_t host; /* counts them */
};
int64_t mx_count_addresses(struct mx_reader *reader, struct mx_seen *seen, enum db_status *status);

/* What READER, just begun, reads: *SIZE bytes, to be freed.  NULL when there are more
 * than MOST, after a failure, or when memory is short. */
unsigned char *mx_sums_merge(struct mx_reader *reader, size_t most, size_t *size,
                             enum db_status *status);

#endif
