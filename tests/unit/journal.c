/* How reports came in: runs, their rows, and mailboxes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/query.h"
#include "../make_report.h"

enum { DAY = 20000, SEEN_MAX = 64 };

static char folder[64];
static char path[128];
static struct db *db;

static int set_up(void **state)
{
    (void)state;
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(db);
    remove_folder(folder);
    return 0;
}

/* --- what the queries give --- */

struct seen {
    size_t count;
    struct run_row runs[SEEN_MAX];
    int64_t journal[SEEN_MAX];
};

static int see_run(void *context, const struct run_row *row)
{
    struct seen *seen = context;
    assert_true(seen->count < SEEN_MAX);
    seen->runs[seen->count++] = *row;
    return 0;
}

static int see_journal(void *context, const struct journal_row *row)
{
    struct seen *seen = context;
    assert_true(seen->count < SEEN_MAX);
    seen->journal[seen->count++] = row->id;
    return 0;
}

static struct seen runs(void)
{
    struct seen seen = {0};
    assert_int_equal(query_runs(db, 0, see_run, &seen), DB_OK);
    return seen;
}

static struct seen journal(int64_t run, unsigned outcomes, struct day_range range)
{
    struct seen seen = {0};
    struct journal_filter filter = {.run = run, .outcomes = outcomes, .range = range};
    assert_int_equal(query_journal(db, &filter, see_journal, &seen), DB_OK);
    return seen;
}

static const struct day_range always = {0, 100000};

/* Journals COUNT things that are OUTCOME. */
static void refuse(struct store *store, enum outcome outcome, int count)
{
    for (int i = 0; i < count; i++) {
        struct origin origin = {.path = "-"};
        assert_int_equal(store_refused(store, &origin, outcome, "a reason", "x", 1), DB_OK);
    }
}

/* --- runs --- */

static void a_run_at_work_is_running_and_one_that_ended_is_not(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct seen seen = runs();
    assert_int_equal(seen.count, 1);
    assert_true(seen.runs[0].running);
    assert_int_equal(seen.runs[0].ended, 0);
    assert_int_equal(store_close(store, ""), DB_OK);
    seen = runs();
    assert_false(seen.runs[0].running);
    assert_true(seen.runs[0].ended > 0);
}

static void a_run_that_was_killed_is_told_from_one_beside_it(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct db *own;
        struct store *store;
        struct store_settings settings = {.mine = ""};
        if (db_open(&own, path, DB_WRITE) == DB_OK &&
            store_open(&store, own, "killed", &settings) == DB_OK)
            raise(SIGKILL);
        _exit(1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    struct store *store = open_store(db);
    struct seen seen = runs();
    assert_int_equal(seen.count, 2);
    assert_true(seen.runs[0].running);
    assert_false(seen.runs[1].running);
    assert_int_equal(seen.runs[1].ended, 0);
    assert_int_equal(store_close(store, ""), DB_OK);
}

/* --- rows of the journal --- */

static void runs_side_by_side_have_the_rows_they_wrote(void **state)
{
    (void)state;
    struct db *other;
    assert_int_equal(db_open(&other, path, DB_WRITE), DB_OK);
    struct store *first = open_store(db), *second = open_store(other);
    for (int i = 0; i < 3; i++) {
        refuse(first, OUTCOME_NOT_A_REPORT, 1);
        assert_int_equal(store_commit(first), DB_OK);
        refuse(second, OUTCOME_DAMAGED, 2);
        assert_int_equal(store_commit(second), DB_OK);
    }
    assert_int_equal(store_close(first, ""), DB_OK);
    assert_int_equal(store_close(second, ""), DB_OK);
    db_close(other);
    struct seen seen = runs();
    assert_int_equal(journal(seen.runs[1].id, 0, always).count, 3);
    assert_int_equal(journal(seen.runs[0].id, 0, always).count, 6);
    assert_int_equal(journal(0, 0, always).count, 9);
    assert_int_equal(journal(0, 1U << OUTCOME_DAMAGED, always).count, 6);
    assert_int_equal(journal(seen.runs[1].id, 1U << OUTCOME_DAMAGED, always).count, 0);
    assert_int_equal(journal(0, 0, always).journal[0], 9); /* newest first */
}

static void a_run_without_rows_has_none(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    refuse(store, OUTCOME_NOT_A_REPORT, 2);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(store_close(open_store(db), ""), DB_OK);
    struct seen seen = runs();
    assert_int_equal(journal(seen.runs[0].id, 0, always).count, 0);
    assert_int_equal(journal(seen.runs[1].id, 0, always).count, 2);
}

/* What was rolled back leaves no gap through which rows are lost. */
static void rows_after_a_step_back_are_found(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    refuse(store, OUTCOME_NOT_A_REPORT, 2);
    assert_int_equal(db_exec(db, "PRAGMA query_only = 1"), DB_OK);
    assert_int_not_equal(store_commit(store), DB_OK);
    assert_int_equal(db_exec(db, "PRAGMA query_only = 0"), DB_OK);
    refuse(store, OUTCOME_DAMAGED, 3);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(journal(runs().runs[0].id, 0, always).count, 3);
}

/* Adds COUNT runs of 50 rows each, each on a day of its own: run 1 on DAY + 1. */
static void fill_days(int count)
{
    for (int i = 0; i < count; i++) {
        struct store *store = open_store(db);
        refuse(store, OUTCOME_NOT_A_REPORT, 50);
        assert_int_equal(store_close(store, ""), DB_OK);
    }
    assert_int_equal(db_exec(db, "UPDATE journal SET time = 86400 * (20000 + run) + 60"), DB_OK);
    assert_int_equal(
        db_exec(db, "UPDATE run SET started = 86400 * (20000 + id), ended = started + 120"), DB_OK);
}

static int64_t steps_of_a_day(int day)
{
    int64_t before = db_steps(db);
    assert_int_equal(journal(0, 0, (struct day_range){day, day}).count, 50);
    return db_steps(db) - before;
}

static void days_narrow_the_journal_without_a_look_at_other_runs(void **state)
{
    (void)state;
    fill_days(4);
    int64_t steps = steps_of_a_day(DAY + 2);
    fill_days(36);
    assert_true(steps_of_a_day(DAY + 2) < steps + 36 * 40);
    assert_int_equal(journal(0, 0, (struct day_range){DAY + 41, DAY + 50}).count, 0);
}

/* --- mailboxes --- */

static int see_mailbox(void *context, const struct mailbox_row *row)
{
    struct mailbox_row *seen = context;
    assert_string_equal(row->account, "work");
    assert_string_equal(row->mailbox, "INBOX");
    *seen = *row;
    return 0;
}

static void a_mailbox_tells_how_far_it_has_been_read_and_when(void **state)
{
    (void)state;
    struct mailbox_position position;
    struct mailbox_row seen = {0};
    struct store *store = open_store(db);
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 17, &position), DB_OK);
    struct origin origin = {.mailbox = position.id, .uid = 42};
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "a reason", "x", 1), DB_OK);
    assert_int_equal(store_position(store, position.id, 42), DB_OK);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(query_mailboxes(db, see_mailbox, &seen), DB_OK);
    assert_int_equal(seen.uidvalidity, 17);
    assert_int_equal(seen.last_uid, 42);
    assert_int_equal(seen.last_time, sql_integer(db, "SELECT time FROM journal"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_run_at_work_is_running_and_one_that_ended_is_not, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_run_that_was_killed_is_told_from_one_beside_it, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(runs_side_by_side_have_the_rows_they_wrote, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_run_without_rows_has_none, set_up, tear_down),
        cmocka_unit_test_setup_teardown(rows_after_a_step_back_are_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(days_narrow_the_journal_without_a_look_at_other_runs,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_mailbox_tells_how_far_it_has_been_read_and_when, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
