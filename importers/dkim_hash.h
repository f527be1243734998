/*
 * dkim_hash.h - what a DKIM signature has signed: RFC 6376 sections 3.4 and 3.7, with
 * SHA-256.
 *
 * Line ends become CRLF, which they are on the way of a mail.  False after a failure of
 * the library.
 */
#ifndef TLSRPTOP_IMPORTERS_DKIM_HASH_H
#define TLSRPTOP_IMPORTERS_DKIM_HASH_H

#include "dkim_header.h"

enum {
    DKIM_HASH_BYTES = 32,
    DKIM_NAMES_MAX = 128 /* fields that are signed */
};

bool dkim_hash_body(struct slice body, bool relaxed, unsigned char result[static DKIM_HASH_BYTES]);

/* The fields of HEADER in NAMES, each name taking one more from the bottom; then FIELD, of
 * the signature itself, without SIGNATURE, which is a part of it. */
bool dkim_hash_header(struct dkim_header *header, struct slice names, struct slice field,
                      struct slice signature, bool relaxed,
                      unsigned char result[static DKIM_HASH_BYTES]);

#endif
