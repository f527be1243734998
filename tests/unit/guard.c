/* What of a server's words gets through to libetpan, however they are cut. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/guard.h"

enum { HEARD = 4096 };

/* Words of a server, given in pieces of SIZE bytes. */
struct words {
    const char *text;
    size_t left;
    size_t size;
};

static ssize_t give(void *context, void *bytes, size_t size)
{
    struct words *words = context;
    size_t part = words->size < size ? words->size : size;
    if (part > words->left)
        part = words->left;
    memcpy(bytes, words->text, part);
    words->text += part;
    words->left -= part;
    return (ssize_t)part;
}

/* Reads all that TEXT lets through, and returns the trouble that ends it. */
static const char *hear(struct guard *guard, const char *text, size_t length, size_t size,
                        char heard[static HEARD])
{
    struct words words = {text, length, size};
    const char *trouble;
    size_t total = 0;
    guard_init(guard, give, &words);
    guard_expect(guard, 2, 20);
    for (;;) {
        ssize_t count = guard_read(guard, heard + total, HEARD - 1 - total, &trouble);
        if (count < 0)
            break;
        total += (size_t)count;
    }
    heard[total] = '\0';
    return trouble;
}

/* However TEXT is cut, HEARD of it is heard, and TROUBLE (or NULL) is found. */
static void expect(const char *text, const char *heard, const char *trouble)
{
    static const size_t sizes[] = {1, 2, 3, 7, 1000};
    struct guard guard;
    char found[HEARD];
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const char *what = hear(&guard, text, strlen(text), sizes[i], found);
        assert_string_equal(found, heard);
        if (trouble == NULL && what != NULL)
            fail_msg("%s: %s", text, what);
        if (trouble != NULL && (what == NULL || strstr(what, trouble) == NULL))
            fail_msg("%s: %s", text, what != NULL ? what : "no trouble");
    }
}

static void passes(const char *text)
{
    expect(text, text, NULL);
}

static void passes_what_an_importer_needs(void **state)
{
    (void)state;
    passes(
        "* OK at your (service) {5}\r\n* PREAUTH in\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN IDLE\r\n");
    passes("* 3 EXISTS\r\n* OK [UIDVALIDITY 1700000000] told\r\n* OK [uidnext 5] told\r\n"
           "3 OK [READ-ONLY] open\r\n4 NO it is not\r\n5 BAD [READ-WRITE] at all\r\n");
    passes("* 1 FETCH (UID 7 RFC822.SIZE 13 BODY[]<0> {13}\r\n1 OK [ALERT]\n FLAGS (\\Seen $a)"
           " MODSEQ (5))\r\n* 2 FETCH (BODY[] {0}\r\n UID 8)\r\n");
    passes("* 1 FETCH (UID 7)\r\n* 1 fetch (BODY[] NIL UID 1)\r\n* 2 FETCH (BODY[] \"a\\\"(b\")\r\n"
           "* 3 FETCH (FLAGS ())\r\n* 9 EXPUNGE\r\n\r\n");
    passes(
        "* LIST (\\Noselect) \"/\" \"\"\r\n* LIST () NIL {3}\r\na b\r\n* LIST () \"\\\\\" x\r\n");
    passes("+ \r\n+ aGVsbG8=\r\n");
}

static void makes_remarks_of_the_rest(void **state)
{
    (void)state;
    expect("* STATUS x ()\r\n", "* OK --- x ()\r\n", NULL);
    expect("* FLAGS (\\Seen\r\n", "* OK -- (\\Seen\r\n", NULL);
    expect("* 5 RECENT\r\n", "* OK -----\r\n", NULL);
    expect("* 5 FETCH (FLAGS (\\))\r\n", "* OK ---- (FLAGS (\\))\r\n", NULL);
    expect("* 5 FETCH (ENVELOPE (((((((((((((\r\n", "* OK ---- (ENVELOPE (((((((((((((\r\n", NULL);
    expect("* 0 EXPUNGE\r\n", "* OK ------\r\n", NULL);
    expect("* ID [BADCHARSET ()]\r\n", "* OK (BADCHARSET ()]\r\n", NULL);
    expect("* CAPABILITY\r\n", "* OK -------\r\n", NULL);
    expect("* OK [PERMANENTFLAGS (\\*)] x\r\n", "* OK (PERMANENTFLAGS (\\*)] x\r\n", NULL);
    expect("* OK   [CAPABILITY ()] x\r\n", "* OK   (CAPABILITY ()] x\r\n", NULL);
    expect("* OK [UIDNEXT 0] x\r\n", "* OK (UIDNEXT 0] x\r\n", NULL);
    expect("* OK [UIDNEXT 4294967296] x\r\n", "* OK (UIDNEXT 4294967296] x\r\n", NULL);
    expect("3 OK [COPYUID 1 2] x\r\n", "3 OK (COPYUID 1 2] x\r\n", NULL);
    expect("+ [ALERT\r\n", "+ (ALERT\r\n", NULL);
    expect("* OK caf\xc3\xa9\x1b[m\r\n", "* OK caf???[m\r\n", NULL);
}

static void refuses_what_is_no_answer(void **state)
{
    static const char *const cases[] = {
        "HTTP/1.1 400 Bad Request\r\n",
        " * OK hello\r\n",
        "*OK hello\r\n",
        "** OK\r\n",
        "* X\r\n",
        "3 FETCH (UID 5)\r\n",
        "99999999999 OK\r\n",
        "3\r\n",
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect(cases[i], "", guard_nonsense);
    expect("* 1 FETCH (BODY[] {2}\r\nhi x)\r\n", "* 1 FETCH (BODY[] {2}\r\nhi", guard_nonsense);
}

static void bounds_literals(void **state)
{
    static const char *const too_large[] = {"{21}", "{4294967295}", "{18446744073709551617}",
                                            "{00000000000000000000000000099}"};
    char text[128];
    (void)state;
    for (size_t i = 0; i < sizeof too_large / sizeof *too_large; i++) {
        snprintf(text, sizeof text, "* 1 FETCH (UID 1 BODY[] %s\r\n", too_large[i]);
        expect(text, "", "a literal larger than what was asked for");
    }
    expect("* LIST () NIL {1}\r\nx\r\n* LIST () NIL {1}\r\nx\r\n* LIST () NIL {1}\r\nx\r\n",
           "* LIST () NIL {1}\r\nx\r\n* LIST () NIL {1}\r\nx\r\n",
           "more literals than were asked for");
    /* libetpan would take these for literals */
    expect("* STATUS {3}\r\nabc\r\n", "", guard_nonsense);
    expect("* 1 FETCH (BODY[TEXT] {3}\r\n", "", guard_nonsense);
    expect("* 1 FETCH (UID {3}\r\n", "", guard_nonsense);
    expect("* 1 FETCH (BODY[] { 400} x)\r\n", "* OK ---- (BODY[] { 400} x)\r\n", NULL);
    expect("* 1 FETCH (BODY[] {-1}\r\n", "", guard_nonsense);
}

/* Reads MANY times TEXT, and returns the trouble. */
static const char *hear_many(const char *text, size_t many)
{
    static struct guard guard;
    size_t length = strlen(text);
    char *all = malloc(length * many), bytes[4096];
    const char *trouble;
    assert_non_null(all);
    for (size_t i = 0; i < many; i++)
        memcpy(all + i * length, text, length);
    struct words words = {all, length * many, 1000};
    guard_init(&guard, give, &words);
    while (guard_read(&guard, bytes, sizeof bytes, &trouble) > 0)
        continue;
    free(all);
    return trouble;
}

static void bounds_lines(void **state)
{
    static const char news[] = "* 1 EXPUNGE\r\n";
    (void)state;
    assert_null(hear_many("x", GUARD_LINE_MAX));
    assert_string_equal(hear_many("x", GUARD_LINE_MAX + 1), "a line of more than 65536 bytes");
    assert_null(hear_many(news, GUARD_LINES_MAX / strlen(news)));
    assert_string_equal(hear_many(news, GUARD_LINES_MAX / strlen(news) + 1),
                        "more than 1 MiB beside what was asked for");
}

static void keeps_the_last_line(void **state)
{
    static const char nul[] = "* OK a\0b\r\n";
    struct guard guard;
    char heard[HEARD];
    (void)state;
    hear(&guard, "* OK hello\r\n\r\n", 14, 3, heard);
    assert_string_equal(guard.last, "* OK hello");
    hear(&guard, "* STATUS \x1b\r\n", 12, 3, heard);
    assert_string_equal(guard.last, "* STATUS \x1b"); /* as it came */
    hear(&guard, nul, sizeof nul - 1, 3, heard);
    assert_string_equal(guard.last, "* OK a?b");
    assert_false(guard.ended);
    assert_null(hear(&guard, "* bye see you\r\n* OK\r\n", 21, 4, heard));
    assert_true(guard.ended);
    assert_string_equal(guard.goodbye, " see you");
    assert_string_equal(heard, "");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_what_an_importer_needs),
        cmocka_unit_test(makes_remarks_of_the_rest),
        cmocka_unit_test(refuses_what_is_no_answer),
        cmocka_unit_test(bounds_literals),
        cmocka_unit_test(bounds_lines),
        cmocka_unit_test(keeps_the_last_line),
    };
    return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
