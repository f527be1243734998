/*
 * certificate.h - certificates for the servers of tests, made when needed.
 *
 * Whatever cannot be done ends the program with a sentence: it would be a fault of
 * the machine, not of what is tested.
 */
#ifndef TLSRPTOP_TESTS_CERTIFICATE_H
#define TLSRPTOP_TESTS_CERTIFICATE_H

#include <gnutls/x509.h>

/* How a certificate differs from a good one. */
enum certificate_kind {
    CERTIFICATE_GOOD,
    CERTIFICATE_EXPIRED,
    CERTIFICATE_ENDING,   /* in a few days */
    CERTIFICATE_NAMELESS, /* its name is in the subject alone */
    CERTIFICATE_UNKNOWN   /* of an issuer that nobody trusts */
};

struct certificate {
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t chain[2]; /* its own, and its issuer's */
};

/* A new issuer, vouched for by ROOT; a root itself, alone in its chain, if that is NULL. */
struct certificate *certificate_issuer(const struct certificate *root, const char *name);

/* A certificate for NAME. */
struct certificate *certificate_new(const struct certificate *issuer, const char *name,
                                    enum certificate_kind kind);
void certificate_free(struct certificate *certificate);

/* Writes the first of the chain to PATH, in PEM. */
void certificate_write(const struct certificate *certificate, const char *path);

/* The data of a TLSA record in hexadecimal, to be freed: of the certificate at DEPTH of
 * the chain, by RFC 6698's selector and matching type. */
char *certificate_tlsa(const struct certificate *certificate, int depth, int selector,
                       int matching);

#endif
