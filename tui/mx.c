/* MX hosts that fail: which of the domain's mail servers is in trouble. */
#include <stdio.h>
#include <string.h>

#include "../db/domain.h"
#include "../db/sts_policy.h"
#include "app.h"

struct item {
    const char *host; /* "" when the reporter did not say */
    const char *result_types;
    int64_t failed;
    int64_t senders;
    int64_t whole;       /* failed sessions of all hosts */
    const char *covered; /* by the MTA-STS policy: "yes", "no"; "" where there is none */
};

#define ITEM ((const struct item *)row)

static struct value host_value(const void *row)
{
    return value_text(ITEM->host[0] != '\0' ? ITEM->host : "(not reported)");
}
static struct value failed_value(const void *row)
{
    return value_number(ITEM->failed);
}
static struct value share_value(const void *row)
{
    return value_failure_rate(ITEM->whole - ITEM->failed, ITEM->failed);
}
static struct value senders_value(const void *row)
{
    return value_number(ITEM->senders);
}
static struct value types_value(const void *row)
{
    return value_text(ITEM->result_types);
}
static struct value covered_value(const void *row)
{
    return value_text(ITEM->covered);
}
static int covered_style(const void *row)
{
    return ITEM->covered[0] == 'n' ? STYLE_BAD : STYLE_DIM;
}
static int host_style(const void *row)
{
    return ITEM->host[0] != '\0' ? STYLE_NORMAL : STYLE_DIM;
}
static void paint_bar(const void *row, const struct cell *cell)
{
    chart_bar(cell->y, cell->x, cell->columns, STYLE_WARN | cell->style, ITEM->failed, ITEM->whole);
}
static uint64_t item_id(const void *row)
{
    return hash_text(0, ITEM->host);
}
static uint64_t item_stamp(const void *row)
{
    return (uint64_t)ITEM->failed;
}

static const struct column columns[] = {
    {"receiving_mx_hostname", "MX host", VALUE_DOMAIN, 20, 64, 0, false, host_value, host_style,
     NULL},
    {"failed", "Failed", VALUE_COUNT, 7, 10, 0, true, failed_value, NULL, NULL},
    {"share", "Share", VALUE_RATE, 6, 7, 4, true, share_value, NULL, NULL},
    {"", "", VALUE_COUNT, 6, 24, 5, true, NULL, NULL, paint_bar},
    {"senders", "From IPs", VALUE_COUNT, 8, 9, 3, true, senders_value, NULL, NULL},
    {"in_policy", "In policy", VALUE_TEXT, 9, 9, 1, false, covered_value, covered_style, NULL},
    {"result_types", "Result types", VALUE_TEXT, 22, 60, 2, false, types_value, NULL, NULL},
};

static const struct table_type mx_table = {
    .title = "MX hosts",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = item_id,
    .stamp = item_stamp,
    .sort = 1,
    .nothing = "No failure names an MX host in these days. + shows more of them; 4 shows all "
               "failures by result type.",
};

static int add_item(void *context, const struct mx_row *row)
{
    struct item *item = snapshot_add(context, 0, sizeof *item);
    if (item == NULL)
        return -1;
    *item = (struct item){
        .host = snapshot_text(context, row->mx_host),
        .result_types = snapshot_text(context, row->result_types),
        .failed = row->failed,
        .senders = row->senders,
        .covered = "",
    };
    return snapshot_stopped(context);
}

/* The MTA-STS policy that was reported last. */
struct last_policy {
    struct snapshot *snapshot;
    const char *text; /* NULL: there is none */
};

static int note_policy(void *context, const struct newest_policy_row *row)
{
    struct last_policy *last = context;
    last->text = snapshot_text(last->snapshot, row->text);
    return 0;
}

/* A host that no mx line covers gets no mail under enforce. */
static enum db_status load_coverage(const struct request *request, struct db *db,
                                    struct snapshot *snapshot)
{
    struct last_policy last = {.snapshot = snapshot};
    struct item *items = (struct item *)(uintptr_t)snapshot->rows[0].items;
    struct sts_policy policy;
    if (request->scope.domain == ALL_DOMAINS)
        return DB_OK;
    enum db_status status = query_newest_policy(db, request->scope.domain, request->today,
                                                STS_TESTING, note_policy, &last);
    if (status != DB_OK || last.text == NULL)
        return status;
    sts_policy_read(last.text, strlen(last.text), &policy);
    for (size_t i = 0; i < snapshot->rows[0].count; i++)
        if (items[i].host[0] != '\0')
            items[i].covered = sts_policy_covers(&policy, items[i].host) ? "yes" : "no";
    return DB_OK;
}

static enum db_status load_mx(const struct request *request, struct db *db,
                              struct snapshot *snapshot)
{
    enum db_status status = query_mx(db, request->scope.domain, request->range, add_item, snapshot);
    struct item *items = (struct item *)(uintptr_t)snapshot->rows[0].items;
    int64_t whole = 0;
    for (size_t i = 0; i < snapshot->rows[0].count; i++)
        whole += items[i].failed;
    for (size_t i = 0; i < snapshot->rows[0].count; i++)
        items[i].whole = whole;
    return status == DB_OK ? load_coverage(request, db, snapshot) : status;
}

/* Of all domains, and without a policy, no row says whether one covers it. */
static void loaded(struct view *view)
{
    view->tables[0].hidden = 0;
    table_hide_empty(&view->tables[0]);
}

static bool act(struct view *view, enum action action)
{
    const struct item *item = table_current(&view->tables[0]);
    struct scope scope = view->scope;
    if (action != ACT_OPEN)
        return false;
    if (item == NULL)
        return true;
    scope.mx_host = item->host;
    app_open(view->app, &view_details, &scope);
    return true;
}

static void title(const struct view *view, char text[static VIEW_TITLE])
{
    snprintf(text, VIEW_TITLE, "%s",
             view->scope.domain == ALL_DOMAINS ? "MX hosts of all domains" : "MX hosts");
}

const struct view_type view_mx = {
    .name = "MX hosts",
    .help =
        "The MX hosts at which sessions failed, as the reports name them, and whether an mx line "
        "of the MTA-STS policy that was reported last covers them: to one that none covers "
        "nothing is delivered under enforce. From IPs counts the addresses of the senders that "
        "failed there. Enter shows the single failures at one.",
    .panes = {{"MX hosts", &mx_table}},
    .pane_count = 1,
    .actions = {ACT_OPEN},
    .title = title,
    .load = load_mx,
    .loaded = loaded,
    .act = act,
};
