/*
 * dashboard.h - the dashboard over a database, as tests of its screens need it.
 */
#ifndef TLSRPTOP_TESTS_DASHBOARD_H
#define TLSRPTOP_TESTS_DASHBOARD_H

#include "console.h"

/* Opens it on the database at PATH, and waits until it is at rest. */
struct console *open_dashboard(const char *path, int columns, int rows);

/* Leaves it by q, closes CONSOLE; nothing harmful reached the terminal. */
void leave_dashboard(struct console *console);

/* The row and column on which TEXT stands first; it must be on the screen. */
int row_of(struct console *console, const char *text);
int column_of(struct console *console, const char *text);

/* What a hostile reporter would like to reach a terminal: escape sequences, C1
 * controls, an override of the direction, wide and combining characters, and
 * 10,000 characters in all.  A constant. */
const char *hostile_text(void);
/* How its beginning is shown. */
#define HOSTILE_SHOWN "\\x1b]0;evil\\x07"

#endif
