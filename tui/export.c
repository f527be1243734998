#include "export.h"

#include <errno.h>
#include <getopt.h>
#include <json-c/json.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "../db/advice.h"
#include "../db/config.h"
#include "../db/domain.h"
#include "../db/incident.h"
#include "../db/query.h"
#include "column.h"
#include "filter.h"
#include "range.h"
#include "row_writer.h"

enum { OUTPUT_BUFFER = 64 * 1024, JSON_DEPTH_MAX = 1000 /* the most [import] allows */ };

struct options {
    const char *what;
    const char *format; /* NULL: the one that goes with WHAT */
    const char *domain;
    const char *since;
    const char *until;
    const char *db;
    const char *config;
};

struct export
{
    struct db *db;
    struct config *config;
    int64_t domain;       /* or ALL_DOMAINS... */
    const char *patterns; /* ...of those that match these, unless NULL */
    struct {
        char domain[DOMAIN_TEXT];
        bool wanted;
    } judged;            /* the last one */
    domain_row_fn *put;  /* of each_domain() */
    unsigned char *seen; /* a bit for each report, or row of the journal, that has come */
    size_t seen_size;
    struct day_range range;
    struct row_writer writer;
    struct advice_settings thresholds;
    enum db_status inner;  /* of a query within a row of another one */
    json_tokener *tokener; /* of reports only, as what follows */
    int64_t pruned;
    int64_t unreadable;
};

/* Notes the STATUS of a query within a row of another one, unless a row of its own has failed
 * before.  Returns 0 to go on, or -1. */
static int within(struct export *export, enum db_status status)
{
    if (export->inner == DB_OK)
        export->inner = status;
    return export->inner == DB_OK ? 0 : -1;
}

/* Rows of a domain mostly come one after the other. */
static bool wants(struct export *export, const char *domain)
{
    if (export->patterns == NULL)
        return true;
    if (strcmp(domain, export->judged.domain) != 0) {
        snprintf(export->judged.domain, DOMAIN_TEXT, "%s", domain);
        export->judged.wanted = domain_is_mine(domain, export->patterns) != 0;
    }
    return export->judged.wanted;
}

static int put_wanted(void *context, const struct domain_row *row)
{
    struct export *export = context;
    return wants(export, row->name) ? export->put(export, row) : 0;
}

static enum db_status each_domain(struct export *export, domain_row_fn *put)
{
    export->put = put;
    return query_domains(export->db, export->domain, export->range, false, put_wanted, export);
}

/* Of several domains the same report, or row of the journal, may come more than once.
 * Returns 1 the first time, 0, or -1 when memory is short. */
static int is_new(struct export *export, int64_t id)
{
    size_t byte = (size_t)id / 8;
    unsigned bit = 1U << id % 8;
    if (export->patterns == NULL)
        return 1;
    if (byte >= export->seen_size) {
        unsigned char *seen = realloc(export->seen, 2 * byte + 1);
        if (seen == NULL) {
            export->inner = DB_MEMORY;
            return -1;
        }
        memset(seen + export->seen_size, 0, 2 * byte + 1 - export->seen_size);
        export->seen = seen;
        export->seen_size = 2 * byte + 1;
    }
    bool known = export->seen[byte] & bit;
    export->seen[byte] |= (unsigned char)bit;
    return !known;
}

/* --- domains --- */

static const char *const domain_columns[] = {"domain",     "mode",   "reports",      "reporters",
                                             "successful", "failed", "failure_rate", "first_day",
                                             "last_day",   NULL};

static int put_domain(void *context, const struct domain_row *row)
{
    struct export *export = context;
    struct row_writer *writer = &export->writer;
    struct coverage coverage;
    if (within(export, query_coverage(export->db, row->id, export->range, &coverage)) != 0)
        return -1;
    row_text(writer, row->name);
    row_text(writer, tls_mode_name(row->mode));
    row_count(writer, row->totals.reports);
    row_count(writer, coverage.reporters);
    row_count(writer, row->totals.successful);
    row_count(writer, row->totals.failed);
    row_rate(writer, value_failure_rate(row->totals.successful, row->totals.failed).rate);
    row_day(writer, coverage.last_day < 0 ? -1 : coverage.first_day);
    row_day(writer, coverage.last_day);
    return row_end(writer);
}

static enum db_status export_domains(struct export *export)
{
    return each_domain(export, put_domain);
}

/* --- advice --- */

static const char *const advice_columns[] = {"domain", "mode",     "step",         "next_step",
                                             "failed", "problems", "testing_days", NULL};

static int put_advice(void *context, const struct domain_row *row)
{
    struct export *export = context;
    struct row_writer *writer = &export->writer;
    const struct standing *standing = row->standing;
    if (!wants(export, row->name))
        return 0;
    row_text(writer, row->name);
    row_text(writer, tls_mode_name(row->mode));
    row_text(writer, advice_place(standing, &export->thresholds));
    row_text(writer, advice_next_name(advice_next(standing, &export->thresholds)));
    row_count(writer, standing->failed);
    row_count(writer, standing->problems);
    row_count(writer, standing->testing_days);
    return row_end(writer);
}

static enum db_status export_advice(struct export *export)
{
    return query_standings(export->db, export->domain, export->range, &export->thresholds,
                           put_advice, export);
}

/* --- senders --- */

static const char *const sender_columns[] = {
    "domain",       "organization", "sending_mta_ip", "failed",
    "result_types", "first_day",    "last_day",       NULL};

/* Rows of a domain. */
struct part_of {
    struct row_writer *writer;
    const char *domain;
};

static int put_sender(void *context, const struct sender_row *row)
{
    const struct part_of *of = context;
    row_text(of->writer, of->domain);
    row_text(of->writer, row->organization);
    row_text(of->writer, row->sending_mta_ip);
    row_count(of->writer, row->failed);
    row_text(of->writer, row->result_types);
    row_day(of->writer, row->first_day);
    row_day(of->writer, row->last_day);
    return row_end(of->writer);
}

/* The days of the export on which there may be reports on the domain of ROW; false when
 * there are none. */
static bool days_of(const struct export *export, const struct domain_row *row,
                    struct day_range *days)
{
    *days = export->range;
    if (days->first < row->first_day)
        days->first = row->first_day;
    if (days->last > row->last_day)
        days->last = row->last_day;
    return days->first <= days->last;
}

static int put_senders(void *context, const struct domain_row *row)
{
    struct export *export = context;
    struct part_of of = {&export->writer, row->name};
    struct day_range days;
    if (!days_of(export, row, &days))
        return 0;
    return within(export, query_senders(export->db, row->id, days, put_sender, &of));
}

static enum db_status export_senders(struct export *export)
{
    return each_domain(export, put_senders);
}

/* --- MX hosts --- */

static const char *const mx_columns[] = {"domain",  "receiving_mx_hostname", "failed",
                                         "senders", "result_types",          NULL};

static int put_mx(void *context, const struct mx_row *row)
{
    const struct part_of *of = context;
    row_text(of->writer, of->domain);
    row_text(of->writer, row->mx_host);
    row_count(of->writer, row->failed);
    row_count(of->writer, row->senders);
    row_text(of->writer, row->result_types);
    return row_end(of->writer);
}

static int put_hosts(void *context, const struct domain_row *row)
{
    struct export *export = context;
    struct part_of of = {&export->writer, row->name};
    struct day_range days;
    if (!days_of(export, row, &days))
        return 0;
    return within(export, query_mx(export->db, row->id, days, put_mx, &of));
}

static enum db_status export_mx(struct export *export)
{
    return each_domain(export, put_hosts);
}

/* --- policies --- */

static const char *const policy_columns[] = {"domain",   "policy_type", "mode",   "organization",
                                             "reports",  "successful",  "failed", "first_day",
                                             "last_day", "policy",      NULL};

struct policies_of {
    struct part_of of;
    struct day_range days;
};

static int put_policy(void *context, const struct policy_seen_row *row)
{
    const struct policies_of *policies = context;
    struct row_writer *writer = policies->of.writer;
    if (row->last_day < policies->days.first || row->first_day > policies->days.last)
        return 0;
    row_text(writer, policies->of.domain);
    row_text(writer, row->policy_type);
    row_text(writer,
             policy_type_find(row->policy_type) == POLICY_STS ? sts_mode_name(row->mode) : "");
    row_text(writer, row->organization);
    row_count(writer, row->totals.reports);
    row_count(writer, row->totals.successful);
    row_count(writer, row->totals.failed);
    row_day(writer, row->first_day);
    row_day(writer, row->last_day);
    row_text(writer, row->text);
    return row_end(writer);
}

static int put_policies(void *context, const struct domain_row *row)
{
    struct export *export = context;
    struct policies_of policies = {{&export->writer, row->name}, export->range};
    return within(export, query_policies(export->db, row->id, put_policy, &policies));
}

static enum db_status export_policies(struct export *export)
{
    return each_domain(export, put_policies);
}

/* --- failures --- */

static const char *const failure_columns[] = {"domain",          "day",
                                              "organization",    "result_type",
                                              "sending_mta_ip",  "receiving_mx_hostname",
                                              "receiving_ip",    "receiving_mx_helo",
                                              "failed",          "reason_code",
                                              "additional_info", NULL};

static int put_failure(void *context, const struct failure_row *row)
{
    struct export *export = context;
    struct row_writer *writer = &export->writer;
    if (!wants(export, row->domain))
        return 0;
    row_text(writer, row->domain);
    row_day(writer, row->day);
    row_text(writer, row->organization);
    row_text(writer, row->result_type);
    row_text(writer, row->sending_mta_ip);
    row_text(writer, row->receiving_mx_hostname);
    row_text(writer, row->receiving_ip);
    row_text(writer, row->receiving_mx_helo);
    row_count(writer, row->failed);
    row_text(writer, row->reason_code);
    row_text(writer, row->additional_info);
    return row_end(writer);
}

static enum db_status export_failures(struct export *export)
{
    struct failure_filter filter = {.domain = export->domain, .range = export->range};
    return query_failures(export->db, &filter, put_failure, export);
}

/* --- modes --- */

static const char *const mode_columns[] = {"domain", "day",       "mode", "successful",
                                           "failed", "reporters", NULL};

static int put_mode(void *context, const struct mode_day_row *row)
{
    struct export *export = context;
    struct row_writer *writer = &export->writer;
    if (!wants(export, row->domain))
        return 0;
    row_text(writer, row->domain);
    row_day(writer, row->day);
    row_text(writer, tls_mode_name(row->mode));
    row_count(writer, row->totals.successful);
    row_count(writer, row->totals.failed);
    row_count(writer, row->reporters);
    return row_end(writer);
}

static enum db_status export_modes(struct export *export)
{
    return query_mode_days(export->db, export->domain, export->range, put_mode, export);
}

/* --- incidents --- */

static const char *const incident_columns[] = {
    "domain", "mode",    "state",        "first_day",  "last_day",    "sessions",
    "failed", "refused", "failure_rate", "usual_rate", "result_type", NULL};

static int put_incident(void *context, const struct incident_row *row)
{
    struct export *export = context;
    struct row_writer *writer = &export->writer;
    const struct incident *incident = &row->incident;
    if (!wants(export, row->name))
        return 0;
    row_text(writer, row->name);
    row_text(writer, tls_mode_name(row->mode));
    row_text(writer, incident_state_name(row->state));
    row_day(writer, incident->first_day);
    row_day(writer, incident->last_day);
    row_count(writer, incident->sessions);
    row_count(writer, incident->failed);
    row_count(writer, row->refused);
    row_rate(writer, (double)incident->failed / (double)incident->sessions);
    row_rate(writer, incident->usual);
    row_text(writer, row->result_type);
    return row_end(writer);
}

static enum db_status export_incidents(struct export *export)
{
    struct incident_sums sums;
    return query_incidents(export->db, export->domain, export->range, &sums, put_incident, export);
}

/* --- imports --- */

static const char *const import_columns[] = {"time",         "source",    "outcome", "reason",
                                             "organization", "report_id", NULL};

static int put_import(void *context, const struct journal_row *row)
{
    struct export *export = context;
    struct row_writer *writer = &export->writer;
    int new = is_new(export, row->id);
    if (new <= 0)
        return new;
    row_instant(writer, row->time);
    row_text(writer, row->source);
    row_text(writer, outcome_name(row->outcome));
    row_text(writer, row->reason);
    row_text(writer, row->organization);
    row_text(writer, row->report_id);
    return row_end(writer);
}

static enum db_status put_imports(struct export *export, int64_t domain)
{
    struct journal_filter filter = {.domain = domain, .range = export->range};
    return query_journal(export->db, &filter, put_import, export);
}

static int put_imports_of(void *context, const struct domain_row *row)
{
    struct export *export = context;
    return within(export, put_imports(export, row->id));
}

static enum db_status export_imports(struct export *export)
{
    return export->patterns != NULL ? each_domain(export, put_imports_of)
                                    : put_imports(export, export->domain);
}

/* --- reports --- */

/* What the mail told of the report, which its own text may not. */
static json_object *make_envelope(const struct document_row *row)
{
    json_object *envelope = json_object_new_object();
    json_object_object_add(envelope, "organization-name",
                           json_object_new_string(row->organization));
    json_object_object_add(envelope, "recipient-domain", json_object_new_string(row->recipient));
    return envelope;
}

/* The first document in JSON (a file of several kept its rest), or NULL. */
static json_object *parse(json_tokener *tokener, const char *json, size_t size)
{
    static const char mark[] = {'\xef', '\xbb', '\xbf'};
    if (size >= sizeof mark && memcmp(json, mark, sizeof mark) == 0) {
        json += sizeof mark;
        size -= sizeof mark;
    }
    json_tokener_reset(tokener);
    return size > INT_MAX ? NULL : json_tokener_parse_ex(tokener, json, (int)size);
}

static int put_document(void *context, const struct document_row *row)
{
    enum { FLAGS = JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE };
    struct export *export = context;
    int new = is_new(export, row->report);
    if (new <= 0)
        return new;
    export->pruned += row->size == 0;
    if (row->size == 0)
        return 0;
    int result = 0;
    json_object *report = parse(export->tokener, row->json, row->size);
    if (json_object_is_type(report, json_type_object)) {
        json_object_object_add(report, "tlsrptop", make_envelope(row));
        row_document(&export->writer, json_object_to_json_string_ext(report, FLAGS));
        result = row_end(&export->writer);
    } else {
        export->unreadable++;
    }
    json_object_put(report);
    return result;
}

static int put_documents_of(void *context, const struct domain_row *row)
{
    struct export *export = context;
    return within(export,
                  query_documents(export->db, row->id, export->range, put_document, export));
}

static enum db_status export_reports(struct export *export)
{
    export->tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
    if (export->tokener == NULL)
        return DB_MEMORY;
    enum db_status status =
        export->patterns != NULL
            ? each_domain(export, put_documents_of)
            : query_documents(export->db, export->domain, export->range, put_document, export);
    json_tokener_free(export->tokener);
    return status;
}

/* --- what there is --- */

static const struct subject {
    const char *name;
    const char *const *columns; /* NULL: documents */
    enum db_status (*run)(struct export *export);
} subjects[] = {
    {"domains", domain_columns, export_domains},
    {"advice", advice_columns, export_advice},
    {"incidents", incident_columns, export_incidents},
    {"senders", sender_columns, export_senders},
    {"failures", failure_columns, export_failures},
    {"mx", mx_columns, export_mx},
    {"policies", policy_columns, export_policies},
    {"modes", mode_columns, export_modes},
    {"reports", NULL, export_reports},
    {"imports", import_columns, export_imports},
};
enum { SUBJECTS = sizeof subjects / sizeof *subjects };

static const char usage[] =
    "usage: tlsrptop export WHAT [--format csv|json] [--domain DOMAIN,...|@GROUP]\n"
    "                       [--since DATE|30d] [--until DATE] [--db FILE] [--config FILE]\n";

static int help(void)
{
    fputs(usage, stdout);
    puts("\nWHAT is one of these, with the columns (keys in JSON) of its rows:");
    for (size_t i = 0; i < SUBJECTS; i++) {
        printf("  %-10s", subjects[i].name);
        for (const char *const *column = subjects[i].columns; column != NULL && *column; column++)
            printf("%s%s", *column, column[1] != NULL ? ", " : "");
        puts(subjects[i].columns == NULL ? "the original documents, one JSON a line" : "");
    }
    return fflush(stdout) == 0 ? 0 : EXIT_FAILURE;
}

__attribute__((format(printf, 2, 3))) static int complain(int status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("tlsrptop export: ", stderr);
    vfprintf(stderr, format, args);
    putc('\n', stderr);
    va_end(args);
    return status;
}

/* --- options --- */

/* Returns 0, or an exit status; *DONE when help was all that was wanted. */
static int read_options(int argc, char **argv, struct options *options, bool *done)
{
    static const struct option names[] = {
        {"format", required_argument, NULL, 'f'}, {"domain", required_argument, NULL, 'd'},
        {"since", required_argument, NULL, 's'},  {"until", required_argument, NULL, 'u'},
        {"db", required_argument, NULL, 'b'},     {"config", required_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    static char name[] = "tlsrptop export";
    int option;
    argv[0] = name; /* for getopt's own complaints */
    while ((option = getopt_long(argc, argv, "h", names, NULL)) != -1) {
        switch (option) {
        case 'f':
            options->format = optarg;
            break;
        case 'd':
            options->domain = optarg;
            break;
        case 's':
            options->since = optarg;
            break;
        case 'u':
            options->until = optarg;
            break;
        case 'b':
            options->db = optarg;
            break;
        case 'c':
            options->config = optarg;
            break;
        case 'h':
            *done = true;
            return 0;
        default:
            return EX_USAGE;
        }
    }
    if (argc - optind != 1) {
        if (argc > optind)
            complain(0, "\"%s\" is a word too many", argv[optind + 1]);
        fputs(usage, stderr);
        return EX_USAGE;
    }
    options->what = argv[optind];
    return 0;
}

static int find_subject(const char *name, const struct subject **subject)
{
    for (size_t i = 0; i < SUBJECTS; i++) {
        *subject = &subjects[i];
        if (strcmp(subjects[i].name, name) == 0)
            return 0;
    }
    char names[256] = "";
    size_t length = 0;
    for (size_t i = 0; i < SUBJECTS && length < sizeof names; i++)
        length += (size_t)snprintf(names + length, sizeof names - length, "%s%s",
                                   i == 0              ? ""
                                   : i + 1 == SUBJECTS ? " or "
                                                       : ", ",
                                   subjects[i].name);
    return complain(EX_USAGE, "\"%s\" cannot be exported; WHAT is %s", name, names);
}

static int read_format(const char *text, const struct subject *subject, enum row_format *format)
{
    bool csv = text != NULL && strcmp(text, "csv") == 0;
    if (text != NULL && !csv && strcmp(text, "json") != 0)
        return complain(EX_USAGE, "--format is csv or json, not \"%s\"", text);
    if (subject->columns == NULL && csv)
        return complain(EX_USAGE, "reports are JSON: there is no CSV of them");
    *format = subject->columns == NULL ? ROWS_DOCUMENTS
              : text == NULL || csv    ? ROWS_CSV
                                       : ROWS_JSON;
    return 0;
}

/* Reads the DAYS that the value of OPTION stands for: one, or several. */
static int read_days(const char *option, const char *text, struct day_range *days)
{
    const struct day_range all = {0, DAY_MAX};
    struct range range;
    const char *why;
    if (range_parse(text, today(), all, &range, &why) != 0)
        return complain(EX_USAGE, "%s %s: %s", option, text, why);
    *days = range_days(&range, today(), all);
    return 0;
}

/* Is TEXT a range with a last day, "2026-03-01..2026-04-15"? */
static bool names_end(const char *text)
{
    const char *dots = strstr(text, "..");
    return dots != NULL && dots[2] != '\0';
}

/* Is TEXT a number of days back from today, "30d"? */
static bool is_span(const char *text)
{
    return text[0] >= '0' && text[0] <= '9' && strchr("dwmy", text[strlen(text) - 1]) != NULL;
}

/* The days begin where --since does, and end where --until does, or a range that is
 * given to --since. */
static int read_range(const struct options *options, struct day_range *range)
{
    const char *from = options->since, *to = options->until;
    struct day_range since = {0, 0}, until = {DAY_MAX, DAY_MAX};
    if (to != NULL && (is_span(to) || names_end(to) || strcmp(to, "all") == 0))
        return complain(EX_USAGE, "--until %s: write the last day, 2026-04-15", to);
    if (from != NULL && to != NULL && names_end(from))
        return complain(EX_USAGE, "--since %s names the last day already", from);
    if ((from != NULL && read_days("--since", from, &since) != 0) ||
        (to != NULL && read_days("--until", to, &until) != 0))
        return EX_USAGE;
    *range =
        (struct day_range){since.first, from != NULL && names_end(from) ? since.last : until.last};
    if (range->first > range->last)
        return complain(EX_USAGE, "--until %s is before --since %s", to, from);
    return 0;
}

/* --- the database --- */

/* Where the database is, and the thresholds of the advice. */
static int read_settings(const struct options *options, char path[static PATH_MAX],
                         struct export *export)
{
    char error[CONFIG_ERROR];
    if (config_read(&export->config, options->config, error) != 0)
        return complain(EX_CONFIG, "%s", error);
    int found = 0;
    if (options->db == NULL)
        found =
            db_default_path(config_text(export->config, "database", NULL, "path"), path, PATH_MAX);
    else if (snprintf(path, PATH_MAX, "%s", options->db) >= PATH_MAX)
        found = -1;
    advice_read_settings(export->config, &export->thresholds);
    export->thresholds.exact_days = true;
    return found == 0 ? 0 : complain(EX_USAGE, "the database is not named; use --db FILE");
}

static int database_failed(const struct db *db, enum db_status status)
{
    const char *why = db == NULL ? "out of memory" : db_error(db);
    switch (status) {
    case DB_MISSING:
        return complain(EX_NOINPUT,
                        "%s\nNothing has been imported yet: run \"tlsrptop import FILE...\" on "
                        "report mails, or\nset up a mailbox as tlsrptop-import(1) tells.",
                        why);
    case DB_DENIED:
        return complain(EX_NOPERM, "%s", why);
    case DB_BUSY:
    case DB_FULL:
        return complain(EX_TEMPFAIL, "%s", why);
    case DB_NEWER:
    case DB_FOREIGN:
    case DB_DAMAGED:
        return complain(EX_DATAERR, "%s", why);
    case DB_MEMORY:
        return complain(EX_OSERR, "out of memory");
    default:
        return complain(EX_NOINPUT, "%s", why);
    }
}

static int found_one(void *context, const struct domain_row *row)
{
    (void)context;
    (void)row;
    return -1;
}

static int knows_none(const struct export *export, const char *text)
{
    return complain(EX_NOINPUT, "%s knows no domain %s", db_path(export->db), text);
}

/* TEXT is a group, or has several domains or patterns. */
static int find_domains(struct export *export, const char *text)
{
    size_t length;
    char error[FILTER_ERROR];
    const char *wrong = *text == '@' ? NULL : domain_wrong_pattern(text, &length);
    if (wrong != NULL)
        return complain(EX_USAGE, "--domain: \"%.*s\" is no domain name, nor \"*.\" and one",
                        (int)length, wrong);
    export->patterns = *text == '@' ? filter_group(export->config, text + 1, error) : text;
    if (export->patterns == NULL)
        return complain(EX_USAGE, "--domain %s: %s", text, error);
    enum db_status status = each_domain(export, found_one);
    if (status == DB_OK)
        return knows_none(export, text);
    return status == DB_STOPPED ? 0 : database_failed(export->db, status);
}

static int find_domain(struct export *export, const char *text)
{
    char name[DOMAIN_TEXT];
    if (text[0] == '@' || (strpbrk(text, ",*") != NULL && text[strspn(text, ", \t")] != '\0'))
        return find_domains(export, text);
    if (domain_normalise(text, strlen(text), name) != 0)
        return complain(EX_USAGE, "--domain: \"%s\" is no domain name", text);
    enum db_status status = query_find_domain(export->db, name, &export->domain);
    if (status != DB_OK)
        return database_failed(export->db, status);
    return export->domain != ALL_DOMAINS ? 0 : knows_none(export, name);
}

/* --- all of it --- */

/* Tells how it ended; returns the exit status. */
static int conclude(const struct export *export, enum db_status status)
{
    int error = export->writer.error;
    if (error != 0)
        return complain(error == ENOSPC || error == EDQUOT ? EX_TEMPFAIL : EXIT_FAILURE,
                        "standard output: %s", strerror(error));
    if (status == DB_STOPPED)
        status = export->inner;
    if (status != DB_OK)
        return database_failed(export->db, status);
    if (export->pruned > 0)
        complain(0, "originals that [database] keep-details-days has pruned: %lld",
                 (long long)export->pruned);
    if (export->unreadable > 0)
        return complain(EXIT_FAILURE, "originals that cannot be read as JSON: %lld",
                        (long long)export->unreadable);
    return 0;
}

static int run(const struct options *options, const struct subject *subject, enum row_format format,
               struct export *export)
{
    static char buffer[OUTPUT_BUFFER];
    char path[PATH_MAX];
    int result = read_settings(options, path, export);
    if (result != 0)
        return result;
    enum db_status status = db_open(&export->db, path, DB_READ);
    if (status != DB_OK)
        return database_failed(export->db, status);
    status = db_hold(export->db); /* one state of it, whatever is imported meanwhile */
    if (status != DB_OK)
        return database_failed(export->db, status);
    if (options->domain != NULL && (result = find_domain(export, options->domain)) != 0)
        return result;
    setvbuf(stdout, buffer, _IOFBF, sizeof buffer);
    rows_begin(&export->writer, stdout, format, subject->columns);
    status = subject->run(export);
    if (status == DB_OK)
        rows_end(&export->writer);
    return conclude(export, status);
}

int export_main(int argc, char **argv)
{
    struct options options = {0};
    struct export export = {.domain = ALL_DOMAINS};
    const struct subject *subject;
    enum row_format format = ROWS_CSV;
    bool done = false;
    int result = read_options(argc, argv, &options, &done);
    if (result != 0)
        return result;
    if (done)
        return help();
    if ((result = find_subject(options.what, &subject)) != 0 ||
        (result = read_format(options.format, subject, &format)) != 0 ||
        (result = read_range(&options, &export.range)) != 0)
        return result;
    result = run(&options, subject, format, &export);
    db_close(export.db);
    config_free(export.config);
    free(export.seen);
    return result;
}
