/*
 * visible.h - text of strangers, made fit for a terminal.
 *
 * Pure functions.  Whatever a report, a server or a file name holds, what
 * text_visible() writes cannot move the cursor, change colours or turn the
 * direction of writing.
 */
#ifndef TLSRPTOP_DB_VISIBLE_H
#define TLSRPTOP_DB_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length in bytes of the well-formed UTF-8 character at TEXT, and its
 * *CODE; 0 when there is none.  It stops at the NUL of a string. */
size_t utf8_read(const char *text, uint32_t *code);

/* Must a terminal not get the character CODE as it is? */
bool utf8_is_harmful(uint32_t code);

/* Writes TEXT with control characters, bytes that are not UTF-8, and what turns
 * the direction of writing made visible as \x1b or \u202e.  What does not fit
 * in SIZE bytes with the NUL is cut off, never within a character. */
void text_visible(const char *text, char *visible, size_t size);

#endif
