/*
 * changes.h - changes of mode and policy (db/events.h) as a list, as marks on a
 * time axis, and in a sentence.
 */
#ifndef TLSRPTOP_TUI_CHANGES_H
#define TLSRPTOP_TUI_CHANGES_H

#include "../db/events.h"
#include "view.h"

struct change {
    const struct event *event;
    const char *what;   /* "MTA-STS testing > enforce" */
    const char *first;  /* who saw it first */
    const char *behind; /* who went on with what was before */
};

enum { CHANGES_YEARS = 3 /* back from the last report: more are not listed */ };

extern const struct table_type changes_table;     /* those of the days of all screens */
extern const struct table_type all_changes_table; /* those of CHANGES_YEARS */

/* Reads the changes of DOMAIN in RANGE into the rows of PANE. */
enum db_status changes_load(struct db *db, struct snapshot *snapshot, int pane, int64_t domain,
                            struct day_range range);

enum { CHANGE_SENTENCES = 1024 };
/* All that is known of it: "Google reported it first, on 2026-11-12. Yahoo..." */
void changes_explain(const struct change *change, char text[static CHANGE_SENTENCES]);

/* Draws a line of marks for those of ROWS that lie on AXIS; false, with nothing
 * drawn, when none does. */
bool changes_draw_marks(const struct rows *rows, const struct axis *axis, int y, int x);

#endif
