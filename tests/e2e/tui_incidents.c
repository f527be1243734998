/* What broke yesterday is told on the first screen, and in a list of its own. */
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

static void keep(int days_ago, const char *domain, const char *mode, int sessions, int failed)
{
    struct report report;
    char id[64];
    snprintf(id, sizeof id, "%d-%s", days_ago, domain);
    make_report(&report, "Google", id, today() - days_ago);
    struct policy *policy =
        add_policy(&report, "sts", domain, sts_text(mode), sessions - failed, failed);
    if (failed > 0)
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx", failed);
    assert_int_equal(keep_report(own.store, &report, id), OUTCOME_IMPORTED);
}

/* Always a little, at the largest one; many of few, at two others. */
static void fill(int days_of_failures)
{
    for (int day = 28; day >= 0; day--) {
        keep(day, "large.example", "testing", 10000, 100);
        keep(day, "broken.example", "enforce", 50, day < days_of_failures ? 45 : 0);
        keep(day, "tested.example", "testing", 100, day < days_of_failures ? 90 : 0);
    }
    own_database_close();
}

static void what_broke_is_told_at_once(void **state)
{
    char since[64], first[DAY_TEXT];
    (void)state;
    fill(2);
    struct console *console = open_dashboard(own.path, 140, 24);
    snprintf(since, sizeof since, ": broken.example 90%% since %s, tested.example 90%%",
             day_format(today() - 1, first));
    assert_shows(console, "2 incidents go on (I), 1 refusing mail");
    assert_shows(console, since);
    assert_types(console, "I");
    assert_shows(console, "2 incidents: 2 go on, 1 refuses mail");
    assert_shows(console, "broken.example: 90 of 100 sessions failed from");
    assert_shows(console, "90 were refused: that mail waits at its senders");
    assert_shows(console, "Renew the certificate");
    assert_types(console, "j");
    assert_shows(console, "tested.example: 180 of 200 sessions failed from");
    assert_shows(console, "Nothing was refused");
    assert_types(console, "k");
    assert_types(console, "<Enter>");
    assert_shows(console, "› Incidents › broken.example › ");
    assert_shows(console, "90 failed of 100 sessions");
    assert_types(console, "<Esc>4");
    assert_shows(console, "› broken.example › Failures");
    leave_dashboard(console);
}

/* Those of the export, which scripts are written with, and those of the screen. */
static void states_have_two_names_and_files_get_those_of_the_export(void **state)
{
    (void)state;
    static const char *const ongoing[] = {"state:ongoing",     "state=ongoing",
                                          "state:\"goes on\"", "state:over|ongoing",
                                          "failure_rate>80%",  "rate>80%"};
    char keys[256], file[160];
    size_t size;
    fill(2);
    struct console *console = open_dashboard(own.path, 140, 24);
    assert_types(console, "I");
    for (size_t i = 0; i < sizeof ongoing / sizeof *ongoing; i++) {
        snprintf(keys, sizeof keys, "f<C-u>%s<Enter>", ongoing[i]);
        assert_types(console, keys);
        assert_shows(console, "row 1 of 2  filter");
        assert_types(console, "f<C-u>state:silent|over|easing<Enter>");
        assert_shows(console, "no rows (2 in all)");
    }
    snprintf(file, sizeof file, "%s/incidents.csv", own.folder);
    snprintf(keys, sizeof keys, "f<C-u><Enter>e<C-u>%s<Enter>", file);
    assert_types(console, keys);
    assert_shows(console, "2 rows written");
    char *text = read_whole_file(file, &size);
    assert_non_null(strstr(text, ",failure_rate,usual_rate,"));
    assert_non_null(strstr(text, "broken.example,sts-enforce,ongoing,"));
    free(text);
    leave_dashboard(console);
}

static void where_nothing_broke_nothing_is_told(void **state)
{
    (void)state;
    fill(0);
    struct console *console = open_dashboard(own.path, 100, 24);
    assert_shows(console, "large.example");
    assert_hides(console, "incident");
    assert_types(console, "I");
    assert_shows(console, "At no domain did far more sessions fail");
    leave_dashboard(console);
}

static void that_nobody_tells_any_more_is_told(void **state)
{
    (void)state;
    char line[128], last[DAY_TEXT];
    for (int day = 28; day >= 5; day--)
        keep(day, "a.example", "enforce", 100, day < 7 ? 90 : 0);
    own_database_close();
    struct console *console = open_dashboard(own.path, 80, 24);
    snprintf(line, sizeof line, "No report for 5 days, since %s: see the imports (9).",
             day_format(today() - 5, last));
    assert_shows(console, line);
    assert_types(console, "I");
    assert_shows(console, "1 incident: none goes on, 1 without news");
    leave_dashboard(console);
}

static void weekly_reports_are_no_silence(void **state)
{
    (void)state;
    struct report report;
    make_report(&report, "Google", "weekly", today() - 12);
    report.end = report.begin + INT64_C(7) * SECONDS_PER_DAY - 1;
    add_policy(&report, "sts", "a.example", sts_text("testing"), 100, 0);
    assert_int_equal(keep_report(own.store, &report, "x"), OUTCOME_IMPORTED);
    own_database_close();
    struct console *console = open_dashboard(own.path, 80, 24);
    assert_shows(console, "a.example");
    assert_hides(console, "No report for");
    leave_dashboard(console);
}

int main(void)
{
#define TEST(name)                                                                                 \
    cmocka_unit_test_setup_teardown(name, own_database_set_up, own_database_tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_broke_is_told_at_once),
        TEST(states_have_two_names_and_files_get_those_of_the_export),
        TEST(where_nothing_broke_nothing_is_told),
        TEST(that_nobody_tells_any_more_is_told),
        TEST(weekly_reports_are_no_silence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
