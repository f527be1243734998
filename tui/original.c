/* The JSON of a report, as it came: indented where it can be read, else raw. */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app.h"
#include "lines.h"
#include "text.h"

enum {
    LINES_MAX = 20000,
    INDENTED_MAX = 1024 * 1024, /* bytes of a document that is parsed to be indented */
    RAW_MAX = 4 * 1024 * 1024,  /* and that is copied at all */
    DEPTH_MAX = 64,
};

static const char too_long[] = "The report goes on, but is too long to be shown whole.";

struct page {
    struct snapshot *snapshot;
    int columns;
};

/* Adds the line that TEXT begins with, broken to the columns; returns what is
 * behind it. */
static const char *add_line(const struct page *page, const char *text)
{
    int indent = (int)strspn(text, " "), deepest = page->columns / 2;
    const char *end = text + strcspn(text, "\n"), *next = text;
    size_t first = page->snapshot->rows[0].count;
    indent = indent < deepest ? indent + 2 : deepest;
    do {
        int margin = text == next ? 0 : indent;
        const char *from = next;
        size_t length = text_piece(from, end, page->columns - margin, &next);
        line_format(page->snapshot, 0, STYLE_NORMAL, "%*s%.*s", margin, "", (int)length, from);
    } while (next < end && page->snapshot->rows[0].count < LINES_MAX);
    if (page->snapshot->rows[0].count > first + 1)
        lines_belong(page->snapshot, 0, first,
                     arena_strndup(&page->snapshot->arena, text, (size_t)(end - text)));
    return next == end && *end == '\n' ? end + 1 : next;
}

static void add_lines(const struct page *page, const char *text)
{
    while (*text != '\0' && page->snapshot->rows[0].count < LINES_MAX)
        text = add_line(page, text);
    if (*text != '\0')
        line_add(page->snapshot, 0, STYLE_WARN, too_long);
}

/* JSON is one value, and nothing behind it but white space. */
static json_object *parse(const char *json, size_t size)
{
    json_tokener *tokener = json_tokener_new_ex(DEPTH_MAX);
    if (tokener == NULL)
        return NULL;
    json_object *root = json_tokener_parse_ex(tokener, json, (int)size);
    size_t end = json_tokener_get_parse_end(tokener);
    json_tokener_free(tokener);
    while (end < size && strchr(" \t\r\n", json[end]) != NULL)
        end++;
    if (end == size)
        return root;
    json_object_put(root);
    return NULL;
}

/* A copy of the first bytes of JSON as a string; a NUL in it becomes '?'. */
static char *copy_raw(struct arena *arena, const char *json, size_t size)
{
    char *text = arena_alloc(arena, size + 1);
    for (size_t i = 0; text != NULL && i < size; i++)
        text[i] = json[i] != '\0' ? json[i] : '?';
    return text;
}

static int add_raw(const struct page *page, const char *json, size_t size)
{
    bool cut = size > RAW_MAX;
    char *text = copy_raw(&page->snapshot->arena, json, cut ? RAW_MAX : size);
    if (text == NULL) {
        page->snapshot->short_of_memory = true;
        return -1;
    }
    line_add(page->snapshot, 0, STYLE_DIM,
             size > INDENTED_MAX ? "As it came, since it is long:"
                                 : "As it came, since it cannot be read as JSON:");
    add_lines(page, text);
    if (cut)
        line_add(page->snapshot, 0, STYLE_WARN, too_long);
    return 0;
}

static int add_document(void *context, int64_t report, const char *json, size_t size)
{
    static const char mark[] = "\xef\xbb\xbf"; /* of byte order, which json-c does not know */
    const struct page *page = context;
    size_t skip = size >= sizeof mark - 1 && memcmp(json, mark, sizeof mark - 1) == 0 ? 3 : 0;
    (void)report;
    if (size == 0) {
        line_add(page->snapshot, 0, STYLE_WARN,
                 "The original is gone, as keep-details-days says; its figures stay.");
        return 0;
    }
    json_object *root = size <= INDENTED_MAX ? parse(json + skip, size - skip) : NULL;
    if (root == NULL)
        return add_raw(page, json, size);
    enum {
        FORMAT = JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED | JSON_C_TO_STRING_NOSLASHESCAPE
    };
    const char *text = json_object_to_json_string_ext(root, FORMAT);
    if (text != NULL)
        add_lines(page, text);
    else
        page->snapshot->short_of_memory = true;
    json_object_put(root);
    return 0;
}

static enum db_status load_original(const struct request *request, struct db *db,
                                    struct snapshot *snapshot)
{
    struct page page = {snapshot, request->columns - 2};
    return query_document(db, request->scope.report, add_document, &page);
}

/* --- the view --- */

static bool act(struct view *view, enum action action)
{
    if (action != ACT_RAW)
        return false;
    app_back(view->app);
    return true;
}

const struct view_type view_original = {
    .name = "Original",
    .help = "The report as it came, indented. v goes back to the report taken apart.",
    .panes = {{"Original", &lines_type}},
    .pane_count = 1,
    .actions = {ACT_RAW},
    .timeless = true,
    .fitted = true,
    .load = load_original,
    .act = act,
};
