/* `make demo` as far as make does not do it: the sample, a Dovecot, the import, the dashboard. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../console_assert.h"
#include "../run_program.h"

#define NOW "SOURCE_DATE_EPOCH=1795523696" /* 2026-11-24T12:34:56Z */

static const char *const environment[] = {NOW, NULL};
static struct console *console;

static int tear_down(void **state)
{
    (void)state;
    console_close(console);
    console = NULL;
    return 0;
}

static struct console *demo_on_console(void)
{
    return assert_console(.argv = (const char *const[]){"tests/sample/demo", BUILD, NULL},
                          .environment = environment);
}

static int exists(const char *path)
{
    FILE *file = fopen(path, "r");
    if (file != NULL)
        fclose(file);
    return file != NULL;
}

static void expect_table(void)
{
    struct run run = {.environment = environment};
    run_program(&run, "tests/sample/demo", BUILD, NULL);
    if (run.status != 0)
        fail_msg("%d: %s", run.status, run.err);
    assert_int_equal(strncmp(run.out, "domain                  mode ", 29), 0);
    assert_non_null(strstr(run.out, "\nexample.com             sts-enforce   "));
    assert_non_null(strstr(run.out, "\nxn--mnchen-3ya.example  opportunistic "));
    assert_null(strstr(run.out, "stranger.example"));
    assert_non_null(strstr(run.err,
                           "888 imported, 16 of them on foreign domains (stranger.example...), "
                           "2 duplicates, 1 in conflict, 4 damaged, 5 not"));
    run_free(&run);
    assert_false(exists(BUILD "/demo/server-folder"));
}

static void without_a_terminal_it_prints_the_domains(void **state)
{
    (void)state;
    expect_table();
}

static void on_a_terminal_it_opens_the_dashboard(void **state)
{
    (void)state;
    console = demo_on_console();
    assert_shows(console, "bank.example");
    assert_true(console_alternate(console));
    assert_true(exists(BUILD "/demo/server-folder"));
    assert_types(console, "q");
    assert_exits(console, 0);
    assert_harmless(console);
    assert_false(exists(BUILD "/demo/server-folder"));
}

static void a_run_that_was_killed_is_no_obstacle(void **state)
{
    (void)state;
    console = demo_on_console();
    assert_shows(console, "bank.example");
    console_close(console);
    console = NULL;
    assert_true(exists(BUILD "/demo/server-folder"));
    expect_table();
}

static void two_at_once_do_not_meet(void **state)
{
    (void)state;
    console = demo_on_console();
    assert_shows(console, "bank.example");
    struct run run = {.environment = environment};
    run_program(&run, "tests/sample/demo", BUILD, NULL);
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "another one is running"));
    run_free(&run);
    assert_types(console, "q");
    assert_exits(console, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_terminal_it_prints_the_domains),
        cmocka_unit_test_teardown(on_a_terminal_it_opens_the_dashboard, tear_down),
        cmocka_unit_test_teardown(a_run_that_was_killed_is_no_obstacle, tear_down),
        cmocka_unit_test_teardown(two_at_once_do_not_meet, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
