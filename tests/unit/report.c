/* What follows from a report: whose sessions it counts, and what makes it the same report. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/day.h"
#include "../../db/report.h"

static struct report report;

/* A report with COUNT empty policies. */
static void begin(size_t count)
{
    report_init(&report, 0);
    report.organization = "Sender";
    report.report_id = "r1";
    report.begin = 1793491200;
    report.end = 1793577599;
    report.policies = arena_alloc(&report.arena, count * sizeof *report.policies);
    report.policy_count = count;
    for (size_t i = 0; i < count; i++)
        report.policies[i] = (struct policy){.type = "sts", .domain = "", .text = "", .mx = ""};
}

static void resolve(void)
{
    const char *why = "";
    if (report_resolve(&report, &why) != 0)
        fail_msg("%s", why);
}

static void a_policy_counts_for_its_domain(void **state)
{
    (void)state;
    begin(1);
    report.recipient = "other.example";
    report.policies[0].domain = "example.com";
    resolve();
    assert_string_equal(report.policies[0].counts_for, "example.com");
    assert_string_equal(report.policies[0].mx_host, "");
    report_free(&report);
}

static void a_policy_without_a_domain_counts_for_the_recipient(void **state)
{
    (void)state;
    begin(1);
    report.recipient = "example.com";
    report.policies[0].type = "no-policy-found";
    resolve();
    assert_string_equal(report.policies[0].counts_for, "example.com");
    report_free(&report);
}

static void a_tlsa_policy_named_after_the_mx_counts_for_the_recipient(void **state)
{
    (void)state;
    begin(2);
    report.recipient = "example.com";
    report.policies[0].type = report.policies[1].type = "tlsa";
    report.policies[0].domain = "mx.example.net";
    report.policies[1].domain = "example.com";
    resolve();
    assert_string_equal(report.policies[0].counts_for, "example.com");
    assert_string_equal(report.policies[0].mx_host, "mx.example.net");
    assert_string_equal(report.policies[1].mx_host, "");
    report_free(&report);
}

static void the_recipient_is_guessed_from_what_is_not_tlsa(void **state)
{
    (void)state;
    begin(2);
    report.policies[0].type = "tlsa";
    report.policies[0].domain = "mx.example.net";
    report.policies[1].domain = "example.com";
    resolve();
    assert_string_equal(report.recipient, "example.com");
    assert_string_equal(report.policies[0].counts_for, "example.com");
    report.recipient = "";
    report.policies[1].type = "tlsa";
    resolve();
    assert_string_equal(report.recipient, "mx.example.net");
    report_free(&report);
}

static void without_any_domain_it_cannot_be_counted(void **state)
{
    (void)state;
    const char *why = NULL;
    begin(1);
    assert_int_equal(report_resolve(&report, &why), -1);
    assert_string_equal(why, "neither the report nor its mail names a domain it is about");
    report_free(&report);
}

static void the_mode_is_that_of_the_policy_text(void **state)
{
    (void)state;
    begin(3);
    report.recipient = "example.com";
    report.policies[0].text = "version: STSv1\nmode: testing\nmx: a.b\nmax_age: 1";
    report.policies[1].text = "3 1 1 00AA";
    report.policies[2].text = report.policies[0].text;
    report.policies[2].type = "tlsa";
    resolve();
    assert_int_equal(report.policies[0].mode, STS_TESTING);
    assert_int_equal(report.policies[1].mode, STS_UNREADABLE);
    assert_int_equal(report.policies[2].mode, STS_UNREADABLE);
    report_free(&report);
}

static void identity_is_organization_id_and_set_of_domains(void **state)
{
    (void)state;
    begin(3);
    report.policies[0].domain = "a.example";
    report.policies[1].domain = "b.example";
    report.policies[2].domain = "b.example";
    resolve();
    int32_t identity = report.identity, content = report.content;
    report.policies[0].domain = "b.example";
    report.policies[1].domain = "a.example";
    report.contact = "someone else";
    resolve();
    assert_true(report.identity == identity);
    assert_true(report.content != content);
    report.policies[1].domain = "c.example";
    resolve();
    assert_true(report.identity != identity);
    report_free(&report);
}

static void texts_do_not_run_into_one_another(void **state)
{
    (void)state;
    begin(1);
    report.policies[0].domain = "example.com";
    report.organization = "ab";
    report.report_id = "c";
    resolve();
    int32_t identity = report.identity;
    report.organization = "a";
    report.report_id = "bc";
    resolve();
    assert_true(report.identity != identity);
    report_free(&report);
}

static void without_an_id_the_time_is_part_of_the_identity(void **state)
{
    (void)state;
    begin(1);
    report.policies[0].domain = "example.com";
    report.report_id = "";
    resolve();
    int32_t identity = report.identity;
    report.begin += SECONDS_PER_DAY;
    resolve();
    assert_true(report.identity != identity);
    report.report_id = "r1";
    resolve();
    identity = report.identity;
    report.begin += SECONDS_PER_DAY;
    resolve();
    assert_true(report.identity == identity);
    report_free(&report);
}

static void content_is_all_that_was_parsed_but_the_recipient(void **state)
{
    (void)state;
    struct failure failure = {"validation-failure", "192.0.2.1", "mx", "helo", "", "code", "", 1};
    begin(1);
    report.policies[0].domain = "example.com";
    report.policies[0].failures = &failure;
    report.policies[0].failure_count = 1;
    resolve();
    int32_t content = report.content;
    report.recipient = "other.example";
    resolve();
    assert_true(report.content == content);
    failure.failed = 2;
    resolve();
    assert_true(report.content != content);
    failure.failed = 1;
    failure.reason_code = "";
    failure.additional_info = "code";
    resolve();
    assert_true(report.content != content);
    report_free(&report);
}

static void a_report_counts_on_its_first_day(void **state)
{
    (void)state;
    begin(0);
    assert_int_equal(report_day(&report), 20758);
    report.end = report.begin + 7 * SECONDS_PER_DAY - 1;
    assert_int_equal(report_day(&report), 20758);
    report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_policy_counts_for_its_domain),
        cmocka_unit_test(a_policy_without_a_domain_counts_for_the_recipient),
        cmocka_unit_test(a_tlsa_policy_named_after_the_mx_counts_for_the_recipient),
        cmocka_unit_test(the_recipient_is_guessed_from_what_is_not_tlsa),
        cmocka_unit_test(without_any_domain_it_cannot_be_counted),
        cmocka_unit_test(the_mode_is_that_of_the_policy_text),
        cmocka_unit_test(identity_is_organization_id_and_set_of_domains),
        cmocka_unit_test(texts_do_not_run_into_one_another),
        cmocka_unit_test(without_an_id_the_time_is_part_of_the_identity),
        cmocka_unit_test(content_is_all_that_was_parsed_but_the_recipient),
        cmocka_unit_test(a_report_counts_on_its_first_day),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
