/*
 * stop.h - ending a run by SIGINT or SIGTERM, between two messages.
 *
 * Both signals are blocked in every thread, so no read or write is ever cut
 * short by them, and a thread of this file waits for them.  The first asks the
 * run to end in good order; the second ends the process at once, which the
 * database survives.
 */
#ifndef TLSRPTOP_IMPORTERS_STOP_H
#define TLSRPTOP_IMPORTERS_STOP_H

#include <poll.h>
#include <stdbool.h>
#include <sys/types.h>

/* To be called before any other thread is started.  Returns 0, or -1. */
int stop_init(void);

/* Has the run been asked to end? */
bool stop_requested(void);

/* Waits until one of the COUNT descriptors at WATCHED (at most STOP_WATCHED_MAX)
 * is ready, MILLISECONDS are over, or the run is asked to end.  Returns whether
 * a descriptor is ready. */
enum { STOP_WATCHED_MAX = 256 };
bool stop_wait(struct pollfd *watched, nfds_t count, int milliseconds);

/* A descriptor that can be read once the run is asked to end. */
int stop_descriptor(void);

/* In a child, before exec: signals work as usual again. */
void stop_reset(void);

#endif
