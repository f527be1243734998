/* A list so long that a search waits until what is typed is on the screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"

enum { DOMAINS = 17000 };

static int fill(void **state)
{
    own_database_set_up(state);
    keep_many_domains(own.store, DOMAINS);
    own_database_close();
    return 0;
}

static void a_search_finds_as_in_any_list(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 80, 24);
    assert_types(console, "/d16998");
    assert_shows(console, "d16998.example");
    assert_types(console, "<Enter><Enter>");
    assert_shows(console, "› d16998.example");
    assert_types(console, "<Esc>/d16998x");
    assert_shows(console, "not here");
    assert_types(console, "<Enter>");
    assert_shows(console, "\"d16998x\" is not here");
    assert_types(console, "/d1234.<Enter><Enter>"); /* all at once */
    assert_shows(console, "› d1234.example");
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_search_finds_as_in_any_list),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
