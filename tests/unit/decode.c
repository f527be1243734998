/* Content transfer encodings, and what header fields hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/decode.h"
#include "../../importers/field.h"

static struct slice slice_of(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static void expect_base64(const char *in, const char *expected, const char *expected_flaw)
{
    char out[256];
    const char *flaw;
    size_t length = decode_base64(slice_of(in), out, &flaw);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(out, expected, length);
    assert_string_equal(flaw, expected_flaw);
}

static void base64_is_decoded(void **state)
{
    (void)state;
    expect_base64("", "", "");
    expect_base64("Zg==", "f", "");
    expect_base64("Zm8=", "fo", "");
    expect_base64("Zm9v", "foo", "");
    expect_base64("Zm9vYmE=", "fooba", "");
    expect_base64("Pj4+Pz8/", ">>>???", "");
}

static void base64_may_break_anywhere(void **state)
{
    (void)state;
    expect_base64("Z\r\nm9 vY\tmFy\r\n", "foobar", "");
    expect_base64("Zm9v\r\nYg==\r\n-- \r\na footer", "foob", "");
}

static void flaws_of_base64_are_told(void **state)
{
    (void)state;
    expect_base64("Zm9v*YmFy", "foobar", "its base64 holds other bytes");
    expect_base64("Zm9vY", "foo", "its base64 is cut short");
    expect_base64("Zm9vYg", "foob", "");
}

static void all_bytes_survive_base64(void **state)
{
    (void)state;
    static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for (unsigned value = 0; value < 1U << 24; value += 4099) {
        const char in[] = {alphabet[value >> 18], alphabet[value >> 12 & 63],
                           alphabet[value >> 6 & 63], alphabet[value & 63]};
        unsigned char out[4];
        assert_int_equal(decode_base64((struct slice){in, 4}, (char *)out, NULL), 3);
        assert_int_equal((unsigned)out[0] << 16 | (unsigned)out[1] << 8 | out[2], value);
    }
}

static void expect_quoted_printable(const char *in, const char *expected)
{
    char out[256];
    size_t length = decode_quoted_printable(slice_of(in), out);
    assert_int_equal(length, strlen(expected));
    assert_memory_equal(out, expected, length);
}

static void quoted_printable_is_decoded(void **state)
{
    (void)state;
    expect_quoted_printable("a=3D1 =c3=BC", "a=1 \xc3\xbc");
    expect_quoted_printable("one =\r\nline=\n", "one line");
    expect_quoted_printable("one = \t\r\nline", "one line");
}

static void what_is_no_quoted_printable_stays(void **state)
{
    (void)state;
    expect_quoted_printable("a=b =G1 =4", "a=b =G1 =4");
    expect_quoted_printable("=", "=");
}

static void encodings_are_found_whatever_their_letter_case(void **state)
{
    (void)state;
    assert_int_equal(encoding_find(slice_of(" BASE64\r\n")), ENCODING_BASE64);
    assert_int_equal(encoding_find(slice_of("Quoted-Printable")), ENCODING_QUOTED_PRINTABLE);
    assert_int_equal(encoding_find(slice_of("8bit")), ENCODING_NONE);
    assert_int_equal(encoding_find((struct slice){NULL, 0}), ENCODING_NONE);
}

static void expect_parameter(const char *field, const char *expected)
{
    char text[64];
    field_decoded_parameter(slice_of(field), "filename", text, sizeof text);
    if (strcmp(text, expected) != 0)
        fail_msg("\"%s\" of %s, not \"%s\"", text, field, expected);
}

static void parameters_are_found(void **state)
{
    (void)state;
    expect_parameter("attachment; filename=a.json", "a.json");
    expect_parameter(" attachment;\r\n\tFILENAME = \"a b;c.json\" ; size=1", "a b;c.json");
    expect_parameter("attachment; x=\"filename=no\"; filename=\"q\\\"uote\"", "q\"uote");
    expect_parameter("attachment; filename=first; filename=second", "first");
    expect_parameter("attachment", "");
    expect_parameter("attachment; filename", "");
    expect_parameter("attachment; filename=\"never closed", "never closed");
    expect_parameter("attachment; filename=\"\\", "\\");
}

static void parameters_of_rfc_2231_are_put_together(void **state)
{
    (void)state;
    expect_parameter("a; filename*=utf-8''s%21d%zz", "s!d%zz");
    expect_parameter("a; filename*1=\"b\"; filename*0=\"a\"; filename*2*=%63", "abc");
    expect_parameter("a; filename*0*=utf-8'en'a%2E; filename*1*=b; filename=plain", "a.b");
    expect_parameter("a; filename*0=a; filename*2=gap", "a");
    expect_parameter("a; filename*32=far; filename*x=odd; filename*=", "");
    expect_parameter("a; filename*99999999999999999999=x; filename=y", "y");
}

static void what_does_not_fit_is_cut_off(void **state)
{
    (void)state;
    char text[4];
    field_decoded_parameter(slice_of("a; filename=abcdef"), "filename", text, sizeof text);
    assert_string_equal(text, "abc");
    field_text(slice_of("abcdef"), text, sizeof text);
    assert_string_equal(text, "abc");
}

static void expect_text(const char *field, const char *expected)
{
    char text[128];
    field_text(slice_of(field), text, sizeof text);
    assert_string_equal(text, expected);
}

static void fields_are_unfolded(void **state)
{
    (void)state;
    expect_text(" Report Domain: a.example\r\n Submitter: b.example\r\n",
                "Report Domain: a.example Submitter: b.example");
    expect_text("", "");
}

static void encoded_words_are_decoded(void **state)
{
    (void)state;
    expect_text("=?utf-8?Q?Report_Domain=3A?= a.example", "Report Domain: a.example");
    expect_text("=?UTF-8?b?Zm9v?=\r\n =?UTF-8?B?YmFy?= baz", "foobar baz");
    expect_text("=?utf-8?Q?a?= b =?utf-8?Q?c?=", "a b c");
    expect_text("=?utf-8?Q?my=5Fcorp_a=ZZ_?=", "my_corp a=ZZ "); /* a blank is '_', '_' is =5F */
}

static void what_is_no_encoded_word_stays(void **state)
{
    (void)state;
    expect_text("=?utf-8?X?abc?=", "=?utf-8?X?abc?=");
    expect_text("=?utf-8?Q?abc", "=?utf-8?Q?abc");
    expect_text("=?", "=?");
    expect_text("=?a?Q?"
                "?=",
                "");
}

static void the_value_stands_before_the_parameters(void **state)
{
    (void)state;
    assert_true(
        slice_is(field_value(slice_of(" Multipart/Report ; boundary=x")), "multipart/report"));
    assert_int_equal(field_value(slice_of("; x=y")).length, 0);
    assert_null(field_parameter((struct slice){NULL, 0}, "boundary").start);
    assert_true(slice_is(field_parameter(slice_of("a; boundary=\"=_x y\""), "boundary"), "=_x y"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_is_decoded),
        cmocka_unit_test(base64_may_break_anywhere),
        cmocka_unit_test(flaws_of_base64_are_told),
        cmocka_unit_test(all_bytes_survive_base64),
        cmocka_unit_test(quoted_printable_is_decoded),
        cmocka_unit_test(what_is_no_quoted_printable_stays),
        cmocka_unit_test(encodings_are_found_whatever_their_letter_case),
        cmocka_unit_test(parameters_are_found),
        cmocka_unit_test(parameters_of_rfc_2231_are_put_together),
        cmocka_unit_test(what_does_not_fit_is_cut_off),
        cmocka_unit_test(fields_are_unfolded),
        cmocka_unit_test(encoded_words_are_decoded),
        cmocka_unit_test(what_is_no_encoded_word_stays),
        cmocka_unit_test(the_value_stands_before_the_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
