/* The configuration: every default, and a sentence with its line for every mistake. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../db/config.h"
#include "../make_report.h"
#include "../run_program.h"

static char folder[64];
static char path[128];
static struct config *config;
static char error[CONFIG_ERROR];

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/config", folder);
    config = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    config_free(config);
    remove_folder(folder);
    return 0;
}

static int read_text(const char *text)
{
    config_free(config);
    config = NULL;
    write_whole_file(path, text, strlen(text));
    return config_read(&config, path, error);
}

static void assert_refused(const char *text, int line, const char *sentence)
{
    char expected[2 * CONFIG_ERROR];
    snprintf(expected, sizeof expected, "%s:%d: %s", path, line, sentence);
    assert_int_equal(read_text(text), -1);
    assert_string_equal(error, expected);
    assert_null(config);
}

#define ACCOUNT "[imap work]\nhost = imap.example.com\nuser = tlsrpt@example.com\n"

static void what_the_design_shows_is_read(void **state)
{
    (void)state;
    assert_int_equal(read_text("[database]\n"
                               "path = ~/.local/share/tlsrptop/reports.db\n"
                               "[domains]\n"
                               "mine = example.com, *.example.net\n"
                               "\n"
                               "; a remark\n"
                               "# another one\n" ACCOUNT
                               "security = starttls            ; tls (993, the default)\n"
                               "password-command = pass show mail/tlsrpt  ; or another\n"
                               "mailbox = INBOX, Reports/TLS\n"
                               "after-import = move Archive/TLS reports\n"
                               "ca-file =                 ; else the system's store\n"
                               "idle = off\n"
                               "poll = 60\n"
                               "[imap other]\n"
                               "host = 192.0.2.1\n"
                               "user = x\n"
                               "[import]\n"
                               "message-max = 2M\n"
                               "document-max = 1000k\n"),
                     0);
    assert_string_equal(config_text(config, "domains", NULL, "mine"), "example.com, *.example.net");
    assert_string_equal(config_text(config, "imap", "work", "security"), "starttls");
    assert_string_equal(config_text(config, "imap", "work", "password-command"),
                        "pass show mail/tlsrpt");
    assert_string_equal(config_text(config, "imap", "work", "after-import"),
                        "move Archive/TLS reports");
    assert_string_equal(config_text(config, "imap", "work", "ca-file"), "");
    assert_false(config_bool(config, "imap", "work", "idle"));
    assert_true(config_bool(config, "imap", "other", "idle"));
    assert_int_equal(config_number(config, "imap", "work", "poll"), 60);
    assert_int_equal(config_number(config, "imap", "other", "poll"), 300);
    assert_int_equal(config_number(config, "import", NULL, "message-max"), 2 << 20);
    assert_int_equal(config_number(config, "import", NULL, "document-max"), 1000 << 10);
    assert_string_equal(config_account(config, 0), "work");
    assert_string_equal(config_account(config, 1), "other");
    assert_null(config_account(config, 2));
    assert_string_equal(config_path(config), path);
}

static void domains_may_stand_in_several_lines(void **state)
{
    (void)state;
    assert_int_equal(
        read_text("[domains]\nmine = a.example\nmine =\nmine = *.b.example, c.example\n"), 0);
    assert_string_equal(config_text(config, "domains", NULL, "mine"),
                        "a.example, *.b.example, c.example");
}

static void expect_group(size_t index, const char *name, const char *domains)
{
    const char *seen;
    assert_string_equal(config_group(config, index, &seen), name);
    assert_string_equal(seen, domains);
}

static void groups_have_names_of_ones_choice(void **state)
{
    (void)state;
    const char *domains;
    assert_int_equal(read_text("[groups]\nacme = a.example, *.a.example\npath = b.example\n"
                               "[database]\npath = x\n[groups]\nempty =\nacme = c.example\n"),
                     0);
    expect_group(0, "acme", "a.example, *.a.example, c.example");
    expect_group(1, "path", "b.example");
    assert_null(config_group(config, 2, &domains));
    assert_string_equal(config_text(config, "database", NULL, "path"), "x");
    assert_refused("[groups]\nacme = a.example\n\nacme = nonsense!\n", 4,
                   "acme must be domains, or \"*.\" and a domain, not \"nonsense!\"");
    assert_refused("[groups]\nacme = , ,\n", 2, "acme names no domain");
    assert_refused("[groups]\na|b = a.example\n", 2,
                   "the name of a group has letters, digits, - _ and . in it, not as \"a|b\"");
    assert_refused("[groups]\nbig@one = a.example\n", 2,
                   "the name of a group has letters, digits, - _ and . in it, not as \"big@one\"");
}

static const struct {
    const char *section;
    const char *key;
    const char *text;
    int64_t number;
} defaults[] = {
    {"database", "path", "", 0},
    {"database", "keep-details-days", "0", 0},
    {"domains", "mine", "", 0},
    {"imap", "port", "0", 0},
    {"imap", "security", "tls", 0},
    {"imap", "password", "", 0},
    {"imap", "password-command", "", 0},
    {"imap", "password-file", "", 0},
    {"imap", "auth", "auto", 0},
    {"imap", "mailbox", "INBOX", 0},
    {"imap", "after-import", "keep", 0},
    {"imap", "damaged", "keep", 0},
    {"imap", "ca-file", "", 0},
    {"imap", "timeout", "60", 60},
    {"imap", "idle", "yes", 1},
    {"imap", "poll", "300", 300},
    {"import", "message-max", "32M", 32 << 20},
    {"import", "document-max", "64M", 64 << 20},
    {"import", "parts-max", "1000", 1000},
    {"import", "nesting-max", "32", 32},
    {"import", "json-depth-max", "32", 32},
    {"import", "damaged-item-max", "1M", 1 << 20},
    {"import", "damaged-total-max", "100M", 100 << 20},
    {"check", "resolver", "", 0},
    {"check", "https-port", "443", 443},
    {"check", "smtp-port", "25", 25},
    {"check", "timeout", "10", 10},
    {"advice", "testing-days", "14", 14},
    {"advice", "reporters", "2", 2},
    {"advice", "quiet-days", "7", 7},
    {"advice", "failures", "0", 0},
    {"display", "theme", "auto", 0},
    {"display", "ascii", "no", 0},
};

static void what_is_not_written_has_its_default(void **state)
{
    (void)state;
    assert_int_equal(read_text(ACCOUNT), 0);
    for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
        const char *name = strcmp(defaults[i].section, "imap") == 0 ? "work" : NULL;
        const char *text = config_text(config, defaults[i].section, name, defaults[i].key);
        if (strcmp(text, defaults[i].text) != 0)
            fail_msg("%s is \"%s\"", defaults[i].key, text);
        assert_int_equal(config_number(config, defaults[i].section, name, defaults[i].key),
                         defaults[i].number);
    }
}

static void a_mistake_is_named_with_its_line(void **state)
{
    (void)state;
    assert_refused("[database]\npth = x\n", 2,
                   "[database] has no key \"pth\"; its keys are: path keep-details-days");
    assert_refused(
        "\n[databse]\n\n\npath = x\n", 2,
        "there is no section [databse]; there are [database] [domains] [groups] [imap NAME] "
        "[import] [check] [advice] [display]");
    assert_refused(
        "path = x\n", 1,
        "a key before any section; the sections are [database] [domains] [groups] [imap NAME] "
        "[import] [check] [advice] [display]");
    assert_refused("[database]\nnonsense\n", 2, "neither a [section] nor a \"key = value\"");
    assert_refused("[database\npath = x\n", 1, "neither a [section] nor a \"key = value\"");
    assert_refused("[database]\npath = a\n\npath = b\n", 4, "path stands in line 2 already");
    assert_refused("[imap]\nhost = x\n", 1,
                   "[imap] needs a name of your choice, as in [imap work]");
    assert_refused("[database x]\npath = x\n", 1, "[database] takes no name");
    assert_refused(
        "[advise]\n", 1,
        "there is no section [advise]; there are [database] [domains] [groups] [imap NAME] "
        "[import] [check] [advice] [display]");
    assert_refused("[imap work]\n", 1, "[imap work] has no host");
    assert_refused("\n[imap work]\nhost = x\n", 2, "[imap work] has no user");
    assert_refused("[imap -x]\nhost = x\n", 1,
                   "the name \"-x\" must not hold a slash, begin with a dash, or be longer than 40 "
                   "bytes");
}

static void a_wrong_value_says_what_would_be_right(void **state)
{
    (void)state;
    assert_refused(ACCOUNT "security = ssl\n", 4,
                   "security must be one of: tls | starttls | none; not \"ssl\"");
    assert_refused(ACCOUNT "after-import = move\n", 4,
                   "after-import must be one of: keep | seen | move FOLDER | delete; not \"move\"");
    static const char half[] = "password must not hold \" ;\": write a remark above it, and a "
                               "password with that in it into a password-file";
    assert_refused(ACCOUNT "password = a ; b\n", 4, half);
    assert_refused(ACCOUNT "password=a\t;b\n", 4, half);
    assert_int_equal(read_text(ACCOUNT "password = a; b\n"), 0);
    assert_refused(ACCOUNT "port = 0\n", 4, "port must be a number from 1 to 65535, not \"0\"");
    assert_refused(ACCOUNT "port = 143x\n", 4,
                   "port must be a number from 1 to 65535, not \"143x\"");
    assert_refused(ACCOUNT "port = 99999999999999999999\n", 4,
                   "port must be a number from 1 to 65535, not \"99999999999999999999\"");
    assert_refused(ACCOUNT "idle = perhaps\n", 4, "idle must be yes or no, not \"perhaps\"");
    assert_refused("[import]\nmessage-max = 2T\n", 2,
                   "message-max must be a size from 1K to 1G (as 64M), not \"2T\"");
    assert_refused("[import]\nmessage-max = -1\n", 2,
                   "message-max must be a size from 1K to 1G (as 64M), not \"-1\"");
}

/* What matches no domain would make every report foreign, and nobody would know. */
static void a_pattern_that_can_be_no_domain_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "example..com",
        "foo_bar!",
        "http://t2.example/",
        "*.t3.*",
        "*",
        "*.",
        "*.*.example",
        "*t4.example",
        ".t5.example",
        "t6.example;x",
        "[t7.example]",
        "me@t8.example",
        "t9.example:25",
        "\"t1.example\"",
        "m\xc3nchen.example",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char text[128], sentence[128];
        snprintf(text, sizeof text, "[domains]\nmine = t1.example, %s *.t10.example\n", wrong[i]);
        snprintf(sentence, sizeof sentence,
                 "mine must be domains, or \"*.\" and a domain, not \"%s\"", wrong[i]);
        assert_refused(text, 2, sentence);
    }
    assert_int_equal(read_text("[domains]\nmine = t1.example,*.t2.example\tT3.Example. , ,"
                               " m\xc3\xbcnchen.example *.m\xc3\xbcnchen.example"
                               " xn--mnchen-3ya.example foo_bar.example _x.m\xc3\xbcnchen.example"
                               " 1-2.example example,\n"),
                     0);
}

/* The programs name all keys of a section when one is wrong: each stands in the
 * manual below its section. */
static void every_key_is_in_the_manual(void **state)
{
    (void)state;
    static const char *const sections[] = {"database", "domains", "imap x", "import",
                                           "check",    "advice",  "display"};
    size_t size, keys = 0;
    char *manual = read_whole_file("db/tlsrptop-config.5", &size);
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        char text[64], item[128], *save;
        snprintf(text, sizeof text, "[%s]\nnonsense = 1\n", sections[i]);
        assert_int_equal(read_text(text), -1);
        snprintf(item, sizeof item, "\n.Ss [%.4s", sections[i]);
        char *section = strstr(manual, item), *end = strstr(section + 1, "\n.S");
        for (char *key = strtok_r(strstr(error, "its keys are:") + 13, " ", &save); key != NULL;
             key = strtok_r(NULL, " ", &save), keys++) {
            snprintf(item, sizeof item, "\n.It Ic %s\n", key);
            const char *found = strstr(section, item);
            if (found == NULL || found > end)
                fail_msg("%s of [%s] is not in the manual", key, sections[i]);
        }
    }
    assert_true(keys >= 35); /* they were looked for */
    free(manual);
}

/* `make fuzz` is for the rest; these once looked likely to break something. */
static void odd_files_are_refused_not_misread(void **state)
{
    (void)state;
    char *text = malloc(100000);
    memset(text, 'x', 99999);
    text[99999] = '\0';
    memcpy(text, "[database]\npath = ", 18);
    assert_refused(text, 2, "the line is too long, or holds a NUL");
    free(text);

    write_whole_file(path, "[database]\npa\0th = x\n", 21);
    assert_int_equal(config_read(&config, path, error), -1);
    assert_non_null(strstr(error, ":2: "));

    assert_int_equal(read_text("\xef\xbb\xbf[database]\r\npath = x\r\n"), 0);
    assert_string_equal(config_text(config, "database", NULL, "path"), "x");
    assert_int_equal(read_text("[database]\n    path = x\n\tkeep-details-days = 3\n"), 0);
    assert_int_equal(config_number(config, "database", NULL, "keep-details-days"), 3);
    assert_int_equal(read_text(""), 0);
}

static void a_file_that_is_named_must_be_there(void **state)
{
    (void)state;
    char expected[CONFIG_ERROR];
    snprintf(expected, sizeof expected, "%s: No such file or directory", path);
    assert_int_equal(config_read(&config, path, error), -1);
    assert_string_equal(error, expected);
    assert_int_equal(config_read(&config, folder, error), -1);
    assert_non_null(strstr(error, "Is a directory"));
}

static void a_default_file_may_be_missing(void **state)
{
    (void)state;
    char wanted[256];
    setenv("XDG_CONFIG_HOME", folder, 1);
    assert_int_equal(config_read(&config, NULL, error), 0);
    assert_int_not_equal(strncmp(config_path(config), folder, strlen(folder)), 0);
    config_free(config);
    config = NULL;
    snprintf(wanted, sizeof wanted, "%s/tlsrptop", folder);
    assert_int_equal(mkdir(wanted, 0700), 0);
    snprintf(wanted, sizeof wanted, "%s/tlsrptop/config", folder);
    write_whole_file(wanted, "[display]\nascii = yes\n", 22);
    assert_int_equal(config_read(&config, NULL, error), 0);
    assert_string_equal(config_path(config), wanted);
    assert_true(config_bool(config, "display", NULL, "ascii"));
    config_free(config);
    config = NULL;
    write_whole_file(wanted, "[display]\nascii = y\n", 20);
    assert_int_equal(config_read(&config, NULL, error), -1);
    unsetenv("XDG_CONFIG_HOME");
}

static void a_password_in_a_public_file_can_be_told(void **state)
{
    (void)state;
    assert_int_equal(read_text(ACCOUNT), 0);
    assert_true(config_is_public(config));
    chmod(path, 0600);
    assert_int_equal(read_text(ACCOUNT), 0);
    assert_false(config_is_public(config));
}

static void a_leading_tilde_is_home(void **state)
{
    (void)state;
    char expanded[32];
    setenv("HOME", "/home/u", 1);
    assert_int_equal(config_expand("~/x", expanded, sizeof expanded), 0);
    assert_string_equal(expanded, "/home/u/x");
    assert_int_equal(config_expand("~x/y", expanded, sizeof expanded), 0);
    assert_string_equal(expanded, "~x/y");
    assert_int_equal(config_expand("~/0123456789012345678901234567890", expanded, sizeof expanded),
                     -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(what_the_design_shows_is_read),
        TEST(domains_may_stand_in_several_lines),
        TEST(groups_have_names_of_ones_choice),
        TEST(what_is_not_written_has_its_default),
        TEST(a_mistake_is_named_with_its_line),
        TEST(a_wrong_value_says_what_would_be_right),
        TEST(a_pattern_that_can_be_no_domain_is_refused),
        TEST(every_key_is_in_the_manual),
        TEST(odd_files_are_refused_not_misread),
        TEST(a_file_that_is_named_must_be_there),
        TEST(a_default_file_may_be_missing),
        TEST(a_password_in_a_public_file_can_be_told),
        TEST(a_leading_tilde_is_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
