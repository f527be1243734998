/* Two texts of policies beside each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../tui/policy_diff.h"

static struct arena arena;

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* "a|a" for equal lines, "a>b" for two that differ, "a>" and ">b" for one. */
static void expect_diff(const char *before, const char *now, const char *wanted)
{
    struct diff_line *lines;
    char shown[1024] = "";
    size_t count = policy_diff(before, now, &arena, &lines);
    for (size_t i = 0; i < count; i++)
        sprintf(shown + strlen(shown), "%s%s%s%s", i > 0 ? " " : "",
                lines[i].before ? lines[i].before : "", lines[i].same ? "|" : ">",
                lines[i].now ? lines[i].now : "");
    assert_string_equal(shown, wanted);
}

static void equal_lines_stand_on_one_level(void **state)
{
    (void)state;
    expect_diff("a\nb\nc", "a\nb\nc\n", "a|a b|b c|c");
    expect_diff("a\nb\nc", "a\nc", "a|a b> c|c");
    expect_diff("a\nc", "a\nb\nc", "a|a >b c|c");
    expect_diff("a\nx\nc", "a\ny\nz\nc", "a|a x>y >z c|c");
    expect_diff("a\nx\ny", "a\nz", "a|a x>z y>");
}

static void one_may_be_empty(void **state)
{
    (void)state;
    expect_diff("", "", "");
    expect_diff("", "a\nb", ">a >b");
    expect_diff("a\n\nb", "", "a> > b>");
}

static void lines_that_moved_are_gone_and_come(void **state)
{
    (void)state;
    expect_diff("a\nb", "b\na", "a> b|b >a");
}

static void endless_texts_are_cut(void **state)
{
    (void)state;
    static char before[4 * DIFF_LINES_MAX + 8], now[4 * DIFF_LINES_MAX + 8];
    for (int i = 0; i < DIFF_LINES_MAX + 1; i++) {
        strcat(before, "x\n");
        strcat(now, "y\n");
    }
    struct diff_line *lines;
    assert_int_equal(policy_diff(before, now, &arena, &lines), DIFF_LINES_MAX);
    assert_int_equal(policy_diff(before, before, &arena, &lines), DIFF_LINES_MAX);
}

static void lines_are_broken_to_the_width_of_a_side(void **state)
{
    (void)state;
    struct diff_line *lines;
    size_t count = policy_diff("same\nmx: a", "same\n3 1 1 0123456789ABCDEF", &arena, &lines);
    count = policy_diff_wrap(&arena, &lines, count, 14);
    assert_int_equal(count, 3);
    assert_string_equal(lines[0].now, "same");
    assert_string_equal(lines[1].before, "mx: a");
    assert_string_equal(lines[1].now, "3 1 1 01234567");
    assert_false(lines[1].goes_on);
    assert_null(lines[2].before);
    assert_string_equal(lines[2].now, "89ABCDEF");
    assert_true(lines[2].goes_on);
}

static void expect_words(const char *before, const char *now, const char *wanted)
{
    char words[POLICY_WORDS];
    policy_say_difference(before, now, ">", words);
    assert_string_equal(words, wanted);
}

#define POLICY "version: STSv1\nmode: testing\nmx: a.example\nmx: b.example\nmax_age: 86400\n"

static void what_changed_is_said(void **state)
{
    (void)state;
    expect_words(POLICY, POLICY, "");
    expect_words(POLICY,
                 "mx:B.example\r\nmx: a.example\r\nversion: STSv1\r\nmax_age: 86400\r\n"
                 "mode: testing",
                 "");
    expect_words(POLICY, "version: STSv1\nmode: enforce\nmx: a.example\nmx: *.c.example\n",
                 "mode testing > enforce, max_age 86400 (24 h) > none, +*.c.example, -b.example");
    expect_words("mode: none\nmax_age: 1", "mode: none\nmax_age: 1209600",
                 "max_age 1 (0 h) > 1209600 (14 days)");
}

static void what_does_not_fit_is_left_out_whole(void **state)
{
    (void)state;
    char now[8192] = "mode: testing\nmax_age: 1\n", words[POLICY_WORDS];
    for (int i = 0; i < 100; i++)
        sprintf(now + strlen(now), "mx: mail-server-number-%d.example\n", i);
    policy_say_difference("mode: testing\nmax_age: 1\n", now, ">", words);
    assert_true(strlen(words) < POLICY_WORDS);
    assert_string_equal(words + strlen(words) - strlen(".example"), ".example");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(equal_lines_stand_on_one_level, tear_down),
        cmocka_unit_test_teardown(lines_are_broken_to_the_width_of_a_side, tear_down),
        cmocka_unit_test_teardown(one_may_be_empty, tear_down),
        cmocka_unit_test_teardown(lines_that_moved_are_gone_and_come, tear_down),
        cmocka_unit_test_teardown(endless_texts_are_cut, tear_down),
        cmocka_unit_test_teardown(what_changed_is_said, tear_down),
        cmocka_unit_test_teardown(what_does_not_fit_is_left_out_whole, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
