#include "chain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../db/day.h"

int chain_add(struct chain *chain, const char *pem, size_t length)
{
    gnutls_x509_crt_t certificate;
    gnutls_datum_t text = {(unsigned char *)pem, (unsigned)length};
    if (chain->count == CHAIN_MAX || gnutls_x509_crt_init(&certificate) != 0)
        return -1;
    if (gnutls_x509_crt_import(certificate, &text, GNUTLS_X509_FMT_PEM) != 0) {
        gnutls_x509_crt_deinit(certificate);
        return -1;
    }
    chain->certificates[chain->count++] = certificate;
    return 0;
}

void chain_free(struct chain *chain)
{
    for (unsigned i = 0; i < chain->count; i++)
        gnutls_x509_crt_deinit(chain->certificates[i]);
    chain->count = 0;
}

/* --- facts --- */

static void read_names(gnutls_x509_crt_t certificate, struct chain_facts *facts)
{
    size_t used = 0;
    for (unsigned i = 0;; i++) {
        char name[CHAIN_TEXT];
        size_t size = sizeof name;
        int type = gnutls_x509_crt_get_subject_alt_name(certificate, i, name, &size, NULL);
        if (type == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE)
            return;
        if (type != GNUTLS_SAN_DNSNAME || size == sizeof name)
            continue;
        facts->has_names = true;
        if (used + size + 2 > sizeof facts->names)
            continue;
        if (used > 0)
            facts->names[used++] = ' ';
        memcpy(facts->names + used, name, size);
        used += size;
        facts->names[used] = '\0';
    }
}

void chain_facts(const struct chain *chain, struct chain_facts *facts)
{
    gnutls_x509_crt_t own = chain->certificates[0];
    size_t subject = sizeof facts->subject, issuer = sizeof facts->issuer;
    *facts = (struct chain_facts){.expires = (int64_t)gnutls_x509_crt_get_expiration_time(own)};
    if (gnutls_x509_crt_get_dn(own, facts->subject, &subject) != 0)
        facts->subject[0] = '\0';
    if (gnutls_x509_crt_get_issuer_dn(own, facts->issuer, &issuer) != 0)
        facts->issuer[0] = '\0';
    read_names(own, facts);
}

/* --- trust --- */

struct trust {
    gnutls_x509_trust_list_t list;
};

/* Where Debian, Fedora, and Alpine or a BSD keep the bundle of all certificates. */
static const char *find_ca_file(void)
{
    static const char *const paths[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (access(paths[i], R_OK) == 0)
            return paths[i];
    }
    return "";
}

struct trust *trust_open(const char *ca_file)
{
    if (ca_file[0] == '\0')
        ca_file = find_ca_file();
    struct trust *trust = calloc(1, sizeof *trust);
    if (trust == NULL || gnutls_x509_trust_list_init(&trust->list, 0) != 0) {
        free(trust);
        return NULL;
    }
    if (gnutls_x509_trust_list_add_trust_file(trust->list, ca_file, NULL, GNUTLS_X509_FMT_PEM, 0,
                                              0) > 0)
        return trust;
    trust_close(trust);
    return NULL;
}

void trust_close(struct trust *trust)
{
    if (trust == NULL)
        return;
    gnutls_x509_trust_list_deinit(trust->list, 1);
    free(trust);
}

/* --- what is wrong --- */

/* The first certificate of CHAIN that has expired by now, if any. */
static void describe_expiry(const struct chain *chain, char fault[static CHAIN_FAULT])
{
    char day[DAY_TEXT];
    for (unsigned i = 0; i < chain->count; i++) {
        time_t expires = gnutls_x509_crt_get_expiration_time(chain->certificates[i]);
        if (expires >= time(NULL))
            continue;
        snprintf(fault, CHAIN_FAULT, i == 0 ? "expired on %s" : "has an issuer that expired on %s",
                 day_format(day_of(expires), day));
        return;
    }
    snprintf(fault, CHAIN_FAULT, "has expired");
}

static void describe_names(const struct chain_facts *facts, char fault[static CHAIN_FAULT])
{
    enum { SHOWN = 200 };
    if (facts->has_names)
        snprintf(fault, CHAIN_FAULT, "is for another name: %.*s", SHOWN, facts->names);
    else
        snprintf(fault, CHAIN_FAULT, "names no host but in its subject");
}

static void describe(const struct chain *chain, unsigned status, char fault[static CHAIN_FAULT])
{
    static const struct {
        unsigned bit;
        const char *fault;
    } faults[] = {
        {GNUTLS_CERT_REVOKED, "has been revoked"},
        {GNUTLS_CERT_NOT_ACTIVATED, "is not valid yet"},
        {GNUTLS_CERT_PURPOSE_MISMATCH, "is not meant for servers"},
        {GNUTLS_CERT_INSECURE_ALGORITHM, "is signed by a broken algorithm"},
        {GNUTLS_CERT_SIGNATURE_FAILURE, "has a wrong signature"},
    };
    struct chain_facts facts;
    chain_facts(chain, &facts);
    snprintf(fault, CHAIN_FAULT, "is not valid");
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        if (status & faults[i].bit)
            snprintf(fault, CHAIN_FAULT, "%s", faults[i].fault);
    }
    if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
        snprintf(fault, CHAIN_FAULT,
                 "was issued by %s, which is not trusted, or an issuer between is missing",
                 facts.issuer);
    if (status & GNUTLS_CERT_UNEXPECTED_OWNER)
        describe_names(&facts, fault);
    if (status & GNUTLS_CERT_EXPIRED)
        describe_expiry(chain, fault);
}

static unsigned verify(const struct chain *chain, const struct trust *trust, const char *host)
{
    static unsigned char purpose[] = GNUTLS_KP_TLS_WWW_SERVER;
    char name[CHAIN_TEXT];
    size_t length = strlen(host);
    if (length >= sizeof name)
        return GNUTLS_CERT_INVALID | GNUTLS_CERT_UNEXPECTED_OWNER;
    memcpy(name, host, length + 1);
    gnutls_typed_vdata_st wanted[] = {
        {.type = GNUTLS_DT_DNS_HOSTNAME, .data = (unsigned char *)name},
        {.type = GNUTLS_DT_KEY_PURPOSE_OID, .data = purpose},
    };
    /* may put them in order, so it gets its own list */
    gnutls_x509_crt_t certificates[CHAIN_MAX];
    memcpy(certificates, chain->certificates, sizeof certificates);
    unsigned status = 0;
    int code = gnutls_x509_trust_list_verify_crt2(trust->list, certificates, chain->count, wanted,
                                                  2, 0, &status, NULL);
    return code == 0 ? status : status | GNUTLS_CERT_INVALID;
}

/* GnuTLS takes the name of a subject where there is no other; senders need not. */
bool chain_is_good(const struct chain *chain, const struct trust *trust, const char *host,
                   char fault[static CHAIN_FAULT])
{
    struct chain_facts facts;
    unsigned status = verify(chain, trust, host);
    chain_facts(chain, &facts);
    if (!facts.has_names)
        status |= GNUTLS_CERT_UNEXPECTED_OWNER;
    fault[0] = '\0';
    if (status != 0)
        describe(chain, status, fault);
    return status == 0;
}
