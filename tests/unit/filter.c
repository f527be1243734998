/* Filter expressions: what they mean, and what is said of those that are none. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/day.h"
#include "../../db/vocab.h"
#include "../../tui/filter.h"
#include "../make_report.h"

struct line {
    const char *domain;
    enum tls_mode mode;
    int64_t failed;
    double rate;
    int last_day;
    int64_t time;
    const char *result_type;
    double change;
};

#define LINE ((const struct line *)row)

static struct value domain_value(const void *row)
{
    return value_text(LINE->domain);
}
static struct value mode_value(const void *row)
{
    return value_number(LINE->mode);
}
static struct value failed_value(const void *row)
{
    return value_number(LINE->failed);
}
static struct value rate_value(const void *row)
{
    return value_rate(LINE->rate);
}
static struct value last_day_value(const void *row)
{
    return value_number(LINE->last_day);
}
static struct value time_value(const void *row)
{
    return value_number(LINE->time);
}
static struct value change_value(const void *row)
{
    return value_rate(LINE->change);
}
static struct value result_type_value(const void *row)
{
    return value_text(LINE->result_type);
}

static const struct column columns[] = {
    {.name = "domain", .kind = VALUE_DOMAIN, .value = domain_value},
    {.name = "mode", .kind = VALUE_MODE, .value = mode_value},
    {.name = "failed", .kind = VALUE_COUNT, .value = failed_value},
    {.name = "rate", .kind = VALUE_RATE, .value = rate_value},
    {.name = "last_day", .kind = VALUE_DAY, .value = last_day_value},
    {.name = "time", .kind = VALUE_TIME, .value = time_value},
    {.name = "change", .kind = VALUE_CHANGE, .value = change_value},
    {.name = "result_type", .kind = VALUE_TEXT, .value = result_type_value},
};
enum { COLUMNS = sizeof columns / sizeof *columns };

static const struct line row = {
    .domain = "mail.xn--bcher-kva.example",
    .mode = MODE_STS_TESTING,
    .failed = 1500,
    .rate = 0.02,
    .last_day = 20777, /* 2026-11-20 */
    .time = INT64_C(20777) * 86400 + 3600,
    .result_type = "certificate expired",
    .change = -0.25,
};

static struct config *config;

static int read_groups(void **state)
{
    (void)state;
    char folder[64], path[128], error[CONFIG_ERROR];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/config", folder);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("[groups]\nBooks = *.xn--bcher-kva.example, books.example\nacme = acme.example\n", file);
    assert_int_equal(fclose(file), 0);
    int result = config_read(&config, path, error);
    remove_folder(folder);
    return result;
}

static int free_groups(void **state)
{
    (void)state;
    config_free(config);
    return 0;
}

static int parse(const char *text, struct filter *filter, char error[static FILTER_ERROR])
{
    return filter_parse(text, columns, COLUMNS, config, filter, error);
}

static bool matches(const char *text)
{
    struct filter filter;
    char error[FILTER_ERROR];
    if (parse(text, &filter, error) != 0)
        fail_msg("\"%s\": %s", text, error);
    return filter_matches(&filter, &row);
}

static void expect_all(const char *const *texts, bool wanted)
{
    for (; *texts != NULL; texts++)
        if (matches(*texts) != wanted)
            fail_msg("\"%s\" %s", *texts, wanted ? "does not match" : "matches");
}
#define TEXTS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void nothing_lets_everything_through(void **state)
{
    (void)state;
    expect_all(TEXTS("", "   "), true);
}

static void words_are_looked_for_in_all_texts(void **state)
{
    (void)state;
    expect_all(TEXTS("mail", "MAIL", "expired", "testing", "mta-sts", "cert*expired", "!enforce",
                     "\"certificate expired\"", "\"te exp\""),
               true);
    expect_all(TEXTS("1500", "nobody", "!mail", "*exp", "\"expired certificate\""), false);
    assert_false(matches("ail*")); /* a pattern is about the whole text */
}

static void domains_are_found_as_people_write_them(void **state)
{
    (void)state;
    expect_all(TEXTS("bücher", "domain:bücher", "domain:xn--bcher", "domain=mail.bücher.example",
                     "BÜCH", "domain:*.BÜCHER.*", "domain=Mail.BÜCHER.example", "XN--BCHER"),
               true);
    expect_all(TEXTS("domain=bücher.example", "domain!=mail.bücher.example"), false);
}

static void terms_must_all_be_true(void **state)
{
    (void)state;
    expect_all(TEXTS("failed>0 mail", "mode:testing type:cert !domain:org"), true);
    expect_all(TEXTS("failed>0 nobody", "nobody failed>0"), false);
}

static void one_of_several_will_do(void **state)
{
    (void)state;
    expect_all(TEXTS("nobody|mail", "mail|nobody failed>0", "domain:nobody|bücher",
                     "mode:dane|testing|enforce", "mode=sts-none|sts-testing", "failed>1M|rate>1%",
                     "failed<5|failed>1k", "!nobody|anybody", "!mode:dane|enforce mail",
                     "type:\"no | such\"|\"certificate exp\"", "rate=5|2",
                     "last<2026-01-01|domain:mail"),
               true);
    expect_all(TEXTS("nobody|anybody", "mail|nobody failed<5", "!nobody|mail", "!mail|nobody",
                     "mode:dane|enforce", "failed>1M|5k", "!mode:dane|testing", "\"nobody|mail\"",
                     "mode=sts-none|testing"),
               false);
}

static void a_group_is_of_domains(void **state)
{
    (void)state;
    expect_all(TEXTS("@Books", "@BOOKS mail", "@acme|Books", "@acme|@books", "!@acme",
                     "@acme|domain:mail", "nobody|@books", "domain=x|@books"),
               true);
    expect_all(TEXTS("@acme", "!@books", "!@acme|books", "\"@books\"", "domain:@books"), false);
}

static void a_list_without_domains_has_no_groups(void **state)
{
    (void)state;
    struct filter filter;
    char error[FILTER_ERROR];
    assert_int_equal(filter_parse("@books", columns + 1, COLUMNS - 1, config, &filter, error), -1);
    assert_string_equal(error, "a group is of domains, which these rows do not name");
}

static void numbers_are_compared(void **state)
{
    (void)state;
    expect_all(TEXTS("failed>1k", "failed>=1.5k", "failed<=1500", "failed=1500", "failed:1500",
                     "failed<1M", "failed!=0", "!failed<1500", "failed=1,500", "failed<1,000,000",
                     "rate>1%", "rate=2%", "rate>0.5", "rate=2"),
               true);
    expect_all(TEXTS("failed<1500", "failed>1.5k", "failed!=1500", "failed>1,500", "rate>2%",
                     "rate<0.5", "rate>10", "failed<-1"),
               false);
}

static void changes_are_rates_with_a_sign(void **state)
{
    (void)state;
    expect_all(TEXTS("change<0", "change=-25%", "change<-10%", "change>=-25"), true);
    expect_all(TEXTS("change>0", "change>1%"), false);
    struct line none = row;
    struct filter filter;
    char error[FILTER_ERROR];
    none.change = value_change(value_rate(-1), value_rate(0.5)).rate;
    assert_int_equal(parse("change<0", &filter, error), 0);
    assert_false(filter_matches(&filter, &none)); /* nothing was known before */
}

static void dates_are_compared_by_day(void **state)
{
    (void)state;
    expect_all(TEXTS("last=2026-11-20", "last_day>2026-11-19", "last<2026-11-21", "time=2026-11-20",
                     "time>=2026-11-20", "time<=2026-11-20", "time>2026-11-19", "time<2026-11-21",
                     "time!=2026-11-19"),
               true);
    expect_all(TEXTS("last<2026-11-20", "time>2026-11-20", "time<2026-11-20", "time!=2026-11-20"),
               false);
}

static void modes_have_two_names(void **state)
{
    (void)state;
    expect_all(TEXTS("mode:sts-*", "mode=sts-testing", "mode:\"MTA-STS testing\"", "mode:testing",
                     "mode!=sts-enforce", "!mode:dane"),
               true);
    expect_all(TEXTS("mode=testing", "mode!=sts-testing",
                     "mode:sts"
                     "-enforce"),
               false);
}

static void column_names_may_be_shortened(void **state)
{
    (void)state;
    expect_all(TEXTS("f>0", "type:cert", "result:cert", "FAILED>0", "day=2026-11-20"), true);
}

static void addresses_are_words(void **state)
{
    (void)state;
    struct line with_address = row;
    with_address.result_type = "from 2001:db8::25";
    struct filter filter;
    char error[FILTER_ERROR];
    assert_int_equal(parse("2001:db8::25", &filter, error), 0);
    assert_true(filter_matches(&filter, &with_address));
    assert_int_equal(parse("\"2001:db8::26\"", &filter, error), 0);
    assert_false(filter_matches(&filter, &with_address));
}

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *sentence;
    } wrong[] = {
        {"sessions>0", "no column sessions: domain mode failed"},
        {"failed>many", "failed is a number: failed>100"},
        {"failed>nan", "failed is a number"},
        {"failed>inf", "failed is a number"},
        {"failed>0x10", "failed is a number"},
        {"failed>1e400", "failed is a number"},
        {"failed>5%", "failed is a number"},
        {"failed>1,50", "failed is a number: failed>100"},
        {"failed>,500", "failed is a number: failed>100"},
        {"rate>much", "rate is a number: rate>1%"},
        {"last>yesterday", "last_day is a date: last_day>=2026-03-01"},
        {"domain>a", "domain is a text: domain:word"},
        {"failed>", "there is no value behind failed"},
        {"mail domain:", "there is no value behind domain"},
        {"!", "there is nothing behind !"},
        {"!|mail", "there is nothing behind !"},
        {"|mail", "there is nothing before |"},
        {"mail|", "there is nothing behind |"},
        {"mail| nobody", "there is nothing behind |"},
        {"mail||nobody", "there is nothing behind |"},
        {"failed>1|many", "failed is a number"},
        {"failed>1|sessions>0", "no column sessions: domain mode failed"},
        {"@", "there is no such group; there are: Books acme"},
        {"@acm", "there is no such group; there are: Books acme"},
        {"@acme|mail", "there is no such group; there are: Books acme"},
        {"type!=a|b", "where it is neither: !result_type=one|other"},
        {"type:a|domain!=b", "where it is neither: !domain=one|other"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct filter filter = {.count = 7};
        char error[FILTER_ERROR] = "";
        if (parse(wrong[i].text, &filter, error) == 0)
            fail_msg("\"%s\" was taken for a filter", wrong[i].text);
        if (strncmp(error, wrong[i].sentence, strlen(wrong[i].sentence)) != 0)
            fail_msg("\"%s\": %s", wrong[i].text, error);
        assert_int_equal(filter.count, 7);
    }
}

static void a_long_list_of_columns_is_cut(void **state)
{
    (void)state;
    struct filter filter;
    char error[FILTER_ERROR], text[FILTER_MAX];
    memset(text, 'z', sizeof text);
    memcpy(text + sizeof text - 3, ":x", 3);
    assert_int_equal(parse(text, &filter, error), -1);
    assert_true(strlen(error) < FILTER_ERROR);
}

static void terms_are_bounded(void **state)
{
    (void)state;
    struct filter filter;
    char error[FILTER_ERROR], text[4 * FILTER_TERMS_MAX] = "";
    for (int i = 0; i < FILTER_TERMS_MAX; i++)
        strcat(text, "a ");
    assert_int_equal(parse(text, &filter, error), 0);
    strcat(text, "a");
    assert_int_equal(parse(text, &filter, error), -1);
    assert_string_equal(error, "more than 32 terms");
}

static void a_filter_that_is_too_long_is_refused(void **state)
{
    (void)state;
    struct filter filter;
    char error[FILTER_ERROR], text[2 * FILTER_MAX];
    memset(text, 'z', sizeof text);
    text[sizeof text - 1] = '\0';
    assert_int_equal(parse(text, &filter, error), -1);
    assert_string_equal(error, "the filter is too long");
}

static void expect_completion(const char *text, const char *wanted)
{
    char rest[64] = "";
    size_t length = filter_complete(text, columns, COLUMNS, config, rest, sizeof rest);
    assert_int_equal(length, strlen(wanted));
    if (length > 0)
        assert_string_equal(rest, wanted);
}

static void the_only_name_that_fits_is_completed(void **state)
{
    (void)state;
    expect_completion("fa", "iled>");
    expect_completion("failed>0 m", "ode:");
    expect_completion("!mo", "de:");
    expect_completion("failed>0|mo", "de:");
    expect_completion("mail @b", "ooks");
    expect_completion("@acme|!@a", "cme");
    expect_completion("@", ""); /* Books, acme */
    expect_completion("@x", "");
    expect_completion("failed", ">");
    expect_completion("r", ""); /* rate, result_type */
    expect_completion("", "");
    expect_completion("failed>", "");
    expect_completion("x", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_lets_everything_through),
        cmocka_unit_test(words_are_looked_for_in_all_texts),
        cmocka_unit_test(domains_are_found_as_people_write_them),
        cmocka_unit_test(terms_must_all_be_true),
        cmocka_unit_test(one_of_several_will_do),
        cmocka_unit_test(a_group_is_of_domains),
        cmocka_unit_test(a_list_without_domains_has_no_groups),
        cmocka_unit_test(numbers_are_compared),
        cmocka_unit_test(changes_are_rates_with_a_sign),
        cmocka_unit_test(dates_are_compared_by_day),
        cmocka_unit_test(modes_have_two_names),
        cmocka_unit_test(column_names_may_be_shortened),
        cmocka_unit_test(addresses_are_words),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(a_long_list_of_columns_is_cut),
        cmocka_unit_test(terms_are_bounded),
        cmocka_unit_test(a_filter_that_is_too_long_is_refused),
        cmocka_unit_test(the_only_name_that_fits_is_completed),
    };
    setlocale(LC_ALL, "C.UTF-8");
    return cmocka_run_group_tests(tests, read_groups, free_groups);
}
