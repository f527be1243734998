#include "sender_blocks.h"

#include <stdlib.h>

#include "day.h"
#include "key_map.h"
#include "levels.h"
#include "mx_sources.h"
#include "sender_days.h"
#include "statement.h"

enum {
    LOWEST = 1, /* level */
    HIGHEST = 3,
    DAY_BITS = 2 * HIGHEST, /* of the first day of a sum within its block, and of the last */
    SUMS_MAX = 65536,       /* of a block; beyond that it is not worth its memory */
    HOSTS_BYTES = 1 << 23   /* and so many of its sums by MX host */
};

static struct day_range days_of(int level, int64_t block)
{
    int first = (int)block * (1 << 2 * level);
    return (struct day_range){first, first + (1 << 2 * level) - 1};
}

enum db_status sender_blocks_open(struct db *db, int64_t day)
{
    static const char upsert[] = "INSERT INTO total_sender_of_mine(level, block)"
                                 " VALUES(1, ?1 >> 2), (2, ?1 >> 4), (3, ?1 >> 6)"
                                 " ON CONFLICT DO UPDATE SET made = 0, senders = x'' WHERE made";
    sqlite3_stmt *statement = db_statement(db, upsert);
    sqlite3_bind_int64(statement, 1, day);
    return db_run(db, statement);
}

enum db_status sender_blocks_open_all(struct db *db)
{
    return db_exec(db, "UPDATE total_sender_of_mine SET made = 0, senders = x'' WHERE made");
}

/* --- making them --- */

struct sum {
    struct key key; /* organization, sending IP, result type */
    int64_t failed;
    struct day_range days;
};

/* A block that is being made, by sender and by MX host. */
struct making {
    struct key_map senders; /* rows are struct sum */
    struct mx_sources hosts;
    bool all; /* false when there are too many, or memory is short */
};

static bool add_sender(struct making *making, const struct sender_sum *sum, struct day_range days)
{
    const struct key key = {{sum->organization, sum->sending_ip, sum->result_type}};
    size_t known = making->senders.count;
    struct sum *row = key_map_row(&making->senders, &key);
    if (row == NULL || making->senders.count > SUMS_MAX)
        return making->all = false;
    if (making->senders.count > known)
        row->days = days;
    row->failed += sum->failed;
    row->days.first = days.first < row->days.first ? days.first : row->days.first;
    row->days.last = days.last > row->days.last ? days.last : row->days.last;
    return true;
}

static bool add_sum(void *context, int day, const struct sender_sum *sum)
{
    struct making *making = context;
    return add_sender(making, sum, (struct day_range){day, day}) &&
           mx_sources_add(&making->hosts, day, sum);
}

static enum db_status add_days(struct db *db, struct day_range days, struct making *making)
{
    return sender_days(db, ALL_DOMAINS, days, add_sum, making);
}

/* The four blocks of LEVEL in BLOCK of the one above. */
static enum db_status add_blocks(struct db *db, int level, int64_t block, struct making *making)
{
    enum db_status status = DB_OK;
    for (int64_t i = 0; i < 4 && making->all && status == DB_OK; i++) {
        struct sender_piece piece = {level, days_of(level, block * 4 + i)};
        sqlite3_stmt *statement = sender_blocks_select(db, &piece);
        bool made = statement_next(db, statement, &status);
        struct sender_sums row = {.db = db};
        struct sender_sum sum;
        if (made)
            row = sender_sums_of(db, statement, 0);
        while (making->all && sender_sums_next(&row, &sum, &status))
            add_sender(making, &sum, sender_block_days(&piece, &sum));
        db_done(statement, status);
        if (status == DB_OK)
            status = made ? mx_sources_add_block(&making->hosts, level, piece.days.first)
                          : add_days(db, piece.days, making);
    }
    return status;
}

static enum db_status keep_senders(struct db *db, int level, int64_t block,
                                   const struct key_map *map)
{
    static const char update[] = "UPDATE total_sender_of_mine SET made = 1, senders = ?3"
                                 " WHERE level = ?1 AND block = ?2";
    struct sender_sum *sums = calloc(map->count + 1, sizeof *sums);
    const struct sum *rows = map->rows;
    int begin = days_of(level, block).first;
    if (sums == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    for (size_t i = 0; i < map->count; i++) {
        const struct sum *row = &rows[i];
        int64_t days = (row->days.first - begin) | (row->days.last - begin) << DAY_BITS;
        sums[i] = (struct sender_sum){row->key.part[0], row->key.part[1], row->key.part[2], days,
                                      row->failed};
    }
    size_t size;
    unsigned char *bytes = sender_sums_pack(sums, map->count, &size);
    free(sums);
    if (bytes == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    sqlite3_stmt *statement = db_statement(db, update);
    db_bind_integers(statement, (int64_t[]){level, block}, 2);
    sqlite3_bind_blob64(statement, 3, bytes, size, free);
    return db_run(db, statement);
}

/* *ALL is false when they are too many. */
static enum db_status keep_hosts(struct db *db, int level, int64_t block,
                                 struct mx_sources *sources, bool *all)
{
    static const char insert[] = "INSERT OR REPLACE INTO total_mx_of_mine VALUES(?, ?, ?)";
    struct mx_reader reader;
    size_t size;
    enum db_status status = mx_sources_finish(sources);
    if (status != DB_OK)
        return status;
    mx_reader_begin(&reader, db, sources->parts, sources->count, &status);
    unsigned char *bytes = mx_sums_merge(&reader, HOSTS_BYTES, &size, &status);
    *all = bytes != NULL;
    if (bytes == NULL)
        return status;
    sqlite3_stmt *statement = db_statement(db, insert);
    db_bind_integers(statement, (int64_t[]){level, block}, 2);
    sqlite3_bind_blob64(statement, 3, bytes, size, free);
    return db_run(db, statement);
}

/* It has too many sums: nobody tries it again until its days change. */
static enum db_status forget(struct db *db, int level, int64_t block)
{
    static const char delete[] = "DELETE FROM total_sender_of_mine WHERE level = ? AND block = ?";
    static const char delete_hosts[] = "DELETE FROM total_mx_of_mine WHERE level = ? AND block = ?";
    sqlite3_stmt *statement = db_statement(db, delete);
    db_bind_integers(statement, (int64_t[]){level, block}, 2);
    enum db_status status = db_run(db, statement);
    statement = db_statement(db, delete_hosts);
    db_bind_integers(statement, (int64_t[]){level, block}, 2);
    return status == DB_OK ? db_run(db, statement) : status;
}

static enum db_status make(struct db *db, int level, int64_t block)
{
    struct making making = {
        .senders = {.row_size = sizeof(struct sum)}, .hosts = {.db = db}, .all = true};
    enum db_status status = level == LOWEST ? add_days(db, days_of(level, block), &making)
                                            : add_blocks(db, level - 1, block, &making);
    if (status == DB_OK && making.all)
        status = keep_hosts(db, level, block, &making.hosts, &making.all);
    if (status == DB_OK)
        status =
            making.all ? keep_senders(db, level, block, &making.senders) : forget(db, level, block);
    key_map_free(&making.senders);
    mx_sources_free(&making.hosts);
    return status;
}

enum db_status sender_blocks_close_one(struct db *db, int day, bool *more)
{
    /* the lower level first: the others are made of it */
    static const char select[] =
        "SELECT level, block FROM total_sender_of_mine"
        " WHERE NOT made AND (block + 1) << 2 * level <= ? ORDER BY level LIMIT 1";
    int level;
    int64_t block;
    enum db_status status = levels_find_ended(db, select, day, more, &level, &block);
    return status == DB_OK && *more ? make(db, level, block) : status;
}

/* --- reading them --- */

static void put(struct sender_piece *pieces, size_t *count, struct sender_piece piece)
{
    if (piece.days.first <= piece.days.last)
        pieces[(*count)++] = piece;
}

enum db_status sender_blocks_cover(struct db *db, int64_t domain, struct day_range range,
                                   struct sender_piece **pieces, size_t *count)
{
    /* the higher level first where both begin */
    static const char select[] =
        "SELECT level, block FROM total_sender_of_mine WHERE made"
        " AND block << 2 * level >= ?1 AND ((block + 1) << 2 * level) - 1 <= ?2"
        " ORDER BY block << 2 * level, level DESC";
    static const char how_many[] = "SELECT count(*) FROM total_sender_of_mine";
    int64_t blocks = 0;
    int next = range.first; /* day */
    *count = 0;
    *pieces = NULL;
    enum db_status status = domain == ALL_DOMAINS ? db_integer(db, how_many, &blocks) : DB_OK;
    if (status != DB_OK)
        return status;
    *pieces = calloc(2 * (size_t)blocks + 3, sizeof **pieces);
    if (*pieces == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){range.first, range.last}, 2);
    while (*count < 2 * (size_t)blocks && statement_next(db, statement, &status)) {
        int level = sqlite3_column_int(statement, 0);
        struct day_range days = days_of(level, sqlite3_column_int64(statement, 1));
        if (days.first < next) /* within the one before */
            continue;
        put(*pieces, count, (struct sender_piece){0, {next, days.first - 1}});
        put(*pieces, count, (struct sender_piece){level, days});
        next = days.last + 1;
    }
    put(*pieces, count, (struct sender_piece){0, {next, range.last}});
    return db_done(statement, status);
}

sqlite3_stmt *sender_blocks_select(struct db *db, const struct sender_piece *piece)
{
    static const char select[] =
        "SELECT senders FROM total_sender_of_mine WHERE level = ? AND block = ? AND made";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){piece->level, piece->days.first >> 2 * piece->level},
                     2);
    return statement;
}

struct day_range sender_block_days(const struct sender_piece *piece, const struct sender_sum *sum)
{
    int first = (int)(sum->mx_host & ((1 << DAY_BITS) - 1));
    int last = (int)(sum->mx_host >> DAY_BITS & ((1 << DAY_BITS) - 1));
    return (struct day_range){piece->days.first + first, piece->days.first + last};
}
