/* `tlsrptop export` as scripts use it: columns, ranges, formats, exit statuses. */
#include <pwd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "../import_files.h"
#include "../make_report.h"
#include "../run_program.h"

#define PROGRAM BUILD "/tlsrptop"
#define NOW     "SOURCE_DATE_EPOCH=1795523696" /* 2026-11-24T12:34:56Z */

enum { DAY = 20770 }; /* 2026-11-13 */

static const char *const environment[] = {NOW, NULL};
static char folder[64];
static char path[128];
static struct db *db;

static int set_up(void **state)
{
    (void)state;
    putenv((char *)(uintptr_t)NOW);
    make_folder(folder);
    snprintf(path, sizeof path, "%s/reports.db", folder);
    return db_open(&db, path, DB_WRITE) == DB_OK ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    db_close(db);
    remove_folder(folder);
    return 0;
}

static void keep_google(struct store *store)
{
    struct report report;
    make_report(&report, "Google", "g1", DAY);
    add_policy(&report, "sts", "example.com", sts_text("testing"), 100, 0);
    keep_report(store, &report, "g1.eml");
    make_report(&report, "Google", "g2", DAY + 1);
    struct policy *policy = add_policy(&report, "sts", "example.com", sts_text("testing"), 90, 10);
    struct failure *failure =
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx1.example.com", 7);
    failure->receiving_ip = "198.51.100.7";
    failure->receiving_mx_helo = "mx1";
    failure->reason_code = "X509_V_ERR_CERT_HAS_EXPIRED";
    failure->additional_info = "see, \"here\"";
    add_failure(&report, policy, "validation-failure", "192.0.2.1", "mx2.example.com", 3);
    keep_report(store, &report, "g2.eml");
}

static void keep_others(struct store *store)
{
    struct report report;
    make_report(&report, "Microsoft", "m1", DAY + 1);
    report.recipient = arena_strdup(&report.arena, "example.net");
    struct policy *policy = add_policy(&report, "tlsa", "example.net", "", 5, 1);
    add_failure(&report, policy, "tlsa-invalid", "", "", 1);
    policy = add_policy(&report, "sts", "example.com", sts_text("enforce"), 1, 0);
    keep_report(store, &report, "m1.eml");
    make_report(&report, "Yahoo", "y1", DAY + 2);
    policy = add_policy(&report, "sts", "victim.example", sts_text("enforce"), 0, 9);
    add_failure(&report, policy, "tlsa-invalid", "192.0.2.9", "", 9);
    keep_report(store, &report, "y1.eml");
}

static void fill(void)
{
    struct store *store;
    struct store_settings settings = {.mine = "example.com, example.net"};
    struct origin origin = {.path = "bad.eml"};
    assert_int_equal(store_open(&store, db, "test", &settings), DB_OK);
    keep_google(store);
    keep_others(store);
    assert_int_equal(
        store_refused(store, &origin, OUTCOME_DAMAGED, "its gzip ends too early", NULL, 0), DB_OK);
    assert_int_equal(store_close(store, ""), DB_OK);
}

/* `tlsrptop export` with WORDS, separated by spaces, on the test's database. */
static void export(struct run *run, const char *words)
{
    char command[512];
    snprintf(command, sizeof command, "exec %s export --db %s %s", PROGRAM, path, words);
    *run = (struct run){.environment = environment};
    run_program(run, "sh", "-c", command, NULL);
}

static void expect(const char *words, const char *expected)
{
    struct run run;
    export(&run, words);
    assert_string_equal(run.err, "");
    assert_string_equal(run.out, expected);
    assert_int_equal(run.status, 0);
    run_free(&run);
}

static void every_subject_has_its_columns_and_rows(void **state)
{
    (void)state;
    fill();
    expect("domains",
           "domain,mode,reports,reporters,successful,failed,failure_rate,first_day,last_day\n"
           "example.com,sts-testing,3,2,191,10,0.049751,2026-11-13,2026-11-14\n"
           "example.net,dane,1,1,5,1,0.166667,2026-11-14,2026-11-14\n");
    expect("advice", "domain,mode,step,next_step,failed,problems,testing_days\n"
                     "example.com,sts-testing,MTA-STS testing,keep-testing,0,0,12\n"
                     "example.net,dane,DANE,find-reports,0,0,0\n");
    expect("senders", "domain,organization,sending_mta_ip,failed,result_types,first_day,last_day\n"
                      "example.com,Google,192.0.2.1,10,\"certificate-expired, validation-failure\","
                      "2026-11-14,2026-11-14\n"
                      "example.net,Microsoft,,1,tlsa-invalid,2026-11-14,2026-11-14\n");
    expect("failures",
           "domain,day,organization,result_type,sending_mta_ip,receiving_mx_hostname,receiving_ip,"
           "receiving_mx_helo,failed,reason_code,additional_info\n"
           "example.com,2026-11-14,Google,certificate-expired,192.0.2.1,mx1.example.com,"
           "198.51.100.7,mx1,7,X509_V_ERR_CERT_HAS_EXPIRED,\"see, \"\"here\"\"\"\n"
           "example.com,2026-11-14,Google,validation-failure,192.0.2.1,mx2.example.com,,,3,,\n"
           "example.net,2026-11-14,Microsoft,tlsa-invalid,,,,,1,,\n");
    expect("mx", "domain,receiving_mx_hostname,failed,senders,result_types\n"
                 "example.com,mx1.example.com,7,1,certificate-expired\n"
                 "example.com,mx2.example.com,3,1,validation-failure\n"
                 "example.net,,1,0,tlsa-invalid\n");
    static const char testing[] = "version: STSv1\\x0amode: testing\\x0amx: mx.example.com"
                                  "\\x0amax_age: 604800\n";
    static const char enforce[] = "version: STSv1\\x0amode: enforce\\x0amx: mx.example.com"
                                  "\\x0amax_age: 604800\n";
    char policies[1024];
    snprintf(policies, sizeof policies,
             "domain,policy_type,mode,organization,reports,successful,failed,first_day,last_day,"
             "policy\n"
             "example.com,sts,testing,Google,2,190,10,2026-11-13,2026-11-14,%s"
             "example.com,sts,enforce,Microsoft,1,1,0,2026-11-14,2026-11-14,%s"
             "example.net,tlsa,,Microsoft,1,5,1,2026-11-14,2026-11-14,\n",
             testing, enforce);
    expect("policies", policies);
    expect("policies --until 2026-11-12",
           "domain,policy_type,mode,organization,reports,successful,failed,first_day,last_day,"
           "policy\n");
    expect("modes", "domain,day,mode,successful,failed,reporters\n"
                    "example.com,2026-11-13,sts-testing,100,0,1\n"
                    "example.com,2026-11-14,sts-testing,91,10,2\n"
                    "example.net,2026-11-14,dane,5,1,1\n");
    expect("imports", "time,source,outcome,reason,organization,report_id\n"
                      "2026-11-24T12:34:56Z,bad.eml,damaged,its gzip ends too early,,\n"
                      "2026-11-24T12:34:56Z,y1.eml,imported,,Yahoo,y1\n"
                      "2026-11-24T12:34:56Z,m1.eml,imported,,Microsoft,m1\n"
                      "2026-11-24T12:34:56Z,g2.eml,imported,,Google,g2\n"
                      "2026-11-24T12:34:56Z,g1.eml,imported,,Google,g1\n");
}

static void keep_day(struct store *store, int day, int64_t failed)
{
    struct report report;
    char id[32];
    snprintf(id, sizeof id, "i%d", day);
    make_report(&report, "Google", id, day);
    struct policy *policy =
        add_policy(&report, "sts", "example.com", sts_text("enforce"), 100 - failed, failed);
    if (failed > 0)
        add_failure(&report, policy, "certificate-expired", "192.0.2.1", "mx", failed);
    keep_report(store, &report, "i.eml");
}

static void incidents_are_told(void **state)
{
    (void)state;
    static const char columns[] = "domain,mode,state,first_day,last_day,sessions,failed,refused,"
                                  "failure_rate,usual_rate,result_type\n";
    char expected[512];
    struct store *store = open_store(db);
    for (int day = DAY - 12; day <= DAY; day++)
        keep_day(store, day, day == DAY ? 40 : day == DAY - 5 ? 1 : 0);
    assert_int_equal(store_close(store, ""), DB_OK);
    snprintf(expected, sizeof expected,
             "%sexample.com,sts-enforce,silent,2026-11-13,2026-11-13,100,40,40,0.400000,%s",
             columns, "0.000901,certificate-expired\n");
    expect("incidents", expected);
    expect("incidents --domain example.com --since 30d", expected);
    expect("incidents --until 2026-11-12", columns);
}

static void json_has_the_same_names_and_values(void **state)
{
    (void)state;
    fill();
    expect("domains --format json --domain example.net",
           "[\n{\"domain\":\"example.net\",\"mode\":\"dane\",\"reports\":1,\"reporters\":1,"
           "\"successful\":5,\"failed\":1,\"failure_rate\":0.166667,\"first_day\":\"2026-11-14\","
           "\"last_day\":\"2026-11-14\"}\n]\n");
    static const char *const subjects[] = {"domains", "senders", "failures", "modes", "imports"};
    static const size_t rows[] = {2, 2, 3, 3, 5};
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        struct run run;
        char words[64];
        snprintf(words, sizeof words, "--format=json %s", subjects[i]);
        export(&run, words);
        json_object *array = json_tokener_parse(run.out);
        assert_true(json_object_is_type(array, json_type_array));
        assert_int_equal(json_object_array_length(array), rows[i]);
        json_object_put(array);
        run_free(&run);
    }
}

static void a_range_takes_its_days_only(void **state)
{
    (void)state;
    fill();
    static const char head[] = "domain,day,mode,successful,failed,reporters\n";
    static const char first[] = "example.com,2026-11-13,sts-testing,100,0,1\n";
    char both[256];
    snprintf(both, sizeof both, "%s%s", head, first);
    expect("modes --until 2026-11-13", both);
    expect("modes --since 2026-11-15", head);
    expect("modes --since 10d", head);
    expect("modes --since 2026-10 --until 2026-10", head);
    expect("modes --domain example.com --since 12d --until 2026-11-13", both);
    expect("modes --since 2026-11-01..2026-11-13", both);
    expect("modes --since 2026-11-01.. --until 2026-11-13", both);
    expect("modes --since 2026-10-01..2026-11-12", head);
    /* a domain without a report in the range is still one that should report */
    expect("domains --since 2026-11-24 --domain example.com",
           "domain,mode,reports,reporters,successful,failed,failure_rate,first_day,last_day\n"
           "example.com,sts-testing,0,0,0,0,,,\n");
    expect("senders --until 2026-11-13 --domain example.com",
           "domain,organization,sending_mta_ip,failed,result_types,first_day,last_day\n");
    expect("imports --until 2026-11-23", "time,source,outcome,reason,organization,report_id\n");
    expect("imports --since 2026-11-24 --domain example.net",
           "time,source,outcome,reason,organization,report_id\n"
           "2026-11-24T12:34:56Z,m1.eml,imported,,Microsoft,m1\n");
}

/* Others' domains come only when they are asked for. */
static void a_foreign_domain_comes_when_it_is_named(void **state)
{
    (void)state;
    fill();
    expect("senders --domain Victim.Example.",
           "domain,organization,sending_mta_ip,failed,result_types,first_day,last_day\n"
           "victim.example,Yahoo,192.0.2.9,9,tlsa-invalid,2026-11-15,2026-11-15\n");
}

static void text_of_strangers_does_no_harm(void **state)
{
    (void)state;
    struct store *store = open_store(db);
    struct report report;
    make_report(&report, "=cmd|'/c calc'!A1", "\x1b[2J", DAY);
    struct policy *policy = add_policy(&report, "sts", "example.com", "", 0, 1);
    struct failure *failure = add_failure(&report, policy, "new\ntype", "", "\xe2\x80\xae", 1);
    failure->additional_info = "@x";
    keep_report(store, &report, "a\x1b.eml");
    assert_int_equal(store_close(store, ""), DB_OK);
    expect("failures",
           "domain,day,organization,result_type,sending_mta_ip,receiving_mx_hostname,receiving_ip,"
           "receiving_mx_helo,failed,reason_code,additional_info\n"
           "example.com,2026-11-13,'=cmd|'/c calc'!A1,new\\x0atype,,\\u202e,,,1,,'@x\n");
    expect("imports --format json",
           "[\n{\"time\":\"2026-11-24T12:34:56Z\",\"source\":\"a\\u001b.eml\",\"outcome\":"
           "\"imported\",\"reason\":\"\",\"organization\":\"=cmd|'/c calc'!A1\","
           "\"report_id\":\"\\u001b[2J\"}\n]\n");
}

/* --- reports --- */

static int64_t outcomes(enum outcome outcome)
{
    return sql_integer(db, "SELECT count(*) FROM journal WHERE outcome = %d", outcome);
}

/* What is exported of a file, imported again, is the same reports again. */
static void exported_reports_are_duplicates(const char *file)
{
    struct run run;
    struct store *store = open_store(db);
    import_files(store, file);
    int64_t imported = outcomes(OUTCOME_IMPORTED), duplicates = outcomes(OUTCOME_DUPLICATE);
    int64_t journal = sql_integer(db, "SELECT count(*) FROM journal");
    export(&run, "reports");
    assert_string_equal(run.err, "");
    assert_int_equal(run.status, 0);
    int64_t lines = 0;
    for (char *line = run.out, *end; (end = strchr(line, '\n')) != NULL; line = end + 1, lines++) {
        *end = '\0';
        json_object *document = json_tokener_parse(line);
        assert_non_null(document);
        json_object_put(document);
        import_bytes(store, "-", line, strlen(line));
    }
    if (lines != imported || outcomes(OUTCOME_DUPLICATE) != duplicates + imported)
        fail_msg("%s: %lld reports, %lld lines, %lld known again", file, (long long)imported,
                 (long long)lines, (long long)(outcomes(OUTCOME_DUPLICATE) - duplicates));
    assert_int_equal(sql_integer(db, "SELECT count(*) FROM journal"), journal + lines);
    assert_int_equal(store_close(store, ""), DB_OK);
    run_free(&run);
}

static void exported_reports_can_be_imported_again(void **state)
{
    static const char *const files[] = {
        "mails/tlsrpt-gzip.eml",
        "mails/domain-in-header.eml",
        "mails/domain-only-in-policy.eml",
        "mails/organization-only-in-header.eml",
        "mails/two-reports.eml",
        "documents/several.jsonl",
        "documents/exported.jsonl",
        "documents/two-gzip-members.json.gz",
        "documents/trailing-garbage.json.gz",
        "documents/reports.zip",
        "reports/byte-order-mark.json",
        "reports/contact-info-null.json",
        "reports/counts-as-strings.json",
        "reports/domain-international.json",
        "reports/key-twice.json",
        "reports/mx-host-with-key.json",
        "reports/no-policy-found-without-domain.json",
        "reports/policy-string-single.json",
        "reports/report-id-digits-only.json",
        "reports/text-with-nul-and-bad-utf8.json",
        "reports/tlsa-list-in-a-string.json",
        "reports/tlsa-named-after-the-mx.json",
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char name[128];
        snprintf(name, sizeof name, "tests/fixtures/%s", files[i]);
        exported_reports_are_duplicates(name);
        tear_down(state);
        set_up(state);
    }
}

static void pruned_originals_are_missed_aloud(void **state)
{
    (void)state;
    bool more;
    struct store *store = open_store(db);
    import_files(store, "tests/fixtures/reports/as-the-rfc-says.json");
    assert_int_equal(store_prune(store, DAY + 1, &more), DB_OK);
    assert_int_equal(store_close(store, ""), DB_OK);
    struct run run;
    export(&run, "reports");
    assert_string_equal(run.out, "");
    assert_string_equal(run.err, "tlsrptop export: originals that [database] keep-details-days "
                                 "has pruned: 1\n");
    assert_int_equal(run.status, 0);
    run_free(&run);
}

/* --- when it cannot be done --- */

static void wrong_usage_is_named(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        const char *sentence;
    } cases[] = {
        {"", "usage: tlsrptop export WHAT"},
        {"domains senders", "\"senders\" is a word too many"},
        {"domain", "\"domain\" cannot be exported; WHAT is domains, advice, incidents"},
        {"domains --format xml", "--format is csv or json, not \"xml\""},
        {"reports --format csv", "reports are JSON"},
        {"domains --since lately", "--since lately: write 30d, "},
        {"domains --until 2026-02-30", "--until 2026-02-30: there is no such day"},
        {"domains --since 2026-11-24 --until 2026-11-23", "is before --since 2026-11-24"},
        {"domains --until 30d", "--until 30d: write the last day, "},
        {"domains --until 2026-03-01..2026-04-15", "write the last day, "},
        {"domains --since 2026-03-01..2026-04-15 --until 2026-04-15", "names the last day already"},
        {"domains --domain 'a b'", "\"a b\" is no domain name"},
        {"domains --colour", "unrecognized option '--colour'"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run run;
        export(&run, cases[i].words);
        if (run.status != EX_USAGE || strstr(run.err, cases[i].sentence) == NULL)
            fail_msg("export %s: %d, %s", cases[i].words, run.status, run.err);
        assert_string_equal(run.out, "");
        run_free(&run);
    }
}

static void expect_failure(const char *words, int status, const char *sentence)
{
    struct run run;
    export(&run, words);
    if (run.status != status || strstr(run.err, sentence) == NULL)
        fail_msg("export %s: %d, %s", words, run.status, run.err);
    run_free(&run);
}

static void what_is_missing_or_unusable_is_named(void **state)
{
    (void)state;
    fill();
    expect_failure("domains --domain nowhere.example", EX_NOINPUT,
                   "knows no domain nowhere.example");
    expect_failure("domains --db /nonexistent/reports.db", EX_NOINPUT,
                   "/nonexistent/reports.db: No such file or directory\nNothing has been imported "
                   "yet: run \"tlsrptop import FILE...\"");
    expect_failure("domains --db /etc/passwd", EX_DATAERR, "is not a database of tlsrptop");
    expect_failure("domains --config /nonexistent/config", EX_CONFIG, "/nonexistent/config");
    write_whole_file(path, "", 0);
    expect_failure("domains", EX_NOINPUT, "is empty: nothing has been imported into it yet");
}

static void become_nobody(void)
{
    const struct passwd *nobody = getpwnam("nobody");
    if (geteuid() == 0 && (nobody == NULL || setuid(nobody->pw_uid) != 0))
        _exit(EXIT_FAILURE);
}

/* The programs may lie where nobody can reach them. */
static bool nobody_can_run(void)
{
    struct run run = {.prepare = become_nobody};
    run_program(&run, "sh", "-c", "test -x " PROGRAM, NULL);
    bool can = run.status == 0;
    run_free(&run);
    return can;
}

static void who_may_not_read_the_database_is_told_so(void **state)
{
    (void)state;
    if (!nobody_can_run())
        skip();
    assert_int_equal(chmod(folder, 0755), 0);
    assert_int_equal(chmod(path, 0), 0);
    struct run run = {.environment = environment, .prepare = become_nobody};
    run_program(&run, PROGRAM, "export", "domains", "--db", path, NULL);
    assert_run_said(&run, "/reports.db: Permission denied\n");
    assert_run_ended(&run, EX_NOPERM);
    run_free(&run);
}

static void output_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    fill();
    expect_failure("domains >/dev/full", EX_TEMPFAIL, "standard output: No space left on device");
    expect_failure("reports >/dev/full", EX_TEMPFAIL, "standard output: No space left on device");
    expect_failure("domains --help >/dev/full", EXIT_FAILURE, "");
    expect_failure("domains >&-", EXIT_FAILURE, "standard output: Bad file descriptor");
}

static void the_configuration_names_the_database(void **state)
{
    (void)state;
    fill();
    char text[256], name[128];
    snprintf(name, sizeof name, "%s/config", folder);
    snprintf(text, sizeof text, "[database]\npath = %s\n", path);
    write_whole_file(name, text, strlen(text));
    struct run run = {.environment = environment};
    run_program(&run, PROGRAM, "export", "modes", "--domain", "example.net", "--config", name,
                NULL);
    assert_string_equal(run.out, "domain,day,mode,successful,failed,reporters\n"
                                 "example.net,2026-11-14,dane,5,1,1\n");
    run_free(&run);
}

static void several_domains_are_named_by_patterns_and_groups(void **state)
{
    (void)state;
    static const char groups[] = "[groups]\nnets = *.example.net, example.net\nnone = no.example\n";
    static const char net[] = "domain,day,mode,successful,failed,reporters\n"
                              "example.net,2026-11-14,dane,5,1,1\n";
    char name[128], words[256];
    fill();
    snprintf(name, sizeof name, "%s/config", folder);
    write_whole_file(name, groups, sizeof groups - 1);
    snprintf(words, sizeof words, "modes --domain @NETS --config %s", name);
    expect(words, net);
    expect("modes --domain 'x.example,example.net'", net);
    expect("mx --domain '*.net'", "domain,receiving_mx_hostname,failed,senders,result_types\n"
                                  "example.net,,1,0,tlsa-invalid\n");
    expect("failures --domain example.net,victim.example",
           "domain,day,organization,result_type,sending_mta_ip,receiving_mx_hostname,receiving_ip,"
           "receiving_mx_helo,failed,reason_code,additional_info\n"
           "example.net,2026-11-14,Microsoft,tlsa-invalid,,,,,1,,\n");
    expect("advice --domain example.net,",
           "domain,mode,step,next_step,failed,problems,testing_days\n"
           "example.net,dane,DANE,find-reports,0,0,0\n");
    snprintf(words, sizeof words, "domains --domain @none --config %s", name);
    expect_failure(words, EX_NOINPUT, "reports.db knows no domain @none");
    snprintf(words, sizeof words, "domains --domain @acme --config %s", name);
    expect_failure(words, EX_USAGE, "--domain @acme: there is no such group; there are: nets none");
    expect_failure("domains --domain ,", EX_USAGE, "--domain: \",\" is no domain name");
    expect_failure("domains --domain 'example.net,a!b'", EX_USAGE,
                   "--domain: \"a!b\" is no domain name, nor \"*.\" and one");
}

static int count_of(const char *text, const char *wanted)
{
    int count = 0;
    for (; (text = strstr(text, wanted)) != NULL; text += strlen(wanted))
        count++;
    return count;
}

/* m1 is about both domains. */
static void what_is_of_several_domains_comes_once(void **state)
{
    (void)state;
    struct run reports, imports;
    fill();
    export(&reports, "reports --domain 'example.net,*.com'");
    assert_int_equal(count_of(reports.out, "\n"), 3);
    assert_int_equal(count_of(reports.out, "\"organization-name\":\"Microsoft\""), 1);
    export(&imports, "imports --domain 'example.net,*.com'");
    assert_int_equal(count_of(imports.out, ",Microsoft,m1\n"), 1);
    assert_int_equal(count_of(imports.out, "\n"), 1 + 3);
    run_free(&reports);
    run_free(&imports);
}

/* --- the words before --- */

static void the_other_programs_are_run_by_their_words(void **state)
{
    (void)state;
    static const char script[] = "#!/bin/sh\necho \"$0 $*\"\n";
    char fake[128], programs[128], moved[128];
    snprintf(fake, sizeof fake, "%s/tlsrptop-import", folder);
    snprintf(programs, sizeof programs, "PATH=%s:/usr/bin:/bin", folder);
    snprintf(moved, sizeof moved, "%s/bin/tlsrptop", folder);
    char command[1024];
    snprintf(command, sizeof command,
             "mkdir %s/bin && cp %s %s && chmod +x %s && "
             "%s import -q a 'b c'; %s check x; cp %s %s/bin && %s import beside",
             folder, PROGRAM, moved, fake, moved, moved, fake, folder, moved);
    write_whole_file(fake, script, sizeof script - 1);
    const char *const setting[] = {programs, NULL};
    struct run run = {.environment = setting};
    char expected[512];
    run_program(&run, "sh", "-c", command, NULL);
    snprintf(expected, sizeof expected, "%s -q a b c\n%s/bin/tlsrptop-import beside\n", fake,
             folder);
    assert_string_equal(run.out, expected);
    assert_string_equal(run.err,
                        "tlsrptop: cannot run tlsrptop-check: No such file or directory\n");
    run_free(&run);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(every_subject_has_its_columns_and_rows),
        TEST(incidents_are_told),
        TEST(json_has_the_same_names_and_values),
        TEST(a_range_takes_its_days_only),
        TEST(a_foreign_domain_comes_when_it_is_named),
        TEST(text_of_strangers_does_no_harm),
        TEST(exported_reports_can_be_imported_again),
        TEST(pruned_originals_are_missed_aloud),
        TEST(wrong_usage_is_named),
        TEST(what_is_missing_or_unusable_is_named),
        TEST(who_may_not_read_the_database_is_told_so),
        TEST(output_that_cannot_be_written_is_told),
        TEST(the_configuration_names_the_database),
        TEST(several_domains_are_named_by_patterns_and_groups),
        TEST(what_is_of_several_domains_comes_once),
        TEST(the_other_programs_are_run_by_their_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
