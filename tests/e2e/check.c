/* The live check against DNS, web and mail servers of our own: check.table has the cases. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "../../db/connection.h"
#include "../check_world.h"
#include "../console_assert.h"
#include "../make_report.h"
#include "../run_program.h"

#define CHECK BUILD "/tlsrptop-check"

static struct world world;
static char folder[64];
static char db[128];

static int set_up_world(void **state)
{
    static const struct dns_relay_wishes wishes = {
        .deaf_for = {"silent.example", "TLSA mute.example", NULL}};
    (void)state;
    make_folder(folder);
    size_t size;
    char *table = read_whole_file("tests/e2e/check.table", &size);
    world_start(&world, folder, table, &wishes);
    free(table);
    snprintf(db, sizeof db, "%s/reports.db", folder);
    return 0;
}

static int tear_down_world(void **state)
{
    (void)state;
    world_stop(&world);
    remove_folder(folder);
    return 0;
}

/* --- the table --- */

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value;
    return json_object_object_get_ex(object, key, &value) ? json_object_get_string(value) : "";
}

static int compare_words(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The words of TEXT in order, joined by spaces. */
static void sort_words(const char *text, char *sorted, size_t size)
{
    char copy[4096], *words[256];
    size_t count = 0, used = 0;
    snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    qsort(words, count, sizeof *words, compare_words);
    sorted[0] = '\0';
    for (size_t i = 0; i < count; i++)
        used += (size_t)snprintf(sorted + used, size - used, "%s%s", i > 0 ? " " : "", words[i]);
}

static void join_codes(struct json_object *problems, char *codes, size_t size)
{
    char joined[4096] = "";
    size_t used = 0;
    for (size_t i = 0; i < json_object_array_length(problems); i++)
        used += (size_t)snprintf(joined + used, sizeof joined - used, "%s ",
                                 text_of(json_object_array_get_idx(problems, i), "code"));
    sort_words(joined, codes, size);
}

/* Compares a line of the program's output with the table; returns what differs. */
static unsigned compare_line(const char *line, const struct world_case *expected, bool with_mx)
{
    char found[4096], wanted[4096];
    struct json_object *object = json_tokener_parse(line), *problems;
    assert_non_null(object);
    assert_true(json_object_object_get_ex(object, "problems", &problems));
    const char *codes = with_mx && expected->with_mx != NULL ? expected->with_mx
                        : expected->problems != NULL         ? expected->problems
                                                             : "";
    sort_words(codes, wanted, sizeof wanted);
    join_codes(problems, found, sizeof found);
    bool same = strcmp(text_of(object, "domain"), expected->name) == 0 &&
                strcmp(text_of(object, "mode"), expected->mode) == 0 && strcmp(found, wanted) == 0;
    if (!same)
        print_message("%s: %s \"%s\"\n  found %s: %s \"%s\"\n", expected->name, expected->mode,
                      wanted, text_of(object, "domain"), text_of(object, "mode"), found);
    json_object_put(object);
    return !same;
}

static void check_table(bool with_mx)
{
    unsigned different = 0;
    char *names = strdup(""), *line;
    for (size_t i = 0; i < world.case_count; i++) {
        char *more;
        if (!world.cases[i].is_domain)
            continue;
        assert_true(asprintf(&more, "%s%s\n", names, world.cases[i].name) > 0);
        free(names);
        names = more;
    }
    struct run run = {.input = names, .input_size = strlen(names)};
    run_program(&run, CHECK, "--config", world.config, "--db", db, "--json", "-",
                with_mx ? "--mx" : NULL, NULL);
    char *rest = run.out;
    for (size_t i = 0; i < world.case_count; i++) {
        if (!world.cases[i].is_domain)
            continue;
        line = strsep(&rest, "\n");
        assert_non_null(line);
        different += compare_line(line, &world.cases[i], with_mx);
    }
    int status = run.status;
    bool is_end = rest != NULL && *rest == '\0';
    run_free(&run);
    free(names);
    assert_true(is_end);
    assert_int_equal(status, 1);
    assert_int_equal(different, 0);
}

static void each_case_has_its_mode_and_problems(void **state)
{
    (void)state;
    check_table(false);
}

static void certificates_are_judged_by_the_web_and_by_dane(void **state)
{
    (void)state;
    check_table(true);
}

/* --- one domain after the other --- */

/* The result of one run over one domain, with a database of the test's own. */
struct look {
    char db[128];
    struct run run;
    struct json_object *result;
    const char *option;
    char now[64]; /* "SOURCE_DATE_EPOCH=...", or "" */
};

static void look_at(struct look *look, const char *domain)
{
    const char *environment[] = {look->now, NULL};
    run_free(&look->run);
    json_object_put(look->result);
    look->run = (struct run){.environment = look->now[0] != '\0' ? environment : NULL};
    run_program(&look->run, CHECK, "--config", world.config, "--db", look->db, "--json", domain,
                look->option, NULL);
    look->run.environment = NULL;
    look->result = json_tokener_parse(look->run.out);
    assert_non_null(look->result);
}

static void end_look(struct look *look)
{
    run_free(&look->run);
    json_object_put(look->result);
    unlink(look->db);
}

/* What stands in the result under KEYS, with a dot between, as text; "" if nothing. */
static const char *at(const struct look *look, const char *keys)
{
    char copy[256], *rest = copy;
    struct json_object *object = look->result;
    snprintf(copy, sizeof copy, "%s", keys);
    for (char *key; (key = strsep(&rest, ".")) != NULL && object != NULL;) {
        if (json_object_is_type(object, json_type_array))
            object = json_object_array_get_idx(object, (size_t)atoi(key));
        else if (!json_object_object_get_ex(object, key, &object))
            object = NULL;
    }
    return object != NULL ? json_object_get_string(object) : "";
}

static bool has_problem(const struct look *look, const char *code)
{
    char quoted[128];
    snprintf(quoted, sizeof quoted, "\"code\":\"%s\"", code);
    struct json_object *problems = json_object_object_get(look->result, "problems");
    return strstr(json_object_to_json_string_ext(problems, JSON_C_TO_STRING_PLAIN), quoted) != NULL;
}

static struct look new_look(const char *name)
{
    struct look look = {.option = NULL};
    snprintf(look.db, sizeof look.db, "%s/%s.db", folder, name);
    return look;
}

static int configure(void **state)
{
    (void)state;
    world_configure(&world, world.relay.port, "timeout = 30\n");
    return 0;
}

/* Looks SECONDS after the real time. */
static void set_time(struct look *look, int64_t seconds)
{
    snprintf(look->now, sizeof look->now, "SOURCE_DATE_EPOCH=%lld",
             (long long)time(NULL) + (long long)seconds);
}

/* The relay is deaf for these, until the end of the test. */
static struct dns_relay be_deaf_for(const char *name, const char *other)
{
    struct dns_relay_wishes wishes = {.deaf_for = {name, other, NULL}};
    struct dns_relay relay = dns_relay_start(world.dns.port, &wishes);
    world_configure(&world, relay.port, "timeout = 1\n");
    return relay;
}

static void no_answer_keeps_the_mode_that_was_known(void **state)
{
    (void)state;
    struct look look = new_look("kept");
    look_at(&look, "dane-and-enforce.example");
    assert_string_equal(at(&look, "mode"), "dane+sts-enforce");
    assert_string_equal(at(&look, "evidence.kept"), "");
    char *first = strdup(at(&look, "time"));

    struct dns_relay relay = be_deaf_for("mta-sts.dane-and-enforce.example", "tlsa.example");
    for (int i = 0; i < 2; i++) { /* what was kept once is kept again */
        set_time(&look, 60 + i);
        look_at(&look, "dane-and-enforce.example");
        assert_string_equal(at(&look, "mode"), "dane+sts-enforce");
        assert_string_equal(at(&look, "evidence.kept.sts"), first);
        assert_string_equal(at(&look, "evidence.kept.dane"), first);
        assert_string_equal(at(&look, "evidence.sts.state"), "unknown");
        assert_string_equal(at(&look, "evidence.sts.policy.mode"), "enforce");
        assert_string_equal(at(&look, "evidence.sts.policy.seen"), first);
        assert_true(has_problem(&look, "sts-host-unknown"));
        assert_true(has_problem(&look, "mx-host-unknown"));
        assert_int_equal(look.run.status, 1);
    }
    dns_relay_stop(&relay);
    configure(NULL);
    set_time(&look, 120);
    look_at(&look, "dane-and-enforce.example");
    assert_string_equal(at(&look, "evidence.kept"), "");
    assert_string_equal(at(&look, "evidence.sts.policy.since"), first);
    free(first);
    end_look(&look);
}

static void without_dnssec_nothing_is_concluded_about_dane(void **state)
{
    (void)state;
    struct look look = new_look("unverifiable"), fresh = new_look("unverifiable-fresh");
    look_at(&look, "dane.example");
    struct dns_relay_wishes wishes = {.strips_dnssec = true, .deaf_for = {NULL}};
    struct dns_relay relay = dns_relay_start(world.dns.port, &wishes);
    world_configure(&world, relay.port, "timeout = 8\n");

    look_at(&look, "dane.example");
    assert_string_equal(at(&look, "mode"), "dane");
    assert_string_equal(at(&look, "evidence.dane.state"), "unverifiable");
    assert_int_equal(look.run.status, 0);
    assert_non_null(strstr(look.run.err, "DNSSEC cannot be validated here"));
    look_at(&fresh, "opportunistic.example");
    assert_string_equal(at(&fresh, "mode"), "unknown");
    assert_string_equal(at(&fresh, "evidence.dnssec"), "unverifiable");
    look_at(&fresh, "enforce.example");
    assert_string_equal(at(&fresh, "mode"), "sts-enforce");

    dns_relay_stop(&relay);
    configure(NULL);
    end_look(&look);
    end_look(&fresh);
}

static void a_changed_policy_wants_a_changed_id(void **state)
{
    (void)state;
    char path[WORLD_PATH];
    struct look look = new_look("changed");
    size_t size;
    world_policy_path(&world, "testing.example", path);
    char *before = read_whole_file(path, &size);
    static const char after[] = "version: STSv1\nmode: enforce\nmx: *.example\nmax_age: 1209600\n";
    look_at(&look, "testing.example");
    assert_string_equal(at(&look, "mode"), "sts-testing");
    assert_string_equal(at(&look, "evidence.sts.previous"), "");

    write_whole_file(path, after, strlen(after));
    for (int i = 0; i < 2; i++) { /* it stays a problem */
        look_at(&look, "testing.example");
        assert_string_equal(at(&look, "mode"), "sts-enforce");
        assert_true(has_problem(&look, "sts-id-unchanged"));
        assert_string_equal(at(&look, "evidence.sts.previous.mode"), "testing");
        assert_string_equal(at(&look, "evidence.sts.previous.id"), "1");
        assert_string_not_equal(at(&look, "evidence.sts.previous.until"), "");
    }
    write_whole_file(path, before, size);
    free(before);
    end_look(&look);
}

static void observations_are_stored_when_they_change_or_after_a_break(void **state)
{
    (void)state;
    struct look look = new_look("stored");
    struct db *stored;
    static const int64_t hours[] = {0, 1, 26, 26 + 8 * 24, 27 + 8 * 24};
    for (size_t i = 0; i < 5; i++) {
        set_time(&look, hours[i] * 3600);
        look_at(&look, "enforce.example");
    }
    assert_int_equal(db_open(&stored, look.db, DB_READ), DB_OK);
    assert_int_equal(sql_integer(stored, "SELECT count(*) FROM observation"), 2);
    assert_in_range(sql_integer(stored, "SELECT min(last_time - first_time) FROM observation"),
                    3600, 3600 + 600);
    assert_in_range(sql_integer(stored, "SELECT max(last_time - first_time) FROM observation"),
                    26 * 3600, 26 * 3600 + 600);
    assert_int_equal(sql_integer(stored, "SELECT mode FROM observation"), MODE_STS_ENFORCE);
    db_close(stored);
    end_look(&look);
}

static void what_is_as_before_is_stored_once(void **state)
{
    (void)state;
    static const char *const domains[] = {"opportunistic.example", "hanging.example",
                                          "mx-broken-tls.example", "mx-refusing.example",
                                          "reset.example"};
    struct db *stored;
    world_configure(&world, world.relay.port, "timeout = 1\n");
    for (size_t i = 0; i < sizeof domains / sizeof *domains; i++) {
        struct look look = new_look("same");
        look.option = "--mx";
        for (int hour = 0; hour < 3; hour++) {
            set_time(&look, hour * 3600);
            look_at(&look, domains[i]);
            assert_null(strstr(look.run.out, "milliseconds"));
        }
        assert_int_equal(db_open(&stored, look.db, DB_READ), DB_OK);
        assert_int_equal(sql_integer(stored, "SELECT count(*) FROM observation"), 1);
        db_close(stored);
        end_look(&look);
    }
}

static void an_id_is_proposed_that_no_sender_has_kept(void **state)
{
    (void)state;
    struct run run = {.home = NULL};
    run_program(&run, CHECK, "--config", world.config, "--db", db, "opportunistic.example", NULL);
    assert_non_null(strstr(run.out, "TXT \"v=STSv1; id=20"));
    run_free(&run);
}

static void a_clock_that_was_ahead_is_forgotten(void **state)
{
    (void)state;
    struct look look = new_look("ahead");
    set_time(&look, 400 * SECONDS_PER_DAY);
    look_at(&look, "testing.example");
    for (int hour = 0; hour < 2; hour++) {
        set_time(&look, hour * 3600);
        look_at(&look, "testing.example");
        char *since = strdup(at(&look, "evidence.sts.policy.since"));
        assert_in_range(strcmp(since, at(&look, "time")) + 1, 0, 1); /* it is not to come */
        free(since);
    }
    end_look(&look);

    struct run run = {.environment = (const char *[]){"SOURCE_DATE_EPOCH=86400", NULL}};
    run_program(&run, CHECK, "--config", world.config, "--db", db, "testing.example", NULL);
    assert_int_equal(run.status, EX_TEMPFAIL);
    assert_non_null(strstr(run.err, "the clock is wrong: it says 1970-01-02"));
    run.environment = NULL;
    run_free(&run);
}

static void reports_that_go_elsewhere_are_noted(void **state)
{
    (void)state;
    static const char account[] = "[imap work]\nhost = imap.example.com\nuser = %s\n";
    struct look look = new_look("rua");
    char more[256];
    look_at(&look, "testing.example");
    assert_false(has_problem(&look, "tlsrpt-elsewhere")); /* nobody knows */
    world_configure(&world, world.relay.port, "rua = mailto:me@example.com, you@example.com\n");
    look_at(&look, "testing.example");
    assert_true(has_problem(&look, "tlsrpt-elsewhere"));
    assert_int_equal(look.run.status, 0);
    world_configure(&world, world.relay.port, "rua = mailto:TLSRPT@example.com\n");
    look_at(&look, "testing.example");
    assert_false(has_problem(&look, "tlsrpt-elsewhere"));
    snprintf(more, sizeof more, account, "me@example.com");
    world_configure(&world, world.relay.port, more);
    look_at(&look, "testing.example");
    assert_true(has_problem(&look, "tlsrpt-elsewhere"));
    snprintf(more, sizeof more, account, "tlsrpt"); /* says nothing about addresses */
    world_configure(&world, world.relay.port, more);
    look_at(&look, "testing.example");
    assert_false(has_problem(&look, "tlsrpt-elsewhere"));
    end_look(&look);
}

static void the_open_way_is_told(void **state)
{
    (void)state;
    struct look look = new_look("ways");
    look_at(&look, "opportunistic.example");
    assert_string_equal(at(&look, "evidence.ways.dane.state"), "closed");
    assert_string_equal(at(&look, "evidence.ways.dane.needs.0"),
                        "whoever runs plain.example must publish TLSA records for it");
    assert_string_equal(at(&look, "evidence.ways.sts.state"), "open");
    look.option = "--mx";
    look_at(&look, "implicit.example"); /* its own host: the very record is told */
    assert_string_equal(at(&look, "evidence.ways.dane.state"), "open");
    assert_non_null(strstr(at(&look, "evidence.ways.dane.needs.0"),
                           "publish _25._tcp.implicit.example TLSA 3 1 1 "));
    look_at(&look, "dane-and-enforce.example");
    assert_string_equal(at(&look, "evidence.ways.dane.state"), "done");
    assert_string_equal(at(&look, "evidence.ways.sts.state"), "done");
    look_at(&look, "mx-no-starttls.example");
    assert_string_equal(at(&look, "evidence.ways.sts.state"), "closed");
    look_at(&look, "mx-refusing.example"); /* which tells nothing of its TLS */
    assert_string_equal(at(&look, "evidence.ways.sts.state"), "open");
    look_at(&look, "plain.unsigned.example");
    assert_string_equal(at(&look, "evidence.ways.dane.state"), "closed");
    assert_string_equal(at(&look, "evidence.ways.dane.needs.0"),
                        "sign the zone of plain.unsigned.example with DNSSEC, and have its DS"
                        " record published");
    end_look(&look);
}

static void a_mail_server_may_take_its_time(void **state)
{
    (void)state;
    struct look look = new_look("slow");
    look.option = "--mx";
    world_configure(&world, world.relay.port, "timeout = 1\n");
    look_at(&look, "mx-slow.example");
    assert_string_equal(at(&look, "evidence.mx.hosts.0.certificate.state"), "seen");
    end_look(&look);
}

static void a_closed_port_25_is_said_once_and_is_no_problem(void **state)
{
    (void)state;
    struct run run = {.input = "opportunistic.example\nenforce.example\nmx-no-starttls.example\n"};
    run.input_size = strlen(run.input);
    world_configure(&world, world.relay.port, "timeout = 8\nsmtp-port = 1\n");
    run_program(&run, CHECK, "--config", world.config, "--db", db, "--mx", "--json", "-", NULL);
    assert_int_equal(run.status, 0);
    const char *said = strstr(run.err, "port 25 seems to be closed");
    assert_non_null(said);
    assert_null(strstr(said + 1, "port 25"));
    assert_null(strstr(run.out, "\"certificate\""));
    run_free(&run);
}

/* --- what is asked for --- */

static void names_come_once_each_and_from_their_owner_alone(void **state)
{
    (void)state;
    static const char names[] = "# mine\nopportunistic.example\n\n Opportunistic.EXAMPLE. \r\n"
                                "b\303\274cher.example # with an umlaut\nno name\n";
    struct run run = {.input = names, .input_size = sizeof names - 1};
    run_program(&run, CHECK, "--config", world.config, "--db", db, "-", "dane.example", NULL);
    assert_int_equal(run.status, 1); /* for the line that is no name */
    assert_non_null(strstr(run.err, "standard input, line 6: \"no name\" is no domain name"));
    assert_string_equal(strtok(run.out, "\n"), "opportunistic.example: Opportunistic");
    assert_null(strstr(run.out + strlen(run.out) + 1, "\nopportunistic.example:"));
    assert_non_null(strstr(run.out + strlen(run.out) + 1, "b\303\274cher.example: Opportunistic"));
    assert_non_null(strstr(run.out + strlen(run.out) + 1, "dane.example: DANE"));
    run_free(&run);
}

static void without_names_those_that_are_mine_are_checked(void **state)
{
    (void)state;
    struct run run = {.home = NULL};
    world_configure(&world, world.relay.port,
                    "[domains]\nmine = enforce.example, *.example.net dane.example\n");
    run_program(&run, CHECK, "--config", world.config, "--db", db, NULL);
    assert_int_equal(run.status, 0);
    assert_non_null(strstr(run.out, "enforce.example: MTA-STS enforce\n"));
    assert_non_null(strstr(run.out, "dane.example: DANE\n"));
    assert_non_null(strstr(run.err, "patterns under [domains] mine name no domain"));
    run_free(&run);
    world_configure(&world, world.relay.port, "");
    run_program(&run, CHECK, "--config", world.config, "--db", db, NULL);
    assert_int_equal(run.status, EX_CONFIG);
    assert_non_null(strstr(run.err, "there is nothing to check"));
    run_free(&run);
}

static void senders_are_named_if_the_name_leads_back(void **state)
{
    (void)state;
    static const char *const addresses[] = {"192.0.2.1", "192.0.2.2", "192.0.2.3",
                                            "192.0.2.4", "192.0.2.5", "2001:db8::25"};
    char path[128];
    struct db *stored;
    struct run run = {.home = NULL};
    snprintf(path, sizeof path, "%s/names.db", folder);
    assert_int_equal(db_open(&stored, path, DB_WRITE), DB_OK);
    struct store *store = open_store(stored);
    struct report report;
    make_report(&report, "Reporter", "1", today());
    struct policy *policy = add_policy(&report, "sts", "example.com", sts_text("testing"), 1, 6);
    for (size_t i = 0; i < 6; i++)
        add_failure(&report, policy, "starttls-not-supported", addresses[i], "mx.example.com", 1);
    keep_report(store, &report, "report");
    assert_int_equal(store_close(store, ""), DB_OK);

    run_program(&run, CHECK, "--config", world.config, "--db", path, "--names", NULL);
    assert_int_equal(run.status, 0);
    assert_non_null(
        strstr(run.err, "6 senders asked for: 3 have a name that leads back, 1 gave no answer"));
    run_free(&run);
    static const char select[] = "SELECT count(*) FROM host_name h, text t ON t.id = h.ip"
                                 " WHERE t.value = '%s' AND h.name = '%s'";
    assert_int_equal(sql_integer(stored, select, "192.0.2.1", "sender.example"), 1);
    assert_int_equal(sql_integer(stored, select, "192.0.2.2", ""), 1); /* it does not */
    assert_int_equal(sql_integer(stored, select, "192.0.2.3", "sender.example"), 1);
    assert_int_equal(sql_integer(stored, select, "192.0.2.4", ""), 1);
    assert_int_equal(sql_integer(stored, select, "2001:db8::25", "sender6.example"), 1);
    assert_int_equal(sql_integer(stored, "SELECT count(*) FROM host_name WHERE answered"), 5);

    run_program(&run, CHECK, "--config", world.config, "--db", path, "--names", NULL);
    assert_non_null(strstr(run.err, "1 sender asked for: 0 have a name")); /* none anew */
    run_free(&run);
    db_close(stored);
    unlink(path);
}

static void a_misspelt_domain_leaves_nothing(void **state)
{
    (void)state;
    char path[128];
    struct db *stored;
    struct run run = {.home = NULL};
    snprintf(path, sizeof path, "%s/misspelt.db", folder);
    run_program(&run, CHECK, "--config", world.config, "--db", path, "not-there.nowhere.example",
                "enforce.example", NULL);
    assert_non_null(strstr(run.out, "not-there.nowhere.example does not exist in DNS"));
    run_free(&run);
    assert_int_equal(db_open(&stored, path, DB_READ), DB_OK);
    assert_int_equal(sql_integer(stored, "SELECT count(*) FROM domain"), 1);
    db_close(stored);
    unlink(path);
}

/* --- how it ends --- */

static void expect_end(int status, const char *words, const char *more, const char *operand)
{
    struct run run = {.home = NULL};
    world_configure(&world, world.relay.port, more);
    run_program(&run, CHECK, "--config", world.config, "--db", db, operand, NULL);
    if (run.status != status || strstr(run.err, words) == NULL)
        fail_msg("status %d, and \"%s\"", run.status, run.err);
    run_free(&run);
}

static void the_exit_status_says_what_went_wrong(void **state)
{
    (void)state;
    expect_end(EX_USAGE, "there is no option --wrong", "", "--wrong");
    expect_end(EX_USAGE, "a/b.example is no domain name", "", "a/b.example");
    expect_end(EX_CONFIG, "has no key \"resolvers\"", "resolvers = 1\n", "enforce.example");
    expect_end(EX_CONFIG, "mine must be domains, or \"*.\" and a domain, not \"a..example\"",
               "[domains]\nmine = a..example\n", "enforce.example");
    expect_end(EX_CONFIG, "neither ADDRESS nor ADDRESS@PORT", "resolver = localhost\n",
               "enforce.example");
    expect_end(EX_CONFIG, "trust-anchor: /nowhere/anchor cannot be read",
               "trust-anchor = /nowhere/anchor\n", "enforce.example");
    expect_end(EX_CONFIG, "/nowhere/ca.pem: no issuer", "ca-file = /nowhere/ca.pem\n",
               "enforce.example");
    expect_end(EX_CONFIG, "connect-to: \"a:b:c\"", "connect-to = a:b:c\n", "enforce.example");
    expect_end(EX_UNAVAILABLE, "no resolver answers: 127.0.0.1@1",
               "timeout = 1\nresolver = 127.0.0.1@1\n", "enforce.example");
}

static void output_that_cannot_be_written_is_told(void **state)
{
    (void)state;
    char command[2 * WORLD_PATH];
    struct run run = {.home = NULL};
    snprintf(command, sizeof command, "%s --config %s --db %s enforce.example >/dev/full", CHECK,
             world.config, db);
    run_program(&run, "/bin/sh", "-c", command, NULL);
    assert_int_equal(run.status, EX_TEMPFAIL);
    assert_non_null(strstr(run.err, "standard output: No space left on device"));
    run_free(&run);
}

static void a_locked_database_is_to_be_tried_again(void **state)
{
    (void)state;
    char path[128];
    struct db *writer;
    struct run run = {.home = NULL};
    snprintf(path, sizeof path, "%s/locked.db", folder);
    assert_int_equal(db_open(&writer, path, DB_WRITE), DB_OK);
    assert_int_equal(db_exec(writer, "BEGIN IMMEDIATE"), DB_OK);
    run_program(&run, CHECK, "--config", world.config, "--db", path, "enforce.example", NULL);
    assert_int_equal(run.status, EX_TEMPFAIL);
    assert_non_null(strstr(run.err, "another program is writing"));
    run_free(&run);
    db_close(writer);
    unlink(path);
}

static void a_signal_ends_it_with_what_is_done(void **state)
{
    (void)state;
    char path[128];
    struct db *stored;
    struct run run = {.home = NULL};
    snprintf(path, sizeof path, "%s/stopped.db", folder);
    assert_int_equal(db_open(&stored, path, DB_WRITE), DB_OK);
    world_configure(&world, world.relay.port, "timeout = 100\n");
    run_start(&run, CHECK, "--config", world.config, "--db", path, "all.silent.example",
              "enforce.example", NULL);
    while (sql_integer(stored, "SELECT count(*) FROM observation") == 0)
        usleep(10 * 1000);
    kill(run.pid, SIGINT);
    run_finish(&run);
    assert_int_equal(run.status, EX_TEMPFAIL);
    assert_string_equal(run.out, "enforce.example: MTA-STS enforce\n");
    assert_non_null(strstr(run.err, "stopped: 1 of 2 domains were checked"));
    run_free(&run);
    db_close(stored);
    unlink(path);
}

static void names_that_nobody_answers_do_not_hold_up_the_others(void **state)
{
    (void)state;
    char *names = NULL;
    size_t size, fine = 0;
    FILE *out = open_memstream(&names, &size);
    for (int i = 0; i < 600; i++)
        fprintf(out, "d%d.silent.example\n", i);
    fprintf(out, "enforce.example\ndane.example\n");
    fclose(out);
    struct run run = {.input = names, .input_size = size};
    run_program(&run, CHECK, "--config", world.config, "--db", db, "-", NULL);
    for (const char *line = run.out; (line = strstr(line, ".silent.example: Unknown\n")) != NULL;
         line++)
        fine++;
    assert_int_equal(fine, 600);
    assert_non_null(strstr(run.out, "enforce.example: MTA-STS enforce\ndane.example: DANE\n"));
    run_free(&run);
    free(names);
}

/* --- on a terminal --- */

static bool is_harmless(const char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < ' ' && *text != '\n')
            return false;
    }
    return true;
}

static void nothing_of_strangers_reaches_the_terminal_raw(void **state)
{
    (void)state;
    struct run run = {.input = "binary-txt.example\nmx-strange.example\ncontrol-bytes.example\n"
                               "all.bogus.example\npage.example\nendless.example\n"};
    run.input_size = strlen(run.input);
    for (int json = 0; json < 2; json++) {
        run_program(&run, CHECK, "--config", world.config, "--db", db, "-v", "-",
                    json ? "--json" : NULL, NULL);
        assert_true(is_harmless(run.out));
        assert_true(is_harmless(run.err));
        assert_non_null(strstr(run.out, "[2J")); /* but it is shown */
        run_free(&run);
    }
}

static void progress_is_shown_on_a_terminal(void **state)
{
    (void)state;
    const char *const argv[] = {CHECK, "--config",        world.config,         "--db",
                                db,    "enforce.example", "all.silent.example", NULL};
    struct console *console = assert_console(.argv = argv);
    assert_shows(console, "enforce.example: MTA-STS enforce");
    assert_shows(console, "1 of 2");
    assert_shows(console, "2 domains: 1 with problems");
    assert_hides(console, "1 of 2");
    assert_exits(console, 1);
    console_close(console);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(each_case_has_its_mode_and_problems, configure),
        cmocka_unit_test_setup(certificates_are_judged_by_the_web_and_by_dane, configure),
        cmocka_unit_test_setup(no_answer_keeps_the_mode_that_was_known, configure),
        cmocka_unit_test_setup(without_dnssec_nothing_is_concluded_about_dane, configure),
        cmocka_unit_test_setup(a_changed_policy_wants_a_changed_id, configure),
        cmocka_unit_test_setup(observations_are_stored_when_they_change_or_after_a_break,
                               configure),
        cmocka_unit_test_setup(what_is_as_before_is_stored_once, configure),
        cmocka_unit_test_setup(an_id_is_proposed_that_no_sender_has_kept, configure),
        cmocka_unit_test_setup(a_clock_that_was_ahead_is_forgotten, configure),
        cmocka_unit_test_setup(reports_that_go_elsewhere_are_noted, configure),
        cmocka_unit_test_setup(the_open_way_is_told, configure),
        cmocka_unit_test_setup(a_mail_server_may_take_its_time, configure),
        cmocka_unit_test_setup(a_closed_port_25_is_said_once_and_is_no_problem, configure),
        cmocka_unit_test_setup(names_come_once_each_and_from_their_owner_alone, configure),
        cmocka_unit_test_setup(without_names_those_that_are_mine_are_checked, configure),
        cmocka_unit_test_setup(senders_are_named_if_the_name_leads_back, configure),
        cmocka_unit_test_setup(a_misspelt_domain_leaves_nothing, configure),
        cmocka_unit_test_setup(the_exit_status_says_what_went_wrong, configure),
        cmocka_unit_test_setup(output_that_cannot_be_written_is_told, configure),
        cmocka_unit_test_setup(a_locked_database_is_to_be_tried_again, configure),
        cmocka_unit_test_setup(a_signal_ends_it_with_what_is_done, configure),
        cmocka_unit_test_setup(names_that_nobody_answers_do_not_hold_up_the_others, configure),
        cmocka_unit_test_setup(nothing_of_strangers_reaches_the_terminal_raw, configure),
        cmocka_unit_test_setup(progress_is_shown_on_a_terminal, configure),
    };
    return cmocka_run_group_tests(tests, set_up_world, tear_down_world);
}
