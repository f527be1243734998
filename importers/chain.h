/*
 * chain.h - the certificates that a server showed, and what they are worth.
 *
 * Nothing here connects to anything: a chain is parsed from what was shown.
 */
#ifndef TLSRPTOP_IMPORTERS_CHAIN_H
#define TLSRPTOP_IMPORTERS_CHAIN_H

#include <gnutls/x509.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CHAIN_MAX = 16,     /* certificates that are read */
    CHAIN_TEXT = 256,   /* a name */
    CHAIN_NAMES = 1024, /* several, joined by spaces */
};

/* The server's own certificate first.  To be freed by chain_free(). */
struct chain {
    gnutls_x509_crt_t certificates[CHAIN_MAX];
    unsigned count;
};

/* Adds a certificate in PEM.  Returns 0, or -1 when it is none, or there are
 * enough. */
int chain_add(struct chain *chain, const char *pem, size_t length);
void chain_free(struct chain *chain);

/* What people want to know of the server's own certificate; CHAIN is not empty. */
struct chain_facts {
    char subject[CHAIN_TEXT];
    char issuer[CHAIN_TEXT];
    char names[CHAIN_NAMES]; /* DNS names it is for, as many as there is room for */
    bool has_names;          /* else only a subject, which says nothing any more */
    int64_t expires;         /* instant */
};
void chain_facts(const struct chain *chain, struct chain_facts *facts);

/* The issuers that are trusted, read once. */
struct trust;
/* Reads CA_FILE, or where systems keep the bundle of all issuers if that is "".  NULL
 * when there are none. */
struct trust *trust_open(const char *ca_file);
void trust_close(struct trust *trust);

/* Is CHAIN good for HOST by the rules of the web (RFC 8461 section 4.2)?  If not, FAULT
 * says what is wrong with "the certificate": "has expired on 2026-11-23".  It may quote
 * the certificate, so it is not fit for a terminal yet. */
enum { CHAIN_FAULT = 512 };
bool chain_is_good(const struct chain *chain, const struct trust *trust, const char *host,
                   char fault[static CHAIN_FAULT]);

#endif
