/*
 * DKIM signatures, RFC 6376.  The mails in tests/fixtures/dkim were signed by dkimpy, which
 * shares no line with what reads them here; rsa.txt and ed25519.txt are the records of
 * their keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../importers/dkim.h"

enum { MAIL_MAX = 16384, NAME_MAX_HERE = 128 };

static char mail[MAIL_MAX];

static struct slice read_fixture(const char *name, char bytes[static MAIL_MAX])
{
    char path[NAME_MAX_HERE];
    snprintf(path, sizeof path, "tests/fixtures/dkim/%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t size = fread(bytes, 1, MAIL_MAX, file);
    fclose(file);
    assert_in_range(size, 1, MAIL_MAX - 1);
    return (struct slice){bytes, size};
}

static struct slice read_key(const char *name)
{
    static char bytes[MAIL_MAX];
    return slice_trim(read_fixture(name, bytes));
}

/* Why the only signature of BYTES is not valid by KEY; "valid" when it is. */
static const char *verify(struct slice bytes, struct slice key)
{
    struct dkim_signature signatures[DKIM_SIGNATURES_MAX];
    assert_int_equal(dkim_find(bytes, signatures), 1);
    if (signatures->flaw != NULL)
        return signatures->flaw;
    const char *why = dkim_verify(signatures, bytes, key);
    return why != NULL ? why : "valid";
}

static struct slice without_carriage_returns(struct slice from)
{
    static char bytes[MAIL_MAX];
    size_t size = 0;
    for (size_t i = 0; i < from.length; i++)
        if (from.start[i] != '\r')
            bytes[size++] = from.start[i];
    return (struct slice){bytes, size};
}

static void what_another_library_signed_is_valid(void **state)
{
    static const char *const kinds[] = {"simple", "relaxed"};
    static const char *const bodies[] = {"", "-empty", "-blank", "-unended"};
    char name[NAME_MAX_HERE];
    (void)state;
    for (int i = 0; i < 16; i++) {
        snprintf(name, sizeof name, "rsa-%s-%s%s.eml", kinds[i & 1], kinds[i >> 1 & 1],
                 bodies[i >> 2]);
        struct slice bytes = read_fixture(name, mail);
        assert_string_equal(verify(bytes, read_key("rsa.txt")), "valid");
        /* as files have it */
        if (strstr(name, "-unended") == NULL)
            assert_string_equal(verify(without_carriage_returns(bytes), read_key("rsa.txt")),
                                "valid");
    }
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "ed25519-%s-%s.eml", kinds[i & 1], kinds[i >> 1]);
        assert_string_equal(verify(read_fixture(name, mail), read_key("ed25519.txt")), "valid");
    }
}

/* Puts TO in the place of FROM, of the same length, in the fixture. */
static struct slice forge(const char *name, const char *from, const char *to)
{
    struct slice bytes = read_fixture(name, mail);
    char *at = memmem(mail, bytes.length, from, strlen(from));
    assert_non_null(at);
    assert_int_equal(strlen(from), strlen(to));
    memcpy(at, to, strlen(to));
    return bytes;
}

static void every_change_of_what_is_signed_is_seen(void **state)
{
    static const char *const names[] = {"rsa-simple-simple.eml", "rsa-relaxed-relaxed.eml"};
    static const char body[] = "the body is not as it was signed";
    static const char header[] = "the header is not as it was signed, or not by this key";
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct slice key = read_key("rsa.txt");
        assert_string_equal(verify(forge(names[i], "count\":7", "count\":8"), key), body);
        assert_string_equal(verify(forge(names[i], "noreply@", "noreply2"), key), header);
        assert_string_equal(verify(forge(names[i], "Note: first", "Note: worst"), key), header);
        assert_string_equal(verify(forge(names[i], "Received: by", "Received: BY"), key), "valid");
        assert_string_equal(verify(forge(names[i], "t=1795", "t=1796"), key), header);
        /* a second From above, or a field that was signed as missing */
        assert_string_equal(verify(forge(names[i], "Received: by mx", "From: evil@a.mx"), key),
                            header);
        assert_string_equal(verify(forge(names[i], "Received: by mx", "X-Missing: a mx"), key),
                            header);
    }
}

static void only_relaxed_forgives_white_space(void **state)
{
    (void)state;
    struct slice key = read_key("rsa.txt");
    assert_string_equal(verify(forge("rsa-relaxed-simple.eml", "Date:   Tue", "DATE :\t Tue"), key),
                        "valid");
    assert_string_equal(verify(forge("rsa-simple-simple.eml", "Date:   Tue", "Date:\t \tTue"), key),
                        "the header is not as it was signed, or not by this key");
    assert_string_equal(
        verify(forge("rsa-simple-relaxed.eml", "example\",  \"report", "example\", \t\"report"),
               key),
        "valid");
    assert_string_equal(
        verify(forge("rsa-relaxed-simple.eml", "example\",  \"report", "example\", \t\"report"),
               key),
        "the body is not as it was signed");
}

/* A copy of the key record with TO in the place of FROM. */
static struct slice key_with(const char *from, const char *to)
{
    static char text[MAIL_MAX];
    struct slice key = read_key("rsa.txt");
    const char *at = memmem(key.start, key.length, from, strlen(from));
    assert_non_null(at);
    int length =
        snprintf(text, sizeof text, "%.*s%s%.*s", (int)(at - key.start), key.start, to,
                 (int)(key.length - (size_t)(at - key.start) - strlen(from)), at + strlen(from));
    return (struct slice){text, (size_t)length};
}

static const char *verify_with(struct slice key)
{
    return verify(read_fixture("rsa-relaxed-relaxed.eml", mail), key);
}

static void a_key_must_be_meant_for_it(void **state)
{
    (void)state;
    assert_string_equal(verify_with(key_with("s=tlsrpt", "s=email")), "valid");
    assert_string_equal(verify_with(key_with("s=tlsrpt", "s=other : * ")), "valid");
    assert_string_equal(verify_with(key_with("v=DKIM1; k=rsa; s=tlsrpt; ", "")), "valid");
    assert_string_equal(verify_with(key_with("s=tlsrpt", "h=sha1:sha256")), "valid");
    assert_string_equal(verify_with(key_with("s=tlsrpt", "s=other")),
                        "its key is for another service");
    assert_string_equal(verify_with(key_with("s=tlsrpt", "h=sha1")), "its key is not for SHA-256");
    assert_string_equal(verify_with(key_with("k=rsa", "k=ed25519")), "its key is of another kind");
    assert_string_equal(verify_with(read_key("ed25519.txt")), "its key is of another kind");
    assert_string_equal(verify_with(key_with("p=MII", "p=; n=MII")), "its key is revoked");
    assert_string_equal(verify_with(key_with("p=MII", "p=MIJ")), "its key cannot be read");
    assert_string_equal(verify_with(key_with("v=DKIM1", "v=DKIM2")),
                        "its key record cannot be read");
    assert_false(dkim_is_key((struct slice){"v=spf1 -all", strlen("v=spf1 -all")}));
    assert_true(dkim_is_key(read_key("rsa.txt")));
}

static const char *flaw_of(const char *tags)
{
    char text[1024];
    int length =
        snprintf(text, sizeof text, "DKIM-Signature: %s\r\nFrom: a@b.example\r\n\r\n", tags);
    return verify((struct slice){text, (size_t)length}, read_key("rsa.txt"));
}

static void a_signature_with_a_flaw_needs_no_key(void **state)
{
    (void)state;
#define REST "; bh=AAAA; b=AAAA; d=b.example; s=x"
    assert_string_equal(flaw_of("v=2; a=rsa-sha256; h=from" REST), "its version is not 1");
    assert_string_equal(flaw_of("v=1; a=rsa-sha1; h=from" REST),
                        "it is made by an algorithm that is not accepted");
    assert_string_equal(flaw_of("v=1; a=rsa-sha256; h=to" REST), "it does not sign the field From");
    assert_string_equal(flaw_of("v=1; a=rsa-sha256; h=from; l=10" REST),
                        "its l= leaves a part of the body unsigned");
    assert_string_equal(flaw_of("v=1; a=rsa-sha256; h=from; c=nofws" REST),
                        "its canonicalization is not known");
    assert_string_equal(flaw_of("v=1; a=rsa-sha256; h=from; i=@example" REST),
                        "its i= is not within its domain");
    assert_string_equal(flaw_of("v=1; a=rsa-sha256; h=from; i=@evilb.example" REST),
                        "its i= is not within its domain");
    assert_string_equal(flaw_of("v=1; a=rsa-sha256; h=from; q=http" REST), "its key is not in DNS");
    assert_string_equal(flaw_of("v=1; a=rsa-sha256; h=from; v=1" REST), "it has a tag twice");
    assert_string_equal(flaw_of("v=1; a=rsa-sha256" REST), "it lacks a tag that it needs");
    assert_string_equal(flaw_of("v=1; a=rsa-sha256; h=from; bh=A; b=A; d=b.example; s=a b"),
                        "its selector is no name");
    assert_string_equal(flaw_of(""), "it lacks a tag that it needs");
}

static void it_tells_who_signed_and_where_the_key_is(void **state)
{
    struct dkim_signature signatures[DKIM_SIGNATURES_MAX];
    char author[DOMAIN_TEXT];
    (void)state;
    struct slice bytes = read_fixture("rsa-simple-simple.eml", mail);
    assert_int_equal(dkim_find(bytes, signatures), 1);
    assert_string_equal(signatures->domain, "reporter.example");
    assert_string_equal(signatures->key, "sel-rsa._domainkey.reporter.example");
    assert_true(dkim_author(bytes, author));
    assert_string_equal(author, "reporter.example");
}

static void a_mail_may_have_none_and_too_many(void **state)
{
    struct dkim_signature signatures[DKIM_SIGNATURES_MAX];
    static char text[MAIL_MAX];
    size_t size = 0;
    (void)state;
    assert_int_equal(dkim_find((struct slice){"", 0}, signatures), 0);
    assert_int_equal(dkim_find((struct slice){"\r\n\r\nDKIM-Signature: v=1", 4}, signatures), 0);
    while (size + 64 < sizeof text)
        size += (size_t)snprintf(text + size, sizeof text - size, "DKIM-Signature: v=1\n");
    assert_int_equal(dkim_find((struct slice){text, size}, signatures), DKIM_SIGNATURES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_another_library_signed_is_valid),
        cmocka_unit_test(every_change_of_what_is_signed_is_seen),
        cmocka_unit_test(only_relaxed_forgives_white_space),
        cmocka_unit_test(a_key_must_be_meant_for_it),
        cmocka_unit_test(a_signature_with_a_flaw_needs_no_key),
        cmocka_unit_test(it_tells_who_signed_and_where_the_key_is),
        cmocka_unit_test(a_mail_may_have_none_and_too_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
