/*
 * key_reader.h - keys as terminals send them: those that terminfo does not list, too,
 * and nothing of what is no key.
 *
 * For terminal.c and app.c, in the main thread, while the terminal is open.
 */
#ifndef TLSRPTOP_TUI_KEY_READER_H
#define TLSRPTOP_TUI_KEY_READER_H

#include <stdbool.h>
#include <wchar.h>

enum { ESCAPE_MILLISECONDS = 10 }; /* within which the escape sequence of a key arrives */

/* Makes the usual sequences of the keys that move known, whatever TERM says of them. */
void key_reader_begin(void);

/* The next key that is there, as struct binding has them; false when there is none.
 * Sequences that are none of its keys (with modifiers, of the focus, around what is
 * pasted) are left out whole: their ends would run as commands. */
bool key_read(wint_t *key);

#endif
