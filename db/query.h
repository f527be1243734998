/*
 * query.h - everything the screens and exports read.
 *
 * Every function runs one prepared statement or a few, calls ROW for each row
 * in the order it documents, and returns enum db_status as db.h says.  Rows and
 * their strings are valid during the call only.  ROW returns 0 to go on;
 * anything else ends the query with DB_STOPPED.  Figures come from totals: the
 * cost of a screen depends on what it shows, not on how many reports there are,
 * unless the comment says otherwise.
 *
 * Strings come from strangers' reports: valid UTF-8, but not fit for a
 * terminal before text_visible().  Sessions are as reporters counted
 * them.
 */
#ifndef TLSRPTOP_DB_QUERY_H
#define TLSRPTOP_DB_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "day.h"
#include "db.h"
#include "mode.h"
#include "vocab.h"

/* The pseudo-domain that stands for all of mine. */
#define ALL_DOMAINS INT64_C(0)

struct standing; /* evidence.h */

struct totals {
    int64_t reports;
    int64_t successful; /* sessions */
    int64_t failed;
};
void totals_add(struct totals *sum, struct totals totals);

/* Is TEXT, of LENGTH bytes, one of those that LIST joins by ", "? */
bool joined_has(const char *list, const char *text, size_t length);

/* What there is at all. */
struct extent {
    int first_day; /* of reports on my domains; 0 and -1 when there are none */
    int last_day;
    struct totals totals;
    int64_t domains;         /* mine, with or without reports */
    int64_t foreign_domains; /* in reports about others */
};
enum db_status query_extent(struct db *db, struct extent *extent);

/* The last day, up to TODAY, that a report on my domains is about, -1 when there is none; and
 * are reports overdue? */
enum { REPORTS_LATE = 3, WEEKLY_LATE = 8 }; /* days: they come a day or two later, or a week */
struct recency {
    int last_day;
    bool overdue;
};
enum db_status query_recency(struct db *db, int today, struct recency *recency);

/* The number of the domain NAME (normalised), or 0 in *DOMAIN. */
enum db_status query_find_domain(struct db *db, const char *name, int64_t *domain);

/* One domain in a range, by name.  Domains without a report in the range come
 * with zero totals if they had one ever, or were checked. */
struct domain_row {
    int64_t id;
    const char *name;
    bool mine;
    enum tls_mode mode;          /* now: the live check, if young enough, else reports */
    bool mode_is_live;           /* from the live check */
    bool name_missing;           /* the check was told that there is no such name */
    int64_t check_time;          /* of the live check; 0 unless it is young enough */
    int64_t mode_time;           /* of the check, or the start of the day of reports */
    enum tls_mode mode_reported; /* by reports alone, on last_day_ever */
    struct totals totals;        /* in the range */
    int first_day;               /* ever, not in the range; 0 and -1 when only checked */
    int last_day;
    const struct standing *standing; /* on its way to be enforced (evidence.h); NULL unless
                                        asked for */
    struct mode_change change;       /* the last one in the range, if asked for; day -1 */
};
typedef int domain_row_fn(void *context, const struct domain_row *row);
/* DOMAIN narrows it to one; ALL_DOMAINS for every one of mine, or every
 * foreign one if FOREIGN. */
enum db_status query_domains(struct db *db, int64_t domain, struct day_range range, bool foreign,
                             domain_row_fn *row, void *context);

/* What a list of domains is about, however many of its rows are asked for. */
struct list_sums {
    bool complete; /* the rows are all */
    int64_t domains;
    int64_t ranked;       /* those that the list is sorted to show first */
    struct totals totals; /* in the range, of a list by failed sessions */
    int last_day;
};

/* What was reported of every domain in RANGE at *TOTALS, by number, *COUNT of them: to be
 * freed, whatever it returns. */
enum db_status query_domain_totals(struct db *db, struct day_range range, struct totals **totals,
                                   int64_t *count);

/* As query_domains(), with the last change of mode of each in RANGE.  With MOST, which
 * is 0 for all, only these may come: those that changed last, then others by name.
 * ranked: those that changed. */
enum db_status query_timeline(struct db *db, struct day_range range, bool foreign, size_t most,
                              struct list_sums *sums, domain_row_fn *row, void *context);

/* What was reported of DOMAIN (or ALL_DOMAINS) in RANGE. */
enum db_status query_total(struct db *db, int64_t domain, struct day_range range,
                           struct totals *totals);
/* The same in COUNT equal steps of DAYS days from the day FIRST: a sparkline or a
 * chart.  STEPS[i] is zeroed where nothing was reported. */
enum db_status query_steps(struct db *db, int64_t domain, int first, int days, int count,
                           struct totals *steps);
/* The same of DOMAIN_COUNT domains at once: COUNT steps of the first, then of the
 * next... */
enum db_status query_steps_each(struct db *db, const int64_t *domains, size_t domain_count,
                                int first, int days, int count, struct totals *steps);

/* The mode of every day of RANGE, at MODES (range.last - range.first + 1). */
enum db_status query_modes(struct db *db, int64_t domain, struct day_range range,
                           struct day_mode *modes);

/* Domain by domain by name, the days of RANGE with a report, ascending.  Costs
 * as much as it has rows, and some days before RANGE. */
struct mode_day_row {
    const char *domain;
    int day;
    enum tls_mode mode;
    struct totals totals;
    int64_t reporters;
};
typedef int mode_day_row_fn(void *context, const struct mode_day_row *row);
/* DOMAIN narrows it to one; ALL_DOMAINS for each of mine. */
enum db_status query_mode_days(struct db *db, int64_t domain, struct day_range range,
                               mode_day_row_fn *row, void *context);

/* Who saw which policy in a range: most sessions first. */
struct composition_row {
    const char *organization;
    const char *policy_type;
    enum sts_mode mode;
    struct totals totals;
};
typedef int composition_row_fn(void *context, const struct composition_row *row);
enum db_status query_composition(struct db *db, int64_t domain, struct day_range range,
                                 composition_row_fn *row, void *context);

/* Reporters in a range, most failed sessions first, then most sessions. */
struct reporter_row {
    int64_t organization_id;
    const char *organization;
    struct totals totals;     /* reports: per policy type, the largest */
    struct totals by_type[4]; /* [POLICY_NOT_FOUND], [POLICY_STS], [POLICY_TLSA], [0] others */
};
typedef int reporter_row_fn(void *context, const struct reporter_row *row);
enum db_status query_reporters(struct db *db, int64_t domain, struct day_range range,
                               reporter_row_fn *row, void *context);

/* How many organizations reported on DOMAIN in a range, and on which days of
 * it first and last: 0, 0 and -1 when none did. */
struct coverage {
    int64_t reporters;
    int first_day;
    int last_day;
};
enum db_status query_coverage(struct db *db, int64_t domain, struct day_range range,
                              struct coverage *coverage);

/* Failed sessions by result type in a range, most first. */
struct result_row {
    const char *result_type;
    int64_t failed;
    int64_t reporters;
};
typedef int result_row_fn(void *context, const struct result_row *row);
enum db_status query_results(struct db *db, int64_t domain, struct day_range range,
                             result_row_fn *row, void *context);

/* Failed sessions by sending MTA in a range: organization with most failures
 * first, its addresses with most first.  Costs as much as failed on the days of
 * the range. */
struct organization_sums { /* of all its senders, also of those that do not come */
    int64_t failed;
    int64_t senders;
    int first_day;
    int last_day;
};
struct sender_row {
    int64_t organization_id;
    const char *organization;
    const struct organization_sums *organization_sums;
    const char *sending_mta_ip; /* "" when the reporter did not say */
    const char *host_name;      /* confirmed name of the address; "" if unknown */
    const char *result_types;   /* joined by ", ", most failures first; a list of more than
                                   4 KiB ends in an ellipsis, here and below */
    const char *mx_hosts;       /* receiving-mx-hostname, joined by ", "; "" of ALL_DOMAINS */
    int64_t failed;
    int first_day;
    int last_day;
};
typedef int sender_row_fn(void *context, const struct sender_row *row);
enum db_status query_senders(struct db *db, int64_t domain, struct day_range range,
                             sender_row_fn *row, void *context);

/* The same of the MOST (above 0) senders that fail most, whatever their organization; at
 * *TOTAL what all of them come to. */
struct sender_total {
    int64_t failed;
    int64_t senders;
    int64_t organizations;
};
enum db_status query_worst_senders(struct db *db, int64_t domain, struct day_range range,
                                   size_t most, struct sender_total *total, sender_row_fn *row,
                                   void *context);

/* Failed sessions by receiving MX host in a range, most first. */
struct mx_row {
    const char *mx_host; /* "" when the reporter did not say */
    const char *result_types;
    int64_t failed;
    int64_t senders; /* distinct sending addresses */
};
typedef int mx_row_fn(void *context, const struct mx_row *row);
enum db_status query_mx(struct db *db, int64_t domain, struct day_range range, mx_row_fn *row,
                        void *context);

/* Single failure details, newest day first.  NULL narrows nothing; "" is
 * the value that was not reported.  Narrowed it costs a look at the totals of the
 * range, and at the newest of the days they name until there are enough; else
 * ALL_DOMAINS walks the domains one after the other. */
struct failure_filter {
    int64_t domain; /* or ALL_DOMAINS */
    struct day_range range;
    const char *organization;
    const char *sending_mta_ip;
    const char *result_type;
    const char *mx_host;
    int64_t limit; /* rows at the most; 0: all */
};
struct failure_row {
    int64_t report;
    const char *domain;
    int day;
    const char *organization;
    const char *policy_type;
    const char *result_type;
    const char *sending_mta_ip;
    const char *receiving_mx_hostname;
    const char *receiving_ip;
    const char *receiving_mx_helo;
    int64_t failed;
    const char *reason_code;
    const char *additional_info;
};
typedef int failure_row_fn(void *context, const struct failure_row *row);
enum db_status query_failures(struct db *db, const struct failure_filter *filter,
                              failure_row_fn *row, void *context);

/* Reports in which DOMAIN (or any of mine) has a policy, newest first.  Of
 * ALL_DOMAINS a report comes once for each of my domains in it. */
struct report_row {
    int64_t id;
    const char *domain;
    int day;
    bool covers_days; /* the range is longer than a day */
    const char *organization;
    const char *report_id;
    enum signature signature;
    const char *signed_by;
    const char *policy_types; /* of its policies for the domain, joined by ", " */
    struct totals totals;     /* of its policies for the domain */
    int64_t failures;         /* entries of their failure-details, whatever the totals say */
};
struct report_filter {
    int64_t domain;
    struct day_range range;
    const char *organization; /* NULL: any */
    bool failing;             /* only those with failed sessions, or with failures listed */
    int64_t limit;
};
typedef int report_row_fn(void *context, const struct report_row *row);
enum db_status query_reports(struct db *db, const struct report_filter *filter, report_row_fn *row,
                             void *context);

/* One report, taken apart again: the head, then its policies in the order of
 * the report, each followed by its failures. */
struct report_head {
    const char *organization;
    const char *report_id;
    const char *contact;
    const char *recipient;
    int64_t begin;
    int64_t end;
    int64_t imported;   /* instant */
    const char *source; /* "work INBOX UIDVALIDITY 17 UID 42", or a path */
    bool pruned;        /* the details are gone: keep-details-days */
    enum signature signature;
    const char *signed_by; /* a domain; of a signature that is not valid: and why */
};
struct policy_row {
    const char *domain; /* that it counts for */
    const char *policy_type;
    enum sts_mode mode;
    const char *text;    /* policy-string, lines joined by '\n' */
    const char *mx;      /* mx-host patterns, joined by ' ' */
    const char *mx_host; /* TLSA base domain, "" if none */
    int64_t successful;
    int64_t failed;
};
struct report_parts {
    int (*head)(void *context, const struct report_head *head);
    int (*policy)(void *context, const struct policy_row *policy);
    int (*failure)(void *context, const struct failure_row *failure);
};
enum db_status query_report(struct db *db, int64_t report, const struct report_parts *parts,
                            void *context);

/* The original document, decompressed; of a pruned report SIZE is 0. */
typedef int document_fn(void *context, int64_t report, const char *json, size_t size);
enum db_status query_document(struct db *db, int64_t report, document_fn *row, void *context);

/* Every document of a domain (or ALL_DOMAINS, of each once) in a range, oldest
 * first, with what the report was taken to be: the mail may have told more than
 * the document.  SIZE is 0 of a pruned one.  It takes as long as it takes. */
struct document_row {
    int64_t report;
    const char *organization;
    const char *recipient;
    const char *json;
    size_t size;
};
typedef int document_row_fn(void *context, const struct document_row *row);
enum db_status query_documents(struct db *db, int64_t domain, struct day_range range,
                               document_row_fn *row, void *context);

/* Every policy text a domain was reported with, by first day then reporter. */
struct policy_seen_row {
    int64_t text_id;  /* the same text has the same number */
    const char *text; /* '\n' between its lines; "" when none was reported */
    enum sts_mode mode;
    const char *policy_type;
    const char *organization;
    int first_day;
    int last_day;
    struct totals totals;
};
typedef int policy_seen_row_fn(void *context, const struct policy_seen_row *row);
enum db_status query_policies(struct db *db, int64_t domain, policy_seen_row_fn *row,
                              void *context);

/* Calls ROW with the MTA-STS policy of DOMAIN, in one of the modes LEAST to enforce, that was
 * reported last up to TODAY, if there is one: of those of the last two days the one that was
 * first reported last, as who keeps the one before goes on to report that. */
struct newest_policy_row {
    const char *text;
    int first_day, last_day;
};
typedef int newest_policy_row_fn(void *context, const struct newest_policy_row *row);
enum db_status query_newest_policy(struct db *db, int64_t domain, int today, enum sts_mode least,
                                   newest_policy_row_fn *row, void *context);

/* The journal, newest first.  Costs as much as the runs in question wrote, up to
 * the limit. */
struct journal_row {
    int64_t id;
    int64_t time;
    const char *source;
    enum outcome outcome;
    const char *reason;
    const char *organization; /* "" where no report could be read */
    const char *report_id;
    int64_t report; /* 0 where there is none */
};
struct journal_filter {
    int64_t run;            /* 0: every run */
    unsigned outcomes;      /* bit set, 1 << enum outcome; 0: all */
    struct day_range range; /* of the time it was imported */
    int64_t domain;         /* of the report; ALL_DOMAINS: any, and none */
    int64_t limit;
};
typedef int journal_row_fn(void *context, const struct journal_row *row);
enum db_status query_journal(struct db *db, const struct journal_filter *filter,
                             journal_row_fn *row, void *context);

/* Import runs, newest first. */
struct run_row {
    int64_t id;
    int64_t started;
    int64_t ended; /* 0 while it runs, or when it was killed */
    bool running;  /* at work now; neither ended nor running: it was killed */
    const char *what;
    const char *message;
    int64_t messages;
    int64_t outcomes[OUTCOME_END];
};
typedef int run_row_fn(void *context, const struct run_row *row);
enum db_status query_runs(struct db *db, int64_t limit, run_row_fn *row, void *context);

/* Mailboxes and how far they have been read, by account and name. */
struct mailbox_row {
    const char *account;
    const char *server; /* user@host; "" if that is not known */
    const char *mailbox;
    int64_t uidvalidity;
    int64_t last_uid;
    int64_t last_time; /* when its newest message came in */
};
typedef int mailbox_row_fn(void *context, const struct mailbox_row *row);
enum db_status query_mailboxes(struct db *db, mailbox_row_fn *row, void *context);

/* What storing REPORT (resolved) now would come to: OUTCOME_IMPORTED,
 * OUTCOME_DUPLICATE or OUTCOME_CONFLICT. */
struct report;
struct identities;
enum db_status query_outcome(struct db *db, struct identities *identities,
                             const struct report *report, enum outcome *outcome);

#endif
