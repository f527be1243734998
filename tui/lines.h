/*
 * lines.h - text in lines, shown as a table of one column: help, a report,
 * advice.  The cursor scrolls, search and copy work as in any table.
 */
#ifndef TLSRPTOP_TUI_LINES_H
#define TLSRPTOP_TUI_LINES_H

#include "view.h"

struct line {
    int style;
    const char *text;
    const char *whole; /* what it is a part of, for y to copy; NULL: nothing else */
    const char *lead;  /* what stands before that; NULL: nothing */
};

extern const struct table_type lines_type;

/* Adds a line to the table of PANE; TEXT is copied. */
void line_add(struct snapshot *snapshot, int pane, int style, const char *text);
void line_format(struct snapshot *snapshot, int pane, int style, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* The lines from FIRST on are parts of WHOLE, which outlives them. */
void lines_belong(struct snapshot *snapshot, int pane, size_t first, const char *whole);
/* Adds TEXT broken to COLUMNS cells, every line INDENT cells from the left; the
 * first begins with LEAD there. */
void line_wrap(struct snapshot *snapshot, int pane, int style, int columns, int indent,
               const char *lead, const char *text);

#endif
