/* Domain names: one form to compare and store, one to show; who is mine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/domain.h"

static void expect_normalised(const char *name, const char *expected)
{
    char normalised[DOMAIN_TEXT] = "";
    assert_int_equal(domain_normalise(name, strlen(name), normalised), 0);
    assert_string_equal(normalised, expected);
}

static void expect_refused(const char *name, size_t length)
{
    char normalised[DOMAIN_TEXT];
    if (domain_normalise(name, length, normalised) == 0)
        fail_msg("\"%.*s\" is no domain name", (int)length, name);
}

static void names_are_lower_case_without_the_final_dot(void **state)
{
    (void)state;
    expect_normalised("Example.COM.", "example.com");
    expect_normalised(" \texample.com\r\n", "example.com");
    expect_normalised("localhost", "localhost");
    expect_normalised("XN--BCHER-KVA.example", "xn--bcher-kva.example");
}

static void names_idna_refuses_are_let_through(void **state)
{
    (void)state;
    expect_normalised("_25._TCP.mx.example.com", "_25._tcp.mx.example.com");
    expect_normalised("-odd-.example", "-odd-.example");
    expect_normalised("xn--a.example", "xn--a.example");
}

static void international_names_become_a_labels(void **state)
{
    (void)state;
    expect_normalised("Bücher.example", "xn--bcher-kva.example");
    expect_normalised("straße.example.", "xn--strae-oqa.example");
    expect_normalised("例え。テスト", "xn--r8jz45g.xn--zckzah");
}

static void what_is_no_name_is_refused(void **state)
{
    (void)state;
    char longest[300], label[70];
    memset(longest, 'a', sizeof longest);
    for (size_t i = 50; i < sizeof longest; i += 50)
        longest[i] = '.';
    memset(label, 'a', sizeof label);
    expect_refused("", 0);
    expect_refused(" . ", 3);
    expect_refused("a..b", 4);
    expect_refused(".a", 2);
    expect_refused("a b.example", 11);
    expect_refused("a\0b", 3);
    expect_refused("a;$(reboot).example", 19);
    expect_refused("a/b.example", 11);
    expect_refused("*.example", 9);
    expect_refused("a\033[2J.example", 13);
    expect_refused("\xff\xfe.example", 10);
    expect_refused("b\xc3\xbc\0x", 5);
    expect_refused(longest, 254);
    expect_refused(label, 64);
    char normalised[DOMAIN_TEXT];
    assert_int_equal(domain_normalise(longest, 253, normalised), 0);
    assert_int_equal(domain_normalise(label, 63, normalised), 0);
}

static void expect_shown(const char *name, size_t size, const char *expected)
{
    char shown[64];
    domain_display(name, shown, size);
    assert_string_equal(shown, expected);
}

static void names_are_shown_in_their_own_script(void **state)
{
    (void)state;
    expect_shown("xn--bcher-kva.example", 64, "bücher.example");
    expect_shown("example.com", 64, "example.com");
}

static void names_that_do_not_map_back_are_shown_as_they_are(void **state)
{
    (void)state;
    expect_shown("xn--ab-g4t.example", 64, "xn--ab-g4t.example"); /* U+202E */
    expect_shown("xn--a.example", 64, "xn--a.example");
    expect_shown("xn--bcher-kva.example", 8, "xn--bch");
}

static void patterns_tell_my_domains(void **state)
{
    (void)state;
    const char *patterns = "example.com, *.Example.net\tbücher.example";
    assert_true(domain_is_mine("example.com", patterns));
    assert_true(domain_is_mine("a.example.net", patterns));
    assert_true(domain_is_mine("a.b.example.net", patterns));
    assert_true(domain_is_mine("xn--bcher-kva.example", patterns));
    assert_false(domain_is_mine("example.net", patterns));
    assert_false(domain_is_mine("notexample.net", patterns));
    assert_false(domain_is_mine("a.example.com", patterns));
    assert_false(domain_is_mine("example.com.evil.example", patterns));
}

static void without_patterns_all_domains_are_mine(void **state)
{
    (void)state;
    assert_true(domain_is_mine("example.com", ""));
    assert_true(domain_is_mine("example.com", " , "));
}

static void a_host_may_stand_in_a_command(void **state)
{
    (void)state;
    assert_true(domain_is_host("mx1.Example.com"));
    assert_false(domain_is_host("mx1"));
    assert_false(domain_is_host(""));
    assert_false(domain_is_host("_25._tcp.example.com"));
    assert_false(domain_is_host("mx1.example.com;reboot"));
    assert_false(domain_is_host("mx1.example.com\n"));
    assert_false(domain_is_host("-connect evil.example"));
}

/* RFC 8461 section 4.1 */
static void a_wildcard_of_a_policy_stands_for_one_label(void **state)
{
    (void)state;
    assert_true(domain_matches_mx("mx.example.com", "MX.example.com."));
    assert_true(domain_matches_mx("*.example.com", "mx.example.com"));
    assert_false(domain_matches_mx("*.example.com", "a.mx.example.com"));
    assert_false(domain_matches_mx("*.example.com", "example.com"));
    assert_false(domain_matches_mx("*.example.com", ".example.com"));
    assert_false(domain_matches_mx("mail.example.com", "mail.example.com.evil.net"));
    assert_false(domain_matches_mx("mx.*.com", "mx.example.com"));
    assert_false(domain_matches_mx("*.", "com"));
    assert_false(domain_matches_mx("", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_lower_case_without_the_final_dot),
        cmocka_unit_test(names_idna_refuses_are_let_through),
        cmocka_unit_test(international_names_become_a_labels),
        cmocka_unit_test(what_is_no_name_is_refused),
        cmocka_unit_test(names_are_shown_in_their_own_script),
        cmocka_unit_test(names_that_do_not_map_back_are_shown_as_they_are),
        cmocka_unit_test(patterns_tell_my_domains),
        cmocka_unit_test(without_patterns_all_domains_are_mine),
        cmocka_unit_test(a_host_may_stand_in_a_command),
        cmocka_unit_test(a_wildcard_of_a_policy_stands_for_one_label),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
