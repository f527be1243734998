/*
 * dkim_key.h - the key records of DKIM, RFC 6376 section 3.6.1.
 */
#ifndef TLSRPTOP_IMPORTERS_DKIM_KEY_H
#define TLSRPTOP_IMPORTERS_DKIM_KEY_H

#include <gnutls/abstract.h>

#include "dkim.h"

/* The slices point into the text that was read. */
struct key_record {
    struct slice version, type, hashes, services, flags, key;
};

/* False when TEXT is none. */
bool key_record_read(struct slice text, struct key_record *record);

/* The key in RECORD at KEY, which the caller has made and frees.  NULL when it may verify
 * SIGNATURE, else why not: a clause. */
const char *key_record_import(const struct key_record *record,
                              const struct dkim_signature *signature, gnutls_pubkey_t key);

#endif
