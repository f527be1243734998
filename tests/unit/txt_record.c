/* The records of TLS reporting and MTA-STS: RFC 8460 section 3, RFC 8461 section 3.1. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/txt_record.h"

static struct slice slice(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static void expect_kinds(enum txt_kind (*kind_of)(struct slice text), enum txt_kind kind,
                         const char *const *texts)
{
    for (; *texts != NULL; texts++) {
        if (kind_of(slice(*texts)) != kind)
            fail_msg("kind %d, not %d: \"%s\"", kind_of(slice(*texts)), kind, *texts);
    }
}

static void records_are_told_by_their_beginning(void **state)
{
    (void)state;
    static const char *const sts[] = {"v=STSv1; id=1", "v=STSv1;id=1", "v=STSv1 \t;", NULL};
    static const char *const almost_sts[] = {
        "v=STSv1",        "v=STSv1 id=1",  "v=STSv10; id=1", "V=STSv1; id=1",
        " v=STSv1; id=1", "v=stsv1; id=1", "\"v=STSv1;\"",   NULL};
    static const char *const other[] = {"", "v=spf1 -all", "v=STSv", "v=TLSRPTv1; rua=", NULL};
    static const char *const tlsrpt[] = {"v=TLSRPTv1; rua=mailto:a@b.example", "v=TLSRPTv1;", NULL};
    static const char *const almost_tlsrpt[] = {"v=TLSRPTv1 rua=mailto:a@b.example",
                                                "v=tlsrptv1; rua=mailto:a@b.example", NULL};
    expect_kinds(txt_kind_sts, TXT_RECORD, sts);
    expect_kinds(txt_kind_sts, TXT_ALMOST, almost_sts);
    expect_kinds(txt_kind_sts, TXT_UNRELATED, other);
    expect_kinds(txt_kind_tlsrpt, TXT_RECORD, tlsrpt);
    expect_kinds(txt_kind_tlsrpt, TXT_ALMOST, almost_tlsrpt);
}

static void expect_id(const char *text, const char *id, unsigned problems)
{
    struct sts_record record;
    sts_record_read(slice(text), &record);
    if (record.id.length != strlen(id) || memcmp(record.id.start, id, strlen(id)) != 0 ||
        record.problems != problems)
        fail_msg("id \"%.*s\", problems %#x: \"%s\"", (int)record.id.length, record.id.start,
                 record.problems, text);
}

static void the_id_is_up_to_32_letters_and_digits(void **state)
{
    (void)state;
    expect_id("v=STSv1; id=20160831085700Z;", "20160831085700Z", 0);
    expect_id("v=STSv1 ;\tid=a \t; x-later=something", "a", 0);
    expect_id("v=STSv1; id=12345678901234567890123456789012", "12345678901234567890123456789012",
              0);
}

static void expect_no_id(const char *text, unsigned problems)
{
    struct sts_record record;
    sts_record_read(slice(text), &record);
    if (record.id.length != 0 || record.problems != problems)
        fail_msg("problems %#x: \"%s\"", record.problems, text);
}

static void a_bad_id_is_none(void **state)
{
    (void)state;
    expect_no_id("v=STSv1;", RECORD_NO_ID);
    expect_no_id("v=STSv1; ID=1", RECORD_NO_ID);
    expect_no_id("v=STSv1; id=123456789012345678901234567890123", RECORD_BAD_ID);
    expect_no_id("v=STSv1; id=2026-11-24", RECORD_BAD_ID);
    expect_no_id("v=STSv1; id= 1", RECORD_BAD_ID);
    expect_no_id("v=STSv1; id=", RECORD_BAD_FIELD | RECORD_NO_ID);
    expect_no_id("v=STSv1; id", RECORD_BAD_FIELD | RECORD_NO_ID);
}

static void of_two_ids_the_first_stands(void **state)
{
    (void)state;
    expect_id("v=STSv1; id=1; id=2", "1", RECORD_REPEATED);
    expect_id("v=STSv1;; id=1", "1", RECORD_BAD_FIELD);
    expect_id("v=STSv1; id=1; \033[2J=1", "1", RECORD_BAD_FIELD);
}

static void expect_rua(const char *text, const char *const *addresses, unsigned problems)
{
    struct tlsrpt_record record;
    size_t count = 0;
    tlsrpt_record_read(slice(text), &record);
    for (; addresses[count] != NULL && count < record.rua_count; count++) {
        struct slice found = record.rua[count];
        assert_int_equal(found.length, strlen(addresses[count]));
        assert_memory_equal(found.start, addresses[count], found.length);
    }
    if (addresses[count] != NULL || count != record.rua_count || record.problems != problems)
        fail_msg("%zu addresses, problems %#x: \"%s\"", record.rua_count, record.problems, text);
}

static void addresses_are_mailto_or_https(void **state)
{
    (void)state;
    static const char *const one[] = {"mailto:tlsrpt@example.com", NULL};
    static const char *const two[] = {"mailto:a@b.example?subject=c",
                                      "https://reports.example.com:8443/v1", NULL};
    static const char *const none[] = {NULL};
    expect_rua("v=TLSRPTv1; rua=mailto:tlsrpt@example.com;", one, 0);
    expect_rua(
        "v=TLSRPTv1;rua=mailto:a@b.example?subject=c \t,\t https://reports.example.com:8443/v1",
        two, 0);
    expect_rua("v=TLSRPTv1;", none, RECORD_NO_RUA);
    expect_rua("v=TLSRPTv1; ruf=mailto:a@b.example", none, RECORD_NO_RUA);
    expect_rua("v=TLSRPTv1; rua=a@b.example", none, RECORD_BAD_RUA);
    expect_rua("v=TLSRPTv1; rua=http://b.example/", none, RECORD_BAD_RUA);
    expect_rua("v=TLSRPTv1; rua=mailto:a@b.example!10m", none, RECORD_BAD_RUA);
    expect_rua("v=TLSRPTv1; rua=mailto:@b.example", none, RECORD_BAD_RUA);
    expect_rua("v=TLSRPTv1; rua=mailto:a", none, RECORD_BAD_RUA);
    expect_rua("v=TLSRPTv1; rua=https:///path", none, RECORD_BAD_RUA);
    expect_rua("v=TLSRPTv1; rua=mailto:tlsrpt@example.com; rua=mailto:b@example.com", one,
               RECORD_REPEATED);
}

static void what_is_read_all_the_same_is_noted(void **state)
{
    (void)state;
    static const char *const one[] = {"mailto:tlsrpt@example.com", NULL};
    expect_id("v=STSv1; id =1", "1", RECORD_BAD_FIELD);
    expect_id("v=STSv1; id=1; x=a=b", "1", RECORD_BAD_FIELD);
    expect_id("v=STSv1; id=1; x=b c", "1", RECORD_BAD_FIELD);
    expect_rua("v=TLSRPTv1; rua=mailto:tlsrpt@example.com,", one, RECORD_BAD_FIELD);
    expect_rua("v=TLSRPTv1; rua= mailto:tlsrpt@example.com", one, RECORD_BAD_FIELD);
    expect_rua("v=TLSRPTv1; rua =mailto:tlsrpt@example.com", one, RECORD_BAD_FIELD);
    expect_rua("v=TLSRPTv1; rua=mailto:tlsrpt@example.com; x=a=b", one, RECORD_BAD_FIELD);
}

static void more_addresses_than_anyone_serves_are_named(void **state)
{
    (void)state;
    char text[2048] = "v=TLSRPTv1; rua=mailto:a@b.example";
    struct tlsrpt_record record;
    for (int i = 0; i < RUA_MAX; i++)
        strcat(text, ",mailto:a@b.example");
    tlsrpt_record_read(slice(text), &record);
    assert_int_equal(record.rua_count, RUA_MAX);
    assert_int_equal(record.problems, RECORD_TOO_MANY_RUA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_are_told_by_their_beginning),
        cmocka_unit_test(the_id_is_up_to_32_letters_and_digits),
        cmocka_unit_test(a_bad_id_is_none),
        cmocka_unit_test(of_two_ids_the_first_stands),
        cmocka_unit_test(addresses_are_mailto_or_https),
        cmocka_unit_test(what_is_read_all_the_same_is_noted),
        cmocka_unit_test(more_addresses_than_anyone_serves_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
