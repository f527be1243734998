/*
 * pairs.h - a set of pairs of numbers, in 16 to 32 bytes each: who counts what
 * differs among two million rows has no room for the keys of key_map.h.
 */
#ifndef TLSRPTOP_DB_PAIRS_H
#define TLSRPTOP_DB_PAIRS_H

#include <stddef.h>
#include <stdint.h>

/* Zeroed, it is empty. */
struct pairs {
    uint64_t *slots; /* 0: empty */
    size_t slot_count, count;
};

/* Adds (A, B), numbers of rows, of which the low 32 bits count: more has no database
 * of ours.  1 when the pair is new, 0 when it is there, -1 when memory is short. */
int pairs_add(struct pairs *pairs, int64_t a, int64_t b);

/* Asks for the memory that pairs_add() looks at first: worth it before several. */
void pairs_prefetch(const struct pairs *pairs, int64_t a, int64_t b);

void pairs_free(struct pairs *pairs);

#endif
