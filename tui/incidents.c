/* When far more sessions failed than is usual for a domain. */
#include <inttypes.h>
#include <stdio.h>

#include "../db/incident.h"
#include "app.h"
#include "mode_cell.h"
#include "text.h"

struct item {
    int64_t domain;
    const char *name;
    enum tls_mode mode;
    struct incident incident;
    bool ongoing;
    const char *result_type;
};

/* --- columns --- */

#define ITEM ((const struct item *)row)

static struct value domain_value(const void *row)
{
    return value_text(ITEM->name);
}
static struct value mode_value(const void *row)
{
    return value_number(ITEM->mode);
}
static struct value first_day_value(const void *row)
{
    return value_number(ITEM->incident.first_day);
}
static struct value last_day_value(const void *row)
{
    return value_number(ITEM->incident.last_day);
}
static struct value state_value(const void *row)
{
    return value_text(ITEM->ongoing ? "goes on" : "over");
}
static struct value failed_value(const void *row)
{
    return value_number(ITEM->incident.failed);
}
static struct value sessions_value(const void *row)
{
    return value_number(ITEM->incident.sessions);
}
static struct value rate_value(const void *row)
{
    return value_rate((double)ITEM->incident.failed / (double)ITEM->incident.sessions);
}
static struct value usual_value(const void *row)
{
    return value_rate(ITEM->incident.usual);
}
static struct value type_value(const void *row)
{
    return value_text(ITEM->result_type);
}

static int state_style(const void *row)
{
    return ITEM->ongoing ? failed_style(ITEM->mode, ITEM->incident.failed) : STYLE_DIM;
}
static int failures_style(const void *row)
{
    return failed_style(ITEM->mode, ITEM->incident.failed);
}

static void paint_mode(const void *row, const struct cell *cell)
{
    mode_put(cell, ITEM->mode);
}

static uint64_t item_id(const void *row)
{
    return (uint64_t)ITEM->domain << 20 ^ (uint64_t)ITEM->incident.first_day;
}
static uint64_t item_stamp(const void *row)
{
    return (uint64_t)ITEM->incident.sessions << 1 ^ (uint64_t)ITEM->ongoing;
}

/* Those that go on first, then what was over last. */
static int64_t item_recency(const void *row)
{
    const int64_t days = (int64_t)1 << 20, most = (int64_t)1 << 40;
    int64_t day = ITEM->incident.last_day + (ITEM->ongoing ? days : 0);
    return day * most + (ITEM->incident.failed < most ? ITEM->incident.failed : most - 1);
}

enum { COLUMN_STATE = 2 };

static const struct column columns[] = {
    {"domain", "Domain", VALUE_DOMAIN, 17, 44, 0, false, domain_value, NULL, NULL},
    {"mode", "Mode now", VALUE_MODE, 13, 22, 1, true, mode_value, NULL, paint_mode},
    {"state", "State", VALUE_TEXT, 7, 7, 0, true, state_value, state_style, NULL},
    {"first_day", "From", VALUE_DAY, 10, 10, 0, true, first_day_value, NULL, NULL},
    {"last_day", "To", VALUE_DAY, 10, 10, 4, true, last_day_value, NULL, NULL},
    {"failed", "Failed", VALUE_COUNT, 7, 11, 0, true, failed_value, failures_style, NULL},
    {"sessions", "Sessions", VALUE_COUNT, 8, 12, 5, true, sessions_value, NULL, NULL},
    {"rate", "Rate", VALUE_RATE, 6, 7, 0, true, rate_value, failures_style, NULL},
    {"usual_rate", "Usual", VALUE_RATE, 6, 7, 2, true, usual_value, NULL, NULL},
    {"result_type", "Most failed by", VALUE_TEXT, 22, 34, 3, false, type_value, NULL, NULL},
};

static const struct table_type incidents_table = {
    .title = "Incidents",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = item_id,
    .stamp = item_stamp,
    .grade = item_recency,
    .graded = COLUMN_STATE,
    .sort = COLUMN_STATE,
    .nothing = "At no domain did far more sessions fail in these days than is usual for it.",
};

/* --- reading --- */

static int add_item(void *context, const struct incident_row *row)
{
    struct snapshot *snapshot = context;
    struct item *item = snapshot_add(snapshot, 0, sizeof *item);
    if (item == NULL)
        return -1;
    *item = (struct item){
        .domain = row->domain,
        .name = snapshot_text(snapshot, row->name),
        .mode = row->mode,
        .incident = row->incident,
        .ongoing = row->ongoing,
        .result_type = snapshot_text(snapshot, row->result_type),
    };
    return snapshot_stopped(snapshot);
}

static enum db_status load_incidents(const struct request *request, struct db *db,
                                     struct snapshot *snapshot)
{
    struct incident_sums *sums = arena_alloc(&snapshot->arena, sizeof *sums);
    snapshot->figures = sums;
    if (sums == NULL)
        return DB_MEMORY;
    return query_incidents(db, ALL_DOMAINS, request->range, sums, add_item, snapshot);
}

/* --- drawing --- */

static void draw_head(const struct view *view, int y, int columns_wide)
{
    const struct incident_sums *sums = view_figures(view);
    const struct rows *rows = &view->snapshot->rows[0];
    const struct item *items = rows->items;
    struct day_range range = view->snapshot->request.range, looked_at = incident_range(range);
    char ongoing[32], incidents[32];
    int64_t refused = 0;
    if (rows->count == 0)
        return; /* the table says so */
    for (size_t i = 0; i < rows->count; i++)
        refused += items[i].ongoing && tls_mode_enforces(items[i].mode);
    format_count(sums->ongoing, 20, ongoing);
    format_count(sums->incidents, 20, incidents);
    int style = refused > 0 ? STYLE_BAD : sums->ongoing > 0 ? STYLE_WARN : STYLE_GOOD, x = 1;
    x += put_text(y, x, columns_wide - x, style, sums->ongoing > 0 ? ongoing : "None");
    x += put_format(y, x, columns_wide - x, STYLE_NORMAL, " of %s incident%s go%s on", incidents,
                    sums->incidents == 1 ? "" : "s", sums->ongoing == 1 ? "es" : "");
    if (looked_at.first > range.first)
        x += put_format(y, x, columns_wide - x, STYLE_NORMAL, " in the last %d of these days",
                        INCIDENTS_DAYS);
    if ((size_t)sums->incidents > rows->count)
        put_format(y, x, columns_wide - x, STYLE_WARN, "; these are the first %zu", rows->count);
    else if (refused > 0)
        put_format(y, x, columns_wide - x, STYLE_NORMAL,
                   "; %" PRId64 " where mail is refused for it", refused);
}

/* What it means for failures of the mode. */
static const struct result_type *type_in_mode(const char *name, enum tls_mode mode)
{
    if (mode == MODE_DANE)
        return result_type_under(name, POLICY_TLSA);
    return tls_mode_sts(mode) != STS_UNREADABLE ? result_type_under(name, POLICY_STS)
                                                : result_type_find(name);
}

/* The incident under the cursor in words, and what to do about it. */
static void draw_incident(const struct item *item, struct area area)
{
    char text[VALUE_TEXT_MAX], name[VALUE_TEXT_MAX], first[DAY_TEXT], last[DAY_TEXT];
    char failed[32], sessions[32], rate[32], usual[32];
    const struct incident *incident = &item->incident;
    const struct result_type *type = type_in_mode(item->result_type, item->mode);
    value_show(VALUE_DOMAIN, value_text(item->name), VALUE_TEXT_MAX, name);
    format_count(incident->failed, 20, failed);
    format_count(incident->sessions, 20, sessions);
    format_rate(rate_value(item).rate, rate);
    format_rate(incident->usual, usual);
    day_format(incident->first_day, first);
    day_format(incident->last_day, last);
    snprintf(text, sizeof text,
             "%.300s: %s of %s sessions failed %s %s%s%s (%s; usual: %s)%s%.300s", name, failed,
             sessions, item->ongoing ? "since" : "from", first, item->ongoing ? "" : " to ",
             item->ongoing ? "" : last, rate, usual,
             item->result_type[0] != '\0' ? ", most by " : "", item->result_type);
    take_lines(&area, STYLE_STRONG, text);
    if (item->ongoing) /* else the mode may have been another one */
        take_lines(&area, STYLE_NORMAL,
                   tls_mode_enforces(item->mode)
                       ? "Senders that heed the policy do not deliver: this mail waits, and "
                         "bounces after some days."
                       : "The mail is delivered all the same.");
    if (type != NULL)
        take_lines(&area, STYLE_DIM, type->action);
}

static void draw_incidents(struct view *view, struct area area)
{
    enum { FOOT = 5, FOOT_MAX = 9 };
    const struct item *item = table_current(&view->tables[0]);
    struct area list = {area.y + 2, 1, area.rows - 2, area.columns - 1};
    int spare = list.rows - (int)view->tables[0].order.count - 2; /* head, rule */
    struct area foot = view_take_foot(&list, spare < FOOT       ? FOOT
                                             : spare < FOOT_MAX ? spare
                                                                : FOOT_MAX);
    draw_head(view, area.y, area.columns - 1);
    table_draw(&view->tables[0], list, true);
    if (item != NULL)
        draw_incident(item, foot);
}

/* --- acting --- */

static void target(const struct view *view, struct scope *scope)
{
    const struct item *item = table_current(&view->tables[0]);
    if (item != NULL) {
        scope->domain = item->domain;
        scope->domain_name = item->name;
    }
}

/* What was reported of the domain in the days of the incident. */
static bool act(struct view *view, enum action action)
{
    const struct item *item = table_current(&view->tables[0]);
    if (action != ACT_OPEN)
        return false;
    if (item != NULL) {
        struct scope scope = {
            .domain = item->domain,
            .domain_name = item->name,
            .days = {item->incident.first_day, item->incident.last_day},
        };
        app_open(view->app, &view_day, &scope);
    }
    return true;
}

const struct view_type view_incidents = {
    .name = "Incidents",
    .help = "When far more sessions failed than is usual for a domain: at least one in a hundred, "
            "five or half of few, three times as many as on the days before, and more than chance "
            "makes. Two days as usual end an incident; what has lasted for six weeks is usual. "
            "Enter shows what was reported of its days.",
    .panes = {{"Incidents", &incidents_table}},
    .pane_count = 1,
    .actions = {ACT_OPEN},
    .of_no_domain = true,
    .of_mine = true,
    .load = load_incidents,
    .draw = draw_incidents,
    .target = target,
    .act = act,
};
