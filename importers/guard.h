/*
 * guard.h - what an IMAP server says, line by line, before libetpan hears it.
 *
 * libetpan keeps whatever comes, a line without an end or a literal of four
 * gigabytes, and falls over some malformed answers (CVE-2022-4121 is one of
 * several).  So it is given only lines of bounded length, in bounded number, of
 * the few forms that an importer needs (RFC 3501 section 7); of other answers
 * the first word is overwritten with OK, which makes them remarks that mean
 * nothing, and what is not even an answer is refused.  A literal, which a line
 * has announced, passes as it is.
 */
#ifndef TLSRPTOP_IMPORTERS_GUARD_H
#define TLSRPTOP_IMPORTERS_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

enum {
    GUARD_LINE_MAX = 64 * 1024,    /* bytes of one line with its end; lists of flags are long */
    GUARD_LINES_MAX = 1024 * 1024, /* bytes of all lines in answer to one command */
    GUARD_READ = 16 * 1024,        /* bytes asked for at once: a record of TLS */
    GUARD_TEXT = 256,
};

/* Where bytes come from, as read(); but 0 is a failure, too. */
typedef ssize_t guard_source_fn(void *context, void *bytes, size_t size);

struct guard {
    guard_source_fn *source;
    void *context;
    char read[GUARD_READ]; /* what has come and is not a line yet */
    size_t begin, end;
    /* what may come in answer to the present command */
    size_t literals_left;
    size_t literal_max;
    size_t lines_left; /* bytes */
    /* what comes next */
    size_t literal_left;                                        /* bytes before the next line */
    enum { GUARD_BEGINS, GUARD_IN_FETCH, GUARD_IN_LIST } place; /* of the present line */
    bool complete;
    char line[GUARD_LINE_MAX];
    size_t length;
    size_t given; /* bytes of it that have been read */
    /* what was said */
    bool ended;               /* there was a "* BYE" */
    char goodbye[GUARD_TEXT]; /* what followed it */
    char last[GUARD_TEXT];    /* the last line that was not empty, as it came */
};

/* A guard that expects a greeting from SOURCE. */
void guard_init(struct guard *guard, guard_source_fn *source, void *context);

/* Begins the answer to a command, which may hold LITERALS literals of at most
 * LITERAL_MAX bytes each. */
void guard_expect(struct guard *guard, size_t literals, size_t literal_max);

/* Reads what libetpan may see: at least one byte, or -1.  Then *TROUBLE says what
 * the server sends ("a line of more than 65536 bytes"), or is NULL: the source has
 * failed, or guard->ended.  In any case nothing more can be read. */
ssize_t guard_read(struct guard *guard, void *bytes, size_t size, const char **trouble);

/* Has something come that was not read? */
bool guard_pending(const struct guard *guard);

/* What is wrong with an answer of no known form, which is guard->last. */
extern const char guard_nonsense[];

#endif
