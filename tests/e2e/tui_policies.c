/* Policies and changes on the screen: texts beside each other, what is wrong with
 * them, who saw what when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/observation.h"
#include "../console_assert.h"
#include "../dashboard.h"
#include "../make_report.h"

enum { TODAY = 20777 /* 2026-11-20, a Friday */, DAYS = 20 };

static char folder[64];
static char path[128];

static const char testing[] = "version: STSv1\nmode: testing\nmx: mx.example.com\nmax_age: 604800";
static const char enforce[] =
    "version: STSv1\nmode: enforce\nmx: mx.example.com\nmx: mx2.example.com\nmax_age: 1209600";

static void keep(struct store *store, const char *domain, const char *organization, int day,
                 const char *type, const char *text)
{
    struct report report;
    char id[128];
    snprintf(id, sizeof id, "%s %d %.20s", domain, day, organization);
    make_report(&report, organization, id, day);
    add_policy(&report, type, domain, text, 100, 0);
    assert_int_equal(keep_report(store, &report, id), OUTCOME_IMPORTED);
}

static void check(struct db *db, int day, enum tls_mode mode)
{
    struct observation observation = {
        .first_time = (int64_t)day * SECONDS_PER_DAY,
        .last_time = (int64_t)day * SECONDS_PER_DAY,
        .mode = mode,
        .evidence = "{}",
        .problems = "[]",
    };
    bool changed;
    assert_int_equal(observation_store(db, "moved.example", "", &observation, &changed), DB_OK);
}

#define FIRST_RECORD  "3 1 1 8ECCE241697DE92D47537FF4A7D17DF1FDFFDD6C1491A33AC097172971C9B9CA"
#define SECOND_RECORD "3 1 1 9F3A2AF68AA9365C0BFE2E1117BC04FEFAD5415D96124568C459C544A97DD3BA"

/* moved.example went to enforce a week ago, which Yahoo has not noticed;
 * broken.example quotes a policy that is none; odd.example what strangers write;
 * bare.example has no policy. */
static int fill(void **state)
{
    (void)state;
    struct db *db;
    setenv("SOURCE_DATE_EPOCH", "1795176000", 1); /* noon of that day */
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    struct store *store = open_store(db);
    for (int day = TODAY - DAYS + 1; day <= TODAY; day++) {
        keep(store, "moved.example", "Google", day, "sts", day < TODAY - 7 ? testing : enforce);
        keep(store, "moved.example", "Yahoo", day, "sts", testing);
    }
    keep(store, "broken.example", "Google", TODAY - 3, "sts", "version: STSv1\nmode: Enforce");
    keep(store, "odd.example", "Google", TODAY - 3, "sts", testing);
    keep(store, "odd.example", hostile_text(), TODAY - 2, "sts", hostile_text());
    keep(store, "odd.example", hostile_text(), TODAY - 1, hostile_text(), hostile_text());
    keep(store, "signed.example", "Google", TODAY - 1, "tlsa", FIRST_RECORD);
    keep(store, "signed.example", "Google", TODAY, "tlsa", FIRST_RECORD "\n" SECOND_RECORD);
    keep(store, "odd.example", "Google", TODAY, "tlsa", "3 1 1 0D6FCE3D\n3 1 1 0A0B0C0D");
    keep(store, "bare.example", "Google", TODAY, "no-policy-found", "");
    keep(store, "old.example", "Google", TODAY - 1200, "sts", testing);
    keep(store, "old.example", "Google", TODAY, "sts", testing);
    assert_int_equal(store_close(store, ""), DB_OK);
    check(db, TODAY - 12, MODE_STS_TESTING);
    check(db, TODAY - 8, MODE_STS_ENFORCE);
    db_close(db);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

static struct console *open_policies(const char *domain, int columns, int rows)
{
    struct console *console = open_dashboard(path, columns, rows);
    assert_types(console, "/");
    assert_types(console, domain);
    assert_types(console, "<Enter>6");
    assert_shows(console, "Difference to the one before");
    assert_settles(console);
    return console;
}

static void texts_stand_beside_the_one_before(void **state)
{
    (void)state;
    struct console *console = open_policies("moved", 100, 30);
    int row, left, right;
    assert_shows(console, "2026-11-13  2026-11-20  MTA-STS enforce");
    assert_shows(console, "2026-11-01  2026-11-20  MTA-STS testing");
    assert_shows(console, "Since 2026-11-13: mode testing \u203a enforce, max_age 604800 (7 days) "
                          "\u203a 1209600 (14 days),");
    assert_shows(console, "+mx2.example.com");
    assert_true(console_find(console, "- mode: testing", &row, &left));
    assert_true(console_find(console, "+ mode: enforce", NULL, &right));
    assert_true(right > left + 20);
    assert_non_null(strstr(console_row(console, row), "+ mode: enforce")); /* on one level */
    assert_int_not_equal(console_cell(console, row, left).foreground,
                         console_cell(console, row, right).foreground);
    assert_shows(console, "  version: STSv1");
    assert_hides(console, "- version: STSv1");
    leave_dashboard(console);
}

static void the_first_text_has_none_before_it(void **state)
{
    (void)state;
    struct console *console = open_policies("moved", 100, 30);
    assert_types(console, "j");
    assert_shows(console, "The first MTA-STS policy that reports quote.");
    assert_shows(console, "+ mode: testing");
    leave_dashboard(console);
}

static void where_there_is_no_policy_the_words_fit(void **state)
{
    (void)state;
    struct console *console = open_policies("bare", 140, 40);
    assert_shows(console, "These reporters found neither an MTA-STS policy nor DANE.");
    assert_shows(console, "No change of mode or policy since 2026-11-20, the first day known; 8 "
                          "shows all domains.");
    assert_hides(console, "in these days");
    assert_types(console, "2<S-Tab>");
    assert_shows(console, "No mode or policy changed in these");
    leave_dashboard(console);
}

static void a_domain_of_many_years_has_not_changed_in_the_last_three(void **state)
{
    (void)state;
    struct console *console = open_policies("old", 140, 40);
    assert_shows(console,
                 "No change of mode or policy in the last three years; 8 shows all domains.");
    leave_dashboard(console);
}

static void changes_tell_who_lags_and_until_when(void **state)
{
    (void)state;
    struct console *console = open_policies("moved", 140, 40);
    assert_shows(console, "2026-11-12  MTA-STS testing \u203a enforce");
    assert_shows(console, "Yahoo, was due 2026-11-19");
    assert_types(console, "<Tab><Tab>");
    assert_shows(console, "The live check saw it on 2026-11-12. Google reported it first, on "
                          "2026-11-13.");
    assert_shows(console, "Yahoo still reported testing on 2026-11-20, longer than");
    assert_shows(console, "row 1 of 1");
    leave_dashboard(console);
}

static void a_text_names_its_reporters(void **state)
{
    (void)state;
    struct console *console = open_policies("moved", 140, 40);
    assert_shows(console, "Reported by (1)");
    assert_types(console, "j");
    assert_shows(console, "Reported by (2)");
    assert_types(console, "<Tab><Tab><Tab>s"); /* another order of the same rows */
    assert_shows(console, "Reported by (2)");
    assert_shows(console, "row 1 of 2");
    leave_dashboard(console);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;
    struct console *console = open_policies("broken", 140, 30);
    assert_shows(console, "It has a mode that is not enforce, testing or none, so that senders "
                          "take it for none: write one of these words, in lower case.");
    assert_shows(console, "It has no max_age, so that senders take it for none: add "
                          "\"max_age: 604800\" to it.");
    leave_dashboard(console);
}

static void what_strangers_write_is_harmless(void **state)
{
    (void)state;
    static const int sizes[][2] = {{60, 15}, {80, 24}, {160, 45}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct console *console = open_policies("odd", sizes[i][0], sizes[i][1]);
        assert_shows(console, "DANE");
        for (int row = 0; row < 4; row++) {
            assert_types(console, "<Tab>j<Tab>j<Tab>j<Tab>j");
            assert_settles(console);
        }
        assert_shows(console, "\\x1b]0;evil");
        leave_dashboard(console);
    }
}

static void policies_of_dane_are_told_by_their_records(void **state)
{
    (void)state;
    struct console *console = open_policies("signed", 80, 24);
    assert_shows(console, "DANE 8ECC 9F3A ");
    assert_shows(console, "DANE 8ECC  ");
    assert_shows(console, "Compared with the policy first seen on 2026-11-19.");
    leave_dashboard(console);
}

static void a_digest_is_shown_to_its_end(void **state)
{
    (void)state;
    static const int widths[] = {60, 80, 160};
    for (size_t i = 0; i < sizeof widths / sizeof *widths; i++) {
        struct console *console = open_policies("signed", widths[i], 30);
        assert_shows(console, "+ 3 1 1 9F3A");
        assert_shows(console, "DD3BA");
        assert_hides(console, "+ DD3BA");
        leave_dashboard(console);
    }
}

static void until_when_somebody_lags_is_shown_at_80_columns(void **state)
{
    (void)state;
    struct console *console = open_policies("moved", 80, 24);
    assert_shows(console, "Yahoo, was due 2026-11-19");
    leave_dashboard(console);
}

static void all_domains_have_no_policy_in_common(void **state)
{
    (void)state;
    struct console *console = open_dashboard(path, 80, 24);
    assert_types(console, "g6");
    assert_shows(console, "A policy is that of one domain");
    assert_types(console, "<Tab>j<Enter><Tab>j");
    leave_dashboard(console);
}

/* --- changes on the screen of a domain --- */

static void a_domain_marks_its_changes(void **state)
{
    (void)state;
    struct console *console = open_dashboard(path, 100, 30);
    assert_types(console, "/moved<Enter><Enter>");
    assert_shows(console, "\u250311-12 enforce");
    int mark, strip, column, of_strip;
    assert_true(console_find(console, "\u250311-12", &mark, &column));
    assert_true(console_find(console, "Mode ", &strip, &of_strip));
    assert_int_equal(mark + 1, strip);
    assert_string_equal(console_cell(console, strip, column).text, "t");     /* to Yahoo's eyes */
    assert_string_equal(console_cell(console, strip, column + 2).text, "E"); /* two cells a day */
    assert_types(console, "<Tab><Tab><Tab><Tab>");
    assert_shows(console, "Changes (1)");
    assert_shows(console, "Google reported it first, on 2026-11-13.");
    leave_dashboard(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_stand_beside_the_one_before),
        cmocka_unit_test(the_first_text_has_none_before_it),
        cmocka_unit_test(where_there_is_no_policy_the_words_fit),
        cmocka_unit_test(a_domain_of_many_years_has_not_changed_in_the_last_three),
        cmocka_unit_test(changes_tell_who_lags_and_until_when),
        cmocka_unit_test(a_text_names_its_reporters),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(what_strangers_write_is_harmless),
        cmocka_unit_test(policies_of_dane_are_told_by_their_records),
        cmocka_unit_test(a_digest_is_shown_to_its_end),
        cmocka_unit_test(until_when_somebody_lags_is_shown_at_80_columns),
        cmocka_unit_test(all_domains_have_no_policy_in_common),
        cmocka_unit_test(a_domain_marks_its_changes),
    };
    return cmocka_run_group_tests(tests, fill, clean);
}
