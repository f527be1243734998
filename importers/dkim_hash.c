#include "dkim_hash.h"

#include <gnutls/crypto.h>

enum { HASHED_AT_ONCE = 1024 };

struct hashing {
    gnutls_hash_hd_t hash; /* NULL: it could not be begun */
    bool failed;
    size_t used;
    char bytes[HASHED_AT_ONCE]; /* that wait */
};

static void begin_hash(struct hashing *hashing)
{
    hashing->used = 0;
    hashing->failed = gnutls_hash_init(&hashing->hash, GNUTLS_DIG_SHA256) != 0;
    if (hashing->failed)
        hashing->hash = NULL;
}

static void put(struct hashing *hashing, const char *bytes, size_t size)
{
    if (hashing->used + size > HASHED_AT_ONCE && !hashing->failed) {
        hashing->failed = gnutls_hash(hashing->hash, hashing->bytes, hashing->used) != 0;
        hashing->used = 0;
    }
    if (size <= HASHED_AT_ONCE) {
        memcpy(hashing->bytes + hashing->used, bytes, size);
        hashing->used += size;
    } else if (!hashing->failed) {
        hashing->failed = gnutls_hash(hashing->hash, bytes, size) != 0;
    }
    if (hashing->failed)
        hashing->used = 0;
}

static void put_char(struct hashing *hashing, char c)
{
    put(hashing, &c, 1);
}

static void put_line_end(struct hashing *hashing)
{
    put(hashing, "\r\n", 2);
}

/* False after a failure. */
static bool end_hash(struct hashing *hashing, unsigned char result[static DKIM_HASH_BYTES])
{
    if (hashing->hash == NULL)
        return false;
    bool good = !hashing->failed && gnutls_hash(hashing->hash, hashing->bytes, hashing->used) == 0;
    gnutls_hash_deinit(hashing->hash, result);
    return good;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* --- canonicalization, RFC 6376 section 3.4 --- */

/* White space becomes one space, and none at the end of a line or field: *PENDING tells
 * that there is some which nothing has followed yet.  A folded field is one line. */
static void put_relaxed(struct hashing *hashing, struct slice text, bool *pending)
{
    for (size_t i = 0; i < text.length; i++) {
        char c = text.start[i];
        if (c == '\r' || c == '\n')
            continue;
        if (!is_blank(c)) {
            if (*pending)
                put_char(hashing, ' ');
            put_char(hashing, c);
        }
        *pending = is_blank(c);
    }
}

/* As it is, with CRLF for LF. */
static void put_simple(struct hashing *hashing, struct slice text)
{
    const char *at = text.start, *end = at + text.length;
    while (at < end) {
        const char *next = slice_next_line(at, end), *line_end = dkim_line_end(at, next);
        put(hashing, at, (size_t)(line_end - at));
        if (line_end < next)
            put_line_end(hashing);
        at = next;
    }
}

/* FIELD without what is in HOLE, and without a line end. */
static void put_field(struct hashing *hashing, const struct dkim_field *field, bool relaxed,
                      struct slice hole)
{
    struct slice whole = field->whole;
    const char *end = whole.start + whole.length;
    if (hole.start == NULL)
        hole = slice_between(end, end);
    struct slice tail = slice_between(hole.start + hole.length, end);
    if (!relaxed) {
        put_simple(hashing, slice_between(whole.start, hole.start));
        put_simple(hashing, tail);
        return;
    }
    for (size_t i = 0; i < field->name; i++) {
        char c = whole.start[i];
        put_char(hashing, c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c);
    }
    put_char(hashing, ':');
    const char *value = dkim_field_value(field).start;
    while (value < hole.start && slice_space(*value))
        value++;
    bool pending = false;
    put_relaxed(hashing, slice_between(value, hole.start), &pending);
    put_relaxed(hashing, tail, &pending);
}

/* Empty lines at the end are none; of the simple kind there is one line end at
 * least. */
bool dkim_hash_body(struct slice body, bool relaxed, unsigned char result[static DKIM_HASH_BYTES])
{
    struct hashing hashing;
    const char *at = body.start, *end = at + body.length;
    size_t empty = 0; /* lines that wait for one that is not */
    bool any = false;
    begin_hash(&hashing);
    while (at < end && !hashing.failed) {
        const char *next = slice_next_line(at, end), *line_end = dkim_line_end(at, next);
        while (relaxed && line_end > at && is_blank(line_end[-1]))
            line_end--;
        if (line_end == at) {
            empty++;
        } else {
            for (; empty > 0; empty--)
                put_line_end(&hashing);
            bool pending = false;
            if (relaxed)
                put_relaxed(&hashing, slice_between(at, line_end), &pending);
            else
                put(&hashing, at, (size_t)(line_end - at));
            put_line_end(&hashing);
            any = true;
        }
        at = next;
    }
    if (!any && !relaxed)
        put_line_end(&hashing);
    return end_hash(&hashing, result);
}

bool dkim_hash_header(struct dkim_header *header, struct slice names, struct slice field,
                      struct slice signature, bool relaxed,
                      unsigned char result[static DKIM_HASH_BYTES])
{
    const struct slice nothing = {NULL, 0};
    struct dkim_field own = {.whole = field, .name = sizeof "DKIM-Signature" - 1};
    struct hashing hashing;
    begin_hash(&hashing);
    for (int n = 0; names.length > 0 && n < DKIM_NAMES_MAX; n++) {
        struct slice name = dkim_next_name(&names);
        size_t i = header->count;
        while (i > 0 &&
               (header->fields[i - 1].hashed || !dkim_field_is(&header->fields[i - 1], name)))
            i--;
        if (i == 0)
            continue; /* that there is none is signed, too */
        header->fields[i - 1].hashed = true;
        put_field(&hashing, &header->fields[i - 1], relaxed, nothing);
        put_line_end(&hashing);
    }
    put_field(&hashing, &own, relaxed, signature);
    return end_hash(&hashing, result);
}
