/*
 * pipeline.h - source -> extract -> store, each in a thread of its own.
 *
 * The caller is the source.  What it hands over travels in batches of some
 * hundred KiB, so that locking costs nothing; a bounded number of them is under
 * way, and the source waits when the others are behind.  Order is kept: a
 * position is stored after the messages that were given before it.
 *
 * When storing fails (database locked, disk full) the run is over: everything
 * since the last commit has been rolled back, and the functions here return -1.
 */
#ifndef TLSRPTOP_IMPORTERS_PIPELINE_H
#define TLSRPTOP_IMPORTERS_PIPELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../db/db.h"
#include "../db/store.h"
#include "extract.h"

struct pipeline;

/* Something to do with the store; returns the status of what it did. */
typedef enum db_status pipeline_call_fn(struct store *store, void *context);

struct pipeline_settings {
    struct db *db;       /* as STORE; for a dry run the one the source may look in, or NULL */
    struct store *store; /* NULL: a dry run */
    struct db *known;    /* for a dry run another connection, to look for reports that are
                            there already; or NULL */
    const struct limits *limits;   /* outlives the pipeline */
    struct signatures *signatures; /* so do they, which judge mails; or NULL */
    bool verbose;                  /* name what is no report, too */
    pipeline_call_fn *upkeep;      /* called with the store, in its thread, when it is idle and
                                      at the end; NULL: nothing to do then */
    void *upkeep_context;
};

/* Where a message comes from. */
struct place {
    int64_t mailbox; /* as struct origin; 0 for a file */
    uint32_t uid;
    const char *name; /* of the file or mailbox, for people */
};

/* NULL when memory is short.  The store belongs to the pipeline until
 * pipeline_close(). */
struct pipeline *pipeline_open(const struct pipeline_settings *settings);

/* Hands over a message or bare document; BYTES are copied.  The text of a
 * place is copied, too. */
int pipeline_message(struct pipeline *pipeline, const struct place *place, const char *bytes,
                     size_t size);

/* Hands over a message of at most SIZE bytes that comes in pieces: they are
 * written to the room that pipeline_begin_message() returns (NULL when storing
 * has failed), and pipeline_end_message() says how many there were.  In between
 * nothing else is handed over; without an end, there was no message. */
char *pipeline_begin_message(struct pipeline *pipeline, const struct place *place, size_t size);
int pipeline_end_message(struct pipeline *pipeline, size_t size);

/* Hands over that the message at PLACE is damaged for REASON, unread. */
int pipeline_damaged(struct pipeline *pipeline, const struct place *place, const char *reason);

/* All messages of the mailbox up to UID have been handed over. */
int pipeline_position(struct pipeline *pipeline, int64_t mailbox, uint32_t uid);

/* What was handed over so far shall be stored soon, even if no more comes. */
void pipeline_flush(struct pipeline *pipeline);

/* Runs CALL with the store (NULL in a dry run) in its thread, after everything
 * that was handed over before, and waits for it.  CALL returns the status of
 * what it did: a failure of the database ends the run. */
int pipeline_call(struct pipeline *pipeline, pipeline_call_fn *call, void *context);

/* Is this a dry run?  Then *DB is the database to look in, or NULL; the source
 * may use it. */
bool pipeline_dry_run(const struct pipeline *pipeline, struct db **db);

/* Has storing failed? */
bool pipeline_failed(struct pipeline *pipeline);

/* Waits until everything is stored, and ends the threads.  Returns the status
 * of storing, with a sentence in ERROR, and the counts of the run. */
enum { PIPELINE_ERROR = 512 };
enum db_status pipeline_close(struct pipeline *pipeline, struct store_counts *counts,
                              char error[static PIPELINE_ERROR]);

#endif
