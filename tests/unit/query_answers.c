/* What the queries answer is what the reports add up to, whatever came in when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "../../db/connection.h"
#include "../../db/observation.h"
#include "../../db/query.h"
#include "../make_report.h"

enum { DAY = 20000, DAYS = 150, TODAY = DAY + DAYS }; /* over two 64-day blocks' borders */

static char folder[64];
static struct db *db;
static struct store *store;
static unsigned seed;
static const char *mine; /* patterns of my domains */

/* --- random reports --- */

static unsigned pick(unsigned below)
{
    seed = seed * 1103515245U + 12345U;
    return (seed >> 16 & 0x7fff) % below;
}

static const char *pick_word(const char *const *words, unsigned count)
{
    return words[pick(count)];
}
#define PICK(...)                                                                                  \
    pick_word((const char *const[]){__VA_ARGS__},                                                  \
              sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *))

static void add_failures(struct report *report, struct policy *policy)
{
    for (unsigned i = pick(4); i > 0; i--) {
        char ip[32] = "";
        if (pick(8) != 0)
            snprintf(ip, sizeof ip, "192.0.2.%u", pick(5));
        struct failure *failure =
            add_failure(report, policy,
                        PICK("certificate-expired", "tlsa-invalid", "validation-failure", "new"),
                        ip, PICK("mx1.example", "mx2.example", "mx3.example", ""), 1 + pick(9));
        failure->receiving_ip = PICK("203.0.113.1", "");
        failure->receiving_mx_helo = PICK("mx", "");
        failure->reason_code = PICK("why", "");
        failure->additional_info = PICK("see", "");
        policy->failed += pick(6) ? failure->failed : 0; /* not all add up */
    }
}

static void keep_random_report(int number)
{
    struct report report;
    char id[32], name[64];
    snprintf(id, sizeof id, "r%d", number);
    snprintf(name, sizeof name, "Reporter %u", pick(5));
    make_report(&report, name, id, DAY + (int)pick(DAYS));
    if (pick(10) == 0)
        report.end += (int64_t)7 * SECONDS_PER_DAY;
    for (unsigned policies = 1 + pick(3); policies > 0; policies--) {
        const char *type = PICK("sts", "sts", "tlsa", "no-policy-found", "future");
        snprintf(name, sizeof name, "d%u.example", pick(8));
        add_failures(&report, add_policy(&report, type, name,
                                         strcmp(type, "sts") != 0
                                             ? ""
                                             : PICK(sts_text("testing"), sts_text("enforce"), ""),
                                         pick(100), 0));
    }
    snprintf(name, sizeof name, "d%u.example", pick(8));
    report.recipient = arena_strdup(&report.arena, name);
    assert_int_equal(keep_report(store, &report, "x"), OUTCOME_IMPORTED);
}

static void open_run(void)
{
    struct store_settings settings = {.mine = mine};
    assert_int_equal(store_open(&store, db, "test", &settings), DB_OK);
}

static void close_run(void)
{
    assert_int_equal(store_close(store, ""), DB_OK);
    store = NULL;
}

/* COUNT reports from FIRST on, in batches of up to BATCH. */
static void keep_reports(int first, int count, unsigned batch)
{
    unsigned left = batch;
    for (int i = 0; i < count; i++) {
        keep_random_report(first + i);
        if (--left == 0) {
            left = 1 + pick(batch);
            assert_int_equal(store_commit(store), DB_OK);
        }
    }
    assert_int_equal(store_commit(store), DB_OK);
}

/* The raw tables with their names, to add up from. */
static void make_views(void)
{
    static const char views[] =
        "CREATE TEMP VIEW seen AS SELECT p.*, d.name AS domain_name, d.mine, r.organization,"
        "  o.name AS reporter, t.name AS type_name FROM policy p JOIN domain d ON d.id = p.domain"
        "  JOIN report r ON r.id = p.report JOIN organization o ON o.id = r.organization"
        "  JOIN policy_type t ON t.id = p.type;"
        "CREATE TEMP VIEW failed AS SELECT p.report, p.domain, p.domain_name, p.mine, p.day,"
        "  p.organization, p.reporter, p.type_name, t.name AS result, f.n, f.i, f.failed,"
        "  f.sending_ip, ip.value AS ip, mx.value AS mx, a.value AS to_ip, h.value AS helo,"
        "  c.value AS code, x.value AS info"
        "  FROM failure f JOIN seen p ON p.report = f.report AND p.n = f.n"
        "  JOIN result_type t ON t.id = f.result_type JOIN text ip ON ip.id = f.sending_ip"
        "  JOIN text mx ON mx.id = f.mx_host JOIN text a ON a.id = f.receiving_ip"
        "  JOIN text h ON h.id = f.mx_helo JOIN text c ON c.id = f.reason_code"
        "  JOIN text x ON x.id = f.additional_info;";
    assert_int_equal(db_exec(db, views), DB_OK);
}

static int set_up(void **state)
{
    (void)state;
    char path[128], now[32];
    snprintf(now, sizeof now, "%lld", (long long)TODAY * SECONDS_PER_DAY + 3600);
    setenv("SOURCE_DATE_EPOCH", now, 1);
    seed = 11;
    mine = "d0.example, d1.example, d2.example, d3.example, d4.example";
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    assert_int_equal(db_open(&db, path, DB_WRITE), DB_OK);
    make_views();
    open_run();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    if (store != NULL)
        close_run();
    db_close(db);
    remove_folder(folder);
    unsetenv("SOURCE_DATE_EPOCH");
    return 0;
}

/* --- comparing --- */

/* Lines of text, a row each. */
struct lines {
    char *text;
    size_t size;
    FILE *file;
};

static void lines_open(struct lines *lines)
{
    lines->file = open_memstream(&lines->text, &lines->size);
}

static int compare_lines(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The lines in alphabetic order, where that of the rows is open. */
static char *sorted(char *text)
{
    size_t count = 0;
    for (const char *c = text; *c != '\0'; c++)
        count += *c == '\n';
    char **lines = calloc(count + 1, sizeof *lines);
    char *sorted_text = calloc(1, strlen(text) + 1), *end = sorted_text;
    size_t n = 0;
    for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
        lines[n++] = line;
    qsort(lines, n, sizeof *lines, compare_lines);
    for (size_t i = 0; i < n; i++)
        end += sprintf(end, "%s\n", lines[i]);
    free(lines);
    free(text);
    return sorted_text;
}

/* What SQL selects, columns separated by '|'. */
static char *by_sql(const char *format, ...) __attribute__((format(printf, 1, 2)));
static char *by_sql(const char *format, ...)
{
    char sql[8192];
    va_list args;
    va_start(args, format);
    assert_true(vsnprintf(sql, sizeof sql, format, args) < (int)sizeof sql);
    va_end(args);
    struct lines lines;
    sqlite3_stmt *statement;
    lines_open(&lines);
    if (sqlite3_prepare_v2(db_sqlite(db), sql, -1, &statement, NULL) != SQLITE_OK)
        fail_msg("%s\n%s", sqlite3_errmsg(db_sqlite(db)), sql);
    while (sqlite3_step(statement) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(statement); i++)
            fprintf(lines.file, "%s%s", i > 0 ? "|" : "", db_text(statement, i));
        fputc('\n', lines.file);
    }
    sqlite3_finalize(statement);
    fclose(lines.file);
    return lines.text;
}

/* Which domain and days a query is asked about. */
struct question {
    int64_t domain;
    struct day_range range;
    char scope[96]; /* the same in SQL */
};

static void expect_lines(const char *query, const struct question *question, struct lines *got,
                         char *expected)
{
    fclose(got->file);
    size_t line = 0, i = 0;
    for (; got->text[i] != '\0' && got->text[i] == expected[i]; i++)
        line = got->text[i] == '\n' ? i + 1 : line;
    if (got->text[i] != expected[i])
        fail_msg("%s of domain %lld, %d to %d says\n%.*s\nand not\n%.*s", query,
                 (long long)question->domain, question->range.first, question->range.last,
                 (int)strcspn(got->text + line, "\n"), got->text + line,
                 (int)strcspn(expected + line, "\n"), expected + line);
    free(got->text);
    free(expected);
}

static void expect_same_rows(const char *query, const struct question *question, struct lines *got,
                             char *expected)
{
    fclose(got->file);
    struct lines again;
    char *rows = sorted(got->text);
    lines_open(&again);
    fputs(rows, again.file);
    free(rows);
    expect_lines(query, question, &again, sorted(expected));
}

#define ASK(query, ...)                                                                            \
    assert_int_equal(query(db, question->domain, question->range, __VA_ARGS__), DB_OK)

/* --- totals --- */

/* What the rows of `seen` that belong to a question say. */
static const char *scope_of(const struct question *question, char scope[static 64])
{
    snprintf(scope, 64, question->domain == ALL_DOMAINS ? "mine" : "domain = %lld",
             (long long)question->domain);
    return scope;
}

static void check_total(const struct question *question)
{
    struct totals total;
    struct lines got;
    char scope[64];
    ASK(query_total, &total);
    lines_open(&got);
    fprintf(got.file, "%lld|%lld|%lld\n", (long long)total.reports, (long long)total.successful,
            (long long)total.failed);
    expect_lines("query_total", question, &got,
                 by_sql("SELECT count(DISTINCT report), coalesce(sum(successful), 0),"
                        "  coalesce(sum(failed), 0) FROM seen WHERE %s AND day BETWEEN %d AND %d",
                        scope_of(question, scope), question->range.first, question->range.last));
}

/* In five steps of a fifth. */
static void check_steps(const struct question *question)
{
    enum { STEPS = 5 };
    struct totals steps[STEPS];
    struct lines got;
    int days = (question->range.last - question->range.first) / STEPS + 1;
    assert_int_equal(query_steps(db, question->domain, question->range.first, days, STEPS, steps),
                     DB_OK);
    lines_open(&got);
    for (int i = 0; i < STEPS; i++)
        fprintf(got.file, "%d|%lld|%lld|%lld\n", i, (long long)steps[i].reports,
                (long long)steps[i].successful, (long long)steps[i].failed);
    char scope[64];
    expect_lines("query_steps", question, &got,
                 by_sql("WITH step(i) AS (VALUES(0), (1), (2), (3), (4))"
                        " SELECT i, count(DISTINCT report), coalesce(sum(successful), 0),"
                        "  coalesce(sum(failed), 0) FROM step LEFT JOIN seen ON %s"
                        "  AND day BETWEEN %d + i * %d AND %d + i * %d + %d - 1"
                        " GROUP BY i ORDER BY i",
                        scope_of(question, scope), question->range.first, days,
                        question->range.first, days, days));
}

static int put_domain(void *file, const struct domain_row *row)
{
    fprintf(file, "%s|%d|%d|%d|%lld|%lld|%lld\n", row->name, row->mine, row->first_day,
            row->last_day, (long long)row->totals.reports, (long long)row->totals.successful,
            (long long)row->totals.failed);
    return 0;
}

static void check_domains(const struct question *question, bool foreign)
{
    struct lines got;
    char which[64];
    snprintf(which, sizeof which, question->domain != ALL_DOMAINS ? "id = %lld" : "mine = %lld",
             (long long)(question->domain != ALL_DOMAINS ? question->domain : !foreign));
    lines_open(&got);
    ASK(query_domains, foreign, put_domain, got.file);
    expect_lines("query_domains", question, &got,
                 by_sql("SELECT name, mine,"
                        "  (SELECT min(day) FROM policy p WHERE p.domain = d.id),"
                        "  (SELECT max(day) FROM policy p WHERE p.domain = d.id),"
                        "  (SELECT count(DISTINCT report) FROM policy p WHERE p.domain = d.id"
                        "    AND day BETWEEN %d AND %d),"
                        "  (SELECT coalesce(sum(successful), 0) FROM policy p"
                        "    WHERE p.domain = d.id AND day BETWEEN %d AND %d),"
                        "  (SELECT coalesce(sum(failed), 0) FROM policy p"
                        "    WHERE p.domain = d.id AND day BETWEEN %d AND %d)"
                        " FROM domain d WHERE %s AND EXISTS (SELECT 1 FROM policy p"
                        "  WHERE p.domain = d.id) ORDER BY name",
                        question->range.first, question->range.last, question->range.first,
                        question->range.last, question->range.first, question->range.last, which));
}

static void check_extent(void)
{
    struct extent extent;
    struct lines got;
    const struct question whole = {0};
    assert_int_equal(query_extent(db, &extent), DB_OK);
    lines_open(&got);
    fprintf(got.file, "%d|%d|%lld|%lld|%lld|%lld|%lld\n", extent.first_day, extent.last_day,
            (long long)extent.totals.reports, (long long)extent.totals.successful,
            (long long)extent.totals.failed, (long long)extent.domains,
            (long long)extent.foreign_domains);
    expect_lines("query_extent", &whole, &got,
                 by_sql("SELECT min(day), max(day), count(DISTINCT report), sum(successful),"
                        "  sum(failed), (SELECT count(*) FROM domain WHERE mine),"
                        "  (SELECT count(DISTINCT domain) FROM seen WHERE NOT mine)"
                        " FROM seen WHERE mine"));
}

/* --- reporters --- */

static int put_composition(void *file, const struct composition_row *row)
{
    fprintf(file, "%s|%s|%d|%lld|%lld|%lld\n", row->organization, row->policy_type, row->mode,
            (long long)row->totals.reports, (long long)row->totals.successful,
            (long long)row->totals.failed);
    return 0;
}

static void check_composition(const struct question *question)
{
    struct lines got;
    lines_open(&got);
    ASK(query_composition, put_composition, got.file);
    expect_lines("query_composition", question, &got,
                 by_sql("SELECT reporter, type_name, mode, count(DISTINCT report),"
                        "  sum(successful), sum(failed) FROM seen WHERE %s"
                        " GROUP BY organization, type, mode"
                        " ORDER BY sum(successful) + sum(failed) DESC, reporter, type, mode",
                        question->scope));
}

static int put_reporter(void *file, const struct reporter_row *row)
{
    fprintf(file, "%s|%lld|%lld|%lld", row->organization, (long long)row->totals.reports,
            (long long)row->totals.successful, (long long)row->totals.failed);
    for (int type = 0; type < 4; type++)
        fprintf(file, "|%lld|%lld|%lld", (long long)row->by_type[type].reports,
                (long long)row->by_type[type].successful, (long long)row->by_type[type].failed);
    fputc('\n', file);
    return 0;
}

static void check_reporters(const struct question *question)
{
    /* a report counts once for each type and mode it has a policy of */
    static const char sql[] =
        "WITH c AS (SELECT organization, reporter, type, count(DISTINCT report) AS n,"
        "   sum(successful) AS s, sum(failed) AS f"
        "   FROM seen WHERE %s GROUP BY organization, type, mode),"
        "  t AS (SELECT organization, reporter, iif(type BETWEEN 1 AND 3, type, 0) AS t,"
        "   sum(n) AS r, sum(s) AS s, sum(f) AS f FROM c GROUP BY 1, 3)"
        " SELECT reporter, max(r), sum(s), sum(f),"
        "   sum(r * (t = 0)), sum(s * (t = 0)), sum(f * (t = 0)),"
        "   sum(r * (t = 1)), sum(s * (t = 1)), sum(f * (t = 1)),"
        "   sum(r * (t = 2)), sum(s * (t = 2)), sum(f * (t = 2)),"
        "   sum(r * (t = 3)), sum(s * (t = 3)), sum(f * (t = 3))"
        "  FROM t GROUP BY organization ORDER BY 4 DESC, 3 DESC, 1";
    struct lines got;
    lines_open(&got);
    ASK(query_reporters, put_reporter, got.file);
    expect_lines("query_reporters", question, &got, by_sql(sql, question->scope));
}

static void check_coverage(const struct question *question)
{
    struct lines got;
    struct coverage coverage;
    if (question->domain == ALL_DOMAINS)
        return;
    assert_int_equal(query_coverage(db, question->domain, question->range, &coverage), DB_OK);
    lines_open(&got);
    fprintf(got.file, "%lld|%d|%d\n", (long long)coverage.reporters, coverage.first_day,
            coverage.last_day);
    expect_lines("query_coverage", question, &got,
                 by_sql("SELECT count(DISTINCT organization), coalesce(min(day), 0),"
                        "  coalesce(max(day), -1) FROM seen WHERE %s",
                        question->scope));
}

/* --- failures --- */

static int put_result(void *file, const struct result_row *row)
{
    fprintf(file, "%s|%lld|%lld\n", row->result_type, (long long)row->failed,
            (long long)row->reporters);
    return 0;
}

static void check_results(const struct question *question)
{
    struct lines got;
    lines_open(&got);
    ASK(query_results, put_result, got.file);
    expect_lines("query_results", question, &got,
                 by_sql("SELECT result, sum(failed), count(DISTINCT organization)"
                        " FROM failed WHERE %s GROUP BY result ORDER BY 2 DESC, 1",
                        question->scope));
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names joined by ", " in alphabetic order: that of MX hosts is open. */
static void put_names(FILE *file, const char *names)
{
    const char *name[16];
    size_t count = 0;
    char *copy = strdup(names);
    for (char *word = strtok(copy, ", "); word != NULL; word = strtok(NULL, ", "))
        name[count++] = word;
    qsort(name, count, sizeof *name, compare_texts);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s%s", i > 0 ? ", " : "", name[i]);
    free(copy);
}

static int put_sender(void *file, const struct sender_row *row)
{
    fprintf(file, "%s|%s|%s|%lld|%s|", row->organization, row->sending_mta_ip, row->host_name,
            (long long)row->failed, row->result_types);
    put_names(file, row->mx_hosts);
    fprintf(file, "|%d|%d\n", row->first_day, row->last_day);
    return 0;
}

static void check_senders(const struct question *question)
{
    static const char sql[] =
        "WITH g AS MATERIALIZED (SELECT * FROM failed WHERE %s)"
        " SELECT s.reporter, s.ip, "
        "   coalesce((SELECT name FROM host_name h WHERE h.ip = s.sending_ip), ''), sum(s.failed),"
        "   (SELECT group_concat(result, ', ') FROM (SELECT result FROM g WHERE g.ip = s.ip"
        "     AND g.organization = s.organization GROUP BY 1 ORDER BY sum(failed) DESC, 1)),"
        "   (SELECT coalesce(group_concat(mx, ', '), '') FROM (SELECT mx FROM g WHERE g.ip = s.ip"
        "     AND g.organization = s.organization AND mx <> '' AND %d GROUP BY 1 ORDER BY 1)),"
        "   min(s.day), max(s.day)"
        "  FROM g s GROUP BY s.organization, s.ip"
        "  ORDER BY (SELECT sum(failed) FROM g WHERE g.organization = s.organization) DESC,"
        "   s.reporter, 4 DESC, s.ip";
    struct lines got;
    lines_open(&got);
    ASK(query_senders, put_sender, got.file);
    expect_lines("query_senders", question, &got,
                 by_sql(sql, question->scope, question->domain != ALL_DOMAINS));
}

static int put_mx(void *file, const struct mx_row *row)
{
    fprintf(file, "%s|%lld|%lld|%s\n", row->mx_host, (long long)row->failed,
            (long long)row->senders, row->result_types);
    return 0;
}

static void check_mx(const struct question *question)
{
    static const char sql[] =
        "WITH g AS MATERIALIZED (SELECT * FROM failed WHERE %s)"
        " SELECT s.mx, sum(s.failed), count(DISTINCT nullif(s.ip, '')),"
        "   (SELECT group_concat(result, ', ') FROM (SELECT result FROM g WHERE g.mx = s.mx"
        "     GROUP BY 1 ORDER BY sum(failed) DESC, 1))"
        "  FROM g s GROUP BY s.mx ORDER BY 2 DESC, 1";
    struct lines got;
    lines_open(&got);
    ASK(query_mx, put_mx, got.file);
    expect_lines("query_mx", question, &got, by_sql(sql, question->scope));
}

static int put_failure(void *file, const struct failure_row *row)
{
    fprintf(file, "%lld|%s|%d|%s|%s|%s|%s|%s|%s|%s|%lld|%s|%s\n", (long long)row->report,
            row->domain, row->day, row->organization, row->policy_type, row->result_type,
            row->sending_mta_ip, row->receiving_mx_hostname, row->receiving_ip,
            row->receiving_mx_helo, (long long)row->failed, row->reason_code, row->additional_info);
    return 0;
}

#define SELECT_FAILED                                                                              \
    "SELECT report, domain_name, day, reporter, type_name, result, ip, mx, to_ip, helo, failed,"   \
    " code, info FROM failed WHERE %s"

static void check_failures(const struct question *question)
{
    static const struct {
        struct failure_filter filter;
        const char *where;
    } filters[] = {
        {{0}, ""},
        {{.organization = "Reporter 2"}, " AND reporter = 'Reporter 2'"},
        {{.sending_mta_ip = "192.0.2.1"}, " AND ip = '192.0.2.1'"},
        {{.sending_mta_ip = ""}, " AND ip = ''"},
        {{.result_type = "new", .mx_host = ""}, " AND result = 'new' AND mx = ''"},
        {{.mx_host = "mx1.example"}, " AND mx = 'mx1.example'"},
        {{.mx_host = "never.seen"}, " AND 0"},
    };
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        struct failure_filter filter = filters[i].filter;
        struct lines got;
        filter.domain = question->domain;
        filter.range = question->range;
        lines_open(&got);
        assert_int_equal(query_failures(db, &filter, put_failure, got.file), DB_OK);
        expect_same_rows("query_failures", question, &got,
                         by_sql(SELECT_FAILED "%s", question->scope, filters[i].where));
    }
}

static int put_failure_key(void *file, const struct failure_row *row)
{
    fprintf(file, "%d|%lld\n", row->day, (long long)row->report);
    return 0;
}

static void check_newest_failures(const struct question *question)
{
    struct lines got;
    struct failure_filter filter = {
        .domain = question->domain, .range = question->range, .limit = 7};
    if (question->domain == ALL_DOMAINS) /* in the order of domains */
        return;
    lines_open(&got);
    assert_int_equal(query_failures(db, &filter, put_failure_key, got.file), DB_OK);
    expect_lines("query_failures with a limit", question, &got,
                 by_sql("SELECT day, report FROM failed WHERE %s ORDER BY day DESC, report DESC"
                        " LIMIT 7",
                        question->scope));
}

/* --- reports --- */

static int put_report(void *file, const struct report_row *row)
{
    fprintf(file, "%lld|%s|%d|%d|%s|%s|%s|%lld|%lld|%lld\n", (long long)row->id, row->domain,
            row->day, row->covers_days, row->organization, row->report_id, row->policy_types,
            (long long)row->totals.reports, (long long)row->totals.successful,
            (long long)row->totals.failed);
    return 0;
}

#define SELECT_SEEN                                                                                \
    "SELECT p.report, p.domain_name, p.day, r.end_time - 1 >= (p.day + 1) * 86400, p.reporter,"    \
    "  r.report_id, (SELECT group_concat(type_name, ', ') FROM (SELECT type_name FROM seen q"      \
    "   WHERE q.report = p.report AND q.domain = p.domain GROUP BY type ORDER BY min(q.n))),"      \
    "  1, sum(p.successful), sum(p.failed) FROM seen p JOIN report r ON r.id = p.report"           \
    " WHERE %s%s GROUP BY p.report, p.domain HAVING %s"                                            \
    " ORDER BY p.day DESC, p.domain DESC, p.report DESC LIMIT %d"

static void check_reports(const struct question *question)
{
    static const struct {
        struct report_filter filter;
        const char *where, *having;
    } filters[] = {
        {{0}, "", "1"},
        {{.organization = "Reporter 3"}, " AND p.reporter = 'Reporter 3'", "1"},
        {{.failing = true}, "", "sum(p.failed) + sum(p.failures) > 0"},
        {{.limit = 5}, "", "1"},
        {{.limit = 3, .failing = true, .organization = "Reporter 1"},
         " AND p.reporter = 'Reporter 1'",
         "sum(p.failed) + sum(p.failures) > 0"},
    };
    for (size_t i = 0; i < sizeof filters / sizeof *filters; i++) {
        struct report_filter filter = filters[i].filter;
        struct lines got;
        filter.domain = question->domain;
        filter.range = question->range;
        lines_open(&got);
        assert_int_equal(query_reports(db, &filter, put_report, got.file), DB_OK);
        expect_lines("query_reports", question, &got,
                     by_sql(SELECT_SEEN, question->scope, filters[i].where, filters[i].having,
                            filter.limit == 0 ? -1 : (int)filter.limit));
    }
}

static int put_document(void *file, const struct document_row *row)
{
    fprintf(file, "%lld|%s|%s|%.*s\n", (long long)row->report, row->organization, row->recipient,
            (int)row->size, row->json);
    return 0;
}

static void check_documents(const struct question *question)
{
    struct lines got;
    lines_open(&got);
    ASK(query_documents, put_document, got.file);
    expect_same_rows("query_documents", question, &got,
                     by_sql("SELECT DISTINCT report, reporter,"
                            "  (SELECT name FROM domain WHERE id = r.recipient),"
                            "  iif(r.pruned, '', '{\"policies\": []}')"
                            " FROM seen JOIN report r ON r.id = report WHERE %s",
                            question->scope));
}

static int put_policy_seen(void *file, const struct policy_seen_row *row)
{
    fprintf(file, "%lld|%zu|%d|%s|%s|%d|%d|%lld|%lld|%lld\n", (long long)row->text_id,
            strlen(row->text), row->mode, row->policy_type, row->organization, row->first_day,
            row->last_day, (long long)row->totals.reports, (long long)row->totals.successful,
            (long long)row->totals.failed);
    return 0;
}

static void check_policies(const struct question *question)
{
    struct lines got;
    lines_open(&got);
    assert_int_equal(query_policies(db, question->domain, put_policy_seen, got.file), DB_OK);
    expect_lines("query_policies", question, &got,
                 by_sql("SELECT policy_text, length(x.value), mode, type_name, reporter,"
                        "  min(day), max(day), count(DISTINCT report), sum(successful),"
                        "  sum(failed) FROM seen JOIN policy_text x ON x.id = policy_text"
                        " WHERE domain = %lld GROUP BY policy_text, organization, type"
                        " ORDER BY min(day), reporter, policy_text, type",
                        (long long)question->domain));
}

/* --- modes --- */

/* What the raw policies of a day state, weighed by the rules of mode.h. */
static struct day_statement weigh_by_hand(int64_t domain, int day)
{
    struct statement said[64];
    size_t count = 0;
    sqlite3_stmt *rows;
    static const char sql[] =
        "SELECT organization, type, mode, sum(successful + failed),"
        "  coalesce((SELECT day FROM firsts WHERE who = organization AND what = 3) <= ?2, 0),"
        "  coalesce((SELECT day FROM firsts WHERE who = organization AND what = 2) <= ?2, 0)"
        " FROM seen p WHERE domain = ?1 AND day = ?2 GROUP BY organization, type, mode";
    assert_int_equal(sqlite3_prepare_v2(db_sqlite(db), sql, -1, &rows, NULL), SQLITE_OK);
    db_bind_integers(rows, (int64_t[]){domain, day}, 2);
    while (sqlite3_step(rows) == SQLITE_ROW)
        said[count++] = (struct statement){
            .organization = sqlite3_column_int64(rows, 0),
            .policy_type = sqlite3_column_int(rows, 1),
            .mode = (enum sts_mode)sqlite3_column_int(rows, 2),
            .sessions = sqlite3_column_int64(rows, 3),
            .reports_tlsa = sqlite3_column_int(rows, 4) != 0,
            .reports_sts = sqlite3_column_int(rows, 5) != 0,
        };
    sqlite3_finalize(rows);
    return mode_weigh(day, said, count);
}

static void check_modes_of(int64_t domain)
{
    enum { FIRST = DAY - 5, LAST = DAY + DAYS + 5, COUNT = LAST - FIRST + 1 };
    struct day_statement days[DAYS];
    struct day_mode expected[COUNT], got[COUNT];
    size_t count = 0;
    for (int day = DAY; day < DAY + DAYS; day++) {
        if (sql_integer(db, "SELECT count(*) FROM policy WHERE domain = %lld AND day = %d",
                        (long long)domain, day) > 0)
            days[count++] = weigh_by_hand(domain, day);
    }
    mode_fill(days, count, FIRST, LAST, expected);
    assert_int_equal(query_modes(db, domain, (struct day_range){FIRST, LAST}, got), DB_OK);
    for (int i = 0; i < COUNT; i++) {
        if (got[i].mode != expected[i].mode || got[i].reported != expected[i].reported ||
            got[i].inherited != expected[i].inherited)
            fail_msg("query_modes of domain %lld on day %d: %s, not %s", (long long)domain,
                     FIRST + i, tls_mode_name(got[i].mode), tls_mode_name(expected[i].mode));
    }
    /* any part of it is the same */
    struct day_range part = {DAY + (int)pick(DAYS), LAST};
    assert_int_equal(query_modes(db, domain, part, got), DB_OK);
    for (int day = part.first; day <= part.last; day++)
        assert_int_equal(got[day - part.first].mode, expected[day - FIRST].mode);
}

struct mode_rows {
    FILE *file;
    struct day_mode modes[DAYS];
};

static int put_mode_day(void *context, const struct mode_day_row *row)
{
    struct mode_rows *rows = context;
    int64_t domain;
    fprintf(rows->file, "%s|%d|%lld|%lld|%lld|%lld\n", row->domain, row->day,
            (long long)row->totals.reports, (long long)row->totals.successful,
            (long long)row->totals.failed, (long long)row->reporters);
    assert_int_equal(query_find_domain(db, row->domain, &domain), DB_OK);
    assert_int_equal(query_modes(db, domain, (struct day_range){DAY, DAY + DAYS - 1}, rows->modes),
                     DB_OK);
    assert_int_equal(row->mode, rows->modes[row->day - DAY].mode);
    return 0;
}

static void check_mode_days(const struct question *question)
{
    struct lines got;
    lines_open(&got);
    struct mode_rows rows = {.file = got.file};
    ASK(query_mode_days, put_mode_day, &rows);
    expect_lines("query_mode_days", question, &got,
                 by_sql("SELECT domain_name, day, count(DISTINCT report), sum(successful),"
                        "  sum(failed), count(DISTINCT organization) FROM seen WHERE %s"
                        " GROUP BY domain, day ORDER BY domain_name, day",
                        question->scope));
}

static int check_mode_now(void *context, const struct domain_row *row)
{
    (void)context;
    struct day_mode last;
    assert_int_equal(
        query_modes(db, row->id, (struct day_range){row->last_day, row->last_day}, &last), DB_OK);
    assert_int_equal(row->mode_reported, last.mode);
    assert_int_equal(row->mode, last.mode);
    assert_false(row->mode_is_live);
    assert_int_equal(row->mode_time, (int64_t)row->last_day * SECONDS_PER_DAY);
    return 0;
}

static void check_modes(void)
{
    static const char firsts[] =
        "DROP TABLE IF EXISTS temp.firsts;"
        "CREATE TEMP TABLE firsts AS SELECT organization AS who, type AS what, min(day) AS day"
        "  FROM seen GROUP BY 1, 2;";
    assert_int_equal(db_exec(db, firsts), DB_OK);
    for (int64_t domain = 1; domain <= 8; domain++)
        check_modes_of(domain);
    for (int foreign = 0; foreign < 2; foreign++)
        assert_int_equal(query_domains(db, ALL_DOMAINS, (struct day_range){DAY, DAY}, foreign,
                                       check_mode_now, NULL),
                         DB_OK);
}

/* --- all of it --- */

static struct question ask(int64_t domain, int first, int last)
{
    struct question question = {domain, {first, last}, ""};
    if (domain == ALL_DOMAINS)
        snprintf(question.scope, sizeof question.scope, "mine AND day BETWEEN %d AND %d", first,
                 last);
    else
        snprintf(question.scope, sizeof question.scope, "domain = %lld AND day BETWEEN %d AND %d",
                 (long long)domain, first, last);
    return question;
}

/* Answers that stand on totals, which outlive the details. */
static void check_totals(const struct question *question)
{
    check_domains(question, false);
    check_domains(question, true);
    check_composition(question);
    check_reporters(question);
    check_coverage(question);
    check_mode_days(question);
    check_total(question);
    if (question->range.first <= question->range.last)
        check_steps(question);
}

static void check_details(const struct question *question)
{
    check_results(question);
    check_senders(question);
    check_mx(question);
    check_failures(question);
    check_newest_failures(question);
}

static void check_all(void)
{
    static const struct day_range edges[] = {
        {DAY, DAY + DAYS - 1}, {0, DAY_MAX},           {DAY + 31, DAY + 31},
        {DAY + 16, DAY + 95},  {DAY + 500, DAY + 900}, {DAY + 20, DAY + 10},
    };
    enum { EDGES = sizeof edges / sizeof *edges, RANDOM = 3 };
    check_extent();
    check_modes();
    for (int i = 0; i < EDGES + RANDOM; i++) {
        struct day_range range = {DAY + (int)pick(DAYS), 0};
        range.last = range.first + (int)pick(DAYS);
        if (i < EDGES)
            range = edges[i];
        int64_t domains[] = {ALL_DOMAINS, 1 + pick(8)};
        for (size_t d = 0; d < 2; d++) {
            struct question question = ask(domains[d], range.first, range.last);
            check_totals(&question);
            check_details(&question);
            check_reports(&question);
            check_documents(&question);
            check_policies(&question);
        }
    }
}

static int64_t open_blocks(void)
{
    return sql_integer(db, "SELECT count(*) FROM open_block");
}

static void every_answer_is_what_the_reports_add_up_to(void **state)
{
    (void)state;
    keep_reports(0, 400, 200); /* large batches leave blocks open */
    assert_int_equal(observation_name(db, "192.0.2.1", "mail.sender.example", 1), DB_OK);
    int64_t open = open_blocks();
    check_all();
    close_run(); /* only blocks of the last days stay open */
    assert_in_range(open_blocks(), 1, open - 1);
    open = open_blocks();
    check_all();
    open_run();
    keep_reports(400, 150, 10); /* late ones, in small batches that keep all levels right */
    assert_int_equal(open_blocks(), open);
    check_all();
}

static void answers_follow_a_change_of_what_is_mine(void **state)
{
    (void)state;
    keep_reports(0, 400, 100);
    close_run();
    mine = "d4.example d5.example d6.example";
    open_run();
    assert_int_equal(observation_name(db, "192.0.2.1", "mail.sender.example", 1), DB_OK);
    check_all();
    keep_reports(400, 100, 30);
    check_all();
    close_run();
    mine = "";
    open_run();
    check_all();
}

static char *failures_from_totals(const struct question *question)
{
    struct lines got;
    lines_open(&got);
    ASK(query_results, put_result, got.file);
    ASK(query_senders, put_sender, got.file);
    ASK(query_mx, put_mx, got.file);
    fclose(got.file);
    return got.text;
}

static void totals_outlive_pruned_details(void **state)
{
    (void)state;
    enum { BORDER = DAY + DAYS / 2 };
    bool more;
    keep_reports(0, 300, 50);
    struct question question = ask(ALL_DOMAINS, DAY, DAY + DAYS);
    char *before = failures_from_totals(&question);
    assert_int_equal(store_prune(store, BORDER, &more), DB_OK);
    char *after = failures_from_totals(&question);
    assert_string_equal(after, before);
    check_totals(&question);
    check_failures(&question);
    check_documents(&question);
    struct question pruned = ask(ALL_DOMAINS, DAY, BORDER - 9);
    struct lines none;
    struct failure_filter filter = {.range = pruned.range};
    lines_open(&none);
    assert_int_equal(query_failures(db, &filter, put_failure, none.file), DB_OK);
    expect_lines("query_failures", &pruned, &none, strdup(""));
    free(before);
    free(after);
}

/* --- one report --- */

static int put_head(void *file, const struct report_head *head)
{
    fprintf(file, "%s|%s|%s|%s|%lld|%lld|%s|%d\n", head->organization, head->report_id,
            head->contact, head->recipient, (long long)head->begin, (long long)head->end,
            head->source, head->pruned);
    return 0;
}

static int put_policy(void *file, const struct policy_row *policy)
{
    fprintf(file, "%s|%s|%d|%zu|%s|%s|%lld|%lld\n", policy->domain, policy->policy_type,
            policy->mode, strlen(policy->text), policy->mx, policy->mx_host,
            (long long)policy->successful, (long long)policy->failed);
    return 0;
}

static int put_json(void *file, int64_t report, const char *json, size_t size)
{
    fprintf(file, "%lld %.*s\n", (long long)report, (int)size, json);
    return 0;
}

static void a_report_is_taken_apart_again(void **state)
{
    (void)state;
    static const struct report_parts parts = {put_head, put_policy, put_failure};
    struct report report;
    struct lines got;
    const struct question nothing = {0};
    make_report(&report, "Google", "r1", DAY);
    report.contact = arena_strdup(&report.arena, "a@example.net");
    report.recipient = arena_strdup(&report.arena, "d0.example");
    struct policy *policy = add_policy(&report, "sts", "d0.example", sts_text("testing"), 5, 3);
    policy->mx = "*.example";
    add_failure(&report, policy, "tlsa-invalid", "192.0.2.1", "mx1.example", 1);
    add_failure(&report, policy, "certificate-expired", "192.0.2.2", "", 2);
    add_policy(&report, "tlsa", "mx.provider.example", "", 7, 0);
    keep_report(store, &report, "a.eml");
    assert_int_equal(store_commit(store), DB_OK);

    lines_open(&got);
    assert_int_equal(query_report(db, 1, &parts, got.file), DB_OK);
    assert_int_equal(query_document(db, 1, put_json, got.file), DB_OK);
    char text[512];
    snprintf(text, sizeof text,
             "Google|r1|a@example.net|d0.example|%lld|%lld|a.eml|0\n"
             "d0.example|sts|2|%zu|*.example||5|3\n"
             "1|d0.example|%d|Google|sts|tlsa-invalid|192.0.2.1|mx1.example|||1||\n"
             "1|d0.example|%d|Google|sts|certificate-expired|192.0.2.2||||2||\n"
             "d0.example|tlsa|0|0||mx.provider.example|7|0\n"
             "1 {\"policies\": []}\n",
             (long long)DAY * SECONDS_PER_DAY, (long long)(DAY + 1) * SECONDS_PER_DAY - 1,
             strlen(sts_text("testing")), DAY, DAY);
    expect_lines("query_report", &nothing, &got, strdup(text));

    bool more;
    lines_open(&got);
    assert_int_equal(store_prune(store, DAY + 2, &more), DB_OK);
    assert_int_equal(query_report(db, 1, &parts, got.file), DB_OK);
    assert_int_equal(query_document(db, 1, put_json, got.file), DB_OK);
    snprintf(text, sizeof text,
             "Google|r1|a@example.net|d0.example|%lld|%lld|a.eml|1\n"
             "d0.example|sts|2|%zu|*.example||5|3\n"
             "d0.example|tlsa|0|0||mx.provider.example|7|0\n"
             "1 \n",
             (long long)DAY * SECONDS_PER_DAY, (long long)(DAY + 1) * SECONDS_PER_DAY - 1,
             strlen(sts_text("testing")));
    expect_lines("query_report", &nothing, &got, strdup(text));
    assert_int_equal(query_report(db, 2, &parts, NULL), DB_MISSING);
}

/* A reporter may say 0 sessions failed and list failures all the same. */
static void failures_of_a_summary_without_any_are_found(void **state)
{
    (void)state;
    struct report report;
    make_report(&report, "Google", "r1", DAY);
    struct policy *policy = add_policy(&report, "sts", "d0.example", "", 5, 0);
    add_failure(&report, policy, "tlsa-invalid", "192.0.2.1", "mx1.example", 4);
    keep_report(store, &report, "a.eml");
    assert_int_equal(store_commit(store), DB_OK);
    for (int64_t domain = 0; domain < 2; domain++) {
        struct question question = ask(domain, DAY, DAY);
        check_failures(&question);
        check_details(&question);
    }
}

static int stop_at_once(void *context, const struct reporter_row *row)
{
    (void)row;
    ++*(int *)context;
    return 1;
}

static void a_row_that_has_enough_ends_the_query(void **state)
{
    (void)state;
    int rows = 0;
    keep_reports(0, 20, 20);
    assert_int_equal(
        query_reporters(db, ALL_DOMAINS, (struct day_range){DAY, DAY + DAYS}, stop_at_once, &rows),
        DB_STOPPED);
    assert_int_equal(rows, 1);
}

/* --- the journal --- */

static int put_journal(void *file, const struct journal_row *row)
{
    fprintf(file, "%lld|%s|%s|%s|%s|%s|%lld\n", (long long)row->id, row->source,
            outcome_name(row->outcome), row->reason, row->organization, row->report_id,
            (long long)row->report);
    return 0;
}

static void expect_journal(struct journal_filter filter, const char *expected)
{
    struct lines got;
    const struct question nothing = {0};
    if (filter.range.last == 0)
        filter.range.last = DAY_MAX;
    lines_open(&got);
    assert_int_equal(query_journal(db, &filter, put_journal, got.file), DB_OK);
    expect_lines("query_journal", &nothing, &got, strdup(expected));
}

static void refuse(struct origin origin, enum outcome outcome)
{
    assert_int_equal(store_refused(store, &origin, outcome, "because", NULL, 0), DB_OK);
}

static int put_run(void *file, const struct run_row *row)
{
    fprintf(file, "%lld|%s|%lld|%lld|%lld|%s\n", (long long)row->id, row->what,
            (long long)row->messages, (long long)row->outcomes[OUTCOME_IMPORTED],
            (long long)row->outcomes[OUTCOME_DAMAGED], row->ended != 0 ? "ended" : "open");
    return 0;
}

static int put_mailbox(void *file, const struct mailbox_row *row)
{
    fprintf(file, "%s|%s|%lld|%lld|%lld\n", row->account, row->mailbox, (long long)row->uidvalidity,
            (long long)row->last_uid, (long long)row->last_time);
    return 0;
}

static void the_journal_tells_what_came_in(void **state)
{
    (void)state;
    struct mailbox_position position;
    struct report report;
    char text[256];
    assert_int_equal(store_mailbox(store, "work", "me@a.example", "INBOX", 17, &position), DB_OK);
    make_report(&report, "Google", "r1", DAY);
    add_policy(&report, "sts", "d0.example", "", 5, 0);
    keep_report(store, &report, "a.eml");
    refuse((struct origin){.mailbox = position.id, .uid = 9}, OUTCOME_DAMAGED);
    store_count_message(store);
    assert_int_equal(store_position(store, position.id, 9), DB_OK);
    close_run();
    setenv("SOURCE_DATE_EPOCH", "1", 1);
    open_run();
    refuse((struct origin){.path = "b.eml"}, OUTCOME_NOT_A_REPORT);
    refuse((struct origin){.path = "c.eml"}, OUTCOME_DAMAGED);
    assert_int_equal(store_commit(store), DB_OK);

#define ROW_1 "1|a.eml|imported||Google|r1|1\n"
#define ROW_2 "2|work INBOX UIDVALIDITY 17 UID 9|damaged|because|||0\n"
#define ROW_3 "3|b.eml|not a report|because|||0\n"
#define ROW_4 "4|c.eml|damaged|because|||0\n"
    expect_journal((struct journal_filter){0}, ROW_4 ROW_3 ROW_2 ROW_1);
    expect_journal((struct journal_filter){.limit = 2}, ROW_4 ROW_3);
    expect_journal((struct journal_filter){.run = 1}, ROW_2 ROW_1);
    expect_journal((struct journal_filter){.run = 2}, ROW_4 ROW_3);
    expect_journal((struct journal_filter){.run = 3}, "");
    expect_journal((struct journal_filter){.outcomes = 1U << OUTCOME_DAMAGED}, ROW_4 ROW_2);
    expect_journal((struct journal_filter){.outcomes = 1U << OUTCOME_IMPORTED}, ROW_1);
    expect_journal((struct journal_filter){.outcomes = 1U << OUTCOME_DAMAGED, .run = 1}, ROW_2);
    expect_journal((struct journal_filter){.range = {TODAY, TODAY}}, ROW_2 ROW_1);
    expect_journal((struct journal_filter){.range = {0, 1}}, ROW_4 ROW_3);
    expect_journal((struct journal_filter){.domain = 1}, ROW_1);

    struct lines got;
    const struct question nothing = {0};
    lines_open(&got);
    assert_int_equal(query_runs(db, 0, put_run, got.file), DB_OK);
    assert_int_equal(query_runs(db, 1, put_run, got.file), DB_OK);
    assert_int_equal(query_mailboxes(db, put_mailbox, got.file), DB_OK);
    snprintf(text, sizeof text,
             "2|test|0|0|1|open\n1|test|1|1|1|ended\n2|test|0|0|1|open\nwork|INBOX|17|9|%lld\n",
             (long long)TODAY * SECONDS_PER_DAY + 3600);
    expect_lines("query_runs", &nothing, &got, strdup(text));
}

/* --- the live check --- */

static int put_observation(void *file, const struct observation *seen)
{
    fprintf(file, "%lld|%lld|%s|%s|%s\n", (long long)seen->first_time, (long long)seen->last_time,
            tls_mode_name(seen->mode), seen->evidence, seen->problems);
    return 0;
}

static bool observe(int64_t time, enum tls_mode mode)
{
    bool changed;
    struct observation observation = {
        .last_time = time, .mode = mode, .evidence = "{}", .problems = "[]"};
    assert_int_equal(observation_store(db, "d0.example", mine, &observation, &changed), DB_OK);
    return changed;
}

static void observations_are_kept_when_something_changes_or_after_a_break(void **state)
{
    (void)state;
    enum { FRESH = OBSERVATION_FRESH_DAYS * SECONDS_PER_DAY };
    struct lines got;
    const struct question nothing = {0};
    assert_true(observe(1000, MODE_DANE));
    assert_false(observe(2000, MODE_DANE));
    assert_false(observe(2000 + FRESH - 1, MODE_DANE));
    assert_true(observe(2000 + 2 * FRESH - 1, MODE_DANE));
    assert_true(observe(2000 + 2 * FRESH, MODE_STS_TESTING));
    lines_open(&got);
    assert_int_equal(observation_each(db, 1, 0, put_observation, got.file), DB_OK);
    assert_int_equal(observation_each(db, 1, 1, put_observation, got.file), DB_OK);
    expect_lines("observation_each", &nothing, &got,
                 strdup("1211600|1211600|sts-testing|{}|[]\n1211599|1211599|dane|{}|[]\n"
                        "1000|606799|dane|{}|[]\n1211600|1211600|sts-testing|{}|[]\n"));
}

static int put_mode_now(void *file, const struct domain_row *row)
{
    fprintf(file, "%s|%s|%s|%d|%lld|%d|%d\n", row->name, tls_mode_name(row->mode),
            tls_mode_name(row->mode_reported), row->mode_is_live, (long long)row->mode_time,
            row->first_day, row->last_day);
    return 0;
}

/* The check counts for a week; then reports do. */
static void the_mode_now_is_the_young_checks(void **state)
{
    (void)state;
    static const int64_t noon = (int64_t)TODAY * SECONDS_PER_DAY + 3600;
    struct lines got;
    const struct question nothing = {0};
    struct day_range range = {DAY, TODAY};
    struct report report;
    char text[512];
    observe(noon - 7 * SECONDS_PER_DAY, MODE_STS_TESTING);
    lines_open(&got);
    assert_int_equal(query_domains(db, ALL_DOMAINS, range, false, put_mode_now, got.file), DB_OK);
    make_report(&report, "Google", "r1", DAY);
    add_policy(&report, "sts", "d0.example", sts_text("enforce"), 5, 0);
    keep_report(store, &report, "a.eml");
    assert_int_equal(store_commit(store), DB_OK);
    assert_int_equal(query_domains(db, ALL_DOMAINS, range, false, put_mode_now, got.file), DB_OK);
    snprintf(text, sizeof text, "%lld", (long long)noon + 1);
    setenv("SOURCE_DATE_EPOCH", text, 1);
    assert_int_equal(query_domains(db, 1, range, false, put_mode_now, got.file), DB_OK);
    snprintf(text, sizeof text,
             "d0.example|sts-testing|unknown|1|%lld|0|-1\n"
             "d0.example|sts-testing|sts-enforce|1|%lld|%d|%d\n"
             "d0.example|sts-enforce|sts-enforce|0|%lld|%d|%d\n",
             (long long)noon - 7 * SECONDS_PER_DAY, (long long)noon - 7 * SECONDS_PER_DAY, DAY, DAY,
             (long long)DAY * SECONDS_PER_DAY, DAY, DAY);
    expect_lines("query_domains", &nothing, &got, strdup(text));
}

static int put_address(void *file, const char *ip)
{
    fprintf(file, "%s\n", ip);
    return 0;
}

static void keep_failing_senders(const char *const ips[3])
{
    struct report report;
    make_report(&report, "Google", "r1", DAY);
    struct policy *policy = add_policy(&report, "sts", "d0.example", "", 5, 3);
    for (int i = 0; i < 3; i++)
        add_failure(&report, policy, "tlsa-invalid", ips[i], "", 1);
    keep_report(store, &report, "a.eml");
    close_run();
}

static void addresses_are_asked_for_until_their_names_are_known(void **state)
{
    (void)state;
    struct lines got;
    const struct question nothing = {0};
    keep_failing_senders((const char *const[]){"192.0.2.1", "192.0.2.2", ""});
    assert_int_equal(observation_name(db, "192.0.2.1", "mail.sender.example", 1000), DB_OK);
    lines_open(&got);
    assert_int_equal(observation_unnamed(db, 1000, put_address, got.file), DB_OK);
    assert_int_equal(observation_name(db, "192.0.2.2", "", 1000), DB_OK); /* it has none */
    assert_int_equal(observation_unnamed(db, 1000, put_address, got.file), DB_OK);
    fputs("--\n", got.file);
    assert_int_equal(observation_unnamed(db, 1001, put_address, got.file), DB_OK);
    expect_lines("observation_unnamed", &nothing, &got,
                 strdup("192.0.2.2\n--\n192.0.2.1\n192.0.2.2\n"));
}

static void addresses_that_do_not_answer_come_after_others(void **state)
{
    (void)state;
    struct lines got;
    const struct question nothing = {0};
    keep_failing_senders((const char *const[]){"192.0.2.1", "192.0.2.2", "192.0.2.3"});
    assert_int_equal(observation_name(db, "192.0.2.1", "mail.sender.example", 500), DB_OK);
    assert_int_equal(observation_name(db, "192.0.2.1", NULL, 1001), DB_OK);
    assert_int_equal(observation_name(db, "192.0.2.2", NULL, 1000), DB_OK);
    lines_open(&got);
    assert_int_equal(observation_unnamed(db, 0, put_address, got.file), DB_OK);
    expect_lines("observation_unnamed", &nothing, &got,
                 strdup("192.0.2.3\n192.0.2.2\n192.0.2.1\n"));
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM host_name WHERE name LIKE 'mail.%%'"),
                     1); /* that it has still */
    assert_int_equal(observation_name(db, "192.0.2.2", "", 1002), DB_OK);
    lines_open(&got);
    assert_int_equal(observation_unnamed(db, 0, put_address, got.file), DB_OK);
    expect_lines("observation_unnamed", &nothing, &got, strdup("192.0.2.3\n192.0.2.1\n"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_answer_is_what_the_reports_add_up_to),
        TEST(answers_follow_a_change_of_what_is_mine),
        TEST(totals_outlive_pruned_details),
        TEST(a_report_is_taken_apart_again),
        TEST(failures_of_a_summary_without_any_are_found),
        TEST(a_row_that_has_enough_ends_the_query),
        TEST(the_journal_tells_what_came_in),
        TEST(observations_are_kept_when_something_changes_or_after_a_break),
        TEST(the_mode_now_is_the_young_checks),
        TEST(addresses_are_asked_for_until_their_names_are_known),
        TEST(addresses_that_do_not_answer_come_after_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
