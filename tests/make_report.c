#include "make_report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../db/sender_sums.h"
#include "../db/statement.h"

void make_report(struct report *report, const char *organization, const char *report_id, int day)
{
    report_init(report, 0);
    report->organization = arena_strdup(&report->arena, organization);
    report->report_id = arena_strdup(&report->arena, report_id);
    report->begin = (int64_t)day * SECONDS_PER_DAY;
    report->end = report->begin + SECONDS_PER_DAY - 1;
}

/* The capacity that arena_grow() has given an array of COUNT. */
static size_t room_for(size_t count)
{
    size_t room = count > 0 ? 8 : 0;
    while (room < count)
        room *= 2;
    return room;
}

struct policy *add_policy(struct report *report, const char *type, const char *domain,
                          const char *text, int64_t successful, int64_t failed)
{
    size_t capacity = room_for(report->policy_count);
    report->policies = arena_grow(&report->arena, report->policies, sizeof *report->policies,
                                  report->policy_count, &capacity);
    struct policy *policy = &report->policies[report->policy_count++];
    *policy = (struct policy){
        .type = arena_strdup(&report->arena, type),
        .domain = arena_strdup(&report->arena, domain),
        .text = arena_strdup(&report->arena, text),
        .mx = "",
        .counts_for = "",
        .mx_host = "",
        .successful = successful,
        .failed = failed,
    };
    return policy;
}

struct failure *add_failure(struct report *report, struct policy *policy, const char *result_type,
                            const char *sending_mta_ip, const char *mx_host, int64_t failed)
{
    size_t capacity = room_for(policy->failure_count);
    policy->failures = arena_grow(&report->arena, policy->failures, sizeof *policy->failures,
                                  policy->failure_count, &capacity);
    struct failure *failure = &policy->failures[policy->failure_count++];
    *failure = (struct failure){
        .result_type = arena_strdup(&report->arena, result_type),
        .sending_mta_ip = arena_strdup(&report->arena, sending_mta_ip),
        .receiving_mx_hostname = arena_strdup(&report->arena, mx_host),
        .receiving_mx_helo = "",
        .receiving_ip = "",
        .reason_code = "",
        .additional_info = "",
        .failed = failed,
    };
    return failure;
}

enum outcome keep_report(struct store *store, struct report *report, const char *path)
{
    static const char json[] = "{\"policies\": []}";
    const char *why;
    assert_int_equal(report_resolve(report, &why), 0);
    struct origin origin = {.path = path};
    struct store_result result;
    assert_int_equal(store_report(store, &origin, report, json, sizeof json - 1, &result), DB_OK);
    report_free(report);
    return result.outcome;
}

static void keep_domain(struct store *store, int domain, int day)
{
    struct report report;
    char id[64], name[64];
    int failed = domain < 5 ? 50 - domain : 0;
    snprintf(id, sizeof id, "%d-%d", domain, day);
    snprintf(name, sizeof name, domain == 1 ? "xn--mnchen-3ya.example" : "d%02d.example", domain);
    make_report(&report, day % 2 == 0 ? "Google" : "日本語メール", id, today() - day);
    struct policy *policy = add_policy(&report, "sts", name, sts_text("testing"), 100, failed);
    for (int sender = 1; sender <= 2 && failed > 0; sender++) {
        char ip[64];
        snprintf(ip, sizeof ip, "192.0.2.%d", sender);
        add_failure(&report, policy, "certificate-expired", ip, "mx.example.com",
                    sender == 1 ? failed - 10 : 10);
    }
    keep_report(store, &report, id);
}

void keep_domains(struct store *store, int domains, int days)
{
    for (int domain = 0; domain < domains; domain++)
        for (int day = 0; day < days; day++)
            keep_domain(store, domain, day);
}

void keep_many_domains(struct store *store, int domains)
{
    enum { AT_ONCE = 100 };
    for (int day = today() - 1; day <= today(); day++) {
        for (int first = 0; first < domains; first += AT_ONCE) {
            struct report report;
            char id[32];
            snprintf(id, sizeof id, "%d-%d", day, first);
            make_report(&report, "Google", id, day);
            for (int i = first; i < first + AT_ONCE && i < domains; i++) {
                char name[32];
                bool moved = i % 11 == 0 && day == today();
                snprintf(name, sizeof name, "d%04d.example", i);
                add_policy(&report, "sts", name, sts_text(moved ? "enforce" : "testing"), 1000,
                           i % 7 == 0 ? i / 7 % 5 * 10 + 1 : 0);
            }
            assert_int_equal(keep_report(store, &report, "many"), OUTCOME_IMPORTED);
        }
    }
}

void make_folder(char path[static 64])
{
    snprintf(path, 64, "/tmp/tlsrptop-test.XXXXXX");
    assert_non_null(mkdtemp(path));
}

void remove_folder(const char *path)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", path);
    assert_int_equal(system(command), 0);
}

int64_t sql_integer(struct db *db, const char *format, ...)
{
    char sql[4096];
    va_list args;
    va_start(args, format);
    vsnprintf(sql, sizeof sql, format, args);
    va_end(args);
    sqlite3_stmt *statement;
    assert_int_equal(sqlite3_prepare_v2(db_sqlite(db), sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    int64_t value = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return value;
}

void unpack_senders(struct db *db)
{
    enum db_status status = DB_OK;
    assert_int_equal(db_exec(db, "CREATE TEMP TABLE sender_row(day, domain, organization,"
                                 " sending_ip, result_type, mx_host, failed)"),
                     DB_OK);
    sqlite3_stmt *insert = db_statement(db, "INSERT INTO sender_row VALUES(?, ?, ?, ?, ?, ?, ?)");
    sqlite3_stmt *row = db_statement(db, "SELECT day, domain, senders FROM total_sender");
    while (statement_next(db, row, &status)) {
        struct sender_sums sums = sender_sums_of(db, row, 2);
        struct sender_sum sum;
        while (sender_sums_next(&sums, &sum, &status)) {
            db_bind_integers(insert,
                             (int64_t[]){sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 1),
                                         sum.organization, sum.sending_ip, sum.result_type,
                                         sum.mx_host, sum.failed},
                             7);
            assert_int_equal(db_run(db, insert), DB_OK);
        }
    }
    assert_int_equal(status, DB_OK);
}

struct store *open_store(struct db *db)
{
    struct store *store;
    struct store_settings settings = {
        .mine = "", .damaged_item_max = 1 << 20, .damaged_total_max = 16 << 20};
    assert_int_equal(store_open(&store, db, "test", &settings), DB_OK);
    return store;
}

const char *sts_text(const char *mode)
{
    static char text[128];
    snprintf(text, sizeof text, "version: STSv1\nmode: %s\nmx: mx.example.com\nmax_age: 604800",
             mode);
    return text;
}
