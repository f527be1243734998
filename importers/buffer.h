/*
 * buffer.h - bytes that are kept from one use to the next.
 */
#ifndef TLSRPTOP_IMPORTERS_BUFFER_H
#define TLSRPTOP_IMPORTERS_BUFFER_H

#include <stddef.h>

enum { BUFFER_KEEP_MAX = 1024 * 1024 };

struct buffer {
    char *bytes;
    size_t capacity;
};

/* Room for SIZE bytes, the present ones kept.  Returns 0, or -1 when memory is
 * short. */
int buffer_reserve(struct buffer *buffer, size_t size);

/* Gives the bytes back if they are more than BUFFER_KEEP_MAX: one huge report
 * shall not stay in memory for the rest of a run. */
void buffer_trim(struct buffer *buffer);

void buffer_free(struct buffer *buffer);

#endif
