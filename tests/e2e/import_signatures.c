/* Who signed the mail of a report, by keys from a DNS of our own; tests/unit/dkim has what
 * makes a signature valid. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../../db/vocab.h"
#include "../console_assert.h"
#include "../dashboard.h"
#include "../make_report.h"
#include "../name_server.h"
#include "../report_files.h"
#include "../run_program.h"

#define PROGRAM BUILD "/tlsrptop-import"
#define FIXTURE "tests/fixtures/dkim/"

enum { TEXT_MAX = 4096 };

static char dns_folder[64];
static struct name_server dns;

static char folder[64];
static char path[128]; /* of the database */
static char config[128];
static struct run run;

/* A TXT record of the key in FILE, in strings as short as they must be. */
static size_t put_key(char *text, const char *name, const char *file)
{
    enum { STRING = 200 };
    size_t size, length = 0;
    char *key = read_whole_file(file, &size);
    while (size > 0 && key[size - 1] == '\n')
        size--;
    length += (size_t)sprintf(text, "%s 60 IN TXT", name);
    for (size_t at = 0; at < size; at += STRING)
        length += (size_t)sprintf(text + length, " \"%.*s\"",
                                  (int)(size - at < STRING ? size - at : STRING), key + at);
    length += (size_t)sprintf(text + length, "\n");
    free(key);
    return length;
}

static int start_dns(void **state)
{
    static char records[TEXT_MAX];
    (void)state;
    size_t length = put_key(records, "sel-rsa._domainkey.reporter", FIXTURE "rsa.txt");
    put_key(records + length, "sel-ed25519._domainkey.reporter", FIXTURE "ed25519.txt");
    const struct zone zones[] = {{"example", ZONE_UNSIGNED, records}, {".", ZONE_SIGNED, ""}};
    make_folder(dns_folder);
    chmod(dns_folder, 0755);
    dns = name_server_start(dns_folder, zones, 2);
    return 0;
}

static int stop_dns(void **state)
{
    (void)state;
    name_server_stop(&dns);
    remove_folder(dns_folder);
    return 0;
}

static void configure(int port)
{
    char text[512];
    snprintf(text, sizeof text,
             "[import]\nverify-signatures = yes\n[check]\nresolver = 127.0.0.1@%d\n"
             "trust-anchor = %s/anchor\ntimeout = 5\n",
             port, dns_folder);
    put_text(folder, "config", text);
}

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    snprintf(config, sizeof config, "%s/config", folder);
    run = (struct run){.home = folder};
    configure(dns.port);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    run_free(&run);
    remove_folder(folder);
    return 0;
}

static void import(const char *file)
{
    run_free(&run);
    run_program(&run, PROGRAM, "-q", "--db", path, "--config", config, file, NULL);
    assert_run_ended(&run, EX_OK);
}

/* The mail in FILE with TO, of the same length, in the place of FROM. */
static const char *forged(const char *file, const char *from, const char *to)
{
    static char copy[128];
    size_t size;
    char *bytes = read_whole_file(file, &size);
    char *at = memmem(bytes, size, from, strlen(from));
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    snprintf(copy, sizeof copy, "%s/forged.eml", folder);
    write_whole_file(copy, bytes, size);
    free(bytes);
    return copy;
}

/* What is kept of the only report. */
static void expect(enum signature signature, const char *by)
{
    char sql[256];
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM report"), 1);
    assert_int_equal(sql_of_file(path, "SELECT signature FROM report"), signature);
    snprintf(sql, sizeof sql,
             "SELECT count(*) FROM report r JOIN text t ON t.id = r.signed_by WHERE t.value = '%s'",
             by);
    assert_int_equal(sql_of_file(path, sql), 1);
}

static void a_signature_of_the_reporter_is_valid(void **state)
{
    (void)state;
    import(FIXTURE "rsa-relaxed-relaxed.eml");
    expect(SIGNATURE_VALID, "reporter.example");
    import(FIXTURE "ed25519-simple-simple.eml");
    assert_int_equal(sql_of_file(path, "SELECT count(*) FROM report WHERE signature = 1"), 2);
}

static void one_of_another_domain_is_told_apart(void **state)
{
    (void)state;
    import(FIXTURE "rsa-foreign.eml");
    expect(SIGNATURE_FOREIGN, "reporter.example");
}

static void a_report_that_was_changed_is_not_valid(void **state)
{
    (void)state;
    import(forged(FIXTURE "rsa-simple-simple.eml", "count\":7", "count\":8"));
    expect(SIGNATURE_INVALID, "reporter.example: the body is not as it was signed");
}

static void a_mail_without_signature_has_none(void **state)
{
    (void)state;
    put_text(folder, "plain.eml", report_mail("1", 0));
    char file[128];
    snprintf(file, sizeof file, "%s/plain.eml", folder);
    import(file);
    expect(SIGNATURE_NONE, "");
}

static void without_a_key_it_is_undecided(void **state)
{
    (void)state;
    import(forged(FIXTURE "rsa-simple-simple.eml", "s=sel-rsa", "s=sel-old"));
    expect(SIGNATURE_UNDECIDED, "reporter.example: its key is not in DNS (any more)");
}

static void a_silent_dns_keeps_no_report_back(void **state)
{
    (void)state;
    configure(1);
    import(FIXTURE "rsa-simple-simple.eml");
    assert_run_said(&run, "signatures are not verified for now: ");
    expect(SIGNATURE_UNDECIDED, "reporter.example: DNS does not tell its key");
}

static void nobody_is_asked_unless_that_is_wanted(void **state)
{
    (void)state;
    put_text(folder, "config", "[check]\nresolver = 127.0.0.1@1\n");
    import(FIXTURE "rsa-simple-simple.eml");
    assert_string_equal(run.err, "");
    expect(SIGNATURE_UNKNOWN, "");
}

static void the_dashboard_tells_who_signed(void **state)
{
    (void)state;
    import(FIXTURE "rsa-relaxed-relaxed.eml");
    import(FIXTURE "rsa-foreign.eml");
    import(forged(FIXTURE "rsa-simple-simple.eml", "count\":7", "count\":8"));
    struct console *console = open_dashboard(path, 140, 30);
    assert_types(console, "j7");
    assert_shows(console, "Signed by");
    assert_shows(console, "reporter.example");
    assert_shows(console, "not valid");
    assert_types(console, "fnot valid<Enter>");
    assert_types(console, "<Enter>");
    assert_shows(console, "Signature");
    assert_shows(console, "not valid, by reporter.example: the body is not as it was signed");
    leave_dashboard(console);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_signature_of_the_reporter_is_valid),   TEST(one_of_another_domain_is_told_apart),
        TEST(a_report_that_was_changed_is_not_valid), TEST(a_mail_without_signature_has_none),
        TEST(without_a_key_it_is_undecided),          TEST(a_silent_dns_keeps_no_report_back),
        TEST(nobody_is_asked_unless_that_is_wanted),  TEST(the_dashboard_tells_who_signed),
    };
    return cmocka_run_group_tests(tests, start_dns, stop_dns);
}
