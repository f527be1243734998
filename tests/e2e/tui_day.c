/* What is behind a step of the time axis, and what Enter opens on the screen of a
 * domain. */
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

static void keep(const char *organization, const char *mode, int days_ago, int64_t successful,
                 int64_t failed)
{
    char id[64];
    struct report report;
    snprintf(id, sizeof id, "%.20s-%d", organization, days_ago);
    make_report(&report, organization, id, today() - days_ago);
    struct policy *policy =
        add_policy(&report, "sts", "example.com", sts_text(mode), successful, failed);
    if (failed > 0)
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.example.com", failed);
    assert_int_equal(keep_report(own.store, &report, id), OUTCOME_IMPORTED);
}

/* From testing to enforce two days ago; one reporter lags, and today fails. */
static void fill(void)
{
    keep("Google", "testing", 3, 300, 0);
    keep("Google", "enforce", 2, 200, 0);
    keep("Google", "enforce", 0, 90, 10);
    keep("Microsoft", "testing", 0, 40, 0);
    own_database_close();
}

/* The domain, with the cursor on its time axis. */
static struct console *open_domain(int columns, int rows)
{
    struct console *console = open_dashboard(own.path, columns, rows);
    assert_types(console, "j<Enter>");
    assert_shows(console, "Domains › example.com");
    assert_settles(console);
    return console;
}

/* "Tue 2026-11-24". */
static const char *day_name(int days_ago)
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    static char text[32];
    char day[DAY_TEXT];
    snprintf(text, sizeof text, "%s %s", names[day_of_week(today() - days_ago)],
             day_format(today() - days_ago, day));
    return text;
}

static void enter_on_the_axis_opens_its_day(void **state)
{
    (void)state;
    char line[160];
    fill();
    struct console *console = open_domain(100, 30);
    assert_types(console, "<Enter>");
    snprintf(line, sizeof line, " Domains › example.com › %s", day_name(0));
    assert_row(console, 0, line);
    snprintf(line, sizeof line,
             " %s  MTA-STS enforce  10 failed of 140 sessions; 1 saw another policy", day_name(0));
    assert_row(console, 1, line);
    assert_shows(console, "Policies reported (2)");
    assert_int_equal(row_of(console, "MTA-STS testing"), row_of(console, "Microsoft"));
    assert_shows(console, "Result types (1)");
    assert_shows(console, "Failing senders (1)");
    leave_dashboard(console);
}

static void a_day_without_reports_says_so(void **state)
{
    (void)state;
    fill();
    struct console *console = open_domain(100, 30);
    assert_types(console, "<Left><Enter>");
    assert_shows(console, "MTA-STS enforce (as last stated)  No report; try [ and ].");
    leave_dashboard(console);
}

static void days_are_stepped_through(void **state)
{
    (void)state;
    fill();
    struct console *console = open_domain(80, 24);
    assert_types(console, "<Enter>[[");
    assert_shows(console, day_name(2));
    assert_shows(console, "None failed of 200 sessions");
    assert_types(console, "[");
    assert_shows(console, "None failed of 300 sessions");
    assert_shows(console, "MTA-STS testing");
    assert_types(console, "]]]");
    assert_shows(console, "10 failed of 140 sessions");
    /* there is no tomorrow */
    assert_types(console, "]");
    assert_shows(console, day_name(0));
    leave_dashboard(console);
}

static void rows_of_a_day_open_what_they_are_about_on_that_day(void **state)
{
    (void)state;
    char day[DAY_TEXT];
    fill();
    day_format(today(), day);
    struct console *console = open_domain(140, 45);
    assert_types(console, "<Enter>");
    assert_shows(console, "Policies reported (2)");
    assert_types(console, "<Enter>");
    assert_shows(console, "› Google reports");
    assert_shows(console, "10 failed of 100 sessions in 1 report");
    assert_true(column_of(console, day) > 0);
    assert_types(console, "<Esc><Tab><Enter>");
    assert_shows(console, "› certificate-expired");
    assert_shows(console, "10 failed in 1 entry of a report");
    assert_types(console, "<Esc><Tab><Enter>");
    assert_shows(console, "› Google 192.0.2.1");
    assert_shows(console, "10 failed in 1 entry of a report");
    assert_types(console, "<Esc><Tab><Enter>");
    assert_shows(console, "› Report");
    assert_types(console, "<Esc><Esc>");
    assert_hides(console, "Policies reported");
    leave_dashboard(console);
}

/* The keys for days are for screens that follow the range of all. */
static void what_belongs_to_a_day_names_it_and_stays_with_it(void **state)
{
    (void)state;
    char end[160], day[DAY_TEXT];
    fill();
    struct console *console = open_domain(80, 24);
    assert_types(console, "<Enter>");
    assert_shows(console, "Policies reported (2)");
    assert_types(console, "<Tab><Enter>");
    assert_shows(console, "› certificate-expired");
    snprintf(end, sizeof end, "%s", console_row(console, 0));
    assert_string_equal(end + strlen(end) - strlen("2026-11-24"), day_format(today(), day));
    assert_types(console, "[");
    assert_shows(console, "[ does nothing here");
    leave_dashboard(console);
}

static void weeks_are_opened_as_weeks(void **state)
{
    (void)state;
    fill();
    struct console *console = open_domain(80, 24);
    assert_types(console, "t3y<Enter>");
    assert_types(console, "<Enter>");
    assert_shows(console, "10 failed of 640 sessions");
    assert_shows(console, " to ");
    leave_dashboard(console);
}

static void rows_of_a_domain_open_what_they_are_about(void **state)
{
    (void)state;
    fill();
    struct console *console = open_domain(140, 45);
    assert_types(console, "<Tab><Enter>");
    assert_shows(console, "Domains › example.com › certificate-expired");
    assert_types(console, "<Esc><Tab><Enter>");
    assert_shows(console, "Domains › example.com › Google 192.0.2.1");
    assert_types(console, "<Esc><Tab><Enter>");
    assert_shows(console, "Domains › example.com › Google reports");
    leave_dashboard(console);
}

static void all_domains_have_days_too(void **state)
{
    (void)state;
    fill();
    struct console *console = open_dashboard(own.path, 140, 45);
    assert_types(console, "g<Enter>");
    assert_settles(console);
    assert_types(console, "<Enter>");
    assert_shows(console, "10 failed of 140 sessions");
    assert_shows(console, "Reports (2)");
    assert_shows(console, "example.com");
    leave_dashboard(console);
}

static void hostile_names_are_harmless(void **state)
{
    static const int sizes[][2] = {{60, 15}, {80, 24}, {200, 60}};
    (void)state;
    struct report report;
    const char *text = hostile_text();
    make_report(&report, text, text, today());
    struct policy *policy = add_policy(&report, text, "example.com", "", 1, 7);
    add_failure(&report, policy, text, text, text, 7);
    keep_report(own.store, &report, "-");
    own_database_close();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct console *console = open_domain(sizes[i][0], sizes[i][1]);
        assert_types(console, "<Enter>");
        assert_shows(console, "7 failed of 8 sessions");
        assert_shows(console, HOSTILE_SHOWN);
        for (int pane = 0; pane < 4; pane++) {
            assert_types(console, "<Enter>");
            assert_hides(console, "Policies reported");
            assert_types(console, "<Esc><Tab>");
            assert_shows(console, "Policies reported");
        }
        leave_dashboard(console);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, own_database_set_up, own_database_tear_down)
        TEST(enter_on_the_axis_opens_its_day),
        TEST(a_day_without_reports_says_so),
        TEST(days_are_stepped_through),
        TEST(rows_of_a_day_open_what_they_are_about_on_that_day),
        TEST(what_belongs_to_a_day_names_it_and_stays_with_it),
        TEST(weeks_are_opened_as_weeks),
        TEST(rows_of_a_domain_open_what_they_are_about),
        TEST(all_domains_have_days_too),
        TEST(hostile_names_are_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
