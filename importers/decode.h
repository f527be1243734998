/*
 * decode.h - content transfer encodings, RFC 2045 section 6.
 *
 * Pure functions, linear in their input; the caller owns the room they write
 * to, which need not be larger than the input.
 */
#ifndef TLSRPTOP_IMPORTERS_DECODE_H
#define TLSRPTOP_IMPORTERS_DECODE_H

#include "slice.h"

enum encoding {
    ENCODING_NONE, /* 7bit, 8bit, binary, and what nobody knows */
    ENCODING_BASE64,
    ENCODING_QUOTED_PRINTABLE
};

/* The encoding a Content-Transfer-Encoding field names. */
enum encoding encoding_find(struct slice field);

/* Decodes IN, which may break lines anywhere and ends at the first '='.
 * Returns the bytes written to OUT, which may be IN itself.  *FLAW is "", or a
 * clause that says what was wrong with it; FLAW may be NULL. */
size_t decode_base64(struct slice in, char *out, const char **flaw);

/* Decodes IN; what is no quoted-printable stays as it is.  OUT may be IN. */
size_t decode_quoted_printable(struct slice in, char *out);

/* The byte that two hexadecimal digits at TEXT mean; -1 when they are none. */
int decode_hex(const char *text);

#endif
