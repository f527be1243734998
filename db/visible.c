#include "visible.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

size_t utf8_read(const char *start, uint32_t *code)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    const unsigned char *text = (const unsigned char *)start;
    size_t length = text[0] < 0x80             ? 1
                    : (text[0] & 0xe0) == 0xc0 ? 2
                    : (text[0] & 0xf0) == 0xe0 ? 3
                    : (text[0] & 0xf8) == 0xf0 ? 4
                                               : 0;
    if (length == 0)
        return 0;
    *code = length == 1 ? text[0] : text[0] & (0xffU >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
        *code = *code << 6 | (text[i] & 0x3fU);
    }
    bool surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least[length] || *code > 0x10ffff || surrogate ? 0 : length;
}

/* Controls, the marks that override the direction of writing or separate lines,
 * and characters that cannot be seen at all. */
bool utf8_is_harmful(uint32_t code)
{
    return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0xad || code == 0x61c ||
           code == 0x180e || (code >= 0x200b && code <= 0x200f) ||
           (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) ||
           code == 0x3164 || code == 0xfeff || (code >= 0xfff9 && code <= 0xfffb) ||
           (code >= 0xe0000 && code <= 0xe0fff);
}

void text_visible(const char *text, char *visible, size_t size)
{
    size_t used = 0;
    while (*text != '\0') {
        char escape[16];
        uint32_t code = 0;
        size_t length = utf8_read(text, &code), wanted = length;
        const char *shown = text;
        if (length == 0 || utf8_is_harmful(code)) {
            uint32_t number = length == 0 ? (unsigned char)*text : code;
            wanted = (size_t)snprintf(escape, sizeof escape,
                                      number < 0x100 ? "\\x%02" PRIx32 : "\\u%04" PRIx32, number);
            shown = escape;
        }
        if (used + wanted >= size)
            break;
        memcpy(visible + used, shown, wanted);
        used += wanted;
        text += length > 0 ? length : 1;
    }
    visible[used] = '\0';
}
