/* What is advised for domains in trouble, from their reports to the sentences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/advice.h"
#include "../../db/observation.h"
#include "../make_report.h"
#include "../own_database.h"

static struct advice_settings settings = {
    .testing_days = 14, .reporters = 2, .sessions = 20, .quiet_days = 7, .rua = ""};

static struct arena arena;

static int set_up(void **state)
{
    arena_init(&arena, 0);
    settings.failures = 0;
    return own_database_set_up(state);
}

static int tear_down(void **state)
{
    arena_free(&arena);
    return own_database_tear_down(state);
}

static const char domain[] = "a.example";

/* A reporter's days, FIRST to LAST days ago, each with so many sessions. */
struct seen {
    const char *reporter;
    int first, last;
    const char *type, *text;
    int sessions, failed;
    const char *result_type, *mx;
};
#define CLEAN(reporter, first, last, type, text)                                                   \
    {                                                                                              \
        reporter, first, last, type, text, 100, 0, "", ""                                          \
    }
#define FAIL(reporter, first, last, type, text, failed, result_type, mx)                           \
    {                                                                                              \
        reporter, first, last, type, text, 100, failed, result_type, mx                            \
    }

static void keep(const struct seen *seen)
{
    for (int days = seen->first; days >= seen->last; days--) {
        struct report report;
        char id[128];
        snprintf(id, sizeof id, "%s %.80s %d", seen->type, seen->text, days);
        make_report(&report, seen->reporter, id, today() - days);
        struct policy *policy = add_policy(&report, seen->type, domain, seen->text,
                                           seen->sessions - seen->failed, seen->failed);
        if (seen->failed > 0)
            add_failure(&report, policy, seen->result_type, "192.0.2.1", seen->mx, seen->failed);
        assert_int_equal(keep_report(own.store, &report, "x"), OUTCOME_IMPORTED);
    }
}

static void keep_all(const struct seen *seen, size_t count)
{
    for (size_t i = 0; i < count; i++)
        keep(&seen[i]);
}
#define KEEP(...)                                                                                  \
    keep_all((const struct seen[]){__VA_ARGS__},                                                   \
             sizeof((const struct seen[]){__VA_ARGS__}) / sizeof(struct seen))

static struct evidence evidence;
static struct advice advice;

static int take_urgency(void *context, const struct domain_row *row)
{
    *(int *)context = advice_urgency(row->standing, &settings);
    return 0;
}

/* In the list and alone it is the same step. */
static void expect_step(enum next_step next, const char *summary)
{
    int64_t id;
    int of_list = 0;
    struct day_range range = {today() - 29, today()};
    assert_int_equal(store_commit(own.store), DB_OK);
    assert_int_equal(query_find_domain(own.db, domain, &id), DB_OK);
    assert_int_equal(query_evidence(own.db, id, &settings, &arena, &evidence), DB_OK);
    assert_int_equal(advice_make(&evidence, &settings, instant_now(), &arena, &advice), 0);
    assert_int_equal(query_standings(own.db, ALL_DOMAINS, range, &settings, take_urgency, &of_list),
                     DB_OK);
    assert_int_equal(of_list, advice_urgency(&evidence.standing, &settings));
    assert_string_equal(advice_next_name(advice.next), advice_next_name(next));
    if (strncmp(advice.summary, summary, strlen(summary)) != 0)
        fail_msg("\"%s\", not \"%s\"", advice.summary, summary);
}

static bool is_said(const struct sentences *sentences, const char *text)
{
    for (size_t i = 0; i < sentences->count; i++)
        if (strstr(sentences->text[i], text) != NULL)
            return true;
    return false;
}

static void expect_said(const struct sentences *sentences, const char *text)
{
    for (size_t i = 0; i < sentences->count && !is_said(sentences, text); i++)
        print_error("%s\n", sentences->text[i]);
    if (!is_said(sentences, text))
        fail_msg("none of these says: %s", text);
}

static const char *before(int days)
{
    static char text[DAY_TEXT];
    return day_format(today() - days, text);
}

#define OLD     "version: STSv1\nmode: testing\nmx: old.example\nmax_age: 604800"
#define NEW     "version: STSv1\nmode: testing\nmx: new.example\nmax_age: 604800"
#define BOTH    "version: STSv1\nmode: testing\nmx: NEW.example\nmx: old.example\nmax_age: 86400"
#define ENFORCE "version: STSv1\nmode: enforce\nmx: old.example\nmax_age: 604800"
#define NONE    "version: STSv1\nmode: none\nmax_age: 86400"

/* --- is it safe to enforce? --- */

static void who_failed_and_fell_silent_is_waited_for(void **state)
{
    (void)state;
    char sentence[128];
    KEEP({"Google", 60, 1, "sts", OLD, 10000, 0, "", ""}, CLEAN("Microsoft", 60, 1, "sts", OLD),
         FAIL("Tiny", 40, 8, "sts", OLD, 100, "certificate-expired", "old.example"));
    expect_step(NEXT_MORE_REPORTS, "Not enough reports to tell");
    snprintf(sentence, sizeof sentence,
             "Tiny: 100 of 100 sessions failed on %s, and it has told of no session under "
             "MTA-STS since.",
             before(8));
    expect_said(&advice.held_back, sentence);
    KEEP(CLEAN("Tiny", 2, 2, "sts", OLD));
    expect_step(NEXT_ENFORCE, "Safe to enforce");
}

static void new_mx_lines_are_tested_anew(void **state)
{
    (void)state;
    char sentence[128];
    KEEP(CLEAN("Google", 60, 3, "sts", OLD), CLEAN("Microsoft", 60, 3, "sts", OLD),
         CLEAN("Google", 2, 1, "sts", NEW), CLEAN("Microsoft", 2, 1, "sts", NEW));
    expect_step(NEXT_KEEP_TESTING,
                "Too early to tell: the present mx lines have been tested for 3 of 14 days.");
    assert_string_equal(advice.label, "testing: day 3/14");
    snprintf(
        sentence, sizeof sentence,
        "The policy has all of its mx lines since %s: these have been tested for 3 of 14 days.",
        before(2));
    expect_said(&advice.held_back, sentence);
}

static void mx_lines_that_were_there_are_tested(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 31, "sts", OLD), CLEAN("Microsoft", 60, 31, "sts", OLD),
         CLEAN("Google", 30, 3, "sts", BOTH), CLEAN("Microsoft", 30, 3, "sts", BOTH),
         CLEAN("Google", 2, 1, "sts", NEW), CLEAN("Microsoft", 2, 1, "sts", NEW));
    expect_step(NEXT_ENFORCE, "Safe to enforce");
}

static void days_without_reports_are_not_days_without_failures(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 4, "sts", OLD), CLEAN("Microsoft", 60, 4, "sts", OLD));
    expect_step(NEXT_MORE_REPORTS, "Not enough reports to tell");
    expect_said(&advice.held_back, "No report has come for the 4 days since ");
    KEEP(CLEAN("Google", 3, 3, "sts", OLD));
    expect_step(NEXT_ENFORCE, "Safe to enforce");
}

static void where_reports_are_rare_a_gap_is_none(void **state)
{
    (void)state;
    for (int day = 60; day >= 4; day -= 3)
        KEEP(CLEAN("Google", day, day, "sts", OLD), CLEAN("Microsoft", day, day, "sts", OLD));
    expect_step(NEXT_ENFORCE, "Safe to enforce"); /* of 6 days ago */
}

/* RFC 8461 section 4.1: mx lines keep such hosts out. */
static void a_host_of_reports_alone_comes_into_no_policy(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 1, "sts", OLD), CLEAN("Microsoft", 60, 1, "sts", OLD),
         FAIL("Mail.ru", 25, 25, "sts", OLD, 5, "certificate-host-mismatch", "mx.attacker.test"));
    for (int day = 24; day >= 1; day--)
        keep(&(struct seen)CLEAN("Mail.ru", day, day, "sts", OLD));
    expect_step(NEXT_ENFORCE, "Safe to enforce");
    assert_non_null(strstr(advice.texts[0].text, "mode: enforce\nmx: old.example\nmax_age"));
    expect_said(&advice.to_do, "Reports name mx.attacker.test, which no mx line covers.");
}

static void who_finds_no_policy_any_more_is_named(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 21, "sts", OLD), CLEAN("Google", 20, 1, "no-policy-found", ""),
         CLEAN("Microsoft", 60, 1, "sts", OLD), CLEAN("Yahoo", 60, 1, "sts", OLD));
    expect_step(NEXT_ENFORCE, "Safe to enforce");
    expect_said(&advice.evidence, "Not all see the policy: Google, which did before, finds none");
}

static void a_lone_sender_is_told_from_all(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 1, "sts", OLD), CLEAN("Microsoft", 60, 1, "sts", OLD),
         {"Tiny", 30, 1, "sts", OLD, 4, 4, "validation-failure", "old.example"});
    expect_step(NEXT_FIX_FAILURES, "Not safe to enforce: 24 failures in the last 7 days.");
    expect_said(&advice.held_back, "By reporter: 24 of 24 sessions by Tiny; none of 1,200 by "
                                   "2 others: it may be that sender's side");
    KEEP(FAIL("Yahoo", 1, 1, "sts", OLD, 1, "certificate-expired", "old.example"));
    expect_step(NEXT_FIX_FAILURES, "Not safe to enforce: 25 failures in the last 7 days.");
    expect_said(&advice.held_back,
                "24 of 24 sessions by Tiny, 1 of 100 sessions by Yahoo; none of");
    assert_false(is_said(&advice.held_back, "that sender's side"));
}

/* Of millions some always fail. */
static void so_many_failures_of_a_million_can_be_let_be(void **state)
{
    (void)state;
    KEEP({"Google", 60, 1, "sts", OLD, 100000, 0, "", ""}, CLEAN("Microsoft", 60, 1, "sts", OLD),
         {"Yahoo", 60, 1, "sts", OLD, 1000, 2, "validation-failure", "old.example"});
    expect_step(NEXT_FIX_FAILURES, "Not safe to enforce: 12 failures in the last 7 days.");
    settings.failures = 19; /* 12 of 606,600 are 19.8 */
    expect_step(NEXT_FIX_FAILURES, "Not safe to enforce");
    expect_said(&advice.held_back, "12 failures in the last 7 days; the limit is 19 of a million.");
    settings.failures = 20;
    expect_step(NEXT_ENFORCE, "Safe to enforce, as far as reports tell: 61 days of testing, 3 "
                              "reporters; 606,600 sessions in the last 7 days, and 12 failed.");
    assert_int_equal(advice.held_back.count, 0);
}

/* RFC 8461 section 3.3: no longer than max_age. */
static void who_keeps_an_old_policy_is_told_until_when(void **state)
{
    (void)state;
    char sentence[128];
    KEEP(CLEAN("Google", 60, 6, "sts", OLD), CLEAN("Google", 5, 1, "sts", ENFORCE),
         CLEAN("Microsoft", 60, 6, "sts", OLD), CLEAN("Microsoft", 5, 1, "sts", ENFORCE),
         CLEAN("Mail.ru", 60, 1, "sts", OLD));
    expect_step(NEXT_NOTHING, "Enforced: ");
    snprintf(sentence, sizeof sentence, "It may keep that until about %s.", before(5 - 8));
    expect_said(&advice.evidence, "Mail.ru reports mode testing, up to");
    expect_said(&advice.evidence, sentence);
}

static void who_keeps_an_old_policy_for_too_long_is_told(void **state)
{
    (void)state;
    char sentence[128];
    KEEP(CLEAN("Google", 60, 21, "sts", OLD), CLEAN("Google", 20, 1, "sts", ENFORCE),
         CLEAN("Microsoft", 60, 21, "sts", OLD), CLEAN("Microsoft", 20, 1, "sts", ENFORCE),
         CLEAN("Mail.ru", 60, 1, "sts", OLD));
    expect_step(NEXT_NOTHING, "Enforced: ");
    snprintf(sentence, sizeof sentence, "It could keep that until about %s only", before(20 - 8));
    expect_said(&advice.evidence, sentence);
}

/* --- what is refused --- */

/* RFC 8461 section 5.1: senders go by the policy that they keep, or by none. */
static void what_fails_for_want_of_the_policy_is_not_refused(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 5, "sts", ENFORCE), CLEAN("Microsoft", 60, 1, "sts", ENFORCE),
         FAIL("Google", 4, 1, "sts", ENFORCE, 90, "sts-policy-fetch-error", ""));
    expect_step(NEXT_FIX_FAILURES, "Sessions fail, though none was refused: 360 failures");
    expect_said(&advice.evidence,
                "360 sessions failed because the policy could not be had or read: nothing");
    assert_false(is_said(&advice.evidence, "refused from"));
    assert_false(is_said(&advice.to_do, "mode testing"));
    assert_int_equal(evidence.standing.refused_sts, 0);
    assert_int_equal(advice_urgency(&evidence.standing, &settings), NEXT_FIX_FAILURES);
    KEEP(FAIL("Yahoo", 2, 1, "sts", ENFORCE, 7, "certificate-expired", "old.example"));
    expect_step(NEXT_FIX_FAILURES, "Sessions are being refused: 14 in the last 7 days.");
    expect_said(&advice.to_do, "publish the policy in mode testing meanwhile");
    assert_int_equal(advice_urgency(&evidence.standing, &settings), -1);
}

static void what_a_kept_policy_refuses_comes_first(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 4, "sts", ENFORCE), CLEAN("Google", 3, 1, "sts", NONE),
         CLEAN("Microsoft", 60, 4, "sts", ENFORCE),
         FAIL("Microsoft", 3, 1, "sts", ENFORCE, 20, "certificate-host-mismatch", "new.example"),
         CLEAN("Yahoo", 3, 1, "sts", NONE), CLEAN("GMX", 3, 1, "sts", NONE));
    expect_step(NEXT_FIX_FAILURES, "Sessions are being refused: 60 in the last 7 days.");
    assert_int_equal(advice_urgency(&evidence.standing, &settings), -1);
    expect_said(&advice.to_do, "Senders refuse by the enforce policy of before, which they keep");
}

static void a_policy_that_has_gone_goes_on_refusing(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 4, "sts", ENFORCE), CLEAN("Google", 3, 1, "no-policy-found", ""),
         CLEAN("Microsoft", 60, 4, "sts", ENFORCE),
         FAIL("Microsoft", 3, 1, "sts", ENFORCE, 30, "certificate-expired", "old.example"),
         CLEAN("Yahoo", 60, 4, "sts", ENFORCE), CLEAN("Yahoo", 3, 1, "no-policy-found", ""));
    expect_step(NEXT_FIX_FAILURES, "Sessions are being refused: 90 in the last 7 days.");
    expect_said(&advice.to_do, "Senders refuse by the enforce policy of before, which they keep");
}

static void refusals_are_told_while_most_see_testing(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 1, "sts", OLD), CLEAN("Yahoo", 60, 1, "sts", OLD),
         CLEAN("Microsoft", 60, 3, "sts", OLD),
         FAIL("Microsoft", 2, 1, "sts", ENFORCE, 50, "certificate-expired", "old.example"));
    expect_step(NEXT_FIX_FAILURES, "Sessions are being refused: 100 of 100 failures in the last 7 "
                                   "days.");
    assert_int_equal(advice_urgency(&evidence.standing, &settings), -1);
}

static void what_a_check_sees_enforced_will_be_refused(void **state)
{
    (void)state;
    int64_t id;
    bool changed;
    KEEP(CLEAN("Google", 60, 1, "sts", OLD),
         FAIL("Microsoft", 5, 1, "sts", OLD, 10, "certificate-expired", "old.example"));
    struct observation seen = {
        .last_time = instant_now() - 3600,
        .mode = MODE_STS_ENFORCE,
        .evidence = "{\"sts\":{\"state\":\"valid\",\"policy\":{\"text\":\"version: STSv1\\nmode: "
                    "enforce\\nmx: old.example\\nmax_age: 604800\"}}}",
        .problems = "[]"};
    assert_int_equal(store_commit(own.store), DB_OK);
    assert_int_equal(query_find_domain(own.db, domain, &id), DB_OK);
    assert_int_equal(observation_store(own.db, domain, "", &seen, &changed), DB_OK);
    expect_step(NEXT_FIX_FAILURES, "Enforced since testing: what failed there, 50 failures in the "
                                   "last 7 days, is refused from now on.");
    expect_said(&advice.to_do, "publish the policy in mode testing meanwhile");
}

/* RFC 8461 section 10: that is what the policy is for. */
static void what_a_strange_host_does_not_get_is_no_reason_to_give_up(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 1, "sts", ENFORCE),
         FAIL("Microsoft", 2, 1, "sts", ENFORCE, 5, "certificate-host-mismatch",
              "mx.attacker.test"));
    expect_step(NEXT_FIX_FAILURES, "Sessions are being refused: 10 in the last 7 days.");
    expect_said(&advice.to_do, "No mx line covers mx.attacker.test, where they failed.");
    assert_false(is_said(&advice.to_do, "mode testing"));
    KEEP(FAIL("Yahoo", 1, 1, "sts", ENFORCE, 5, "certificate-expired", "old.example"));
    expect_step(NEXT_FIX_FAILURES, "Sessions are being refused: 15 in the last 7 days.");
    expect_said(&advice.to_do, "publish the policy in mode testing meanwhile");
}

/* Another reporter's fetch errors, and the days on which only the fetch failed, take nothing
 * from what was refused. */
static void fetch_errors_hide_no_refusal(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 7, "sts", ENFORCE),
         FAIL("Google", 6, 1, "sts", ENFORCE, 50, "certificate-expired", "old.example"),
         FAIL("Microsoft", 6, 1, "sts", "", 60, "sts-policy-fetch-error", ""));
    expect_step(NEXT_FIX_FAILURES, "Sessions are being refused: 300 in the last 7 days.");
    assert_int_equal(evidence.refused.failed, 300);
}

static void days_without_a_policy_are_no_refused_days(void **state)
{
    (void)state;
    char summary[128];
    KEEP(CLEAN("Google", 60, 7, "sts", ENFORCE),
         FAIL("Google", 6, 6, "sts", ENFORCE, 10, "certificate-expired", "old.example"),
         CLEAN("Google", 5, 2, "sts", ENFORCE),
         FAIL("Google", 1, 1, "sts", ENFORCE, 5, "sts-policy-fetch-error", ""));
    snprintf(summary, sizeof summary,
             "Sessions were refused: 10 in the last 7 days, none since %s.", before(6));
    expect_step(NEXT_FIX_FAILURES, summary);
}

/* What senders see of a policy that was taken back is not the newest. */
static void a_policy_that_is_back_is_the_newest(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 4, "sts", BOTH), CLEAN("Google", 3, 2, "sts", OLD),
         CLEAN("Google", 1, 1, "sts", BOTH), CLEAN("Yahoo", 60, 4, "sts", BOTH),
         CLEAN("Yahoo", 3, 2, "sts", OLD), CLEAN("Yahoo", 1, 1, "sts", BOTH));
    expect_step(NEXT_ENFORCE, "Safe to enforce");
    assert_non_null(strstr(advice.texts[0].text, "mx: NEW.example\nmx: old.example\n"));
}

static void sessions_under_dane_prove_nothing_of_testing(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 8, "sts", OLD), CLEAN("Microsoft", 60, 8, "sts", OLD),
         {"Postfix", 60, 1, "tlsa", "3 1 1 abab", 900, 0, "", ""});
    expect_step(NEXT_MORE_REPORTS, "Not enough reports to tell");
}

static void missed_dane_is_no_delivery_where_sts_is_enforced(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 1, "sts", ENFORCE),
         FAIL("Postfix", 3, 1, "no-policy-found", "", 9, "dane-required", ""));
    expect_step(NEXT_FIX_FAILURES, "Mail is not delivered: 27 failures in the last 7 days");
    assert_int_equal(advice_urgency(&evidence.standing, &settings), -1);
}

static void silence_after_a_refusal_is_told_first(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 16, "sts", ENFORCE),
         FAIL("Google", 15, 9, "sts", ENFORCE, 100, "certificate-expired", "old.example"));
    expect_step(NEXT_FIND_REPORTS, "Reports have ended: ");
    assert_false(is_said(&advice.to_do, "should it come back"));
}

static void what_is_over_is_told_in_the_past(void **state)
{
    (void)state;
    char summary[128];
    KEEP(CLEAN("Google", 60, 1, "sts", ENFORCE),
         FAIL("Microsoft", 6, 6, "sts", ENFORCE, 15, "certificate-expired", "old.example"),
         CLEAN("Microsoft", 5, 1, "sts", ENFORCE));
    snprintf(summary, sizeof summary,
             "Sessions were refused: 15 in the last 7 days, none since %s.", before(6));
    expect_step(NEXT_FIX_FAILURES, summary);
    assert_false(is_said(&advice.to_do, "mode testing"));
    assert_int_equal(advice_urgency(&evidence.standing, &settings), NEXT_FIX_FAILURES);
}

static void a_rollback_does_not_hide_what_was_refused(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 4, "sts", ENFORCE), CLEAN("Google", 3, 1, "sts", OLD),
         FAIL("Microsoft", 6, 4, "sts", ENFORCE, 50, "certificate-expired", "old.example"),
         CLEAN("Microsoft", 3, 1, "sts", OLD));
    expect_step(NEXT_FIX_FAILURES,
                "Not safe to enforce: 150 of 150 failures in the last 7 days were");
    expect_said(&advice.evidence, "150 sessions were refused from ");
    KEEP(CLEAN("Yahoo", 6, 1, "sts", ENFORCE));
    expect_step(NEXT_FIX_FAILURES,
                "Not safe to enforce: 150 of 150 failures in the last 7 days were");
    expect_said(&advice.evidence, "Yahoo reports mode enforce");
    assert_false(is_said(&advice.evidence, "It could keep that")); /* the older one is in force */
    expect_said(&advice.evidence, "Microsoft from 192.0.2.1 to old.example: 150 failures");
}

/* --- DNSSEC, DANE, and no TLS at all --- */

static void broken_dnssec_holds_mail_back_without_a_policy(void **state)
{
    (void)state;
    KEEP(CLEAN("Google", 60, 1, "no-policy-found", ""),
         FAIL("Microsoft", 3, 1, "no-policy-found", "", 50, "dnssec-invalid", ""));
    expect_step(NEXT_FIX_FAILURES, "Mail is not delivered: 150 failures in the last 7 days");
    expect_said(&advice.evidence, "not delivered where DNSSEC was broken");
}

static void lost_dane_is_told(void **state)
{
    (void)state;
    KEEP(CLEAN("Microsoft", 60, 6, "tlsa", "3 1 1 abab"), CLEAN("Microsoft", 60, 6, "sts", ENFORCE),
         CLEAN("Microsoft", 5, 1, "sts", ENFORCE));
    expect_step(NEXT_NOTHING, "Enforced by MTA-STS, though DANE has gone, by reports on ");
    expect_said(&advice.evidence, "DANE is gone since ");
}

static void the_records_that_fail_are_compared(void **state)
{
    (void)state;
    KEEP(CLEAN("Microsoft", 60, 3, "tlsa", "3 1 1 abab"),
         FAIL("Microsoft", 2, 1, "tlsa", "3 1 1 cdcd", 100, "tlsa-invalid", "old.example"));
    expect_step(NEXT_FIX_FAILURES, "Sessions are being refused: 200 in the last 7 days.");
    expect_said(&advice.to_do, "\"3 1 1 cdcd\"");
}

static void no_tls_at_all_is_not_called_safe(void **state)
{
    (void)state;
    KEEP(
        FAIL("Google", 60, 1, "no-policy-found", "", 100, "starttls-not-supported", "old.example"));
    expect_step(NEXT_START_TESTING,
                "600 failures in the last 7 days, mostly starttls-not-supported: enforce or DANE");
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(who_failed_and_fell_silent_is_waited_for),
        TEST(new_mx_lines_are_tested_anew),
        TEST(mx_lines_that_were_there_are_tested),
        TEST(days_without_reports_are_not_days_without_failures),
        TEST(where_reports_are_rare_a_gap_is_none),
        TEST(a_host_of_reports_alone_comes_into_no_policy),
        TEST(who_finds_no_policy_any_more_is_named),
        TEST(a_lone_sender_is_told_from_all),
        TEST(so_many_failures_of_a_million_can_be_let_be),
        TEST(who_keeps_an_old_policy_is_told_until_when),
        TEST(who_keeps_an_old_policy_for_too_long_is_told),
        TEST(what_fails_for_want_of_the_policy_is_not_refused),
        TEST(what_a_kept_policy_refuses_comes_first),
        TEST(a_policy_that_has_gone_goes_on_refusing),
        TEST(refusals_are_told_while_most_see_testing),
        TEST(what_a_check_sees_enforced_will_be_refused),
        TEST(what_a_strange_host_does_not_get_is_no_reason_to_give_up),
        TEST(fetch_errors_hide_no_refusal),
        TEST(days_without_a_policy_are_no_refused_days),
        TEST(a_policy_that_is_back_is_the_newest),
        TEST(sessions_under_dane_prove_nothing_of_testing),
        TEST(missed_dane_is_no_delivery_where_sts_is_enforced),
        TEST(silence_after_a_refusal_is_told_first),
        TEST(what_is_over_is_told_in_the_past),
        TEST(a_rollback_does_not_hide_what_was_refused),
        TEST(broken_dnssec_holds_mail_back_without_a_policy),
        TEST(lost_dane_is_told),
        TEST(the_records_that_fail_are_compared),
        TEST(no_tls_at_all_is_not_called_safe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
