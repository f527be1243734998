#include "dkim.h"

#include <stdio.h>

#include "decode.h"
#include "dkim_hash.h"
#include "dkim_header.h"
#include "dkim_key.h"

enum { SIGNATURE_BYTES = 2048 /* as base64, with room for the longest RSA key */ };

static const char no_memory[] = "there is not enough memory to verify it";

/* --- finding signatures --- */

static const char *read_algorithm(struct slice value, struct dkim_signature *signature)
{
    if (slice_is(value, "rsa-sha256"))
        signature->algorithm = DKIM_RSA_SHA256;
    else if (slice_is(value, "ed25519-sha256"))
        signature->algorithm = DKIM_ED25519_SHA256;
    else
        return "it is made by an algorithm that is not accepted"; /* RFC 8301 section 3.1 */
    return NULL;
}

static const char *read_canonicalization(struct slice value, struct dkim_signature *signature)
{
    const char *slash = memchr(value.start, '/', value.length);
    const char *end = value.start + value.length;
    struct slice header = slice_between(value.start, slash != NULL ? slash : end);
    struct slice body =
        slash != NULL ? slice_between(slash + 1, end) : (struct slice){"simple", strlen("simple")};
    signature->relaxed_header = slice_is(header, "relaxed");
    signature->relaxed_body = slice_is(body, "relaxed");
    return (signature->relaxed_header || slice_is(header, "simple")) &&
                   (signature->relaxed_body || slice_is(body, "simple"))
               ? NULL
               : "its canonicalization is not known";
}

/* The signing identity must be within the domain, RFC 6376 section 3.5. */
static const char *read_identity(struct slice value, struct dkim_signature *signature)
{
    char domain[DOMAIN_TEXT];
    const char *at = memrchr(value.start, '@', value.length);
    const char *end = value.start + value.length;
    if (at == NULL || domain_normalise(at + 1, (size_t)(end - at - 1), domain) != 0 ||
        !domain_is_within(domain, signature->domain))
        return "its i= is not within its domain";
    signature->for_subdomain = strcmp(domain, signature->domain) != 0;
    return NULL;
}

static const char *name_key(struct slice selector, struct dkim_signature *signature)
{
    int length = snprintf(signature->key, sizeof signature->key, "%.*s._domainkey.%s",
                          (int)(selector.length < DKIM_KEY_NAME ? selector.length : DKIM_KEY_NAME),
                          selector.start, signature->domain);
    bool good = length > 0 && (size_t)length < sizeof signature->key;
    for (size_t i = 0; good && i < selector.length; i++)
        good = selector.start[i] > ' ' && selector.start[i] < 0x7f && selector.start[i] != '\\';
    return good ? NULL : "its selector is no name";
}

enum tag { TAG_V, TAG_A, TAG_B, TAG_BH, TAG_D, TAG_H, TAG_S, TAG_C, TAG_I, TAG_L, TAG_Q, TAGS };
static const char *const tag_names[TAGS] = {"v", "a", "b", "bh", "d", "h", "s", "c", "i", "l", "q"};
enum { TAGS_REQUIRED = TAG_C };

/* The first flaw of the signature whose tags have these VALUES. */
static const char *read_values(const struct slice values[static TAGS],
                               struct dkim_signature *signature)
{
    const char *flaw;
    for (int tag = 0; tag < TAGS_REQUIRED; tag++)
        if (values[tag].length == 0)
            return "it lacks a tag that it needs";
    if (signature->domain[0] == '\0')
        return "its d= is no domain";
    if (!slice_is(values[TAG_V], "1"))
        return "its version is not 1";
    if ((flaw = read_algorithm(values[TAG_A], signature)) != NULL)
        return flaw;
    if (values[TAG_C].start != NULL &&
        (flaw = read_canonicalization(values[TAG_C], signature)) != NULL)
        return flaw;
    if (values[TAG_I].start != NULL && (flaw = read_identity(values[TAG_I], signature)) != NULL)
        return flaw;
    if (values[TAG_L].start != NULL)
        return "its l= leaves a part of the body unsigned"; /* RFC 8460 section 3 */
    if (values[TAG_Q].start != NULL && !dkim_lists(values[TAG_Q], "dns/txt"))
        return "its key is not in DNS";
    if (!dkim_lists(values[TAG_H], "from"))
        return "it does not sign the field From";
    return name_key(values[TAG_S], signature);
}

static void read_signature(const struct dkim_field *field, struct dkim_signature *signature)
{
    struct slice values[TAGS] = {{NULL, 0}};
    struct slice rest = dkim_field_value(field), name, value, raw;
    *signature = (struct dkim_signature){.field = field->whole};
    while (dkim_next_tag(&rest, &name, &value, &raw)) {
        int tag = 0;
        while (tag < TAGS && (name.length != strlen(tag_names[tag]) ||
                              memcmp(name.start, tag_names[tag], name.length) != 0))
            tag++;
        if (tag == TAGS)
            continue;
        if (values[tag].start != NULL)
            signature->flaw = "it has a tag twice";
        values[tag] = value;
        if (tag == TAG_B)
            signature->signature = raw;
    }
    signature->body_hash = values[TAG_BH];
    signature->names = values[TAG_H];
    if (domain_normalise(values[TAG_D].start, values[TAG_D].length, signature->domain) != 0)
        signature->domain[0] = '\0';
    if (signature->flaw == NULL)
        signature->flaw = read_values(values, signature);
    if (signature->flaw != NULL)
        signature->key[0] = '\0';
}

size_t dkim_find(struct slice mail, struct dkim_signature signatures[static DKIM_SIGNATURES_MAX])
{
    static const struct slice name = {"DKIM-Signature", sizeof "DKIM-Signature" - 1};
    struct dkim_header header;
    size_t count = 0;
    dkim_header_read(mail, &header);
    for (size_t i = 0; i < header.count && count < DKIM_SIGNATURES_MAX; i++)
        if (dkim_field_is(&header.fields[i], name))
            read_signature(&header.fields[i], &signatures[count++]);
    return count;
}

bool dkim_author(struct slice mail, char domain[static DOMAIN_TEXT])
{
    static const struct slice name = {"From", sizeof "From" - 1};
    struct dkim_header header;
    dkim_header_read(mail, &header);
    size_t i = header.count; /* from the bottom, as a signature takes it */
    while (i > 0 && !dkim_field_is(&header.fields[i - 1], name))
        i--;
    if (i == 0)
        return false;
    struct slice value = dkim_field_value(&header.fields[i - 1]);
    const char *at = memrchr(value.start, '@', value.length), *end = value.start + value.length;
    const char *close = at != NULL ? memchr(at, '>', (size_t)(end - at)) : NULL;
    return at != NULL &&
           domain_normalise(at + 1, (size_t)((close != NULL ? close : end) - at - 1), domain) == 0;
}

/* --- verifying --- */

static const char *verify_hash(const struct dkim_signature *signature,
                               unsigned char hash[static DKIM_HASH_BYTES], gnutls_pubkey_t key)
{
    unsigned char bytes[SIGNATURE_BYTES];
    const char *flaw;
    gnutls_datum_t signed_hash = {hash, DKIM_HASH_BYTES};
    if (signature->signature.length > sizeof bytes)
        return "it is too long";
    gnutls_datum_t made = {bytes,
                           (unsigned)decode_base64(signature->signature, (char *)bytes, &flaw)};
    int code =
        signature->algorithm == DKIM_ED25519_SHA256
            ? gnutls_pubkey_verify_data2(key, GNUTLS_SIGN_EDDSA_ED25519, 0, &signed_hash, &made)
            : gnutls_pubkey_verify_hash2(key, GNUTLS_SIGN_RSA_SHA256, 0, &signed_hash, &made);
    return code >= 0 ? NULL : "the header is not as it was signed, or not by this key";
}

static const char *check_body(const struct dkim_signature *signature, struct slice body)
{
    unsigned char hash[DKIM_HASH_BYTES], stated[DKIM_HASH_BYTES * 4];
    const char *flaw;
    if (!dkim_hash_body(body, signature->relaxed_body, hash))
        return no_memory;
    if (signature->body_hash.length > sizeof stated ||
        decode_base64(signature->body_hash, (char *)stated, &flaw) != DKIM_HASH_BYTES ||
        memcmp(stated, hash, DKIM_HASH_BYTES) != 0)
        return "the body is not as it was signed";
    return NULL;
}

static const char *check_header(const struct dkim_signature *signature, struct dkim_header *header,
                                gnutls_pubkey_t key)
{
    unsigned char hash[DKIM_HASH_BYTES];
    return dkim_hash_header(header, signature->names, signature->field, signature->signature,
                            signature->relaxed_header, hash)
               ? verify_hash(signature, hash, key)
               : no_memory;
}

const char *dkim_verify(const struct dkim_signature *signature, struct slice mail,
                        struct slice text)
{
    struct dkim_header header;
    struct key_record record;
    gnutls_pubkey_t key;
    if (text.length > DKIM_KEY_MAX || !key_record_read(text, &record))
        return "its key record cannot be read";
    dkim_header_read(mail, &header);
    if (header.too_long)
        return "the header has too many fields";
    if (gnutls_pubkey_init(&key) != 0)
        return no_memory;
    const char *why = key_record_import(&record, signature, key);
    if (why == NULL)
        why = check_body(signature, header.body);
    if (why == NULL)
        why = check_header(signature, &header, key);
    gnutls_pubkey_deinit(key);
    return why;
}
