/* More domains than are read at once: those in sight first, then the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/ranking.h"
#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"

enum { DOMAINS = 5000 };
_Static_assert(DOMAINS > (int)FEW_DOMAINS, "they are read in parts");

static int fill(void **state)
{
    own_database_set_up(state);
    keep_many_domains(own.store, DOMAINS);
    own_database_close();
    return 0;
}

static void all_domains_are_there_at_any_time(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 140, 45);
    assert_shows(console, "715 of 5,000 domains");
    assert_shows(console, "row 1 of 5,000");
    assert_int_equal(row_of(console, "d0028.example"), 5);
    assert_types(console, "G");
    assert_shows(console, "row 5,000 of 5,000");
    assert_shows(console, "d4999.example");
    assert_types(console, "++"); /* the cursor stays on its row */
    assert_shows(console, "d4999.example");
    assert_types(console, "g/d2345<Enter>");
    assert_shows(console, "d2345.example");
    assert_types(console, "fd31<Enter>g");
    assert_shows(console, "all 100 rows (5,000 in all)");
    assert_types(console, "-x");
    assert_shows(console, "failing only");
    assert_types(console, "<Esc><Esc><Esc>");
    leave_dashboard(console);
}

/* Typed in one burst, before anything has come. */
static void what_is_typed_ahead_finds_all_rows(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 140, 45);
    console_send(console, "+++---GkkG", strlen("+++---GkkG"));
    assert_settles(console);
    assert_shows(console, "row 5,000 of 5,000");
    assert_types(console, "g");
    for (int i = 0; i < 110; i++) /* more rows than are read first, after "+" */
        console_send(console, i == 0 ? "+j" : "j", i == 0 ? 2 : 1);
    assert_settles(console);
    assert_shows(console, "row 110 of 5,000"); /* the first of them is from "all" to row 1 */
    console_send(console, "8\033gjjj8G", strlen("8\033gjjj8G"));
    assert_settles(console);
    assert_shows(console, "row 5,000 of 5,000");
    leave_dashboard(console);
}

/* Sorting is cancelled by what is opened, and must not stay undone. */
static void what_is_opened_while_rows_are_sorted_leaves_them_sorted(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 140, 45);
    for (int i = 0; i < 5; i++) {
        console_send(console, "S\r", 2);
        assert_settles(console);
        assert_types(console, "<Esc>g");
        bool most_first = console_find(console, "Failed▾", NULL, NULL);
        assert_true(most_first == (i % 2 == 1));
        assert_true(console_find(console, "d0028.example", NULL, NULL) == most_first);
    }
    leave_dashboard(console);
}

static void the_timeline_begins_with_those_that_moved(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 140, 45);
    assert_types(console, "jj8");
    assert_shows(console, "455 of 5,000 domains changed their mode");
    assert_types(console, "g");
    assert_int_equal(row_of(console, "d0011.example"), 6); /* below d0000 */
    assert_types(console, "++");
    assert_shows(console, "row 1 of 5,000");
    assert_types(console, "G");
    assert_shows(console, "d4999.example");
    assert_types(console, "<Esc>9<Esc>");
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_domains_are_there_at_any_time),
        cmocka_unit_test(what_is_typed_ahead_finds_all_rows),
        cmocka_unit_test(what_is_opened_while_rows_are_sorted_leaves_them_sorted),
        cmocka_unit_test(the_timeline_begins_with_those_that_moved),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
