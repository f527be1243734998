/* Trees in tables: children stay with their parents however they are sorted,
 * filtered, shut and searched. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tui/table.h"

struct item {
    const char *name;
    int64_t failed;
    int64_t parent;
};

static const struct item items[] = {
    {"fruit", 30, -1}, {"apple", 5, 0}, {"pear", 25, 0}, {"bread", 40, -1},      {"rye", 40, 3},
    {"tea", 10, -1},   {"green", 4, 5}, {"assam", 6, 5}, {"second flush", 6, 7},
};

static struct value name_value(const void *row)
{
    return value_text(((const struct item *)row)->name);
}
static struct value failed_value(const void *row)
{
    return value_number(((const struct item *)row)->failed);
}
static uint64_t item_id(const void *row)
{
    return hash_text(0, ((const struct item *)row)->name);
}
static int64_t item_parent(const void *row)
{
    return ((const struct item *)row)->parent;
}

static const struct column columns[] = {
    {"name", "Name", VALUE_TEXT, 8, 20, 0, false, name_value, NULL, NULL},
    {"failed", "Failed", VALUE_COUNT, 7, 10, 0, true, failed_value, NULL, NULL},
};
static const struct table_type type = {
    .title = "Goods",
    .columns = columns,
    .column_count = 2,
    .id = item_id,
    .sort = 1,
    .parent = item_parent,
};

static struct table table;

static void show(void)
{
    static const atomic_bool cancelled;
    struct rows rows = {items, sizeof *items, sizeof items / sizeof *items};
    struct order order;
    assert_int_equal(table_arrange(&table.arrangement, &rows, &order, &cancelled), 0);
    table_show(&table, &rows, order, false);
}

static int set_up(void **state)
{
    (void)state;
    table_init(&table, &type);
    show();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    table_free(&table);
    return 0;
}

static void assert_names(const char *expected)
{
    char names[256] = "";
    for (size_t n = 0; n < table.order.count; n++) {
        const struct item *item = row_at(&table.rows, table.order.rows[n]);
        strcat(strcat(names, n > 0 ? " " : ""), item->name);
    }
    assert_string_equal(names, expected);
}

static void filter(const char *text)
{
    char error[FILTER_ERROR];
    assert_int_equal(filter_parse(text, columns, 2, NULL, &table.arrangement.filter, error), 0);
    show();
}

static const char *current(void)
{
    const struct item *item = table_current(&table);
    return item != NULL ? item->name : "";
}

static void each_level_is_sorted_by_itself(void **state)
{
    (void)state;
    assert_names("bread rye fruit pear apple tea assam second flush green");
    table_sort_by(&table, 1);
    show();
    assert_names("tea green assam second flush fruit apple pear bread rye");
    table_sort_by(&table, 0);
    show();
    assert_names("bread rye fruit apple pear tea assam second flush green");
}

static void a_filter_leaves_what_is_above_its_rows(void **state)
{
    (void)state;
    filter("second");
    assert_names("tea assam second flush");
    filter("failed>20");
    assert_names("bread rye fruit pear");
}

static void a_shut_branch_hides_all_below(void **state)
{
    (void)state;
    assert_true(table_find(&table, hash_text(0, "tea")));
    table.moved = true;
    assert_true(table_set_open(&table, false));
    assert_false(table_set_open(&table, false));
    assert_names("bread rye fruit pear apple tea");
    show();
    assert_names("bread rye fruit pear apple tea");
    assert_string_equal(current(), "tea");
    assert_true(table_set_open(&table, true));
    assert_names("bread rye fruit pear apple tea assam second flush green");
}

static void a_row_with_nothing_below_is_no_branch(void **state)
{
    (void)state;
    assert_true(table_find(&table, hash_text(0, "rye")));
    assert_false(table_set_open(&table, false));
    assert_true(table_go_up(&table));
    assert_string_equal(current(), "bread");
    assert_false(table_go_up(&table));
}

static void a_search_opens_what_it_finds_when_it_is_done(void **state)
{
    (void)state;
    table_set_shut(&table, true);
    assert_names("bread fruit tea");
    strcpy(table.search, "second");
    assert_true(table_search(&table, 0, false));
    assert_names("bread fruit tea");
    assert_string_equal(current(), "tea");
    assert_true(table_search(&table, 0, true));
    assert_names("bread fruit tea assam second flush green");
    assert_string_equal(current(), "second flush");
    strcpy(table.search, "apple");
    assert_true(table_search(&table, 1, true));
    assert_string_equal(current(), "apple");
}

static void the_cursor_goes_up_where_its_row_is_shut_away(void **state)
{
    (void)state;
    assert_true(table_find(&table, hash_text(0, "second flush")));
    table.moved = true;
    table.shut = true;
    show();
    assert_names("bread fruit tea");
    assert_string_equal(current(), "tea");
}

static void a_filter_looks_into_shut_branches(void **state)
{
    (void)state;
    table_set_shut(&table, true);
    filter("pear");
    assert_names("fruit pear");
    filter("");
    assert_names("bread fruit tea");
}

static void a_file_gets_the_leaves_only(void **state)
{
    (void)state;
    char names[256] = "";
    size_t n = 0;
    table_set_shut(&table, true);
    for (const struct item *item; (item = table_next_leaf(&table, &n)) != NULL;)
        strcat(strcat(names, " "), item->name);
    assert_string_equal(names, " rye pear apple second flush green");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_level_is_sorted_by_itself, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_filter_leaves_what_is_above_its_rows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_shut_branch_hides_all_below, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_row_with_nothing_below_is_no_branch, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_search_opens_what_it_finds_when_it_is_done, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_cursor_goes_up_where_its_row_is_shut_away, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_filter_looks_into_shut_branches, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_gets_the_leaves_only, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
