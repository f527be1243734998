/*
 * report.h - one TLS report as RFC 8460 section 4 describes it, in memory.
 *
 * A report owns an arena, and every pointer in it points there: report_init()
 * before it is filled, report_free() afterwards, and nothing else is freed.
 * Strings are never NULL unless the comment says so; a missing one is "".
 * All of them come from strangers: they are bounded UTF-8 without NUL, but may
 * hold control characters.
 */
#ifndef TLSRPTOP_DB_REPORT_H
#define TLSRPTOP_DB_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "vocab.h"

enum {
    REPORT_TEXT_MAX = 4096, /* bytes kept of any one string */
    REPORT_POLICIES_MAX = 100000,
    REPORT_FAILURES_MAX = 1000000, /* in the whole report */
};

/* Counts above this, and a report whose counts sum up to more, are absurd and make it
 * damaged: the sums of some millions of reports still fit an int64_t. */
#define SESSIONS_MAX INT64_C(1000000000000)

/* An entry of failure-details. */
struct failure {
    const char *result_type; /* "" becomes "unspecified" */
    const char *sending_mta_ip;
    const char *receiving_mx_hostname;
    const char *receiving_mx_helo;
    const char *receiving_ip;
    const char *reason_code;
    const char *additional_info;
    int64_t failed; /* sessions, 0 to SESSIONS_MAX */
};

/* An entry of policies. */
struct policy {
    const char *type;   /* policy-type as sent; "" becomes "unspecified" */
    const char *domain; /* policy-domain, normalised; "" when missing */
    const char *text;   /* policy-string, its lines joined by '\n' */
    const char *mx;     /* mx-host patterns, joined by ' ' */
    int64_t successful; /* sessions, 0 to SESSIONS_MAX */
    int64_t failed;
    struct failure *failures;
    size_t failure_count;
    /* set by report_resolve() */
    enum sts_mode mode;     /* of an sts policy with a readable text */
    const char *counts_for; /* the domain whose figures these sessions are */
    const char *mx_host;    /* TLSA base domain that is not the domain; "" if none */
};

struct report {
    struct arena arena;
    const char *organization;
    const char *report_id;
    const char *contact;
    const char *recipient; /* recipient domain, normalised; "" until known */
    enum signature signature;
    const char *signed_by; /* the domain that signed it, or whose signature is not valid and why */
    int64_t begin;         /* start-datetime, end-datetime */
    int64_t end;
    struct policy *policies;
    size_t policy_count;
    /* set by report_resolve() */
    int32_t identity; /* hash of organization, report-id and the domains: finds those to compare */
    int32_t content;  /* hash of everything parsed except `recipient` */
};

/* An empty report whose strings are all "".  LIMIT bounds its memory, bytes. */
void report_init(struct report *report, size_t limit);
void report_free(struct report *report);

/* Fills in what follows from what was parsed: the recipient domain where no
 * header named it, the domain each policy counts for, the MTA-STS modes, and
 * both hashes.  Returns 0; -1 when memory is short or no domain can be found
 * at all, with a reason at *WHY (a constant). */
int report_resolve(struct report *report, const char **why);

/* The UTC day the report counts on. */
int report_day(const struct report *report);

#endif
