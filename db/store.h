/*
 * store.h - writing reports: the only way into the database.
 *
 * A store is one import run.  What it is given gathers in one transaction,
 * opened with the first row and closed by store_commit(): reports, journal,
 * totals, and the position in the mailbox move together, so whatever kills the
 * process, the next run finds all of it or none of it.
 *
 * Functions return enum db_status as db.h says.  After any failure the open
 * transaction has been rolled back: what came since the last store_commit() is
 * not in the database, and the caller may begin again from there or give up.
 * One store belongs to one thread; two processes may store at once.
 */
#ifndef TLSRPTOP_DB_STORE_H
#define TLSRPTOP_DB_STORE_H

#include <stddef.h>
#include <stdint.h>

#include "db.h"
#include "domain.h"
#include "report.h"
#include "vocab.h"

/* A transaction of so many reports costs little for each, and keeps another
 * importer waiting for a moment only. */
enum { STORE_BATCH = 6000 };

/* A database of fewer reports is read by days as fast as by blocks of them. */
enum { STORE_SMALL = 50000 };

/* So many identities are read in a few milliseconds, and sorted into an index at a
 * fraction of its pages for each. */
enum { STORE_UNINDEXED = 32768 };

struct store;

/* A mailbox of an account, and how far it has been read. */
struct mailbox_position {
    int64_t id;         /* for struct origin */
    uint32_t last_uid;  /* every message up to this UID is in the journal */
    uint32_t acted_uid; /* after-import is done up to this UID */
};

/* Where a message, file or attachment came from.  A file is known again by its
 * path from the root: reading it once more adds to the journal only what has
 * changed, so that a folder may be imported every hour for years.  What comes
 * by standard input is new each time. */
struct origin {
    int64_t mailbox;  /* mailbox_position.id, or 0 for a file */
    uint32_t uid;     /* in that mailbox */
    const char *path; /* of a file; "-" for standard input; NULL for a mailbox */
    unsigned part;    /* which attachment or member, counted from 0 */
};

/* What a run did so far; messages counts messages and files, the others
 * count attachments. */
struct store_counts {
    int64_t messages;
    int64_t outcomes[OUTCOME_END];
    int64_t foreign;                  /* of those imported: no policy is of a domain of mine... */
    char foreign_domain[DOMAIN_TEXT]; /* ...but of this one, the first of them */
    int64_t not_kept; /* of those damaged or in conflict: too large, or there is no room */
};

struct store_settings {
    const char *mine;         /* patterns of [domains] mine; "" means all */
    size_t damaged_item_max;  /* bytes kept of one damaged attachment */
    size_t damaged_total_max; /* bytes kept of all of them */
    int64_t close_from;       /* reports; blocks of smaller databases stay open (levels.h) */
    size_t unindexed;         /* reports; so many wait for an index (identities.h) */
};

/* Begins a run that reads WHAT ("work", "/srv/reports").  When the patterns of
 * `mine` have changed since the last run, the totals over all domains are made
 * anew here.  *STORE is NULL on failure and DB's error says why.  DB must
 * outlive the store. */
enum db_status store_open(struct store **store, struct db *db, const char *what,
                          const struct store_settings *settings);

/* Ends the run with a last commit; MESSAGE ("" when all is well) stays in the
 * journal as how it ended.  The store is gone in any case. */
enum db_status store_close(struct store *store, const char *message);

/* What happened to one attachment, as the journal keeps it. */
struct store_result {
    enum outcome outcome;
    char reason[256]; /* of a conflict; "" otherwise */
};
extern const char store_conflict_reason[];

/* Stores REPORT (resolved) unless it is there already.  RAW is the original
 * document, JSON or gzip, kept as it is if gzip and compressed otherwise.
 * *RESULT tells what became of it.  A message of a mailbox that the journal
 * knows already changes nothing, and RESULT is what the journal says. */
enum db_status store_report(struct store *store, const struct origin *origin,
                            const struct report *report, const void *raw, size_t raw_size,
                            struct store_result *result);

/* Records that the thing at ORIGIN is no report, or damaged for REASON.  Of a
 * damaged one up to the limits BYTES are kept for --retry-damaged. */
enum db_status store_refused(struct store *store, const struct origin *origin, enum outcome outcome,
                             const char *reason, const void *bytes, size_t size);

/* Counts one message or file that has been dealt with. */
void store_count_message(struct store *store);
const struct store_counts *store_counts(const struct store *store);

/* Finds the mailbox by account, SERVER (user@host), name and UIDVALIDITY, or enters it. */
enum db_status store_mailbox(struct store *store, const char *account, const char *server,
                             const char *mailbox, uint32_t uidvalidity,
                             struct mailbox_position *position);

/* Moves the position with the next commit; it never moves back. */
enum db_status store_position(struct store *store, int64_t mailbox, uint32_t last_uid);
enum db_status store_acted(struct store *store, int64_t mailbox, uint32_t acted_uid);

/* Calls ROW with the UIDs above acted_uid up to last_uid, ascending, and the
 * outcome of the message: the worst of its attachments.  A message of which
 * nothing was a report has OUTCOME_NOT_A_REPORT. */
typedef int store_uid_row(void *context, uint32_t uid, enum outcome outcome);
enum db_status store_unacted(struct store *store, int64_t mailbox, store_uid_row *row,
                             void *context);

/* Makes everything since the last commit durable.  Cheap when there is nothing. */
enum db_status store_commit(struct store *store);

/* Things dealt with since the last commit: when to commit is the caller's
 * choice, but until then no other importer can write. */
size_t store_pending(const struct store *store);

/* Calls ROW with every damaged attachment that is kept, oldest first.  BYTES
 * are valid during the call only. */
typedef int store_damaged_row(void *context, int64_t journal, const struct origin *origin,
                              const void *bytes, size_t size);
enum db_status store_each_damaged(struct store *store, store_damaged_row *row, void *context);

/* Forgets the kept bytes of a damaged attachment that could be imported after
 * all; its row in the journal stays and says so. */
enum db_status store_mended(struct store *store, int64_t journal);

/* Deletes details and original documents of reports that ended before DAY, a
 * bounded number a call, and the kept bytes of damaged attachments that came before
 * it.  *MORE says whether to call again.  Totals stay, and
 * so does what recognises a duplicate.  A report is looked at once for each DAY,
 * in whichever run. */
enum db_status store_prune(struct store *store, int day, bool *more);

/* Gives unused space of the file back, a bounded amount a call, so that nobody
 * who reads or writes meanwhile waits for more than a moment.  *MORE says
 * whether to call again. */
enum db_status store_compact(struct store *store, bool *more);

#endif
