#include "db.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "checkpointer.h"
#include "connection.h"
#include "schema.h"
#include "sender_sums.h"

enum {
    APPLICATION_ID = 0x544c5352, /* "TLSR" in PRAGMA application_id */
    STATEMENTS_MAX = 256,        /* a power of two, well above what there is */
    PATIENCE_MS = 10000,         /* a writer waits so long for another one */
    READER_CACHE_KIB = 12 * 1024,
    WRITER_CACHE_KIB = 8 * 1024,
    LOG_PAGES = 500,       /* of the log, and a thread begins to move them into the database */
    LOG_PAGES_MAX = 16000, /* and the writer waits for it, so that the log begins anew */
    LOG_BYTES_KEPT = 4 * 1024 * 1024, /* of the file, then */
};

const int db_schema_version = 10;

struct kept_statement {
    const char *sql;
    sqlite3_stmt *statement;
};

struct db {
    sqlite3 *sqlite;
    char *path;
    char error[512];
    enum db_status status;             /* that goes with it */
    int waited_ms;                     /* for the lock it is waiting for now */
    atomic_bool interrupted;           /* since db_hold() */
    struct checkpointer *checkpointer; /* NULL until the log is long */
    void *attached;
    void (*release)(void *attached);
    struct kept_statement kept[STATEMENTS_MAX];
};

/* --- errors --- */

static enum db_status status_of(int code)
{
    switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DB_BUSY;
    case SQLITE_FULL:
    case SQLITE_IOERR:
        return DB_FULL;
    case SQLITE_INTERRUPT:
        return DB_STOPPED;
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
        return DB_DENIED;
    case SQLITE_NOTADB:
        return DB_FOREIGN;
    case SQLITE_CORRUPT:
        return DB_DAMAGED;
    case SQLITE_NOMEM:
        return DB_MEMORY;
    default:
        return DB_FAILED;
    }
}

enum db_status db_complain(struct db *db, enum db_status status, const char *format, ...)
{
    int length = snprintf(db->error, sizeof db->error, "%s: ", db->path);
    if (length < 0 || (size_t)length >= sizeof db->error)
        length = 0;
    va_list args;
    va_start(args, format);
    vsnprintf(db->error + length, sizeof db->error - (size_t)length, format, args);
    va_end(args);
    return db->status = status;
}

enum db_status db_damaged(struct db *db, const char *what)
{
    return db_complain(db, DB_DAMAGED,
                       "is damaged (%s); restore it from a backup, or move it "
                       "away and import again",
                       what);
}

static enum db_status status_of_errno(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
        return DB_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return DB_DENIED;
    default:
        return DB_FAILED;
    }
}

static const char *file_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

/* 0, or the errno of why no file can be made in the folder of PATH. */
static int folder_denies(const char *path)
{
    char folder[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    return euidaccess(dirname(folder), W_OK | X_OK) == 0 ? 0 : errno;
}

/* SQLite does not name the file that it may not open: even to read, it needs two beside
 * the database, and makes them where they are missing. */
static enum db_status fail_at_file(struct db *db)
{
    static const char *const suffixes[] = {"-wal", "-shm"};
    bool writes = sqlite3_db_readonly(db->sqlite, "main") == 0;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        char beside[PATH_MAX];
        snprintf(beside, sizeof beside, "%s%s", db->path, suffixes[i]);
        int error = euidaccess(beside, writes ? R_OK | W_OK : R_OK) == 0 ? 0 : errno;
        bool missing = error == ENOENT;
        if (missing)
            error = folder_denies(db->path);
        if (error != 0)
            return db_complain(db, status_of_errno(error),
                               "cannot be %s without %s beside it%s: %s",
                               writes ? "written" : "read", file_name(beside),
                               missing ? ", which cannot be made" : "", strerror(error));
    }
    return db_complain(db, DB_FAILED, "%s", sqlite3_errmsg(db->sqlite));
}

enum db_status db_fail(struct db *db, int code)
{
    enum db_status status = status_of(code);
    switch (status) {
    case DB_BUSY:
        return db_complain(db, status, "another program is writing to it and does not let go");
    case DB_FULL:
        return db_complain(db, status, "cannot be written (%s): is the disk full?",
                           sqlite3_errmsg(db->sqlite));
    case DB_FOREIGN:
        return db_complain(db, status, "is not a database of tlsrptop");
    case DB_DAMAGED:
        return db_damaged(db, sqlite3_errmsg(db->sqlite));
    case DB_DENIED:
        return fail_at_file(db);
    default:
        return db_complain(db, status, "%s", sqlite3_errmsg(db->sqlite));
    }
}

const char *db_error(const struct db *db)
{
    return db->error;
}

const char *db_path(const struct db *db)
{
    return db->path;
}

/* --- statements --- */

/* Addresses of constants are spread by their low bits; the rest is probing. */
static struct kept_statement *kept_slot(struct db *db, const char *sql)
{
    size_t slot = ((uintptr_t)sql >> 3) % STATEMENTS_MAX;
    for (size_t tries = 0; tries < STATEMENTS_MAX; tries++) {
        struct kept_statement *kept = &db->kept[slot];
        if (kept->sql == NULL || kept->sql == sql)
            return kept;
        slot = (slot + 1) % STATEMENTS_MAX;
    }
    return NULL;
}

sqlite3_stmt *db_statement(struct db *db, const char *sql)
{
    struct kept_statement *kept = kept_slot(db, sql);
    if (kept == NULL) {
        db_complain(db, DB_FAILED, "more than %d statements", STATEMENTS_MAX);
        return NULL;
    }
    if (kept->sql == sql) {
        sqlite3_reset(kept->statement);
        sqlite3_clear_bindings(kept->statement);
        return kept->statement;
    }
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v3(db->sqlite, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (code != SQLITE_OK) {
        db_fail(db, code);
        return NULL;
    }
    *kept = (struct kept_statement){sql, statement};
    return statement;
}

enum db_status db_step(struct db *db, sqlite3_stmt *statement, bool *row)
{
    *row = false;
    if (statement == NULL)
        return db->status;
    bool interrupted = atomic_load_explicit(&db->interrupted, memory_order_relaxed);
    int code = interrupted ? SQLITE_INTERRUPT : sqlite3_step(statement);
    *row = code == SQLITE_ROW;
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        return DB_OK;
    enum db_status status = db_fail(db, code);
    sqlite3_reset(statement);
    return status;
}

enum db_status db_run(struct db *db, sqlite3_stmt *statement)
{
    bool row;
    enum db_status status = db_step(db, statement, &row);
    return db_done(statement, status);
}

enum db_status db_done(sqlite3_stmt *statement, enum db_status status)
{
    sqlite3_reset(statement);
    return status;
}

void db_bind_integers(sqlite3_stmt *statement, const int64_t *values, int count)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
}

void db_bind_text(sqlite3_stmt *statement, int parameter, const char *text)
{
    sqlite3_bind_text(statement, parameter, text, -1, SQLITE_STATIC);
}

enum db_status db_bind_json(struct db *db, sqlite3_stmt *statement, int parameter,
                            sqlite3_str *json)
{
    char *text = sqlite3_str_finish(json);
    if (text == NULL ||
        sqlite3_bind_text(statement, parameter, text, -1, sqlite3_free) == SQLITE_NOMEM)
        return db_complain(db, DB_MEMORY, "out of memory");
    return DB_OK;
}

const char *db_text(sqlite3_stmt *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement, column);
    return text == NULL ? "" : (const char *)text;
}

enum db_status db_exec(struct db *db, const char *sql)
{
    int code = sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? DB_OK : db_fail(db, code);
}

sqlite3 *db_sqlite(struct db *db)
{
    return db->sqlite;
}

enum db_status db_integer(struct db *db, const char *sql, int64_t *value)
{
    sqlite3_stmt *statement = db_statement(db, sql);
    bool row;
    enum db_status status = db_step(db, statement, &row);
    *value = row ? sqlite3_column_int64(statement, 0) : 0;
    return db_done(statement, status);
}

/* --- opening --- */

/* Waits in short, uneven steps, so that two importers take turns. */
static int wait_a_little(void *context, int calls)
{
    int *waited_ms = context;
    if (calls == 0)
        *waited_ms = 0;
    if (*waited_ms >= PATIENCE_MS)
        return 0;
    int ms = 1 + (calls * 7 + (int)getpid()) % 5;
    *waited_ms += ms;
    usleep((useconds_t)ms * 1000);
    return 1;
}

static int make_folders(const char *path)
{
    char folder[PATH_MAX];
    if (strlen(path) >= sizeof folder)
        return -1;
    strcpy(folder, path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(folder, 0700) != 0 && errno != EEXIST)
            return -1;
        *slash = '/';
    }
    return 0;
}

/* Creates the file with mode 0600; SQLite gives the same to its -wal and -shm. */
static enum db_status create_file(struct db *db)
{
    int fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0 && errno == ENOENT && make_folders(db->path) == 0)
        fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    if (fd < 0)
        return db_complain(db, status_of_errno(errno), "%s", strerror(errno));
    close(fd);
    return DB_OK;
}

static enum db_status check_present(struct db *db)
{
    struct stat about;
    if (stat(db->path, &about) != 0 || euidaccess(db->path, R_OK) != 0)
        return db_complain(
            db, errno == ENOENT || errno == ENOTDIR ? DB_MISSING : status_of_errno(errno), "%s",
            strerror(errno));
    if (!S_ISREG(about.st_mode))
        return db_complain(db, DB_FOREIGN, "is not a file");
    if (about.st_size == 0)
        return db_complain(db, DB_MISSING, "is empty: nothing has been imported into it yet");
    return DB_OK;
}

/* Sorts in files, as a database of years is more than memory should hold. */
static enum db_status migrate(struct db *db, int64_t from)
{
    static const char begin[] = "PRAGMA temp_store = FILE; BEGIN IMMEDIATE";
    int code = sender_sums_define(db->sqlite);
    enum db_status status = code == SQLITE_OK ? db_exec(db, begin) : db_fail(db, code);
    if (status != DB_OK)
        return status;
    /* another importer may have been faster */
    status = db_integer(db, "SELECT user_version FROM pragma_user_version", &from);
    for (int64_t version = from; status == DB_OK && version < db_schema_version; version++) {
        for (const char *const *script = migrations[version]; *script && status == DB_OK; script++)
            status = db_exec(db, *script);
    }
    char pragma[96];
    snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %d",
             APPLICATION_ID, db_schema_version);
    if (status == DB_OK)
        status = db_exec(db, pragma);
    if (status == DB_OK)
        status = db_exec(db, "COMMIT; PRAGMA temp_store = MEMORY");
    if (status != DB_OK)
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* *VERSION is that of its schema; it is not read by another, but brought up to date. */
static enum db_status check_version(struct db *db, enum db_access access, int64_t *version)
{
    int64_t application, tables;
    enum db_status status = db_integer(db, "SELECT user_version FROM pragma_user_version", version);
    if (status == DB_OK)
        status = db_integer(db, "SELECT application_id FROM pragma_application_id", &application);
    if (status == DB_OK)
        status = db_integer(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (status != DB_OK)
        return status;
    if (application != APPLICATION_ID && tables > 0)
        return db_complain(db, DB_FOREIGN, "is a database of another program");
    if (*version > db_schema_version)
        return db_complain(db, DB_NEWER,
                           "was written by a newer tlsrptop (schema %d, this one knows %d): "
                           "update this one",
                           (int)*version, db_schema_version);
    if (*version == db_schema_version || access == DB_WRITE)
        return DB_OK;
    if (tables == 0)
        return db_complain(db, DB_MISSING, "is empty: nothing has been imported into it yet");
    return db_complain(db, DB_FAILED,
                       "was written by an older tlsrptop (schema %d, this one reads %d): "
                       "run tlsrptop-import once to bring it up to date",
                       (int)*version, db_schema_version);
}

int db_checkpoint(struct db *db, int kind)
{
    checkpointer_wait(db->checkpointer);
    return sqlite3_wal_checkpoint_v2(db->sqlite, NULL, kind, NULL, NULL);
}

/* Called after each commit with the length of the log.  The log begins anew once all
 * of it is in the database, for which the writer has to stand still. */
static int log_grew(void *context, sqlite3 *sqlite, const char *schema, int pages)
{
    struct db *db = context;
    (void)sqlite, (void)schema;
    if (pages < LOG_PAGES)
        return SQLITE_OK;
    if (db->checkpointer == NULL)
        db->checkpointer = checkpointer_new(db->path);
    if (db->checkpointer == NULL || pages >= LOG_PAGES_MAX)
        db_checkpoint(db, SQLITE_CHECKPOINT_PASSIVE);
    else
        checkpointer_start(db->checkpointer);
    return SQLITE_OK;
}

static enum db_status set_up(struct db *db, enum db_access access)
{
    sqlite3_extended_result_codes(db->sqlite, 1);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_busy_handler(db->sqlite, wait_a_little, &db->waited_ms);
    char pragmas[192];
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -%d",
             access == DB_WRITE ? WRITER_CACHE_KIB : READER_CACHE_KIB);
    return db_exec(db, pragmas);
}

/* Changes the file, which by now is known to be ours. */
static enum db_status set_up_writing(struct db *db)
{
    char pragmas[160];
    sqlite3_wal_hook(db->sqlite, log_grew, db);
    snprintf(pragmas, sizeof pragmas,
             "PRAGMA synchronous = NORMAL; PRAGMA auto_vacuum = INCREMENTAL;"
             " PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = %d",
             LOG_BYTES_KEPT);
    return db_exec(db, pragmas);
}

/* SQLite's count of its memory takes a lock at every allocation: nobody asks. */
static void configure_sqlite(void)
{
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* The pages of a writer are kept in large pages of memory, where the system has them: to
 * get it piece by piece took a twentieth of an import.  Too late, and without effect,
 * when this process has opened a database for reading. */
static void give_pages(void)
{
    enum { LARGE = 2 * 1024 * 1024, MEMORY = WRITER_CACHE_KIB * 1024, PAGE = 4096 };
    int header = 0;
    void *memory = aligned_alloc(LARGE, MEMORY);
    if (memory == NULL)
        return;
    madvise(memory, MEMORY, MADV_HUGEPAGE);
    sqlite3_config(SQLITE_CONFIG_PCACHE_HDRSZ, &header);
    int slot = PAGE + header;
    if (sqlite3_config(SQLITE_CONFIG_PAGECACHE, memory, slot, MEMORY / slot) != SQLITE_OK)
        free(memory);
}

enum db_status db_open(struct db **out, const char *path, enum db_access access)
{
    static pthread_once_t configured = PTHREAD_ONCE_INIT, given = PTHREAD_ONCE_INIT;
    pthread_once(&configured, configure_sqlite);
    if (access == DB_WRITE)
        pthread_once(&given, give_pages);
    struct db *db = *out = calloc(1, sizeof *db);
    if (db == NULL)
        return DB_MEMORY;
    db->path = strdup(path);
    if (db->path == NULL)
        return DB_MEMORY;
    enum db_status status = access == DB_WRITE ? create_file(db) : check_present(db);
    if (status != DB_OK)
        return status;
    int flags =
        SQLITE_OPEN_NOMUTEX | (access == DB_WRITE ? SQLITE_OPEN_READWRITE : SQLITE_OPEN_READONLY);
    int code = sqlite3_open_v2(path, &db->sqlite, flags, NULL);
    if (code != SQLITE_OK)
        return db_fail(db, code);
    int64_t version = 0;
    status = set_up(db, access);
    if (status == DB_OK)
        status = check_version(db, access, &version);
    if (status == DB_OK && access == DB_WRITE)
        status = set_up_writing(db);
    return status == DB_OK && version < db_schema_version ? migrate(db, version) : status;
}

void *db_attached(struct db *db)
{
    return db->attached;
}

void db_attach(struct db *db, void *attached, void (*release)(void *attached))
{
    if (db->attached != NULL)
        db->release(db->attached);
    db->attached = attached;
    db->release = release;
}

void db_close(struct db *db)
{
    if (db == NULL)
        return;
    db_attach(db, NULL, NULL);
    for (size_t i = 0; i < STATEMENTS_MAX; i++)
        sqlite3_finalize(db->kept[i].statement);
    checkpointer_free(db->checkpointer);
    sqlite3_close(db->sqlite);
    free(db->path);
    free(db);
}

void db_interrupt(struct db *db)
{
    atomic_store(&db->interrupted, true); /* SQLite forgets it between two statements */
    sqlite3_interrupt(db->sqlite);
}

enum db_status db_hold(struct db *db)
{
    atomic_store(&db->interrupted, false);
    return db_exec(db, "BEGIN");
}

void db_release(struct db *db)
{
    while (!sqlite3_get_autocommit(db->sqlite)) /* an interruption may hit this, too */
        sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
}

int64_t db_data_version(struct db *db)
{
    int64_t version;
    enum db_status status =
        db_integer(db, "SELECT data_version FROM pragma_data_version", &version);
    return status == DB_OK ? version : -1;
}

int64_t db_steps(const struct db *db)
{
    int64_t steps = 0;
    for (size_t i = 0; i < STATEMENTS_MAX; i++) {
        if (db->kept[i].statement != NULL)
            steps += sqlite3_stmt_status(db->kept[i].statement, SQLITE_STMTSTATUS_VM_STEP, 0);
    }
    return steps;
}

static int join_path(char *path, size_t size, const char *folder, const char *rest)
{
    int length = snprintf(path, size, "%s%s", folder, rest);
    return length >= 0 && (size_t)length < size ? 0 : -1;
}

int db_default_path(const char *configured, char *path, size_t size)
{
    const char *named = getenv("TLSRPTOP_DB");
    const char *home = getenv("HOME");
    const char *folder = getenv("XDG_DATA_HOME");
    if (named != NULL && *named != '\0')
        return join_path(path, size, named, "");
    if (configured != NULL && strncmp(configured, "~/", 2) == 0)
        return home == NULL ? -1 : join_path(path, size, home, configured + 1);
    if (configured != NULL && *configured != '\0')
        return join_path(path, size, configured, "");
    if (folder != NULL && *folder == '/')
        return join_path(path, size, folder, "/tlsrptop/reports.db");
    return home == NULL ? -1 : join_path(path, size, home, "/.local/share/tlsrptop/reports.db");
}
