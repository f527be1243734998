/*
 * guard.h - bounds on what an IMAP server sends, watched on the wire.
 *
 * libetpan reads whatever comes into memory: a line without an end, a literal
 * of four gigabytes, brackets nested a million deep.  So every byte passes here
 * first.  A guard knows of IMAP only what RFC 3501 section 9 says of lines and
 * literals: "{N}" at the end of a line announces N bytes of text.  Of what a
 * server says it keeps the last line, and the reason it gave for hanging up.
 */
#ifndef TLSRPTOP_IMPORTERS_GUARD_H
#define TLSRPTOP_IMPORTERS_GUARD_H

#include <stdbool.h>
#include <stddef.h>

enum {
    GUARD_LINE_MAX = 64 * 1024,    /* bytes of one line; lists of keywords are long */
    GUARD_LINES_MAX = 1024 * 1024, /* bytes of all lines in answer to one command */
    GUARD_BRACKETS_MAX = 32,       /* opened in one answer; a FETCH needs three */
    GUARD_TEXT = 256,
};

struct guard {
    size_t literals_left; /* how many more may come */
    size_t literal_max;   /* and how large one may be */
    size_t lines_left;    /* bytes */
    /* where in the stream we are */
    size_t literal_left; /* bytes of a literal yet to come; then a line goes on */
    size_t line;         /* bytes of the present line */
    size_t brackets;
    enum { GUARD_WORDS, GUARD_NUMBER, GUARD_NUMBER_ENDED, GUARD_CR } state;
    size_t number;            /* of the literal that may be announced */
    size_t kept;              /* bytes of `present` */
    char present[GUARD_TEXT]; /* the beginning of the present line */
    char last[GUARD_TEXT];    /* of the last one that was not empty */
    bool ended;               /* there was a "* BYE" */
    char goodbye[GUARD_TEXT]; /* what followed it */
};

/* A guard that expects a greeting. */
void guard_init(struct guard *guard);

/* Begins the answer to a command, which may hold LITERALS literals of at most
 * LITERAL_MAX bytes each. */
void guard_expect(struct guard *guard, size_t literals, size_t literal_max);

/* Looks at the next SIZE bytes.  Returns NULL, or a sentence on what is out of
 * bounds ("a line of more than 65536 bytes"): then nothing of them may be used. */
const char *guard_check(struct guard *guard, const char *bytes, size_t size);

#endif
