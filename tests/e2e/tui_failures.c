/* Failures by result type, and MX hosts that fail, on the screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/vocab.h"
#include "../console_assert.h"
#include "../dashboard.h"
#include "../make_report.h"

enum { TODAY = 20777 /* 2026-11-20, a Friday */ };

static char folder[64];
static char path[128];

static struct policy *begin(struct report *report, const char *organization, const char *domain,
                            const char *type, const char *text, int64_t successful, int64_t failed)
{
    char id[128];
    snprintf(id, sizeof id, "%s %s %.20s", domain, type, organization);
    make_report(report, organization, id, TODAY - 2);
    return add_policy(report, type, domain, text, successful, failed);
}

static void keep(struct store *store, struct report *report)
{
    assert_int_equal(keep_report(store, report, "-"), OUTCOME_IMPORTED);
}

/* In testing with failures, in testing without, under enforce, with DANE, with
 * every result type there is, and as strangers like it. */
static int fill(void **state)
{
    (void)state;
    struct db *db;
    struct report report;
    struct policy *policy;
    setenv("SOURCE_DATE_EPOCH", "1795176000", 1); /* noon of that day */
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    struct store *store = open_store(db);
    policy = begin(&report, "Google", "trying.example", "sts", sts_text("testing"), 900, 100);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx1.trying.example", 70);
    add_failure(&report, policy, "starttls-not-supported", "192.0.2.2", "mx2.trying.example", 30);
    keep(store, &report);
    policy = begin(&report, "Yahoo", "trying.example", "no-policy-found", "", 10, 5);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx2.trying.example", 5);
    keep(store, &report);
    begin(&report, "Google", "ready.example", "sts", sts_text("testing"), 500, 0);
    keep(store, &report);
    policy = begin(&report, "Google", "strict.example", "sts", sts_text("enforce"), 1, 4);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "MX.example.com.", 3);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx9.strict.example", 1);
    keep(store, &report);
    policy = begin(&report, "Postfix", "signed.example", "tlsa", "3 1 1 AB", 1, 2);
    add_failure(&report, policy, "tlsa-invalid", "192.0.2.1", "mx.signed.example", 2);
    keep(store, &report);
    policy = begin(&report, "Google", "every.example", "sts", sts_text("testing"), 0, 100);
    for (size_t i = 0; i < result_type_count; i++)
        add_failure(&report, policy, result_types[i].name, "192.0.2.1", "mx.every.example",
                    (int64_t)(20 - i))
            ->additional_info = "said on several attempts, over more than one of its addresses, "
                                "before it gave up";
    keep(store, &report);
    policy =
        begin(&report, "Evil\nSafe to enforce", "trap.example", "sts", sts_text("testing"), 0, 1);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.trap.example;$(reboot)",
                1);
    keep(store, &report);
    policy = begin(&report, "Google", "unsummed.example", "sts", sts_text("testing"), 100, 0);
    add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.unsummed.example", 60);
    keep(store, &report);
    begin(&report, "Google", "unnamed.example", "sts", sts_text("testing"), 100, 7);
    keep(store, &report);
    policy = begin(&report, hostile_text(), "odd.example", "sts", sts_text("testing"), 0, 7);
    add_failure(&report, policy, hostile_text(), hostile_text(), hostile_text(), 7);
    keep(store, &report);
    assert_int_equal(store_close(store, ""), DB_OK);
    db_close(db);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* The screen behind KEY of DOMAIN, "" for all. */
static struct console *open_screen(const char *domain, const char *key, int columns, int rows)
{
    struct console *console = open_dashboard(path, columns, rows);
    assert_types(console, domain[0] != '\0' ? "/" : "g");
    assert_types(console, domain);
    assert_types(console, domain[0] != '\0' ? "<Enter>" : "");
    assert_types(console, key);
    assert_shows(console, key[0] == '4' ? "\u203a Failures" : "\u203a MX hosts");
    assert_settles(console);
    return console;
}

/* --- failures --- */

static void testing_says_what_enforce_would_have_lost(void **state)
{
    (void)state;
    struct console *console = open_screen("trying", "4", 80, 24);
    assert_shows(console, "105 failed of 1,015 sessions (10%)");
    assert_shows(console, "100 of 1,000 under MTA-STS testing: delivered; enforce would not have");
    assert_shows(console, "5 of 15 under no policy in force: delivered, perhaps in the clear");
    leave_dashboard(console);
}

static void testing_without_failures_says_that_nothing_would_be_lost(void **state)
{
    (void)state;
    struct console *console = open_screen("ready", "4", 100, 30);
    assert_shows(console, "None failed of 500 sessions (0%)");
    assert_shows(console, "None of 500 under MTA-STS testing: enforce would have lost nothing.");
    assert_shows(console, "No report of these days names a failure.");
    assert_types(console, "<Enter><Tab><Enter>jk");
    leave_dashboard(console);
}

static void enforce_and_dane_cost_mail(void **state)
{
    (void)state;
    struct console *console = open_screen("strict", "4", 100, 30);
    assert_shows(console, "4 of 5 under MTA-STS enforce: not delivered by them");
    leave_dashboard(console);
    console = open_screen("signed", "4", 100, 30);
    assert_shows(console, "2 of 3 under DANE: not delivered by them");
    leave_dashboard(console);
}

static void a_type_is_explained_with_the_names_of_the_domain(void **state)
{
    (void)state;
    struct console *console = open_screen("trying", "4", 100, 30);
    assert_shows(console, "75  certificate-expired");
    assert_shows(console, "Means   The certificate of the MX host, or one in its chain, has "
                          "expired.");
    assert_shows(console, "-connect mx1.trying.example:25");
    assert_types(console, "j");
    assert_shows(console, "Means   The MX host did not offer STARTTLS");
    assert_shows(console, "dig +short MX trying.example");
    assert_shows(console, "-connect mx2.trying.example:25");
    assert_hides(console, "DOMAIN");
    leave_dashboard(console);
}

static void summaries_and_details_that_differ_are_told_of(void **state)
{
    (void)state;
    struct console *console = open_screen("unsummed", "4", 100, 30);
    assert_shows(console, "The details below name 60 failures, the summaries none.");
    assert_hides(console, "would have lost nothing");
    leave_dashboard(console);
    console = open_screen("unnamed", "4", 100, 30);
    assert_shows(console, "7 failed of 107 sessions");
    assert_shows(console, "No report tells more of these failures; 7 lists them.");
    assert_hides(console, "Nothing failed");
    leave_dashboard(console);
}

static void what_is_broken_into_lines_is_copied_whole(void **state)
{
    (void)state;
    struct console *console = open_screen("trying", "4", 80, 30);
    assert_types(console, "<Tab>jjy"); /* on its second line */
    assert_shows(console, "copied: Renew the certificate, reload");
    assert_string_equal(console_clipboard(console),
                        "Renew the certificate, reload the mail server, and let the renewal do the "
                        "reload in future. If TLSA records hold its digest, publish the new one "
                        "beforehand.");
    leave_dashboard(console);
}

/* It is to be typed into a shell. */
static void no_command_names_what_is_no_host(void **state)
{
    (void)state;
    struct console *console = open_screen("trap", "4", 140, 45);
    assert_shows(console, "-connect MX:25");
    assert_hides(console, "reboot");
    leave_dashboard(console);
}

static void a_name_in_lines_is_shown_in_one(void **state)
{
    (void)state;
    struct console *console = open_screen("trap", "4", 140, 45);
    assert_types(console, "7<Enter>");
    assert_shows(console, "Evil\\x0aSafe to enforce");
    assert_types(console, "a");
    assert_shows(console, "Evil\\x0aSafe to enforce");
    leave_dashboard(console);
}

static void what_is_of_all_domains_names_none(void **state)
{
    (void)state;
    struct console *console = open_screen("", "4", 100, 30);
    assert_shows(console, "Failures of all domains");
    assert_shows(console, "-connect MX:25");
    leave_dashboard(console);
}

/* Every type there is can be read to its end on the smallest screen. */
static void every_type_is_explained_on_every_size(void **state)
{
    (void)state;
    static const int sizes[][2] = {{60, 15}, {80, 24}, {200, 60}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct console *console = open_screen("every", "4", sizes[i][0], sizes[i][1]);
        for (size_t type = 0; type < result_type_count; type++) {
            char end[16];
            const char *causes = result_types[type].causes;
            snprintf(end, sizeof end, "%s", causes + strlen(causes) - 10);
            assert_shows(console, result_types[type].name);
            assert_types(console, "<Tab>G");
            assert_shows(console, strrchr(end, ' ') != NULL ? strrchr(end, ' ') + 1 : end);
            assert_types(console, "<S-Tab>j");
        }
        leave_dashboard(console);
    }
}

static void enter_shows_the_single_failures(void **state)
{
    (void)state;
    struct console *console = open_screen("trying", "4", 100, 30);
    assert_types(console, "j<Enter>");
    assert_shows(console, "30 failed");
    assert_shows(console, "192.0.2.2");
    assert_types(console, "<Esc>");
    assert_shows(console, "row 2 of 2");
    leave_dashboard(console);
}

/* Below a short list there is room for it. */
static void what_to_do_about_a_failure_is_told_to_its_end(void **state)
{
    (void)state;
    struct console *console = open_screen("every", "4", 80, 24);
    for (size_t i = 0; i < result_type_count; i++) {
        assert_types(console, "<Enter>");
        assert_shows(console, "row 1 of 1");
        for (int row = row_of(console, "from 192.0.2.1 to MX"); row < 22; row++)
            if (strstr(console_row(console, row), "\u2026") != NULL)
                fail_msg("%s: cut\n%s", result_types[i].name, console_screen(console));
        assert_shows(console, strrchr(result_types[i].action, ' ') + 1);
        assert_types(console, "<Esc>j");
    }
    leave_dashboard(console);
}

static void unknown_types_are_shown_and_harmless(void **state)
{
    (void)state;
    struct console *console = open_screen("odd", "4", 80, 24);
    assert_shows(console, HOSTILE_SHOWN);
    assert_shows(console, "RFC 8460 does not name this result type.");
    assert_types(console, "<Tab>jjjG<Tab><Enter>");
    assert_shows(console, "7 failed");
    leave_dashboard(console);
}

/* --- MX hosts --- */

static void hosts_come_by_their_failures(void **state)
{
    (void)state;
    struct console *console = open_screen("trying", "5", 140, 30);
    int first = row_of(console, "mx1.trying.example"), second = row_of(console, "mx2.trying");
    assert_true(first < second);
    assert_non_null(strstr(console_row(console, first), "70"));
    assert_non_null(strstr(console_row(console, first), "67%"));
    assert_non_null(strstr(console_row(console, second), "starttls-not-supported"));
    leave_dashboard(console);
}

static void hosts_that_the_policy_leaves_out_are_named(void **state)
{
    (void)state;
    struct console *console = open_screen("strict", "5", 100, 30);
    assert_non_null(strstr(console_row(console, row_of(console, "MX.example.com")), "yes"));
    assert_non_null(strstr(console_row(console, row_of(console, "mx9.strict.example")), "no "));
    leave_dashboard(console);
}

static void the_longest_result_type_fits(void **state)
{
    (void)state;
    struct console *console = open_screen("trying", "5", 80, 24);
    assert_non_null(
        strstr(console_row(console, row_of(console, "mx2.trying")), "starttls-not-supported"));
    leave_dashboard(console);
}

static void enter_shows_the_failures_at_a_host(void **state)
{
    (void)state;
    struct console *console = open_screen("trying", "5", 100, 30);
    assert_types(console, "j<Enter>");
    assert_shows(console, "35 failed");
    assert_types(console, "<Esc>");
    assert_shows(console, "row 2 of 2");
    leave_dashboard(console);
}

static void hosts_of_all_domains_are_together(void **state)
{
    (void)state;
    struct console *console = open_screen("", "5", 80, 24);
    assert_shows(console, "MX hosts of all domains");
    assert_shows(console, "mx.every.example");
    assert_shows(console, "mx.signed.example");
    leave_dashboard(console);
}

static void hosts_that_strangers_name_are_harmless(void **state)
{
    (void)state;
    static const int sizes[][2] = {{60, 15}, {80, 24}, {200, 60}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct console *console = open_screen("odd", "5", sizes[i][0], sizes[i][1]);
        assert_shows(console, HOSTILE_SHOWN);
        assert_types(console, "<Enter>");
        assert_shows(console, "7 failed");
        leave_dashboard(console);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(testing_says_what_enforce_would_have_lost),
        cmocka_unit_test(testing_without_failures_says_that_nothing_would_be_lost),
        cmocka_unit_test(enforce_and_dane_cost_mail),
        cmocka_unit_test(a_type_is_explained_with_the_names_of_the_domain),
        cmocka_unit_test(summaries_and_details_that_differ_are_told_of),
        cmocka_unit_test(what_is_broken_into_lines_is_copied_whole),
        cmocka_unit_test(no_command_names_what_is_no_host),
        cmocka_unit_test(a_name_in_lines_is_shown_in_one),
        cmocka_unit_test(what_is_of_all_domains_names_none),
        cmocka_unit_test(every_type_is_explained_on_every_size),
        cmocka_unit_test(enter_shows_the_single_failures),
        cmocka_unit_test(what_to_do_about_a_failure_is_told_to_its_end),
        cmocka_unit_test(unknown_types_are_shown_and_harmless),
        cmocka_unit_test(hosts_come_by_their_failures),
        cmocka_unit_test(hosts_that_the_policy_leaves_out_are_named),
        cmocka_unit_test(the_longest_result_type_fits),
        cmocka_unit_test(enter_shows_the_failures_at_a_host),
        cmocka_unit_test(hosts_of_all_domains_are_together),
        cmocka_unit_test(hosts_that_strangers_name_are_harmless),
    };
    return cmocka_run_group_tests(tests, fill, clean);
}
