/* Keys that are typed ahead of the rows they mean, on a database that answers
 * slowly: they do what they do on a quick one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "../../tui/dashboard.h"
#include "../console_assert.h"
#include "../dashboard.h"
#include "../make_report.h"
#include "../own_database.h"
#include "../run_program.h"

enum {
    DOMAINS = 30,
    DAYS = 20,
    REPORTS = 150,  /* of another domain */
    SLOW_STEPS = 4, /* so many statements' steps take this long */
    SLOW_NANOSECONDS = 2000000,
};

/* This program is the slow dashboard too, when it is told to be. */
static const char be_slow[] = "be-the-slow-dashboard";
static bool slow;

int __real_sqlite3_step(sqlite3_stmt *statement);
int __wrap_sqlite3_step(sqlite3_stmt *statement);

static int64_t nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Works rather than sleeps: who sleeps is taken to have settled. */
int __wrap_sqlite3_step(sqlite3_stmt *statement)
{
    static unsigned steps;
    if (slow && ++steps % SLOW_STEPS == 0)
        for (int64_t end = nanoseconds() + SLOW_NANOSECONDS; nanoseconds() < end;)
            ;
    return __real_sqlite3_step(statement);
}

/* The slow dashboard, at once: nothing has been read yet. */
static struct console *open_slow(void)
{
    const char *const argv[] = {"/proc/self/exe", be_slow, "--db", own.path, NULL};
    struct console *console = assert_console(.argv = argv);
    assert_shows(console, "Domains");
    return console;
}

static int fill(void **state)
{
    own_database_set_up(state);
    keep_domains(own.store, DOMAINS, DAYS);
    for (int i = 0; i < REPORTS; i++) {
        struct report report;
        char id[32];
        snprintf(id, sizeof id, "many-%03d", i);
        make_report(&report, "Google", id, today() - i / 10);
        add_policy(&report, "sts", "aaa.example", sts_text("testing"), 100000, 0);
        assert_int_equal(keep_report(own.store, &report, id), OUTCOME_IMPORTED);
    }
    own_database_close();
    return 0;
}

/* KEYS, typed at once while the first screen is being read, lead to SHOWS. */
static const struct {
    const char *keys, *shows;
} bursts[] = {
    {"jj", "row 3 of 31"},
    {"G", "row 31 of 31"},
    {"<PgDn>", "row 18 of 31"},
    {"G<PgUp>", "row 14 of 31"},
    {"/d1<Enter>", "row 12 of 31"},
    {"/d1<Enter>nn", "row 14 of 31"},
    {"/d12<Enter><Enter>", "› d12.example"},
    {"/d12<Esc>j", "row 2 of 31"},
    {"/nobody", "not here"},
    {"fdomain:d2<Enter>j", "row 2 of 10"},
    {"/aaa<Enter>7", "row 1 of 150"},
    {"/aaa<Enter>7G", "row 150 of 150"},
    {"/aaa<Enter>7<PgDn>", "row 16 of 150"},
    {"/aaa<Enter>7/many-07<Enter>", "row 71 of 150"},
    {"/aaa<Enter>7/many-071<Enter><Enter>", "› Report"},
    {"/aaa<Enter>2,", "YESTERDAY"},
    {"j<Enter><Esc>", "row 2 of 31"},
};

static void keys_typed_ahead_do_what_they_do_later(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bursts / sizeof *bursts; i++) {
        char yesterday[DAY_TEXT];
        const char *shows = bursts[i].shows;
        day_format(today() - 1, yesterday);
        if (strcmp(shows, "YESTERDAY") == 0)
            shows = yesterday;
        struct console *console = open_slow();
        assert_types(console, bursts[i].keys);
        print_message("%s\n", bursts[i].keys);
        assert_shows(console, shows);
        console_close(console);
    }
}

/* Not an empty one, and not one of the first rows. */
static void a_file_written_ahead_has_all_rows(void **state)
{
    char keys[256], file[128], *text;
    size_t size, lines = 0;
    (void)state;
    snprintf(file, sizeof file, "%s/rows.csv", own.folder);
    snprintf(keys, sizeof keys, "/aaa<Enter>7e<C-u>%s<Enter>", file);
    struct console *console = open_slow();
    assert_types(console, keys);
    assert_shows(console, "150 rows written");
    leave_dashboard(console);
    text = read_whole_file(file, &size);
    for (size_t i = 0; i < size; i++)
        lines += text[i] == '\n';
    assert_int_equal(lines, 1 + REPORTS);
    free(text);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], be_slow) == 0) {
        slow = true;
        return dashboard_main(argc - 1, argv + 1);
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_typed_ahead_do_what_they_do_later),
        cmocka_unit_test(a_file_written_ahead_has_all_rows),
    };
    return cmocka_run_group_tests_name("tui_ahead", tests, fill, own_database_tear_down);
}
