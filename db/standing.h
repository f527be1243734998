/*
 * standing.h - what is asked about the standing of one domain at a time.  For
 * db/ only.
 */
#ifndef TLSRPTOP_DB_STANDING_H
#define TLSRPTOP_DB_STANDING_H

#include "evidence.h"

/* The last DAYS days up to TODAY. */
struct day_range last_days(int today, int days);

/* What the newest check of DOMAIN saw of its TLS-RPT record and its policy, and its
 * errors. */
enum db_status read_check(struct db *db, int64_t domain, struct standing *standing);

#endif
