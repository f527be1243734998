/*
 * findings.h - what one look at a domain found, before it is weighed.
 *
 * examine.c fills it from answers, verdict.c weighs it, evidence.c writes it
 * down.  Bytes of strangers are in slices, as they came; every name is text as
 * rdata_name() writes it.  Whatever there may be many of has a bound here, and
 * what passed it is counted.
 */
#ifndef TLSRPTOP_IMPORTERS_FINDINGS_H
#define TLSRPTOP_IMPORTERS_FINDINGS_H

#include "look.h"
#include "mx_tls.h"
#include "policy_fetch.h"
#include "rdata.h"
#include "slice.h"

enum {
    MX_MAX = 32,                 /* MX hosts looked at */
    TLSA_MAX = 128,              /* records of one MX host */
    TXT_RECORDS_MAX = 8,         /* records of the kind looked for */
    FINDINGS_BYTES = 1024 * 1024 /* all texts of a domain or an MX host */
};

struct tlsa_look {
    const char *name; /* "_25._tcp.mx.example.com"; "" when not asked for */
    struct look look;
    struct tlsa records[TLSA_MAX];
    size_t count;
    size_t malformed; /* and passed over */
    size_t left_out;  /* behind TLSA_MAX */
};

/* One MX host, shared by all domains that name it. */
struct mx_host {
    char name[RDATA_NAME];
    bool is_host_name; /* if not, nothing was asked */
    struct arena arena;
    struct addresses addresses;
    struct look cname;           /* of the name itself, asked when the addresses are not secure */
    struct tlsa_look tlsa;       /* at the name itself */
    struct tlsa_look tlsa_alias; /* where its CNAME led */
    struct mx_tls tls;
};

struct txt_look {
    struct look look;
    struct slice records[TXT_RECORDS_MAX];
    size_t count;        /* of the kind looked for, may be more than are kept */
    struct slice almost; /* one that would be, but for its beginning; the least of them */
};

struct mx_record {
    unsigned preference;
    struct mx_host *host;
};

struct findings {
    const char *domain;
    struct arena arena;
    struct look mx_look;
    struct mx_record mx[MX_MAX]; /* by preference, then name */
    size_t mx_count;
    size_t mx_left_out;
    bool null_mx;           /* RFC 7505: a record "0 ." */
    bool implicit_mx;       /* no MX record: the host is the domain itself */
    struct txt_look tlsrpt; /* at _smtp._tls */
    struct txt_look sts;    /* at _mta-sts */
    struct addresses policy_host;
    struct policy_fetch fetch;
};

/* Puts all that name servers may turn round in one order, so that the same findings look
 * the same. */
void findings_sort(struct findings *findings);

#endif
