/*
 * mx_tls.h - what an MX host shows after STARTTLS.
 *
 * libcurl speaks SMTP as far as the handshake and no further, for up to three times
 * the timeout that is set, as some servers are slow to greet.  The certificates
 * are taken without being verified: what they are worth is judged afterwards, by
 * the rules of the web and by DANE (chain.h, dane.h).
 */
#ifndef TLSRPTOP_IMPORTERS_MX_TLS_H
#define TLSRPTOP_IMPORTERS_MX_TLS_H

#include "chain.h"
#include "transfer.h"

enum mx_tls_result {
    MX_TLS_NONE, /* not asked for */
    MX_TLS_SEEN,
    MX_TLS_NOT_OFFERED, /* no STARTTLS */
    MX_TLS_NOT_NOW,     /* it was offered, and put off (RFC 3207: 454) */
    MX_TLS_FAILED,      /* it was offered, but did not come about */
    MX_TLS_NO_SMTP,     /* something answered, but not as a mail server */
    MX_TLS_UNREACHED    /* no connection: often port 25 is closed where we are */
};

struct mx_tls;
typedef void mx_tls_done_fn(void *context);

/* The caller's memory until `looked` has been called. */
struct mx_tls {
    enum mx_tls_result result;
    char detail[CHAIN_TEXT]; /* why none was seen: the same for the same reason; or "" */
    struct chain chain;      /* when seen; to be freed */
    mx_tls_done_fn *looked;
    void *context;
    /* for mx_tls.c */
    struct transfer transfer;
};

/* Looks at HOST with its ADDRESSES (transfer.h), and calls LOOKED.  Returns 0, or
 * -1 when memory is short. */
int mx_tls_begin(struct mx_tls *look, struct transfers *transfers, const char *host, int port,
                 const char *addresses, mx_tls_done_fn *looked, void *context);

#endif
