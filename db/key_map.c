#include "key_map.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_KEYS = 64 };

static size_t hash_of(const struct key *key)
{
    uint64_t hash = 0;
    for (int i = 0; i < KEY_PARTS; i++)
        hash = (hash ^ (uint64_t)key->part[i]) * UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(hash >> 24);
}

static size_t slot_of(const struct key_map *map, const struct key *key)
{
    return hash_of(key) & (map->slot_count - 1);
}

static struct key *row_at(const struct key_map *map, size_t number)
{
    return (struct key *)((char *)map->rows + number * map->row_size);
}

/* Where KEY is, or would be. */
static uint32_t *find_slot(const struct key_map *map, const struct key *key)
{
    size_t at = slot_of(map, key);
    while (map->slots[at] != 0 && memcmp(row_at(map, map->slots[at] - 1), key, sizeof *key) != 0)
        at = (at + 1) & (map->slot_count - 1);
    return &map->slots[at];
}

/* Twice the rows, and four slots for each two of them. */
static int grow(struct key_map *map)
{
    size_t capacity = map->capacity == 0 ? FIRST_KEYS : 2 * map->capacity;
    if (capacity > UINT32_MAX / 2)
        return -1;
    void *rows = reallocarray(map->rows, capacity, map->row_size);
    if (rows == NULL)
        return -1;
    map->rows = rows;
    uint32_t *slots = calloc(2 * capacity, sizeof *slots);
    if (slots == NULL)
        return -1;
    free(map->slots);
    map->slots = slots;
    map->slot_count = 2 * capacity;
    map->capacity = capacity;
    for (size_t i = 0; i < map->count; i++)
        *find_slot(map, row_at(map, i)) = (uint32_t)i + 1;
    return 0;
}

void *key_map_row(struct key_map *map, const struct key *key)
{
    if (map->count == map->capacity && grow(map) != 0)
        return NULL;
    uint32_t *slot = find_slot(map, key);
    if (*slot == 0) {
        struct key *row = row_at(map, map->count++);
        memset(row, 0, map->row_size);
        *row = *key;
        *slot = (uint32_t)map->count;
    }
    return row_at(map, *slot - 1);
}

void key_map_prefetch(const struct key_map *map, const struct key *key)
{
    if (map->slot_count > 0)
        __builtin_prefetch(&map->slots[slot_of(map, key)]);
}

void key_map_free(struct key_map *map)
{
    free(map->rows);
    free(map->slots);
    *map = (struct key_map){.row_size = map->row_size};
}

int key_compare(const void *a, const void *b)
{
    const struct key *left = a, *right = b;
    for (int i = 0; i < KEY_PARTS; i++)
        if (left->part[i] != right->part[i])
            return left->part[i] < right->part[i] ? -1 : 1;
    return 0;
}
