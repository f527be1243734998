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

/* --- dates --- */

/* The line with the MARK of the cursor has nothing but whole dates besides. */
static void expect_whole_dates(struct console *console, const char *mark)
{
    int row = -1;
    char line[1024], day[DAY_TEXT];
    for (int y = 2; row < 0 && y < 29; y++)
        if (strstr(console_row(console, y), mark) != NULL &&
            strstr(console_row(console, y), "-") != NULL)
            row = y;
    if (row < 0)
        fail_msg("no \"%s\" beside a date in\n%s", mark, console_screen(console));
    snprintf(line, sizeof line, "%s", console_row(console, row));
    const char *dates = strstr(line, "changed their mode");
    dates = dates != NULL ? dates + strlen("changed their mode") : line;
    int marks = 0;
    for (char *rest, *word = strtok_r((char *)(uintptr_t)dates, " ", &rest); word != NULL;
         word = strtok_r(NULL, " ", &rest)) {
        int number;
        if (strcmp(word, mark) == 0)
            marks++;
        else if (day_parse(word, &number) != 0 || strcmp(day_format(number, day), word) != 0)
            fail_msg("\"%s\" is no date in\n%s", word, console_screen(console));
    }
    assert_int_equal(marks, 1);
}

static void the_cursor_of_a_domain_hides_no_part_of_a_date(void **state)
{
    (void)state;
    for (int columns = 80; columns <= 140; columns += 60) {
        struct console *console = open_domain(columns);
        assert_types(console, "<Home>");
        for (int day = 0; day < DAYS; day++) {
            expect_whole_dates(console, "\u25b2");
            assert_types(console, "<Right>");
        }
        leave_dashboard(console);
    }
}

static void the_cursor_of_the_timeline_hides_nothing(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 100, 30);
    assert_types(console, "8");
    assert_shows(console, "changed their mode");
    for (int day = 0; day < DAYS; day++) {
        assert_shows(console, " Modes");
        expect_whole_dates(console, "\u25be");
        assert_types(console, "<Left>");
    }
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_legend_leaves_the_mode_its_room),
        cmocka_unit_test(the_cursor_of_a_domain_hides_no_part_of_a_date),
        cmocka_unit_test(the_cursor_of_the_timeline_hides_nothing),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
