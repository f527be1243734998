#include "table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"
#include "tree.h"

enum { CANCEL_EVERY = 1024 /* rows between two looks at `cancelled` */ };

/* --- arranging --- */

struct sorting {
    const struct arrangement *arrangement;
    const struct rows *rows;
};

static int compare_by(const struct table_type *type, int sort, const void *a, const void *b)
{
    const struct column *column = &type->columns[sort];
    if (type->grade == NULL || type->graded != sort)
        return value_compare(column->kind, column->value(a), column->value(b));
    int64_t left = type->grade(a), right = type->grade(b);
    return (left > right) - (left < right);
}

static int compare_rows(const void *left, const void *right, void *context)
{
    const struct sorting *with = context;
    const struct table_type *type = with->arrangement->type;
    uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
    int order = type->parent != NULL && a != b ? tree_meet(type, with->rows, &a, &b) : 0;
    if (order != 0)
        return order;
    if (with->arrangement->sort >= 0) {
        order =
            compare_by(type, with->arrangement->sort, row_at(with->rows, a), row_at(with->rows, b));
        if (with->arrangement->descending)
            order = -order;
    }
    return order != 0 ? order : (a > b) - (a < b); /* stable */
}

static const struct column *failed_column(const struct table_type *type)
{
    for (size_t i = 0; i < type->column_count; i++)
        if (strcmp(type->columns[i].name, "failed") == 0)
            return &type->columns[i];
    return NULL;
}

static bool fails(const struct table_type *type, const struct column *failed, const void *row)
{
    return type->fails != NULL ? type->fails(row) : failed->value(row).number != 0;
}

/* Finds the rows that are let through; false when it was CANCELLED. */
static bool sift(const struct arrangement *arrangement, const struct rows *rows, bool *kept,
                 const atomic_bool *cancelled)
{
    const struct table_type *type = arrangement->type;
    const struct column *failed = arrangement->failing ? failed_column(type) : NULL;
    for (size_t i = 0; i < rows->count; i++) {
        const void *row = row_at(rows, i);
        if (i % CANCEL_EVERY == 0 && atomic_load(cancelled))
            return false;
        kept[i] = (i == 0 && type->pinned) || ((failed == NULL || fails(type, failed, row)) &&
                                               filter_matches(&arrangement->filter, row));
    }
    if (type->parent != NULL)
        tree_keep_above(type, rows, kept);
    return true;
}

int table_arrange(const struct arrangement *arrangement, const struct rows *rows,
                  struct order *order, const atomic_bool *cancelled)
{
    const struct table_type *type = arrangement->type;
    size_t pinned = type->pinned && rows->count > 0, tree = type->parent != NULL;
    bool *kept = malloc(rows->count + 1);
    *order = (struct order){.rows = malloc((rows->count * (1 + tree) + 1) * sizeof *order->rows)};
    if (kept == NULL || order->rows == NULL || !sift(arrangement, rows, kept, cancelled))
        goto failed;
    for (size_t i = 0; i < rows->count; i++)
        if (kept[i])
            order->rows[order->count++] = (uint32_t)i;
    if ((arrangement->sort >= 0 || tree) && order->count > pinned) {
        struct sorting with = {arrangement, rows};
        qsort_r(order->rows + pinned, order->count - pinned, sizeof *order->rows, compare_rows,
                &with);
    }
    if (atomic_load(cancelled))
        goto failed;
    if (tree) {
        order->whole = order->rows + rows->count;
        order->whole_count = order->count;
        memcpy(order->whole, order->rows, order->count * sizeof *order->rows);
    }
    free(kept);
    return 0;
failed:
    free(kept);
    free(order->rows);
    *order = (struct order){0};
    return -1;
}

/* --- what is shown --- */

bool table_has_column(const struct table_type *type, const char *name)
{
    for (size_t i = 0; i < type->column_count; i++)
        if (strcmp(type->columns[i].name, name) == 0)
            return true;
    return false;
}

void table_init(struct table *table, const struct table_type *type)
{
    *table = (struct table){.arrangement = {.type = type, .sort = type->sort}};
    if (type->sort >= 0)
        table->arrangement.descending = type->columns[type->sort].large_first;
}

int table_filter(struct table *table, const char *text, const struct config *config,
                 char error[static FILTER_ERROR])
{
    const struct table_type *type = table->arrangement.type;
    if (filter_parse(text, type->columns, type->column_count, config, &table->arrangement.filter,
                     error) != 0)
        return -1;
    snprintf(table->filter_text, sizeof table->filter_text, "%.*s", FILTER_MAX - 1, text);
    return 0;
}

void table_free(struct table *table)
{
    free(table->order.rows);
    free(table->changed);
    free(table->branches);
    table->order = (struct order){0};
    table->changed = NULL;
    table->branches = NULL;
    table->branch_count = 0;
}

static const void *ordered_row(const struct table *table, size_t n)
{
    return row_at(&table->rows, table->order.rows[n]);
}

const void *table_current(const struct table *table)
{
    return table->cursor < table->order.count ? ordered_row(table, table->cursor) : NULL;
}

bool table_find(struct table *table, uint64_t id)
{
    size_t before = table->cursor, found = SIZE_MAX;
    for (size_t n = 0; n < table->order.count; n++) {
        if (table->arrangement.type->id(ordered_row(table, n)) != id)
            continue;
        if (found == SIZE_MAX || n <= before || n - before < before - found)
            found = n;
        if (n >= before)
            break;
    }
    if (found != SIZE_MAX)
        table->cursor = found;
    return found != SIZE_MAX;
}

static void cursor_home(struct table *table)
{
    table->cursor = table->arrangement.type->pinned && table->order.count > 1;
    table->top = 0;
}

/* The stamps of rows by their id: an open hash table, at most half full. */
struct stamps {
    size_t mask;
    struct stamp {
        uint64_t id, stamp;
        bool used;
    } * slots;
};

static struct stamp *stamp_slot(const struct stamps *stamps, uint64_t id)
{
    size_t slot = (size_t)(id * UINT64_C(0x9e3779b97f4a7c15) >> 20) & stamps->mask;
    while (stamps->slots[slot].used && stamps->slots[slot].id != id)
        slot = (slot + 1) & stamps->mask;
    return &stamps->slots[slot];
}

/* Which of ROWS have another stamp than those that are shown; NULL when none,
 * or memory is short: marks are a courtesy. */
static bool *find_changes(const struct table *table, const struct rows *rows)
{
    const struct table_type *type = table->arrangement.type;
    struct stamps stamps = {.mask = 1};
    while (stamps.mask < 2 * table->rows.count)
        stamps.mask = stamps.mask << 1 | 1;
    stamps.slots = calloc(stamps.mask + 1, sizeof *stamps.slots);
    bool *changed = calloc(rows->count + 1, sizeof *changed), any = false;
    for (size_t i = 0; stamps.slots != NULL && i < table->rows.count; i++) {
        const void *row = row_at(&table->rows, i);
        *stamp_slot(&stamps, type->id(row)) = (struct stamp){type->id(row), type->stamp(row), true};
    }
    for (size_t i = 0; stamps.slots != NULL && changed != NULL && i < rows->count; i++) {
        const void *row = row_at(rows, i);
        const struct stamp *before = stamp_slot(&stamps, type->id(row));
        changed[i] = !before->used || before->stamp != type->stamp(row);
        any = any || changed[i];
    }
    free(stamps.slots);
    if (any)
        return changed;
    free(changed);
    return NULL;
}

/* The first column of domain names; -1 when there is none. */
static int find_names(const struct table_type *type)
{
    for (int i = 0; i < (int)type->column_count; i++)
        if (type->columns[i].kind == VALUE_DOMAIN && type->columns[i].value != NULL)
            return i;
    return -1;
}

/* How many cells the names of the first rows need, in the order in which they were read: so
 * columns do not move when the rows are sorted. */
static int measure_names(const struct table *table)
{
    enum { MEASURED = 512 };
    int names = find_names(table->arrangement.type), most = 0;
    char text[VALUE_TEXT_MAX];
    for (size_t i = 0; i < table->rows.count && i < MEASURED && names >= 0; i++) {
        const struct column *column = &table->arrangement.type->columns[names];
        value_show(column->kind, column->value(row_at(&table->rows, i)), column->most + 1, text);
        int columns = text_columns(text, terminal_unicode());
        most = columns > most ? columns : most;
    }
    return most;
}

void table_show(struct table *table, const struct rows *rows, struct order order, bool mark)
{
    const struct table_type *type = table->arrangement.type;
    const void *current = table_current(table);
    uint64_t id = current != NULL ? type->id(current) : 0;
    bool same_rows = rows->items == table->rows.items;
    bool *changed = table->changed;
    if (!same_rows) {
        changed = mark && type->stamp != NULL ? find_changes(table, rows) : NULL;
        free(table->changed);
    }
    table->changed = changed;
    free(table->order.rows);
    table->rows = *rows;
    table->order = order;
    if (!same_rows)
        table->name_columns = measure_names(table);
    if (type->parent != NULL)
        tree_fold(table);
    size_t offset = table->cursor - table->top;
    if (!table->moved || current == NULL) {
        cursor_home(table);
    } else if (type->parent != NULL ? tree_find(table, id) : table_find(table, id)) {
        table->top = table->cursor > offset ? table->cursor - offset : 0;
    } else if (table->cursor >= table->order.count) {
        table->cursor = table->order.count > 0 ? table->order.count - 1 : 0;
    }
}

void table_unmark(struct table *table)
{
    free(table->changed);
    table->changed = NULL;
}

/* Is COLUMN one of text in which no row has any? */
static bool is_empty(const struct column *column, const struct rows *rows)
{
    if (column_is_picture(column) || (column->kind != VALUE_TEXT && column->kind != VALUE_DOMAIN))
        return false;
    for (size_t i = 0; i < rows->count; i++)
        if (column->value(row_at(rows, i)).text[0] != '\0')
            return false;
    return true;
}

void table_hide_empty(struct table *table)
{
    const struct table_type *type = table->arrangement.type;
    for (size_t column = 0; column < type->column_count && table->rows.count > 0; column++)
        if (is_empty(&type->columns[column], &table->rows))
            table->hidden |= UINT32_C(1) << column;
}

/* --- layout --- */

struct layout {
    int widths[TABLE_COLUMNS_MAX]; /* 0: not shown */
    int gap;
};

static int layout_total(const struct table_type *type, const struct layout *layout)
{
    int total = 0;
    for (size_t i = 0; i < type->column_count; i++)
        if (layout->widths[i] > 0)
            total += layout->widths[i] + (total > 0 ? layout->gap : 0);
    return total;
}

/* The shown column that is the first to go; -1 when all must stay. */
static int least_wanted(const struct table_type *type, const struct layout *layout)
{
    int found = -1;
    for (int i = 0; i < (int)type->column_count; i++)
        if (layout->widths[i] > 0 && type->columns[i].rank > 0 &&
            (found < 0 || type->columns[i].rank >= type->columns[found].rank))
            found = i;
    return found;
}

/* Names that are cut cannot be told apart: they get what room there is, and, to be of a usual
 * length, that of columns which can be done without. */
static void make_room_for_names(const struct table *table, int columns, struct layout *layout)
{
    enum { DISPENSABLE = 3 /* rank */, USUAL = 27 /* cells */ };
    const struct table_type *type = table->arrangement.type;
    int names = find_names(type);
    if (names < 0 || layout->widths[names] == 0)
        return;
    int wanted = table->name_columns < type->columns[names].most ? table->name_columns
                                                                 : type->columns[names].most;
    for (;;) {
        int room = columns - layout_total(type, layout), drop = least_wanted(type, layout);
        int more = wanted - layout->widths[names];
        if (more > 0 && room > 0)
            layout->widths[names] += more < room ? more : room;
        if (more <= room || layout->widths[names] >= USUAL || drop < 0 ||
            type->columns[drop].rank < DISPENSABLE)
            return;
        layout->widths[drop] = 0;
    }
}

static struct layout lay_out(const struct table *table, int columns)
{
    const struct table_type *type = table->arrangement.type;
    struct layout layout = {.gap = columns >= 76 ? 2 : 1};
    for (size_t i = 0; i < type->column_count; i++)
        layout.widths[i] = table->hidden >> i & 1 ? 0 : type->columns[i].least;
    int drop;
    while (layout_total(type, &layout) > columns && (drop = least_wanted(type, &layout)) >= 0)
        layout.widths[drop] = 0;
    make_room_for_names(table, columns, &layout);
    int total = layout_total(type, &layout);
    for (bool grew = true; total < columns && grew;) {
        grew = false;
        for (size_t i = 0; i < type->column_count && total < columns; i++) {
            if (layout.widths[i] > 0 && layout.widths[i] < type->columns[i].most) {
                layout.widths[i]++;
                total++;
                grew = true;
            }
        }
    }
    return layout;
}

/* --- drawing --- */

enum { TITLE_MAX = 32, TITLE_TEXT = TITLE_MAX * TEXT_BYTES_PER_CELL + 16 + sizeof "\u25be" };

/* "Failed" and the arrow behind it, in so many CELLS: where there is no room for all, the
 * title is cut. */
static void write_title(const struct arrangement *arrangement, int column, int cells,
                        char text[static TITLE_TEXT])
{
    const char *title = arrangement->type->columns[column].title;
    const char *arrow = column != arrangement->sort ? ""
                        : arrangement->descending   ? glyph(GLYPH_DOWN)
                                                    : glyph(GLYPH_UP);
    int room = cells - (arrow[0] != '\0');
    text_fit(title, room < TITLE_MAX ? room : TITLE_MAX, terminal_unicode(), glyph(GLYPH_ELLIPSIS),
             text);
    strcat(text, arrow);
}

static void draw_head(const struct table *table, const struct layout *layout, struct area area,
                      bool focused)
{
    const struct table_type *type = table->arrangement.type;
    int style = focused ? STYLE_FOCUS : STYLE_HEAD, x = area.x;
    put_text(area.y, area.x, area.columns, style, "");
    for (int i = 0; i < (int)type->column_count; i++) {
        const struct column *column = &type->columns[i];
        char title[TITLE_TEXT];
        if (layout->widths[i] == 0)
            continue;
        write_title(&table->arrangement, i, layout->widths[i], title);
        if (value_is_number(column->kind) && column->paint == NULL)
            put_right(area.y, x, layout->widths[i], style, title);
        else
            put_text(area.y, x, layout->widths[i], style, title);
        x += layout->widths[i] + layout->gap;
    }
}

/* Shows where the search text stands in a cell. */
static void mark_match(const struct table *table, const struct cell *cell, const char *text)
{
    char before[VALUE_TEXT_MAX];
    const char *found = table->search[0] != '\0' ? text_find(text, table->search) : NULL;
    if (found == NULL)
        return;
    snprintf(before, sizeof before, "%.*s", (int)(found - text), text);
    int start = text_columns(before, terminal_unicode());
    snprintf(before, sizeof before, "%.*s", (int)(text_behind(found, table->search) - found),
             found);
    int length = text_columns(before, terminal_unicode());
    if (start + length <= cell->columns)
        put_style(cell->y, cell->x + start, length, STYLE_MATCH | cell->style);
}

static void draw_cell(const struct table *table, const struct column *column, const void *row,
                      const struct cell *cell)
{
    char text[VALUE_TEXT_MAX];
    if (column->paint != NULL) {
        column->paint(row, cell);
        return;
    }
    int style = (column->style != NULL ? column->style(row) : STYLE_NORMAL) | cell->style;
    value_show(column->kind, column->value(row), cell->columns, text);
    if (value_is_number(column->kind)) {
        put_right(cell->y, cell->x, cell->columns, style, text);
        return;
    }
    put_text(cell->y, cell->x, cell->columns, style, text);
    mark_match(table, cell, text);
}

static void draw_row(const struct table *table, const struct layout *layout, size_t n, int y,
                     bool focused)
{
    const struct table_type *type = table->arrangement.type;
    const void *row = ordered_row(table, n);
    int selected = focused && n == table->cursor ? SELECTED : 0;
    struct cell cell = {.y = y, .x = table->area.x, .style = selected, .context = table->context};
    put_text(y, cell.x, table->area.columns, STYLE_NORMAL | selected, "");
    for (size_t i = 0; i < type->column_count; i++) {
        cell.columns = layout->widths[i];
        if (cell.columns == 0)
            continue;
        draw_cell(table, &type->columns[i], row, &cell);
        cell.x += cell.columns + layout->gap;
    }
    if (table->changed != NULL && table->changed[table->order.rows[n]] && table->area.x > 0)
        put_glyphs(y, table->area.x - 1, 1, STYLE_WARN, glyph(GLYPH_NEW));
}

static void keep_cursor_visible(struct table *table, int height)
{
    size_t rows = height > 0 ? (size_t)height : 1;
    if (table->cursor < table->top)
        table->top = table->cursor;
    if (table->cursor >= table->top + rows)
        table->top = table->cursor - rows + 1;
    if (table->top + rows > table->order.count)
        table->top = table->order.count > rows ? table->order.count - rows : 0;
}

/* Of rows that others were left out of, "nothing" would say too much. */
static void nothing_of_kept(const struct table *table, char *text, size_t size)
{
    const struct table_type *type = table->arrangement.type;
    bool failing = type->others_failing && !table->arrangement.failing;
    char kept[32];
    format_count(table->cut.kept, 20, kept);
    snprintf(
        text, size,
        "None of the %s %s matches the filter; the others were not looked at: fewer days (t)%s "
        "may show them.",
        type->kept, kept, failing ? " or only what failed (x)" : "");
}

static void draw_nothing(const struct table *table, struct area area)
{
    char of_kept[256];
    const struct table_type *type = table->arrangement.type;
    const char *text = table->nothing != NULL ? table->nothing : type->nothing;
    if (table->awaited)
        text = "They are being read...";
    else if (table->arrangement.filter.count > 0 && table->cut.kept > 0) {
        nothing_of_kept(table, of_kept, sizeof of_kept);
        text = of_kept;
    } else if (table->arrangement.filter.count > 0)
        text = "Nothing matches the filter: f changes it, Esc there keeps the one before.";
    else if (table->arrangement.failing)
        text = "Nothing failed here. x shows all rows again.";
    if (text != NULL)
        put_lines(area, STYLE_DIM, text);
}

int table_column(const struct table *table, struct area area, int column, int *x)
{
    struct layout layout = lay_out(table, area.columns);
    *x = area.x;
    for (int i = 0; i < column; i++)
        if (layout.widths[i] > 0)
            *x += layout.widths[i] + layout.gap;
    return layout.widths[column];
}

void table_draw(struct table *table, struct area area, bool focused)
{
    const struct table_type *type = table->arrangement.type;
    struct layout layout = lay_out(table, area.columns);
    int head = !type->no_head;
    table->area = area;
    put_clear(area);
    if (head)
        draw_head(table, &layout, area, focused);
    keep_cursor_visible(table, area.rows - head);
    for (int row = 0; row < area.rows - head; row++)
        if (table->top + (size_t)row < table->order.count)
            draw_row(table, &layout, table->top + (size_t)row, area.y + head + row, focused);
    size_t pinned = type->pinned && table->rows.count > 0;
    if (table->order.count <= pinned) {
        int used = head + (int)pinned;
        draw_nothing(table, (struct area){area.y + used, area.x, area.rows - used, area.columns});
    }
}

/* --- acting --- */

bool table_move(struct table *table, enum action action)
{
    size_t last = table->order.count > 0 ? table->order.count - 1 : 0;
    int height = table->area.rows - !table->arrangement.type->no_head;
    size_t page = height > 1 ? (size_t)height - 1 : 1;
    size_t cursor = table->cursor;
    bool is_text = table->arrangement.type->no_head; /* its cursor is not seen: the text moves */
    switch (action) {
    case ACT_UP:
        cursor -= cursor > 0;
        break;
    case ACT_DOWN:
        cursor += cursor < last;
        break;
    case ACT_PAGE_UP:
        cursor -= cursor < page ? cursor : page;
        if (is_text)
            table->top -= table->top < page ? table->top : page;
        break;
    case ACT_PAGE_DOWN:
        cursor = cursor + page < last ? cursor + page : last;
        if (is_text)
            table->top += page;
        break;
    case ACT_FIRST:
        cursor = 0;
        break;
    case ACT_LAST:
        cursor = last;
        break;
    default:
        return false;
    }
    table->cursor = cursor;
    table->moved = true;
    return true;
}

void table_sort_by(struct table *table, int column)
{
    struct arrangement *arrangement = &table->arrangement;
    if (column == arrangement->sort)
        arrangement->descending = !arrangement->descending;
    else
        arrangement->descending = arrangement->type->columns[column].large_first;
    arrangement->sort = column;
    if (!table->moved)
        table->cursor = table->top = 0;
}

void table_sort_next(struct table *table)
{
    const struct table_type *type = table->arrangement.type;
    struct layout layout = lay_out(table, table->area.columns);
    int count = (int)type->column_count;
    for (int i = 1; i <= count; i++) {
        int column = (table->arrangement.sort + i) % count;
        if (layout.widths[column] > 0 && !column_is_picture(&type->columns[column])) {
            table_sort_by(table, column);
            return;
        }
    }
}

/* How well the search text fits: a whole cell, its beginning, or any part. */
enum fit { FIT_NONE, FIT_PART, FIT_BEGINNING, FIT_WHOLE };

static enum fit text_fits(const char *text, const char *search)
{
    const char *found = text_find(text, search);
    if (found == NULL)
        return FIT_NONE;
    if (found != text)
        return FIT_PART;
    return *text_behind(text, search) == '\0' ? FIT_WHOLE : FIT_BEGINNING;
}

/* As it stands in the database and as it is shown. */
static enum fit value_fits(enum value_kind kind, struct value value, const char *search)
{
    char shown[VALUE_TEXT_MAX];
    if ((kind == VALUE_DAY || kind == VALUE_TIME) &&
        search[strspn(search, "0123456789-: ")] != '\0')
        return FIT_NONE;
    if (kind != VALUE_TEXT && kind != VALUE_DOMAIN) {
        value_show(kind, value, VALUE_TEXT_MAX, shown);
        return text_fits(shown, search);
    }
    enum fit fit = text_fits(value.text, search), other = FIT_NONE;
    if (fit < FIT_WHOLE && value_has_letters(kind, value, shown))
        other = text_fits(shown, search);
    return other > fit ? other : fit;
}

static enum fit row_fits(const struct table *table, const void *row)
{
    const struct table_type *type = table->arrangement.type;
    enum fit best = FIT_NONE;
    for (size_t i = 0; i < type->column_count; i++) {
        const struct column *column = &type->columns[i];
        if (value_is_number(column->kind) || column->most == 0 || column_is_picture(column))
            continue;
        enum fit fit = value_fits(column->kind, column->value(row), table->search);
        best = fit > best ? fit : best;
    }
    return best;
}

bool table_search(struct table *table, int step, bool reveal)
{
    const struct order *order = &table->order;
    bool tree = order->whole != NULL;
    const uint32_t *rows = tree ? order->whole : order->rows;
    size_t count = tree ? order->whole_count : order->count;
    size_t n = tree ? tree_position(table) : table->cursor, found = 0;
    enum fit best = FIT_NONE, enough = step == 0 ? FIT_WHOLE : FIT_PART;
    if (table->search[0] == '\0')
        return false;
    for (size_t tried = 0; tried < count && best < enough; tried++) {
        if (tried > 0 || step != 0)
            n = step < 0 ? (n + count - 1) % count : (n + 1) % count;
        enum fit fit = row_fits(table, row_at(&table->rows, rows[n]));
        found = fit > best ? n : found;
        best = fit > best ? fit : best;
    }
    if (best == FIT_NONE)
        return false;
    if (tree)
        tree_go_to(table, rows[found], reveal);
    else
        table->cursor = found;
    table->moved = true;
    return true;
}

int table_click(struct table *table, int y, int x, int *column)
{
    const struct table_type *type = table->arrangement.type;
    struct area area = table->area;
    int row = y - area.y, head = !type->no_head;
    if (row < 0 || row >= area.rows || x < area.x || x >= area.x + area.columns)
        return 0;
    if (row >= head) {
        size_t n = table->top + (size_t)(row - head);
        if (n >= table->order.count)
            return 0;
        table->cursor = n;
        table->moved = true;
        return 'r';
    }
    struct layout layout = lay_out(table, area.columns);
    int start = area.x;
    for (int i = 0; i < (int)type->column_count; i++) {
        if (layout.widths[i] == 0)
            continue;
        if (x >= start && x < start + layout.widths[i] + layout.gap) {
            *column = i;
            return column_is_picture(&type->columns[i]) ? 0 : 'h';
        }
        start += layout.widths[i] + layout.gap;
    }
    return 0;
}
