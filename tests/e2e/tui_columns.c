/* Columns of tables: their heads, what is only a picture, and how rows are counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"

static int fill(void **state)
{
    struct report report;
    own_database_set_up(state);
    make_report(&report, "Google", "1", today() - 1);
    struct policy *policy =
        add_policy(&report, "sts", "example.com", sts_text("testing"), 1000, 12);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx1.example.com", 7);
    add_failure(&report, policy, "starttls-not-supported", "192.0.2.2", "mx2.example.com", 5);
    assert_int_equal(keep_report(own.store, &report, "1"), OUTCOME_IMPORTED);
    own_database_close();
    return 0;
}

/* --- heads --- */

static void the_head_of_the_sorted_column_has_its_arrow_at_every_width(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    for (int columns = 60; columns <= 140; columns += 10) {
        console_resize(console, columns, 24);
        assert_settles(console);
        for (int column = 0; column < 9; column++) {
            const char *head = console_row(console, 3);
            if (strstr(head, "\u25be") == NULL && strstr(head, "\u25b4") == NULL)
                fail_msg("no arrow at %d columns in\n%s", columns, console_screen(console));
            assert_types(console, "s");
        }
    }
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_head_of_the_sorted_column_has_its_arrow_at_every_width),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
