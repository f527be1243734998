/* What has been read is not read again, and what a key may ask for was read before; but
 * what was committed since is shown. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdatomic.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../../tui/dashboard.h"
#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"
#include "../run_program.h"

enum { DOMAINS = 40, DAYS = 365 };

static int fill(void **state)
{
    own_database_set_up(state);
    keep_domains(own.store, DOMAINS, DAYS);
    assert_int_equal(store_commit(own.store), DB_OK);
    return 0;
}

/* This program is the dashboard too, when it is told so, and counts its steps. */
static const char count_steps[] = "count-steps";
static atomic_long *steps; /* in a file, for both */

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
    if (steps != NULL)
        atomic_fetch_add(steps, 1);
    return __real_sqlite3_step(statement);
}

static atomic_long *map_steps(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0 || ftruncate(file, sizeof *steps) != 0)
        return NULL;
    void *shared = mmap(NULL, sizeof *steps, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return shared != MAP_FAILED ? shared : NULL;
}

static struct console *open_counting(void)
{
    char path[160];
    snprintf(path, sizeof path, "%s.steps", own.path);
    const char *const argv[] = {"/proc/self/exe", count_steps, path, "--db", own.path, NULL};
    struct console *console = assert_console(.argv = argv, .columns = 140, .rows = 45);
    assert_shows(console, "Domains");
    steps = map_steps(path);
    assert_non_null(steps);
    return console;
}

/* Ends the dashboard; the steps of what is stored here are not counted. */
static void leave_counting(struct console *console)
{
    munmap(steps, sizeof *steps);
    steps = NULL;
    leave_dashboard(console);
}

/* Types KEYS and tells in how many steps all was read until it was at rest. */
static long steps_for(struct console *console, const char *keys)
{
    long before = atomic_load(steps);
    assert_types(console, keys);
    return atomic_load(steps) - before;
}

/* Where nothing is read ahead any more, each screen costs a look at the version, a few
 * steps, in place of hundreds. */
static void what_is_known_is_not_read_again(void **state)
{
    (void)state;
    struct console *console = open_counting();
    long first = steps_for(console, "jjj");
    long ahead = steps_for(console, "6"); /* what it may ask for has been read, too */
    assert_shows(console, "Policies");
    assert_types(console, "<Esc><Enter>+");
    assert_types(console, "<Esc>-");
    long again = steps_for(console, "<Enter>+6");
    assert_true(first > 500);
    assert_true(ahead < first / 10);
    assert_true(again < first / 10);
    leave_counting(console);
}

static void what_was_committed_is_shown(void **state)
{
    (void)state;
    struct report report;
    struct console *console = open_dashboard(own.path, 140, 45);
    assert_types(console, "+-");
    assert_shows(console, "last 30 days");
    make_report(&report, "Google", "news", today());
    add_policy(&report, "sts", "news.example", sts_text("testing"), 1, 54321);
    keep_report(own.store, &report, "news");
    assert_int_equal(store_commit(own.store), DB_OK);
    assert_types(console, "+");
    assert_shows(console, "news.example");
    assert_types(console, "-");
    assert_shows(console, "news.example");
    leave_dashboard(console);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], count_steps) == 0) {
        steps = map_steps(argv[2]);
        argv[2] = argv[0];
        return dashboard_main(argc - 2, argv + 2);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_known_is_not_read_again),
        cmocka_unit_test(what_was_committed_is_shown),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
