/*
 * packer.h - original documents, compressed to keep.
 */
#ifndef TLSRPTOP_DB_PACKER_H
#define TLSRPTOP_DB_PACKER_H

#include <stdbool.h>
#include <stddef.h>

struct packer;

/* NULL when memory is short.  A packer keeps its memory from one document to the
 * next, and belongs to one thread. */
struct packer *packer_new(void);
void packer_free(struct packer *packer);

/* Are BYTES packed, that is gzip, already? */
bool packer_is_packed(const void *bytes, size_t size);

/* Compresses SIZE bytes to one gzip member of *PACKED_SIZE bytes, valid until the
 * next call.  NULL when memory is short. */
const void *packer_pack(struct packer *packer, const void *bytes, size_t size, size_t *packed_size);

#endif
