#include "row_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "../db/day.h"
#include "../db/visible.h"
#include "json_text.h"

enum { CELL_MAX = 65536 }; /* several times what the database keeps of a text */

void rows_begin(struct row_writer *writer, FILE *file, enum row_format format,
                const char *const *columns)
{
    *writer = (struct row_writer){.file = file, .format = format, .columns = columns};
    if (format == ROWS_JSON)
        putc('[', file);
    if (format != ROWS_CSV)
        return;
    for (size_t i = 0; columns[i] != NULL; i++)
        fprintf(file, "%s%s", i == 0 ? "" : ",", columns[i]);
    putc('\n', file);
}

/* Writes what stands before a value. */
static void begin_value(struct row_writer *writer)
{
    FILE *file = writer->file;
    bool first = writer->column == 0;
    if (writer->format == ROWS_CSV) {
        fputs(first ? "" : ",", file);
    } else {
        fputs(!first ? "," : writer->rows == 0 ? "\n{" : ",\n{", file);
        fprintf(file, "\"%s\":", writer->columns[writer->column]);
    }
    writer->column++;
}

static void put_nothing(struct row_writer *writer)
{
    if (writer->format == ROWS_JSON)
        fputs("null", writer->file);
}

/* Writes what is ours: no character in it means anything to CSV. */
static void put_plain(struct row_writer *writer, const char *text)
{
    const char *quote = writer->format == ROWS_JSON ? "\"" : "";
    fprintf(writer->file, "%s%s%s", quote, text, quote);
}

static void put_quoted(FILE *file, const char *text)
{
    putc('"', file);
    for (; *text != '\0'; text++) {
        if (*text == '"')
            putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

static void put_cell(FILE *file, const char *text)
{
    char cell[CELL_MAX];
    cell[0] = '\'';
    text_visible(text, cell + 1, sizeof cell - 1);
    bool formula = cell[1] != '\0' && strchr("=+-@", cell[1]) != NULL;
    const char *shown = formula ? cell : cell + 1;
    size_t length = strlen(shown);
    bool spaced = length > 0 && (shown[0] == ' ' || shown[length - 1] == ' ');
    if (spaced || shown[strcspn(shown, ",;\"")] != '\0')
        put_quoted(file, shown);
    else
        fputs(shown, file);
}

void row_text(struct row_writer *writer, const char *text)
{
    begin_value(writer);
    if (writer->format == ROWS_JSON)
        json_put_string(writer->file, text);
    else
        put_cell(writer->file, text);
}

void row_count(struct row_writer *writer, int64_t count)
{
    begin_value(writer);
    fprintf(writer->file, "%" PRId64, count);
}

static void put_share(struct row_writer *writer, double share, double least)
{
    begin_value(writer);
    if (share < least) {
        put_nothing(writer);
        return;
    }
    /* not %f, which writes a comma in some locales */
    long millionths = lround(fabs(share) * 1e6);
    fprintf(writer->file, "%s%ld.%06ld", share < 0 ? "-" : "", millionths / 1000000,
            millionths % 1000000);
}

void row_rate(struct row_writer *writer, double rate)
{
    put_share(writer, rate, 0);
}

void row_change(struct row_writer *writer, double change)
{
    put_share(writer, change, -1);
}

void row_day(struct row_writer *writer, int day)
{
    char text[DAY_TEXT];
    begin_value(writer);
    if (day < 0)
        put_nothing(writer);
    else
        put_plain(writer, day_format(day, text));
}

void row_instant(struct row_writer *writer, int64_t instant)
{
    char text[INSTANT_TEXT];
    begin_value(writer);
    if (instant < 0)
        put_nothing(writer);
    else
        put_plain(writer, instant_format(instant, text));
}

void row_document(struct row_writer *writer, const char *json)
{
    json_put_document(writer->file, json);
}

static int check(struct row_writer *writer, bool failed)
{
    if (failed && writer->error == 0)
        writer->error = errno;
    return writer->error == 0 ? 0 : -1;
}

int row_end(struct row_writer *writer)
{
    fputs(writer->format == ROWS_JSON ? "}" : "\n", writer->file);
    writer->column = 0;
    writer->rows++;
    return check(writer, ferror(writer->file) != 0);
}

int rows_end(struct row_writer *writer)
{
    if (writer->format == ROWS_JSON)
        fputs(writer->rows == 0 ? "]\n" : "\n]\n", writer->file);
    return check(writer, fflush(writer->file) != 0 || ferror(writer->file) != 0);
}
