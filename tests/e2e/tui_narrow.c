/* What 80 columns leave out, and names that are shown in their own letters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"

static const char mx[] = "mx.xn--mnchen-3ya.example";

static void add(struct report *report, const char *type, int64_t successful, int64_t failed)
{
    const char *text = type[0] == 's' ? sts_text("testing") : "";
    struct policy *policy = add_policy(report, type, "example.com", text, successful, failed);
    add_failure(report, policy, "certificate-expired", "192.0.2.1", mx, failed);
}

static int fill(void **state)
{
    struct report report;
    own_database_set_up(state);
    make_report(&report, "Google", "1", today() - 1);
    add(&report, "sts", 70000, 1230);
    add(&report, "tlsa", 17000, 697);
    add(&report, "no-policy-found", 1500, 73);
    assert_int_equal(keep_report(own.store, &report, "1"), OUTCOME_IMPORTED);
    own_database_close();
    return 0;
}

static void sums_by_policy_are_short_where_there_is_no_room(void **state)
{
    (void)state;
    struct console *narrow = open_dashboard(own.path, 80, 24);
    assert_types(narrow, "2");
    assert_shows(narrow, "2,000 failed of 90,500 sessions (2.2%)  MTA-STS 1,230  DANE 697  no "
                         "policy 73");
    leave_dashboard(narrow);
    narrow = open_dashboard(own.path, 96, 24);
    assert_types(narrow, "2");
    assert_shows(narrow, "MTA-STS 1.2k/71k  DANE 697/18k  no policy 73/1.6k");
    leave_dashboard(narrow);
    struct console *wide = open_dashboard(own.path, 140, 45);
    assert_types(wide, "2");
    assert_shows(wide, "MTA-STS 1,230 of 71,230  DANE 697 of 17,697  no policy 73 of 1,573");
    leave_dashboard(wide);
}

static void an_mx_host_has_the_same_name_wherever_it_is_shown(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 140, 45);
    assert_types(console, "5");
    assert_shows(console, "mx.münchen.example  ");
    assert_types(console, "<Enter>");
    assert_shows(console, "MX hosts › mx.münchen.example");
    assert_types(console, "<Enter>");
    assert_hides(console, "xn--");
    leave_dashboard(console);
}

static void a_name_is_found_by_what_is_shown_and_by_what_is_stored(void **state)
{
    (void)state;
    static const char *const names[] = {"m\u00fcn", "M\u00dcN", "mx.M\u00fcNCHEN", "xn--mnc",
                                        "XN--MNCHEN"};
    struct console *console = open_dashboard(own.path, 140, 45);
    assert_types(console, "5");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        assert_types(console, "g/");
        assert_types(console, names[i]);
        assert_hides(console, "not here");
        assert_types(console, "<Enter>f");
        assert_types(console, names[i]);
        assert_types(console, "<Enter>");
        assert_shows(console, "row 1 of 1");
        assert_types(console, "f<C-u><Enter>/<Esc>");
    }
    assert_types(console, "/M\u00dcNCHEN<Enter>");
    struct console_cell cell = console_cell(console, row_of(console, "mx.m\u00fcnchen"),
                                            column_of(console, "mx.m\u00fcnchen") + 4);
    assert_true(cell.underline);
    leave_dashboard(console);
}

static void names_are_found_where_the_terminal_has_no_letters_for_them(void **state)
{
    (void)state;
    const char *const argv[] = {BUILD "/tlsrptop", "--db", own.path, NULL};
    struct console *console = assert_console(.argv = argv, .locale = "C");
    assert_shows(console, "Domains");
    assert_types(console, "5/XN--MN");
    assert_hides(console, "not here");
    assert_types(console, "<Enter>");
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_by_policy_are_short_where_there_is_no_room),
        cmocka_unit_test(an_mx_host_has_the_same_name_wherever_it_is_shown),
        cmocka_unit_test(a_name_is_found_by_what_is_shown_and_by_what_is_stored),
        cmocka_unit_test(names_are_found_where_the_terminal_has_no_letters_for_them),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
