/* How days become steps of a time axis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tui/chart.h"

enum { LAST = 20777 };

static struct axis fit(int days, int columns)
{
    return axis_fit((struct day_range){LAST - days + 1, LAST}, columns);
}

static void a_day_gets_as_many_cells_as_fit(void **state)
{
    (void)state;
    struct axis axis = fit(30, 70);
    assert_int_equal(axis.days, 1);
    assert_int_equal(axis.count, 30);
    assert_int_equal(axis.cell, 2);
    assert_int_equal(fit(7, 70).cell, 6); /* wider ones are no easier to read */
}

static void days_are_put_together_where_they_do_not_fit(void **state)
{
    (void)state;
    assert_int_equal(fit(71, 70).days, 2);
    assert_int_equal(fit(365, 70).days, 7);
    assert_int_equal(fit(36525, 60).days, 1820);
}

static void the_axis_fits_and_covers_the_range_up_to_its_last_day(void **state)
{
    (void)state;
    for (int days = 1; days <= 36525; days += days / 7 + 1) {
        for (int columns = 1; columns <= AXIS_STEPS_MAX; columns += columns / 5 + 1) {
            struct axis axis = fit(days, columns);
            assert_true(axis.count >= 1 && axis.cell >= 1);
            assert_true(axis.count * axis.cell <= columns);
            assert_int_equal(axis_step(&axis, axis.count - 1).last, LAST);
            assert_true(columns < 2 || axis.first <= LAST - days + 1);
            assert_true(axis.first + axis.days > LAST - days + 1); /* no step before it */
        }
    }
}

static void a_range_without_days_is_one_day(void **state)
{
    (void)state;
    struct axis axis = axis_fit((struct day_range){5, 4}, 10);
    assert_int_equal(axis.count, 1);
    assert_int_equal(axis_fit((struct day_range){5, 5}, -3).count, 1);
}

static void steps_do_not_begin_before_1970(void **state)
{
    (void)state;
    struct axis axis = axis_fit((struct day_range){0, 99}, 60);
    assert_int_equal(axis.days, 2);
    axis = axis_fit((struct day_range){0, 98}, 60);
    assert_int_equal(axis_step(&axis, 0).first, 0);
    assert_int_equal(axis_step(&axis, 0).last, 0);
}

static void a_step_has_the_mode_of_its_last_day_with_reports(void **state)
{
    (void)state;
    struct axis axis = {.first = 0, .days = 3, .count = 2, .cell = 1};
    struct day_mode modes[] = {
        {MODE_STS_TESTING, true, false}, {MODE_STS_ENFORCE, true, false},
        {MODE_STS_ENFORCE, false, true}, {MODE_STS_ENFORCE, false, true},
        {MODE_STS_ENFORCE, false, true}, {MODE_UNKNOWN, false, false},
    };
    assert_int_equal(axis_mode(&axis, modes, 0).mode, MODE_STS_ENFORCE);
    assert_true(axis_mode(&axis, modes, 0).reported);
    assert_int_equal(axis_mode(&axis, modes, 1).mode, MODE_UNKNOWN);
}

static void the_largest_step_sets_the_scale(void **state)
{
    (void)state;
    struct axis axis = {.first = 0, .days = 1, .count = 3, .cell = 1};
    struct totals steps[] = {{1, 5, 3}, {1, 0, 7}, {0, 0, 0}};
    assert_int_equal(chart_most(&axis, steps, CHART_SESSIONS), 8);
    assert_int_equal(chart_most(&axis, steps, CHART_FAILED), 7);
}

static void each_mode_has_a_letter_of_its_own(void **state)
{
    (void)state;
    for (int a = 0; a < MODE_COUNT; a++)
        for (int b = 0; b < a; b++)
            assert_int_not_equal(mode_letter((enum tls_mode)a), mode_letter((enum tls_mode)b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_gets_as_many_cells_as_fit),
        cmocka_unit_test(days_are_put_together_where_they_do_not_fit),
        cmocka_unit_test(the_axis_fits_and_covers_the_range_up_to_its_last_day),
        cmocka_unit_test(a_range_without_days_is_one_day),
        cmocka_unit_test(steps_do_not_begin_before_1970),
        cmocka_unit_test(a_step_has_the_mode_of_its_last_day_with_reports),
        cmocka_unit_test(the_largest_step_sets_the_scale),
        cmocka_unit_test(each_mode_has_a_letter_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
