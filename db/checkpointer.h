/*
 * checkpointer.h - a thread that moves what is committed from the log into the
 * database, while the writer goes on.  For db/ only.
 *
 * It has a connection of its own and moves what nobody reads any more (a passive
 * checkpoint), so that the writer waits neither for the copying nor for the disk.
 * What fails is left to the next round, and to the writer, who closes last.
 */
#ifndef TLSRPTOP_DB_CHECKPOINTER_H
#define TLSRPTOP_DB_CHECKPOINTER_H

struct checkpointer;

/* For the database at PATH, which the caller has open.  NULL when there is no
 * thread or connection to be had. */
struct checkpointer *checkpointer_new(const char *path);

/* Waits for the round under way, and ends the thread.  NULL is allowed. */
void checkpointer_free(struct checkpointer *checkpointer);

/* Begins a round, at once or after the one under way; returns at once. */
void checkpointer_start(struct checkpointer *checkpointer);

/* Waits until no round is under way or asked for.  NULL is allowed. */
void checkpointer_wait(struct checkpointer *checkpointer);

#endif
