/*
 * tlsrptop-check - what DNS, the MTA-STS policy and the MX hosts of domains say
 * right now.
 *
 * This file finds out which domains are meant, runs the one event loop in which they
 * are examined, and hands each verdict to the database and to the reader.
 */
#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "../db/config.h"
#include "../db/day.h"
#include "../db/observation.h"
#include "../db/query.h"
#include "check_options.h"
#include "check_output.h"
#include "domain_list.h"
#include "evidence.h"
#include "examine.h"
#include "host_names.h"
#include "progress.h"
#include "stop.h"

enum {
    EX_PROBLEM = EXIT_FAILURE, /* a domain has a problem */
    PATH_BYTES = 4096,
    OWN_RUA_MAX = 64,
    DESCRIPTORS_WANTED = 8192,
    WAIT_MS = 1000 /* at the most, to move the bar */
};

struct check {
    struct check_options options;
    struct config *config;
    struct domain_list domains;
    bool bad_names; /* on standard input */
    struct db *db;
    struct resolver *resolver;
    struct transfers *transfers;
    struct trust *trust;
    struct examiner *examiner;
    struct arena arena;
    const char *own_rua[OWN_RUA_MAX + 1];
    int64_t now;

    size_t begun;
    size_t done;
    size_t printed;
    char **outputs; /* of each domain, until all before it are printed */
    size_t with_problems;
    size_t changed;
    bool smtp_closed;
    int status;             /* EX_OK unless the run has to end */
    struct verdict verdict; /* large, and only one at a time */
};

/* --- what goes wrong --- */

static int out_of_memory(struct check *check)
{
    say("out of memory");
    return check->status = EX_TEMPFAIL;
}

static int database_failed(struct check *check, enum db_status status)
{
    bool passes = status == DB_BUSY || status == DB_FULL || status == DB_MEMORY;
    say("%s", check->db != NULL ? db_error(check->db) : "out of memory");
    return check->status = passes ? EX_TEMPFAIL : status == DB_DAMAGED ? EX_SOFTWARE : EX_CONFIG;
}

/* --- which domains --- */

static const char *setting(const struct check *check, const char *section, const char *key)
{
    return config_text(check->config, section, NULL, key);
}

static void complain_of_line(void *context, size_t number, const char *line)
{
    struct check *check = context;
    say("standard input, line %zu: \"%.100s\" is no domain name", number, line);
    check->bad_names = true;
}

static int add_mine(struct check *check)
{
    int patterns = domain_list_add_mine(&check->domains, setting(check, "domains", "mine"));
    if (patterns < 0)
        return out_of_memory(check);
    if (patterns > 0 && !check->options.quiet)
        say("patterns under [domains] mine name no domain: name those to be checked yourself");
    if (check->domains.count > 0 || check->options.names)
        return EX_OK;
    say("there is nothing to check: name a domain, or list yours under [domains] mine in %s",
        config_path(check->config)[0] != '\0' ? config_path(check->config)
                                              : "~/.config/tlsrptop/config");
    return EX_CONFIG;
}

static int add_operand(struct check *check, const char *operand)
{
    enum domain_added added;
    if (strcmp(operand, "-") == 0) {
        if (domain_list_read(&check->domains, stdin, complain_of_line, check) == 0)
            return EX_OK;
        say("standard input: more than %d names, or it cannot be read", DOMAINS_MAX);
        return EX_USAGE;
    }
    added = domain_list_add(&check->domains, operand, strlen(operand));
    if (added == DOMAIN_NO_MEMORY)
        return out_of_memory(check);
    if (added != DOMAIN_ADDED)
        say("%s is no domain name", operand);
    return added == DOMAIN_ADDED ? EX_OK : EX_USAGE;
}

static int find_domains(struct check *check)
{
    int status = EX_OK;
    if (check->options.operands[0] == NULL)
        status = add_mine(check);
    for (char **operand = check->options.operands; *operand != NULL && status == EX_OK; operand++)
        status = add_operand(check, *operand);
    if (status != EX_OK)
        return status;
    check->outputs = calloc(check->domains.count + 1, sizeof *check->outputs);
    return check->outputs != NULL ? EX_OK : out_of_memory(check);
}

/* --- settings --- */

static void add_own_rua(struct check *check, const char *address, size_t length)
{
    static const char scheme[] = "mailto:";
    size_t count = 0;
    while (check->own_rua[count] != NULL)
        count++;
    if (length > strlen(scheme) && strncasecmp(address, scheme, strlen(scheme)) == 0) {
        address += strlen(scheme);
        length -= strlen(scheme);
    }
    if (count < OWN_RUA_MAX)
        check->own_rua[count] = arena_strndup(&check->arena, address, length);
}

/* The addresses whose reports are read here: as configured, or else the users of the
 * mailboxes where they look like addresses. */
static void find_own_rua(struct check *check)
{
    static const char separators[] = " \t,";
    const char *list = setting(check, "check", "rua"), *account;
    size_t length;
    for (list += strspn(list, separators); *list != '\0';
         list += length + strspn(list + length, separators)) {
        length = strcspn(list, separators);
        add_own_rua(check, list, length);
    }
    if (check->own_rua[0] != NULL)
        return;
    for (size_t i = 0; (account = config_account(check->config, i)) != NULL; i++) {
        const char *user = config_text(check->config, "imap", account, "user");
        if (strchr(user, '@') != NULL)
            add_own_rua(check, user, strlen(user));
    }
}

static int read_config(struct check *check)
{
    char error[CONFIG_ERROR];
    if (config_read(&check->config, check->options.config, error) != 0) {
        say("%s", error);
        return EX_CONFIG;
    }
    find_own_rua(check);
    return EX_OK;
}

static int open_database(struct check *check)
{
    char found[PATH_BYTES];
    const char *path = check->options.db;
    if (path == NULL) {
        if (db_default_path(setting(check, "database", "path"), found, sizeof found) != 0) {
            say("there is no path for the database: $HOME is not set; name one with --db");
            return EX_CONFIG;
        }
        path = found;
    }
    enum db_status status = db_open(&check->db, path, DB_WRITE);
    return status == DB_OK ? EX_OK : database_failed(check, status);
}

static int timeout_ms(const struct check *check)
{
    return 1000 * (int)config_number(check->config, "check", NULL, "timeout");
}

static int open_resolver(struct check *check)
{
    char path[PATH_BYTES], why[RESOLVER_SENTENCE];
    const char *reason;
    if (config_expand(setting(check, "check", "trust-anchor"), path, sizeof path) != 0)
        path[0] = '\0';
    struct resolver_settings settings = {
        .servers = setting(check, "check", "resolver"),
        .trust_anchor = path,
        .timeout_ms = timeout_ms(check),
    };
    int status = resolver_open(&check->resolver, &settings, why);
    if (status != EX_OK)
        say("%s", why);
    else if (!resolver_validates(check->resolver, &reason))
        say("%s; what is known of DANE stays as it is", reason);
    return status;
}

static int open_transfers(struct check *check)
{
    char path[PATH_BYTES], why[TRANSFER_SENTENCE];
    struct transfer_settings settings = {
        .connect_to = setting(check, "check", "connect-to"),
        .timeout_ms = timeout_ms(check),
    };
    int status = transfers_open(&check->transfers, &settings, why);
    if (status != EX_OK) {
        say("%s", why);
        return status;
    }
    if (config_expand(setting(check, "check", "ca-file"), path, sizeof path) == 0)
        check->trust = trust_open(path);
    if (check->trust != NULL)
        return EX_OK;
    say("%s: no issuer of certificates is known; install ca-certificates, or set [check] ca-file",
        path[0] != '\0' ? path : "/etc/ssl/certs");
    return EX_CONFIG;
}

/* --- verdicts --- */

static int take_newest(void *context, const struct observation *observation)
{
    struct {
        struct known *known;
        struct arena *arena;
    } *reader = context;
    known_read(reader->known, reader->arena, observation);
    return 0;
}

static enum db_status read_known(struct check *check, const char *domain, struct known *known,
                                 struct arena *arena)
{
    struct {
        struct known *known;
        struct arena *arena;
    } reader = {known, arena};
    int64_t number;
    enum db_status status = query_find_domain(check->db, domain, &number);
    if (status == DB_OK && number != 0)
        status = observation_each(check->db, number, 1, take_newest, &reader);
    return status;
}

static void store(struct check *check, struct json_object *evidence, struct json_object *problems)
{
    bool changed = false;
    struct observation observation = {
        .last_time = check->now,
        .mode = check->verdict.mode,
        .evidence = json_line(evidence),
        .problems = json_line(problems),
    };
    enum db_status status =
        observation_store(check->db, check->verdict.findings->domain,
                          setting(check, "domains", "mine"), &observation, &changed);
    if (status != DB_OK)
        database_failed(check, status);
    check->changed += changed;
}

/* One line of JSON, to be freed. */
static char *write_json(const struct check *check, struct json_object *evidence,
                        struct json_object *problems)
{
    char time[INSTANT_TEXT];
    struct json_object *object = json_object_new_object();
    if (object == NULL)
        return NULL;
    json_object_object_add(object, "domain",
                           json_object_new_string(check->verdict.findings->domain));
    json_object_object_add(object, "time",
                           json_object_new_string(instant_format(check->now, time)));
    json_object_object_add(object, "mode",
                           json_object_new_string(tls_mode_name(check->verdict.mode)));
    json_object_object_add(object, "problems", json_object_get(problems));
    json_object_object_add(object, "evidence", json_object_get(evidence));
    char *line = NULL;
    if (asprintf(&line, "%s\n", json_line(object)) < 0)
        line = NULL;
    json_object_put(object);
    return line;
}

/* Results are printed in the order in which the domains were named. */
static void print(struct check *check)
{
    bool some = check->outputs[check->printed] != NULL;
    if (some && isatty(STDOUT_FILENO))
        progress_close();
    for (; check->outputs[check->printed] != NULL; check->printed++) {
        fputs(check->outputs[check->printed], stdout);
        free(check->outputs[check->printed]);
        check->outputs[check->printed] = NULL;
    }
    if (some)
        fflush(stdout);
}

static char *write_output(const struct check *check, struct json_object *evidence,
                          struct json_object *problems)
{
    enum detail detail = check->options.quiet     ? DETAIL_PROBLEMS
                         : check->options.verbose ? DETAIL_ALL
                                                  : DETAIL_USUAL;
    if (!check->options.json)
        return verdict_text(&check->verdict, detail);
    if (check->options.quiet && !verdict_has_problem(&check->verdict))
        return strdup("");
    return write_json(check, evidence, problems);
}

static void take_findings(void *context, size_t number, const struct findings *findings,
                          bool smtp_closed)
{
    struct check *check = context;
    struct known known = {.dane = DANE_UNSTATED};
    struct arena arena;
    struct json_object *evidence = NULL, *problems = NULL;
    struct verdict_settings settings = {
        .now = check->now,
        .mine = setting(check, "domains", "mine"),
        .smtp_closed = smtp_closed,
        .own_rua = check->own_rua,
    };
    if (check->status != EX_OK)
        return;
    arena_init(&arena, 0);
    enum db_status status = read_known(check, findings->domain, &known, &arena);
    if (status != DB_OK)
        database_failed(check, status);
    verdict_reach(&check->verdict, findings, &known, &settings, check->trust);
    evidence = evidence_new(&check->verdict);
    problems = problems_new(&check->verdict);
    if (check->verdict.memory_short || evidence == NULL || problems == NULL)
        out_of_memory(check);
    if (check->status == EX_OK)
        store(check, evidence, problems);
    if (check->status == EX_OK) {
        check->outputs[number] = write_output(check, evidence, problems);
        check->with_problems += verdict_has_problem(&check->verdict);
        check->smtp_closed |= smtp_closed;
        check->done++;
        if (check->outputs[number] == NULL)
            out_of_memory(check);
    }
    json_object_put(evidence);
    json_object_put(problems);
    verdict_free(&check->verdict);
    arena_free(&arena);
}

/* --- the loop --- */

static int shorter(int a, int b)
{
    return a >= 0 && a < b ? a : b;
}

static void wait(struct check *check)
{
    struct curl_waitfd watched[] = {
        {.fd = resolver_fd(check->resolver), .events = CURL_WAIT_POLLIN},
        {.fd = stop_descriptor(), .events = CURL_WAIT_POLLIN},
    };
    transfers_wait(check->transfers, watched, 2,
                   shorter(resolver_wait_ms(check->resolver), WAIT_MS));
}

static void show_progress(const struct check *check)
{
    struct store_counts counts = {.messages = (int64_t)check->done};
    progress_show(&counts);
}

static void begin_more(struct check *check)
{
    int begun = 1;
    while (check->begun < check->domains.count && check->status == EX_OK && begun > 0) {
        begun = examiner_begin(check->examiner, check->domains.names[check->begun], check->begun);
        check->begun += begun > 0;
    }
    if (begun < 0)
        out_of_memory(check);
}

static void check_domains(struct check *check)
{
    struct examine_settings settings = {
        .policies = {.transfers = check->transfers,
                     .trust = check->trust,
                     .port = (int)config_number(check->config, "check", NULL, "https-port")},
        .smtp_port = (int)config_number(check->config, "check", NULL, "smtp-port"),
        .certificates = check->options.mx,
    };
    check->examiner = examiner_new(check->resolver, &settings, take_findings, check);
    if (check->examiner == NULL) {
        out_of_memory(check);
        return;
    }
    progress_expect(check->domains.count);
    begin_more(check);
    while (examiner_is_busy(check->examiner) && check->status == EX_OK && !stop_requested()) {
        resolver_process(check->resolver);
        transfers_process(check->transfers);
        examiner_process(check->examiner, check->begun < check->domains.count);
        print(check);
        show_progress(check);
        begin_more(check);
        if (examiner_is_busy(check->examiner))
            wait(check);
    }
}

/* What was done before the run had to end is printed, too. */
static void print_rest(struct check *check)
{
    for (size_t i = check->printed; i < check->domains.count; i++) {
        check->printed = i;
        print(check);
    }
}

static void ask_names(struct check *check)
{
    struct host_name_counts counts;
    enum db_status status = host_names_ask(check->db, check->resolver, &counts);
    if (status != DB_OK && status != DB_STOPPED)
        database_failed(check, status);
    else if (!check->options.quiet)
        say("%zu senders asked for: %zu have a name that leads back, %zu gave no answer for now",
            counts.asked, counts.named, counts.unknown);
}

static void summarize(const struct check *check)
{
    progress_close();
    if (check->smtp_closed)
        say("no MX host could be reached: port 25 seems to be closed from here, so that"
            " certificates were not looked at");
    if (check->done > 1 && !check->options.quiet)
        say("%zu domains: %zu with problems; of %zu something is new", check->done,
            check->with_problems, check->changed);
    if (stop_requested())
        say("stopped: %zu of %zu domains were checked", check->done, check->domains.count);
}

static int run(struct check *check)
{
    int status = read_config(check);
    if (status == EX_OK)
        status = find_domains(check);
    if (status == EX_OK)
        status = open_database(check);
    if (status == EX_OK)
        status = open_resolver(check);
    if (status == EX_OK)
        status = open_transfers(check);
    if (status != EX_OK)
        return status;
    progress_open(check->options.quiet ? PROGRESS_NONE : PROGRESS_AUTO);
    progress_source("domains", "");
    check_domains(check);
    print_rest(check);
    if (check->options.names && check->status == EX_OK && !stop_requested())
        ask_names(check);
    summarize(check);
    if (check->status != EX_OK)
        return check->status;
    if (stop_requested())
        return EX_TEMPFAIL;
    return check->with_problems > 0 || check->bad_names ? EX_PROBLEM : EX_OK;
}

static void clean_up(struct check *check)
{
    transfers_close(check->transfers);
    resolver_close(check->resolver);
    examiner_free(check->examiner);
    trust_close(check->trust);
    db_close(check->db);
    for (size_t i = 0; check->outputs != NULL && i < check->domains.count; i++)
        free(check->outputs[i]);
    free(check->outputs);
    domain_list_free(&check->domains);
    config_free(check->config);
    arena_free(&check->arena);
}

/* A thousand questions that nobody answers hold a thousand sockets open. */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= DESCRIPTORS_WANTED)
        return;
    limit.rlim_cur = limit.rlim_max < DESCRIPTORS_WANTED ? limit.rlim_max : DESCRIPTORS_WANTED;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int main(int argc, char **argv)
{
    static struct check check;
    int status = check_options_read(&check.options, argc, argv);
    if (status != EX_OK || check.options.answered)
        return status;
    if (stop_init() != 0) {
        say("%s", strerror(errno));
        return EX_OSERR;
    }
    raise_descriptor_limit();
    check.now = instant_now();
    domain_list_init(&check.domains);
    arena_init(&check.arena, 0);
    status = run(&check);
    clean_up(&check);
    return status;
}
