/* How reports came in: runs of the importer, what went wrong, how far mailboxes
 * have been read, and the journal of everything; and the rows of one run. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "reports.h"
#include "text.h"

enum { PANE_RUNS, PANE_TROUBLE, PANE_MAILBOXES, PANE_JOURNAL, PANES };
enum { ROWS_MAX = 5000 /* of the journal, the newest: as many as are read in a moment */ };

/* What the row under the cursor tells in full, in the last lines of AREA;
 * returns what is left of it. */
static struct area draw_detail(struct area area, int style, const char *text, const char *below)
{
    enum { TEXT_LINES = 2, LINES = TEXT_LINES + 2 };
    if (area.rows < 3 * LINES)
        return area;
    int y = area.y + area.rows - LINES;
    put_glyphs(y++, area.x, area.columns, STYLE_DIM, glyph(GLYPH_HORIZONTAL));
    for (int i = 0; i < TEXT_LINES; i++) {
        char line[VALUE_TEXT_MAX];
        const char *start = text;
        size_t length = text_line(start, area.columns, &text);
        snprintf(line, sizeof line, "%.*s", (int)length, start);
        put_text(y++, area.x, area.columns, style, line);
    }
    put_text(y, area.x, area.columns, STYLE_DIM, below);
    return (struct area){area.y, area.x, area.rows - LINES, area.columns};
}

/* --- runs --- */

struct run {
    int64_t id;
    int64_t started;
    int64_t ended;
    bool running;
    const char *what;
    const char *message;
    int64_t messages;
    int64_t outcomes[OUTCOME_END];
};

#define RUN ((const struct run *)row)

static bool was_killed(const struct run *run)
{
    return run->ended == 0 && !run->running;
}

static bool has_trouble(const struct run *run)
{
    return run->outcomes[OUTCOME_DAMAGED] > 0 || run->outcomes[OUTCOME_CONFLICT] > 0;
}

static struct value run_started(const void *row)
{
    return value_number(RUN->started);
}
static struct value run_what(const void *row)
{
    return value_text(RUN->what);
}
static struct value run_end(const void *row)
{
    if (RUN->running)
        return value_text("at work");
    if (was_killed(RUN))
        return value_text("killed; the next run goes on from there");
    if (RUN->message[0] != '\0')
        return value_text(RUN->message);
    return value_text(has_trouble(RUN) ? "with trouble" : "well");
}
static struct value run_messages(const void *row)
{
    return value_number(RUN->messages);
}
static struct value run_imported(const void *row)
{
    return value_number(RUN->outcomes[OUTCOME_IMPORTED]);
}
static struct value run_damaged(const void *row)
{
    return value_number(RUN->outcomes[OUTCOME_DAMAGED]);
}
static struct value run_conflicts(const void *row)
{
    return value_number(RUN->outcomes[OUTCOME_CONFLICT]);
}
static struct value run_duplicates(const void *row)
{
    return value_number(RUN->outcomes[OUTCOME_DUPLICATE]);
}
static struct value run_not_reports(const void *row)
{
    return value_number(RUN->outcomes[OUTCOME_NOT_A_REPORT]);
}

static int run_style(const void *row)
{
    bool idle = !RUN->running && RUN->messages == 0;
    return idle ? STYLE_DIM : STYLE_NORMAL;
}
static int end_style(const void *row)
{
    if (RUN->running)
        return STYLE_GOOD;
    if (was_killed(RUN) || RUN->message[0] != '\0')
        return STYLE_BAD;
    return has_trouble(RUN) ? STYLE_WARN : STYLE_DIM;
}
static int damaged_style(const void *row)
{
    return RUN->outcomes[OUTCOME_DAMAGED] > 0 ? STYLE_BAD : STYLE_DIM;
}
static int conflicts_style(const void *row)
{
    return RUN->outcomes[OUTCOME_CONFLICT] > 0 ? STYLE_WARN : STYLE_DIM;
}
static int rest_style(const void *row)
{
    (void)row;
    return STYLE_DIM;
}

static uint64_t run_id(const void *row)
{
    return (uint64_t)RUN->id;
}
static uint64_t run_stamp(const void *row)
{
    return (uint64_t)RUN->messages << 20 ^ (uint64_t)RUN->ended ^ RUN->running;
}

static const struct column run_columns[] = {
    {"started", "Started", VALUE_TIME, 16, 16, 0, true, run_started, run_style, NULL},
    {"what", "What", VALUE_TEXT, 12, 40, 0, false, run_what, run_style, NULL},
    {"ended", "Ended", VALUE_TEXT, 12, 50, 0, false, run_end, end_style, NULL},
    {"messages", "Messages", VALUE_COUNT, 8, 10, 3, true, run_messages, run_style, NULL},
    {"imported", "Imported", VALUE_COUNT, 8, 10, 0, true, run_imported, run_style, NULL},
    {"damaged", "Damaged", VALUE_COUNT, 7, 9, 0, true, run_damaged, damaged_style, NULL},
    {"conflicts", "Conflict", VALUE_COUNT, 8, 9, 1, true, run_conflicts, conflicts_style, NULL},
    {"duplicates", "Known", VALUE_COUNT, 6, 9, 2, true, run_duplicates, rest_style, NULL},
    {"not_reports", "No report", VALUE_COUNT, 9, 9, 4, true, run_not_reports, rest_style, NULL},
};

static const struct table_type runs_table = {
    .title = "Runs",
    .columns = run_columns,
    .column_count = sizeof run_columns / sizeof *run_columns,
    .id = run_id,
    .stamp = run_stamp,
    .sort = -1,
    .nothing = "Nothing has been imported yet. i imports the accounts of the configuration; "
               "tlsrptop-import FOLDER imports mails from a folder.",
};

static struct area draw_run_detail(const struct table *table, struct area area)
{
    const struct run *run = table_current(table);
    char below[VALUE_TEXT_MAX] = "", trouble[128], damaged[32], conflict[32];
    if (run == NULL)
        return area;
    format_count(run->outcomes[OUTCOME_DAMAGED], 20, damaged);
    format_count(run->outcomes[OUTCOME_CONFLICT], 20, conflict);
    snprintf(trouble, sizeof trouble, "%s damaged, %s in conflict: Tab shows why.", damaged,
             conflict);
    bool well_but =
        !run->running && !was_killed(run) && run->message[0] == '\0' && has_trouble(run);
    if (run->ended >= run->started)
        snprintf(below, sizeof below, "%.4000s, in %" PRId64 " s", run->what,
                 run->ended - run->started);
    return draw_detail(area, end_style(run), well_but ? trouble : run_end(run).text,
                       below[0] != '\0' ? below : run->what);
}

static int add_run(void *context, const struct run_row *row)
{
    struct snapshot *snapshot = context;
    struct run *run = snapshot_add(snapshot, PANE_RUNS, sizeof *run);
    if (run == NULL)
        return -1;
    *run = (struct run){
        .id = row->id,
        .started = row->started,
        .ended = row->ended,
        .running = row->running,
        .what = snapshot_text(snapshot, row->what),
        .message = snapshot_text(snapshot, row->message),
        .messages = row->messages,
    };
    memcpy(run->outcomes, row->outcomes, sizeof run->outcomes);
    return snapshot_stopped(snapshot);
}

/* --- rows of the journal --- */

struct entry {
    int64_t id;
    int64_t time;
    const char *source;
    enum outcome outcome;
    const char *reason;
    const char *organization;
    const char *report_id;
    int64_t report;
};

#define ENTRY ((const struct entry *)row)

static struct value entry_time(const void *row)
{
    return value_number(ENTRY->time);
}
static struct value entry_outcome(const void *row)
{
    return value_text(outcome_name(ENTRY->outcome));
}
static struct value entry_source(const void *row)
{
    return value_text(ENTRY->source);
}
static struct value entry_reason(const void *row)
{
    return value_text(ENTRY->reason);
}
static struct value entry_organization(const void *row)
{
    return value_text(ENTRY->organization);
}
static struct value entry_report_id(const void *row)
{
    return value_text(ENTRY->report_id);
}

/* Where there is no room: of a path the name of the file, of a message in a
 * mailbox the end, which has its UID. */
static void paint_source(const void *row, const struct cell *cell)
{
    const char *source = ENTRY->source;
    const char *shown = text_end(source, cell->columns, terminal_unicode());
    int style = STYLE_NORMAL | cell->style, cut = shown != source;
    if (cut && source[0] == '/')
        shown = strrchr(source, '/') + 1;
    else if (cut)
        shown = text_end(shown, cell->columns - 1, terminal_unicode());
    put_text(cell->y, cell->x + cut, cell->columns - cut, style, shown);
    if (cut)
        put_glyphs(cell->y, cell->x, 1, style, glyph(GLYPH_ELLIPSIS));
}

static int outcome_style(const void *row)
{
    switch (ENTRY->outcome) {
    case OUTCOME_DAMAGED:
        return STYLE_BAD;
    case OUTCOME_CONFLICT:
        return STYLE_WARN;
    case OUTCOME_IMPORTED:
        return STYLE_GOOD;
    default:
        return STYLE_DIM;
    }
}

static uint64_t entry_id(const void *row)
{
    return (uint64_t)ENTRY->id;
}

#define TIME_COLUMN                                                                                \
    {                                                                                              \
        "time", "Time", VALUE_TIME, 16, 16, 0, true, entry_time, NULL, NULL                        \
    }
#define OUTCOME_COLUMN(most)                                                                       \
    {                                                                                              \
        "outcome", "Outcome", VALUE_TEXT, 8, most, 0, false, entry_outcome, outcome_style, NULL    \
    }

static const struct column trouble_columns[] = {
    TIME_COLUMN,
    OUTCOME_COLUMN(8),
    {"reason", "Reason", VALUE_TEXT, 24, 80, 0, false, entry_reason, NULL, NULL},
    {"source", "Source", VALUE_TEXT, 16, 60, 1, false, entry_source, NULL, paint_source},
    {"organization", "Reporter", VALUE_TEXT, 12, 24, 2, false, entry_organization, NULL, NULL},
    {"report_id", "Report", VALUE_TEXT, 12, 40, 3, false, entry_report_id, NULL, NULL},
};

static const struct table_type trouble_table = {
    .title = "Trouble",
    .columns = trouble_columns,
    .column_count = sizeof trouble_columns / sizeof *trouble_columns,
    .id = entry_id,
    .sort = -1,
    .nothing = "Nothing was damaged, and nothing in conflict.",
};

static const struct column journal_columns[] = {
    TIME_COLUMN,
    OUTCOME_COLUMN(12),
    {"organization", "Reporter", VALUE_TEXT, 12, 24, 0, false, entry_organization, NULL, NULL},
    {"source", "Source", VALUE_TEXT, 16, 60, 0, false, entry_source, NULL, paint_source},
    {"report_id", "Report", VALUE_TEXT, 14, 44, 1, false, entry_report_id, NULL, NULL},
    {"reason", "Reason", VALUE_TEXT, 16, 60, 2, false, entry_reason, NULL, NULL},
};

static const struct table_type journal_table = {
    .title = "Journal",
    .columns = journal_columns,
    .column_count = sizeof journal_columns / sizeof *journal_columns,
    .id = entry_id,
    .sort = -1,
    .nothing = "Nothing is in the journal.",
};

struct entries {
    struct snapshot *snapshot;
    int pane;
};

static int add_entry(void *context, const struct journal_row *row)
{
    struct entries *entries = context;
    struct snapshot *snapshot = entries->snapshot;
    struct entry *entry = snapshot_add(snapshot, entries->pane, sizeof *entry);
    if (entry == NULL)
        return -1;
    *entry = (struct entry){
        .id = row->id,
        .time = row->time,
        .source = snapshot_text(snapshot, row->source),
        .outcome = row->outcome,
        .reason = snapshot_text(snapshot, row->reason),
        .organization = snapshot_text(snapshot, row->organization),
        .report_id = snapshot_text(snapshot, row->report_id),
        .report = row->report,
    };
    return snapshot_stopped(snapshot);
}

/* The newest rows of RUN (0: of all) with one of OUTCOMES (0: any). */
static enum db_status load_entries(struct db *db, struct snapshot *snapshot, int pane, int64_t run,
                                   unsigned outcomes)
{
    struct entries entries = {snapshot, pane};
    struct journal_filter filter = {
        .run = run,
        .outcomes = outcomes,
        .range = {0, snapshot->request.today + RANGE_DAYS_MAX},
        .limit = ROWS_MAX,
    };
    return query_journal(db, &filter, add_entry, &entries);
}

static struct area draw_entry(const struct table *table, struct area area)
{
    const struct entry *entry = table_current(table);
    if (entry == NULL)
        return area;
    const char *text = entry->reason[0] != '\0' ? entry->reason : outcome_name(entry->outcome);
    return draw_detail(area, outcome_style(entry), text, entry->source);
}

static void open_entry(struct view *view, const struct table *table)
{
    const struct entry *entry = table_current(table);
    if (entry == NULL)
        return;
    if (entry->report == 0)
        app_say(view->app, STYLE_NORMAL, "It brought no report%s.",
                entry->outcome == OUTCOME_DAMAGED
                    ? "; tlsrptop-import --retry-damaged tries it again"
                    : "");
    open_report(view, entry->report);
}

/* --- mailboxes --- */

struct mailbox {
    const char *account;
    const char *server;
    const char *name;
    int64_t uidvalidity;
    int64_t last_uid;
    int64_t last_time;
};

#define MAILBOX ((const struct mailbox *)row)

static struct value mailbox_account(const void *row)
{
    return value_text(MAILBOX->account);
}
static struct value mailbox_server(const void *row)
{
    return value_text(MAILBOX->server);
}
static struct value mailbox_name(const void *row)
{
    return value_text(MAILBOX->name);
}
static struct value mailbox_uidvalidity(const void *row)
{
    return value_number(MAILBOX->uidvalidity);
}
static struct value mailbox_last_uid(const void *row)
{
    return value_number(MAILBOX->last_uid);
}
static struct value mailbox_last_time(const void *row)
{
    return value_number(MAILBOX->last_time);
}

/* Numbers that name something: without commas. */
static void paint_uidvalidity(const void *row, const struct cell *cell)
{
    char number[32];
    snprintf(number, sizeof number, "%" PRId64, MAILBOX->uidvalidity);
    put_right(cell->y, cell->x, cell->columns, STYLE_DIM | cell->style, number);
}
static void paint_last_uid(const void *row, const struct cell *cell)
{
    char number[32];
    snprintf(number, sizeof number, "%" PRId64, MAILBOX->last_uid);
    put_right(cell->y, cell->x, cell->columns, STYLE_NORMAL | cell->style, number);
}

static uint64_t mailbox_id(const void *row)
{
    uint64_t hash = hash_text((uint64_t)MAILBOX->uidvalidity, MAILBOX->account);
    return hash_text(hash_text(hash, MAILBOX->server), MAILBOX->name);
}
static uint64_t mailbox_stamp(const void *row)
{
    return (uint64_t)MAILBOX->last_uid;
}

static const struct column mailbox_columns[] = {
    {"account", "Account", VALUE_TEXT, 10, 24, 0, false, mailbox_account, NULL, NULL},
    {"server", "Server", VALUE_TEXT, 14, 40, 2, false, mailbox_server, NULL, NULL},
    {"mailbox", "Mailbox", VALUE_TEXT, 14, 40, 0, false, mailbox_name, NULL, NULL},
    {"uidvalidity", "UIDVALIDITY", VALUE_COUNT, 11, 12, 1, true, mailbox_uidvalidity, NULL,
     paint_uidvalidity},
    {"last_uid", "Read to UID", VALUE_COUNT, 11, 12, 0, true, mailbox_last_uid, NULL,
     paint_last_uid},
    {"last_time", "Newest came in", VALUE_TIME, 16, 16, 0, true, mailbox_last_time, NULL, NULL},
};

static const struct table_type mailboxes_table = {
    .title = "Mailboxes",
    .columns = mailbox_columns,
    .column_count = sizeof mailbox_columns / sizeof *mailbox_columns,
    .id = mailbox_id,
    .stamp = mailbox_stamp,
    .sort = -1,
    .nothing = "No mailbox has been read. An account is an [imap NAME] section of the "
               "configuration: man tlsrptop-config.",
};

static int add_mailbox(void *context, const struct mailbox_row *row)
{
    struct snapshot *snapshot = context;
    struct mailbox *mailbox = snapshot_add(snapshot, PANE_MAILBOXES, sizeof *mailbox);
    if (mailbox == NULL)
        return -1;
    *mailbox = (struct mailbox){
        .account = snapshot_text(snapshot, row->account),
        .server = snapshot_text(snapshot, row->server),
        .name = snapshot_text(snapshot, row->mailbox),
        .uidvalidity = row->uidvalidity,
        .last_uid = row->last_uid,
        .last_time = row->last_time,
    };
    return snapshot_stopped(snapshot);
}

/* --- all of it --- */

static enum db_status load_imports(const struct request *request, struct db *db,
                                   struct snapshot *snapshot)
{
    const unsigned trouble = 1U << OUTCOME_DAMAGED | 1U << OUTCOME_CONFLICT;
    (void)request;
    enum db_status status = query_runs(db, ROWS_MAX, add_run, snapshot);
    if (status == DB_OK)
        status = load_entries(db, snapshot, PANE_TROUBLE, 0, trouble);
    if (status == DB_OK)
        status = query_mailboxes(db, add_mailbox, snapshot);
    if (status == DB_OK)
        status = load_entries(db, snapshot, PANE_JOURNAL, 0, 0);
    return status;
}

/* "Trouble (12)", "Journal (the newest 5,000)". */
static void draw_title(const struct view *view, int pane, int y, int columns)
{
    const struct table *table = &view->tables[pane];
    bool focused = pane == view->focus, cut = table->rows.count == ROWS_MAX;
    char count[32], title[128];
    int style = focused                                         ? STYLE_FOCUS
                : pane == PANE_TROUBLE && table->rows.count > 0 ? STYLE_WARN
                                                                : STYLE_HEAD;
    format_count((int64_t)table->order.count, 20, count);
    snprintf(title, sizeof title, "%s %s (%s%s)", glyph(focused ? GLYPH_OPEN : GLYPH_SHUT),
             view->type->panes[pane].title, cut ? "the newest " : "", count);
    put_text(y, 1, columns, style, title);
}

/* The rows that PANE gets: the one with the keys what is left, the others a
 * share if there is plenty. */
static int pane_rows(const struct view *view, int pane, int rows)
{
    int spare = (rows - 2 * PANES) / (PANES + 2);
    int wanted = (int)view->tables[pane].order.count + 1;
    if (spare < 3)
        return 0;
    return wanted < spare ? wanted : spare;
}

/* The rows that the trouble gets of ROWS which the pane with the keys could have. */
static int trouble_rows(const struct view *view, int rows)
{
    enum { DETAIL = 4, WITH_DETAIL = 12, LEAST = 3 };
    int wanted = (int)view->tables[PANE_TROUBLE].order.count + 1;
    int needed = (int)view->tables[view->focus].order.count + 1 + DETAIL;
    int spare = rows - (needed > WITH_DETAIL ? needed : WITH_DETAIL);
    if (view->focus == PANE_TROUBLE || wanted == 1 || spare < LEAST)
        return 0;
    return wanted < spare ? wanted : spare;
}

static void draw_imports(struct view *view, struct area area)
{
    struct area pane = {area.y, 1, 0, area.columns - 2};
    int left = area.rows - PANES, heights[PANES];
    for (int i = 0; i < PANES; i++) {
        heights[i] = i != view->focus ? pane_rows(view, i, area.rows) : 0;
        left -= heights[i];
    }
    int trouble = trouble_rows(view, left + heights[PANE_TROUBLE]);
    if (trouble > heights[PANE_TROUBLE]) {
        left -= trouble - heights[PANE_TROUBLE];
        heights[PANE_TROUBLE] = trouble;
    }
    heights[view->focus] = left;
    for (int i = 0; i < PANES; i++) {
        bool focused = i == view->focus;
        draw_title(view, i, pane.y++, pane.columns);
        pane.rows = heights[i];
        struct area rows = pane;
        if (focused && i == PANE_RUNS)
            rows = draw_run_detail(&view->tables[i], pane);
        else if (focused && i != PANE_MAILBOXES)
            rows = draw_entry(&view->tables[i], pane);
        if (pane.rows > 0)
            table_draw(&view->tables[i], rows, focused);
        pane.y += pane.rows;
    }
}

static void open_run(struct view *view)
{
    const struct run *run = table_current(&view->tables[PANE_RUNS]);
    if (run != NULL)
        app_open(view->app, &view_run, &(struct scope){.domain_name = "", .run = run->id});
}

static bool act_imports(struct view *view, enum action action)
{
    if (action != ACT_OPEN)
        return false;
    if (view->focus == PANE_RUNS)
        open_run(view);
    else if (view->focus != PANE_MAILBOXES)
        open_entry(view, view_table(view));
    return true;
}

const struct view_type view_imports = {
    .name = "Imports",
    .help = "Runs of the importer, what was damaged or in conflict, how far each mailbox has been "
            "read, and the journal of every message and file. Tab goes from one to the next.",
    .panes = {{"Runs", &runs_table},
              {"Trouble", &trouble_table},
              {"Mailboxes", &mailboxes_table},
              {"Journal", &journal_table}},
    .pane_count = PANES,
    .actions = {ACT_OPEN},
    .timeless = true,
    .momentary = true,
    .of_no_domain = true,
    .without_reports = true,
    .load = load_imports,
    .draw = draw_imports,
    .act = act_imports,
};

/* --- one run --- */

static enum db_status load_run(const struct request *request, struct db *db,
                               struct snapshot *snapshot)
{
    return load_entries(db, snapshot, 0, request->scope.run, 0);
}

static void draw_run(struct view *view, struct area area)
{
    struct area rows = {area.y, 1, area.rows, area.columns - 2};
    struct table *table = &view->tables[0];
    if (table->rows.count == ROWS_MAX) {
        char count[32];
        format_count(ROWS_MAX, 20, count);
        put_format(rows.y++, 1, rows.columns, STYLE_DIM,
                   "The newest %s rows; tlsrptop export imports writes all.", count);
        rows.rows--;
    }
    table_draw(table, draw_entry(table, rows), true);
}

static bool act_run(struct view *view, enum action action)
{
    if (action != ACT_OPEN)
        return false;
    open_entry(view, &view->tables[0]);
    return true;
}

static const struct table_type run_table = {
    .title = "Journal",
    .columns = journal_columns,
    .column_count = sizeof journal_columns / sizeof *journal_columns,
    .id = entry_id,
    .sort = -1,
    .nothing = "This run found nothing new.",
};

static void title_run(const struct view *view, char text[static VIEW_TITLE])
{
    snprintf(text, VIEW_TITLE, "Run %" PRId64, view->scope.run);
}

const struct view_type view_run = {
    .name = "Run",
    .help = "What one run of the importer wrote to the journal, newest first. What was known from "
            "runs before it has no new row.",
    .panes = {{"Journal", &run_table}},
    .pane_count = 1,
    .actions = {ACT_OPEN},
    .timeless = true,
    .momentary = true,
    .without_reports = true,
    .title = title_run,
    .load = load_run,
    .draw = draw_run,
    .act = act_run,
};
