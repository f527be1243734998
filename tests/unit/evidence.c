/* What advice stands on, gathered from reports and checks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/advice.h"
#include "../../db/observation.h"
#include "../make_report.h"

#define NOW INT64_C(1795523696) /* 2026-11-24T12:34:56Z */

enum { TODAY = 20781 };

static const struct advice_settings settings = {
    .testing_days = 14, .reporters = 2, .quiet_days = 7, .rua = ""};

static char folder[64];
static struct db *db;
static struct store *store;
static struct arena arena;

static int set_up(void **state)
{
    (void)state;
    char path[128];
    setenv("SOURCE_DATE_EPOCH", "1795523696", 1);
    make_folder(folder);
    arena_init(&arena, 0);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    store = open_store(db);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (store != NULL)
        store_close(store, "");
    db_close(db);
    arena_free(&arena);
    remove_folder(folder);
    return 0;
}

/* A report of REPORTER on DAY, on DOMAIN with an sts policy of MODE; "" for
 * no-policy-found. */
static void keep_day(const char *domain, const char *reporter, int day, const char *mode,
                     int64_t failed)
{
    struct report report;
    char id[64];
    snprintf(id, sizeof id, "%s %d", domain, day);
    make_report(&report, reporter, id, day);
    bool sts = mode[0] != '\0';
    struct policy *policy = add_policy(&report, sts ? "sts" : "no-policy-found", domain,
                                       sts ? sts_text(mode) : "", 100 - failed, failed);
    if (failed > 0)
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx1.example.com", failed);
    assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
}

static void keep_days(const char *domain, const char *reporter, int first, int last,
                      const char *mode)
{
    for (int day = first; day <= last; day++)
        keep_day(domain, reporter, day, mode, 0);
}

static void check(const char *domain, int64_t time, enum tls_mode mode, const char *seen,
                  const char *problems)
{
    bool changed;
    assert_int_equal(store_commit(store), DB_OK);
    struct observation observation = {
        .last_time = time, .mode = mode, .evidence = seen, .problems = problems};
    assert_int_equal(observation_store(db, domain, "", &observation, &changed), DB_OK);
}

struct labels {
    char text[1024];
};

static int take_label(void *context, const struct domain_row *row)
{
    struct labels *labels = context;
    char label[ADVICE_LABEL];
    size_t length = strlen(labels->text);
    advice_label(row->standing, &settings, label);
    snprintf(labels->text + length, sizeof labels->text - length, "%s: %s\n", row->name, label);
    return 0;
}

static int count_step(void *context, const struct domain_row *row)
{
    int *counts = context;
    counts[advice_next(row->standing, &settings)]++;
    return 0;
}

static void expect_labels(const char *expected)
{
    struct labels labels = {""};
    struct day_range range = {TODAY - 29, TODAY};
    assert_int_equal(store_commit(store), DB_OK);
    assert_int_equal(query_standings(db, ALL_DOMAINS, range, &settings, take_label, &labels),
                     DB_OK);
    assert_string_equal(labels.text, expected);
    /* one by one it is the same */
    char *copy = strdup(expected);
    for (char *line = copy, *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        int64_t domain;
        *end = '\0';
        *strchr(line, ':') = '\0';
        labels.text[0] = '\0';
        assert_int_equal(query_find_domain(db, line, &domain), DB_OK);
        assert_int_equal(query_standings(db, domain, range, &settings, take_label, &labels), DB_OK);
        assert_memory_equal(labels.text + strlen(line) + 2, line + strlen(line) + 2,
                            strlen(line + strlen(line) + 2));
    }
    free(copy);
}

static void evidence_of(const char *domain, struct evidence *evidence)
{
    int64_t id;
    assert_int_equal(store_commit(store), DB_OK);
    assert_int_equal(query_find_domain(db, domain, &id), DB_OK);
    assert_int_equal(query_evidence(db, id, &settings, &arena, evidence), DB_OK);
}

static void every_domain_of_a_list_has_its_next_step(void **state)
{
    (void)state;
    keep_days("a.example", "Google", TODAY - 20, TODAY - 1, "");
    keep_days("b.example", "Google", TODAY - 8, TODAY - 1, "testing");
    keep_days("b.example", "Yahoo", TODAY - 8, TODAY - 1, "testing");
    keep_days("c.example", "Google", TODAY - 20, TODAY - 14, "");
    keep_days("c.example", "Google", TODAY - 13, TODAY - 1, "testing");
    keep_days("c.example", "Yahoo", TODAY - 13, TODAY - 1, "testing");
    keep_days("d.example", "Google", TODAY - 20, TODAY - 1, "testing");
    keep_days("e.example", "Google", TODAY - 20, TODAY - 2, "testing");
    keep_day("e.example", "Google", TODAY - 1, "testing", 7);
    keep_days("f.example", "Google", TODAY - 400, TODAY - 398, "testing");
    keep_days("g.example", "Google", TODAY - 1, TODAY, "enforce");
    keep_day("k.example", "Google", TODAY - 15, "enforce", 0);
    keep_day("l.example", "Google", TODAY - 14, "enforce", 0);
    check("h.example", NOW - 3600, MODE_UNKNOWN, "{\"tlsrpt\":{\"state\":\"absent\"}}", "[]");
    check("i.example", NOW - 3600, MODE_UNKNOWN, "{\"tlsrpt\":{\"state\":\"found\"}}", "[]");
    check("j.example", NOW - 8 * 86400, MODE_UNKNOWN, "{\"tlsrpt\":{\"state\":\"found\"}}", "[]");
    expect_labels("a.example: start testing\n"
                  "b.example: testing: day 9/14\n"
                  "c.example: ready for enforce\n"
                  "d.example: not enough reports\n"
                  "e.example: fix 7 in 7 days\n"
                  "f.example: reports have ended\n"
                  "g.example: keep watching\n"
                  "h.example: publish TLS-RPT\n"
                  "i.example: wait for reports\n"
                  "j.example: publish TLS-RPT\n"
                  "k.example: no report for 15 d\n"
                  "l.example: keep watching\n");
}

/* Failures hold back where there is, or was, a policy that could refuse them. */
static void old_failures_and_those_before_any_policy_do_not_count(void **state)
{
    (void)state;
    keep_days("a.example", "Google", TODAY - 6, TODAY - 1, "testing");
    keep_days("a.example", "Yahoo", TODAY - 30, TODAY - 8, "testing");
    keep_day("a.example", "Yahoo", TODAY - 7, "testing", 50);
    keep_day("a.example", "Yahoo", TODAY - 6, "testing", 0);
    keep_day("b.example", "Yahoo", TODAY - 1, "", 5);
    keep_days("c.example", "Yahoo", TODAY - 8, TODAY - 1, "");
    keep_day("c.example", "Google", TODAY - 1, "unreadable", 3);
    expect_labels("a.example: ready for enforce\n"
                  "b.example: start testing\n"
                  "c.example: fix MTA-STS policy\n");
    keep_day("a.example", "Mail.ru", TODAY - 6, "", 5);
    expect_labels("a.example: fix 5 in 7 days\n"
                  "b.example: start testing\n"
                  "c.example: fix MTA-STS policy\n");
}

/* A report of Google on a domain in testing: of DAYS days, with SUCCESSFUL and FAILED
 * sessions by its summary, and NAMED failures in its details. */
static void keep_odd(const char *domain, int day, int days, int64_t successful, int64_t failed,
                     int64_t named)
{
    struct report report;
    char id[64];
    snprintf(id, sizeof id, "odd %s %d", domain, day);
    make_report(&report, "Google", id, day);
    report.end = report.begin + (int64_t)days * 86400 - 1;
    struct policy *policy =
        add_policy(&report, "sts", domain, sts_text("testing"), successful, failed);
    if (named > 0)
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx1.example.com", named);
    assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
}

static void keep_both(const char *domain, int first, int last)
{
    keep_days(domain, "Google", first, last, "testing");
    keep_days(domain, "Yahoo", first, last, "testing");
}

static void what_only_seems_safe_is_not(void **state)
{
    (void)state;
    /* a report of days ago that ends within the last seven */
    keep_both("a.example", TODAY - 20, TODAY - 1);
    keep_odd("a.example", TODAY - 9, 7, 70, 30, 30);
    /* one that ended before them */
    keep_both("b.example", TODAY - 20, TODAY - 1);
    keep_odd("b.example", TODAY - 13, 7, 70, 30, 30);
    /* details that the summary does not count */
    keep_both("c.example", TODAY - 20, TODAY - 1);
    keep_odd("c.example", TODAY - 2, 1, 100, 0, 3);
    /* hardly any mail since the failures */
    keep_both("d.example", TODAY - 20, TODAY - 9);
    keep_odd("d.example", TODAY - 8, 1, 100, 40, 40);
    keep_odd("d.example", TODAY - 1, 1, 1, 0, 0);
    /* only one of two reporters looks at MTA-STS */
    keep_days("e.example", "Google", TODAY - 20, TODAY - 1, "testing");
    keep_days("e.example", "Fastmail", TODAY - 20, TODAY - 1, "");
    expect_labels("a.example: fix 30 in 7 days\n"
                  "b.example: ready for enforce\n"
                  "c.example: fix 3 in 7 days\n"
                  "d.example: not enough reports\n"
                  "e.example: not enough reports\n");
}

/* Their domains are those of their policies, whatever their mails name. */
static void reports_of_several_days_count_for_all_their_domains(void **state)
{
    (void)state;
    struct evidence evidence;
    struct report report;
    keep_both("a.example", TODAY - 20, TODAY - 1);
    keep_both("b.example", TODAY - 20, TODAY - 1);
    keep_days("c.example", "Google", TODAY - 20, TODAY - 1, "enforce");
    keep_both("d.example", TODAY - 20, TODAY - 1);
    make_report(&report, "Weekly", "1", TODAY - 7);
    report.end = report.begin + 7 * 86400 - 1;
    report.recipient = "elsewhere.example";
    add_policy(&report, "sts", "a.example", sts_text("testing"), 70, 2);
    add_policy(&report, "sts", "b.example", sts_text("testing"), 70, 3);
    struct policy *policy = add_policy(&report, "sts", "c.example", sts_text("enforce"), 70, 4);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx1.example.com", 4);
    assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
    expect_labels("a.example: fix 2 in 7 days\n"
                  "b.example: fix 3 in 7 days\n"
                  "c.example: fix 4 in 7 days\n"
                  "d.example: ready for enforce\n");
    evidence_of("c.example", &evidence);
    assert_int_equal(evidence.standing.running, 4);
    assert_int_equal(evidence.recent_count, 1); /* what has to be put right */
    assert_string_equal(evidence.recent[0].result_type, "certificate-expired");
}

/* Nor are those without mail who are only reported on by the week. */
static void weekly_reports_are_enough(void **state)
{
    (void)state;
    static const char *const reporters[] = {"Weekly", "Monday"};
    for (int week = 1; week <= 5; week++) {
        for (int i = 0; i < 2; i++) {
            struct report report;
            char id[64];
            snprintf(id, sizeof id, "week %d", week);
            make_report(&report, reporters[i], id, TODAY - 7 * week - 1);
            report.end = report.begin + 7 * 86400 - 1;
            add_policy(&report, "sts", "a.example", sts_text("testing"), 70, 0);
            assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
        }
    }
    expect_labels("a.example: ready for enforce\n");
}

static void a_policy_that_cannot_be_had_was_not_withdrawn(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_days("a.example", "Google", TODAY - 20, TODAY - 6, "testing");
    for (int day = TODAY - 5; day < TODAY; day++) {
        struct report report;
        char id[64];
        snprintf(id, sizeof id, "unfetched %d", day);
        make_report(&report, "Google", id, day);
        struct policy *policy = add_policy(&report, "no-policy-found", "a.example", "", 0, 12);
        add_failure(&report, policy, "sts-policy-fetch-error", "192.0.2.1", "", 12);
        assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
    }
    expect_labels("a.example: fix MTA-STS policy\n");
    evidence_of("a.example", &evidence);
    assert_true(evidence.standing.sts_broken);
    assert_int_equal(evidence.standing.failed, 60);
}

static int take_testing_days(void *context, const struct domain_row *row)
{
    *(int *)context = row->standing->testing_days;
    return 0;
}

static void of_a_list_all_days_of_testing_can_be_had(void **state)
{
    (void)state;
    struct advice_settings exact = settings;
    struct day_range range = {TODAY - 29, TODAY};
    int days = 0;
    exact.exact_days = true;
    keep_days("a.example", "Google", TODAY - 89, TODAY - 1, "testing");
    assert_int_equal(store_commit(store), DB_OK);
    assert_int_equal(query_standings(db, ALL_DOMAINS, range, &exact, take_testing_days, &days),
                     DB_OK);
    assert_int_equal(days, 90);
}

static void a_policy_that_is_not_found_any_more_is_to_be_restored(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_days("ended.example", "Google", TODAY - 90, TODAY - 20, "enforce");
    keep_days("ended.example", "Google", TODAY - 19, TODAY - 11, "none");
    keep_days("ended.example", "Google", TODAY - 10, TODAY - 1, "");
    keep_days("gone.example", "Google", TODAY - 90, TODAY - 11, "enforce");
    keep_days("gone.example", "Google", TODAY - 10, TODAY - 1, "");
    keep_days("long-gone.example", "Google", TODAY - 90, TODAY - 46, "enforce");
    keep_days("long-gone.example", "Google", TODAY - 45, TODAY - 1, "");
    expect_labels("ended.example: start testing\n"
                  "gone.example: MTA-STS has gone\n"
                  "long-gone.example: start testing\n");
    evidence_of("gone.example", &evidence);
    assert_int_equal(evidence.standing.sts_lost, TODAY - 10);
    assert_int_equal(evidence.withdrawn, STS_ENFORCE);
    assert_int_equal(evidence.withdrawn_since, TODAY - 10);
}

static void who_sees_another_policy_is_named(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_days("a.example", "Google", TODAY - 20, TODAY - 9, "testing");
    keep_days("a.example", "Google", TODAY - 8, TODAY - 1, "enforce");
    keep_days("a.example", "Yahoo", TODAY - 20, TODAY - 9, "testing");
    evidence_of("a.example", &evidence);
    assert_string_equal(evidence.dissenter, ""); /* one has followed, one is silent */
    assert_int_equal(evidence.changed_day, TODAY - 8);
    assert_int_equal(evidence.changed_mode, MODE_STS_ENFORCE);
    keep_day("a.example", "Yahoo", TODAY - 2, "testing", 0);
    evidence_of("a.example", &evidence);
    assert_string_equal(evidence.dissenter, "Yahoo");
    assert_int_equal(evidence.dissenting_mode, STS_TESTING);
    assert_int_equal(evidence.dissenting_day, TODAY - 2);
}

static void testing_goes_on_when_a_check_cannot_tell(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_day("a.example", "Google", TODAY - 70, "", 0);
    check("a.example", NOW - 60 * 86400, MODE_STS_TESTING, "{}", "[]");
    check("a.example", NOW - 2 * 86400, MODE_STS_TESTING, "{}", "[]");
    check("a.example", NOW - 86400, MODE_UNKNOWN, "{}", "[]");
    check("a.example", NOW - 3600, MODE_STS_TESTING, "{}", "[]");
    evidence_of("a.example", &evidence);
    assert_int_equal(evidence.standing.testing_days, 61);
}

static void testing_begins_behind_days_that_nobody_told_of(void **state)
{
    (void)state;
    keep_day("a.example", "Forger", TODAY - 60, "testing", 0);
    keep_both("a.example", TODAY - 4, TODAY - 1);
    keep_day("b.example", "Google", TODAY - 34, "testing", 0);
    keep_both("b.example", TODAY - 4, TODAY - 1);
    expect_labels("a.example: testing: day 5/14\n"
                  "b.example: ready for enforce\n");
}

static void testing_starts_anew_after_another_mode(void **state)
{
    (void)state;
    static const char *const reporters[] = {"Google", "Yahoo"};
    for (size_t i = 0; i < 2; i++) {
        keep_days("a.example", reporters[i], TODAY - 40, TODAY - 11, "testing");
        keep_days("a.example", reporters[i], TODAY - 10, TODAY - 9, "enforce");
        keep_days("a.example", reporters[i], TODAY - 8, TODAY - 1, "testing");
    }
    /* reports that come rarely: the day before the window tells */
    keep_day("b.example", "Google", TODAY - 18, "testing", 0);
    keep_day("b.example", "Google", TODAY - 3, "testing", 0);
    keep_day("b.example", "Yahoo", TODAY - 3, "testing", 0);
    expect_labels("a.example: testing: day 9/14\n"
                  "b.example: ready for enforce\n");
}

static void a_report_of_the_future_is_the_first_day_of_testing(void **state)
{
    (void)state;
    keep_day("a.example", "Forger", TODAY + 1000, "testing", 0);
    keep_days("b.example", "Google", TODAY - 3, TODAY - 1, "testing");
    keep_day("b.example", "Forger", TODAY + 1000, "testing", 0);
    expect_labels("a.example: testing: day 1/14\n"
                  "b.example: testing: day 4/14\n");
}

static int64_t steps_of_list(int first)
{
    struct labels labels = {""};
    int64_t before = db_steps(db);
    struct day_range range = {first, TODAY};
    assert_int_equal(query_standings(db, ALL_DOMAINS, range, &settings, take_label, &labels),
                     DB_OK);
    return db_steps(db) - before;
}

static void standings_are_kept_while_nothing_changes(void **state)
{
    (void)state;
    char path[128];
    struct db *other;
    keep_many_domains(store, 300);
    assert_int_equal(store_commit(store), DB_OK);
    int64_t all = steps_of_list(TODAY - 29), again = steps_of_list(TODAY - 29);
    assert_true(again < all * 2 / 3);
    assert_true(steps_of_list(TODAY - 6) < all * 2 / 3);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&other, path, DB_WRITE), DB_OK);
    bool changed;
    struct observation seen = {
        .last_time = NOW - 3600, .mode = MODE_DANE, .evidence = "{}", .problems = "[]"};
    assert_int_equal(observation_store(other, "d0000.example", "", &seen, &changed), DB_OK);
    db_close(other);
    assert_true(steps_of_list(TODAY - 29) >= all * 2 / 3);
}

/* More domains than are looked at one by one have the same steps. */
static void a_long_list_is_as_right_as_a_short_one(void **state)
{
    (void)state;
    enum { DOMAINS = 600 };
    for (int i = 0; i < DOMAINS; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%03d.example", i);
        keep_day(name, "Google", TODAY - 14, "testing", 0);
        keep_day(name, "Google", TODAY - 2, "testing", 0);
        if (i % 3 == 0)
            keep_day(name, "Yahoo", TODAY - 2, "testing", 0);
    }
    assert_int_equal(store_commit(store), DB_OK);
    struct day_range range = {TODAY, TODAY};
    int counts[NEXT_NOTHING + 1] = {0};
    assert_int_equal(query_standings(db, ALL_DOMAINS, range, &settings, count_step, counts), DB_OK);
    assert_int_equal(counts[NEXT_ENFORCE], DOMAINS / 3);
    assert_int_equal(counts[NEXT_MORE_REPORTS], DOMAINS * 2 / 3);
}

static void a_check_counts_while_it_is_young(void **state)
{
    (void)state;
    static const char bad[] = "[{\"severity\":\"error\",\"text\":\"a\"},"
                              "{\"severity\":\"warning\",\"text\":\"b\"}]";
    keep_days("a.example", "Google", TODAY - 3, TODAY - 1, "");
    keep_days("b.example", "Google", TODAY - 3, TODAY - 1, "");
    keep_days("c.example", "Google", TODAY - 3, TODAY - 1, "");
    keep_days("d.example", "Google", TODAY - 3, TODAY - 1, "");
    check("a.example", NOW - 86400, MODE_OPPORTUNISTIC, "{}", bad);
    check("b.example", NOW - 8 * 86400, MODE_OPPORTUNISTIC, "{}", bad);
    check("c.example", NOW - 5 * 86400, MODE_STS_TESTING, "{}", "[]");
    check("d.example", NOW - 86400, MODE_OPPORTUNISTIC, "no JSON", "none");
    expect_labels("a.example: fix 1 problem\n"
                  "b.example: start testing\n"
                  "c.example: testing: day 6/14\n"
                  "d.example: start testing\n");
}

static void reports_that_anybody_may_have_written_are_counted(void **state)
{
    (void)state;
    static const enum signature signatures[] = {SIGNATURE_VALID,     SIGNATURE_NONE,
                                                SIGNATURE_INVALID,   SIGNATURE_FOREIGN,
                                                SIGNATURE_UNDECIDED, SIGNATURE_UNKNOWN};
    struct evidence evidence;
    for (size_t i = 0; i < sizeof signatures / sizeof *signatures; i++) {
        struct report report;
        char id[16];
        snprintf(id, sizeof id, "signed %zu", i);
        make_report(&report, "Google", id, TODAY - 1);
        report.signature = signatures[i];
        add_policy(&report, "sts", "a.example", sts_text("testing"), 10, i == 1 ? 0 : 1);
        assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
    }
    evidence_of("a.example", &evidence);
    assert_int_equal(evidence.failing_reports, 5);
    assert_int_equal(evidence.unproven, 2);
}

#define NOT_FOUND "{\"mx\":{\"state\":\"nxdomain\"},\"tlsrpt\":{\"state\":\"absent\"}}"

/* A look that finds nothing takes no failure from sight. */
static void a_bad_look_does_not_hide_what_is_reported(void **state)
{
    (void)state;
    struct evidence evidence;
    static const char *const domains[] = {"a.example", "b.example", "c.example", "d.example",
                                          "e.example"};
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++)
        keep_days(domains[i], "Google", TODAY - 20, TODAY - 3, "enforce");
    for (size_t i = 0; i < 3; i++)
        keep_day(domains[i], "Google", TODAY - 1, "enforce", 9);
    keep_days("f.example", "Google", TODAY - 40, TODAY - 20, "enforce");
    check("a.example", NOW - 3600, MODE_OPPORTUNISTIC, NOT_FOUND, "[]");
    check("b.example", NOW - 3600, MODE_UNKNOWN, "{}", "[]");
    check("c.example", NOW - 3600, MODE_OPPORTUNISTIC, "{}", "[]");
    check("d.example", NOW - 3600, MODE_OPPORTUNISTIC, NOT_FOUND, "[]");
    check("e.example", NOW - 3600, MODE_UNKNOWN, "{}", "[]");
    check("f.example", NOW - 3600, MODE_OPPORTUNISTIC, NOT_FOUND, "[]");
    expect_labels("a.example: fix 9 in 7 days\n"
                  "b.example: fix 9 in 7 days\n"
                  "c.example: fix 9 in 7 days\n"
                  "d.example: not found in DNS\n"
                  "e.example: keep watching\n"
                  "f.example: not found in DNS\n");
    evidence_of("a.example", &evidence);
    assert_int_equal(evidence.standing.mode, MODE_STS_ENFORCE);
    assert_int_equal(evidence.checked, NOW - 3600);
    evidence_of("c.example", &evidence); /* this look has found the domain */
    assert_int_equal(evidence.standing.mode, MODE_OPPORTUNISTIC);
    evidence_of("f.example", &evidence); /* and nobody contradicts this one */
    assert_int_equal(evidence.standing.mode, MODE_OPPORTUNISTIC);
}

static void evidence_is_counted_since_testing_began(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_day("example.com", "Google", TODAY - 101, "", 0);
    keep_days("example.com", "Google", TODAY - 100, TODAY - 2, "testing");
    keep_days("example.com", "Yahoo", TODAY - 90, TODAY - 60, "testing");
    keep_day("example.com", "Mail.ru", TODAY - 50, "testing", 5);
    keep_day("example.com", "Google", TODAY - 1, "testing", 7);
    evidence_of("example.com", &evidence);
    assert_string_equal(evidence.domain, "example.com");
    assert_int_equal(evidence.standing.testing_since, TODAY - 100);
    assert_int_equal(evidence.standing.testing_days, 101);
    assert_int_equal(evidence.first_day, TODAY - 101);
    assert_int_equal(evidence.last_day, TODAY - 1);
    assert_int_equal(evidence.sessions, 100 * (100 + 31 + 1));
    assert_int_equal(evidence.failed, 12);
    assert_int_equal(evidence.reporters, 3);
    assert_int_equal(evidence.standing.reporters, 1);
    assert_int_equal(evidence.standing.failed, 7);
    assert_int_equal(evidence.result_count, 1);
    assert_string_equal(evidence.results[0].result_type, "certificate-expired");
    assert_int_equal(evidence.results[0].failed, 12);
    assert_int_equal(evidence.recent_count, 1);
    assert_string_equal(evidence.recent[0].result_type, "certificate-expired");
    assert_int_equal(evidence.recent[0].failed, 7);
    assert_int_equal(evidence.sender_count, 2);
    assert_string_equal(evidence.senders[0].organization, "Google");
    assert_string_equal(evidence.senders[0].sending_mta_ip, "192.0.2.1");
    assert_int_equal(evidence.host_count, 1);
    assert_string_equal(evidence.hosts[0].name, "mx1.example.com");
    assert_false(evidence.hosts[0].live);
    assert_string_equal(evidence.policy_text, sts_text("testing"));
    assert_false(evidence.policy_is_live);
    assert_int_equal(evidence.checked, 0);
}

/* A report of a sender with DANE: RECORDS, and FAILED sessions of RESULT_TYPE. */
static void keep_tlsa(const char *reporter, int day, const char *records, const char *result_type,
                      int64_t failed)
{
    struct report report;
    char id[64];
    snprintf(id, sizeof id, "tlsa %d", day);
    make_report(&report, reporter, id, day);
    struct policy *policy =
        add_policy(&report, "tlsa", "example.com", records, 100 - failed, failed);
    if (failed > 0)
        add_failure(&report, policy, result_type, "192.0.2.1", "mx1.example.com", failed);
    assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
}

static void sessions_are_told_apart_by_what_they_met(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_day("example.com", "Google", TODAY - 31, "enforce", 50); /* too long ago */
    keep_day("example.com", "Google", TODAY - 26, "enforce", 9);
    keep_day("example.com", "Google", TODAY - 24, "enforce", 5);
    keep_day("example.com", "Yahoo", TODAY - 20, "unreadable", 7);
    keep_day("example.com", "Yahoo", TODAY - 19, "", 3);
    keep_day("example.com", "Google", TODAY - 1, "enforce", 0);
    evidence_of("example.com", &evidence);
    assert_int_equal(evidence.range.first, TODAY - 29);
    assert_int_equal(evidence.standing.failed, 0);
    struct met_totals refused = evidence.refused;
    assert_int_equal(refused.failed, 14);
    assert_int_equal(refused.first_failed, TODAY - 26);
    assert_int_equal(refused.last_failed, TODAY - 24);
    assert_int_equal(evidence.met[MET_UNREAD].failed, 7);
    assert_int_equal(evidence.met[MET_NO_POLICY].failed, 3);
    assert_int_equal(evidence.sessions, 400); /* the unread one is taken for the enforced */
    assert_int_equal(evidence.failed, 21);
    assert_int_equal(evidence.failing_host_count, 1);
    assert_string_equal(evidence.failing_hosts[0].name, "mx1.example.com");
}

static void a_policy_that_is_only_broken_is_not_usable(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_days("example.com", "Yahoo", TODAY - 8, TODAY - 1, "");
    keep_day("example.com", "Google", TODAY - 1, "unreadable", 3);
    evidence_of("example.com", &evidence);
    assert_true(evidence.standing.sts_broken);
    assert_int_equal(evidence.sessions, 0);
    assert_int_equal(evidence.failed, 0);
    assert_int_equal(evidence.met[MET_UNREAD].sessions, 100);
}

static void failures_are_told_by_their_policy_and_the_records_by_age(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_tlsa("Microsoft", TODAY - 100, "3 1 1 00ff", "", 0);
    keep_tlsa("Microsoft", TODAY - 10, "3 1 1 00ff", "", 0);
    keep_tlsa("Microsoft", TODAY - 2, "3 1 1 00ff", "validation-failure", 60);
    keep_tlsa("Comcast", TODAY - 1, "3 1 1 00ff", "tlsa-invalid", 20);
    keep_day("example.com", "Google", TODAY - 1, "enforce", 5);
    evidence_of("example.com", &evidence);
    assert_int_equal(evidence.recent_count, 3);
    assert_string_equal(evidence.recent[0].result_type, "validation-failure");
    assert_int_equal(evidence.recent[0].policy_type, POLICY_TLSA);
    assert_string_equal(evidence.recent[0].mx_host, "mx1.example.com");
    assert_string_equal(evidence.recent[1].result_type, "tlsa-invalid");
    assert_int_equal(evidence.recent[1].policy_type, POLICY_TLSA);
    assert_string_equal(evidence.recent[2].result_type, "certificate-expired");
    assert_int_equal(evidence.recent[2].policy_type, POLICY_STS);
    assert_string_equal(evidence.tlsa_records, "3 1 1 00ff");
    assert_int_equal(evidence.tlsa_since, TODAY - 100);
    assert_int_equal(evidence.tlsa_last, TODAY - 1);
    assert_int_equal(evidence.met[MET_TLSA].first_failed, TODAY - 2);
}

static void a_withdrawal_is_seen_in_reports(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_days("example.com", "Google", TODAY - 90, TODAY - 26, "enforce");
    keep_days("example.com", "Google", TODAY - 20, TODAY - 1, "none");
    keep_days("silent.example", "Google", TODAY - 90, TODAY - 40, "enforce");
    keep_days("in-force.example", "Google", TODAY - 90, TODAY - 40, "none");
    keep_days("in-force.example", "Google", TODAY - 39, TODAY - 1, "enforce");
    evidence_of("example.com", &evidence);
    assert_int_equal(evidence.withdrawn, STS_ENFORCE);
    assert_int_equal(evidence.withdrawn_last, TODAY - 26);
    assert_int_equal(evidence.withdrawn_since, TODAY - 20);
    assert_true(evidence.withdrawn_to_none);
    assert_string_equal(evidence.former_text, sts_text("enforce"));
    assert_int_equal(evidence.former_day, TODAY - 26);
    evidence_of("silent.example", &evidence);
    assert_int_equal(evidence.withdrawn_since, -1);
    evidence_of("in-force.example", &evidence);
    assert_int_equal(evidence.withdrawn_since, -1);
}

static void the_most_frequent_senders_are_named(void **state)
{
    (void)state;
    struct evidence evidence;
    struct report report;
    make_report(&report, "Google", "1", TODAY - 1);
    struct policy *policy = add_policy(&report, "sts", "example.com", sts_text("testing"), 0, 55);
    for (int i = 1; i <= 10; i++) {
        char ip[32];
        snprintf(ip, sizeof ip, "192.0.2.%d", i);
        add_failure(&report, policy, "validation-failure", ip, "", i);
    }
    keep_report(store, &report, "x");
    evidence_of("example.com", &evidence);
    assert_int_equal(evidence.sender_count, EVIDENCE_SENDERS);
    for (int i = 0; i < EVIDENCE_SENDERS; i++)
        assert_int_equal(evidence.senders[i].failed, 10 - i);
}

static void a_check_tells_what_is_published(void **state)
{
    (void)state;
    struct evidence evidence;
    struct report report;
    make_report(&report, "Microsoft", "1", TODAY - 1);
    report.recipient = arena_strdup(&report.arena, "example.com");
    add_policy(&report, "tlsa", "mx.provider.example", "", 1, 0);
    keep_report(store, &report, "x");
    keep_day("example.com", "Google", TODAY - 1, "enforce", 0);
    check("example.com", NOW - 60, MODE_STS_TESTING,
          "{\"dnssec\":\"secure\",\"mx\":{\"hosts\":[{\"name\":\"mx1.example.com\"},"
          "{\"name\":\"mx2.example.com\"}]},\"tlsrpt\":{\"state\":\"found\",\"records\":"
          "[\"v=TLSRPTv1; rua=mailto:a@example.com\"]},\"sts\":{\"state\":\"found\",\"id\":\"7\","
          "\"policy\":{\"text\":\"version: STSv1\\nmode: testing\"}},\"ways\":{\"sts\":{\"state\":"
          "\"done\"},\"dane\":{\"state\":\"open\",\"needs\":[\"TLSA records.\"]}}}",
          "[{\"severity\":\"error\",\"text\":\"Broken.\",\"remedy\":\"Mend it.\"},"
          "{\"severity\":\"note\",\"text\":\"Fine.\",\"remedy\":\"\"}]");
    evidence_of("example.com", &evidence);
    assert_int_equal(evidence.standing.mode, MODE_STS_TESTING);
    assert_int_equal(evidence.checked, NOW - 60);
    assert_string_equal(evidence.dnssec, "secure");
    assert_string_equal(evidence.tlsrpt_record, "v=TLSRPTv1; rua=mailto:a@example.com");
    assert_string_equal(evidence.policy_text, "version: STSv1\nmode: testing");
    assert_true(evidence.policy_is_live);
    assert_string_equal(evidence.policy_id, "7");
    assert_string_equal(evidence.sts_way.state, "done");
    assert_int_equal(evidence.sts_way.need_count, 0);
    assert_string_equal(evidence.dane_way.state, "open");
    assert_int_equal(evidence.dane_way.need_count, 1);
    assert_string_equal(evidence.dane_way.needs[0], "TLSA records.");
    assert_int_equal(evidence.problem_count, 1);
    assert_string_equal(evidence.problems[0].text, "Broken.");
    assert_string_equal(evidence.problems[0].remedy, "Mend it.");
    assert_int_equal(evidence.host_count, 3);
    assert_true(evidence.hosts[1].live);
    assert_string_equal(evidence.hosts[2].name, "mx.provider.example");
    assert_false(evidence.hosts[2].live);
}

/* In testing, what is a warning now and an error under enforce. */
static void what_enforce_would_make_an_error_holds_back(void **state)
{
    (void)state;
    static const char *const problems[] = {
        "[{\"severity\":\"warning\",\"code\":\"sts-mx-not-covered\",\"text\":\"X.\"}]",
        "[{\"severity\":\"warning\",\"code\":\"mx-certificate\",\"text\":\"X.\"}]",
        "[{\"severity\":\"warning\",\"code\":\"mx-no-starttls\",\"text\":\"X.\"}]",
        "[{\"severity\":\"note\",\"code\":\"mx-certificate\",\"text\":\"X.\"}]",
        "[{\"severity\":\"warning\",\"code\":\"sts-short-max-age\",\"text\":\"X.\"}]",
    };
    static const char seen[] = "{\"sts\":{\"state\":\"found\"}}";
    struct evidence evidence;
    keep_day("testing.example", "Google", TODAY - 1, "testing", 0);
    keep_day("none.example", "Google", TODAY - 1, "", 0);
    for (int i = 0; i < 5; i++) {
        check("testing.example", NOW + i, MODE_STS_TESTING, seen, problems[i]);
        evidence_of("testing.example", &evidence);
        assert_int_equal(evidence.standing.problems, i < 3);
        assert_int_equal(evidence.problem_count, i < 3);
    }
    for (int week = 0; week < 2; week++) { /* others do not look at certificates */
        static const char looked[] =
            "{\"mx\":{\"hosts\":[{\"certificate\":{\"state\":\"seen\"}}]}}";
        check("week.example", NOW + 10, MODE_STS_TESTING, looked, problems[1]);
        keep_day("week.example", "Google", TODAY - 1 - week, "testing", 0);
        check("week.example", NOW + 20 + week * 7 * SECONDS_PER_DAY, MODE_STS_TESTING, seen, "[]");
        evidence_of("week.example", &evidence);
        assert_int_equal(evidence.standing.problems, week == 0);
        assert_int_equal(evidence.problem_count, week == 0);
    }
    check("none.example", NOW, MODE_OPPORTUNISTIC, "{}", problems[2]);
    evidence_of("none.example", &evidence);
    assert_int_equal(evidence.standing.problems, 0); /* testing changes no delivery */
    assert_int_equal(evidence.problem_count, 0);
}

/* A reporter without a session has judged nothing. */
static void reporters_count_that_had_sessions(void **state)
{
    (void)state;
    struct evidence evidence;
    struct report report;
    keep_days("example.com", "Google", TODAY - 20, TODAY - 1, "testing");
    make_report(&report, "Tiny", "1", TODAY - 1);
    add_policy(&report, "sts", "example.com", sts_text("testing"), 0, 0);
    keep_report(store, &report, "x");
    evidence_of("example.com", &evidence);
    assert_int_equal(evidence.standing.reporters, 1);
    assert_int_equal(evidence.reporters, 1);
}

static void a_record_that_a_check_misses_has_gone(void **state)
{
    (void)state;
    static const char seen[] = "{\"sts\":{\"state\":\"absent\"}}";
    struct evidence evidence;
    keep_day("gone.example", "Google", TODAY - 1, "enforce", 0);
    check("gone.example", NOW, MODE_OPPORTUNISTIC, seen, "[]");
    evidence_of("gone.example", &evidence);
    assert_true(evidence.standing.sts_gone);
    keep_day("new.example", "Google", TODAY, "testing", 0);
    check("new.example", NOW - 2 * SECONDS_PER_DAY, MODE_OPPORTUNISTIC, seen, "[]");
    evidence_of("new.example", &evidence);
    assert_false(evidence.standing.sts_gone); /* it was published since */
    keep_day("never.example", "Google", TODAY - 1, "", 0);
    check("never.example", NOW, MODE_OPPORTUNISTIC, seen, "[]");
    evidence_of("never.example", &evidence);
    assert_false(evidence.standing.sts_gone);
}

/* What was reported before says nothing once a check has seen that it is gone. */
static void a_policy_that_is_gone_is_not_taken_from_reports(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_day("example.com", "Google", TODAY - 1, "testing", 0);
    check("example.com", NOW, MODE_OPPORTUNISTIC, "{\"sts\":{\"state\":\"absent\"}}", "[]");
    evidence_of("example.com", &evidence);
    assert_string_equal(evidence.policy_text, "");
    assert_true(evidence.policy_is_live);
}

static void of_several_policies_the_newest_counts_and_no_future_one(void **state)
{
    (void)state;
    struct evidence evidence;
    struct report report;
    keep_day("example.com", "Google", TODAY - 9, "testing", 0);
    keep_day("example.com", "Yahoo", TODAY, "enforce", 0);
    make_report(&report, "Forger", "1", TODAY + 3000);
    add_policy(&report, "sts", "example.com", sts_text("none"), 1, 0);
    keep_report(store, &report, "x");
    evidence_of("example.com", &evidence);
    assert_string_equal(evidence.policy_text, sts_text("enforce"));
}

/* Who keeps the one before goes on to report it. */
static void of_policies_seen_side_by_side_the_one_that_came_last_counts(void **state)
{
    (void)state;
    struct evidence evidence;
    keep_days("example.com", "Microsoft", TODAY - 30, TODAY, "testing");
    keep_days("example.com", "Google", TODAY - 30, TODAY - 4, "testing");
    keep_days("example.com", "Google", TODAY - 3, TODAY - 1, "enforce");
    evidence_of("example.com", &evidence);
    assert_string_equal(evidence.policy_text, sts_text("enforce"));
    assert_int_equal(evidence.former_since, TODAY - 3);
    assert_int_equal(evidence.former_day, TODAY - 1);
}

static void an_unknown_domain_is_missing(void **state)
{
    (void)state;
    struct evidence evidence;
    assert_int_equal(query_evidence(db, 12345, &settings, &arena, &evidence), DB_MISSING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_domain_of_a_list_has_its_next_step),
        TEST(old_failures_and_those_before_any_policy_do_not_count),
        TEST(what_only_seems_safe_is_not),
        TEST(reports_that_anybody_may_have_written_are_counted),
        TEST(testing_begins_behind_days_that_nobody_told_of),
        TEST(testing_starts_anew_after_another_mode),
        TEST(a_report_of_the_future_is_the_first_day_of_testing),
        TEST(standings_are_kept_while_nothing_changes),
        TEST(a_long_list_is_as_right_as_a_short_one),
        TEST(a_check_counts_while_it_is_young),
        TEST(a_bad_look_does_not_hide_what_is_reported),
        TEST(reports_of_several_days_count_for_all_their_domains),
        TEST(weekly_reports_are_enough),
        TEST(a_policy_that_cannot_be_had_was_not_withdrawn),
        TEST(of_a_list_all_days_of_testing_can_be_had),
        TEST(a_policy_that_is_not_found_any_more_is_to_be_restored),
        TEST(who_sees_another_policy_is_named),
        TEST(testing_goes_on_when_a_check_cannot_tell),
        TEST(evidence_is_counted_since_testing_began),
        TEST(sessions_are_told_apart_by_what_they_met),
        TEST(a_policy_that_is_only_broken_is_not_usable),
        TEST(failures_are_told_by_their_policy_and_the_records_by_age),
        TEST(a_withdrawal_is_seen_in_reports),
        TEST(the_most_frequent_senders_are_named),
        TEST(a_check_tells_what_is_published),
        TEST(what_enforce_would_make_an_error_holds_back),
        TEST(reporters_count_that_had_sessions),
        TEST(a_record_that_a_check_misses_has_gone),
        TEST(a_policy_that_is_gone_is_not_taken_from_reports),
        TEST(of_several_policies_the_newest_counts_and_no_future_one),
        TEST(of_policies_seen_side_by_side_the_one_that_came_last_counts),
        TEST(an_unknown_domain_is_missing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
