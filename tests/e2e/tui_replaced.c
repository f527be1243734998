/* The database under the dashboard is replaced, goes away and is damaged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../console_assert.h"
#include "../dashboard.h"
#include "../own_database.h"

static char other[160];

static void keep_on(struct store *store, int day, const char *domain, int64_t failed)
{
    struct report report;
    char id[64];
    snprintf(id, sizeof id, "%s-%d", domain, day);
    make_report(&report, "Google", id, day);
    add_policy(&report, "sts", domain, sts_text("testing"), 100 - failed, failed);
    assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
}

static void keep(struct store *store, const char *domain, int64_t failed)
{
    keep_on(store, today() - 1, domain, failed);
}

/* Two of them: the first domain of one is not that of the other. */
static int fill(void **state)
{
    struct db *db;
    own_database_set_up(state);
    keep(own.store, "first.example", 1);
    keep(own.store, "second.example", 2);
    for (int day = 20; day >= 1; day--)
        keep_on(own.store, today() - day, "broken.example", day == 1 ? 90 : 0);
    own_database_close();
    snprintf(other, sizeof other, "%s/other.db", own.folder);
    assert_int_equal(db_open(&db, other, DB_WRITE), DB_OK);
    struct store *store = open_store(db);
    keep(store, "stranger.example", 77);
    keep(store, "second.example", 33);
    assert_int_equal(store_close(store, ""), DB_OK);
    db_close(db);
    return 0;
}

static void another_file_is_read_from_the_first_screen_on(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 100, 30);
    assert_shows(console, "1 incident goes on (I): broken.example 90% since");
    assert_types(console, "/first<Enter><Enter>");
    assert_shows(console, "› first.example");
    assert_int_equal(rename(other, own.path), 0);
    assert_shows(console, "Another database has taken the place of the one that was read.");
    assert_shows(console, "110 failed of 200 sessions");
    assert_hides(console, "first.example");
    assert_shows(console, "stranger.example");
    assert_shows(console, "1 incident goes on (I): stranger.example 77% since");
    leave_dashboard(console);
}

/* The key comes before anybody has looked at the file. */
static void a_key_may_be_the_first_to_find_another_file(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 100, 30);
    assert_types(console, "/first<Enter><Enter>");
    assert_int_equal(rename(other, own.path), 0);
    assert_types(console, "7");
    assert_shows(console, "110 failed of 200 sessions");
    assert_hides(console, "›");
    leave_dashboard(console);
}

static void a_file_that_is_gone_is_told_and_its_rows_stay(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 100, 30);
    assert_int_equal(unlink(own.path), 0);
    assert_shows(console, "reports.db: ");
    assert_shows(console, "first.example");
    assert_types(console, "r");
    assert_shows(console, "first.example");
    assert_hides(console, "Nothing has been imported yet");
    assert_types(console, "9");
    assert_shows(console, "It was there before.");
    assert_non_null(strstr(console_row(console, 2), "reports.db: "));
    assert_hides(console, "Nothing has been imported yet");
    assert_int_equal(rename(other, own.path), 0);
    assert_shows(console, "stranger.example");
    leave_dashboard(console);
}

static void a_file_that_is_none_any_more_is_told(void **state)
{
    (void)state;
    struct console *console = open_dashboard(own.path, 100, 30);
    FILE *file = fopen(other, "w");
    assert_non_null(file);
    for (int i = 0; i < 50000; i++)
        fputc(i * 7919 >> 3 & 0xff, file);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(rename(other, own.path), 0);
    assert_shows(console, "is not a database of tlsrptop");
    assert_shows(console, "first.example");
    leave_dashboard(console);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, fill, own_database_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(another_file_is_read_from_the_first_screen_on),
        TEST(a_key_may_be_the_first_to_find_another_file),
        TEST(a_file_that_is_gone_is_told_and_its_rows_stay),
        TEST(a_file_that_is_none_any_more_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
