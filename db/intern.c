#include "intern.h"

#include <stdlib.h>
#include <string.h>

#include "arena.h"
#include "connection.h"
#include "domain.h"

enum {
    SLOTS = 1 << 15,
    ENTRIES_MAX = SLOTS / 4 * 3,
    BYTES_MAX = 4 * 1024 * 1024,
};

struct entry {
    const char *value; /* in the arena; NULL: the slot is empty */
    int64_t id;
    uint32_t hash;
    uint8_t kind;
    bool mine;
};

struct interns {
    struct db *db;
    const char *mine;
    struct arena arena;
    size_t count;
    struct entry slots[SLOTS];
};

static const struct {
    const char *select;
    const char *insert; /* ?2 is used by domains only */
} statements[] = {
    [INTERN_TEXT] = {"SELECT id FROM text WHERE value = ?", "INSERT INTO text(value) VALUES(?)"},
    [INTERN_POLICY_TEXT] = {"SELECT id FROM policy_text WHERE value = ?",
                            "INSERT INTO policy_text(value) VALUES(?)"},
    [INTERN_POLICY_TYPE] = {"SELECT id FROM policy_type WHERE name = ?",
                            "INSERT INTO policy_type(name) VALUES(?)"},
    [INTERN_RESULT_TYPE] = {"SELECT id FROM result_type WHERE name = ?",
                            "INSERT INTO result_type(name) VALUES(?)"},
    [INTERN_ORGANIZATION] = {"SELECT id FROM organization WHERE name = ?",
                             "INSERT INTO organization(name) VALUES(?)"},
    [INTERN_DOMAIN] = {"SELECT id, mine FROM domain WHERE name = ?",
                       "INSERT INTO domain(name, mine) VALUES(?, ?)"},
};

struct interns *interns_new(struct db *db, const char *mine)
{
    struct interns *interns = calloc(1, sizeof *interns);
    if (interns == NULL)
        return NULL;
    interns->db = db;
    interns->mine = mine;
    arena_init(&interns->arena, BYTES_MAX);
    return interns;
}

void interns_free(struct interns *interns)
{
    if (interns == NULL)
        return;
    arena_free(&interns->arena);
    free(interns);
}

void intern_clear(struct interns *interns)
{
    memset(interns->slots, 0, sizeof interns->slots);
    arena_reset(&interns->arena);
    interns->count = 0;
}

void intern_use(struct interns *interns, const char *mine)
{
    interns->mine = mine;
    intern_clear(interns);
}

/* Eight bytes at a time, for this process only: a collision costs a comparison. */
static uint32_t hash_of(enum intern_kind kind, const char *value)
{
    const uint64_t factor = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t word, hash = (uint64_t)kind + 1;
    size_t length = strlen(value);
    for (; length >= sizeof word; value += sizeof word, length -= sizeof word) {
        memcpy(&word, value, sizeof word);
        hash = (hash ^ word) * factor;
        hash ^= hash >> 32;
    }
    word = length;
    memcpy((char *)&word + 1, value, length);
    return (uint32_t)(((hash ^ word) * factor) >> 32);
}

/* The entry of VALUE, or the empty slot where it belongs. */
static struct entry *find_slot(struct interns *interns, enum intern_kind kind, uint32_t hash,
                               const char *value)
{
    for (size_t slot = hash % SLOTS;; slot = (slot + 1) % SLOTS) {
        struct entry *entry = &interns->slots[slot];
        if (entry->value == NULL ||
            (entry->hash == hash && entry->kind == kind && strcmp(entry->value, value) == 0))
            return entry;
    }
}

static enum db_status look_up(struct interns *interns, enum intern_kind kind, const char *value,
                              struct entry *entry)
{
    struct db *db = interns->db;
    sqlite3_stmt *statement = db_statement(db, statements[kind].select);
    db_bind_text(statement, 1, value);
    bool row;
    enum db_status status = db_step(db, statement, &row);
    if (row) {
        entry->id = sqlite3_column_int64(statement, 0);
        entry->mine = kind == INTERN_DOMAIN && sqlite3_column_int(statement, 1) != 0;
    }
    db_done(statement, status);
    if (status != DB_OK || row)
        return status;

    statement = db_statement(db, statements[kind].insert);
    db_bind_text(statement, 1, value);
    if (kind == INTERN_DOMAIN) {
        entry->mine = domain_is_mine(value, interns->mine);
        sqlite3_bind_int(statement, 2, entry->mine);
    }
    status = db_run(db, statement);
    entry->id = sqlite3_last_insert_rowid(db_sqlite(db));
    return status;
}

/* A cache that cannot grow forgets everything: the tables know it all. */
static void remember(struct interns *interns, const char *value, const struct entry *entry)
{
    if (interns->count >= ENTRIES_MAX)
        intern_clear(interns);
    const char *copy = arena_strdup(&interns->arena, value);
    if (copy == NULL) {
        intern_clear(interns);
        copy = arena_strdup(&interns->arena, value);
    }
    if (copy == NULL)
        return;
    struct entry *slot = find_slot(interns, (enum intern_kind)entry->kind, entry->hash, value);
    *slot = *entry;
    slot->value = copy;
    interns->count++;
}

enum db_status intern(struct interns *interns, enum intern_kind kind, const char *value,
                      int64_t *id, bool *mine)
{
    *id = 0;
    uint32_t hash = hash_of(kind, value);
    struct entry *slot = find_slot(interns, kind, hash, value);
    struct entry found = *slot;
    enum db_status status = DB_OK;
    if (slot->value == NULL) {
        found = (struct entry){.hash = hash, .kind = (uint8_t)kind};
        status = look_up(interns, kind, value, &found);
        if (status == DB_OK)
            remember(interns, value, &found);
    }
    *id = found.id;
    if (mine != NULL)
        *mine = found.mine;
    return status;
}
