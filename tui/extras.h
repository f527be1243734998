/*
 * extras.h - what is read for the rows in sight only: trends, strips of modes.
 *
 * A list can have a hundred thousand rows, and a chart for each would take
 * minutes to read.  So a screen draws what it has, asks for what its rows in
 * sight lack, and is drawn again when that has come.  What was read last is kept.
 * For the main thread, but for read().
 */
#ifndef TLSRPTOP_TUI_EXTRAS_H
#define TLSRPTOP_TUI_EXTRAS_H

#include "view.h"

enum { EXTRAS_KEPT = 512, EXTRAS_ASKED = 256 /* at once */ };

struct extras_type {
    /* In the worker's thread: reads what belongs to the COUNT rows IDS into EXTRAS,
     * zeroed bytes of the size that extras_reset() was told for each.  CONTEXT is a
     * copy of what it was told. */
    enum db_status (*read)(struct db *db, const int64_t *ids, size_t count, const void *context,
                           void *extras);
    size_t context_size;
};

enum { EXTRAS_CONTEXT_MAX = 64 };

/* A part of a view's state, zeroed at first. */
struct extras {
    const struct extras_type *type;
    size_t size;
    int64_t ids[EXTRAS_KEPT];
    size_t count, next;  /* kept, and the oldest of them, to be replaced */
    unsigned char *kept; /* malloc'ed, EXTRAS_KEPT times `size` */
    unsigned generation; /* what is read for an earlier one comes too late */
    unsigned char context[EXTRAS_CONTEXT_MAX];
};

/* Forgets all: from now on they are SIZE bytes each, read with CONTEXT. */
void extras_reset(struct extras *extras, const struct extras_type *type, size_t size,
                  const void *context);
void extras_free(struct extras *extras);

/* What was read for ID; NULL while it has not been. */
const void *extras_find(const struct extras *extras, int64_t id);

/* Asks for what is not there of the COUNT rows IDS; false when nothing lacks, or
 * something has been asked for already: one at a time in a view. */
bool extras_ask(struct view *view, struct extras *extras, const int64_t *ids, size_t count);
/* The same for the rows of TABLE that were drawn last, by their id(). */
bool extras_ask_rows(struct view *view, struct extras *extras, const struct table *table);

#endif
