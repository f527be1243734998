/*
 * recall.h - the snapshots that were read last.
 *
 * A screen that is asked for again, or was read ahead, is there at once while nothing
 * has been committed since.  What is kept is bounded in number and in bytes: the one
 * that was not used for the longest time goes first.  For the worker's thread.
 */
#ifndef TLSRPTOP_TUI_RECALL_H
#define TLSRPTOP_TUI_RECALL_H

#include "view.h"

enum { RECALL_MAX = 64, RECALL_BYTES = 96 * 1024 * 1024 };

struct recall;

/* NULL when memory is short. */
struct recall *recall_new(void);
void recall_free(struct recall *recall);

/* A state of the database: which opening of the file, and its db_data_version(); and the
 * hour, as what is told of a live check grows old. */
struct recall_state {
    unsigned opening;
    int64_t version;
    int64_t hour;
};

/* What a screen of TYPE would read for REQUEST in STATE, with one owner more; NULL when
 * that is not known.  What was read in another state is forgotten. */
struct snapshot *recall_find(struct recall *recall, const struct view_type *type,
                             const struct request *request, struct recall_state state);
/* Keeps SNAPSHOT, which has been read whole in STATE, unless it is too large. */
void recall_keep(struct recall *recall, const struct view_type *type, struct snapshot *snapshot,
                 struct recall_state state);

#endif
