/*
 * json_text.h - JSON on its way out, harmless to a terminal and still exact.
 *
 * What a terminal must not get (visible.h) is written as a \u escape, which
 * means the same to whoever reads the JSON.  Bytes that are not UTF-8, which
 * JSON cannot hold, become U+FFFD.
 */
#ifndef TLSRPTOP_TUI_JSON_TEXT_H
#define TLSRPTOP_TUI_JSON_TEXT_H

#include <stdio.h>

/* Writes TEXT as a JSON string. */
void json_put_string(FILE *file, const char *text);

/* Writes TEXT, which is JSON without white space. */
void json_put_document(FILE *file, const char *text);

#endif
