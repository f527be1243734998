#include "levels.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"

/* --- open blocks --- */

enum db_status levels_open(struct db *db, int64_t day)
{
    static const char insert[] =
        "INSERT OR IGNORE INTO open_block VALUES(1, ?1 >> 2), (2, ?1 >> 4),"
        " (3, ?1 >> 6)";
    sqlite3_stmt *statement = db_statement(db, insert);
    db_bind_integers(statement, &day, 1);
    return db_run(db, statement);
}

enum db_status levels_is_open(struct db *db, int level, int64_t block, bool *open)
{
    static const char select[] = "SELECT 1 FROM open_block WHERE level = ? AND block = ?";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){level, block}, 2);
    return db_done(statement, db_step(db, statement, open));
}

/* Makes the totals of one block of one table anew from the level below. */
static enum db_status make_anew(struct db *db, int level, int64_t block)
{
    static const char *const statements[] = {
        "DELETE FROM total_domain WHERE level = ?1 AND block = ?2",
        "DELETE FROM total_reporter WHERE level = ?1 AND block = ?2",
        "DELETE FROM total_result WHERE level = ?1 AND block = ?2",
        "INSERT INTO total_domain"
        " SELECT ?1, ?2, domain, sum(reports), sum(successful), sum(failed) FROM total_domain"
        " WHERE level = ?1 - 1 AND block BETWEEN ?2 * 4 AND ?2 * 4 + 3 GROUP BY domain",
        "INSERT INTO total_reporter"
        " SELECT ?1, ?2, domain, organization, type, mode,"
        "  sum(reports), sum(successful), sum(failed) FROM total_reporter"
        " WHERE level = ?1 - 1 AND block BETWEEN ?2 * 4 AND ?2 * 4 + 3"
        " GROUP BY domain, organization, type, mode",
        "INSERT INTO total_result"
        " SELECT ?1, ?2, domain, organization, result_type, sum(failed) FROM total_result"
        " WHERE level = ?1 - 1 AND block BETWEEN ?2 * 4 AND ?2 * 4 + 3"
        " GROUP BY domain, organization, result_type",
        /* the table of senders has level 2 only, made from level 0 */
        "DELETE FROM total_sender WHERE level = ?1 AND ?1 = 2 AND block = ?2",
        "INSERT INTO total_sender"
        " SELECT ?1, ?2, domain, organization, sending_ip, result_type, mx_host, sum(failed)"
        " FROM total_sender WHERE level = 0 AND ?1 = 2 AND block BETWEEN ?2 * 16 AND ?2 * 16 + 15"
        " GROUP BY domain, organization, sending_ip, result_type, mx_host",
        "DELETE FROM open_block WHERE level = ?1 AND block = ?2",
    };
    enum db_status status = DB_OK;
    for (size_t i = 0; i < sizeof statements / sizeof *statements && status == DB_OK; i++) {
        sqlite3_stmt *statement = db_statement(db, statements[i]);
        db_bind_integers(statement, (int64_t[]){level, block}, 2);
        status = db_run(db, statement);
    }
    return status;
}

enum db_status levels_close_one(struct db *db, int day, bool *more)
{
    /* lowest level first: the blocks below an ended block have ended too */
    static const char select[] = "SELECT level, block FROM open_block"
                                 " WHERE (block + 1) << 2 * level <= ? ORDER BY level LIMIT 1";
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int(statement, 1, day);
    enum db_status status = db_step(db, statement, more);
    int level = *more ? sqlite3_column_int(statement, 0) : 0;
    int64_t block = *more ? sqlite3_column_int64(statement, 1) : 0;
    db_done(statement, status);
    return status == DB_OK && *more ? make_anew(db, level, block) : status;
}

/* --- covering a range --- */

struct block {
    int level;
    int number;
};

struct cover {
    struct day_range range;
    unsigned levels_kept;
    struct block *open; /* sorted */
    size_t open_count;
    sqlite3_str *json;
    struct block run; /* not written yet: blocks of one level in a row... */
    int run_last;     /* ...up to this one; run.level is -1 when there is none */
};

static int compare_blocks(const void *a, const void *b)
{
    const struct block *left = a;
    const struct block *right = b;
    if (left->level != right->level)
        return left->level < right->level ? -1 : 1;
    return left->number < right->number ? -1 : left->number > right->number;
}

static enum db_status read_open(struct db *db, struct cover *cover)
{
    static const char select[] = "SELECT level, block FROM open_block ORDER BY level, block";
    sqlite3_stmt *statement = db_statement(db, select);
    size_t capacity = 0;
    bool row;
    enum db_status status;
    while ((status = db_step(db, statement, &row)) == DB_OK && row) {
        if (cover->open_count == capacity) {
            capacity = capacity == 0 ? 64 : capacity * 2;
            struct block *bigger = realloc(cover->open, capacity * sizeof *bigger);
            if (bigger == NULL)
                return db_done(statement, db_complain(db, DB_MEMORY, "out of memory"));
            cover->open = bigger;
        }
        cover->open[cover->open_count++] =
            (struct block){sqlite3_column_int(statement, 0), sqlite3_column_int(statement, 1)};
    }
    return db_done(statement, status);
}

static void write_run(struct cover *cover)
{
    if (cover->run.level >= 0)
        sqlite3_str_appendf(cover->json, "%s[%d,%d,%d]",
                            sqlite3_str_length(cover->json) > 1 ? "," : "", cover->run.level,
                            cover->run.number, cover->run_last);
    cover->run.level = -1;
}

static void take(struct cover *cover, struct block block)
{
    if (cover->run.level != block.level || cover->run_last + 1 != block.number) {
        write_run(cover);
        cover->run = block;
    }
    cover->run_last = block.number;
}

static bool is_right(const struct cover *cover, struct block block)
{
    if (!(cover->levels_kept >> block.level & 1))
        return false;
    return block.level == 0 || cover->open_count == 0 ||
           bsearch(&block, cover->open, cover->open_count, sizeof block, compare_blocks) == NULL;
}

/* Takes BLOCK if all of it is wanted and its totals can be had, else parts. */
static void descend(struct cover *cover, struct block block)
{
    int shift = LEVEL_BITS * block.level;
    int first = block.number * (1 << shift); /* not <<: days before 1970 are negative */
    int last = first + (1 << shift) - 1;
    if (last < cover->range.first || first > cover->range.last)
        return;
    bool inside = first >= cover->range.first && last <= cover->range.last;
    if (inside && is_right(cover, block)) {
        take(cover, block);
        return;
    }
    for (int i = 0; i < 1 << LEVEL_BITS; i++)
        descend(cover, (struct block){block.level - 1, block.number * (1 << LEVEL_BITS) + i});
}

enum db_status levels_bind_cover(struct db *db, sqlite3_stmt *statement, int parameter,
                                 struct day_range range, unsigned levels_kept)
{
    enum { DAY_MAX = 2932896 }; /* 9999-12-31: no report is outside these years */
    struct cover cover = {.levels_kept = levels_kept, .run = {-1, 0}};
    cover.range.first = range.first < 0 ? 0 : range.first;
    cover.range.last = range.last > DAY_MAX ? DAY_MAX : range.last;
    enum db_status status = read_open(db, &cover);
    if (status == DB_OK) {
        cover.json = sqlite3_str_new(NULL);
        sqlite3_str_appendall(cover.json, "[");
        int shift = LEVEL_BITS * (LEVELS - 1);
        for (int top = cover.range.first >> shift; top <= cover.range.last >> shift; top++)
            descend(&cover, (struct block){LEVELS - 1, top});
        write_run(&cover);
        sqlite3_str_appendall(cover.json, "]");
        char *json = sqlite3_str_finish(cover.json);
        if (json == NULL)
            status = db_complain(db, DB_MEMORY, "out of memory");
        sqlite3_bind_text(statement, parameter, json, -1, sqlite3_free);
    }
    free(cover.open);
    return status;
}
