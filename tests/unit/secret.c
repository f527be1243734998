/* Where a password comes from, and what is said when it does not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>

#include <cmocka.h>

#include "../../importers/secret.h"
#include "../make_report.h"
#include "../run_program.h"

enum { SETTINGS = 1024 };

static char folder[64];
static char path[128];

static int set_up(void **state)
{
    (void)state;
    unsetenv("TLSRPTOP_PASSWORD");
    make_folder(folder);
    snprintf(path, sizeof path, "%s/config", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* Asks for the secret of an account with SETTINGS. */
static int find(const char *settings, mode_t mode, struct secret *secret,
                char error[static SECRET_ERROR])
{
    char text[SETTINGS], config_error[CONFIG_ERROR];
    struct config *config;
    snprintf(text, sizeof text, "[imap work]\nhost = a.example\nuser = b\n%s\n", settings);
    write_whole_file(path, text, strlen(text));
    chmod(path, mode);
    assert_int_equal(config_read(&config, path, config_error), 0);
    int status = secret_find(config, "work", secret, error);
    config_free(config);
    return status;
}

static void expect(const char *settings, const char *password)
{
    struct secret secret;
    char error[SECRET_ERROR];
    if (find(settings, 0600, &secret, error) != EX_OK)
        fail_msg("%s: %s", settings, error);
    assert_string_equal(secret.text, password);
    secret_wipe(&secret);
    assert_int_equal(secret.text[0], '\0');
}

static void refuse(const char *settings, mode_t mode, int status, const char *sentence)
{
    struct secret secret;
    char error[SECRET_ERROR];
    assert_int_equal(find(settings, mode, &secret, error), status);
    if (strstr(error, sentence) == NULL)
        fail_msg("%s: %s", settings, error);
}

static void takes_what_a_command_prints_first(void **state)
{
    (void)state;
    expect("password-command = echo s3cret", "s3cret");
    expect("password-command = printf 'two words \\nnotes\\nmore\\n'", "two words ");
    expect("password-command = printf 's3cret\\r\\n'", "s3cret");
    expect("password-command = printf s3cret", "s3cret");
    expect("password-command = cat; echo s3cret", "s3cret"); /* there is no input */
    /* all that it prints is taken from it, or it would fail */
    expect("password-command = echo s3cret; head -c 30000 /dev/zero; sleep 0.1; echo", "s3cret");
}

static void says_how_a_command_failed(void **state)
{
    (void)state;
    refuse("password-command = echo s3cret; exit 3", 0600, EX_NOPERM,
           "password-command failed with status 3");
    refuse("password-command = /nowhere 2>/dev/null", 0600, EX_NOPERM, "failed with status 127");
    refuse("password-command = kill -KILL $$", 0600, EX_NOPERM, "was killed by signal 9");
    refuse("password-command = true", 0600, EX_CONFIG, "password-command gives no password");
    refuse("password-command = printf 'a\\0b\\n'", 0600, EX_CONFIG, "with a NUL in it");
    refuse("password-command = head -c 20000 /dev/zero | tr '\\0' x", 0600, EX_CONFIG,
           "more than 16384 bytes");
    refuse("password-command = exec yes", 0600, EX_NOPERM,
           "password-command prints more than 65536 bytes");
    refuse("timeout = 1\npassword-command = exec sleep 1000", 0600, EX_NOPERM,
           "password-command took more than 1 s");
    refuse("timeout = 1\npassword-command = echo s3cret; exec sleep 1000 >/dev/null", 0600,
           EX_NOPERM, "password-command took more than 1 s");
}

static void reads_a_file(void **state)
{
    char settings[SETTINGS], file[160];
    (void)state;
    snprintf(file, sizeof file, "%s/password", folder);
    write_whole_file(file, "s3cret\nnotes\n", 13);
    snprintf(settings, sizeof settings, "password-file = %s", file);
    expect(settings, "s3cret");
    setenv("HOME", folder, 1);
    expect("password-file = ~/password", "s3cret");
    refuse("password-file = ~/nowhere", 0600, EX_CONFIG, "nowhere: No such file or directory");
    refuse("password-file = /dev/zero", 0600, EX_CONFIG, "gives more than 16384 bytes");
    refuse("password-file = /", 0600, EX_CONFIG, "Is a directory");
}

static void takes_the_environment_where_nothing_is_configured(void **state)
{
    (void)state;
    refuse("", 0600, EX_CONFIG, "there is no password: set password-command");
    expect("password = mine", "mine");
    setenv("TLSRPTOP_PASSWORD", "theirs", 1);
    expect("", "theirs");
    expect("password = mine", "mine");
    expect("password-command = echo command", "command");
}

static void wants_a_password_to_be_kept_well(void **state)
{
    (void)state;
    refuse("password = mine", 0644, EX_CONFIG, "chmod 600");
    refuse("password = mine", 0640, EX_CONFIG, "chmod 600");
    refuse("password = mine\npassword-command = echo a", 0600, EX_CONFIG, "only one of");
    refuse("password-file = /a\npassword-command = echo a", 0600, EX_CONFIG, "only one of");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    static const struct CMUnitTest tests[] = {
        TEST(takes_what_a_command_prints_first),
        TEST(says_how_a_command_failed),
        TEST(reads_a_file),
        TEST(takes_the_environment_where_nothing_is_configured),
        TEST(wants_a_password_to_be_kept_well),
    };
    return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
