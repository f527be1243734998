/* What a screen reads costs by what it shows, not by how many reports there are: told by
 * counting, never by a clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/incident.h"
#include "../../db/evidence.h"
#include "../../db/observation.h"
#include "../../db/query.h"
#include "../make_report.h"

enum {
    DAY = 20000,
    DAYS = 40,
    DOMAINS = 4,
    REPORTERS = 3,
    TODAY = DAY + DAYS,
    SCREEN = 8, /* rows a list asks for at a time: there are as many from the start */
    MORE = 10   /* times as many reports */
};

static char folder[64];
static struct db *db;     /* that is read */
static struct db *writer; /* the same */

/* ROUND after round the same reporters tell of the same senders on the same
 * days: more reports, and no more to show. */
static void keep_round(struct store *store, int round)
{
    for (int i = 0; i < DAYS * DOMAINS * REPORTERS; i++) {
        struct report report;
        char id[32], reporter[32], domain[32], ip[32];
        snprintf(id, sizeof id, "%d %d", round, i);
        snprintf(reporter, sizeof reporter, "Reporter %d", i % REPORTERS);
        snprintf(domain, sizeof domain, "d%d.example", i / REPORTERS % DOMAINS);
        snprintf(ip, sizeof ip, "192.0.2.%d", i % 7);
        make_report(&report, reporter, id, DAY + i / REPORTERS / DOMAINS);
        struct policy *policy = add_policy(&report, "sts", domain, sts_text("testing"), 10, 3);
        add_failure(&report, policy, "certificate-expired", ip, "mx1.example", 1);
        add_failure(&report, policy, "starttls-not-supported", ip, "mx2.example", 2);
        add_policy(&report, "tlsa", domain, "", 5, 0);
        keep_report(store, &report, "a.eml");
        if (i % 100 == 99)
            assert_int_equal(store_commit(store), DB_OK);
    }
    struct origin bad = {.path = "-"};
    for (int i = 0; i < SCREEN; i++)
        assert_int_equal(store_refused(store, &bad, OUTCOME_DAMAGED, "x", NULL, 0), DB_OK);
}

static void keep_rounds(int first, int count)
{
    struct store *store = open_store(writer);
    struct mailbox_position position;
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 1, &position), DB_OK);
    for (int round = first; round < first + count; round++)
        keep_round(store, round);
    assert_int_equal(store_close(store, ""), DB_OK);
}

static void check_domains(void)
{
    for (int i = 0; i < DOMAINS; i++) {
        char domain[32];
        bool changed;
        struct observation seen = {.last_time = (int64_t)TODAY * SECONDS_PER_DAY,
                                   .mode = MODE_STS_TESTING,
                                   .evidence = "{\"mx\":{\"hosts\":[{\"name\":\"mx1.example\"}]}}",
                                   .problems = "[]"};
        snprintf(domain, sizeof domain, "d%d.example", i);
        assert_int_equal(observation_store(writer, domain, "", &seen, &changed), DB_OK);
    }
}

static int set_up(void **state)
{
    (void)state;
    char path[128], now[32];
    snprintf(now, sizeof now, "%lld", (long long)TODAY * SECONDS_PER_DAY);
    setenv("SOURCE_DATE_EPOCH", now, 1);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&writer, path, DB_WRITE), DB_OK);
    keep_rounds(0, 1);
    check_domains();
    return db_open(&db, path, DB_READ) == DB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(db);
    db_close(writer);
    remove_folder(folder);
    unsetenv("SOURCE_DATE_EPOCH");
    return 0;
}

/* --- what screens ask --- */

static const struct day_range month = {DAY + 5, TODAY};
static const struct advice_settings settings = {
    .testing_days = 14, .reporters = 2, .quiet_days = 7, .rua = ""};

/* Takes any row. */
#define TAKE(name, type)                                                                           \
    static int name(void *context, const type *row)                                                \
    {                                                                                              \
        (void)row;                                                                                 \
        ++*(int *)context;                                                                         \
        return 0;                                                                                  \
    }
TAKE(domain_row, struct domain_row)
TAKE(composition_row, struct composition_row)
TAKE(reporter_row, struct reporter_row)
TAKE(result_row, struct result_row)
TAKE(sender_row, struct sender_row)
TAKE(mx_row, struct mx_row)
TAKE(failure_row, struct failure_row)
TAKE(report_row, struct report_row)
TAKE(report_head, struct report_head)
TAKE(policy_row, struct policy_row)
TAKE(policy_seen_row, struct policy_seen_row)
TAKE(journal_row, struct journal_row)
TAKE(run_row, struct run_row)
TAKE(mailbox_row, struct mailbox_row)
TAKE(observation_row, struct observation)

static int document(void *context, int64_t report, const char *json, size_t size)
{
    (void)report;
    (void)json;
    *(int *)context += (int)size;
    return 0;
}

static enum db_status ask_extent(int64_t domain, int *rows)
{
    (void)domain;
    struct extent extent;
    ++*rows;
    return query_extent(db, &extent);
}

static enum db_status ask_domains(int64_t domain, int *rows)
{
    return query_domains(db, domain, month, false, domain_row, rows);
}

static enum db_status ask_standings(int64_t domain, int *rows)
{
    return query_standings(db, domain, month, &settings, domain_row, rows);
}

static enum db_status ask_total(int64_t domain, int *rows)
{
    struct totals total;
    ++*rows;
    return query_total(db, domain, month, &total);
}

static enum db_status ask_steps(int64_t domain, int *rows)
{
    struct totals steps[10];
    ++*rows;
    return query_steps(db, domain, DAY, 4, 10, steps);
}

static enum db_status ask_steps_each(int64_t domain, int *rows)
{
    struct totals steps[2][10];
    ++*rows;
    return query_steps_each(db, (int64_t[]){domain, 2}, 2, DAY, 4, 10, steps[0]);
}

static enum db_status ask_modes(int64_t domain, int *rows)
{
    struct day_mode modes[DAYS];
    ++*rows;
    return query_modes(db, domain, (struct day_range){DAY, DAY + DAYS - 1}, modes);
}

static enum db_status ask_first_standings(int64_t domain, int *rows)
{
    (void)domain;
    struct list_sums sums;
    return query_standings_first(db, month, &settings, 2, &sums, domain_row, rows);
}

static enum db_status ask_timeline(int64_t domain, int *rows)
{
    (void)domain;
    struct list_sums sums;
    return query_timeline(db, month, false, 2, &sums, domain_row, rows);
}

static enum db_status ask_composition(int64_t domain, int *rows)
{
    return query_composition(db, domain, month, composition_row, rows);
}

static enum db_status ask_reporters(int64_t domain, int *rows)
{
    return query_reporters(db, domain, month, reporter_row, rows);
}

static enum db_status ask_results(int64_t domain, int *rows)
{
    return query_results(db, domain, month, result_row, rows);
}

static enum db_status ask_senders(int64_t domain, int *rows)
{
    return query_senders(db, domain, month, sender_row, rows);
}

static enum db_status ask_mx(int64_t domain, int *rows)
{
    return query_mx(db, domain, month, mx_row, rows);
}

static int incident_row(void *context, const struct incident_row *row)
{
    (void)context;
    (void)row;
    return 0;
}

/* None is found, but all days are read. */
static enum db_status ask_incidents(int64_t domain, int *rows)
{
    struct incident_sums sums;
    ++*rows;
    return query_incidents(db, domain, month, &sums, incident_row, rows);
}

static enum db_status ask_failures(int64_t domain, int *rows)
{
    struct failure_filter filter = {.domain = domain, .range = month, .limit = SCREEN};
    return query_failures(db, &filter, failure_row, rows);
}

static enum db_status ask_failures_of_sender(int64_t domain, int *rows)
{
    struct failure_filter filter = {.domain = domain,
                                    .range = month,
                                    .organization = "Reporter 1",
                                    .sending_mta_ip = "192.0.2.1",
                                    .limit = SCREEN};
    return query_failures(db, &filter, failure_row, rows);
}

static enum db_status ask_reports(int64_t domain, int *rows)
{
    struct report_filter filter = {.domain = domain, .range = month, .limit = SCREEN};
    return query_reports(db, &filter, report_row, rows);
}

static enum db_status ask_failing_reports(int64_t domain, int *rows)
{
    struct report_filter filter = {.domain = domain,
                                   .range = month,
                                   .limit = SCREEN,
                                   .failing = true,
                                   .organization = "Reporter 1"};
    return query_reports(db, &filter, report_row, rows);
}

static enum db_status ask_report(int64_t domain, int *rows)
{
    (void)domain;
    static const struct report_parts parts = {report_head, policy_row, failure_row};
    return query_report(db, 100, &parts, rows);
}

static enum db_status ask_document(int64_t domain, int *rows)
{
    (void)domain;
    return query_document(db, 100, document, rows);
}

static enum db_status ask_policies(int64_t domain, int *rows)
{
    return query_policies(db, domain == ALL_DOMAINS ? 1 : domain, policy_seen_row, rows);
}

static enum db_status ask_journal(int64_t domain, int *rows)
{
    (void)domain;
    struct journal_filter filter = {.range = {0, DAY_MAX}, .limit = SCREEN};
    return query_journal(db, &filter, journal_row, rows);
}

static enum db_status ask_trouble(int64_t domain, int *rows)
{
    (void)domain;
    struct journal_filter filter = {
        .range = {0, DAY_MAX}, .outcomes = 1U << OUTCOME_DAMAGED, .limit = SCREEN};
    return query_journal(db, &filter, journal_row, rows);
}

static enum db_status ask_run(int64_t domain, int *rows)
{
    (void)domain;
    struct journal_filter filter = {.range = {0, DAY_MAX}, .run = 1, .limit = SCREEN};
    return query_journal(db, &filter, journal_row, rows);
}

static enum db_status ask_runs(int64_t domain, int *rows)
{
    (void)domain;
    return query_runs(db, SCREEN, run_row, rows);
}

static enum db_status ask_mailboxes(int64_t domain, int *rows)
{
    (void)domain;
    return query_mailboxes(db, mailbox_row, rows);
}

static enum db_status ask_observations(int64_t domain, int *rows)
{
    return observation_each(db, domain == ALL_DOMAINS ? 1 : domain, SCREEN, observation_row, rows);
}

static enum db_status ask_evidence(int64_t domain, int *rows)
{
    struct arena arena;
    struct evidence evidence;
    arena_init(&arena, 0);
    ++*rows;
    enum db_status status =
        query_evidence(db, domain == ALL_DOMAINS ? 1 : domain, &settings, &arena, &evidence);
    arena_free(&arena);
    return status;
}

static const struct {
    const char *name;
    enum db_status (*ask)(int64_t domain, int *rows);
} questions[] = {
    {"extent", ask_extent},
    {"domains", ask_domains},
    {"standings", ask_standings},
    {"total", ask_total},
    {"steps", ask_steps},
    {"steps of several", ask_steps_each},
    {"modes", ask_modes},
    {"first standings", ask_first_standings},
    {"timeline", ask_timeline},
    {"composition", ask_composition},
    {"reporters", ask_reporters},
    {"results", ask_results},
    {"senders", ask_senders},
    {"MX hosts", ask_mx},
    {"incidents", ask_incidents},
    {"failures", ask_failures},
    {"failures of a sender", ask_failures_of_sender},
    {"reports", ask_reports},
    {"failing reports", ask_failing_reports},
    {"a report", ask_report},
    {"a document", ask_document},
    {"policies", ask_policies},
    {"journal", ask_journal},
    {"trouble", ask_trouble},
    {"a run", ask_run},
    {"runs", ask_runs},
    {"mailboxes", ask_mailboxes},
    {"observations", ask_observations},
    {"evidence", ask_evidence},
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

static int64_t steps_of(size_t question, int64_t domain)
{
    int rows = 0;
    int64_t before = db_steps(db);
    if (questions[question].ask(domain, &rows) != DB_OK)
        fail_msg("%s: %s", questions[question].name, db_error(db));
    if (rows == 0)
        fail_msg("%s of domain %lld: nothing", questions[question].name, (long long)domain);
    return db_steps(db) - before;
}

static void ten_times_the_reports_cost_a_screen_no_more(void **state)
{
    (void)state;
    int64_t before[QUESTIONS][2], wrong = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        for (int64_t domain = 0; domain < 2; domain++)
            before[i][domain] = steps_of(i, domain);
    }
    keep_rounds(1, MORE - 1);
    for (size_t i = 0; i < QUESTIONS; i++) {
        for (int64_t domain = 0; domain < 2; domain++) {
            int64_t after = steps_of(i, domain);
            if (after <= before[i][domain] * 3 / 2 + 200)
                continue;
            wrong++;
            print_error("%s of %s: %lld steps, and %lld with %d times the reports\n",
                        questions[i].name, domain == ALL_DOMAINS ? "all domains" : "a domain",
                        (long long)before[i][domain], (long long)after, MORE);
        }
    }
    assert_int_equal(wrong, 0);
}

static int64_t steps_of_changes(int days)
{
    struct day_range range = {DAY + DAYS - days, DAY + DAYS - 1};
    struct list_sums sums;
    int rows = 0;
    int64_t before = db_steps(db);
    assert_int_equal(query_timeline(db, range, false, 0, &sums, domain_row, &rows), DB_OK);
    assert_int_equal(sums.ranked, days == DAYS ? DOMAINS : 0);
    return db_steps(db) - before;
}

static void the_last_changes_cost_the_same_in_any_range(void **state)
{
    (void)state;
    struct store *store = open_store(writer);
    for (int i = 0; i < DOMAINS; i++) {
        struct report report;
        char domain[32];
        snprintf(domain, sizeof domain, "d%d.example", i);
        make_report(&report, "Reporter 0", domain, DAY + 1);
        add_policy(&report, "sts", domain, sts_text("enforce"), 100000, 0);
        keep_report(store, &report, "a.eml");
    }
    assert_int_equal(store_close(store, ""), DB_OK);
    assert_true(steps_of_changes(DAYS) < steps_of_changes(2) * 2);
}

/* --- plans --- */

/* Tables that stay small however many reports there are: a list may go through
 * all of them. */
static bool is_small(const char *table)
{
    static const char *const small[] = {
        "domain", "total_sender_of_mine", "total_mx_of_mine", "run",         "mailbox",
        "meta",   "open_block",           "policy_type",      "result_type", "sqlite_schema"};
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        if (strcmp(table, small[i]) == 0)
            return true;
    }
    return false;
}

/* Writes the names of the tables that SQL steps through from their first row to
 * their last: cursors that are rewound and then moved on to just behind that. */
static void find_scans(const char *sql, char *scans, size_t size)
{
    static const char select[] =
        "WITH code AS MATERIALIZED (SELECT addr, opcode, p1, p2 FROM temp.program),"
        " opened AS (SELECT p1 AS cursor, tbl_name AS name FROM code"
        "   JOIN sqlite_schema s ON s.rootpage = code.p2 WHERE opcode = 'OpenRead')"
        " SELECT group_concat(DISTINCT name) FROM opened"
        "  JOIN code first ON first.p1 = cursor AND first.opcode IN ('Rewind', 'Last')"
        "  JOIN code next ON next.p1 = cursor AND next.opcode IN ('Next', 'Prev')"
        "   AND next.p2 = first.addr + 1";
    char explain[16384];
    sqlite3_stmt *program;
    assert_int_equal(db_exec(writer, "DROP TABLE IF EXISTS temp.program;"
                                     "CREATE TEMP TABLE program(addr, opcode, p1, p2)"),
                     DB_OK);
    assert_true(snprintf(explain, sizeof explain, "EXPLAIN %s", sql) < (int)sizeof explain);
    if (sqlite3_prepare_v2(db_sqlite(writer), explain, -1, &program, NULL) != SQLITE_OK)
        fail_msg("%s\n%s", sqlite3_errmsg(db_sqlite(writer)), explain);
    while (sqlite3_step(program) == SQLITE_ROW)
        sql_integer(writer, "INSERT INTO temp.program VALUES(%d, '%s', %d, %d) RETURNING addr",
                    sqlite3_column_int(program, 0), db_text(program, 1),
                    sqlite3_column_int(program, 2), sqlite3_column_int(program, 3));
    sqlite3_finalize(program);
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db_sqlite(writer), select, -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    snprintf(scans, size, "%s", db_text(statement, 0));
    sqlite3_finalize(statement);
}

static void a_scan_is_seen_in_a_plan(void **state)
{
    (void)state;
    char scans[256];
    find_scans("SELECT count(*) FROM report WHERE contact = 7", scans, sizeof scans);
    assert_string_equal(scans, "report");
    find_scans("SELECT t.* FROM report r JOIN total_result t ON t.failed > r.id", scans,
               sizeof scans);
    assert_non_null(strstr(scans, "total_result"));
    find_scans("SELECT * FROM policy WHERE report = 7", scans, sizeof scans);
    assert_string_equal(scans, "");
}

static void no_screen_scans_a_big_table(void **state)
{
    (void)state;
    int statements = 0, wrong = 0;
    for (size_t i = 0; i < QUESTIONS; i++) {
        steps_of(i, ALL_DOMAINS);
        steps_of(i, 1);
    }
    for (sqlite3_stmt *statement = NULL;
         (statement = sqlite3_next_stmt(db_sqlite(db), statement)) != NULL; statements++) {
        char scans[256];
        find_scans(sqlite3_sql(statement), scans, sizeof scans);
        for (char *table = strtok(scans, ","); table != NULL; table = strtok(NULL, ",")) {
            if (is_small(table))
                continue;
            wrong++;
            print_error("%s is scanned by\n%s\n", table, sqlite3_sql(statement));
        }
    }
    assert_true(statements > QUESTIONS);
    assert_int_equal(wrong, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(ten_times_the_reports_cost_a_screen_no_more),
        TEST(the_last_changes_cost_the_same_in_any_range),
        TEST(a_scan_is_seen_in_a_plan),
        TEST(no_screen_scans_a_big_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
