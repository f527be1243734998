#include "packer.h"

#include <stdint.h>
#include <stdlib.h>
#include <zlib.h>

struct packer {
    z_stream stream;
    unsigned char *room;
    size_t capacity;
};

struct packer *packer_new(void)
{
    enum { GZIP_WINDOW = 15 + 16, MEMORY = 8 };
    struct packer *packer = calloc(1, sizeof *packer);
    if (packer != NULL && deflateInit2(&packer->stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED,
                                       GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) != Z_OK) {
        free(packer);
        return NULL;
    }
    return packer;
}

void packer_free(struct packer *packer)
{
    if (packer == NULL)
        return;
    deflateEnd(&packer->stream);
    free(packer->room);
    free(packer);
}

bool packer_is_packed(const void *bytes, size_t size)
{
    const unsigned char *magic = bytes;
    return size >= 2 && magic[0] == 0x1f && magic[1] == 0x8b;
}

const void *packer_pack(struct packer *packer, const void *bytes, size_t size, size_t *packed_size)
{
    z_stream *stream = &packer->stream;
    if (size > UINT32_MAX / 2 || deflateReset(stream) != Z_OK)
        return NULL;
    size_t bound = deflateBound(stream, size);
    if (bound > packer->capacity) {
        unsigned char *bigger = realloc(packer->room, bound);
        if (bigger == NULL)
            return NULL;
        packer->room = bigger;
        packer->capacity = bound;
    }
    stream->next_in = (z_const Bytef *)bytes;
    stream->avail_in = (uInt)size;
    stream->next_out = packer->room;
    stream->avail_out = (uInt)packer->capacity;
    if (deflate(stream, Z_FINISH) != Z_STREAM_END)
        return NULL;
    *packed_size = stream->total_out;
    return packer->room;
}
