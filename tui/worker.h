/*
 * worker.h - the thread that reads the database, so that keys never wait.
 *
 * A job is posted to a slot.  Each slot holds one job that waits: a newer one
 * takes its place, and what runs in that slot, or in a later one, is cancelled.
 * Every job that was posted comes back by done() in the main thread, exactly
 * once, cancelled or not; done() frees it.
 */
#ifndef TLSRPTOP_TUI_WORKER_H
#define TLSRPTOP_TUI_WORKER_H

#include <stdatomic.h>
#include <stdbool.h>

#include "../db/db.h"

struct worker;

enum slot { SLOT_LOAD, SLOT_ARRANGE, SLOT_DECORATE, SLOT_COMPLETE, SLOT_WATCH, SLOT_AHEAD, SLOTS };

enum { JOB_ERROR = 512 };

struct job {
    /* In the worker's thread.  Looks at `cancelled` now and then. */
    enum db_status (*run)(struct job *job, struct db *db);
    /* In the main thread. */
    void (*done)(struct job *job);
    /* Does it do without a database?  Else it is not run while there is none. */
    bool needs_none;
    bool unhurried; /* nothing waits for it: worker_busy() does not count it */
    atomic_bool cancelled;
    bool opened;           /* the database was opened for it: what was known of it may be wrong */
    unsigned opening;      /* how often it has been */
    enum db_status status; /* for done(): DB_STOPPED when it was cancelled */
    char error[JOB_ERROR]; /* the sentence that goes with it */
    struct job *next;      /* the worker's */
};

/* Starts the thread, which opens the database at PATH (copied) for reading as
 * soon as it can.  NULL when memory is short. */
struct worker *worker_new(const char *path);
/* Cancels everything, calls done() of what is left, and ends the thread. */
void worker_free(struct worker *worker);

void worker_post(struct worker *worker, enum slot slot, struct job *job);

/* Is a job of one of the slots before SLOT under way? */
bool worker_busy(struct worker *worker, enum slot slot);

/* A descriptor that is readable when a job has come back. */
int worker_fd(const struct worker *worker);
/* Calls done() of the jobs that have come back. */
void worker_collect(struct worker *worker);

#endif
