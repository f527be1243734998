/*
 * progress.h - what an importer says to people and to programs while it works.
 *
 * Sentences and the bar go to standard error, JSON lines for the dashboard to
 * standard output.  Texts from outside may stand in any sentence: what could
 * control a terminal is made visible first.  Any thread may call this.
 */
#ifndef TLSRPTOP_IMPORTERS_PROGRESS_H
#define TLSRPTOP_IMPORTERS_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "../db/store.h"

enum progress_style { PROGRESS_AUTO, PROGRESS_BAR, PROGRESS_JSON, PROGRESS_NONE };

/* "auto", "bar", "json", "none"; -1 for any other NAME. */
int progress_style_find(const char *name);

/* Begins the display.  AUTO is a bar on a terminal and nothing elsewhere. */
void progress_open(enum progress_style style);

/* What is read from now on: an account and its mailbox, or a path and "". */
void progress_source(const char *account, const char *mailbox);

/* COUNT more messages are known to come. */
void progress_expect(size_t count);

/* How far the run is.  Draws a few times a second at most. */
void progress_show(const struct store_counts *counts);

/* Removes the bar. */
void progress_close(void);

/* "12,345 messages in 1.2 s (9,876/s): 12,000 imported, ...": the closing line,
 * and in JSON the last event with the exit STATUS and MESSAGE. */
void progress_summary(const struct store_counts *counts, bool quiet, int status,
                      const char *message);

/* Writes "PROGRAM: ..." as one line to standard error. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
