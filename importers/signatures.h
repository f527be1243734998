/*
 * signatures.h - are report mails signed by whom they say?  RFC 8460 section 3 wants a
 * DKIM signature of the reporting domain on each: without one, anybody may have written it.
 *
 * Keys come from DNS when they are first needed, and are kept for an hour.  A mail names
 * the key to be asked for, so questions are bounded: in number, and after some that nobody
 * answered there are none for a while.
 */
#ifndef TLSRPTOP_IMPORTERS_SIGNATURES_H
#define TLSRPTOP_IMPORTERS_SIGNATURES_H

#include "../db/vocab.h"
#include "resolver.h"
#include "slice.h"

enum { SIGNED_BY = 512 };

struct signatures;

/* NULL when memory is short.  The texts of SETTINGS must stay valid.  Used by one thread
 * at a time. */
struct signatures *signatures_new(const struct resolver_settings *settings);
void signatures_free(struct signatures *signatures);

/* Judges MAIL by the best of its signatures.  REPORTER is the domain that it says it comes
 * from; "": that of the address in From.  BY tells who signed it; of one that is not valid
 * also why: "example.com: the body is not as it was signed".  Waits for DNS. */
enum signature signatures_judge(struct signatures *signatures, struct slice mail,
                                const char *reporter, char by[static SIGNED_BY]);

#endif
