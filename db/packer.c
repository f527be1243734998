#include "packer.h"

#include <libdeflate.h>
#include <stdlib.h>

enum { LEVEL = 1 };

struct packer {
    struct libdeflate_compressor *compressor;
    void *room;
    size_t capacity;
};

struct packer *packer_new(void)
{
    struct packer *packer = calloc(1, sizeof *packer);
    if (packer != NULL && (packer->compressor = libdeflate_alloc_compressor(LEVEL)) == NULL) {
        free(packer);
        return NULL;
    }
    return packer;
}

void packer_free(struct packer *packer)
{
    if (packer == NULL)
        return;
    libdeflate_free_compressor(packer->compressor);
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
    size_t bound = libdeflate_gzip_compress_bound(packer->compressor, size);
    if (bound > packer->capacity) {
        void *bigger = realloc(packer->room, bound);
        if (bigger == NULL)
            return NULL;
        packer->room = bigger;
        packer->capacity = bound;
    }
    *packed_size =
        libdeflate_gzip_compress(packer->compressor, bytes, size, packer->room, packer->capacity);
    return *packed_size > 0 ? packer->room : NULL;
}
