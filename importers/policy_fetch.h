/*
 * policy_fetch.h - the policy file of MTA-STS, over HTTPS.
 *
 * RFC 8461 section 3.3: https alone, a certificate valid for the policy host, no
 * redirect, status 200, and as section 3.2 suggests at most 64 KiB.
 */
#ifndef TLSRPTOP_IMPORTERS_POLICY_FETCH_H
#define TLSRPTOP_IMPORTERS_POLICY_FETCH_H

#include "../db/domain.h"
#include "buffer.h"
#include "transfer.h"

enum fetch_result {
    FETCH_NONE, /* nothing was asked for */
    FETCH_OK,
    FETCH_NO_HOST,     /* the policy host has no address */
    FETCH_CERTIFICATE, /* not valid for the policy host */
    FETCH_TLS,         /* no TLS 1.2 or later */
    FETCH_REDIRECT,
    FETCH_STATUS,
    FETCH_ENCODED, /* a content encoding that nobody asked for */
    FETCH_TOO_LARGE,
    /* from here on it may be there again in a minute */
    FETCH_UNAVAILABLE, /* status 5xx or 429 */
    FETCH_NO_ANSWER,   /* its address cannot be asked for */
    FETCH_REFUSED,     /* or unreachable */
    FETCH_TIMEOUT,
    FETCH_BROKEN /* the connection ended early, or it was no HTTP */
};

enum { FETCH_TYPE_MAX = 128, FETCH_DETAIL = CHAIN_FAULT };

struct policy_fetch;
typedef void policy_fetch_done_fn(void *context);

/* The caller's memory until `fetched` has been called. */
struct policy_fetch {
    enum fetch_result result;
    long status; /* of HTTP, 0 without an answer */
    char content_type[FETCH_TYPE_MAX];
    char detail[FETCH_DETAIL]; /* of a certificate what is wrong with it, as
                                  chain_is_good() says */
    int64_t expires;           /* the certificate, when FETCH_OK; an instant */
    struct buffer body;
    size_t length;
    policy_fetch_done_fn *fetched;
    void *context;
    /* for policy_fetch.c */
    struct transfer transfer;
    const struct trust *trust;
    char host[sizeof "mta-sts." + DOMAIN_TEXT];
    size_t header_length;
    bool too_large;
};

/* Where policies are fetched, and which certificates are good for that. */
struct policy_source {
    struct transfers *transfers;
    const struct trust *trust;
    int port;
};

/* Fetches the policy of DOMAIN, whose policy host has ADDRESSES (transfer.h), and calls
 * FETCHED.  Returns 0, or -1 when memory is short. */
int policy_fetch_begin(struct policy_fetch *fetch, const struct policy_source *source,
                       const char *domain, const char *addresses, policy_fetch_done_fn *fetched,
                       void *context);
void policy_fetch_free(struct policy_fetch *fetch);

/* May it go otherwise in a minute?  Then it says nothing about the policy. */
bool fetch_is_temporary(enum fetch_result result);

#endif
