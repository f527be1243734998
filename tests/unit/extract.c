/* From a mail or file to its reports: every way they are sent, and what is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/extract.h"

enum { FILE_MAX = 64 * 1024, LINE_LENGTH = 1024 };

static struct extractor *extractor;

static int set_up(void **state)
{
    (void)state;
    extractor = extractor_new(&default_limits);
    return extractor == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    (void)state;
    extractor_free(extractor);
    return 0;
}

/* What was found, as "Sender r1 for example.com" or "damaged: reason", with
 * " | " between several. */
struct seen {
    char line[LINE_LENGTH];
    size_t bytes; /* of the last one, and its number */
    unsigned part;
    unsigned count;
    unsigned stop_after;
};

static int see(void *context, struct extracted *found)
{
    struct seen *seen = context;
    size_t length = strlen(seen->line);
    char *at = seen->line + length;
    const char *between = length > 0 ? " | " : "";
    if (found->outcome == OUTCOME_IMPORTED)
        snprintf(at, sizeof seen->line - length, "%s%s %s for %s", between,
                 found->report->organization, found->report->report_id, found->report->recipient);
    else
        snprintf(at, sizeof seen->line - length, "%s%s: %s", between, outcome_name(found->outcome),
                 found->reason);
    seen->bytes = found->size;
    seen->part = found->part;
    return ++seen->count == seen->stop_after ? 42 : 0;
}

static size_t read_file(const char *path, char *bytes)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail_msg("%s cannot be read", path);
    size_t size = fread(bytes, 1, FILE_MAX, file);
    fclose(file);
    return size;
}

#define USUAL         "Sender r1 for example.com"
#define NONE_ATTACHED "damaged: the mail says that it is a TLS report, but has none attached"

static const struct {
    const char *path;
    const char *expected;
} files[] = {
    {"mails/tlsrpt-gzip.eml", USUAL},
    {"mails/tlsrpt-json.eml", USUAL},
    {"mails/tlsrpt-plain-type.eml", USUAL},
    {"mails/type-gzip.eml", USUAL},
    {"mails/type-x-gzip.eml", USUAL},
    {"mails/type-json.eml", USUAL},
    {"mails/type-zip.eml", USUAL},
    {"mails/type-octet-stream.eml", USUAL},
    {"mails/json-named-gz.eml", USUAL},
    {"mails/gzip-named-json.eml", USUAL},
    {"mails/quoted-printable.eml", USUAL},
    {"mails/eight-bit.eml", USUAL},
    {"mails/no-multipart.eml", USUAL},
    {"mails/json-as-text.eml", USUAL},
    {"mails/nested-mixed.eml", USUAL},
    {"mails/enclosed-message.eml", USUAL},
    {"mails/lf-only.eml", USUAL},
    {"mails/end-boundary-missing.eml", USUAL},
    {"mails/enclosed-message-in-base64.eml", USUAL},
    {"mails/enclosed-message-as-file.eml", USUAL},
    {"mails/boundary-folded.eml", USUAL},
    {"mails/boundary-split.eml", USUAL},
    {"mails/boundary-in-rfc2231.eml", USUAL},
    {"mails/boundary-escaped.eml", USUAL},
    {"mails/fields-with-comments.eml", USUAL},
    {"mails/damaged-boundary-missing.eml", NONE_ATTACHED},
    {"mails/damaged-boundary-wrong.eml", NONE_ATTACHED},
    {"mails/damaged-enclosed-message.eml", NONE_ATTACHED},
    {"mails/two-reports.eml", USUAL " | " USUAL},
    {"mails/domain-in-header.eml", "Sender r1 for header.example"},
    {"mails/domain-in-file-name.eml", "Sender r1 for name.example"},
    {"mails/domain-in-split-file-name.eml", "Sender r1 for split.example"},
    {"mails/domain-in-encoded-file-name.eml", "Sender r1 for word.example"},
    {"mails/domain-in-subject.eml", "Sender r1 for subject.example"},
    {"mails/domain-in-encoded-subject.eml", "Sender r1 for subject.example"},
    {"mails/domain-only-in-policy.eml", "Sender r1 for mx.provider.example"},
    {"mails/organization-only-in-header.eml", "sender.example r1 for example.com"},
    {"mails/damaged-gzip-cut-short.eml", "damaged: its gzip ends too early, after 200 bytes"},
    {"mails/damaged-gzip-bit-flip.eml",
     "damaged: its gzip is damaged at byte 359: incorrect data check"},
    {"mails/damaged-base64.eml", "damaged: its gzip is damaged at byte 14: invalid code lengths "
                                 "set; its base64 is cut short"},
    {"mails/damaged-json.eml", "damaged: its JSON ends too early, after 632 bytes"},
    {"mails/damaged-attachment-is-html.eml",
     "damaged: its attachment is neither gzip, zip nor JSON"},
    {"mails/damaged-attachment-missing.eml", NONE_ATTACHED},
    {"mails/damaged-only-by-name.eml", "damaged: its attachment is neither gzip, zip nor JSON"},
    {"mails/not-a-report.eml", "not a report: it holds no JSON, gzip or zip"},
    {"mails/not-a-report-dmarc.eml", "not a report: its gzip holds no JSON"},
    {"mails/not-a-report-broken-zip.eml",
     "not a report: its zip archive is damaged: Not a zip archive"},
    {"mails/not-a-report-other-json.eml",
     "not a report: its JSON has neither policies nor a date-range"},
    {"reports/as-the-rfc-says.json", USUAL},
    {"reports/domain-nowhere.json",
     "damaged: neither the report nor its mail names a domain it is about"},
    {"reports/json-broken.json", "damaged: its JSON is damaged at byte 14: unexpected character"},
    {"reports/json-of-something-else.json",
     "not a report: its JSON has neither policies nor a date-range"},
    {"documents/several.jsonl", USUAL " | Sender r1 for mx.provider.example"},
    {"documents/exported.jsonl", "Sender r1 for exported.example | " USUAL},
    {"documents/two-gzip-members.json.gz", USUAL},
    {"documents/trailing-garbage.json.gz", USUAL},
    {"documents/reports.zip", "Sender r1 for first.example | Sender r1 for second.example"},
};

static void every_file_gives_what_it_holds(void **state)
{
    (void)state;
    static char bytes[FILE_MAX];
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[256];
        struct seen seen = {.line = ""};
        snprintf(path, sizeof path, "tests/fixtures/%s", files[i].path);
        size_t size = read_file(path, bytes);
        assert_int_equal(extract(extractor, path, bytes, size, see, &seen), 0);
        if (strcmp(seen.line, files[i].expected) != 0)
            fail_msg("%s:\n%s\nis not\n%s", path, seen.line, files[i].expected);
        assert_int_equal(seen.part, seen.count - 1);
    }
}

static struct report kept;

static int keep(void *context, struct extracted *found)
{
    (void)context;
    kept = *found->report;
    report_init(found->report, 0);
    return 0;
}

static void extract_file(const char *path, extracted_fn *found, void *context)
{
    static char bytes[FILE_MAX];
    size_t size = read_file(path, bytes);
    assert_int_equal(extract(extractor, path, bytes, size, found, context), 0);
}

static void a_report_can_be_taken_over(void **state)
{
    (void)state;
    struct seen seen = {.line = ""};
    extract_file("tests/fixtures/mails/tlsrpt-gzip.eml", keep, NULL);
    extract_file("tests/fixtures/mails/damaged-json.eml", see, &seen);
    extract_file("tests/fixtures/mails/domain-in-header.eml", see, &seen);
    assert_string_equal(kept.recipient, "example.com");
    assert_string_equal(kept.policies[0].failures[0].result_type, "certificate-expired");
    report_free(&kept);
}

static void the_same_report_has_the_same_hashes_however_it_came(void **state)
{
    (void)state;
    extract_file("tests/fixtures/mails/tlsrpt-gzip.eml", keep, NULL);
    int32_t identity = kept.identity, content = kept.content;
    report_free(&kept);
    extract_file("tests/fixtures/reports/as-the-rfc-says.json", keep, NULL);
    assert_true(kept.identity == identity);
    assert_true(kept.content == content);
    report_free(&kept);
    extract_file("tests/fixtures/reports/contact-info-null.json", keep, NULL);
    assert_true(kept.identity == identity);
    assert_true(kept.content != content);
    report_free(&kept);
}

static void the_name_of_a_bare_file_tells_the_recipient(void **state)
{
    (void)state;
    static char bytes[FILE_MAX];
    struct seen seen = {.line = ""};
    size_t size = read_file("tests/fixtures/reports/as-the-rfc-says.json", bytes);
    extract(extractor, "/srv/in!coming/sender!named.example!1!2.json", bytes, size, see, &seen);
    extract(extractor, "sender!not a name!1!2.json", bytes, size, see, &seen);
    extract(extractor, NULL, bytes, size, see, &seen);
    assert_string_equal(seen.line, "Sender r1 for named.example | " USUAL " | " USUAL);
}

/* As `jq -s` makes it. */
static void a_list_of_reports_is_read_one_by_one(void **state)
{
    (void)state;
    static char bytes[FILE_MAX], list[3 * FILE_MAX];
    struct seen seen = {.line = ""};
    size_t size = read_file("tests/fixtures/reports/as-the-rfc-says.json", bytes);
    int length =
        sprintf(list, "\xef\xbb\xbf [ \n%.*s , %.*s\n]\n", (int)size, bytes, (int)size, bytes);
    extract(extractor, NULL, list, (size_t)length, see, &seen);
    assert_string_equal(seen.line, USUAL " | " USUAL);
    assert_in_range(seen.bytes, 1, size + 2); /* of each its own text is kept */
    static const char *const between[][2] = {
        {" ", "its list goes on without a comma"},
        {", 5, ", "its list holds what is no object"},
        {", {\"policies\" ", "its JSON is damaged at byte 12: "}};
    for (size_t i = 0; i < sizeof between / sizeof *between; i++) {
        struct seen one = {.line = ""};
        length = sprintf(list, "[%.*s%s%.*s]", (int)size, bytes, between[i][0], (int)size, bytes);
        extract(extractor, "tls.json", list, (size_t)length, see, &one);
        assert_memory_equal(one.line, USUAL " | damaged: ", strlen(USUAL " | damaged: "));
        assert_non_null(strstr(one.line, between[i][1]));
        assert_null(strstr(strstr(one.line, "damaged") + 1, " | ")); /* told once */
    }
}

/* RFC 8460 section 5.1. */
static void a_name_of_another_form_tells_nothing(void **state)
{
    (void)state;
    static char bytes[FILE_MAX];
    static const char *const names[] = {"a!b.example!123", "a!b.json",           "a!b!c.json",
                                        "old!2026!x.json", "a!b.example!1.json", "a!b!1!x2.json",
                                        "a!b!1!2x.json"};
    size_t size = read_file("tests/fixtures/reports/as-the-rfc-says.json", bytes);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct seen seen = {.line = ""};
        extract(extractor, names[i], bytes, size, see, &seen);
        assert_string_equal(seen.line, USUAL);
    }
    struct seen seen = {.line = ""};
    extract(extractor, "a!b.example!1!2!id.json", bytes, size, see, &seen);
    assert_string_equal(seen.line, "Sender r1 for b.example");
}

static void the_document_is_handed_over_as_it_came(void **state)
{
    (void)state;
    struct seen seen = {.line = ""};
    extract_file("tests/fixtures/mails/tlsrpt-gzip.eml", see, &seen);
    assert_int_equal(seen.bytes, 363); /* gzip */
    extract_file("tests/fixtures/mails/quoted-printable.eml", see, &seen);
    assert_int_equal(seen.bytes, 672); /* JSON */
}

static void extraction_ends_when_the_caller_says_so(void **state)
{
    (void)state;
    static char bytes[FILE_MAX];
    static const char *const paths[] = {"tests/fixtures/mails/two-reports.eml",
                                        "tests/fixtures/documents/several.jsonl",
                                        "tests/fixtures/documents/reports.zip"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct seen seen = {.stop_after = 1};
        size_t size = read_file(paths[i], bytes);
        assert_int_equal(extract(extractor, NULL, bytes, size, see, &seen), 42);
        assert_int_equal(seen.count, 1);
    }
}

static void every_limit_makes_it_damaged(void **state)
{
    (void)state;
    static char bytes[FILE_MAX];
    size_t size = read_file("tests/fixtures/mails/nested-mixed.eml", bytes);
    const struct {
        struct limits limits;
        const char *expected;
    } cases[] = {
        {{100, 9999, 9, 9, 9}, "damaged: it is 1177 bytes long, more than the 100 that are read"},
        {{9999, 100, 9, 9, 9}, "damaged: it unpacks to more than 100 bytes"},
        {{9999, 9999, 2, 9, 9}, "damaged: the mail has more than 2 parts"},
        {{9999, 9999, 9, 1, 9}, "damaged: the mail nests its parts more than 1 deep"},
        {{9999, 9999, 9, 9, 2}, "damaged: its JSON is nested more than 2 deep"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct seen seen = {.line = ""};
        struct extractor *limited = extractor_new(&cases[i].limits);
        assert_non_null(limited);
        assert_int_equal(extract(limited, NULL, bytes, size, see, &seen), 0);
        assert_string_equal(seen.line, cases[i].expected);
        extractor_free(limited);
    }
}

/* Little bytes may hold many: what is found is held until all of it is stored. */
static void of_more_reports_than_any_mail_brings_the_first_are_read(void **state)
{
    (void)state;
    enum { MOST = 10000, MORE = MOST + 50 };
    static const char document[] = "{\"policies\":1}\n";
    char *bytes = malloc(MORE * sizeof document);
    struct seen seen = {.line = ""};
    for (size_t i = 0; i < MORE; i++)
        memcpy(bytes + i * (sizeof document - 1), document, sizeof document);
    assert_int_equal(extract(extractor, NULL, bytes, strlen(bytes), see, &seen), 0);
    assert_int_equal(seen.count, MOST + 1);
    assert_int_equal(seen.bytes, 0);
    free(bytes);
}

static void nothing_is_no_report(void **state)
{
    (void)state;
    struct seen seen = {.line = ""};
    assert_int_equal(extract(extractor, NULL, "", 0, see, &seen), 0);
    assert_string_equal(seen.line, "not a report: it holds no JSON, gzip or zip");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_file_gives_what_it_holds),
        cmocka_unit_test(a_report_can_be_taken_over),
        cmocka_unit_test(the_same_report_has_the_same_hashes_however_it_came),
        cmocka_unit_test(the_name_of_a_bare_file_tells_the_recipient),
        cmocka_unit_test(a_name_of_another_form_tells_nothing),
        cmocka_unit_test(a_list_of_reports_is_read_one_by_one),
        cmocka_unit_test(the_document_is_handed_over_as_it_came),
        cmocka_unit_test(extraction_ends_when_the_caller_says_so),
        cmocka_unit_test(every_limit_makes_it_damaged),
        cmocka_unit_test(of_more_reports_than_any_mail_brings_the_first_are_read),
        cmocka_unit_test(nothing_is_no_report),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
