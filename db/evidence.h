/*
 * evidence.h - what advice about a domain stands on: figures from reports, and
 * what the newest live check saw, while that is young enough.
 *
 * Functions return enum db_status as db.h says.  Windows of so many days end
 * with today.  "With a policy" are sessions under a policy of type sts or tlsa;
 * "under a usable policy" those of them whose policy could be had and read.
 */
#ifndef TLSRPTOP_DB_EVIDENCE_H
#define TLSRPTOP_DB_EVIDENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "query.h"

/* How much is asked for: [advice] of the configuration. */
struct advice_settings {
    int testing_days;
    int reporters;
    int sessions;
    int quiet_days;
    int failures;    /* of a million sessions, no more than these are no reason to wait */
    bool exact_days; /* testing_since is that of a review in a list, too */
    const char *rua; /* where reports go: an address; "" when it is not known */
};

/* Where a domain stands, as far as its next step depends on it: in a list,
 * sessions and reporters stay 0 where it does not, and testing_since is no
 * earlier than tells whether testing_days have passed. */
struct standing {
    enum tls_mode mode;  /* now, as in struct domain_row */
    bool reported;       /* there is a report on it */
    bool name_missing;   /* the check was told that there is no such name */
    bool sts_broken;     /* there is an _mta-sts record, and no policy that can be used */
    bool sts_gone;       /* there is none, though reports of before the check told of a policy */
    int sts_lost;        /* day since which reports tell of none, after testing or enforce; 0: no */
    bool tlsrpt_seen;    /* by the check: there is a TLS-RPT record... */
    bool tlsrpt_missed;  /* ...or there is none */
    int64_t problems;    /* that the check found: errors, and what enforce would make one */
    int64_t failed;      /* in the last quiet_days: of all sessions if the mode is one with a
                            policy, by the check or by reports, else of those with one that
                            could not be had or read */
    int64_t running;     /* of these, of reports that began before and ended in these days... */
    int64_t named;       /* ...and, for a review, what only the details name */
    int64_t undelivered; /* of these, of senders that found DNSSEC broken or missed DANE, under no
                            TLSA records */
    int64_t refused_sts; /* of these, under MTA-STS enforce by a policy that could be had... */
    int64_t refused_dane; /* ...and under TLSA records */
    bool tolerated;       /* they are no more than settings.failures */
    bool refusing;        /* some of them on the last two days with reports */
    int recent_since;     /* day: the first of the last quiet_days, or that of these reports */
    int64_t sessions;     /* in the last quiet_days: in testing under MTA-STS, else with a policy */
    int64_t tested;       /* under MTA-STS, in the last testing_days... */
    int64_t tested_failed; /* ...and failed */
    int64_t reporters;     /* of sessions of these; no more than are asked for are counted */
    int64_t unheard;   /* for a review: reporters of failures in the testing_days that have reported
                          no session in the quiet_days */
    int testing_since; /* day; -1 when it is not in MTA-STS testing */
    int testing_days;  /* from then to today, both counted */
    int tested_days;   /* of these, for a review, since senders saw the last of the mx lines */
    int silent_days;   /* since the last day that a report is about, today counted; 0: none */
    bool refused_last; /* silent for more than a week since sessions were refused */
    bool overdue;      /* for a review: reports are, as often as they come otherwise */
};

/* As query_domains() of mine, with the standing of each: exact when it is of one
 * DOMAIN. */
enum db_status query_standings(struct db *db, int64_t domain, struct day_range range,
                               const struct advice_settings *settings, domain_row_fn *row,
                               void *context);
/* The MOST of mine with most failed sessions in RANGE, then others by name:
 * or all, of not many domains.  ranked: those with failed sessions. */
enum db_status query_standings_first(struct db *db, struct day_range range,
                                     const struct advice_settings *settings, size_t most,
                                     struct list_sums *sums, domain_row_fn *row, void *context);

enum {
    EVIDENCE_DAYS = 30,   /* that are looked back on; testing, to its begin */
    EVIDENCE_RESULTS = 8, /* the most frequent */
    EVIDENCE_SENDERS = 5,
    EVIDENCE_FAILING_HOSTS = 3,
    EVIDENCE_HOSTS = 64,
    EVIDENCE_REPORTS = 100, /* the newest */
    EVIDENCE_PROBLEMS = 8,  /* the first */
    EVIDENCE_UNHEARD = 3,
    EVIDENCE_REPORTERS = 3,
    EVIDENCE_NEEDS = 8
};

struct result_count {
    const char *result_type;
    int64_t failed;
    int policy_type;     /* of the recent ones, under which most were; 0 when not known */
    const char *mx_host; /* of the recent ones, where most were seen; NULL when not known */
};

/* What sessions met. */
enum met {
    MET_NO_POLICY,
    MET_UNREAD, /* type sts, but no policy text that can be read was reported */
    MET_STS,    /* mode none or testing */
    MET_ENFORCE,
    MET_TLSA,
    MET_OTHER,
    MET_KINDS
};

struct met_totals {
    int64_t sessions;
    int64_t failed;
    int64_t late;     /* of these, on the last quiet_days */
    int first_failed; /* day with a failure; 0 and -1 when there is none */
    int last_failed;
};

/* A way to refuse mail without good TLS, by the check. */
struct advice_way {
    const char *state; /* "done", "open", "closed" (others must move first), "unknown" */
    const char *needs[EVIDENCE_NEEDS];
    size_t need_count;
};

/* All there is to say about one domain.  Strings are never NULL; "" is what is
 * not known. */
struct evidence {
    const char *domain;
    int today;
    struct standing standing;
    int first_day; /* with a report; 0 and -1 when there is none */
    int last_day;

    /* Since it is in testing, and no later than standing.recent_since; otherwise of the last
     * EVIDENCE_DAYS. */
    struct day_range range;
    struct met_totals met[MET_KINDS];
    int64_t unfetched;         /* failures for want of the policy, by details: none was refused */
    struct met_totals refused; /* by enforce and DANE, without those */
    int64_t sessions;          /* under a usable policy */
    int64_t failed;            /* of these */
    int64_t reporters;         /* in testing: those that saw MTA-STS */
    struct {
        const char *name;
        int64_t failed;
    } failing_hosts[EVIDENCE_FAILING_HOSTS]; /* MX hosts, most failures first */
    size_t failing_host_count;               /* there may be more than those */

    /* By reporter, from standing.recent_since on, under a policy where there is one: those
     * with most failures, and all those without any. */
    struct {
        const char *organization;
        int64_t sessions, failed;
    } failing_reporters[EVIDENCE_REPORTERS];
    size_t failing_reporter_count; /* there may be more than those */
    int64_t other_reporters, other_sessions;

    /* Some of standing.unheard, most failures first: their last day, and its sessions. */
    struct {
        const char *organization;
        int day;
        int64_t sessions, failed;
    } unheard[EVIDENCE_UNHEARD];
    size_t unheard_count;

    /* Failures of these days, most first; and those from standing.recent_since on. */
    struct result_count results[EVIDENCE_RESULTS];
    size_t result_count;
    struct result_count recent[EVIDENCE_RESULTS];
    size_t recent_count;
    struct {
        const char *organization;
        const char *sending_mta_ip;
        const char *host_name;
        const char *result_types;
        const char *mx_hosts;
        int64_t failed;
    } senders[EVIDENCE_SENDERS];
    size_t sender_count;
    /* Reports with failures in the last quiet_days, of EVIDENCE_REPORTS; and those of them
     * that were found not to be signed by whom they say they come from. */
    int64_t failing_reports;
    int64_t unproven;

    /* The newest MTA-STS policy, by the check or else by reports.  A check may
     * have seen that there is none. */
    const char *policy_text;
    bool policy_is_live;
    const char *policy_id; /* of the _mta-sts record */

    /* The newest policy in reports that names MX hosts, and the days on which that was
     * reported first and last. */
    const char *former_text;
    int former_since, former_day;

    /* The day of the last change of mode, by reports, from which, and to which; -1 when there
     * was none. */
    int changed_day;
    enum tls_mode changed_from, changed_mode;

    /* The reporter with most sessions of those whose latest reports, in the last quiet_days,
     * have another MTA-STS mode than the domain: "" when there is none.  STS_UNREADABLE: they
     * have no policy, and had one before. */
    const char *dissenter;
    enum sts_mode dissenting_mode;
    const char *dissenting_text; /* the policy that they report... */
    int dissenting_since;        /* ...from that day... */
    int dissenting_day;

    /* Of a domain that is not in MTA-STS testing or enforce: the mode of the two
     * that reports stated last, STS_NONE if they never did; the day they last did;
     * and the first day behind it on which they stated something else (mode none,
     * or no policy): -1 when they have not. */
    enum sts_mode withdrawn;
    int withdrawn_last;
    int withdrawn_since;
    bool withdrawn_to_none; /* to mode none, not to no policy */

    /* Of the last quiet_days the TLSA records under which sessions failed, the newest of them,
     * or else those with most sessions, a line each; and since when the same are reported. */
    const char *tlsa_records;
    int tlsa_since;
    int tlsa_last;

    /* MX hosts: of the check, then others that are only named in reports. */
    struct {
        const char *name;
        bool live;
    } hosts[EVIDENCE_HOSTS];
    size_t host_count;

    /* The newest check, if it is young enough; checked is 0 otherwise. */
    int64_t checked;
    bool mode_is_live; /* it could tell the mode */
    const char *dnssec;
    const char *tlsrpt_record;
    struct advice_way sts_way, dane_way;
    struct {
        const char *text;
        const char *remedy;
    } problems[EVIDENCE_PROBLEMS]; /* what holds it back, the first of them */
    size_t problem_count;
};

/* Did nothing else fail than what was refused, so that result types and hosts are of that? */
bool only_refused_failed(const struct evidence *evidence);

/* Gathers the EVIDENCE about DOMAIN into ARENA.  DB_MISSING when there is no
 * such domain. */
enum db_status query_evidence(struct db *db, int64_t domain, const struct advice_settings *settings,
                              struct arena *arena, struct evidence *evidence);

#endif
