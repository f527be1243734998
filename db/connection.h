/*
 * connection.h - what the files of db/ share about a connection: prepared
 * statements that are kept, and SQLite's errors turned into sentences.
 * For db/ only.
 */
#ifndef TLSRPTOP_DB_CONNECTION_H
#define TLSRPTOP_DB_CONNECTION_H

#include <sqlite3.h>
#include <stdint.h>

#include "db.h"

/* The statement for SQL, prepared at the first call and kept for the life of
 * the connection; reset, with no parameter bound.  SQL must be a constant whose
 * address stays valid: the address is what it is found by.  It is never
 * finalized by the caller, but given to db_done() when its rows have been read,
 * so that no read transaction stays open.
 * NULL on failure: the functions here and sqlite3_bind_*() take that, and
 * db_step() and db_run() return why. */
sqlite3_stmt *db_statement(struct db *db, const char *sql);

/* Steps STATEMENT once.  *ROW is whether there is a row to read. */
enum db_status db_step(struct db *db, sqlite3_stmt *statement, bool *row);

/* Steps a statement that returns no row of interest, and resets it. */
enum db_status db_run(struct db *db, sqlite3_stmt *statement);

/* Resets STATEMENT and hands STATUS through: `return db_done(statement, status)`. */
enum db_status db_done(sqlite3_stmt *statement, enum db_status status);

/* Binds COUNT integers to the parameters 1 to COUNT. */
void db_bind_integers(sqlite3_stmt *statement, const int64_t *values, int count);

/* Binds text that stays valid until the statement is reset. */
void db_bind_text(sqlite3_stmt *statement, int parameter, const char *text);

/* Binds what JSON holds, and frees it: memory that ran out while it was written is an
 * error, and never an empty list. */
enum db_status db_bind_json(struct db *db, sqlite3_stmt *statement, int parameter,
                            sqlite3_str *json);

/* Column as text, never NULL. */
const char *db_text(sqlite3_stmt *statement, int column);

/* The integer that SQL, without parameters, selects; 0 when there is no row. */
enum db_status db_integer(struct db *db, const char *sql, int64_t *value);

/* Runs SQL without parameters or rows, not kept. */
enum db_status db_exec(struct db *db, const char *sql);

/* Sets the error from CODE and SQLite's own message; returns the status. */
enum db_status db_fail(struct db *db, int code);

/* Sets a sentence of our own, with the status that goes with it. */
enum db_status db_complain(struct db *db, enum db_status status, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Says that the database is damaged: WHAT is wrong, and what to do.  DB_DAMAGED. */
enum db_status db_damaged(struct db *db, const char *what);

sqlite3 *db_sqlite(struct db *db);

/* What was attached to the connection last, or NULL; RELEASE frees it when something else
 * is, and when the connection is closed. */
void *db_attached(struct db *db);
void db_attach(struct db *db, void *attached, void (*release)(void *attached));

/* Moves what is committed from the log into the database, KIND being one of
 * SQLite's kinds of checkpoint.  Returns SQLite's code. */
int db_checkpoint(struct db *db, int kind);

/* Where a journal row `j` came from, left joined with its mailbox `m`. */
#define SQL_SOURCE                                                                                 \
    "coalesce(m.account || ' ' || m.name || ' UIDVALIDITY ' || m.uidvalidity || ' UID ' || j.uid," \
    " j.path)"

#endif
