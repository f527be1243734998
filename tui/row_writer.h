/*
 * row_writer.h - rows as CSV or JSON, written as they come.
 *
 * CSV is RFC 4180's with a line of names on top and LF at the end of a line.
 * It is read by people, line tools and spreadsheets: what a terminal must not
 * get is made visible (visible.h), so that a row is a line, and text that a
 * spreadsheet would take for a formula gets an apostrophe in front.  JSON is
 * exact: an array of objects, each on a line of its own; one that breaks off
 * has no closing bracket.  Documents are JSON already, one on a line.
 *
 * Values are given in the order of the columns; a document is the only value of
 * its row.
 */
#ifndef TLSRPTOP_TUI_ROW_WRITER_H
#define TLSRPTOP_TUI_ROW_WRITER_H

#include <stdint.h>
#include <stdio.h>

enum row_format { ROWS_CSV, ROWS_JSON, ROWS_DOCUMENTS };

struct row_writer {
    FILE *file;
    enum row_format format;
    const char *const *columns; /* NULL behind the last; belongs to the caller */
    size_t column;              /* of the next value */
    int64_t rows;
    int error; /* errno of the first write that failed */
};

void rows_begin(struct row_writer *writer, FILE *file, enum row_format format,
                const char *const *columns);

void row_text(struct row_writer *writer, const char *text);
void row_count(struct row_writer *writer, int64_t count);
/* A share, 0 to 1; nothing when it is negative. */
void row_rate(struct row_writer *writer, double rate);
/* A change of one, -1 to 1; nothing when it is less. */
void row_change(struct row_writer *writer, double change);
/* A day or an instant; nothing (null in JSON) when it is before 1970. */
void row_day(struct row_writer *writer, int day);
void row_instant(struct row_writer *writer, int64_t instant);

/* JSON without white space. */
void row_document(struct row_writer *writer, const char *json);

/* Ends the row.  Returns 0, or -1 when the file cannot be written, here and below. */
int row_end(struct row_writer *writer);

/* Ends the rows and flushes the file. */
int rows_end(struct row_writer *writer);

#endif
