/* All domains: who is in trouble, in which mode, and what to do next. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "../db/advice.h"
#include "../db/domain.h"
#include "../db/incident.h"
#include "app.h"
#include "extras.h"
#include "mode_cell.h"
#include "text.h"

struct item {
    int64_t id;
    const char *name;
    enum tls_mode mode;
    struct totals totals, before; /* in as many days before */
    int first_day, last_day;
    const char *next_step;
    int urgency; /* of the next step; what has none comes last */
};

/* --- trends --- */

enum { TREND_STEPS = 12 };

struct domains {
    struct axis trend;    /* its steps, at most TREND_STEPS, cover the range */
    struct extras trends; /* struct totals for each of them, by domain */
    struct extras alarms; /* the struct alarm of ALL_DOMAINS... */
    struct {
        int64_t version;
        unsigned openings;
        int day;
    } alarmed; /* ...in this state of the database, and on this day */
};

static enum db_status read_trends(struct db *db, const int64_t *domains, size_t count,
                                  const void *context, void *trends)
{
    const struct axis *axis = context;
    return query_steps_each(db, domains, count, axis->first, axis->days, axis->count, trends);
}

static const struct extras_type trends_type = {read_trends, sizeof(struct axis)};

enum { WORST = 3 };

/* The incidents that go on, and the worst of them: those that refuse mail before others; and
 * whether anybody tells. */
struct alarm {
    struct recency recency;
    int64_t incidents, refusing;
    size_t count; /* of the worst */
    struct {
        char domain[DOMAIN_TEXT];
        struct incident incident;
    } worst[WORST];
};

static int add_to_alarm(void *context, const struct incident_row *row)
{
    struct alarm *alarm = context;
    if (!incident_goes_on(row->state))
        return 1; /* nor do those behind it */
    alarm->refusing += row->refuses;
    if (alarm->count == WORST)
        return 0;
    snprintf(alarm->worst[alarm->count].domain, DOMAIN_TEXT, "%s", row->name);
    alarm->worst[alarm->count++].incident = row->incident;
    return 0;
}

/* COUNT is 1, for all domains. */
static enum db_status read_alarm(struct db *db, const int64_t *domains, size_t count,
                                 const void *context, void *extra)
{
    const struct day_range *range = context;
    struct alarm *alarm = extra;
    struct incident_sums sums;
    (void)count;
    enum db_status status = query_incidents(db, domains[0], *range, &sums, add_to_alarm, alarm);
    alarm->incidents = sums.ongoing;
    if (status == DB_OK || status == DB_STOPPED) /* it had enough; who was cancelled is told */
        status = query_recency(db, range->last, &alarm->recency);
    return status;
}

static const struct extras_type alarm_type = {read_alarm, sizeof(struct day_range)};

/* What was committed, another file, and another day, may end an incident or begin one. */
static void watch_incidents(struct view *view)
{
    struct domains *domains = view->state;
    const struct app *app = view->app;
    struct day_range range = {today(), today()};
    if (view->scope.foreign ||
        (domains->alarmed.version == app->extent_version &&
         domains->alarmed.openings == app->openings && domains->alarmed.day == range.last))
        return;
    domains->alarmed.version = app->extent_version;
    domains->alarmed.openings = app->openings;
    domains->alarmed.day = range.last;
    extras_reset(&domains->alarms, &alarm_type, sizeof(struct alarm), &range);
}

/* New rows make all trends old. */
static void loaded(struct view *view)
{
    struct domains *domains = view->state;
    watch_incidents(view);
    if (view->completed)
        return;
    const struct list_sums *sums = view_figures(view);
    struct day_range range = view->snapshot->request.range;
    if (sums != NULL && sums->last_day >= range.first && sums->last_day < range.last)
        range.last = sums->last_day; /* days that nobody has told of yet look like a fall */
    int days = range.last - range.first + 1;
    int step = days > TREND_STEPS ? (days + TREND_STEPS - 1) / TREND_STEPS : 1;
    int count = days > step ? (days + step - 1) / step : 1;
    domains->trend =
        (struct axis){.first = range.last + 1 - count * step, .days = step, .count = count};
    extras_reset(&domains->trends, &trends_type, (size_t)count * sizeof(struct totals),
                 &domains->trend);
}

static void close_domains(struct view *view)
{
    struct domains *domains = view->state;
    extras_free(&domains->trends);
    extras_free(&domains->alarms);
}

/* The failed sessions over the whole range, whatever the width of the cell; a flat
 * line where there were sessions and none failed. */
static void paint_trend(const void *row, const struct cell *cell)
{
    const struct item *item = row;
    const struct view *view = cell->context;
    const struct domains *domains = view->state;
    const struct totals *steps = extras_find(&domains->trends, item->id);
    int64_t failed[TREND_STEPS];
    bool of_mine = view->scope.foreign && item->id == ALL_DOMAINS;
    if (steps == NULL || of_mine || item->totals.successful + item->totals.failed == 0)
        return;
    if (item->totals.failed == 0) {
        put_glyphs(cell->y, cell->x, cell->columns, STYLE_DIM | cell->style,
                   glyph(GLYPH_HORIZONTAL));
        return;
    }
    for (int i = 0; i < domains->trend.count; i++)
        failed[i] = steps[i].failed;
    int style = failed_style(item->mode, item->totals.failed);
    chart_sparkline(cell->y, cell->x, cell->columns, style | cell->style, failed,
                    domains->trend.count);
}

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
static struct value change_value(const void *row)
{
    return value_change(value_failure_rate(ITEM->before.successful, ITEM->before.failed),
                        rate_value(row));
}
static struct value next_step_value(const void *row)
{
    return value_text(ITEM->next_step);
}
static struct value reports_value(const void *row)
{
    return value_number(ITEM->totals.reports);
}
static struct value last_day_value(const void *row)
{
    return value_number(ITEM->last_day);
}

static int domain_style(const void *row)
{
    if (ITEM->id == ALL_DOMAINS)
        return STYLE_STRONG;
    return ITEM->totals.reports == 0 ? STYLE_DIM : STYLE_NORMAL;
}
static int failures_style(const void *row)
{
    return failed_style(ITEM->mode, ITEM->totals.failed);
}

static int change_style(const void *row)
{
    double change = change_value(row).rate;
    return change > 0    ? failed_style(ITEM->mode, ITEM->totals.failed)
           : change >= 0 ? STYLE_DIM
                         : STYLE_NORMAL;
}

static void paint_mode(const void *row, const struct cell *cell)
{
    if (ITEM->id != ALL_DOMAINS)
        mode_put(cell, ITEM->mode);
}

static uint64_t item_id(const void *row)
{
    return (uint64_t)ITEM->id;
}
static uint64_t item_stamp(const void *row)
{
    return (uint64_t)ITEM->totals.reports << 8 ^ (uint64_t)ITEM->mode;
}

/* What is as urgent comes by its failed sessions. */
static int64_t item_urgency(const void *row)
{
    const int64_t most = (int64_t)1 << 40;
    return ITEM->urgency * most - (ITEM->totals.failed < most ? ITEM->totals.failed : most - 1);
}

enum { COLUMN_FAILED = 3, COLUMN_NEXT_STEP = 7 };

static const struct column columns[] = {
    {"domain", "Domain", VALUE_DOMAIN, 17, 64, 0, false, domain_value, domain_style, NULL},
    {"mode", "Mode now", VALUE_MODE, 13, 22, 0, true, mode_value, NULL, paint_mode},
    {"sessions", "Sessions", VALUE_COUNT, 8, 12, 3, true, sessions_value, NULL, NULL},
    {"failed", "Failed", VALUE_COUNT, 7, 11, 0, true, failed_value, failures_style, NULL},
    {"failure_rate", "Rate", VALUE_RATE, 6, 7, 2, true, rate_value, failures_style, NULL},
    {"change", "Change", VALUE_CHANGE, 6, 7, 6, true, change_value, change_style, NULL},
    {"", "Trend", VALUE_COUNT, 6, 12, 5, true, NULL, NULL, paint_trend},
    {"next_step", "Next step", VALUE_TEXT, 18, 28, 1, false, next_step_value, NULL, NULL},
    {"reports", "Reports", VALUE_COUNT, 7, 10, 8, true, reports_value, NULL, NULL},
    {"last_day", "Last seen", VALUE_DAY, 10, 10, 7, true, last_day_value, NULL, NULL},
};

/* What only details name is failing, too, if the next step says so. */
static bool item_fails(const void *row)
{
    return ITEM->totals.failed > 0 || ITEM->urgency <= NEXT_FIX_FAILURES;
}

static const struct table_type domains_table = {
    .title = "Domains",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = item_id,
    .stamp = item_stamp,
    .grade = item_urgency,
    .graded = COLUMN_NEXT_STEP,
    .fails = item_fails,
    .sort = COLUMN_FAILED,
    .pinned = true,
    .nothing = "No domain of yours has a report.",
};

/* --- reading --- */

struct adding {
    struct snapshot *snapshot;
    struct advice_settings settings;
};

static int add_item(void *context, const struct domain_row *row)
{
    const struct adding *adding = context;
    struct snapshot *snapshot = adding->snapshot;
    char label[ADVICE_LABEL];
    struct item *item = snapshot_add(snapshot, 0, sizeof *item);
    if (item == NULL)
        return -1;
    *item = (struct item){
        .id = row->id,
        .name = snapshot_text(snapshot, row->name),
        .mode = row->mode,
        .totals = row->totals,
        .first_day = row->first_day,
        .last_day = row->last_day,
        .next_step = "",
        .urgency = NEXT_NOTHING,
    };
    if (row->standing != NULL) {
        advice_label(row->standing, &adding->settings, label);
        item->urgency = advice_urgency(row->standing, &adding->settings);
        item->next_step = snapshot_text(snapshot, label);
    }
    return snapshot_stopped(snapshot);
}

static void add_to(struct list_sums *sums, const struct item *item)
{
    sums->domains++;
    sums->ranked += item->totals.failed > 0;
    totals_add(&sums->totals, item->totals);
    if (item->last_day > sums->last_day)
        sums->last_day = item->last_day;
}

/* The sums of all rows, of which the first is for all domains. */
static struct list_sums add_up(const struct rows *rows)
{
    const struct item *items = rows->items;
    struct list_sums sums = {.complete = true, .last_day = -1};
    for (size_t i = 1; i < rows->count; i++)
        add_to(&sums, &items[i]);
    return sums;
}

/* Of those that the filter leaves, once all have been read. */
static struct list_sums add_up_filtered(const struct table *table)
{
    const struct item *items = table->rows.items;
    struct list_sums sums = {.complete = true, .last_day = -1};
    for (size_t i = 0; i < table->order.count; i++)
        if (table->order.rows[i] > 0)
            add_to(&sums, &items[table->order.rows[i]]);
    return sums;
}

enum { CHANGES_MAX = 4096 /* domains: more would come late */ };

/* The same number of days before. */
static enum db_status add_before(struct db *db, struct day_range range, struct rows *rows)
{
    int days = range.last - range.first + 1;
    struct day_range before = {range.first - days, range.first - 1};
    struct item *items = (struct item *)(uintptr_t)rows->items;
    struct totals *totals;
    int64_t count;
    enum db_status status = query_domain_totals(db, before, &totals, &count);
    for (size_t i = 1; i < rows->count && status == DB_OK; i++)
        if (items[i].id < count)
            items[i].before = totals[items[i].id];
    free(totals);
    if (status == DB_OK)
        status = query_total(db, ALL_DOMAINS, before, &items[0].before);
    return status;
}

static enum db_status load_domains(const struct request *request, struct db *db,
                                   struct snapshot *snapshot)
{
    struct item *all = snapshot_add(snapshot, 0, sizeof *all);
    struct list_sums *sums = arena_alloc(&snapshot->arena, sizeof *sums);
    struct adding adding = {.snapshot = snapshot};
    enum db_status status;
    snapshot->figures = sums;
    if (all == NULL || sums == NULL)
        return DB_MEMORY;
    advice_read_settings(request->config, &adding.settings);
    if (request->scope.foreign)
        status = query_domains(db, ALL_DOMAINS, request->range, true, add_item, &adding);
    else if (request->first_rows == 0)
        status =
            query_standings(db, ALL_DOMAINS, request->range, &adding.settings, add_item, &adding);
    else
        status = query_standings_first(db, request->range, &adding.settings, request->first_rows,
                                       sums, add_item, &adding);
    const struct rows *rows = &snapshot->rows[0];
    if (request->scope.foreign || request->first_rows == 0)
        *sums = add_up(rows);
    if (status == DB_OK && !request->scope.foreign) /* a report on two of them is one */
        status = query_total(db, ALL_DOMAINS, request->range, &sums->totals);
    snapshot->partial = !sums->complete;
    snapshot->expected = (size_t)sums->domains;
    *(struct item *)(uintptr_t)rows->items =
        (struct item){.id = ALL_DOMAINS,
                      .name = request->scope.foreign ? "All foreign domains" : "All domains",
                      .totals = sums->totals,
                      .last_day = sums->last_day,
                      .next_step = ""};
    if (status == DB_OK && sums->domains <= CHANGES_MAX && !request->scope.foreign)
        status = add_before(db, request->range, &snapshot->rows[0]);
    return status;
}

/* --- drawing --- */

static void draw_summary(const struct view *view, int y, int columns_wide)
{
    const struct table *table = &view->tables[0];
    struct list_sums sums = *(const struct list_sums *)view_figures(view);
    bool filtered = table->arrangement.filter.count > 0 && sums.complete;
    if (filtered)
        sums = add_up_filtered(table);
    int64_t sessions = sums.totals.successful + sums.totals.failed;
    char failed[32], total[32], rate[32], failing[32], domains[32], line[192];
    format_count(sums.totals.failed, 20, failed);
    format_count(sessions, 20, total);
    format_rate(value_failure_rate(sums.totals.successful, sums.totals.failed).rate, rate);
    format_count(sums.ranked, 20, failing);
    format_count(sums.domains, 20, domains);
    int x = 1;
    const struct extent *extent = &view->app->extent;
    if (sessions == 0 && !filtered && !view->scope.foreign && extent->domains == 0 &&
        extent->foreign_domains > 0) {
        format_count(extent->foreign_domains, 20, domains);
        put_format(y, x, columns_wide, STYLE_WARN,
                   "Reports are on %s domain%s that [domains] mine does not name: F shows them.",
                   domains, extent->foreign_domains == 1 ? "" : "s");
        return;
    }
    if (filtered && sums.domains == 0)
        return; /* the table says so */
    if (sessions == 0) {
        put_text(y, x, columns_wide, STYLE_DIM,
                 filtered ? "No sessions of the filtered domains were reported in these days."
                          : "No sessions were reported in these days.");
        return;
    }
    snprintf(line, sizeof line, "%s failed", sums.totals.failed > 0 ? failed : "None");
    x += put_text(y, x, columns_wide, sums.totals.failed > 0 ? STYLE_BAD : STYLE_GOOD, line);
    snprintf(line, sizeof line, " of %s sessions (%s), in %s of %s %sdomains", total, rate, failing,
             domains, filtered ? "filtered " : "");
    put_text(y, x, columns_wide - x, STYLE_NORMAL, line);
}

/* One of them in the cells from X on, its name cut rather than its figures; returns the
 * cells that it took, 0 when there is no room. */
static int draw_worst(const char *domain, const struct incident *incident, int y, int x, int room)
{
    enum { NAME_LEAST = 12 };
    char name[VALUE_TEXT_MAX], rate[32], first[DAY_TEXT], facts[64];
    format_rate(value_failure_rate(incident->sessions - incident->failed, incident->failed).rate,
                rate);
    int length =
        snprintf(facts, sizeof facts, " %s since %s", rate, day_format(incident->first_day, first));
    if (room < length + NAME_LEAST)
        return 0;
    value_show(VALUE_DOMAIN, value_text(domain), VALUE_TEXT_MAX, name);
    int taken = put_text(y, x, room - length, STYLE_STRONG, name);
    return taken + put_text(y, x + taken, room - taken, STYLE_NORMAL, facts);
}

/* That nothing is known of the last days: where nobody looks after the imports, it would seem
 * that nothing fails. */
static int draw_overdue(const struct recency *recency, int y, int x, int columns_wide)
{
    char last[DAY_TEXT];
    int days = today() - recency->last_day, before = x;
    x += put_format(y, x, columns_wide - x, STYLE_BAD, "No report for %d days", days);
    x += put_format(y, x, columns_wide - x, STYLE_NORMAL, ", since %s: see the imports (",
                    day_format(recency->last_day, last));
    x += put_text(y, x, columns_wide - x, STYLE_KEY, "9");
    x += put_text(y, x, columns_wide - x, STYLE_NORMAL, ").");
    return x - before;
}

/* What has begun, and would be far down in a list of thirty days. */
static void draw_alarm(const struct view *view, int y, int columns_wide)
{
    const struct domains *domains = view->state;
    const struct alarm *alarm = extras_find(&domains->alarms, ALL_DOMAINS);
    int x = 1;
    if (view->scope.foreign || alarm == NULL)
        return;
    if (alarm->recency.overdue)
        x += draw_overdue(&alarm->recency, y, x, columns_wide) + 2;
    if (alarm->incidents == 0)
        return;
    int style = alarm->refusing > 0 ? STYLE_BAD : STYLE_WARN;
    bool one = alarm->incidents == 1;
    x += put_format(y, x, columns_wide - x, style, "%" PRId64 " incident%s", alarm->incidents,
                    one ? "" : "s");
    x += put_format(y, x, columns_wide - x, STYLE_NORMAL, " go%s on (", one ? "es" : "");
    x += put_text(y, x, columns_wide - x, STYLE_KEY, "I");
    x += put_text(y, x, columns_wide - x, STYLE_NORMAL, ")");
    if (alarm->refusing > 0)
        x += put_format(y, x, columns_wide - x, style,
                        one ? ", refusing mail" : ", %" PRId64 " refusing mail", alarm->refusing);
    int taken = 1;
    for (size_t i = 0; i < alarm->count && taken > 0; i++) {
        taken = draw_worst(alarm->worst[i].domain, &alarm->worst[i].incident, y, x + 2,
                           columns_wide - x - 2);
        if (taken > 0)
            put_text(y, x, 2, STYLE_NORMAL, i == 0 ? ": " : ", ");
        x += taken + 2;
    }
}

static void draw_domains(struct view *view, struct area area)
{
    draw_summary(view, area.y, area.columns - 1);
    draw_alarm(view, area.y + 1, area.columns - 1);
    table_draw(&view->tables[0], (struct area){area.y + 2, 1, area.rows - 2, area.columns - 1},
               true);
    struct domains *domains = view->state;
    if (!extras_ask_rows(view, &domains->trends, &view->tables[0]) && !view->scope.foreign)
        extras_ask(view, &domains->alarms, (int64_t[]){ALL_DOMAINS}, 1);
}

/* --- acting --- */

static void target(const struct view *view, struct scope *scope)
{
    const struct item *item = table_current(&view->tables[0]);
    if (item != NULL && item->id != ALL_DOMAINS) {
        scope->domain = item->id;
        scope->domain_name = item->name;
    }
}

static bool act(struct view *view, enum action action)
{
    struct scope scope = view->scope;
    switch (action) {
    case ACT_OPEN:
        if (table_current(&view->tables[0]) != NULL) {
            target(view, &scope);
            if (!app_refuses(view->app, &scope))
                app_open(view->app, &view_domain, &scope);
        }
        return true;
    case ACT_FOREIGN:
        scope.foreign = !scope.foreign;
        if (view->app->depth > 1)
            app_back(view->app);
        else
            app_open(view->app, &view_domains, &scope);
        return true;
    default:
        return false;
    }
}

static void title(const struct view *view, char text[static VIEW_TITLE])
{
    snprintf(text, VIEW_TITLE, "%s", view->scope.foreign ? "Foreign domains" : "Domains");
}

const struct view_type view_domains = {
    .name = "Domains",
    .help = "All domains with reports, those that fail most first. Sessions are counted as "
            "reporters count them; one that looks at MTA-STS and DANE may count a session twice. "
            "Change is that of the rate, against as many days before. The trend is that of the "
            "failed sessions, from the first of the days to the last; a "
            "flat line says that none failed.",
    .panes = {{"Domains", &domains_table}},
    .pane_count = 1,
    .actions = {ACT_OPEN, ACT_FOREIGN},
    .title = title,
    .in_parts = true,
    .load = load_domains,
    .loaded = loaded,
    .draw = draw_domains,
    .target = target,
    .act = act,
    .close = close_domains,
    .state_size = sizeof(struct domains),
};
