#include "records.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "slice.h"
#include "stop.h"
#include "unpack.h"

enum {
    READ_BYTES = 128 * 1024, /* asked for at once */
    KIND_BYTES = 1024,       /* tell what a file is */
    TAIL_BYTES = 16          /* kept of a record too long, to see its end */
};

static const char separator[] = "From ";

void records_init(struct records *records, size_t record_max)
{
    *records = (struct records){.record_max = record_max, .fd = -1};
}

void records_free(struct records *records)
{
    buffer_free(&records->buffer);
}

void records_open(struct records *records, int fd, uint64_t size, bool waits)
{
    buffer_trim(&records->buffer);
    *records = (struct records){.record_max = records->record_max,
                                .buffer = records->buffer,
                                .fd = fd,
                                .size = size,
                                .waits = waits};
}

/* --- reading --- */

/* Moves what is left to the front, and makes room behind it. */
static int make_room(struct records *records)
{
    char *bytes = records->buffer.bytes;
    size_t left = records->end - records->start;
    if (records->start > 0) {
        memmove(bytes, bytes + records->start, left);
        records->scanned -= records->start;
        records->start = 0;
        records->end = left;
    }
    size_t capacity = records->buffer.capacity;
    if (capacity - left >= READ_BYTES / 2)
        return 0;
    size_t wanted = 2 * capacity < READ_BYTES ? READ_BYTES : 2 * capacity;
    if (wanted > records->record_max + READ_BYTES)
        wanted = records->record_max + READ_BYTES;
    if (buffer_reserve(&records->buffer, wanted) == 0)
        return 0;
    errno = ENOMEM;
    return -1;
}

static int fill(struct records *records)
{
    if (make_room(records) != 0)
        return -1;
    struct pollfd input = {.fd = records->fd, .events = POLLIN};
    if (records->waits && !stop_wait(&input, 1, -1)) {
        errno = ECANCELED;
        return -1;
    }
    struct buffer *buffer = &records->buffer;
    ssize_t count =
        read(records->fd, buffer->bytes + records->end, buffer->capacity - records->end);
    if (count < 0)
        return errno == EINTR ? 0 : -1;
    records->end += (size_t)count;
    uint64_t have = records->offset + (records->end - records->start);
    records->ended = count == 0 || have == records->size; /* a read less, for each file */
    return 0;
}

static struct slice rest_of(const struct records *records)
{
    return (struct slice){records->buffer.bytes + records->start, records->end - records->start};
}

static int find_kind(struct records *records)
{
    while (!records->ended && records->end < KIND_BYTES)
        if (fill(records) != 0)
            return -1;
    struct slice bytes = rest_of(records);
    size_t length = strlen(separator);
    if (bytes.length >= length && memcmp(bytes.start, separator, length) == 0)
        records->kind = RECORD_MBOX;
    else if (format_of(bytes) == FORMAT_JSON)
        records->kind = RECORD_JSON;
    return 0;
}

/* --- where a record ends --- */

/* An mbox separates by a line "From ..." behind an empty line: others are text
 * that nobody quoted. */
static const char *find_message(const char *start, const char *from, const char *end,
                                const char **scanned)
{
    static const char line[] = "\nFrom ";
    const size_t length = sizeof line - 1;
    const char *hit;
    while ((hit = memmem(from, (size_t)(end - from), line, length)) != NULL) {
        const char *before = hit > start && hit[-1] == '\r' ? hit - 1 : hit;
        if (before > start && before[-1] == '\n')
            return hit + 1;
        from = hit + 1;
    }
    *scanned = (size_t)(end - from) < length ? from : end - length + 1;
    return NULL;
}

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && slice_space(*at))
        at++;
    return at;
}

/* A '}', a line break and a '{' without a comma: no JSON document holds that, so
 * the next one begins at the '{'. */
static const char *find_document(const char *start, const char *from, const char *end,
                                 const char **scanned)
{
    const char *line_end;
    while ((line_end = memchr(from, '\n', (size_t)(end - from))) != NULL) {
        const char *next = skip_space(line_end, end);
        if (next == end) {
            *scanned = line_end; /* what follows has not been read yet */
            return NULL;
        }
        const char *before = line_end;
        while (before > start && slice_space(before[-1]))
            before--;
        if (*next == '{' && before > start && before[-1] == '}')
            return next;
        from = next;
    }
    *scanned = end;
    return NULL;
}

/* The bytes of the present record, as far as its end can be seen. */
static bool find_end(struct records *records, size_t *length)
{
    const char *start = records->buffer.bytes + records->start;
    const char *from = records->buffer.bytes + records->scanned;
    const char *end = records->buffer.bytes + records->end;
    const char *scanned = end, *next = NULL;
    if (records->kind == RECORD_MBOX)
        next = find_message(start, from, end, &scanned);
    else if (records->kind == RECORD_JSON)
        next = find_document(start, from, end, &scanned);
    records->scanned = (size_t)((next != NULL ? next : scanned) - records->buffer.bytes);
    *length = (size_t)((next != NULL ? next : end) - start);
    return next != NULL;
}

/* Passes over a record that is too long: reads on to its end, unless that was
 * FOUND, LENGTH bytes being in the buffer.  Of a single thing the rest is not
 * read at all. */
static int skip(struct records *records, bool found, size_t length, struct record *record)
{
    record->too_long = true;
    records->ended |= records->kind == RECORD_WHOLE;
    while (!records->ended && !found) {
        size_t given_up = length > TAIL_BYTES ? length - TAIL_BYTES : 0;
        records->start += given_up;
        records->offset += given_up;
        if (records->scanned < records->start)
            records->scanned = records->start;
        if (fill(records) != 0)
            return -1;
        found = find_end(records, &length);
    }
    record->alone = !found && record->number == 1;
    records->start += length;
    records->offset += length;
    return 1;
}

/* --- what an mbox adds to a message --- */

/* Does the line at LINE begin with ">From ", the '>' any number of times? */
static bool is_quoted(const char *line, const char *end)
{
    const char *at = line;
    while (at < end && *at == '>')
        at++;
    size_t length = strlen(separator);
    return at > line && (size_t)(end - at) >= length && memcmp(at, separator, length) == 0;
}

/* Takes one '>' from each quoted line; returns the new length. */
static size_t unquote(char *text, size_t size)
{
    char *to = text;
    const char *from = text, *end = text + size;
    while (from < end) {
        if (is_quoted(from, end))
            from++;
        const char *line_end = memmem(from, (size_t)(end - from), "\n>", 2);
        size_t length = (size_t)((line_end != NULL ? line_end + 1 : end) - from);
        memmove(to, from, length);
        to += length;
        from += length;
    }
    return (size_t)(to - text);
}

static void open_envelope(struct record *record, char *bytes)
{
    char *line_end = memchr(bytes, '\n', record->size);
    size_t first = line_end != NULL ? (size_t)(line_end + 1 - bytes) : record->size;
    record->bytes = bytes + first;
    record->size = unquote(bytes + first, record->size - first);
}

int records_next(struct records *records, struct record *record)
{
    size_t length;
    bool found;
    if (records->number == 0 && find_kind(records) != 0)
        return -1;
    if (records->number > 0 && records->ended && records->start == records->end)
        return 0;
    *record = (struct record){
        .kind = records->kind, .number = ++records->number, .offset = records->offset};
    records->scanned = records->start;
    if (records->kind == RECORD_WHOLE && records->size > records->record_max)
        return skip(records, false, records->end, record);
    while (!(found = find_end(records, &length)) && !records->ended &&
           length <= records->record_max) {
        if (fill(records) != 0)
            return -1;
    }
    if (length > records->record_max)
        return skip(records, found, length, record);
    char *bytes = records->buffer.bytes + records->start;
    record->bytes = bytes;
    record->size = length;
    record->alone = !found && record->number == 1;
    records->start += length;
    records->offset += length;
    if (record->kind == RECORD_MBOX)
        open_envelope(record, bytes);
    return 1;
}
