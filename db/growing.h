/*
 * growing.h - arrays that grow one element at a time.  For db/ only.
 */
#ifndef TLSRPTOP_DB_GROWING_H
#define TLSRPTOP_DB_GROWING_H

#include <stdlib.h>

/* ARRAY of COUNT elements of SIZE, with room for one more; NULL when memory is short,
 * and ARRAY is as it was. */
static inline void *with_room(void *array, size_t count, size_t *capacity, size_t size)
{
    if (count < *capacity)
        return array;
    size_t more = *capacity == 0 ? 16 : 2 * *capacity;
    void *moved = reallocarray(array, more, size);
    if (moved != NULL)
        *capacity = more;
    return moved;
}

#endif
