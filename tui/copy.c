#include "copy.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"

enum { COPY_TEXT = 64 * 1024 };

void copy_from(struct view *view, bool row)
{
    struct table *table = view_table(view);
    const void *current = table != NULL ? table_current(table) : NULL;
    char text[COPY_TEXT], value[VALUE_TEXT_MAX];
    size_t length = 0;
    if (current == NULL)
        return;
    const struct table_type *type = table->arrangement.type;
    int sort = table->arrangement.sort >= 0 ? table->arrangement.sort : 0;
    for (size_t i = 0; i < type->column_count; i++) {
        if (!row && i != (size_t)sort)
            continue;
        const struct column *column = &type->columns[i];
        value_write(column->kind, column->value(current), value);
        int written =
            snprintf(text + length, sizeof text - length, "%s%s", length > 0 ? "\t" : "", value);
        length += written > 0 && (size_t)written < sizeof text - length ? (size_t)written : 0;
    }
    terminal_copy(text, length);
    app_say(view->app, STYLE_GOOD, "copied: %.*s", (int)length, text);
}

/* --- files --- */

/* A cell that a spreadsheet would take for a formula is led by an apostrophe:
 * these texts come from strangers. */
static void write_csv_text(FILE *file, const char *text, bool number)
{
    bool formula = !number && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
    if (!formula && strpbrk(text, "\",\r\n") == NULL) {
        fputs(text, file);
        return;
    }
    fputs(formula ? "\"'" : "\"", file);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"')
            fputc('"', file);
        fputc(*at, file);
    }
    fputc('"', file);
}

/* Both return the number of rows. */
static size_t write_csv(FILE *file, const struct table *table)
{
    const struct table_type *type = table->arrangement.type;
    char text[VALUE_TEXT_MAX];
    for (size_t i = 0; i < type->column_count; i++)
        fprintf(file, "%s%s", i > 0 ? "," : "", type->columns[i].name);
    fputc('\n', file);
    size_t n = 0, written = 0;
    for (const void *row; (row = table_next_leaf(table, &n)) != NULL; written++) {
        for (size_t i = 0; i < type->column_count; i++) {
            const struct column *column = &type->columns[i];
            value_write(column->kind, column->value(row), text);
            if (i > 0)
                fputc(',', file);
            write_csv_text(file, text, value_is_number(column->kind));
        }
        fputc('\n', file);
    }
    return written;
}

static struct json_object *json_of(const struct column *column, const void *row)
{
    struct value value = column->value(row);
    char text[VALUE_TEXT_MAX];
    if (column->kind == VALUE_COUNT)
        return json_object_new_int64(value.number);
    if (column->kind == VALUE_RATE)
        return value.rate < 0 ? NULL : json_object_new_double(value.rate);
    value_write(column->kind, value, text);
    return json_object_new_string(text);
}

static size_t write_json(FILE *file, const struct table *table)
{
    const struct table_type *type = table->arrangement.type;
    size_t n = 0, written = 0;
    fputc('[', file);
    for (const void *row; (row = table_next_leaf(table, &n)) != NULL; written++) {
        struct json_object *object = json_object_new_object();
        for (size_t i = 0; i < type->column_count; i++)
            json_object_object_add(object, type->columns[i].name, json_of(&type->columns[i], row));
        fprintf(file, "%s\n%s", written > 0 ? "," : "",
                json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
        json_object_put(object);
    }
    fputs("\n]\n", file);
    return written;
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
    *rows = (json ? write_json : write_csv)(file, table);
    bool failed = ferror(file) != 0;
    result = fclose(file) != 0 || failed || rename(part, path) != 0 ? -1 : 0;
    fd = -1;
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
