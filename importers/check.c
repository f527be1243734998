/*
 * tlsrptop-check - what DNS, the MTA-STS policy and the MX hosts of domains say
 * right now.
 *
 * This file finds out which domains are meant, and runs the one event loop in which they
 * are examined.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sysexits.h>
#include <unistd.h>

#include "../db/config.h"
#include "../db/day.h"
#include "check_options.h"
#include "domain_list.h"
#include "examine.h"
#include "host_names.h"
#include "progress.h"
#include "results.h"
#include "stop.h"
#include "usage.h"

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

    struct results_settings results_settings;
    struct results *results;
    size_t begun; /* of the domains */
    int status;   /* EX_OK unless the run has to end */
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
    say("%s", status != DB_MEMORY ? db_error(check->db) : "out of memory");
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
    return status;
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
    char room[PATH_BYTES];
    const char *path;
    int result = usage_find_database(check->options.db, setting(check, "database", "path"), room,
                                     sizeof room, &path);
    if (result != EX_OK)
        return result;
    enum db_status status = db_open(&check->db, path, DB_WRITE);
    return status == DB_OK ? EX_OK : database_failed(check, status);
}

static int timeout_ms(const struct check *check)
{
    return 1000 * (int)config_number(check->config, "check", NULL, "timeout");
}

static int open_resolver(struct check *check)
{
    char path[RESOLVER_PATH], why[RESOLVER_SENTENCE];
    struct resolver_settings settings;
    const char *reason;
    resolver_read_settings(check->config, path, &settings);
    int status = resolver_open(&check->resolver, &settings, why);
    if (status != EX_OK && !stop_requested())
        say("%s", why);
    if (status == EX_OK && !resolver_validates(check->resolver, &reason))
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

static int open_results(struct check *check)
{
    const struct check_options *options = &check->options;
    check->results_settings = (struct results_settings){
        .db = check->db,
        .trust = check->trust,
        .now = instant_now(),
        .mine = setting(check, "domains", "mine"),
        .own_rua = check->own_rua,
        .json = options->json,
        .detail = options->quiet     ? DETAIL_PROBLEMS
                  : options->verbose ? DETAIL_ALL
                                     : DETAIL_USUAL,
    };
    check->results = results_new(&check->results_settings, check->domains.count);
    return check->results != NULL ? EX_OK : out_of_memory(check);
}

/* --- the loop --- */

static void take_findings(void *context, size_t number, const struct findings *findings,
                          bool smtp_closed)
{
    struct check *check = context;
    if (check->status != EX_OK)
        return;
    enum db_status status = results_take(check->results, number, findings, smtp_closed);
    if (status != DB_OK)
        database_failed(check, status);
}

/* The bar gives way to results on the same terminal. */
static void clear_line(void)
{
    if (isatty(STDOUT_FILENO))
        progress_close();
}

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
    struct store_counts counts = {.messages = (int64_t)results_counts(check->results)->done};
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
        results_write(check->results, false, clear_line);
        show_progress(check);
        begin_more(check);
        if (examiner_is_busy(check->examiner))
            wait(check);
    }
}

static void ask_names(struct check *check)
{
    struct host_name_counts counts;
    enum db_status status = host_names_ask(check->db, check->resolver, &counts);
    if (status != DB_OK && status != DB_STOPPED)
        database_failed(check, status);
    else if (!check->options.quiet)
        say("%zu sender%s asked for: %zu have a name that leads back, %zu gave no answer for now",
            counts.asked, counts.asked == 1 ? "" : "s", counts.named, counts.unknown);
}

static void summarize(const struct check *check)
{
    const struct results_counts *counts = results_counts(check->results);
    progress_close();
    if (counts->smtp_closed)
        say("no MX host could be reached: port 25 seems to be closed from here, so that"
            " certificates were not looked at");
    if (counts->done > 1 && !check->options.quiet)
        say("%zu domains: %zu with problems; of %zu something is new", counts->done,
            counts->with_problems, counts->new);
    if (stop_requested())
        say("stopped: %zu of %zu domains were checked", counts->done, check->domains.count);
}

/* By a clock that was never set no certificate and no signature is valid, and what was seen before
 * is yet to come. */
static int check_clock(struct check *check)
{
    static const int64_t written = 1767225600; /* 2026-01-01: this program was not, before */
    char now[INSTANT_TEXT];
    if (instant_now() >= written)
        return EX_OK;
    say("the clock is wrong: it says %s", instant_format(instant_now(), now));
    return check->status = EX_TEMPFAIL;
}

static int prepare(struct check *check)
{
    int (*const steps[])(struct check *) = {check_clock,   read_config,   find_domains,
                                            open_database, open_resolver, open_transfers,
                                            open_results};
    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        int status = steps[i](check);
        if (stop_requested())
            return EX_TEMPFAIL;
        if (status != EX_OK)
            return status;
    }
    return EX_OK;
}

static int run(struct check *check)
{
    int status = prepare(check);
    if (status != EX_OK)
        return status;
    progress_open(check->options.quiet ? PROGRESS_NONE : PROGRESS_AUTO);
    progress_source("domains", "");
    check_domains(check);
    int error = results_write(check->results, true, clear_line);
    if (check->options.names && check->status == EX_OK && !stop_requested())
        ask_names(check);
    summarize(check);
    if (error != 0)
        say("standard output: %s", strerror(error));
    if (check->status != EX_OK)
        return check->status;
    if (stop_requested() || error != 0)
        return EX_TEMPFAIL;
    bool has_problem = results_counts(check->results)->with_problems > 0 || check->bad_names;
    return has_problem ? EX_PROBLEM : EX_OK;
}

static void clean_up(struct check *check)
{
    transfers_close(check->transfers);
    resolver_close(check->resolver);
    examiner_free(check->examiner);
    trust_close(check->trust);
    db_close(check->db);
    results_free(check->results);
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
    domain_list_init(&check.domains);
    arena_init(&check.arena, 0);
    status = run(&check);
    clean_up(&check);
    return status;
}
