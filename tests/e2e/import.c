/* The importer on files, folders, pipes and posts: what is read, and what is said. */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>
#include <linux/capability.h>

#include "../make_report.h"
#include "../report_files.h"
#include "../run_program.h"

#define PROGRAM BUILD "/tlsrptop-import"

#define assert_ended(status) assert_run_ended(&run, status)
#define assert_said(words)   assert_run_said(&run, words)

/* Runs the importer on the test's database. */
#define IMPORT(...) (run_free(&run), run_program(&run, PROGRAM, "--db", path, __VA_ARGS__, NULL))

static char folder[64];
static char path[128];  /* of the database */
static char inbox[128]; /* a folder of files */
static struct run run;

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    snprintf(inbox, sizeof inbox, "%s/in", folder);
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

static int64_t sql(const char *statement)
{
    return sql_of_file(path, statement);
}

/* The name of a file below `inbox`; the last four are valid. */
static const char *in(const char *name)
{
    static char texts[4][512];
    static unsigned next;
    char *text = texts[next++ % 4];
    snprintf(text, sizeof texts[0], "%s/%s", inbox, name);
    return text;
}

static void assert_not_said(const char *words)
{
    if (strstr(run.err, words) != NULL)
        fail_msg("\"%s\" is in: %s", words, run.err);
}

/* --- the fixtures --- */

/* What is said of the fixtures; of all others that they would be imported. */
static const char *const not_imported[] = {
    "mails/damaged-attachment-is-html.eml: damaged: its attachment is neither gzip, zip nor JSON",
    "mails/damaged-attachment-missing.eml: damaged: the mail says that it is a TLS report, but has"
    " none attached",
    "mails/damaged-base64.eml: damaged: its gzip is damaged at byte 14: invalid code lengths set;"
    " its base64 is cut short",
    "mails/damaged-boundary-missing.eml: damaged: the mail says that it is a TLS report, but has "
    "none attached",
    "mails/damaged-boundary-wrong.eml: damaged: the mail says that it is a TLS report, but has "
    "none attached",
    "mails/damaged-enclosed-message.eml: damaged: the mail says that it is a TLS report, but has "
    "none attached",
    "mails/damaged-gzip-bit-flip.eml: damaged: its gzip is damaged at byte 359: incorrect data"
    " check",
    "mails/damaged-gzip-cut-short.eml: damaged: its gzip ends too early, after 200 bytes",
    "mails/damaged-json.eml: damaged: its JSON ends too early, after 632 bytes",
    "mails/damaged-only-by-name.eml: damaged: its attachment is neither gzip, zip nor JSON",
    "mails/not-a-report-broken-zip.eml: not a report: its zip archive is damaged: Not a zip"
    " archive",
    "mails/not-a-report-dmarc.eml: not a report: its gzip holds no JSON",
    "mails/not-a-report-other-json.eml: not a report: its JSON has neither policies nor a"
    " date-range",
    "mails/not-a-report.eml: not a report: it holds no JSON, gzip or zip",
    "reports/count-above-the-bound.json: damaged: its total-successful-session-count is"
    " 1000000000001, not a count from 0 to 1000000000000",
    "reports/count-absurd.json: damaged: its total-successful-session-count is"
    " too large, not a count from 0 to 1000000000000",
    "reports/count-as-boolean.json: damaged: its total-successful-session-count is true, not a"
    " count from 0 to 1000000000000",
    "reports/count-negative-string.json: damaged: its failed-session-count is -3, not a count from"
    " 0 to 1000000000000",
    "reports/count-negative.json: damaged: its total-failure-session-count is -3, not a count from"
    " 0 to 1000000000000",
    "reports/count-of-halves.json: damaged: its total-successful-session-count is 1.5, not a count"
    " from 0 to 1000000000000",
    "reports/domain-none.json: damaged: its policy-domain is example .com, not a domain name",
    "reports/domain-nowhere.json: damaged: neither the report nor its mail names a domain it is"
    " about",
    "reports/json-broken.json: damaged: its JSON is damaged at byte 14: unexpected character",
    "reports/json-cut-short.json: damaged: its JSON ends too early, after 300 bytes",
    "reports/json-nested-deep.json: damaged: its JSON is nested more than 32 deep",
    "reports/json-of-something-else.json: not a report: its JSON has neither policies nor a"
    " date-range",
    "reports/policies-empty.json: damaged: neither the report nor its mail names a domain it is"
    " about",
    "reports/policies-missing.json: damaged: it has no policies",
    "reports/policies-no-list.json: damaged: its policies is not a list",
    "reports/policy-no-object.json: damaged: entry 1 of its policies is not an object",
    "reports/summary-no-object.json: damaged: its summary is no object",
    "reports/time-missing.json: damaged: its date-range has no start-datetime",
    "reports/time-unreadable.json: damaged: its start-datetime is yesterday, not a date and time",
};
enum { NOT_IMPORTED = sizeof not_imported / sizeof *not_imported };

static const char *const fixture_folders[] = {"documents", "mails", "reports"};

/* Without a database to compare with, each fixture stands for itself. */
static void every_fixture_is_accepted_or_refused_with_its_reason(void **state)
{
    (void)state;
    char *expected = NULL, here[128];
    size_t size;
    assert_non_null(getcwd(here, sizeof here));
    FILE *lines = open_memstream(&expected, &size);
    for (size_t i = 0; i < NOT_IMPORTED; i++)
        fprintf(lines, "tlsrptop-import: %s/tests/fixtures/%s\n", here, not_imported[i]);
    fclose(lines);
    IMPORT("--dry-run", "-v", "tests/fixtures/documents", "tests/fixtures/mails",
           "tests/fixtures/reports");
    char *closing = strstr(run.err, "tlsrptop-import: 118 messages in ");
    if (closing == NULL)
        fail_msg("no closing line in: %s", run.err);
    *closing = '\0';
    assert_string_equal(run.err, expected);
    assert_ended(EXIT_FAILURE);
    free(expected);
}

static void every_fixture_is_in_the_journal(void **state)
{
    (void)state;
    IMPORT("-q", "tests/fixtures");
    assert_ended(EXIT_FAILURE);
    for (size_t i = 0; i < sizeof fixture_folders / sizeof *fixture_folders; i++) {
        char statement[256];
        snprintf(statement, sizeof statement,
                 "SELECT count(DISTINCT path) FROM journal WHERE path LIKE '%%/fixtures/%s/%%'",
                 fixture_folders[i]);
        /* a journal row for each file, but for the records of one */
        assert_true(sql(statement) >= 4);
    }
    assert_int_equal(sql("SELECT count(*) FROM journal WHERE outcome = 1"),
                     sql("SELECT count(*) FROM report"));
    assert_int_equal(sql("SELECT count(*) FROM journal WHERE outcome = 5"),
                     sql("SELECT damaged FROM run"));
    assert_int_equal(sql("SELECT count(*) FROM journal"),
                     sql("SELECT imported + duplicates + conflicts + not_reports + damaged"
                         " FROM run"));
    assert_true(sql("SELECT count(DISTINCT path) FROM journal") >= 108);
}

/* --- kinds of files --- */

static void a_folder_holds_whatever_people_keep(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    put_text(inbox, "b.json", report_json("2", 1));
    put_text(inbox, "mh/1", report_mail("3", 1));
    put_text(inbox, "mh/2", report_mail("4", 1));
    put_text(inbox, "deep/er/c", report_json("5", 1));
    put_text(inbox, "no-suffix", report_json("6", 1));
    IMPORT(inbox);
    assert_ended(0);
    assert_said("6 messages in ");
    assert_reports(path, 6, 1);
}

static void packed_files_are_told_by_their_bytes(void **state)
{
    (void)state;
    struct run tool = {.folder = inbox};
    put_text(inbox, "1.json", report_json("1", 1));
    put_text(inbox, "2.json", report_json("2", 1));
    put_text(inbox, "3.json", report_json("3", 1));
    run_program(&tool, "sh", "-c",
                "gzip 1.json && mv 1.json.gz 1.json && python3 -c 'import zipfile;"
                " z = zipfile.ZipFile(\"x\", \"w\"); z.write(\"2.json\"); z.write(\"3.json\")'"
                " && rm 2.json 3.json",
                NULL);
    assert_int_equal(tool.status, 0);
    run_free(&tool);
    IMPORT(inbox);
    assert_ended(0);
    assert_reports(path, 3, 1);
}

static void an_mbox_is_read_message_by_message(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *mbox = open_memstream(&text, &size);
    for (int i = 1; i <= 5; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        fprintf(mbox, "From tls@sender.example Tue Mar  4 01:00:00 2025\n%s\n", report_mail(id, 1));
    }
    fclose(mbox);
    put_text(inbox, "mbox", text);
    IMPORT(inbox);
    assert_ended(0);
    assert_reports(path, 5, 1);
    char expected[512];
    snprintf(expected, sizeof expected,
             "SELECT count(*) FROM journal WHERE path = '%s/mbox, message 2 at byte %d'", inbox,
             (int)(strstr(text + 1, "From tls@sender.example T") - text));
    assert_int_equal(sql(expected), 1);
    free(text);
}

static void a_maildir_is_read_without_what_is_not_there_yet(void **state)
{
    (void)state;
    put_text(inbox, "new/1.host", report_mail("1", 1));
    put_text(inbox, "cur/2.host:2,S", report_mail("2", 1));
    put_text(inbox, "cur/.3.host", "a file that is being written");
    put_text(inbox, "tmp/4.host", "another");
    put_text(inbox, "dovecot-uidlist", "3 V1 N1\n");
    put_text(inbox, ".Sub.Folder/new/5.host", report_mail("3", 1));
    put_text(inbox, ".Sub.Folder/cur/6.host:2,", report_mail("4", 1));
    put_text(inbox, ".Sub.Folder/tmp/7.host", "another");
    put_text(inbox, ".Sub.Folder/maildirfolder", "");
    IMPORT("-v", inbox);
    assert_ended(0);
    assert_said("4 messages in ");
    assert_not_said("not a report");
    assert_reports(path, 4, 1);
}

static void json_lines_are_read_report_by_report(void **state)
{
    (void)state;
    char *text = NULL;
    size_t size;
    FILE *lines = open_memstream(&text, &size);
    for (int i = 1; i <= 1000; i++) {
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        fputs(report_json(id, 1), lines);
    }
    fclose(lines);
    put_text(folder, "reports.jsonl", text);
    put_text(folder, "config", "[import]\nmessage-max = 2K\n");
    IMPORT("--config", in("../config"), in("../reports.jsonl"));
    assert_ended(0);
    assert_said("1000 messages in ");
    assert_reports(path, 1000, 1);
    assert_true(sql("SELECT count(*) FROM journal WHERE path LIKE '%.jsonl, report 1000 at byte %'"
                    " AND path LIKE '/%'") == 1);
    free(text);
}

static void exported_reports_come_in_again(void **state)
{
    (void)state;
    struct run export = {0};
    char other[160];
    put_text(inbox, "a.eml", report_mail("1", 1));
    put_text(inbox, "b.json", report_json("2", 1));
    IMPORT(inbox);
    run_program(&export, BUILD "/tlsrptop", "export", "reports", "--db", path, NULL);
    assert_int_equal(export.status, 0);
    put_text(folder, "export.jsonl", export.out);
    run_free(&export);
    snprintf(other, sizeof other, "%s/other.db", folder);
    run_free(&run);
    run_program(&run, PROGRAM, "--db", other, in("../export.jsonl"), NULL);
    assert_ended(0);
    assert_reports(other, 2, 1);
}

/* The same reports in three shapes of mailbox, as the sample's maker counted them. */
static void a_sample_mailbox_is_counted_as_it_was_made(void **state)
{
    (void)state;
    static const char *const shapes[] = {"eml", "mbox", "maildir"};
    for (size_t i = 0; i < 3; i++) {
        struct run sample = {.folder = folder};
        run_program(&sample, BUILD "/tests/sample/sample", "--mails", "300", "--truth", "truth",
                    shapes[i], shapes[i], NULL);
        assert_int_equal(sample.status, 0);
        run_free(&sample);
        unlink(path);
        run.folder = folder;
        IMPORT(shapes[i]);
        assert_ended(EXIT_FAILURE);
        size_t size;
        char name[160], *truth, *line, *rest;
        snprintf(name, sizeof name, "%s/truth", folder);
        truth = rest = read_whole_file(name, &size);
        int checked = 0;
        while ((line = strsep(&rest, "\n")) != NULL) {
            char domain[128], statement[512];
            long long count;
            if (sscanf(line, "reports\t%127s\t%lld", domain, &count) != 2)
                continue;
            snprintf(statement, sizeof statement,
                     "SELECT sum(t.reports) FROM total_domain t JOIN domain d ON d.id = t.domain"
                     " WHERE level = 0 AND d.name = '%s'",
                     domain);
            assert_int_equal(sql(statement), count);
            checked++;
        }
        assert_true(checked > 5);
        free(truth);
    }
}

static void the_order_is_the_same_each_time(void **state)
{
    (void)state;
    static const char *const names[] = {"c", "a/2", "a/1", "B", "a10", "\xc3\xa9"};
    for (size_t i = 0; i < 6; i++)
        put_text(inbox, names[i], "nothing");
    IMPORT("-v", "-q", inbox);
    const char *at = run.err;
    static const char *const sorted[] = {"/B:", "/a10:", "/c:", "/\xc3\xa9:", "/a/1:", "/a/2:"};
    for (size_t i = 0; i < 6; i++) {
        at = strstr(at, sorted[i]);
        if (at == NULL)
            fail_msg("%s is not in its place: %s", sorted[i], run.err);
    }
}

/* --- what is no file --- */

static void what_is_no_file_is_said_and_left_out(void **state)
{
    (void)state;
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "%.90s/socket", inbox);
    int socket_fd = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(bind(socket_fd, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(mkfifo(in("pipe"), 0600), 0);
    assert_int_equal(symlink(".", in("loop")), 0);
    assert_int_equal(symlink("/dev/null", in("null")), 0);
    put_text(inbox, "z.eml", report_mail("1", 1));
    IMPORT(inbox);
    assert_ended(0);
    assert_said("/socket: left out: it is a socket\n");
    assert_said("/pipe: left out: it is a pipe\n");
    assert_said("/null: left out: it is a device\n");
    assert_said("/loop: left out: it is a link to a folder that it is in\n");
    assert_reports(path, 1, 1);
    IMPORT("-q", inbox);
    assert_string_equal(run.err, "");
    close(socket_fd);
}

/* So that root is refused like anybody else. */
static void obey_modes(void)
{
    prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
    prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0);
}

static void what_cannot_be_read_is_said_and_the_rest_imported(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", "secret");
    put_text(inbox, "closed/b.eml", "secret");
    put_text(inbox, "z.eml", report_mail("1", 1));
    chmod(in("a.eml"), 0);
    chmod(in("closed"), 0);
    assert_int_equal(symlink("nowhere", in("dangling")), 0);
    assert_int_equal(symlink("self", in("self")), 0);
    run.prepare = obey_modes;
    IMPORT(inbox);
    assert_ended(EXIT_FAILURE);
    assert_said("/a.eml: damaged: it cannot be opened: Permission denied\n");
    assert_said("/closed: damaged: it cannot be opened: Permission denied\n");
    assert_said("/dangling: damaged: it is a symbolic link that leads nowhere\n");
    assert_said("/self: damaged: it is a symbolic link that leads nowhere\n");
    assert_reports(path, 1, 1);
    assert_int_equal(sql("SELECT count(*) FROM journal WHERE outcome = 5"), 4);
    chmod(in("a.eml"), 0600);
    chmod(in("closed"), 0700);
}

static void the_database_itself_is_never_read(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    assert_int_equal(symlink("../reports.db", in("link")), 0);
    IMPORT(inbox);
    IMPORT(folder);
    assert_ended(0);
    assert_said("/reports.db: left out: it is the database\n");
    assert_said("/reports.db-shm: left out: it is the database\n");
    assert_said("/link: left out: it is the database\n");
    assert_int_equal(link(path, in("hard")), 0);
    IMPORT(path, in("hard"));
    assert_ended(0);
    assert_said("/hard: left out: it is the database\n");
    assert_int_equal(unlink(in("hard")), 0);
    run_free(&run);
    run_program(&run, PROGRAM, "--db", in("link"), folder, NULL);
    assert_ended(0);
    assert_said("/reports.db-wal: left out: it is the database\n");
    assert_int_equal(sql("SELECT count(*) FROM journal"), 1);
}

static void limit_descriptors(void)
{
    struct rlimit limit = {64, 64};
    setrlimit(RLIMIT_NOFILE, &limit);
}

static void descriptors_are_given_back(void **state)
{
    (void)state;
    char name[256] = "", id[16];
    for (int i = 1; i <= 150; i++) {
        snprintf(id, sizeof id, "%d", i);
        snprintf(name, sizeof name, "%d/%d/x.json", i % 20, i);
        put_text(inbox, name, report_json(id, 1));
    }
    run.prepare = limit_descriptors;
    IMPORT(inbox);
    assert_ended(0);
    assert_reports(path, 150, 1);
}

static void folders_too_deep_are_said(void **state)
{
    (void)state;
    char name[512] = "";
    for (int i = 0; i < 70; i++)
        strcat(name, "d/");
    strcat(name, "x.json");
    put_text(inbox, name, report_json("1", 1));
    put_text(inbox, "e/x.json", report_json("1", 1));
    IMPORT(inbox);
    assert_ended(EXIT_FAILURE);
    assert_said(": damaged: it is deeper than 64 folders\n");
    assert_reports(path, 1, 1);
}

static void names_of_files_do_no_harm(void **state)
{
    (void)state;
    put_text(inbox, "\033]0;owned\a\n\033[2J.json", "{");
    put_text(inbox, "\xe2\x80\xae gpj.json", "{");
    put_text(inbox, "\xff\xfe.json", "{");
    IMPORT(inbox);
    assert_ended(EXIT_FAILURE);
    for (const char *c = run.err; *c != '\0'; c++)
        assert_true(*c == '\n' || (*c >= ' ' && *c <= '~'));
    assert_said("/\\x1b]0;owned\\x07\\x0a\\x1b[2J.json: damaged: ");
    assert_said("/\\u202e gpj.json: damaged: ");
    assert_said("/\\xff\\xfe.json: damaged: ");
    assert_int_equal(sql("SELECT count(*) FROM journal WHERE instr(path, char(27)) = 0"), 3);
    IMPORT("--nonsense\033[2J");
    assert_said("\\x1b[2J");
    IMPORT("\033[2J");
    assert_said("\\x1b[2J: neither a file");
}

/* --- again --- */

static void reading_again_finds_duplicates_and_writes_nothing_new(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    put_text(inbox, "b.eml", report_mail("1", 1));
    put_text(inbox, "c.eml", report_mail("1", 2));
    put_text(inbox, "d.json", "{");
    put_text(inbox, "e.eml", "Subject: lunch\n\nToday?\n");
    IMPORT(inbox, inbox);
    assert_ended(EXIT_FAILURE);
    assert_said("10 messages in ");
    assert_said("1 imported, 3 duplicates, 2 in conflict, 2 damaged, 2 not reports");
    int64_t rows = sql("SELECT count(*) FROM journal");
    assert_int_equal(rows, 5);
    for (int i = 0; i < 2; i++) {
        IMPORT(inbox);
        assert_ended(EXIT_FAILURE);
        assert_said("0 imported, 2 duplicates, 1 in conflict, 1 damaged, 1 not a report");
    }
    assert_int_equal(sql("SELECT count(*) FROM journal"), rows);
    assert_reports(path, 1, 1);
}

static void a_file_is_known_by_any_of_its_names(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    assert_int_equal(symlink("in", in("../link")), 0);
    IMPORT(inbox);
    run.folder = inbox;
    IMPORT("a.eml", "../in/./a.eml", in("../link/a.eml"));
    assert_ended(0);
    assert_said("3 duplicates");
    assert_int_equal(sql("SELECT count(*) FROM journal"), 1);
}

static void a_report_with_other_content_is_a_conflict(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    put_text(inbox, "b.eml", report_mail("1", 2));
    IMPORT(inbox);
    assert_ended(EXIT_FAILURE);
    assert_said("/b.eml: conflict: the same report-id came before with other content; the first"
                " stands\n");
    assert_reports(path, 1, 1);
}

/* --- limits --- */

static void what_is_too_long_is_damaged_unread(void **state)
{
    (void)state;
    char *mbox;
    assert_true(asprintf(&mbox, "From a\n%s\nFrom b\nS: %05000d\n\nFrom c\n%s", report_mail("1", 1),
                         0, report_mail("2", 1)) > 0);
    put_text(inbox, "a.mbox", mbox);
    free(mbox);
    assert_true(asprintf(&mbox, "S: %05000d\n", 0) > 0);
    put_text(inbox, "b.eml", mbox);
    free(mbox);
    put_text(folder, "config", "[import]\nmessage-max = 4K\n");
    IMPORT("--config", in("../config"), inbox);
    assert_ended(EXIT_FAILURE);
    assert_said("/a.mbox, message 2 at byte ");
    assert_said("/b.eml: damaged: it is longer than the 4096 bytes that are read\n");
    assert_said("2 imported, 0 duplicates, 0 in conflict, 2 damaged");
    assert_int_equal(sql("SELECT count(*) FROM damaged"), 0);
    assert_reports(path, 2, 1);
}

/* --- standard input --- */

static void take_input(const char *text)
{
    run.input = text;
    run.input_size = strlen(text);
}

static void standard_input_is_a_mail_or_a_bare_report(void **state)
{
    (void)state;
    take_input(report_mail("1", 1));
    IMPORT("-");
    assert_ended(0);
    assert_string_equal(run.err, "");
    assert_string_equal(run.out, "");
    take_input(report_json("2", 1));
    IMPORT("-");
    assert_ended(0);
    assert_reports(path, 2, 1);
    assert_int_equal(sql("SELECT count(*) FROM journal WHERE path = '-'"), 2);
    IMPORT("-");
    assert_ended(0);
    assert_int_equal(sql("SELECT count(*) FROM journal WHERE path = '-'"), 3);
    take_input("{");
    IMPORT("-");
    assert_ended(EXIT_FAILURE);
    assert_said("tlsrptop-import: -: damaged: its JSON ends too early");
}

/* Postfix's pipe(8) with flags F puts such a line before the mail. */
static void a_mail_system_may_put_its_line_before_the_mail(void **state)
{
    (void)state;
    char *text;
    assert_true(asprintf(&text, "From a@example.net  Tue Mar  4 01:00:00 2025\n%s",
                         report_mail("1", 1)) > 0);
    take_input(text);
    IMPORT("-");
    assert_ended(0);
    assert_reports(path, 1, 1);
    free(text);
}

static void a_pipe_that_is_named_is_read_as_it_comes(void **state)
{
    (void)state;
    struct run shell = {.home = folder};
    put_text(inbox, "a.json", report_json("1", 1));
    put_text(inbox, "b.json", report_json("2", 1));
    char command[512];
    snprintf(command, sizeof command, "%s --db %s <(cat %s/a.json; sleep 0.1; cat %s/b.json)",
             PROGRAM, path, inbox, inbox);
    run_program(&shell, "bash", "-c", command, NULL);
    assert_int_equal(shell.status, 0);
    run_free(&shell);
    assert_reports(path, 2, 1);
}

/* --- a web server's program --- */

static void a_post_is_answered_by_what_became_of_it(void **state)
{
    (void)state;
    const char *report = report_json("1", 1), *other = report_json("1", 2);
    const struct {
        const char *method, *query, *length; /* NULL: that of the body */
        const char *body, *status;
    } posts[] = {
        {"POST", "", NULL, report, "Status: 201 Created\r\n"},
        {"POST", "", NULL, report, "Status: 200 OK\r\n"},
        {"POST", "", NULL, other, "Status: 409 Conflict\r\n"},
        {"POST", "", NULL, "{\"policies\": [", "Status: 400 Bad Request\r\n"},
        {"POST", "", NULL, "hello", "Status: 415 Unsupported Media Type\r\n"},
        {"POST", "", "9999", report, "Status: 400 Bad Request\r\n"},
        {"POST", "", "", report, "Status: 411 Length Required\r\n"},
        {"POST", "", "-1", report, "Status: 400 Bad Request\r\n"},
        {"POST", "", "33554433", report, "Status: 413 Content Too Large\r\n"},
        {"POST", "", "99999999999999999999999", report, "Status: 413 Content Too Large\r\n"},
        {"POST", "--db+/tmp/x", NULL, report, "Status: 400 Bad Request\r\n"},
        {"GET", "", NULL, report, "Status: 405 Method Not Allowed\r\nAllow: POST\r\n"},
    };
    for (size_t i = 0; i < sizeof posts / sizeof *posts; i++) {
        char length[64], method[64], query[64];
        snprintf(length, sizeof length, "CONTENT_LENGTH=%zu", strlen(posts[i].body));
        if (posts[i].length != NULL)
            snprintf(length, sizeof length, "CONTENT_LENGTH=%s", posts[i].length);
        snprintf(method, sizeof method, "REQUEST_METHOD=%s", posts[i].method);
        snprintf(query, sizeof query, "QUERY_STRING=%s", posts[i].query);
        const char *const environment[] = {"GATEWAY_INTERFACE=CGI/1.1",
                                           "CONTENT_TYPE=application/tlsrpt+json",
                                           "REMOTE_ADDR=192.0.2.7",
                                           length,
                                           method,
                                           query,
                                           NULL};
        run.environment = environment;
        take_input(posts[i].body);
        IMPORT("--progress=json", "-");
        if (strncmp(run.out, posts[i].status, strlen(posts[i].status)) != 0)
            fail_msg("post %zu was answered: %s", i, run.out);
        assert_non_null(strstr(run.out, "\r\nContent-Type: text/plain\r\n\r\n"));
        run.environment = NULL;
    }
    assert_reports(path, 1, 1);
    assert_int_equal(sql("SELECT count(*) FROM journal WHERE path = 'POST from 192.0.2.7'"), 5);
}

/* What a web server takes from the request must not choose what is read. */
static void a_request_cannot_name_files(void **state)
{
    (void)state;
    static const char *const environment[] = {"GATEWAY_INTERFACE=CGI/1.1", "REQUEST_METHOD=POST",
                                              "CONTENT_LENGTH=5", NULL};
    put_text(inbox, "a.json", report_json("1", 1));
    run.environment = environment;
    take_input("hello");
    IMPORT(inbox);
    assert_memory_equal(run.out, "Status: 415", 11);
    assert_int_equal(sql("SELECT count(*) FROM report"), 0);
}

/* --- what is said --- */

static void quiet_and_verbose_say_less_and_more(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    put_text(inbox, "b.eml", "Subject: lunch\n\nToday?\n");
    put_text(inbox, "c.json", "{");
    IMPORT("-q", inbox);
    assert_int_equal(strncmp(run.err, "tlsrptop-import: ", 17), 0);
    assert_said("/c.json: damaged: ");
    assert_ptr_equal(strchr(run.err, '\n') + 1, run.err + run.err_size);
    IMPORT(inbox);
    assert_not_said("b.eml");
    assert_said("3 messages in ");
    assert_said("0 imported, 1 duplicate, 0 in conflict, 1 damaged, 1 not a report\n");
    IMPORT("-v", inbox);
    assert_said("/b.eml: not a report: it holds no JSON, gzip or zip\n");
}

static void progress_is_json_line_by_line(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    put_text(inbox, "b\n\"\xff.json", "{");
    IMPORT("--progress=json", inbox);
    assert_ended(EXIT_FAILURE);
    char *line, *rest = run.out;
    int64_t damaged = -1, status = -1;
    while ((line = strsep(&rest, "\n")) != NULL && line[0] != '\0') {
        struct json_object *event = json_tokener_parse(line), *value;
        if (event == NULL)
            fail_msg("no JSON: %s", line);
        assert_true(json_object_object_get_ex(event, "event", &value));
        if (strcmp(json_object_get_string(value), "end") == 0) {
            assert_true(json_object_object_get_ex(event, "damaged", &value));
            damaged = json_object_get_int64(value);
            assert_true(json_object_object_get_ex(event, "status", &value));
            status = json_object_get_int64(value);
        }
        json_object_put(event);
    }
    assert_int_equal(damaged, 1);
    assert_int_equal(status, 1);
}

static void help_and_version_are_answers(void **state)
{
    (void)state;
    IMPORT("--help");
    assert_ended(0);
    assert_string_equal(run.err, "");
    static const char *const options[] = {"--db",      "--config",   "--watch",        "--dry-run",
                                          "--compact", "--progress", "--quiet",        "--verbose",
                                          "--version", "ACCOUNT",    "--retry-damaged"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        assert_non_null(strstr(run.out, options[i]));
    IMPORT("--version");
    assert_ended(0);
    assert_memory_equal(run.out, "tlsrptop-import ", 16);
    assert_int_equal(access(path, F_OK), -1);
}

/* Or the totals would stay empty, and nobody would know why. */
static void reports_on_foreign_domains_are_counted_at_the_end(void **state)
{
    (void)state;
    put_text(folder, "config", "[domains]\nmine = example.net\n");
    put_text(inbox, "a.eml", report_mail("1", 1));
    IMPORT("--config", in("../config"), inbox);
    assert_ended(0);
    assert_said("1 imported, 1 of them on foreign domains (example.com), 0 duplicates");
    IMPORT("--config", in("../config"), inbox);
    assert_said("0 imported, 1 duplicate");
}

/* --- dry runs --- */

static void a_dry_run_writes_nothing(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    IMPORT("--dry-run", inbox);
    assert_ended(0);
    assert_said("1 imported");
    assert_said("this was a dry run: nothing was written\n");
    assert_int_equal(access(path, F_OK), -1);
}

static void a_dry_run_foresees_duplicates_and_conflicts(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    IMPORT(inbox);
    put_text(inbox, "b.eml", report_mail("1", 2));
    put_text(inbox, "c.eml", report_mail("2", 1));
    size_t size, size_after;
    char *before = read_whole_file(path, &size);
    IMPORT("--dry-run", inbox);
    assert_ended(EXIT_FAILURE);
    assert_said("1 imported, 1 duplicate, 1 in conflict");
    assert_said("/b.eml: conflict: the same report-id came before");
    char *after = read_whole_file(path, &size_after);
    assert_int_equal(size, size_after);
    assert_memory_equal(before, after, size);
    free(before);
    free(after);
    assert_int_equal(sql("SELECT count(*) FROM run"), 1);
}

/* --- damaged, and tried again --- */

static void what_was_damaged_can_be_tried_again(void **state)
{
    (void)state;
    put_text(inbox, "a.eml", report_mail("1", 1));
    put_text(inbox, "b.json", "{");
    put_text(folder, "config", "[import]\njson-depth-max = 4\n");
    IMPORT("--config", in("../config"), inbox);
    assert_ended(EXIT_FAILURE);
    assert_said("nested more than 4 deep");
    assert_int_equal(sql("SELECT count(*) FROM damaged"), 2);
    IMPORT("--retry-damaged");
    assert_ended(EXIT_FAILURE);
    assert_said("retry of ");
    assert_said("/b.json: still damaged: its JSON ends too early");
    assert_said("2 messages in ");
    assert_said("1 imported, 0 duplicates, 0 in conflict, 1 damaged, 0 not reports");
    assert_reports(path, 1, 1);
    assert_int_equal(sql("SELECT count(*) FROM damaged"), 1);
    assert_int_equal(sql("SELECT count(*) FROM journal j JOIN text t ON t.id = j.reason WHERE"
                         " t.value LIKE 'was damaged%' AND j.path LIKE '%/a.eml'"),
                     1);
    IMPORT("--retry-damaged", inbox);
    assert_said("0 imported, 1 duplicate, 0 in conflict, 2 damaged");
}

/* A report of DANE names its MX host: the mail tells whose it is. */
static void what_is_tried_again_is_still_for_its_domain(void **state)
{
    (void)state;
    static const char mail[] =
        "TLS-Report-Domain: example.com\r\nTLS-Report-Submitter: sender.example\r\n"
        "Content-Type: application/tlsrpt+json; name=\"a \\\"b\\\".json\"\r\n\r\n"
        "{\"report-id\":\"1\",\"date-range\":{\"start-datetime\":\"2026-11-01T00:00:00Z\","
        "\"end-datetime\":\"2026-11-01T23:59:59Z\"},\"policies\":[{\"policy\":{\"policy-type\":"
        "\"tlsa\",\"policy-domain\":\"mx.provider.example\"},\"summary\":"
        "{\"total-successful-session-count\":5}}],\"other\":[[[[]]]]}\r\n";
    put_text(inbox, "a.eml", mail);
    put_text(folder, "config", "[import]\njson-depth-max = 4\n");
    IMPORT("--config", in("../config"), inbox);
    assert_said("1 damaged");
    IMPORT("--retry-damaged");
    assert_ended(0);
    assert_said("1 imported");
    IMPORT(inbox);
    assert_said("0 imported, 1 duplicate");
    assert_int_equal(sql("SELECT count(*) FROM domain WHERE first_day IS NOT NULL"
                         " AND name = 'example.com'"),
                     1);
    assert_int_equal(sql("SELECT count(*) FROM policy"), 1);
}

/* --- keeping it small --- */

static void details_are_kept_as_long_as_configured(void **state)
{
    (void)state;
    for (int i = 1; i <= 400; i++) {
        char id[16], name[32];
        snprintf(id, sizeof id, "%d", i);
        snprintf(name, sizeof name, "%d.json", i);
        put_text(inbox, name, report_json(id, 1));
    }
    IMPORT(inbox);
    assert_reports(path, 400, 1);
    put_text(folder, "config", "[database]\nkeep-details-days = 36500\n");
    IMPORT("--config", in("../config"), "--compact");
    assert_ended(0);
    assert_reports(path, 400, 1);
    put_text(folder, "config", "[database]\nkeep-details-days = 30\n");
    IMPORT("--config", in("../config"), in("1.json"));
    assert_ended(0);
    assert_int_equal(sql("SELECT count(*) FROM document"), 0);
    assert_int_equal(sql("SELECT count(*) FROM failure"), 0);
    assert_int_equal(sql("SELECT sum(failed) FROM sender_row"), 400);
    assert_true(sql("SELECT freelist_count FROM pragma_freelist_count") > 0);
    IMPORT("--compact");
    assert_ended(0);
    assert_said("/reports.db: ");
    assert_int_equal(sql("SELECT freelist_count FROM pragma_freelist_count"), 0);
    IMPORT("--config", in("../config"), inbox);
    assert_said("400 duplicates");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_fixture_is_accepted_or_refused_with_its_reason),
        TEST(every_fixture_is_in_the_journal),
        TEST(a_folder_holds_whatever_people_keep),
        TEST(packed_files_are_told_by_their_bytes),
        TEST(an_mbox_is_read_message_by_message),
        TEST(a_maildir_is_read_without_what_is_not_there_yet),
        TEST(json_lines_are_read_report_by_report),
        TEST(exported_reports_come_in_again),
        TEST(a_sample_mailbox_is_counted_as_it_was_made),
        TEST(the_order_is_the_same_each_time),
        TEST(what_is_no_file_is_said_and_left_out),
        TEST(what_cannot_be_read_is_said_and_the_rest_imported),
        TEST(the_database_itself_is_never_read),
        TEST(descriptors_are_given_back),
        TEST(folders_too_deep_are_said),
        TEST(names_of_files_do_no_harm),
        TEST(reading_again_finds_duplicates_and_writes_nothing_new),
        TEST(a_file_is_known_by_any_of_its_names),
        TEST(a_report_with_other_content_is_a_conflict),
        TEST(what_is_too_long_is_damaged_unread),
        TEST(standard_input_is_a_mail_or_a_bare_report),
        TEST(a_mail_system_may_put_its_line_before_the_mail),
        TEST(a_pipe_that_is_named_is_read_as_it_comes),
        TEST(a_post_is_answered_by_what_became_of_it),
        TEST(a_request_cannot_name_files),
        TEST(quiet_and_verbose_say_less_and_more),
        TEST(progress_is_json_line_by_line),
        TEST(help_and_version_are_answers),
        TEST(reports_on_foreign_domains_are_counted_at_the_end),
        TEST(a_dry_run_writes_nothing),
        TEST(a_dry_run_foresees_duplicates_and_conflicts),
        TEST(what_was_damaged_can_be_tried_again),
        TEST(what_is_tried_again_is_still_for_its_domain),
        TEST(details_are_kept_as_long_as_configured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
