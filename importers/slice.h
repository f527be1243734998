/*
 * slice.h - a stretch of bytes that belongs to someone else.
 *
 * What the parser of messages hands around: never NUL-terminated, valid as
 * long as the bytes it points into, `start` NULL where there is nothing.
 */
#ifndef TLSRPTOP_IMPORTERS_SLICE_H
#define TLSRPTOP_IMPORTERS_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct slice {
    const char *start;
    size_t length;
};

static inline struct slice slice_between(const char *start, const char *end)
{
    return (struct slice){start, (size_t)(end - start)};
}

/* Behind the line that begins at AT. */
static inline const char *slice_next_line(const char *at, const char *end)
{
    const char *newline = (const char *)memchr(at, '\n', (size_t)(end - at));
    return newline == NULL ? end : newline + 1;
}

/* White space of header fields, folds included. */
static inline bool slice_space(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static inline struct slice slice_skip_space(struct slice slice)
{
    while (slice.length > 0 && slice_space(slice.start[0])) {
        slice.start++;
        slice.length--;
    }
    return slice;
}

static inline struct slice slice_trim(struct slice slice)
{
    slice = slice_skip_space(slice);
    while (slice.length > 0 && slice_space(slice.start[slice.length - 1]))
        slice.length--;
    return slice;
}

/* What stands before a space or a comment: a token, RFC 2045 section 5.1. */
static inline struct slice slice_token(struct slice slice)
{
    size_t length = 0;
    slice = slice_trim(slice);
    while (length < slice.length && !slice_space(slice.start[length]) && slice.start[length] != '(')
        length++;
    return (struct slice){slice.start, length};
}

/* Behind the byte order mark of UTF-8 that it may begin with, and white space. */
static inline struct slice slice_skip_mark(struct slice slice)
{
    static const char mark[] = "\xef\xbb\xbf";
    size_t length = strlen(mark);
    if (slice.length >= length && memcmp(slice.start, mark, length) == 0)
        slice = slice_between(slice.start + length, slice.start + slice.length);
    return slice_skip_space(slice);
}

/* Is it WORD, whatever the letter case? */
static inline bool slice_is(struct slice slice, const char *word)
{
    return slice.length == strlen(word) &&
           (slice.length == 0 || strncasecmp(slice.start, word, slice.length) == 0);
}

/* Does it begin with PREFIX, whatever the letter case? */
static inline bool slice_begins(struct slice slice, const char *prefix)
{
    size_t length = strlen(prefix);
    return slice.length >= length && strncasecmp(slice.start, prefix, length) == 0;
}

/* The order of the bytes, as memcmp() tells it. */
static inline int slice_compare(struct slice a, struct slice b)
{
    size_t length = a.length < b.length ? a.length : b.length;
    int order = length > 0 ? memcmp(a.start, b.start, length) : 0;
    return order != 0 ? order : (a.length > b.length) - (a.length < b.length);
}

#endif
