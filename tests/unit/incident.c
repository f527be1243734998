/* What is an incident, and what is only as usual or chance. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/incident.h"
#include "../own_database.h"

/* --- one domain --- */

enum { FIRST = 20000, ENDED_MAX = 8 };

struct story {
    struct incident_watch watch;
    int day; /* the next */
    struct incident ended[ENDED_MAX];
    size_t count;
};

static void pass(struct story *story, int days, int64_t sessions, int64_t failed)
{
    struct totals totals = {
        .reports = 1, .successful = failed < sessions ? sessions - failed : 0, .failed = failed};
    if (story->day == 0)
        story->day = FIRST;
    for (; days > 0; days--, story->day++) {
        struct incident ended;
        if (!incident_take(&story->watch, story->day, &totals, &ended))
            continue;
        assert_true(story->count < ENDED_MAX);
        story->ended[story->count++] = ended;
    }
}

static void an_outage_is_one(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 20, 1000, 2);
    pass(&story, 2, 900, 850);
    const struct incident *incident = &story.watch.incident;
    assert_true(story.watch.open);
    assert_int_equal(incident->first_day, FIRST + 20);
    assert_int_equal(incident->last_day, FIRST + 21);
    assert_int_equal(incident->sessions, 1800);
    assert_int_equal(incident->failed, 1700);
    assert_true(incident->usual > 0.0019 && incident->usual < 0.0021);
    assert_int_equal(incident_state(&story.watch, FIRST + 24), INCIDENT_ONGOING);
    assert_int_equal(incident_state(&story.watch, FIRST + 25), INCIDENT_SILENT);
}

static void usual_days_end_it(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 10, 1000, 2);
    pass(&story, 3, 1000, 500);
    pass(&story, 1, 1000, 2);
    assert_int_equal(story.count, 0); /* one day may be luck */
    assert_int_equal(incident_state(&story.watch, FIRST + 13), INCIDENT_EASING);
    pass(&story, 1, 1000, 2);
    assert_int_equal(story.count, 1);
    assert_int_equal(story.ended[0].last_day, FIRST + 12);
    assert_int_equal(story.ended[0].failed, 1500);
    assert_false(story.watch.open);
    pass(&story, 4, 1000, 2);
    pass(&story, 1, 1000, 400); /* what failed meanwhile is not usual now */
    assert_true(story.watch.open);
    assert_int_equal(story.watch.incident.failed, 400);
}

static void a_better_day_within_it_belongs_to_it(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 10, 1000, 0);
    pass(&story, 1, 1000, 500);
    pass(&story, 1, 1000, 1);
    pass(&story, 1, 1000, 300);
    assert_int_equal(story.count, 0);
    assert_int_equal(story.watch.incident.sessions, 3000);
    assert_int_equal(story.watch.incident.failed, 801);
    assert_int_equal(story.watch.incident.last_day, FIRST + 12);
}

/* At a domain with little mail no session failed because there was none. */
static void days_that_show_nothing_do_not_end_it(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 10, 100, 0);
    pass(&story, 1, 100, 20);
    pass(&story, 6, 2, 0);
    assert_true(story.watch.open);
    pass(&story, 1, 100, 0);
    assert_int_equal(story.count, 1);
}

static void what_is_far_ago_ends_it(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 10, 100, 0);
    pass(&story, 1, 100, 20);
    story.day += 40;
    pass(&story, 1, 100, 30);
    assert_int_equal(story.count, 1);
    assert_int_equal(story.ended[0].last_day, FIRST + 10);
    assert_true(story.watch.open); /* and that is another one */
    assert_int_equal(story.watch.incident.first_day, FIRST + 51);
}

static void no_incident(int usual_sessions, int usual_failed, int sessions, int failed)
{
    struct story story = {0};
    pass(&story, 20, usual_sessions, usual_failed);
    pass(&story, 1, sessions, failed);
    if (story.watch.open)
        fail_msg("%d of %d, usually %d of %d", failed, sessions, usual_failed, usual_sessions);
}

static void what_is_usual_or_chance_is_none(void **state)
{
    (void)state;
    no_incident(1000, 50, 1000, 50);
    no_incident(1000, 50, 1000, 140);  /* not three times as many */
    no_incident(1000, 0, 1000, 4);     /* few */
    no_incident(10000, 0, 10000, 90);  /* less than one in a hundred */
    no_incident(100000, 1000, 200, 6); /* three times one is chance */
    no_incident(10, 0, 10, 2);
    no_incident(1000, 10, 0, 0);
}

static void a_small_domain_has_its_own(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 10, 4, 0);
    pass(&story, 1, 4, 3);
    assert_true(story.watch.open);
}

/* Unless half of them fail. */
static void at_first_nothing_is_known(void **state)
{
    (void)state;
    struct story begun = {0}, known = {0}, failing = {0}, few = {0};
    pass(&begun, 3, 100, 0);
    pass(&begun, 1, 100, 40);
    assert_false(begun.watch.open);
    pass(&known, 4, 100, 0);
    pass(&known, 1, 100, 40);
    assert_true(known.watch.open);
    pass(&failing, 30, 100, 100);
    assert_int_equal(failing.watch.incident.first_day, FIRST);
    assert_int_equal(failing.watch.incident.failed, 3000);
    assert_true(failing.watch.incident.usual < 0);
    pass(&few, 1, 2, 2);
    assert_false(few.watch.open);
}

/* Once it failed often; that is forgotten. */
static void what_was_long_ago_weighs_less(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 10, 1000, 300);
    pass(&story, 2, 1000, 0);
    pass(&story, 1, 1000, 200);
    assert_false(story.watch.open);
    pass(&story, 40, 1000, 0);
    pass(&story, 1, 1000, 200);
    assert_true(story.watch.open);
}

/* A weekend of few sessions, none of which succeeds, is no relief. */
static void days_of_few_that_fail_do_not_end_it(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 20, 30, 0);
    pass(&story, 3, 30, 30);
    pass(&story, 3, 2, 2);
    pass(&story, 2, 30, 30);
    assert_int_equal(story.count, 0);
    assert_int_equal(story.watch.incident.sessions, 156);
    assert_int_equal(story.watch.incident.failed, 156);
}

static void a_tiny_domain_is_judged_by_several_days(void **state)
{
    (void)state;
    struct story story = {0}, unlucky = {0};
    pass(&story, 30, 2, 0);
    pass(&story, 1, 2, 2);
    assert_false(story.watch.open);
    pass(&story, 1, 2, 2);
    assert_true(story.watch.open);
    assert_int_equal(story.watch.incident.first_day, FIRST + 30);
    assert_int_equal(story.watch.incident.failed, 4);
    pass(&story, 20, 2, 2);
    assert_true(story.watch.open);
    for (int week = 0; week < 8; week++) { /* one in fourteen is not more and more unusual */
        pass(&unlucky, 6, 2, 0);
        pass(&unlucky, 1, 2, 1);
    }
    assert_false(unlucky.watch.open);
    assert_int_equal(unlucky.count, 0);
}

static void where_much_fails_all_may_fail(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 20, 100, 35);
    pass(&story, 1, 100, 60);
    assert_false(story.watch.open);
    pass(&story, 1, 100, 100);
    assert_true(story.watch.open);
}

/* A database may hold anything. */
static void no_figure_is_too_large(void **state)
{
    (void)state;
    struct story story = {0};
    pass(&story, 10, INT64_MAX, 0);
    pass(&story, 1, INT64_MAX, INT64_MAX);
    assert_true(story.watch.open);
    pass(&story, 40, INT64_MIN, INT64_MIN / 2);
    pass(&story, 40, INT64_MAX, INT64_MAX / 3);
    assert_true(story.watch.incident.failed > 0);
}

/* --- in a database --- */

static void keep(int days_ago, const char *domain, int sessions, int failed)
{
    struct report report;
    char id[64];
    snprintf(id, sizeof id, "%d-%s", days_ago, domain);
    make_report(&report, "Google", id, today() - days_ago);
    struct policy *policy =
        add_policy(&report, "sts", domain, sts_text("enforce"), sessions - failed, failed);
    if (failed > 0) {
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx", failed - 1);
        add_failure(&report, policy, "validation-failure", "192.0.2.1", "mx", 1);
    }
    assert_int_equal(keep_report(own.store, &report, id), OUTCOME_IMPORTED);
}

/* a fails since yesterday, b did two weeks ago, and c does always. */
static void fill(void)
{
    for (int day = 40; day >= 0; day--) {
        keep(day, "a.example", 1000, day <= 1 ? 900 : 0);
        keep(day, "b.example", 1000, day == 14 ? 500 : 1);
        keep(day, "c.example", 1000, 100);
    }
    assert_int_equal(store_commit(own.store), DB_OK);
}

struct told {
    size_t count;
    char text[512];
};

static int tell(void *context, const struct incident_row *row)
{
    struct told *told = context;
    size_t length = strlen(told->text);
    told->count++;
    snprintf(told->text + length, sizeof told->text - length, "%s %s %d..%d %s %d %d/%d %s\n",
             row->name, tls_mode_name(row->mode), today() - row->incident.first_day,
             today() - row->incident.last_day, incident_state_name(row->state), (int)row->refused,
             (int)row->incident.failed, (int)row->incident.sessions, row->result_type);
    return 0;
}

static void expect(int64_t domain, int first, int last, const char *text)
{
    struct told told = {0};
    struct incident_sums sums;
    struct day_range range = {today() - first, today() - last};
    assert_int_equal(query_incidents(own.db, domain, range, &sums, tell, &told), DB_OK);
    assert_int_equal(sums.incidents, told.count);
    assert_string_equal(told.text, text);
}

#define A "a.example sts-enforce 1..0 ongoing 1800 1800/2000 certificate-expired\n"
#define B "b.example sts-enforce 14..14 over 500 500/1000 certificate-expired\n"

static void those_of_the_days_are_told(void **state)
{
    (void)state;
    int64_t a, b;
    fill();
    assert_int_equal(query_find_domain(own.db, "a.example", &a), DB_OK);
    assert_int_equal(query_find_domain(own.db, "b.example", &b), DB_OK);
    expect(ALL_DOMAINS, 29, 0, A B);
    expect(ALL_DOMAINS, 29, -1000, A B); /* up to today, then */
    expect(ALL_DOMAINS, 6, 0, A);
    expect(ALL_DOMAINS, 14, 14, B);
    expect(ALL_DOMAINS, 13, 2, "");
    expect(ALL_DOMAINS, -100, -200, "");
    expect(a, 29, 0, A);
    expect(b, 29, 0, B);
    expect(b, 6, 0, "");
}

/* Whatever days are asked for: it begins on the same day, and goes on if it does now. */
static void the_range_changes_no_incident(void **state)
{
    (void)state;
    for (int day = 80; day >= 1; day--) {
        keep(day, "a.example", 100, day <= 36 ? 90 : 0);
        keep(day, "d.example", 100, day <= 75 && day >= 60 ? 90 : 0);
    }
    assert_int_equal(store_commit(own.store), DB_OK);
#define A36 "a.example sts-enforce 36..1 ongoing 3240 3240/3600 certificate-expired\n"
#define D75 "d.example sts-enforce 75..60 over 1440 1440/1600 certificate-expired\n"
    expect(ALL_DOMAINS, 0, 0, A36); /* though today nothing has been told yet */
    expect(ALL_DOMAINS, 6, 0, A36);
    expect(ALL_DOMAINS, 29, 0, A36);
    expect(ALL_DOMAINS, 89, 0, A36 D75);
    expect(ALL_DOMAINS, 90, 70, D75);
}

static void foreign_domains_are_left_out(void **state)
{
    (void)state;
    struct store_settings settings = {.mine = "b.example, c.example"};
    int64_t a;
    fill();
    assert_int_equal(store_close(own.store, ""), DB_OK);
    assert_int_equal(store_open(&own.store, own.db, "files", &settings), DB_OK);
    expect(ALL_DOMAINS, 29, 0, B);
    assert_int_equal(query_find_domain(own.db, "a.example", &a), DB_OK);
    expect(a, 29, 0, A);
}

static int stop(void *context, const struct incident_row *row)
{
    (void)row;
    ++*(int *)context;
    return 1;
}

static void who_has_enough_stops(void **state)
{
    (void)state;
    int count = 0;
    fill();
    struct day_range range = {today() - 29, today()};
    struct incident_sums sums;
    assert_int_equal(query_incidents(own.db, ALL_DOMAINS, range, &sums, stop, &count), DB_STOPPED);
    assert_int_equal(count, 1);
    assert_int_equal(sums.incidents, 2);
    assert_int_equal(sums.ongoing, 1);
}

int main(void)
{
#define WITH_DATABASE(test)                                                                        \
    cmocka_unit_test_setup_teardown(test, own_database_set_up, own_database_tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_outage_is_one),
        cmocka_unit_test(usual_days_end_it),
        cmocka_unit_test(a_better_day_within_it_belongs_to_it),
        cmocka_unit_test(days_that_show_nothing_do_not_end_it),
        cmocka_unit_test(what_is_far_ago_ends_it),
        cmocka_unit_test(what_is_usual_or_chance_is_none),
        cmocka_unit_test(a_small_domain_has_its_own),
        cmocka_unit_test(at_first_nothing_is_known),
        cmocka_unit_test(what_was_long_ago_weighs_less),
        cmocka_unit_test(days_of_few_that_fail_do_not_end_it),
        cmocka_unit_test(a_tiny_domain_is_judged_by_several_days),
        cmocka_unit_test(where_much_fails_all_may_fail),
        cmocka_unit_test(no_figure_is_too_large),
        WITH_DATABASE(those_of_the_days_are_told),
        WITH_DATABASE(the_range_changes_no_incident),
        WITH_DATABASE(foreign_domains_are_left_out),
        WITH_DATABASE(who_has_enough_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
