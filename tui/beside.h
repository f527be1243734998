/*
 * beside.h - a pane that tells more about the row under the cursor of another.
 *
 * Its rows are made in the main thread when the cursor moves on, and belong to
 * the view's state; scrolling, search, copy and export work as in any table.
 */
#ifndef TLSRPTOP_TUI_BESIDE_H
#define TLSRPTOP_TUI_BESIDE_H

#include "view.h"

/* A part of a view's state, zeroed at first. */
struct beside {
    struct snapshot made; /* only what snapshot_add() and line_add() need */
    bool is_made;
    uint64_t about;
    int columns;
};

/* Is something else to be shown in PANE than is: for the row ABOUT, fitted to
 * COLUMNS?  Then the pane is empty, and the caller adds rows for it to
 * beside->made and calls beside_show(). */
bool beside_begin(struct view *view, int pane, struct beside *beside, uint64_t about, int columns);
void beside_show(struct view *view, int pane, struct beside *beside);
/* Sorts and filters what PANE shows anew. */
void beside_arrange(struct view *view, int pane);

/* To be called when a snapshot has come, and before the state is freed. */
void beside_forget(struct beside *beside);
void beside_free(struct beside *beside);

#endif
