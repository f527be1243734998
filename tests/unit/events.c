/* Changes of mode and policy: one event for each, whoever lags. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/events.h"
#include "../../db/observation.h"
#include "../make_report.h"

enum { DAY = 20000, WEEK = 7, SAYINGS_MAX = 4096 };
enum { GOOGLE = 1, YAHOO, SMALL, POSTFIX };

/* --- evidence in a few words --- */

static struct statement statements[SAYINGS_MAX];
static struct stated_day days[SAYINGS_MAX];
static struct policy_sight policies[64];
static struct live_sight checks[64];
static struct event_evidence evidence;
static size_t statement_count;
static struct arena arena;
static struct events events;

static int set_up(void **state)
{
    (void)state;
    evidence = (struct event_evidence){.days = days, .policies = policies, .checks = checks};
    statement_count = 0;
    arena_init(&arena, 0);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

/* On DAY the ORGANIZATION said so; days come ascending. */
static void say(int day, int64_t organization, int type, enum sts_mode mode, int64_t sessions)
{
    if (evidence.day_count == 0 || days[evidence.day_count - 1].day != day)
        days[evidence.day_count++] =
            (struct stated_day){.day = day, .statements = &statements[statement_count]};
    statements[statement_count++] =
        (struct statement){.organization = organization,
                           .policy_type = type,
                           .mode = mode,
                           .sessions = sessions,
                           .reports_sts = true,
                           .reports_tlsa = type == POLICY_TLSA || organization == POSTFIX};
    days[evidence.day_count - 1].count++;
}

static void sts(int day, int64_t organization, enum sts_mode mode, int64_t sessions)
{
    say(day, organization, POLICY_STS, mode, sessions);
}

static const char testing[] = "version: STSv1\nmode: testing\nmx: mx.example.com\nmax_age: 604800";
static const char enforce[] = "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800";
static const char two_hosts[] =
    "version: STSv1\nmode: enforce\nmx: mx.example.com\nmx: mx2.example.com\nmax_age: 604800";

static void policy(const char *text, int64_t organization, int first, int last)
{
    policies[evidence.policy_count++] = (struct policy_sight){text, organization, first, last};
}

static void check(int day, enum tls_mode mode, const char *text)
{
    checks[evidence.check_count++] =
        (struct live_sight){(int64_t)day * SECONDS_PER_DAY + 3600, mode, text};
}

static const struct event *find(size_t count)
{
    assert_int_equal(events_find(&evidence, DAY, &arena, &events), 0);
    for (size_t i = 0; i < events.count && events.count != count; i++)
        print_message("event %zu: kind %d on day %d: %d -> %d\n", i, (int)events.events[i].kind,
                      events.events[i].day - DAY, events.events[i].state_from,
                      events.events[i].state_to);
    assert_int_equal(events.count, count);
    return events.events;
}

/* --- changes of mode --- */

static void nothing_has_no_events(void **state)
{
    (void)state;
    find(0);
    sts(DAY, GOOGLE, STS_TESTING, 10);
    find(0);
}

static void those_who_saw_it_on_the_first_day_are_counted(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 10; day++) {
        const char *text = day < DAY + 5 ? testing : enforce;
        sts(day, GOOGLE, day < DAY + 5 ? STS_TESTING : STS_ENFORCE, 100);
        sts(day, SMALL, day < DAY + 5 ? STS_TESTING : STS_ENFORCE, 5);
        sts(day, YAHOO, day < DAY + 6 ? STS_TESTING : STS_ENFORCE, 20);
        if (day == DAY || day == DAY + 5) {
            policy(text, GOOGLE, day, day + 4);
            policy(text, SMALL, day, day + 4);
        }
    }
    const struct event *event = find(1);
    assert_int_equal(event->reported_day, DAY + 5);
    assert_int_equal(event->also_first, 1);
}

static void those_who_saw_another_policy_at_first_are_counted(void **state)
{
    (void)state;
    const int64_t reporters[] = {GOOGLE, YAHOO, SMALL};
    for (int i = 0; i < 3; i++) {
        policy(enforce, reporters[i], DAY, DAY + 9);
        policy(two_hosts, reporters[i], DAY + 10 + i / 2, DAY + 19);
    }
    const struct event *event = find(1);
    assert_int_equal(event->kind, EVENT_POLICY);
    assert_int_equal(event->reported_day, DAY + 10);
    assert_int_equal(event->also_first, 1);
}

/* There was none, as some had looked for one; before the first report nobody knows. */
static void what_is_first_seen_where_none_was_found_is_a_change(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 4; day++)
        say(day, GOOGLE, POLICY_NOT_FOUND, STS_NONE, 10);
    for (int day = DAY + 4; day < DAY + 9; day++)
        say(day, GOOGLE, POLICY_TLSA, STS_NONE, 10);
    const struct event *event = find(1);
    assert_int_equal(event->kind, EVENT_DANE);
    assert_int_equal(event->state_from, DANE_ABSENT);
    assert_int_equal(event->reported_day, DAY + 4);
    assert_int_equal(event->from, MODE_OPPORTUNISTIC);
    assert_int_equal(event->to, MODE_DANE);
}

/* The example of a domain that goes to enforce while Yahoo keeps what it has. */
static void a_change_names_who_saw_it_first_and_who_lags(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 12; day++) {
        sts(day, GOOGLE, STS_TESTING, 100);
        sts(day, YAHOO, STS_TESTING, 20);
    }
    for (int day = DAY + 12; day < DAY + 20; day++) {
        sts(day, GOOGLE, STS_ENFORCE, 100);
        sts(day, YAHOO, STS_TESTING, 20);
    }
    policy(testing, GOOGLE, DAY, DAY + 11);
    policy(testing, YAHOO, DAY, DAY + 19);
    policy(enforce, GOOGLE, DAY + 12, DAY + 19);
    const struct event *event = find(1);
    assert_int_equal(event->kind, EVENT_STS);
    assert_int_equal(event->day, DAY + 12);
    assert_int_equal(event->state_from, STS_STATE_TESTING);
    assert_int_equal(event->state_to, STS_STATE_ENFORCE);
    assert_int_equal(event->from, MODE_STS_TESTING);
    assert_int_equal(event->to, MODE_STS_ENFORCE);
    assert_ptr_equal(event->text_from, testing);
    assert_ptr_equal(event->text_to, enforce);
    assert_int_equal(event->reported_day, DAY + 12);
    assert_int_equal(event->reporter_id, GOOGLE);
    assert_int_equal(event->mode_day, DAY + 12);
    assert_int_equal(event->live_day, -1);
    assert_int_equal(event->until, DAY + 12 + WEEK);
    assert_int_equal(event->lag_count, 1);
    assert_int_equal(event->lags[0].organization_id, YAHOO);
    assert_int_equal(event->lags[0].last_day, DAY + 19);
    assert_int_equal(event->lags[0].moved_day, -1);
}

static void those_who_moved_stand_behind_those_who_have_not(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 10; day++) {
        sts(day, GOOGLE, day < DAY + 2 ? STS_TESTING : STS_ENFORCE, 100);
        sts(day, YAHOO, day < DAY + 8 ? STS_TESTING : STS_ENFORCE, 20);
        sts(day, SMALL, STS_TESTING, 1);
    }
    const struct event *event = find(1);
    assert_int_equal(event->lag_count, 2);
    assert_int_equal(event->lags[0].organization_id, SMALL);
    assert_int_equal(event->lags[1].organization_id, YAHOO);
    assert_int_equal(event->lags[1].last_day, DAY + 7);
    assert_int_equal(event->lags[1].moved_day, DAY + 8);
    assert_int_equal(event->until, -1); /* nobody quoted a policy */
}

static void the_first_to_see_it_may_be_early(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 10; day++) {
        sts(day, GOOGLE, day < DAY + 5 ? STS_TESTING : STS_ENFORCE, 100);
        sts(day, SMALL, day < DAY + 2 ? STS_TESTING : STS_ENFORCE, 1);
    }
    const struct event *event = find(1);
    assert_int_equal(event->day, DAY + 2);
    assert_int_equal(event->reporter_id, SMALL);
    assert_int_equal(event->mode_day, DAY + 5);
    assert_int_equal(event->lags[0].organization_id, GOOGLE);
    assert_int_equal(event->lags[0].moved_day, DAY + 5);
}

static void a_majority_that_goes_to_and_fro_is_one_change(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 5; day++) {
        sts(day, GOOGLE, STS_TESTING, 100);
        sts(day, YAHOO, STS_TESTING, 100);
    }
    for (int day = DAY + 5; day < DAY + 15; day++) {
        sts(day, GOOGLE, STS_ENFORCE, day % 2 ? 50 : 150); /* has the majority every other day */
        sts(day, YAHOO, STS_TESTING, 100);
    }
    sts(DAY + 15, YAHOO, STS_ENFORCE, 100);
    const struct event *event = find(1);
    assert_int_equal(event->day, DAY + 5);
    assert_int_equal(event->lags[0].moved_day, DAY + 15);
}

static void a_return_by_those_who_had_moved_is_a_change(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 15; day++) {
        bool enforced = day >= DAY + 5 && day < DAY + 10;
        sts(day, GOOGLE, enforced ? STS_ENFORCE : STS_TESTING, 100);
        sts(day, YAHOO, day >= DAY + 5 && day < DAY + 12 ? STS_ENFORCE : STS_TESTING, 50);
    }
    const struct event *event = find(2);
    assert_int_equal(event[0].day, DAY + 10);
    assert_int_equal(event[0].state_from, STS_STATE_ENFORCE);
    assert_int_equal(event[0].state_to, STS_STATE_TESTING);
    assert_int_equal(event[0].reporter_id, GOOGLE);
    assert_int_equal(event[0].lag_count, 1);
    assert_int_equal(event[0].lags[0].organization_id, YAHOO);
    assert_int_equal(event[0].lags[0].moved_day, DAY + 12);
    assert_int_equal(event[1].day, DAY + 5);
    assert_int_equal(event[1].lag_count, 0);
}

/* One that fetches with many machines reports both for a while. */
static void a_reporter_that_says_both_has_not_returned(void **state)
{
    (void)state;
    sts(DAY, GOOGLE, STS_TESTING, 100);
    sts(DAY + 1, GOOGLE, STS_TESTING, 40);
    sts(DAY + 1, GOOGLE, STS_ENFORCE, 60);
    sts(DAY + 2, GOOGLE, STS_TESTING, 60);
    sts(DAY + 2, GOOGLE, STS_ENFORCE, 40);
    sts(DAY + 3, GOOGLE, STS_ENFORCE, 100);
    const struct event *event = find(1);
    assert_int_equal(event->day, DAY + 1);
    assert_int_equal(event->lag_count, 1);
    assert_int_equal(event->lags[0].last_day, DAY + 2);
    assert_int_equal(event->lags[0].moved_day, DAY + 3);
}

static void mta_sts_can_come_and_go(void **state)
{
    (void)state;
    say(DAY, GOOGLE, POLICY_NOT_FOUND, STS_UNREADABLE, 10);
    sts(DAY + 1, GOOGLE, STS_TESTING, 10);
    say(DAY + 2, GOOGLE, POLICY_NOT_FOUND, STS_UNREADABLE, 10);
    const struct event *event = find(2);
    assert_int_equal(event[0].from, MODE_STS_TESTING);
    assert_int_equal(event[0].to, MODE_OPPORTUNISTIC);
    assert_int_equal(event[1].from, MODE_OPPORTUNISTIC);
    assert_int_equal(event[1].to, MODE_STS_TESTING);
}

static void dane_changes_by_itself(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 4; day++) {
        sts(day, GOOGLE, STS_ENFORCE, 100);
        if (day < DAY + 2)
            say(day, POSTFIX, POLICY_NOT_FOUND, STS_UNREADABLE, 10);
        else
            say(day, POSTFIX, POLICY_TLSA, STS_UNREADABLE, 10);
    }
    const struct event *event = find(1);
    assert_int_equal(event->kind, EVENT_DANE);
    assert_int_equal(event->day, DAY + 2);
    assert_int_equal(event->reporter_id, POSTFIX);
    assert_int_equal(event->from, MODE_STS_ENFORCE);
    assert_int_equal(event->to, MODE_DANE_STS_ENFORCE);
}

static void days_before_the_first_tell_what_was_before(void **state)
{
    (void)state;
    sts(DAY - 9, GOOGLE, STS_NONE, 10);
    sts(DAY - 8, GOOGLE, STS_TESTING, 10);
    sts(DAY, GOOGLE, STS_ENFORCE, 10);
    const struct event *event = find(1);
    assert_int_equal(event->state_from, STS_STATE_TESTING);
}

/* --- policies --- */

static void another_policy_of_the_same_mode_is_an_event(void **state)
{
    (void)state;
    policy(enforce, GOOGLE, DAY, DAY + 4);
    policy(enforce, YAHOO, DAY, DAY + 8);
    policy(enforce, SMALL, DAY, DAY + 6);
    policy(two_hosts, GOOGLE, DAY + 5, DAY + 9);
    policy(two_hosts, SMALL, DAY + 7, DAY + 9);
    const struct event *event = find(1);
    assert_int_equal(event->kind, EVENT_POLICY);
    assert_int_equal(event->day, DAY + 5);
    assert_int_equal(event->reporter_id, GOOGLE);
    assert_ptr_equal(event->text_from, enforce);
    assert_ptr_equal(event->text_to, two_hosts);
    assert_int_equal(event->until, DAY + 5 + WEEK);
    assert_int_equal(event->lag_count, 2);
    assert_int_equal(event->lags[0].organization_id, YAHOO);
    assert_int_equal(event->lags[0].moved_day, -1);
    assert_int_equal(event->lags[1].organization_id, SMALL);
    assert_int_equal(event->lags[1].last_day, DAY + 6);
    assert_int_equal(event->lags[1].moved_day, DAY + 7);
}

static void the_same_in_other_words_is_no_event(void **state)
{
    (void)state;
    policy(two_hosts, GOOGLE, DAY, DAY + 4);
    policy("mx: mx2.example.com\nmx: MX.example.com\nmax_age: 604800\nmode: enforce", GOOGLE,
           DAY + 5, DAY + 9);
    find(0);
}

static void a_reporter_that_always_quotes_otherwise_is_no_event(void **state)
{
    (void)state;
    policy(two_hosts, GOOGLE, DAY, DAY + 9);
    policy("version: STSv1\nmode: enforce\nmax_age: 604800", SMALL, DAY + 3, DAY + 9);
    find(0);
}

static void a_reporter_that_keeps_both_for_a_while_changes_once(void **state)
{
    (void)state;
    policy(enforce, YAHOO, DAY, DAY + 9);
    policy(two_hosts, YAHOO, DAY + 4, DAY + 9);
    policy(two_hosts, SMALL, DAY + 4, DAY + 9);
    policy(enforce, SMALL, DAY + 6, DAY + 7); /* from a machine that had kept it */
    const struct event *event = find(1);
    assert_int_equal(event->day, DAY + 4);
    assert_ptr_equal(event->text_to, two_hosts);
}

static void a_policy_of_another_mode_that_few_saw_is_an_event(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 3; day++) {
        sts(day, GOOGLE, STS_TESTING, 100);
        sts(day, SMALL, day < DAY + 2 ? STS_TESTING : STS_ENFORCE, 1);
    }
    policy(testing, GOOGLE, DAY, DAY + 2);
    policy(testing, SMALL, DAY, DAY + 1);
    policy(enforce, SMALL, DAY + 2, DAY + 2);
    const struct event *event = find(1);
    assert_int_equal(event->kind, EVENT_POLICY);
    assert_int_equal(event->state_from, STS_STATE_TESTING);
    assert_int_equal(event->state_to, STS_STATE_ENFORCE);
    assert_int_equal(event->reporter_id, SMALL);
    assert_int_equal(event->mode_day, -1);
}

static void a_policy_behind_a_change_of_mode_is_another_event(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 9; day++)
        sts(day, GOOGLE, day < DAY + 3 ? STS_TESTING : STS_ENFORCE, 100);
    policy(testing, GOOGLE, DAY, DAY + 2);
    policy(enforce, GOOGLE, DAY + 3, DAY + 5);
    policy(two_hosts, GOOGLE, DAY + 6, DAY + 8);
    const struct event *event = find(2);
    assert_int_equal(event[0].kind, EVENT_POLICY);
    assert_ptr_equal(event[0].text_from, enforce);
    assert_ptr_equal(event[0].text_to, two_hosts);
    assert_int_equal(event[1].kind, EVENT_STS);
    assert_ptr_equal(event[1].text_to, enforce);
}

/* --- live checks --- */

static void the_live_check_dates_a_change_that_reports_tell(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 9; day++)
        sts(day, GOOGLE, day < DAY + 6 ? STS_TESTING : STS_ENFORCE, 100);
    check(DAY, MODE_STS_TESTING, testing);
    check(DAY + 3, MODE_STS_TESTING, testing);
    check(DAY + 4, MODE_STS_ENFORCE, enforce);
    const struct event *event = find(1);
    assert_int_equal(event->day, DAY + 4);
    assert_int_equal(event->live_day, DAY + 4);
    assert_int_equal(event->reported_day, DAY + 6);
    assert_int_equal(event->until, DAY + 4 + WEEK);
    assert_string_equal(event->text_to, enforce);
}

static void a_check_that_read_no_policy_dates_the_change_all_the_same(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 9; day++)
        sts(day, GOOGLE, day < DAY + 6 ? STS_TESTING : STS_ENFORCE, 100);
    policy(testing, GOOGLE, DAY, DAY + 5);
    check(DAY, MODE_STS_TESTING, "");
    check(DAY + 4, MODE_STS_ENFORCE, "");
    const struct event *event = find(1);
    assert_int_equal(event->day, DAY + 4);
    assert_int_equal(event->until, DAY + 4 + WEEK);
}

static void a_check_may_come_later_than_reports(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 9; day++)
        sts(day, GOOGLE, day < DAY + 3 ? STS_TESTING : STS_ENFORCE, 100);
    check(DAY, MODE_STS_TESTING, testing);
    check(DAY + 7, MODE_STS_ENFORCE, enforce);
    const struct event *event = find(1);
    assert_int_equal(event->day, DAY + 3);
    assert_int_equal(event->live_day, DAY + 7);
}

static void what_no_report_says_yet_is_an_event(void **state)
{
    (void)state;
    sts(DAY, GOOGLE, STS_TESTING, 100);
    check(DAY, MODE_STS_TESTING, testing);
    check(DAY + 2, MODE_UNKNOWN, NULL); /* it could not tell */
    check(DAY + 3, MODE_DANE_STS_ENFORCE, enforce);
    const struct event *event = find(2);
    assert_int_equal(event[0].kind, EVENT_STS);
    assert_int_equal(event[0].day, DAY + 3);
    assert_int_equal(event[0].reported_day, -1);
    assert_int_equal(event[0].from, MODE_STS_TESTING);
    assert_int_equal(event[0].to, MODE_DANE_STS_ENFORCE);
    assert_int_equal(event[0].until, DAY + 3 + WEEK);
    assert_int_equal(event[1].kind, EVENT_DANE);
    assert_int_equal(event[1].until, -1);
}

static void a_change_long_before_is_another_one(void **state)
{
    (void)state;
    sts(DAY + 50, GOOGLE, STS_TESTING, 100);
    sts(DAY + 51, GOOGLE, STS_ENFORCE, 100);
    check(DAY, MODE_STS_TESTING, testing);
    check(DAY + 3, MODE_STS_ENFORCE, enforce);
    const struct event *event = find(2);
    assert_int_equal(event[0].live_day, -1);
    assert_int_equal(event[1].live_day, DAY + 3);
}

static void the_live_check_sees_another_policy(void **state)
{
    (void)state;
    policy(enforce, GOOGLE, DAY, DAY + 4);
    policy(two_hosts, GOOGLE, DAY + 5, DAY + 9);
    check(DAY, MODE_STS_ENFORCE, enforce);
    check(DAY + 3, MODE_STS_ENFORCE, two_hosts);
    const struct event *event = find(1);
    assert_int_equal(event->kind, EVENT_POLICY);
    assert_int_equal(event->day, DAY + 3);
    assert_int_equal(event->reported_day, DAY + 5);
    assert_int_equal(event->until, DAY + 3 + WEEK);
}

/* --- floods --- */

static void invented_reporters_are_bounded(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 4; day++)
        for (int64_t organization = 1; organization <= 512; organization++)
            sts(day, organization + day % 2 * 1000, day < DAY + 2 ? STS_TESTING : STS_ENFORCE, 1);
    for (int64_t organization = 1; organization <= 512; organization++)
        sts(DAY + 4, organization, organization <= 200 ? STS_TESTING : STS_ENFORCE, 1);
    const struct event *event = find(1);
    assert_int_equal(event->lag_count, EVENT_LAGS_MAX);
}

static void only_the_latest_events_are_kept(void **state)
{
    (void)state;
    for (int day = DAY; day < DAY + 1000; day++)
        sts(day, GOOGLE, day % 2 ? STS_TESTING : STS_ENFORCE, 1);
    const struct event *event = find(EVENTS_MAX);
    assert_int_equal(event->day, DAY + 999);
}

/* --- from a database --- */

static struct db *db;
static char folder[64];

static void keep(struct store *store, int day, const char *organization, const char *text,
                 int64_t sessions)
{
    struct report report;
    char id[64];
    snprintf(id, sizeof id, "%d@%s", day, organization);
    make_report(&report, organization, id, day);
    add_policy(&report, "sts", "example.com", text, sessions, 0);
    assert_int_equal(keep_report(store, &report, id), OUTCOME_IMPORTED);
}

static void events_are_read_with_names(void **state)
{
    (void)state;
    char path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    struct store *store = open_store(db);
    for (int day = DAY; day < DAY + 6; day++) {
        keep(store, day, "Google Inc.", day < DAY + 3 ? testing : enforce, 100);
        keep(store, day, "Yahoo", testing, 10);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    struct observation observation = {
        .first_time = (int64_t)(DAY + 1) * SECONDS_PER_DAY,
        .last_time = (int64_t)(DAY + 1) * SECONDS_PER_DAY,
        .mode = MODE_STS_TESTING,
        .evidence = "{\"sts\": {\"policy\": {\"text\": \"mode: testing\\nmax_age: 86400\"}}}",
        .problems = "[]",
    };
    bool changed;
    assert_int_equal(observation_store(db, "example.com", "", &observation, &changed), DB_OK);
    observation.mode = MODE_STS_ENFORCE;
    observation.evidence = "not even JSON";
    observation.last_time += SECONDS_PER_DAY;
    assert_int_equal(observation_store(db, "example.com", "", &observation, &changed), DB_OK);
    int64_t domain = sql_integer(db, "SELECT id FROM domain WHERE name = 'example.com'");
    struct day_range range = {DAY, DAY + 5};
    assert_int_equal(query_events(db, domain, range, &arena, &events), DB_OK);
    assert_int_equal(events.count, 1);
    const struct event *event = events.events;
    assert_int_equal(event->reported_day, DAY + 3);
    assert_int_equal(event->live_day, DAY + 2);
    assert_string_equal(event->reporter, "Google Inc.");
    assert_string_equal(event->text_to, enforce);
    assert_int_equal(event->until, DAY + 3); /* a day, by the text that was checked */
    assert_int_equal(event->lag_count, 1);
    assert_string_equal(event->lags[0].organization, "Yahoo");
    range.first = DAY + 4;
    assert_int_equal(query_events(db, domain, range, &arena, &events), DB_OK);
    assert_int_equal(events.count, 0);
    db_close(db);
    remove_folder(folder);
}

static int64_t steps_to_read_events(int64_t domain)
{
    int64_t before = db_steps(db);
    assert_int_equal(query_events(db, domain, (struct day_range){DAY, DAY + 20}, &arena, &events),
                     DB_OK);
    return db_steps(db) - before;
}

static void other_domains_cost_nothing(void **state)
{
    (void)state;
    char path[128];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    struct store *store = open_store(db);
    for (int day = DAY; day < DAY + 20; day++)
        keep(store, day, "Google Inc.", testing, 100);
    assert_int_equal(store_commit(store), DB_OK);
    int64_t domain = sql_integer(db, "SELECT id FROM domain WHERE name = 'example.com'");
    int64_t alone = steps_to_read_events(domain);
    for (int other = 0; other < 400; other++) {
        struct report report;
        char name[32], id[64];
        snprintf(name, sizeof name, "d%d.example", other / 20);
        snprintf(id, sizeof id, "%d@%s", other, name);
        make_report(&report, "Google Inc.", id, DAY + other % 20);
        add_policy(&report, "sts", name, testing, 10, 0);
        assert_int_equal(keep_report(store, &report, id), OUTCOME_IMPORTED);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_in_range(steps_to_read_events(domain), alone, alone + alone / 10);
    db_close(db);
    remove_folder(folder);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_has_no_events),
        TEST(those_who_saw_it_on_the_first_day_are_counted),
        TEST(those_who_saw_another_policy_at_first_are_counted),
        TEST(what_is_first_seen_where_none_was_found_is_a_change),
        TEST(a_change_names_who_saw_it_first_and_who_lags),
        TEST(those_who_moved_stand_behind_those_who_have_not),
        TEST(the_first_to_see_it_may_be_early),
        TEST(a_majority_that_goes_to_and_fro_is_one_change),
        TEST(a_return_by_those_who_had_moved_is_a_change),
        TEST(a_reporter_that_says_both_has_not_returned),
        TEST(mta_sts_can_come_and_go),
        TEST(dane_changes_by_itself),
        TEST(days_before_the_first_tell_what_was_before),
        TEST(another_policy_of_the_same_mode_is_an_event),
        TEST(the_same_in_other_words_is_no_event),
        TEST(a_reporter_that_always_quotes_otherwise_is_no_event),
        TEST(a_reporter_that_keeps_both_for_a_while_changes_once),
        TEST(a_policy_of_another_mode_that_few_saw_is_an_event),
        TEST(a_policy_behind_a_change_of_mode_is_another_event),
        TEST(the_live_check_dates_a_change_that_reports_tell),
        TEST(a_check_that_read_no_policy_dates_the_change_all_the_same),
        TEST(a_check_may_come_later_than_reports),
        TEST(what_no_report_says_yet_is_an_event),
        TEST(a_change_long_before_is_another_one),
        TEST(the_live_check_sees_another_policy),
        TEST(invented_reporters_are_bounded),
        TEST(only_the_latest_events_are_kept),
        TEST(events_are_read_with_names),
        TEST(other_domains_cost_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
