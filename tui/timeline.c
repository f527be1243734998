/* All domains' modes over time, one row a domain: who moved when, and who should. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "extras.h"
#include "mode_cell.h"
#include "text.h"

enum { PANE_DOMAINS, PANE_AXIS, PANES };

struct item {
    int64_t id;
    const char *name;
    enum tls_mode mode; /* now */
    struct totals totals;
    struct mode_change change;
};

struct summary {
    struct list_sums sums;
    int last_reported; /* day */
};

struct timeline {
    struct axis axis;     /* over the column with the strips */
    struct extras strips; /* struct day_mode for each of its steps, by domain */
    struct extras cells;  /* struct cell_figures, by cell_id() */
};

/* --- strips and cells: read for what is in sight --- */

static enum db_status read_strips(struct db *db, const int64_t *domains, size_t count,
                                  const void *context, void *extras)
{
    const struct axis *axis = context;
    struct day_mode *strip = extras;
    int days = axis->count * axis->days;
    struct day_mode *modes = calloc((size_t)days, sizeof *modes);
    enum db_status status = modes != NULL ? DB_OK : DB_MEMORY;
    struct day_range range = {axis->first, axis->first + days - 1};
    for (size_t i = 0; i < count && status == DB_OK; i++) {
        status = query_modes(db, domains[i], range, modes);
        for (int step = 0; step < axis->count; step++)
            *strip++ = axis_mode(axis, modes, step);
    }
    free(modes);
    return status;
}

static const struct extras_type strips_type = {read_strips, sizeof(struct axis)};

enum { STEP_BITS = 10, COMPOSITION = 256, KINDS_MAX = 8, NAMED_MAX = 2 };
_Static_assert(AXIS_STEPS_MAX <= 1 << STEP_BITS, "a step fits beside its domain");

struct cell_figures {
    struct totals totals;
    char composition[COMPOSITION]; /* who saw which mode */
};

static int64_t cell_id(int64_t domain, int step)
{
    return domain << STEP_BITS | step;
}

/* Reporters that say the same of a domain. */
struct kind {
    char name[48];
    int64_t sessions;
    int reporters;
    char named[96];
};

struct kinds {
    size_t count;
    struct kind kinds[KINDS_MAX];
};

/* The rows come with most sessions first, and so do the kinds, nearly. */
static int add_kind(void *context, const struct composition_row *row)
{
    struct kinds *kinds = context;
    char name[sizeof kinds->kinds->name];
    size_t i = 0;
    snprintf(name, sizeof name, "%.40s", policy_label(row->policy_type, row->mode));
    while (i < kinds->count && strcmp(kinds->kinds[i].name, name) != 0)
        i++;
    if (i == KINDS_MAX)
        return 0;
    struct kind *kind = &kinds->kinds[i];
    if (i == kinds->count) {
        memcpy(kind->name, name, sizeof name);
        kinds->count++;
    }
    kind->sessions += row->totals.successful + row->totals.failed;
    size_t used = strlen(kind->named);
    if (kind->reporters++ < NAMED_MAX)
        snprintf(kind->named + used, sizeof kind->named - used, "%s%.40s", used > 0 ? ", " : "",
                 row->organization);
    return 0;
}

/* "MTA-STS enforce 12,300 by Google, Example and 3 more; DANE 200 by Example" */
static void write_kinds(const struct kinds *kinds, char text[static COMPOSITION])
{
    size_t used = 0;
    for (size_t i = 0; i < kinds->count && used < COMPOSITION; i++) {
        const struct kind *kind = &kinds->kinds[i];
        char sessions[32], more[32] = "";
        format_count(kind->sessions, 10, sessions);
        if (kind->reporters > NAMED_MAX)
            snprintf(more, sizeof more, " and %d more", kind->reporters - NAMED_MAX);
        used += (size_t)snprintf(text + used, COMPOSITION - used, "%s%s %s by %s%s",
                                 i > 0 ? "; " : "", kind->name, sessions, kind->named, more);
    }
}

static enum db_status read_cells(struct db *db, const int64_t *ids, size_t count,
                                 const void *context, void *extras)
{
    const struct axis *axis = context;
    struct cell_figures *figures = extras;
    enum db_status status = DB_OK;
    for (size_t i = 0; i < count && status == DB_OK; i++, figures++) {
        int64_t domain = ids[i] >> STEP_BITS;
        struct day_range days = axis_step(axis, (int)(ids[i] & ((1 << STEP_BITS) - 1)));
        struct kinds kinds = {0};
        status = query_total(db, domain, days, &figures->totals);
        if (status == DB_OK)
            status = query_composition(db, domain, days, add_kind, &kinds);
        write_kinds(&kinds, figures->composition);
    }
    return status;
}

static const struct extras_type cells_type = {read_cells, sizeof(struct axis)};

/* Where the strips get another axis, or the rows are new, all is to be read
 * again. */
static void set_axis(struct timeline *timeline, struct axis axis)
{
    timeline->axis = axis;
    extras_reset(&timeline->strips, &strips_type, (size_t)axis.count * sizeof(struct day_mode),
                 &axis);
    extras_reset(&timeline->cells, &cells_type, sizeof(struct cell_figures), &axis);
}

static void close_timeline(struct view *view)
{
    struct timeline *timeline = view->state;
    extras_free(&timeline->strips);
    extras_free(&timeline->cells);
}

/* --- columns --- */

#define ITEM ((const struct item *)row)

static struct value domain_value(const void *row)
{
    return value_text(ITEM->name);
}
static struct value failed_value(const void *row)
{
    return value_number(ITEM->totals.failed);
}
static struct value changed_value(const void *row)
{
    return value_number(ITEM->change.day);
}
static struct value mode_value(const void *row)
{
    return value_number(ITEM->mode);
}

static int domain_style(const void *row)
{
    return ITEM->totals.reports == 0 ? STYLE_DIM : STYLE_NORMAL;
}
static int failures_style(const void *row)
{
    return failed_style(ITEM->mode, ITEM->totals.failed);
}

/* "2026-11-12 t > E" */
static void paint_change(const void *row, const struct cell *cell)
{
    struct mode_change change = ITEM->change;
    char text[DAY_TEXT], letter[] = {mode_letter(change.from), '\0'};
    if (change.day < 0)
        return;
    int x = cell->x;
    x += put_text(cell->y, x, cell->columns, STYLE_NORMAL | cell->style,
                  day_format(change.day, text));
    put_text(cell->y, x + 1, 1, (STYLE_MODE + (int)change.from) | cell->style, letter);
    put_glyphs(cell->y, x + 2, 1, STYLE_DIM | cell->style, glyph(GLYPH_ENTER));
    letter[0] = mode_letter(change.to);
    put_text(cell->y, x + 3, 1, (STYLE_MODE + (int)change.to) | cell->style, letter);
}

static bool is_known(struct day_mode mode)
{
    return mode.mode != MODE_UNKNOWN;
}

/* The strip, with a bright cell where the mode is another one than before, and an
 * open one under the cursor. */
static void paint_strip(const void *row, const struct cell *cell)
{
    const struct view *view = cell->context;
    const struct timeline *timeline = view->state;
    const struct axis *axis = &timeline->axis;
    const struct day_mode *strip = extras_find(&timeline->strips, ITEM->id);
    int cursor = cell->style & SELECTED ? view_step(view, axis) : -1;
    struct day_mode before = {.mode = MODE_UNKNOWN};
    for (int step = 0; step < axis->count && strip != NULL; step++) {
        struct day_mode mode = strip[step];
        int x = cell->x + step * axis->cell;
        chart_mode(cell->y, x, axis->cell, is_known(mode) ? 0 : cell->style, mode);
        if (is_known(before) && is_known(mode) && mode.mode != before.mode)
            put_style(cell->y, x, 1, STYLE_STRONG | INVERSE);
        if (step == cursor)
            put_style(cell->y, x, axis->cell, STYLE_FOCUS | SELECTED);
        before = is_known(mode) ? mode : before;
    }
}

static uint64_t item_id(const void *row)
{
    return (uint64_t)ITEM->id;
}
static uint64_t item_stamp(const void *row)
{
    return (uint64_t)ITEM->totals.reports << 8 ^ (uint64_t)ITEM->mode;
}

enum { COLUMN_CHANGED = 2, COLUMN_STRIP };

static const struct column columns[] = {
    {"domain", "Domain", VALUE_DOMAIN, 14, 32, 0, false, domain_value, domain_style, NULL},
    {"failed", "Failed", VALUE_COUNT, 6, 9, 2, true, failed_value, failures_style, NULL},
    {"changed", "Last change", VALUE_DAY, 14, 14, 1, true, changed_value, NULL, paint_change},
    {"mode", "Modes", VALUE_MODE, 30, SCREEN_COLUMNS_MAX, 0, true, mode_value, NULL, paint_strip},
};

static const struct table_type timeline_table = {
    .title = "Domains",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = item_id,
    .stamp = item_stamp,
    .sort = COLUMN_CHANGED,
    .nothing = "No domain of yours has a report.",
};

/* --- reading --- */

static int add_item(void *context, const struct domain_row *row)
{
    struct item *item = snapshot_add(context, PANE_DOMAINS, sizeof *item);
    if (item == NULL)
        return -1;
    *item = (struct item){
        .id = row->id,
        .name = snapshot_text(context, row->name),
        .mode = row->mode,
        .totals = row->totals,
        .change = row->change,
    };
    return snapshot_stopped(context);
}

/* The last of these days on which anybody reported, for the cursor to start on. */
static enum db_status load_last_reported(const struct request *request, struct db *db,
                                         struct summary *summary)
{
    struct axis axis = axis_fit(request->range, AXIS_STEPS_MAX);
    struct totals *steps = calloc((size_t)axis.count, sizeof *steps);
    if (steps == NULL)
        return DB_MEMORY;
    enum db_status status = query_steps(db, ALL_DOMAINS, axis.first, axis.days, axis.count, steps);
    summary->last_reported = axis_step(&axis, axis_last_reported(&axis, steps)).last;
    free(steps);
    return status;
}

static enum db_status load_timeline(const struct request *request, struct db *db,
                                    struct snapshot *snapshot)
{
    struct summary *summary = arena_alloc(&snapshot->arena, sizeof *summary);
    snapshot->figures = summary;
    if (summary == NULL)
        return DB_MEMORY;
    enum db_status status = query_timeline(db, request->range, request->scope.foreign,
                                           request->first_rows, &summary->sums, add_item, snapshot);
    snapshot->partial = !summary->sums.complete;
    snapshot->expected = (size_t)summary->sums.domains;
    return status == DB_OK ? load_last_reported(request, db, summary) : status;
}

static void loaded(struct view *view)
{
    struct timeline *timeline = view->state;
    if (!view->completed)
        set_axis(timeline, timeline->axis);
}

/* --- drawing --- */

/* What the cursors are on. */
static void draw_cell_line(const struct view *view, int y, int columns_wide)
{
    const struct timeline *timeline = view->state;
    const struct item *item = table_current(&view->tables[PANE_DOMAINS]);
    int step = view_step(view, &timeline->axis), x = 1;
    char text[AXIS_STEP_TEXT], name[VALUE_TEXT_MAX], sessions[32], failed[32];
    if (item == NULL)
        return;
    const struct cell_figures *figures = extras_find(&timeline->cells, cell_id(item->id, step));
    const struct day_mode *strip = extras_find(&timeline->strips, item->id);
    value_show(VALUE_DOMAIN, value_text(item->name), columns_wide, name);
    x += put_text(y, x, columns_wide / 2, STYLE_STRONG, name);
    axis_step_format(&timeline->axis, step, text);
    x += put_format(y, x, columns_wide - x, STYLE_NORMAL, "  %s", text);
    if (strip != NULL) {
        x += put_text(y, x, columns_wide - x, STYLE_NORMAL, "  ");
        x += put_text(y, x, columns_wide - x, STYLE_MODE + (int)strip[step].mode,
                      tls_mode_label(strip[step].mode));
        if (strip[step].inherited)
            put_text(y, x, columns_wide - x, STYLE_DIM, " (as last stated)");
    }
    x = 1;
    y++;
    if (figures == NULL)
        return;
    if (figures->totals.reports == 0) {
        put_text(y, x, columns_wide, STYLE_DIM, "No report tells of that time.");
        return;
    }
    format_count(figures->totals.successful + figures->totals.failed, 14, sessions);
    format_count(figures->totals.failed, 14, failed);
    x += put_format(y, x, columns_wide - x, STYLE_NORMAL, "%s sessions, ", sessions);
    x += put_format(
        y, x, columns_wide - x,
        failed_style(strip != NULL ? strip[step].mode : item->mode, figures->totals.failed),
        "%s failed", failed);
    put_text(y, x + 2, columns_wide - x - 2, STYLE_DIM, figures->composition);
}

/* What the letters of the rows mean, below these, where there is room. */
static void draw_legend(const struct view *view, struct area rows)
{
    const struct timeline *timeline = view->state;
    const struct table *table = &view->tables[PANE_DOMAINS];
    enum { LINES = 2 };
    struct legend legend = {0};
    size_t free_from = table->order.count + 2; /* behind the head and an empty line */
    if (table->order.count == 0 || (size_t)rows.rows <= free_from)
        return;
    for (size_t n = 0; n < table->order.count; n++) {
        const struct item *item = row_at(&table->rows, table->order.rows[n]);
        const struct day_mode *strip = extras_find(&timeline->strips, item->id);
        for (int step = 0; step < timeline->axis.count && strip != NULL; step++)
            legend_add(&legend, strip[step]);
    }
    int spare = rows.rows - (int)free_from, lines = spare < LINES ? spare : LINES;
    legend_put((struct area){rows.y + rows.rows - lines, rows.x, lines, rows.columns}, &legend);
}

static void draw_timeline(struct view *view, struct area area)
{
    enum { HEAD = 3 };
    struct timeline *timeline = view->state;
    struct table *table = &view->tables[PANE_DOMAINS];
    struct area rows = {area.y + HEAD, 1, area.rows - HEAD, area.columns - 1};
    int x, width = table_column(table, rows, COLUMN_STRIP, &x);
    const struct summary *summary = view_figures(view);
    char moved[32], domains[32];
    struct axis axis = axis_fit(view->snapshot->request.range, width);
    axis.start = axis_step_of(&axis, summary->last_reported);
    if (memcmp(&axis, &timeline->axis, sizeof axis) != 0)
        set_axis(timeline, axis);
    draw_cell_line(view, area.y, area.columns - 1);
    format_count(summary->sums.ranked, 20, moved);
    format_count(summary->sums.domains, 20, domains);
    put_format(area.y + 2, 1, x - 2, STYLE_DIM, "%s of %s domains changed their mode", moved,
               domains);
    chart_dates(area.y + 2, x, &axis, view_step(view, &axis),
                view->focus == PANE_AXIS ? STYLE_FOCUS : STYLE_HEAD, glyph(GLYPH_DOWN));
    table_draw(table, rows, view->focus == PANE_DOMAINS);
    draw_legend(view, rows);
    const struct item *item = table_current(table);
    if (!extras_ask_rows(view, &timeline->strips, table) && item != NULL) {
        int64_t id = cell_id(item->id, view_step(view, &axis));
        extras_ask(view, &timeline->cells, &id, 1);
    }
}

/* --- acting --- */

static void target(const struct view *view, struct scope *scope)
{
    const struct item *item = table_current(&view->tables[PANE_DOMAINS]);
    if (item != NULL) {
        scope->domain = item->id;
        scope->domain_name = item->name;
    }
}

/* The domain under the cursor, on that day; from the time axis what its reports of
 * those days say. */
static void open_cell(struct view *view)
{
    const struct timeline *timeline = view->state;
    struct scope scope = view->scope;
    int day = view->cursor_day;
    if (table_current(&view->tables[PANE_DOMAINS]) == NULL)
        return;
    target(view, &scope);
    if (view->focus == PANE_AXIS) {
        scope.days = axis_step(&timeline->axis, view_step(view, &timeline->axis));
        app_open(view->app, &view_day, &scope);
        return;
    }
    app_open(view->app, &view_domain, &scope);
    app_top(view->app)->cursor_day = day;
}

static bool act(struct view *view, enum action action)
{
    struct timeline *timeline = view->state;
    bool on_axis = view->focus == PANE_AXIS || action == ACT_EARLIER || action == ACT_LATER;
    if (action == ACT_OPEN) {
        open_cell(view);
        return true;
    }
    if (on_axis && view_move_step(view, &timeline->axis, action))
        return true;
    return view->focus == PANE_AXIS && table_move(&view->tables[PANE_DOMAINS], action);
}

const struct view_type view_timeline = {
    .name = "Timeline",
    .help = "The modes of all domains over time, those that changed last first. A bright cell "
            "begins another mode. Left and right choose the days whose figures stand on top. Enter "
            "opens the domain, and with the keys on the time axis (Tab) those days of it.",
    .panes = {{"Domains", &timeline_table}, {"Time", NULL}},
    .pane_count = PANES,
    .of_no_domain = true,
    .actions = {ACT_OPEN, ACT_UP, ACT_DOWN, ACT_PAGE_UP, ACT_PAGE_DOWN, ACT_EARLIER, ACT_LATER},
    .in_parts = true,
    .load = load_timeline,
    .loaded = loaded,
    .draw = draw_timeline,
    .target = target,
    .act = act,
    .close = close_timeline,
    .state_size = sizeof(struct timeline),
};
