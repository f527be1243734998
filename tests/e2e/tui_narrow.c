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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sums_by_policy_are_short_where_there_is_no_room),
        cmocka_unit_test(an_mx_host_has_the_same_name_wherever_it_is_shown),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
