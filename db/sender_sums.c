#include "sender_sums.h"

#include <stdlib.h>

#include "growing.h"
#include "packed.h"

enum { INTEGERS = 5 /* of a sum */, SUM_BYTES = INTEGERS * PACKED_BYTES };

static int compare(const struct sender_sum *a, const struct sender_sum *b)
{
    if (a->organization != b->organization)
        return a->organization < b->organization ? -1 : 1;
    if (a->sending_ip != b->sending_ip)
        return a->sending_ip < b->sending_ip ? -1 : 1;
    if (a->result_type != b->result_type)
        return a->result_type < b->result_type ? -1 : 1;
    return (a->mx_host > b->mx_host) - (a->mx_host < b->mx_host);
}

/* --- reading --- */

struct sender_sums sender_sums_of(struct db *db, sqlite3_stmt *statement, int column)
{
    const unsigned char *bytes = sqlite3_column_blob(statement, column);
    int size = sqlite3_column_bytes(statement, column);
    return (struct sender_sums){db, bytes, size > 0 ? bytes + size : bytes};
}

size_t sender_sums_most(const struct sender_sums *sums)
{
    return (size_t)(sums->end - sums->at) / INTEGERS;
}

static bool read_integer(struct sender_sums *sums, int64_t *integer)
{
    return packed_get(&sums->at, sums->end, integer);
}

bool sender_sums_next(struct sender_sums *sums, struct sender_sum *sum, enum db_status *status)
{
    if (*status != DB_OK || sums->at == sums->end)
        return false;
    if (read_integer(sums, &sum->organization) && read_integer(sums, &sum->sending_ip) &&
        read_integer(sums, &sum->result_type) && read_integer(sums, &sum->mx_host) &&
        read_integer(sums, &sum->failed))
        return true;
    *status = db_damaged(sums->db, "a row of total_sender cannot be read");
    return false;
}

/* --- writing --- */

/* SUM at TO, where there are SUM_BYTES; returns their end. */
static unsigned char *put_sum(unsigned char *to, const struct sender_sum *sum)
{
    to = packed_put(to, sum->organization);
    to = packed_put(to, sum->sending_ip);
    to = packed_put(to, sum->result_type);
    to = packed_put(to, sum->mx_host);
    return packed_put(to, sum->failed);
}

/* Writes to TO what OLD has and what comes to it; returns its end. */
static unsigned char *merge(struct sender_sums *old, const struct sender_sum *sums, size_t count,
                            unsigned char *to, enum db_status *status)
{
    struct sender_sum kept;
    bool more = sender_sums_next(old, &kept, status);
    for (size_t i = 0; more || i < count;) {
        int order = !more ? 1 : i == count ? -1 : compare(&kept, &sums[i]);
        struct sender_sum sum = order > 0 ? sums[i] : kept;
        if (order == 0)
            sum.failed += sums[i].failed;
        to = put_sum(to, &sum);
        i += order >= 0;
        if (order <= 0)
            more = sender_sums_next(old, &kept, status);
    }
    return to;
}

enum db_status sender_sums_add(struct db *db, int64_t day, int64_t domain,
                               const struct sender_sum *sums, size_t count)
{
    static const char select[] = "SELECT senders FROM total_sender WHERE day = ? AND domain = ?";
    static const char replace[] = "INSERT OR REPLACE INTO total_sender VALUES(?, ?, ?)";
    sqlite3_stmt *before = db_statement(db, select);
    db_bind_integers(before, (int64_t[]){day, domain}, 2);
    bool row;
    enum db_status status = db_step(db, before, &row);
    struct sender_sums old = {.db = db};
    if (row)
        old = sender_sums_of(db, before, 0);
    unsigned char *bytes = malloc((size_t)(old.end - old.at) + count * SUM_BYTES);
    unsigned char *end = bytes;
    if (status == DB_OK && bytes == NULL)
        status = db_complain(db, DB_MEMORY, "out of memory");
    else if (status == DB_OK)
        end = merge(&old, sums, count, bytes, &status);
    db_done(before, status);
    if (status == DB_OK) {
        sqlite3_stmt *after = db_statement(db, replace);
        db_bind_integers(after, (int64_t[]){day, domain}, 2);
        sqlite3_bind_blob64(after, 3, bytes, (sqlite3_uint64)(end - bytes), SQLITE_STATIC);
        status = db_run(db, after);
    }
    free(bytes);
    return status;
}

static int compare_sums(const void *a, const void *b)
{
    return compare(a, b);
}

unsigned char *sender_sums_pack(struct sender_sum *sums, size_t count, size_t *size)
{
    unsigned char *bytes = malloc(count * SUM_BYTES + 1), *end = bytes;
    if (bytes == NULL)
        return NULL;
    if (count > 0)
        qsort(sums, count, sizeof *sums, compare_sums);
    for (size_t i = 0; i < count; i++)
        end = put_sum(end, &sums[i]);
    *size = (size_t)(end - bytes);
    return bytes;
}

/* --- the function for migrations --- */

struct packing {
    struct sender_sum *sums;
    size_t count;
    size_t capacity;
    bool short_of_memory;
};

static void pack_step(sqlite3_context *context, int count, sqlite3_value **values)
{
    struct packing *packing = sqlite3_aggregate_context(context, sizeof *packing);
    (void)count;
    if (packing == NULL || packing->short_of_memory)
        return;
    struct sender_sum *sums =
        with_room(packing->sums, packing->count, &packing->capacity, sizeof *sums);
    packing->short_of_memory = sums == NULL;
    if (sums == NULL)
        return;
    packing->sums = sums;
    sums[packing->count++] = (struct sender_sum){
        sqlite3_value_int64(values[0]), sqlite3_value_int64(values[1]),
        sqlite3_value_int64(values[2]), sqlite3_value_int64(values[3]),
        sqlite3_value_int64(values[4]),
    };
}

static void pack_end(sqlite3_context *context)
{
    struct packing *packing = sqlite3_aggregate_context(context, 0);
    if (packing == NULL)
        return;
    size_t size;
    unsigned char *bytes =
        packing->short_of_memory ? NULL : sender_sums_pack(packing->sums, packing->count, &size);
    if (bytes != NULL)
        sqlite3_result_blob64(context, bytes, size, free);
    else
        sqlite3_result_error_nomem(context);
    free(packing->sums);
}

int sender_sums_define(sqlite3 *sqlite)
{
    return sqlite3_create_function_v2(sqlite, "pack_senders", INTEGERS,
                                      SQLITE_UTF8 | SQLITE_DIRECTONLY, NULL, NULL, pack_step,
                                      pack_end, NULL);
}
