/*
 * domain_rows.h - domains, one by one or all by number.  For db/ only.
 */
#ifndef TLSRPTOP_DB_DOMAIN_ROWS_H
#define TLSRPTOP_DB_DOMAIN_ROWS_H

#include "query.h"

/* One more than the largest number of a domain: the length of an array by number.  An
 * importer may add domains meanwhile. */
enum db_status domain_numbers(struct db *db, int64_t *count);

/* Calls ROW for DOMAIN, with TOTALS, if it is there. */
enum db_status domain_single(struct db *db, int64_t domain, const struct totals *totals,
                             domain_row_fn *row, void *context);
/* Calls it for all of mine that have had a report or a check, or the FOREIGN ones, with
 * their TOTALS, COUNT of them by number; or with those of RANGE. */
enum db_status domains_all(struct db *db, const struct totals *totals, int64_t count, bool foreign,
                           domain_row_fn *row, void *context);
enum db_status domains_by_number(struct db *db, struct day_range range, bool foreign,
                                 domain_row_fn *row, void *context);

/* The domains that are not mine, by number, *COUNT of them at *FOREIGN: to be freed,
 * whatever it returns.  To look up the domain of each row of a year costs as much as
 * the rows. */
enum db_status domains_foreign(struct db *db, bool **foreign, int64_t *count);

#endif
