/* Storing: nothing lost, nothing counted twice, and totals that are sums. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/levels.h"
#include "../../db/schema.h"
#include "../make_report.h"

enum { DAY = 20000 }; /* 2024-10-04 */

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
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
    db_close(db);
    remove_folder(folder);
    return 0;
}

/* One report of one sts policy with FAILED failed sessions of one type. */
static void simple_report(struct report *report, const char *organization, const char *id, int day,
                          int64_t failed)
{
    make_report(report, organization, id, day);
    struct policy *policy =
        add_policy(report, "sts", "example.com", sts_text("testing"), 10, failed);
    if (failed > 0)
        add_failure(report, policy, "certificate-expired", "192.0.2.1", "mx.example.com", failed);
}

static enum outcome keep_simple(struct store *store, const char *organization, const char *id,
                                int64_t failed)
{
    struct report report;
    simple_report(&report, organization, id, DAY, failed);
    return keep_report(store, &report, "a.eml");
}

static enum outcome keep_numbered(struct store *store, int number, int64_t failed)
{
    char id[16];
    snprintf(id, sizeof id, "%d", number);
    return keep_simple(store, "Google", id, failed);
}

static void the_same_report_again_is_a_duplicate(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    assert_int_equal(keep_simple(store, "Google", "1", 2), OUTCOME_IMPORTED);
    assert_int_equal(keep_simple(store, "Google", "1", 2), OUTCOME_DUPLICATE);
    assert_int_equal(store_commit(store), DB_OK);
    assert_int_equal(keep_simple(store, "Google", "1", 2), OUTCOME_DUPLICATE);
    assert_int_equal(store_counts(store)->outcomes[OUTCOME_DUPLICATE], 2);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM report"), 1);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal"), 3);
    assert_int_equal(
        sql_integer(db, "SELECT failed FROM total_domain WHERE level = 3 AND domain = 0"), 2);
}

static void the_same_id_with_other_figures_is_a_conflict_and_the_first_stands(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    assert_int_equal(keep_simple(store, "Google", "1", 2), OUTCOME_IMPORTED);
    assert_int_equal(keep_simple(store, "Google", "1", 3), OUTCOME_CONFLICT);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT sum(failed) FROM policy"), 2);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal j JOIN text t ON t.id = j.reason"
                                     " WHERE outcome = 3 AND t.value LIKE '%%other content%%'"),
                     1);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM damaged"), 1);
}

static void the_same_id_of_another_reporter_or_domain_is_another_report(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    assert_int_equal(keep_simple(store, "Google", "1", 2), OUTCOME_IMPORTED);
    assert_int_equal(keep_simple(store, "Yahoo", "1", 2), OUTCOME_IMPORTED);
    struct report report;
    make_report(&report, "Google", "1", DAY);
    add_policy(&report, "sts", "example.net", sts_text("testing"), 10, 2);
    assert_int_equal(keep_report(store, &report, "b"), OUTCOME_IMPORTED);
    assert_int_equal(store_close(store, ""), DB_OK);
}

static struct store *open_store_that_waits(size_t unindexed)
{
    struct store *store;
    struct store_settings settings = {.mine = "", .unindexed = unindexed};
    assert_int_equal(store_open(&store, db, "test", &settings), DB_OK);
    return store;
}

/* Stores COUNT new reports, BATCH a transaction. */
static void keep_many(struct store *store, int count, int batch)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(keep_numbered(store, i, 1), OUTCOME_IMPORTED);
        if (i % batch == batch - 1)
            assert_int_equal(store_commit(store), DB_OK);
    }
}

#define IDENTITIES "(SELECT * FROM identity UNION ALL SELECT * FROM recent_identity)"

/* Whether the large index has its identity, the small one, memory, or neither yet. */
static void a_report_is_known_wherever_its_identity_is(void **state)
{
    (void)state;
    enum { REPORTS = 100, BATCH = 4, UNINDEXED = 10, NEW = 6 };
    struct store *store = open_store_that_waits(UNINDEXED);
    keep_many(store, REPORTS, BATCH);
    for (int again = 0; again < 2; again++) {
        for (int i = 0; i < REPORTS; i++)
            assert_int_equal(keep_numbered(store, i, 1), OUTCOME_DUPLICATE);
        assert_int_equal(store_close(store, ""), DB_OK);
        assert_int_equal(sql_integer(db, "SELECT merged FROM identified"), 84);
        assert_int_equal(sql_integer(db, "SELECT count(*) FROM identity"), 84);
        assert_int_equal(sql_integer(db, "SELECT through FROM identified"), 96);
        assert_int_equal(sql_integer(db, "SELECT count(*) FROM recent_identity"), 12);
        store = open_store_that_waits(UNINDEXED);
    }
    for (int i = 0; i < NEW; i++)
        assert_int_equal(keep_numbered(store, REPORTS + i, 1), OUTCOME_IMPORTED);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM " IDENTITIES " i JOIN report r"
                                     " ON r.id = i.report AND r.identity = i.hash"),
                     REPORTS + NEW);
}

/* So many that the index is asked only for what it may have. */
static void a_report_is_known_after_thousands_of_others(void **state)
{
    (void)state;
    enum { REPORTS = 12000, BATCH = 1000, EACH = 100 };
    struct store *store = open_store_that_waits(1500);
    keep_many(store, REPORTS, BATCH);
    for (int i = 0; i < REPORTS; i += EACH)
        assert_int_equal(keep_numbered(store, i, 1), OUTCOME_DUPLICATE);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM identity"), REPORTS);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM recent_identity"), 0);
}

/* An identity whose hash collides must not hide a report, wherever it is. */
static void equal_hashes_of_different_reports_do_not_make_a_duplicate(void **state)
{
    (void)state;
    enum { REPORTS = 16 };
    struct store *store = open_store_that_waits(1);
    struct origin origin = {.path = "a"};
    struct store_result result;
    const char *why;
    for (int i = 0; i < 2 * REPORTS; i++) {
        struct report report;
        make_report(&report, "Google", "1", DAY);
        char domain[] = "a.example";
        domain[0] = (char)('a' + i % REPORTS);
        add_policy(&report, "sts", domain, "", 1, 0);
        assert_int_equal(report_resolve(&report, &why), 0);
        report.identity = 42;
        report.content = 43;
        assert_int_equal(store_report(store, &origin, &report, "{}", 2, &result), DB_OK);
        assert_int_equal(result.outcome, i < REPORTS ? OUTCOME_IMPORTED : OUTCOME_DUPLICATE);
        report_free(&report);
        if (i % 4 == 3 && i < 12)
            assert_int_equal(store_commit(store), DB_OK);
    }
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM identity"), 8);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM recent_identity"), 4);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM identity"), REPORTS);
}

/* A small, repeatable stream of numbers. */
static unsigned next_random(unsigned *seed)
{
    *seed = *seed * 1103515245U + 12345U;
    return *seed >> 16 & 0x7fff;
}

static void random_report(struct report *report, unsigned *seed, int number)
{
    static const char *const types[] = {"sts", "tlsa", "no-policy-found", "future"};
    char id[32], name[64];
    snprintf(id, sizeof id, "r%d", number);
    snprintf(name, sizeof name, "Reporter %u", next_random(seed) % 5);
    make_report(report, name, id, DAY + (int)(next_random(seed) % 200));
    unsigned policies = 1 + next_random(seed) % 3;
    for (unsigned p = 0; p < policies; p++) {
        snprintf(name, sizeof name, "d%u.example", next_random(seed) % 6);
        unsigned failures = next_random(seed) % 3;
        struct policy *policy = add_policy(report, types[next_random(seed) % 4], name,
                                           sts_text("enforce"), next_random(seed) % 100, failures);
        for (unsigned f = 0; f < failures; f++) {
            snprintf(name, sizeof name, "192.0.2.%u", next_random(seed) % 4);
            add_failure(report, policy, f ? "certificate-expired" : "tlsa-invalid", name,
                        "mx.example", 1);
        }
    }
    report->recipient = arena_strdup(&report->arena, "d0.example");
}

static void every_level_of_totals_is_the_sum_of_the_reports(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    unsigned seed = 7;
    for (int i = 0; i < 1600; i++) {
        struct report report;
        random_report(&report, &seed, i);
        assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
        /* a batch so large that its totals are written in parts, then small ones over it */
        if (i < 1400 ? i == 1350 : i % 29 == 0)
            assert_int_equal(store_commit(store), DB_OK);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    /* what the totals have and the reports do not, and the other way round */
    static const char difference[] =
        "WITH a AS (%s), b AS (%s) SELECT (SELECT count(*) FROM (SELECT * FROM a EXCEPT SELECT"
        " * FROM b)) + (SELECT count(*) FROM (SELECT * FROM b EXCEPT SELECT * FROM a))"
        " + 1000 * (SELECT count(*) = 0 FROM a)";
    static const char sparse[] = "SELECT count(*) FROM %s WHERE level = %d";
    for (int level = 0; level < LEVELS; level++) {
        char from_reports[1024], from_totals[256];
        snprintf(from_reports, sizeof from_reports,
                 "SELECT day >> %d, domain, count(DISTINCT report), sum(successful), sum(failed)"
                 " FROM policy GROUP BY 1, 2 UNION ALL SELECT day >> %d, 0, count(DISTINCT report),"
                 " sum(successful), sum(failed) FROM policy GROUP BY 1",
                 2 * level, 2 * level);
        snprintf(from_totals, sizeof from_totals,
                 "SELECT block, domain, reports, successful,"
                 " failed FROM total_domain WHERE level = %d",
                 level);
        assert_int_equal(sql_integer(db, difference, from_totals, from_reports), 0);
        if (!(LEVELS_SPARSE >> level & 1)) {
            assert_int_equal(sql_integer(db, sparse, "total_reporter", level), 0);
            assert_int_equal(sql_integer(db, sparse, "total_result", level), 0);
            continue;
        }

        snprintf(from_reports, sizeof from_reports,
                 "SELECT day >> %d, p.domain, organization, type, mode, count(DISTINCT report),"
                 " sum(successful), sum(failed) FROM policy p JOIN report r ON r.id = p.report"
                 " GROUP BY 1, 2, 3, 4, 5",
                 2 * level);
        snprintf(from_totals, sizeof from_totals,
                 "SELECT block, domain, organization, type, mode,"
                 " reports, successful, failed FROM total_reporter WHERE level = %d AND domain > 0",
                 level);
        assert_int_equal(sql_integer(db, difference, from_totals, from_reports), 0);

        snprintf(from_reports, sizeof from_reports,
                 "SELECT day >> %d, p.domain, organization, result_type, sum(f.failed)"
                 " FROM failure f JOIN policy p USING(report, n) JOIN report r ON r.id = p.report"
                 " GROUP BY 1, 2, 3, 4",
                 2 * level);
        snprintf(from_totals, sizeof from_totals,
                 "SELECT block, domain, organization,"
                 " result_type, failed FROM total_result WHERE level = %d AND domain > 0",
                 level);
        assert_int_equal(sql_integer(db, difference, from_totals, from_reports), 0);
    }
    static const char by_sender[] =
        "SELECT day, p.domain, organization, sending_ip, result_type, f.mx_host, sum(f.failed)"
        " FROM failure f JOIN policy p USING(report, n) JOIN report r ON r.id = p.report"
        " GROUP BY 1, 2, 3, 4, 5, 6";
    unpack_senders(db);
    assert_int_equal(sql_integer(db, difference, "SELECT * FROM sender_row", by_sender), 0);
}

static void what_was_not_committed_is_gone_after_a_kill(void **state)
{
    (void)state;
    db_close(db);
    pid_t child = fork();
    if (child == 0) {
        db_open(&db, path, DB_WRITE);
        struct store *store = open_store(db);
        struct mailbox_position position;
        store_mailbox(store, "work", "me@a.example", "INBOX", 1, &position);
        keep_simple(store, "Google", "1", 1);
        store_position(store, position.id, 1);
        store_commit(store);
        for (int i = 2; i < 1500; i++) { /* some totals of which are written already */
            char id[16];
            snprintf(id, sizeof id, "%d", i);
            keep_simple(store, "Google", id, 1);
        }
        store_position(store, position.id, 1500);
        kill(getpid(), SIGKILL);
    }
    waitpid(child, NULL, 0);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM report"), 1);
    assert_int_equal(sql_integer(db, "SELECT last_uid FROM mailbox"), 1);
    assert_int_equal(
        sql_integer(db, "SELECT reports FROM total_domain WHERE level = 0 AND domain = 0"), 1);
    assert_int_equal(
        sql_integer(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
        1);
}

/* What the last connection to close would do is not left to a dashboard that stays
 * open: the log would be its to read for days. */
static void the_log_is_empty_after_a_run_beside_a_dashboard(void **state)
{
    (void)state;
    struct db *dashboard;
    assert_int_equal(db_open(&dashboard, path, DB_READ), DB_OK);
    struct store *store = open_store(db);
    assert_int_equal(keep_simple(store, "Google", "1", 1), OUTCOME_IMPORTED);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(dashboard, "SELECT count(*) FROM report"), 1);
    char command[256];
    snprintf(command, sizeof command, "cp '%s' '%s/copy.db'", path, folder); /* without the log */
    assert_int_equal(system(command), 0);
    db_close(dashboard);
    db_close(db);
    snprintf(path, sizeof path, "%s/copy.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM report"), 1);
}

static void two_processes_store_the_same_reports_once(void **state)
{
    (void)state;
    enum { REPORTS = 300, PROCESSES = 2 };
    db_close(db);
    for (int p = 0; p < PROCESSES; p++) {
        if (fork() != 0)
            continue;
        db_open(&db, path, DB_WRITE);
        struct store *store = open_store_that_waits(p == 0 ? 0 : 35);
        for (int i = 0; i < REPORTS; i++) {
            keep_numbered(store, p == 0 ? i : REPORTS - 1 - i, 1);
            if (i % 10 == 9)
                store_commit(store);
        }
        enum db_status status = store_close(store, "");
        db_close(db);
        _exit(status == DB_OK ? 0 : 1);
    }
    for (int p = 0; p < PROCESSES; p++) {
        int how;
        wait(&how);
        assert_true(WIFEXITED(how) && WEXITSTATUS(how) == 0);
    }
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM report"), REPORTS);
    assert_int_equal(
        sql_integer(db, "SELECT sum(failed) FROM total_domain WHERE level = 1 AND domain = 0"),
        REPORTS);
    assert_int_equal(sql_integer(db, "SELECT sum(imported) FROM run"), REPORTS);
    assert_int_equal(sql_integer(db, "SELECT sum(duplicates) FROM run"), REPORTS);
}

static void a_full_disk_takes_back_the_batch_and_no_more(void **state)
{
    (void)state;
    struct store *store = open_store_that_waits(10);
    assert_int_equal(keep_simple(store, "Google", "first", 1), OUTCOME_IMPORTED);
    assert_int_equal(store_commit(store), DB_OK);
    int64_t pages = sql_integer(db, "PRAGMA page_count");
    sql_integer(db, "PRAGMA max_page_count = %lld", (long long)pages + 2);
    enum db_status status = DB_OK;
    for (int i = 0; i < 10000 && status == DB_OK; i++) {
        struct report report;
        char id[16];
        const char *why;
        struct store_result result;
        struct origin origin = {.path = "x"};
        snprintf(id, sizeof id, "%d", i);
        simple_report(&report, "Google", id, DAY, 1);
        assert_int_equal(report_resolve(&report, &why), 0);
        status = store_report(store, &origin, &report, "{}", 2, &result);
        report_free(&report);
    }
    assert_int_equal(status, DB_FULL);
    assert_non_null(strstr(db_error(db), "full"));
    assert_int_equal(store_counts(store)->outcomes[OUTCOME_IMPORTED], 1);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM report"), 1);
    sql_integer(db, "PRAGMA max_page_count = 1000000");
    assert_int_equal(keep_simple(store, "Google", "0", 1), OUTCOME_IMPORTED);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(
        sql_integer(db, "SELECT reports FROM total_domain WHERE level = 0 AND domain = 0"), 2);
}

static void a_message_of_a_mailbox_is_journalled_once(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct mailbox_position position;
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 17, &position), DB_OK);
    struct origin origin = {.mailbox = position.id, .uid = 5};
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "gzip ends early", "abc", 3),
                     DB_OK);
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "gzip ends early", "abc", 3),
                     DB_OK);
    struct report report;
    struct store_result result;
    const char *why;
    simple_report(&report, "Google", "1", DAY, 1);
    assert_int_equal(report_resolve(&report, &why), 0);
    assert_int_equal(store_report(store, &origin, &report, "{}", 2, &result), DB_OK);
    assert_int_equal(result.outcome, OUTCOME_DAMAGED);
    assert_string_equal(result.reason, "gzip ends early");
    report_free(&report);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal"), 1);
}

static void a_file_that_is_read_again_adds_nothing_to_the_journal(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct origin mail = {.path = "/mail/x.eml", .part = 1}, pipe = {.path = "-"};
    struct report report;
    for (int run = 0; run < 3; run++) {
        simple_report(&report, "Google", "1", DAY, 1);
        keep_report(store, &report, "/mail/a.eml");
        simple_report(&report, "Google", "1", DAY, 1);
        keep_report(store, &report, "/mail/the same again.eml");
        simple_report(&report, "Google", "1", DAY, 2);
        keep_report(store, &report, "/mail/contradicts.eml");
        assert_int_equal(store_refused(store, &mail, OUTCOME_DAMAGED, "gzip ends early", "abc", 3),
                         DB_OK);
        assert_int_equal(store_refused(store, &mail, OUTCOME_NOT_A_REPORT, "no", NULL, 0), DB_OK);
        assert_int_equal(store_refused(store, &pipe, OUTCOME_NOT_A_REPORT, "no", NULL, 0), DB_OK);
        assert_int_equal(store_commit(store), DB_OK);
    }
    assert_int_equal(store_counts(store)->outcomes[OUTCOME_DUPLICATE], 5);
    assert_int_equal(store_counts(store)->outcomes[OUTCOME_CONFLICT], 3);
    assert_int_equal(store_counts(store)->outcomes[OUTCOME_DAMAGED], 3);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal WHERE path <> '-'"), 5);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal WHERE path = '-'"), 3);
    assert_int_equal(store_close(store, ""), DB_OK);
}

static void a_file_that_changed_is_journalled_anew(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct origin mail = {.path = "/mail/x.eml"};
    static const char *const contents[] = {"abc", "abd", "abc"};
    for (int i = 0; i < 3; i++)
        assert_int_equal(
            store_refused(store, &mail, OUTCOME_DAMAGED, "gzip ends early", contents[i], 3), DB_OK);
    assert_int_equal(store_refused(store, &mail, OUTCOME_DAMAGED, "other", "abc", 3), DB_OK);
    struct report report;
    simple_report(&report, "Google", "1", DAY, 1);
    assert_int_equal(keep_report(store, &report, mail.path), OUTCOME_IMPORTED);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal"), 4);
}

/* Else the transaction of a run that finds nothing new would stay open, and
 * another importer wait in vain. */
static void what_is_known_already_counts_as_pending(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct mailbox_position position;
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 17, &position), DB_OK);
    struct origin mail = {.mailbox = position.id, .uid = 5}, file = {.path = "/a"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(store_refused(store, &mail, OUTCOME_NOT_A_REPORT, "no", NULL, 0), DB_OK);
        assert_int_equal(store_pending(store), 1);
        assert_int_equal(store_commit(store), DB_OK);
        assert_int_equal(store_refused(store, &file, OUTCOME_NOT_A_REPORT, "no", NULL, 0), DB_OK);
        assert_int_equal(store_pending(store), 1);
        assert_int_equal(store_commit(store), DB_OK);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
}

struct seen_uids {
    int count;
    uint32_t uids[8];
    enum outcome outcomes[8];
};

static int see_uid(void *context, uint32_t uid, enum outcome outcome)
{
    struct seen_uids *seen = context;
    seen->uids[seen->count] = uid;
    seen->outcomes[seen->count++] = outcome;
    return 0;
}

static void what_is_left_to_do_after_an_import_is_known_by_uid(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct mailbox_position position;
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 17, &position), DB_OK);
    int64_t mailbox = position.id;
    static const struct {
        uint32_t uid;
        unsigned part;
        enum outcome outcome;
    } messages[] = {{1, 0, OUTCOME_NOT_A_REPORT},
                    {2, 0, OUTCOME_NOT_A_REPORT},
                    {2, 1, OUTCOME_DAMAGED},
                    {3, 0, OUTCOME_NOT_A_REPORT},
                    {9, 0, OUTCOME_DAMAGED}};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct origin origin = {
            .mailbox = mailbox, .uid = messages[i].uid, .part = messages[i].part};
        assert_int_equal(store_refused(store, &origin, messages[i].outcome, "x", NULL, 0), DB_OK);
    }
    assert_int_equal(store_position(store, mailbox, 5), DB_OK);
    assert_int_equal(store_position(store, mailbox, 3), DB_OK); /* never back */
    struct seen_uids seen = {0};
    assert_int_equal(store_unacted(store, mailbox, see_uid, &seen), DB_OK);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.outcomes[0], OUTCOME_NOT_A_REPORT);
    assert_int_equal(seen.outcomes[1], OUTCOME_DAMAGED);
    assert_int_equal(seen.uids[2], 3);
    assert_int_equal(store_acted(store, mailbox, 2), DB_OK);
    seen.count = 0;
    assert_int_equal(store_unacted(store, mailbox, see_uid, &seen), DB_OK);
    assert_int_equal(seen.count, 1);
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 17, &position), DB_OK);
    assert_int_equal(position.last_uid, 5);
    assert_int_equal(position.acted_uid, 2);
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 18, &position), DB_OK);
    assert_int_equal(position.last_uid, 0);
    assert_int_equal(store_mailbox(store, "work", "me@b.example", "INBOX", 17, &position), DB_OK);
    assert_int_equal(position.last_uid, 0); /* another server counts anew */
    assert_int_equal(store_close(store, ""), DB_OK);
}

/* In place of the C library's: how often a file was brought to the disk. */
static int syncs;
int fdatasync(int fd);
int fdatasync(int fd)
{
    syncs++;
    return fsync(fd);
}

/* A mail is deleted only then, and a mail system told that it may forget its copy. */
static void what_is_let_go_of_is_on_the_disk(void **state)
{
    (void)state;
    struct mailbox_position position;
    struct seen_uids seen = {0};
    struct db *reader;
    int64_t count;
    struct store *store = open_store(db);
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 17, &position), DB_OK);
    struct origin origin = {.mailbox = position.id, .uid = 1};
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", NULL, 0), DB_OK);
    assert_int_equal(store_position(store, position.id, 1), DB_OK);
    assert_int_equal(store_commit(store), DB_OK);
    syncs = 0;
    assert_int_equal(store_unacted(store, position.id, see_uid, &seen), DB_OK);
    assert_int_equal(seen.count, 1);
    assert_in_range(syncs, 1, 9);
    /* a reader keeps the log from being moved, which would wait for the disk by itself */
    assert_int_equal(db_open(&reader, path, DB_READ), DB_OK);
    assert_int_equal(db_hold(reader), DB_OK);
    assert_int_equal(db_integer(reader, "SELECT count(*) FROM journal", &count), DB_OK);
    origin.uid = 2;
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", NULL, 0), DB_OK);
    assert_int_equal(store_commit(store), DB_OK);
    syncs = 0;
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_in_range(syncs, 1, 9);
    db_release(reader);
    db_close(reader);
}

/* Then another importer may have changed what is mine: one that runs for years follows. */
static void patterns_of_a_later_run_hold_for_all(void **state)
{
    (void)state;
    struct db *second;
    struct store *old, *new;
    struct report report;
    struct store_settings settings = {.mine = ""};
    assert_int_equal(store_open(&old, db, "watch", &settings), DB_OK);
    simple_report(&report, "Google", "1", DAY, 0);
    assert_int_equal(keep_report(old, &report, "a"), OUTCOME_IMPORTED);
    assert_int_equal(store_commit(old), DB_OK);
    settings.mine = "example.net";
    assert_int_equal(db_open(&second, path, DB_WRITE), DB_OK);
    assert_int_equal(store_open(&new, second, "once", &settings), DB_OK);
    assert_int_equal(store_close(new, ""), DB_OK);
    db_close(second);
    simple_report(&report, "Google", "2", DAY, 0);
    assert_int_equal(keep_report(old, &report, "b"), OUTCOME_IMPORTED);
    assert_int_equal(store_close(old, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT mine FROM domain"), 0);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM total_domain WHERE domain = 0"), 0);
}

static int mend(void *context, int64_t journal, const struct origin *origin, const void *bytes,
                size_t size)
{
    assert_int_equal(size, 3);
    assert_memory_equal(bytes, "abc", 3);
    assert_int_equal(origin->mailbox, 0);
    assert_non_null(strstr(origin->path, "bad.eml"));
    /* another importer may store something at any time */
    struct db *other;
    assert_int_equal(db_open(&other, path, DB_WRITE), DB_OK);
    assert_int_equal(db_exec(other, "INSERT OR REPLACE INTO meta VALUES('other', 1)"), DB_OK);
    db_close(other);
    return store_mended(context, journal) == DB_OK ? 0 : -1;
}

static void damaged_attachments_are_kept_within_limits_until_they_are_mended(void **state)
{
    (void)state;
    struct store *store;
    struct store_settings settings = {.mine = "", .damaged_item_max = 4, .damaged_total_max = 5};
    assert_int_equal(store_open(&store, db, "test", &settings), DB_OK);
    struct origin origin = {.path = "bad.eml"};
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", "abcde", 5), DB_OK);
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", "abc", 3), DB_OK);
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", "def", 3), DB_OK);
    assert_int_equal(store_commit(store), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM damaged"), 1);
    assert_int_equal(store_each_damaged(store, mend, store), DB_OK);
    assert_int_equal(store_commit(store), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM damaged"), 0);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal WHERE outcome = 5"), 3);
    /* what has been taken back has left its room, too */
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", "ghi", 3), DB_OK);
    assert_int_equal(db_exec(db, "CREATE TEMP TRIGGER stop BEFORE INSERT ON journal"
                                 " BEGIN SELECT raise(ABORT, 'stopped'); END"),
                     DB_OK);
    assert_int_not_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", "ghi", 3), DB_OK);
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", "jkl", 3), DB_OK);
    assert_int_equal(store_commit(store), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM damaged"), 1);
    /* in time it goes */
    bool more;
    assert_int_equal(store_prune(store, today(), &more), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM damaged"), 1);
    assert_int_equal(store_prune(store, today() + 1, &more), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM damaged"), 0);
    int64_t not_kept = store_counts(store)->not_kept;
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", "mno", 3), DB_OK);
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", "pqr", 3), DB_OK);
    assert_int_equal(store_counts(store)->not_kept, not_kept + 1);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM damaged"), 1);
}

static void reports_on_others_are_kept_out_of_my_totals(void **state)
{
    (void)state;
    struct store *store;
    struct store_settings settings = {.mine = "*.example.net, example.com"};
    assert_int_equal(store_open(&store, db, "test", &settings), DB_OK);
    struct report report;
    make_report(&report, "Google", "1", DAY);
    struct policy *policy = add_policy(&report, "sts", "example.com", "", 5, 1);
    add_failure(&report, policy, "tlsa-invalid", "", "", 1);
    policy = add_policy(&report, "sts", "victim.example", "", 1000, 70);
    add_failure(&report, policy, "tlsa-invalid", "", "", 70);
    assert_int_equal(keep_report(store, &report, "a"), OUTCOME_IMPORTED);
    assert_int_equal(store_counts(store)->foreign, 0);
    assert_int_equal(store_close(store, ""), DB_OK);
    static const char sum[] = "SELECT sum(%s) FROM %s WHERE level = 3 AND domain = 0";
    assert_int_equal(sql_integer(db, sum, "successful", "total_domain"), 5);
    assert_int_equal(sql_integer(db, sum, "failed", "total_result"), 1);

    /* the setting changes: totals follow, as if it had been so from the start */
    settings.mine = "";
    assert_int_equal(store_open(&store, db, "test", &settings), DB_OK);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, sum, "successful", "total_domain"), 1005);
    assert_int_equal(sql_integer(db, sum, "reports", "total_domain"), 1);
    assert_int_equal(sql_integer(db, sum, "successful", "total_reporter"), 1005);
    assert_int_equal(sql_integer(db, sum, "failed", "total_result"), 71);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM domain WHERE mine"), 2);
}

/* Google's silence on DANE says nothing until its first tlsa report, which
 * comes in last although its day is the earliest. */
static void a_late_first_tlsa_report_weighs_later_days_anew(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct report report;
    simple_report(&report, "Google", "1", DAY + 5, 0);
    keep_report(store, &report, "a");
    assert_int_equal(store_commit(store), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT dane FROM mode_day"), 0);
    make_report(&report, "Google", "2", DAY);
    add_policy(&report, "tlsa", "other.example", "", 1, 0);
    keep_report(store, &report, "b");
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT dane FROM mode_day WHERE day = %d", DAY + 5), 1);
}

static void a_domain_carries_the_mode_of_its_last_day(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    static const struct {
        int day;
        const char *mode;
    } reports[] = {
        {DAY + 9, "enforce"}, {DAY, "testing"}, {DAY + 10, "enforce"}, {DAY + 3, "none"}};
    for (size_t i = 0; i < 4; i++) {
        struct report report;
        char id[8];
        snprintf(id, sizeof id, "%zu", i);
        make_report(&report, "Google", id, reports[i].day);
        add_policy(&report, "sts", "example.com", sts_text(reports[i].mode), 1, 0);
        keep_report(store, &report, "a");
        assert_int_equal(store_commit(store), DB_OK);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT mode FROM domain"), MODE_STS_ENFORCE);
    assert_int_equal(sql_integer(db, "SELECT first_day FROM domain"), DAY);
    assert_int_equal(sql_integer(db, "SELECT last_day FROM domain"), DAY + 10);
}

/* What the whole history says, by the statement that filled the table at first. */
static void expect_changes_of_whole_history(void)
{
    static const char lacking[] = "SELECT count(*) FROM (SELECT * FROM %s EXCEPT SELECT * FROM %s)";
    assert_true(sql_integer(db, "SELECT count(*) FROM mode_change WHERE before <> 0") > 50);
    assert_int_equal(db_exec(db, "CREATE TEMP TABLE kept AS SELECT * FROM mode_change;"
                                 "DROP TABLE mode_change"),
                     DB_OK);
    assert_int_equal(db_exec(db, migrations[2][0]), DB_OK);
    assert_int_equal(sql_integer(db, lacking, "mode_change", "kept"), 0);
    assert_int_equal(sql_integer(db, lacking, "kept", "mode_change"), 0);
}

/* In any order, with gaps longer than a mode is inherited, and reporters whose
 * silence comes to mean something. */
static void days_that_change_a_mode_are_those_of_the_whole_history(void **state)
{
    (void)state;
    enum { REPORTS = 700, SPAN = 400, DOMAINS = 5 };
    static const char *const modes[] = {"none", "testing", "enforce"};
    struct store *store = open_store(db);
    unsigned luck = 1;
    for (int i = 0; i < REPORTS; i++) {
        struct report report;
        char id[16], reporter[16], domain[16];
        luck = luck * 1103515245 + 12345;
        unsigned pick = luck >> 8;
        snprintf(id, sizeof id, "%d", i);
        snprintf(reporter, sizeof reporter, "R%u", pick % 3);
        snprintf(domain, sizeof domain, "d%u.example", pick / 3 % DOMAINS);
        /* at first in the order of days, then late ones */
        int day = DAY + (i < REPORTS / 2 ? i * 2 * SPAN / REPORTS : (int)(pick / 16 % SPAN));
        make_report(&report, reporter, id, day);
        if (pick / 32 % 4 == 0)
            add_policy(&report, "no-policy-found", domain, "", 10, 0);
        else if (pick / 32 % 4 == 1)
            add_policy(&report, "tlsa", domain, "", 10, 0);
        else
            add_policy(&report, "sts", domain, sts_text(modes[pick / 128 % 3]), 10, 0);
        keep_report(store, &report, "a");
        if (pick / 512 % 8 == 0)
            assert_int_equal(store_commit(store), DB_OK);
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    expect_changes_of_whole_history();
}

static void pruning_keeps_totals_and_still_knows_a_duplicate(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct report report;
    bool more;
    assert_int_equal(keep_simple(store, "Google", "old", 3), OUTCOME_IMPORTED);
    simple_report(&report, "Google", "new", DAY + 100, 3);
    assert_int_equal(keep_report(store, &report, "b"), OUTCOME_IMPORTED);
    assert_int_equal(store_prune(store, DAY + 50, &more), DB_OK);
    assert_false(more);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM document"), 1);
    assert_int_equal(sql_integer(db, "SELECT sum(failed) FROM failure"), 3);
    unpack_senders(db);
    assert_int_equal(sql_integer(db, "SELECT sum(failed) FROM sender_row"), 6);
    assert_int_equal(keep_simple(store, "Google", "old", 3), OUTCOME_DUPLICATE);
    assert_int_equal(store_close(store, ""), DB_OK);
}

static void what_comes_in_late_is_pruned_too(void **state)
{
    (void)state;
    struct store *store;
    bool more;
    for (int run = 0; run < 3; run++) {
        char id[16];
        snprintf(id, sizeof id, "%d", run);
        store = open_store(db);
        assert_int_equal(keep_simple(store, "Google", id, 3), OUTCOME_IMPORTED);
        assert_int_equal(store_prune(store, DAY + (run == 2 ? 0 : 50), &more), DB_OK);
        assert_int_equal(store_close(store, ""), DB_OK);
        assert_int_equal(sql_integer(db, "SELECT count(*) FROM document"), run == 2);
    }
    store = open_store(db);
    assert_int_equal(store_prune(store, DAY + 51, &more), DB_OK);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM document"), 0);
}

static void compacting_gives_the_space_of_pruned_reports_back(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    bool more = true;
    for (int i = 0; i < 1000; i++) {
        struct report report;
        char id[16];
        snprintf(id, sizeof id, "%d", i);
        make_report(&report, "Google", id, DAY);
        struct policy *policy = add_policy(&report, "sts", "example.com", "", 1, 20);
        for (int f = 0; f < 20; f++)
            add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx.example", 1);
        keep_report(store, &report, "a");
    }
    assert_int_equal(store_prune(store, DAY + 50, &more), DB_OK);
    int64_t before = sql_integer(db, "PRAGMA page_count");
    int steps = 0;
    for (more = true; more; steps++)
        assert_int_equal(store_compact(store, &more), DB_OK);
    assert_in_range(steps, 1, 10);
    assert_int_equal(sql_integer(db, "PRAGMA freelist_count"), 0);
    assert_in_range(sql_integer(db, "PRAGMA page_count"), 1, before / 2);
    assert_int_equal(
        sql_integer(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"),
        1);
    assert_int_equal(store_close(store, ""), DB_OK);
}

static void a_file_that_keeps_its_pages_is_compacted_once(void **state)
{
    (void)state;
    static const char fill[] = "PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM;"
                               "CREATE TABLE large(x); INSERT INTO large VALUES(zeroblob(999999));"
                               "DROP TABLE large";
    bool more = true;
    assert_int_equal(db_exec(db, fill), DB_OK);
    struct store *store = open_store(db);
    assert_int_equal(store_compact(store, &more), DB_OK);
    assert_false(more);
    assert_true(sql_integer(db, "PRAGMA freelist_count") > 200);
    assert_int_equal(store_close(store, ""), DB_OK);
}

/* A mail is deleted from its mailbox when its report is on the disk. */
static void what_nobody_would_find_is_not_stored(void **state)
{
    (void)state;
    char moved[4096 + 8];
    struct mailbox_position position;
    struct store *store = open_store(db);
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 17, &position), DB_OK);
    snprintf(moved, sizeof moved, "%s.moved", path);
    assert_int_equal(rename(path, moved), 0);
    struct origin origin = {.mailbox = position.id, .uid = 1};
    assert_int_equal(store_refused(store, &origin, OUTCOME_NOT_A_REPORT, "x", NULL, 0), DB_OK);
    assert_int_equal(store_unacted(store, position.id, NULL, NULL), DB_BUSY);
    assert_non_null(strstr(db_error(db), "was deleted, moved or replaced"));
    assert_int_equal(rename(moved, path), 0);
    assert_int_equal(store_refused(store, &origin, OUTCOME_NOT_A_REPORT, "x", NULL, 0), DB_OK);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal"), 1);
}

static void a_locked_database_is_busy_and_loses_nothing(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct db *other;
    assert_int_equal(db_open(&other, path, DB_WRITE), DB_OK);
    assert_int_equal(db_exec(other, "BEGIN IMMEDIATE"), DB_OK);
    sqlite3_busy_timeout(db_sqlite(db), 10);
    struct origin origin = {.path = "a"};
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", NULL, 0), DB_BUSY);
    assert_non_null(strstr(db_error(db), "another program is writing"));
    db_close(other);
    assert_int_equal(store_refused(store, &origin, OUTCOME_DAMAGED, "x", NULL, 0), DB_OK);
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal"), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_same_report_again_is_a_duplicate),
        TEST(the_same_id_with_other_figures_is_a_conflict_and_the_first_stands),
        TEST(the_same_id_of_another_reporter_or_domain_is_another_report),
        TEST(a_report_is_known_wherever_its_identity_is),
        TEST(a_report_is_known_after_thousands_of_others),
        TEST(equal_hashes_of_different_reports_do_not_make_a_duplicate),
        TEST(every_level_of_totals_is_the_sum_of_the_reports),
        TEST(what_was_not_committed_is_gone_after_a_kill),
        TEST(the_log_is_empty_after_a_run_beside_a_dashboard),
        TEST(two_processes_store_the_same_reports_once),
        TEST(a_full_disk_takes_back_the_batch_and_no_more),
        TEST(a_message_of_a_mailbox_is_journalled_once),
        TEST(a_file_that_is_read_again_adds_nothing_to_the_journal),
        TEST(a_file_that_changed_is_journalled_anew),
        TEST(what_is_known_already_counts_as_pending),
        TEST(what_is_left_to_do_after_an_import_is_known_by_uid),
        TEST(what_is_let_go_of_is_on_the_disk),
        TEST(patterns_of_a_later_run_hold_for_all),
        TEST(damaged_attachments_are_kept_within_limits_until_they_are_mended),
        TEST(reports_on_others_are_kept_out_of_my_totals),
        TEST(a_late_first_tlsa_report_weighs_later_days_anew),
        TEST(a_domain_carries_the_mode_of_its_last_day),
        TEST(days_that_change_a_mode_are_those_of_the_whole_history),
        TEST(pruning_keeps_totals_and_still_knows_a_duplicate),
        TEST(what_comes_in_late_is_pruned_too),
        TEST(compacting_gives_the_space_of_pruned_reports_back),
        TEST(a_file_that_keeps_its_pages_is_compacted_once),
        TEST(what_nobody_would_find_is_not_stored),
        TEST(a_locked_database_is_busy_and_loses_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
