#include "reports.h"

#include <stdio.h>

#include "app.h"
#include "text.h"

struct item {
    int64_t id;
    const char *domain;
    int day;
    bool covers_days;
    const char *organization;
    const char *report_id;
    enum signature signature;
    const char *signed_by; /* a domain, or in a word why it is none */
    const char *policy_types;
    struct totals totals;
    int64_t failures;
};

struct figures {
    struct totals totals;
    enum { OF_ALL, OF_ROWS, NOT_READ } totals_are;
    bool more; /* reports than can be listed */
};

/* --- columns --- */

#define ITEM ((const struct item *)row)

static struct value day_value(const void *row)
{
    return value_number(ITEM->day);
}
static struct value domain_value(const void *row)
{
    return value_text(ITEM->domain);
}
static struct value organization_value(const void *row)
{
    return value_text(ITEM->organization);
}
static struct value report_id_value(const void *row)
{
    return value_text(ITEM->report_id);
}
static struct value signed_by_value(const void *row)
{
    return value_text(ITEM->signed_by);
}
static struct value policy_types_value(const void *row)
{
    return value_text(ITEM->policy_types);
}
static struct value sessions_value(const void *row)
{
    return value_number(ITEM->totals.successful + ITEM->totals.failed);
}
static struct value failed_value(const void *row)
{
    return value_number(ITEM->totals.failed);
}
static struct value rate_value(const void *row)
{
    return value_failure_rate(ITEM->totals.successful, ITEM->totals.failed);
}

static int failures_style(const void *row)
{
    return ITEM->totals.failed > 0 ? STYLE_WARN : STYLE_DIM;
}

int signature_style(enum signature signature)
{
    switch (signature) {
    case SIGNATURE_VALID:
        return STYLE_GOOD;
    case SIGNATURE_INVALID:
        return STYLE_BAD;
    case SIGNATURE_FOREIGN:
    case SIGNATURE_NONE:
        return STYLE_WARN;
    default:
        return STYLE_DIM;
    }
}

static int signed_by_style(const void *row)
{
    return ITEM->signature == SIGNATURE_VALID ? STYLE_NORMAL : signature_style(ITEM->signature);
}

/* The day, with a plus when the report goes on behind it. */
static void paint_day(const void *row, const struct cell *cell)
{
    char day[DAY_TEXT];
    put_format(cell->y, cell->x, cell->columns, STYLE_NORMAL | cell->style, "%s%s",
               day_format(ITEM->day, day), ITEM->covers_days ? "+" : "");
}

/* Of all domains a report has a row for each of them. */
static uint64_t item_id(const void *row)
{
    return hash_text((uint64_t)ITEM->id, ITEM->domain);
}

/* The summaries of some reports count none of the failures that they list. */
static bool fails(const void *row)
{
    return ITEM->totals.failed > 0 || ITEM->failures > 0;
}

enum { COLUMN_DAY, COLUMN_DOMAIN, COLUMN_ORGANIZATION };

static const struct column columns[] = {
    {"day", "Day", VALUE_DAY, 11, 11, 0, true, day_value, NULL, paint_day},
    {"domain", "Domain", VALUE_DOMAIN, 14, 36, 0, false, domain_value, NULL, NULL},
    {"organization", "Organization", VALUE_TEXT, 14, 30, 0, false, organization_value, NULL, NULL},
    {"sessions", "Sessions", VALUE_COUNT, 9, 12, 1, true, sessions_value, NULL, NULL},
    {"failed", "Failed", VALUE_COUNT, 7, 11, 0, true, failed_value, failures_style, NULL},
    {"failure_rate", "Rate", VALUE_RATE, 6, 7, 4, true, rate_value, failures_style, NULL},
    {"signed_by", "Signed by", VALUE_TEXT, 12, 24, 5, false, signed_by_value, signed_by_style,
     NULL},
    {"policy_types", "Policies", VALUE_TEXT, 9, 26, 2, false, policy_types_value, NULL, NULL},
    {"report_id", "Report", VALUE_TEXT, 14, 70, 3, false, report_id_value, NULL, NULL},
};

const struct table_type reports_table = {
    .title = "Reports",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = item_id,
    .fails = fails,
    .sort = COLUMN_DAY,
    .kept = "newest",
    .others_failing = true,
    .nothing = "No report came for these days; t shows others.",
};

/* --- reading --- */

struct list {
    struct snapshot *snapshot;
    int pane;
    size_t most;
    bool *more;
};

/* The domain of a signature that is valid, if only of another one; else what is known. */
static const char *signed_by(const struct report_row *row)
{
    switch (row->signature) {
    case SIGNATURE_UNKNOWN:
        return "";
    case SIGNATURE_VALID:
    case SIGNATURE_FOREIGN:
        return row->signed_by;
    default:
        return signature_name(row->signature);
    }
}

static int add_report(void *context, const struct report_row *row)
{
    const struct list *list = context;
    struct snapshot *snapshot = list->snapshot;
    if (snapshot->rows[list->pane].count == list->most) {
        *list->more = true;
        return 0;
    }
    struct item *item = snapshot_add(snapshot, list->pane, sizeof *item);
    if (item == NULL)
        return -1;
    *item = (struct item){
        .id = row->id,
        .domain = snapshot_text(snapshot, row->domain),
        .day = row->day,
        .covers_days = row->covers_days,
        .organization = snapshot_text(snapshot, row->organization),
        .report_id = snapshot_text(snapshot, row->report_id),
        .signature = row->signature,
        .signed_by = snapshot_text(snapshot, signed_by(row)),
        .policy_types = snapshot_text(snapshot, row->policy_types),
        .totals = row->totals,
        .failures = row->failures,
    };
    return snapshot_stopped(snapshot);
}

enum db_status load_reports(struct db *db, struct report_filter *filter, struct snapshot *snapshot,
                            int pane, bool *more)
{
    size_t first_rows = snapshot->request.first_rows;
    struct list list = {snapshot, pane, first_rows > 0 ? first_rows : REPORTS_MAX, more};
    *more = false;
    filter->limit = (int64_t)list.most + 1;
    enum db_status status = query_reports(db, filter, add_report, &list);
    if (*more)
        snapshot->cut[pane].kept = (int64_t)list.most;
    return status;
}

static void add_up(struct figures *figures, const struct rows *rows)
{
    const struct item *items = rows->items;
    for (size_t i = 0; i < rows->count; i++) {
        figures->totals.reports++;
        figures->totals.successful += items[i].totals.successful;
        figures->totals.failed += items[i].totals.failed;
    }
}

/* The totals of all reports on the days are kept, whatever is listed of them; those
 * of a selection are known when its rows are. */
static enum db_status load_totals(const struct request *request, struct db *db,
                                  struct snapshot *snapshot, struct figures *figures)
{
    struct cut *cut = &snapshot->cut[0];
    snapshot->partial = figures->more && request->first_rows > 0;
    *cut = snapshot->partial ? (struct cut){0} : *cut;
    if (request->scope.organization != NULL || request->scope.failing) {
        figures->totals_are = snapshot->partial ? NOT_READ : OF_ROWS;
        figures->more = figures->more && !snapshot->partial;
        add_up(figures, &snapshot->rows[0]);
        return DB_OK;
    }
    enum db_status status =
        query_total(db, request->scope.domain, request->range, &figures->totals);
    if (snapshot->partial)
        figures->more = figures->totals.reports > REPORTS_MAX;
    if (request->scope.domain != ALL_DOMAINS) { /* of all, there is a row for each domain */
        snapshot->expected = figures->more ? REPORTS_MAX : (size_t)figures->totals.reports;
        snapshot_cut(snapshot, 0, REPORTS_MAX, figures->totals.reports);
    }
    return status;
}

static enum db_status load_list(const struct request *request, struct db *db,
                                struct snapshot *snapshot)
{
    struct figures *figures = arena_alloc(&snapshot->arena, sizeof *figures);
    struct report_filter filter = {
        .domain = request->scope.domain,
        .range = request->range,
        .organization = request->scope.organization,
        .failing = request->scope.failing,
    };
    snapshot->figures = figures;
    if (figures == NULL)
        return DB_MEMORY;
    enum db_status status = load_reports(db, &filter, snapshot, 0, &figures->more);
    return status == DB_OK ? load_totals(request, db, snapshot, figures) : status;
}

void hide_needless_columns(const struct scope *scope, struct table *table)
{
    table->hidden = (uint32_t)(scope->domain != ALL_DOMAINS) << COLUMN_DOMAIN |
                    (uint32_t)(scope->organization != NULL) << COLUMN_ORGANIZATION;
    table_hide_empty(table);
}

static void loaded(struct view *view)
{
    hide_needless_columns(&view->scope, &view->tables[0]);
}

/* --- drawing --- */

static void draw_head(const struct view *view, int y, int columns_wide)
{
    const struct figures *figures = view_figures(view);
    char reports[32], failed[32], sessions[32], most[32];
    struct totals totals = figures->totals;
    format_count(REPORTS_MAX, 20, most);
    format_count(totals.reports, 20, reports);
    format_count(totals.failed, 20, failed);
    format_count(totals.successful + totals.failed, 20, sessions);
    int x = 1;
    bool of_newest = figures->more && figures->totals_are == OF_ROWS;
    if (figures->totals_are == NOT_READ) {
        put_text(y, x, columns_wide - x, STYLE_DIM, "Adding up what is listed...");
        return;
    }
    x += put_format(y, x, columns_wide - x, totals.failed > 0 ? STYLE_WARN : STYLE_GOOD,
                    "%s failed", totals.failed > 0 ? failed : "None");
    bool of_domains = view->scope.domain == ALL_DOMAINS && figures->totals_are == OF_ROWS;
    x += put_format(y, x, columns_wide - x, STYLE_NORMAL, " of %s sessions in %s%s %s%s", sessions,
                    of_newest ? "the newest " : "", reports, of_domains ? "row" : "report",
                    totals.reports == 1 ? "" : "s");
    if (figures->more && !of_newest)
        x += put_format(y, x, columns_wide - x, STYLE_WARN, ": the newest %s here", most);
    if (figures->more)
        x += put_text(y, x, columns_wide - x, STYLE_WARN, "; fewer days (-) show the rest");
    if (view->scope.domain == ALL_DOMAINS && figures->totals_are != OF_ROWS)
        put_text(y, x, columns_wide - x, STYLE_DIM, ", a row for each of their domains");
}

static void draw_item(const struct item *item, struct area area)
{
    char text[VALUE_TEXT_MAX];
    snprintf(text, sizeof text, "%.2000s %.4000s", item->organization, item->report_id);
    take_lines(&area, STYLE_NORMAL, text);
    if (item->covers_days)
        take_lines(&area, STYLE_DIM, "+ It covers more than this day, and counts on its first.");
}

static void draw_list(struct view *view, struct area area)
{
    enum { FOOT = 2 };
    const struct item *item = table_current(&view->tables[0]);
    struct area list = {area.y + 1, 1, area.rows - 1, area.columns - 1};
    struct area foot = view_take_foot(&list, FOOT);
    draw_head(view, area.y, area.columns);
    table_draw(&view->tables[0], list, true);
    if (item != NULL)
        draw_item(item, foot);
}

/* --- acting --- */

int64_t current_report(const struct table *table)
{
    const struct item *item = table_current(table);
    return item != NULL ? item->id : 0;
}

void open_report(struct view *view, int64_t report)
{
    struct scope scope = view->scope;
    scope.report = report;
    if (report != 0)
        app_open(view->app, &view_report, &scope);
}

void open_reports_of(struct view *view, const char *organization)
{
    struct scope scope = view->scope;
    scope.organization = organization;
    if (organization != NULL)
        app_open(view->app, &view_reports, &scope);
}

/* Failing reports are read anew: there may be more than among the newest. */
static bool act(struct view *view, enum action action)
{
    switch (action) {
    case ACT_OPEN:
        open_report(view, current_report(&view->tables[0]));
        return true;
    case ACT_FAILING:
        view->scope.failing = !view->scope.failing;
        view->tables[0].arrangement.failing = view->scope.failing;
        view->stale = true;
        return true;
    default:
        return false;
    }
}

static void title(const struct view *view, char text[static VIEW_TITLE])
{
    text[0] = '\0';
    if (view->scope.organization != NULL)
        view_add_title(text, view->scope.organization);
    view_add_title(text, view->scope.organization != NULL ? "reports" : "Reports");
}

const struct view_type view_reports = {
    .name = "Reports",
    .help =
        "The reports on these days, newest first. A + behind the day stands for a report that "
        "covers more than that day; it counts on its first. Signed by tells whose DKIM signature "
        "the mail had, if verify-signatures is on. Enter takes a report apart.",
    .panes = {{"Reports", &reports_table}},
    .pane_count = 1,
    .actions = {ACT_OPEN},
    .in_parts = true,
    .title = title,
    .load = load_list,
    .loaded = loaded,
    .draw = draw_list,
    .act = act,
};
