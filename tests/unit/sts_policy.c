/* The text of an MTA-STS policy: RFC 8461 section 3.2, and what goes wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/sts_policy.h"

static struct sts_policy policy;

static void read_policy(const char *text)
{
    sts_policy_read(text, strlen(text), &policy);
}

static void expect_problems(const char *text, unsigned problems)
{
    read_policy(text);
    if (policy.problems != problems)
        fail_msg("problems %#x, not %#x, in:\n%s", policy.problems, problems, text);
}

static void a_good_policy_is_read_whole(void **state)
{
    (void)state;
    expect_problems("version: STSv1\r\nmode: enforce\r\nmx: mail.example.com\r\n"
                    "mx: *.example.net\r\nmax_age: 604800\r\n",
                    0);
    assert_int_equal(policy.mode, STS_ENFORCE);
    assert_int_equal(policy.max_age, 604800);
    assert_int_equal(policy.mx_count, 2);
    assert_memory_equal(policy.mx[1].start, "*.example.net", policy.mx[1].length);
    assert_int_equal(policy.mx[1].length, strlen("*.example.net"));
}

static void line_ends_and_blanks_do_not_matter(void **state)
{
    (void)state;
    expect_problems("version:STSv1\nmode:\ttesting \n  mx: a.example\nmax_age: 0", 0);
    assert_int_equal(policy.mode, STS_TESTING);
    expect_problems("version: STSv1\nmode: none\nmax_age: 1\n\n\n", 0);
    assert_int_equal(policy.mode, STS_NONE);
}

static void unknown_keys_are_passed_over(void **state)
{
    (void)state;
    expect_problems("version: STSv1\nmode: none\nmax_age: 1\nx-note: a: b\n", 0);
}

static void what_is_missing_is_named(void **state)
{
    (void)state;
    expect_problems("", STS_NO_VERSION | STS_NO_MODE | STS_NO_MAX_AGE);
    expect_problems("mode: testing\nmax_age: 1\nmx: a.example\n", STS_NO_VERSION);
    assert_int_equal(policy.mode, STS_TESTING);
    expect_problems("version: STSv1\nmode: enforce\nmax_age: 1\n", STS_NO_MX);
    expect_problems("version: STSv1\nmx: a.example\nmax_age: 1\n", STS_NO_MODE);
    assert_int_equal(policy.mode, STS_UNREADABLE);
    expect_problems("version: STSv1\nmx: a.example\nmode: enforce\n", STS_NO_MAX_AGE);
    assert_int_equal(policy.max_age, -1);
}

static void a_wrong_version_is_none(void **state)
{
    (void)state;
    expect_problems("version: STSv10\nmode: none\nmax_age: 1\n", STS_NO_VERSION);
    expect_problems("mode: none\nversion: STSv1\nmax_age: 1\n", 0); /* in any order */
    expect_problems("version: STSv2\nversion: STSv1\nmode: none\nmax_age: 1\n",
                    STS_NO_VERSION | STS_REPEATED_KEY);
}

static void bad_values_are_named(void **state)
{
    (void)state;
    expect_problems("version: STSv1\nmode: Enforce\nmax_age: 1\n", STS_BAD_MODE);
    assert_int_equal(policy.mode, STS_UNREADABLE);
    expect_problems("version: STSv1\nmode: none\nmax_age: 31557600\n", 0);
    expect_problems("version: STSv1\nmode: none\nmax_age: 31557601\n", STS_BAD_MAX_AGE);
    expect_problems("version: STSv1\nmode: none\nmax_age: -1\n", STS_BAD_MAX_AGE);
    expect_problems("version: STSv1\nmode: none\nmax_age: 99999999999999999999\n", STS_BAD_MAX_AGE);
    expect_problems("version: STSv1\nmode: none\nmax_age:\n", STS_BAD_MAX_AGE);
}

static void bad_mx_patterns_are_named_and_left_out(void **state)
{
    (void)state;
    static const char *const bad[] = {"",      "*",           "*.",       "mx.*.example", "a..b",
                                      "mx.a.", ".a",          "-a.b",     "a-.b",         "a_b.c",
                                      "a b",   "m\xc3\xbc.a", "a.b, c.d", "**.a"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char text[200];
        snprintf(text, sizeof text, "version: STSv1\nmode: enforce\nmax_age: 1\nmx: a.b\nmx: %s\n",
                 bad[i]);
        expect_problems(text, STS_BAD_MX);
        assert_int_equal(policy.mx_count, 1);
    }
}

static void of_a_repeated_key_the_first_stands(void **state)
{
    (void)state;
    expect_problems("version: STSv1\nmode: none\nmode: enforce\nmax_age: 1\n", STS_REPEATED_KEY);
    assert_int_equal(policy.mode, STS_NONE);
    expect_problems("version: STSv1\nmode: none\nmax_age: 1\nmax_age: 2\n", STS_REPEATED_KEY);
    assert_int_equal(policy.max_age, 1);
}

static void lines_that_are_no_key_and_value_are_named(void **state)
{
    (void)state;
    expect_problems("version: STSv1\nmode \t: none\nmax_age: 1\n", STS_SPACED_KEY);
    assert_int_equal(policy.mode, STS_NONE); /* it is read all the same */
    expect_problems("version: STSv1\nmode: none\n<html>\nmax_age: 1\n", STS_BAD_LINE);
    expect_problems("version: STSv1\n\nmode: none\nmax_age: 1\n", STS_BAD_LINE);
    expect_problems("version: STSv1\n: none\nmode: none\nmax_age: 1\n", STS_BAD_LINE);
}

static void control_bytes_are_named(void **state)
{
    (void)state;
    static const char text[] = "version: STSv1\nmode: none\nmax_age: 1\nx: a\0b\n";
    sts_policy_read(text, sizeof text - 1, &policy);
    assert_int_equal(policy.problems, STS_CONTROL_BYTES);
    expect_problems("version: STSv1\nmode: none\nmax_age: 1\nx: \033[2J\n", STS_CONTROL_BYTES);
}

static void endless_mx_lines_end_at_the_bound(void **state)
{
    (void)state;
    static char text[STS_POLICY_MAX];
    size_t length =
        (size_t)snprintf(text, sizeof text, "version: STSv1\nmode: enforce\nmax_age: 1\n");
    for (int i = 0; i < STS_MX_MAX + 1; i++)
        length += (size_t)snprintf(text + length, sizeof text - length, "mx: mx%d.example\n", i);
    expect_problems(text, STS_TOO_MANY_MX);
    assert_int_equal(policy.mx_count, STS_MX_MAX);
}

static const char *canonical(const char *text)
{
    static struct arena arena;
    read_policy(text);
    arena_reset(&arena);
    return sts_policy_canonical(&policy, &arena);
}

static void policies_that_say_the_same_are_the_same(void **state)
{
    (void)state;
    assert_string_equal(canonical("version: STSv1\nmode: enforce\nmx: *.B.example\n"
                                  "mx: a.example\nmax_age: 86400\n"),
                        "enforce 86400 *.b.example a.example");
    assert_string_equal(canonical("mx: a.example\r\nmx:A.example\r\nmax_age:  86400\r\n"
                                  "mx: *.b.example\r\nmode: enforce"),
                        "enforce 86400 *.b.example a.example");
    assert_string_equal(canonical("mode: none\nmax_age: 1"), "none 1");
    assert_string_equal(canonical("nothing of it"), "unreadable -1");
}

static void every_problem_has_words(void **state)
{
    (void)state;
    unsigned known = 0;
    for (size_t i = 0; i < sts_fault_count; i++) {
        assert_false(known & sts_faults[i].problem);
        known |= sts_faults[i].problem;
        assert_true(strlen(sts_faults[i].text) > 0 && strlen(sts_faults[i].remedy) > 0);
    }
    assert_int_equal(known, 2 * STS_SPACED_KEY - 1); /* the last of them */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_policy_is_read_whole),
        cmocka_unit_test(line_ends_and_blanks_do_not_matter),
        cmocka_unit_test(unknown_keys_are_passed_over),
        cmocka_unit_test(what_is_missing_is_named),
        cmocka_unit_test(a_wrong_version_is_none),
        cmocka_unit_test(bad_values_are_named),
        cmocka_unit_test(bad_mx_patterns_are_named_and_left_out),
        cmocka_unit_test(of_a_repeated_key_the_first_stands),
        cmocka_unit_test(lines_that_are_no_key_and_value_are_named),
        cmocka_unit_test(control_bytes_are_named),
        cmocka_unit_test(endless_mx_lines_end_at_the_bound),
        cmocka_unit_test(policies_that_say_the_same_are_the_same),
        cmocka_unit_test(every_problem_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
