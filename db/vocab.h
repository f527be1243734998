/*
 * vocab.h - the words of RFC 8460 and what we make of them.
 *
 * Pure tables: nothing here allocates, fails or keeps state.  Every string
 * returned is a constant.
 */
#ifndef TLSRPTOP_DB_VOCAB_H
#define TLSRPTOP_DB_VOCAB_H

#include <stddef.h>

/* policy-type, RFC 8460 section 4.4.  Types of later documents are kept by
 * name and get numbers from POLICY_FIRST_UNKNOWN on in the database. */
enum policy_type {
    POLICY_NOT_FOUND = 1, /* no-policy-found */
    POLICY_STS = 2,       /* sts */
    POLICY_TLSA = 3,      /* tlsa */
    POLICY_FIRST_UNKNOWN = 16
};

/* The `mode:` of an MTA-STS policy, RFC 8461 section 3.2.  The order is by
 * strictness: a tie between reporters goes to the larger. */
enum sts_mode {
    STS_UNREADABLE = 0, /* no policy text, or none we can read */
    STS_NONE = 1,
    STS_TESTING = 2,
    STS_ENFORCE = 3
};

/* The TLS mode of a domain: what a sender that looks at everything must do. */
enum tls_mode {
    MODE_UNKNOWN,
    MODE_OPPORTUNISTIC,
    MODE_STS_NONE,
    MODE_STS_TESTING,
    MODE_STS_ENFORCE,
    MODE_DANE,
    MODE_DANE_STS_TESTING,
    MODE_DANE_STS_ENFORCE,
    MODE_COUNT
};

/* What became of a message, file or attachment that an importer touched. */
enum outcome {
    OUTCOME_IMPORTED = 1,
    OUTCOME_DUPLICATE,
    OUTCOME_CONFLICT,
    OUTCOME_NOT_A_REPORT,
    OUTCOME_DAMAGED,
    OUTCOME_END
};

/* What is known of the DKIM signature of the mail that brought a report, which RFC 8460
 * section 3 demands; the best first. */
enum signature {
    SIGNATURE_UNKNOWN,   /* nobody looked, or no mail brought it */
    SIGNATURE_VALID,     /* of the domain that the report comes from */
    SIGNATURE_FOREIGN,   /* valid, but of another domain */
    SIGNATURE_UNDECIDED, /* its key could not be had */
    SIGNATURE_INVALID,
    SIGNATURE_NONE, /* the mail has none */
    SIGNATURE_END
};

/* The three groups of RFC 8460 section 4.3, and what no RFC knows yet. */
enum result_group { GROUP_NEGOTIATION, GROUP_DANE, GROUP_STS, GROUP_UNKNOWN };

/* One result type with what a postmaster needs to know about it. */
struct result_type {
    const char *name;
    enum result_group group;
    const char *meaning; /* what happened, one sentence */
    const char *causes;  /* the usual causes */
    const char *check;   /* how to see it for oneself */
    const char *action;  /* what to do now */
};

/* The result types of RFC 8460 sections 4.3.1 and 4.3.2, in that order. */
extern const struct result_type result_types[];
extern const size_t result_type_count;

/* The entry for NAME, or NULL when RFC 8460 does not name it. */
const struct result_type *result_type_find(const char *name);

/* The same as it is to be read under a policy of the type: some mean, and call for,
 * something else where TLSA records decide. */
const struct result_type *result_type_under(const char *name, int policy_type);

/* "STARTTLS negotiation", "DANE", "MTA-STS", "other". */
const char *result_group_name(enum result_group group);

/* "no-policy-found", "sts", "tlsa"; NULL for other numbers. */
const char *policy_type_name(int type);
/* The number of a policy-type, 0 when RFC 8460 does not name it. */
int policy_type_find(const char *name);

/* As exports write it: "sts-testing", "dane+sts-enforce"... */
const char *tls_mode_name(enum tls_mode mode);
/* As screens write it: "MTA-STS testing", "DANE + MTA-STS enforce"... */
const char *tls_mode_label(enum tls_mode mode);
/* "testing", as a policy says it; "unreadable". */
const char *sts_mode_name(enum sts_mode mode);
/* The mode of the MTA-STS policy in MODE; STS_UNREADABLE where it has none. */
enum sts_mode tls_mode_sts(enum tls_mode mode);
/* Is there an MTA-STS policy, testing or enforce, in MODE? */
int tls_mode_has_sts(enum tls_mode mode);
/* Are there TLSA records that senders use in MODE? */
int tls_mode_has_dane(enum tls_mode mode);

/* Do its failed sessions cost mail: is delivery refused without good TLS? */
int tls_mode_enforces(enum tls_mode mode);

/* "not verified", "valid", "of another domain", "undecided", "not valid", "none". */
const char *signature_name(enum signature signature);

/* "imported", "duplicate", "conflict", "not a report", "damaged". */
const char *outcome_name(enum outcome outcome);

#endif
