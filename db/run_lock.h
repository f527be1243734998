/*
 * run_lock.h - which import runs are at work.  For db/ only.
 *
 * A run locks a byte of the empty file "DATABASE-runs" for as long as its
 * process lives.  So one that was killed, by whatever, is told from one at work.
 */
#ifndef TLSRPTOP_DB_RUN_LOCK_H
#define TLSRPTOP_DB_RUN_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Marks RUN of the database at PATH as at work until the descriptor that this
 * returns is closed.  -1 when it cannot be marked, which costs no more than
 * that it will look like killed. */
int run_lock(const char *path, int64_t run);

/* A descriptor for run_is_locked(), to be closed; -1 when nothing was ever
 * marked, or it may not be looked at. */
int run_locks_open(const char *path);
/* Is RUN at work?  Of no LOCKS (-1) none is. */
bool run_is_locked(int locks, int64_t run);

#endif
