/* The parts of a mail: well made, badly made, and made to hurt. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/message.h"

static struct message message;

/* The parts of TEXT as "type(body) type(body)"; "!reason" behind them when it
 * gave up. */
static void expect_parts(const char *text, const char *expected)
{
    char found[512] = "";
    FILE *out = fmemopen(found, sizeof found, "w");
    assert_non_null(out);
    struct part part;
    int more;
    message_open(&message, (struct slice){text, strlen(text)}, &default_limits, NULL);
    while ((more = message_next(&message, &part)) > 0)
        fprintf(out, "%.*s(%.*s) ", (int)part.type.length,
                part.type.length > 0 ? part.type.start : "", (int)part.body.length,
                part.body.start);
    if (more < 0)
        fprintf(out, "!%s", message.reason);
    fclose(out);
    if (strcmp(found, expected) != 0)
        fail_msg("found %s\nnot   %s\nin:\n%s", found, expected, text);
}

#define MIXED "Content-Type: multipart/mixed; boundary=b\n\n"

static void a_plain_mail_is_one_part(void **state)
{
    (void)state;
    expect_parts("Subject: x\n\nbody\n", "(body\n) ");
    expect_parts("Subject: x\r\nContent-Type: text/html\r\n\r\n<p>\r\n", "text/html(<p>\r\n) ");
    expect_parts("\n\nSubject: x\n\nblank lines before the header\n",
                 "(blank lines before the header\n) ");
    expect_parts("Subject: x\n", "() ");
    expect_parts("no header at all", "() ");
}

static void parts_stand_between_boundaries(void **state)
{
    (void)state;
    expect_parts(MIXED "preamble\n--b\nContent-Type: a/a\n\nA\n--b\n\nB\n--b--\nepilogue\n--b\n\nC",
                 "a/a(A) (B) ");
    expect_parts("Content-Type: multipart/mixed; boundary=\"b c\"\r\n\r\n"
                 "--b c \t\r\n\r\nA\r\n\r\n--b c--\r\n",
                 "(A\r\n) ");
    expect_parts(MIXED "--b\n\n--b\n\nB\n--b--\n", "() (B) ");
}

static void a_boundary_is_a_whole_line(void **state)
{
    (void)state;
    expect_parts(MIXED "--b\n\nA --b\n--bb\n --b\n-- b\n--b-\n--b--",
                 "(A --b\n--bb\n --b\n-- b\n--b-) ");
}

static void missing_ends_are_forgiven(void **state)
{
    (void)state;
    expect_parts(MIXED "--b\n\nA\n--b\n\nB", "(A) (B) ");
    expect_parts(MIXED
                 "--b\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\nA\n--b\n\nB\n--b--",
                 "(A) (B) ");
    expect_parts(MIXED "--b\nContent-Type: a/a\n--b\n\nB\n--b--", "a/a() (B) ");
    expect_parts(MIXED "--b", "");
    expect_parts(MIXED, "");
}

static void multiparts_nest(void **state)
{
    (void)state;
    expect_parts(MIXED "--b\nContent-Type: multipart/alternative; boundary=i\n\n"
                       "--i\n\nA\n--i\n\nB\n--i--\n\n--b\n\nC\n--b--\n",
                 "(A) (B) (C) ");
}

static void enclosed_messages_are_entered(void **state)
{
    (void)state;
    expect_parts(MIXED "--b\nContent-Type: message/rfc822\n\nSubject: x\n\nA\n--b\n\nB\n--b--\n",
                 "(A) (B) ");
    expect_parts(
        "Content-Type: multipart/digest; boundary=b\n\n--b\n\nContent-Type: a/a\n\nA\n--b--\n",
        "a/a(A) ");
    expect_parts("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nQQ==",
                 "message/rfc822(QQ==) ");
}

static void a_multipart_without_a_boundary_is_one_part(void **state)
{
    (void)state;
    expect_parts("Content-Type: multipart/mixed\n\n--b\n\nA", "multipart/mixed(--b\n\nA) ");
}

static void fields_may_be_folded(void **state)
{
    (void)state;
    expect_parts(
        "Content-Type: multipart/mixed;\r\n\tboundary=\r\n \"b\"\r\n\r\n--b\r\n\r\nA\r\n--b--",
        "(A) ");
}

static void expect_envelope(const char *text, const char *domain, const char *subject)
{
    struct part part;
    message_open(&message, (struct slice){text, strlen(text)}, &default_limits, NULL);
    assert_int_equal(message_next(&message, &part), 1);
    assert_true(slice_is(slice_trim(part.envelope.report_domain), domain));
    assert_true(slice_is(slice_trim(part.envelope.subject), subject));
}

static void the_innermost_message_tells_of_its_report(void **state)
{
    (void)state;
    expect_envelope("TLS-Report-Domain: outer.example\nSubject: outer\n"
                    "Content-Type: message/rfc822\n\ntls-report-domain : inner.example\n\nA",
                    "inner.example", "outer");
    /* the header of a part is not that of a message */
    expect_envelope("Subject: outer\n" MIXED "--b\nSubject: part\n\nA", "", "outer");
}

static void parts_of_a_tls_report_are_marked(void **state)
{
    (void)state;
    struct part part;
    static const char text[] =
        "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
        "Content-Type: Multipart/Report; boundary=b; report-type=\"TLSRPT\"\n\n--b\n\nA\n--b--\n"
        "--o\n\nB\n";
    message_open(&message, (struct slice){text, strlen(text)}, &default_limits, NULL);
    assert_int_equal(message_next(&message, &part), 1);
    assert_true(part.tlsrpt);
    assert_int_equal(message_next(&message, &part), 1);
    assert_false(part.tlsrpt);
}

static void expect_name(const char *header, const char *expected)
{
    struct part part;
    char name[64];
    message_open(&message, (struct slice){header, strlen(header)}, &default_limits, NULL);
    assert_int_equal(message_next(&message, &part), 1);
    part_name(&part, name, sizeof name);
    assert_string_equal(name, expected);
}

static void the_file_name_may_stand_in_two_places(void **state)
{
    (void)state;
    expect_name("Content-Type: a/a; name=type\nContent-Disposition: x; filename=disposition\n\n",
                "disposition");
    expect_name("Content-Type: a/a; name=type\nContent-Disposition: inline\n\n", "type");
    expect_name("Content-Type: a/a\n\n", "");
}

/* PIECE, COUNT times over. */
static char *repeat(const char *start, const char *piece, size_t count)
{
    size_t length = strlen(piece);
    char *text = malloc(strlen(start) + count * length + 1);
    assert_non_null(text);
    char *at = stpcpy(text, start);
    for (size_t i = 0; i < count; i++)
        at = stpcpy(at, piece);
    return text;
}

static void expect_given_up(char *text, const char *reason)
{
    struct part part;
    int more;
    message_open(&message, (struct slice){text, strlen(text)}, &default_limits, NULL);
    while ((more = message_next(&message, &part)) > 0)
        ;
    assert_int_equal(more, -1);
    assert_string_equal(message.reason, reason);
    assert_int_equal(message_next(&message, &part), 0);
    free(text);
}

static void bombs_are_given_up(void **state)
{
    (void)state;
    expect_given_up(repeat("", MIXED "--b\n", 100000),
                    "the mail nests its parts more than 32 deep");
    expect_given_up(repeat("", "Content-Type: message/rfc822\n\n", 100000),
                    "the mail nests its parts more than 32 deep");
    expect_given_up(repeat(MIXED, "--b\n\n", 1000000), "the mail has more than 1000 parts");
    expect_given_up(repeat("", "X: y\n", 1000000),
                    "the mail has a header of more than 262144 bytes");
    expect_given_up(repeat("X: y\n", " folded\n", 1000000),
                    "the mail has a header of more than 262144 bytes");
}

/* Long boundaries that differ in their last byte only, and a body of lines that
 * nearly are one of them: each line is compared with each level once. */
static void near_boundaries_end_soon(void **state)
{
    (void)state;
    char boundary[MESSAGE_BOUNDARY_MAX], piece[1024], line[MESSAGE_BOUNDARY_MAX + 8];
    memset(boundary, 'x', sizeof boundary);
    boundary[sizeof boundary - 1] = '\0';
    char *start = repeat("", "", 0);
    for (char last = 'A'; last < 'A' + 31; last++) {
        snprintf(piece, sizeof piece,
                 "Content-Type: multipart/mixed; boundary=\"%s%c\"\n\n--%s%c\n", boundary, last,
                 boundary, last);
        char *longer = repeat(start, piece, 1);
        free(start);
        start = longer;
    }
    snprintf(line, sizeof line, "--%s?\n", boundary);
    char *text = repeat(start, line, 10000);
    struct part part;
    message_open(&message, (struct slice){text, strlen(text)}, &default_limits, NULL);
    assert_int_equal(message_next(&message, &part), 1);
    assert_int_equal(message_next(&message, &part), 0);
    free(start);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_plain_mail_is_one_part),
        cmocka_unit_test(parts_stand_between_boundaries),
        cmocka_unit_test(a_boundary_is_a_whole_line),
        cmocka_unit_test(missing_ends_are_forgiven),
        cmocka_unit_test(multiparts_nest),
        cmocka_unit_test(enclosed_messages_are_entered),
        cmocka_unit_test(a_multipart_without_a_boundary_is_one_part),
        cmocka_unit_test(fields_may_be_folded),
        cmocka_unit_test(the_innermost_message_tells_of_its_report),
        cmocka_unit_test(parts_of_a_tls_report_are_marked),
        cmocka_unit_test(the_file_name_may_stand_in_two_places),
        cmocka_unit_test(bombs_are_given_up),
        cmocka_unit_test(near_boundaries_end_soon),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
