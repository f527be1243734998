/*
 * db.h - one connection to the database, and how things go wrong with it.
 *
 * A connection belongs to the thread that uses it.  A function that returns
 * enum db_status leaves, unless it returned DB_OK, a sentence for people that
 * names the file and the reason; db_error() gives it until the next call.
 */
#ifndef TLSRPTOP_DB_DB_H
#define TLSRPTOP_DB_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum db_status {
    DB_OK = 0,
    DB_STOPPED, /* db_interrupt(), or a row callback that had enough */
    DB_BUSY,    /* another writer held it for longer than the patience */
    DB_FULL,    /* no space on the disk, or an I/O error that may pass */
    DB_MISSING, /* there is no such file */
    DB_DENIED,  /* this user may not read or write it, or what SQLite keeps beside it */
    DB_NEWER,   /* written by a newer tlsrptop than this one */
    DB_FOREIGN, /* not a database, or not one of tlsrptop's */
    DB_DAMAGED, /* SQLite says the file is malformed */
    DB_MEMORY,  /* out of memory */
    DB_FAILED   /* everything else: a bug */
};

enum db_access {
    DB_READ, /* must exist; never written to, not even for a migration */
    DB_WRITE /* created with mode 0600, with its folders, and migrated */
};

struct db;

/* The schema this program writes; PRAGMA user_version of the file. */
extern const int db_schema_version;

/* Opens PATH.  *DB is set even on failure, so that db_error() can say why, and
 * must be given to db_close() in every case; it is NULL only when memory is
 * short (DB_MEMORY). */
enum db_status db_open(struct db **db, const char *path, enum db_access access);
void db_close(struct db *db);

/* The last failure, one sentence without a newline; "" when there was none. */
const char *db_error(const struct db *db);

/* The file, as given to db_open(). */
const char *db_path(const struct db *db);

/* Makes the query that runs on DB in another thread, and those that follow it until
 * the next db_hold(), return DB_STOPPED soon. */
void db_interrupt(struct db *db);

/* What is read between the two comes from one state of the database, and costs one
 * lock in place of one for each statement.  Reading only. */
enum db_status db_hold(struct db *db);
void db_release(struct db *db);

/* A number that changes when another connection has committed something. */
int64_t db_data_version(struct db *db);

/* Rows of tables and indexes visited since db_open(), by SQLite's own count
 * of virtual machine steps: what tests of growth compare. */
int64_t db_steps(const struct db *db);

/* Finds the path of the database: $TLSRPTOP_DB, CONFIGURED ("" or NULL: not
 * configured; "~/" is expanded), $XDG_DATA_HOME/tlsrptop/reports.db,
 * ~/.local/share/tlsrptop/reports.db.  Returns 0, or -1 when none can be made. */
int db_default_path(const char *configured, char *path, size_t size);

#endif
