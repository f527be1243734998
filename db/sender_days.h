/*
 * sender_days.h - what failed by sender and MX host, day by day.  For db/ only.
 */
#ifndef TLSRPTOP_DB_SENDER_DAYS_H
#define TLSRPTOP_DB_SENDER_DAYS_H

#include "query.h"
#include "sender_sums.h"

/* Takes a SUM of DAY; false stops the reading. */
typedef bool sender_day_fn(void *context, int day, const struct sender_sum *sum);

/* Calls TAKE for what failed of DOMAIN, or of ALL_DOMAINS that are mine, in DAYS. */
enum db_status sender_days(struct db *db, int64_t domain, struct day_range days,
                           sender_day_fn *take, void *context);

#endif
