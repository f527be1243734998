#include "app.h"

#include <curses.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "copy.h"
#include "key_reader.h"
#include "recall.h"
#include "text.h"

enum {
    WATCH_MILLISECONDS = 1000, /* between two looks for new reports */
    SETTLE_MILLISECONDS = 8,   /* so long a frame waits for what a key has asked for */
    FIRST_MILLISECONDS = 40,   /* and the very first one */
    WHEEL_ROWS = 3,
    DOUBLE_CLICK_MILLISECONDS = 400,
    MOUSE_EVENTS = 8,  /* as many as ncurses keeps */
    AHEAD_ROWS = 8192, /* of more, not all that a key may ask for has room in memory */
    OWN_FDS = 3,       /* that the loop waits for, besides those of an import */
};

/* The screens that have a key of their own. */
static const struct {
    enum action action;
    const struct view_type *type;
} screens[] = {
    {ACT_DOMAINS, &view_domains},
    {ACT_DOMAIN, &view_domain},
    {ACT_SENDERS, &view_senders},
    {ACT_FAILURES, &view_failures},
    {ACT_MX, &view_mx},
    {ACT_POLICIES, &view_policies},
    {ACT_REPORTS, &view_reports},
    {ACT_TIMELINE, &view_timeline},
    {ACT_INCIDENTS, &view_incidents},
    {ACT_IMPORTS, &view_imports},
    {ACT_ADVICE, &view_advice},
};

static int64_t milliseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- the stack --- */

struct view *app_top(const struct app *app)
{
    return app->stack[app->depth - 1];
}

struct view *app_view(const struct app *app, uint64_t serial)
{
    for (int i = 0; i < app->depth; i++)
        if (app->stack[i]->serial == serial)
            return app->stack[i];
    return NULL;
}

void app_say(struct app *app, int style, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(app->message, sizeof app->message, format, args);
    va_end(args);
    app->message_style = style;
    app->dirty = true;
}

/* Puts VIEW, which it takes over, on top; NULL: there was no memory for it. */
static void push(struct app *app, struct view *view)
{
    if (view == NULL) {
        app_say(app, STYLE_BAD, "out of memory");
        return;
    }
    if (app->depth == STACK_MAX) { /* the first one stays, as the way back */
        view_free(app->stack[1]);
        memmove(&app->stack[1], &app->stack[2], (STACK_MAX - 2) * sizeof *app->stack);
        app->depth--;
    }
    view->serial = ++app->serial;
    app->stack[app->depth++] = view;
    app->dirty = true;
}

void app_open(struct app *app, const struct view_type *type, const struct scope *scope)
{
    push(app, view_new(app, type, scope));
}

void app_back(struct app *app)
{
    if (app->depth == 1)
        return;
    view_free(app->stack[--app->depth]);
    app->dirty = true;
}

bool app_notes_opening(struct app *app)
{
    bool replaced = app->openings++ > 0;
    if (!replaced || app->depth == 0) /* it is being left */
        return replaced;
    prompt_cancel(app, &app->prompt); /* what it asks for is no more */
    app->held.count = 0;
    while (app->depth > 1)
        app_back(app);
    struct view *first = app->stack[0];
    view_forget(first);
    if (first->scope.domain_name[0] != '\0')
        first->scope.domain = -1; /* to be found by its name */
    app->data_version = app->extent_version = -1;
    app_say(app, STYLE_WARN, "Another database has taken the place of the one that was read.");
    return true;
}

static void back_to(struct app *app, int depth)
{
    while (app->depth > depth)
        app_back(app);
}

static bool shows(const struct view *view, const struct view_type *type, const struct scope *scope)
{
    return view->type == type && scope_is_about_same(&view->scope, scope);
}

/* How many screens there are up to the list of domains, mine or FOREIGN. */
static int lists_depth(const struct app *app, bool foreign)
{
    int depth = app->depth;
    while (depth > 1 && (app->stack[depth - 1]->type != &view_domains ||
                         app->stack[depth - 1]->scope.foreign != foreign))
        depth--;
    return depth;
}

/* How many screens stay below one of TYPE about SCOPE.  It takes the place of
 * those beside it, and of what was opened from them: of the screens about the same
 * domain all but the first, if that is the one of the domain itself. */
static int depth_below(const struct app *app, const struct view_type *type,
                       const struct scope *scope)
{
    int least = lists_depth(app, scope->foreign), depth = app->depth;
    bool of_all = type->of_no_domain || scope->domain == ALL_DOMAINS;
    while (depth > least && (of_all || app->stack[depth - 1]->scope.domain == scope->domain))
        depth--;
    if (depth < app->depth && !type->of_no_domain && type != &view_domain &&
        app->stack[depth]->type == &view_domain)
        depth++;
    return depth;
}

bool app_refuses(struct app *app, const struct scope *scope)
{
    bool refused = scope->foreign && scope->domain == ALL_DOMAINS;
    if (refused)
        app_say(app, STYLE_WARN, "Of foreign domains there are no sums: choose one of them.");
    return refused;
}

/* The domain, or all of them, that the cursor of VIEW is on. */
static struct scope under_cursor(const struct view *view)
{
    struct scope on = view->scope;
    if (view->type->target != NULL)
        view->type->target(view, &on);
    return (struct scope){
        .domain = on.domain, .domain_name = on.domain_name, .foreign = on.foreign};
}

/* What a screen of *TYPE is about that is opened from what is ON; at *TYPE the one for all
 * domains, where that is another. */
static struct scope scope_for(const struct view_type **type, const struct scope *on)
{
    if (on->domain == ALL_DOMAINS && (*type)->of_all != NULL)
        *type = (*type)->of_all;
    bool foreign = on->foreign && !(*type)->of_mine;
    return (*type)->of_no_domain ? (struct scope){.domain_name = "", .foreign = foreign} : *on;
}

/* Goes to the screen of TYPE about what the cursor is on, whose row gets the cursor
 * in a list of all domains. */
static void go_to(struct app *app, const struct view_type *type)
{
    while (app_top(app)->type == &view_help || app_top(app)->type == &view_import)
        app_back(app);
    struct view *top = app_top(app);
    struct scope on = under_cursor(top), scope = scope_for(&type, &on);
    if (!type->of_no_domain && type != &view_domains && app_refuses(app, &scope))
        return;
    int below = depth_below(app, type, &scope);
    if (type == &view_domains) {
        back_to(app, top->type == &view_domains ? 1 : lists_depth(app, on.foreign));
    } else if (below < app->depth && shows(app->stack[below], type, &scope)) {
        back_to(app, below + 1);
    } else {
        struct view *view = view_new(app, type, &scope); /* while the texts are there */
        back_to(app, below);
        push(app, view);
    }
    if (type == &view_domains || type == &view_timeline)
        view_seek_domain(app_top(app), on.domain);
}

/* The screen of the import that was started here. */
static void show_import(struct app *app)
{
    for (int i = app->depth - 1; i > 0; i--) {
        if (app->stack[i]->type == &view_import) {
            back_to(app, i + 1);
            return;
        }
    }
    app_open(app, &view_import, &(struct scope){.domain_name = ""});
}

/* --- days --- */

void app_range_changed(struct app *app)
{
    for (int i = 0; i < app->depth; i++)
        if (view_has_range(app->stack[i]))
            app->stack[i]->stale = true;
    app->dirty = true;
}

/* The range of all screens after ACTION, one of those that change it. */
static struct range range_after(const struct app *app, enum action action)
{
    struct range range = app->range;
    struct day_range extent = {app->extent.first_day, app->extent.last_day};
    int step = action == ACT_RANGE_LATER || action == ACT_RANGE_WIDER ? 1 : -1;
    if (action == ACT_RANGE_EARLIER || action == ACT_RANGE_LATER)
        range_step(&range, step, today(), extent);
    else
        range_widen(&range, step, today(), extent);
    return range;
}

/* Why ACTION leaves the range as it is. */
static const char *why_no_other_days(const struct app *app, enum action action)
{
    if (action == ACT_RANGE_NARROWER)
        return "There is no shorter step: t chooses any days.";
    if (app->range.days < 0)
        return "These are all days: - and t choose some of them.";
    return action == ACT_RANGE_LATER ? "These are the last days: [ leads back."
                                     : "There are no earlier days.";
}

static bool change_range(struct app *app, enum action action)
{
    if (action < ACT_RANGE_EARLIER || action > ACT_RANGE_NARROWER)
        return false;
    struct range range = range_after(app, action);
    if (memcmp(&range, &app->range, sizeof range) == 0) {
        app_say(app, STYLE_NORMAL, "%s", why_no_other_days(app, action));
        return true;
    }
    app->range = range;
    app_range_changed(app);
    return true;
}

/* --- actions --- */

/* Back to the screen before; on the first one to all its rows. */
static void back(struct app *app)
{
    struct table *table = view_table(app_top(app));
    if (app->depth > 1) {
        app_back(app);
    } else if (table != NULL &&
               (table->arrangement.filter.count > 0 || table->arrangement.failing)) {
        table->arrangement.filter.count = 0;
        table->arrangement.failing = false;
        table->filter_text[0] = app->group[0] = '\0';
        view_arrange(app_top(app), app_top(app)->focus);
    } else {
        app_say(app, STYLE_NORMAL, "This is the first screen; q leaves.");
    }
}

/* An import ends with the dashboard: not without a word. */
static void leave(struct app *app)
{
    app->quit = !import_runs(app) || app->quit_asked;
    app->quit_asked = true;
    if (!app->quit)
        app_say(app, STYLE_WARN, "An import is running: q once more stops it and leaves.");
}

static void act(struct app *app, enum action action)
{
    struct view *top = app_top(app);
    app->dirty = true;
    if (view_act(top, action) || change_range(app, action) || app_ask(app, action))
        return;
    for (size_t i = 0; i < sizeof screens / sizeof *screens; i++) {
        if (screens[i].action == action) {
            go_to(app, screens[i].type);
            return;
        }
    }
    switch (action) {
    case ACT_BACK:
        back(app);
        break;
    case ACT_QUIT:
        leave(app);
        break;
    case ACT_IMPORT:
        if (import_start(app))
            show_import(app);
        break;
    case ACT_REFRESH:
        top->stale = true;
        clearok(curscr, TRUE);
        break;
    case ACT_HELP:
        app_open(app, &view_help, &(struct scope){.domain_name = ""});
        break;
    case ACT_COPY:
    case ACT_COPY_ROW:
        copy_from(top, action == ACT_COPY_ROW);
        break;
    default:
        break;
    }
}

/* --- keys and mouse --- */

static void resized(struct app *app)
{
    for (int i = 0; i < app->depth; i++)
        if (app->stack[i]->type->fitted)
            app->stack[i]->stale = true;
    app->dirty = true;
    clearok(curscr, TRUE);
}

static void click(struct app *app, const MEVENT *event)
{
    static int64_t last_time;
    static int last_y = -1, last_pane = -1;
    struct view *top = app_top(app);
    int column;
    for (int pane = 0; pane < top->type->pane_count; pane++) {
        if (top->type->panes[pane].table == NULL)
            continue;
        int what = table_click(&top->tables[pane], event->y, event->x, &column);
        if (what == 0)
            continue;
        top->focus = pane;
        if (what == 'h') {
            table_sort_by(&top->tables[pane], column);
            view_arrange(top, pane);
            return;
        }
        int64_t now = milliseconds();
        bool twice =
            event->y == last_y && pane == last_pane && now - last_time < DOUBLE_CLICK_MILLISECONDS;
        last_time = twice ? 0 : now;
        last_y = event->y;
        last_pane = pane;
        if (twice)
            act(app, ACT_OPEN);
        return;
    }
}

/* What is done with other buttons, and releases, means nothing here. */
static const mmask_t presses = BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED;

static void take_event(struct app *app, const MEVENT *event)
{
    enum action wheel = event->bstate & BUTTON4_PRESSED   ? ACT_UP
                        : event->bstate & BUTTON5_PRESSED ? ACT_DOWN
                                                          : ACT_NONE;
    if (event->bstate & BUTTON1_PRESSED)
        click(app, event);
    for (int i = 0; wheel != ACT_NONE && i < WHEEL_ROWS; i++)
        view_act(app_top(app), wheel);
}

/* What comes fast comes at once, the newest first.  A prompt takes no clicks. */
static void mouse(struct app *app)
{
    MEVENT events[MOUSE_EVENTS];
    int count = 0;
    while (count < MOUSE_EVENTS && getmouse(&events[count]) == OK)
        count += (events[count].bstate & presses) != 0;
    if (count == 0 || app->prompt.type != NULL)
        return;
    app->message[0] = '\0';
    app->dirty = true;
    while (count > 0)
        take_event(app, &events[--count]);
}

/* Is ACTION about rows? */
static bool is_about_rows(const struct view *view, enum action action)
{
    return (action >= ACT_UP && action <= ACT_SHUT) || action == ACT_SEARCH_NEXT ||
           action == ACT_SEARCH_PREVIOUS || action == ACT_RAW || action == ACT_COPY ||
           action == ACT_COPY_ROW ||
           (view->scope.domain == ALL_DOMAINS &&
            ((action >= ACT_DOMAIN && action <= ACT_REPORTS) || action == ACT_ADVICE));
}

/* Is ACTION about rows of VIEW that are being read while others are shown? */
static bool wants_all(struct view *view, enum action action)
{
    const struct table *table = view_table(view);
    if (table == NULL || table->awaited || view->focus > 0)
        return table != NULL && table->awaited && is_about_rows(view, action);
    return action == ACT_LAST || action == ACT_SEARCH_NEXT || action == ACT_SEARCH_PREVIOUS ||
           action == ACT_COPY || (action == ACT_DOWN && table->cursor + 1 >= table->order.count) ||
           (action == ACT_PAGE_DOWN &&
            table->cursor + 2 * (size_t)table->area.rows > table->order.count);
}

/* Are keys held for the screen on top? */
static bool has_held(const struct app *app)
{
    return app->held.count > 0 && app->held.view == app_top(app)->serial;
}

/* Is ACTION for rows that have yet to come? */
static bool awaits_rows(const struct app *app, enum action action)
{
    struct view *view = app_top(app);
    if (view->snapshot == NULL)
        return (view->loading || view->stale) &&
               (is_about_rows(view, action) || (has_held(app) && app->held.leads));
    bool partial = view->completing || (view->snapshot->partial && (view->loading || view->stale));
    return partial && (has_held(app) || wants_all(view, action));
}

bool app_awaits_rows(const struct app *app)
{
    const struct view *view = app_top(app);
    return view->loading || view->stale || view->completing;
}

/* Keeps KEY, which only MOVES or leads on, behind those that are kept already. */
static void hold(struct app *app, wint_t key, bool moves)
{
    static const char answer[] = "The rows are being read; what you type is kept for them.";
    if (!has_held(app)) {
        app->held.count = 0;
        app->held.leads = false;
    }
    app->held.view = app_top(app)->serial;
    app->held.leads = app->held.leads || !moves;
    if (app->prompt.type != NULL)
        prompt_note(&app->prompt, false, "%s", answer);
    else
        app_say(app, STYLE_DIM, "%s", answer);
    if (app->held.count < HELD_MAX)
        app->held.keys[app->held.count++] = key;
}

/* Takes KEY for the prompt; what is accepted before all rows are there waits for
 * them, and so does what follows. */
static void take_prompt_key(struct app *app, wint_t key)
{
    if (prompt_is_cancelled(key))
        app->held.count = 0;
    else if (app->prompt.type->needs_rows && app_awaits_rows(app) &&
             (has_held(app) || prompt_is_accepted(key))) {
        hold(app, key, false);
        return;
    }
    prompt_key(app, &app->prompt, key);
}

static void take_key(struct app *app, wint_t key)
{
    if (key == (KEY_MOUSE | KEY_FLAG)) {
        mouse(app);
        return;
    }
    app->message[0] = '\0';
    app->dirty = true;
    if (key == (KEY_RESIZE | KEY_FLAG)) {
        resized(app);
        return;
    }
    if (app->prompt.type != NULL) {
        take_prompt_key(app, key);
        return;
    }
    struct view *top = app_top(app);
    if (top->snapshot != NULL && !top->drawn)
        frame_draw(app); /* a page is as long as it is drawn */
    struct action_set allowed = view_actions(top);
    enum action action = key_action(key, &allowed);
    app->quit_asked = app->quit_asked && action == ACT_QUIT;
    if (awaits_rows(app, action))
        hold(app, key, action >= ACT_UP && action <= ACT_LATER);
    else if (action != ACT_NONE)
        act(app, action);
    else if ((key & KEY_FLAG) == 0 && key > ' ')
        app_say(app, STYLE_DIM, "%lc does nothing here; %s? shows the keys.", key,
                view_table(top) == NULL && allowed.has[ACT_NEXT_PANE] ? "Tab goes to the lists, "
                                                                      : "");
}

static void load_if_stale(struct app *app)
{
    struct view *top = app_top(app);
    if (top->stale)
        view_load(top, false);
    view_arrange_again(top);
}

static void be_patient(struct app *app, int patience)
{
    app->patient_until = milliseconds() + patience;
}

/* Waits for what is being read as long as a key's frame may, so that most keys need
 * one. */
static void settle(struct app *app)
{
    load_if_stale(app);
    while (worker_busy(app->worker, SLOT_DECORATE)) {
        int64_t left = app->patient_until - milliseconds();
        struct pollfd poll_fd = {.fd = worker_fd(app->worker), .events = POLLIN};
        if (left <= 0 || poll(&poll_fd, 1, (int)left) <= 0)
            break;
        worker_collect(app->worker);
        load_if_stale(app);
    }
    worker_collect(app->worker);
}

/* Have the rows come that keys were held for? */
static bool may_take_held(const struct app *app)
{
    return has_held(app) &&
           !(app->prompt.type != NULL ? app_awaits_rows(app) : awaits_rows(app, ACT_OPEN));
}

/* Takes the keys that were held for rows which have come. */
static void take_held(struct app *app)
{
    struct prompt *prompt = &app->prompt;
    if (prompt->type != NULL && prompt->early && !app_awaits_rows(app))
        prompt->type->changed(app);
    while (!app->quit && may_take_held(app)) {
        wint_t key = app->held.keys[0];
        memmove(app->held.keys, app->held.keys + 1, --app->held.count * sizeof key);
        take_key(app, key);
        app->held.view = app_top(app)->serial;
        settle(app);
    }
}

/* Takes the keys that are there. */
static void take_keys(struct app *app)
{
    for (;;) {
        wint_t key;
        take_held(app);
        if (app->quit || !key_read(&key))
            return;
        take_key(app, key);
        app->ahead.steps = 0;
        if (app->quit)
            return;
        be_patient(app, SETTLE_MILLISECONDS);
        settle(app);
    }
}

/* --- new reports --- */

struct watch_job {
    struct job job;
    struct app *app;
    int64_t version;
};

static enum db_status run_watch(struct job *job, struct db *db)
{
    ((struct watch_job *)job)->version = db_data_version(db);
    return DB_OK;
}

static void watched(struct job *job)
{
    struct watch_job *watch = (struct watch_job *)job;
    struct app *app = watch->app;
    app->watching = false;
    bool replaced = job->opened && app_notes_opening(app);
    bool of_use = !replaced && app->depth > 0;
    if (of_use && job->status == DB_OK) {
        int64_t before = app->data_version;
        bool news = before >= 0 && watch->version != before;
        app->data_version = watch->version;
        for (int i = 0; i < app->depth && news; i++)
            app->stack[i]->stale = true;
        struct view *top = app_top(app);
        if ((news || top->status != DB_OK) && !top->loading)
            view_load(top, true);
    } else if (of_use && job->status != DB_STOPPED && app_top(app)->status != job->status) {
        app_top(app)->stale = true; /* reading it tells what is wrong */
    }
    free(watch);
}

static void watch(struct app *app)
{
    struct watch_job *job = app->watching ? NULL : calloc(1, sizeof *job);
    if (job == NULL)
        return;
    *job = (struct watch_job){.job = {.run = run_watch, .done = watched}, .app = app};
    app->watching = true;
    worker_post(app->worker, SLOT_WATCH, &job->job);
}

/* --- reading ahead --- */

static bool shows_many(const struct view *view)
{
    size_t rows = 0;
    for (int i = 0; i < view->type->pane_count; i++)
        rows += view->snapshot->rows[i].count;
    return rows > AHEAD_ROWS;
}

/* Reads what the top screen would show after ACTION, which changes the range. */
static void read_range_ahead(struct app *app, const struct view *top, enum action action)
{
    struct range range = range_after(app, action);
    bool likely = action == ACT_RANGE_WIDER || action == ACT_RANGE_NARROWER || !shows_many(top);
    if (view_has_range(top) && likely && memcmp(&range, &app->range, sizeof range) != 0)
        view_read_ahead(app, top->type, &top->scope, range);
}

/* Reads the screen of TYPE about what the cursor is on, if it is another one. */
static void read_screen_ahead(struct app *app, const struct view *top, const struct view_type *type)
{
    struct scope on = under_cursor(top), scope = scope_for(&type, &on);
    bool refused = !type->of_no_domain && scope.foreign && scope.domain == ALL_DOMAINS;
    if (!type->momentary && type != &view_domains && !refused && !shows(top, type, &scope))
        view_read_ahead(app, type, &scope, app->range);
}

/* While nobody waits for anything: what the next key may ask for, one after the other. */
static void read_ahead(struct app *app)
{
    static const enum action ranges[] = {ACT_RANGE_WIDER, ACT_RANGE_NARROWER, ACT_RANGE_EARLIER,
                                         ACT_RANGE_LATER};
    enum { RANGES = sizeof ranges / sizeof *ranges, SCREENS = sizeof screens / sizeof *screens };
    const struct view *top = app_top(app);
    if (app_awaits_rows(app) || top->snapshot == NULL || top->status != DB_OK ||
        top->type == &view_help || top->type == &view_import)
        return;
    while (!app->ahead.reading && app->ahead.steps < 1 + RANGES + SCREENS) {
        int step = app->ahead.steps++;
        if (step == 0)
            read_screen_ahead(app, top, &view_domain);
        else if (step <= RANGES)
            read_range_ahead(app, top, ranges[step - 1]);
        else
            read_screen_ahead(app, top, screens[step - 1 - RANGES].type);
    }
}

/* --- the loop --- */

/* Does what the prompt has put off, unless a key is waiting that may change it. */
static void catch_up(struct app *app)
{
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (app->prompt.type == NULL || !app->prompt.due || poll(&input, 1, 0) > 0)
        return;
    app->prompt.type->later(app);
    frame_draw(app);
}

static int loop(struct app *app)
{
    int64_t watched_at = milliseconds();
    be_patient(app, FIRST_MILLISECONDS);
    while (!app->quit) {
        settle(app);
        take_held(app);
        if (app->dirty)
            frame_draw(app);
        app->dirty = false;
        catch_up(app);
        read_ahead(app);
        struct pollfd fds[OWN_FDS + IMPORT_FDS] = {
            {.fd = STDIN_FILENO, .events = POLLIN},
            {.fd = terminal_signal_fd(), .events = POLLIN},
            {.fd = worker_fd(app->worker), .events = POLLIN}};
        nfds_t count = OWN_FDS + import_run_fds(app->import, fds + OWN_FDS);
        int64_t left = watched_at + WATCH_MILLISECONDS - milliseconds();
        poll(fds, count, left > 0 ? (int)left : 0);
        if (terminal_signal() != 0)
            return terminal_signal();
        worker_collect(app->worker);
        import_collect(app);
        take_keys(app);
        if (fds[0].revents & (POLLHUP | POLLERR | POLLNVAL))
            break; /* the terminal is gone */
        if (milliseconds() - watched_at >= WATCH_MILLISECONDS) {
            watch(app);
            watched_at = milliseconds();
        }
    }
    return 0;
}

static void open_first(struct app *app)
{
    struct scope all = {.domain_name = ""};
    app_open(app, &view_domains, &all);
    if (app->depth > 0 && app->settings.domain != NULL)
        app_open(app, &view_domain,
                 &(struct scope){.domain = -1, .domain_name = app->settings.domain});
}

int app_run(const struct app_settings *settings, const char **why)
{
    struct app *app = calloc(1, sizeof *app);
    int result = -1;
    *why = "out of memory";
    if (app == NULL)
        return -1;
    app->settings = *settings;
    app->range = settings->range;
    snprintf(app->group, sizeof app->group, "%s", settings->group != NULL ? settings->group : "");
    app->data_version = app->extent_version = -1;
    app->extent.last_day = -1;
    app->recall = recall_new();
    app->worker = app->recall != NULL ? worker_new(settings->db_path) : NULL;
    if (app->worker != NULL)
        open_first(app);
    if (app->depth > 0)
        result = loop(app);
    while (app->depth > 0) /* before the worker: what it was asked for is wanted no more */
        view_free(app->stack[--app->depth]);
    worker_free(app->worker);
    recall_free(app->recall);
    import_run_free(app->import);
    free(app);
    return result;
}
