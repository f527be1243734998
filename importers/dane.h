/*
 * dane.h - TLSA records, and whether a chain of certificates satisfies them.
 *
 * RFC 7672 section 3 on RFC 7671 and RFC 6698: pure functions over records and
 * certificates.  GnuTLS's own verification lets usage 1 and wrong names pass,
 * so this is done here.
 */
#ifndef TLSRPTOP_IMPORTERS_DANE_H
#define TLSRPTOP_IMPORTERS_DANE_H

#include "chain.h"
#include "rdata.h"

enum {
    USAGE_DANE_TA = 2, /* an issuer of the chain */
    USAGE_DANE_EE = 3, /* the server's own certificate */
    SELECTOR_CERTIFICATE = 0,
    SELECTOR_KEY = 1,
    MATCHING_FULL = 0,
    MATCHING_SHA256 = 1,
    MATCHING_SHA512 = 2
};

/* Why a sender of mail passes over a record; NULL when it does not. */
const char *tlsa_fault(const struct tlsa *record);

enum dane_result {
    DANE_MISMATCH,   /* no record fits a certificate of the chain */
    DANE_WRONG_NAME, /* the issuer fits, but the certificate is for another name */
    DANE_INVALID,    /* the issuer fits, but the chain to it has expired or is broken */
    DANE_MATCH
};

/* Weighs CHAIN, not empty, by the usable ones of COUNT RECORDS.  NAMES, ended by
 * NULL, are those the certificate may be for where the usage is 2: the TLSA base
 * domain and the domain of the mail (RFC 7672 section 3.2.2). */
enum dane_result dane_verify(const struct tlsa *records, size_t count, const struct chain *chain,
                             const char *const *names);

/* The data of a "3 1 1" record for the server's own certificate, in hexadecimal.
 * Returns 0, or -1. */
enum { DANE_DIGEST_TEXT = 65 };
int dane_key_digest(const struct chain *chain, char text[static DANE_DIGEST_TEXT]);

#endif
