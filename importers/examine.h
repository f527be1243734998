/*
 * examine.h - looks at many domains at a time, and hands out what it found.
 *
 * For each domain the questions to DNS go out together, and each answer leads to
 * the next: MX to addresses and TLSA records, the MTA-STS record to the policy.
 * An MX host is looked at once for all domains under way that name it.
 */
#ifndef TLSRPTOP_IMPORTERS_EXAMINE_H
#define TLSRPTOP_IMPORTERS_EXAMINE_H

#include "findings.h"

enum {
    EXAMINED_QUICK_MAX = 128, /* at a time, as turns.h has it */
    EXAMINED_OPEN_MAX = 2048
};

struct examiner;

struct examine_settings {
    struct policy_source policies;
    int smtp_port;
    bool certificates; /* connect to the MX hosts */
};

/* Domain NUMBER is done; FINDINGS are valid during the call.  SMTP_CLOSED: no MX
 * host of the whole run could be reached, so that no certificate was seen. */
typedef void examined_fn(void *context, size_t number, const struct findings *findings,
                         bool smtp_closed);

/* NULL when memory is short. */
struct examiner *examiner_new(struct resolver *resolver, const struct examine_settings *settings,
                              examined_fn *examined, void *context);
/* Call resolver_close() and transfers_close() first: they hold what is under way. */
void examiner_free(struct examiner *examiner);

/* Are there domains that are not done? */
bool examiner_is_busy(const struct examiner *examiner);

/* Begins with DOMAIN, which stays the caller's and valid, if there is room for one more
 * now.  Returns 1 if it does, 0 if not, or -1 when memory is short. */
int examiner_begin(struct examiner *examiner, const char *domain, size_t number);

/* Hands out the domains that are done.  MORE: others are going to be begun. */
void examiner_process(struct examiner *examiner, bool more);

#endif
