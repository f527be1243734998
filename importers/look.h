/*
 * look.h - what an answer of DNS said, kept for later.
 *
 * Texts belong to the arena that is given, or are constants; where memory is short they
 * are "".
 */
#ifndef TLSRPTOP_IMPORTERS_LOOK_H
#define TLSRPTOP_IMPORTERS_LOOK_H

#include "../db/arena.h"
#include "resolver.h"
#include "transfer.h"

enum { ADDRESSES_MAX = 16 /* of one host and family */ };

/* How a question ended. */
struct look {
    enum dns_result result;
    enum dnssec dnssec;
    const char *alias; /* where CNAMEs led; "" when there are none */
    const char *why;   /* of DNS_BOGUS */
};

/* Both families of one host. */
struct addresses {
    struct look v4, v6;
    const char *list[2 * ADDRESSES_MAX]; /* as text */
    size_t count;
};

void look_note(struct look *look, struct arena *arena, const struct question *question,
               const struct dns_answer *answer);

/* Was there an answer that can be believed? */
bool look_is_told(const struct look *look);
/* Was there none for now?  (A bogus one is neither.) */
bool look_failed(const struct look *look);

/* Adds the answer to a QUESTION for A or AAAA. */
void addresses_note(struct addresses *addresses, struct arena *arena,
                    const struct question *question, const struct dns_answer *answer);

/* Where CNAMEs led, by either family; "" when there are none. */
const char *addresses_alias(const struct addresses *addresses);

/* Writes them as transfer.h wants them, as many as there is room for. */
void addresses_join(const struct addresses *addresses, char text[static TRANSFER_ADDRESSES]);

#endif
