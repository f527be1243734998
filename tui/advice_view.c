/* The way of a domain to enforced TLS: where it is on it, what was counted, what
 * holds it back, what to do next, and what to publish, to the letter. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../db/advice.h"
#include "app.h"
#include "lines.h"
#include "mode_cell.h"
#include "text.h"

/* --- one domain --- */

enum { INDENT = 2 };

struct figures {
    bool found;
    struct evidence evidence;
    struct advice advice;
};

static void add_head(struct snapshot *snapshot, const char *head)
{
    if (snapshot->rows[0].count > 0)
        line_add(snapshot, 0, STYLE_NORMAL, "");
    line_add(snapshot, 0, STYLE_HEAD, head);
}

static void add_sentence(struct snapshot *snapshot, int style, const char *text)
{
    line_wrap(snapshot, 0, style, snapshot->request.columns - 3, INDENT, "- ", text);
}

static void add_sentences(struct snapshot *snapshot, const char *head, int style,
                          const struct sentences *sentences)
{
    if (sentences->count == 0)
        return;
    add_head(snapshot, head);
    for (size_t i = 0; i < sentences->count; i++)
        add_sentence(snapshot, style, sentences->text[i]);
}

/* TEXT as the value of a TXT record in a zone file: in strings of at most 255
 * bytes (RFC 1035 section 3.3.14). */
static const char *quote(struct snapshot *snapshot, const char *text)
{
    enum { STRING_MAX = 255 };
    char quoted[VALUE_TEXT_MAX];
    size_t used = 0, in_string = 0;
    quoted[used++] = '"';
    for (const char *at = text; *at != '\0' && used + 8 < sizeof quoted; at++) {
        if (in_string++ == STRING_MAX) {
            used += (size_t)sprintf(quoted + used, "\" \"");
            in_string = 1;
        }
        if (*at == '"' || *at == '\\')
            quoted[used++] = '\\';
        quoted[used++] = *at;
    }
    strcpy(quoted + used, "\"");
    return snapshot_text(snapshot, quoted);
}

/* Every line of TEXT, INDENT from the left. */
static void add_lines(struct snapshot *snapshot, int indent, const char *text)
{
    char line[VALUE_TEXT_MAX];
    while (*text != '\0') {
        text = text_take_line(text, line, sizeof line);
        line_wrap(snapshot, 0, STYLE_STRONG, snapshot->request.columns - 3, indent, "", line);
    }
}

static void add_record(struct snapshot *snapshot, const struct publication *record)
{
    const char *value = quote(snapshot, record->text);
    const char *name = arena_printf(&snapshot->arena, "%s. IN TXT", record->where);
    const char *whole = arena_printf(&snapshot->arena, "%s. IN TXT %s", record->where, value);
    size_t first = snapshot->rows[0].count;
    if (name == NULL || whole == NULL) {
        snapshot->short_of_memory = true;
        return;
    }
    add_lines(snapshot, INDENT, name);
    add_lines(snapshot, 3 * INDENT, value);
    lines_belong(snapshot, 0, first, whole);
}

static void add_file(struct snapshot *snapshot, const struct publication *file)
{
    line_format(snapshot, 0, STYLE_NORMAL, "%*s%s", INDENT, "", file->where);
    size_t first = snapshot->rows[0].count;
    add_lines(snapshot, 3 * INDENT, file->text);
    lines_belong(snapshot, 0, first, file->text);
}

static void add_publications(struct snapshot *snapshot, const struct advice *advice)
{
    if (advice->text_count == 0)
        return;
    add_head(snapshot, "To publish (y copies the one under the cursor)");
    lines_belong(snapshot, 0, snapshot->rows[0].count - 1, "To publish");
    for (size_t i = 0; i < advice->text_count; i++) {
        bool is_record = strchr(advice->texts[i].text, '\n') == NULL;
        (is_record ? add_record : add_file)(snapshot, &advice->texts[i]);
    }
}

static void add_fact(struct snapshot *snapshot, const char *name, const char *value)
{
    char lead[32];
    snprintf(lead, sizeof lead, "%-12s ", name);
    line_wrap(snapshot, 0, STYLE_NORMAL, snapshot->request.columns - 3, INDENT, lead,
              value[0] != '\0' ? value : "none");
}

/* A line for each of TEXT. */
static void add_policy(struct snapshot *snapshot, const char *text)
{
    const char *name = "Policy";
    do {
        size_t length = strcspn(text, "\n");
        const char *line = arena_strndup(&snapshot->arena, text, length);
        snapshot->short_of_memory |= line == NULL;
        add_fact(snapshot, name, line != NULL ? line : "");
        text += length + (text[length] == '\n');
        name = "";
    } while (*text != '\0');
}

/* What the check saw. */
static void add_published(struct snapshot *snapshot, const struct evidence *evidence)
{
    char head[64], age[32], hosts[VALUE_TEXT_MAX] = "";
    size_t used = 0;
    if (evidence->checked == 0)
        return;
    format_age(instant_now() - evidence->checked, age);
    snprintf(head, sizeof head, "Published now (checked %s)", age);
    for (size_t i = 0; i < evidence->host_count && used < sizeof hosts; i++)
        if (evidence->hosts[i].live)
            used += (size_t)snprintf(hosts + used, sizeof hosts - used, "%s%s",
                                     used > 0 ? ", " : "", evidence->hosts[i].name);
    add_head(snapshot, head);
    add_fact(snapshot, "MX hosts", snapshot_text(snapshot, hosts));
    add_fact(snapshot, "DNSSEC", evidence->dnssec);
    add_fact(snapshot, "TLS-RPT", evidence->tlsrpt_record);
    add_fact(snapshot, "MTA-STS id", evidence->policy_id);
    if (evidence->policy_is_live)
        add_policy(snapshot, evidence->policy_text);
}

static void add_all(struct snapshot *snapshot, const struct figures *figures)
{
    const struct advice *advice = &figures->advice;
    enum tls_mode mode = figures->evidence.standing.mode;
    bool enforced = tls_mode_enforces(mode) && mode != MODE_DANE_STS_TESTING;
    add_sentences(snapshot, enforced ? "What is wrong" : "What holds it back", STYLE_NORMAL,
                  &advice->held_back);
    add_sentences(snapshot, "What to do", STYLE_NORMAL, &advice->to_do);
    add_publications(snapshot, advice);
    add_sentences(snapshot, "What was counted", STYLE_NORMAL, &advice->evidence);
    add_sentences(snapshot, tls_mode_has_dane(mode) ? "DANE and MTA-STS" : "DANE or MTA-STS?",
                  STYLE_NORMAL, &advice->ways);
    add_published(snapshot, &figures->evidence);
}

static enum db_status load_advice(const struct request *request, struct db *db,
                                  struct snapshot *snapshot)
{
    struct advice_settings settings;
    struct figures *figures = arena_alloc(&snapshot->arena, sizeof *figures);
    int64_t domain = request->scope.domain;
    enum db_status status = DB_OK;
    snapshot->figures = figures;
    if (figures == NULL)
        return DB_MEMORY;
    if (domain < 0)
        status = query_find_domain(db, request->scope.domain_name, &domain);
    if (status != DB_OK || domain <= 0)
        return status;
    advice_read_settings(request->config, &settings);
    status = query_evidence(db, domain, &settings, &snapshot->arena, &figures->evidence);
    if (status == DB_MISSING)
        return DB_OK;
    if (status == DB_OK && advice_make(&figures->evidence, &settings, instant_now(),
                                       &snapshot->arena, &figures->advice) != 0)
        status = DB_MEMORY;
    if (status != DB_OK)
        return status;
    figures->found = true;
    add_all(snapshot, figures);
    return DB_OK;
}

/* --- drawing --- */

static int step_style(enum next_step next)
{
    switch (next) {
    case NEXT_NOTHING:
    case NEXT_ENFORCE:
        return STYLE_GOOD;
    case NEXT_FIX_FAILURES:
    case NEXT_FIND_NAME:
    case NEXT_RESTORE_STS:
    case NEXT_FIX_PROBLEMS:
        return STYLE_BAD;
    case NEXT_PUBLISH_TLSRPT:
    case NEXT_FIND_REPORTS:
    case NEXT_START_TESTING:
        return STYLE_WARN;
    case NEXT_WAIT:
    case NEXT_MORE_REPORTS:
    case NEXT_KEEP_TESTING:
        break;
    }
    return STYLE_NORMAL;
}

/* What was refused before the last days is over, and no reason to be pleased. */
static int summary_style(const struct figures *figures)
{
    enum next_step next = figures->advice.next;
    bool refused = figures->evidence.refused.failed > 0;
    return next == NEXT_NOTHING && refused ? STYLE_WARN : step_style(next);
}

static const char *const step_names[STEPS] = {
    [STEP_OPPORTUNISTIC] = "Opportunistic",
    [STEP_REPORTING] = "Reporting",
    [STEP_TESTING] = "Testing",
    [STEP_REVIEW] = "Review",
    [STEP_ENFORCE] = "Enforce",
    [STEP_DANE] = "DANE",
};

/* "Opportunistic > Reporting > [Testing] > Review > Enforce, or DANE". */
static void draw_way(const struct figures *figures, int y, int columns)
{
    const struct standing *standing = &figures->evidence.standing;
    enum advice_step at = figures->advice.step;
    bool both = at != STEP_DANE && tls_mode_has_dane(standing->mode);
    int x = 1, gap = columns >= 72;
    for (int step = 0; step < STEPS; step++) {
        bool here = step == (int)at || (step == STEP_DANE && both);
        if (step == STEP_DANE)
            x += put_format(y, x, columns - x, STYLE_DIM, "%*s%s%*s", gap + 1, "",
                            both ? "and" : "or", gap + 1, "");
        else if (step > 0)
            x += put_format(y, x, columns - x, STYLE_DIM, "%*s%s%*s", gap, "", glyph(GLYPH_ENTER),
                            gap, "");
        bool passed = step < (int)at && (at != STEP_DANE || step <= STEP_REPORTING);
        int style = here ? STYLE_STRONG : passed ? STYLE_NORMAL : STYLE_DIM;
        x += put_format(y, x, columns - x, style, here ? "[%s]" : "%s", step_names[step]);
    }
}

static void draw_unknown(const struct view *view, struct area area)
{
    static const char text[] =
        "There is no advice: no report is about it, and it was not checked.\n"
        "\n"
        "tlsrptop check looks at its DNS and its policy.";
    put_text(area.y + 1, 2, area.columns - 4, STYLE_STRONG, view->scope.domain_name);
    put_paragraphs((struct area){area.y + 3, 2, area.rows - 3, area.columns - 4}, STYLE_NORMAL,
                   text);
}

static void draw_advice(struct view *view, struct area area)
{
    enum { SUMMARY_LINES = 3 };
    const struct figures *figures = view_figures(view);
    if (!figures->found) {
        draw_unknown(view, area);
        return;
    }
    const char *next = figures->advice.summary;
    int y = area.y;
    draw_way(figures, y++, area.columns - 1);
    for (int i = 0; i < SUMMARY_LINES && *next != '\0'; i++) {
        char line[VALUE_TEXT_MAX];
        const char *start = next;
        size_t length = text_line(start, area.columns - 2, &next);
        snprintf(line, sizeof line, "%.*s", (int)length, start);
        put_text(y++, 1, area.columns - 2, summary_style(figures), line);
    }
    y++;
    table_draw(&view->tables[0], (struct area){y, 1, area.y + area.rows - y, area.columns - 2},
               true);
}

static void title_advice(const struct view *view, char text[static VIEW_TITLE])
{
    (void)view;
    snprintf(text, VIEW_TITLE, "Advice");
}

/* Who gets the file has not seen the screen. */
static void head_of_file(const struct view *view, char text[static FILE_HEAD])
{
    const struct figures *figures = view_figures(view);
    const char *domain = view->scope.domain_name;
    char letters[VALUE_TEXT_MAX], day[DAY_TEXT];
    bool has_letters = value_has_letters(VALUE_DOMAIN, value_text(domain), letters);
    if (!figures->found)
        return;
    snprintf(text, FILE_HEAD, "Advice for %.300s%s%.300s%s, %s\nMode: %s\nStep: %s\n%.1000s\n\n",
             has_letters ? letters : domain, has_letters ? " (" : "", has_letters ? domain : "",
             has_letters ? ")" : "", day_format(today(), day),
             tls_mode_label(figures->evidence.standing.mode), step_names[figures->advice.step],
             figures->advice.summary);
}

const struct view_type view_advice = {
    .name = "Advice",
    .help = "The way of a domain from opportunistic TLS to enforced, what holds it back, what to "
            "do next, and what to publish. y copies the sentence, record or file under the cursor.",
    .panes = {{"Advice", &lines_type}},
    .pane_count = 1,
    .timeless = true,
    .momentary = true,
    .of_all = &view_next_steps,
    .without_reports = true,
    .fitted = true,
    .title = title_advice,
    .load = load_advice,
    .draw = draw_advice,
    .file_head = head_of_file,
};

/* --- all domains --- */

struct item {
    int64_t id;
    const char *name;
    enum tls_mode mode;
    enum advice_step step;
    const char *place;
    enum next_step next;
    int urgency;
    const char *label;
    int64_t failed; /* lately */
};

#define ITEM ((const struct item *)row)

static struct value item_domain(const void *row)
{
    return value_text(ITEM->name);
}
static struct value item_mode(const void *row)
{
    return value_number(ITEM->mode);
}
static struct value item_step(const void *row)
{
    return value_text(ITEM->place);
}
static struct value item_label(const void *row)
{
    return value_text(ITEM->label);
}
static struct value item_failed(const void *row)
{
    return value_number(ITEM->failed);
}

static int label_style(const void *row)
{
    return step_style(ITEM->next);
}
static int item_failed_style(const void *row)
{
    return failed_style(ITEM->mode, ITEM->failed);
}
static void paint_item_mode(const void *row, const struct cell *cell)
{
    mode_put(cell, ITEM->mode);
}
static uint64_t item_id(const void *row)
{
    return (uint64_t)ITEM->id;
}
static uint64_t item_stamp(const void *row)
{
    return (uint64_t)ITEM->failed << 16 ^ (uint64_t)ITEM->next << 8 ^ (uint64_t)ITEM->step;
}

static int64_t item_urgency(const void *row)
{
    return ITEM->urgency;
}

enum { COLUMN_NEXT_STEP = 1 };

static const struct column item_columns[] = {
    {"domain", "Domain", VALUE_DOMAIN, 17, 64, 0, false, item_domain, NULL, NULL},
    {"next_step", "Next step", VALUE_TEXT, ADVICE_LABEL - 1, 28, 0, false, item_label, label_style,
     NULL},
    {"step", "Where it is", VALUE_TEXT, 15, 18, 1, false, item_step, NULL, NULL},
    {"mode", "Mode now", VALUE_MODE, 13, 22, 2, true, item_mode, NULL, paint_item_mode},
    {"failed", "Failed", VALUE_COUNT, 7, 11, 3, true, item_failed, item_failed_style, NULL},
};

static const struct table_type items_table = {
    .title = "Next steps",
    .columns = item_columns,
    .column_count = sizeof item_columns / sizeof *item_columns,
    .id = item_id,
    .stamp = item_stamp,
    .grade = item_urgency,
    .graded = COLUMN_NEXT_STEP,
    .sort = -1,
    .nothing = "No domain of yours has a report, or was checked.",
};

static int compare_items(const void *left, const void *right)
{
    const struct item *a = left, *b = right;
    if (a->urgency != b->urgency)
        return a->urgency < b->urgency ? -1 : 1;
    if (a->failed != b->failed)
        return a->failed > b->failed ? -1 : 1;
    return strcmp(a->name, b->name);
}

struct adding {
    struct snapshot *snapshot;
    struct advice_settings settings;
};

static int add_item(void *context, const struct domain_row *row)
{
    const struct adding *adding = context;
    struct snapshot *snapshot = adding->snapshot;
    const struct standing *standing = row->standing;
    char label[ADVICE_LABEL];
    struct item *item = snapshot_add(snapshot, 0, sizeof *item);
    if (item == NULL)
        return -1;
    *item = (struct item){
        .id = row->id,
        .name = snapshot_text(snapshot, row->name),
        .mode = row->mode,
        .step = advice_step(standing, &adding->settings),
        .place = advice_place(standing, &adding->settings),
        .next = advice_next(standing, &adding->settings),
        .urgency = advice_urgency(standing, &adding->settings),
        .label = snapshot_text(snapshot, advice_label(standing, &adding->settings, label)),
        .failed = standing->failed,
    };
    return snapshot_stopped(snapshot);
}

static enum db_status load_items(const struct request *request, struct db *db,
                                 struct snapshot *snapshot)
{
    struct adding adding = {.snapshot = snapshot};
    advice_read_settings(request->config, &adding.settings);
    enum db_status status =
        query_standings(db, ALL_DOMAINS, request->range, &adding.settings, add_item, &adding);
    const struct rows *rows = &snapshot->rows[0];
    if (status == DB_OK && rows->count > 0)
        qsort((void *)(uintptr_t)rows->items, rows->count, rows->size, compare_items);
    return status;
}

static void draw_items(struct view *view, struct area area)
{
    int days = (int)config_number(view->app->settings.config, "advice", NULL, "quiet-days");
    put_format(area.y, 1, area.columns - 2, STYLE_DIM,
               "What is to be done next, the most urgent first; failures of the last %d days.",
               days);
    table_draw(&view->tables[0], (struct area){area.y + 2, 1, area.rows - 2, area.columns - 2},
               true);
}

static void target_item(const struct view *view, struct scope *scope)
{
    const struct item *item = table_current(&view->tables[0]);
    if (item != NULL) {
        scope->domain = item->id;
        scope->domain_name = item->name;
    }
}

static bool act_items(struct view *view, enum action action)
{
    struct scope scope = view->scope;
    if (action != ACT_OPEN)
        return false;
    target_item(view, &scope);
    if (scope.domain != ALL_DOMAINS)
        app_open(view->app, &view_advice, &scope);
    return true;
}

const struct view_type view_next_steps = {
    .name = "Next steps",
    .help = "What each domain is to do next on its way to enforced TLS, the most urgent first. "
            "Enter shows why, and what to publish.",
    .panes = {{"Next steps", &items_table}},
    .pane_count = 1,
    .actions = {ACT_OPEN},
    .timeless = true,
    .momentary = true,
    .load = load_items,
    .draw = draw_items,
    .target = target_item,
    .act = act_items,
};
