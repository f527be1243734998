#include "txt_record.h"

#include "../db/domain.h"

enum { FIELD_NAME_MAX = 32 };

static bool is_space(char c)
{
    return c == ' ' || c == '\t';
}

static struct slice trim(struct slice slice)
{
    while (slice.length > 0 && is_space(slice.start[0])) {
        slice.start++;
        slice.length--;
    }
    while (slice.length > 0 && is_space(slice.start[slice.length - 1]))
        slice.length--;
    return slice;
}

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* Cuts what stands before the first DELIMITER off REST, without the white space
 * around it; takes all when there is none. */
static struct slice cut(struct slice *rest, char delimiter)
{
    const char *end = rest->length > 0 ? memchr(rest->start, delimiter, rest->length) : NULL;
    struct slice piece = *rest;
    if (end != NULL)
        piece.length = (size_t)(end - rest->start);
    size_t taken = end != NULL ? piece.length + 1 : piece.length;
    rest->start += taken;
    rest->length -= taken;
    return trim(piece);
}

static bool equals(struct slice slice, const char *text)
{
    return slice.length == strlen(text) && memcmp(slice.start, text, slice.length) == 0;
}

static bool contains_word(struct slice text, const char *word)
{
    size_t length = strlen(word);
    for (size_t at = 0; at + length <= text.length; at++) {
        if (strncasecmp(text.start + at, word, length) == 0)
            return true;
    }
    return false;
}

/* A record begins with VERSION and a ";".  No space may come before. */
static enum txt_kind kind_of(struct slice text, const char *version, const char *word)
{
    size_t length = strlen(version);
    if (text.length > length && memcmp(text.start, version, length) == 0) {
        struct slice rest = {text.start + length, text.length - length};
        rest = trim(rest);
        if (rest.length > 0 && rest.start[0] == ';')
            return TXT_RECORD;
    }
    return contains_word(text, word) ? TXT_ALMOST : TXT_UNRELATED;
}

enum txt_kind txt_kind_tlsrpt(struct slice text)
{
    return kind_of(text, "v=TLSRPTv1", "tlsrptv1");
}

enum txt_kind txt_kind_sts(struct slice text)
{
    return kind_of(text, "v=STSv1", "stsv1");
}

/* --- fields --- */

/* The next field of REST as NAME and VALUE, which contains no control character.  False at the
 * end; what is no field is noted, and so is one that is read though a space is before its "=". */
static bool next_field(struct slice *rest, struct slice *name, struct slice *value,
                       unsigned *problems)
{
    while (rest->length > 0) {
        struct slice field = cut(rest, ';');
        if (field.length == 0 && rest->length == 0)
            return false; /* a ";" may end the record */
        *value = field;
        *name = cut(value, '=');
        bool good = value->length > 0 && name->length > 0 && name->length <= FIELD_NAME_MAX &&
                    is_alphanumeric(name->start[0]);
        for (size_t i = 0; good && i < value->length; i++)
            good = value->start[i] > ' ' ? value->start[i] < 0x7f : is_space(value->start[i]);
        if (!good || name->start + name->length + 1 != value->start)
            *problems |= RECORD_BAD_FIELD;
        if (good)
            return true;
    }
    return false;
}

/* A field of some later version: its value may hold anything but spaces and "=". */
static void note_extension(struct slice value, unsigned *problems)
{
    for (size_t i = 0; i < value.length; i++) {
        if (is_space(value.start[i]) || value.start[i] == '=')
            *problems |= RECORD_BAD_FIELD;
    }
}

static struct slice skip_version(struct slice text)
{
    cut(&text, ';');
    return text;
}

static bool is_id(struct slice value)
{
    bool good = value.length > 0 && value.length <= STS_ID_MAX;
    for (size_t i = 0; good && i < value.length; i++)
        good = is_alphanumeric(value.start[i]);
    return good;
}

void sts_record_read(struct slice text, struct sts_record *record)
{
    struct slice rest = skip_version(text), name, value;
    bool seen = false;
    *record = (struct sts_record){.problems = 0};
    while (next_field(&rest, &name, &value, &record->problems)) {
        if (!equals(name, "id")) {
            note_extension(value, &record->problems);
            continue;
        }
        if (seen)
            record->problems |= RECORD_REPEATED;
        else if (is_id(value))
            record->id = value;
        else
            record->problems |= RECORD_BAD_ID;
        seen = true;
    }
    if (!seen)
        record->problems |= RECORD_NO_ID;
}

/* --- where reports go --- */

static bool is_domain(struct slice text)
{
    char normalised[DOMAIN_TEXT];
    return domain_normalise(text.start, text.length, normalised) == 0;
}

/* RFC 6068: an address, and fields behind a "?" that mean nothing here. */
static bool is_mailto(struct slice uri)
{
    uri.start += strlen("mailto:");
    uri.length -= strlen("mailto:");
    struct slice address = cut(&uri, '?');
    struct slice local = cut(&address, '@');
    return local.length > 0 && is_domain(address);
}

static bool is_https(struct slice uri)
{
    uri.start += strlen("https://");
    uri.length -= strlen("https://");
    struct slice authority = cut(&uri, '/');
    return is_domain(cut(&authority, ':'));
}

/* RFC 8460 section 3: "!" has no meaning here, and must be written %21. */
static bool is_rua(struct slice uri)
{
    for (size_t i = 0; i < uri.length; i++) {
        if (uri.start[i] == '!' || is_space(uri.start[i]))
            return false;
    }
    return (slice_begins(uri, "mailto:") && is_mailto(uri)) ||
           (slice_begins(uri, "https://") && is_https(uri));
}

/* Neither may a space come first nor a comma last. */
static void read_rua(struct tlsrpt_record *record, struct slice list)
{
    if (is_space(list.start[0]) || list.start[list.length - 1] == ',')
        record->problems |= RECORD_BAD_FIELD;
    do {
        struct slice uri = cut(&list, ',');
        if (is_rua(uri) && record->rua_count == RUA_MAX) {
            record->problems |= RECORD_TOO_MANY_RUA;
        } else if (is_rua(uri)) {
            record->rua[record->rua_count++] = uri;
        } else {
            if (!(record->problems & RECORD_BAD_RUA))
                record->bad_rua = uri;
            record->problems |= RECORD_BAD_RUA;
        }
    } while (list.length > 0);
}

void tlsrpt_record_read(struct slice text, struct tlsrpt_record *record)
{
    struct slice rest = skip_version(text), name, value;
    bool seen = false;
    *record = (struct tlsrpt_record){.problems = 0};
    while (next_field(&rest, &name, &value, &record->problems)) {
        if (!equals(name, "rua")) {
            note_extension(value, &record->problems);
            continue;
        }
        if (seen)
            record->problems |= RECORD_REPEATED;
        else
            read_rua(record, value);
        seen = true;
    }
    if (!seen)
        record->problems |= RECORD_NO_RUA;
}
