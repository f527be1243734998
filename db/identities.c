#include "identities.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"

enum {
    SLOTS_START = 1024,
    FILTER_BITS = 24,       /* of the number of a bit in the filter: 2 MB */
    FILTER_MARKS = 3,       /* bits of the filter for each hash */
    FILTER_AFTER = 10000,   /* searches: reading the index for it is worth it then */
    FILTER_MOST = 16000000, /* reports, and most bits would be set */
    RECENT_BATCHES = 8      /* in the small index, and they go into the large one */
};

struct slot {
    int32_t hash;
    int64_t report; /* 0: the slot is empty */
};

struct identities {
    struct db *db;
    int64_t indexed; /* reports up to this one are in the index... */
    int64_t known;   /* ...and those up to this one in memory */
    bool fresh;      /* since the transaction began */
    struct slot *slots;
    size_t slot_count; /* a power of two, at least twice the count */
    size_t count;
    uint8_t *filter; /* NULL: there is none; a hash whose bits are not all set is in no index */
    int searches;    /* without it */
};

struct identities *identities_new(struct db *db)
{
    struct identities *identities = calloc(1, sizeof *identities);
    if (identities != NULL)
        identities->db = db;
    return identities;
}

void identities_free(struct identities *identities)
{
    if (identities == NULL)
        return;
    free(identities->slots);
    free(identities->filter);
    free(identities);
}

void identities_refresh(struct identities *identities)
{
    identities->fresh = false;
}

static void forget(struct identities *identities, int64_t indexed)
{
    if (identities->count > 0)
        memset(identities->slots, 0, identities->slot_count * sizeof *identities->slots);
    identities->count = 0;
    identities->indexed = identities->known = indexed;
}

static void drop_filter(struct identities *identities)
{
    free(identities->filter);
    identities->filter = NULL;
    identities->searches = 0;
}

void identities_clear(struct identities *identities)
{
    forget(identities, 0);
    drop_filter(identities);
    identities->fresh = false;
}

/* --- in memory --- */

static struct slot *slot_at(const struct identities *identities, int32_t hash, size_t probes)
{
    return &identities->slots[((uint32_t)hash + probes) & (identities->slot_count - 1)];
}

static void put(struct identities *identities, int32_t hash, int64_t report)
{
    size_t probes = 0;
    while (slot_at(identities, hash, probes)->report != 0)
        probes++;
    *slot_at(identities, hash, probes) = (struct slot){hash, report};
}

static int grow(struct identities *identities)
{
    struct identities bigger = *identities;
    bigger.slot_count = identities->slot_count == 0 ? SLOTS_START : 2 * identities->slot_count;
    bigger.slots = calloc(bigger.slot_count, sizeof *bigger.slots);
    if (bigger.slots == NULL)
        return -1;
    for (size_t i = 0; i < identities->slot_count; i++) {
        if (identities->slots[i].report != 0)
            put(&bigger, identities->slots[i].hash, identities->slots[i].report);
    }
    free(identities->slots);
    *identities = bigger;
    return 0;
}

enum db_status identities_add(struct identities *identities, int32_t hash, int64_t report)
{
    if (2 * (identities->count + 1) > identities->slot_count && grow(identities) != 0)
        return db_complain(identities->db, DB_MEMORY, "out of memory");
    put(identities, hash, report);
    identities->count++;
    identities->known = report;
    return DB_OK;
}

/* --- and in the database --- */

/* Learns what has been stored since the last look, by whomever. */
static enum db_status catch_up(struct identities *identities)
{
    static const char select[] = "SELECT id, identity FROM report WHERE id > ? ORDER BY id";
    struct db *db = identities->db;
    int64_t indexed;
    enum db_status status = db_integer(db, "SELECT through FROM identified", &indexed);
    if (status != DB_OK)
        return status;
    if (indexed != identities->indexed) { /* another process has brought them there */
        forget(identities, indexed);
        drop_filter(identities);
    }
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, identities->known);
    bool row;
    while ((status = db_step(db, statement, &row)) == DB_OK && row) {
        status = identities_add(identities, sqlite3_column_int(statement, 1),
                                sqlite3_column_int64(statement, 0));
        if (status != DB_OK)
            break;
    }
    identities->fresh = status == DB_OK;
    return db_done(statement, status);
}

/* --- the filter --- */

/* The bit of number MARK for HASH in the filter. */
static uint32_t filter_bit(int32_t hash, int mark)
{
    static const uint32_t odd[FILTER_MARKS] = {0x9e3779b1U, 0x85ebca77U, 0xc2b2ae3dU};
    return (uint32_t)hash * odd[mark] >> (32 - FILTER_BITS);
}

static void let_pass(uint8_t *filter, int32_t hash)
{
    for (int mark = 0; mark < FILTER_MARKS; mark++) {
        uint32_t bit = filter_bit(hash, mark);
        filter[bit / 8] |= (uint8_t)(1 << bit % 8);
    }
}

static bool passes(const uint8_t *filter, int32_t hash)
{
    for (int mark = 0; mark < FILTER_MARKS && filter != NULL; mark++) {
        uint32_t bit = filter_bit(hash, mark);
        if ((filter[bit / 8] >> bit % 8 & 1) == 0)
            return false;
    }
    return true;
}

/* In a large index each new report is looked for on a page of its own, in vain. */
static enum db_status make_filter(struct identities *identities)
{
    static const char select[] =
        "SELECT hash FROM identity UNION ALL SELECT hash FROM recent_identity";
    identities->searches = 0;
    if (identities->indexed > FILTER_MOST)
        return DB_OK;
    uint8_t *filter = calloc(1, (1U << FILTER_BITS) / 8);
    if (filter == NULL)
        return DB_OK; /* it goes without */
    sqlite3_stmt *statement = db_statement(identities->db, select);
    bool row;
    enum db_status status;
    while ((status = db_step(identities->db, statement, &row)) == DB_OK && row)
        let_pass(filter, sqlite3_column_int(statement, 0));
    identities->filter = status == DB_OK ? filter : NULL;
    if (status != DB_OK)
        free(filter);
    return db_done(statement, status);
}

/* --- searching --- */

static enum db_status next_indexed(struct identities *identities, struct identity_search *search,
                                   int64_t *report)
{
    static const char select[] =
        "SELECT min(report) FROM (SELECT min(report) AS report FROM identity"
        "   WHERE hash = ?1 AND report > ?2"
        "  UNION ALL SELECT min(report) FROM recent_identity WHERE hash = ?1 AND report > ?2)";
    sqlite3_stmt *statement = db_statement(identities->db, select);
    db_bind_integers(statement, (int64_t[]){search->hash, search->indexed}, 2);
    bool row;
    enum db_status status = db_step(identities->db, statement, &row);
    *report = row ? sqlite3_column_int64(statement, 0) : 0;
    return db_done(statement, status);
}

static enum db_status search_index(struct identities *identities, struct identity_search *search,
                                   int64_t *report)
{
    enum db_status status = DB_OK;
    if (identities->filter == NULL && ++identities->searches > FILTER_AFTER)
        status = make_filter(identities);
    if (status == DB_OK && passes(identities->filter, search->hash))
        status = next_indexed(identities, search, report);
    search->indexed = *report != 0 ? *report : identities->indexed;
    return status;
}

static int64_t search_memory(const struct identities *identities, struct identity_search *search)
{
    while (identities->count > 0) {
        const struct slot *slot = slot_at(identities, search->hash, search->probes++);
        if (slot->report == 0 || slot->hash == search->hash)
            return slot->report;
    }
    return 0;
}

enum db_status identities_next(struct identities *identities, struct identity_search *search,
                               int64_t *report)
{
    enum db_status status = identities->fresh ? DB_OK : catch_up(identities);
    *report = 0;
    if (status == DB_OK && search->indexed < identities->indexed)
        status = search_index(identities, search, report);
    if (status == DB_OK && *report == 0)
        *report = search_memory(identities, search);
    return status;
}

static int compare_slots(const void *a, const void *b)
{
    const struct slot *left = a, *right = b;
    if (left->hash != right->hash)
        return left->hash < right->hash ? -1 : 1;
    return left->report < right->report ? -1 : left->report > right->report;
}

/* Moves the small index into the large one, all at once. */
static enum db_status merge_recent(struct db *db, size_t least)
{
    static const char move[] = "INSERT INTO identity SELECT hash, report FROM recent_identity;"
                               "DELETE FROM recent_identity;"
                               "UPDATE identified SET merged = through";
    int64_t recent;
    enum db_status status = db_integer(db, "SELECT through - merged FROM identified", &recent);
    return status == DB_OK && recent >= (int64_t)least ? db_exec(db, move) : status;
}

/* Leaves the slots in the order of the index, the empty ones behind. */
static void sort(struct identities *identities)
{
    size_t used = 0;
    for (size_t i = 0; i < identities->slot_count; i++) {
        struct slot slot = identities->slots[i];
        if (slot.report == 0)
            continue;
        identities->slots[i].report = 0;
        identities->slots[used++] = slot;
    }
    qsort(identities->slots, used, sizeof *identities->slots, compare_slots);
}

enum db_status identities_index(struct identities *identities, size_t least)
{
    static const char insert[] = "INSERT INTO recent_identity VALUES(?, ?)";
    static const char update[] = "UPDATE identified SET through = ?";
    if (identities->count == 0 || identities->count < least)
        return DB_OK;
    struct db *db = identities->db;
    enum db_status status = DB_OK;
    sort(identities);
    for (size_t i = 0; i < identities->count && status == DB_OK; i++) {
        const struct slot *slot = &identities->slots[i];
        sqlite3_stmt *statement = db_statement(db, insert);
        db_bind_integers(statement, (int64_t[]){slot->hash, slot->report}, 2);
        status = db_run(db, statement);
        if (identities->filter != NULL)
            let_pass(identities->filter, slot->hash);
    }
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(db, update);
    sqlite3_bind_int64(statement, 1, identities->known);
    status = db_run(db, statement);
    if (status == DB_OK)
        status = merge_recent(db, RECENT_BATCHES * least);
    forget(identities, status == DB_OK ? identities->known : 0);
    return status;
}
