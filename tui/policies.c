/* The policies of a domain as reporters quoted them: each text, beside the one
 * before it; what is wrong with it; who saw it; and when what changed. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../db/sts_policy.h"
#include "app.h"
#include "beside.h"
#include "changes.h"
#include "mode_cell.h"
#include "policy_diff.h"

enum { PANE_TEXTS, PANE_DIFFERENCE, PANE_CHANGES, PANE_REPORTERS, PANES };

enum {
    TEXTS_MAX = 4096, /* different ones that are shown */
    CHANGES_DAYS = CHANGES_YEARS * 366,
    REPORTERS_WORDS = 160,
    WIDE = 150, /* here the difference stands on the left of the rest */
    MARK = 2,   /* cells before a line of the difference */
};

/* One text, by all who reported it. */
struct item {
    int64_t number;
    const char *type; /* policy-type */
    enum sts_mode mode;
    const char *text;
    const char *label;     /* what it is, in a word or two */
    const char *reporters; /* their names, as far as there is room */
    int64_t reporter_count;
    int first_day, last_day;
    struct totals totals;
    const char *canonical; /* of MTA-STS; "" of others */
    unsigned problems;
    int64_t max_age;
    size_t before; /* the index of the text before; of itself: there is none */
};

/* One text by one reporter. */
struct sight {
    size_t item;
    const char *organization;
    int first_day, last_day;
    struct totals totals;
};

struct figures {
    struct sight *sights;
    size_t sight_count, sight_capacity;
    bool cut;          /* there are more than TEXTS_MAX */
    char unmoved[160]; /* where there is no change: since when; "": in all the years */
};

#define ITEM  ((const struct item *)row)
#define SIGHT ((const struct sight *)row)
#define LINE  ((const struct diff_line *)row)

/* --- texts --- */

static struct value first_day_value(const void *row)
{
    return value_number(ITEM->first_day);
}
static struct value last_day_value(const void *row)
{
    return value_number(ITEM->last_day);
}
static struct value policy_value(const void *row)
{
    return value_text(ITEM->label);
}
static struct value sessions_value(const void *row)
{
    return value_number(ITEM->totals.successful + ITEM->totals.failed);
}
static struct value failed_value(const void *row)
{
    return value_number(ITEM->totals.failed);
}
static struct value reporters_value(const void *row)
{
    return value_number(ITEM->reporter_count);
}
static struct value by_value(const void *row)
{
    return value_text(ITEM->reporters);
}
static int policy_style(const void *row)
{
    bool wrong = ITEM->canonical[0] != '\0' && ITEM->problems != 0;
    return wrong ? STYLE_BAD : STYLE_MODE + (int)policy_mode(ITEM->type, ITEM->mode);
}
static uint64_t item_id(const void *row)
{
    return hash_text((uint64_t)ITEM->number, ITEM->type);
}
static uint64_t item_stamp(const void *row)
{
    return (uint64_t)ITEM->totals.reports;
}

static const struct column item_columns[] = {
    {"first_day", "First day", VALUE_DAY, 10, 10, 0, true, first_day_value, NULL, NULL},
    {"last_day", "Last day", VALUE_DAY, 10, 10, 0, true, last_day_value, NULL, NULL},
    {"policy", "Policy", VALUE_TEXT, 15, 23, 0, false, policy_value, policy_style, NULL},
    {"sessions", "Sessions", VALUE_COUNT, 8, 10, 2, true, sessions_value, NULL, NULL},
    {"failed", "Failed", VALUE_COUNT, 6, 8, 3, true, failed_value, NULL, NULL},
    {"reporters", "Reporters", VALUE_COUNT, 10, 10, 4, true, reporters_value, NULL, NULL},
    {"reported_by", "Reported by", VALUE_TEXT, 14, 60, 1, false, by_value, NULL, NULL},
};

static const struct table_type texts_table = {
    .title = "Policies",
    .columns = item_columns,
    .column_count = sizeof item_columns / sizeof *item_columns,
    .id = item_id,
    .stamp = item_stamp,
    .sort = 0,
    .nothing = "No report on this domain quotes a policy.",
};

/* --- the difference --- */

static struct value before_value(const void *row)
{
    return value_text(LINE->before != NULL ? LINE->before : "");
}
static struct value now_value(const void *row)
{
    return value_text(LINE->now != NULL ? LINE->now : "");
}
static void paint_side(const struct cell *cell, const struct diff_line *line, const char *text,
                       const char *mark, int style)
{
    if (text == NULL)
        return;
    put_text(cell->y, cell->x, MARK, (line->same ? STYLE_DIM : style) | cell->style,
             line->same || line->goes_on ? " " : mark);
    put_text(cell->y, cell->x + MARK, cell->columns - MARK,
             (line->same ? STYLE_NORMAL : style) | cell->style, text);
}
static void paint_before(const void *row, const struct cell *cell)
{
    paint_side(cell, LINE, LINE->before, "-", STYLE_BAD);
}
static void paint_now(const void *row, const struct cell *cell)
{
    paint_side(cell, LINE, LINE->now, "+", STYLE_GOOD);
}
static uint64_t line_id(const void *row)
{
    return (uint64_t)(uintptr_t)row;
}

static const struct column difference_columns[] = {
    {"before", "", VALUE_TEXT, 20, SCREEN_COLUMNS_MAX, 0, false, before_value, NULL, paint_before},
    {"now", "", VALUE_TEXT, 20, SCREEN_COLUMNS_MAX, 0, false, now_value, NULL, paint_now},
};

static const struct table_type difference_table = {
    .title = "Difference",
    .columns = difference_columns,
    .column_count = 2,
    .id = line_id,
    .sort = -1,
    .no_head = true,
    .nothing = "No text was reported.",
};

/* --- reporters of a text --- */

static struct value organization_value(const void *row)
{
    return value_text(SIGHT->organization);
}
static struct value sight_first_value(const void *row)
{
    return value_number(SIGHT->first_day);
}
static struct value sight_last_value(const void *row)
{
    return value_number(SIGHT->last_day);
}
static struct value sight_sessions_value(const void *row)
{
    return value_number(SIGHT->totals.successful + SIGHT->totals.failed);
}
static uint64_t sight_id(const void *row)
{
    return hash_text(0, SIGHT->organization);
}

static const struct column reporter_columns[] = {
    {"organization", "Reporter", VALUE_TEXT, 14, 40, 0, false, organization_value, NULL, NULL},
    {"first_day", "First day", VALUE_DAY, 10, 10, 0, true, sight_first_value, NULL, NULL},
    {"last_day", "Last day", VALUE_DAY, 10, 10, 0, true, sight_last_value, NULL, NULL},
    {"sessions", "Sessions", VALUE_COUNT, 8, 12, 1, true, sight_sessions_value, NULL, NULL},
};

static const struct table_type reporters_table = {
    .title = "Reported by",
    .columns = reporter_columns,
    .column_count = sizeof reporter_columns / sizeof *reporter_columns,
    .id = sight_id,
    .sort = -1,
    .nothing = "",
};

/* --- reading --- */

/* The texts that are there already, by their number and type. */
struct loading {
    struct snapshot *snapshot;
    struct figures *figures;
    size_t slots[2 * TEXTS_MAX]; /* index + 1; 0: free */
};

static struct item *items(const struct snapshot *snapshot)
{
    return (struct item *)(uintptr_t)snapshot->rows[PANE_TEXTS].items;
}

static void read_policy(struct snapshot *snapshot, struct item *item)
{
    struct sts_policy policy;
    item->canonical = "";
    item->max_age = -1;
    if (policy_type_find(item->type) != POLICY_STS || item->text[0] == '\0')
        return;
    sts_policy_read(item->text, strlen(item->text), &policy);
    const char *canonical = sts_policy_canonical(&policy, &snapshot->arena);
    snapshot->short_of_memory = snapshot->short_of_memory || canonical == NULL;
    item->canonical = canonical != NULL ? canonical : "";
    item->problems = policy.problems;
    item->max_age = policy.max_age;
}

/* "MTA-STS enforce", or "DANE 9F3A 8ECC": what the data of each of its TLSA records
 * begins with. */
static const char *label_of(struct snapshot *snapshot, const struct policy_seen_row *row)
{
    enum { RECORDS = 4, DIGITS = 4 };
    const char *name = policy_label(row->policy_type, row->mode);
    char label[64];
    if (policy_type_find(row->policy_type) != POLICY_TLSA)
        return snapshot_text(snapshot, name);
    size_t used = (size_t)snprintf(label, sizeof label, "%.32s", name);
    const char *line = row->text;
    for (int i = 0; i < RECORDS && *line != '\0'; i++) {
        unsigned usage, selector, matching;
        int data = 0;
        if (sscanf(line, "%1u %1u %1u %n", &usage, &selector, &matching, &data) == 3 && data > 0)
            used += (size_t)snprintf(label + used, sizeof label - used, " %.*s",
                                     (int)strnlen(line + data, DIGITS), line + data);
        line += strcspn(line, "\n");
        line += *line == '\n';
    }
    return snapshot_text(snapshot, label);
}

/* The item of ROW; NULL when there is no more room. */
static struct item *find_item(struct loading *loading, const struct policy_seen_row *row)
{
    struct snapshot *snapshot = loading->snapshot;
    uint64_t hash = hash_text((uint64_t)row->text_id, row->policy_type);
    size_t slot = (size_t)(hash % (2 * TEXTS_MAX));
    for (; loading->slots[slot] != 0; slot = (slot + 1) % (2 * TEXTS_MAX)) {
        struct item *item = &items(snapshot)[loading->slots[slot] - 1];
        if (item->number == row->text_id && strcmp(item->type, row->policy_type) == 0)
            return item;
    }
    if (snapshot->rows[PANE_TEXTS].count == TEXTS_MAX) {
        loading->figures->cut = true;
        return NULL;
    }
    struct item *item = snapshot_add(snapshot, PANE_TEXTS, sizeof *item);
    if (item == NULL)
        return NULL;
    loading->slots[slot] = snapshot->rows[PANE_TEXTS].count;
    *item = (struct item){
        .number = row->text_id,
        .type = snapshot_text(snapshot, row->policy_type),
        .mode = row->mode,
        .text = snapshot_text(snapshot, row->text),
        .label = label_of(snapshot, row),
        .first_day = row->first_day,
        .last_day = row->last_day,
    };
    read_policy(snapshot, item);
    return item;
}

static int add_sight(void *context, const struct policy_seen_row *row)
{
    struct loading *loading = context;
    struct snapshot *snapshot = loading->snapshot;
    struct figures *figures = loading->figures;
    struct item *item = find_item(loading, row);
    if (item == NULL)
        return snapshot_stopped(snapshot);
    struct sight *sights = arena_grow(&snapshot->arena, figures->sights, sizeof *sights,
                                      figures->sight_count, &figures->sight_capacity);
    if (sights == NULL) {
        snapshot->short_of_memory = true;
        return -1;
    }
    figures->sights = sights;
    sights[figures->sight_count++] =
        (struct sight){(size_t)(item - items(snapshot)), snapshot_text(snapshot, row->organization),
                       row->first_day, row->last_day, row->totals};
    item->reporter_count++;
    totals_add(&item->totals, row->totals);
    if (row->last_day > item->last_day)
        item->last_day = row->last_day;
    return snapshot_stopped(snapshot);
}

/* By their texts; of one text the one with most sessions first. */
static int compare_sights(const void *left, const void *right)
{
    const struct sight *a = left, *b = right;
    if (a->item != b->item)
        return (a->item > b->item) - (a->item < b->item);
    int64_t sessions_a = a->totals.successful + a->totals.failed;
    int64_t sessions_b = b->totals.successful + b->totals.failed;
    return (sessions_a < sessions_b) - (sessions_a > sessions_b);
}

static void name_reporters(struct snapshot *snapshot)
{
    const struct figures *figures = snapshot->figures;
    for (size_t i = 0; i < figures->sight_count;) {
        struct item *item = &items(snapshot)[figures->sights[i].item];
        char names[REPORTERS_WORDS] = "";
        size_t used = 0;
        for (; i < figures->sight_count && &items(snapshot)[figures->sights[i].item] == item; i++)
            if (used < sizeof names)
                used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
                                         used > 0 ? ", " : "", figures->sights[i].organization);
        item->reporters = snapshot_text(snapshot, names);
    }
}

/* Texts come by their first day.  The one before is the last that says something
 * else; the last at all where all say the same. */
static void find_before(struct item *texts, size_t number)
{
    struct item *item = &texts[number];
    item->before = number;
    for (size_t i = number; i > 0; i--) {
        const struct item *other = &texts[i - 1];
        if (strcmp(other->type, item->type) != 0)
            continue;
        if (item->before == number)
            item->before = i - 1;
        if (item->canonical[0] == '\0' || strcmp(other->canonical, item->canonical) != 0) {
            item->before = i - 1;
            return;
        }
    }
}

static enum db_status load_texts(const struct request *request, struct db *db,
                                 struct snapshot *snapshot)
{
    struct figures *figures = snapshot->figures;
    struct loading *loading = calloc(1, sizeof *loading);
    if (loading == NULL)
        return DB_MEMORY;
    loading->snapshot = snapshot;
    loading->figures = figures;
    enum db_status status = query_policies(db, request->scope.domain, add_sight, loading);
    free(loading);
    if (figures->sight_count > 0)
        qsort(figures->sights, figures->sight_count, sizeof *figures->sights, compare_sights);
    name_reporters(snapshot);
    for (size_t i = 0; i < snapshot->rows[PANE_TEXTS].count; i++)
        find_before(items(snapshot), i);
    return status;
}

/* A domain that is known for three days has not gone three years without a change. */
static void say_unmoved(struct figures *figures, struct day_range days)
{
    char day[DAY_TEXT];
    int first = INT_MAX;
    for (size_t i = 0; i < figures->sight_count; i++)
        if (figures->sights[i].first_day < first)
            first = figures->sights[i].first_day;
    if (first >= days.first && first < INT_MAX)
        snprintf(figures->unmoved, sizeof figures->unmoved,
                 "No change of mode or policy since %s, the first day known; 8 shows all domains.",
                 day_format(first, day));
}

static enum db_status load_policies(const struct request *request, struct db *db,
                                    struct snapshot *snapshot)
{
    struct day_range days = {0, request->today};
    snapshot->figures = arena_alloc(&snapshot->arena, sizeof(struct figures));
    if (snapshot->figures == NULL)
        return DB_MEMORY;
    if (request->scope.domain <= 0)
        return DB_OK;
    enum db_status status = load_texts(request, db, snapshot);
    if (request->extent.last >= request->extent.first)
        days = request->extent;
    if (days.last > request->today + 1) /* a report of the future */
        days.last = request->today + 1;
    if (days.last - days.first >= CHANGES_DAYS)
        days.first = days.last - CHANGES_DAYS + 1;
    if (status == DB_OK)
        status = changes_load(db, snapshot, PANE_CHANGES, request->scope.domain, days);
    say_unmoved(snapshot->figures, days);
    return status;
}

/* --- what is shown of the text under the cursor --- */

struct policies {
    struct beside difference, reporters;
};

static const struct item *current_item(const struct view *view)
{
    return table_current(&view->tables[PANE_TEXTS]);
}

/* The text before ITEM; NULL: there is none. */
static const struct item *item_before(const struct view *view, const struct item *item)
{
    const struct item *texts = view->snapshot->rows[PANE_TEXTS].items;
    return &texts[item->before] != item ? &texts[item->before] : NULL;
}

/* Of COLUMNS so many are for the difference. */
static int left_of(int columns)
{
    return columns < WIDE ? columns : columns * 2 / 5;
}

static void show_difference(struct view *view, int width)
{
    struct policies *policies = view->state;
    const struct item *item = current_item(view);
    struct snapshot *made = &policies->difference.made;
    if (!beside_begin(view, PANE_DIFFERENCE, &policies->difference,
                      item != NULL ? item_id(item) : 0, width))
        return;
    if (item != NULL) {
        struct diff_line *lines;
        const struct item *before = item_before(view, item);
        size_t count =
            policy_diff(before != NULL ? before->text : "", item->text, &made->arena, &lines);
        int side = (left_of(width) - 2) / 2 - MARK; /* 2: between the columns */
        count = policy_diff_wrap(&made->arena, &lines, count, side);
        made->rows[PANE_DIFFERENCE] = (struct rows){lines, sizeof *lines, count};
    }
    beside_show(view, PANE_DIFFERENCE, &policies->difference);
}

static void show_reporters(struct view *view)
{
    struct policies *policies = view->state;
    const struct figures *figures = view_figures(view);
    const struct item *item = current_item(view);
    if (!beside_begin(view, PANE_REPORTERS, &policies->reporters, item != NULL ? item_id(item) : 0,
                      0))
        return;
    size_t number = item != NULL ? (size_t)(item - items(view->snapshot)) : SIZE_MAX;
    for (size_t i = 0; i < figures->sight_count; i++) {
        if (figures->sights[i].item != number)
            continue;
        struct sight *sight =
            snapshot_add(&policies->reporters.made, PANE_REPORTERS, sizeof *sight);
        if (sight != NULL)
            *sight = figures->sights[i];
    }
    beside_show(view, PANE_REPORTERS, &policies->reporters);
}

static void loaded(struct view *view)
{
    struct policies *policies = view->state;
    const struct figures *figures = view_figures(view);
    view->tables[PANE_CHANGES].nothing = figures->unmoved[0] != '\0' ? figures->unmoved : NULL;
    beside_forget(&policies->difference);
    beside_forget(&policies->reporters);
}

static void close_policies(struct view *view)
{
    struct policies *policies = view->state;
    beside_free(&policies->difference);
    beside_free(&policies->reporters);
}

/* --- drawing --- */

/* Of one that has none of its kind before it. */
static const char *first_words(const struct item *item)
{
    switch (policy_type_find(item->type)) {
    case POLICY_NOT_FOUND:
        return "These reporters found neither an MTA-STS policy nor DANE.";
    case POLICY_STS:
        return item->text[0] != '\0' ? "The first MTA-STS policy that reports quote."
                                     : "These reports quote no text of an MTA-STS policy.";
    case POLICY_TLSA:
        return "The first DANE records that reports quote.";
    default:
        return "The first policy of this type that reports quote.";
    }
}

/* What the text says that the one before did not. */
static void draw_news(const struct view *view, const struct item *item, struct area *area)
{
    const struct item *before = item_before(view, item);
    char words[POLICY_WORDS] = "", text[POLICY_WORDS + 64], day[DAY_TEXT];
    if (before != NULL && item->canonical[0] != '\0')
        policy_say_difference(before->text, item->text, glyph(GLYPH_ENTER), words);
    if (before == NULL)
        snprintf(text, sizeof text, "%s", first_words(item));
    else if (item->canonical[0] == '\0')
        snprintf(text, sizeof text, "Compared with the policy first seen on %s.",
                 day_format(before->first_day, day));
    else if (words[0] == '\0')
        snprintf(text, sizeof text, "It says the same as that of %s, in other words.",
                 day_format(before->first_day, day));
    else
        snprintf(text, sizeof text, "Since %s: %s", day_format(item->first_day, day), words);
    take_lines(area, STYLE_STRONG, text);
}

static void draw_problems(const struct item *item, struct area *area)
{
    for (size_t i = 0; i < sts_fault_count; i++) {
        const struct sts_fault *fault = &sts_faults[i];
        bool fatal = (fault->problem & STS_FATAL) != 0;
        char text[256];
        if (!(item->problems & fault->problem))
            continue;
        snprintf(text, sizeof text, "It %s%s: %s.", fault->text,
                 fatal ? ", so that senders take it for none" : "", fault->remedy);
        take_lines(area, fatal ? STYLE_BAD : STYLE_WARN, text);
    }
}

static void draw_about_change(const struct view *view, struct area *area)
{
    const struct change *change = table_current(&view->tables[PANE_CHANGES]);
    char text[CHANGE_SENTENCES];
    if (change == NULL)
        return;
    changes_explain(change, text);
    take_lines(area, STYLE_STRONG, change->what);
    take_lines(area, STYLE_NORMAL, text);
}

/* The rows that all of a pane takes, with its title. */
static int height_of(const struct view *view, int pane)
{
    const struct table *table = &view->tables[pane];
    int rows = (int)table->order.count;
    return 1 + !table->arrangement.type->no_head + (rows > 0 ? rows : 1);
}

/* Draws panes from FIRST on, one below the other, as far as there is room: where
 * there is not, the one that has the keys comes first. */
static void draw_below(struct view *view, int first, struct area area)
{
    enum { LEAST = 4, GAP = 1 };
    int wanted = -GAP, end = area.y + area.rows, start = first, count = PANES - first;
    for (int pane = first; pane < PANES; pane++)
        wanted += height_of(view, pane) + GAP;
    if (wanted > area.rows && view->focus > first)
        start = view->focus;
    for (int i = 0; i < count && end - area.y >= LEAST; i++) {
        int pane = first + (start - first + i) % count, rows = height_of(view, pane);
        rows = rows > end - area.y || i == count - 1 ? end - area.y : rows;
        view_draw_pane(view, pane, (struct area){area.y, area.x, rows, area.columns});
        area.y += rows + GAP;
    }
}

static void draw_panes(struct view *view, struct area area)
{
    enum { GAP = 3 };
    int left = left_of(area.columns);
    if (area.columns < WIDE) {
        draw_below(view, PANE_DIFFERENCE, area);
        return;
    }
    view_draw_pane(view, PANE_DIFFERENCE, (struct area){area.y, area.x, area.rows, left});
    draw_below(view, PANE_DIFFERENCE + 1,
               (struct area){area.y, area.x + left + GAP, area.rows, area.columns - left - GAP});
}

/* The words about what the cursor is on. */
static void draw_about(struct view *view, const struct item *item, struct area *area)
{
    const struct figures *figures = view_figures(view);
    if (view->focus == PANE_CHANGES) {
        draw_about_change(view, area);
        return;
    }
    if (figures->cut)
        take_lines(area, STYLE_WARN, "There are more texts: these are the first 4,096.");
    draw_news(view, item, area);
    draw_problems(item, area);
}

static void draw_policies(struct view *view, struct area area)
{
    enum { WORDS_MAX = 4 };
    struct table *texts = &view->tables[PANE_TEXTS];
    if (view->scope.domain < 0) {
        put_format(area.y + 1, 2, area.columns - 4, STYLE_STRONG, "No report is about %.200s.",
                   view->scope.domain_name);
        return;
    }
    if (view->scope.domain == ALL_DOMAINS) {
        put_lines((struct area){area.y + 1, 2, area.rows - 1, area.columns - 4}, STYLE_NORMAL,
                  "A policy is that of one domain: choose one in the list (1), then press 6.");
        return;
    }
    int above = 1 + (texts->order.count > 0 ? (int)texts->order.count : 1);
    above = above > area.rows / 3 ? area.rows / 3 : above;
    table_draw(texts, (struct area){area.y, 1, above, area.columns - 1}, view->focus == PANE_TEXTS);
    const struct item *item = current_item(view);
    show_difference(view, area.columns - 1);
    show_reporters(view);
    if (item == NULL)
        return;
    struct area words = {area.y + above, 1, WORDS_MAX, area.columns - 2};
    draw_about(view, item, &words);
    int y = words.y + 1;
    draw_panes(view, (struct area){y, 1, area.y + area.rows - y, area.columns - 1});
}

/* --- acting --- */

static bool act(struct view *view, enum action action)
{
    if (action != ACT_OPEN)
        return false;
    view->focus = view->focus == PANE_TEXTS ? PANE_DIFFERENCE : PANE_TEXTS;
    return true;
}

const struct view_type view_policies = {
    .name = "Policies",
    .help = "Every policy text that reports on a domain quote, each beside the one before it: "
            "- is gone, + is new. DANE stands with what its TLSA records begin with. Tab goes on "
            "to the changes of mode and policy, with who saw them "
            "first and who went on reporting what was before, and to who reported the text.",
    .panes = {{"Policies", &texts_table},
              {"Difference to the one before", &difference_table},
              {"Changes", &all_changes_table},
              {"Reported by", &reporters_table}},
    .pane_count = PANES,
    .beside = 1 << PANE_DIFFERENCE | 1 << PANE_REPORTERS,
    .actions = {ACT_OPEN},
    .timeless = true,
    .load = load_policies,
    .loaded = loaded,
    .draw = draw_policies,
    .act = act,
    .close = close_policies,
    .state_size = sizeof(struct policies),
};
