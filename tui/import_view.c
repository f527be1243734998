/* The import that was started here: how far it is, and what it says. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "app.h"
#include "lines.h"
#include "text.h"

enum { BY_SIGNAL = 128 };

/* --- how it ended --- */

/* "12 new reports". */
static void describe_reports(int64_t count, char text[static 64])
{
    char number[32] = "no";
    if (count > 0)
        format_count(count, 20, number);
    snprintf(text, 64, "%s new report%s", number, count == 1 ? "" : "s");
}

/* Why it failed: as it says itself at its end, or else before. */
static void describe_failure(const struct import_run *run, char text[static MESSAGE_MAX])
{
    size_t dropped, count = import_run_sentences(run, &dropped);
    const char *why = import_run_progress(run)->message;
    if (why[0] == '\0' && count > 0)
        why = import_run_sentence(run, count - 1);
    if (why[0] != '\0')
        snprintf(text, MESSAGE_MAX, "The import failed: %s", why);
    else
        snprintf(text, MESSAGE_MAX, "The import failed with exit status %d",
                 import_run_status(run));
}

/* A sentence on the end, and the style it deserves. */
static int describe_end(const struct import_run *run, char text[static MESSAGE_MAX])
{
    const int64_t *outcomes = import_run_progress(run)->outcomes;
    int status = import_run_status(run);
    char reports[64], damaged[32], conflict[32];
    describe_reports(outcomes[OUTCOME_IMPORTED], reports);
    if (status == EX_OK) {
        snprintf(text, MESSAGE_MAX, "The import is done: %s", reports);
        return STYLE_GOOD;
    }
    if (status == EXIT_FAILURE) {
        format_count(outcomes[OUTCOME_DAMAGED], 20, damaged);
        format_count(outcomes[OUTCOME_CONFLICT], 20, conflict);
        snprintf(text, MESSAGE_MAX, "The import is done: %s, %s damaged, %s in conflict (see 9)",
                 reports, damaged, conflict);
        return STYLE_WARN;
    }
    if (import_run_was_stopped(run)) {
        snprintf(text, MESSAGE_MAX, "The import was stopped; the next one goes on from there");
        return STYLE_WARN;
    }
    if (status > BY_SIGNAL)
        snprintf(text, MESSAGE_MAX, "The import was killed (%s); the next one goes on from there",
                 strsignal(status - BY_SIGNAL));
    else
        describe_failure(run, text);
    return STYLE_BAD;
}

/* --- starting and following it --- */

bool import_runs(const struct app *app)
{
    return app->import != NULL && import_run_state(app->import) != IMPORT_ENDED;
}

bool import_start(struct app *app)
{
    const struct app_settings *settings = &app->settings;
    if (import_runs(app))
        return true;
    struct import_run *run = import_run_start(settings->db_path, settings->config_file);
    if (run == NULL) {
        app_say(app, STYLE_BAD, "tlsrptop-import cannot be run: %s", strerror(errno));
        return false;
    }
    import_run_free(app->import);
    app->import = run;
    return true;
}

void import_collect(struct app *app)
{
    char text[MESSAGE_MAX];
    if (!import_run_read(app->import))
        return;
    app->dirty = true;
    for (int i = 0; i < app->depth; i++)
        if (app->stack[i]->type == &view_import)
            app->stack[i]->stale = true;
    if (!import_runs(app) && app_top(app)->type != &view_import) {
        int style = describe_end(app->import, text);
        app_say(app, style, "%s", text);
    }
}

void import_brief(const struct app *app, char text[static MESSAGE_MAX])
{
    const struct import_run *run = app->import;
    const struct import_progress *progress = import_run_progress(run);
    char done[32];
    format_count(progress->done, 12, done);
    if (import_run_state(run) == IMPORT_STOPPING)
        snprintf(text, MESSAGE_MAX, "stopping the import");
    else if (progress->total > 0)
        snprintf(text, MESSAGE_MAX, "importing %d%%, %s messages",
                 (int)(progress->done * 100 / progress->total), done);
    else
        snprintf(text, MESSAGE_MAX, "importing, %s messages", done);
}

/* --- the screen --- */

static void make_import(struct view *view, struct snapshot *snapshot)
{
    size_t dropped;
    const struct import_run *run = view->app->import;
    size_t count = run != NULL ? import_run_sentences(run, &dropped) : 0;
    if (count > 0 && dropped > 0)
        line_format(snapshot, 0, STYLE_DIM, "(%zu earlier ones are not kept)", dropped);
    for (size_t n = 0; n < count; n++)
        line_wrap(snapshot, 0, STYLE_NORMAL, terminal_columns() - 3, 0, "",
                  import_run_sentence(run, n));
}

/* The newest stays in sight until somebody looks for an older one. */
static void loaded(struct view *view)
{
    struct table *table = &view->tables[0];
    if (!table->moved && table->order.count > 0)
        table->cursor = table->order.count - 1;
}

static void draw_state(const struct import_run *run, int y, int columns)
{
    const struct import_progress *progress = import_run_progress(run);
    char text[MESSAGE_MAX];
    int x = 1;
    switch (import_run_state(run)) {
    case IMPORT_RUNNING:
        x += put_text(y, x, columns, STYLE_NORMAL, "Importing ");
        x += put_text(y, x, columns - x, STYLE_STRONG, progress->account) + 1;
        put_text(y, x, columns - x, STYLE_STRONG, progress->mailbox);
        return;
    case IMPORT_STOPPING:
        put_text(y, 1, columns, STYLE_WARN,
                 "Stopping behind this batch; c once more stops at once.");
        return;
    case IMPORT_ENDED: {
        int style = describe_end(run, text);
        put_text(y, 1, columns, style, text);
        return;
    }
    }
}

static void show_left(double seconds, char text[static 32])
{
    if (seconds < 90)
        snprintf(text, 32, "%.0f s", seconds);
    else if (seconds < 90 * 60)
        snprintf(text, 32, "%.0f min", seconds / 60);
    else
        snprintf(text, 32, "%.1f h", seconds / 3600);
}

/* "5,200 of 10,000 messages, 1,234 a second, 4 s left". */
static void draw_rate(const struct import_run *run, int y, int columns)
{
    const struct import_progress *progress = import_run_progress(run);
    char done[32], total[32], rate[32], time[32];
    double seconds = import_run_seconds(run);
    double per_second = seconds > 0.1 ? (double)progress->done / seconds : 0;
    int x = 1;
    format_count(progress->done, 20, done);
    format_count(progress->total, 20, total);
    format_count((int64_t)(per_second + 0.5), 20, rate);
    x += put_format(y, x, columns, STYLE_NORMAL, "%s", done);
    if (progress->total > 0)
        x += put_format(y, x, columns - x, STYLE_NORMAL, " of %s", total);
    x += put_text(y, x, columns - x, STYLE_NORMAL, " messages");
    if (per_second >= 0.5)
        x += put_format(y, x, columns - x, STYLE_NORMAL, ", %s a second", rate);
    if (import_run_state(run) == IMPORT_ENDED) {
        show_left(seconds, time);
        put_format(y, x, columns - x, STYLE_NORMAL, ", in %s", time);
    } else if (progress->total > progress->done && per_second > 0) {
        show_left((double)(progress->total - progress->done) / per_second, time);
        put_format(y, x, columns - x, STYLE_NORMAL, ", %s left", time);
    }
}

static void draw_outcomes(const struct import_run *run, int y, int columns)
{
    static const struct {
        enum outcome outcome;
        const char *name;
        int style; /* where there are some */
    } shown[] = {
        {OUTCOME_IMPORTED, "imported", STYLE_GOOD},
        {OUTCOME_DAMAGED, "damaged", STYLE_BAD},
        {OUTCOME_CONFLICT, "in conflict", STYLE_WARN},
        {OUTCOME_DUPLICATE, "known", STYLE_NORMAL},
        {OUTCOME_NOT_A_REPORT, "no reports", STYLE_NORMAL},
    };
    int x = 1;
    for (size_t i = 0; i < sizeof shown / sizeof *shown; i++) {
        int64_t count = import_run_progress(run)->outcomes[shown[i].outcome];
        char text[32];
        format_count(count, 12, text);
        x += put_format(y, x, columns - x, count > 0 ? shown[i].style : STYLE_DIM, "%s %s", text,
                        shown[i].name);
        x += 3;
    }
}

static void draw_import(struct view *view, struct area area)
{
    const struct import_run *run = view->app->import;
    int columns = area.columns - 2;
    if (run == NULL)
        return;
    const struct import_progress *progress = import_run_progress(run);
    draw_state(run, area.y, columns);
    if (progress->total > 0)
        chart_bar(area.y + 1, 1, columns, STYLE_CHART, progress->done, progress->total);
    draw_rate(run, area.y + 2, columns);
    draw_outcomes(run, area.y + 3, columns);
    put_text(area.y + 5, 1, columns, STYLE_FOCUS, "What it says");
    table_draw(&view->tables[0], (struct area){area.y + 6, 1, area.rows - 6, columns}, true);
}

static bool act(struct view *view, enum action action)
{
    if (action != ACT_STOP)
        return false;
    if (!import_runs(view->app))
        app_say(view->app, STYLE_NORMAL, "It has ended; i starts another one.");
    else
        import_run_stop(view->app->import);
    return true;
}

const struct view_type view_import = {
    .name = "Import",
    .help = "tlsrptop-import at work on all accounts of the configuration. It goes on while you "
            "look at other screens; i comes back here.",
    .panes = {{"What it says", &lines_type}},
    .pane_count = 1,
    .actions = {ACT_STOP},
    .timeless = true,
    .of_no_domain = true,
    .fitted = true,
    .make = make_import,
    .loaded = loaded,
    .draw = draw_import,
    .act = act,
};
