/*
 * text.h - text measured in cells of the screen.
 *
 * Pure functions over UTF-8; whether a terminal shows UTF-8 at all is told by
 * the caller.  Wide characters take two cells, combining ones none.
 */
#ifndef TLSRPTOP_TUI_TEXT_H
#define TLSRPTOP_TUI_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TEXT_BYTES_PER_CELL = 12 }; /* what text_fit() may need for each cell */

/* Writes what fits of TEXT into COLUMNS cells, made visible as text_visible()
 * does, with ELLIPSIS (one cell) in the last cell when not all of it fits.
 * Returns the cells it takes.  FITTED has COLUMNS * TEXT_BYTES_PER_CELL + 16
 * bytes. */
int text_fit(const char *text, int columns, bool unicode, const char *ellipsis, char *fitted);

/* The cells that all of TEXT takes, made visible. */
int text_columns(const char *text, bool unicode);

/* The longest end of TEXT that fits into COLUMNS cells. */
const char *text_end(const char *text, int columns, bool unicode);

/* Copies the first of the lines that TEXT has to LINE, of SIZE bytes, as far as it fits;
 * returns the next one, at the NUL when there is none. */
const char *text_take_line(const char *text, char *line, size_t size);

/* The length in bytes of the first line of TEXT that is broken to COLUMNS cells,
 * at a space where there is one; *NEXT is where the following line begins (at
 * the NUL when there is none).  A line feed ends none: what strangers sent as one text
 * must not look like several. */
size_t text_line(const char *text, int columns, const char **next);
/* The same of the text that ends before END, which is no place within a character. */
size_t text_piece(const char *text, const char *end, int columns, const char **next);

/* "1,234,567", or "1.2M" and the like when that is longer than COLUMNS. */
void format_count(int64_t count, int columns, char text[static 32]);
/* "0.4%", "12%", "100%"; "" of a negative RATE. */
void format_rate(double rate, char text[static 32]);
/* "+12%", "-0.25%"; "0" and "" where there is none, as in VALUE_CHANGE. */
void format_change(double change, char text[static 32]);
/* "3 days ago", "2 h ago", "now": SECONDS between then and now. */
void format_age(int64_t seconds, char text[static 32]);

/* Below zero, zero or above as A comes before B for people: regardless of ASCII
 * case, and numbers in it by their value, so that 192.0.2.9 is before 192.0.2.10. */
int text_compare(const char *a, const char *b);

/* The following pass over the case of letters, also of those outside ASCII, and where the
 * locale of the terminal knows none of them. */

/* Finds NEEDLE in TEXT; NULL when it is not there. */
const char *text_find(const char *text, const char *needle);
/* Are they the same? */
bool text_is(const char *text, const char *wanted);
/* What follows START in TEXT; NULL when TEXT does not begin with it. */
const char *text_behind(const char *text, const char *start);
/* Does TEXT match PATTERN, in which '*' stands for anything?  Linear in practice: it
 * never goes back more than one star. */
bool text_matches(const char *text, const char *pattern);

#endif
