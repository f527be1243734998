#include "json_text.h"

#include <inttypes.h>
#include <stdint.h>

#include "../db/visible.h"

static void put_escape(FILE *file, uint32_t code)
{
    if (code < 0x10000)
        fprintf(file, "\\u%04" PRIx32, code);
    else
        fprintf(file, "\\u%04" PRIx32 "\\u%04" PRIx32, 0xd800 + ((code - 0x10000) >> 10),
                0xdc00 + ((code - 0x10000) & 0x3ff));
}

/* Writes the first character of TEXT; returns what is behind it. */
static const char *put_character(FILE *file, const char *text)
{
    enum { REPLACEMENT = 0xfffd };
    uint32_t code;
    size_t length = utf8_read(text, &code);
    if (length == 0)
        put_escape(file, REPLACEMENT);
    else if (utf8_is_harmful(code))
        put_escape(file, code);
    else
        fwrite(text, 1, length, file);
    return text + (length == 0 ? 1 : length);
}

void json_put_string(FILE *file, const char *text)
{
    putc('"', file);
    while (*text != '\0') {
        if (*text == '"' || *text == '\\')
            putc('\\', file);
        text = put_character(file, text);
    }
    putc('"', file);
}

void json_put_document(FILE *file, const char *text)
{
    while (*text != '\0')
        text = put_character(file, text);
}
