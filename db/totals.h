/*
 * totals.h - the totals that screens read, kept up to date with each commit.
 * For db/ only.
 *
 * Facts gather in memory while reports are stored, and totals_flush() and
 * totals_finish() add them to the tables in the transaction that stores the reports.
 */
#ifndef TLSRPTOP_DB_TOTALS_H
#define TLSRPTOP_DB_TOTALS_H

#include "db.h"
#include "report.h"

struct totals_batch;

/* NULL when memory is short. */
struct totals_batch *totals_new(void);
void totals_free(struct totals_batch *batch);

/* Numbers of the texts of one policy, as stored. */
struct policy_numbers {
    int64_t domain;
    bool mine;
    int64_t type;
    int64_t policy_text;
};
struct failure_numbers {
    int64_t result_type;
    int64_t sending_ip;
    int64_t mx_host;
};

/* Gathers one report: begin, then each policy followed by its failures, end.
 * Short memory shows at totals_end(), which returns -1; the batch is then as
 * it was before totals_begin(). */
void totals_begin(struct totals_batch *batch, int64_t organization, int day);
void totals_policy(struct totals_batch *batch, const struct policy_numbers *numbers,
                   const struct policy *policy);
void totals_failure(struct totals_batch *batch, const struct policy_numbers *policy,
                    const struct failure_numbers *numbers, int64_t failed);
int totals_end(struct totals_batch *batch);

/* Whether enough reports are gathered to be written.  To write them all at the end
 * of a transaction would stop the importer for long. */
bool totals_is_full(const struct totals_batch *batch);

/* Writes the sums by day of what was gathered, within the open transaction of DB. */
enum db_status totals_flush(struct totals_batch *batch, struct db *db);

/* Writes all that was gathered since the transaction began, with what follows by
 * domain: the policies seen, and the modes.  Each of these rows lies on a page of its
 * own, which is written once, then.  The batch is empty afterwards, even on failure. */
enum db_status totals_finish(struct totals_batch *batch, struct db *db);
void totals_clear(struct totals_batch *batch);

/* Makes BLOCK of LEVEL (1 to 3) anew from the level below, within the open
 * transaction. */
enum db_status totals_make_anew(struct db *db, int level, int64_t block);

/* Makes the totals of domain 0 anew from the policies of all domains that are
 * mine: for a change of [domains] mine.  Within the open transaction. */
enum db_status totals_rebuild_all(struct db *db);

#endif
