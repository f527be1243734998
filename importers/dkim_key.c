#include "dkim_key.h"

#include "decode.h"
#include "dkim_header.h"

enum {
    ED25519_BYTES = 32,
    RSA_BITS_MIN = 1024, /* RFC 8301 section 3.2 */
    RSA_BITS_MAX = 8192
};

bool key_record_read(struct slice text, struct key_record *record)
{
    static const struct {
        char name;
        size_t offset;
    } tags[] = {
        {'v', offsetof(struct key_record, version)}, {'k', offsetof(struct key_record, type)},
        {'h', offsetof(struct key_record, hashes)},  {'s', offsetof(struct key_record, services)},
        {'t', offsetof(struct key_record, flags)},   {'p', offsetof(struct key_record, key)},
    };
    struct slice name, value, raw;
    *record = (struct key_record){.key = {NULL, 0}};
    while (dkim_next_tag(&text, &name, &value, &raw)) {
        for (size_t i = 0; i < sizeof tags / sizeof *tags; i++) {
            struct slice *member = (struct slice *)(void *)((char *)record + tags[i].offset);
            if (name.length == 1 && name.start[0] == tags[i].name && member->start == NULL)
                *member = value;
        }
    }
    return record->key.start != NULL &&
           (record->version.start == NULL || slice_is(record->version, "DKIM1"));
}

bool dkim_is_key(struct slice text)
{
    struct key_record record;
    return text.length <= DKIM_KEY_MAX && key_record_read(text, &record);
}

/* May the key sign this? */
static const char *judge_key(const struct key_record *record,
                             const struct dkim_signature *signature)
{
    bool ed25519 = signature->algorithm == DKIM_ED25519_SHA256;
    if (record->key.length == 0)
        return "its key is revoked";
    if (ed25519 ? !slice_is(record->type, "ed25519")
                : record->type.start != NULL && !slice_is(record->type, "rsa"))
        return "its key is of another kind";
    if (record->hashes.start != NULL && !dkim_lists(record->hashes, "sha256"))
        return "its key is not for SHA-256";
    if (record->services.start != NULL && !dkim_lists(record->services, "*") &&
        !dkim_lists(record->services, "email") && !dkim_lists(record->services, "tlsrpt"))
        return "its key is for another service"; /* RFC 8460 section 3 */
    if (signature->for_subdomain && dkim_lists(record->flags, "s"))
        return "its key is not for subdomains";
    return NULL;
}

static const char *import_key(struct slice base64, enum dkim_algorithm algorithm,
                              gnutls_pubkey_t key)
{
    static const char unreadable[] = "its key cannot be read";
    unsigned char bytes[DKIM_KEY_MAX];
    const char *flaw;
    unsigned bits = 0;
    if (base64.length > sizeof bytes)
        return unreadable;
    gnutls_datum_t datum = {bytes, (unsigned)decode_base64(base64, (char *)bytes, &flaw)};
    if (algorithm == DKIM_ED25519_SHA256)
        return datum.size == ED25519_BYTES && gnutls_pubkey_import_ecc_raw(
                                                  key, GNUTLS_ECC_CURVE_ED25519, &datum, NULL) == 0
                   ? NULL
                   : unreadable;
    if (gnutls_pubkey_import(key, &datum, GNUTLS_X509_FMT_DER) != 0 ||
        gnutls_pubkey_get_pk_algorithm(key, &bits) != GNUTLS_PK_RSA)
        return unreadable;
    if (bits < RSA_BITS_MIN)
        return "its key is too short to be trusted";
    return bits <= RSA_BITS_MAX ? NULL : "its key is too long";
}

const char *key_record_import(const struct key_record *record,
                              const struct dkim_signature *signature, gnutls_pubkey_t key)
{
    const char *why = judge_key(record, signature);
    return why != NULL ? why : import_key(record->key, signature->algorithm, key);
}
