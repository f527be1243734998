/*
 * sts_policy.h - the text of an MTA-STS policy, RFC 8461 section 3.2.
 *
 * The same reader serves what reports quote (policy-string joined by '\n') and
 * what HTTPS delivers (CRLF or LF).  It never allocates and never fails: what
 * the text lacks or gets wrong is in `problems`.
 */
#ifndef TLSRPTOP_DB_STS_POLICY_H
#define TLSRPTOP_DB_STS_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "vocab.h"

enum {
    STS_POLICY_MAX = 64 * 1024, /* bytes, RFC 8461 section 3.2 */
    STS_MX_MAX = 256,           /* mx patterns read; more is a problem */
    STS_MAX_AGE_MAX = 31557600, /* seconds: a year, RFC 8461 section 3.2 */
};

enum sts_problem {
    STS_NO_VERSION = 1 << 0, /* the first version is not STSv1, or there is none */
    STS_NO_MODE = 1 << 1,
    STS_BAD_MODE = 1 << 2,
    STS_NO_MAX_AGE = 1 << 3,
    STS_BAD_MAX_AGE = 1 << 4, /* not 0 to 31557600 */
    STS_NO_MX = 1 << 5,       /* though the mode is testing or enforce */
    STS_BAD_MX = 1 << 6,
    STS_TOO_MANY_MX = 1 << 7,
    STS_BAD_LINE = 1 << 8,       /* a line that is no key: value */
    STS_REPEATED_KEY = 1 << 9,   /* the first stands, RFC 8461 section 3.2 */
    STS_CONTROL_BYTES = 1 << 10, /* NUL, ESC... */
    STS_SPACED_KEY = 1 << 11,    /* white space before the ':' */
    /* Without these there is no policy, RFC 8461 section 3.2. */
    STS_FATAL =
        STS_NO_VERSION | STS_NO_MODE | STS_BAD_MODE | STS_NO_MAX_AGE | STS_BAD_MAX_AGE | STS_NO_MX
};

struct sts_policy {
    enum sts_mode mode;
    int64_t max_age; /* seconds; -1 when missing or bad */
    struct {
        const char *start; /* into the text that was read, not NUL-terminated */
        size_t length;
    } mx[STS_MX_MAX];
    size_t mx_count;
    unsigned problems; /* enum sts_problem, or'ed */
};

void sts_policy_read(const char *text, size_t length, struct sts_policy *policy);

/* Does one of its mx patterns, or that of this number, cover HOST?  RFC 8461 section 4.1. */
bool sts_policy_covers(const struct sts_policy *policy, const char *host);
bool sts_policy_line_covers(const struct sts_policy *policy, size_t line, const char *host);

/* What a policy says, however it is written: its mode, max_age and mx patterns in
 * one order, to be compared.  Reporters quote the same file differently.  From
 * ARENA; NULL when memory is short. */
char *sts_policy_canonical(const struct sts_policy *policy, struct arena *arena);

/* What is wrong with a policy, in words. */
struct sts_fault {
    enum sts_problem problem;
    const char *code;   /* for scripts: "sts-policy-mode" */
    const char *text;   /* behind "the policy": "has no mode" */
    const char *remedy; /* "add \"mode: testing\" to it" */
};
extern const struct sts_fault sts_faults[];
extern const size_t sts_fault_count;

#endif
