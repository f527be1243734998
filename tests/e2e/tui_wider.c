/* A wider range has been read before it is asked for. */
#include <inttypes.h>
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

enum { DOMAINS = 40, DAYS = 365 };

static int fill(void **state)
{
    own_database_set_up(state);
    keep_domains(own.store, DOMAINS, DAYS);
    own_database_close();
    return 0;
}

/* Bytes that the program of CONSOLE has read so far, from files and all else. */
static uint64_t bytes_read(struct console *console)
{
    char path[64];
    uint64_t bytes = 0;
    snprintf(path, sizeof path, "/proc/%d/io", (int)console_pid(console));
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "rchar: %" SCNu64, &bytes), 1);
    fclose(file);
    return bytes;
}

/* Types KEY and tells what was read until all was at rest. */
static uint64_t bytes_for(struct console *console, const char *key)
{
    uint64_t before = bytes_read(console);
    assert_types(console, key);
    return bytes_read(console) - before;
}

static void the_days_of_a_wider_range_are_read_before(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 140, 45);
    assert_types(console, "jjj<Enter>+");
    assert_shows(console, "last 90 days");
    uint64_t half = bytes_for(console, "+"); /* and the year behind it */
    assert_shows(console, "last 180 days");
    uint64_t year = bytes_for(console, "+"); /* behind it there is no more */
    assert_shows(console, "last 365 days");
    assert_true(half > 100000);
    assert_true(year < half / 3);
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_days_of_a_wider_range_are_read_before),
    };
    return cmocka_run_group_tests(tests, fill, own_database_tear_down);
}
