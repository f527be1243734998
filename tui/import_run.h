/*
 * import_run.h - tlsrptop-import at work, started from the dashboard.
 *
 * A child process whose JSON lines and sentences come by pipes: the dashboard
 * itself opens no socket and writes no database.  What it says is kept up to
 * bounds.  For the main thread.
 */
#ifndef TLSRPTOP_TUI_IMPORT_RUN_H
#define TLSRPTOP_TUI_IMPORT_RUN_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "../db/vocab.h"

enum {
    IMPORT_FDS = 3,
    IMPORT_NAME = 256,
    IMPORT_SENTENCE = 2048, /* bytes; what is longer is cut */
    IMPORT_SENTENCES = 500, /* that are kept: the newest */
};

/* How far it is; all zero until it has said something. */
struct import_progress {
    char account[IMPORT_NAME]; /* or a path */
    char mailbox[IMPORT_NAME];
    int64_t total; /* messages known to come; 0: not known */
    int64_t done;
    int64_t outcomes[OUTCOME_END];
    char message[IMPORT_NAME]; /* how it ended, if not well */
};

enum import_state {
    IMPORT_RUNNING,
    IMPORT_STOPPING, /* it was asked to stop */
    IMPORT_ENDED,
};

struct import_run;

/* Starts tlsrptop-import over all accounts, with the database and, unless it is
 * NULL, the configuration that this program was given.  NULL when it cannot be
 * run, with errno. */
struct import_run *import_run_start(const char *db_path, const char *config_file);
/* Stops it if it still runs, without waiting: it ends behind its batch.  NULL is
 * fine. */
void import_run_free(struct import_run *run);

/* Asks it to stop behind its batch; asked again, it stops at once.  Either way
 * what it has stored stays. */
void import_run_stop(struct import_run *run);

/* What to poll for it: fills FDS and returns how many. */
nfds_t import_run_fds(const struct import_run *run, struct pollfd fds[static IMPORT_FDS]);
/* Takes what it has said, without waiting; true if there is anything new. */
bool import_run_read(struct import_run *run);

enum import_state import_run_state(const struct import_run *run);
const struct import_progress *import_run_progress(const struct import_run *run);
/* Since its start, or how long it took. */
double import_run_seconds(const struct import_run *run);
/* Of one that has ended: its exit status, or 128 and the signal that killed it. */
int import_run_status(const struct import_run *run);
/* Was it asked to stop? */
bool import_run_was_stopped(const struct import_run *run);

/* Sentences that it said, oldest first; N below the count.  DROPPED tells how
 * many are not kept any more. */
size_t import_run_sentences(const struct import_run *run, size_t *dropped);
const char *import_run_sentence(const struct import_run *run, size_t n);

#endif
