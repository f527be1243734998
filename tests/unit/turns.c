/* Who may be under way: the quick ones are few, the slow ones make room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../importers/turns.h"

enum { ALL = 8, QUICK_MAX = 2, OPEN_MAX = 5 };

static struct turns turns;
static struct turn all[ALL];

static int set_up(void **state)
{
    (void)state;
    turns_init(&turns, QUICK_MAX, OPEN_MAX);
    for (size_t i = 0; i < ALL; i++)
        turns_wait(&turns, &all[i]);
    return 0;
}

static void make_slow(struct turn *turn)
{
    turn->began -= TURN_QUICK_MS;
}

static void the_first_to_come_begin_first_and_few_at_a_time(void **state)
{
    (void)state;
    assert_int_equal(turns_wait_ms(&turns), 0);
    assert_ptr_equal(turns_begin(&turns), &all[0]);
    assert_ptr_equal(turns_begin(&turns), &all[1]);
    assert_null(turns_begin(&turns));
    assert_in_range(turns_wait_ms(&turns), 1, TURN_QUICK_MS);
    turns_leave(&turns, &all[0]);
    assert_ptr_equal(turns_begin(&turns), &all[2]);
    assert_ptr_equal(turns_oldest(&turns), &all[1]);
}

static void the_slow_make_room_up_to_a_bound(void **state)
{
    (void)state;
    for (size_t i = 0; i < OPEN_MAX; i++) {
        assert_ptr_equal(turns_begin(&turns), &all[i]);
        make_slow(&all[i]);
    }
    assert_null(turns_begin(&turns));
    assert_int_equal(turns_wait_ms(&turns), -1);
    assert_ptr_equal(turns_oldest(&turns), &all[0]);
    turns_leave(&turns, &all[3]);
    assert_ptr_equal(turns_begin(&turns), &all[OPEN_MAX]);
}

static void who_waits_can_leave_too(void **state)
{
    (void)state;
    turns_leave(&turns, &all[0]);
    assert_ptr_equal(turns_any(&turns), &all[1]);
    for (size_t i = 1; i < ALL; i++)
        turns_leave(&turns, turns_any(&turns));
    assert_null(turns_any(&turns));
    assert_null(turns_begin(&turns));
    assert_int_equal(turns_wait_ms(&turns), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_first_to_come_begin_first_and_few_at_a_time, set_up),
        cmocka_unit_test_setup(the_slow_make_room_up_to_a_bound, set_up),
        cmocka_unit_test_setup(who_waits_can_leave_too, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
