#include "mailbox_name.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "../db/visible.h"

enum { BITS = 6, UNIT_BITS = 16 };

struct encoder {
    char *at, *end;
    bool shifted;  /* within "&...-" */
    uint32_t bits; /* not yet written */
    unsigned count;
};

static void put(struct encoder *encoder, char c)
{
    if (encoder->at < encoder->end)
        *encoder->at = c;
    encoder->at++;
}

static void put_base64(struct encoder *encoder, uint32_t value)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    put(encoder, digits[value & 0x3f]);
}

/* Adds a unit of UTF-16. */
static void put_unit(struct encoder *encoder, uint32_t unit)
{
    if (!encoder->shifted)
        put(encoder, '&');
    encoder->shifted = true;
    encoder->bits = encoder->bits << UNIT_BITS | unit;
    encoder->count += UNIT_BITS;
    while (encoder->count >= BITS) {
        encoder->count -= BITS;
        put_base64(encoder, encoder->bits >> encoder->count);
    }
}

static void unshift(struct encoder *encoder)
{
    if (!encoder->shifted)
        return;
    if (encoder->count > 0)
        put_base64(encoder, encoder->bits << (BITS - encoder->count));
    put(encoder, '-');
    encoder->shifted = false;
    encoder->count = 0;
}

static void put_character(struct encoder *encoder, uint32_t code)
{
    if (code >= 0x10000) {
        put_unit(encoder, 0xd800 + ((code - 0x10000) >> 10));
        put_unit(encoder, 0xdc00 + ((code - 0x10000) & 0x3ff));
    } else if (code > '~') {
        put_unit(encoder, code);
    } else {
        unshift(encoder);
        put(encoder, (char)code);
        if (code == '&')
            put(encoder, '-');
    }
}

int mailbox_name_encode(const char *name, char encoded[static MAILBOX_NAME])
{
    struct encoder encoder = {.at = encoded, .end = encoded + MAILBOX_NAME};
    while (*name != '\0') {
        uint32_t code = 0;
        size_t length = utf8_read(name, &code);
        if (length == 0 || code < ' ' || code == 0x7f)
            return -1;
        put_character(&encoder, code);
        name += length;
    }
    unshift(&encoder);
    put(&encoder, '\0');
    return encoder.at <= encoder.end ? 0 : -1;
}

const char *mailbox_name_next(const char *list, char name[static MAILBOX_NAME])
{
    static const char blanks[] = " \t";
    list += strspn(list, " \t,");
    if (*list == '\0')
        return NULL;
    size_t length = strcspn(list, ",");
    const char *rest = list + length;
    while (length > 0 && strchr(blanks, list[length - 1]) != NULL)
        length--;
    snprintf(name, MAILBOX_NAME, "%.*s", (int)length, list);
    return rest;
}
