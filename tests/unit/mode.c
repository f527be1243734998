/* The rules by which reports tell the TLS mode of a domain. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../../db/mode.h"

enum { DAY = 20000 };
enum reporter { GOOGLE = 1, MICROSOFT, POSTFIX };

static struct statement tlsa(enum reporter reporter, int64_t sessions)
{
    return (struct statement){.organization = reporter,
                              .policy_type = POLICY_TLSA,
                              .sessions = sessions,
                              .reports_tlsa = true};
}

static struct statement sts(enum reporter reporter, enum sts_mode mode, int64_t sessions)
{
    return (struct statement){.organization = reporter,
                              .policy_type = POLICY_STS,
                              .mode = mode,
                              .sessions = sessions,
                              .reports_sts = true};
}

static struct statement not_found(enum reporter reporter, int64_t sessions, bool reports_sts)
{
    return (struct statement){.organization = reporter,
                              .policy_type = POLICY_NOT_FOUND,
                              .sessions = sessions,
                              .reports_sts = reports_sts};
}

#define WEIGH(...)                                                                                 \
    mode_weigh(DAY, (struct statement[]){__VA_ARGS__},                                             \
               sizeof(struct statement[]){__VA_ARGS__} / sizeof(struct statement))

static enum tls_mode mode_of(struct day_statement day)
{
    return mode_combine(day.dane, day.sts, day.not_found);
}

static void tlsa_states_dane(void **state)
{
    (void)state;
    struct day_statement day = WEIGH(tlsa(MICROSOFT, 5));
    assert_int_equal(day.dane, DANE_PRESENT);
    assert_int_equal(mode_of(day), MODE_DANE);
}

static void tlsa_alone_states_nothing_about_mta_sts(void **state)
{
    (void)state;
    assert_int_equal(WEIGH(tlsa(POSTFIX, 5)).sts, STS_UNSTATED);
}

static void silence_of_a_reporter_that_never_sent_tlsa_proves_nothing(void **state)
{
    (void)state;
    assert_int_equal(WEIGH(sts(GOOGLE, STS_ENFORCE, 1000)).dane, DANE_UNSTATED);
    struct day_statement day = WEIGH(sts(GOOGLE, STS_ENFORCE, 1000), tlsa(MICROSOFT, 1));
    assert_int_equal(mode_of(day), MODE_DANE_STS_ENFORCE);
}

static void silence_of_a_reporter_that_sent_tlsa_before_states_no_dane(void **state)
{
    (void)state;
    struct statement silent = sts(MICROSOFT, STS_TESTING, 10);
    silent.reports_tlsa = true;
    assert_int_equal(WEIGH(silent).dane, DANE_ABSENT);
    assert_int_equal(WEIGH(silent, tlsa(POSTFIX, 9)).dane, DANE_ABSENT);
    assert_int_equal(WEIGH(silent, tlsa(POSTFIX, 11)).dane, DANE_PRESENT);
}

/* Microsoft reports a tlsa and an sts policy for the same sessions. */
static void a_reporter_with_tlsa_and_sts_does_not_contradict_itself(void **state)
{
    (void)state;
    struct statement other = sts(MICROSOFT, STS_ENFORCE, 100);
    other.reports_tlsa = true;
    struct day_statement day = WEIGH(tlsa(MICROSOFT, 3), other);
    assert_int_equal(mode_of(day), MODE_DANE_STS_ENFORCE);
}

static void not_found_states_no_mta_sts_only_from_a_reporter_of_sts(void **state)
{
    (void)state;
    assert_int_equal(WEIGH(not_found(POSTFIX, 5, false)).sts, STS_UNSTATED);
    assert_int_equal(WEIGH(not_found(GOOGLE, 5, true)).sts, STS_STATE_ABSENT);
}

static void the_statement_with_most_sessions_stands(void **state)
{
    (void)state;
    assert_int_equal(WEIGH(sts(GOOGLE, STS_TESTING, 60), sts(MICROSOFT, STS_ENFORCE, 50)).sts,
                     STS_STATE_TESTING);
    assert_int_equal(WEIGH(sts(GOOGLE, STS_TESTING, 60), sts(MICROSOFT, STS_ENFORCE, 40),
                           sts(POSTFIX, STS_ENFORCE, 40))
                         .sts,
                     STS_STATE_ENFORCE);
    assert_int_equal(WEIGH(sts(GOOGLE, STS_ENFORCE, 60), not_found(MICROSOFT, 61, true)).sts,
                     STS_STATE_ABSENT);
}

static void a_tie_goes_to_the_stricter(void **state)
{
    (void)state;
    assert_int_equal(WEIGH(sts(GOOGLE, STS_ENFORCE, 7), sts(MICROSOFT, STS_TESTING, 7)).sts,
                     STS_STATE_ENFORCE);
    assert_int_equal(WEIGH(not_found(GOOGLE, 7, true), sts(MICROSOFT, STS_NONE, 7)).sts,
                     STS_STATE_NONE);
    struct statement silent = sts(MICROSOFT, STS_TESTING, 4);
    silent.reports_tlsa = true;
    assert_int_equal(WEIGH(silent, tlsa(POSTFIX, 4)).dane, DANE_PRESENT);
}

static void a_report_of_no_sessions_still_states_what_it_saw(void **state)
{
    (void)state;
    assert_int_equal(WEIGH(sts(GOOGLE, STS_TESTING, 0)).sts, STS_STATE_TESTING);
    assert_int_equal(WEIGH(tlsa(GOOGLE, 0)).dane, DANE_PRESENT);
}

static void neither_mechanism_is_opportunistic_if_somebody_found_no_policy(void **state)
{
    (void)state;
    assert_int_equal(mode_of(WEIGH(not_found(POSTFIX, 5, false))), MODE_OPPORTUNISTIC);
    assert_int_equal(mode_of(WEIGH(not_found(GOOGLE, 5, true))), MODE_OPPORTUNISTIC);
}

static void a_policy_that_could_not_be_fetched_is_unknown_with_the_error_shown(void **state)
{
    (void)state;
    struct day_statement day = WEIGH(sts(GOOGLE, STS_UNREADABLE, 5));
    assert_int_equal(mode_of(day), MODE_UNKNOWN);
    assert_true(day.fetch_error);
    assert_false(WEIGH(sts(GOOGLE, STS_TESTING, 5)).fetch_error);
}

static void an_unknown_policy_type_states_nothing(void **state)
{
    (void)state;
    struct statement future = {
        .organization = GOOGLE, .policy_type = POLICY_FIRST_UNKNOWN, .sessions = 5};
    struct day_statement day = WEIGH(future);
    assert_int_equal(mode_of(day), MODE_UNKNOWN);
    assert_false(day.fetch_error);
}

static void both_mechanisms_make_one_mode(void **state)
{
    (void)state;
    static const enum tls_mode expected[2][5] = {
        {MODE_UNKNOWN, MODE_UNKNOWN, MODE_STS_NONE, MODE_STS_TESTING, MODE_STS_ENFORCE},
        {MODE_DANE, MODE_DANE, MODE_DANE, MODE_DANE_STS_TESTING, MODE_DANE_STS_ENFORCE},
    };
    for (int dane = 0; dane < 2; dane++) {
        for (int s = STS_UNSTATED; s <= STS_STATE_ENFORCE; s++)
            assert_int_equal(
                mode_combine(dane ? DANE_PRESENT : DANE_ABSENT, (enum sts_state)s, false),
                expected[dane][s]);
    }
}

/* --- days --- */

static void a_day_without_a_statement_inherits_thirty_days_and_not_thirty_one(void **state)
{
    (void)state;
    const struct day_statement days[] = {{.day = DAY, .sts = STS_STATE_TESTING}};
    struct day_mode modes[33];
    mode_fill(days, 1, DAY - 1, DAY + 31, modes);
    assert_int_equal(modes[0].mode, MODE_UNKNOWN);
    assert_false(modes[0].reported);
    assert_int_equal(modes[1].mode, MODE_STS_TESTING);
    assert_true(modes[1].reported);
    assert_false(modes[1].inherited);
    assert_int_equal(modes[31].mode, MODE_STS_TESTING);
    assert_false(modes[31].reported);
    assert_true(modes[31].inherited);
    assert_int_equal(modes[32].mode, MODE_UNKNOWN);
    assert_false(modes[32].inherited);
}

static void a_day_before_the_first_asked_for_is_inherited_too(void **state)
{
    (void)state;
    const struct day_statement days[] = {{.day = DAY - 30, .dane = DANE_PRESENT}};
    struct day_mode modes[2];
    mode_fill(days, 1, DAY, DAY + 1, modes);
    assert_int_equal(modes[0].mode, MODE_DANE);
    assert_int_equal(modes[1].mode, MODE_UNKNOWN);
}

/* Google states MTA-STS on even days, Microsoft DANE on odd ones. */
static void the_strip_does_not_flicker_between_reporters(void **state)
{
    (void)state;
    const struct day_statement days[] = {{.day = DAY, .sts = STS_STATE_ENFORCE},
                                         {.day = DAY + 1, .dane = DANE_PRESENT},
                                         {.day = DAY + 2, .sts = STS_STATE_ENFORCE},
                                         {.day = DAY + 3, .dane = DANE_PRESENT}};
    struct day_mode modes[4];
    mode_fill(days, 4, DAY, DAY + 3, modes);
    assert_int_equal(modes[0].mode, MODE_STS_ENFORCE);
    for (int i = 1; i < 4; i++) {
        assert_int_equal(modes[i].mode, MODE_DANE_STS_ENFORCE);
        assert_true(modes[i].reported && modes[i].inherited);
    }
}

static void a_statement_of_absence_ends_what_was_inherited(void **state)
{
    (void)state;
    const struct day_statement days[] = {
        {.day = DAY, .dane = DANE_PRESENT, .sts = STS_STATE_ENFORCE},
        {.day = DAY + 1, .dane = DANE_ABSENT, .sts = STS_STATE_ABSENT, .not_found = true}};
    struct day_mode modes[2];
    mode_fill(days, 2, DAY, DAY + 1, modes);
    assert_int_equal(modes[0].mode, MODE_DANE_STS_ENFORCE);
    assert_int_equal(modes[1].mode, MODE_OPPORTUNISTIC);
    assert_false(modes[1].inherited);
}

static void a_fetch_error_today_leaves_yesterdays_mode(void **state)
{
    (void)state;
    const struct day_statement days[] = {{.day = DAY, .sts = STS_STATE_ENFORCE},
                                         {.day = DAY + 1, .fetch_error = true},
                                         {.day = DAY + 31, .fetch_error = true}};
    struct day_mode modes[32];
    mode_fill(days, 3, DAY, DAY + 31, modes);
    assert_int_equal(modes[1].mode, MODE_STS_ENFORCE);
    assert_true(modes[1].inherited);
    assert_int_equal(modes[31].mode, MODE_UNKNOWN);
}

/* The last change in what COUNT days state; its day is -1 when there is none. */
static struct mode_change last_change(const struct day_statement *days, size_t count)
{
    struct mode_watch watch = {0};
    struct mode_change change, last = {.day = -1};
    for (size_t i = 0; i < count; i++)
        if (mode_watch(&watch, &days[i], &change))
            last = change;
    return last;
}

static void a_mode_changes_where_reports_first_say_so(void **state)
{
    (void)state;
    const struct day_statement days[] = {
        {.day = DAY, .sts = STS_STATE_TESTING},
        {.day = DAY + 2, .sts = STS_STATE_ENFORCE},
        {.day = DAY + 3, .dane = DANE_ABSENT}, /* nothing new of MTA-STS */
        {.day = DAY + 5, .sts = STS_STATE_ENFORCE}};
    struct mode_change change = last_change(days, 4);
    assert_int_equal(change.day, DAY + 2);
    assert_int_equal(change.from, MODE_STS_TESTING);
    assert_int_equal(change.to, MODE_STS_ENFORCE);
    assert_int_equal(last_change(days, 1).day, -1);
    assert_int_equal(last_change(days, 0).day, -1);
}

static void days_of_which_nothing_is_known_are_no_change(void **state)
{
    (void)state;
    const struct day_statement days[] = {
        {.day = DAY, .sts = STS_STATE_ENFORCE},
        {.day = DAY + 40, .fetch_error = true},
        {.day = DAY + 41, .sts = STS_STATE_ENFORCE},
        {.day = DAY + 90, .sts = STS_STATE_ABSENT, .not_found = true}};
    assert_int_equal(last_change(days, 3).day, -1);
    struct mode_change change = last_change(days, 4);
    assert_int_equal(change.day, DAY + 90);
    assert_int_equal(change.from, MODE_STS_ENFORCE);
    assert_int_equal(change.to, MODE_OPPORTUNISTIC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tlsa_states_dane),
        cmocka_unit_test(tlsa_alone_states_nothing_about_mta_sts),
        cmocka_unit_test(silence_of_a_reporter_that_never_sent_tlsa_proves_nothing),
        cmocka_unit_test(silence_of_a_reporter_that_sent_tlsa_before_states_no_dane),
        cmocka_unit_test(a_reporter_with_tlsa_and_sts_does_not_contradict_itself),
        cmocka_unit_test(not_found_states_no_mta_sts_only_from_a_reporter_of_sts),
        cmocka_unit_test(the_statement_with_most_sessions_stands),
        cmocka_unit_test(a_tie_goes_to_the_stricter),
        cmocka_unit_test(a_report_of_no_sessions_still_states_what_it_saw),
        cmocka_unit_test(neither_mechanism_is_opportunistic_if_somebody_found_no_policy),
        cmocka_unit_test(a_policy_that_could_not_be_fetched_is_unknown_with_the_error_shown),
        cmocka_unit_test(an_unknown_policy_type_states_nothing),
        cmocka_unit_test(both_mechanisms_make_one_mode),
        cmocka_unit_test(a_day_without_a_statement_inherits_thirty_days_and_not_thirty_one),
        cmocka_unit_test(a_day_before_the_first_asked_for_is_inherited_too),
        cmocka_unit_test(the_strip_does_not_flicker_between_reporters),
        cmocka_unit_test(a_statement_of_absence_ends_what_was_inherited),
        cmocka_unit_test(a_fetch_error_today_leaves_yesterdays_mode),
        cmocka_unit_test(a_mode_changes_where_reports_first_say_so),
        cmocka_unit_test(days_of_which_nothing_is_known_are_no_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
