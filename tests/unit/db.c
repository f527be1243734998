/* Opening databases: what is refused, and with which words. */
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/schema.h"
#include "../make_report.h"
#include "../run_program.h"

static char folder[64];
static char path[128];

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/new/folder/reports.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static void expect_refused(enum db_access access, enum db_status expected, const char *words)
{
    struct db *db;
    assert_int_equal(db_open(&db, path, access), expected);
    assert_non_null(strstr(db_error(db), words));
    assert_non_null(strstr(db_error(db), path));
    db_close(db);
}

static void create(void)
{
    struct db *db;
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    db_close(db);
}

static void change(const char *sql)
{
    sqlite3 *sqlite;
    assert_int_equal(sqlite3_open(path, &sqlite), SQLITE_OK);
    assert_int_equal(sqlite3_exec(sqlite, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(sqlite);
}

static void a_new_database_is_for_its_owner_alone(void **state)
{
    (void)state;
    umask(0);
    create();
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 0777, 0600);
}

static void the_schema_version_is_the_number_of_migrations(void **state)
{
    (void)state;
    struct db *db;
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    assert_int_equal(sql_integer(db, "PRAGMA user_version"), db_schema_version);
    db_close(db);
}

/* As version 1 was: totals of senders by blocks of 1 and 16 days, each in a row, no
 * changes of mode, and hashes of 64 bits. */
static void an_older_database_is_brought_up_to_date(void **state)
{
    (void)state;
    struct db *db;
    create();
    assert_int_equal(unlink(path), 0);
    for (const char *const *script = migrations[0]; *script != NULL; script++)
        change(*script);
    change("INSERT INTO total_sender VALUES(0, 20000, 1, 2, 3, 4, 5, 6),"
           " (0, 20001, 1, 2, 3, 4, 5, 7), (0, 20001, 1, 2, 3, 4, 6, 300),"
           " (0, 20001, 1, 1, 9, 9, 9, 3), (2, 1250, 1, 2, 3, 4, 5, 316);"
           "INSERT INTO mode_day VALUES(7, 20000, 0, 3, 0, 0), (7, 20010, 1, 0, 0, 0),"
           " (7, 20020, 1, 4, 0, 0), (7, 20100, 2, 0, 0, 0), (8, 20000, 0, 0, 1, 0);"
           "INSERT INTO mailbox VALUES(3, 'work', 'INBOX', 17, 40, 30);"
           "INSERT INTO report VALUES(5, -0x123456789, 0x6789abcdef, 1, 'a', 1, 0, 0, 0, 1, 0);"
           "PRAGMA user_version = 1; PRAGMA application_id = 0x544c5352");
    expect_refused(DB_READ, DB_FAILED, "run tlsrptop-import once");
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    assert_int_equal(sql_integer(db, "PRAGMA user_version"), db_schema_version);
    unpack_senders(db);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM sender_row"), 4);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM total_sender"), 2);
    assert_int_equal(sql_integer(db, "SELECT sum(failed) FROM sender_row WHERE day = 20001"), 310);
    assert_int_equal(
        sql_integer(db, "SELECT domain * 100000 + organization * 10000 + sending_ip * 1000"
                        " + result_type * 100 + mx_host * 10 + failed FROM sender_row LIMIT 1"),
        123456);
    static const char change[] = "SELECT before * 10 + mode FROM mode_change"
                                 " WHERE domain = 7 AND day = %d";
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM mode_change"), 4);
    assert_int_equal(sql_integer(db, change, 20000), MODE_STS_TESTING);
    assert_int_equal(sql_integer(db, change, 20020), MODE_STS_TESTING * 10 + MODE_STS_ENFORCE);
    assert_int_equal(sql_integer(db, change, 20100), MODE_STS_ENFORCE * 10 + MODE_DANE);
    assert_int_equal(sql_integer(db, "SELECT report FROM identity WHERE hash = -2"), 5);
    assert_int_equal(sql_integer(db, "SELECT content FROM report WHERE identity = -2"), 0x67);
    assert_int_equal(sql_integer(db, "SELECT through * 10 + merged FROM identified"), 55);
    struct store *store = open_store(db);
    struct mailbox_position position;
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 17, &position), DB_OK);
    assert_int_equal(position.id * 10000 + position.last_uid * 100 + position.acted_uid, 34030);
    assert_int_equal(store_mailbox(store, "work", "me@b.example", "INBOX", 17, &position), DB_OK);
    assert_int_equal(position.last_uid, 0);
    assert_int_equal(store_close(store, ""), DB_OK);
    db_close(db);
}

static void reading_creates_nothing(void **state)
{
    (void)state;
    expect_refused(DB_READ, DB_MISSING, "No such file");
    assert_int_not_equal(access(path, F_OK), 0);
}

static void an_empty_file_has_nothing_to_read(void **state)
{
    (void)state;
    create();
    assert_int_equal(truncate(path, 0), 0);
    expect_refused(DB_READ, DB_MISSING, "nothing has been imported");
}

static void a_newer_schema_is_refused(void **state)
{
    (void)state;
    create();
    change("PRAGMA user_version = 99");
    expect_refused(DB_READ, DB_NEWER, "newer tlsrptop (schema 99");
    expect_refused(DB_WRITE, DB_NEWER, "update this one");
}

static void a_database_of_another_program_is_refused(void **state)
{
    (void)state;
    create();
    change("PRAGMA application_id = 7; PRAGMA journal_mode = DELETE");
    size_t before_size, after_size;
    char *before = read_whole_file(path, &before_size);
    expect_refused(DB_WRITE, DB_FOREIGN, "another program");
    char *after = read_whole_file(path, &after_size);
    assert_int_equal(after_size, before_size);
    assert_memory_equal(after, before, before_size); /* the other program has not asked for WAL */
    free(before);
    free(after);
}

static void a_file_that_is_no_database_is_refused_and_kept(void **state)
{
    (void)state;
    create();
    FILE *file = fopen(path, "w");
    for (int i = 0; i < 1000; i++)
        fputs("this is no database\n", file);
    fclose(file);
    expect_refused(DB_WRITE, DB_FOREIGN, "not a database of tlsrptop");
    expect_refused(DB_READ, DB_FOREIGN, "not a database of tlsrptop");
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_size, 20000);
}

static void a_folder_is_no_database(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s", folder);
    expect_refused(DB_READ, DB_FOREIGN, "is not a file");
    expect_refused(DB_WRITE, DB_FAILED, "directory");
}

static void what_another_connection_commits_changes_the_data_version(void **state)
{
    (void)state;
    create();
    struct db *reader;
    assert_int_equal(db_open(&reader, path, DB_READ), DB_OK);
    int64_t before = db_data_version(reader);
    assert_int_equal(db_data_version(reader), before);
    change("INSERT INTO meta VALUES('a', 'b')");
    assert_int_not_equal(db_data_version(reader), before);
    db_close(reader);
}

static void a_reader_cannot_write(void **state)
{
    (void)state;
    create();
    struct db *reader;
    assert_int_equal(db_open(&reader, path, DB_READ), DB_OK);
    assert_int_not_equal(db_exec(reader, "INSERT INTO meta VALUES('a', 'b')"), DB_OK);
    db_close(reader);
}

/* The superuser may do all: then it is tried as somebody else. */
static void expect_denied(enum db_access access, const char *words)
{
    const struct passwd *nobody = getpwnam("nobody");
    bool root = geteuid() == 0;
    if (root && nobody == NULL)
        skip();
    if (root)
        assert_int_equal(seteuid(nobody->pw_uid), 0);
    expect_refused(access, DB_DENIED, words);
    if (root)
        assert_int_equal(seteuid(0), 0);
}

static void who_may_not_read_it_is_told_so(void **state)
{
    (void)state;
    snprintf(path, sizeof path, "%s/reports.db", folder);
    create();
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(path, 0), 0);
    expect_denied(DB_READ, "/reports.db: Permission denied");
    expect_denied(DB_WRITE, "/reports.db: Permission denied");
}

/* Even to read, SQLite has to make -wal and -shm, or to read those that are there. */
static void who_may_not_make_what_belongs_to_it_is_told_so(void **state)
{
    (void)state;
    char beside[160];
    snprintf(path, sizeof path, "%s/reports.db", folder);
    create();
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(chmod(folder, 0555), 0);
    expect_denied(DB_READ, "/reports.db: cannot be read without reports.db-wal beside it, which"
                           " cannot be made: Permission denied");
    expect_denied(DB_WRITE, "/reports.db: cannot be written without reports.db-wal beside it, which"
                            " cannot be made: Permission denied");

    assert_int_equal(chmod(folder, 0755), 0);
    snprintf(beside, sizeof beside, "%s-wal", path);
    write_whole_file(beside, "", 0);
    snprintf(beside, sizeof beside, "%s-shm", path);
    write_whole_file(beside, "", 0);
    assert_int_equal(chmod(beside, 0), 0);
    expect_denied(DB_READ, "/reports.db: cannot be read without reports.db-shm beside it:"
                           " Permission denied");
}

static void the_default_path_follows_the_environment(void **state)
{
    (void)state;
    char found[256];
    setenv("HOME", "/home/me", 1);
    unsetenv("TLSRPTOP_DB");
    unsetenv("XDG_DATA_HOME");
    assert_int_equal(db_default_path(NULL, found, sizeof found), 0);
    assert_string_equal(found, "/home/me/.local/share/tlsrptop/reports.db");
    setenv("XDG_DATA_HOME", "/data", 1);
    assert_int_equal(db_default_path("", found, sizeof found), 0);
    assert_string_equal(found, "/data/tlsrptop/reports.db");
    assert_int_equal(db_default_path("~/x.db", found, sizeof found), 0);
    assert_string_equal(found, "/home/me/x.db");
    setenv("TLSRPTOP_DB", "/other.db", 1);
    assert_int_equal(db_default_path("/x.db", found, sizeof found), 0);
    assert_string_equal(found, "/other.db");
    assert_int_equal(db_default_path("/x.db", found, 4), -1);
    unsetenv("TLSRPTOP_DB");
    unsetenv("XDG_DATA_HOME");
}

static off_t size_of(const char *suffix)
{
    char name[256];
    struct stat about;
    snprintf(name, sizeof name, "%s%s", path, suffix);
    return stat(name, &about) == 0 ? about.st_size : 0;
}

/* By a thread of its own, as the writer goes on; it stands still only where the log
 * would grow without end. */
static void a_long_log_goes_into_the_database_while_its_writer_stays(void **state)
{
    (void)state;
    enum { LONG = 4000000, TIMES = 40, LOG_MAX = 80 * 1000 * 1000 };
    struct db *db;
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    assert_int_equal(db_exec(db, "INSERT INTO damaged VALUES(1, zeroblob(4000000))"), DB_OK);
    for (int tries = 0; tries < 1000 && size_of("") < LONG; tries++)
        usleep(10000);
    assert_true(size_of("") >= LONG);
    for (int i = 0; i < TIMES; i++) {
        assert_int_equal(db_exec(db, "UPDATE damaged SET bytes = zeroblob(4000000)"), DB_OK);
        assert_true(size_of("-wal") < LOG_MAX);
    }
    db_close(db);
    assert_int_equal(size_of("-wal"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_new_database_is_for_its_owner_alone),
        TEST(the_schema_version_is_the_number_of_migrations),
        TEST(an_older_database_is_brought_up_to_date),
        TEST(reading_creates_nothing),
        TEST(an_empty_file_has_nothing_to_read),
        TEST(a_newer_schema_is_refused),
        TEST(a_database_of_another_program_is_refused),
        TEST(a_file_that_is_no_database_is_refused_and_kept),
        TEST(a_folder_is_no_database),
        TEST(what_another_connection_commits_changes_the_data_version),
        TEST(a_reader_cannot_write),
        TEST(who_may_not_read_it_is_told_so),
        TEST(who_may_not_make_what_belongs_to_it_is_told_so),
        TEST(the_default_path_follows_the_environment),
        TEST(a_long_log_goes_into_the_database_while_its_writer_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
