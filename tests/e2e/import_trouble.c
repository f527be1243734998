/* The importer when something goes wrong: the exit status says what, and the next
 * run goes on where this one stopped. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../make_report.h"
#include "../report_files.h"
#include "../run_program.h"

#define PROGRAM BUILD "/tlsrptop-import"

#define assert_ended(status) assert_run_ended(&run, status)
#define assert_said(words)   assert_run_said(&run, words)

/* Runs the importer on the test's database. */
#define IMPORT(...)     (run_free(&run), run_program(&run, PROGRAM, "--db", path, __VA_ARGS__, NULL))
#define START(run, ...) run_start(run, PROGRAM, "--db", path, __VA_ARGS__, NULL)

static char folder[64];
static char path[128];   /* of the database */
static char inbox[128];  /* a folder of files */
static char config[128]; /* a configuration that a test may write */
static struct run run;

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    snprintf(inbox, sizeof inbox, "%s/in", folder);
    snprintf(config, sizeof config, "%s/config", folder);
    run = (struct run){.home = folder};
    return mkdir(inbox, 0700);
}

static int tear_down(void **state)
{
    (void)state;
    run_free(&run);
    remove_folder(folder);
    return 0;
}

static void put_reports(int count)
{
    for (int i = 1; i <= count; i++) {
        char id[16], name[32];
        snprintf(id, sizeof id, "%d", i);
        snprintf(name, sizeof name, "%06d.eml", i);
        put_text(inbox, name, report_mail(id, 1));
    }
}

static void take_input(const char *text)
{
    run.input = text;
    run.input_size = strlen(text);
}

static sqlite3 *open_raw(void)
{
    sqlite3 *raw;
    assert_int_equal(sqlite3_open(path, &raw), SQLITE_OK);
    return raw;
}

static void exec_raw(const char *sql)
{
    sqlite3 *raw = open_raw();
    assert_int_equal(sqlite3_exec(raw, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(raw);
}

static void a_while(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
}

/* Waits until SQL selects COUNT or more from the database; 30 seconds at most. */
static void await_count(const char *sql, int count)
{
    sqlite3 *raw;
    int found = -1;
    for (int tries = 0; found < count && tries < 15000; tries++) {
        sqlite3_stmt *statement = NULL;
        a_while();
        if (sqlite3_open_v2(path, &raw, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
            sqlite3_prepare_v2(raw, sql, -1, &statement, NULL) == SQLITE_OK &&
            sqlite3_step(statement) == SQLITE_ROW)
            found = sqlite3_column_int(statement, 0);
        sqlite3_finalize(statement);
        sqlite3_close(raw);
    }
}

/* --- wrong usage and configuration --- */

static void wrong_usage_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *words[3];
        const char *sentence;
    } wrong[] = {
        {{"--nonsense"}, "there is no option --nonsense; see tlsrptop-import --help"},
        {{"-x"}, "there is no option -x; see tlsrptop-import --help"},
        {{"-qx"}, "there is no option -x; see tlsrptop-import --help"},
        {{"--quiet=3"}, "there is no option --quiet=3; see tlsrptop-import --help"},
        {{"--config"}, "--config needs a value; see tlsrptop-import --help"},
        {{"--progress=loud"}, "--progress is auto, bar, json or none, not loud; see "},
        {{"nowhere"}, "nowhere: neither a file (No such file or directory) nor an account of "},
        {{""}, "neither a file (No such file or directory) nor an account of "},
        {{"-", "-"}, "standard input can be read only once"},
        {{"--watch", "."}, "--watch needs an account to watch"},
        {{"--dry-run", "--compact"}, "--dry-run cannot go with --watch, --retry-damaged or "},
        {{"--dry-run", "--watch"}, "--dry-run cannot go with --watch, --retry-damaged or "},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        IMPORT(wrong[i].words[0], wrong[i].words[1]);
        assert_ended(EX_USAGE);
        assert_said(wrong[i].sentence);
    }
    assert_int_equal(access(path, F_OK), -1);
}

static void a_wrong_configuration_is_named_with_its_line(void **state)
{
    (void)state;
    char expected[512];
    put_text(folder, "config", "[database]\n\nkeep-details-day = 3\n");
    IMPORT("--config", config, inbox);
    assert_ended(EX_CONFIG);
    snprintf(expected, sizeof expected,
             "tlsrptop-import: %s:3: [database] has no key \"keep-details-day\"; its keys are:"
             " path keep-details-days\n",
             config);
    assert_string_equal(run.err, expected);
    put_text(folder, "config", "[domains]\nmine = a.example,\thttp://b.example/\n");
    IMPORT("--config", config, inbox);
    assert_ended(EX_CONFIG);
    assert_said("/config:2: mine must be domains, or \"*.\" and a domain, not"
                " \"http://b.example/\"\n");
    IMPORT("--config", "/nonexistent", inbox);
    assert_ended(EX_CONFIG);
    assert_said("tlsrptop-import: /nonexistent: No such file or directory\n");
    IMPORT("-q");
    assert_ended(EX_CONFIG);
    assert_said("there is nothing to import: name a file or folder, or write an [imap NAME]"
                " section to ");
}

/* A database in the wrong place would be missed late. */
/* Runs the importer with WORDS behind what SETS a shell's limits and redirections. */
static void import_by_shell(const char *before, const char *words)
{
    char command[1024];
    snprintf(command, sizeof command, "%s exec " PROGRAM " --db %s %s", before, path, words);
    run_free(&run);
    run_program(&run, "/bin/sh", "-c", command, NULL);
}

static void too_few_descriptors_are_no_damage(void **state)
{
    (void)state;
    put_reports(3);
    import_by_shell("ulimit -n 9;", inbox);
    assert_ended(EX_TEMPFAIL);
    assert_said("Too many open files");
    import_by_shell("", inbox);
    assert_ended(EX_OK);
    assert_said("3 imported");
}

static void a_clock_that_was_never_set_is_told(void **state)
{
    (void)state;
    put_reports(1);
    import_by_shell("export SOURCE_DATE_EPOCH=1600000000;", inbox);
    assert_ended(EX_TEMPFAIL);
    assert_said("the clock is wrong: it says 2020-09-13");
}

static void what_is_not_kept_is_told(void **state)
{
    (void)state;
    char before[512];
    snprintf(before, sizeof before,
             "printf '[import]\\ndamaged-total-max = 9\\n' >%s; mkdir -p %s;"
             " printf '\\037\\213 no gzip' >%s/bad.json.gz;",
             config, inbox, inbox);
    char words[300];
    snprintf(words, sizeof words, "--config %s %s", config, inbox);
    import_by_shell(before, words);
    assert_ended(EXIT_FAILURE);
    assert_said("which are not kept for --retry-damaged: 1\n");
}

static void closed_standard_files_are_no_trap(void **state)
{
    (void)state;
    import_by_shell("", "- <&-");
    assert_ended(EX_TEMPFAIL);
    put_reports(2);
    import_by_shell("exec 0<&- 1>&- 2>&-;", inbox);
    assert_ended(EX_OK);
}

static void a_folder_for_the_database_is_not_made(void **state)
{
    (void)state;
    char missing[160], database[192], expected[512];
    snprintf(missing, sizeof missing, "%s/none", folder);
    snprintf(database, sizeof database, "%s/reports.db", missing);
    IMPORT("--db", database, inbox);
    assert_ended(EX_TEMPFAIL);
    snprintf(expected, sizeof expected, "tlsrptop-import: --db %s: there is no folder %s\n",
             database, missing);
    assert_string_equal(run.err, expected);
    assert_int_equal(access(missing, F_OK), -1);
}

static void an_account_is_meant_before_a_file_of_its_name(void **state)
{
    (void)state;
    put_text(folder, "config",
             "[imap work]\nhost = 127.0.0.1\nport = 1\nuser = x\nsecurity = none\n"
             "password-command = echo x\n");
    put_text(folder, "work", report_mail("1", 1));
    run.folder = folder;
    IMPORT("--config", config, "work");
    assert_ended(EX_UNAVAILABLE);
    IMPORT("--config", config, "./work");
    assert_ended(0);
    assert_reports(path, 1, 1);
}

static void of_several_sources_the_gravest_status_counts(void **state)
{
    (void)state;
    put_text(folder, "config",
             "[imap work]\nhost = 127.0.0.1\nport = 1\nuser = x\nsecurity = none\n"
             "password-command = echo x\n");
    put_text(inbox, "a.json", "{");
    put_text(inbox, "b.json", report_json("1", 1));
    IMPORT("--config", config, "work", inbox);
    assert_ended(EX_UNAVAILABLE);
    assert_reports(path, 1, 1);
    assert_int_equal(sql_of_file(path, "SELECT message = 'a server could not be reached' FROM run"),
                     1);
}

/* --- databases that cannot be used --- */

static void a_database_of_a_newer_version_is_left_alone(void **state)
{
    (void)state;
    put_reports(1);
    IMPORT(inbox);
    exec_raw("PRAGMA user_version = 99");
    IMPORT(inbox);
    assert_ended(EX_CONFIG);
    assert_said("/reports.db: was written by a newer tlsrptop (schema 99, this one knows ");
    assert_said("): update this one\n");
    IMPORT("--dry-run", inbox);
    assert_ended(EX_CONFIG);
    take_input(report_mail("2", 1));
    IMPORT("-");
    assert_ended(EX_TEMPFAIL);
    char restore[64];
    snprintf(restore, sizeof restore, "PRAGMA user_version = %d", db_schema_version);
    exec_raw(restore);
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM journal"), 1);
}

static void what_is_no_database_is_said(void **state)
{
    (void)state;
    put_reports(1);
    put_text(folder, "reports.db",
             "This is a letter, and longer than the head of a database: no"
             " program should write to it, ever, whatever happens.\n"
             "This is a letter, and longer than the head of a database: no"
             " program should write to it, ever, whatever happens.\n");
    IMPORT(inbox);
    assert_ended(EX_CONFIG);
    assert_said("/reports.db: is not a database of tlsrptop\n");
    unlink(path);
    exec_raw("CREATE TABLE other(x)");
    IMPORT(inbox);
    assert_ended(EX_CONFIG);
    assert_said("/reports.db: is a database of another program\n");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    IMPORT(inbox);
    assert_ended(EX_CONFIG);
    assert_said("/reports.db: Is a directory\n");
    take_input(report_mail("2", 1));
    IMPORT("-");
    assert_ended(EX_TEMPFAIL);
}

static void a_malformed_database_is_said(void **state)
{
    (void)state;
    put_reports(300);
    IMPORT("-q", inbox);
    assert_ended(0);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    char noise[8192];
    memset(noise, 0x5a, sizeof noise);
    off_t size = lseek(fd, 0, SEEK_END);
    for (off_t at = 4096; at < size; at += (off_t)sizeof noise)
        assert_int_equal(pwrite(fd, noise, sizeof noise, at), sizeof noise);
    close(fd);
    IMPORT(inbox);
    assert_ended(EX_SOFTWARE);
    assert_said("/reports.db: is damaged (");
}

static void a_locked_database_is_for_later(void **state)
{
    (void)state;
    put_reports(2);
    IMPORT(inbox);
    sqlite3 *other = open_raw();
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    take_input(report_mail("3", 1));
    IMPORT("-");
    assert_ended(EX_TEMPFAIL);
    assert_said("/reports.db: another program is writing to it and does not let go\n");
    sqlite3_close(other);
    IMPORT("-");
    assert_ended(0);
    assert_reports(path, 3, 1);
}

/* --- full disks --- */

static void a_file_that_may_not_grow_is_a_full_disk(void **state)
{
    (void)state;
    enum { REPORTS = 2500 };
    put_reports(REPORTS);
    run.file_max = 700 * 1024;
    IMPORT(inbox);
    assert_ended(EX_TEMPFAIL);
    assert_said("/reports.db: cannot be written (");
    assert_said("): is the disk full?\n");
    run.file_max = 0;
    IMPORT(inbox);
    assert_ended(0);
    assert_reports(path, REPORTS, 1);
}

static void a_full_disk_is_for_later(void **state)
{
    (void)state;
    enum { REPORTS = 2500, FILLER = 11 << 20 };
    char disk[80], filler[160];
    snprintf(disk, sizeof disk, "%s/disk", folder);
    assert_int_equal(mkdir(disk, 0700), 0);
    if (mount("tmpfs", disk, "tmpfs", 0, "size=12m") != 0) {
        print_message("no disk can be mounted here: %s\n", strerror(errno));
        skip();
    }
    snprintf(path, sizeof path, "%s/reports.db", disk);
    snprintf(filler, sizeof filler, "%s/filler", disk);
    put_reports(REPORTS);
    char *zeros = calloc(1, FILLER);
    write_whole_file(filler, zeros, FILLER);
    free(zeros);
    IMPORT(inbox);
    int status = run.status;
    bool said = strstr(run.err, "): is the disk full?\n") != NULL;
    take_input(report_mail("x", 1));
    unlink(filler);
    IMPORT("--compact", inbox);
    int again = run.status;
    int64_t reports = sql_of_file(path, "SELECT count(*) FROM report");
    umount(disk);
    assert_int_equal(status, EX_TEMPFAIL);
    assert_true(said);
    assert_int_equal(again, 0);
    assert_int_equal(reports, REPORTS);
}

/* --- ends in between --- */

/* A pipe that never gives anything: a run that is to read it last is sure to be
 * there still. */
static int make_pipe(char name[static 160])
{
    snprintf(name, 160, "%s/pipe", folder);
    assert_int_equal(mkfifo(name, 0600), 0);
    return open(name, O_RDWR | O_CLOEXEC);
}

static void a_killed_run_is_made_good_by_the_next(void **state)
{
    (void)state;
    enum { REPORTS = 4000 };
    char pipe_name[160];
    int writer = make_pipe(pipe_name);
    put_reports(REPORTS);
    START(&run, "-q", inbox, pipe_name);
    await_count("SELECT count(*) FROM report", 1000);
    kill(run.pid, SIGKILL);
    run_finish(&run);
    assert_int_equal(run.status, 128 + SIGKILL);
    assert_in_range(sql_of_file(path, "SELECT count(*) FROM report"), 1000, REPORTS);
    IMPORT("-q", inbox);
    assert_ended(0);
    assert_reports(path, REPORTS, 1);
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM journal"), REPORTS);
    close(writer);
}

static void a_signal_ends_a_run_in_good_order(void **state)
{
    (void)state;
    enum { REPORTS = 500 };
    static const int signals[] = {SIGINT, SIGTERM};
    char pipe_name[160];
    int writer = make_pipe(pipe_name);
    put_reports(REPORTS);
    for (int i = 0; i < 2; i++) {
        START(&run, inbox, pipe_name);
        await_count("SELECT sum(imported + duplicates) FROM run", (i + 1) * REPORTS);
        kill(run.pid, signals[i]);
        run_finish(&run);
        assert_ended(EX_TEMPFAIL);
        assert_said("500 messages in ");
        assert_reports(path, REPORTS, 1);
        run_free(&run);
    }
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM run WHERE ended IS NOT NULL"
                                       " AND message = 'ended by a signal'"),
                     2);
    close(writer);
}

static void a_mail_that_has_not_ended_is_not_imported(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    const char *mail = report_mail("1", 1);
    assert_int_equal(write(ends[1], mail, strlen(mail)), strlen(mail));
    run.input_fd = ends[0];
    START(&run, "-");
    await_count("SELECT count(*) FROM run", 1);
    kill(run.pid, SIGTERM);
    run_finish(&run);
    assert_ended(EX_TEMPFAIL);
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM journal"), 0);
    close(ends[0]);
    close(ends[1]);
}

/* --- two at once --- */

static void two_importers_share_the_work(void **state)
{
    (void)state;
    enum { REPORTS = 3000 };
    struct run other = {.home = folder};
    put_reports(REPORTS);
    START(&run, "-q", inbox);
    START(&other, "-q", inbox);
    run_finish(&run);
    run_finish(&other);
    assert_ended(0);
    assert_int_equal(other.status, 0);
    assert_string_equal(run.err, "");
    assert_string_equal(other.err, "");
    assert_reports(path, REPORTS, 1);
    assert_int_equal(sql_of_file(path, "SELECT sum(imported) FROM run"), REPORTS);
    assert_int_equal(sql_of_file(path, "SELECT sum(duplicates) FROM run"), REPORTS);
    run_free(&other);
}

/* --- a short memory --- */

static void a_flood_of_damaged_mails_is_kept_within_limits(void **state)
{
    (void)state;
    for (int i = 0; i < 200; i++) {
        char name[32], text[8192];
        snprintf(name, sizeof name, "%d.json", i);
        memset(text, ' ', sizeof text);
        snprintf(text + sizeof text - 64, 64, "{\"policies\": %d", i);
        text[0] = '{';
        for (size_t j = 1; j < sizeof text - 64; j++)
            text[j] = ' ';
        put_text(inbox, name, text);
    }
    put_text(folder, "config", "[import]\ndamaged-item-max = 16K\ndamaged-total-max = 100K\n");
    IMPORT("-q", "--config", config, inbox);
    assert_ended(EXIT_FAILURE);
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM journal WHERE outcome = 5"), 200);
    assert_in_range(sql_of_file(path, "SELECT sum(length(bytes)) FROM damaged"), 1, 100 * 1024);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(wrong_usage_is_named),
        TEST(a_wrong_configuration_is_named_with_its_line),
        TEST(a_folder_for_the_database_is_not_made),
        TEST(too_few_descriptors_are_no_damage),
        TEST(a_clock_that_was_never_set_is_told),
        TEST(what_is_not_kept_is_told),
        TEST(closed_standard_files_are_no_trap),
        TEST(an_account_is_meant_before_a_file_of_its_name),
        TEST(of_several_sources_the_gravest_status_counts),
        TEST(a_database_of_a_newer_version_is_left_alone),
        TEST(what_is_no_database_is_said),
        TEST(a_malformed_database_is_said),
        TEST(a_locked_database_is_for_later),
        TEST(a_file_that_may_not_grow_is_a_full_disk),
        TEST(a_full_disk_is_for_later),
        TEST(a_killed_run_is_made_good_by_the_next),
        TEST(a_signal_ends_a_run_in_good_order),
        TEST(a_mail_that_has_not_ended_is_not_imported),
        TEST(two_importers_share_the_work),
        TEST(a_flood_of_damaged_mails_is_kept_within_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
