/* What follows from one look after the other: modes that are kept, policies that change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "../../db/day.h"
#include "../../importers/evidence.h"

enum { WEEK = 7 * SECONDS_PER_DAY };

static const char testing[] =
    "version: STSv1\nmode: testing\nmx: mx.example.com\nmax_age: 604800\n";
static const char enforce[] =
    "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 604800\n";

static struct mx_host host;
static struct findings findings;
static struct known known;
static struct arena known_arena;
static struct verdict verdict;
static int64_t now;

/* --- what a look finds --- */

static void set_look(struct look *look, enum dns_result result, enum dnssec dnssec)
{
    *look = (struct look){result, dnssec, "", ""};
}

static void find_record(struct txt_look *look, const char *text)
{
    set_look(&look->look, text != NULL ? DNS_FOUND : DNS_NO_NAME, DNSSEC_INSECURE);
    look->count = text != NULL;
    if (text != NULL)
        look->records[0] = (struct slice){text, strlen(text)};
}

static void find_policy(const char *id_record, const char *text)
{
    find_record(&findings.sts, id_record);
    findings.fetch = (struct policy_fetch){
        .result = FETCH_OK, .status = 200, .content_type = "text/plain", .expires = now + 9 * WEEK};
    findings.fetch.body.bytes = (char *)text;
    findings.fetch.length = strlen(text);
}

static void find_host(enum dnssec dnssec)
{
    static const unsigned char digest[32] = {1};
    set_look(&findings.mx_look, DNS_FOUND, dnssec);
    set_look(&host.addresses.v4, DNS_FOUND, dnssec);
    set_look(&host.addresses.v6, DNS_NO_DATA, dnssec);
    set_look(&host.tlsa.look, DNS_FOUND, dnssec);
    host.tlsa.records[0] = (struct tlsa){3, 1, 1, sizeof digest, digest};
    host.tlsa.count = 1;
}

static int begin(void **state)
{
    (void)state;
    now = 1795478400; /* 2026-11-24 */
    memset(&known, 0, sizeof known);
    arena_init(&known_arena, 0);
    host = (struct mx_host){.name = "mx.example.com", .is_host_name = true};
    host.addresses.list[0] = "192.0.2.25";
    host.addresses.count = 1;
    host.tlsa.name = "_25._tcp.mx.example.com";
    host.tlsa_alias.name = "";
    findings = (struct findings){.domain = "example.com", .mx_count = 1};
    findings.mx[0] = (struct mx_record){10, &host};
    find_record(&findings.tlsrpt, "v=TLSRPTv1; rua=mailto:tlsrpt@example.com");
    find_record(&findings.sts, NULL);
    find_host(DNSSEC_INSECURE);
    host.tlsa.count = 0;
    set_look(&host.tlsa.look, DNS_NO_NAME, DNSSEC_INSECURE);
    return 0;
}

static int end(void **state)
{
    (void)state;
    arena_free(&known_arena);
    return 0;
}

/* --- one look after the other --- */

static char codes[4096];

/* Weighs what was found, and is what the next look will know, SECONDS later. */
static enum tls_mode weigh(int64_t seconds)
{
    static const char *const no_rua[] = {NULL};
    struct verdict_settings settings = {.now = now, .mine = "", .own_rua = no_rua};
    verdict_reach(&verdict, &findings, &known, &settings, NULL);
    assert_false(verdict.memory_short);
    codes[0] = '\0';
    for (size_t i = 0; i < verdict.problem_count; i++) {
        strcat(codes, i > 0 ? " " : "");
        strcat(codes, verdict.problems[i].code);
    }
    struct json_object *evidence = evidence_new(&verdict);
    struct observation observation = {.first_time = now,
                                      .last_time = now,
                                      .mode = verdict.mode,
                                      .evidence = json_line(evidence),
                                      .problems = "[]"};
    struct arena arena;
    arena_init(&arena, 0);
    known_read(&known, &arena, &observation);
    arena_free(&known_arena);
    known_arena = arena;
    json_object_put(evidence);
    verdict_free(&verdict);
    now += seconds;
    return observation.mode;
}

static void a_policy_that_changed_is_remembered_for_its_max_age(void **state)
{
    (void)state;
    find_policy("v=STSv1; id=1", testing);
    assert_int_equal(weigh(SECONDS_PER_DAY), MODE_STS_TESTING);
    assert_int_equal(weigh(SECONDS_PER_DAY), MODE_STS_TESTING);
    assert_null(known.previous.text);
    int64_t last_seen = now - SECONDS_PER_DAY;

    find_policy("v=STSv1; id=2", enforce);
    assert_int_equal(weigh(SECONDS_PER_DAY), MODE_STS_ENFORCE);
    assert_string_equal(codes, "");
    assert_int_equal(known.previous.mode, STS_TESTING);
    assert_string_equal(known.previous.id, "1");
    assert_int_equal(known.previous.seen, last_seen);
    now = last_seen + WEEK - 1;
    weigh(1);
    assert_non_null(known.previous.text);
    weigh(0);
    assert_null(known.previous.text);
    assert_int_equal(known.policy.since, last_seen + SECONDS_PER_DAY);
}

static void an_id_that_did_not_change_is_a_problem_until_caches_forget(void **state)
{
    (void)state;
    find_policy("v=STSv1; id=1", testing);
    weigh(SECONDS_PER_DAY);
    find_policy("v=STSv1; id=1", enforce);
    for (int day = 1; day < 7; day++) {
        weigh(SECONDS_PER_DAY);
        assert_string_equal(codes, "sts-id-unchanged");
    }
    weigh(0);
    assert_string_equal(codes, "");
}

static void a_changed_id_puts_it_right(void **state)
{
    (void)state;
    find_policy("v=STSv1; id=1", testing);
    weigh(SECONDS_PER_DAY);
    find_policy("v=STSv1; id=1", enforce);
    weigh(SECONDS_PER_DAY);
    find_policy("v=STSv1; id=2", enforce);
    weigh(SECONDS_PER_DAY);
    assert_string_equal(codes, "");
}

static void a_change_behind_a_failure_is_seen_all_the_same(void **state)
{
    (void)state;
    find_policy("v=STSv1; id=1", testing);
    weigh(SECONDS_PER_DAY);
    findings.fetch.result = FETCH_TIMEOUT;
    assert_int_equal(weigh(SECONDS_PER_DAY), MODE_STS_TESTING);
    find_policy("v=STSv1; id=1", enforce);
    assert_int_equal(weigh(SECONDS_PER_DAY), MODE_STS_ENFORCE);
    assert_string_equal(codes, "sts-id-unchanged");
}

static void a_policy_must_not_just_vanish(void **state)
{
    (void)state;
    find_policy("v=STSv1; id=1", enforce);
    weigh(SECONDS_PER_DAY);
    find_record(&findings.sts, NULL);
    findings.fetch.result = FETCH_NONE;
    assert_int_equal(weigh(WEEK), MODE_OPPORTUNISTIC);
    assert_string_equal(codes, "sts-removed");
    weigh(0);
    assert_string_equal(codes, "");
}

static void a_policy_that_was_gone_for_a_while_is_no_new_one(void **state)
{
    (void)state;
    int64_t since = now;
    find_policy("v=STSv1; id=1", testing);
    weigh(SECONDS_PER_DAY);
    find_record(&findings.sts, NULL);
    findings.fetch.result = FETCH_NONE;
    weigh(1);
    weigh(1);
    find_policy("v=STSv1; id=1", testing);
    assert_int_equal(weigh(1), MODE_STS_TESTING);
    assert_int_equal(known.policy.since, since);
    assert_null(known.previous.text);
}

static void another_way_to_write_it_is_no_change(void **state)
{
    (void)state;
    static const char *const texts[] = {
        testing, "version: STSv1\r\nmode: testing\r\nmx: mx.example.com\r\nmax_age: 604800\r\n",
        "version: STSv1\nmax_age: 604800\nmx:   MX.example.com\nmode: testing\nx-more: 1\n"};
    int64_t since = now;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        find_policy("v=STSv1; id=1", texts[i]);
        weigh(1);
        assert_string_equal(codes, "");
        assert_null(known.previous.text);
        assert_int_equal(known.policy.since, since);
    }
}

/* The policy cannot be had, by a failure of the record or of the fetch. */
static void lose_policy(int failure)
{
    find_policy(failure == -3 ? "v=STSv1;" : "v=STSv1; id=1", failure == -1 ? "<html>" : enforce);
    if (failure == -2)
        findings.sts.records[findings.sts.count++] = findings.sts.records[0];
    if (failure > 0)
        findings.fetch.result = (enum fetch_result)failure;
}

static void a_policy_that_cannot_be_had_stands_until_senders_forget_it(void **state)
{
    (void)state;
    for (int failure = -3; failure <= FETCH_BROKEN; failure++) {
        if (failure == FETCH_NONE || failure == FETCH_OK)
            continue;
        memset(&known, 0, sizeof known);
        bool permanent = failure < FETCH_UNAVAILABLE;
        lose_policy(failure);
        assert_int_equal(weigh(1), permanent ? MODE_OPPORTUNISTIC : MODE_UNKNOWN);
        find_policy("v=STSv1; id=1", enforce);
        findings.fetch.result = FETCH_OK;
        assert_int_equal(weigh(SECONDS_PER_DAY), MODE_STS_ENFORCE);
        int64_t since = known.policy.since, forgotten = since + WEEK;
        lose_policy(failure);
        assert_int_equal(weigh(SECONDS_PER_DAY), MODE_STS_ENFORCE);
        assert_non_null(strstr(codes, "sts-kept"));
        assert_int_equal(known.sts_seen, since);
        now = forgotten - 1;
        assert_int_equal(weigh(1), MODE_STS_ENFORCE);
        assert_int_equal(known.policy.since, since);
        assert_int_equal(weigh(1), permanent ? MODE_OPPORTUNISTIC : MODE_UNKNOWN);
        assert_null(strstr(codes, "sts-kept"));
        assert_null(known.policy.text);
        assert_int_equal(weigh(1), permanent ? MODE_OPPORTUNISTIC : MODE_UNKNOWN);
    }
}

static void one_look_without_an_answer_forgets_no_short_policy(void **state)
{
    (void)state;
    find_policy("v=STSv1; id=1",
                "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 86400\n");
    weigh(SECONDS_PER_DAY + 60);
    findings.fetch.result = FETCH_REFUSED;
    assert_int_equal(weigh(6 * SECONDS_PER_DAY), MODE_STS_ENFORCE);
    assert_string_equal(codes, "sts-refused");
    assert_int_equal(weigh(0), MODE_UNKNOWN);
}

static void a_policy_that_senders_keep_must_name_the_hosts(void **state)
{
    (void)state;
    find_policy("v=STSv1; id=1", enforce);
    weigh(SECONDS_PER_DAY);
    snprintf(host.name, sizeof host.name, "mx.example.net");
    findings.fetch.result = FETCH_STATUS;
    weigh(WEEK);
    assert_string_equal(codes, "sts-status sts-mx-not-covered sts-kept sts-mx-unused");
    weigh(0);
    assert_string_equal(codes, "sts-status");
}

static void nothing_known_and_no_answer_is_unknown(void **state)
{
    (void)state;
    set_look(&findings.sts.look, DNS_TIMEOUT, DNSSEC_UNKNOWN);
    assert_int_equal(weigh(1), MODE_UNKNOWN);
    assert_int_equal(known.sts, STS_UNSTATED);
    assert_int_equal(known.dane, DANE_ABSENT);
}

static void what_is_kept_tells_when_it_was_last_seen(void **state)
{
    (void)state;
    int64_t first = now;
    find_host(DNSSEC_SECURE);
    assert_int_equal(weigh(SECONDS_PER_DAY), MODE_DANE);
    set_look(&host.tlsa.look, DNS_TIMEOUT, DNSSEC_UNKNOWN);
    for (int day = 0; day < 3; day++) {
        assert_int_equal(weigh(SECONDS_PER_DAY), MODE_DANE);
        assert_int_equal(known.dane_seen, first);
    }
    set_look(&host.tlsa.look, DNS_BOGUS, DNSSEC_BOGUS);
    assert_int_equal(weigh(1), MODE_DANE);
    set_look(&host.tlsa.look, DNS_NO_NAME, DNSSEC_SECURE);
    assert_int_equal(weigh(1), MODE_OPPORTUNISTIC);
}

static void an_address_that_nobody_tells_takes_no_dane_away(void **state)
{
    (void)state;
    struct look *const families[][2] = {{&host.addresses.v4, &host.addresses.v6},
                                        {&host.addresses.v6, &host.addresses.v4}};
    for (int i = 0; i < 4; i++) {
        find_host(DNSSEC_SECURE);
        host.addresses.count = 1;
        assert_int_equal(weigh(1), MODE_DANE);
        set_look(families[i / 2][0], i % 2 ? DNS_FAILED : DNS_TIMEOUT, DNSSEC_UNKNOWN);
        set_look(families[i / 2][1], DNS_NO_DATA, DNSSEC_SECURE);
        host.addresses.count = 0;
        assert_int_equal(weigh(1), MODE_DANE);
        assert_string_equal(codes, "mx-host-unknown");
    }
    set_look(&host.addresses.v4, DNS_NO_DATA, DNSSEC_SECURE); /* there is none for certain */
    set_look(&host.addresses.v6, DNS_NO_DATA, DNSSEC_SECURE);
    host.addresses.count = 0;
    assert_int_equal(weigh(1), MODE_OPPORTUNISTIC);
}

static void records_behind_the_last_one_looked_at_are_not_called_malformed(void **state)
{
    (void)state;
    find_host(DNSSEC_SECURE);
    host.tlsa.left_out = 2;
    assert_int_equal(weigh(1), MODE_DANE);
    assert_string_equal(codes, "tlsa-too-many");
    host.tlsa.left_out = 0;
    host.tlsa.malformed = 1;
    assert_int_equal(weigh(1), MODE_DANE);
    assert_string_equal(codes, "tlsa-partly-unusable");
}

static void both_mechanisms_are_kept_each_by_itself(void **state)
{
    (void)state;
    find_host(DNSSEC_SECURE);
    find_policy("v=STSv1; id=1", "version: STSv1\nmode: none\nmax_age: 60\n");
    assert_int_equal(weigh(1), MODE_DANE);
    assert_int_equal(known.sts, STS_STATE_NONE);
    set_look(&findings.mx_look, DNS_FAILED, DNSSEC_UNKNOWN);
    find_policy("v=STSv1; id=2", enforce);
    assert_int_equal(weigh(1), MODE_DANE_STS_ENFORCE);
}

static void evidence_of_others_is_not_believed_blindly(void **state)
{
    (void)state;
    static const char *const odd[] = {
        "",
        "[]",
        "null",
        "{",
        "{\"sts\":[]}",
        "{\"sts\":{\"policy\":{\"mode\":\"enforce\"}}}",
        "{\"sts\":{\"policy\":{\"mode\":\"enforce\",\"max_age\":-9223372036854775808}}}",
        "{\"kept\":{\"sts\":{}},\"dane\":7}"};
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct observation observation = {.mode = MODE_STS_ENFORCE, .evidence = odd[i]};
        known_read(&known, &known_arena, &observation);
        assert_int_equal(known.sts, STS_STATE_ENFORCE);
        assert_true(known.policy.text == NULL || known.policy.max_age >= 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_policy_that_changed_is_remembered_for_its_max_age, begin,
                                        end),
        cmocka_unit_test_setup_teardown(an_id_that_did_not_change_is_a_problem_until_caches_forget,
                                        begin, end),
        cmocka_unit_test_setup_teardown(a_changed_id_puts_it_right, begin, end),
        cmocka_unit_test_setup_teardown(a_change_behind_a_failure_is_seen_all_the_same, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_must_not_just_vanish, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_was_gone_for_a_while_is_no_new_one, begin,
                                        end),
        cmocka_unit_test_setup_teardown(another_way_to_write_it_is_no_change, begin, end),
        cmocka_unit_test_setup_teardown(a_policy_that_cannot_be_had_stands_until_senders_forget_it,
                                        begin, end),
        cmocka_unit_test_setup_teardown(one_look_without_an_answer_forgets_no_short_policy, begin,
                                        end),
        cmocka_unit_test_setup_teardown(a_policy_that_senders_keep_must_name_the_hosts, begin, end),
        cmocka_unit_test_setup_teardown(nothing_known_and_no_answer_is_unknown, begin, end),
        cmocka_unit_test_setup_teardown(what_is_kept_tells_when_it_was_last_seen, begin, end),
        cmocka_unit_test_setup_teardown(an_address_that_nobody_tells_takes_no_dane_away, begin,
                                        end),
        cmocka_unit_test_setup_teardown(
            records_behind_the_last_one_looked_at_are_not_called_malformed, begin, end),
        cmocka_unit_test_setup_teardown(both_mechanisms_are_kept_each_by_itself, begin, end),
        cmocka_unit_test_setup_teardown(evidence_of_others_is_not_believed_blindly, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
