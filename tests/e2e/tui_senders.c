/* The tree of failing senders, and the failures of one of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"
#include "../run_program.h"

/* One report in which one address failed. */
static void report_one(const char *organization, const char *domain, const char *result_type,
                       const char *ip, const char *mx, int64_t failed, int days_ago)
{
    static int id;
    char report_id[32];
    struct report report;
    snprintf(report_id, sizeof report_id, "report-%d", ++id);
    make_report(&report, organization, report_id, today() - days_ago);
    struct policy *policy = add_policy(&report, "sts", domain, sts_text("testing"), 100, failed);
    struct failure *failure = add_failure(&report, policy, result_type, ip, mx, failed);
    failure->receiving_ip = "203.0.113.25";
    failure->reason_code = "X509_V_ERR_CERT_HAS_EXPIRED";
    assert_int_equal(keep_report(own.store, &report, report_id), OUTCOME_IMPORTED);
}

static void fill(void)
{
    report_one("Google", "example.com", "certificate-expired", "192.0.2.1", "mx1.example.com", 10,
               3);
    report_one("Google", "example.com", "starttls-not-supported", "192.0.2.1", "mx2.example.com", 2,
               1);
    report_one("Google", "example.com", "certificate-expired", "192.0.2.2", "mx1.example.com", 5,
               2);
    report_one("Google", "example.com", "certificate-expired", "2001:db8::1", "mx1.example.com", 4,
               2);
    report_one("Google", "example.com", "certificate-expired", "2001:db8::2", "mx1.example.com", 3,
               2);
    report_one("Google", "example.com", "certificate-expired", "198.51.100.7", "mx1.example.com", 1,
               2);
    report_one("Microsoft", "example.com", "sts-policy-fetch-error", "", "", 6, 2);
    report_one("Microsoft", "example.net", "certificate-expired", "203.0.113.9", "mx.example.net",
               7, 2);
    own_database_close();
}

/* The senders of example.com. */
static struct console *open_senders(int columns, int rows)
{
    struct console *console = open_dashboard(own.path, columns, rows);
    assert_types(console, "/example.com<Enter>3");
    assert_shows(console, "› Senders");
    assert_settles(console);
    return console;
}

/* The rows of the list from the third line on. */
static void assert_list(struct console *console, const char *const *rows)
{
    enum { FIRST = 3 };
    assert_settles(console);
    for (int i = 0; rows[i] != NULL; i++) {
        const char *row = console_row(console, FIRST + i);
        if (strncmp(row, rows[i], strlen(rows[i])) != 0)
            fail_msg("row %d is \"%s\", not \"%s...\"\n%s", i, row, rows[i],
                     console_screen(console));
    }
}

static void organizations_stand_above_their_addresses(void **state)
{
    (void)state;
    fill();
    struct console *console = open_senders(100, 30);
    assert_row(console, 1, " 31 failed from 6 senders of 2 organizations");
    assert_list(console,
                (const char *const[]){" ▾ Google (5) ", "   192.0.2.1  ", "   192.0.2.2  ",
                                      "   2001:db8::1 ", "   2001:db8::2 ", "   198.51.100.7 ",
                                      " ▾ Microsoft (1) ", "   (not reported) ", NULL});
    assert_types(console, "S");
    assert_list(console,
                (const char *const[]){" ▾ Microsoft (1) ", "   (not reported) ", " ▾ Google (5) ",
                                      "   198.51.100.7 ", "   2001:db8::2 ", "   2001:db8::1 ",
                                      "   192.0.2.2  ", "   192.0.2.1  ", NULL});
    leave_dashboard(console);
}

static void what_a_sender_met_and_when_stands_below_the_list(void **state)
{
    (void)state;
    char line[160], first[DAY_TEXT], last[DAY_TEXT];
    fill();
    struct console *console = open_senders(100, 30);
    assert_types(console, "j");
    assert_shows(console, " Google 192.0.2.1");
    snprintf(line, sizeof line, "12 failed, %s to %s: certificate-expired, starttls-not-supported",
             day_format(today() - 3, first), day_format(today() - 1, last));
    assert_shows(console, line);
    assert_shows(console, "on the way to mx1.example.com, mx2.example.com");
    leave_dashboard(console);
}

static void branches_shut_and_open(void **state)
{
    (void)state;
    fill();
    struct console *console = open_senders(80, 24);
    assert_types(console, "<Enter>");
    assert_list(console, (const char *const[]){" ▸ Google (5) ", " ▾ Microsoft (1) ", NULL});
    assert_shows(console, "row 1 of 3 (8 in all)");
    assert_types(console, "l");
    assert_list(console, (const char *const[]){" ▾ Google (5) ", "   192.0.2.1 ", NULL});
    assert_types(console, "jjh");
    assert_shows(console, "row 1 of 8");
    assert_types(console, "h");
    assert_list(console, (const char *const[]){" ▸ Google (5) ", " ▾ Microsoft (1) ", NULL});
    assert_types(console, "h");
    assert_hides(console, "› Senders");
    leave_dashboard(console);
}

static void shut_branches_stay_shut_when_new_reports_come(void **state)
{
    (void)state;
    fill();
    struct console *console = open_senders(80, 24);
    assert_types(console, "h");
    assert_shows(console, "row 1 of 3 (8 in all)");
    assert_int_equal(db_open(&own.db, own.path, DB_WRITE), DB_OK);
    own.store = open_store(own.db);
    report_one("Google", "example.com", "certificate-expired", "192.0.2.99", "mx1.example.com", 50,
               0);
    own_database_close();
    assert_shows(console, "▸ Google (6)");
    assert_shows(console, "row 1 of 3 (9 in all)");
    leave_dashboard(console);
}

static void networks_stand_between_where_they_have_several_addresses(void **state)
{
    (void)state;
    fill();
    struct console *console = open_senders(80, 24);
    assert_types(console, "w");
    assert_list(console, (const char *const[]){
                             " ▾ Google (5) ", "   ▾ 192.0.2.0/24 (2) ", "     192.0.2.1 ",
                             "     192.0.2.2 ", "   ▾ 2001:db8::/64 (2) ", "     2001:db8::1 ",
                             "     2001:db8::2 ", "   198.51.100.7 ", " ▾ Microsoft (1) ", NULL});
    assert_types(console, "w");
    assert_hides(console, "/24");
    leave_dashboard(console);
}

/* An address that is none has no network, one that is mapped has that of IPv4. */
static void odd_addresses_are_grouped_only_if_they_are_some(void **state)
{
    (void)state;
    report_one("A", "example.com", "certificate-expired", "192.0.2.300", "mx", 9, 1);
    report_one("A", "example.com", "certificate-expired", "192.0.2.301", "mx", 8, 1);
    report_one("A", "example.com", "certificate-expired", "::ffff:192.0.2.1", "mx", 7, 1);
    report_one("A", "example.com", "certificate-expired", "192.0.2.2", "mx", 6, 1);
    own_database_close();
    struct console *console = open_senders(80, 24);
    assert_types(console, "w");
    assert_list(console, (const char *const[]){" ▾ A (4) ", "   ▾ 192.0.2.0/24 (2) ",
                                               "     ::ffff:192.0.2.1 ", "     192.0.2.2 ",
                                               "   192.0.2.300 ", "   192.0.2.301 ", NULL});
    leave_dashboard(console);
}

static void fill_many(void)
{
    for (int i = 0; i < 40; i++) {
        char ip[32];
        snprintf(ip, sizeof ip, "192.0.2.%d", i + 1);
        report_one(i % 2 == 0 ? "Even" : "Odd", "example.com", "certificate-expired", ip, "mx",
                   50 - i, 1);
    }
    own_database_close();
}

static void many_senders_are_shut_at_first_and_a_search_opens_them(void **state)
{
    (void)state;
    fill_many();
    struct console *console = open_senders(80, 24);
    assert_list(console, (const char *const[]){" ▸ Even (20) ", " ▸ Odd (20) ", NULL});
    assert_types(console, "/192.0.2.40<Enter>");
    assert_shows(console, " Odd 192.0.2.40");
    assert_shows(console, "row 22 of 22 (42 in all)");
    leave_dashboard(console);
}

/* One report in which SENDERS addresses failed, FAILED sessions each. */
static void report_many(const char *organization, int senders, int64_t failed)
{
    struct report report;
    make_report(&report, organization, organization, today() - 1);
    struct policy *policy =
        add_policy(&report, "sts", "example.com", sts_text("testing"), 100, failed * senders);
    for (int i = 0; i < senders; i++) {
        char ip[32];
        snprintf(ip, sizeof ip, "10.0.%d.%d", i / 256, i % 256);
        add_failure(&report, policy, "certificate-expired", ip, "mx.example.com", failed);
    }
    assert_int_equal(keep_report(own.store, &report, organization), OUTCOME_IMPORTED);
}

/* The organization that fails most has more senders than are listed. */
static void of_too_many_senders_the_worst_are_kept_and_all_are_counted(void **state)
{
    (void)state;
    report_many("Early", 10020, 2);
    report_many("Late", 30, 100);
    own_database_close();
    struct console *console = open_senders(80, 24);
    assert_row(console, 1,
               " 23,040 failed from 10,050 senders of 2 organizations: the worst 10,000");
    assert_list(console, (const char *const[]){" ▸ Early (10,020) ", " ▸ Late (30) ", NULL});
    assert_non_null(strstr(console_row(console, 3), " 20,040 "));
    assert_non_null(strstr(console_row(console, 4), " 3,000 "));
    assert_shows(console, "(of 10,002, the worst of 10,050)");
    assert_types(console, "forg:late<Enter>");
    assert_shows(console, "row 1 of 31");
    assert_types(console, "2");
    assert_shows(console, "Failing senders (10,000 of 10,050)");
    assert_types(console, "4<Enter>");
    assert_shows(console, "row 1 of the newest 10,000");
    assert_types(console, "f10.0.0.1|10.0.0.2<Enter>");
    assert_shows(console, " (of the newest 10,000)");
    assert_types(console, "f<C-u>nobody<Enter>");
    assert_shows(console,
                 "None of the newest 10,000 matches the filter; the others were not looked");
    assert_hides(console, "(x)");
    leave_dashboard(console);
}

static void a_filter_shows_what_it_lets_through_and_what_is_above(void **state)
{
    (void)state;
    fill_many();
    struct console *console = open_senders(80, 24);
    assert_types(console, "f192.0.2.40<Enter>");
    assert_list(console, (const char *const[]){" ▾ Odd (20) ", "   192.0.2.40 ", NULL});
    assert_hides(console, "Even");
    assert_types(console, "f<C-u>org:even failed>=50<Enter>");
    assert_list(console, (const char *const[]){" ▾ Even (20) ", "   192.0.2.1 ", NULL});
    assert_shows(console, "row 1 of 2 (42 in all)");
    leave_dashboard(console);
}

static void a_file_gets_addresses_and_no_sums(void **state)
{
    (void)state;
    char keys[256], file[128];
    size_t size;
    fill();
    struct console *console = open_senders(80, 24);
    snprintf(file, sizeof file, "%s/senders.csv", own.folder);
    snprintf(keys, sizeof keys, "he<C-u>%s<Enter>", file);
    assert_types(console, keys);
    assert_shows(console, "6 rows written");
    char *text = read_whole_file(file, &size);
    assert_non_null(strstr(text, "\nGoogle,192.0.2.1,12,0.387097,,\"certificate-expired, "
                                 "starttls-not-supported\",\"mx1.example.com, mx2.example.com\","));
    assert_non_null(strstr(text, "\nMicrosoft,,6,0.193548,,sts-policy-fetch-error,,"));
    assert_null(strstr(text, "Google,Google"));
    free(text);
    leave_dashboard(console);
}

static void all_domains_are_added_up(void **state)
{
    (void)state;
    fill();
    struct console *console = open_dashboard(own.path, 100, 30);
    assert_types(console, "g3");
    assert_row(console, 1, " 38 failed from 7 senders of 2 organizations");
    assert_list(console, (const char *const[]){" ▾ Google (5) ", NULL});
    assert_types(console, "G<Enter>");
    assert_shows(console, "sts-policy-fetch-error");
    assert_types(console, "<Esc>k<Enter>");
    assert_shows(console, "example.net");
    assert_shows(console, "7 failed in 1 entry of a report");
    leave_dashboard(console);
}

static void an_address_opens_its_failures_and_a_failure_its_report(void **state)
{
    (void)state;
    fill();
    struct console *console = open_senders(100, 30);
    assert_types(console, "j<Enter>");
    assert_shows(console, "› Senders › Google 192.0.2.1");
    assert_row(console, 1, " 12 failed in 2 entries of reports");
    assert_hides(console, "Organization");
    assert_shows(console, "from 192.0.2.1 to MX mx2.example.com, IP 203.0.113.25, HELO not "
                          "reported");
    assert_types(console, "j");
    assert_shows(console, "from 192.0.2.1 to MX mx1.example.com");
    assert_shows(console, "X509_V_ERR_CERT_HAS_EXPIRED");
    assert_shows(console, "Renew the certificate");
    assert_types(console, "<Enter>");
    assert_shows(console, "› Google 192.0.2.1 › Report");
    assert_shows(console, "10 failed: certificate-expired");
    assert_types(console, "<Esc>");
    assert_shows(console, "row 2 of 2");
    leave_dashboard(console);
}

static void what_is_empty_below_a_report_has_no_colour(void **state)
{
    (void)state;
    fill();
    struct console *console = open_senders(100, 50);
    assert_types(console, "j<Enter>");
    assert_shows(console, "row 1 of 2");
    assert_types(console, "<Enter>");
    assert_shows(console, "› Report");
    assert_settles(console);
    assert_row(console, 45, "");
    assert_int_equal(console_cell(console, 45, 50).background, CONSOLE_DEFAULT);
    leave_dashboard(console);
}

/* A report of which FAILED sessions failed, and no detail names a sender. */
static struct console *open_without_senders(int64_t failed)
{
    struct report report;
    make_report(&report, "Google", "1", today() - 1);
    add_policy(&report, "sts", "example.com", sts_text("testing"), 100, failed);
    keep_report(own.store, &report, "-");
    own_database_close();
    return open_senders(80, 24);
}

static void failures_without_a_sender_are_not_none(void **state)
{
    (void)state;
    struct console *console = open_without_senders(12);
    assert_row(console, 1,
               " 12 failed, and no report names the senders: 7 shows who reported them");
    leave_dashboard(console);
}

static void no_failure_is_said(void **state)
{
    (void)state;
    struct console *console = open_without_senders(0);
    assert_row(console, 1, " None failed");
    assert_shows(console, "No report of these days names a sender that failed.");
    assert_types(console, "<Enter>w");
    assert_shows(console, "No report of these days names a sender that failed.");
    leave_dashboard(console);
}

/* Everything that a report says of a failure, and all of it hostile. */
static void fill_hostile(void)
{
    struct report report;
    const char *text = hostile_text();
    make_report(&report, text, text, today() - 1);
    struct policy *policy = add_policy(&report, "sts", "example.com", sts_text("testing"), 1, 7);
    struct failure *failure = add_failure(&report, policy, text, text, text, 7);
    failure->receiving_mx_helo = failure->receiving_ip = text;
    failure->reason_code = failure->additional_info = text;
    keep_report(own.store, &report, "-");
    report_one("Google", "example.com", "certificate-expired", "192.0.2.1", "mx1.example.com", 3,
               3);
    own_database_close();
}

static void hostile_text_is_harmless_and_keeps_columns_straight(void **state)
{
    static const int sizes[][2] = {{60, 15}, {80, 24}, {200, 60}};
    (void)state;
    fill_hostile();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct console *console = open_senders(sizes[i][0], sizes[i][1]);
        assert_shows(console, HOSTILE_SHOWN);
        assert_int_equal(column_of(console, " 7 "), column_of(console, " 3 "));
        assert_types(console, "w");
        assert_settles(console);
        assert_types(console, "<Enter><Enter>j<Enter>");
        assert_shows(console, "7 failed in 1 entry of a report");
        assert_shows(console, HOSTILE_SHOWN);
        leave_dashboard(console);
    }
}

static void details_that_name_more_than_summaries_count_are_told(void **state)
{
    (void)state;
    struct report report;
    make_report(&report, "Mail.ru", "odd", today() - 1);
    struct policy *policy = add_policy(&report, "sts", "example.com", sts_text("testing"), 100, 3);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx1.example.com", 57);
    assert_int_equal(keep_report(own.store, &report, "odd"), OUTCOME_IMPORTED);
    own_database_close();
    struct console *console = open_senders(80, 24);
    assert_shows(console, "57 failed from 1 sender of 1 organization; the summaries count 3");
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, own_database_set_up, own_database_tear_down)
        TEST(organizations_stand_above_their_addresses),
        TEST(details_that_name_more_than_summaries_count_are_told),
        TEST(what_a_sender_met_and_when_stands_below_the_list),
        TEST(branches_shut_and_open),
        TEST(shut_branches_stay_shut_when_new_reports_come),
        TEST(networks_stand_between_where_they_have_several_addresses),
        TEST(odd_addresses_are_grouped_only_if_they_are_some),
        TEST(many_senders_are_shut_at_first_and_a_search_opens_them),
        TEST(of_too_many_senders_the_worst_are_kept_and_all_are_counted),
        TEST(a_filter_shows_what_it_lets_through_and_what_is_above),
        TEST(a_file_gets_addresses_and_no_sums),
        TEST(all_domains_are_added_up),
        TEST(an_address_opens_its_failures_and_a_failure_its_report),
        TEST(what_is_empty_below_a_report_has_no_colour),
        TEST(failures_without_a_sender_are_not_none),
        TEST(no_failure_is_said),
        TEST(hostile_text_is_harmless_and_keeps_columns_straight),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
