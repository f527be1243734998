/* The data of DNS records: what is well formed, and what is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/rdata.h"

#define BYTES(text) (const unsigned char *)(text), sizeof(text) - 1

static void expect_name(const unsigned char *bytes, size_t length, const char *expected)
{
    char name[RDATA_NAME];
    assert_int_equal(rdata_name(bytes, length, name), 0);
    assert_string_equal(name, expected);
}

static void names_are_text_that_means_the_same(void **state)
{
    (void)state;
    expect_name(BYTES("\2mx\7Example\0"), "mx.example");
    expect_name(BYTES("\0"), ".");
    expect_name(BYTES("\4_25.\1*\0"), "_25\\046.*");
    expect_name(BYTES("\4\033[2J\2 \\\0"), "\\027\\0912j.\\032\\092");
    expect_name(BYTES("\2\xc3\xbc\0"), "\\195\\188");
}

static void broken_names_are_refused(void **state)
{
    (void)state;
    char name[RDATA_NAME];
    assert_int_equal(rdata_name(BYTES(""), name), -1);
    assert_int_equal(rdata_name(BYTES("\2mx"), name), -1);   /* no end */
    assert_int_equal(rdata_name(BYTES("\3mx\0"), name), -1); /* a label over the end */
    assert_int_equal(rdata_name(BYTES("\2mx\0x"), name), -1);
    assert_int_equal(rdata_name(BYTES("\300\14\0"), name), -1); /* compressed */
}

static void the_longest_name_of_the_oddest_bytes_fits(void **state)
{
    (void)state;
    unsigned char bytes[256];
    char name[RDATA_NAME];
    memset(bytes, 0xff, sizeof bytes);
    for (size_t at = 0; at < 254; at += 64)
        bytes[at] = at < 192 ? 63 : 61;
    bytes[254] = 0;
    assert_int_equal(rdata_name(bytes, 255, name), 0);
    assert_int_equal(strlen(name), 4 * 250 + 3);
    assert_int_equal(rdata_name(bytes, 256, name), -1);
}

static void records_are_taken_apart(void **state)
{
    (void)state;
    char text[64];
    unsigned preference;
    size_t size;
    struct tlsa tlsa;
    char host[RDATA_NAME];
    assert_int_equal(rdata_mx(BYTES("\1\2\2mx\0"), &preference, host), 0);
    assert_int_equal(preference, 258);
    assert_string_equal(host, "mx");
    assert_int_equal(rdata_mx(BYTES("\0\12"), &preference, host), -1);

    assert_int_equal(rdata_address(BYTES("\300\0\2\1"), text), 0);
    assert_string_equal(text, "192.0.2.1");
    assert_int_equal(rdata_address(BYTES("\x20\1\15\270\0\0\0\0\0\0\0\0\0\0\0\1"), text), 0);
    assert_string_equal(text, "2001:db8::1");
    assert_int_equal(rdata_address(BYTES("\300\0\2"), text), -1);

    assert_int_equal(rdata_txt(BYTES("\3v=S\0\4TSv1"), text, &size), 0);
    assert_int_equal(size, 7);
    assert_memory_equal(text, "v=STSv1", 7);
    assert_int_equal(rdata_txt(BYTES("\3v=S\5TSv1"), text, &size), -1);

    assert_int_equal(rdata_tlsa(BYTES("\3\1\1\252\273"), &tlsa), 0);
    assert_int_equal(tlsa.usage, 3);
    assert_int_equal(tlsa.length, 2);
    assert_memory_equal(tlsa.data, "\252\273", 2);
    assert_int_equal(rdata_tlsa(BYTES("\3\1"), &tlsa), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_text_that_means_the_same),
        cmocka_unit_test(broken_names_are_refused),
        cmocka_unit_test(the_longest_name_of_the_oddest_bytes_fits),
        cmocka_unit_test(records_are_taken_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
