#include "field.h"

#include "decode.h"

enum { SECTIONS_MAX = 32 }; /* name*0 to name*31; file names end long before */

struct parameter {
    struct slice name;
    struct slice value; /* without its quotes, escapes not undone */
};

/* Room that is written to its end and no further. */
struct writer {
    char *at;
    char *end; /* kept for the NUL */
};

static void put(struct writer *writer, char c)
{
    if (writer->at < writer->end)
        *writer->at++ = c;
}

static const char *find(const char *at, const char *end, char c)
{
    const char *found = at < end ? memchr(at, c, (size_t)(end - at)) : NULL;
    return found == NULL ? end : found;
}

/* The end of a quoted string whose first byte is at AT. */
static const char *find_quote(const char *at, const char *end)
{
    while (at < end && *at != '"')
        at += *at == '\\' && at + 1 < end ? 2 : 1;
    return at;
}

/* Takes the next parameter off REST; false when there is none left. */
static bool next_parameter(struct slice *rest, struct parameter *parameter)
{
    const char *at = rest->start, *end = at + rest->length;
    while (at < end && (slice_space(*at) || *at == ';'))
        at++;
    if (at == end)
        return false;
    const char *name = at;
    while (at < end && *at != '=' && *at != ';')
        at++;
    parameter->name = slice_trim(slice_between(name, at));
    parameter->value = slice_between(at, at);
    if (at < end && *at == '=') {
        at++;
        while (at < end && slice_space(*at))
            at++;
        if (at < end && *at == '"') {
            const char *quote = find_quote(at + 1, end);
            parameter->value = slice_between(at + 1, quote);
            at = quote;
        } else {
            parameter->value = slice_trim(slice_between(at, find(at, end, ';')));
        }
        at = find(at, end, ';');
    }
    *rest = slice_between(at, end);
    return true;
}

struct slice field_value(struct slice field)
{
    if (field.start == NULL)
        return field;
    return slice_token(
        slice_between(field.start, find(field.start, field.start + field.length, ';')));
}

static struct slice after_value(struct slice field)
{
    const char *end = field.start + field.length;
    return slice_between(find(field.start, end, ';'), end);
}

struct slice field_parameter(struct slice field, const char *name)
{
    struct parameter parameter;
    if (field.start == NULL)
        return field;
    for (struct slice rest = after_value(field); next_parameter(&rest, &parameter);) {
        if (slice_is(parameter.name, name))
            return parameter.value;
    }
    return (struct slice){NULL, 0};
}

/* A piece of a parameter that RFC 2231 lets be split and percent-encoded. */
struct section {
    struct slice value;
    bool encoded;
};

/* Reads "*", "*2" or "*2*", what stands behind the name in NAME; returns the
 * number of the section, or -1 when it is none of these. */
static int section_number(struct slice name, bool *encoded)
{
    const char *at = name.start, *end = at + name.length;
    int number = 0;
    *encoded = end[-1] == '*';
    if (*at != '*')
        return -1;
    for (at++; at < end && *at >= '0' && *at <= '9' && number < SECTIONS_MAX; at++)
        number = number * 10 + (*at - '0');
    return at + *encoded >= end && number < SECTIONS_MAX ? number : -1;
}

static void put_unescaped(struct writer *writer, struct slice value)
{
    for (size_t i = 0; i < value.length; i++) {
        if (value.start[i] == '\\' && i + 1 < value.length)
            i++;
        put(writer, value.start[i]);
    }
}

static void put_percent_decoded(struct writer *writer, struct slice value)
{
    for (size_t i = 0; i < value.length; i++) {
        int byte =
            value.start[i] == '%' && value.length - i >= 3 ? decode_hex(value.start + i + 1) : -1;
        if (byte >= 0)
            i += 2;
        put(writer, byte >= 0 ? (char)byte : value.start[i]);
    }
}

/* Of "utf-8'en'name" what stands behind the second apostrophe. */
static struct slice without_charset(struct slice value)
{
    const char *end = value.start + value.length;
    const char *language = find(value.start, end, '\'');
    const char *text = language < end ? find(language + 1, end, '\'') : end;
    return text < end ? slice_between(text + 1, end) : value;
}

/* Undoes Q encoding (RFC 2047 section 4.2) of TEXT in place; returns the length. */
static size_t decode_q(struct slice text, char *out)
{
    size_t length = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.start[i];
        int byte = c == '=' && text.length - i >= 3 ? decode_hex(text.start + i + 1) : -1;
        out[length++] = byte >= 0 ? (char)byte : c == '_' ? ' ' : c;
        i += byte >= 0 ? 2 : 0;
    }
    return length;
}

/* The text of the encoded word "=?charset?Q?text?=" at AT, with its encoding
 * ('B' or 'Q') and what follows; start is NULL when there is none at AT. */
static struct slice encoded_word(const char *at, const char *end, char *encoding, const char **next)
{
    const struct slice none = {NULL, 0};
    if (end - at < 8 || at[0] != '=' || at[1] != '?')
        return none;
    const char *charset_end = at + 2;
    while (charset_end < end && *charset_end != '?' && !slice_space(*charset_end))
        charset_end++;
    if (end - charset_end < 5 || charset_end[0] != '?' || charset_end[2] != '?')
        return none;
    *encoding = charset_end[1] & ~0x20; /* upper case */
    const char *text = charset_end + 3;
    const char *text_end = find(text, end, '?');
    if ((*encoding != 'B' && *encoding != 'Q') || end - text_end < 2 || text_end[1] != '=')
        return none;
    *next = text_end + 2;
    return slice_between(text, text_end);
}

/* Decodes the encoded words of TEXT in place: none of them grows. */
static void decode_words(char *text)
{
    const char *at = text, *end = text + strlen(text);
    char *out = text;
    const char *after_word = NULL; /* white space between two words is none */
    if (strstr(text, "=?") == NULL)
        return;
    while (at < end) {
        char encoding;
        const char *next;
        struct slice word = encoded_word(at, end, &encoding, &next);
        if (word.start != NULL) {
            out += encoding == 'B' ? decode_base64(word, out, NULL) : decode_q(word, out);
            at = after_word = next;
            continue;
        }
        const char *blank = at;
        while (blank < end && slice_space(*blank))
            blank++;
        if (blank > at && at == after_word &&
            encoded_word(blank, end, &encoding, &next).start != NULL)
            at = blank;
        else
            *out++ = *at++;
    }
    *out = '\0';
}

void field_decoded_parameter(struct slice field, const char *name, char *text, size_t size)
{
    struct section sections[SECTIONS_MAX] = {0};
    struct slice plain = {NULL, 0};
    struct parameter parameter;
    struct writer writer = {text, text + size - 1};
    size_t length = strlen(name);
    for (struct slice rest = field.start == NULL ? field : after_value(field);
         rest.start != NULL && next_parameter(&rest, &parameter);) {
        if (!slice_begins(parameter.name, name))
            continue;
        struct slice suffix = {parameter.name.start + length, parameter.name.length - length};
        bool encoded;
        int number = suffix.length > 0 ? section_number(suffix, &encoded) : -1;
        if (suffix.length == 0 && plain.start == NULL)
            plain = parameter.value;
        else if (number >= 0 && sections[number].value.start == NULL)
            sections[number] = (struct section){parameter.value, encoded};
    }
    if (sections[0].encoded)
        sections[0].value = without_charset(sections[0].value);
    for (int i = 0; i < SECTIONS_MAX && sections[i].value.start != NULL; i++) {
        if (sections[i].encoded)
            put_percent_decoded(&writer, sections[i].value);
        else
            put_unescaped(&writer, sections[i].value);
    }
    if (sections[0].value.start == NULL)
        put_unescaped(&writer, plain);
    *writer.at = '\0';
    if (sections[0].value.start == NULL)
        decode_words(text);
}

void field_text(struct slice field, char *text, size_t size)
{
    struct writer writer = {text, text + size - 1};
    field = slice_trim(field);
    for (size_t i = 0; i < field.length; i++) {
        if (field.start[i] != '\r' && field.start[i] != '\n')
            put(&writer, field.start[i]);
    }
    *writer.at = '\0';
    decode_words(text);
}
