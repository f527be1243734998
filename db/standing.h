/*
 * standing.h - the days that the standing of a domain is judged by.  For db/
 * only.
 */
#ifndef TLSRPTOP_DB_STANDING_H
#define TLSRPTOP_DB_STANDING_H

#include "evidence.h"

/* Is `p`, a problem that a check found, an error, or would it be one under enforce?  ?2 is
 * whether the domain is in testing: before, a host without TLS keeps nobody from that. */
#define SQL_HOLDS_BACK                                                                             \
    "(p.value ->> '$.severity' = 'error' OR"                                                       \
    " (p.value ->> '$.severity' = 'warning' AND"                                                   \
    "  (p.value ->> '$.code' IN ('sts-mx-not-covered', 'sts-removed', 'mx-certificate') OR"        \
    "   (?2 AND p.value ->> '$.code' IN ('mx-no-starttls', 'mx-tls-failed')))))"

/* The last DAYS days up to TODAY. */
struct day_range last_days(int today, int days);

#endif
