/*
 * tlsrptop-import - reports out of IMAP mailboxes, files and pipes into the
 * database.
 *
 * This file finds out what is to be done, does it source by source, and says how
 * it went: by sentences, in the database's list of runs, and by the exit status.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "../db/config.h"
#include "../db/day.h"
#include "../db/db.h"
#include "../db/store.h"
#include "../db/visible.h"
#include "cgi.h"
#include "files.h"
#include "imap.h"
#include "options.h"
#include "pipeline.h"
#include "progress.h"
#include "retry.h"
#include "signatures.h"
#include "stop.h"
#include "usage.h"

enum {
    EX_TROUBLE = EXIT_FAILURE, /* something is damaged or in conflict */
    PATH_BYTES = 4096,
    WHAT_BYTES = 1024,
    STEP_PAUSE_MICROSECONDS = 1000, /* for other writers, between two steps */
};

enum source_kind { SOURCE_ACCOUNT, SOURCE_PATH, SOURCE_INPUT };

struct source {
    enum source_kind kind;
    const char *name;
};

struct run {
    struct options options;
    struct config *config;
    struct limits limits;
    struct source *sources;
    size_t count;
    bool has_input; /* standard input is among them */
    bool cgi;
    int http; /* the answer to a request that could not be read, or 0 */
    struct db *db;
    struct db *known; /* a second connection, for a dry run */
    struct store *store;
    struct pipeline *pipeline;
    struct files *files;
    struct signatures *signatures; /* NULL: they are not verified */
    char trust_anchor[RESOLVER_PATH];
    struct store_counts counts;
    size_t still_damaged; /* that were tried again */
    bool ended;           /* storing failed, or the run was asked to end */
    const char *message;  /* how it went; "" when all is well */
};

/* --- what a status means --- */

/* Of several sources the status counts that asks most of a person; what only
 * takes another try comes behind what will not mend by itself. */
static int worse(int a, int b)
{
    static const int order[] = {EX_SOFTWARE,    EX_CONFIG,   EX_NOPERM,
                                EX_UNAVAILABLE, EX_TEMPFAIL, EX_TROUBLE};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return EX_OK;
}

static const char *status_message(int status)
{
    switch (status) {
    case EX_UNAVAILABLE:
        return "a server could not be reached";
    case EX_NOPERM:
        return "a login, certificate or change was refused";
    case EX_CONFIG:
        return "a setting is wrong";
    case EX_TEMPFAIL:
        return "not everything could be read; it is to be tried again";
    default:
        return "";
    }
}

/* A mail system keeps what it piped in after EX_TEMPFAIL, and after that only. */
static int database_status(const struct run *run, enum db_status status)
{
    switch (status) {
    case DB_OK:
        return EX_OK;
    case DB_STOPPED:
    case DB_BUSY:
    case DB_FULL:
    case DB_MEMORY:
        return EX_TEMPFAIL;
    case DB_DAMAGED:
        return run->has_input ? EX_TEMPFAIL : EX_SOFTWARE;
    default:
        return run->has_input ? EX_TEMPFAIL : EX_CONFIG;
    }
}

/* Says why the database could not be used, and that the run is over. */
static int database_failed(struct run *run, enum db_status status, const char *error)
{
    run->ended = true;
    say("%s", error != NULL && error[0] != '\0' ? error : "out of memory");
    run->message = "the database could not be written";
    return database_status(run, status);
}

static int out_of_memory(struct run *run)
{
    run->ended = true;
    say("out of memory");
    return EX_TEMPFAIL;
}

/* --- what is to be done --- */

static int read_config(struct run *run)
{
    char error[CONFIG_ERROR];
    if (config_read(&run->config, run->options.config, error) != 0) {
        say("%s", error);
        return EX_CONFIG;
    }
    const struct config *config = run->config;
    run->limits = (struct limits){
        .message_max = (size_t)config_number(config, "import", NULL, "message-max"),
        .document_max = (size_t)config_number(config, "import", NULL, "document-max"),
        .parts_max = (unsigned)config_number(config, "import", NULL, "parts-max"),
        .nesting_max = (unsigned)config_number(config, "import", NULL, "nesting-max"),
        .json_depth_max = (unsigned)config_number(config, "import", NULL, "json-depth-max"),
    };
    return EX_OK;
}

static bool is_account(const struct config *config, const char *name)
{
    const char *account;
    for (size_t i = 0; (account = config_account(config, i)) != NULL; i++)
        if (strcmp(account, name) == 0)
            return true;
    return false;
}

/* What OPERAND names: an account before a file of the same name. */
static int add_source(struct run *run, const char *operand)
{
    struct stat about;
    struct source source = {.kind = SOURCE_PATH, .name = operand};
    if (strcmp(operand, "-") == 0 && run->has_input) {
        say("standard input can be read only once");
        return EX_USAGE;
    }
    if (strcmp(operand, "-") == 0)
        source.kind = SOURCE_INPUT;
    else if (is_account(run->config, operand))
        source.kind = SOURCE_ACCOUNT;
    else if (lstat(operand, &about) != 0) {
        const char *path = config_path(run->config);
        say("%s: neither a file (%s) nor an account of %s", operand, strerror(errno),
            path[0] != '\0' ? path : "a configuration, of which there is none");
        return EX_USAGE;
    }
    run->has_input |= source.kind == SOURCE_INPUT;
    run->sources[run->count++] = source;
    return EX_OK;
}

static int add_every_account(struct run *run)
{
    const char *account, *path = config_path(run->config);
    for (size_t i = 0; (account = config_account(run->config, i)) != NULL; i++)
        run->sources[run->count++] = (struct source){SOURCE_ACCOUNT, account};
    if (run->count > 0)
        return EX_OK;
    say("there is nothing to import: name a file or folder, or write an [imap NAME] section to %s",
        path[0] != '\0' ? path : "~/.config/tlsrptop/config");
    return EX_CONFIG;
}

/* Under a web server the arguments may come from the request: of what to read
 * they say nothing. */
static int find_sources(struct run *run)
{
    static const char *const input[] = {"-", NULL};
    const char *const *operands = (const char *const *)run->options.operands;
    size_t count = 0;
    if (run->cgi)
        operands = input;
    while (operands[count] != NULL)
        count++;
    while (config_account(run->config, count) != NULL)
        count++;
    run->sources = calloc(count + 1, sizeof *run->sources);
    if (run->sources == NULL)
        return out_of_memory(run);
    if (operands[0] == NULL && (run->options.retry_damaged || run->options.compact))
        return EX_OK;
    if (operands[0] == NULL)
        return add_every_account(run);
    int status = EX_OK;
    for (size_t i = 0; operands[i] != NULL && status == EX_OK; i++)
        status = add_source(run, operands[i]);
    return status;
}

static size_t count_accounts(const struct run *run)
{
    size_t accounts = 0;
    for (size_t i = 0; i < run->count; i++)
        accounts += run->sources[i].kind == SOURCE_ACCOUNT;
    return accounts;
}

static int check_watch(const struct run *run)
{
    size_t accounts = count_accounts(run);
    if (!run->options.watch || (accounts > 0 && accounts <= IMAP_WATCH_MAX))
        return EX_OK;
    if (accounts == 0)
        say("--watch needs an account to watch");
    else
        say("--watch is for at most %d accounts", IMAP_WATCH_MAX);
    return EX_USAGE;
}

/* --- the database --- */

/* What the list of runs says was read. */
static void name_sources(const struct run *run, char what[static WHAT_BYTES])
{
    size_t length = 0;
    snprintf(what, WHAT_BYTES, "%s", run->options.retry_damaged ? "--retry-damaged" : "--compact");
    for (size_t i = 0; i < run->count && length < WHAT_BYTES; i++)
        length += (size_t)snprintf(what + length, WHAT_BYTES - length, "%s%s", i > 0 ? ", " : "",
                                   run->sources[i].name);
}

static int open_for_writing(struct run *run, const char *path)
{
    char what[WHAT_BYTES], visible[WHAT_BYTES];
    const struct config *config = run->config;
    struct store_settings settings = {
        .mine = config_text(config, "domains", NULL, "mine"),
        .damaged_item_max = (size_t)config_number(config, "import", NULL, "damaged-item-max"),
        .damaged_total_max = (size_t)config_number(config, "import", NULL, "damaged-total-max"),
        .close_from = STORE_SMALL,
        .unindexed = STORE_UNINDEXED,
    };
    name_sources(run, what);
    text_visible(what, visible, sizeof visible);
    enum db_status status = db_open(&run->db, path, DB_WRITE);
    if (status == DB_OK)
        status = store_open(&run->store, run->db, visible, &settings);
    return status == DB_OK ? EX_OK
                           : database_failed(run, status, run->db ? db_error(run->db) : NULL);
}

/* A dry run looks into the database that there is. */
static int open_for_reading(struct run *run, const char *path)
{
    struct db **connections[] = {&run->db, &run->known};
    for (size_t i = 0; i < 2; i++) {
        struct db **db = connections[i];
        enum db_status status = db_open(db, path, DB_READ);
        if (status != DB_OK && status != DB_MISSING)
            return database_failed(run, status, *db ? db_error(*db) : NULL);
        if (status == DB_MISSING) {
            db_close(*db);
            *db = NULL;
        }
    }
    return EX_OK;
}

static int open_database(struct run *run)
{
    char room[PATH_BYTES];
    const char *path;
    int result =
        usage_find_database(run->options.db, config_text(run->config, "database", NULL, "path"),
                            room, sizeof room, &path);
    if (result != EX_OK)
        return result;
    return run->options.dry_run ? open_for_reading(run, path) : open_for_writing(run, path);
}

static void pause_between_steps(void)
{
    nanosleep(&(struct timespec){.tv_nsec = STEP_PAUSE_MICROSECONDS * 1000L}, NULL);
}

/* Drops details older than keep-details-days. */
static enum db_status prune(struct store *store, void *context)
{
    const struct run *run = context;
    int days = (int)config_number(run->config, "database", NULL, "keep-details-days");
    bool more = days > 0;
    enum db_status status = DB_OK;
    while (more && status == DB_OK && !stop_requested()) {
        status = store_prune(store, today() - days, &more);
        if (more)
            pause_between_steps();
    }
    return status;
}

static long long file_bytes(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (long long)about.st_size : 0;
}

static int compact(struct run *run)
{
    bool more = true;
    long long before = file_bytes(db_path(run->db));
    enum db_status status = prune(run->store, run);
    while (more && status == DB_OK && !stop_requested()) {
        status = store_compact(run->store, &more);
        pause_between_steps();
    }
    if (status != DB_OK)
        return database_failed(run, status, db_error(run->db));
    run->ended |= more;
    if (!run->options.quiet)
        say("%s: %lld bytes, %lld before", db_path(run->db), file_bytes(db_path(run->db)), before);
    return EX_OK;
}

/* --- reading --- */

static int retry(struct run *run)
{
    enum db_status status = retry_damaged(run->store, &run->limits, &run->still_damaged);
    run->ended = status != DB_OK;
    if (status != DB_OK && status != DB_STOPPED)
        return database_failed(run, status, db_error(run->db));
    return EX_OK;
}

static int read_request(struct run *run)
{
    char *body, name[64];
    size_t size;
    run->http = cgi_read(run->limits.message_max, &body, &size);
    if (run->http != 0) {
        say("%s: refused with HTTP status %d", cgi_source(name, sizeof name), run->http);
        return EX_OK;
    }
    struct place place = {.name = cgi_source(name, sizeof name)};
    run->ended |= pipeline_message(run->pipeline, &place, body, size) != 0;
    free(body);
    return EX_OK;
}

static int read_account(struct run *run, const char *account)
{
    if (run->options.watch)
        return EX_OK; /* together with the others, at the end */
    int status = imap_import(run->config, account, run->pipeline);
    run->ended |= stop_requested();
    return status;
}

static int read_source(struct run *run, const struct source *source)
{
    int result = 0;
    switch (source->kind) {
    case SOURCE_ACCOUNT:
        return read_account(run, source->name);
    case SOURCE_PATH:
        result = files_read(run->files, source->name);
        break;
    case SOURCE_INPUT:
        if (run->cgi)
            return read_request(run);
        progress_source("standard input", "");
        result = files_read_stream(run->files, STDIN_FILENO, source->name);
        break;
    }
    run->ended |= result != 0;
    return result != 0 ? EX_TEMPFAIL : EX_OK;
}

static int watch(struct run *run)
{
    const char *accounts[IMAP_WATCH_MAX];
    size_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        if (run->sources[i].kind == SOURCE_ACCOUNT)
            accounts[count++] = run->sources[i].name;
    return imap_watch(run->config, accounts, count, run->pipeline);
}

static int read_sources(struct run *run)
{
    int status = EX_OK;
    for (size_t i = 0; i < run->count; i++) {
        run->ended |= stop_requested() || pipeline_failed(run->pipeline);
        if (run->ended)
            return status;
        status = worse(status, read_source(run, &run->sources[i]));
    }
    if (run->options.watch && !run->ended)
        status = worse(status, watch(run));
    return status;
}

/* The name servers are those of the live check. */
static int open_signatures(struct run *run)
{
    struct resolver_settings settings;
    if (!config_bool(run->config, "import", NULL, "verify-signatures"))
        return EX_OK;
    resolver_read_settings(run->config, run->trust_anchor, &settings);
    run->signatures = signatures_new(&settings);
    return run->signatures != NULL ? EX_OK : out_of_memory(run);
}

static int import(struct run *run)
{
    char error[PIPELINE_ERROR];
    int status = open_signatures(run);
    if (status != EX_OK)
        return status;
    struct pipeline_settings settings = {
        .db = run->db,
        .store = run->store,
        .known = run->known,
        .limits = &run->limits,
        .signatures = run->signatures,
        .verbose = run->options.verbose,
        .upkeep = prune,
        .upkeep_context = run,
    };
    run->pipeline = pipeline_open(&settings);
    if (run->pipeline == NULL)
        return out_of_memory(run);
    run->files = files_new(&(struct files_settings){
        .pipeline = run->pipeline,
        .message_max = run->limits.message_max,
        .quiet = run->options.quiet,
        .database = run->db != NULL ? db_path(run->db) : NULL,
    });
    status = run->files != NULL ? read_sources(run) : out_of_memory(run);
    enum db_status stored = pipeline_close(run->pipeline, &run->counts, error);
    return stored == DB_OK ? status : database_failed(run, stored, error);
}

/* --- the whole run --- */

static int do_all(struct run *run)
{
    int status = EX_OK;
    if (run->options.retry_damaged)
        status = retry(run);
    if (run->count > 0 && !run->ended)
        status = worse(status, import(run));
    if (run->options.compact && !run->ended)
        status = worse(status, compact(run));
    if (run->store != NULL)
        run->counts = *store_counts(run->store);
    run->counts.outcomes[OUTCOME_DAMAGED] += (int64_t)run->still_damaged;
    return status;
}

/* What the run comes to: a signal that cut it short, or something that is damaged
 * or in conflict, is in the status too. */
static int sum_up(struct run *run, int status)
{
    const int64_t *outcomes = run->counts.outcomes;
    if (outcomes[OUTCOME_DAMAGED] > 0 || outcomes[OUTCOME_CONFLICT] > 0)
        status = worse(status, EX_TROUBLE);
    if (run->message[0] != '\0')
        return status;
    if (stop_requested() && run->ended) {
        run->message = "ended by a signal";
        return EX_TEMPFAIL;
    }
    run->message = status_message(status);
    return status;
}

static int close_database(struct run *run, int status)
{
    enum db_status closed = DB_OK;
    if (run->store != NULL)
        closed = store_close(run->store, run->message);
    if (closed != DB_OK && !run->ended)
        status = database_failed(run, closed, db_error(run->db));
    db_close(run->known);
    db_close(run->db);
    return status;
}

/* By a clock that was never set all reports would tell of days to come, and be damaged. */
static int check_clock(void)
{
    static const int64_t written = 1767225600; /* 2026-01-01: this program was not, before */
    char now[INSTANT_TEXT];
    if (instant_now() >= written)
        return EX_OK;
    say("the clock is wrong: it says %s", instant_format(instant_now(), now));
    return EX_TEMPFAIL;
}

static int prepare(struct run *run)
{
    if (stop_init() != 0) {
        say("cannot prepare for signals: %s", strerror(errno));
        return EX_TEMPFAIL;
    }
    int status = check_clock();
    if (status == EX_OK)
        status = read_config(run);
    if (status == EX_OK)
        status = find_sources(run);
    if (status == EX_OK)
        status = check_watch(run);
    return status == EX_OK ? open_database(run) : status;
}

/* A filter and a web server's program say nothing when all is well; a run that
 * only compacts has nothing to count. */
static bool has_closing_line(const struct run *run)
{
    bool is_filter = run->has_input && run->count == 1 && isatty(STDERR_FILENO) == 0;
    return !run->options.quiet && !is_filter && (run->count > 0 || run->options.retry_damaged);
}

static int run_all(struct run *run)
{
    const struct options *options = &run->options;
    bool quiet = options->quiet && options->progress == PROGRESS_AUTO;
    progress_open(run->cgi || quiet ? PROGRESS_NONE : options->progress);
    int status = prepare(run);
    bool prepared = status == EX_OK;
    if (prepared)
        status = sum_up(run, do_all(run));
    progress_close();
    status = close_database(run, status);
    if (!prepared)
        return status;
    if (run->counts.not_kept > 0)
        say("damaged attachments beyond damaged-item-max or damaged-total-max, which are not kept "
            "for --retry-damaged: %lld",
            (long long)run->counts.not_kept);
    progress_summary(&run->counts, !has_closing_line(run), status, run->message);
    if (options->dry_run && has_closing_line(run))
        say("this was a dry run: nothing was written");
    return status;
}

/* Where a mail, a log or a terminal is expected nothing else shall come to stand; what was
 * closed still cannot be read. */
static void fill_standard_files(void)
{
    int fd;
    do
        fd = open("/dev/null", O_WRONLY);
    while (fd >= 0 && fd <= STDERR_FILENO);
    if (fd >= 0)
        close(fd);
}

int main(int argc, char **argv)
{
    fill_standard_files();
    struct run run = {.cgi = cgi_active(), .message = ""};
    run.http = run.cgi ? cgi_refuse() : 0;
    if (run.http != 0) {
        cgi_answer(run.http);
        return EX_OK;
    }
    int status = options_read(&run.options, argc, argv);
    if (status == EX_OK && !run.options.answered)
        status = run_all(&run);
    if (run.cgi)
        cgi_answer(run.http != 0 ? run.http : cgi_status(status, &run.counts));
    files_free(run.files);
    signatures_free(run.signatures);
    free(run.sources);
    config_free(run.config);
    return status;
}
