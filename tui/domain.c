/* One domain, or all: mode, sessions and failures over time, and who and what is
 * behind them. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../db/domain.h"
#include "app.h"
#include "changes.h"
#include "failing.h"
#include "mode_cell.h"
#include "reports.h"
#include "text.h"

enum { PANE_AXIS, PANE_RESULTS, PANE_SENDERS, PANE_REPORTERS, PANE_CHANGES, PANES };

struct figures {
    int64_t domain;
    bool found;
    enum tls_mode mode;
    bool mode_is_live;
    int64_t mode_time;
    struct totals totals;
    struct totals by_type[4]; /* [POLICY_NOT_FOUND], [POLICY_STS], [POLICY_TLSA], [0] others */
    struct axis axis;
    struct totals *steps;
    struct day_mode *modes; /* NULL for all domains */
};

/* --- rows --- */

struct reporter {
    const char *organization;
    struct totals totals;
};

#define REPORTER ((const struct reporter *)row)

static struct value reporter_organization(const void *row)
{
    return value_text(REPORTER->organization);
}
static struct value reporter_sessions(const void *row)
{
    return value_number(REPORTER->totals.successful + REPORTER->totals.failed);
}
static struct value reporter_failed(const void *row)
{
    return value_number(REPORTER->totals.failed);
}
static struct value reporter_rate(const void *row)
{
    return value_failure_rate(REPORTER->totals.successful, REPORTER->totals.failed);
}
static uint64_t reporter_id(const void *row)
{
    return hash_text(0, REPORTER->organization);
}

static const struct column reporter_columns[] = {
    {"organization", "Reporter", VALUE_TEXT, 14, 40, 0, false, reporter_organization, NULL, NULL},
    {"sessions", "Sessions", VALUE_COUNT, 8, 12, 0, true, reporter_sessions, NULL, NULL},
    {"failed", "Failed", VALUE_COUNT, 7, 10, 0, true, reporter_failed, NULL, NULL},
    {"failure_rate", "Rate", VALUE_RATE, 6, 7, 1, true, reporter_rate, NULL, NULL},
};
static const struct table_type reporters_table = {
    .title = "Reporters",
    .columns = reporter_columns,
    .column_count = sizeof reporter_columns / sizeof *reporter_columns,
    .id = reporter_id,
    .sort = 1,
    .nothing = "Nobody reported in these days.",
};

/* --- reading --- */

static int add_reporter(void *context, const struct reporter_row *row)
{
    struct snapshot *snapshot = context;
    struct figures *figures = snapshot->figures;
    struct reporter *reporter = snapshot_add(snapshot, PANE_REPORTERS, sizeof *reporter);
    if (reporter == NULL)
        return -1;
    *reporter = (struct reporter){snapshot_text(snapshot, row->organization), row->totals};
    for (int type = 0; type < 4; type++) {
        figures->by_type[type].successful += row->by_type[type].successful;
        figures->by_type[type].failed += row->by_type[type].failed;
    }
    return snapshot_stopped(snapshot);
}

static int take_domain(void *context, const struct domain_row *row)
{
    struct figures *figures = context;
    figures->found = true;
    figures->mode = row->mode;
    figures->mode_is_live = row->mode_is_live;
    figures->mode_time = row->mode_time;
    figures->totals = row->totals;
    return 0;
}

static enum db_status load_head(const struct request *request, struct db *db,
                                struct figures *figures)
{
    figures->domain = request->scope.domain;
    if (figures->domain < 0)
        return DB_OK;
    if (figures->domain != ALL_DOMAINS)
        return query_domains(db, figures->domain, request->range, false, take_domain, figures);
    figures->found = true;
    return query_total(db, ALL_DOMAINS, request->range, &figures->totals);
}

/* The time axis and what is drawn over it. */
static enum db_status load_axis(const struct request *request, struct db *db,
                                struct snapshot *snapshot, struct figures *figures)
{
    enum { MARGIN = 11 };
    struct axis *axis = &figures->axis;
    *axis = axis_fit(request->range, request->columns - MARGIN);
    size_t days = (size_t)axis->count * (size_t)axis->days;
    figures->steps = arena_alloc(&snapshot->arena, (size_t)axis->count * sizeof *figures->steps);
    if (figures->domain != ALL_DOMAINS)
        figures->modes = arena_alloc(&snapshot->arena, days * sizeof *figures->modes);
    if (figures->steps == NULL || (figures->domain != ALL_DOMAINS && figures->modes == NULL))
        return DB_MEMORY;
    enum db_status status =
        query_steps(db, figures->domain, axis->first, axis->days, axis->count, figures->steps);
    axis->start = axis_last_reported(axis, figures->steps);
    if (status != DB_OK || figures->domain == ALL_DOMAINS)
        return status;
    struct day_range whole = {axis->first, axis->first + (int)days - 1};
    return query_modes(db, figures->domain, whole, figures->modes);
}

static enum db_status load_domain(const struct request *request, struct db *db,
                                  struct snapshot *snapshot)
{
    struct figures *figures = arena_alloc(&snapshot->arena, sizeof *figures);
    snapshot->figures = figures;
    if (figures == NULL)
        return DB_MEMORY;
    enum db_status status = load_head(request, db, figures);
    if (status != DB_OK || !figures->found)
        return status;
    status = load_axis(request, db, snapshot, figures);
    if (status == DB_OK)
        status = load_failed_types(db, figures->domain, request->range, snapshot, PANE_RESULTS);
    if (status == DB_OK)
        status = query_reporters(db, figures->domain, request->range, add_reporter, snapshot);
    snapshot->partial = request->first_rows > 0 && figures->domain == ALL_DOMAINS;
    if (status == DB_OK && !snapshot->partial) /* of all domains they take a while */
        status = load_failing_senders(db, figures->domain, request->range, snapshot, PANE_SENDERS);
    if (status == DB_OK && figures->domain != ALL_DOMAINS)
        status = changes_load(db, snapshot, PANE_CHANGES, figures->domain, request->range);
    return status;
}

/* --- drawing --- */

/* Returns the column behind its words. */
static int draw_mode(const struct figures *figures, int y, int columns)
{
    char when[INSTANT_TEXT], age[32];
    int x = 1;
    if (figures->domain == ALL_DOMAINS)
        return x + put_text(y, x, columns, STYLE_STRONG, "All domains together");
    x += put_text(y, x, columns, (STYLE_MODE + (int)figures->mode), tls_mode_label(figures->mode));
    x += 2;
    format_age(instant_now() - figures->mode_time, age);
    instant_format(figures->mode_time, when);
    if (figures->mode_time < 0)
        x += put_text(y, x, columns - x, STYLE_DIM, "no report, and no fresh check");
    else if (figures->mode_is_live)
        x += put_format(y, x, columns - x, STYLE_DIM, "as published, checked %s", age);
    else
        x += put_format(y, x, columns - x, STYLE_DIM, "by the reports of %.10s", when);
    return x;
}

/* On the right of the mode, whose words end before column WORDS_END: what the letters of the
 * strip mean, as far as there is room. */
static void draw_legend(const struct figures *figures, int y, int words_end, int columns)
{
    enum { LEFT = 50, GAP = 2 };
    struct legend legend = {0};
    int x = words_end + GAP > LEFT ? words_end + GAP : LEFT;
    if (figures->modes == NULL)
        return;
    for (int step = 0; step < figures->axis.count; step++)
        legend_add(&legend, axis_mode(&figures->axis, figures->modes, step));
    legend_put((struct area){y, x, 1, columns - x}, &legend);
}

enum { TYPES_TEXT = 160 };

enum detail { WHOLE, BRIEF, BARE };

/* What failed by type of policy: "  MTA-STS 1,230 of 71,230  DANE 0 of 12", briefly
 * "  MTA-STS 1.2k/71k  DANE 0/12", barely "  MTA-STS 1,230  DANE 0". */
static void list_types(const struct figures *figures, enum detail detail,
                       char text[static TYPES_TEXT])
{
    static const char *const names[] = {"other", "no policy", "MTA-STS", "DANE"};
    static const int order[] = {POLICY_STS, POLICY_TLSA, POLICY_NOT_FOUND, 0};
    int columns = detail == BRIEF ? 4 : 8;
    char failed[32], sessions[32];
    size_t length = 0;
    text[0] = '\0';
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        struct totals type = figures->by_type[order[i]];
        if (type.successful + type.failed == 0)
            continue;
        format_count(type.failed, columns, failed);
        format_count(type.successful + type.failed, columns, sessions);
        length += (size_t)snprintf(text + length, TYPES_TEXT - length, "  %s %s", names[order[i]],
                                   failed);
        if (detail != BARE)
            length += (size_t)snprintf(text + length, TYPES_TEXT - length, "%s%s",
                                       detail == BRIEF ? "/" : " of ", sessions);
    }
}

static void draw_totals(const struct figures *figures, int y, int columns)
{
    char failed[32], sessions[32], rate[32];
    struct totals totals = figures->totals;
    int x = 1;
    if (totals.successful + totals.failed == 0) {
        put_text(y, x, columns - x, STYLE_DIM, "No sessions were reported in these days.");
        return;
    }
    format_count(totals.failed, 14, failed);
    format_count(totals.successful + totals.failed, 14, sessions);
    format_rate(value_failure_rate(totals.successful, totals.failed).rate, rate);
    x += put_format(y, x, columns - x,
                    totals.failed > 0 ? failed_style(figures->mode, totals.failed) : STYLE_GOOD,
                    "%s failed", totals.failed > 0 ? failed : "None");
    x += put_format(y, x, columns - x, STYLE_NORMAL, " of %s sessions", sessions);
    if (rate[0] != '\0')
        x += put_format(y, x, columns - x, STYLE_NORMAL, " (%s)", rate);
    char types[TYPES_TEXT];
    for (int detail = WHOLE; detail <= BARE; detail++) {
        list_types(figures, (enum detail)detail, types);
        if (x + (int)strlen(types) <= columns)
            break;
    }
    put_text(y, x, columns - x, STYLE_DIM, types);
}

static void draw_label(int y, int rows, int style, const char *name, int64_t most)
{
    char count[32];
    format_count(most, 8, count);
    put_right(y, 1, 8, style, name);
    if (rows > 1)
        put_right(y + 1, 1, 8, STYLE_DIM, count);
}

/* What the cursor of the axis is on. */
static void draw_step(const struct view *view, const struct figures *figures, int y, int columns)
{
    int step = view_step(view, &figures->axis);
    struct totals totals = figures->steps[step];
    char sessions[32], failed[32], text[160];
    format_count(totals.successful + totals.failed, 14, sessions);
    format_count(totals.failed, 14, failed);
    int x = 1;
    axis_step_format(&figures->axis, step, text);
    x += put_text(y, x, columns - x, STYLE_STRONG, text);
    snprintf(text, sizeof text, "  %s session%s, %s failed", sessions,
             totals.successful + totals.failed == 1 ? "" : "s", failed);
    x += put_text(y, x, columns - x, STYLE_NORMAL, text);
    if (figures->modes != NULL) {
        struct day_mode mode = axis_mode(&figures->axis, figures->modes, step);
        x += put_text(y, x, columns - x, STYLE_NORMAL, "  ");
        x += put_text(y, x, columns - x, STYLE_MODE + (int)mode.mode, tls_mode_label(mode.mode));
        if (mode.inherited)
            put_text(y, x, columns - x, STYLE_DIM, " (as last stated)");
    }
}

static int draw_axis(const struct view *view, const struct figures *figures, struct area area)
{
    enum { LEFT = 10 };
    const struct axis *axis = &figures->axis;
    bool focused = view->focus == PANE_AXIS;
    int spare = area.rows - 12;
    int sessions_rows = spare > 12 ? 6 : spare > 6 ? 4 : spare > 2 ? 3 : 2;
    int failed_rows = spare > 12 ? 4 : spare > 6 ? 3 : 2;
    int y = area.y;
    if (figures->modes != NULL) {
        y += changes_draw_marks(&view->snapshot->rows[PANE_CHANGES], axis, y, LEFT);
        put_right(y, 1, 8, STYLE_HEAD, "Mode");
        chart_modes(y++, LEFT, axis, figures->modes);
    }
    draw_label(y, sessions_rows, STYLE_HEAD, "Sessions",
               chart_most(axis, figures->steps, CHART_SESSIONS));
    chart_bars((struct area){y, LEFT, sessions_rows, area.columns - LEFT}, axis, figures->steps,
               CHART_SESSIONS, STYLE_CHART);
    y += sessions_rows;
    draw_label(y, failed_rows, STYLE_HEAD, "Failed",
               chart_most(axis, figures->steps, CHART_FAILED));
    chart_bars((struct area){y, LEFT, failed_rows, area.columns - LEFT}, axis, figures->steps,
               CHART_FAILED, STYLE_BAD);
    y += failed_rows;
    chart_dates(y++, LEFT, axis, view_step(view, axis), focused ? STYLE_FOCUS : STYLE_DIM,
                glyph(GLYPH_CARET));
    put_text(y, 0, area.columns, STYLE_NORMAL, "");
    const struct change *change = table_current(&view->tables[PANE_CHANGES]);
    char text[CHANGE_SENTENCES];
    if (view->focus == PANE_CHANGES && change != NULL) {
        changes_explain(change, text);
        put_text(y++, 1, area.columns - 1, STYLE_NORMAL, text);
    } else {
        draw_step(view, figures, y++, area.columns - 1);
    }
    return y;
}

static void draw_domain(struct view *view, struct area area)
{
    const struct figures *figures = view_figures(view);
    if (!figures->found) {
        put_format(area.y + 1, 2, area.columns - 4, STYLE_STRONG, "No report is about %.200s.",
                   view->scope.domain_name);
        put_text(area.y + 3, 2, area.columns - 4, STYLE_NORMAL,
                 "Esc goes back to the list of domains; / searches there.");
        return;
    }
    int words_end = draw_mode(figures, area.y, area.columns - 1);
    draw_legend(figures, area.y, words_end, area.columns - 1);
    draw_totals(figures, area.y + 1, area.columns - 1);
    int y = draw_axis(view, figures, (struct area){area.y + 2, 0, area.rows - 2, area.columns});
    view_draw_beside(view, (struct area){y, 1, area.y + area.rows - y, area.columns - 1},
                     PANE_RESULTS, PANES - PANE_RESULTS, 38);
}

/* --- acting --- */

/* What is behind the step under the cursor. */
static void open_step(struct view *view, const struct axis *axis)
{
    struct scope scope = view->scope;
    scope.days = axis_step(axis, view_step(view, axis));
    app_open(view->app, &view_day, &scope);
}

static void open_row(struct view *view)
{
    const struct figures *figures = view_figures(view);
    const struct reporter *reporter = table_current(&view->tables[PANE_REPORTERS]);
    switch (view->focus) {
    case PANE_AXIS:
        open_step(view, &figures->axis);
        break;
    case PANE_RESULTS:
        open_failed_type(view, PANE_RESULTS);
        break;
    case PANE_SENDERS:
        open_failing_sender(view, PANE_SENDERS);
        break;
    case PANE_CHANGES:
        app_open(view->app, &view_policies, &view->scope);
        break;
    default:
        open_reports_of(view, reporter != NULL ? reporter->organization : NULL);
        break;
    }
}

static bool act(struct view *view, enum action action)
{
    const struct figures *figures = view_figures(view);
    if (figures == NULL || !figures->found)
        return false;
    if (action == ACT_OPEN) {
        open_row(view);
        return true;
    }
    return view->focus == PANE_AXIS && view_move_step(view, &figures->axis, action);
}

static void title(const struct view *view, char text[static VIEW_TITLE])
{
    snprintf(text, VIEW_TITLE, "%s", view->scope.domain_name[0] != '\0' ? "" : "All domains");
}

const struct view_type view_domain = {
    .name = "Domain",
    .help = "The mode of a domain as reporters saw it, its sessions and failures over time, and "
            "what and who is behind the failures. Left and right move the cursor over the days.",
    .panes = {{"Time", NULL},
              {"Result types", &failed_types_table},
              {"Failing senders", &failing_senders_table},
              {"Reporters", &reporters_table},
              {"Changes", &changes_table}},
    .pane_count = PANES,
    .actions = {ACT_OPEN},
    .fitted = true,
    .in_parts = true,
    .title = title,
    .load = load_domain,
    .draw = draw_domain,
    .act = act,
};
