/*
 * reports.h - lists of reports: a screen of their own, and a pane of the
 * screen about a day.
 */
#ifndef TLSRPTOP_TUI_REPORTS_H
#define TLSRPTOP_TUI_REPORTS_H

#include "view.h"

enum { REPORTS_MAX = 10000 };

extern const struct table_type reports_table;

/* Fills PANE with the newest REPORTS_MAX reports that FILTER lets through, or as
 * many as are asked for at first; its limit is set here.  *MORE when there are
 * others. */
enum db_status load_reports(struct db *db, struct report_filter *filter, struct snapshot *snapshot,
                            int pane, bool *more);

/* Hides the columns that all rows of the table have in common, or that are empty. */
void hide_needless_columns(const struct scope *scope, struct table *table);

/* How what is known of a signature is shown. */
int signature_style(enum signature signature);

/* The number of the report under the cursor of TABLE, 0 for none. */
int64_t current_report(const struct table *table);

/* Opens a report, unless it is 0, and the reports of an ORGANIZATION, unless it is
 * NULL. */
void open_report(struct view *view, int64_t report);
void open_reports_of(struct view *view, const char *organization);

#endif
