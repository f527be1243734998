/* Bounds on what an IMAP server sends, however it is cut into pieces. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/guard.h"

/* Feeds TEXT in pieces of SIZE bytes; returns the first trouble. */
static const char *feed(struct guard *guard, const char *text, size_t size)
{
    const char *trouble = NULL;
    size_t length = strlen(text);
    for (size_t i = 0; i < length && trouble == NULL; i += size)
        trouble = guard_check(guard, text + i, length - i < size ? length - i : size);
    return trouble;
}

static void check_all_pieces(const char *text, const char *trouble)
{
    static const size_t sizes[] = {1, 2, 3, 7, 1000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct guard guard;
        guard_init(&guard);
        guard_expect(&guard, 2, 20);
        const char *found = feed(&guard, text, sizes[i]);
        if (trouble == NULL)
            assert_null(found);
        else if (found == NULL || strstr(found, trouble) == NULL)
            fail_msg("%s: %s", text, found != NULL ? found : "no trouble");
    }
}

static void passes_what_was_asked_for(void **state)
{
    (void)state;
    check_all_pieces("* 1 FETCH (BODY[] {5}\r\n((((("
                     " UID 1)\r\n* 2 FETCH (BODY[] {20}\r\n"
                     "01234567890123456789)\r\n3 OK done\r\n",
                     NULL);
    check_all_pieces("* OK {see there} for a {2} and more\r\n1 OK\r\n", NULL);
    check_all_pieces("\r\n\r\n1 OK {0}\r\n* 2 EXISTS\r\n", NULL);
}

static void refuses_literals_that_were_not_asked_for(void **state)
{
    static const char too_large[] = "a literal larger than what was asked for";
    (void)state;
    check_all_pieces("* 1 FETCH (BODY[] {21}\r\n", too_large);
    check_all_pieces("* 1 FETCH (BODY[] {4294967296}\r\n", too_large);
    check_all_pieces("* 1 FETCH (BODY[] {18446744073709551617}\r\n", too_large);
    check_all_pieces("* 1 FETCH (BODY[] { 300} and so on\r\n", too_large);
    check_all_pieces("* 1 FETCH (BODY[] {-1}\r\n", "a literal of less than no bytes");
    check_all_pieces("* 1 {1}\r\nx {1}\r\nx {1}\r\nx\r\n", "where there should be none");
}

static void bounds_lines_and_brackets(void **state)
{
    (void)state;
    struct guard guard;
    char line[GUARD_LINE_MAX + 1];
    memset(line, 'x', sizeof line);
    guard_init(&guard);
    assert_null(guard_check(&guard, line, GUARD_LINE_MAX));
    assert_non_null(guard_check(&guard, line, 1));

    guard_init(&guard);
    memset(line, '(', sizeof line);
    assert_null(guard_check(&guard, line, GUARD_BRACKETS_MAX));
    assert_null(guard_check(&guard, "\r\n", 2));
    assert_null(guard_check(&guard, line, GUARD_BRACKETS_MAX));
    assert_non_null(guard_check(&guard, line, 1));

    /* a literal does not end a line, nor does what it holds count */
    guard_init(&guard);
    guard_expect(&guard, 1, sizeof line);
    assert_null(guard_check(&guard, line, GUARD_BRACKETS_MAX));
    assert_null(feed(&guard, "{100}\r\n", 100));
    assert_null(guard_check(&guard, line, 100));
    assert_non_null(guard_check(&guard, line, 1));
}

static void bounds_an_answer_as_a_whole(void **state)
{
    static const char news[] = "* 1 EXPUNGE\r\n";
    (void)state;
    struct guard guard;
    guard_init(&guard);
    for (size_t left = GUARD_LINES_MAX; left >= strlen(news); left -= strlen(news))
        assert_null(guard_check(&guard, news, strlen(news)));
    assert_non_null(guard_check(&guard, news, strlen(news)));
    guard_init(&guard);
    guard_expect(&guard, 0, 0); /* for the next one it begins anew */
    assert_null(guard_check(&guard, news, strlen(news)));
}

static void keeps_the_last_line(void **state)
{
    (void)state;
    struct guard guard;
    guard_init(&guard);
    guard_expect(&guard, 1, 10);
    assert_null(feed(&guard, "* OK hello\r\n", 3));
    assert_string_equal(guard.last, "* OK hello");
    assert_null(feed(&guard, "* LIST () \"/\" {3}\r\na\r\n \r\n\r\n", 2));
    assert_string_equal(guard.last, "* LIST () \"/\" {3} ");
    assert_false(guard.ended);
    assert_null(feed(&guard, "* bye see you\r\n", 4));
    assert_true(guard.ended);
    assert_string_equal(guard.goodbye, " see you");
    assert_null(guard_check(&guard, "1 OK a\0b\r\n", 10));
    assert_string_equal(guard.last, "1 OK a b");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_what_was_asked_for),
        cmocka_unit_test(refuses_literals_that_were_not_asked_for),
        cmocka_unit_test(bounds_lines_and_brackets),
        cmocka_unit_test(bounds_an_answer_as_a_whole),
        cmocka_unit_test(keeps_the_last_line),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
