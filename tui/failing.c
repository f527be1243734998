#include "failing.h"

#include "app.h"
#include "text.h"

#define TYPE   ((const struct failed_type *)row)
#define SENDER ((const struct failing_sender *)row)

/* --- columns --- */

static struct value type_name(const void *row)
{
    return value_text(TYPE->name);
}
static struct value type_failed(const void *row)
{
    return value_number(TYPE->failed);
}
static struct value type_reporters(const void *row)
{
    return value_number(TYPE->reporters);
}
static struct value type_share(const void *row)
{
    return value_failure_rate(TYPE->whole - TYPE->failed, TYPE->failed);
}
static struct value type_group(const void *row)
{
    const struct result_type *known = result_type_find(TYPE->name);
    return value_text(result_group_name(known != NULL ? known->group : GROUP_UNKNOWN));
}
static uint64_t type_stamp(const void *row)
{
    return (uint64_t)TYPE->failed;
}
static uint64_t type_id(const void *row)
{
    return hash_text(0, TYPE->name);
}
/* "67%", and a bar beside it where there is room. */
static void paint_share(const void *row, const struct cell *cell)
{
    enum { RATE = 6, BOTH = 12 };
    char rate[32];
    int x = cell->x, columns = cell->columns;
    format_rate(type_share(row).rate, rate);
    put_right(cell->y, x, columns < RATE ? columns : RATE, STYLE_NORMAL | cell->style, rate);
    if (columns < BOTH)
        return;
    x += RATE + 1;
    columns -= RATE + 1;
    chart_bar(cell->y, x, columns, STYLE_WARN | cell->style, TYPE->failed, TYPE->whole);
}

static const struct column type_columns[] = {
    {"failed", "Failed", VALUE_COUNT, 7, 10, 0, true, type_failed, NULL, NULL},
    {"result_type", "Result type", VALUE_TEXT, 18, 34, 0, false, type_name, NULL, NULL},
    {"share", "Share", VALUE_RATE, 6, 20, 1, true, type_share, NULL, paint_share},
    {"reporters", "Reporters", VALUE_COUNT, 9, 9, 2, true, type_reporters, NULL, NULL},
    {"group", "Group", VALUE_TEXT, 8, 20, 3, false, type_group, NULL, NULL},
};
const struct table_type failed_types_table = {
    .title = "Result types",
    .columns = type_columns,
    .column_count = sizeof type_columns / sizeof *type_columns,
    .id = type_id,
    .stamp = type_stamp,
    .sort = 0,
    .nothing = "No report of these days names a failure.",
};

static struct value sender_organization(const void *row)
{
    return value_text(SENDER->organization);
}
static struct value sender_ip(const void *row)
{
    return value_text(SENDER->ip[0] != '\0' ? SENDER->ip : "(not reported)");
}
static struct value sender_failed(const void *row)
{
    return value_number(SENDER->failed);
}
static struct value sender_types(const void *row)
{
    return value_text(SENDER->result_types);
}
static uint64_t sender_id(const void *row)
{
    return hash_text(hash_text(0, SENDER->organization), SENDER->ip);
}

static const struct column sender_columns[] = {
    {"failed", "Failed", VALUE_COUNT, 7, 10, 0, true, sender_failed, NULL, NULL},
    {"organization", "Organization", VALUE_TEXT, 12, 26, 0, false, sender_organization, NULL, NULL},
    {"sending_mta_ip", "Sending MTA", VALUE_TEXT, 15, 39, 0, false, sender_ip, NULL, NULL},
    {"result_types", "Result types", VALUE_TEXT, 16, 40, 3, false, sender_types, NULL, NULL},
};
const struct table_type failing_senders_table = {
    .title = "Failing senders",
    .columns = sender_columns,
    .column_count = sizeof sender_columns / sizeof *sender_columns,
    .id = sender_id,
    .sort = 0,
    .named_by = 2,
    .kept = "worst",
    .nothing = "No report of these days names a sender that failed.",
};

/* --- reading --- */

/* Where rows go to. */
struct into {
    struct snapshot *snapshot;
    int pane;
};

static int add_type(void *context, const struct result_row *row)
{
    const struct into *into = context;
    struct failed_type *type = snapshot_add(into->snapshot, into->pane, sizeof *type);
    if (type == NULL)
        return -1;
    *type = (struct failed_type){
        .name = snapshot_text(into->snapshot, row->result_type),
        .failed = row->failed,
        .reporters = row->reporters,
    };
    return snapshot_stopped(into->snapshot);
}

enum db_status load_failed_types(struct db *db, int64_t domain, struct day_range range,
                                 struct snapshot *snapshot, int pane)
{
    struct into into = {snapshot, pane};
    enum db_status status = query_results(db, domain, range, add_type, &into);
    const struct rows *rows = &snapshot->rows[pane];
    struct failed_type *types = (struct failed_type *)(uintptr_t)rows->items;
    int64_t whole = 0;
    for (size_t i = 0; i < rows->count; i++)
        whole += types[i].failed;
    for (size_t i = 0; i < rows->count; i++)
        types[i].whole = whole;
    return status;
}

static int add_sender(void *context, const struct sender_row *row)
{
    const struct into *into = context;
    struct failing_sender *sender = snapshot_add(into->snapshot, into->pane, sizeof *sender);
    if (sender == NULL)
        return -1;
    *sender = (struct failing_sender){
        .organization = snapshot_text(into->snapshot, row->organization),
        .ip = snapshot_text(into->snapshot, row->sending_mta_ip),
        .result_types = snapshot_text(into->snapshot, row->result_types),
        .failed = row->failed,
    };
    return snapshot_stopped(into->snapshot);
}

enum db_status load_failing_senders(struct db *db, int64_t domain, struct day_range range,
                                    struct snapshot *snapshot, int pane)
{
    struct into into = {snapshot, pane};
    struct sender_total total = {0};
    enum db_status status =
        query_worst_senders(db, domain, range, SENDERS_MAX, &total, add_sender, &into);
    snapshot_cut(snapshot, pane, SENDERS_MAX, total.senders);
    return status;
}

/* --- opening --- */

void open_failed_type(struct view *view, int pane)
{
    const struct failed_type *type = table_current(&view->tables[pane]);
    struct scope scope = view->scope;
    if (type == NULL)
        return;
    scope.result_type = type->name;
    app_open(view->app, &view_details, &scope);
}

void open_failing_sender(struct view *view, int pane)
{
    const struct failing_sender *sender = table_current(&view->tables[pane]);
    struct scope scope = view->scope;
    if (sender == NULL)
        return;
    scope.organization = sender->organization;
    scope.sending_mta_ip = sender->ip;
    app_open(view->app, &view_details, &scope);
}
