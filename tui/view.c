#include "view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "beside.h"
#include "recall.h"
#include "text.h"

/* --- life --- */

bool view_lists_domains(const struct view *view)
{
    const struct table_type *type = view->type->panes[0].table;
    return view->scope.domain == ALL_DOMAINS && type != NULL && table_has_column(type, "domain");
}

struct view *view_new(struct app *app, const struct view_type *type, const struct scope *scope)
{
    char error[FILTER_ERROR];
    struct view *view = calloc(1, sizeof *view);
    if (view == NULL)
        return NULL;
    *view = (struct view){.type = type, .app = app, .cursor_day = -1, .stale = true};
    arena_init(&view->arena, 0);
    view->state = calloc(1, type->state_size + 1);
    if (view->state == NULL || !scope_copy(&view->arena, scope, &view->scope)) {
        view_free(view);
        return NULL;
    }
    for (int i = 0; i < type->pane_count; i++)
        if (type->panes[i].table != NULL) {
            table_init(&view->tables[i], type->panes[i].table);
            view->tables[i].context = view;
        }
    if (app->group[0] != '\0' && view_lists_domains(view))
        table_filter(&view->tables[0], app->group, app->settings.config, error);
    return view;
}

void view_free(struct view *view)
{
    if (view == NULL)
        return;
    if (view->type->close != NULL && view->state != NULL)
        view->type->close(view);
    for (int i = 0; i < view->type->pane_count; i++)
        table_free(&view->tables[i]);
    snapshot_release(view->snapshot);
    arena_free(&view->arena);
    free(view->state);
    free(view);
}

struct table *view_table(struct view *view)
{
    return view->type->panes[view->focus].table != NULL ? &view->tables[view->focus] : NULL;
}

void *view_figures(const struct view *view)
{
    return view->snapshot != NULL ? view->snapshot->figures : NULL;
}

/* --- reading --- */

struct load_job {
    struct job job;
    struct app *app;
    uint64_t serial;
    unsigned number; /* view->loads */
    const struct view_type *type;
    struct snapshot *snapshot;
    struct recall *recall;
    struct range range;
    struct extent extent; /* as known, then as read */
    int64_t extent_version;
    bool mark;
    bool rest;  /* of a partial snapshot */
    bool ahead; /* only for the recall */
    struct arrangement arrangements[PANES_MAX];
    unsigned wanted[PANES_MAX];
    struct order orders[PANES_MAX];
};

static enum db_status arrange_panes(struct load_job *load)
{
    for (int i = 0; i < load->type->pane_count; i++) {
        if (load->type->panes[i].table == NULL)
            continue;
        if (table_arrange(&load->arrangements[i], &load->snapshot->rows[i], &load->orders[i],
                          &load->job.cancelled) != 0)
            return DB_MEMORY;
    }
    return DB_OK;
}

/* Reads the extent again only when something was committed since. */
static enum db_status read_extent(struct load_job *load, struct db *db)
{
    int64_t version = db_data_version(db);
    if (version == load->extent_version)
        return DB_OK;
    load->extent_version = version;
    return query_extent(db, &load->extent);
}

/* A domain that was named by the command line. */
static enum db_status find_domain(struct db *db, struct scope *scope)
{
    int64_t domain;
    if (scope->domain >= 0)
        return DB_OK;
    enum db_status status = query_find_domain(db, scope->domain_name, &domain);
    if (status == DB_OK && domain != 0)
        scope->domain = domain;
    return status;
}

/* Reads into the snapshot, or takes one in its place that has been read before. */
static enum db_status read_snapshot(struct load_job *load, struct db *db)
{
    enum { SECONDS_PER_HOUR = 3600 };
    struct recall_state state = {load->job.opening, load->extent_version,
                                 instant_now() / SECONDS_PER_HOUR};
    bool lasts = !load->type->momentary && state.version >= 0;
    struct snapshot *known =
        lasts ? recall_find(load->recall, load->type, &load->snapshot->request, state) : NULL;
    if (known != NULL) {
        snapshot_release(load->snapshot);
        load->snapshot = known;
        return DB_OK;
    }
    enum db_status status = load->type->load(&load->snapshot->request, db, load->snapshot);
    if (status == DB_OK && lasts && !load->snapshot->partial && !load->snapshot->short_of_memory)
        recall_keep(load->recall, load->type, load->snapshot, state);
    return status;
}

static enum db_status run_load(struct job *job, struct db *db)
{
    struct load_job *load = (struct load_job *)job;
    struct request *request = &load->snapshot->request;
    enum db_status status = read_extent(load, db);
    if (status == DB_OK)
        status = find_domain(db, &request->scope);
    if (status != DB_OK)
        return status;
    request->extent = (struct day_range){load->extent.first_day, load->extent.last_day};
    request->range = request->scope.days.last == 0
                         ? range_days(&load->range, request->today, request->extent)
                         : request->scope.days;
    status = read_snapshot(load, db);
    if (status == DB_OK && !load->ahead)
        status = arrange_panes(load);
    if (load->snapshot->short_of_memory || status == DB_MEMORY) {
        snprintf(job->error, sizeof job->error, "out of memory");
        return DB_MEMORY;
    }
    return status;
}

static void find_sought(struct view *view)
{
    struct table *table = &view->tables[0];
    if (view->sought > 0 && table_find(table, (uint64_t)view->sought))
        table->moved = true;
    else if (view->snapshot->partial)
        return;
    view->sought = 0;
}

void view_seek_domain(struct view *view, int64_t domain)
{
    view->sought = domain;
    if (view->snapshot != NULL)
        find_sought(view);
}

static void arrange(struct view *view);

/* A domain that the command line named is known now, and gets the cursor of the list below. */
static void take_domain(struct view *view)
{
    struct view *list = view->app->stack[0];
    bool was_named = view->scope.domain < 0;
    view->scope.domain = view->snapshot->request.scope.domain;
    if (was_named && view->scope.domain > 0 && list != view)
        view_seek_domain(list, view->scope.domain);
}

/* Takes over what was read. */
static void show(struct view *view, struct load_job *load)
{
    struct snapshot *before = view->snapshot;
    view->snapshot = load->snapshot;
    load->snapshot = NULL;
    take_domain(view);
    for (int i = 0; i < view->type->pane_count; i++) {
        if (view->type->panes[i].table == NULL)
            continue;
        table_show(&view->tables[i], &view->snapshot->rows[i], load->orders[i], load->mark);
        load->orders[i].rows = NULL;
        view->tables[i].cut = view->snapshot->cut[i];
        view->tables[i].awaited = view->snapshot->partial && view->snapshot->rows[i].count == 0;
        view->arranged[i] = load->wanted[i];
    }
    snapshot_release(before);
    arrange(view);
    find_sought(view);
    if (view->type->loaded != NULL)
        view->type->loaded(view);
}

void view_forget(struct view *view)
{
    for (int i = 0; i < view->type->pane_count; i++)
        if (view->type->panes[i].table != NULL)
            table_show(&view->tables[i], &(struct rows){0}, (struct order){0}, false);
    snapshot_release(view->snapshot);
    view->snapshot = NULL;
    view->loading = view->completing = false;
    view->loads++; /* what is under way comes too late */
    view->stale = true;
}

static void free_load(struct load_job *load)
{
    for (int i = 0; i < PANES_MAX; i++)
        free(load->orders[i].rows);
    snapshot_release(load->snapshot);
    free(load);
}

static void post_load(struct view *view, bool mark, bool rest);

static void loaded(struct job *job)
{
    struct load_job *load = (struct load_job *)job;
    if (job->opened && app_notes_opening(load->app)) {
        free_load(load);
        return;
    }
    struct view *view = app_view(load->app, load->serial);
    if (view != NULL && load->number != view->loads)
        view = NULL; /* it is being read anew already */
    if (view != NULL)
        view->loading = view->completing = false;
    if (view != NULL && job->status == DB_STOPPED && load->rest && view == app_top(view->app)) {
        post_load(view, false, true); /* what is in sight goes first */
    } else if (view != NULL && job->status == DB_STOPPED) {
        view->stale = true;
    } else if (view != NULL) {
        view->status = job->status;
        snprintf(view->error, sizeof view->error, "%s", job->error);
        if (job->status == DB_OK) {
            view->completed = load->rest && load->extent_version == view->version;
            view->version = load->extent_version;
            if (load->app->data_version < 0)
                load->app->data_version = load->extent_version;
            load->app->extent = load->extent;
            load->app->extent_version = load->extent_version;
            show(view, load);
            if (view->snapshot->partial)
                post_load(view, false, true);
        }
        load->app->dirty = true;
    }
    free_load(load);
}

/* Is there a table on the screen whose rows are yet to come? */
static bool has_gap(const struct view *view)
{
    for (int i = 0; i < view->type->pane_count; i++)
        if (view->tables[i].awaited)
            return true;
    return false;
}

/* Is it a table whose first rows on the screen are those that are read first? */
static bool is_as_read(const struct table *table)
{
    const struct arrangement *arrangement = &table->arrangement;
    const struct column *columns = arrangement->type->columns;
    return arrangement->filter.count == 0 && !arrangement->failing &&
           arrangement->sort == arrangement->type->sort &&
           arrangement->descending == columns[arrangement->sort].large_first;
}

/* How many rows will do for now; 0, for all, where a part could not stand for the
 * whole: the cursor is on what would be missing, or other rows come first. */
static size_t first_rows(const struct view *view)
{
    const struct table *table = &view->tables[0];
    size_t rows = (size_t)terminal_rows() * 2;
    if (!view->type->in_parts || view->sought > 0 ||
        (view->type->panes[0].table != NULL && (!is_as_read(table) || table->cursor >= rows)))
        return 0;
    for (int i = 1; i < view->type->pane_count; i++)
        if (view->tables[i].moved)
            return 0;
    return rows;
}

static struct load_job *new_load(struct view *view, bool mark, bool rest)
{
    const struct view_type *type = view->type;
    struct load_job *load = calloc(1, sizeof *load);
    if (load == NULL)
        return NULL;
    load->snapshot = snapshot_new();
    if (load->snapshot == NULL ||
        !scope_copy(&load->snapshot->arena, &view->scope, &load->snapshot->request.scope)) {
        free_load(load);
        return NULL;
    }
    load->job.run = run_load;
    load->job.done = loaded;
    load->app = view->app;
    load->serial = view->serial;
    load->number = ++view->loads;
    load->type = type;
    load->recall = view->app->recall;
    load->range = view->app->range;
    load->extent = view->app->extent;
    load->extent_version = view->app->extent_version;
    load->mark = mark;
    load->rest = rest;
    load->job.unhurried = rest && !has_gap(view);
    struct request *request = &load->snapshot->request;
    request->today = today();
    request->columns = terminal_columns();
    request->rows = terminal_rows();
    request->first_rows = rest || mark ? 0 : first_rows(view);
    request->config = view->app->settings.config;
    request->cancelled = &load->job.cancelled;
    for (int i = 0; i < type->pane_count; i++) {
        load->arrangements[i] = view->tables[i].arrangement;
        load->wanted[i] = view->wanted[i];
    }
    return load;
}

static void post_load(struct view *view, bool mark, bool rest)
{
    struct load_job *load = new_load(view, mark, rest);
    if (load == NULL) {
        app_say(view->app, STYLE_BAD, "out of memory");
        view->stale = false;
        return;
    }
    view->loading = !rest;
    view->completing = rest;
    view->stale = false;
    if (view->type->make == NULL) {
        worker_post(view->app->worker, rest ? SLOT_COMPLETE : SLOT_LOAD, &load->job);
        return;
    }
    view->type->make(view, load->snapshot);
    load->job.status = arrange_panes(load);
    loaded(&load->job);
}

void view_load(struct view *view, bool mark)
{
    post_load(view, mark, false);
}

/* --- reading ahead --- */

static void forget_load(struct job *job)
{
    struct load_job *load = (struct load_job *)job;
    load->app->ahead.reading = false;
    if (job->opened)
        app_notes_opening(load->app);
    free_load(load);
}

void view_read_ahead(struct app *app, const struct view_type *type, const struct scope *scope,
                     struct range range)
{
    struct view *view = view_new(app, type, scope);
    struct load_job *load = view != NULL ? new_load(view, false, true) : NULL;
    view_free(view);
    if (load == NULL)
        return;
    load->range = range;
    load->ahead = true;
    load->job.done = forget_load;
    app->ahead.reading = true;
    worker_post(app->worker, SLOT_AHEAD, &load->job);
}

/* --- arranging --- */

struct arrange_job {
    struct job job;
    struct app *app;
    uint64_t serial;
    unsigned number; /* view->arranges */
    struct snapshot *snapshot;
    bool stale[PANES_MAX]; /* to be arranged */
    struct arrangement arrangements[PANES_MAX];
    unsigned wanted[PANES_MAX];
    struct order orders[PANES_MAX];
};

static enum db_status run_arrange(struct job *job, struct db *db)
{
    struct arrange_job *arrange = (struct arrange_job *)job;
    (void)db;
    for (int i = 0; i < PANES_MAX; i++) {
        if (arrange->stale[i] &&
            table_arrange(&arrange->arrangements[i], &arrange->snapshot->rows[i],
                          &arrange->orders[i], &job->cancelled) != 0)
            return DB_MEMORY;
    }
    return DB_OK;
}

static void arranged(struct job *job)
{
    struct arrange_job *done = (struct arrange_job *)job;
    struct view *view = app_view(done->app, done->serial);
    bool valid = view != NULL && view->snapshot == done->snapshot && job->status == DB_OK;
    for (int i = 0; i < PANES_MAX; i++) {
        if (valid && done->stale[i]) {
            table_show(&view->tables[i], &view->snapshot->rows[i], done->orders[i], false);
            done->orders[i].rows = NULL;
            view->arranged[i] = done->wanted[i];
            done->app->dirty = true;
        }
        free(done->orders[i].rows);
    }
    if (view != NULL && job->status == DB_STOPPED && done->number == view->arranges)
        view->overtaken = true;
    snapshot_release(done->snapshot);
    free(done);
}

/* Arranges the panes whose arrangement has changed. */
static void arrange(struct view *view)
{
    struct arrange_job *job = NULL;
    for (int i = 0; i < view->type->pane_count && view->snapshot != NULL; i++) {
        if (view->arranged[i] == view->wanted[i] || view->type->panes[i].table == NULL)
            continue;
        if (job == NULL)
            job = calloc(1, sizeof *job);
        if (job == NULL)
            break;
        job->stale[i] = true;
        job->arrangements[i] = view->tables[i].arrangement;
        job->wanted[i] = view->wanted[i];
    }
    if (job == NULL)
        return;
    job->job = (struct job){.run = run_arrange, .done = arranged, .needs_none = true};
    job->app = view->app;
    job->serial = view->serial;
    job->number = ++view->arranges;
    job->snapshot = snapshot_share(view->snapshot);
    worker_post(view->app->worker, SLOT_ARRANGE, &job->job);
}

void view_arrange(struct view *view, int pane)
{
    if (view->type->beside >> pane & 1) {
        beside_arrange(view, pane);
        return;
    }
    view->wanted[pane]++;
    arrange(view);
}

void view_arrange_again(struct view *view)
{
    if (!view->overtaken)
        return;
    view->overtaken = false;
    arrange(view);
}

/* --- drawing --- */

void view_draw(struct view *view, struct area area)
{
    for (int i = 0; i < view->type->pane_count; i++)
        view->tables[i].area.rows = 0; /* a pane that is not drawn now takes no click */
    view->drawn = view->snapshot != NULL;
    if (view->type->draw != NULL)
        view->type->draw(view, area);
    else
        table_draw(&view->tables[0], (struct area){area.y, 1, area.rows, area.columns - 1}, true);
}

struct area view_take_foot(struct area *area, int rows)
{
    enum { FOOT_ROOM = 18 }; /* a usual terminal has it for any foot */
    struct area foot = {area->y + area->rows - rows, area->x, rows, area->columns};
    if (area->rows < 3 * (rows + 1) && area->rows < FOOT_ROOM)
        return (struct area){0};
    area->rows -= rows + 1;
    put_glyphs(foot.y - 1, area->x, area->columns, STYLE_DIM, glyph(GLYPH_HORIZONTAL));
    return foot;
}

struct area view_take_foot_below(struct area *area, const struct table *table, int least, int most)
{
    int spare = area->rows - (int)table->order.count - 2; /* head, rule */
    return view_take_foot(area, spare < least ? least : spare < most ? spare : most);
}

void view_add_title(char title[static VIEW_TITLE], const char *text)
{
    enum { CELLS = 40 };
    char fitted[CELLS * TEXT_BYTES_PER_CELL + 16];
    size_t used = strlen(title);
    text_fit(text, CELLS, terminal_unicode(), glyph(GLYPH_ELLIPSIS), fitted);
    snprintf(title + used, VIEW_TITLE - used, "%s%s", used > 0 ? " " : "", fitted);
}

/* "10,000 of 26,124". */
static void count_rows(const struct table *table, char *text, size_t size)
{
    char shown[32], all[32];
    bool narrowed = table->order.count < table->rows.count;
    format_count((int64_t)table->order.count, 20, shown);
    format_count(table->cut.of, 20, all);
    if (!narrowed && table->cut.of > 0)
        snprintf(text, size, "%s of %s", shown, all);
    else if (!narrowed && table->cut.kept > 0)
        snprintf(text, size, "%s, the %s", shown, table->arrangement.type->kept);
    else
        snprintf(text, size, "%s", shown);
}

void view_draw_pane(struct view *view, int pane, struct area area)
{
    struct table *table = &view->tables[pane];
    bool focused = pane == view->focus;
    char title[160], rows[96];
    count_rows(table, rows, sizeof rows);
    snprintf(title, sizeof title, "%.60s (%s)", view->type->panes[pane].title,
             table->awaited ? glyph(GLYPH_ELLIPSIS) : rows);
    put_text(area.y, area.x, area.columns, focused ? STYLE_FOCUS : STYLE_HEAD, title);
    table_draw(table, (struct area){area.y + 1, area.x, area.rows - 1, area.columns}, focused);
}

void view_draw_beside(struct view *view, struct area area, int first, int count, int least)
{
    int fit = area.columns / least;
    fit = fit < 1 ? 1 : fit > count ? count : fit;
    int shown = first;
    if (view->focus >= first + fit && view->focus < first + count)
        shown = view->focus - fit + 1;
    int width = (area.columns - 2 * (fit - 1)) / fit;
    for (int i = 0; i < fit; i++) {
        int pane = shown + i, x = area.x + i * (width + 2);
        int columns = i == fit - 1 ? area.x + area.columns - x : width;
        view_draw_pane(view, pane, (struct area){area.y, x, area.rows, columns});
    }
}

int view_step(const struct view *view, const struct axis *axis)
{
    return view->cursor_day < 0 ? axis->start : axis_step_of(axis, view->cursor_day);
}

bool view_move_step(struct view *view, const struct axis *axis, enum action action)
{
    int step = view_step(view, axis);
    switch (action) {
    case ACT_EARLIER:
        step--;
        break;
    case ACT_LATER:
        step++;
        break;
    case ACT_FIRST:
        step = 0;
        break;
    case ACT_LAST:
        step = axis->count - 1;
        break;
    default:
        return false;
    }
    step = step < 0 ? 0 : step >= axis->count ? axis->count - 1 : step;
    view->cursor_day = axis_step(axis, step).first;
    return true;
}

/* --- acting --- */

static void allow(struct action_set *set, enum action first, enum action last)
{
    for (int action = (int)first; action <= (int)last; action++)
        set->has[action] = true;
}

bool view_has_range(const struct view *view)
{
    return !view->type->timeless && view->scope.days.last == 0;
}

struct action_set view_actions(const struct view *view)
{
    const struct view_type *type = view->type;
    const struct table_type *table = type->panes[view->focus].table;
    struct action_set set = {0};
    allow(&set, ACT_DOMAINS, ACT_ADVICE);
    set.has[ACT_REFRESH] = set.has[ACT_HELP] = set.has[ACT_QUIT] = set.has[ACT_BACK] = true;
    set.has[ACT_IMPORT] = true;
    if (view_has_range(view))
        allow(&set, ACT_RANGE, ACT_RANGE_NARROWER);
    if (type->pane_count > 1)
        set.has[ACT_NEXT_PANE] = set.has[ACT_PREVIOUS_PANE] = true;
    if (table != NULL) {
        allow(&set, ACT_UP, ACT_LAST);
        allow(&set, ACT_SEARCH, ACT_SEARCH_PREVIOUS);
        set.has[ACT_COPY] = set.has[ACT_EXPORT] = true;
        set.has[ACT_FILTER] = set.has[ACT_SORT] = set.has[ACT_REVERSE] = set.has[ACT_COPY_ROW] =
            !table->no_head;
        set.has[ACT_FAILING] = table_has_column(table, "failed");
    } else {
        set.has[ACT_EARLIER] = set.has[ACT_LATER] = set.has[ACT_FIRST] = set.has[ACT_LAST] = true;
    }
    for (int i = 0; i < VIEW_ACTIONS_MAX && type->actions[i] != ACT_NONE; i++)
        set.has[type->actions[i]] = true;
    return set;
}

void view_search(struct view *view, int step)
{
    struct table *table = view_table(view);
    if (table_search(table, step, true))
        return;
    char kept[32];
    format_count(table->cut.kept, 20, kept);
    if (table->search[0] != '\0' && table->cut.kept > 0)
        app_say(view->app, STYLE_WARN, "\"%s\" is not among the %s %s", table->search,
                table->arrangement.type->kept, kept);
    else if (table->search[0] != '\0')
        app_say(view->app, STYLE_WARN, "\"%s\" is not here", table->search);
    else if (step != 0)
        app_say(view->app, STYLE_DIM, "Nothing is searched: / begins");
}

static bool act_on_table(struct view *view, struct table *table, enum action action)
{
    if (table_move(table, action))
        return true;
    switch (action) {
    case ACT_SORT:
        table_sort_next(table);
        break;
    case ACT_REVERSE:
        if (table->arrangement.sort < 0)
            return true;
        table_sort_by(table, table->arrangement.sort);
        break;
    case ACT_FAILING:
        table->arrangement.failing = !table->arrangement.failing;
        break;
    case ACT_SEARCH_NEXT:
    case ACT_SEARCH_PREVIOUS:
        view_search(view, action == ACT_SEARCH_NEXT ? 1 : -1);
        return true;
    default:
        return false;
    }
    view_arrange(view, view->focus);
    return true;
}

bool view_act(struct view *view, enum action action)
{
    struct table *table = view_table(view);
    int panes = view->type->pane_count;
    if (view->type->act != NULL && view->type->act(view, action))
        return true;
    if (action == ACT_NEXT_PANE || action == ACT_PREVIOUS_PANE) {
        view->focus = (view->focus + (action == ACT_NEXT_PANE ? 1 : panes - 1)) % panes;
        return true;
    }
    return table != NULL && act_on_table(view, table, action);
}
