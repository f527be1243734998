/* Names of mailboxes in modified UTF-7, and lists of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/mailbox_name.h"

static void encodes_as_rfc_3501_says(void **state)
{
    static const struct {
        const char *name, *encoded;
    } cases[] = {
        {"INBOX", "INBOX"},
        {"A & B", "A &- B"},
        {"&", "&-"},
        {"Reports/TLS \"x\" \\", "Reports/TLS \"x\" \\"},
        {"~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e",
         "~peter/mail/&U,BTFw-/&ZeVnLIqe-"}, /* the example of the RFC */
        {"\xc3\x9c"
         "bersicht",
         "&ANw-bersicht"},
        {"Entw\xc3\xbcrfe & mehr\xc3\xa9", "Entw&APw-rfe &- mehr&AOk-"},
        {"\xc3\xa9&\xc3\xa9", "&AOk-&-&AOk-"},
        {"\xf0\x9f\x93\xac", "&2D3c7A-"}, /* a pair of surrogates */
        {"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", "&IKwgrCCs-"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char encoded[MAILBOX_NAME];
        assert_int_equal(mailbox_name_encode(cases[i].name, encoded), 0);
        assert_string_equal(encoded, cases[i].encoded);
    }
}

static void refuses_what_is_no_name(void **state)
{
    char encoded[MAILBOX_NAME], name[MAILBOX_NAME + 1];
    (void)state;
    assert_int_equal(mailbox_name_encode("a\xff", encoded), -1);
    assert_int_equal(mailbox_name_encode("a\r\nB LOGOUT", encoded), -1);
    assert_int_equal(mailbox_name_encode("a\x7f", encoded), -1);
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_int_equal(mailbox_name_encode(name, encoded), -1);
    assert_int_equal(mailbox_name_encode(name + 1, encoded), 0);
}

static void splits_lists_at_commas(void **state)
{
    static const char *const names[] = {"INBOX", "Reports/TLS", "with two  blanks", "last"};
    const char *list = " INBOX,Reports/TLS ,\twith two  blanks,, ,last, ";
    char name[MAILBOX_NAME];
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        list = mailbox_name_next(list, name);
        assert_non_null(list);
        assert_string_equal(name, names[i]);
    }
    assert_null(mailbox_name_next(list, name));
    assert_null(mailbox_name_next("", name));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(encodes_as_rfc_3501_says),
        cmocka_unit_test(refuses_what_is_no_name),
        cmocka_unit_test(splits_lists_at_commas),
    };
    return cmocka_run_group_tests_name("mailbox_name", tests, NULL, NULL);
}
