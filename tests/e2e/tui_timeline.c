/* The timeline: the modes of all domains over time, on the screen. */
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
#include "../make_report.h"

enum { TODAY = 20777 /* 2026-11-20, a Friday */, DAYS = 20, CROWD = 300 };

static char folder[64];
static char path[128];
static char many[128];

static void keep(struct store *store, const char *domain, const char *organization, int day,
                 const char *mode, int64_t successful, int64_t failed)
{
    struct report report;
    char id[128];
    snprintf(id, sizeof id, "%s %d %.20s", domain, day, organization);
    make_report(&report, organization, id, day);
    struct policy *policy = add_policy(&report, "sts", domain, sts_text(mode), successful, failed);
    if (failed > 0)
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.example.com", failed);
    assert_int_equal(keep_report(store, &report, id), OUTCOME_IMPORTED);
}

/* moved.example has gone to enforce, early.example went there before, and
 * steady.example stays in testing. */
static void fill_few(void)
{
    struct db *db;
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    struct store *store = open_store(db);
    for (int day = TODAY - DAYS + 1; day <= TODAY; day++) {
        keep(store, "moved.example", "Google", day, day < TODAY - 3 ? "testing" : "enforce", 1000,
             day == TODAY - 1 ? 17 : 0);
        keep(store, "moved.example", hostile_text(), day, "testing", 10, 0);
        keep(store, "early.example", "Google", day, day < TODAY - 9 ? "testing" : "enforce", 5, 0);
        keep(store, "steady.example", "Google", day, "testing", 5, 2);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    db_close(db);
}

static void fill_many(void)
{
    struct db *db;
    assert_int_equal(db_open(&db, many, DB_WRITE), DB_OK);
    struct store *store = open_store(db);
    for (int number = 0; number < CROWD; number++) {
        char domain[32];
        snprintf(domain, sizeof domain, "d%03d.example", number);
        keep(store, domain, "Google", TODAY, "enforce", 5, 0);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    db_close(db);
}

static int fill(void **state)
{
    (void)state;
    setenv("SOURCE_DATE_EPOCH", "1795176000", 1); /* noon of that day */
    make_folder(folder);
    snprintf(path, sizeof path, "%s/few.db", folder);
    snprintf(many, sizeof many, "%s/many.db", folder);
    fill_few();
    fill_many();
    return 0;
}

static int clean(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static struct console *open_timeline(const char *db, int columns, int rows)
{
    struct console *console = open_dashboard(db, columns, rows);
    assert_types(console, "g8"); /* from no domain */
    assert_shows(console, "Modes");
    assert_settles(console);
    return console;
}

/* The row of the list with NAME, not the words on top. */
static const char *line_of(struct console *console, const char *name)
{
    for (int row = row_of(console, "Modes") + 1;; row++) {
        const char *line = console_row(console, row);
        if (strstr(line, name) != NULL)
            return line;
        if (line[0] == '\0')
            fail_msg("no \"%s\" in\n%s", name, console_screen(console));
    }
}

static void expect_in(const char *line, const char *text)
{
    if (strstr(line, text) == NULL)
        fail_msg("no \"%s\" in \"%s\"", text, line);
}

/* --- what it shows --- */

static void those_that_changed_last_come_first(void **state)
{
    (void)state;
    struct console *console = open_timeline(path, 100, 30);
    int first = row_of(console, "Modes");
    expect_in(console_row(console, first + 1), "moved.example");
    expect_in(console_row(console, first + 1), "2026-11-17 t\u203aE");
    expect_in(console_row(console, first + 2), "early.example");
    expect_in(console_row(console, first + 2), "2026-11-11 t\u203aE");
    expect_in(console_row(console, first + 3), "steady.example");
    leave_dashboard(console);
}

static void a_strip_has_a_letter_a_day(void **state)
{
    (void)state;
    struct console *console = open_timeline(path, 100, 30);
    expect_in(line_of(console, "moved.example"), "ttttttttttttttttEEEE");
    expect_in(line_of(console, "early.example"), "ttttttttttEEEEEEEEEE");
    expect_in(line_of(console, "steady.example"), "tttttttttttttttttttt");
    leave_dashboard(console);
}

/* A bright cell, whose colours are not those of the cells beside it. */
static void a_change_is_marked(void **state)
{
    (void)state;
    struct console *console = open_timeline(path, 100, 30);
    int row, column;
    assert_true(console_find(console, "tEEEE", &row, &column));
    struct console_cell marked = console_cell(console, row, column + 1);
    struct console_cell beside = console_cell(console, row, column + 2);
    assert_string_equal(marked.text, "E");
    assert_true(marked.foreground != beside.foreground || marked.background != beside.background);
    leave_dashboard(console);
}

static void the_figures_of_the_cell_stand_on_top(void **state)
{
    (void)state;
    struct console *console = open_timeline(path, 100, 30);
    assert_shows(console, "moved.example  Fri 2026-11-20  MTA-STS enforce");
    assert_shows(console, "1,010 sessions, 0 failed");
    assert_shows(console, "MTA-STS enforce 1,000 by Google");
    assert_types(console, "<Left>");
    assert_shows(console, "Thu 2026-11-19");
    assert_shows(console, "1,027 sessions, 17 failed");
    assert_types(console, ",,,");
    assert_shows(console, "Mon 2026-11-16  MTA-STS testing");
    assert_types(console, "<Right>j");
    assert_shows(console, "early.example  Tue 2026-11-17");
    leave_dashboard(console);
}

static void days_without_a_report_say_so(void **state)
{
    (void)state;
    struct console *console = open_timeline(path, 100, 30);
    assert_types(console, "<Tab>g");
    assert_shows(console, "Thu 2026-10-22");
    assert_shows(console, "No report tells of that time.");
    leave_dashboard(console);
}

/* --- what it does --- */

static void enter_opens_the_domain_on_that_day(void **state)
{
    (void)state;
    struct console *console = open_timeline(path, 100, 30);
    assert_types(console, "<Left><Enter>");
    assert_shows(console, "Failing senders");
    assert_shows(console, "Timeline \u203a moved.example");
    assert_shows(console, "Thu 2026-11-19");
    assert_types(console, "<Esc>");
    assert_shows(console, "Last change");
    assert_shows(console, "Thu 2026-11-19"); /* and the cursor is where it was */
    leave_dashboard(console);
}

static void enter_on_the_time_axis_opens_the_days(void **state)
{
    (void)state;
    struct console *console = open_timeline(path, 100, 30);
    assert_types(console, "j<Tab><Left><Enter>");
    assert_shows(console, "Timeline \u203a early.example");
    assert_shows(console, "2026-11-19");
    assert_hides(console, "last 30 days");
    assert_shows(console, "Google");
    leave_dashboard(console);
}

static void from_a_domain_the_cursor_is_on_it(void **state)
{
    (void)state;
    struct console *console = open_dashboard(path, 100, 30);
    assert_types(console, "/early<Enter><Enter>");
    assert_shows(console, "Failing senders");
    assert_types(console, "8");
    assert_shows(console, "row 2 of 3");
    assert_shows(console, "early.example  Fri 2026-11-20");
    leave_dashboard(console);
}

static void it_sorts_and_filters(void **state)
{
    (void)state;
    struct console *console = open_timeline(path, 100, 30);
    assert_types(console, "fmode:testing<Enter>");
    assert_shows(console, "row 1 of 1 (3 in all)");
    assert_types(console, "f<C-u><Enter>sss");
    assert_shows(console, "Failed\u25be");
    expect_in(console_row(console, row_of(console, "Modes") + 1), "steady.example");
    leave_dashboard(console);
}

static void a_longer_time_has_fewer_letters(void **state)
{
    (void)state;
    struct console *console = open_timeline(path, 100, 30);
    assert_types(console, "t1y<Enter>");
    assert_shows(console, "last 365 days");
    assert_settles(console);
    expect_in(line_of(console, "moved.example"), "tE");
    assert_shows(console, "2026-11-07 to 2026-11-20");
    leave_dashboard(console);
}

static void rows_out_of_sight_are_read_when_they_come(void **state)
{
    (void)state;
    struct console *console = open_timeline(many, 80, 24);
    assert_types(console, "G");
    assert_shows(console, "row 300 of 300");
    assert_settles(console);
    for (int row = row_of(console, "Modes") + 1; row < 22; row++)
        expect_in(console_row(console, row), "E");
    leave_dashboard(console);
}

static void it_fits_every_size(void **state)
{
    (void)state;
    static const struct {
        int columns, rows;
    } sizes[] = {{60, 15}, {80, 24}, {200, 60}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct console *console = open_timeline(path, sizes[i].columns, sizes[i].rows);
        expect_in(line_of(console, "moved.example"), "tEEEE");
        assert_types(console, "<Left>");
        assert_shows(console, "2026-11-19");
        console_resize(console, 70, 20);
        assert_settles(console);
        expect_in(line_of(console, "moved.example"), "tEEEE");
        leave_dashboard(console);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_changed_last_come_first),
        cmocka_unit_test(a_strip_has_a_letter_a_day),
        cmocka_unit_test(a_change_is_marked),
        cmocka_unit_test(the_figures_of_the_cell_stand_on_top),
        cmocka_unit_test(days_without_a_report_say_so),
        cmocka_unit_test(enter_opens_the_domain_on_that_day),
        cmocka_unit_test(enter_on_the_time_axis_opens_the_days),
        cmocka_unit_test(from_a_domain_the_cursor_is_on_it),
        cmocka_unit_test(it_sorts_and_filters),
        cmocka_unit_test(a_longer_time_has_fewer_letters),
        cmocka_unit_test(rows_out_of_sight_are_read_when_they_come),
        cmocka_unit_test(it_fits_every_size),
    };
    return cmocka_run_group_tests(tests, fill, clean);
}
