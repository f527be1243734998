/* When far more sessions failed than is usual for a domain. */
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
    enum incident_state state;
    int64_t refused;
    bool refuses;
    const char *result_type;
    int rank; /* as they come */
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
    return value_number(ITEM->state);
}
static struct value failed_value(const void *row)
{
    return value_number(ITEM->incident.failed);
}
static struct value refused_value(const void *row)
{
    return value_number(ITEM->refused);
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
    if (!incident_goes_on(ITEM->state))
        return STYLE_DIM;
    return ITEM->refuses ? STYLE_BAD : STYLE_WARN;
}
static int failed_cell_style(const void *row)
{
    return ITEM->refused > 0 ? STYLE_BAD : STYLE_WARN;
}
static int refused_style(const void *row)
{
    return ITEM->refused > 0 ? STYLE_BAD : STYLE_DIM;
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
    return (uint64_t)ITEM->incident.sessions << 2 ^ (uint64_t)ITEM->state;
}

static int64_t item_rank(const void *row)
{
    return -ITEM->rank;
}

enum { COLUMN_STATE = 2 };

static const struct column columns[] = {
    {"domain", "Domain", VALUE_DOMAIN, 17, 64, 0, false, domain_value, NULL, NULL},
    {"mode", "Mode now", VALUE_MODE, 13, 22, 2, true, mode_value, NULL, paint_mode},
    {"state", "State", VALUE_STATE, 7, 7, 0, true, state_value, state_style, NULL},
    {"first_day", "From", VALUE_DAY, 10, 10, 0, true, first_day_value, NULL, NULL},
    {"last_day", "To", VALUE_DAY, 10, 10, 4, true, last_day_value, NULL, NULL},
    {"failed", "Failed", VALUE_COUNT, 7, 11, 0, true, failed_value, failed_cell_style, NULL},
    {"refused", "Refused", VALUE_COUNT, 7, 11, 1, true, refused_value, refused_style, NULL},
    {"sessions", "Sessions", VALUE_COUNT, 8, 12, 5, true, sessions_value, NULL, NULL},
    {"failure_rate", "Rate", VALUE_RATE, 6, 7, 0, true, rate_value, failed_cell_style, NULL},
    {"usual_rate", "Usual", VALUE_RATE, 6, 7, 6, true, usual_value, NULL, NULL},
    {"result_type", "Last failed by", VALUE_TEXT, 22, 34, 3, false, type_value, NULL, NULL},
};

static const struct table_type incidents_table = {
    .title = "Incidents",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = item_id,
    .stamp = item_stamp,
    .grade = item_rank,
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
        .state = row->state,
        .refused = row->refused,
        .refuses = row->refuses,
        .result_type = snapshot_text(snapshot, row->result_type),
        .rank = (int)snapshot->rows[0].count,
    };
    return snapshot_stopped(snapshot);
}

/* What is looked at of RANGE: a screen is to be there at once. */
static struct day_range last_weeks(struct day_range range)
{
    if (range.last > today())
        range.last = today();
    if (range.last - range.first >= INCIDENTS_DAYS)
        range.first = range.last - INCIDENTS_DAYS + 1;
    return range;
}

static enum db_status load_incidents(const struct request *request, struct db *db,
                                     struct snapshot *snapshot)
{
    struct incident_sums *sums = arena_alloc(&snapshot->arena, sizeof *sums);
    snapshot->figures = sums;
    if (sums == NULL)
        return DB_MEMORY;
    return query_incidents(db, ALL_DOMAINS, last_weeks(request->range), sums, add_item, snapshot);
}

/* --- drawing --- */

/* How many of them there are, and go on; returns the cells that it took. */
static int draw_counts(const struct incident_sums *sums, const struct rows *rows, int y, int x,
                       int columns_wide)
{
    const struct item *items = rows->items;
    int64_t refusing = 0, easing = 0, silent = 0;
    int start = x;
    char count[32];
    for (size_t i = 0; i < rows->count; i++) {
        refusing += items[i].refuses && incident_goes_on(items[i].state);
        easing += items[i].state == INCIDENT_EASING;
        silent += items[i].state == INCIDENT_SILENT;
    }
    format_count(sums->incidents, 20, count);
    x += put_format(y, x, columns_wide - x, STYLE_NORMAL, "%s incident%s: ", count,
                    sums->incidents == 1 ? "" : "s");
    int style = refusing > 0 ? STYLE_BAD : sums->ongoing > 0 ? STYLE_WARN : STYLE_GOOD;
    format_count(sums->ongoing, 20, count);
    x += put_format(y, x, columns_wide - x, silent > 0 && sums->ongoing == 0 ? STYLE_WARN : style,
                    sums->ongoing > 0 ? "%s go%s on" : "none goes on", count,
                    sums->ongoing == 1 ? "es" : "");
    format_count(easing, 20, count);
    if (easing > 0)
        x += put_format(y, x, columns_wide - x, STYLE_NORMAL, " (%s easing)", count);
    format_count(refusing, 20, count);
    if (refusing > 0)
        x += put_format(y, x, columns_wide - x, STYLE_BAD, ", %s refuse%s mail", count,
                        refusing == 1 ? "s" : "");
    format_count(silent, 20, count);
    if (silent > 0)
        x += put_format(y, x, columns_wide - x, STYLE_WARN, ", %s without news", count);
    return x - start;
}

static void draw_head(const struct view *view, int y, int columns_wide)
{
    const struct incident_sums *sums = view_figures(view);
    const struct rows *rows = &view->snapshot->rows[0];
    struct day_range range = view->snapshot->request.range;
    char first[32];
    int x = 1;
    format_count((int64_t)rows->count, 20, first);
    if (rows->count > 0)
        x += draw_counts(sums, rows, y, x, columns_wide);
    if (range.last < today())
        put_text(y, x, columns_wide - x, STYLE_WARN,
                 rows->count > 0 ? "; of past days only: ] leads on"
                                 : "Past days only: ] leads on");
    else if ((size_t)sums->incidents > rows->count)
        put_format(y, x, columns_wide - x, STYLE_WARN, "; these are the first %s", first);
    else if (last_weeks(range).first > range.first)
        put_format(y, x, columns_wide - x, STYLE_NORMAL, "%s the last %d of these days",
                   rows->count > 0 ? "; of" : "Of", INCIDENTS_DAYS);
}

/* What it means for failures of the mode. */
static const struct result_type *type_in_mode(const char *name, enum tls_mode mode)
{
    if (mode == MODE_DANE)
        return result_type_under(name, POLICY_TLSA);
    return tls_mode_sts(mode) != STS_UNREADABLE ? result_type_under(name, POLICY_STS)
                                                : result_type_find(name);
}

/* What came of its mail. */
static void say_what_came_of_it(const struct item *item, struct area *area)
{
    char refused[32], text[160];
    format_count(item->refused, 20, refused);
    if (item->refused == 0)
        snprintf(text, sizeof text, "Nothing was refused: the mail was delivered all the same.");
    else if (item->refuses && item->state != INCIDENT_OVER)
        snprintf(text, sizeof text,
                 "%s were refused: that mail waits at its senders, and bounces in days.", refused);
    else if (item->refuses)
        snprintf(text, sizeof text, "%s of them were refused.", refused);
    else
        snprintf(text, sizeof text, "%s of them were refused; on the last day none was.", refused);
    take_lines(area, item->refused > 0 ? STYLE_BAD : STYLE_NORMAL, text);
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
    snprintf(text, sizeof text, "%.300s: %s of %s sessions failed from %s to %s (%s%s%s)%s%.300s",
             name, failed, sessions, first, last, rate,
             incident->usual < 0 ? "" : "; usual: ", usual,
             item->result_type[0] != '\0' ? ", at last by " : "", item->result_type);
    take_lines(&area, STYLE_STRONG, text);
    say_what_came_of_it(item, &area);
    if (item->state == INCIDENT_EASING)
        take_lines(&area, STYLE_NORMAL,
                   "The days after that were as usual, but too few to tell that it is over.");
    if (item->state == INCIDENT_SILENT)
        take_lines(&area, STYLE_WARN, "No report has come since: nobody tells whether it is over.");
    if (type != NULL)
        take_lines(&area, STYLE_DIM, type->action);
    else if (item->result_type[0] == '\0')
        take_lines(&area, STYLE_DIM, "The reports do not tell why; 7 lists them, and who to ask.");
}

static void draw_incidents(struct view *view, struct area area)
{
    enum { FOOT = 7, FOOT_MAX = 9 };
    const struct item *item = table_current(&view->tables[0]);
    struct area list = {area.y + 2, 1, area.rows - 2, area.columns - 1};
    struct area foot = view_take_foot_below(&list, &view->tables[0], FOOT, FOOT_MAX);
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
            "makes. Two days as usual end an incident; a domain of which half fails from the first "
            "day on has one, too. Enter shows what was reported of its days.",
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
