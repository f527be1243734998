#include "buffer.h"

#include <stdlib.h>

int buffer_reserve(struct buffer *buffer, size_t size)
{
    if (size <= buffer->capacity && buffer->bytes != NULL)
        return 0;
    char *bytes = realloc(buffer->bytes, size == 0 ? 1 : size);
    if (bytes == NULL)
        return -1;
    buffer->bytes = bytes;
    buffer->capacity = size;
    return 0;
}

void buffer_trim(struct buffer *buffer)
{
    if (buffer->capacity > BUFFER_KEEP_MAX)
        buffer_free(buffer);
}

void buffer_free(struct buffer *buffer)
{
    free(buffer->bytes);
    *buffer = (struct buffer){NULL, 0};
}
