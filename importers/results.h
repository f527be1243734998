/*
 * results.h - from findings to the database and to the reader.
 *
 * Each domain is weighed with what its last observation says, stored, and written to
 * standard output: in the order in which the domains were named, whichever is done first.
 */
#ifndef TLSRPTOP_IMPORTERS_RESULTS_H
#define TLSRPTOP_IMPORTERS_RESULTS_H

#include "../db/db.h"
#include "check_output.h"

struct results_settings {
    struct db *db;
    const struct trust *trust;
    int64_t now;
    const char *mine;           /* patterns of [domains] mine */
    const char *const *own_rua; /* as verdict.h has it */
    bool json;
    enum detail detail;
};

struct results_counts {
    size_t done;
    size_t with_problems;
    size_t new;       /* observations that differ from the last, or the first of a day */
    bool smtp_closed; /* no MX host could be reached */
};

struct results;

/* For COUNT domains, numbered from 0.  SETTINGS must stay valid.  NULL when memory is
 * short. */
struct results *results_new(const struct results_settings *settings, size_t count);
void results_free(struct results *results);

/* Takes what was found of domain NUMBER.  Returns DB_OK, or what is wrong with the
 * database; DB_MEMORY with no error there when memory is short. */
enum db_status results_take(struct results *results, size_t number, const struct findings *findings,
                            bool smtp_closed);

/* Writes those that are next in order; all that are done if the run ENDS.  BEFORE is
 * called before anything is written.  Returns 0, or errno when something of this or of
 * before could not be written. */
int results_write(struct results *results, bool ends, void (*before)(void));

const struct results_counts *results_counts(const struct results *results);

#endif
