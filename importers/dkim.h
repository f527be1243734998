/*
 * dkim.h - DKIM signatures of mails (RFC 6376 with RFC 8301 and RFC 8463), as RFC 8460
 * section 3 wants them on reports.
 *
 * Pure functions over the bytes of a mail and of a key record, both hostile: nothing
 * recurses, and all is bounded.  Lines may end with LF, as they do in files: what is
 * signed has CRLF.
 *
 * An expiration (x=) is not looked at: it is for the time at which the mail was received,
 * and reports lie in their mailbox until someone comes for them.
 */
#ifndef TLSRPTOP_IMPORTERS_DKIM_H
#define TLSRPTOP_IMPORTERS_DKIM_H

#include <stdbool.h>

#include "../db/domain.h"
#include "slice.h"

enum {
    DKIM_SIGNATURES_MAX = 4, /* of a mail, that are looked at */
    DKIM_KEY_NAME = 256,
    DKIM_KEY_MAX = 8192 /* bytes of a key record */
};

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };

/* The slices point into the mail. */
struct dkim_signature {
    struct slice field;     /* all of it, but for its line end */
    struct slice signature; /* base64, with all white space around it */
    struct slice body_hash;
    struct slice names; /* of the signed fields, ":" between them */
    enum dkim_algorithm algorithm;
    bool relaxed_header, relaxed_body;
    bool for_subdomain;       /* by i=: not every key allows that */
    char domain[DOMAIN_TEXT]; /* that signs; "" when none can be told */
    char key[DKIM_KEY_NAME];  /* the name of its key record; "" after a flaw */
    const char *flaw;         /* why it cannot be valid: a clause; else NULL */
};

/* The signatures of MAIL, from the top: how many there are, up to
 * DKIM_SIGNATURES_MAX. */
size_t dkim_find(struct slice mail, struct dkim_signature signatures[static DKIM_SIGNATURES_MAX]);

/* Is SIGNATURE, which has no flaw, valid for MAIL, by the text of its key record?  NULL
 * when it is, else why not: a clause, like "the body is not as it was signed". */
const char *dkim_verify(const struct dkim_signature *signature, struct slice mail,
                        struct slice key);

/* Is TEXT, of a TXT record, a key record? */
bool dkim_is_key(struct slice text);

/* The domain of the address in the header field From of MAIL; false when there is none. */
bool dkim_author(struct slice mail, char domain[static DOMAIN_TEXT]);

#endif
