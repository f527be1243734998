/*
 * field.h - the values of header fields: parameters (RFC 2045 section 5.1,
 * RFC 2231) and text with encoded words (RFC 2047).
 *
 * Pure functions, linear in the field.  Character sets are not converted: what
 * is wanted here (domains, boundaries) is ASCII in all that occur.
 */
#ifndef TLSRPTOP_IMPORTERS_FIELD_H
#define TLSRPTOP_IMPORTERS_FIELD_H

#include "slice.h"

/* What stands before the parameters and comments: "multipart/report". */
struct slice field_value(struct slice field);

/* The parameter NAME as it was written, without its quotes; start is NULL when
 * there is none.  For values that never need decoding. */
struct slice field_parameter(struct slice field, const char *name);

/* Writes the parameter NAME decoded and put together (RFC 2231 section 3); ""
 * when there is none.  What does not fit in SIZE with its NUL is cut off. */
void field_decoded_parameter(struct slice field, const char *name, char *text, size_t size);

/* Writes the field as one line of text, encoded words decoded, trimmed. */
void field_text(struct slice field, char *text, size_t size);

#endif
