#include "copy.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../db/incident.h"
#include "../db/visible.h"
#include "app.h"
#include "row_writer.h"

enum { COPY_TEXT = 64 * 1024 };

/* To the terminal's clipboard; says so. */
static void to_clipboard(struct app *app, const char *text, size_t length)
{
    char line[256]; /* of several lines one stands for all */
    size_t shown = strcspn(text, "\n");
    snprintf(line, sizeof line, "%.*s%s", (int)(shown < length ? shown : length), text,
             shown < length ? " ..." : "");
    for (char *tab = line; (tab = strchr(tab, '\t')) != NULL;)
        *tab = ' ';
    if (terminal_copy(text, length))
        app_say(app, STYLE_GOOD, "copied: %s", line);
    else
        app_say(app, STYLE_WARN, "this terminal has no clipboard; e writes a file");
}

static bool is_word(const struct column *column)
{
    return (column->kind == VALUE_TEXT || column->kind == VALUE_DOMAIN) && column->most > 0;
}

/* The column whose cell stands for a row: the one that is sorted by, if it holds words, else
 * what the table says, else the first that does. */
static size_t find_word(const struct arrangement *arrangement)
{
    const struct table_type *type = arrangement->type;
    if (arrangement->sort >= 0 && is_word(&type->columns[arrangement->sort]))
        return (size_t)arrangement->sort;
    if (type->named_by > 0)
        return (size_t)type->named_by;
    for (size_t i = 0; i < type->column_count; i++)
        if (is_word(&type->columns[i]))
            return i;
    return 0;
}

void copy_from(struct view *view, bool row)
{
    struct table *table = view_table(view);
    const void *current = table != NULL ? table_current(table) : NULL;
    char text[COPY_TEXT], value[VALUE_TEXT_MAX], visible[VALUE_TEXT_MAX];
    size_t length = 0;
    if (current == NULL)
        return;
    const struct table_type *type = table->arrangement.type;
    if (type->copied != NULL && !row) {
        to_clipboard(view->app, type->copied(current), strlen(type->copied(current)));
        return;
    }
    size_t word = find_word(&table->arrangement);
    for (size_t i = 0; i < type->column_count; i++) {
        const struct column *column = &type->columns[i];
        if ((!row && i != word) || column_is_picture(column))
            continue;
        value_write(column->kind, column->value(current), value);
        text_visible(value, visible, sizeof visible); /* a line break would run in a shell */
        int written =
            snprintf(text + length, sizeof text - length, "%s%s", length > 0 ? "\t" : "", visible);
        length += written > 0 && (size_t)written < sizeof text - length ? (size_t)written : 0;
    }
    to_clipboard(view->app, text, length);
}

/* --- files --- */

static void put_value(struct row_writer *writer, enum value_kind kind, struct value value)
{
    switch (kind) {
    case VALUE_TEXT:
    case VALUE_DOMAIN:
        row_text(writer, value.text);
        return;
    case VALUE_MODE:
        row_text(writer, tls_mode_name((enum tls_mode)value.number));
        return;
    case VALUE_STATE:
        row_text(writer, incident_state_name((enum incident_state)value.number));
        return;
    case VALUE_COUNT:
        row_count(writer, value.number);
        return;
    case VALUE_RATE:
        row_rate(writer, value.rate);
        return;
    case VALUE_CHANGE:
        row_change(writer, value.rate);
        return;
    case VALUE_DAY:
        row_day(writer, (int)value.number);
        return;
    case VALUE_TIME:
        row_instant(writer, value.number == 0 ? -1 : value.number);
        return;
    }
}

/* *COUNT is the number of rows.  Returns 0 or an errno. */
static int write_rows(FILE *file, enum row_format format, const struct table *table, size_t *count)
{
    const struct table_type *type = table->arrangement.type;
    const char *names[TABLE_COLUMNS_MAX + 1] = {NULL};
    struct row_writer writer;
    const struct column *columns[TABLE_COLUMNS_MAX];
    size_t n = type->pinned && table->rows.count > 0; /* sums are no row of their own */
    size_t with_values = 0;
    for (size_t i = 0; i < type->column_count; i++) {
        if (column_is_picture(&type->columns[i]))
            continue;
        columns[with_values] = &type->columns[i];
        names[with_values++] = type->columns[i].name;
    }
    rows_begin(&writer, file, format, names);
    for (const void *row; writer.error == 0 && (row = table_next_leaf(table, &n)) != NULL;) {
        for (size_t i = 0; i < with_values; i++)
            put_value(&writer, columns[i]->kind, columns[i]->value(row));
        row_end(&writer);
    }
    rows_end(&writer);
    *count = (size_t)writer.rows;
    return writer.error;
}

/* Writes TEXT, with what a terminal must not get made visible. */
static void put_plain(FILE *file, const char *text)
{
    const char *at = text;
    while (*at != '\0') {
        uint32_t code;
        char harmful[5], shown[32];
        size_t length = utf8_read(at, &code);
        if (*at == '\n' || *at == '\t' || (length > 0 && !utf8_is_harmful(code))) {
            fwrite(at, 1, length, file);
        } else {
            length += length == 0;
            snprintf(harmful, sizeof harmful, "%.*s", (int)length, at);
            text_visible(harmful, shown, sizeof shown);
            fputs(shown, file);
        }
        at += length;
    }
}

static void put_paragraph(FILE *file, const char *lead, const char *text)
{
    size_t length = strlen(text);
    put_plain(file, lead);
    put_plain(file, text);
    if (length == 0 || text[length - 1] != '\n')
        putc('\n', file);
}

/* A text stays one: of lines that are parts of another, that, once. */
static int write_text(FILE *file, const struct view *view, const struct table *table, size_t *count)
{
    char head[FILE_HEAD] = "";
    const struct table_type *type = table->arrangement.type;
    size_t n = 0;
    const char *before = NULL;
    *count = 0;
    if (view->type->file_head != NULL)
        view->type->file_head(view, head);
    put_plain(file, head);
    for (const void *row; (row = table_next_leaf(table, &n)) != NULL;) {
        const char *text = type->copied(row);
        if (text == before)
            continue;
        put_paragraph(file, type->lead != NULL ? type->lead(row) : "", text);
        before = text;
        ++*count;
    }
    return fflush(file) != 0 ? errno : 0;
}

int copy_to_file(struct view *view, const char *path, size_t *rows, char *error, size_t size)
{
    struct table *table = view_table(view);
    size_t length = strlen(path);
    bool json = length > 5 && strcmp(path + length - 5, ".json") == 0;
    char *part = malloc(length + sizeof ".XXXXXX");
    FILE *file = NULL;
    int result = -1, fd = -1;
    if (table == NULL || part == NULL)
        goto out;
    sprintf(part, "%s.XXXXXX", path);
    fd = mkstemp(part);
    file = fd >= 0 ? fdopen(fd, "w") : NULL;
    if (file == NULL)
        goto out;
    int wrong = table->arrangement.type->copied != NULL
                    ? write_text(file, view, table, rows)
                    : write_rows(file, json ? ROWS_JSON : ROWS_CSV, table, rows);
    if (fclose(file) != 0 && wrong == 0)
        wrong = errno;
    fd = -1;
    errno = wrong;
    result = wrong == 0 ? rename(part, path) : -1;
out:
    if (result != 0)
        snprintf(error, size, "%s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    if (result != 0 && part != NULL && table != NULL)
        unlink(part);
    free(part);
    return result;
}
