/* What stands around a time axis: no text covers another one, at any width. */
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

enum { DAYS = 30 };

/* both.example publishes all there is; the last day has no report. */
static int fill(void **state)
{
    own_database_set_up(state);
    for (int days_ago = DAYS - 1; days_ago > 0; days_ago--) {
        struct report report;
        char id[16];
        snprintf(id, sizeof id, "%d", days_ago);
        make_report(&report, "Google", id, today() - days_ago);
        add_policy(&report, "sts", "both.example", sts_text("enforce"), 100, 0);
        add_policy(&report, "tlsa", "both.example", "3 1 1 AA", 100, 0);
        assert_int_equal(keep_report(own.store, &report, id), OUTCOME_IMPORTED);
    }
    own_database_close();
    return 0;
}

static struct console *open_domain(int columns)
{
    struct console *console = open_dashboard(own.path, columns, 30);
    assert_types(console, "<Enter>");
    assert_shows(console, "DANE + MTA-STS enforce");
    assert_settles(console);
    return console;
}

/* --- the legend of the strip --- */

static void the_legend_leaves_the_mode_its_room(void **state)
{
    (void)state;
    char words[64], day[DAY_TEXT];
    struct console *console = open_domain(80);
    snprintf(words, sizeof words, "DANE + MTA-STS enforce  by the reports of %s",
             day_format(today() - 1, day));
    for (int columns = 60; columns <= 160; columns += 4) {
        console_resize(console, columns, 30);
        assert_settles(console);
        const char *line = console_row(console, 1);
        if (strncmp(line + 1, words, strlen(words)) != 0 ||
            (line[1 + strlen(words)] != '\0' && line[1 + strlen(words)] != ' '))
            fail_msg("no \"%s\" at %d columns in\n%s", words, columns, console_screen(console));
        assert_true(columns < 100 ||
                    console_find(console, "  X DANE+enforce  \u2591 as last stated", NULL, NULL));
    }
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_legend_leaves_the_mode_its_room),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
