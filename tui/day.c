/* A step of the time axis: who reported which policy, what failed, who failed, and
 * the reports themselves. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "failing.h"
#include "mode_cell.h"
#include "reports.h"
#include "text.h"

enum { PANE_COMPOSITION, PANE_RESULTS, PANE_SENDERS, PANE_REPORTS, PANES };

struct figures {
    struct axis axis; /* of one step */
    struct day_mode mode;
    struct totals totals;
    bool more; /* reports than are listed */
};

/* --- who reported which policy --- */

struct seen {
    const char *organization;
    const char *policy_type;
    enum sts_mode mode;
    struct totals totals;
};

#define SEEN ((const struct seen *)row)

static struct value organization_value(const void *row)
{
    return value_text(SEEN->organization);
}
static struct value policy_value(const void *row)
{
    return value_text(policy_label(SEEN->policy_type, SEEN->mode));
}
static struct value sessions_value(const void *row)
{
    return value_number(SEEN->totals.successful + SEEN->totals.failed);
}
static struct value failed_value(const void *row)
{
    return value_number(SEEN->totals.failed);
}
static struct value rate_value(const void *row)
{
    return value_failure_rate(SEEN->totals.successful, SEEN->totals.failed);
}
static struct value reports_value(const void *row)
{
    return value_number(SEEN->totals.reports);
}

static int policy_style(const void *row)
{
    return STYLE_MODE + (int)policy_mode(SEEN->policy_type, SEEN->mode);
}
static int failures_style(const void *row)
{
    return failed_style(policy_mode(SEEN->policy_type, SEEN->mode), SEEN->totals.failed);
}
static uint64_t seen_id(const void *row)
{
    return hash_text(hash_text((uint64_t)SEEN->mode, SEEN->organization), SEEN->policy_type);
}

static const struct column columns[] = {
    {"organization", "Reporter", VALUE_TEXT, 16, 40, 0, false, organization_value, NULL, NULL},
    {"policy", "Policy it saw", VALUE_TEXT, 16, 30, 0, false, policy_value, policy_style, NULL},
    {"sessions", "Sessions", VALUE_COUNT, 9, 12, 0, true, sessions_value, NULL, NULL},
    {"failed", "Failed", VALUE_COUNT, 7, 11, 0, true, failed_value, failures_style, NULL},
    {"failure_rate", "Rate", VALUE_RATE, 6, 7, 1, true, rate_value, failures_style, NULL},
    {"reports", "Reports", VALUE_COUNT, 7, 9, 2, true, reports_value, NULL, NULL},
};

static const struct table_type composition_table = {
    .title = "Policies reported",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = seen_id,
    .sort = 2,
    .nothing = "Nobody reported on this.",
};

/* --- reading --- */

static int add_seen(void *context, const struct composition_row *row)
{
    struct snapshot *snapshot = context;
    struct figures *figures = snapshot->figures;
    struct seen *seen = snapshot_add(snapshot, PANE_COMPOSITION, sizeof *seen);
    if (seen == NULL)
        return -1;
    *seen = (struct seen){
        .organization = snapshot_text(snapshot, row->organization),
        .policy_type = snapshot_text(snapshot, row->policy_type),
        .mode = row->mode,
        .totals = row->totals,
    };
    totals_add(&figures->totals, row->totals);
    return snapshot_stopped(snapshot);
}

static enum db_status load_mode(struct db *db, int64_t domain, struct snapshot *snapshot,
                                struct figures *figures)
{
    struct day_range range = axis_step(&figures->axis, 0);
    struct day_mode *modes =
        arena_alloc(&snapshot->arena, (size_t)figures->axis.days * sizeof *modes);
    if (modes == NULL)
        return DB_MEMORY;
    enum db_status status = domain == ALL_DOMAINS ? DB_OK : query_modes(db, domain, range, modes);
    figures->mode = axis_mode(&figures->axis, modes, 0);
    return status;
}

static enum db_status load_day(const struct request *request, struct db *db,
                               struct snapshot *snapshot)
{
    struct figures *figures = arena_alloc(&snapshot->arena, sizeof *figures);
    struct day_range range = request->range;
    int64_t domain = request->scope.domain;
    struct report_filter filter = {.domain = domain, .range = range};
    snapshot->figures = figures;
    if (figures == NULL)
        return DB_MEMORY;
    figures->axis = (struct axis){range.first, range.last - range.first + 1, 1, 1, 0};
    enum db_status status = load_mode(db, domain, snapshot, figures);
    if (status == DB_OK)
        status = query_composition(db, domain, range, add_seen, snapshot);
    if (status == DB_OK)
        status = load_failed_types(db, domain, range, snapshot, PANE_RESULTS);
    if (status == DB_OK)
        status = load_failing_senders(db, domain, range, snapshot, PANE_SENDERS);
    if (status == DB_OK)
        status = load_reports(db, &filter, snapshot, PANE_REPORTS, &figures->more);
    return status;
}

static void loaded(struct view *view)
{
    hide_needless_columns(&view->scope, &view->tables[PANE_REPORTS]);
}

/* --- drawing --- */

/* How many reporters still saw another MTA-STS policy than the day's. */
static int count_others(const struct view *view, enum sts_mode sts)
{
    const struct rows *rows = &view->snapshot->rows[PANE_COMPOSITION];
    int others = 0;
    for (size_t i = 0; i < rows->count && sts != STS_UNREADABLE; i++) {
        const struct seen *seen = row_at(rows, i);
        others += policy_type_find(seen->policy_type) == POLICY_STS &&
                  seen->mode != STS_UNREADABLE && seen->mode != sts;
    }
    return others;
}

static void draw_head(const struct view *view, int y, int columns_wide)
{
    const struct figures *figures = view_figures(view);
    struct totals totals = figures->totals;
    char failed[32], sessions[32], days[AXIS_STEP_TEXT];
    int x = 1, others = count_others(view, tls_mode_sts(figures->mode.mode));
    axis_step_format(&figures->axis, 0, days);
    x += put_format(y, x, columns_wide - x, STYLE_STRONG, "%s  ", days);
    if (view->scope.domain != ALL_DOMAINS) {
        x += put_text(y, x, columns_wide - x, STYLE_MODE + (int)figures->mode.mode,
                      tls_mode_label(figures->mode.mode));
        x += put_text(y, x, columns_wide - x, STYLE_DIM,
                      figures->mode.inherited ? " (as last stated)  " : "  ");
    }
    if (view->snapshot->rows[PANE_COMPOSITION].count == 0) {
        put_text(y, x, columns_wide - x, STYLE_DIM, "No report; try [ and ].");
        return;
    }
    format_count(totals.failed, 20, failed);
    format_count(totals.successful + totals.failed, 20, sessions);
    x +=
        put_format(y, x, columns_wide - x,
                   totals.failed > 0 ? failed_style(figures->mode.mode, totals.failed) : STYLE_GOOD,
                   "%s failed", totals.failed > 0 ? failed : "None");
    x += put_format(y, x, columns_wide - x, STYLE_NORMAL, " of %s sessions", sessions);
    if (others > 0)
        put_format(y, x, columns_wide - x, STYLE_WARN, "; %d saw another policy", others);
}

static void draw_day(struct view *view, struct area area)
{
    enum { LEAST = 38, HEADS = 3 };
    int count = (int)view->snapshot->rows[PANE_COMPOSITION].count;
    int most = (area.rows - 1) / 2, wanted = count + HEADS;
    int rows = wanted < most ? wanted : most;
    draw_head(view, area.y, area.columns);
    view_draw_beside(view, (struct area){area.y + 1, 1, rows, area.columns - 1}, PANE_COMPOSITION,
                     1, LEAST);
    view_draw_beside(view,
                     (struct area){area.y + 1 + rows, 1, area.rows - 1 - rows, area.columns - 1},
                     PANE_RESULTS, PANES - PANE_RESULTS, LEAST);
}

/* --- acting --- */

static void open_row(struct view *view)
{
    const struct seen *seen = table_current(&view->tables[PANE_COMPOSITION]);
    switch (view->focus) {
    case PANE_COMPOSITION:
        open_reports_of(view, seen != NULL ? seen->organization : NULL);
        break;
    case PANE_RESULTS:
        open_failed_type(view, PANE_RESULTS);
        break;
    case PANE_SENDERS:
        open_failing_sender(view, PANE_SENDERS);
        break;
    default:
        open_report(view, current_report(&view->tables[PANE_REPORTS]));
        break;
    }
}

/* To the step before or after, of as many days. */
static void step(struct view *view, int steps)
{
    struct day_range *days = &view->scope.days;
    int length = days->last - days->first + 1;
    if (days->first + steps * length < 0 || days->first + steps * length > today())
        return;
    days->first += steps * length;
    days->last += steps * length;
    view->stale = true;
}

static bool act(struct view *view, enum action action)
{
    switch (action) {
    case ACT_OPEN:
        open_row(view);
        return true;
    case ACT_RANGE_EARLIER:
    case ACT_RANGE_LATER:
        step(view, action == ACT_RANGE_LATER ? 1 : -1);
        return true;
    default:
        return false;
    }
}

static void title(const struct view *view, char text[static VIEW_TITLE])
{
    struct day_range days = view->scope.days;
    axis_step_format(&(struct axis){days.first, days.last - days.first + 1, 1, 1, 0}, 0, text);
}

const struct view_type view_day = {
    .name = "Day",
    .help =
        "What is behind a step of the time axis: who saw which policy, what failed and on whose "
        "side, and the reports that say so. [ and ] go to the days before and after.",
    .panes = {{"Policies reported", &composition_table},
              {"Result types", &failed_types_table},
              {"Failing senders", &failing_senders_table},
              {"Reports", &reports_table}},
    .pane_count = PANES,
    .actions = {ACT_OPEN, ACT_RANGE_EARLIER, ACT_RANGE_LATER},
    .title = title,
    .timeless = true,
    .load = load_day,
    .loaded = loaded,
    .draw = draw_day,
    .act = act,
};
