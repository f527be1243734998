/*
 * domain_modes.h - the modes that follow from the totals.  For db/ only.
 *
 * Called in the transaction that changed level 0 of total_reporter.
 */
#ifndef TLSRPTOP_DB_DOMAIN_MODES_H
#define TLSRPTOP_DB_DOMAIN_MODES_H

#include "db.h"

/* Weighs anew what the reports of DAY state about DOMAIN (mode_day). */
enum db_status modes_weigh_day(struct db *db, int64_t domain, int day);

/* Widens the days DOMAIN spans by FIRST to LAST, which have been weighed; finds its
 * mode anew if they touch what that of its last day stands on, and the days that
 * change it (mode_change). */
enum db_status modes_update_domain(struct db *db, int64_t domain, int first, int last);

/* ORGANIZATION has reported policies of TYPE (sts or tlsa) on DAY: from then on
 * its silence about them states something.  That is news for the days before *UNTIL, which
 * is DAY when there are none. */
enum db_status modes_note_first(struct db *db, int64_t organization, int type, int day, int *until);

/* Silence of a reporter, from the day FIRST on and before UNTIL. */
struct silence {
    int64_t organization;
    int first, until;
};

/* Calls TOUCHED, which returns 0, or -1 when memory is short, for the days of domains that
 * are to be weighed anew, as COUNT SILENCES, sorted by organization, are news.  However
 * many there are, it is one walk through the days from the first of them on. */
typedef int touched_fn(void *context, int64_t domain, int day);
enum db_status modes_find_silent(struct db *db, const struct silence *silences, size_t count,
                                 touched_fn *touched, void *context);

#endif
