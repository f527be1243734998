/*
 * standing.h - the days that the standing of a domain is judged by.  For db/
 * only.
 */
#ifndef TLSRPTOP_DB_STANDING_H
#define TLSRPTOP_DB_STANDING_H

#include "evidence.h"

/* The last DAYS days up to TODAY. */
struct day_range last_days(int today, int days);

#endif
