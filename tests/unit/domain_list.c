/* Which domains are to be checked: each once, in order, and nothing but names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/domain_list.h"

static void each_name_is_kept_once(void **state)
{
    (void)state;
    struct domain_list list;
    domain_list_init(&list);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 5000; i++) {
            char name[32];
            int length = snprintf(name, sizeof name, "%s%d.example.", round ? "D" : "d", i);
            assert_int_equal(domain_list_add(&list, name, (size_t)length), DOMAIN_ADDED);
        }
    }
    assert_int_equal(list.count, 5000);
    assert_string_equal(list.names[0], "d0.example");
    assert_string_equal(list.names[4999], "d4999.example");
    domain_list_free(&list);
}

static void what_is_no_name_is_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {"",           ".",           "a b.example", "a..example",
                                      "*.example",  "a/b.example", "a@b.example", "a:25",
                                      "\033[2J.de", "a?b",         "%00"};
    struct domain_list list;
    domain_list_init(&list);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (domain_list_add(&list, bad[i], strlen(bad[i])) != DOMAIN_NOT_A_NAME)
            fail_msg("taken: \"%s\"", bad[i]);
    }
    domain_list_free(&list);
}

static void of_mine_patterns_name_nothing(void **state)
{
    (void)state;
    struct domain_list list;
    domain_list_init(&list);
    assert_int_equal(domain_list_add_mine(&list, " a.example,*.b.example  c.example,"), 1);
    assert_int_equal(list.count, 2);
    assert_string_equal(list.names[1], "c.example");
    domain_list_free(&list);
}

static void note_line(void *context, size_t number, const char *line)
{
    size_t *bad = context;
    (void)line;
    *bad = *bad * 10 + number;
}

static void lists_have_comments_and_empty_lines(void **state)
{
    (void)state;
    static char text[8192] = "# all\n\na.example # one\r\n\t b.example\nno name\n";
    struct domain_list list;
    size_t bad = 0, length = strlen(text);
    memset(text + length, 'x', 4000); /* a line longer than any name */
    strcpy(text + length + 4000, ".example\nc.example");
    domain_list_init(&list);
    FILE *file = fmemopen(text, strlen(text), "r");
    assert_int_equal(domain_list_read(&list, file, note_line, &bad), 0);
    fclose(file);
    assert_int_equal(bad, 56); /* lines 5 and 6 */
    assert_int_equal(list.count, 3);
    assert_string_equal(list.names[2], "c.example");
    domain_list_free(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_name_is_kept_once),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(of_mine_patterns_name_nothing),
        cmocka_unit_test(lists_have_comments_and_empty_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
