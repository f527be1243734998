/* The way from opportunistic TLS to enforce: which step, what holds back, what to publish. */
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
    .testing_days = 14, .reporters = 2, .sessions = 20, .quiet_days = 7, .rua = ""};

/* --- the next step --- */

#define REPORTED      .reported = true
#define TESTING(days) .mode = MODE_STS_TESTING, .testing_days = days, .tested_days = days
#define QUIET         .sessions = 1000, .tested = 1000, .reporters = 2

static const struct {
    struct standing standing;
    enum advice_step step;
    const char *label;
} cases[] = {
    {{.reported = false}, STEP_OPPORTUNISTIC, "publish TLS-RPT"},
    {{.tlsrpt_missed = true, .problems = 1}, STEP_OPPORTUNISTIC, "publish TLS-RPT"},
    {{REPORTED, .tlsrpt_missed = true}, STEP_REPORTING, "publish TLS-RPT"},
    {{REPORTED, .tlsrpt_missed = true, .failed = 3}, STEP_REPORTING, "fix 3 in 7 days"},
    {{.name_missing = true, .tlsrpt_missed = true, .problems = 1},
     STEP_OPPORTUNISTIC,
     "not found in DNS"},
    {{REPORTED, .mode = MODE_DANE, .name_missing = true}, STEP_DANE, "not found in DNS"},
    {{REPORTED, .mode = MODE_DANE, .name_missing = true, .failed = 3},
     STEP_DANE,
     "fix 3 in 7 days"},
    {{.tlsrpt_seen = true, .problems = 2}, STEP_OPPORTUNISTIC, "wait for reports"},
    {{REPORTED, .mode = MODE_UNKNOWN}, STEP_REPORTING, "start testing"},
    {{REPORTED, .mode = MODE_OPPORTUNISTIC}, STEP_REPORTING, "start testing"},
    {{REPORTED, .mode = MODE_STS_NONE}, STEP_REPORTING, "start testing"},
    {{REPORTED, .mode = MODE_OPPORTUNISTIC, .failed = 1}, STEP_REPORTING, "fix 1 in 7 days"},
    {{REPORTED, .mode = MODE_OPPORTUNISTIC, .problems = 2}, STEP_REPORTING, "fix 2 problems"},

    {{REPORTED, TESTING(1), QUIET}, STEP_TESTING, "testing: day 1/14"},
    {{REPORTED, TESTING(13), QUIET}, STEP_TESTING, "testing: day 13/14"},
    {{REPORTED, TESTING(9), .sessions = 0}, STEP_TESTING, "testing: day 9/14"},
    {{REPORTED, TESTING(9), QUIET, .failed = 312}, STEP_TESTING, "fix 312 in 7 days"},
    {{REPORTED, TESTING(9), QUIET, .problems = 1}, STEP_TESTING, "fix 1 problem"},
    {{REPORTED, TESTING(14), QUIET}, STEP_REVIEW, "ready for enforce"},
    {{REPORTED, TESTING(400), QUIET, .tlsrpt_seen = true}, STEP_REVIEW, "ready for enforce"},
    {{REPORTED, TESTING(14), .sessions = 9, .reporters = 1}, STEP_REVIEW, "not enough reports"},
    {{REPORTED, TESTING(14), .reporters = 2}, STEP_REVIEW, "not enough reports"},
    {{REPORTED, TESTING(14), .sessions = 9, .tested = 19, .reporters = 2},
     STEP_REVIEW,
     "not enough reports"},
    {{REPORTED, TESTING(14), .sessions = 9, .tested = 20, .reporters = 2},
     STEP_REVIEW,
     "ready for enforce"},
    {{REPORTED, TESTING(14), .sessions = 23, .tested = 60, .tested_failed = 1, .reporters = 2},
     STEP_REVIEW,
     "not enough reports"},
    {{REPORTED, TESTING(14), .sessions = 500, .tested = 1000, .tested_failed = 6, .reporters = 2},
     STEP_REVIEW,
     "ready for enforce"},
    {{REPORTED, TESTING(14), QUIET, .sts_gone = true}, STEP_REVIEW, "MTA-STS has gone"},
    {{REPORTED, .mode = MODE_STS_ENFORCE, QUIET, .sts_gone = true, .problems = 1},
     STEP_ENFORCE,
     "MTA-STS has gone"},
    {{REPORTED, .mode = MODE_OPPORTUNISTIC, .sts_lost = TODAY - 9},
     STEP_REPORTING,
     "MTA-STS has gone"},
    {{REPORTED, TESTING(14), QUIET, .failed = 1, .problems = 4}, STEP_REVIEW, "fix 1 in 7 days"},
    {{REPORTED, .mode = MODE_DANE_STS_TESTING, .testing_days = 14, .tested_days = 14, QUIET},
     STEP_REVIEW,
     "ready for enforce"},

    {{REPORTED, .mode = MODE_STS_ENFORCE, QUIET}, STEP_ENFORCE, "keep watching"},
    {{REPORTED, .mode = MODE_STS_ENFORCE}, STEP_ENFORCE, "keep watching"},
    {{REPORTED, .mode = MODE_DANE_STS_ENFORCE, QUIET}, STEP_ENFORCE, "keep watching"},
    {{REPORTED, .mode = MODE_STS_ENFORCE, .failed = 12345}, STEP_ENFORCE, "fix 12,345 in 7 d"},
    {{REPORTED, .mode = MODE_DANE, QUIET}, STEP_DANE, "keep watching"},
    {{REPORTED, .mode = MODE_DANE, .failed = 1234567}, STEP_DANE, "fix 1.2M in 7 days"},
    {{REPORTED, .mode = MODE_DANE, .failed = 1289}, STEP_DANE, "fix 1,289 in 7 d"},
    {{REPORTED, .mode = MODE_OPPORTUNISTIC, .sts_broken = true, .failed = 95},
     STEP_REPORTING,
     "fix MTA-STS policy"},
    {{REPORTED, .mode = MODE_DANE, .sts_broken = true, .failed = 95},
     STEP_DANE,
     "fix 95 in 7 days"},
    {{REPORTED, .mode = MODE_DANE, .failed = 999999}, STEP_DANE, "fix 999k in 7 days"},
    {{REPORTED, .mode = MODE_DANE, .silent_days = 14}, STEP_DANE, "keep watching"},
    {{REPORTED, .mode = MODE_DANE, .silent_days = 15}, STEP_DANE, "no report for 15 d"},
    {{REPORTED, TESTING(40), QUIET, .silent_days = 99}, STEP_REVIEW, "no report for 99 d"},
    {{REPORTED, TESTING(14), QUIET, .silent_days = 100}, STEP_REVIEW, "reports have ended"},
};

static void every_standing_has_its_step_and_label(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char label[ADVICE_LABEL];
        advice_label(&cases[i].standing, &settings, label);
        assert_in_range(strlen(label), 1, 18); /* columns of the list of domains */
        if (strcmp(label, cases[i].label) != 0 ||
            advice_step(&cases[i].standing, &settings) != cases[i].step)
            fail_msg("case %zu: %s (%s), not %s (%s)", i, label,
                     advice_step_label(advice_step(&cases[i].standing, &settings)), cases[i].label,
                     advice_step_label(cases[i].step));
    }
}

static void thresholds_and_the_address_come_from_the_configuration(void **state)
{
    (void)state;
    char folder[64], path[128], error[CONFIG_ERROR];
    make_folder(folder);
    snprintf(path, sizeof path, "%s/config", folder);
    FILE *file = fopen(path, "w");
    fputs("[advice]\ntesting-days = 30\n[imap work]\nhost = h\nuser = tls@example.com\n", file);
    fclose(file);
    struct config *config;
    struct advice_settings read;
    assert_int_equal(config_read(&config, path, error), 0);
    advice_read_settings(config, &read);
    assert_int_equal(read.testing_days, 30);
    assert_int_equal(read.reporters, 2);
    assert_int_equal(read.quiet_days, 7);
    assert_string_equal(read.rua, "tls@example.com");
    config_free(config);
    remove_folder(folder);
}

/* --- what is published --- */

static struct arena arena;
static struct evidence evidence;
static struct advice advice;

static int set_up(void **state)
{
    (void)state;
    arena_init(&arena, 0);
    evidence = (struct evidence){.domain = "example.com",
                                 .today = TODAY,
                                 .first_day = TODAY - 30,
                                 .last_day = TODAY - 1,
                                 .standing = {REPORTED, .testing_since = -1},
                                 .range = {TODAY - 13, TODAY},
                                 .policy_text = "",
                                 .former_text = "",
                                 .changed_day = -1,
                                 .dissenter = "",
                                 .withdrawn_since = -1,
                                 .tlsa_records = "",
                                 .policy_id = "",
                                 .dnssec = "",
                                 .tlsrpt_record = "",
                                 .sts_way = {.state = ""},
                                 .dane_way = {.state = ""}};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    arena_free(&arena);
    return 0;
}

static void add_host(const char *name, bool live)
{
    evidence.hosts[evidence.host_count].name = name;
    evidence.hosts[evidence.host_count++].live = live;
}

static void advise(const struct advice_settings *thresholds)
{
    assert_int_equal(advice_make(&evidence, thresholds, NOW, &arena, &advice), 0);
}

static bool says(const struct sentences *sentences, const char *text)
{
    for (size_t i = 0; i < sentences->count; i++) {
        if (strstr(sentences->text[i], text) != NULL)
            return true;
    }
    return false;
}

static void expect_to_say(const struct sentences *sentences, const char *text)
{
    if (says(sentences, text))
        return;
    for (size_t i = 0; i < sentences->count; i++)
        print_message("%s\n", sentences->text[i]);
    fail_msg("none of these says: %s", text);
}

static void expect_policy(const char *text)
{
    assert_int_equal(advice.text_count, 2);
    assert_string_equal(advice.texts[0].kind, "policy file");
    assert_string_equal(advice.texts[0].where,
                        "https://mta-sts.example.com/.well-known/mta-sts.txt");
    assert_string_equal(advice.texts[0].text, text);
    assert_string_equal(advice.texts[1].kind, "TXT record");
    assert_string_equal(advice.texts[1].where, "_mta-sts.example.com");
    static const char begin[] = "v=STSv1; id=20261124123456";
    assert_int_equal(strncmp(advice.texts[1].text, begin, strlen(begin)), 0);
}

static void reports_are_asked_for_first(void **state)
{
    (void)state;
    evidence.standing = (struct standing){.tlsrpt_missed = true};
    evidence.last_day = -1;
    advise(&settings);
    assert_int_equal(advice.next, NEXT_PUBLISH_TLSRPT);
    assert_int_equal(advice.text_count, 1);
    assert_string_equal(advice.texts[0].where, "_smtp._tls.example.com");
    assert_string_equal(advice.texts[0].text, "v=TLSRPTv1; rua=mailto:tlsrpt@example.com");
    expect_to_say(&advice.evidence, "No report on the domain has come yet.");
    expect_to_say(&advice.held_back, "There is no TLS-RPT record at _smtp._tls.example.com.");
}

static void a_record_that_went_is_not_one_that_never_was(void **state)
{
    (void)state;
    evidence.standing.tlsrpt_missed = true;
    advise(&settings);
    assert_string_equal(advice.summary,
                        "There is no TLS-RPT record any more: reports still come, and will end.");
    evidence.standing.failed = 5; /* more urgent, but not all */
    advise(&settings);
    assert_int_equal(advice.next, NEXT_FIX_FAILURES);
    assert_int_equal(advice.text_count, 1);
    assert_string_equal(advice.texts[0].where, "_smtp._tls.example.com");
    evidence.standing.failed = 0;
    evidence.last_day = TODAY - 60;
    advise(&settings);
    assert_string_equal(advice.summary, "Nobody is asked for reports yet: that comes first.");
}

/* What the resolver does not know is not gone while reports come about it. */
static void a_name_that_is_not_found_is_looked_for(void **state)
{
    (void)state;
    evidence.standing = (struct standing){
        REPORTED,      .mode = MODE_DANE,  .name_missing = true, .tlsrpt_missed = true,
        .problems = 1, .testing_since = -1};
    evidence.checked = NOW;
    advise(&settings);
    assert_string_equal(advice.summary, "The resolver does not know example.com, and yet reports "
                                        "come: split horizon, or the delegation?");
    expect_to_say(&advice.held_back, "The resolver did not know example.com at "
                                     "2026-11-24T12:34:56Z, though reports came up to 2026-11-23");
    expect_to_say(&advice.to_do, "dig NS example.com");
    assert_false(says(&advice.held_back, "TLS-RPT"));
    assert_int_equal(advice.text_count, 0);
    evidence.standing.failed = 5;
    advise(&settings);
    assert_int_equal(advice.next, NEXT_FIX_FAILURES);
    expect_to_say(&advice.held_back, "though reports came up to 2026-11-23");
    assert_int_equal(advice.text_count, 0);
}

static void the_address_for_reports_is_that_of_the_mailbox(void **state)
{
    (void)state;
    struct advice_settings own = settings;
    own.rua = "tls,reports!a@example.net";
    evidence.standing.tlsrpt_missed = true;
    advise(&own);
    assert_string_equal(advice.texts[0].text,
                        "v=TLSRPTv1; rua=mailto:tls%2Creports%21a@example.net");
}

static void testing_begins_with_the_mx_hosts_that_were_seen(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_OPPORTUNISTIC;
    evidence.checked = NOW;
    add_host("mx1.example.com", true);
    add_host("mx2.example.com", true);
    add_host("mx.forged.example", false);
    advise(&settings);
    assert_int_equal(advice.next, NEXT_START_TESTING);
    expect_policy("version: STSv1\nmode: testing\nmx: mx1.example.com\nmx: mx2.example.com\n"
                  "max_age: 86400\n");
    expect_to_say(&advice.to_do, "Reports name mx.forged.example, no MX host");
}

static void without_a_check_hosts_of_reports_are_to_be_compared(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_OPPORTUNISTIC;
    add_host("mx1.example.com", false);
    add_host("not a host", false);
    add_host("*.example.com", false);
    advise(&settings);
    expect_policy("version: STSv1\nmode: testing\nmx: mx1.example.com\nmax_age: 86400\n");
    expect_to_say(&advice.to_do, "complete them from dig +short MX example.com");
}

static void without_any_host_no_policy_is_proposed(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_OPPORTUNISTIC;
    advise(&settings);
    assert_int_equal(advice.text_count, 0);
    expect_to_say(&advice.to_do, "run tlsrptop check example.com");
    assert_false(says(&advice.to_do, "mx lines below"));
}

static void in_testing(int days)
{
    evidence.standing = (struct standing){REPORTED, TESTING(days), QUIET, .tlsrpt_seen = true,
                                          .testing_since = TODAY - days + 1};
    evidence.range.first = evidence.standing.testing_since;
    evidence.sessions = 1234;
    evidence.reporters = 2;
    evidence.policy_text = "version: STSv1\nmode: testing\nmx: *.example.com\nmax_age: 86400";
    evidence.policy_is_live = true;
    evidence.policy_id = "1";
    evidence.checked = NOW;
    evidence.mode_is_live = true;
    evidence.dnssec = "insecure";
    add_host("mx1.example.com", true);
}

static void ready_to_enforce_is_the_same_policy_enforced(void **state)
{
    (void)state;
    in_testing(24);
    advise(&settings);
    assert_int_equal(advice.step, STEP_REVIEW);
    assert_int_equal(advice.next, NEXT_ENFORCE);
    expect_policy("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 86400\n");
    assert_string_equal(advice.summary,
                        "Safe to enforce, as far as reports tell: 24 days of testing, 2 "
                        "reporters; 1,000 sessions in the last 7 days, and none failed.");
    expect_to_say(&advice.evidence, "MTA-STS testing since 2026-11-01, 24 days: reports by 2 "
                                    "reporters, 1,234 sessions under a policy.");
    expect_to_say(&advice.evidence, "None of these failed.");
    expect_to_say(&advice.evidence,
                  "Checked at 2026-11-24T12:34:56Z: mode MTA-STS testing, DNSSEC of the domain "
                  "insecure.");
    assert_int_equal(advice.held_back.count, 0);
}

static void it_is_told_why_what_seems_safe_is_not(void **state)
{
    (void)state;
    in_testing(24);
    evidence.standing.tested = 123456;
    advise(&settings);
    assert_int_equal(advice.next, NEXT_MORE_REPORTS);
    expect_to_say(&advice.held_back, "1,000 sessions under MTA-STS in the last 7 days, of 123,456 "
                                     "in 14 days: too little mail to tell.");
    in_testing(24);
    evidence.standing.failed = evidence.standing.running = 30;
    advise(&settings);
    expect_to_say(&advice.held_back, "30 failures in reports of several days that began before");
    in_testing(24);
    evidence.standing.failed = evidence.standing.named = 3;
    advise(&settings);
    expect_to_say(&advice.held_back, "The details of the last 7 days name 3 failures, which no "
                                     "summary counts; the limit is 0.");
}

static void a_policy_known_from_reports_alone_is_to_be_compared(void **state)
{
    (void)state;
    in_testing(24);
    evidence.checked = 0;
    evidence.policy_is_live = false;
    advise(&settings);
    expect_policy("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 86400\n");
    expect_to_say(&advice.to_do, "made from reports, which anybody may send");
}

/* They hold testing back from nothing, and are put right in the meantime. */
static void failures_before_any_policy_come_with_their_remedy(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_OPPORTUNISTIC;
    evidence.recent[0] = (struct result_count){"starttls-not-supported", 96, 0, NULL};
    evidence.recent_count = 1;
    advise(&settings);
    assert_int_equal(advice.next, NEXT_START_TESTING);
    assert_int_equal(advice.held_back.count, 0);
    expect_to_say(&advice.to_do, "starttls-not-supported: Enable STARTTLS");
}

static void a_policy_that_stands_is_not_published_again(void **state)
{
    (void)state;
    in_testing(9);
    advise(&settings);
    assert_int_equal(advice.next, NEXT_KEEP_TESTING);
    assert_int_equal(advice.text_count, 0);
    expect_to_say(&advice.held_back, "Testing has run for 9 of 14 days.");
}

static void an_uncovered_mx_host_is_added_and_named(void **state)
{
    (void)state;
    in_testing(9);
    add_host("mx.backup.example", true);
    advise(&settings);
    expect_policy("version: STSv1\nmode: testing\nmx: *.example.com\nmx: mx.backup.example\n"
                  "max_age: 86400\n");
    expect_to_say(&advice.to_do, "No mx line of the published policy covers mx.backup.example");
}

static void no_published_line_is_dropped_in_silence(void **state)
{
    (void)state;
    in_testing(24);
    evidence.policy_text = "version: STSv1\nmode: testing\nmx: *.example.com\nmx: mx.old.example\n"
                           "max_age: 86400";
    advise(&settings);
    expect_policy("version: STSv1\nmode: enforce\nmx: *.example.com\nmx: mx.old.example\n"
                  "max_age: 86400\n");
    expect_to_say(&advice.to_do, "The mx line mx.old.example covers no present MX host");
}

static void another_text_has_another_id(void **state)
{
    (void)state;
    char first[64], second[64];
    in_testing(24);
    advise(&settings);
    snprintf(first, sizeof first, "%s", advice.texts[1].text);
    evidence.policy_id = arena_strdup(&arena, first + strlen("v=STSv1; id="));
    advise(&settings);
    snprintf(second, sizeof second, "%s", advice.texts[1].text);
    assert_string_not_equal(first, second); /* what is published is never proposed as new */
    evidence.policy_id = "1";
    add_host("mx.backup.example", true);
    advise(&settings);
    assert_string_not_equal(first, advice.texts[1].text);
    const char *id = strstr(advice.texts[1].text, "id=") + 3;
    assert_in_range(strlen(id), 1, 32);
    assert_int_equal(strspn(id, "0123456789abcdefghijklmnopqrstuvwxyz"), strlen(id));
}

static void failures_without_details_are_looked_into(void **state)
{
    (void)state;
    in_testing(20);
    evidence.standing.failed = 74;
    evidence.recent_count = 0;
    advise(&settings);
    expect_to_say(&advice.to_do, "No report tells why: see who reports failures (7, then x), and "
                                 "look at the MX hosts: tlsrptop check --mx example.com.");
}

static void what_may_be_chance_is_told(void **state)
{
    (void)state;
    in_testing(40);
    evidence.standing.tested = 60;
    evidence.standing.tested_failed = 2;
    evidence.standing.sessions = 23;
    advise(&settings);
    assert_int_equal(advice.next, NEXT_MORE_REPORTS);
    expect_to_say(&advice.held_back,
                  "2 of 60 sessions failed in the last 14 days: at that rate it may be chance that "
                  "none of 23 in the last 7 days did.");
}

static void enforce_that_was_given_up_is_told(void **state)
{
    (void)state;
    in_testing(8);
    evidence.changed_day = TODAY - 7;
    evidence.changed_from = MODE_STS_ENFORCE;
    evidence.changed_mode = MODE_STS_TESTING;
    advise(&settings);
    expect_to_say(&advice.evidence, "By reports enforce was given up for testing on 2026-11-17");
    evidence.changed_from = MODE_OPPORTUNISTIC;
    advise(&settings);
    assert_false(says(&advice.evidence, "given up"));
}

static void a_record_that_has_gone_is_to_be_published_again(void **state)
{
    (void)state;
    in_testing(24);
    evidence.standing.sts_gone = true;
    evidence.policy_text = evidence.policy_id = "";
    advise(&settings);
    assert_int_equal(advice.next, NEXT_RESTORE_STS);
    assert_non_null(strstr(advice.summary, "The _mta-sts record has gone"));
    expect_to_say(&advice.held_back, "no record at _mta-sts.example.com any more");
    expect_to_say(&advice.to_do, "Publish record and policy again, under a new id");
    expect_policy("version: STSv1\nmode: testing\nmx: mx1.example.com\nmax_age: 86400\n");
}

static void a_policy_that_reports_do_not_find_any_more_is_told(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_OPPORTUNISTIC;
    evidence.standing.sts_lost = TODAY - 9;
    evidence.withdrawn = STS_ENFORCE;
    evidence.withdrawn_last = TODAY - 10;
    evidence.withdrawn_since = TODAY - 9;
    evidence.policy_text = evidence.policy_id = "";
    evidence.former_text = "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmax_age: 86400\n";
    advise(&settings);
    assert_int_equal(advice.next, NEXT_RESTORE_STS);
    assert_string_equal(advice.summary, "MTA-STS has gone: by reports enforce became no policy on "
                                        "2026-11-15. Senders that have not kept it deliver "
                                        "without.");
    expect_to_say(&advice.held_back, "Reports tell of no MTA-STS policy since 2026-11-15.");
    expect_to_say(&advice.to_do, "If MTA-STS was not meant to end, publish it again");
    expect_policy("version: STSv1\nmode: testing\nmx: mx1.example.com\nmax_age: 86400\n");
}

static void little_mail_is_not_enough(void **state)
{
    (void)state;
    in_testing(24);
    evidence.standing.sessions = 1;
    evidence.standing.tested = 19;
    advise(&settings);
    assert_int_equal(advice.next, NEXT_MORE_REPORTS);
    expect_to_say(&advice.held_back,
                  "19 sessions under MTA-STS in the last 14 days, of 20: too little mail to tell.");
}

static void failures_hold_back_and_are_named_with_their_remedy(void **state)
{
    (void)state;
    in_testing(24);
    evidence.standing.failed = 312;
    evidence.failed = 320;
    evidence.met[MET_STS] =
        (struct met_totals){.failed = 314, .first_failed = TODAY - 9, .last_failed = TODAY};
    evidence.results[0].result_type = "certificate-expired";
    evidence.results[0].failed = 300;
    evidence.result_count = 1;
    evidence.recent[0] = (struct result_count){"certificate-expired", 300, 0, NULL};
    evidence.recent[1] = (struct result_count){"new-type", 12, 0, NULL};
    evidence.recent_count = 2;
    evidence.senders[0].organization = "Google";
    evidence.senders[0].sending_mta_ip = "192.0.2.1";
    evidence.senders[0].host_name = "mail.sender.example";
    evidence.senders[0].result_types = "certificate-expired";
    evidence.senders[0].mx_hosts = "mx1.example.com";
    evidence.senders[0].failed = 300;
    evidence.sender_count = 1;
    advise(&settings);
    assert_string_equal(advice.summary, "Not safe to enforce: 312 failures in the last 7 days.");
    expect_to_say(&advice.evidence, "314 sessions failed in testing from 2026-11-15 to 2026-11-24: "
                                    "under enforce they would have been refused.");
    expect_to_say(&advice.evidence, "6 sessions failed under a policy that refuses nothing");
    expect_to_say(&advice.evidence, "certificate-expired: 300 failures.");
    expect_to_say(&advice.evidence, "Google from 192.0.2.1 mail.sender.example to "
                                    "mx1.example.com: 300 failures (certificate-expired).");
    expect_to_say(&advice.held_back, "312 failures in the last 7 days; the limit is 0.");
    expect_to_say(&advice.to_do, "certificate-expired: Renew the certificate");
    expect_to_say(&advice.to_do, "new-type: RFC 8460 does not name it");
    assert_int_equal(advice.text_count, 0);
}

static void too_few_reports_are_said_to_be_too_few(void **state)
{
    (void)state;
    in_testing(24);
    evidence.standing.reporters = 1;
    evidence.standing.sessions = 0;
    advise(&settings);
    assert_string_equal(advice.summary, "Not enough reports to tell whether enforce is safe.");
    expect_to_say(&advice.held_back, "No session under MTA-STS was reported in the last 7 days");
    expect_to_say(&advice.held_back,
                  "1 of 2 reporters has reported on MTA-STS in the last 14 days");
}

static void what_the_check_found_holds_back_with_its_remedy(void **state)
{
    (void)state;
    in_testing(24);
    evidence.standing.problems = 1;
    evidence.problems[0].text = "The certificate of mta-sts.example.com expired yesterday.";
    evidence.problems[0].remedy = "Renew it.";
    evidence.problem_count = 1;
    advise(&settings);
    assert_int_equal(advice.next, NEXT_FIX_PROBLEMS);
    expect_to_say(&advice.held_back, "expired yesterday");
    expect_to_say(&advice.to_do, "Renew it.");
}

static void the_check_tells_which_way_is_open(void **state)
{
    (void)state;
    advise(&settings);
    expect_to_say(&advice.ways, "tlsrptop check example.com");
    evidence.checked = NOW - 60;
    evidence.mode_is_live = true;
    evidence.sts_way = (struct advice_way){.state = "done"};
    evidence.dane_way =
        (struct advice_way){.state = "open", .needs = {"publish it"}, .need_count = 1};
    advise(&settings);
    expect_to_say(&advice.ways, "MTA-STS: in force.");
    expect_to_say(&advice.ways, "DANE: open. It takes:");
    expect_to_say(&advice.ways, "publish it");
    expect_to_say(&advice.ways, "openssl dgst -sha256");
    evidence.sts_way = (struct advice_way){.state = "unknown"};
    evidence.dane_way.state = "closed";
    advise(&settings);
    expect_to_say(&advice.ways, "MTA-STS: the check could not tell.");
    expect_to_say(&advice.ways, "DANE: closed until others have moved:");
    assert_false(says(&advice.ways, "openssl"));
}

static void enforced_stays_as_it_is_unless_its_max_age_is_short(void **state)
{
    (void)state;
    in_testing(24);
    evidence.standing.mode = MODE_STS_ENFORCE;
    evidence.standing.testing_since = -1;
    evidence.policy_text = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 2592000";
    advise(&settings);
    assert_int_equal(advice.next, NEXT_NOTHING);
    assert_int_equal(advice.text_count, 0);
    evidence.policy_text = "version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 3600";
    advise(&settings);
    expect_policy("version: STSv1\nmode: enforce\nmx: *.example.com\nmax_age: 604800\n");
    expect_to_say(&advice.to_do, "The policy below only adds to max_age");
}

/* --- what reports tell of the past --- */

/* The last day of the failures is late or all are over. */
static void fail_under(enum met met, int64_t failed, int first, int last)
{
    int64_t late = last > TODAY - settings.quiet_days ? failed : 0;
    evidence.met[met] = (struct met_totals){failed + 100, failed, late, first, last};
    evidence.sessions += failed + 100;
    evidence.failed += failed;
    if (met == MET_ENFORCE)
        evidence.standing.refused_sts = late;
    if (met == MET_TLSA)
        evidence.standing.refused_dane = late;
    if (met != MET_ENFORCE && met != MET_TLSA)
        return;
    evidence.standing.refusing |= last >= TODAY - 2;
    if (evidence.refused.failed == 0 || first < evidence.refused.first_failed)
        evidence.refused.first_failed = first;
    if (evidence.refused.failed == 0 || last > evidence.refused.last_failed)
        evidence.refused.last_failed = last;
    evidence.refused.failed += failed;
}

static void add_recent(const char *result_type, int64_t failed, int policy_type, const char *mx)
{
    evidence.recent[evidence.recent_count++] =
        (struct result_count){result_type, failed, policy_type, mx};
}

/* Senders that saw no policy fail, too. */
static void what_failed_was_not_always_refused(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_STS_ENFORCE;
    evidence.standing.failed = 9;
    evidence.met[MET_ENFORCE].last_failed = -1;
    evidence.sessions = 2000;
    fail_under(MET_NO_POLICY, 9, TODAY - 2, TODAY - 1);
    advise(&settings);
    assert_string_equal(advice.summary,
                        "Sessions fail, though none was refused: 9 failures in the last 7 days.");
    expect_to_say(&advice.evidence, "9 sessions failed of senders that saw no policy: delivered");
    fail_under(MET_ENFORCE, 3, TODAY - 2, TODAY - 1);
    advise(&settings);
    assert_string_equal(advice.summary, "Sessions are being refused: 3 in the last 7 days.");
}

static void who_may_have_written_it_is_told(void **state)
{
    (void)state;
    evidence.failing_reports = 30;
    evidence.unproven = 12;
    advise(&settings);
    expect_to_say(&advice.evidence, "12 of the newest 30 reports with failures are not signed by "
                                    "whom they say they come from");
}

static void fail_at(const char *mx_host, int64_t failed)
{
    evidence.failing_hosts[evidence.failing_host_count].name = mx_host;
    evidence.failing_hosts[evidence.failing_host_count++].failed = failed;
}

static void what_was_refused_is_told_when_it_is_over(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_STS_ENFORCE;
    evidence.range.first = TODAY - 29;
    fail_under(MET_ENFORCE, 996, TODAY - 26, TODAY - 24);
    evidence.results[0] = (struct result_count){"certificate-expired", 996, 0, NULL};
    evidence.result_count = 1;
    fail_at("mx2.example.com", 996);
    advise(&settings);
    assert_int_equal(advice.next, NEXT_NOTHING);
    assert_string_equal(advice.summary, "996 sessions were refused from 2026-10-29 to 2026-10-31, "
                                        "none since: see that it stays so.");
    expect_to_say(&advice.evidence,
                  "996 sessions were refused from 2026-10-29 to 2026-10-31, and none since: "
                  "certificate-expired at mx2.example.com. Their mail may have been late or lost.");
    expect_to_say(&advice.to_do, "certificate-expired, should it come back: Renew");
    assert_false(says(&advice.evidence, "None of these failed"));
}

static void all_hosts_at_which_it_failed_are_named(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_STS_ENFORCE;
    evidence.range.first = TODAY - 29;
    fail_under(MET_ENFORCE, 3855, TODAY - 26, TODAY - 24);
    evidence.results[0] = (struct result_count){"certificate-expired", 3855, 0, NULL};
    evidence.result_count = 1;
    fail_at("mx2.example.com", 2256);
    fail_at("mx1.example.com", 1599);
    advise(&settings);
    expect_to_say(&advice.evidence,
                  "certificate-expired at mx2.example.com (2,256), mx1.example.com (1,599). Their");
    fail_at("", 1);
    evidence.failing_host_count = EVIDENCE_FAILING_HOSTS + 2;
    advise(&settings);
    expect_to_say(&advice.evidence, "mx1.example.com (1,599), an unnamed host (1) and 2 more.");
}

/* What failed beside it may have had other causes. */
static void a_cause_is_named_only_of_what_was_refused(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_STS_ENFORCE;
    evidence.range.first = TODAY - 29;
    fail_under(MET_ENFORCE, 2, TODAY - 26, TODAY - 24);
    fail_under(MET_NO_POLICY, 420, TODAY - 26, TODAY - 24);
    evidence.results[0] = (struct result_count){"starttls-not-supported", 420, 0, NULL};
    evidence.results[1] = (struct result_count){"certificate-expired", 2, 0, NULL};
    evidence.result_count = 2;
    fail_at("mx2.example.com", 422);
    advise(&settings);
    expect_to_say(&advice.evidence, "2 sessions were refused from 2026-10-29 to 2026-10-31, and "
                                    "none since. Their mail may have been late or lost.");
    assert_false(says(&advice.to_do, "should it come back"));
}

static void nothing_is_said_of_days_without_reports(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_STS_ENFORCE;
    evidence.standing.silent_days = 20;
    evidence.last_day = TODAY - 20;
    evidence.range.first = TODAY - 29;
    fail_under(MET_ENFORCE, 200, TODAY - 23, TODAY - 20);
    advise(&settings);
    assert_int_equal(advice.next, NEXT_FIND_REPORTS);
    expect_to_say(&advice.evidence, "and no report has come since");
    assert_non_null(strstr(advice.summary, "The last ones told of refused sessions."));
    evidence.standing.silent_days = 12;
    evidence.last_day = TODAY - 12;
    advise(&settings);
    assert_non_null(strstr(advice.summary, "and no report tells how it has been since"));
}

/* Mail that is refused now can be had delivered by the policy itself. */
static void a_change_that_has_mail_refused_can_be_taken_back(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_STS_ENFORCE;
    evidence.standing.failed = 120;
    evidence.range.first = TODAY - 29;
    evidence.changed_day = TODAY - 6;
    evidence.changed_mode = MODE_STS_ENFORCE;
    evidence.policy_text = "version: STSv1\nmode: enforce\nmx: mx1.example.com\nmax_age: 86400";
    fail_under(MET_ENFORCE, 140, TODAY - 6, TODAY - 1);
    advise(&settings);
    expect_to_say(&advice.evidence, "That began with the change to MTA-STS enforce on 2026-11-18.");
    expect_to_say(&advice.to_do, "publish the policy in mode testing meanwhile");
    assert_non_null(strstr(advice.texts[0].text, "mode: testing\n"));
    assert_true(advice_urgency(&evidence.standing, &settings) <
                advice_urgency(&(struct standing){REPORTED, TESTING(9), .failed = 999}, &settings));
    evidence.changed_day = TODAY - 20;
    advise(&settings);
    assert_false(says(&advice.evidence, "That began with the change"));
}

static void what_dane_refuses_is_refused_in_testing_too(void **state)
{
    (void)state;
    in_testing(24);
    evidence.standing.mode = MODE_DANE_STS_TESTING;
    evidence.standing.failed = 6;
    fail_under(MET_TLSA, 6, TODAY - 6, TODAY - 1);
    advise(&settings);
    assert_string_equal(advice.summary, "Sessions are being refused: 6 in the last 7 days.");
    evidence.standing.failed = 500; /* most would be refused by enforce */
    advise(&settings);
    assert_string_equal(advice.summary, "Sessions are being refused: 6 of 500 failures in the last "
                                        "7 days.");
}

/* The way back is for what MTA-STS refuses now. */
static void enforce_is_not_taken_back_for_what_dane_refuses(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_DANE_STS_ENFORCE;
    evidence.standing.failed = 6;
    fail_under(MET_TLSA, 6, TODAY - 6, TODAY - 1);
    fail_under(MET_ENFORCE, 1, TODAY - 25, TODAY - 25);
    advise(&settings);
    assert_false(says(&advice.to_do, "mode testing meanwhile"));
    evidence.standing.running = evidence.standing.refused_sts = 2;
    advise(&settings);
    expect_to_say(&advice.to_do, "mode testing meanwhile");
}

static size_t place_of(const struct sentences *sentences, const char *text)
{
    expect_to_say(sentences, text);
    for (size_t i = 0;; i++) {
        if (strstr(sentences->text[i], text) != NULL)
            return i;
    }
}

static void under_dane_the_records_are_checked_first(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_DANE;
    evidence.standing.failed = 1289;
    evidence.range.first = TODAY - 29;
    fail_under(MET_TLSA, 1289, TODAY - 5, TODAY - 1);
    evidence.tlsa_records = "3 1 1 00ff\n3 1 1 $(reboot)\n3 1 1 00 ff\n9 x\n2 0 2 AB";
    evidence.tlsa_since = TODAY - 90;
    evidence.tlsa_last = TODAY - 1;
    add_recent("validation-failure", 1081, POLICY_TLSA, "mx1.example.com");
    add_recent("tlsa-invalid", 208, POLICY_TLSA, "mx1.example.com");
    advise(&settings);
    assert_int_equal(
        place_of(&advice.to_do, "tlsa-invalid at mx1.example.com: Check the TLSA records"), 0);
    assert_in_range(
        place_of(&advice.to_do, "validation-failure at mx1.example.com: Check the TLSA records"), 1,
        9);
    expect_to_say(&advice.to_do,
                  "openssl s_client -starttls smtp -connect mx1.example.com:25 -dane_tlsa_domain "
                  "mx1.example.com -dane_tlsa_rrdata \"3 1 1 00ff\" -dane_tlsa_rrdata \"2 0 2 AB\" "
                  "</dev/null");
    assert_false(says(&advice.to_do, "reboot"));
    expect_to_say(&advice.to_do, "the same TLSA records since 2026-08-26 and failures under them "
                                 "only since 2026-11-19");
    assert_false(says(&advice.to_do, "Offer TLS 1.2"));
    /* who failed from the first day on may never have had a matching key */
    evidence.met[MET_TLSA].first_failed = evidence.range.first;
    advise(&settings);
    assert_false(says(&advice.to_do, "the same TLSA records"));
    /* and no name from a report is typed unseen */
    evidence.recent[0].mx_host = "mx1;reboot";
    evidence.tlsa_records = "";
    advise(&settings);
    expect_to_say(&advice.to_do, "-connect MX:25 -dane_tlsa_domain MX -dane_tlsa_rrdata \"3 1 1 "
                                 "DIGEST\"");
}

static void the_same_failure_without_dane_is_one_of_tls(void **state)
{
    (void)state;
    in_testing(24);
    evidence.standing.failed = 9;
    add_recent("validation-failure", 9, POLICY_STS, "mx1.example.com");
    advise(&settings);
    expect_to_say(&advice.to_do, "validation-failure at mx1.example.com: Offer TLS 1.2");
    assert_false(says(&advice.to_do, "openssl"));
}

static void beside_dane_mta_sts_is_for_the_others(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_DANE;
    evidence.range.first = TODAY - 29;
    evidence.met[MET_NO_POLICY] = (struct met_totals){.sessions = 4453, .last_failed = -1};
    advise(&settings);
    expect_to_say(&advice.ways, "DANE: in force, by the reports.");
    expect_to_say(&advice.ways, "4,453 sessions since 2026-10-26 met no policy");
    assert_false(says(&advice.ways, "which is open"));
    evidence.standing.mode = MODE_DANE_STS_ENFORCE;
    advise(&settings);
    expect_to_say(&advice.ways, "DANE and MTA-STS: in force, by the reports.");
    assert_int_equal(advice.ways.count, 1);
    assert_string_equal(advice_place(&evidence.standing, &settings), "DANE + enforce");
}

static void a_broken_policy_is_no_policy(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_OPPORTUNISTIC;
    evidence.standing.sts_broken = true;
    evidence.standing.failed = 95;
    evidence.met[MET_UNREAD] = (struct met_totals){104, 104, 100, TODAY - 9, TODAY - 1};
    advise(&settings);
    assert_string_equal(advice.summary,
                        "The _mta-sts record is published, its policy is broken: 95 failures in "
                        "the last 7 days, with no policy read.");
    expect_to_say(&advice.evidence, "0 sessions under a policy.");
    expect_to_say(&advice.evidence, "104 sessions with no MTA-STS policy read");
    assert_false(says(&advice.evidence, "refused"));
    assert_string_equal(advice_place(&evidence.standing, &settings), "MTA-STS broken");
}

static void a_withdrawn_policy_is_said_to_be_withdrawn(void **state)
{
    (void)state;
    evidence.standing.mode = MODE_STS_NONE;
    evidence.policy_text = "version: STSv1\nmode: none\nmax_age: 86400";
    evidence.former_text = "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800";
    evidence.former_day = TODAY - 6;
    evidence.withdrawn = STS_ENFORCE;
    evidence.withdrawn_last = TODAY - 6;
    evidence.withdrawn_since = TODAY - 4;
    evidence.withdrawn_to_none = true;
    advise(&settings);
    assert_int_equal(advice.next, NEXT_START_TESTING);
    assert_string_equal(advice.summary,
                        "MTA-STS was withdrawn: by reports enforce became none on 2026-11-20. If "
                        "that was not meant, start again with testing, which changes no delivery.");
    expect_to_say(&advice.evidence, "it was enforce up to 2026-11-18, and none since 2026-11-20.");
    expect_to_say(&advice.evidence, "may keep to the old enforce policy until its max_age ends, "
                                    "about 2026-11-26.");
    expect_policy("version: STSv1\nmode: testing\nmx: mx.example.com\nmax_age: 86400\n");
    expect_to_say(&advice.to_do, "those of the policy that was reported up to 2026-11-18");
    evidence.withdrawn_last = TODAY - 20;
    advise(&settings);
    expect_to_say(&advice.evidence, "about 2026-11-12, which is over.");
}

static void short_memory_is_told(void **state)
{
    (void)state;
    in_testing(24);
    struct arena small;
    arena_init(&small, 1);
    assert_int_equal(advice_make(&evidence, &settings, NOW, &small, &advice), -1);
    arena_free(&small);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_standing_has_its_step_and_label),
        cmocka_unit_test(thresholds_and_the_address_come_from_the_configuration),
        TEST(reports_are_asked_for_first),
        TEST(a_record_that_went_is_not_one_that_never_was),
        TEST(a_name_that_is_not_found_is_looked_for),
        TEST(the_address_for_reports_is_that_of_the_mailbox),
        TEST(testing_begins_with_the_mx_hosts_that_were_seen),
        TEST(without_a_check_hosts_of_reports_are_to_be_compared),
        TEST(without_any_host_no_policy_is_proposed),
        TEST(ready_to_enforce_is_the_same_policy_enforced),
        TEST(it_is_told_why_what_seems_safe_is_not),
        TEST(a_policy_known_from_reports_alone_is_to_be_compared),
        TEST(failures_before_any_policy_come_with_their_remedy),
        TEST(a_policy_that_stands_is_not_published_again),
        TEST(an_uncovered_mx_host_is_added_and_named),
        TEST(no_published_line_is_dropped_in_silence),
        TEST(another_text_has_another_id),
        TEST(failures_without_details_are_looked_into),
        TEST(what_may_be_chance_is_told),
        TEST(enforce_that_was_given_up_is_told),
        TEST(a_record_that_has_gone_is_to_be_published_again),
        TEST(a_policy_that_reports_do_not_find_any_more_is_told),
        TEST(little_mail_is_not_enough),
        TEST(failures_hold_back_and_are_named_with_their_remedy),
        TEST(too_few_reports_are_said_to_be_too_few),
        TEST(what_the_check_found_holds_back_with_its_remedy),
        TEST(the_check_tells_which_way_is_open),
        TEST(enforced_stays_as_it_is_unless_its_max_age_is_short),
        TEST(what_failed_was_not_always_refused),
        TEST(who_may_have_written_it_is_told),
        TEST(what_was_refused_is_told_when_it_is_over),
        TEST(all_hosts_at_which_it_failed_are_named),
        TEST(a_cause_is_named_only_of_what_was_refused),
        TEST(nothing_is_said_of_days_without_reports),
        TEST(a_change_that_has_mail_refused_can_be_taken_back),
        TEST(what_dane_refuses_is_refused_in_testing_too),
        TEST(enforce_is_not_taken_back_for_what_dane_refuses),
        TEST(under_dane_the_records_are_checked_first),
        TEST(the_same_failure_without_dane_is_one_of_tls),
        TEST(beside_dane_mta_sts_is_for_the_others),
        TEST(a_broken_policy_is_no_policy),
        TEST(a_withdrawn_policy_is_said_to_be_withdrawn),
        TEST(short_memory_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
