/*
 * copy.h - taking rows out of the dashboard: to the clipboard and to files.
 */
#ifndef TLSRPTOP_TUI_COPY_H
#define TLSRPTOP_TUI_COPY_H

#include "view.h"

/* Copies the words that stand for the row under the cursor (those that the table is
 * sorted by, else its first), or the whole row with tabs between the cells, and says
 * what it copied. */
void copy_from(struct view *view, bool row);

/* Writes the rows of the table that has the keys, as they are sorted and
 * filtered, to the new file PATH: JSON if its name ends in .json, else CSV; of a
 * tree only those that are no sums of others; a text as it stands, behind the head
 * that its screen has for it.  Returns 0 with the number of *ROWS;
 * -1 with a sentence in ERROR.  An existing file is replaced only by a complete
 * one. */
int copy_to_file(struct view *view, const char *path, size_t *rows, char *error, size_t size);

#endif
