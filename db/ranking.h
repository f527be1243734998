/*
 * ranking.h - which domains come first in a list of all.  For db/ only.
 *
 * A screen shows some fifty of a hundred thousand domains.  What they are sorted by is
 * read for all of them; names, modes and standings only of those that come first.
 */
#ifndef TLSRPTOP_DB_RANKING_H
#define TLSRPTOP_DB_RANKING_H

#include "query.h"

enum {
    NOT_LISTED = -1,
    FEW_DOMAINS = 4096 /* up to these it is as fast to read all */
};

struct ranking {
    int64_t *ranks; /* by number: NOT_LISTED, or what puts a domain before those with less */
    int64_t count;  /* of these, with the number 0, which no domain has */
};

/* Lists all domains of mine that have had a report or a check, or the FOREIGN ones,
 * with rank 0.  *SUMS tells how many there are, and their last day.  To be freed,
 * whatever it returns. */
enum db_status ranking_make(struct db *db, bool foreign, struct ranking *ranking,
                            struct list_sums *sums);
void ranking_free(struct ranking *ranking);

/* Is DOMAIN in the list?  Others may have been added since it was made. */
bool ranking_lists(const struct ranking *ranking, int64_t domain);

/* The MOST domains that come first, or all if they are fewer: by rank, and
 * those with the same rank by name.  *COUNT of them at *DOMAINS, in no order: to be
 * freed, whatever it returns. */
enum db_status ranking_first(struct db *db, const struct ranking *ranking, size_t most,
                             int64_t **domains, size_t *count);

#endif
