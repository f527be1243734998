#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 1024, BLOCK_SIZE = 16 * 1024 };

struct arena_block {
    struct arena_block *older;
    size_t size;
    max_align_t bytes[];
};

void arena_init(struct arena *arena, size_t limit)
{
    *arena = (struct arena){.limit = limit};
}

static size_t round_up(size_t size)
{
    const size_t unit = sizeof(max_align_t);
    return (size + unit - 1) / unit * unit;
}

/* Doubles what there is: most arenas hold one report, which is small. */
static int add_block(struct arena *arena, size_t size)
{
    size_t usual = arena->total < FIRST_BLOCK  ? FIRST_BLOCK
                   : arena->total < BLOCK_SIZE ? arena->total
                                               : BLOCK_SIZE;
    if (size < usual)
        size = usual;
    if (arena->limit != 0 && (size > arena->limit || arena->total > arena->limit - size))
        return -1;
    struct arena_block *block = malloc(sizeof *block + size);
    if (block == NULL)
        return -1;
    block->older = arena->blocks;
    block->size = size;
    arena->blocks = block;
    arena->used = 0;
    arena->total += size;
    return 0;
}

/* SIZE bytes that hold anything. */
static void *take(struct arena *arena, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = round_up(size == 0 ? 1 : size);
    if (arena->blocks == NULL || arena->blocks->size - arena->used < size) {
        if (add_block(arena, size) != 0)
            return NULL;
    }
    void *piece = (char *)arena->blocks->bytes + arena->used;
    arena->used += size;
    return piece;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    void *piece = take(arena, size);
    return piece == NULL ? NULL : memset(piece, 0, size);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
    char *copy = take(arena, length + 1);
    if (copy != NULL) {
        memcpy(copy, text, length);
        copy[length] = '\0';
    }
    return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (length < 0)
        return NULL;
    char *text = arena_alloc(arena, (size_t)length + 1);
    if (text == NULL)
        return NULL;
    va_start(args, format);
    vsnprintf(text, (size_t)length + 1, format, args);
    va_end(args);
    return text;
}

void arena_reset(struct arena *arena)
{
    struct arena_block *block = arena->blocks;
    if (block == NULL)
        return;
    while (block->older != NULL) { /* keep the oldest: it has the ordinary size */
        struct arena_block *older = block->older;
        arena->total -= block->size;
        free(block);
        block = older;
    }
    arena->blocks = block;
    arena->used = 0;
}

void arena_free(struct arena *arena)
{
    while (arena->blocks != NULL) {
        struct arena_block *older = arena->blocks->older;
        free(arena->blocks);
        arena->blocks = older;
    }
    arena->used = 0;
    arena->total = 0;
}

void *arena_grow(struct arena *arena, void *array, size_t size, size_t count, size_t *capacity)
{
    if (count < *capacity)
        return array;
    size_t wanted = *capacity == 0 ? 8 : *capacity * 2;
    if (wanted > SIZE_MAX / 2 / size)
        return NULL;
    void *bigger = arena_alloc(arena, wanted * size);
    if (bigger == NULL)
        return NULL;
    if (count > 0)
        memcpy(bigger, array, count * size);
    *capacity = wanted;
    return bigger;
}
