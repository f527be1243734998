#include "pairs.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 128 };

static uint64_t pair_of(int64_t a, int64_t b)
{
    return ((uint64_t)a << 32 | (uint32_t)b) + 1;
}

static size_t slot_of(const struct pairs *pairs, uint64_t pair)
{
    return (size_t)(pair * UINT64_C(0x9e3779b97f4a7c15) >> 32) & (pairs->slot_count - 1);
}

/* Where PAIR is, or would be. */
static uint64_t *find_slot(const struct pairs *pairs, uint64_t pair)
{
    size_t at = slot_of(pairs, pair);
    while (pairs->slots[at] != 0 && pairs->slots[at] != pair)
        at = (at + 1) & (pairs->slot_count - 1);
    return &pairs->slots[at];
}

/* Leaves at least half of the slots empty. */
static int grow(struct pairs *pairs)
{
    struct pairs grown = {
        .slot_count = pairs->slot_count == 0 ? FIRST_SLOTS : 2 * pairs->slot_count,
        .count = pairs->count,
    };
    grown.slots = calloc(grown.slot_count, sizeof *grown.slots);
    if (grown.slots == NULL)
        return -1;
    for (size_t i = 0; i < pairs->slot_count; i++)
        if (pairs->slots[i] != 0)
            *find_slot(&grown, pairs->slots[i]) = pairs->slots[i];
    free(pairs->slots);
    *pairs = grown;
    return 0;
}

int pairs_add(struct pairs *pairs, int64_t a, int64_t b)
{
    if (2 * pairs->count >= pairs->slot_count && grow(pairs) != 0)
        return -1;
    uint64_t pair = pair_of(a, b);
    uint64_t *slot = find_slot(pairs, pair);
    if (*slot == pair)
        return 0;
    *slot = pair;
    pairs->count++;
    return 1;
}

void pairs_prefetch(const struct pairs *pairs, int64_t a, int64_t b)
{
    if (pairs->slot_count > 0)
        __builtin_prefetch(&pairs->slots[slot_of(pairs, pair_of(a, b))]);
}

void pairs_free(struct pairs *pairs)
{
    free(pairs->slots);
    *pairs = (struct pairs){0};
}
