/*
 * unpack.h - from a decoded attachment to the documents inside: gzip and zip.
 *
 * What bytes claim about their size is not believed: output grows as it comes
 * and stops at the bound.
 */
#ifndef TLSRPTOP_IMPORTERS_UNPACK_H
#define TLSRPTOP_IMPORTERS_UNPACK_H

#include "extract.h"
#include "slice.h"

enum {
    UNPACK_REASON = 160,
    UNPACK_DOCUMENTS_MAX = 8 /* documents of full size that one message may hold */
};

enum format { FORMAT_OTHER, FORMAT_JSON, FORMAT_GZIP, FORMAT_ZIP };

/* What BYTES are, by themselves.  JSON is an object, or a list of objects. */
enum format format_of(struct slice bytes);

/* Where sentences say what is wrong with the bytes, "" says that memory is short. */
struct unpacker;

/* LIMITS must outlive it.  NULL when memory is short. */
struct unpacker *unpacker_new(const struct limits *limits);
void unpacker_free(struct unpacker *unpacker);

/* A new message begins: what it may unpack to in all counts from here. */
void unpacker_begin(struct unpacker *unpacker);

/* Decompresses all members of a gzip file; what follows the last is ignored.
 * *DOCUMENT is valid until the next call.  Returns 0, or -1 with a sentence. */
int unpack_gzip(struct unpacker *unpacker, struct slice bytes, struct slice *document,
                char reason[static UNPACK_REASON]);

/* Returns 0 to go on; anything else ends the reading with that value. */
typedef int unpack_member_fn(void *context, const char *name, struct slice content);

/* Calls MEMBER with every file of an archive; CONTENT is valid during the call,
 * which may unpack_gzip() it.  Returns 0; -1 with a sentence when the archive
 * or a member cannot be read; or what MEMBER returned, at *STOPPED. */
int unpack_zip(struct unpacker *unpacker, struct slice bytes, unpack_member_fn *member,
               void *context, int *stopped, char reason[static UNPACK_REASON]);

#endif
