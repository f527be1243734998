/* The domains that come first, read without the others. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/advice.h"
#include "../../db/connection.h"
#include "../../db/observation.h"
#include "../../db/ranking.h"
#include "../own_database.h"

enum { DOMAINS = FEW_DOMAINS + 200, MOST = 90 };

static const struct advice_settings settings = {
    .testing_days = 14, .reporters = 2, .quiet_days = 7, .rua = ""};

static struct day_range month(void)
{
    return (struct day_range){today() - 29, today()};
}

struct line {
    char name[32];
    char label[ADVICE_LABEL];
    struct totals totals;
    struct mode_change change;
};

struct lines {
    size_t count;
    struct line line[DOMAINS + 1];
};

static int take(void *context, const struct domain_row *row)
{
    struct lines *lines = context;
    assert_true(lines->count < DOMAINS + 1);
    struct line *line = &lines->line[lines->count++];
    snprintf(line->name, sizeof line->name, "%s", row->name);
    if (row->standing != NULL)
        advice_label(row->standing, &settings, line->label);
    line->totals = row->totals;
    line->change = row->change;
    return 0;
}

static int by_failed(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    int64_t more = right->totals.failed - left->totals.failed;
    return more != 0 ? (more > 0 ? 1 : -1) : strcmp(left->name, right->name);
}

static int by_change(const void *a, const void *b)
{
    const struct line *left = a, *right = b;
    int later = right->change.day - left->change.day;
    return later != 0 ? later : strcmp(left->name, right->name);
}

static struct lines all, some;

static void sort(struct lines *lines, int (*compare)(const void *, const void *))
{
    qsort(lines->line, lines->count, sizeof *lines->line, compare);
}

/* The lines of `some` are the first MOST of `all`. */
static void expect_first(int (*compare)(const void *, const void *))
{
    sort(&all, compare);
    sort(&some, compare);
    assert_int_equal(some.count, MOST);
    for (size_t i = 0; i < MOST; i++) {
        assert_string_equal(some.line[i].name, all.line[i].name);
        assert_string_equal(some.line[i].label, all.line[i].label);
        assert_memory_equal(&some.line[i].totals, &all.line[i].totals, sizeof(struct totals));
        assert_int_equal(some.line[i].change.day, all.line[i].change.day);
    }
}

static struct list_sums ask_standings(size_t most)
{
    struct list_sums sums;
    memset(&all, 0, sizeof all);
    memset(&some, 0, sizeof some);
    assert_int_equal(query_standings(own.db, ALL_DOMAINS, month(), &settings, take, &all), DB_OK);
    assert_int_equal(query_standings_first(own.db, month(), &settings, most, &sums, take, &some),
                     DB_OK);
    return sums;
}

static struct list_sums ask_timeline(struct day_range range)
{
    struct list_sums sums;
    memset(&all, 0, sizeof all);
    memset(&some, 0, sizeof some);
    assert_int_equal(query_timeline(own.db, range, false, 0, &sums, take, &all), DB_OK);
    assert_true(sums.complete);
    assert_int_equal(query_timeline(own.db, range, false, MOST, &sums, take, &some), DB_OK);
    return sums;
}

static void keep(int domains)
{
    keep_many_domains(own.store, domains);
    assert_int_equal(store_commit(own.store), DB_OK);
}

static void those_that_failed_most_come_as_in_the_whole_list(void **state)
{
    (void)state;
    keep(DOMAINS);
    struct list_sums sums = ask_standings(MOST);
    expect_first(by_failed);
    assert_false(sums.complete);
    assert_int_equal(sums.domains, DOMAINS);
    assert_int_equal(sums.ranked, (DOMAINS + 6) / 7);
    assert_int_equal(sums.last_day, today());
    struct totals totals = {0};
    for (size_t i = 0; i < all.count; i++)
        totals_add(&totals, all.line[i].totals);
    assert_memory_equal(&sums.totals, &totals, sizeof totals);
}

/* In days without a report nothing failed, and names alone decide. */
static void where_none_failed_they_come_by_name(void **state)
{
    (void)state;
    keep(DOMAINS);
    struct list_sums sums;
    struct day_range before = {today() - 20, today() - 10};
    memset(&some, 0, sizeof some);
    assert_int_equal(query_standings_first(own.db, before, &settings, MOST, &sums, take, &some),
                     DB_OK);
    assert_int_equal(some.count, MOST);
    assert_int_equal(sums.ranked, 0);
    assert_string_equal(some.line[0].name, "d0000.example");
    assert_string_equal(some.line[MOST - 1].name, "d0089.example");
}

static void what_is_foreign_or_only_checked_has_its_place(void **state)
{
    (void)state;
    bool changed;
    struct observation observation = {
        .last_time = instant_now(), .evidence = "{}", .problems = "[]"};
    keep(DOMAINS);
    assert_int_equal(observation_store(own.db, "a.example", "", &observation, &changed), DB_OK);
    assert_int_equal(db_exec(own.db, "UPDATE domain SET mine = 0 WHERE name = 'd0028.example'"),
                     DB_OK);
    struct list_sums sums = ask_standings(MOST);
    expect_first(by_failed);
    assert_int_equal(sums.domains, DOMAINS);
    for (size_t i = 0; i < some.count; i++)
        assert_string_not_equal(some.line[i].name, "d0028.example");
}

static void those_that_moved_last_come_as_in_the_whole_list(void **state)
{
    (void)state;
    keep(DOMAINS);
    struct list_sums sums = ask_timeline(month());
    expect_first(by_change);
    assert_false(sums.complete);
    assert_int_equal(sums.domains, DOMAINS);
    assert_int_equal(sums.ranked, (DOMAINS + 10) / 11);
    assert_int_equal(some.line[0].change.day, today());
    assert_int_equal(some.line[0].change.to, MODE_STS_ENFORCE);
    sums = ask_timeline((struct day_range){today() - 1, today() - 1});
    expect_first(by_change);
    assert_int_equal(sums.ranked, 0);
    assert_int_equal(some.line[0].change.day, -1);
}

static void few_domains_come_at_once(void **state)
{
    (void)state;
    keep(200);
    struct list_sums sums = ask_standings(MOST);
    assert_true(sums.complete);
    assert_int_equal(sums.domains, 200);
    assert_int_equal(some.count, 200);
    ask_timeline(month());
    assert_int_equal(some.count, 200);
}

#define TEST(test)                                                                                 \
    cmocka_unit_test_setup_teardown(test, own_database_set_up, own_database_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(those_that_failed_most_come_as_in_the_whole_list),
        TEST(where_none_failed_they_come_by_name),
        TEST(what_is_foreign_or_only_checked_has_its_place),
        TEST(those_that_moved_last_come_as_in_the_whole_list),
        TEST(few_domains_come_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
