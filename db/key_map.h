/*
 * key_map.h - counts keys of a few integers: the first one is 0, and a key that
 * came before keeps its number.
 */
#ifndef TLSRPTOP_DB_KEY_MAP_H
#define TLSRPTOP_DB_KEY_MAP_H

#include <stddef.h>
#include <stdint.h>

enum { KEY_PARTS = 4 };

struct key {
    int64_t part[KEY_PARTS]; /* 0 where there are fewer */
};

/* Zeroed, it is empty. */
struct key_map {
    struct key *keys; /* by number */
    size_t count;
    size_t capacity;
    uint32_t *slots; /* numbers + 1; 0: empty */
    size_t slot_count;
};

#define KEY_NONE SIZE_MAX

/* The number of KEY, which is the count before when it is new.  KEY_NONE when
 * memory is short, or there are more than four billion. */
size_t key_map_number(struct key_map *map, const struct key *key);

void key_map_free(struct key_map *map);

/* For qsort: by the first part, then the second... of what begins with a struct
 * key. */
int key_compare(const void *a, const void *b);

#endif
