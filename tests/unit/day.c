/* Instants and days: what reporters write, and what is no time at all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/day.h"

static void expect_instant(const char *text, int64_t expected)
{
    int64_t instant = -1;
    if (instant_parse(text, &instant) != 0)
        fail_msg("%s is a time", text);
    assert_int_equal(instant, expected);
}

static void expect_no_instant(const char *text)
{
    int64_t instant;
    if (instant_parse(text, &instant) == 0)
        fail_msg("\"%s\" is no time", text);
}

static void times_of_rfc_3339_are_read(void **state)
{
    (void)state;
    expect_instant("1970-01-01T00:00:00Z", 0);
    expect_instant("2026-11-24T12:34:56Z", 1795523696);
    expect_instant("2026-11-24T13:34:56+01:00", 1795523696);
    expect_instant("2026-11-24T04:04:56-08:30", 1795523696);
    expect_instant("2026-11-24t12:34:56.789z", 1795523696);
}

static void times_that_reporters_send_are_read(void **state)
{
    (void)state;
    expect_instant("2026-11-24T12:34:56", 1795523696);
    expect_instant("2026-11-24 12:34:56", 1795523696);
    expect_instant("2026-11-24 12:34:56 +0000", 1795523696);
    expect_instant("2026-11-24T13:34:56+0100", 1795523696);
    expect_instant("2026-11-24T13:34:56+01", 1795523696);
    expect_instant("2026-11-24", 1795478400);
    expect_instant(" 2026-11-24T12:34 ", 1795523640);
    expect_instant("2016-12-31T23:59:60Z", 1483228800);
}

static void what_is_no_time_is_refused(void **state)
{
    (void)state;
    expect_no_instant("");
    expect_no_instant("yesterday");
    expect_no_instant("2026-11");
    expect_no_instant("2026-13-01T00:00:00Z");
    expect_no_instant("2026-00-10");
    expect_no_instant("2026-02-29T00:00:00Z");
    expect_no_instant("2026-11-24T24:00:00Z");
    expect_no_instant("2026-11-24T12:60:00Z");
    expect_no_instant("2026-11-24T");
    expect_no_instant("2026-11-24T12:34:56Zulu");
    expect_no_instant("2026-11-24T12:34:56.Z");
    expect_no_instant("2026-11-24T12:34:56+1");
    expect_no_instant("1969-12-31T23:59:59Z");
    expect_no_instant("1970-01-01T00:00:00+01:00");
    expect_no_instant("9999-12-31T23:59:59-01:00");
    expect_no_instant("20261-11-24");
}

static void days_are_read_and_written(void **state)
{
    (void)state;
    int day;
    char text[DAY_TEXT];
    assert_int_equal(day_parse("2024-02-29", &day), 0);
    assert_int_equal(day, 19782);
    assert_string_equal(day_format(day, text), "2024-02-29");
    assert_int_equal(day_parse("2100-02-29", &day), -1);
    assert_int_equal(day_parse("2024-02-29T", &day), -1);
    assert_string_equal(day_format(-1, text), "-");
    assert_string_equal(day_format(2932896, text), "9999-12-31");
    assert_string_equal(day_format(2932897, text), "-");
}

static void every_day_comes_back_from_its_text(void **state)
{
    (void)state;
    char text[DAY_TEXT];
    for (int day = 0; day <= 2932896; day += 13) {
        int back = -1;
        assert_int_equal(day_parse(day_format(day, text), &back), 0);
        assert_int_equal(back, day);
    }
}

static void instants_are_written(void **state)
{
    (void)state;
    char text[INSTANT_TEXT];
    assert_string_equal(instant_format(1795523696, text), "2026-11-24T12:34:56Z");
    assert_string_equal(instant_format(-1, text), "-");
    assert_string_equal(instant_format(INT64_MAX, text), "-");
}

static void an_instant_belongs_to_its_utc_day(void **state)
{
    (void)state;
    assert_int_equal(day_of(0), 0);
    assert_int_equal(day_of(86399), 0);
    assert_int_equal(day_of(86400), 1);
    assert_int_equal(day_of(-1), -1);
}

static void weeks_begin_on_monday(void **state)
{
    (void)state;
    int monday;
    assert_int_equal(day_parse("2026-11-23", &monday), 0);
    assert_int_equal(day_of_week(monday), 0);
    assert_int_equal(day_of_week(monday + 6), 6);
    assert_int_equal(day_of_week(-1), 2);
}

static void days_before_1970_split_too(void **state)
{
    (void)state;
    int year, month, day_of_month;
    day_split(-1, &year, &month, &day_of_month);
    assert_int_equal(year * 10000 + month * 100 + day_of_month, 19691231);
}

static void the_present_can_be_fixed(void **state)
{
    (void)state;
    setenv("SOURCE_DATE_EPOCH", "1795523696", 1);
    assert_int_equal(instant_now(), 1795523696);
    assert_int_equal(today(), 20781);
    unsetenv("SOURCE_DATE_EPOCH");
    assert_int_not_equal(instant_now(), 1795523696);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_of_rfc_3339_are_read),
        cmocka_unit_test(times_that_reporters_send_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(days_are_read_and_written),
        cmocka_unit_test(every_day_comes_back_from_its_text),
        cmocka_unit_test(instants_are_written),
        cmocka_unit_test(an_instant_belongs_to_its_utc_day),
        cmocka_unit_test(weeks_begin_on_monday),
        cmocka_unit_test(days_before_1970_split_too),
        cmocka_unit_test(the_present_can_be_fixed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
