/* Any range of days is covered once, by as few and as wide blocks as are right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/cover.h"
#include "../../db/levels.h"
#include "../make_report.h"

static char folder[64];
static struct db *db;

static int set_up(void **state)
{
    (void)state;
    char path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    return db_open(&db, path, DB_WRITE) == DB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(db);
    remove_folder(folder);
    return 0;
}

static void expect_cover(int first, int last, unsigned levels, const char *expected)
{
    sqlite3_stmt *statement = db_statement(db, "SELECT ?");
    struct day_range range = {first, last};
    bool row;
    assert_int_equal(cover_bind(db, statement, levels, range), DB_OK);
    assert_int_equal(db_step(db, statement, &row), DB_OK);
    assert_string_equal(db_text(statement, 0), expected);
    db_done(statement, DB_OK);
}

static void a_range_is_covered_by_its_widest_blocks(void **state)
{
    (void)state;
    expect_cover(64, 127, LEVELS_ALL, "[[0,3,1,1]]");
    expect_cover(64, 255, LEVELS_ALL, "[[0,3,1,3]]");
    expect_cover(63, 128, LEVELS_ALL, "[[0,0,63,63],[0,3,1,1],[0,0,128,128]]");
    expect_cover(1, 23, LEVELS_ALL, "[[0,0,1,3],[0,1,1,5]]");
    expect_cover(5, 5, LEVELS_ALL, "[[0,0,5,5]]");
}

static void an_empty_range_is_covered_by_nothing(void **state)
{
    (void)state;
    expect_cover(10, 9, LEVELS_ALL, "[]");
    expect_cover(-5, -1, LEVELS_ALL, "[]");
}

static void a_table_without_a_level_is_covered_without_it(void **state)
{
    (void)state;
    expect_cover(64, 127, 0x5, "[[0,2,4,7]]");
    expect_cover(16, 35, 0x5, "[[0,2,1,1],[0,0,32,35]]");
}

static void an_open_block_is_covered_from_below(void **state)
{
    (void)state;
    assert_int_equal(levels_open(db, 70), DB_OK);
    expect_cover(64, 127, LEVELS_ALL, "[[0,1,16,16],[0,0,68,71],[0,1,18,19],[0,2,5,7]]");
    bool more;
    assert_int_equal(levels_close_one(db, 71, &more), DB_OK); /* its last day is not over */
    assert_false(more);
    assert_int_equal(levels_close_one(db, 72, &more), DB_OK);
    assert_true(more);
    expect_cover(64, 127, LEVELS_ALL, "[[0,1,16,19],[0,2,5,7]]");
    do
        assert_int_equal(levels_close_one(db, 128, &more), DB_OK);
    while (more);
    expect_cover(64, 127, LEVELS_ALL, "[[0,3,1,1]]");
}

static void absurd_ranges_stay_within_the_calendar(void **state)
{
    (void)state;
    expect_cover(INT32_MIN, INT32_MAX, LEVELS_ALL,
                 "[[0,3,0,45825],[0,2,183304,183305],[0,0,2932896,2932896]]");
}

/* Sums by cover and by day agree for every range, while blocks are open as well. */
static void sums_by_cover_are_sums_by_day(void **state)
{
    (void)state;
    enum { FIRST = 20000, DAYS = 150 };
    struct store *store = open_store(db);
    for (int i = 0; i < 900; i++) {
        struct report report;
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        make_report(&report, "Google", id, FIRST + i * 7919 % DAYS);
        add_policy(&report, "sts", i % 2 ? "a.example" : "b.example", "", i, 0);
        keep_report(store, &report, "x");
        if (i == 500 || i > 850)
            assert_int_equal(store_commit(store), DB_OK);
    }
    assert_int_equal(store_commit(store), DB_OK);
    assert_true(sql_integer(db, "SELECT count(*) FROM open_block") > 0);
    for (int round = 0; round < 2; round++) {
        for (int first = FIRST; first < FIRST + DAYS; first += 11) {
            for (int last = first; last < FIRST + DAYS; last += 13) {
                static const char by_cover[] =
                    SQL_COVER " SELECT sum(t.reports), sum(t.successful) FROM cover c"
                              " JOIN total_domain t USING(level, block) WHERE t.domain = 0";
                sqlite3_stmt *statement = db_statement(db, by_cover);
                bool row;
                struct day_range range = {first, last};
                assert_int_equal(cover_bind(db, statement, LEVELS_ALL, range), DB_OK);
                assert_int_equal(db_step(db, statement, &row), DB_OK);
                int64_t reports = sqlite3_column_int64(statement, 0);
                int64_t successful = sqlite3_column_int64(statement, 1);
                db_done(statement, DB_OK);
                static const char by_day[] = "SELECT %s FROM policy WHERE day BETWEEN %d AND %d";
                assert_int_equal(reports, sql_integer(db, by_day, "count(*)", first, last));
                assert_int_equal(successful,
                                 sql_integer(db, by_day, "sum(successful)", first, last));
            }
        }
        if (round == 0)
            assert_int_equal(store_close(store, ""), DB_OK);
        assert_int_equal(sql_integer(db, "SELECT count(*) FROM open_block"), 0);
    }
}

static void set_today(int day)
{
    char now[32];
    snprintf(now, sizeof now, "%lld", (long long)day * SECONDS_PER_DAY);
    setenv("SOURCE_DATE_EPOCH", now, 1);
}

/* A watch goes on for years. */
static void blocks_are_closed_when_a_day_begins(void **state)
{
    (void)state;
    enum { FIRST = 20000, DAYS = 200, A_DAY = 4 };
    set_today(FIRST);
    struct store *store = open_store(db);
    for (int i = 0; i < DAYS * A_DAY; i++) {
        struct report report;
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        set_today(FIRST + i / A_DAY);
        make_report(&report, "Google", id, FIRST + i / A_DAY);
        for (int d = 0; d < 100; d++) {
            char domain[32];
            snprintf(domain, sizeof domain, "d%d.example", d);
            add_policy(&report, "sts", domain, "", 1, 0);
        }
        keep_report(store, &report, "x");
        if (i % A_DAY == A_DAY - 1)
            assert_int_equal(store_commit(store), DB_OK);
    }
    assert_in_range(sql_integer(db, "SELECT count(*) FROM open_block"), 1, 12);
    assert_int_equal(store_close(store, ""), DB_OK);
    unsetenv("SOURCE_DATE_EPOCH");
}

/* Until it is no small one any more. */
static void blocks_of_a_small_database_stay_open(void **state)
{
    (void)state;
    enum { FIRST = 20000, REPORTS = 400 };
    struct store *store;
    struct store_settings settings = {.mine = "", .close_from = REPORTS + 1};
    assert_int_equal(store_open(&store, db, "test", &settings), DB_OK);
    for (int i = 0; i < REPORTS; i++) {
        struct report report;
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        make_report(&report, "Google", id, FIRST + i);
        add_policy(&report, "sts", "a.example", "", 1, 0);
        keep_report(store, &report, "x");
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_true(sql_integer(db, "SELECT count(*) FROM open_block") > REPORTS / 4);
    settings.close_from = REPORTS;
    assert_int_equal(store_open(&store, db, "test", &settings), DB_OK);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM open_block"), 0);
}

/* More domains than are summed up at once, and rows that had been there before. */
static void a_block_is_the_sum_of_what_is_below_it(void **state)
{
    (void)state;
    static const char fill[] =
        "WITH RECURSIVE n(i) AS (VALUES(0) UNION ALL SELECT i + 1 FROM n WHERE i < 2999)"
        "INSERT INTO domain(id, name, mine) SELECT i, 'd' || i || '.example', 1 FROM n WHERE i > 0;"
        "INSERT INTO total_domain SELECT 0, 64 + i % 7, id, 1, id, 2"
        " FROM domain, (SELECT value AS i FROM json_each('[0,1,2,3,4,5,6]'));"
        "INSERT INTO total_result SELECT 0, 64 + i, id, 1, i % 2, 5"
        " FROM domain, (SELECT value AS i FROM json_each('[0,5,15]'));"
        "INSERT INTO total_domain VALUES(1, 16, 7, 99, 99, 99), (1, 17, 9999, 1, 1, 1);";
    bool more = true;
    assert_int_equal(db_exec(db, fill), DB_OK);
    for (int day = 64; day < 80; day++)
        assert_int_equal(levels_open(db, day), DB_OK);
    while (more)
        assert_int_equal(levels_close_one(db, 200, &more), DB_OK);
    static const struct {
        const char *what;
        int64_t value;
    } sums[] = {
        {"count(*) FROM total_domain WHERE level = 1 AND block = 16", 2999},
        {"count(*) FROM total_domain WHERE level = 1 AND block = 17", 2999},
        {"sum(reports) FROM total_domain WHERE level = 1", 2999 * 7},
        {"sum(reports) FROM total_domain WHERE level = 3", 2999 * 7},
        {"successful FROM total_domain WHERE level = 3 AND domain = 2500", 2500 * 7},
        {"sum(failed) FROM total_result WHERE level = 2", 2999 * 3 * 5},
        {"failed FROM total_result WHERE level = 2 AND domain = 2500 AND result_type = 1", 10},
    };
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        assert_int_equal(sql_integer(db, "SELECT %s", sums[i].what), sums[i].value);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_range_is_covered_by_its_widest_blocks),
        TEST(an_empty_range_is_covered_by_nothing),
        TEST(a_table_without_a_level_is_covered_without_it),
        TEST(an_open_block_is_covered_from_below),
        TEST(absurd_ranges_stay_within_the_calendar),
        TEST(sums_by_cover_are_sums_by_day),
        TEST(blocks_are_closed_when_a_day_begins),
        TEST(blocks_of_a_small_database_stay_open),
        TEST(a_block_is_the_sum_of_what_is_below_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
