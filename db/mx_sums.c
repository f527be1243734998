#include "mx_sums.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "packed.h"

enum {
    FIRST_BYTES = 4096,
    DIGIT_BITS = 10,
    DIGITS = 1 << DIGIT_BITS,
    FIRST_SEEN = 1 << 12,
    SEEN_MAX = 1 << 28 /* texts; no database has so many */
};

static const int64_t none = INT64_MAX; /* in place of a number: behind the last */

/* --- writing --- */

struct writer {
    unsigned char *bytes;
    size_t size, capacity;
    int64_t host, value; /* the last ones */
    bool failed;         /* memory was short */
};

static void put(struct writer *writer, int64_t integer)
{
    if (writer->size + PACKED_BYTES > writer->capacity) {
        size_t capacity = writer->capacity == 0 ? FIRST_BYTES : 2 * writer->capacity;
        unsigned char *bytes = realloc(writer->bytes, capacity);
        writer->failed = writer->failed || bytes == NULL;
        if (bytes == NULL)
            return;
        writer->bytes = bytes;
        writer->capacity = capacity;
    }
    writer->size = (size_t)(packed_put(writer->bytes + writer->size, integer) - writer->bytes);
}

static void put_host(struct writer *writer, int64_t host)
{
    put(writer, host - writer->host);
    writer->host = host;
    writer->value = -1;
}

static void put_type(struct writer *writer, int64_t type, int64_t failed)
{
    put(writer, type - writer->value);
    put(writer, failed);
    writer->value = type;
}

static void end_types(struct writer *writer)
{
    put(writer, 0);
    writer->value = 0;
}

static void put_address(struct writer *writer, int64_t address)
{
    put(writer, address - writer->value);
    writer->value = address;
}

static void end_host(struct writer *writer)
{
    put(writer, 0);
}

static unsigned char *written(struct writer *writer, size_t *size)
{
    *size = writer->size;
    if (!writer->failed && writer->bytes == NULL)
        writer->bytes = malloc(1); /* nothing is not short memory */
    if (!writer->failed)
        return writer->bytes;
    free(writer->bytes);
    return NULL;
}

static int64_t number_at(const struct mx_fact *fact, size_t offset)
{
    return *(const int64_t *)(const void *)((const char *)fact + offset);
}

/* Sorts by the number at OFFSET, a digit after the other from the lowest on: facts with
 * the same one stay in their order.  ROOM is for as many. */
static void sort_by(size_t offset, struct mx_fact *facts, size_t count, struct mx_fact *room)
{
    struct mx_fact *from = facts, *to = room;
    int64_t last = 0;
    for (size_t i = 0; i < count; i++)
        last = number_at(&facts[i], offset) > last ? number_at(&facts[i], offset) : last;
    for (int shift = 0; shift < 63 && last >> shift > 0; shift += DIGIT_BITS) {
        size_t starts[DIGITS + 1] = {0};
        for (size_t i = 0; i < count; i++)
            starts[(number_at(&from[i], offset) >> shift & (DIGITS - 1)) + 1]++;
        for (int digit = 1; digit < DIGITS; digit++)
            starts[digit] += starts[digit - 1];
        for (size_t i = 0; i < count; i++)
            to[starts[number_at(&from[i], offset) >> shift & (DIGITS - 1)]++] = from[i];
        struct mx_fact *sorted = to;
        to = from;
        from = sorted;
    }
    if (from != facts)
        memcpy(facts, from, count * sizeof *facts);
}

static int by_type(const void *a, const void *b)
{
    const struct mx_fact *left = a, *right = b;
    return (left->result_type > right->result_type) - (left->result_type < right->result_type);
}

/* Of the COUNT facts of one host.  An address mostly fails in one way, so that few are
 * left to be sorted; ROOM is for all. */
static void pack_types(struct writer *writer, const struct mx_fact *facts, size_t count,
                       struct mx_fact *room)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && room[kept - 1].result_type == facts[i].result_type)
            room[kept - 1].failed += facts[i].failed;
        else
            room[kept++] = facts[i];
    }
    qsort(room, kept, sizeof *room, by_type);
    for (size_t i = 0, next; i < kept; i = next) {
        int64_t failed = 0;
        for (next = i; next < kept && room[next].result_type == room[i].result_type; next++)
            failed += room[next].failed;
        put_type(writer, room[i].result_type, failed);
    }
    end_types(writer);
}

/* The COUNT facts of one host, sorted by address. */
static void pack_host(struct writer *writer, const struct mx_fact *facts, size_t count,
                      struct mx_fact *room)
{
    put_host(writer, facts->mx_host);
    pack_types(writer, facts, count, room);
    for (size_t i = 0; i < count; i++) {
        if (facts[i].sending_ip > writer->value)
            put_address(writer, facts[i].sending_ip);
    }
    end_host(writer);
}

unsigned char *mx_sums_pack(struct mx_fact *facts, size_t count, size_t *size)
{
    struct writer writer = {.host = -1};
    struct mx_fact *room = malloc(count * sizeof *room + 1);
    if (room == NULL)
        return NULL;
    sort_by(offsetof(struct mx_fact, sending_ip), facts, count, room);
    sort_by(offsetof(struct mx_fact, mx_host), facts, count, room);
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i; next < count && facts[next].mx_host == facts[i].mx_host; next++)
            ;
        pack_host(&writer, &facts[i], next - i, room);
    }
    free(room);
    return written(&writer, size);
}

/* --- reading --- */

static void damaged(const struct mx_reader *reader, enum db_status *status)
{
    *status = db_damaged(reader->db, "a row of total_mx_of_mine cannot be read");
}

/* Reads the difference from *VALUE to the next one; `none` where a list ends. */
static void advance(const struct mx_reader *reader, struct mx_part *part, int64_t *value,
                    enum db_status *status)
{
    int64_t difference;
    if (!packed_get(&part->at, part->end, &difference) || difference > none - 1 - *value)
        damaged(reader, status);
    else
        *value = difference == 0 ? none : *value + difference;
}

static void advance_host(const struct mx_reader *reader, struct mx_part *part,
                         enum db_status *status)
{
    if (part->at == part->end) {
        part->host = none;
        return;
    }
    advance(reader, part, &part->host, status);
    if (part->host == none && *status == DB_OK)
        damaged(reader, status);
}

static void advance_type(const struct mx_reader *reader, struct mx_part *part,
                         enum db_status *status)
{
    advance(reader, part, &part->value, status);
    if (*status == DB_OK && part->value != none && !packed_get(&part->at, part->end, &part->failed))
        damaged(reader, status);
}

void mx_reader_begin(struct mx_reader *reader, struct db *db, struct mx_part *parts, size_t count,
                     enum db_status *status)
{
    *reader = (struct mx_reader){.db = db, .parts = parts, .count = count};
    for (size_t i = 0; i < count; i++) {
        parts[i].host = -1;
        advance_host(reader, &parts[i], status);
    }
}

static int64_t least_host(const struct mx_reader *reader)
{
    int64_t least = none;
    for (size_t i = 0; i < reader->count; i++)
        least = reader->parts[i].host < least ? reader->parts[i].host : least;
    return least;
}

static void note_least(struct mx_reader *reader, int64_t value)
{
    reader->least = value < reader->least ? value : reader->least;
}

bool mx_next_host(struct mx_reader *reader, int64_t *host, enum db_status *status)
{
    *host = least_host(reader);
    reader->present = 0;
    reader->least = none;
    for (size_t i = 0; i < reader->count && *status == DB_OK && *host != none; i++) {
        struct mx_part part = reader->parts[i];
        if (part.host != *host)
            continue;
        part.value = -1;
        advance_type(reader, &part, status);
        note_least(reader, part.value);
        reader->parts[i] = reader->parts[reader->present];
        reader->parts[reader->present++] = part;
    }
    return *status == DB_OK && *host != none;
}

bool mx_next_type(struct mx_reader *reader, int64_t *type, int64_t *failed, enum db_status *status)
{
    *type = reader->least;
    *failed = 0;
    reader->least = none;
    for (size_t i = 0; i < reader->present && *status == DB_OK; i++) {
        struct mx_part *part = &reader->parts[i];
        if (*type == none) { /* the addresses begin */
            part->value = 0;
            advance(reader, part, &part->value, status);
        } else if (part->value == *type) {
            *failed += part->failed;
            advance_type(reader, part, status);
        }
        note_least(reader, part->value);
    }
    return *status == DB_OK && *type != none;
}

static bool next_address(struct mx_reader *reader, int64_t *address, enum db_status *status)
{
    *address = reader->least;
    reader->least = none;
    for (size_t i = 0; i < reader->present && *status == DB_OK; i++) {
        struct mx_part *part = &reader->parts[i];
        if (*address == none)
            advance_host(reader, part, status);
        else if (part->value == *address)
            advance(reader, part, &part->value, status);
        note_least(reader, part->value);
    }
    return *status == DB_OK && *address != none;
}

/* Makes room for ADDRESS. */
static void grow(const struct mx_reader *reader, struct mx_seen *seen, int64_t address,
                 enum db_status *status)
{
    size_t size = seen->size == 0 ? FIRST_SEEN : 2 * seen->size;
    while (size <= (size_t)address && size < SEEN_MAX)
        size *= 2;
    if (address >= SEEN_MAX) {
        damaged(reader, status);
        return;
    }
    uint32_t *hosts = reallocarray(seen->hosts, size, sizeof *hosts);
    if (hosts == NULL) {
        *status = db_complain(reader->db, DB_MEMORY, "out of memory");
        return;
    }
    memset(hosts + seen->size, 0, (size - seen->size) * sizeof *hosts);
    seen->hosts = hosts;
    seen->size = size;
}

int64_t mx_count_addresses(struct mx_reader *reader, struct mx_seen *seen, enum db_status *status)
{
    int64_t count = 0;
    seen->host++;
    for (size_t i = 0; i < reader->present && *status == DB_OK; i++) {
        struct mx_part *part = &reader->parts[i];
        while (part->value != none && *status == DB_OK) {
            if ((uint64_t)part->value >= seen->size)
                grow(reader, seen, part->value, status);
            if (*status != DB_OK)
                break;
            count += seen->hosts[part->value] != seen->host;
            seen->hosts[part->value] = seen->host;
            advance(reader, part, &part->value, status);
        }
        if (*status == DB_OK)
            advance_host(reader, part, status);
    }
    return count;
}

unsigned char *mx_sums_merge(struct mx_reader *reader, size_t most, size_t *size,
                             enum db_status *status)
{
    struct writer writer = {.host = -1};
    int64_t host, type, failed, address;
    while (writer.size <= most && !writer.failed && mx_next_host(reader, &host, status)) {
        put_host(&writer, host);
        while (mx_next_type(reader, &type, &failed, status))
            put_type(&writer, type, failed);
        end_types(&writer);
        while (next_address(reader, &address, status))
            put_address(&writer, address);
        end_host(&writer);
    }
    writer.failed = writer.failed || writer.size > most || *status != DB_OK;
    return written(&writer, size);
}
