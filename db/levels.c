#include "levels.h"

#include "connection.h"

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
