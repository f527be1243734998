/* How reports came in, on the screen; and importing from there. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../console_assert.h"
#include "../dashboard.h"
#include "../make_report.h"
#include "../run_program.h"

enum { DAY = 20770 }; /* 2026-11-13 */

static char folder[64];
static char path[128];

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* --- databases --- */

static struct store *open_run(struct db *db, const char *what)
{
    struct store *store;
    struct store_settings settings = {.mine = "", .damaged_item_max = 1 << 20};
    assert_int_equal(store_open(&store, db, what, &settings), DB_OK);
    return store;
}

static void keep_one(struct store *store, const char *organization, const char *id, int64_t failed)
{
    struct report report;
    make_report(&report, organization, id, DAY);
    add_policy(&report, "sts", "example.com", sts_text("testing"), 10, failed);
    keep_report(store, &report, "-");
}

static void refuse(struct store *store, const struct origin *origin, enum outcome outcome,
                   const char *reason)
{
    assert_int_equal(store_refused(store, origin, outcome, reason, "x", 1), DB_OK);
}

/* A run of files, one that was killed, and one of a mailbox that could not be
 * reached in the end. */
static void fill(void)
{
    struct db *db;
    struct mailbox_position position;
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    struct store *store = open_run(db, "/srv/reports");
    keep_one(store, "Google", "g1", 0);
    keep_one(store, "Google", "g1", 0);
    keep_one(store, "Google", "g1", 3);
    refuse(store, &(struct origin){.path = "/srv/reports/broken.eml"}, OUTCOME_DAMAGED,
           "its gzip ends too early, after 172 bytes");
    refuse(store, &(struct origin){.path = "/srv/reports/invoice.eml"}, OUTCOME_NOT_A_REPORT, "");
    assert_int_equal(store_close(store, ""), DB_OK);
    pid_t child = fork();
    if (child == 0) {
        open_run(db, "the one that was killed");
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, NULL, 0), child);
    store = open_run(db, "work");
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "Reports/TLS", 17, &position),
                     DB_OK);
    refuse(store, &(struct origin){.mailbox = position.id, .uid = 42}, OUTCOME_DAMAGED,
           "it is not JSON: unexpected end of data");
    assert_int_equal(store_position(store, position.id, 42), DB_OK);
    assert_int_equal(store_close(store, "a server could not be reached"), DB_OK);
    db_close(db);
}

/* --- what came in --- */

static void runs_tell_how_they_ended(void **state)
{
    (void)state;
    fill();
    struct console *console = open_dashboard(path, 80, 24);
    assert_types(console, "9");
    assert_shows(console, "Runs (3)");
    assert_shows(console, "a server could not be reached");
    assert_shows(console, "its gzip ends too"); /* though another pane has the keys */
    assert_types(console, "j");
    assert_shows(console, "killed; the next run goes on from there");
    assert_types(console, "j");
    assert_shows(console, "with trouble");
    assert_shows(console, "1 damaged, 1 in conflict: Tab shows why.");
    assert_shows(console, "/srv/reports, in ");
    assert_shows(console, "Trouble (3)");
    assert_shows(console, "Mailboxes (1)");
    assert_shows(console, "Journal (6)");
    leave_dashboard(console);
}

static void a_run_opens_what_it_wrote(void **state)
{
    (void)state;
    fill();
    struct console *console = open_dashboard(path, 100, 30);
    assert_types(console, "9");
    assert_types(console, "G<Enter>");
    assert_row(console, 0, " Domains › Imports › Run 1");
    assert_shows(console, "row 1 of 5");
    assert_shows(console, "invoice.eml");
    assert_shows(console, "duplicate");
    assert_types(console, "f");
    assert_types(console, "outcome:conf<Enter>");
    assert_shows(console, "row 1 of 1 (5 in all)");
    assert_shows(console, "the same report-id came before with other content");
    assert_types(console, "<Esc>");
    assert_row(console, 0, " Domains › Imports");
    assert_shows(console, "row 3 of 3");
    leave_dashboard(console);
}

static void what_was_imported_opens_its_report(void **state)
{
    (void)state;
    fill();
    struct console *console = open_dashboard(path, 100, 30);
    assert_types(console, "9");
    assert_types(console, "G<Enter>");
    assert_types(console, "foutcome:imported<Enter>");
    assert_types(console, "<Enter>");
    assert_shows(console, "Run 1 › Report");
    assert_shows(console, "Report          g1");
    leave_dashboard(console);
}

static void trouble_says_why_in_full(void **state)
{
    (void)state;
    fill();
    struct console *console = open_dashboard(path, 80, 24);
    assert_types(console, "9<Tab>");
    assert_shows(console, "it is not JSON: unexpected end of data");
    assert_shows(console, "work Reports/TLS UIDVALIDITY 17 UID 42");
    assert_types(console, "j");
    assert_shows(console, "its gzip ends too early, after 172 bytes");
    assert_shows(console, "/srv/reports/broken.eml");
    assert_types(console, "<Enter>");
    assert_shows(console, "--retry-damaged");
    leave_dashboard(console);
}

static void mailboxes_tell_how_far_they_were_read(void **state)
{
    (void)state;
    fill();
    struct console *console = open_dashboard(path, 80, 24);
    assert_types(console, "9<Tab><Tab>");
    assert_shows(console, "work           Reports/TLS                  17            42");
    leave_dashboard(console);
}

static void every_pane_has_the_keys_once_at_every_size(void **state)
{
    (void)state;
    static const struct {
        int columns, rows;
    } sizes[] = {{60, 15}, {80, 24}, {100, 30}, {140, 45}, {200, 60}};
    static const char *const seen[] = {"row 1 of 3", "row 1 of 3", "row 1 of 1", "row 1 of 6"};
    fill();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct console *console = open_dashboard(path, sizes[i].columns, sizes[i].rows);
        assert_types(console, "9");
        for (size_t pane = 0; pane < sizeof seen / sizeof *seen; pane++) {
            assert_shows(console, seen[pane]);
            assert_types(console, "<Tab>");
        }
        assert_shows(console, seen[0]);
        leave_dashboard(console);
    }
}

static void an_empty_database_says_how_to_import(void **state)
{
    (void)state;
    struct db *db;
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    db_close(db);
    struct console *console = open_dashboard(path, 80, 24);
    assert_shows(console, "The database holds no reports yet.");
    assert_types(console, "9");
    assert_shows(console, "Nothing has been imported yet.");
    assert_types(console, "<Tab>");
    assert_shows(console, "Nothing was damaged");
    leave_dashboard(console);
}

static void strangers_texts_are_harmless_in_every_column(void **state)
{
    (void)state;
    static const char evil[] = "a\x1b]52;c;ZXZpbA==\a\x1b[31mred\t\r\n\u202e\u2066turned"
                               "日本語e\u0301\u0301\u0301\x7f";
    struct db *db;
    struct mailbox_position position;
    char long_text[10001];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    struct store *store = open_run(db, evil);
    keep_one(store, evil, evil, 0);
    keep_one(store, long_text, long_text, 0);
    refuse(store, &(struct origin){.path = evil}, OUTCOME_DAMAGED, evil);
    refuse(store, &(struct origin){.path = long_text}, OUTCOME_DAMAGED, long_text);
    assert_int_equal(store_mailbox(store, evil, evil, evil, 1, &position), DB_OK);
    assert_int_equal(store_mailbox(store, long_text, long_text, long_text, 1, &position), DB_OK);
    refuse(store, &(struct origin){.mailbox = position.id, .uid = 1}, OUTCOME_CONFLICT, evil);
    assert_int_equal(store_close(store, evil), DB_OK);
    db_close(db);
    static const int widths[] = {60, 80, 200};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct console *console = open_dashboard(path, widths[i], 40);
        assert_types(console, "9");
        assert_types(console, "<Tab>jj<Tab>j<Tab>jjjj<Tab><Enter>jjjj");
        assert_shows(console, "Run 1");
        leave_dashboard(console);
    }
}

/* --- importing --- */

/* A dashboard that finds, beside it, the SCRIPT as its importer ("" for none). */
static struct console *open_beside(const char *script)
{
    char copy[160], importer[160], config[160];
    size_t size;
    snprintf(copy, sizeof copy, "%s/tlsrptop", folder);
    char *bytes = read_whole_file(BUILD "/tlsrptop", &size);
    write_whole_file(copy, bytes, size);
    free(bytes);
    assert_int_equal(chmod(copy, 0755), 0);
    if (script[0] != '\0') {
        snprintf(importer, sizeof importer, "%s/tlsrptop-import", folder);
        write_whole_file(importer, script, strlen(script));
        assert_int_equal(chmod(importer, 0755), 0);
    }
    snprintf(config, sizeof config, "%s/config", folder);
    write_whole_file(config, "", 0);
    const char *const argv[] = {copy, "--db", path, "--config", config, NULL};
    static const char *const environment[] = {"PATH=/nonexistent", NULL};
    struct console *console = assert_console(.argv = argv, .environment = environment);
    assert_settles(console);
    return console;
}

/* Without a PATH a script names its programs. */
#define SCRIPT "#!/bin/sh\nPATH=/usr/bin:/bin\n"
#define HALFWAY                                                                                    \
    SCRIPT "echo '{\"event\":\"progress\",\"account\":\"work\",\"mailbox\":\"INBOX\","             \
           "\"total\":10000,\"done\":5000,\"imported\":4321,\"duplicates\":3,"                     \
           "\"conflicts\":1,\"not_reports\":2,\"damaged\":7}'\n"

static void progress_is_shown_and_goes_on_behind_other_screens(void **state)
{
    (void)state;
    fill();
    struct console *console =
        open_beside(HALFWAY "while [ ! -e \"${0%/*}/go\" ]; do sleep 0.1; done\n"
                            "echo '{\"event\":\"end\",\"done\":9999,\"imported\":9000,"
                            "\"damaged\":0,\"status\":0,\"message\":\"\"}'\n");
    assert_types(console, "i");
    assert_shows(console, "Importing work INBOX");
    assert_shows(console, "5,000 of 10,000 messages");
    assert_shows(console, "4,321 imported   7 damaged   1 in conflict   3 known   2 no reports");
    assert_types(console, "<Esc>");
    assert_shows(console, "importing 50%, 5,000 messages");
    assert_types(console, "i"); /* shows it, and starts no other */
    assert_shows(console, "4,321 imported");
    assert_types(console, "<Esc>");
    char go[160];
    snprintf(go, sizeof go, "%s/go", folder);
    write_whole_file(go, "", 0);
    assert_shows(console, "The import is done: 9,000 new reports");
    assert_hides(console, "importing 50%");
    leave_dashboard(console);
}

static void the_importer_is_given_this_database_and_config(void **state)
{
    (void)state;
    struct console *console = open_beside(SCRIPT "echo \"args: $*\" >&2; exit 75\n");
    char wanted[300];
    assert_types(console, "i");
    snprintf(wanted, sizeof wanted, "args: --progress=json --db %s --config", path);
    assert_shows(console, wanted);
    leave_dashboard(console);
}

static void stopping_asks_it_to_end_behind_its_batch(void **state)
{
    (void)state;
    struct console *console =
        open_beside(HALFWAY "trap 'echo \"{\\\"event\\\":\\\"end\\\",\\\"done\\\":5500,"
                            "\\\"imported\\\":5400,\\\"status\\\":75,"
                            "\\\"message\\\":\\\"ended by a signal\\\"}\"; exit 75' TERM\n"
                            "while :; do sleep 0.1; done\n");
    assert_types(console, "i");
    assert_shows(console, "4,321 imported");
    assert_types(console, "c");
    assert_shows(console, "The import was stopped; the next one goes on from there");
    assert_shows(console, "5,400 imported");
    assert_types(console, "c");
    assert_shows(console, "It has ended");
    leave_dashboard(console);
}

static void leaving_stops_it_but_not_without_a_word(void **state)
{
    (void)state;
    struct console *console = open_beside(HALFWAY "trap 'touch \"${0%/*}/stopped\"; exit 75' TERM\n"
                                                  "while :; do sleep 0.1; done\n");
    char stopped[160];
    assert_types(console, "i");
    assert_shows(console, "4,321 imported");
    assert_types(console, "q");
    assert_shows(console, "An import is running: q once more stops it and leaves.");
    assert_types(console, "jq"); /* another key in between asks again */
    assert_shows(console, "An import is running: q once more stops it and leaves.");
    assert_types(console, "q");
    assert_exits(console, 0);
    console_close(console);
    snprintf(stopped, sizeof stopped, "%s/stopped", folder);
    for (int i = 0; i < 600 && access(stopped, F_OK) != 0; i++)
        usleep(100000);
    assert_int_equal(access(stopped, F_OK), 0);
}

static void an_importer_that_dies_is_not_taken_for_done(void **state)
{
    (void)state;
    struct console *console = open_beside(HALFWAY "kill -9 $$\n");
    assert_types(console, "i");
    assert_shows(console, "The import was killed (Killed); the next one goes on from there");
    leave_dashboard(console);
}

static void without_an_importer_that_is_said(void **state)
{
    (void)state;
    struct console *console = open_beside("");
    assert_types(console, "i");
    assert_shows(console, "tlsrptop-import cannot be run: No such file or directory");
    leave_dashboard(console);
}

/* Any length, any bytes, any number of lines, and JSON that is none. */
static void what_it_says_is_bounded_and_harmless(void **state)
{
    (void)state;
    struct console *console = open_beside(
        SCRIPT "echo '{\"event\":\"progress\",\"account\":\"\\u001b[31mwork\\u202e\","
               "\"mailbox\":7,\"total\":-5,\"done\":\"many\",\"imported\":99999999999999999999}'\n"
               "echo 'no JSON'; echo '[[[[[[[[[[1]]]]]]]]]]'; echo '{\"event\":'\n"
               "head -c 300000 /dev/zero | tr '\\0' y; echo\n"
               "head -c 300000 /dev/zero | tr '\\0' x >&2; echo >&2\n"
               "printf 'tlsrptop-import: \\033]52;c;ZXZpbA==\\007\\000evil\\n' >&2\n"
               "for i in $(seq 3000); do echo \"sentence $i\"; done >&2\n"
               "printf 'the last without an end' >&2; exit 77\n");
    assert_types(console, "i");
    assert_shows(console, "The import failed: the last without an end");
    assert_shows(console, "sentence 3000");
    assert_types(console, "g");
    assert_shows(console, "(2503 earlier ones are not kept)");
    leave_dashboard(console);
}

/* A child of its own, as a password command may leave one, keeps its pipes. */
static void its_end_is_seen_though_its_children_live(void **state)
{
    (void)state;
    struct console *console = open_beside(SCRIPT "sleep 30 &\necho 'bye' >&2; exit 69\n");
    assert_types(console, "i");
    assert_shows(console, "The import failed: bye");
    leave_dashboard(console);
}

/* --- the real importer --- */

static void dovecot(const char *what, char ports[static 32])
{
    struct run run = {0};
    char server[128];
    snprintf(server, sizeof server, "%s/server", folder);
    run_program(&run, "tests/dovecot", what, server, NULL);
    if (run.status != 0)
        fail_msg("tests/dovecot %s: %s", what, run.err);
    snprintf(ports, 32, "%s", run.out);
    run_free(&run);
}

static void write_config(const char *config, const char *port)
{
    char text[512];
    int size = snprintf(text, sizeof text,
                        "[imap work]\nhost = localhost\nport = %s\nuser = tlsrpt\n"
                        "password-command = echo secret\nca-file = %s/server/ca.pem\n",
                        port, folder);
    write_whole_file(config, text, (size_t)size);
}

static void write_sample(void)
{
    struct run run = {0};
    char box[128];
    snprintf(box, sizeof box, "%s/server/mail", folder);
    assert_int_equal(chmod(folder, 0755), 0);
    snprintf(box, sizeof box, "%s/server", folder);
    assert_int_equal(mkdir(box, 0755), 0);
    snprintf(box, sizeof box, "%s/server/mail", folder);
    run_program(&run, BUILD "/tests/sample/sample", "--mails", "200", "maildir", box, NULL);
    if (run.status != 0)
        fail_msg("sample: %s", run.err);
    run_free(&run);
}

static void a_mailbox_is_imported_and_its_reports_appear(void **state)
{
    (void)state;
    char ports[32], config[128];
    write_sample();
    dovecot("start", ports);
    snprintf(config, sizeof config, "%s/config", folder);
    write_config(config, strtok(strchr(ports, ' ') + 1, "\n"));
    const char *const argv[] = {BUILD "/tlsrptop", "--db", path, "--config", config, NULL};
    struct console *console = assert_console(.argv = argv);
    assert_shows(console, "Nothing has been imported yet.");
    assert_types(console, "i");
    assert_shows(console, "The import is done");
    assert_shows(console, "200 of 200 messages");
    assert_hides(console, "c stop");
    assert_types(console, "<Esc>");
    assert_shows(console, "All domains"); /* without a key */
    assert_types(console, "9");
    assert_shows(console, "work");
    assert_types(console, "<Tab><Tab>");
    assert_shows(console, "INBOX");
    leave_dashboard(console);
    dovecot("stop", ports);
}

static void without_an_account_the_importer_says_what_to_do(void **state)
{
    (void)state;
    char config[128];
    snprintf(config, sizeof config, "%s/config", folder);
    write_whole_file(config, "", 0);
    const char *const argv[] = {BUILD "/tlsrptop", "--db", path, "--config", config, NULL};
    struct console *console = assert_console(.argv = argv);
    assert_types(console, "i");
    assert_shows(console, "The import failed: there is nothing to import");
    assert_shows(console, "[imap NAME]");
    leave_dashboard(console);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(runs_tell_how_they_ended),
        TEST(a_run_opens_what_it_wrote),
        TEST(what_was_imported_opens_its_report),
        TEST(trouble_says_why_in_full),
        TEST(mailboxes_tell_how_far_they_were_read),
        TEST(every_pane_has_the_keys_once_at_every_size),
        TEST(an_empty_database_says_how_to_import),
        TEST(strangers_texts_are_harmless_in_every_column),
        TEST(progress_is_shown_and_goes_on_behind_other_screens),
        TEST(the_importer_is_given_this_database_and_config),
        TEST(stopping_asks_it_to_end_behind_its_batch),
        TEST(leaving_stops_it_but_not_without_a_word),
        TEST(an_importer_that_dies_is_not_taken_for_done),
        TEST(without_an_importer_that_is_said),
        TEST(what_it_says_is_bounded_and_harmless),
        TEST(its_end_is_seen_though_its_children_live),
        TEST(a_mailbox_is_imported_and_its_reports_appear),
        TEST(without_an_account_the_importer_says_what_to_do),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
