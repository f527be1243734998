/* Text measured in cells: what fits, where lines break, how figures are
 * written. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "../../tui/text.h"

enum { COLUMNS_MAX = 200 };

static char fitted[COLUMNS_MAX * TEXT_BYTES_PER_CELL + 16];

static void expect_fit(const char *text, int columns, const char *wanted, int cells)
{
    int used = text_fit(text, columns, true, "\u2026", fitted);
    assert_string_equal(fitted, wanted);
    assert_int_equal(used, cells);
}

static void what_fits_is_shown_whole(void **state)
{
    (void)state;
    expect_fit("", 5, "", 0);
    expect_fit("abcde", 5, "abcde", 5);
    expect_fit("abcdef", 5, "abcd\u2026", 5);
    expect_fit("abc", 1, "\u2026", 1);
    expect_fit("abc", 0, "", 0);
    expect_fit("abc", -3, "", 0);
}

static void wide_characters_take_two_cells(void **state)
{
    (void)state;
    expect_fit("日本", 4, "日本", 4);
    expect_fit("日本語", 5, "日本\u2026", 5);
    expect_fit("日本語", 4, "日\u2026", 3); /* half of one is never shown */
    expect_fit("日", 1, "\u2026", 1);
}

static void combining_characters_take_none_and_do_not_pile_up(void **state)
{
    (void)state;
    expect_fit("e\u0301t", 2, "e\u0301t", 2);
    expect_fit("e\u0301te", 2, "e\u0301\u2026", 2);
    expect_fit("e\u0301\u0302\u0303\u0304t", 2, "e\u0301\u0302t", 2);
    expect_fit("\u0301t", 2, "t", 1); /* nothing stands before it */
}

static void text_behind_many_combining_characters_is_not_lost(void **state)
{
    (void)state;
    char text[8003] = "a";
    for (int i = 0; i < 4000; i++)
        memcpy(text + 1 + 2 * i, "\u0301", 2);
    text[8001] = 'b';
    expect_fit(text, 10, "a\u0301\u0301b", 2);
    assert_int_equal(text_columns(text, true), 2);
}

static void controls_and_turned_directions_are_visible(void **state)
{
    (void)state;
    expect_fit("\033[31m", 10, "\\x1b[31m", 8);
    expect_fit("a\u202eb", 10, "a\\u202eb", 8);
    expect_fit("a\xff", 10, "a\\xff", 5);
    expect_fit("\033[31m", 3, "\u2026", 1); /* nor is a half of one */
}

static void without_unicode_others_are_question_marks(void **state)
{
    (void)state;
    assert_int_equal(text_fit("é日x", 10, false, "~", fitted), 3);
    assert_string_equal(fitted, "??x");
    assert_int_equal(text_columns("é日x", false), 3);
}

static void all_of_a_long_text_is_measured(void **state)
{
    (void)state;
    static char text[10001];
    memset(text, 'x', sizeof text - 1);
    assert_int_equal(text_columns(text, true), 10000);
    assert_int_equal(text_fit(text, COLUMNS_MAX, true, "~", fitted), COLUMNS_MAX);
    assert_int_equal(fitted[COLUMNS_MAX - 1], '~');
}

/* --- lines --- */

static void expect_lines(const char *text, int columns, const char *const *lines)
{
    const char *next;
    for (; *lines != NULL; lines++, text = next) {
        size_t length = text_line(text, columns, &next);
        if (length != strlen(*lines) || memcmp(text, *lines, length) != 0)
            fail_msg("\"%.*s\", not \"%s\"", (int)length, text, *lines);
    }
    assert_string_equal(text, "");
}
#define LINES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void lines_break_at_spaces(void **state)
{
    (void)state;
    expect_lines("one two three", 8, LINES("one two", "three"));
    expect_lines("one two three", 7, LINES("one two", "three"));
    expect_lines("one two", 3, LINES("one", "two"));
    expect_lines("one", 3, LINES("one"));
}

static void long_words_are_cut(void **state)
{
    (void)state;
    expect_lines("abcdefgh", 3, LINES("abc", "def", "gh"));
    expect_lines("a bcdefgh", 4, LINES("a", "bcde", "fgh"));
    expect_lines("日本語", 3, LINES("日", "本", "語"));
    expect_lines("日本", 1, LINES("日", "本")); /* never a line of nothing */
    expect_lines("ab", 0, LINES("a", "b"));
}

/* It is shown as \x0a: what one stranger sent must not look like lines of ours. */
static void a_line_feed_ends_no_line(void **state)
{
    (void)state;
    static const char text[] = "one\ntwo";
    const char *next;
    expect_lines(text, 20, LINES("one\ntwo"));
    expect_lines(text, 7, LINES("one\n", "two"));
    assert_int_equal(text_piece(text, text + 3, 20, &next), 3);
    assert_ptr_equal(next, text + 3);
}

static void the_end_is_cut_at_characters(void **state)
{
    (void)state;
    assert_string_equal(text_end("/srv/mail/17", 2, true), "17");
    assert_string_equal(text_end("/srv/mail/17", 12, true), "/srv/mail/17");
    assert_string_equal(text_end("日本語", 4, true), "本語");
    assert_string_equal(text_end("日本語", 3, true), "語");
    assert_string_equal(text_end("abc", 0, true), "");
}

static void lines_are_measured_as_they_are_shown(void **state)
{
    (void)state;
    expect_lines("\033\033x", 8, LINES("\033\033", "x")); /* four cells each */
    expect_lines("e\u0301e\u0301", 2, LINES("e\u0301e\u0301"));
}

/* --- figures --- */

static void expect_count(int64_t count, int columns, const char *wanted)
{
    char text[32];
    format_count(count, columns, text);
    assert_string_equal(text, wanted);
}

static void counts_are_shortened_to_fit(void **state)
{
    (void)state;
    expect_count(0, 8, "0");
    expect_count(999, 3, "999");
    expect_count(1000, 5, "1,000");
    expect_count(1234567, 9, "1,234,567");
    expect_count(1234567, 8, "1.2M");
    expect_count(12345, 5, "12k");
    expect_count(9960, 4, "10k");
    expect_count(999999, 5, "1.0M");
    expect_count(999499, 5, "999k");
    expect_count(-1234567, 8, "-1.2M");
    expect_count(INT64_MAX, 8, "9.2E");
}

static void expect_rate(double rate, const char *wanted)
{
    char text[32];
    format_rate(rate, text);
    assert_string_equal(text, wanted);
}

static void rates_never_round_to_none_or_all(void **state)
{
    (void)state;
    expect_rate(-1, "");
    expect_rate(0, "0%");
    expect_rate(0.000001, "<0.01%");
    expect_rate(0.0019, "0.19%");
    expect_rate(0.00999, "1.0%");
    expect_rate(0.042, "4.2%");
    expect_rate(0.0999, "10%");
    expect_rate(0.5, "50%");
    expect_rate(0.985, "98%");
    expect_rate(0.9951, "99.5%");
    expect_rate(0.9999, ">99.9%");
    expect_rate(1, "100%");
}

static void expect_age(int64_t seconds, const char *wanted)
{
    char text[32];
    format_age(seconds, text);
    assert_string_equal(text, wanted);
}

static void ages_are_in_words(void **state)
{
    (void)state;
    expect_age(-5, "now"); /* clocks differ */
    expect_age(59, "now");
    expect_age(60, "1 min ago");
    expect_age(7199, "1 h ago");
    expect_age(2 * 86400 - 1, "47 h ago");
    expect_age(2 * 86400, "2 days ago");
}

/* --- search --- */

static void patterns_match_whole_texts(void **state)
{
    (void)state;
    assert_true(text_matches("sts-policy-invalid", "sts-*"));
    assert_true(text_matches("STS-policy-invalid", "sts-*VALID"));
    assert_true(text_matches("", "*"));
    assert_true(text_matches("abab", "*ab"));
    assert_true(text_matches("abcabd", "a*abd"));
    assert_false(text_matches("sts-policy-invalid", "sts"));
    assert_false(text_matches("abc", ""));
    assert_false(text_matches("", "?"));
}

static void many_stars_do_not_take_long(void **state)
{
    (void)state;
    char text[10001], pattern[201];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    for (size_t i = 0; i < sizeof pattern - 1; i += 2)
        memcpy(pattern + i, "*a", 2);
    pattern[199] = 'b';
    pattern[200] = '\0';
    assert_false(text_matches(text, pattern));
}

static void case_is_passed_over(void **state)
{
    (void)state;
    const char *text = "Example Mail";
    assert_ptr_equal(text_find(text, "mail"), text + 8);
    assert_null(text_find(text, "male"));
}

static void letters_outside_ascii_have_two_cases_too(void **state)
{
    (void)state;
    static const char *const locales[] = {"C", "C.UTF-8"};
    for (size_t i = 0; i < sizeof locales / sizeof *locales; i++) {
        const char *text = "mail.m\u00fcnchen.example";
        setlocale(LC_ALL, locales[i]);
        assert_ptr_equal(text_find(text, "M\u00dcN"), text + 5);
        assert_ptr_equal(text_find(text, "\u00dc"), text + 6);
        assert_non_null(text_find("\u041f\u041e\u0427\u0422\u0410", "\u0447"));
        assert_null(text_find(text, "\u00f6"));
        assert_null(text_find("munchen", "\u00fc"));
        assert_true(text_matches(text, "*.M\u00dc*"));
        assert_true(text_is("B\u00dcCHER", "b\u00fccher"));
        assert_false(text_is("B\u00dcCHER", "b\u00fcche"));
    }
}

static void what_is_no_utf8_is_only_equal_to_itself(void **state)
{
    (void)state;
    assert_non_null(text_find("a\xdd"
                              "b",
                              "A\xdd"));
    assert_null(text_find("a\xdd", "i"));
    assert_null(text_find("a\xdd", "\xc3"));
    assert_null(text_find("\xc3", "\u00fc"));
}

static void expect_order(const char *first, const char *second)
{
    assert_true(text_compare(first, second) < 0);
    assert_true(text_compare(second, first) > 0);
    assert_int_equal(text_compare(first, first), 0);
    assert_int_equal(text_compare(second, second), 0);
}

static void numbers_in_texts_are_in_the_order_of_their_values(void **state)
{
    (void)state;
    expect_order("192.0.2.9", "192.0.2.10");
    expect_order("192.0.2.10", "198.51.100.1");
    expect_order("d9.example", "d10.example");
    expect_order("d9", "d9.example");
    expect_order("d09", "d10");
    expect_order("d09", "d9");
    expect_order("a99999999999999999999999", "a100000000000000000000000");
    expect_order("1", "a");
    expect_order("-", "1");
    expect_order("Apple", "banana");
    expect_order("apple", "Banana");
    expect_order("Apple", "apple");
    expect_order("", "a");
    expect_order("z", "\u00e4");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_fits_is_shown_whole),
        cmocka_unit_test(wide_characters_take_two_cells),
        cmocka_unit_test(combining_characters_take_none_and_do_not_pile_up),
        cmocka_unit_test(text_behind_many_combining_characters_is_not_lost),
        cmocka_unit_test(controls_and_turned_directions_are_visible),
        cmocka_unit_test(without_unicode_others_are_question_marks),
        cmocka_unit_test(all_of_a_long_text_is_measured),
        cmocka_unit_test(lines_break_at_spaces),
        cmocka_unit_test(a_line_feed_ends_no_line),
        cmocka_unit_test(long_words_are_cut),
        cmocka_unit_test(the_end_is_cut_at_characters),
        cmocka_unit_test(lines_are_measured_as_they_are_shown),
        cmocka_unit_test(counts_are_shortened_to_fit),
        cmocka_unit_test(rates_never_round_to_none_or_all),
        cmocka_unit_test(ages_are_in_words),
        cmocka_unit_test(patterns_match_whole_texts),
        cmocka_unit_test(many_stars_do_not_take_long),
        cmocka_unit_test(case_is_passed_over),
        cmocka_unit_test(letters_outside_ascii_have_two_cases_too),
        cmocka_unit_test(what_is_no_utf8_is_only_equal_to_itself),
        cmocka_unit_test(numbers_in_texts_are_in_the_order_of_their_values),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
