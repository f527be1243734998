/* What the keys ask for: a search, a filter, days, a file. */
#include <curses.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app.h"
#include "copy.h"
#include "text.h"

/* --- search --- */

enum { SEARCHED_AT_ONCE = 16384 /* rows */ };

static void search_now(struct app *app)
{
    app->prompt.due = false;
    app->prompt.found = table_search(view_table(app_top(app)), 0, false);
    if (!app->prompt.found && !app->prompt.early)
        prompt_note(&app->prompt, true, "not here");
}

static void search_changed(struct app *app)
{
    struct table *table = view_table(app_top(app));
    snprintf(table->search, sizeof table->search, "%.*s", TABLE_SEARCH_MAX - 1, app->prompt.text);
    app->prompt.early = app_awaits_rows(app);
    app->prompt.due = table->search[0] != '\0';
    app->prompt.found = false;
    if (app->prompt.due && table->order.count <= SEARCHED_AT_ONCE)
        search_now(app);
}

static bool search_accept(struct app *app)
{
    struct view *view = app_top(app);
    bool tree = view_table(view)->order.whole != NULL; /* in which a branch may be shut */
    if (tree || !app->prompt.found)
        view_search(view, 0);
    return true;
}

static void search_cancelled(struct app *app)
{
    view_table(app_top(app))->search[0] = '\0';
}

static const struct prompt_type search_prompt = {
    .label = "/",
    .hint = "Enter stays there, n and N go on, Esc forgets it",
    .needs_rows = true,
    .changed = search_changed,
    .later = search_now,
    .accept = search_accept,
    .cancelled = search_cancelled,
};

/* --- filter --- */

/* Sets the filter from TEXT; -1 with a note when it is none. */
static int set_filter(struct app *app, const char *text)
{
    struct view *view = app_top(app);
    char error[FILTER_ERROR];
    if (table_filter(view_table(view), text, app->settings.config, error) != 0) {
        prompt_note(&app->prompt, true, "%s", error);
        return -1;
    }
    view_arrange(view, view->focus);
    return 0;
}

static void filter_changed(struct app *app)
{
    set_filter(app, app->prompt.text);
}

/* A filter by groups alone goes along to the lists of domains that are opened next, until
 * there is another one. */
static bool filter_accept(struct app *app)
{
    if (set_filter(app, app->prompt.text) != 0)
        return false;
    const struct view *view = app_top(app);
    const struct filter *filter = &view->tables[0].arrangement.filter;
    size_t groups = 0;
    for (size_t i = 0; i < filter->count; i++)
        groups += filter->terms[i].op == OP_IN_GROUP;
    if (view->focus == 0 && view_lists_domains(view) && (groups == 0 || groups == filter->count))
        snprintf(app->group, sizeof app->group, "%s",
                 groups > 0 ? view->tables[0].filter_text : "");
    return true;
}

static void filter_cancelled(struct app *app)
{
    set_filter(app, app->prompt.before);
}

/* The names of the columns, where nothing or not just one fits. */
static void filter_complete_here(struct app *app)
{
    const struct table_type *type = view_table(app_top(app))->arrangement.type;
    char before[PROMPT_MAX], rest[64];
    snprintf(before, sizeof before, "%.*s", (int)app->prompt.cursor, app->prompt.text);
    if (filter_complete(before, type->columns, type->column_count, app->settings.config, rest,
                        sizeof rest) > 0) {
        prompt_insert(&app->prompt, rest);
        return;
    }
    char names[PROMPT_NOTE] = "";
    size_t used = 0;
    for (size_t i = 0; i < type->column_count && used < sizeof names; i++)
        if (!column_is_picture(&type->columns[i]))
            used +=
                (size_t)snprintf(names + used, sizeof names - used, " %s", type->columns[i].name);
    prompt_note(&app->prompt, false, "columns:%s", names);
}

static const struct prompt_type filter_prompt = {
    .label = "filter:",
    .hint = "word  failed>0  mode:testing|dane  !type:certificate-*; Tab: columns",
    .changed = filter_changed,
    .accept = filter_accept,
    .cancelled = filter_cancelled,
    .complete = filter_complete_here,
};

/* --- days --- */

static bool range_accept(struct app *app)
{
    const char *why;
    struct day_range extent = {app->extent.first_day, app->extent.last_day};
    if (range_parse(app->prompt.text, today(), extent, &app->range, &why) != 0) {
        prompt_note(&app->prompt, true, "%s", why);
        return false;
    }
    app_range_changed(app);
    return true;
}

static const struct prompt_type range_prompt = {
    .label = "days:",
    .hint = "7d  30d  12w  6m  1y  all  yesterday  2026-03  2026-03-01..2026-04-15",
    .accept = range_accept,
};

/* --- files --- */

static void say_written(struct app *app, size_t rows, const char *path)
{
    const struct table *table = view_table(app_top(app));
    char written[32], kept[32];
    format_count((int64_t)rows, 20, written);
    format_count(table->cut.kept, 20, kept);
    if (table->cut.kept > 0)
        app_say(app, STYLE_WARN, "%s rows of the %s %s written, without the rest, to %s", written,
                table->arrangement.type->kept, kept, path);
    else
        app_say(app, STYLE_GOOD, "%s row%s written to %s", written, rows == 1 ? "" : "s", path);
}

static bool export_accept(struct app *app)
{
    char path[PROMPT_MAX], error[PROMPT_NOTE];
    size_t rows;
    if (app->prompt.text[0] == '\0') {
        prompt_note(&app->prompt, true, "a name is needed");
        return false;
    }
    if (config_expand(app->prompt.text, path, sizeof path) != 0) {
        prompt_note(&app->prompt, true, "the name is too long");
        return false;
    }
    if (!app->prompt.warned && access(path, F_OK) == 0) {
        prompt_note(&app->prompt, true, "it exists: Enter once more replaces it");
        app->prompt.warned = true;
        return false;
    }
    if (copy_to_file(app_top(app), path, &rows, error, sizeof error) != 0) {
        prompt_note(&app->prompt, true, "%s", error);
        return false;
    }
    say_written(app, rows, path);
    return true;
}

/* Adds what all names in the folder that begin like this have in common. */
static void export_complete(struct app *app)
{
    char folder[PROMPT_MAX], path[2 * PROMPT_MAX], common[256] = "";
    struct prompt *prompt = &app->prompt;
    if (prompt->cursor != prompt->length || config_expand(prompt->text, folder, sizeof folder) != 0)
        return;
    char *slash = strrchr(folder, '/');
    const char *start = slash != NULL ? slash + 1 : folder;
    char begin[PROMPT_MAX];
    snprintf(begin, sizeof begin, "%s", start);
    size_t length = strlen(begin);
    if (slash != NULL)
        slash[1] = '\0';
    DIR *entries = opendir(slash != NULL ? folder : ".");
    if (entries == NULL) {
        prompt_note(prompt, true, "%s: %s", folder, strerror(errno));
        return;
    }
    size_t found = 0;
    for (struct dirent *entry; (entry = readdir(entries)) != NULL;) {
        if (strncmp(entry->d_name, begin, length) != 0 || (length == 0 && entry->d_name[0] == '.'))
            continue;
        size_t same = 0;
        if (found++ == 0)
            snprintf(common, sizeof common, "%s", entry->d_name);
        while (common[same] != '\0' && common[same] == entry->d_name[same])
            same++;
        common[same] = '\0';
    }
    closedir(entries);
    if (found == 0) {
        prompt_note(prompt, false, "a new file");
        return;
    }
    prompt_insert(prompt, common + length);
    struct stat status;
    snprintf(path, sizeof path, "%s%s", slash != NULL ? folder : "", common);
    if (found == 1 && stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        prompt_insert(prompt, "/");
    else
        prompt_note(prompt, false, found == 1 ? "it exists" : "%zu names begin like this", found);
}

static const struct prompt_type export_prompt = {
    .label = "write to:",
    .hint = "a file; of rows .json writes JSON, any other name CSV; Tab completes",
    .needs_rows = true,
    .accept = export_accept,
    .complete = export_complete,
};

bool app_ask(struct app *app, enum action action)
{
    struct table *table = view_table(app_top(app));
    char text[RANGE_TEXT + 64];
    switch (action) {
    case ACT_SEARCH:
        prompt_open(&app->prompt, &search_prompt, "");
        return true;
    case ACT_FILTER:
        prompt_open(&app->prompt, &filter_prompt, table->filter_text);
        return true;
    case ACT_RANGE:
        prompt_open(&app->prompt, &range_prompt, "");
        return true;
    case ACT_EXPORT:
        snprintf(text, sizeof text, "%s.%s", app_top(app)->type->name,
                 table != NULL && table->arrangement.type->copied != NULL ? "txt" : "csv");
        for (char *at = text; *at != '\0'; at++)
            *at = *at == ' ' ? '-' : (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
        prompt_open(&app->prompt, &export_prompt, text);
        return true;
    default:
        return false;
    }
}
