/* What stands around every screen: the breadcrumb on top, messages and keys at
 * the bottom, and what to do when there is nothing to show. */
#include <curses.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "text.h"

enum { BREADCRUMB = 2048 };

/* --- the bar on top --- */

/* Adds MORE to the breadcrumb, as far as there is room; returns its length. */
static size_t append(char text[static BREADCRUMB], size_t length, const char *more)
{
    size_t room = BREADCRUMB - 1 - length, added = strlen(more);
    added = added < room ? added : room;
    memcpy(text + length, more, added);
    text[length + added] = '\0';
    return length + added;
}

/* "Domains > example.com > Senders": a domain is named where it changes. */
static void breadcrumb(const struct app *app, char text[static BREADCRUMB])
{
    char part[VALUE_TEXT_MAX], between[16];
    size_t length = 0;
    int64_t domain = ALL_DOMAINS;
    snprintf(between, sizeof between, " %s ", glyph(GLYPH_ENTER));
    for (int i = 0; i < app->depth; i++) {
        const struct view *view = app->stack[i];
        if (view->scope.domain != domain && view->scope.domain_name[0] != '\0') {
            value_show(VALUE_DOMAIN, value_text(view->scope.domain_name), VALUE_TEXT_MAX, part);
            length = append(text, length, between);
            length = append(text, length, part);
        }
        domain = view->scope.domain;
        snprintf(part, VIEW_TITLE, "%s", view->type->name);
        if (view->type->title != NULL)
            view->type->title(view, part);
        if (part[0] != '\0' && i > 0)
            length = append(text, length, between);
        length = append(text, length, part);
    }
}

static void draw_top(const struct app *app)
{
    const struct view *top = app_top(app);
    char text[BREADCRUMB] = "", days[RANGE_TEXT] = "";
    int columns = terminal_columns();
    breadcrumb(app, text);
    struct range range = app->range;
    if (top->scope.days.last != 0)
        range = (struct range){.dates = top->scope.days};
    if (!top->type->timeless)
        range_format(&range, days);
    int right = (int)strlen(days) + 2;
    put_text(0, 0, 1, STYLE_TITLE, "");
    /* of a long way the end matters */
    const char *shown = text_end(text, columns - right - 3, terminal_unicode());
    if (shown != text)
        put_text(0, 0, 1, STYLE_TITLE, glyph(GLYPH_ELLIPSIS));
    put_text(0, 1, columns - 1 - right, STYLE_TITLE, shown);
    put_format(0, columns - right, right, STYLE_TITLE, "%s ", days);
    if (top->loading)
        put_text(0, columns - right - 2, 1, STYLE_TITLE, glyph(GLYPH_ELLIPSIS));
}

/* --- the two lines at the bottom --- */

/* On the right, of an import that goes on behind another screen; returns the
 * columns that are left. */
static int draw_import(const struct app *app, int y, int columns)
{
    char text[MESSAGE_MAX];
    if (app_top(app)->type == &view_import || !import_runs(app))
        return columns;
    import_brief(app, text);
    int length = text_columns(text, terminal_unicode());
    put_text(y, columns - length - 1, length, STYLE_CHART, text);
    return columns - length - 2;
}

/* "10,000, the newest of 26,124", "the newest 10,000" where it is not known of how many; just
 * ROWS when they are all there are. */
static void say_rows(const struct table *table, const char *rows, char *text, size_t size)
{
    const char *kept = table->arrangement.type->kept;
    char all[32];
    format_count(table->cut.of, 20, all);
    if (table->cut.kept == 0)
        snprintf(text, size, "%s", rows);
    else if (table->cut.of == 0)
        snprintf(text, size, "the %s %s", kept, rows);
    else
        snprintf(text, size, "%s, the %s of %s", rows, kept, all);
}

/* Where the cursor is among how many rows; returns the column behind it. */
static int draw_rows(const struct view *top, const struct table *table, int y, int columns)
{
    char at[32], counted[32], all[32], text[128];
    int x = 1;
    size_t pinned = table->arrangement.type->pinned && table->rows.count > 0;
    size_t count = table->order.count - pinned, rows = table->rows.count - pinned;
    bool partial = top->snapshot->partial && top->focus == 0;
    if (partial)
        count = rows = top->snapshot->expected;
    format_count((int64_t)count, 20, counted);
    bool unknown = count == 0 && (partial || table->awaited), whole = count == rows;
    if (unknown)
        snprintf(counted, sizeof counted, "%s", glyph(GLYPH_ELLIPSIS));
    format_count((int64_t)rows, 20, all);
    say_rows(table, whole ? counted : all, text, sizeof text);
    format_count(count == 0 ? 0 : (int64_t)(table->cursor + 1 - pinned), 20, at);
    const char *row = table->arrangement.type->no_head ? "line" : "row";
    if (count == 0 && !unknown)
        x += put_format(y, x, columns - x, STYLE_DIM, "no %ss", row);
    else if (pinned && table->cursor == 0)
        x += put_format(y, x, columns - x, STYLE_DIM, count == 1 ? "%s %s" : "all %s %ss", counted,
                        row);
    else
        x += put_format(y, x, columns - x, STYLE_DIM, "%s %s of %s", row, at,
                        whole ? text : counted);
    if (!whole)
        x += put_format(y, x, columns - x, STYLE_DIM,
                        table->cut.kept > 0 ? " (of %s)" : " (%s in all)", text);
    return x;
}

static void draw_position(const struct app *app, int y)
{
    struct view *top = app_top(app);
    const struct table *table = view_table(top);
    int columns = terminal_columns();
    put_text(y, 0, columns, STYLE_DIM, "");
    if (app->message[0] != '\0') {
        put_text(y, 1, columns - 1, app->message_style, app->message);
        return;
    }
    columns = draw_import(app, y, columns);
    if (top->status != DB_OK && top->snapshot != NULL) {
        put_text(y, 1, columns - 1, STYLE_BAD, top->error);
        return;
    }
    if (table == NULL || top->snapshot == NULL)
        return;
    int x = draw_rows(top, table, y, columns);
    if (table->arrangement.failing)
        x += put_text(y, x + 2, columns - x - 2, STYLE_WARN, "failing only") + 2;
    if (table->filter_text[0] != '\0') {
        x += put_text(y, x + 2, columns - x - 2, STYLE_WARN, "filter: ") + 2;
        x += put_text(y, x, columns - x, STYLE_WARN, table->filter_text);
    }
    if (table->search[0] != '\0') {
        x += put_text(y, x + 2, columns - x - 2, STYLE_DIM, "search: ") + 2;
        put_text(y, x, columns - x, STYLE_DIM, table->search);
    }
}

/* The keys that have a hint, as far as there is room; "? help" and "q quit"
 * always have it. */
static void draw_keys(const struct app *app, int y)
{
    struct action_set allowed = view_actions(app_top(app));
    int columns = terminal_columns(), x = 1;
    static const char last[] = "? help  q quit";
    int room = columns - (int)sizeof last - 1;
    put_text(y, 0, columns, STYLE_DIM, "");
    allowed.has[ACT_BACK] = allowed.has[ACT_BACK] && app->depth > 1;
    allowed.has[ACT_ADVICE] = allowed.has[ACT_ADVICE] && app_top(app)->type != &view_advice;
    allowed.has[ACT_STOP] = allowed.has[ACT_STOP] && import_runs(app);
    for (size_t i = 0; i < binding_count; i++) {
        const struct binding *binding = &bindings[i];
        bool ends = binding->action == ACT_HELP || binding->action == ACT_QUIT;
        if (binding->hint == NULL || !allowed.has[binding->action])
            continue;
        int key = (int)strcspn(binding->shown, " ");
        int length = key + 1 + (int)strlen(binding->hint);
        if (!ends && x + length > room)
            continue;
        put_format(y, x, key, STYLE_KEY, "%.*s", key, binding->shown);
        put_text(y, x + key + 1, columns - x - key - 1, STYLE_DIM, binding->hint);
        x += length + 2;
    }
}

/* --- where there is nothing to show --- */

static const char no_database[] =
    "Nothing has been imported yet.\n"
    "\n"
    "Import report mails from a mailbox, or from files:\n"
    "\n"
    "    i here, or tlsrptop-import        every [imap ...] account of the config\n"
    "    tlsrptop-import ~/Mail/tlsrpt     a folder, mbox, .eml, .json.gz, .zip\n"
    "\n"
    "An account is a few lines in ~/.config/tlsrptop/config (man tlsrptop-config):\n"
    "\n"
    "    [imap work]\n"
    "    host = imap.example.com\n"
    "    user = tlsrpt@example.com\n"
    "    password-command = pass show mail/tlsrpt\n"
    "\n"
    "This screen shows the reports as soon as there are some.";

static const char database_gone[] =
    "\n"
    "It was there before. This screen shows the reports as soon as it is back.";

static const char no_reports[] =
    "The database holds no reports yet.\n"
    "\n"
    "Senders report to an address that you publish in DNS (RFC 8460 section 3):\n"
    "\n"
    "    _smtp._tls.example.com. IN TXT\n"
    "        \"v=TLSRPTv1; rua=mailto:tlsrpt@example.com\"\n"
    "\n"
    "Large mail providers send a report a day, the first within two days. Then "
    "import the mailbox: i does it here, tlsrptop-import from a timer.\n"
    "\n"
    "If mails were imported but held no reports, 9 shows why.";

/* The first line is what it is about. */
static void draw_text(struct area area, int style, const char *text)
{
    put_paragraphs(area, style, text);
    put_style(area.y, area.x, area.columns, STYLE_STRONG);
}

/* What there is to say in place of the screen; false when there is a screen. */
static bool draw_welcome(const struct app *app, struct area area)
{
    const struct view *top = app_top(app);
    struct area text = {area.y + 1, 2, area.rows - 1, area.columns - 4};
    if (top->type->make != NULL)
        return false;
    if (top->snapshot == NULL && top->status == DB_OK) {
        put_text(text.y, text.x, text.columns, STYLE_DIM, "reading");
        return true;
    }
    if (top->status == DB_MISSING && top->snapshot == NULL && app->openings == 0) {
        put_format(area.y + area.rows - 1, 2, text.columns, STYLE_DIM, "%.200s", top->error);
        text.rows--;
        draw_text(text, STYLE_NORMAL, no_database);
        return true;
    }
    if (top->snapshot == NULL) {
        take_lines(&text, STYLE_BAD, top->error);
        if (top->status == DB_MISSING)
            put_paragraphs(text, STYLE_NORMAL, database_gone);
        return true;
    }
    bool empty = app->extent_version >= 0 && app->extent.totals.reports == 0 &&
                 app->extent.domains == 0 && app->extent.foreign_domains == 0;
    if (empty && !top->type->without_reports)
        draw_text(text, STYLE_NORMAL, no_reports);
    return empty && !top->type->without_reports;
}

/* Where it cannot be hidden, and for those who have the screen read to them, the
 * terminal's cursor stands on the row that has the keys. */
static void park_cursor(struct view *top)
{
    const struct table *table = view_table(top);
    int y = terminal_rows() - 1, x = 0;
    if (table != NULL && table->area.rows > 0) {
        y = table->area.y + !table->arrangement.type->no_head + (int)(table->cursor - table->top);
        x = table->area.x;
    }
    move(y, x);
}

void frame_draw(struct app *app)
{
    int rows = terminal_rows(), columns = terminal_columns();
    erase();
    if (rows < SCREEN_ROWS_MIN || columns < SCREEN_COLUMNS_MIN) {
        put_format(0, 0, columns, STYLE_STRONG, "tlsrptop needs %d columns and %d lines,",
                   SCREEN_COLUMNS_MIN, SCREEN_ROWS_MIN);
        put_format(1, 0, columns, STYLE_NORMAL, "and here are %d and %d.", columns, rows);
        refresh();
        return;
    }
    struct area body = {1, 0, rows - 3, columns};
    draw_top(app);
    if (!draw_welcome(app, body))
        view_draw(app_top(app), body);
    if (app->prompt.type != NULL) {
        prompt_draw(&app->prompt, rows - 2);
    } else {
        draw_position(app, rows - 2);
        draw_keys(app, rows - 1);
        park_cursor(app_top(app));
    }
    refresh();
}
