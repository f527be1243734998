/*
 * verdict.h - what the findings on a domain mean: its TLS mode, what is wrong,
 * and which way is open.
 *
 * Pure functions over findings, what was known before, and the time: no network,
 * no clock, no database.  All texts belong to the verdict's arena or are constants,
 * and none holds a control character but the '\n' in a policy's text.
 */
#ifndef TLSRPTOP_IMPORTERS_VERDICT_H
#define TLSRPTOP_IMPORTERS_VERDICT_H

#include "../db/mode.h"
#include "../db/sts_policy.h"
#include "dane.h"
#include "findings.h"
#include "txt_record.h"

enum {
    PROBLEMS_MAX = 256,
    NEEDS_MAX = 16,
    POLICY_TEXT_MAX = 16 * 1024, /* bytes of a policy that are kept */
    EXPIRY_DAYS = 14             /* a certificate that ends sooner is a problem */
};

/* A policy as it was seen. */
struct policy_seen {
    const char *text; /* lines joined by '\n'; NULL: there is none */
    const char *id;   /* of the record that announced it */
    enum sts_mode mode;
    int64_t max_age; /* seconds */
    int64_t since;   /* first seen so */
    int64_t seen;    /* last seen so */
};

/* What the last observation of a domain said, all zero without one. */
struct known {
    enum dane_state dane;
    enum sts_state sts;
    int64_t dane_seen; /* when that was last seen for certain */
    int64_t sts_seen;
    struct policy_seen policy;
    struct policy_seen previous; /* the one before; max_age still counts from `seen` */
};

struct verdict_settings {
    int64_t now;
    const char *mine;           /* patterns of [domains] mine, or "" */
    bool smtp_closed;           /* no MX host can be reached from here */
    const char *const *own_rua; /* addresses whose reports are read here, without "mailto:",
                                   NULL behind the last; none: not looked at */
};

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

struct problem {
    enum severity severity;
    const char *code;
    const char *text;
    const char *remedy;
    const char *reference;
};

/* The names of these stand in evidence.c, and their meaning in observation.h. */
enum mx_state { MX_FOUND, MX_IMPLICIT, MX_NULL, MX_MISSING, MX_NXDOMAIN, MX_BOGUS, MX_UNKNOWN };
enum txt_state {
    TXT_FOUND,
    TXT_ABSENT,
    TXT_SEVERAL,
    TXT_INVALID,
    TXT_POLICY_FAILED, /* of MTA-STS alone */
    TXT_BOGUS,
    TXT_UNKNOWN
};
enum tlsa_state {
    TLSA_NONE,
    TLSA_USABLE,
    TLSA_UNUSABLE,
    TLSA_INSECURE,
    TLSA_BOGUS,
    TLSA_UNVERIFIABLE,
    TLSA_UNKNOWN
};
enum dane_coverage {
    COVERAGE_NONE,
    COVERAGE_ALL,
    COVERAGE_SOME,
    COVERAGE_UNUSABLE,
    COVERAGE_INSECURE_MX, /* the hosts have TLSA records, the domain is not signed */
    COVERAGE_BOGUS,
    COVERAGE_UNVERIFIABLE,
    COVERAGE_UNKNOWN
};

struct host_verdict {
    bool counts; /* it can be delivered to: a host name with an address */
    enum dnssec dnssec;
    enum tlsa_state tlsa;
    const struct tlsa_look *tlsa_look; /* the records that count */
    bool covered;                      /* by the policy's mx patterns */
    bool certificate_seen;
    const char *web_fault; /* "" when valid by the rules of the web */
    enum dane_result dane; /* when TLSA_USABLE */
    struct chain_facts facts;
};

enum way_state { WAY_DONE, WAY_OPEN, WAY_CLOSED, WAY_UNKNOWN };
struct way {
    enum way_state state;
    const char *needs[NEEDS_MAX]; /* sentences; further ones are left out */
    size_t count;
};

struct verdict {
    const struct findings *findings;
    const struct known *known;
    const struct verdict_settings *settings;
    const struct trust *trust;
    struct arena arena;
    bool memory_short; /* then nothing else here is worth anything */

    enum tls_mode mode;
    enum dane_state dane_state;
    enum sts_state sts_state;
    bool dane_kept; /* the state is the last one known */
    bool sts_kept;

    enum mx_state mx;
    struct host_verdict hosts[MX_MAX]; /* in the order of findings->mx */
    enum txt_state tlsrpt;
    const char *rua[RUA_MAX];
    size_t rua_count;
    enum txt_state sts;
    const char *sts_id;
    struct sts_policy policy_read; /* of the body that was fetched just now */
    struct policy_seen policy;     /* in force; its text is NULL when there is none */
    struct policy_seen previous;
    enum dane_coverage coverage;
    size_t dane_hosts; /* of `dane_of` that count */
    size_t dane_of;
    struct way dane_way;
    struct way sts_way;

    struct problem problems[PROBLEMS_MAX]; /* worst first */
    size_t problem_count;
    struct problem *latest; /* for remedy() */
};

/* TRUST is for the certificates of MX hosts, and may be NULL when none was seen.  To be freed by
 * verdict_free() in any case. */
void verdict_reach(struct verdict *verdict, const struct findings *findings,
                   const struct known *known, const struct verdict_settings *settings,
                   const struct trust *trust);
void verdict_free(struct verdict *verdict);

const char *severity_name(enum severity severity);

/* Is there more than a note? */
bool verdict_has_problem(const struct verdict *verdict);

#endif
