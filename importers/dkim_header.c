#include "dkim_header.h"

const char *dkim_line_end(const char *start, const char *end)
{
    if (end == start || end[-1] != '\n')
        return end;
    end--;
    return end > start && end[-1] == '\r' ? end - 1 : end;
}

void dkim_header_read(struct slice mail, struct dkim_header *header)
{
    const char *at = mail.start, *end = mail.start + mail.length;
    header->count = 0;
    header->too_long = false;
    while (at < end && (*at == '\n' || *at == '\r'))
        at++;
    while (at < end && *at != '\n' && (*at != '\r' || end - at < 2 || at[1] != '\n')) {
        const char *next = slice_next_line(at, end);
        while (next < end && (*next == ' ' || *next == '\t'))
            next = slice_next_line(next, end);
        struct slice whole = slice_between(at, dkim_line_end(at, next));
        const char *colon = memchr(whole.start, ':', whole.length);
        header->too_long = header->too_long || header->count == DKIM_FIELDS_MAX;
        if (colon != NULL && !header->too_long) {
            size_t name = slice_trim(slice_between(whole.start, colon)).length;
            header->fields[header->count++] = (struct dkim_field){.whole = whole, .name = name};
        }
        at = next;
    }
    header->body = slice_between(slice_next_line(at, end), end);
}

bool dkim_field_is(const struct dkim_field *field, struct slice name)
{
    return field->name == name.length &&
           strncasecmp(field->whole.start, name.start, name.length) == 0;
}

struct slice dkim_field_value(const struct dkim_field *field)
{
    const char *colon = memchr(field->whole.start, ':', field->whole.length);
    return slice_between(colon + 1, field->whole.start + field->whole.length);
}

bool dkim_next_tag(struct slice *rest, struct slice *name, struct slice *value, struct slice *raw)
{
    while (rest->length > 0) {
        const char *start = rest->start, *end = start + rest->length;
        const char *semicolon = memchr(start, ';', rest->length);
        const char *tag_end = semicolon != NULL ? semicolon : end;
        const char *equals = memchr(start, '=', (size_t)(tag_end - start));
        *rest = slice_between(semicolon != NULL ? semicolon + 1 : end, end);
        if (equals == NULL)
            continue;
        *name = slice_trim(slice_between(start, equals));
        *raw = slice_between(equals + 1, tag_end);
        *value = slice_trim(*raw);
        return true;
    }
    return false;
}

struct slice dkim_next_name(struct slice *list)
{
    const char *start = list->start, *end = start + list->length;
    const char *colon = list->length > 0 ? memchr(start, ':', list->length) : NULL;
    *list = slice_between(colon != NULL ? colon + 1 : end, end);
    return slice_trim(slice_between(start, colon != NULL ? colon : end));
}

bool dkim_lists(struct slice list, const char *word)
{
    while (list.length > 0)
        if (slice_is(dkim_next_name(&list), word))
            return true;
    return false;
}
