/*
 * dkim_header.h - the header of a mail as a DKIM signature sees it, and the tags that
 * signatures and keys are made of (RFC 6376 section 3.2).
 */
#ifndef TLSRPTOP_IMPORTERS_DKIM_HEADER_H
#define TLSRPTOP_IMPORTERS_DKIM_HEADER_H

#include <stdbool.h>

#include "slice.h"

enum { DKIM_FIELDS_MAX = 512 };

/* A field with its folded lines, but for its last line end. */
struct dkim_field {
    struct slice whole;
    size_t name; /* bytes of it, which the colon follows, or white space */
    bool hashed;
};

struct dkim_header {
    struct dkim_field fields[DKIM_FIELDS_MAX];
    size_t count;
    bool too_long; /* there are more */
    struct slice body;
};

void dkim_header_read(struct slice mail, struct dkim_header *header);

bool dkim_field_is(const struct dkim_field *field, struct slice name);
/* What stands behind the colon. */
struct slice dkim_field_value(const struct dkim_field *field);

/* Where the text of the line from START ends, behind which the one at NEXT begins. */
const char *dkim_line_end(const char *start, const char *next);

/* Takes the next "name=value" off REST, both without white space around them; *RAW is the
 * value with it.  False when there is none left. */
bool dkim_next_tag(struct slice *rest, struct slice *name, struct slice *value, struct slice *raw);

/* Takes what stands before the next colon off LIST. */
struct slice dkim_next_name(struct slice *list);
bool dkim_lists(struct slice list, const char *word);

#endif
