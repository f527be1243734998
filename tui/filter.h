/*
 * filter.h - filter expressions: `failed>0 mode:sts-* org:google !type:tlsa`.
 *
 * Terms stand side by side and must all be true; "!" before one turns it
 * round.  A bare word looks in every column of text.  `column:word` contains the
 * word, or matches it where it has a '*'; `=` and `!=` compare whole values, and
 * < <= > >= numbers and dates ("failed>1k", "rate>=1%", "last<2026-10-01").
 * Of terms with '|' between them one will do; a word there is of the column before it
 * ("mode:dane|enforce", "failed>1k|rate>5%"), and "!" turns all of them round.
 * Column names may be shortened; values with spaces stand in double quotes.
 */
#ifndef TLSRPTOP_TUI_FILTER_H
#define TLSRPTOP_TUI_FILTER_H

#include "../db/config.h"
#include "column.h"

enum { FILTER_MAX = 256, FILTER_TERMS_MAX = 32, FILTER_ERROR = 160 };

enum filter_op {
    OP_IN_GROUP,
    OP_CONTAINS,
    OP_EQUAL,
    OP_UNEQUAL,
    OP_LESS,
    OP_AT_MOST,
    OP_MORE,
    OP_AT_LEAST
};

struct filter_term {
    bool or_next; /* it or the next one */
    bool negated; /* of the first of such: all of them */
    enum filter_op op;
    const struct column *column; /* NULL: any column of text */
    size_t text;                 /* where in `texts` */
    const char *group;           /* its patterns, of the configuration */
    struct value value;          /* of columns that are no text */
};

struct filter {
    size_t count; /* 0 lets everything through */
    size_t column_count;
    const struct column *columns;
    struct filter_term terms[FILTER_TERMS_MAX];
    char texts[FILTER_MAX + FILTER_TERMS_MAX]; /* of the terms, each with its NUL */
    size_t texts_size;
};

/* Reads TEXT against COLUMNS and the groups of CONFIG, which must live as long as the
 * filter.  Returns 0; or -1 with a sentence in ERROR, FILTER unchanged. */
int filter_parse(const char *text, const struct column *columns, size_t column_count,
                 const struct config *config, struct filter *filter,
                 char error[static FILTER_ERROR]);

bool filter_matches(const struct filter *filter, const void *row);

/* The patterns of the group NAME (capital letters do not count); NULL with a sentence in
 * ERROR that names those that there are. */
const char *filter_group(const struct config *config, const char *name,
                         char error[static FILTER_ERROR]);

/* What can follow TEXT, the expression up to the cursor: writes the rest of the
 * column's name with its ':' or '>', or of a group's behind '@', and returns its length;
 * 0 when there is not just one that fits. */
size_t filter_complete(const char *text, const struct column *columns, size_t column_count,
                       const struct config *config, char *rest, size_t size);

#endif
