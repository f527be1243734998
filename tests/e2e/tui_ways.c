/* Which ways lead from screen to screen and back, and where cursors stand then. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"
#include "../run_program.h"

enum { DAYS = 30, FAILED = 96 };

static void keep(const char *domain, int days_ago, int64_t failed)
{
    char id[64];
    struct report report;
    snprintf(id, sizeof id, "%.30s-%d", domain, days_ago);
    make_report(&report, "Google", id, today() - days_ago);
    struct policy *policy =
        add_policy(&report, "sts", domain, sts_text("testing"), 100 - failed, failed);
    if (failed > 0)
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.example.com", failed);
    assert_int_equal(keep_report(own.store, &report, id), OUTCOME_IMPORTED);
}

/* shop.example.com failed when the days began, more than net.example later, and
 * example.com never; today nobody has reported yet. */
static int fill(void **state)
{
    own_database_set_up(state);
    for (int days_ago = DAYS - 1; days_ago > 0; days_ago--) {
        keep("shop.example.com", days_ago, days_ago == DAYS - 1 ? FAILED : 0);
        keep("net.example", days_ago, days_ago == 3 ? FAILED - 1 : 0);
        keep("example.com", days_ago, 0);
    }
    own_database_close();
    return 0;
}

static void expect_way(struct console *console, const char *keys, const char *wanted)
{
    char way[256];
    assert_types(console, keys);
    snprintf(way, sizeof way, " Domains%s%s ", wanted[0] != '\0' ? " \u203a " : "", wanted);
    const char *row = console_row(console, 0);
    if (strncmp(row, way, strlen(way) - (row[strlen(way) - 1] == '\0')) != 0)
        fail_msg("after \"%s\" no \"%s\" in\n%s", keys, way, console_screen(console));
}

/* --- ways --- */

static void screens_of_a_domain_take_each_others_place(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    expect_way(console, "g/net<Enter>3", "net.example \u203a Senders");
    expect_way(console, "4", "net.example \u203a Failures");
    expect_way(console, "5", "net.example \u203a MX hosts");
    expect_way(console, "6", "net.example \u203a Policies");
    expect_way(console, "7", "net.example \u203a Reports");
    expect_way(console, "a", "net.example \u203a Advice");
    expect_way(console, "2", "net.example");
    expect_way(console, "<Esc>", "");
    leave_dashboard(console);
}

static void esc_leads_to_the_screen_of_the_domain_if_that_was_open(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    expect_way(console, "/net<Enter><Enter>", "net.example");
    assert_types(console, "<Tab><Tab>"); /* Failing senders */
    expect_way(console, "3", "net.example \u203a Senders");
    expect_way(console, "7<Enter>", "net.example \u203a Reports \u203a Report");
    expect_way(console, "4", "net.example \u203a Failures");
    expect_way(console, "<Esc>", "net.example");
    assert_shows(console, "row 1 of 1"); /* which has the keys as before */
    expect_way(console, "<Esc>", "");
    leave_dashboard(console);
}

static void what_is_about_all_domains_stands_below_their_list(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    expect_way(console, "/net<Enter><Enter>8", "Timeline");
    expect_way(console, "<Enter>6", "Timeline \u203a net.example \u203a Policies");
    expect_way(console, "<Esc>", "Timeline \u203a net.example");
    expect_way(console, "8", "Timeline");
    expect_way(console, "9", "Imports");
    expect_way(console, "3", "Senders");
    expect_way(console, "<Esc>", "");
    leave_dashboard(console);
}

static void the_help_is_of_no_screen(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    expect_way(console, "/net<Enter>3?", "net.example \u203a Senders \u203a Help");
    expect_way(console, "4", "net.example \u203a Failures");
    leave_dashboard(console);
}

/* --- cursors --- */

static void lists_of_domains_have_the_cursor_on_the_same_one(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    assert_types(console, "/net<Enter>8");
    assert_shows(console, "net.example  ");
    assert_types(console, "/shop<Enter><Enter>6");
    assert_types(console, "1");
    assert_shows(console, "row 1 of 3");
    leave_dashboard(console);
}

static void a_domain_named_by_the_command_line_gets_the_cursor(void **state)
{
    (void)state;
    const char *const argv[] = {BUILD "/tlsrptop", "--db", own.path, "net.example", NULL};
    struct console *console = assert_console(.argv = argv);
    assert_shows(console, "\u203a net.example");
    assert_settles(console);
    assert_types(console, "1");
    assert_shows(console, "row 2 of 3");
    leave_dashboard(console);
}

static void it_has_the_cursor_after_esc_too(void **state)
{
    (void)state;
    const char *const argv[] = {BUILD "/tlsrptop", "--db", own.path, "net.example", NULL};
    struct console *console = assert_console(.argv = argv);
    assert_shows(console, "\u203a net.example");
    assert_settles(console);
    assert_types(console, "<Esc>");
    assert_shows(console, "row 2 of 3");
    assert_types(console, "k<Enter><Esc>"); /* once only */
    assert_shows(console, "row 1 of 3");
    leave_dashboard(console);
}

static void a_group_goes_along_to_other_lists_of_domains(void **state)
{
    (void)state;
    static const char groups[] = "[groups]\nacme = *.example.com, example.com\n";
    char config[128];
    snprintf(config, sizeof config, "%s/config", own.folder);
    write_whole_file(config, groups, sizeof groups - 1);
    const char *const argv[] = {BUILD "/tlsrptop", "--db", own.path, "--config", config,
                                "@acme",           NULL};
    struct console *console = assert_console(.argv = argv);
    assert_shows(console, "(3 in all)  filter: @acme");
    assert_hides(console, "net.example");
    expect_way(console, "g8", "Timeline");
    assert_shows(console, "(3 in all)  filter: @acme");
    assert_hides(console, "net.example");
    assert_types(console, "f<C-u>net<Enter>");
    assert_shows(console, "(3 in all)  filter: net");
    expect_way(console, "1", "");
    assert_types(console, "<Esc>ga");
    assert_hides(console, "filter:");
    assert_types(console, "1f@ac<Tab> failed>0<Enter>8");
    assert_shows(console, "net.example");
    assert_types(console, "1f<C-u>@nobody");
    assert_shows(console, "there is no such group; there are: acme");
    assert_types(console, "<Esc>3f@acme");
    assert_shows(console, "a group is of domains, which these rows do not name");
    assert_types(console, "<Esc>");
    leave_dashboard(console);
}

static void a_time_axis_starts_on_its_last_report(void **state)
{
    (void)state;
    char yesterday[DAY_TEXT];
    struct console *console = open_dashboard(own.path, 80, 24);
    day_format(today() - 1, yesterday);
    assert_types(console, "<Enter>");
    assert_shows(console, yesterday);
    assert_shows(console, "100 sessions, 0 failed");
    assert_types(console, "<Enter>");
    assert_shows(console, "None failed of 100 sessions");
    assert_types(console, "8");
    assert_shows(console, yesterday);
    assert_hides(console, "No report is about that.");
    leave_dashboard(console);
}

static void a_search_prefers_a_whole_cell_and_then_its_beginning(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    expect_way(console, "g/example.com<Enter><Enter>", "example.com");
    expect_way(console, "<Esc>g/example<Enter><Enter>", "example.com");
    expect_way(console, "<Esc>g/net<Enter><Enter>", "net.example");
    assert_types(console, "<Esc>g/example.com<Enter>n");
    assert_shows(console, "row 1 of 3"); /* which only holds it */
    leave_dashboard(console);
}

/* --- the list --- */

/* The row of DOMAIN, with its trend. */
static const char *line_of(struct console *console, const char *domain)
{
    int row = row_of(console, "Next step") + 1;
    while (strncmp(console_row(console, row) + 1, domain, strlen(domain)) != 0)
        row++;
    return console_row(console, row);
}

static void a_trend_covers_all_days_at_every_width(void **state)
{
    (void)state;
    for (int columns = 88; columns <= 160; columns += 6) {
        struct console *console = open_dashboard(own.path, columns, 30);
        assert_shows(console, "Trend");
        int first = column_of(console, "Trend");
        int shop = row_of(console, " shop.example.com"), net = row_of(console, " net.example");
        assert_string_equal(console_cell(console, shop, first).text, "\u2588");
        assert_string_equal(console_cell(console, net, first).text, " ");
        assert_non_null(strstr(line_of(console, "net.example"), "\u2588"));
        assert_null(strstr(line_of(console, "example.com"), "\u2588")); /* sessions are no trend */
        assert_non_null(strstr(line_of(console, "example.com"), "\u2500\u2500\u2500\u2500"));
        leave_dashboard(console);
    }
}

/* shop.example.com failed only when the days began. */
static void what_got_worse_is_sorted_and_filtered_by(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 100, 24);
    assert_types(console, "t4d<Enter>f<C-u>change>0<Enter>");
    assert_shows(console, "row 1 of 1 (3 in all)  filter: change>0");
    assert_shows(console, "net.example ");
    assert_shows(console, "+32%"); /* 95 of 300, after none of 400 */
    assert_types(console, "[");
    assert_shows(console, "Nothing matches the filter");
    leave_dashboard(console);
}

static void the_help_tells_what_the_trend_is(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    assert_types(console, "?");
    assert_shows(console, "trend");
    leave_dashboard(console);
}

static void the_next_step_stays_where_it_is_narrow(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 60, 15);
    assert_shows(console, "Next step");
    assert_hides(console, "Sessions");
    leave_dashboard(console);
}

/* --- keys and letters --- */

static void keys_without_a_use_are_not_offered(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 120, 30);
    assert_shows(console, "a advice");
    assert_types(console, "a");
    assert_hides(console, "a advice");
    leave_dashboard(console);
}

static void letters_of_modes_have_a_legend(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    assert_types(console, "8");
    assert_shows(console, "t STS testing  \u2591 as last stated");
    assert_types(console, "<Enter>");
    assert_shows(console, "t STS testing");
    assert_hides(console, "E STS enforce");
    leave_dashboard(console);
}

/* Sums are kept of mine only: they are no answer here. */
static void all_foreign_domains_have_no_screen(void **state)
{
    (void)state;
    char path[160], into[200];
    struct db *db;
    snprintf(path, sizeof path, "%s/foreign.db", own.folder);
    snprintf(into, sizeof into, "VACUUM INTO '%s'", path);
    assert_int_equal(db_open(&db, own.path, DB_WRITE), DB_OK);
    assert_int_equal(db_exec(db, into), DB_OK);
    db_close(db);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    assert_int_equal(db_exec(db, "UPDATE domain SET mine = 0 WHERE name = 'net.example'"), DB_OK);
    db_close(db);
    struct console *console = open_dashboard(path, 80, 24);
    expect_way(console, "F", "");
    assert_shows(console, "net.example");
    assert_types(console, "g<Enter>");
    assert_shows(console, "Of foreign domains there are no sums: choose one of them.");
    assert_types(console, "3");
    assert_shows(console, "choose one of them");
    assert_types(console, "j<Enter>");
    assert_shows(console, "net.example");
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screens_of_a_domain_take_each_others_place),
        cmocka_unit_test(esc_leads_to_the_screen_of_the_domain_if_that_was_open),
        cmocka_unit_test(what_is_about_all_domains_stands_below_their_list),
        cmocka_unit_test(the_help_is_of_no_screen),
        cmocka_unit_test(lists_of_domains_have_the_cursor_on_the_same_one),
        cmocka_unit_test(a_domain_named_by_the_command_line_gets_the_cursor),
        cmocka_unit_test(it_has_the_cursor_after_esc_too),
        cmocka_unit_test(a_group_goes_along_to_other_lists_of_domains),
        cmocka_unit_test(a_time_axis_starts_on_its_last_report),
        cmocka_unit_test(a_search_prefers_a_whole_cell_and_then_its_beginning),
        cmocka_unit_test(a_trend_covers_all_days_at_every_width),
        cmocka_unit_test(what_got_worse_is_sorted_and_filtered_by),
        cmocka_unit_test(the_help_tells_what_the_trend_is),
        cmocka_unit_test(the_next_step_stays_where_it_is_narrow),
        cmocka_unit_test(keys_without_a_use_are_not_offered),
        cmocka_unit_test(letters_of_modes_have_a_legend),
        cmocka_unit_test(all_foreign_domains_have_no_screen),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
