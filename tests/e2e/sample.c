/* Sample mailboxes, imported and exported by the real programs, come to the figures that the
 * generator counted. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include <cmocka.h>

#include "../../db/db.h"
#include "../../db/vocab.h"
#include "../make_report.h"
#include "../run_program.h"

#define SAMPLE BUILD "/tests/sample/sample"
#define IMPORT BUILD "/tlsrptop-import"
#define EXPORT BUILD "/tlsrptop"
#define UNTIL  "2026-11-24"

static const char *const environment[] = {"SOURCE_DATE_EPOCH=1795523696", NULL}; /* UNTIL, noon */
static char folder[64];
static char box[96], truth_path[96], database[96];

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(box, sizeof box, "%s/box", folder);
    snprintf(truth_path, sizeof truth_path, "%s/truth", folder);
    snprintf(database, sizeof database, "%s/reports.db", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    remove_folder(folder);
    return 0;
}

/* --- running the programs --- */

static void write_sample(const char *mails, const char *seed, const char *kind, const char *path)
{
    struct run run = {.environment = environment};
    run_program(&run, SAMPLE, "--mails", mails, "--seed", seed, "--until", UNTIL, "--truth",
                truth_path, kind, path, NULL);
    if (run.status != 0)
        fail_msg("sample: %d: %s", run.status, run.err);
    run_free(&run);
}

/* The sample holds damaged mails, which the exit status tells. */
static void import_sample(const char *path)
{
    struct run run = {.environment = environment, .patience = 600};
    run_program(&run, IMPORT, "--db", database, "-q", path, NULL);
    if (run.status != 1)
        fail_msg("tlsrptop-import: %d: %s", run.status, run.err);
    run_free(&run);
}

/* What `tlsrptop export WHAT` writes; to be freed. */
static char *export_table(const char *what)
{
    struct run run = {.environment = environment};
    run_program(&run, EXPORT, "export", what, "--db", database, NULL);
    if (run.status != 0)
        fail_msg("tlsrptop export: %d: %s", run.status, run.err);
    char *out = run.out;
    run.out = NULL;
    run_free(&run);
    return out;
}

/* --- comparing --- */

/* Calls CHECK with each line of the truth, taken apart at its tabs. */
enum { FIELDS_MAX = 5 };
typedef void check_fn(void *context, char *const fields[static FIELDS_MAX]);
static void each_truth(check_fn *check, void *context)
{
    size_t size;
    char *text = read_whole_file(truth_path, &size), *rest = text, *line;
    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        char *fields[FIELDS_MAX] = {NULL};
        for (int i = 0; i < FIELDS_MAX && line != NULL; i++)
            fields[i] = strsep(&line, "\t");
        check(context, fields);
    }
    free(text);
}

struct expected {
    const char *domain;
    int64_t reports, successful, failed;
};

static void add_up(void *context, char *const fields[static FIELDS_MAX])
{
    struct expected *expected = context;
    if (fields[1] == NULL || strcmp(fields[1], expected->domain) != 0)
        return;
    if (strcmp(fields[0], "reports") == 0)
        expected->reports += atoll(fields[2]);
    if (strcmp(fields[0], "sessions") == 0) {
        expected->successful += atoll(fields[3]);
        expected->failed += atoll(fields[4]);
    }
}

static void count_domains(void *context, char *const fields[static FIELDS_MAX])
{
    *(unsigned *)context += strcmp(fields[0], "reports") == 0;
}

/* Every domain of the truth is in `export domains`, and no other, with its figures. */
static void domains_are_true(void)
{
    unsigned wanted = 0, seen = 0;
    each_truth(count_domains, &wanted);
    char *table = export_table("domains"), *rest = table, *line = strsep(&rest, "\n");
    assert_int_equal(strncmp(line, "domain,mode,reports,reporters,successful,failed,", 48), 0);
    while ((line = strsep(&rest, "\n")) != NULL && *line != '\0') {
        char *cells[6];
        for (int i = 0; i < 6; i++)
            cells[i] = strsep(&line, ",");
        struct expected expected = {.domain = cells[0]};
        each_truth(add_up, &expected);
        if (atoll(cells[2]) != expected.reports || atoll(cells[4]) != expected.successful ||
            atoll(cells[5]) != expected.failed)
            fail_msg("%s: %s reports, %s and %s sessions, and not %" PRId64 ", %" PRId64
                     " and %" PRId64,
                     cells[0], cells[2], cells[4], cells[5], expected.reports, expected.successful,
                     expected.failed);
        seen++;
    }
    assert_int_equal(seen, wanted);
    assert_true(seen >= 12);
    free(table);
}

/* The daily totals hold the sessions of each domain by policy type. */
static void check_type(void *context, char *const fields[static FIELDS_MAX])
{
    int64_t sums[2];
    if (strcmp(fields[0], "sessions") != 0)
        return;
    for (int failed = 0; failed < 2; failed++)
        sums[failed] = sql_integer(
            context,
            "SELECT coalesce(sum(%s), 0) FROM total_reporter WHERE level = 0 AND type = %d"
            " AND domain = (SELECT id FROM domain WHERE name = '%s')",
            failed ? "failed" : "successful", policy_type_find(fields[2]), fields[1]);
    if (sums[0] != atoll(fields[3]) || sums[1] != atoll(fields[4]))
        fail_msg("%s, %s: %" PRId64 " and %" PRId64 ", and not %s and %s", fields[1], fields[2],
                 sums[0], sums[1], fields[3], fields[4]);
}

static void check_outcome(void *context, char *const fields[static FIELDS_MAX])
{
    if (strcmp(fields[0], "outcome") != 0)
        return;
    int64_t rows = 0;
    char wanted[32];
    snprintf(wanted, sizeof wanted, ",%s,", fields[1]);
    for (const char *at = context; (at = strstr(at, wanted)) != NULL; at++)
        rows++;
    if (rows != atoll(fields[2]))
        fail_msg("the journal has %" PRId64 " rows of %s, and not %s", rows, fields[1], fields[2]);
}

static void journal_is_true(void)
{
    char *journal = export_table("imports");
    each_truth(check_outcome, journal);
    free(journal);
}

static void types_are_true(void)
{
    struct db *db;
    assert_int_equal(db_open(&db, database, DB_READ), DB_OK);
    each_truth(check_type, db);
    db_close(db);
}

/* --- tests --- */

static void six_hundred_mails_in_a_folder(void **state)
{
    (void)state;
    write_sample("600", "1", "eml", box);
    import_sample(box);
    domains_are_true();
    types_are_true();
    journal_is_true();
}

static void another_seed_in_a_maildir(void **state)
{
    (void)state;
    write_sample("600", "2", "maildir", box);
    import_sample(box);
    domains_are_true();
    types_are_true();
    journal_is_true();
}

static void the_same_again_changes_no_figure(void **state)
{
    (void)state;
    char other[96];
    snprintf(other, sizeof other, "%s/other", folder);
    write_sample("600", "1", "eml", box);
    write_sample("600", "1", "mbox", other);
    import_sample(box);
    import_sample(other);
    domains_are_true();
    types_are_true();
}

/* The modes that the stories end with. */
static void check_modes(void)
{
    static const char *const modes[][2] = {
        {"example.com", "sts-enforce"},
        {"example.net", "dane+sts-enforce"},
        {"shop.example.com", "sts-enforce"},
        {"example.org", "sts-testing"},
        {"xn--mnchen-3ya.example", "opportunistic"},
        {"brewery.example", "opportunistic"},
        {"quiet.example", "sts-testing"},
        {"stranger.example", "opportunistic"},
        {"bank.example", "dane"},
        {"club.example", "sts-none"},
        {"wiki.example.net", "sts-testing"},
        {"parked.example", "opportunistic"},
    };
    char *table = export_table("domains");
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        char wanted[128];
        snprintf(wanted, sizeof wanted, "\n%s,%s,", modes[i][0], modes[i][1]);
        if (strstr(table, wanted) == NULL)
            fail_msg("%s is not %s in\n%s", modes[i][0], modes[i][1], table);
    }
    free(table);
}

static void twenty_thousand_mails_in_an_mbox(void **state)
{
    (void)state;
    write_sample("20000", "1", "mbox", box);
    import_sample(box);
    domains_are_true();
    types_are_true();
    journal_is_true();
    check_modes();
}

static void the_seed_makes_the_sample(void **state)
{
    (void)state;
    char *texts[3];
    size_t sizes[3];
    static const char *const seeds[] = {"7", "7", "8"};
    for (int i = 0; i < 3; i++) {
        char path[96];
        snprintf(path, sizeof path, "%s/box%d", folder, i);
        write_sample("300", seeds[i], "mbox", path);
        texts[i] = read_whole_file(path, &sizes[i]);
    }
    assert_int_equal(sizes[0], sizes[1]);
    assert_memory_equal(texts[0], texts[1], sizes[0]);
    assert_true(sizes[0] != sizes[2] || memcmp(texts[0], texts[2], sizes[0]) != 0);
    for (int i = 0; i < 3; i++)
        free(texts[i]);
}

static void a_mailbox_that_is_there_is_left_alone(void **state)
{
    (void)state;
    struct run run = {.environment = environment};
    write_whole_file(box, "mine", 4);
    run_program(&run, SAMPLE, "mbox", box, NULL);
    assert_int_equal(run.status, 1);
    assert_non_null(strstr(run.err, "File exists"));
    run_free(&run);
    size_t size;
    char *text = read_whole_file(box, &size);
    assert_string_equal(text, "mine");
    free(text);
}

static void wrong_arguments_are_refused(void **state)
{
    (void)state;
    static const char *const wrong[][4] = {{"tar", box},
                                           {"--mails", "0", "mbox", box},
                                           {"--until", "2026-02-30", "mbox", box},
                                           {"mbox"}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct run run = {.environment = environment};
        run_program(&run, SAMPLE, wrong[i][0], wrong[i][1], wrong[i][2], wrong[i][3], NULL);
        assert_int_equal(run.status, EX_USAGE);
        run_free(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(six_hundred_mails_in_a_folder, set_up, tear_down),
        cmocka_unit_test_setup_teardown(another_seed_in_a_maildir, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_same_again_changes_no_figure, set_up, tear_down),
        cmocka_unit_test_setup_teardown(twenty_thousand_mails_in_an_mbox, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_seed_makes_the_sample, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mailbox_that_is_there_is_left_alone, set_up, tear_down),
        cmocka_unit_test_setup_teardown(wrong_arguments_are_refused, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
