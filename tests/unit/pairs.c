/* The set of pairs of numbers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../db/pairs.h"

static void a_pair_is_new_once(void **state)
{
    enum { SIDE = 300 };
    struct pairs pairs = {0};
    (void)state;
    for (int time = 0; time < 2; time++)
        for (int a = 0; a < SIDE; a++)
            for (int b = 0; b < SIDE; b++)
                assert_int_equal(pairs_add(&pairs, a, b), time == 0);
    assert_int_equal(pairs.count, SIDE * SIDE);
    assert_true(pairs.slot_count <= 4 * pairs.count);
    pairs_free(&pairs);
    assert_int_equal(pairs_add(&pairs, 1, 1), 1);
    pairs_free(&pairs);
}

static void the_order_and_all_bits_matter(void **state)
{
    static const int64_t numbers[] = {0, 1, 2, INT64_C(0x80000000), INT64_C(0xfffffffe)};
    enum { NUMBERS = sizeof numbers / sizeof *numbers };
    struct pairs pairs = {0};
    (void)state;
    for (size_t a = 0; a < NUMBERS; a++)
        for (size_t b = 0; b < NUMBERS; b++)
            assert_int_equal(pairs_add(&pairs, numbers[a], numbers[b]), 1);
    pairs_free(&pairs);
}

/* A database may be damaged or made by someone else: no number does harm. */
static void odd_numbers_count_as_some_pair(void **state)
{
    struct pairs pairs = {0};
    (void)state;
    assert_int_equal(pairs_add(&pairs, 1, 1), 1);
    assert_int_equal(pairs_add(&pairs, INT64_C(0x100000001), 1), 0);
    assert_int_equal(pairs_add(&pairs, -1, INT64_MIN), 1);
    assert_int_equal(pairs_add(&pairs, -1, INT64_MIN), 0);
    assert_int_equal(pairs_add(&pairs, -1, -1), 0); /* has no place */
    assert_int_equal(pairs.count, 2);
    pairs_free(&pairs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pair_is_new_once),
        cmocka_unit_test(the_order_and_all_bits_matter),
        cmocka_unit_test(odd_numbers_count_as_some_pair),
    };
    return cmocka_run_group_tests_name("pairs", tests, NULL, NULL);
}
