/*
 * snapshot.h - what a screen asks of the database, and what it got.
 *
 * A snapshot is filled in the worker's thread and never changes afterwards, so that
 * several may show it; the last of its owners frees it.
 */
#ifndef TLSRPTOP_TUI_SNAPSHOT_H
#define TLSRPTOP_TUI_SNAPSHOT_H

#include <stdatomic.h>

#include "../db/arena.h"
#include "../db/config.h"
#include "../db/query.h"
#include "table.h"

enum { PANES_MAX = 6 };

/* What a screen is about, and how it reads that.  NULL texts narrow nothing. */
struct scope {
    int64_t domain;          /* or ALL_DOMAINS; -1: to be found by its name */
    const char *domain_name; /* "" of all; never NULL in a view */
    bool foreign;            /* domains that are not mine */
    const char *organization;
    const char *sending_mta_ip;
    const char *result_type;
    const char *mx_host;
    int64_t report;
    bool failing;          /* only reports with failed sessions */
    bool grouped;          /* addresses by network */
    int64_t run;           /* of an importer */
    struct day_range days; /* a part of the time axis; last 0: the range of all screens */
};

/* Copies FROM, its texts into ARENA; false when memory is short. */
bool scope_copy(struct arena *arena, const struct scope *from, struct scope *to);
/* Are they about the same, whichever of its rows and however grouped? */
bool scope_is_about_same(const struct scope *a, const struct scope *b);
/* May A show what was read for B? */
bool scope_equals(const struct scope *a, const struct scope *b);

/* What load() is to read.  scope.domain stays -1 where no report is about it. */
struct request {
    struct scope scope;
    struct day_range range;  /* scope.days, or the range of all screens */
    struct day_range extent; /* what reports on my domains span; may be empty */
    int today;
    int columns; /* of the screen's body, for what is wrapped or fitted to it */
    int rows;
    size_t first_rows; /* of a type that reads in parts: so many, and only what is quick to
                          read, for now; 0: all */
    const struct config *config;
    const atomic_bool *cancelled;
};

/* What was read.  Everything in it lives in its arena. */
struct snapshot {
    atomic_int owners;
    struct arena arena;
    struct request request; /* that it answers */
    struct rows rows[PANES_MAX];
    size_t capacity[PANES_MAX];
    struct cut cut[PANES_MAX];
    void *figures;
    bool partial;         /* what first_rows left out is read next, and takes its place */
    size_t expected;      /* rows that there are then; 0: not known */
    bool short_of_memory; /* a row is missing */
};

/* An empty one with one owner; NULL when memory is short. */
struct snapshot *snapshot_new(void);
/* One owner more; returns SNAPSHOT. */
struct snapshot *snapshot_share(struct snapshot *snapshot);
/* One owner less; nothing of NULL. */
void snapshot_release(struct snapshot *snapshot);

/* A new zeroed row of SIZE bytes behind those of PANE; NULL when memory is
 * short, which shows at the end of loading. */
void *snapshot_add(struct snapshot *snapshot, int pane, size_t size);
/* A copy of TEXT, "" when memory is short. */
const char *snapshot_text(struct snapshot *snapshot, const char *text);
/* Notes that the rows of PANE are no more than MOST where there are ALL. */
void snapshot_cut(struct snapshot *snapshot, int pane, int64_t most, int64_t all);
/* For row callbacks of queries: has the request been given up? */
int snapshot_stopped(const struct snapshot *snapshot);

#endif
