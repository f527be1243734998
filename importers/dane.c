#include "dane.h"

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <stdio.h>
#include <string.h>

enum { SHA256_LENGTH = 32, SHA512_LENGTH = 64 };

const char *tlsa_fault(const struct tlsa *record)
{
    if (record->usage < USAGE_DANE_TA)
        return "usage 0 and 1 are not for mail";
    if (record->usage > USAGE_DANE_EE)
        return "its usage is unknown";
    if (record->selector > SELECTOR_KEY)
        return "its selector is unknown";
    switch (record->matching) {
    case MATCHING_FULL:
        return record->length > 0 ? NULL : "it is empty";
    case MATCHING_SHA256:
        return record->length == SHA256_LENGTH ? NULL : "its digest is not one of SHA-256";
    case MATCHING_SHA512:
        return record->length == SHA512_LENGTH ? NULL : "its digest is not one of SHA-512";
    default:
        return "its matching type is unknown";
    }
}

/* --- one record, one certificate --- */

/* What the selector takes of CERTIFICATE, to be freed by gnutls_free(). */
static int select_data(gnutls_x509_crt_t certificate, unsigned selector, gnutls_datum_t *data)
{
    if (selector == SELECTOR_CERTIFICATE)
        return gnutls_x509_crt_export2(certificate, GNUTLS_X509_FMT_DER, data);
    gnutls_pubkey_t key;
    int code = gnutls_pubkey_init(&key);
    if (code != 0)
        return code;
    code = gnutls_pubkey_import_x509(key, certificate, 0);
    if (code == 0)
        code = gnutls_pubkey_export2(key, GNUTLS_X509_FMT_DER, data);
    gnutls_pubkey_deinit(key);
    return code;
}

static bool fits(const struct tlsa *record, gnutls_x509_crt_t certificate)
{
    gnutls_datum_t data;
    unsigned char digest[SHA512_LENGTH];
    bool same;
    if (select_data(certificate, record->selector, &data) != 0)
        return false;
    if (record->matching == MATCHING_FULL) {
        same = data.size == record->length && memcmp(data.data, record->data, data.size) == 0;
    } else {
        gnutls_digest_algorithm_t algorithm =
            record->matching == MATCHING_SHA256 ? GNUTLS_DIG_SHA256 : GNUTLS_DIG_SHA512;
        same = gnutls_hash_fast(algorithm, data.data, data.size, digest) == 0 &&
               memcmp(digest, record->data, record->length) == 0;
    }
    gnutls_free(data.data);
    return same;
}

/* --- an issuer that is vouched for --- */

static bool is_for_one_of(gnutls_x509_crt_t certificate, const char *const *names)
{
    for (; *names != NULL; names++) {
        if (gnutls_x509_crt_check_hostname2(certificate, *names, 0))
            return true;
    }
    return false;
}

/* Does the chain lead to ISSUER, with nothing expired on the way?  RFC 8446 section 4.4.2: its
 * order is not to be relied on, but that the server's own certificate comes first. */
static bool leads_to(const struct chain *chain, gnutls_x509_crt_t issuer)
{
    gnutls_x509_trust_list_t list;
    gnutls_x509_crt_t certificates[CHAIN_MAX];
    unsigned status = ~0U;
    memcpy(certificates, chain->certificates, sizeof certificates);
    if (gnutls_x509_trust_list_init(&list, 0) != 0)
        return false;
    int code = gnutls_x509_trust_list_add_cas(list, &issuer, 1, 0) == 1 ? 0 : -1;
    if (code == 0)
        code = gnutls_x509_trust_list_verify_crt2(list, certificates, chain->count, NULL, 0, 0,
                                                  &status, NULL);
    gnutls_x509_trust_list_deinit(list, 0);
    return code == 0 && status == 0;
}

static enum dane_result judge_issuer(const struct chain *chain, gnutls_x509_crt_t issuer,
                                     const char *const *names)
{
    if (!leads_to(chain, issuer))
        return DANE_INVALID;
    return is_for_one_of(chain->certificates[0], names) ? DANE_MATCH : DANE_WRONG_NAME;
}

/* A whole certificate in the record need not be in the chain. */
static enum dane_result verify_absent_issuer(const struct tlsa *record, const struct chain *chain,
                                             const char *const *names)
{
    gnutls_x509_crt_t issuer;
    gnutls_datum_t data = {(unsigned char *)record->data, (unsigned)record->length};
    enum dane_result result = DANE_MISMATCH;
    if (gnutls_x509_crt_init(&issuer) != 0)
        return result;
    if (gnutls_x509_crt_import(issuer, &data, GNUTLS_X509_FMT_DER) == 0)
        result = judge_issuer(chain, issuer, names);
    if (result == DANE_INVALID)
        result = DANE_MISMATCH; /* it is just another issuer */
    gnutls_x509_crt_deinit(issuer);
    return result;
}

static enum dane_result verify_issuer(const struct tlsa *record, const struct chain *chain,
                                      const char *const *names)
{
    for (unsigned i = 1; i < chain->count; i++) {
        if (fits(record, chain->certificates[i]))
            return judge_issuer(chain, chain->certificates[i], names);
    }
    if (record->selector == SELECTOR_CERTIFICATE && record->matching == MATCHING_FULL)
        return verify_absent_issuer(record, chain, names);
    return DANE_MISMATCH;
}

/* --- all of them --- */

/* RFC 7671 section 9: of several digests for the same purpose the strongest
 * counts, or whoever can forge the weakest could choose it. */
static bool is_outdone(const struct tlsa *records, size_t count, const struct tlsa *record)
{
    for (size_t i = 0; i < count && record->matching == MATCHING_SHA256; i++) {
        if (records[i].usage == record->usage && records[i].selector == record->selector &&
            records[i].matching == MATCHING_SHA512 && tlsa_fault(&records[i]) == NULL)
            return true;
    }
    return false;
}

enum dane_result dane_verify(const struct tlsa *records, size_t count, const struct chain *chain,
                             const char *const *names)
{
    enum dane_result best = DANE_MISMATCH;
    for (size_t i = 0; i < count && best != DANE_MATCH; i++) {
        enum dane_result result = DANE_MISMATCH;
        if (tlsa_fault(&records[i]) != NULL || is_outdone(records, count, &records[i]))
            continue;
        if (records[i].usage == USAGE_DANE_TA)
            result = verify_issuer(&records[i], chain, names);
        else if (fits(&records[i], chain->certificates[0]))
            result = DANE_MATCH; /* neither name nor dates count, RFC 7672 section 3.1.1 */
        if (result > best)
            best = result;
    }
    return best;
}

int dane_key_digest(const struct chain *chain, char text[static DANE_DIGEST_TEXT])
{
    gnutls_datum_t key;
    unsigned char digest[SHA256_LENGTH];
    if (select_data(chain->certificates[0], SELECTOR_KEY, &key) != 0)
        return -1;
    int code = gnutls_hash_fast(GNUTLS_DIG_SHA256, key.data, key.size, digest);
    gnutls_free(key.data);
    for (size_t i = 0; code == 0 && i < sizeof digest; i++)
        snprintf(text + 2 * i, 3, "%02x", digest[i]);
    return code == 0 ? 0 : -1;
}
