/*
 * arena.h - many small allocations that live and die together.
 *
 * A report, or the rows of one screen, are built from hundreds of short
 * strings.  An arena hands them out from large blocks and frees them all at
 * once.  Pointers stay valid until arena_reset() or arena_free(); the caller
 * never frees one of them.  Every function that allocates returns NULL when
 * memory is short or the arena's limit is reached, and leaves the arena usable.
 */
#ifndef TLSRPTOP_DB_ARENA_H
#define TLSRPTOP_DB_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes taken from the newest block */
    size_t total;               /* bytes held in all blocks */
    size_t limit;               /* total may not pass this; 0: no limit */
};

/* An arena that holds nothing yet.  LIMIT in bytes, 0 for none. */
void arena_init(struct arena *arena, size_t limit);

/* SIZE bytes, zeroed and aligned for any type; NULL when there are none left. */
void *arena_alloc(struct arena *arena, size_t size);

/* A copy of the first LENGTH bytes of TEXT with a NUL behind; NULL as above. */
char *arena_strndup(struct arena *arena, const char *text, size_t length);
char *arena_strdup(struct arena *arena, const char *text);

/* printf into the arena; NULL as above. */
char *arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Forgets all contents, keeps one block for the next user. */
void arena_reset(struct arena *arena);

/* Gives everything back; the arena can be used again. */
void arena_free(struct arena *arena);

/* Room in ARRAY (of elements of SIZE bytes, COUNT in use, *CAPACITY allocated)
 * for one more, growing it by doubling in ARENA.  Returns the array, moved or
 * not, or NULL (the old array stays valid). */
void *arena_grow(struct arena *arena, void *array, size_t size, size_t count, size_t *capacity);

#endif
