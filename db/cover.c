#include "cover.h"

#include <stdlib.h>

#include "connection.h"
#include "growing.h"
#include "levels.h"

struct block {
    int level;
    int number;
};

struct cover {
    int step;
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
        struct block *open = with_room(cover->open, cover->open_count, &capacity, sizeof *open);
        if (open == NULL)
            return db_done(statement, db_complain(db, DB_MEMORY, "out of memory"));
        cover->open = open;
        open[cover->open_count++] =
            (struct block){sqlite3_column_int(statement, 0), sqlite3_column_int(statement, 1)};
    }
    return db_done(statement, status);
}

static void write_run(struct cover *cover)
{
    if (cover->run.level >= 0)
        sqlite3_str_appendf(cover->json, "%s[%d,%d,%d,%d]",
                            sqlite3_str_length(cover->json) > 1 ? "," : "", cover->step,
                            cover->run.level, cover->run.number, cover->run_last);
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

static void put_range(struct cover *cover, int64_t first, int64_t last)
{
    enum { SHIFT = LEVEL_BITS * (LEVELS - 1) };
    cover->range.first = (int)(first < 0 ? 0 : first);
    cover->range.last = (int)(last > DAY_MAX ? DAY_MAX : last);
    if (first > last || last < 0 || first > DAY_MAX)
        return;
    for (int top = cover->range.first >> SHIFT; top <= cover->range.last >> SHIFT; top++)
        descend(cover, (struct block){LEVELS - 1, top});
    write_run(cover);
}

static enum db_status bind(struct db *db, sqlite3_stmt *statement, unsigned levels, int64_t first,
                           int64_t days, int count)
{
    struct cover cover = {.levels_kept = levels, .run = {-1, 0}};
    enum db_status status = read_open(db, &cover);
    if (status == DB_OK) {
        cover.json = sqlite3_str_new(NULL);
        sqlite3_str_appendall(cover.json, "[");
        for (; cover.step < count; cover.step++)
            put_range(&cover, first + cover.step * days, first + (cover.step + 1) * days - 1);
        sqlite3_str_appendall(cover.json, "]");
        status = db_bind_json(db, statement, 1, cover.json);
    }
    free(cover.open);
    return status;
}

enum db_status cover_bind_steps(struct db *db, sqlite3_stmt *statement, unsigned levels, int first,
                                int days, int count)
{
    return bind(db, statement, levels, first, days, count);
}

enum db_status cover_bind(struct db *db, sqlite3_stmt *statement, unsigned levels,
                          struct day_range range)
{
    return bind(db, statement, levels, range.first, (int64_t)range.last - range.first + 1, 1);
}
