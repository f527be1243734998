/* Advice on the screen: where a domain is on its way, why, and what to publish. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/observation.h"
#include "../console_assert.h"
#include "../dashboard.h"
#include "../make_report.h"
#include "../run_program.h"

static char folder[64];
static char path[128];
static struct db *db;
static struct store *store;

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    store = open_store(db);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(db);
    remove_folder(folder);
    return 0;
}

/* --- databases --- */

static void keep_day(const char *domain, const char *organization, const char *mode, int day,
                     int64_t failed)
{
    struct report report;
    char id[128];
    snprintf(id, sizeof id, "%s %d", domain, day);
    make_report(&report, organization, id, day);
    struct policy *policy = add_policy(&report, mode != NULL ? "sts" : "no-policy-found", domain,
                                       mode != NULL ? sts_text(mode) : "", 100, failed);
    if (failed > 0)
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.example.com", failed);
    keep_report(store, &report, id);
}

/* Reports of two on each of DAYS days up to yesterday; mode NULL: no policy. */
static void keep_days(const char *domain, const char *mode, int days, int64_t failed)
{
    for (int day = 1; day <= days; day++) {
        keep_day(domain, "Google", mode, today() - day, day == 1 ? failed : 0);
        keep_day(domain, "Yahoo", mode, today() - day, 0);
    }
}

static void end_import(void)
{
    if (store != NULL)
        assert_int_equal(store_close(store, ""), DB_OK);
    store = NULL;
}

static void check(const char *domain, enum tls_mode mode, const char *evidence,
                  const char *problems)
{
    end_import();
    bool changed;
    struct observation observation = {instant_now() - 120, instant_now() - 120, mode, evidence,
                                      problems};
    assert_int_equal(observation_store(db, domain, "", &observation, &changed), DB_OK);
}

static struct console *open_domain(const char *domain, int columns, int rows)
{
    end_import();
    const char *const argv[] = {BUILD "/tlsrptop", "--db", path, domain, NULL};
    struct console *console = assert_console(.argv = argv, .columns = columns, .rows = rows);
    assert_settles(console);
    return console;
}

/* --- one domain --- */

static void a_file_says_what_it_is_about(void **state)
{
    (void)state;
    char keys[256], file[160], head[256], day[DAY_TEXT];
    size_t size;
    keep_days("xn--mnchen-3ya.example", "testing", 20, 7);
    struct console *console = open_domain("xn--mnchen-3ya.example", 80, 40);
    snprintf(file, sizeof file, "%s.txt", path);
    snprintf(keys, sizeof keys, "ae<C-u>%s<Enter>", file);
    assert_types(console, keys);
    assert_shows(console, "written to");
    char *text = read_whole_file(file, &size);
    snprintf(head, sizeof head,
             "Advice for m\u00fcnchen.example (xn--mnchen-3ya.example), %s\n"
             "Mode: MTA-STS testing\nStep: Review\n"
             "Not safe to enforce: 7 failures in the last 7 days.",
             day_format(today(), day));
    assert_int_equal(strncmp(text, head, strlen(head)), 0);
    assert_non_null(strstr(text, "\n- "));
    assert_null(strstr(text, "under the cursor"));
    free(text);
    leave_dashboard(console);
}

static void failures_in_testing_hold_back(void **state)
{
    (void)state;
    keep_days("example.com", "testing", 20, 7);
    struct console *console = open_domain("example.com", 80, 40);
    assert_types(console, "a");
    assert_row(console, 0, " Domains › example.com › Advice");
    assert_row(console, 1, " Opportunistic › Reporting › Testing › [Review] › Enforce  or  DANE");
    assert_row(console, 2, " Not safe to enforce: 7 failures in the last 7 days.");
    assert_shows(console, "What holds it back");
    assert_shows(console, "7 failures in the last 7 days; the limit is 0.");
    assert_shows(console, "certificate-expired: ");
    assert_shows(console, "7 sessions failed in testing on ");
    assert_shows(console, "reports by 2 reporters");
    assert_shows(console, "Google from 192.0.2.1 to mx.example.com: 7 failures");
    leave_dashboard(console);
}

static void too_few_reports_do_not_tell(void **state)
{
    (void)state;
    for (int day = 1; day <= 20; day++)
        keep_day("example.com", "Google", "testing", today() - day, 0);
    struct console *console = open_domain("example.com", 80, 24);
    assert_types(console, "0");
    assert_row(console, 2, " Not enough reports to tell whether enforce is safe.");
    assert_shows(console, "1 of 2 reporters");
    leave_dashboard(console);
}

static void what_to_publish_is_copied_whole(void **state)
{
    (void)state;
    static const char policy[] =
        "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\n";
    keep_days("example.com", "testing", 20, 0);
    struct console *console = open_domain("example.com", 80, 40);
    assert_types(console, "a");
    assert_shows(console, "Safe to enforce, as far as reports tell");
    assert_shows(console, "  https://mta-sts.example.com/.well-known/mta-sts.txt");
    assert_types(console, "/mx: mx.example<Enter>y"); /* from any of its lines */
    assert_shows(console, "copied:");
    assert_string_equal(console_clipboard(console), policy);
    assert_types(console, "/v=STSv1<Enter>y");
    static const char record[] = "_mta-sts.example.com. IN TXT \"v=STSv1; id=20";
    assert_int_equal(strncmp(console_clipboard(console), record, strlen(record)), 0);
    assert_types(console, "/Set the policy<Enter>y"); /* a sentence over two lines */
    assert_string_equal(console_clipboard(console),
                        "Set the policy to enforce with the max_age it has: a mistake stays with "
                        "senders for so long. Raise it to some weeks once all is quiet.");
    leave_dashboard(console);
}

static void reports_are_asked_for_by_a_record(void **state)
{
    (void)state;
    check("new.example", MODE_OPPORTUNISTIC,
          "{\"tlsrpt\":{\"state\":\"absent\"},\"dnssec\":\"insecure\","
          "\"mx\":{\"state\":\"found\",\"hosts\":[{\"name\":\"mx.new.example\"}]},"
          "\"ways\":{\"sts\":{\"state\":\"open\",\"needs\":[\"ask for reports first\"]},"
          "\"dane\":{\"state\":\"closed\",\"needs\":[\"whoever runs it must sign its zone\"]}}}",
          "[]");
    struct console *console = open_domain("new.example", 80, 40);
    assert_types(console, "a");
    assert_row(console, 1, " [Opportunistic] › Reporting › Testing › Review › Enforce  or  DANE");
    assert_shows(console, "Nobody is asked for reports yet: that comes first.");
    assert_shows(console, "_smtp._tls.new.example. IN TXT");
    assert_shows(console, "\"v=TLSRPTv1; rua=mailto:tlsrpt@new.example\"");
    assert_shows(console, "- ask for reports first");
    assert_shows(console, "DANE: closed until others have moved:");
    assert_shows(console, "Published now (checked 2 min ago)");
    assert_shows(console, "MX hosts     mx.new.example");
    assert_shows(console, "DNSSEC       insecure");
    leave_dashboard(console);
}

static void what_the_check_found_is_told_with_its_remedy(void **state)
{
    (void)state;
    keep_days("example.com", "testing", 20, 0);
    check(
        "example.com", MODE_STS_TESTING,
        "{\"tlsrpt\":{\"state\":\"found\",\"records\":[\"v=TLSRPTv1; rua=mailto:a@b.example\"]}}",
        "[{\"severity\":\"error\",\"code\":\"x\",\"text\":\"The policy host has no certificate.\","
        "\"remedy\":\"Give it one.\",\"reference\":\"RFC 8461\"}]");
    struct console *console = open_domain("example.com", 80, 40);
    assert_types(console, "a");
    assert_shows(console, "Not safe to enforce: the check found 1 problem.");
    assert_shows(console, "The policy host has no certificate.");
    assert_shows(console, "Give it one.");
    assert_shows(console, "v=TLSRPTv1; rua=mailto:a@b.example");
    leave_dashboard(console);
}

static void a_look_that_finds_nothing_hides_no_failures(void **state)
{
    (void)state;
    keep_days("example.com", "enforce", 20, 7);
    check("example.com", MODE_OPPORTUNISTIC,
          "{\"mx\":{\"state\":\"nxdomain\"},\"tlsrpt\":{\"state\":\"absent\"}}",
          "[{\"severity\":\"error\",\"text\":\"example.com does not exist in DNS\"}]");
    struct console *console = open_domain("example.com", 80, 40);
    assert_types(console, "a");
    assert_row(console, 1, " Opportunistic › Reporting › Testing › Review › [Enforce]  or  DANE");
    assert_row(console, 2, " Sessions are being refused: 7 in the last 7 days.");
    assert_shows(console, "The resolver did not know example.com at");
    assert_shows(console, "certificate-expired at mx.example.com: Renew");
    assert_shows(console, "dig NS example.com");
    assert_false(console_find(console, "Nobody is asked", NULL, NULL));
    leave_dashboard(console);
}

static void dane_beside_enforce_is_marked_too(void **state)
{
    (void)state;
    keep_days("example.com", "enforce", 3, 0);
    struct report report;
    make_report(&report, "Comcast", "tlsa", today() - 1);
    add_policy(&report, "tlsa", "example.com", "3 1 1 00ff", 100, 0);
    keep_report(store, &report, "tlsa");
    struct console *console = open_domain("example.com", 80, 40);
    assert_types(console, "a");
    assert_row(console, 1,
               " Opportunistic › Reporting › Testing › Review › [Enforce]  and  [DANE]");
    assert_shows(console, "DANE and MTA-STS: in force, by the reports.");
    assert_false(console_find(console, "What holds it back", NULL, NULL));
    leave_dashboard(console);
}

static void of_unknown_domains_there_is_no_advice(void **state)
{
    (void)state;
    keep_days("example.com", "testing", 3, 0);
    struct console *console = open_domain("nonesuch.example", 80, 24);
    assert_types(console, "a");
    assert_shows(console, "nonesuch.example");
    assert_shows(console, "There is no advice");
    leave_dashboard(console);
}

/* --- all domains --- */

static void every_domain_has_its_next_step_the_most_urgent_first(void **state)
{
    (void)state;
    keep_days("enforced.example", "enforce", 3, 0);
    keep_days("failing.example", "testing", 20, 9);
    keep_days("plain.example", NULL, 3, 0);
    keep_days("ready.example", "testing", 20, 0);
    keep_days("young.example", "testing", 5, 0);
    struct console *console = open_domain(NULL, 80, 24);
    assert_types(console, "ss"); /* in the list of domains */
    assert_shows(console, "Next step▴");
    static const char *const domains[] = {"failing.example  ", "ready.example  ", "plain.example  ",
                                          "young.example  ", "enforced.example  "};
    for (int i = 0; i < 5; i++)
        assert_int_equal(row_of(console, domains[i]), 5 + i);
    assert_types(console, "ga");
    assert_row(console, 0, " Domains › Next steps");
    static const char *const steps[] = {
        "failing.example     fix 9 in 7 days", "ready.example       ready for enforce",
        "plain.example       start testing", "young.example       testing: day 6/14",
        "enforced.example    keep watching"};
    for (int i = 0; i < 5; i++) {
        int row;
        assert_true(console_find(console, steps[i], &row, NULL));
        assert_int_equal(row, 4 + i);
    }
    assert_types(console, "j<Enter>");
    assert_row(console, 0, " Domains › Next steps › ready.example › Advice");
    assert_types(console, "<Esc>");
    assert_shows(console, "row 2 of 5");
    leave_dashboard(console);
}

static void reports_that_have_ended_are_missed(void **state)
{
    (void)state;
    keep_day("silent.example", "Google", "enforce", today() - 60, 3);
    struct console *console = open_domain(NULL, 80, 24);
    assert_shows(console, "no report for 60 d");
    assert_types(console, "a");
    assert_shows(console, "Reports have ended: what senders have met since");
    assert_shows(console, "No report has come for the 60 days since");
    assert_shows(console, "tlsrptop check silent.example");
    leave_dashboard(console);
}

/* The step is that of today, whatever days are shown. */
static void failures_of_earlier_days_change_no_step(void **state)
{
    (void)state;
    keep_day("calm.example", "Google", "enforce", today() - 12, 9);
    keep_day("calm.example", "Google", "enforce", today() - 1, 0);
    struct console *console = open_domain(NULL, 80, 24);
    assert_shows(console, "keep watching");
    assert_types(console, "ga");
    assert_shows(console, "keep watching");
    leave_dashboard(console);
}

static void without_reports_there_is_a_word(void **state)
{
    (void)state;
    struct console *console = open_domain(NULL, 80, 24);
    assert_types(console, "a");
    assert_shows(console, "The database holds no reports yet.");
    leave_dashboard(console);
}

/* --- whatever there is in it --- */

static void strangers_texts_are_harmless(void **state)
{
    (void)state;
    static const char evil[] = "a\x1b]52;c;ZXZpbA==\a\x1b[31mred\n\u202eturned\u2066日本語\x7f";
    char long_text[10001];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    for (int day = 1; day <= 3; day++) {
        struct report report;
        make_report(&report, day == 1 ? evil : long_text, evil, today() - day);
        struct policy *policy =
            add_policy(&report, "sts", "example.com", "mode: testing\nmx: a\x1b[31m\n", 10, 5);
        add_failure(&report, policy, evil, evil, evil, 2);
        add_failure(&report, policy, long_text, long_text, long_text, 3);
        keep_report(store, &report, "-");
    }
    check("example.com", MODE_STS_TESTING,
          "{\"mx\":{\"hosts\":[{\"name\":\"\\u001b[31m\"}]},\"dnssec\":\"\\u001b]0;x\\u0007\","
          "\"tlsrpt\":{\"state\":\"found\",\"records\":[\"\\u202e\\u001b[2J\"]},"
          "\"sts\":{\"state\":\"found\",\"id\":\"\\u001bc\",\"policy\":{\"text\":\"\\u0007\"}},"
          "\"ways\":{\"dane\":{\"state\":\"open\",\"needs\":[\"\\u001b[31mred\",7,{},null]}}}",
          "[{\"severity\":\"error\",\"text\":\"\\u001b[31m\\nred\",\"remedy\":\"\\u202e\"},7]");
    static const struct {
        int columns, rows;
    } sizes[] = {{60, 15}, {80, 24}, {200, 60}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct console *console = open_domain("example.com", sizes[i].columns, sizes[i].rows);
        assert_types(console, "a");
        assert_shows(console, "[Testing]");
        for (int page = 0; page < 12; page++)
            assert_types(console, "<PgDn>");
        assert_types(console, "Gy");
        assert_types(console, "<Esc><Esc>");
        assert_types(console, "ga");
        assert_shows(console, "example.com");
        leave_dashboard(console);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_file_says_what_it_is_about),
        TEST(failures_in_testing_hold_back),
        TEST(too_few_reports_do_not_tell),
        TEST(what_to_publish_is_copied_whole),
        TEST(reports_are_asked_for_by_a_record),
        TEST(what_the_check_found_is_told_with_its_remedy),
        TEST(a_look_that_finds_nothing_hides_no_failures),
        TEST(dane_beside_enforce_is_marked_too),
        TEST(of_unknown_domains_there_is_no_advice),
        TEST(every_domain_has_its_next_step_the_most_urgent_first),
        TEST(reports_that_have_ended_are_missed),
        TEST(failures_of_earlier_days_change_no_step),
        TEST(without_reports_there_is_a_word),
        TEST(strangers_texts_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
