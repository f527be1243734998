/*
 * review.h - what a review of MTA-STS looks at beyond the totals: what really is refused, and
 * before enforce is called safe, what testing has not shown yet.  For db/ only.
 *
 * Functions return enum db_status as db.h says.
 */
#ifndef TLSRPTOP_DB_REVIEW_H
#define TLSRPTOP_DB_REVIEW_H

#include "query.h"

/* The result types by which no mail is refused, as senders that cannot have a policy go by the
 * one they keep, or by none: RFC 8461 section 5.1. */
#define UNFETCHED_TYPES "'sts-policy-fetch-error', 'sts-policy-invalid', 'sts-webpki-invalid'"
#define SQL_UNFETCHED   "(SELECT id FROM result_type WHERE name IN (" UNFETCHED_TYPES "))"

/* The failures of RANGE by these, as details name them. */
enum db_status query_unfetched(struct db *db, int64_t domain, struct day_range range,
                               int64_t *failed);

/* What was refused in RANGE: what failed under TLSA records, and under MTA-STS enforce but
 * for as many as the reporter's details of that day put down to these. */
struct refusals {
    int64_t enforced, dane;
    int first_day, last_day; /* with either; 0 and -1 when there is none */
};
enum db_status query_refusals(struct db *db, int64_t domain, struct day_range range,
                              struct refusals *refusals);

/* On how many days of RANGE there are reports. */
enum db_status query_days_reported(struct db *db, int64_t domain, struct day_range range,
                                   int64_t *days);

/* A reporter that has not told yet whether what failed is put right: on the last of the
 * TESTING days on which it saw MTA-STS sessions failed, and of the QUIET ones it has told of
 * none. */
struct unheard_row {
    const char *organization;
    int day;
    int64_t sessions, failed; /* of that day */
};
typedef int unheard_row_fn(void *context, const struct unheard_row *row);

/* Those with most failed sessions first.  QUIET ends TESTING. */
enum db_status query_unheard(struct db *db, int64_t domain, struct day_range testing,
                             struct day_range quiet, unheard_row_fn *row, void *context);

/* The day *SINCE which reports have shown every mx line of the newest policy, up to TODAY: an
 * earlier one may have named some already.  -1 when none is known. */
enum db_status query_lines_since(struct db *db, int64_t domain, int today, int *since);

#endif
