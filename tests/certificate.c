#include "certificate.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DAY = 86400 };

static void must(int code, const char *what)
{
    if (code >= 0)
        return;
    fprintf(stderr, "certificate: %s: %s\n", what, gnutls_strerror(code));
    exit(1);
}

/* A certificate with a new key, not signed yet. */
static struct certificate *begin(const char *name)
{
    static unsigned made;
    struct certificate *certificate = calloc(1, sizeof *certificate);
    if (certificate == NULL)
        must(GNUTLS_E_MEMORY_ERROR, name);
    must(gnutls_x509_privkey_init(&certificate->key), name);
    must(gnutls_x509_privkey_generate(certificate->key, GNUTLS_PK_ECDSA,
                                      GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0),
         name);
    gnutls_x509_crt_t own;
    must(gnutls_x509_crt_init(&own), name);
    certificate->chain[0] = own;
    must(gnutls_x509_crt_set_version(own, 3), name);
    must(gnutls_x509_crt_set_key(own, certificate->key), name);
    made++;
    unsigned char serial[] = {1, (unsigned char)(made >> 8), (unsigned char)made};
    must(gnutls_x509_crt_set_serial(own, serial, sizeof serial), name);
    must(gnutls_x509_crt_set_dn_by_oid(own, GNUTLS_OID_X520_COMMON_NAME, 0, name,
                                       (unsigned)strlen(name)),
         name);
    return certificate;
}

static void set_times(gnutls_x509_crt_t certificate, int first_day, int last_day)
{
    time_t now = time(NULL);
    must(gnutls_x509_crt_set_activation_time(certificate, now + (time_t)first_day * DAY), "time");
    must(gnutls_x509_crt_set_expiration_time(certificate, now + (time_t)last_day * DAY), "time");
}

/* Finds its issuer by key, as chains of real servers do. */
static void set_key_id(gnutls_x509_crt_t certificate)
{
    unsigned char id[64];
    size_t size = sizeof id;
    must(gnutls_x509_crt_get_key_id(certificate, 0, id, &size), "key id");
    must(gnutls_x509_crt_set_subject_key_id(certificate, id, size), "key id");
}

/* As read from a file: GnuTLS does not know all about one that it made itself. */
static gnutls_x509_crt_t copy(gnutls_x509_crt_t made)
{
    gnutls_datum_t der;
    gnutls_x509_crt_t read;
    must(gnutls_x509_crt_export2(made, GNUTLS_X509_FMT_DER, &der), "copy");
    must(gnutls_x509_crt_init(&read), "copy");
    must(gnutls_x509_crt_import(read, &der, GNUTLS_X509_FMT_DER), "copy");
    gnutls_free(der.data);
    return read;
}

/* Has ISSUER sign CERTIFICATE, and puts it into its chain. */
static void sign(struct certificate *certificate, const struct certificate *issuer)
{
    gnutls_x509_crt_t own = certificate->chain[0];
    must(gnutls_x509_crt_sign2(own, issuer->chain[0], issuer->key, GNUTLS_DIG_SHA256, 0), "sign");
    certificate->chain[0] = copy(own);
    certificate->chain[1] = copy(issuer->chain[0]);
    gnutls_x509_crt_deinit(own);
}

struct certificate *certificate_issuer(const struct certificate *root, const char *name)
{
    struct certificate *issuer = begin(name);
    gnutls_x509_crt_t own = issuer->chain[0];
    set_times(own, -30, 365);
    set_key_id(own);
    must(gnutls_x509_crt_set_basic_constraints(own, 1, -1), name);
    must(gnutls_x509_crt_set_key_usage(own, GNUTLS_KEY_KEY_CERT_SIGN), name);
    if (root != NULL)
        sign(issuer, root);
    else
        must(gnutls_x509_crt_sign2(own, own, issuer->key, GNUTLS_DIG_SHA256, 0), name);
    return issuer;
}

struct certificate *certificate_new(const struct certificate *issuer, const char *name,
                                    enum certificate_kind kind)
{
    struct certificate *certificate = begin(name);
    struct certificate *stranger = NULL;
    gnutls_x509_crt_t own = certificate->chain[0];
    if (kind == CERTIFICATE_UNKNOWN)
        issuer = stranger = certificate_issuer(NULL, "An issuer nobody knows");
    set_times(own, -29, kind == CERTIFICATE_EXPIRED ? -1 : kind == CERTIFICATE_ENDING ? 5 : 90);
    if (kind != CERTIFICATE_NAMELESS)
        must(gnutls_x509_crt_set_subject_alt_name(own, GNUTLS_SAN_DNSNAME, name,
                                                  (unsigned)strlen(name), GNUTLS_FSAN_SET),
             name);
    must(gnutls_x509_crt_set_key_purpose_oid(own, GNUTLS_KP_TLS_WWW_SERVER, 0), name);
    sign(certificate, issuer);
    certificate_free(stranger);
    return certificate;
}

void certificate_free(struct certificate *certificate)
{
    if (certificate == NULL)
        return;
    gnutls_x509_privkey_deinit(certificate->key);
    gnutls_x509_crt_deinit(certificate->chain[0]);
    if (certificate->chain[1] != NULL)
        gnutls_x509_crt_deinit(certificate->chain[1]);
    free(certificate);
}

void certificate_write(const struct certificate *certificate, const char *path)
{
    gnutls_datum_t pem;
    must(gnutls_x509_crt_export2(certificate->chain[0], GNUTLS_X509_FMT_PEM, &pem), path);
    FILE *file = fopen(path, "w");
    if (file == NULL || fwrite(pem.data, 1, pem.size, file) != pem.size || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
    gnutls_free(pem.data);
}

static char *to_hex(const unsigned char *bytes, size_t size)
{
    char *text = malloc(2 * size + 1);
    if (text == NULL)
        must(GNUTLS_E_MEMORY_ERROR, "hexadecimal");
    for (size_t i = 0; i < size; i++)
        snprintf(text + 2 * i, 3, "%02x", bytes[i]);
    return text;
}

char *certificate_tlsa(const struct certificate *certificate, int depth, int selector, int matching)
{
    gnutls_datum_t data;
    unsigned char digest[64];
    gnutls_x509_crt_t chosen = certificate->chain[depth];
    if (selector == 0) {
        must(gnutls_x509_crt_export2(chosen, GNUTLS_X509_FMT_DER, &data), "TLSA");
    } else {
        gnutls_pubkey_t key;
        must(gnutls_pubkey_init(&key), "TLSA");
        must(gnutls_pubkey_import_x509(key, chosen, 0), "TLSA");
        must(gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, &data), "TLSA");
        gnutls_pubkey_deinit(key);
    }
    char *text;
    if (matching == 0) {
        text = to_hex(data.data, data.size);
    } else {
        gnutls_digest_algorithm_t algorithm = matching == 1 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512;
        must(gnutls_hash_fast(algorithm, data.data, data.size, digest), "TLSA");
        text = to_hex(digest, matching == 1 ? 32 : 64);
    }
    gnutls_free(data.data);
    return text;
}
