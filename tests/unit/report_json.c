/* What reporters really send (tests/fixtures/reports), and what is made of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/day.h"
#include "../../importers/report_json.h"

enum { DOCUMENT_MAX = 64 * 1024, DEPTH_MAX = 32 };

static struct report_reader *reader;

static int set_up(void **state)
{
    (void)state;
    reader = report_reader_new(DEPTH_MAX);
    return reader == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    report_reader_free(reader);
    return 0;
}

static void put(FILE *out, const char *label, const char *text)
{
    if (text[0] != '\0')
        fprintf(out, " %s[%s]", label, text);
}

static void describe_policy(FILE *out, const struct policy *policy)
{
    static const char whole_text[] =
        "version: STSv1\nmode: enforce\nmx: mx.example.com\nmax_age: 86400";
    fprintf(out, "%s %s %lld/%lld", policy->type, policy->domain[0] != '\0' ? policy->domain : "-",
            (long long)policy->successful, (long long)policy->failed);
    if (strcmp(policy->text, whole_text) != 0)
        fprintf(out, " text[%s]", policy->text);
    if (strcmp(policy->mx, "mx.example.com") != 0)
        fprintf(out, " mx[%s]", policy->mx);
    for (size_t i = 0; i < policy->failure_count; i++) {
        const struct failure *failure = &policy->failures[i];
        fprintf(out, " + %s %lld", failure->result_type, (long long)failure->failed);
        put(out, "from", failure->sending_mta_ip);
        put(out, "to", failure->receiving_mx_hostname);
        put(out, "at", failure->receiving_ip);
    }
}

/* One line that says all that differs from the report of the RFC. */
static void describe(const struct report *report, char *line, size_t size)
{
    char begin[INSTANT_TEXT], end[INSTANT_TEXT];
    FILE *out = fmemopen(line, size, "w");
    assert_non_null(out);
    if (strcmp(report->organization, "Sender") != 0)
        fprintf(out, "organization[%s] ", report->organization);
    if (strcmp(report->report_id, "r1") != 0)
        fprintf(out, "id[%s] ", report->report_id);
    if (strcmp(report->contact, "tls@sender.example") != 0)
        fprintf(out, "contact[%s] ", report->contact);
    if (report->begin != 1793491200 || report->end != 1793577599)
        fprintf(out, "%s to %s ", instant_format(report->begin, begin),
                instant_format(report->end, end));
    for (size_t i = 0; i < report->policy_count; i++) {
        fputs(i > 0 ? " | " : "", out);
        describe_policy(out, &report->policies[i]);
    }
    fclose(out);
}

static size_t read_fixture(const char *name, char *bytes)
{
    char path[256];
    snprintf(path, sizeof path, "tests/fixtures/reports/%s.json", name);
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be read", path);
    size_t size = fread(bytes, 1, DOCUMENT_MAX, file);
    fclose(file);
    return size;
}

#define FAILURE " + certificate-expired 2 from[192.0.2.1] to[mx.example.com] at[198.51.100.1]"
#define USUAL   "sts example.com 10/2" FAILURE

static const struct {
    const char *name;
    const char *expected;
} good[] = {
    {"as-the-rfc-says", USUAL},
    {"contact-info-null", "contact[] " USUAL},
    {"contact-info-missing", "contact[] " USUAL},
    {"organization-name-missing", "organization[] " USUAL},
    {"failure-details-null", "sts example.com 10/2"},
    {"failure-details-missing", "sts example.com 10/2"},
    {"policy-string-missing", "sts example.com 10/2 text[]" FAILURE},
    {"policy-string-empty", "sts example.com 10/2 text[]" FAILURE},
    {"policy-string-single", USUAL},
    {"mx-host-missing", "sts example.com 10/2 mx[]" FAILURE},
    {"mx-host-empty", "sts example.com 10/2 mx[]" FAILURE},
    {"mx-host-single", "sts example.com 10/2 mx[*.example.com]" FAILURE},
    {"mx-host-pattern", "sts example.com 10/2 mx[mx1.example.com mx2.example.com]" FAILURE},
    {"mx-host-with-key", "sts example.com 10/2 mx[mx1.example.com mx2.example.com]" FAILURE},
    {"no-policy-found-without-domain",
     "id[2026-11-01T00:00:00Z_idx1_example.org] no-policy-found - 10/0 text[] mx[]"
     " | tlsa example.org 1/0 text[] mx[]"},
    {"tlsa-list-in-a-string", "tlsa example.com 10/2 text[3 1 1 00AA\n2 0 1 00BB]" FAILURE},
    {"tlsa-named-after-the-mx", "tlsa mx.example.net 7/0 text[3 1 1 00AA] mx[] | " USUAL},
    {"failure-without-addresses", "sts example.com 10/2 text[] mx[] + sts-policy-fetch-error 2"},
    {"time-without-zone", USUAL},
    {"time-with-offset", USUAL},
    {"time-with-fraction", USUAL},
    {"range-of-24-hours", "2026-11-01T00:00:00Z to 2026-11-02T00:00:00Z " USUAL},
    {"range-of-a-week", "2026-11-01T00:00:00Z to 2026-11-07T23:59:59Z " USUAL},
    {"counts-as-strings", USUAL},
    {"counts-missing", "sts example.com 0/0 + certificate-expired 0 from[192.0.2.1]"
                       " to[mx.example.com] at[198.51.100.1]"},
    {"count-as-real", USUAL},
    {"summary-missing", "sts example.com 0/2" FAILURE},
    {"summary-empty", "sts example.com 0/2" FAILURE},
    {"summary-without-failures", "sts example.com 10/2" FAILURE},
    {"details-not-the-summary", "sts example.com 10/1" FAILURE FAILURE},
    {"policy-type-unknown", "quic example.com 10/2" FAILURE},
    {"result-type-unknown", "sts example.com 10/2 + tls-too-old 2 from[192.0.2.1]"
                            " to[mx.example.com] at[198.51.100.1]"},
    {"result-type-missing", "sts example.com 10/2 + unspecified 2 from[192.0.2.1]"
                            " to[mx.example.com] at[198.51.100.1]"},
    {"report-id-uuid", "id[5d1e1f0a-2b7c-4a54-9f6e-0123456789ab] " USUAL},
    {"report-id-address", "id[<20261101.1@sender.example>] " USUAL},
    {"report-id-time-and-domain", "id[2026-11-01T00:00:00Z_example.com] " USUAL},
    {"report-id-digits-and-domain", "id[134232617934286362+example.com] " USUAL},
    {"report-id-digits-only", "id[134232617934286362+] " USUAL},
    {"key-twice", USUAL},
    {"ip-in-other-spelling", "sts example.com 10/2 + certificate-expired 2 from[2001:db8::1]"
                             " to[mx.example.com] at[not an address]"},
    {"domain-in-capitals", USUAL},
    {"domain-international", "sts xn--bcher-kva.example 10/2" FAILURE},
    {"domain-nowhere", "sts - 10/2" FAILURE},
    {"byte-order-mark", USUAL},
    {"text-with-nul-and-bad-utf8", "organization[S\xef\xbf\xbd"
                                   "e\xef\xbf\xbd] " USUAL},
    {"policies-empty", ""},
};

static void every_deviation_is_accepted(void **state)
{
    (void)state;
    static char bytes[DOCUMENT_MAX];
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char line[1024] = "";
        struct report report;
        size_t used, size = read_fixture(good[i].name, bytes);
        report_init(&report, 0);
        if (report_read(reader, (struct slice){bytes, size}, &report, &used) != OUTCOME_IMPORTED)
            fail_msg("%s: %s", good[i].name, report_reader_reason(reader));
        describe(&report, line, sizeof line);
        if (strcmp(line, good[i].expected) != 0)
            fail_msg("%s:\n%s\nis not\n%s", good[i].name, line, good[i].expected);
        report_free(&report);
    }
}

static const struct {
    const char *name;
    enum outcome outcome;
    const char *reason;
} bad[] = {
    {"count-negative", OUTCOME_DAMAGED,
     "its total-failure-session-count is -3, not a count from 0 to 1000000000000"},
    {"count-negative-string", OUTCOME_DAMAGED,
     "its failed-session-count is -3, not a count from 0 to 1000000000000"},
    {"count-absurd", OUTCOME_DAMAGED,
     "its total-successful-session-count is too large, not a count from 0 to 1000000000000"},
    {"count-above-the-bound", OUTCOME_DAMAGED,
     "its total-successful-session-count is 1000000000001, not a count from 0 to 1000000000000"},
    {"count-of-halves", OUTCOME_DAMAGED,
     "its total-successful-session-count is 1.5, not a count from 0 to 1000000000000"},
    {"count-as-boolean", OUTCOME_DAMAGED,
     "its total-successful-session-count is true, not a count from 0 to 1000000000000"},
    {"time-unreadable", OUTCOME_DAMAGED, "its start-datetime is yesterday, not a date and time"},
    {"time-missing", OUTCOME_DAMAGED, "its date-range has no start-datetime"},
    {"domain-none", OUTCOME_DAMAGED, "its policy-domain is example .com, not a domain name"},
    {"summary-no-object", OUTCOME_DAMAGED, "its summary is no object"},
    {"policies-missing", OUTCOME_DAMAGED, "it has no policies"},
    {"policies-no-list", OUTCOME_DAMAGED, "its policies is not a list"},
    {"policy-no-object", OUTCOME_DAMAGED, "entry 1 of its policies is not an object"},
    {"json-of-something-else", OUTCOME_NOT_A_REPORT,
     "its JSON has neither policies nor a date-range"},
    {"json-cut-short", OUTCOME_DAMAGED, "its JSON ends too early, after 300 bytes"},
    {"json-broken", OUTCOME_DAMAGED, NULL},
    {"json-nested-deep", OUTCOME_DAMAGED, "its JSON is nested more than 32 deep"},
};

static void what_cannot_be_counted_is_damaged_with_a_reason(void **state)
{
    (void)state;
    static char bytes[DOCUMENT_MAX];
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct report report;
        size_t used, size = read_fixture(bad[i].name, bytes);
        report_init(&report, 0);
        enum outcome outcome = report_read(reader, (struct slice){bytes, size}, &report, &used);
        if (outcome != bad[i].outcome)
            fail_msg("%s: outcome %d", bad[i].name, (int)outcome);
        const char *reason = report_reader_reason(reader);
        if (bad[i].reason != NULL && strcmp(reason, bad[i].reason) != 0)
            fail_msg("%s: \"%s\"", bad[i].name, reason);
        assert_string_not_equal(reason, "");
        report_free(&report);
    }
}

static struct report report;

static enum outcome read_text(const char *json)
{
    size_t used;
    report_init(&report, 0);
    return report_read(reader, (struct slice){json, strlen(json)}, &report, &used);
}

#define RANGE "\"date-range\":{\"start-datetime\":\"2026-11-01\",\"end-datetime\":\"2026-11-01\"}"

/* A day is let pass: clocks differ. */
static void a_report_on_days_to_come_is_damaged(void **state)
{
    (void)state;
    static const char json[] = "{" RANGE ",\"policies\":[]}";
    setenv("SOURCE_DATE_EPOCH", "1793404800", 1); /* 2026-10-31 */
    assert_int_equal(read_text(json), OUTCOME_IMPORTED);
    report_free(&report);
    setenv("SOURCE_DATE_EPOCH", "1793404799", 1);
    assert_int_equal(read_text(json), OUTCOME_DAMAGED);
    assert_string_equal(report_reader_reason(reader),
                        "it tells of days to come: it begins on 2026-11-01");
    report_free(&report);
    assert_int_equal(read_text("{\"date-range\":{\"start-datetime\":\"2026-10-30\","
                               "\"end-datetime\":\"9999-12-31\"},\"policies\":[]}"),
                     OUTCOME_DAMAGED);
    assert_string_equal(report_reader_reason(reader),
                        "it tells of days to come: it ends on 9999-12-31");
    report_free(&report);
    unsetenv("SOURCE_DATE_EPOCH");
}

/* No number is told that is not in the report. */
static void an_absurd_count_below_zero_is_told_as_one(void **state)
{
    (void)state;
    assert_int_equal(read_text("{" RANGE ",\"policies\":[{\"summary\":{"
                               "\"total-failure-session-count\":-1000000000000000000000}}]}"),
                     OUTCOME_DAMAGED);
    assert_string_equal(
        report_reader_reason(reader),
        "its total-failure-session-count is below zero, not a count from 0 to 1000000000000");
    report_free(&report);
}

static enum outcome read_range(const char *start, const char *end)
{
    char json[256];
    snprintf(json, sizeof json,
             "{\"date-range\":{\"start-datetime\":\"%s\",\"end-datetime\":\"%s\"},\"policies\":[]}",
             start, end);
    enum outcome outcome = read_text(json);
    report_free(&report);
    return outcome;
}

/* One of 1970 would make every chart begin there. */
static void a_report_older_than_tls_reports_is_damaged(void **state)
{
    (void)state;
    assert_int_equal(read_range("2016-01-01T00:00:00Z", "2016-01-01T23:59:59Z"), OUTCOME_IMPORTED);
    assert_int_equal(read_range("2015-12-31T23:59:59Z", "2016-01-01T23:59:59Z"), OUTCOME_DAMAGED);
    assert_string_equal(report_reader_reason(reader),
                        "it is older than TLS reports are: it begins on 2015-12-31");
    assert_int_equal(read_range("1970-01-01T00:00:00Z", "1970-01-01T23:59:59Z"), OUTCOME_DAMAGED);
    assert_string_equal(report_reader_reason(reader),
                        "it is older than TLS reports are: it begins on 1970-01-01");
}

static void a_report_that_ends_before_it_begins_is_damaged(void **state)
{
    (void)state;
    assert_int_equal(read_range("2026-03-02T00:00:00Z", "2026-03-02T00:00:00Z"), OUTCOME_IMPORTED);
    assert_int_equal(read_range("2026-03-02T00:00:00Z", "2026-03-01T23:59:59Z"), OUTCOME_DAMAGED);
    assert_string_equal(
        report_reader_reason(reader),
        "it ends before it begins: from 2026-03-02T00:00:00Z to 2026-03-01T23:59:59Z");
}

static void long_text_is_cut_between_characters(void **state)
{
    (void)state;
    static char json[3 * REPORT_TEXT_MAX];
    size_t length = (size_t)sprintf(json, "{%s,\"policies\":[],\"report-id\":\"x", RANGE);
    for (int i = 0; i < REPORT_TEXT_MAX; i++)
        length += (size_t)sprintf(json + length, "\xc3\xbc");
    strcpy(json + length, "\"}");
    assert_int_equal(read_text(json), OUTCOME_IMPORTED);
    assert_int_equal(strlen(report.report_id), REPORT_TEXT_MAX - 1);
    assert_string_equal(report.report_id + REPORT_TEXT_MAX - 3, "\xc3\xbc");
    report_free(&report);
}

/* A policy may name hundreds of MX hosts before it comes to its mode. */
static void a_long_policy_is_kept_whole(void **state)
{
    (void)state;
    static char json[64 * 1024];
    size_t length = (size_t)sprintf(
        json, "{%s,\"policies\":[{\"policy\":{\"policy-string\":[\"version: STSv1\"", RANGE);
    for (int i = 0; i < 500; i++)
        length += (size_t)sprintf(json + length, ",\"mx: mx%d.example.com\"", i);
    strcpy(json + length, ",\"mode: enforce\"]}}]}");
    assert_int_equal(read_text(json), OUTCOME_IMPORTED);
    assert_non_null(strstr(report.policies[0].text, "\nmode: enforce"));
    report_free(&report);
}

static void reasons_are_printable(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("{\"policies\":[],\"date-range\":{\"start-datetime\":\"\\u001b[2J\"}}"),
        OUTCOME_DAMAGED);
    assert_string_equal(report_reader_reason(reader),
                        "its start-datetime is ?[2J, not a date and time");
    report_free(&report);
}

static void what_follows_the_object_is_left_to_the_caller(void **state)
{
    (void)state;
    static const char json[] = "\n {\"a\":1}{\"b\":2}";
    size_t used = 0;
    report_init(&report, 0);
    report_read(reader, (struct slice){json, strlen(json)}, &report, &used);
    assert_string_equal(json + used, "{\"b\":2}");
    report_free(&report);
}

/* Each is looked through for its own end, not for that of all: with a look at the rest
 * for each of so many, nobody would wait for the end. */
static void of_many_documents_each_ends_by_itself(void **state)
{
    (void)state;
    enum { DOCUMENTS = 100000 };
    static const char one[] = "{\"note\":\"}{\\\"]\",/*}*/'list':[[],{},'}']} \n";
    size_t length = strlen(one), count = 0, used;
    char *json = malloc(DOCUMENTS * length + 1), *at = json;
    assert_non_null(json);
    for (int i = 0; i < DOCUMENTS; i++)
        at = stpcpy(at, one);
    for (const char *rest = json; rest + 2 < at; rest += used, count++) {
        report_init(&report, 0);
        enum outcome outcome =
            report_read(reader, (struct slice){rest, (size_t)(at - rest)}, &report, &used);
        report_free(&report);
        assert_int_equal(outcome, OUTCOME_NOT_A_REPORT);
        assert_in_range(used, length - 2, length + 2); /* with the blanks around it */
    }
    assert_int_equal(count, DOCUMENTS);
    free(json);
}

/* Thirty such reports would leave no room for another number. */
static void counts_that_sum_up_to_what_is_absurd_are_damaged(void **state)
{
    (void)state;
    static char json[64 * 1024];
    int length = sprintf(json,
                         "{%s,\"policies\":[{\"summary\":{\"total-failure-session-count\":0},"
                         "\"failure-details\":[{}",
                         RANGE);
    for (int i = 0; i < 2; i++)
        length += sprintf(json + length, ",{\"failed-session-count\":600000000000}");
    sprintf(json + length, "]}]}");
    assert_int_equal(read_text(json), OUTCOME_DAMAGED);
    assert_string_equal(report_reader_reason(reader),
                        "its counts sum up to more than 1000000000000 sessions");
    report_free(&report);
    sprintf(json,
            "{%s,\"policies\":[{\"summary\":{\"total-successful-session-count\":600000000000,"
            "\"total-failure-session-count\":600000000000}}]}",
            RANGE);
    assert_int_equal(read_text(json), OUTCOME_DAMAGED);
    report_free(&report);
}

static void parsed_forms_beyond_memory_are_refused(void **state)
{
    (void)state;
    size_t count = REPORT_MEMORY_MAX / 800 + 1;
    char *json = malloc(count * 3 + 32), *at = json;
    assert_non_null(json);
    at += sprintf(at, "{\"policies\":[");
    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, "{},");
    strcpy(at, "{}]}");
    assert_int_equal(read_text(json), OUTCOME_DAMAGED);
    assert_string_equal(report_reader_reason(reader),
                        "its JSON has more values than fit into memory");
    report_free(&report);
    free(json);
}

static void a_report_that_outgrows_its_arena_is_damaged(void **state)
{
    (void)state;
    static char json[64 * 1024];
    size_t used,
        length = (size_t)sprintf(json, "{%s,\"policies\":[{\"failure-details\":[{}", RANGE);
    for (int i = 0; i < 1000; i++)
        length += (size_t)sprintf(json + length, ",{\"result-type\":\"t%d\"}", i);
    length += (size_t)sprintf(json + length, "]}]}");
    report_init(&report, 16 * 1024);
    assert_int_equal(report_read(reader, (struct slice){json, length}, &report, &used),
                     OUTCOME_DAMAGED);
    assert_string_equal(report_reader_reason(reader), "it needs more memory than there is");
    report_free(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_deviation_is_accepted),
        cmocka_unit_test(what_cannot_be_counted_is_damaged_with_a_reason),
        cmocka_unit_test(a_report_on_days_to_come_is_damaged),
        cmocka_unit_test(an_absurd_count_below_zero_is_told_as_one),
        cmocka_unit_test(a_report_older_than_tls_reports_is_damaged),
        cmocka_unit_test(a_report_that_ends_before_it_begins_is_damaged),
        cmocka_unit_test(long_text_is_cut_between_characters),
        cmocka_unit_test(a_long_policy_is_kept_whole),
        cmocka_unit_test(reasons_are_printable),
        cmocka_unit_test(what_follows_the_object_is_left_to_the_caller),
        cmocka_unit_test(of_many_documents_each_ends_by_itself),
        cmocka_unit_test(counts_that_sum_up_to_what_is_absurd_are_damaged),
        cmocka_unit_test(parsed_forms_beyond_memory_are_refused),
        cmocka_unit_test(a_report_that_outgrows_its_arena_is_damaged),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
