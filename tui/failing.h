/*
 * failing.h - what failed and who failed, as short tables: panes of the
 * screens about a domain and about a day.
 */
#ifndef TLSRPTOP_TUI_FAILING_H
#define TLSRPTOP_TUI_FAILING_H

#include "view.h"

struct failed_type {
    const char *name;
    int64_t failed;
    int64_t reporters;
    int64_t whole; /* failed sessions of all types */
};
struct failing_sender {
    const char *organization;
    const char *ip; /* "" when it was not reported */
    const char *result_types;
    int64_t failed;
};

extern const struct table_type failed_types_table;
extern const struct table_type failing_senders_table;

/* Fill PANE; the senders are at most SENDERS_MAX, those that fail most. */
enum { SENDERS_MAX = 10000 };
enum db_status load_failed_types(struct db *db, int64_t domain, struct day_range range,
                                 struct snapshot *snapshot, int pane);
enum db_status load_failing_senders(struct db *db, int64_t domain, struct day_range range,
                                    struct snapshot *snapshot, int pane);

/* Open the failures of the row under the cursor of PANE. */
void open_failed_type(struct view *view, int pane);
void open_failing_sender(struct view *view, int pane);

#endif
