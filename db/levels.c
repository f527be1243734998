#include "levels.h"

#include "connection.h"
#include "totals.h"

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

static enum db_status close_block(struct db *db, int level, int64_t block)
{
    static const char delete[] = "DELETE FROM open_block WHERE level = ? AND block = ?";
    enum db_status status = totals_make_anew(db, level, block);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(db, delete);
    db_bind_integers(statement, (int64_t[]){level, block}, 2);
    return db_run(db, statement);
}

enum db_status levels_find_ended(struct db *db, const char *select, int day, bool *more, int *level,
                                 int64_t *block)
{
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int(statement, 1, day);
    enum db_status status = db_step(db, statement, more);
    *level = *more ? sqlite3_column_int(statement, 0) : 0;
    *block = *more ? sqlite3_column_int64(statement, 1) : 0;
    return db_done(statement, status);
}

enum db_status levels_close_one(struct db *db, int day, bool *more)
{
    /* lowest level first: the blocks below an ended block have ended too */
    static const char select[] = "SELECT level, block FROM open_block"
                                 " WHERE (block + 1) << 2 * level <= ? ORDER BY level LIMIT 1";
    int level;
    int64_t block;
    enum db_status status = levels_find_ended(db, select, day, more, &level, &block);
    return status == DB_OK && *more ? close_block(db, level, block) : status;
}
