/* Rows in order: sorted, filtered, and a cursor that stays on its row. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../tui/table.h"

struct line {
    int id;
    const char *name;
    int64_t failed;
};

#define LINE ((const struct line *)row)

static struct value name_value(const void *row)
{
    return value_text(LINE->name);
}
static struct value failed_value(const void *row)
{
    return value_number(LINE->failed);
}
static uint64_t line_id(const void *row)
{
    return (uint64_t)LINE->id;
}
static uint64_t line_stamp(const void *row)
{
    return (uint64_t)LINE->failed;
}

static void paint_nothing(const void *row, const struct cell *cell)
{
    (void)row;
    (void)cell;
}

static const struct column columns[] = {
    {.name = "name", .kind = VALUE_TEXT, .least = 4, .most = 4, .value = name_value},
    {.name = "failed",
     .kind = VALUE_COUNT,
     .least = 4,
     .most = 4,
     .large_first = true,
     .value = failed_value},
};
/* The same with a picture between them. */
static const struct column pictured[] = {
    {.name = "name", .kind = VALUE_TEXT, .least = 4, .most = 4, .value = name_value},
    {.name = "", .least = 4, .most = 4, .paint = paint_nothing},
    {.name = "failed", .kind = VALUE_COUNT, .least = 4, .most = 4, .value = failed_value},
};
static const struct table_type with_picture = {
    .columns = pictured, .column_count = 3, .id = line_id, .sort = 0};
static const struct table_type plain = {
    .columns = columns, .column_count = 2, .id = line_id, .stamp = line_stamp, .sort = 1};
static const struct table_type pinned = {.columns = columns,
                                         .column_count = 2,
                                         .id = line_id,
                                         .stamp = line_stamp,
                                         .sort = 1,
                                         .pinned = true};

static const struct line lines[] = {
    {10, "all", 7}, {11, "Beta", 0}, {12, "alpha", 5}, {13, "gamma", 2}, {14, "delta", 5},
};
static const struct rows rows = {lines, sizeof *lines, 5};
static const struct rows no_rows = {NULL, sizeof *lines, 0};
static atomic_bool cancelled;

static void set_filter(struct arrangement *arrangement, const char *text)
{
    char error[FILTER_ERROR];
    assert_int_equal(filter_parse(text, columns, 2, NULL, &arrangement->filter, error), 0);
}

/* The names in the order that ARRANGEMENT makes, joined by spaces. */
static const char *arranged(const struct arrangement *arrangement)
{
    static char names[256];
    struct order order;
    assert_int_equal(table_arrange(arrangement, &rows, &order, &cancelled), 0);
    names[0] = '\0';
    for (size_t i = 0; i < order.count; i++)
        sprintf(names + strlen(names), "%s%s", i > 0 ? " " : "", lines[order.rows[i]].name);
    free(order.rows);
    return names;
}

static void rows_are_sorted_and_equal_ones_stay_as_they_were(void **state)
{
    (void)state;
    struct arrangement arrangement = {.type = &plain, .sort = 1, .descending = true};
    assert_string_equal(arranged(&arrangement), "all alpha delta gamma Beta");
    arrangement.descending = false;
    assert_string_equal(arranged(&arrangement), "Beta gamma alpha delta all");
    arrangement.sort = 0;
    assert_string_equal(arranged(&arrangement), "all alpha Beta delta gamma");
    arrangement.sort = -1;
    assert_string_equal(arranged(&arrangement), "all Beta alpha gamma delta");
}

static int64_t name_length(const void *row)
{
    return (int64_t)strlen(LINE->name);
}

static void a_graded_column_is_not_sorted_by_its_text(void **state)
{
    (void)state;
    struct table_type graded = plain;
    graded.grade = name_length;
    struct arrangement arrangement = {.type = &graded, .sort = 0};
    assert_string_equal(arranged(&arrangement), "all Beta alpha gamma delta");
    arrangement.descending = true;
    assert_string_equal(arranged(&arrangement), "alpha gamma delta Beta all");
    arrangement.sort = 1;
    assert_string_equal(arranged(&arrangement), "all alpha delta gamma Beta");
}

static void a_pinned_row_is_the_first_whatever_is_asked_for(void **state)
{
    (void)state;
    struct arrangement arrangement = {.type = &pinned, .sort = 1};
    assert_string_equal(arranged(&arrangement), "all Beta gamma alpha delta");
    arrangement.failing = true;
    assert_string_equal(arranged(&arrangement), "all gamma alpha delta");
    set_filter(&arrangement, "nobody");
    assert_string_equal(arranged(&arrangement), "all");
}

static void filters_and_failing_go_together(void **state)
{
    (void)state;
    struct arrangement arrangement = {.type = &plain, .sort = 0, .failing = true};
    assert_string_equal(arranged(&arrangement), "all alpha delta gamma");
    set_filter(&arrangement, "failed<7 !name:m");
    assert_string_equal(arranged(&arrangement), "alpha delta");
    arrangement.failing = false;
    assert_string_equal(arranged(&arrangement), "alpha Beta delta");
}

static void no_rows_have_an_order(void **state)
{
    (void)state;
    struct arrangement arrangement = {.type = &pinned, .sort = 1, .failing = true};
    struct order order;
    assert_int_equal(table_arrange(&arrangement, &no_rows, &order, &cancelled), 0);
    assert_int_equal(order.count, 0);
    free(order.rows);
}

static void arranging_can_be_cancelled(void **state)
{
    (void)state;
    struct arrangement arrangement = {.type = &plain, .sort = 1};
    struct order order;
    atomic_store(&cancelled, true);
    int result = table_arrange(&arrangement, &rows, &order, &cancelled);
    atomic_store(&cancelled, false);
    assert_int_equal(result, -1);
    assert_null(order.rows);
}

/* --- the cursor --- */

static struct table table;

static void show(const struct rows *shown, bool mark)
{
    struct order order;
    assert_int_equal(table_arrange(&table.arrangement, shown, &order, &cancelled), 0);
    table_show(&table, shown, order, mark);
}

static const char *current(void)
{
    const struct line *line = table_current(&table);
    return line != NULL ? line->name : "";
}

static int set_up(void **state)
{
    (void)state;
    table_init(&table, &pinned);
    table.area = (struct area){0, 0, 4, 40}; /* a head and three rows */
    show(&rows, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    table_free(&table);
    return 0;
}

static void the_cursor_begins_below_the_pinned_row(void **state)
{
    (void)state;
    assert_string_equal(current(), "alpha");
}

static void the_cursor_stays_on_its_row_once_it_was_moved(void **state)
{
    (void)state;
    table_sort_by(&table, 0);
    show(&rows, false);
    assert_string_equal(current(), "alpha"); /* on top again: nobody had moved it */
    table_move(&table, ACT_DOWN);
    assert_string_equal(current(), "Beta");
    table_sort_by(&table, 1);
    show(&rows, false);
    assert_string_equal(current(), "Beta");
}

static void the_cursor_survives_its_row(void **state)
{
    (void)state;
    table_move(&table, ACT_LAST);
    struct rows fewer = rows;
    fewer.count = 2;
    show(&fewer, false);
    assert_string_equal(current(), "Beta");
    show(&no_rows, false);
    assert_null(table_current(&table));
    table_move(&table, ACT_DOWN);
    assert_null(table_current(&table));
    show(&rows, false);
    assert_non_null(table_current(&table));
}

static void moving_ends_at_the_edges(void **state)
{
    (void)state;
    table_move(&table, ACT_FIRST);
    table_move(&table, ACT_UP);
    assert_string_equal(current(), "all");
    table_move(&table, ACT_PAGE_DOWN);
    assert_string_equal(current(), "delta"); /* two of three rows: one is seen again */
    table_move(&table, ACT_PAGE_DOWN);
    table_move(&table, ACT_PAGE_DOWN);
    table_move(&table, ACT_DOWN);
    assert_string_equal(current(), "Beta");
    table_move(&table, ACT_PAGE_UP);
    assert_string_equal(current(), "delta");
    assert_false(table_move(&table, ACT_OPEN));
}

/* Whose cursor is not seen. */
static void a_text_is_turned_by_pages(void **state)
{
    (void)state;
    struct table_type text = plain;
    text.no_head = true;
    struct table page = table;
    page.arrangement.type = &text;
    page.cursor = page.top = 0;
    page.area.rows = 3;
    assert_true(table_move(&page, ACT_PAGE_DOWN));
    assert_int_equal(page.top, 2);
    assert_int_equal(page.cursor, 2);
    assert_true(table_move(&page, ACT_PAGE_UP));
    assert_int_equal(page.top, 0);
    assert_int_equal(page.cursor, 0);
}

static void sorting_by_the_same_column_turns_it_round(void **state)
{
    (void)state;
    assert_true(table.arrangement.descending); /* failures: large ones first */
    table_sort_by(&table, 1);
    assert_false(table.arrangement.descending);
    table_sort_by(&table, 0);
    assert_false(table.arrangement.descending);
    table_sort_next(&table);
    assert_int_equal(table.arrangement.sort, 1);
    table_sort_next(&table);
    assert_int_equal(table.arrangement.sort, 0);
}

static void a_picture_is_passed_over(void **state)
{
    (void)state;
    struct filter filter;
    char error[FILTER_ERROR];
    int column = -1;
    table_free(&table);
    table_init(&table, &with_picture);
    table.area = (struct area){0, 0, 4, 40};
    show(&rows, false);
    table_hide_empty(&table);
    assert_int_equal(table.hidden, 0);
    table_sort_next(&table);
    assert_int_equal(table.arrangement.sort, 2);
    assert_int_equal(table_click(&table, 0, 6, &column), 0);
    assert_int_equal(table_click(&table, 0, 12, &column), 'h');
    assert_int_equal(column, 2);
    strcpy(table.search, "nobody");
    assert_false(table_search(&table, 0, true));
    assert_int_equal(filter_parse("nobody", pictured, 3, NULL, &filter, error), 0);
    assert_false(filter_matches(&filter, lines));
    assert_int_equal(filter_parse("x:1", pictured, 3, NULL, &filter, error), -1);
    assert_string_equal(error, "no column x: name failed");
}

static void search_goes_round(void **state)
{
    (void)state;
    strcpy(table.search, "TA");
    assert_true(table_search(&table, 0, true));
    assert_string_equal(current(), "delta");
    assert_true(table_search(&table, 1, true));
    assert_string_equal(current(), "Beta");
    assert_true(table_search(&table, 1, true));
    assert_string_equal(current(), "delta");
    assert_true(table_search(&table, -1, true));
    assert_string_equal(current(), "Beta");
    strcpy(table.search, "5");
    assert_false(table_search(&table, 1, true)); /* figures are for filters */
    assert_string_equal(current(), "Beta");
}

static void rows_that_changed_are_marked(void **state)
{
    (void)state;
    struct line later[6];
    memcpy(later, lines, sizeof lines);
    later[2].failed = 6;
    later[5] = (struct line){15, "epsilon", 0};
    struct rows more = {later, sizeof *later, 6};
    show(&more, true);
    assert_non_null(table.changed);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(table.changed[i], i == 2 || i == 5);
    table_sort_by(&table, 0);
    show(&more, false); /* only another order */
    assert_true(table.changed[2]);
    table_unmark(&table);
    assert_null(table.changed);
    show(&rows, false);
    assert_null(table.changed);
}

static struct order order_of(const struct table *list, const struct line *of, size_t count)
{
    struct order order;
    struct rows all = {of, sizeof *of, count};
    assert_int_equal(table_arrange(&list->arrangement, &all, &order, &cancelled), 0);
    return order;
}

/* Cells of the columns of names, of what can be done without and of what cannot, in a
 * table of CELLS. */
static const char *widths(const struct table *list, int cells)
{
    static char text[64];
    struct area area = {0, 0, 10, cells};
    int x, of[3];
    for (int i = 0; i < 3; i++)
        of[i] = table_column(list, area, i, &x);
    snprintf(text, sizeof text, "%d %d %d", of[0], of[1], of[2]);
    return text;
}

static void names_of_domains_get_what_others_can_do_without(void **state)
{
    (void)state;
    static const struct column of_domains[] = {
        {.name = "domain", .kind = VALUE_DOMAIN, .least = 10, .most = 40, .value = name_value},
        {.name = "spare",
         .kind = VALUE_COUNT,
         .least = 8,
         .most = 8,
         .rank = 3,
         .value = failed_value},
        {.name = "failed",
         .kind = VALUE_COUNT,
         .least = 8,
         .most = 8,
         .rank = 2,
         .value = failed_value},
    };
    static const struct table_type type = {
        .columns = of_domains, .column_count = 3, .id = line_id, .sort = 0};
    static const struct line shorter[] = {{1, "a.example", 1}, {2, "b.example", 2}};
    static const struct line longer[] = {{1, "a.example", 1}, {2, "customer-of-20-cells", 2}};
    struct table list;
    table_init(&list, &type);
    table_show(&list, &(struct rows){shorter, sizeof *shorter, 2}, order_of(&list, shorter, 2),
               false);
    assert_string_equal(widths(&list, 30), "12 8 8"); /* and gaps of one */
    table_show(&list, &(struct rows){longer, sizeof *longer, 2}, order_of(&list, longer, 2), false);
    assert_string_equal(widths(&list, 30), "21 0 8");
    assert_string_equal(widths(&list, 38), "20 8 8");
    assert_string_equal(widths(&list, 18), "18 0 0");
    table_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_of_domains_get_what_others_can_do_without),
        cmocka_unit_test(rows_are_sorted_and_equal_ones_stay_as_they_were),
        cmocka_unit_test(a_graded_column_is_not_sorted_by_its_text),
        cmocka_unit_test(a_pinned_row_is_the_first_whatever_is_asked_for),
        cmocka_unit_test(filters_and_failing_go_together),
        cmocka_unit_test(no_rows_have_an_order),
        cmocka_unit_test(arranging_can_be_cancelled),
        cmocka_unit_test_setup_teardown(the_cursor_begins_below_the_pinned_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_cursor_stays_on_its_row_once_it_was_moved, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(the_cursor_survives_its_row, set_up, tear_down),
        cmocka_unit_test_setup_teardown(moving_ends_at_the_edges, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_text_is_turned_by_pages, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sorting_by_the_same_column_turns_it_round, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_picture_is_passed_over, set_up, tear_down),
        cmocka_unit_test_setup_teardown(search_goes_round, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_that_changed_are_marked, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
