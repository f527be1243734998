/* The days a screen is about, as people write and change them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../tui/range.h"

enum { TODAY = 20777 /* 2026-11-20 */ };
static const struct day_range EXTENT = {20000, TODAY - 1};
static const struct day_range NOTHING = {0, -1};

static struct range read_range(const char *text)
{
    struct range range;
    const char *why;
    if (range_parse(text, TODAY, EXTENT, &range, &why) != 0)
        fail_msg("\"%s\": %s", text, why);
    return range;
}

static void expect_days(struct range range, int first, int last)
{
    struct day_range days = range_days(&range, TODAY, EXTENT);
    assert_int_equal(days.first, first);
    assert_int_equal(days.last, last);
}

static void presets_end_today(void **state)
{
    (void)state;
    expect_days(read_range("30d"), TODAY - 29, TODAY);
    expect_days(read_range("2w"), TODAY - 13, TODAY);
    expect_days(read_range("6M"), TODAY - 179, TODAY);
    expect_days(read_range("1y"), TODAY - 364, TODAY);
    expect_days(read_range("today"), TODAY, TODAY);
    expect_days(read_range("yesterday"), TODAY - 1, TODAY - 1);
    expect_days(read_range("all"), EXTENT.first, EXTENT.last);
}

static void dates_are_days_months_or_between_them(void **state)
{
    (void)state;
    expect_days(read_range("2026-03-01"), 20513, 20513);
    expect_days(read_range("2026-03"), 20513, 20543);
    expect_days(read_range("2024-02"), 19754, 19782);
    expect_days(read_range("2026-12"), 20788, 20818);
    expect_days(read_range("2026-03-01..2026-04-15"), 20513, 20558);
    expect_days(read_range("2026-03..2026-04"), 20513, 20573);
    expect_days(read_range("2026-03-01.."), 20513, TODAY);
    expect_days(read_range("..2026-03-01"), EXTENT.first, 20513);
}

static void what_is_no_range_says_why_and_changes_nothing(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",
                                        "30",
                                        "0d",
                                        "-3d",
                                        "d",
                                        "30dd",
                                        "40000d",
                                        "200y",
                                        "..",
                                        "2026",
                                        "2026-13",
                                        "2026-02-30",
                                        "2026-3-1",
                                        "a..b",
                                        "1d..2d",
                                        "2026-03-01...",
                                        "99999999999999999999d",
                                        "2026-04..2026-03",
                                        "1970-01-01..9999-12-31"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct range range = {.days = 7};
        const char *why = "";
        if (range_parse(wrong[i], TODAY, EXTENT, &range, &why) == 0)
            fail_msg("\"%s\" was taken for a range", wrong[i]);
        assert_true(why[0] != '\0');
        assert_int_equal(range.days, 7);
    }
}

static void no_day_is_before_1970(void **state)
{
    (void)state;
    expect_days(read_range("100y"), 0, TODAY);
    struct range range = read_range("..2026-03-01");
    const char *why;
    assert_int_equal(range_parse("..2026-03-01", TODAY, NOTHING, &range, &why), 0);
    assert_int_equal(range.dates.first, 0);
}

static void all_days_of_nothing_are_today(void **state)
{
    (void)state;
    struct range all = {.days = -1};
    struct day_range days = range_days(&all, TODAY, NOTHING);
    assert_int_equal(days.first, TODAY);
    assert_int_equal(days.last, TODAY);
}

static void a_report_of_the_far_future_does_not_stretch_all_days(void **state)
{
    (void)state;
    struct range all = {.days = -1};
    struct day_range days = range_days(&all, TODAY, (struct day_range){20000, 2932896});
    assert_int_equal(days.first, 20000);
    assert_int_equal(days.last, TODAY + 1);
}

static void stepping_goes_by_the_own_length(void **state)
{
    (void)state;
    struct range range = read_range("30d");
    range_step(&range, -1, TODAY, EXTENT);
    expect_days(range, TODAY - 59, TODAY - 30);
    range_step(&range, -1, TODAY, EXTENT);
    expect_days(range, TODAY - 89, TODAY - 60);
    range_step(&range, 1, TODAY, EXTENT);
    range_step(&range, 1, TODAY, EXTENT);
    assert_int_equal(range.days, 30); /* it moves with today again */
    range_step(&range, 1, TODAY, EXTENT);
    expect_days(range, TODAY - 29, TODAY);
}

static void stepping_ends_where_days_begin(void **state)
{
    (void)state;
    struct range range = {.dates = {3, 9}};
    range_step(&range, -1, TODAY, EXTENT);
    expect_days(range, 3, 9);
}

static void widening_goes_through_the_presets_and_ends_with_all(void **state)
{
    (void)state;
    struct range range = read_range("today");
    static const int wider[] = {7, 14, 30, 90, 180, 365, 730, -1, -1};
    for (size_t i = 0; i < sizeof wider / sizeof *wider; i++) {
        range_widen(&range, 1, TODAY, EXTENT);
        assert_int_equal(range.days, wider[i]);
    }
    static const int narrower[] = {730, 365, 180, 90, 30, 14, 7, 1, 1};
    for (size_t i = 0; i < sizeof narrower / sizeof *narrower; i++) {
        range_widen(&range, -1, TODAY, EXTENT);
        assert_int_equal(range.days, narrower[i]);
    }
}

static void narrowing_all_days_leaves_something_to_see(void **state)
{
    (void)state;
    struct range range = read_range("all");
    struct day_range extent = {TODAY - 500, TODAY - 400};
    range_widen(&range, -1, TODAY, extent);
    struct day_range days = range_days(&range, TODAY, extent);
    assert_int_equal(days.first, TODAY - 489);
    assert_int_equal(days.last, TODAY - 400);
}

static void narrowing_all_days_changes_what_is_shown(void **state)
{
    (void)state;
    struct range range = {.days = -1};
    struct day_range extent = {TODAY - 99, TODAY}; /* a hundred days there are */
    range_widen(&range, -1, TODAY, extent);
    assert_int_equal(range.days, 90);
}

static void widening_dates_keeps_their_last_day(void **state)
{
    (void)state;
    struct range range = read_range("2026-03-01..2026-03-10");
    range_widen(&range, 1, TODAY, EXTENT);
    expect_days(range, 20522 - 13, 20522);
    range_widen(&range, -1, TODAY, EXTENT);
    expect_days(range, 20522 - 6, 20522);
}

static void expect_text(const char *text, const char *wanted)
{
    char shown[RANGE_TEXT];
    struct range range = read_range(text);
    range_format(&range, shown);
    assert_string_equal(shown, wanted);
}

static void ranges_are_named(void **state)
{
    (void)state;
    expect_text("today", "today");
    expect_text("30d", "last 30 days");
    expect_text("all", "all days");
    expect_text("2026-03-01", "2026-03-01");
    expect_text("2026-03", "2026-03-01 to 2026-03-31");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(presets_end_today),
        cmocka_unit_test(dates_are_days_months_or_between_them),
        cmocka_unit_test(what_is_no_range_says_why_and_changes_nothing),
        cmocka_unit_test(no_day_is_before_1970),
        cmocka_unit_test(all_days_of_nothing_are_today),
        cmocka_unit_test(a_report_of_the_far_future_does_not_stretch_all_days),
        cmocka_unit_test(stepping_goes_by_the_own_length),
        cmocka_unit_test(stepping_ends_where_days_begin),
        cmocka_unit_test(widening_goes_through_the_presets_and_ends_with_all),
        cmocka_unit_test(narrowing_all_days_changes_what_is_shown),
        cmocka_unit_test(narrowing_all_days_leaves_something_to_see),
        cmocka_unit_test(widening_dates_keeps_their_last_day),
        cmocka_unit_test(ranges_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
