/*
 * key_map.h - rows by keys of a few integers, in the order in which their keys came
 * first.  For db/ only.
 */
#ifndef TLSRPTOP_DB_KEY_MAP_H
#define TLSRPTOP_DB_KEY_MAP_H

#include <stddef.h>
#include <stdint.h>

enum { KEY_PARTS = 4 };

struct key {
    int64_t part[KEY_PARTS]; /* 0 where there are fewer */
};

/* Empty when all but row_size is 0. */
struct key_map {
    size_t row_size; /* of the caller's rows, which begin with a struct key */
    void *rows;
    size_t count;
    size_t capacity;
    uint32_t *slots; /* numbers of rows + 1; 0: empty */
    size_t slot_count;
};

/* The row of KEY, valid until the next call.  When it is new, which the count tells,
 * it is zeroed but for the key.  NULL when memory is short, or there are more than
 * four billion. */
void *key_map_row(struct key_map *map, const struct key *key);

/* Asks for the memory that key_map_row() looks at first: worth it before several keys
 * are looked up. */
void key_map_prefetch(const struct key_map *map, const struct key *key);

void key_map_free(struct key_map *map);

/* For qsort of rows: by the first part, then the second... */
int key_compare(const void *a, const void *b);

#endif
