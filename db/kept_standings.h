/*
 * kept_standings.h - the standings of all domains, which do not depend on the days that a
 * screen shows: kept with the connection until something is committed, or an hour ends.
 * For db/ only.
 */
#ifndef TLSRPTOP_DB_KEPT_STANDINGS_H
#define TLSRPTOP_DB_KEPT_STANDINGS_H

#include "evidence.h"

/* Those that were kept, by number of the domain, COUNT of them: valid until the next call.
 * NULL when there are none of this state of the database, by these SETTINGS. */
const struct standing *standings_kept(struct db *db, const struct advice_settings *settings,
                                      int64_t *count);

/* Keeps STANDINGS, COUNT of them, malloc'ed, which it takes over; unless an hour has ended
 * since SINCE, when their making began. */
void standings_keep(struct db *db, const struct advice_settings *settings, int64_t since,
                    struct standing *standings, int64_t count);

#endif
