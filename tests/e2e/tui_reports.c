/* Lists of reports, one report taken apart, and its original. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"
#include "../run_program.h"

/* Stores REPORT with its original DOCUMENT. */
static void keep_document(struct report *report, const char *document, size_t size)
{
    const char *why;
    struct origin origin = {.path = "/srv/mail/1.eml"};
    struct store_result result;
    assert_int_equal(report_resolve(report, &why), 0);
    assert_int_equal(store_report(own.store, &origin, report, document, size, &result), DB_OK);
    assert_int_equal(result.outcome, OUTCOME_IMPORTED);
    report_free(report);
}

/* A week of Google's, with two failures; its details do not add up. */
static void keep_week(void)
{
    static const char json[] = "{\"organization-name\":\"Google\",\"report-id\":\"week-1\","
                               "\"policies\":[{\"policy\":{\"policy-type\":\"sts\"}}]}";
    struct report report;
    make_report(&report, "Google", "week-1", today() - 9);
    report.end = report.begin + 7 * SECONDS_PER_DAY - 1;
    report.contact = "tls@google.example";
    struct policy *policy =
        add_policy(&report, "sts", "example.com", sts_text("enforce"), 1000, 234);
    policy->mx = "mx.example.com *.example.net";
    struct failure *failure =
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.example.com", 200);
    failure->receiving_ip = "203.0.113.25";
    failure->receiving_mx_helo = "helo.example.com";
    failure->reason_code = "X509";
    failure->additional_info = "see https://example.com/help";
    add_failure(&report, policy, "certificate-expired", "192.0.2.2", "mx.example.com", 4);
    add_policy(&report, "no-policy-found", "example.com", "", 5, 0);
    keep_document(&report, json, sizeof json - 1);
}

static void keep_day(const char *organization, const char *id, int days_ago, int64_t failed)
{
    struct report report;
    make_report(&report, organization, id, today() - days_ago);
    struct policy *policy =
        add_policy(&report, "sts", "example.com", sts_text("testing"), 100, failed);
    if (failed > 0)
        add_failure(&report, policy, "starttls-not-supported", "192.0.2.3", "mx.example.com",
                    failed);
    assert_int_equal(keep_report(own.store, &report, id), OUTCOME_IMPORTED);
}

static void fill(void)
{
    keep_week();
    keep_day("Microsoft", "day-1", 3, 0);
    keep_day("Microsoft", "day-2", 2, 7);
    own_database_close();
}

static struct console *open_reports(int columns, int rows)
{
    struct console *console = open_dashboard(own.path, columns, rows);
    assert_types(console, "j7");
    assert_shows(console, "› Reports");
    assert_settles(console);
    return console;
}

/* The one report there is. */
static struct console *open_report(int columns, int rows)
{
    struct console *console = open_reports(columns, rows);
    assert_types(console, "G<Enter>");
    assert_shows(console, "› Report");
    assert_settles(console);
    return console;
}

static void numbers_in_sentences_have_commas(void **state)
{
    (void)state;
    struct report report;
    make_report(&report, "Google", "many", today() - 1);
    struct policy *policy =
        add_policy(&report, "sts", "example.com", sts_text("testing"), 1000, 1234);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.example.com", 1200);
    assert_int_equal(keep_report(own.store, &report, "many"), OUTCOME_IMPORTED);
    own_database_close();
    struct console *console = open_report(100, 30);
    assert_shows(console,
                 "add up to 1,200 failed sessions, not to the 1,234 that the summary says");
    assert_types(console, "4<Enter>");
    assert_shows(console, "certificate-expired: 1,200 failed on ");
    leave_dashboard(console);
}

/* --- lists --- */

static void reports_are_listed_newest_first(void **state)
{
    (void)state;
    char week[DAY_TEXT + 1];
    fill();
    struct console *console = open_reports(100, 30);
    assert_row(console, 1, " 241 failed of 1,446 sessions in 3 reports");
    assert_true(row_of(console, "day-2") < row_of(console, "day-1"));
    assert_true(row_of(console, "day-1") < row_of(console, "week-1"));
    day_format(today() - 9, week);
    strcat(week, "+");
    assert_int_equal(row_of(console, week), row_of(console, "week-1"));
    assert_int_equal(row_of(console, "sts, no-pol"), row_of(console, "week-1"));
    assert_types(console, "G");
    assert_shows(console, "+ It covers more than this day, and counts on its first.");
    leave_dashboard(console);
}

static void only_failing_reports_are_shown_by_x(void **state)
{
    (void)state;
    fill();
    struct console *console = open_reports(80, 24);
    assert_types(console, "x");
    assert_hides(console, "day-1");
    assert_row(console, 1, " 241 failed of 1,346 sessions in 2 reports");
    assert_shows(console, "failing only");
    assert_types(console, "x");
    assert_shows(console, "day-1");
    assert_hides(console, "failing only");
    leave_dashboard(console);
}

/* By its details, though its summary says that none has failed. */
static void a_report_whose_details_fail_is_shown_by_x(void **state)
{
    struct report report;
    (void)state;
    keep_day("Google", "good-1", 3, 0);
    make_report(&report, "Microsoft", "odd-1", today() - 3);
    struct policy *policy = add_policy(&report, "sts", "example.com", sts_text("testing"), 100, 0);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.example.com", 0);
    keep_report(own.store, &report, "odd-1");
    own_database_close();
    struct console *console = open_reports(80, 24);
    assert_shows(console, "good-1");
    assert_types(console, "x");
    assert_shows(console, "odd-1");
    assert_hides(console, "good-1");
    leave_dashboard(console);
}

static void no_failing_report_is_said(void **state)
{
    (void)state;
    keep_day("Microsoft", "day-1", 3, 0);
    own_database_close();
    struct console *console = open_reports(80, 24);
    assert_types(console, "x");
    assert_shows(console, "Nothing failed here. x shows all rows again.");
    assert_types(console, "xt2020-01<Enter>");
    assert_shows(console, "No report came for these days; t shows others.");
    leave_dashboard(console);
}

static void of_more_reports_than_can_be_listed_the_newest_are(void **state)
{
    enum { MOST = 10000, MORE = 3 };
    char keys[256];
    (void)state;
    for (int i = 0; i < MOST + MORE; i++) {
        char id[32];
        snprintf(id, sizeof id, "many-%d", i);
        keep_day("Google", id, 20 - i / 1000, i == 1 ? 5 : 0);
    }
    own_database_close();
    struct console *console = open_reports(100, 30);
    assert_shows(console, "5 failed of 1,000,305 sessions in 10,003 reports: the newest 10,000");
    assert_shows(console, "row 1 of 10,000, the newest of 10,003");
    /* keys that come before the last rows do mean these */
    assert_types(console, "<Esc>7G");
    assert_shows(console, "row 10,000 of 10,000");
    assert_types(console, "<Esc>7/many-17<Enter>");
    assert_shows(console, "row 9,986 of 10,000");
    assert_types(console, "<Esc>7S");
    assert_shows(console, "many-999");
    assert_shows(console, "row 1 of 10,000");
    /* the one that fails is older than all of them */
    assert_types(console, "ffailed=5<Enter>");
    assert_shows(console, "no rows (of 10,000, the newest of 10,003)");
    assert_shows(console,
                 "None of the newest 10,000 matches the filter; the others were not looked "
                 "at: fewer");
    assert_shows(console, "what failed (x) may show them.");
    assert_types(console, "x");
    assert_shows(console, "5 failed of 105 sessions in 1 report");
    assert_types(console, "xf<C-u>many-9*<Enter>");
    assert_shows(console, "(of 10,000, the newest of 10,003)");
    snprintf(keys, sizeof keys, "e<C-u>%s/some.csv<Enter>", own.folder);
    assert_types(console, keys);
    assert_shows(console, "1,111 rows of the newest 10,000 written, without the rest, to ");
    leave_dashboard(console);
}

static void a_reporter_opens_its_reports(void **state)
{
    (void)state;
    fill();
    struct console *console = open_dashboard(own.path, 140, 45);
    assert_types(console, "j<Enter>");
    assert_settles(console);
    assert_types(console, "<Tab><Tab><Tab>/Microsoft<Enter>");
    assert_types(console, "<Enter>");
    assert_shows(console, "› Microsoft reports");
    assert_shows(console, "7 failed of 207 sessions in 2 reports");
    assert_hides(console, "Google");
    leave_dashboard(console);
}

static void reports_of_all_domains_name_them(void **state)
{
    (void)state;
    struct report report;
    make_report(&report, "Google", "net-1", today() - 1);
    add_policy(&report, "sts", "example.net", sts_text("testing"), 50, 0);
    keep_report(own.store, &report, "-");
    fill();
    struct console *console = open_dashboard(own.path, 100, 30);
    assert_types(console, "g7");
    assert_settles(console);
    assert_int_equal(row_of(console, "example.net"), row_of(console, "Google"));
    assert_shows(console, "in 4 reports");
    assert_types(console, "<Enter>");
    assert_shows(console, "MTA-STS testing for example.net: none failed of 50 sessions (0%)");
    leave_dashboard(console);
}

/* --- one report --- */

static void a_report_is_taken_apart(void **state)
{
    (void)state;
    char begin[DAY_TEXT], end[DAY_TEXT], time[96];
    fill();
    struct console *console = open_report(100, 60);
    assert_row(console, 1, " Google");
    assert_shows(console, "Report          week-1");
    snprintf(time, sizeof time, "Time            %sT00:00:00Z to %sT23:59:59Z",
             day_format(today() - 9, begin), day_format(today() - 3, end));
    assert_shows(console, time);
    assert_shows(console, "Covers          7 days; all of it counts on the first");
    assert_shows(console, "Contact         tls@google.example");
    assert_shows(console, "Recipient       example.com");
    assert_shows(console, "Source          /srv/mail/1.eml");
    assert_shows(console, "MTA-STS enforce for example.com: 234 failed of 1,234 sessions (19%)");
    assert_shows(console, "MX patterns     mx.example.com *.example.net");
    assert_shows(console, "Policy          version: STSv1");
    assert_shows(console, "                mode: enforce");
    assert_shows(console, "200 failed: certificate-expired");
    assert_shows(console, "Sending MTA     192.0.2.1");
    assert_shows(console, "MX host         mx.example.com");
    assert_shows(console, "Receiving IP    203.0.113.25");
    assert_shows(console, "HELO            helo.example.com");
    assert_shows(console, "Reason code     X509");
    assert_shows(console, "Additional      see https://example.com/help");
    assert_shows(console, "Meaning         ");
    assert_shows(console, "What to do      Renew the certificate");
    assert_shows(console, "These details add up to 204 failed sessions, not to the 234 that the");
    assert_shows(console, "no policy for example.com: none failed of 5 sessions");
    leave_dashboard(console);
}

static void a_result_type_is_explained_once(void **state)
{
    (void)state;
    fill();
    struct console *console = open_report(100, 60);
    int first = row_of(console, "Meaning");
    assert_true(first < row_of(console, "4 failed: certificate-expired"));
    for (int row = first + 1; row < 58; row++)
        assert_null(strstr(console_row(console, row), "Meaning"));
    leave_dashboard(console);
}

static void a_result_type_that_nobody_knows_is_said_to_be_one(void **state)
{
    (void)state;
    struct report report;
    make_report(&report, "Google", "1", today() - 1);
    struct policy *policy = add_policy(&report, "quantum", "example.com", "", 1, 2);
    add_failure(&report, policy, "entanglement-lost", "", "", 2);
    keep_report(own.store, &report, "-");
    own_database_close();
    struct console *console = open_report(80, 24);
    assert_shows(console, "quantum for example.com: 2 failed of 3 sessions (67%)");
    assert_shows(console, "2 failed: entanglement-lost");
    assert_shows(console, "RFC 8460 does not name this result type.");
    leave_dashboard(console);
}

static void a_report_without_end_is_cut(void **state)
{
    enum { FAILURES = 12000 };
    (void)state;
    struct report report;
    make_report(&report, "Google", "1", today() - 1);
    struct policy *policy =
        add_policy(&report, "sts", "example.com", sts_text("testing"), 1, FAILURES);
    for (int i = 0; i < FAILURES; i++)
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.example.com", 1);
    keep_report(own.store, &report, "-");
    own_database_close();
    struct console *console = open_report(80, 24);
    assert_types(console, "G");
    assert_shows(console, "The report goes on, but is too long to be shown whole.");
    leave_dashboard(console);
}

/* --- originals --- */

static void the_original_is_indented_and_v_goes_there_and_back(void **state)
{
    (void)state;
    fill();
    struct console *console = open_report(80, 24);
    assert_types(console, "v");
    assert_shows(console, "› Report › Original");
    assert_row(console, 1, " {");
    assert_row(console, 2, "   \"organization-name\": \"Google\",");
    assert_shows(console, "         \"policy-type\": \"sts\"");
    assert_types(console, "jjv");
    assert_hides(console, "Original");
    assert_shows(console, "Report          week-1");
    leave_dashboard(console);
}

static struct console *open_original(const char *document, size_t size)
{
    struct report report;
    make_report(&report, "Google", "1", today() - 1);
    add_policy(&report, "sts", "example.com", sts_text("testing"), 1, 0);
    keep_document(&report, document, size);
    own_database_close();
    struct console *console = open_report(80, 24);
    assert_types(console, "v");
    assert_shows(console, "Original");
    assert_settles(console);
    return console;
}

static void an_original_that_is_no_json_is_shown_as_it_came(void **state)
{
    (void)state;
    static const char text[] = "{\"report-id\": 1,\nnot json \x1b[31m \xff\0 end";
    struct console *console = open_original(text, sizeof text - 1);
    assert_row(console, 1, " As it came, since it cannot be read as JSON:");
    assert_row(console, 2, " {\"report-id\": 1,");
    assert_row(console, 3, " not json \\x1b[31m \\xff? end");
    leave_dashboard(console);
}

static void a_byte_order_mark_does_not_matter(void **state)
{
    (void)state;
    static const char text[] = "\xef\xbb\xbf{\"report-id\":1}\r\n";
    struct console *console = open_original(text, sizeof text - 1);
    assert_row(console, 2, "   \"report-id\": 1");
    leave_dashboard(console);
}

static void a_long_line_keeps_its_indent_when_it_is_broken(void **state)
{
    (void)state;
    char text[512] = "{\"policies\":[{\"additional-information\":\"";
    for (int i = 0; i < 40; i++)
        strcat(text, "word ");
    strcat(text, "\"}]}");
    struct console *console = open_original(text, strlen(text));
    int row = row_of(console, "additional-information");
    assert_int_equal(strncmp(console_row(console, row + 1), "         word", 13), 0);
    char file[160], answer[192];
    size_t size;
    snprintf(file, sizeof file, "%s/original.json", own.folder);
    assert_types(console, "e");
    assert_shows(console, "write to: original.txt");
    snprintf(answer, sizeof answer, "<C-u>%s<Enter>", file);
    assert_types(console, answer); /* there it is whole */
    assert_shows(console, "rows written to");
    char *written = read_whole_file(file, &size);
    json_object *root = json_tokener_parse(written);
    assert_non_null(root);
    json_object_put(root);
    free(written);
    leave_dashboard(console);
}

static void a_huge_original_is_cut_and_not_parsed(void **state)
{
    enum { SIZE = 9 * 1024 * 1024 };
    (void)state;
    char *text = malloc(SIZE);
    memset(text, '[', SIZE);
    struct console *console = open_original(text, SIZE);
    free(text);
    assert_row(console, 1, " As it came, since it is long:");
    assert_types(console, "G");
    assert_shows(console, "The report goes on, but is too long to be shown whole.");
    leave_dashboard(console);
}

static void nesting_is_bounded(void **state)
{
    enum { SIZE = 100 * 1000 };
    (void)state;
    char *text = malloc(SIZE);
    memset(text, '[', SIZE);
    struct console *console = open_original(text, SIZE);
    free(text);
    assert_row(console, 1, " As it came, since it cannot be read as JSON:");
    leave_dashboard(console);
}

static void a_pruned_report_says_so(void **state)
{
    (void)state;
    fill();
    assert_int_equal(db_open(&own.db, own.path, DB_WRITE), DB_OK);
    own.store = open_store(own.db);
    bool more = true;
    while (more)
        assert_int_equal(store_prune(own.store, today(), &more), DB_OK);
    own_database_close();
    struct console *console = open_report(80, 24);
    assert_shows(console, "Its failures and its original are gone");
    assert_shows(console, "MTA-STS enforce for example.com: 234 failed of 1,234 sessions");
    assert_types(console, "v");
    assert_shows(console, "The original is gone, as keep-details-days says");
    leave_dashboard(console);
}

/* --- strangers --- */

static void fill_hostile(void)
{
    struct report report;
    const char *text = hostile_text();
    make_report(&report, text, text, today() - 1);
    report.contact = text;
    struct policy *policy = add_policy(&report, text, "example.com", text, 1, 7);
    policy->mx = text;
    struct failure *failure = add_failure(&report, policy, text, text, text, 7);
    failure->receiving_mx_helo = failure->receiving_ip = text;
    failure->reason_code = failure->additional_info = text;
    keep_document(&report, text, strlen(text));
    own_database_close();
}

static void hostile_text_is_harmless_on_every_line(void **state)
{
    static const int sizes[][2] = {{60, 15}, {80, 24}, {200, 60}};
    (void)state;
    fill_hostile();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct console *console = open_reports(sizes[i][0], sizes[i][1]);
        assert_shows(console, HOSTILE_SHOWN);
        assert_types(console, "<Enter>");
        assert_shows(console, "› Report");
        for (int page = 0; page < 12; page++)
            assert_types(console, "<PgDn>");
        assert_types(console, "G");
        assert_shows(console, "RFC 8460 does not name this result type.");
        assert_types(console, "v");
        assert_shows(console, HOSTILE_SHOWN);
        assert_types(console, "G");
        leave_dashboard(console);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, own_database_set_up, own_database_tear_down)
        TEST(numbers_in_sentences_have_commas),
        TEST(reports_are_listed_newest_first),
        TEST(only_failing_reports_are_shown_by_x),
        TEST(a_report_whose_details_fail_is_shown_by_x),
        TEST(no_failing_report_is_said),
        TEST(of_more_reports_than_can_be_listed_the_newest_are),
        TEST(a_reporter_opens_its_reports),
        TEST(reports_of_all_domains_name_them),
        TEST(a_report_is_taken_apart),
        TEST(a_result_type_is_explained_once),
        TEST(a_result_type_that_nobody_knows_is_said_to_be_one),
        TEST(a_report_without_end_is_cut),
        TEST(the_original_is_indented_and_v_goes_there_and_back),
        TEST(an_original_that_is_no_json_is_shown_as_it_came),
        TEST(a_byte_order_mark_does_not_matter),
        TEST(a_long_line_keeps_its_indent_when_it_is_broken),
        TEST(a_huge_original_is_cut_and_not_parsed),
        TEST(nesting_is_bounded),
        TEST(a_pruned_report_says_so),
        TEST(hostile_text_is_harmless_on_every_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
