#include "standing.h"

#include <stdlib.h>
#include <string.h>

#include "by_name.h"
#include "cover.h"
#include "day.h"
#include "domain_rows.h"
#include "growing.h"
#include "kept_standings.h"
#include "key_map.h"
#include "mode.h"
#include "observation.h"
#include "ranking.h"
#include "review.h"
#include "statement.h"

struct day_range last_days(int today, int days)
{
    return (struct day_range){today - days + 1, today};
}

struct day_range review_days(int today, const struct advice_settings *settings)
{
    enum { WEEK = 7 };
    return last_days(today, settings->testing_days + WEEK);
}

/* --- sums by domain --- */

/* What reports tell that began before the quiet days and ended in them. */
struct running {
    int64_t failed;
    int64_t enforced; /* of these, under MTA-STS enforce */
    int64_t dane;     /* and under TLSA records */
    int64_t sessions; /* with a policy... */
    int64_t tested;   /* ...and under MTA-STS */
    int first_day;    /* that any of them counts on; 0: there are none */
    int last_day;     /* the last of any report of several days; 0: none ended in the quiet days */
};

/* What failed in the quiet days where mail is refused. */
struct refused {
    int64_t enforced; /* under MTA-STS enforce */
    int64_t dane;     /* and under TLSA records */
    int last_day;     /* with either; 0: none */
};

/* What look_closer() finds of a domain. */
struct closer {
    int64_t sessions; /* with a policy, in the quiet days... */
    int64_t sts;      /* ...and under MTA-STS */
    int64_t failed;   /* of these with a policy */
    int64_t named;    /* failures in the details of the quiet days */
    int64_t tested;   /* sessions under MTA-STS in the testing days */
    int64_t tested_failed;
    int32_t reporters; /* of MTA-STS in the testing days, no more than are asked for */
    int32_t newest;    /* of these, an index; 0: none */
};

/* Of one domain. */
struct tally {
    int64_t all_failed;    /* in the quiet days, with a policy or without... */
    int64_t failed_before; /* ...and in as many days as a review looks back on */
    int64_t unfetched;     /* in their details: a published policy could not be had */
    int64_t undelivered;   /* in their details: DNSSEC was broken, or DANE demanded and not there */
    bool fetch_error;      /* in them a policy could not be had or read */
    int lost_since;        /* day: MTA-STS was in force, and was not there any more; 0: no */
    struct running running;
    struct refused refused, before; /* in the quiet days, and in those before */
    struct closer closer;
};

struct reporter {
    int64_t organization;
    int32_t before; /* of the same domain */
};

/* Of a domain, a reporter and a day, which are its key. */
struct unfetched {
    struct key key;
    int64_t failed; /* for want of the policy, by details */
};

/* By number of the domain. */
struct tallies {
    struct tally *of;
    int64_t count;
    struct key_map unfetched;
    struct reporter *reporters; /* from 1 on */
    size_t reporter_count, reporter_capacity;
};

static void tallies_free(struct tallies *tallies)
{
    free(tallies->of);
    free(tallies->reporters);
    key_map_free(&tallies->unfetched);
}

static enum db_status tallies_make(struct db *db, struct tallies *tallies)
{
    enum db_status status = domain_numbers(db, &tallies->count);
    if (status != DB_OK)
        return status;
    tallies->of = calloc((size_t)tallies->count, sizeof *tallies->of);
    tallies->reporter_count = 1;
    tallies->unfetched.row_size = sizeof(struct unfetched);
    return tallies->of != NULL ? DB_OK : db_complain(db, DB_MEMORY, "out of memory");
}

/* Counts ORGANIZATION for TALLY unless it has been.  Returns 0, or -1 when
 * memory is short. */
static int count_reporter(struct tallies *tallies, struct tally *tally, int64_t organization)
{
    for (int32_t i = tally->closer.newest; i != 0; i = tallies->reporters[i].before) {
        if (tallies->reporters[i].organization == organization)
            return 0;
    }
    struct reporter *reporters = with_room(tallies->reporters, tallies->reporter_count,
                                           &tallies->reporter_capacity, sizeof *reporters);
    if (reporters == NULL || tallies->reporter_count == INT32_MAX)
        return -1;
    tallies->reporters = reporters;
    reporters[tallies->reporter_count] = (struct reporter){organization, tally->closer.newest};
    tally->closer.newest = (int32_t)tallies->reporter_count++;
    tally->closer.reporters++;
    return 0;
}

/* Totals of a range, of one domain or all. */
struct question {
    const char *all, *one;
    unsigned levels;
};
#define QUESTION(columns, table, levels) QUESTION_OF(columns, table, "", levels)
#define QUESTION_OF(columns, table, condition, levels)                                             \
    {                                                                                              \
        SELECT_TOTALS(columns, table)                                                              \
        condition, SELECT_TOTALS(columns, table) condition " AND t.domain = ?2", levels            \
    }
#define SELECT_TOTALS(columns, table)                                                              \
    SQL_COVER " SELECT t.domain, " columns " FROM cover c CROSS JOIN " table " t"                  \
              "  ON t.level = c.level AND t.block = c.block"

static sqlite3_stmt *ask(struct db *db, const struct question *question, int64_t domain,
                         struct day_range range, enum db_status *status)
{
    sqlite3_stmt *statement =
        db_statement(db, domain == ALL_DOMAINS ? question->all : question->one);
    if (domain != ALL_DOMAINS)
        sqlite3_bind_int64(statement, 2, domain);
    *status = cover_bind(db, statement, question->levels, range);
    return statement;
}

/* The tally of DOMAIN; NULL if an importer has added it since. */
static struct tally *tally_of(struct tallies *tallies, int64_t domain)
{
    return domain < tallies->count ? &tallies->of[domain] : NULL;
}

/* Adds the answers to the integer at OFFSET of each tally. */
static enum db_status add_up(struct db *db, const struct question *question, int64_t domain,
                             struct day_range range, struct tallies *tallies, size_t offset)
{
    enum db_status status;
    sqlite3_stmt *row = ask(db, question, domain, range, &status);
    while (statement_next(db, row, &status)) {
        struct tally *tally = tally_of(tallies, sqlite3_column_int64(row, 0));
        if (tally != NULL)
            *(int64_t *)(void *)((char *)tally + offset) += sqlite3_column_int64(row, 1);
    }
    return status;
}

static enum db_status add_failed(struct db *db, int64_t domain, struct day_range quiet,
                                 struct day_range reviewed, struct tallies *tallies)
{
    static const struct question failed = QUESTION("t.failed", "total_domain", LEVELS_ALL);
    enum db_status status =
        add_up(db, &failed, domain, quiet, tallies, offsetof(struct tally, all_failed));
    return status == DB_OK ? add_up(db, &failed, domain, reviewed, tallies,
                                    offsetof(struct tally, failed_before))
                           : status;
}

/* What the details of RANGE name: some reporters' summaries count none of it. */
static enum db_status add_named(struct db *db, int64_t domain, struct day_range range,
                                struct tallies *tallies)
{
    static const struct question named = QUESTION("t.failed", "total_result", LEVELS_SPARSE);
    return add_up(db, &named, domain, range, tallies, offsetof(struct tally, closer.named));
}

/* What failed because a policy that is published could not be had, and because DNSSEC was
 * broken or DANE demanded: some reporters tell so, and that they found no policy.  With BY_DAY
 * it is also known of whom and when. */
static enum db_status add_causes(struct db *db, int64_t domain, struct day_range range, bool by_day,
                                 struct tallies *tallies)
{
    static const struct question causes = QUESTION_OF(
        "t.failed, t.result_type IN " SQL_UNFETCHED ", t.organization, t.block", "total_result",
        " AND t.result_type IN (SELECT id FROM result_type"
        "  WHERE name IN (" UNFETCHED_TYPES ", 'dnssec-invalid', 'dane-required'))",
        LEVELS_DAYS);
    enum db_status status;
    sqlite3_stmt *row = ask(db, &causes, domain, range, &status);
    while (statement_next(db, row, &status)) {
        struct tally *tally = tally_of(tallies, sqlite3_column_int64(row, 0));
        int64_t failed = sqlite3_column_int64(row, 1);
        bool unfetched = sqlite3_column_int(row, 2) != 0;
        if (tally == NULL)
            continue;
        if (unfetched)
            tally->unfetched += failed;
        else
            tally->undelivered += failed;
        if (!unfetched || !by_day)
            continue;
        struct unfetched *day =
            key_map_row(&tallies->unfetched,
                        &(struct key){{sqlite3_column_int64(row, 0), sqlite3_column_int64(row, 3),
                                       sqlite3_column_int64(row, 4)}});
        if (day == NULL)
            return db_done(row, db_complain(db, DB_MEMORY, "out of memory"));
        day->failed += failed;
    }
    return status;
}

#define LOST " AND before IN (3, 4, 6, 7) AND mode IN (1, 5)"
_Static_assert(MODE_OPPORTUNISTIC == 1 && MODE_STS_TESTING == 3 && MODE_STS_ENFORCE == 4 &&
                   MODE_DANE == 5 && MODE_DANE_STS_TESTING == 6 && MODE_DANE_STS_ENFORCE == 7,
               "named by number");

/* ALL, or ONE of DOMAIN, which is ?3 there, with the days of RANGE. */
static sqlite3_stmt *ask_days(struct db *db, const char *all, const char *one, int64_t domain,
                              struct day_range range)
{
    bool of_all = domain == ALL_DOMAINS;
    sqlite3_stmt *statement = db_statement(db, of_all ? all : one);
    db_bind_integers(statement, (int64_t[]){range.first, range.last, domain}, of_all ? 2 : 3);
    return statement;
}

/* Whose policy could not be fetched or read, by a statement of RANGE. */
static enum db_status add_errors(struct db *db, int64_t domain, struct day_range range,
                                 struct tallies *tallies)
{
    static const char all[] = "SELECT domain FROM mode_day INDEXED BY mode_day_of_errors"
                              " WHERE day BETWEEN ?1 AND ?2 AND fetch_error";
    static const char one[] = "SELECT domain FROM mode_day WHERE domain = ?3"
                              " AND day BETWEEN ?1 AND ?2 AND fetch_error LIMIT 1";
    sqlite3_stmt *row = ask_days(db, all, one, domain, range);
    enum db_status status = DB_OK;
    while (statement_next(db, row, &status)) {
        struct tally *tally = tally_of(tallies, sqlite3_column_int64(row, 0));
        if (tally != NULL)
            tally->fetch_error = true;
    }
    return status;
}

/* Where MTA-STS was withdrawn, by reports of RANGE, and not by mode none. */
static enum db_status add_losses(struct db *db, int64_t domain, struct day_range range,
                                 struct tallies *tallies)
{
    static const char all[] = "SELECT domain, day FROM mode_change INDEXED BY mode_change_of_losses"
                              " WHERE day BETWEEN ?1 AND ?2" LOST " ORDER BY day";
    static const char one[] = "SELECT domain, day FROM mode_change WHERE domain = ?3"
                              " AND day BETWEEN ?1 AND ?2" LOST " ORDER BY day DESC LIMIT 1";
    sqlite3_stmt *row = ask_days(db, all, one, domain, range);
    enum db_status status = DB_OK;
    while (statement_next(db, row, &status)) {
        struct tally *tally = tally_of(tallies, sqlite3_column_int64(row, 0));
        if (tally != NULL)
            tally->lost_since = sqlite3_column_int(row, 1);
    }
    return status;
}

enum { COLUMN_DOMAIN, COLUMN_ORGANIZATION, COLUMN_TYPE, COLUMN_SESSIONS, COLUMN_FAILED };
static const struct question by_reporter = QUESTION(
    "t.organization, t.type, t.successful + t.failed, t.failed", "total_reporter", LEVELS_SPARSE);

static enum db_status add_sessions(struct db *db, int64_t domain, struct day_range range,
                                   struct tallies *tallies)
{
    enum db_status status;
    sqlite3_stmt *row = ask(db, &by_reporter, domain, range, &status);
    while (statement_next(db, row, &status)) {
        int type = sqlite3_column_int(row, COLUMN_TYPE);
        struct tally *tally = tally_of(tallies, sqlite3_column_int64(row, COLUMN_DOMAIN));
        if (tally == NULL || (type != POLICY_STS && type != POLICY_TLSA))
            continue;
        tally->closer.sessions += sqlite3_column_int64(row, COLUMN_SESSIONS);
        tally->closer.sts += type == POLICY_STS ? sqlite3_column_int64(row, COLUMN_SESSIONS) : 0;
        tally->closer.failed += sqlite3_column_int64(row, COLUMN_FAILED);
    }
    return status;
}

/* As query_refusals(), once there are the causes; to `before` or `refused`. */
static enum db_status add_refusals(struct db *db, int64_t domain, struct day_range range,
                                   struct tallies *tallies, bool before)
{
    static const struct question refusing = QUESTION_OF(
        "t.type, t.failed, t.block, t.organization", "total_reporter",
        " AND t.failed > 0 AND (t.type = 3 OR (t.type = 2 AND t.mode = 3))", LEVELS_DAYS);
    _Static_assert(POLICY_TLSA == 3 && POLICY_STS == 2 && STS_ENFORCE == 3, "named by number");
    enum db_status status;
    sqlite3_stmt *row = ask(db, &refusing, domain, range, &status);
    while (statement_next(db, row, &status)) {
        struct tally *tally = tally_of(tallies, sqlite3_column_int64(row, 0));
        bool dane = sqlite3_column_int(row, 1) == POLICY_TLSA;
        int64_t failed = sqlite3_column_int64(row, 2), organization = sqlite3_column_int64(row, 4);
        int day = sqlite3_column_int(row, 3);
        if (tally == NULL)
            continue;
        if (!dane && tally->unfetched > 0) {
            const struct unfetched *unfetched =
                key_map_row(&tallies->unfetched,
                            &(struct key){{sqlite3_column_int64(row, 0), organization, day}});
            if (unfetched == NULL)
                return db_done(row, db_complain(db, DB_MEMORY, "out of memory"));
            failed -= unfetched->failed < failed ? unfetched->failed : failed;
        }
        struct refused *refused = before ? &tally->before : &tally->refused;
        *(dane ? &refused->dane : &refused->enforced) += failed;
        if (failed > 0 && day > refused->last_day)
            refused->last_day = day;
    }
    return status;
}

/* A reporter that saw no MTA-STS policy tells nothing of what enforce would refuse. */
static enum db_status add_reporters(struct db *db, int64_t domain, struct day_range range,
                                    int enough, struct tallies *tallies)
{
    enum db_status status;
    sqlite3_stmt *row = ask(db, &by_reporter, domain, range, &status);
    while (statement_next(db, row, &status)) {
        struct tally *tally = tally_of(tallies, sqlite3_column_int64(row, COLUMN_DOMAIN));
        if (tally == NULL || sqlite3_column_int(row, COLUMN_TYPE) != POLICY_STS)
            continue;
        tally->closer.tested += sqlite3_column_int64(row, COLUMN_SESSIONS);
        tally->closer.tested_failed += sqlite3_column_int64(row, COLUMN_FAILED);
        if (tally->closer.reporters < enough && sqlite3_column_int64(row, COLUMN_SESSIONS) > 0 &&
            count_reporter(tallies, tally, sqlite3_column_int64(row, COLUMN_ORGANIZATION)) != 0)
            return db_done(row, db_complain(db, DB_MEMORY, "out of memory"));
    }
    return status;
}

/* Reports of several days that began before the day FIRST, and ended later, count on
 * their first. */
static enum db_status add_running(struct db *db, int64_t domain, int first, struct tallies *tallies)
{
    static const char select[] =
        "SELECT p.domain, p.day, p.type, p.mode, p.successful + p.failed, p.failed,"
        "   (r.end_time - 1) / 86400"
        "  FROM report r INDEXED BY report_of_days CROSS JOIN policy p ON p.report = r.id"
        " WHERE " SQL_SEVERAL_DAYS " AND r.end_time > ?2 * 86400"
        "  AND ?1 IN (0, p.domain)";
    _Static_assert(ALL_DOMAINS == 0, "named by number");
    sqlite3_stmt *row = db_statement(db, select);
    db_bind_integers(row, (int64_t[]){domain, first}, 2);
    enum db_status status = DB_OK;
    while (statement_next(db, row, &status)) {
        struct tally *tally = tally_of(tallies, sqlite3_column_int64(row, 0));
        if (tally == NULL)
            continue;
        struct running *running = &tally->running;
        int day = sqlite3_column_int(row, 1), type = sqlite3_column_int(row, 2);
        int64_t failed = sqlite3_column_int64(row, 5);
        int last_day = sqlite3_column_int(row, 6);
        if (last_day > running->last_day)
            running->last_day = last_day;
        if (day >= first) /* it counts in the quiet days */
            continue;
        if (type == POLICY_STS || type == POLICY_TLSA)
            running->sessions += sqlite3_column_int64(row, 4);
        if (type == POLICY_STS)
            running->tested += sqlite3_column_int64(row, 4);
        if (type == POLICY_STS && sqlite3_column_int(row, 3) == STS_ENFORCE)
            running->enforced += failed;
        else if (type == POLICY_TLSA)
            running->dane += failed;
        running->failed += failed;
        if (running->first_day == 0 || day < running->first_day)
            running->first_day = day;
    }
    return status;
}

/* --- one domain --- */

static bool in_testing(enum tls_mode mode)
{
    return tls_mode_sts(mode) == STS_TESTING;
}

static bool has_policy(enum tls_mode mode)
{
    return tls_mode_has_sts(mode) || tls_mode_has_dane(mode);
}

/* The first day of the MTA-STS testing that DOMAIN is in on LAST_DAY, by reports from
 * the day FIRST on; -1 when none of them saw it.  It begins behind another mode, and
 * behind more days without a statement than a mode is inherited for.  From ENOUGH on
 * nobody asks for an earlier day. */
static enum db_status testing_by_reports(struct db *db, int64_t domain, int first, int enough,
                                         int last_day, int *since)
{
    static const char select[] = "SELECT day, sts FROM mode_day WHERE domain = ?"
                                 " AND day BETWEEN ? AND ? AND sts <> 0 ORDER BY day DESC";
    _Static_assert(STS_UNSTATED == 0, "named by number");
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, first, last_day}, 3);
    enum db_status status = DB_OK;
    int later = last_day;
    *since = -1;
    while ((*since < 0 || *since > enough) && statement_next(db, statement, &status)) {
        int day = sqlite3_column_int(statement, 0);
        if (sqlite3_column_int(statement, 1) != STS_STATE_TESTING ||
            later - day > MODE_INHERIT_DAYS)
            break;
        *since = later = day;
    }
    return db_done(statement, status);
}

/* The same by checks. */
static enum db_status testing_by_checks(struct db *db, int64_t domain, int *since)
{
    static const char select[] =
        "SELECT coalesce(min(first_time) / 86400, -1) FROM observation WHERE domain = ?1"
        "  AND last_time > coalesce((SELECT max(last_time) FROM observation WHERE domain = ?1"
        "   AND mode NOT IN (0, 3, 6)), -1) AND mode <> 0";
    _Static_assert(MODE_UNKNOWN == 0 && MODE_STS_TESTING == 3 && MODE_DANE_STS_TESTING == 6,
                   "named by number");
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, domain);
    enum db_status status = DB_OK;
    *since = statement_next(db, statement, &status) ? sqlite3_column_int(statement, 0) : -1;
    return db_done(statement, status);
}

/* What the newest check of a domain saw of its TLS-RPT record and its policy, and its
 * problems. */
static enum db_status read_check(struct db *db, const struct domain_row *domain,
                                 struct standing *standing)
{
    static const char select[] =
        SQL_HOLDING_BACK " SELECT evidence ->> '$.tlsrpt.state',"
                         "  evidence ->> '$.sts.state' IN ('failed', 'invalid', 'several'),"
                         "  (SELECT count(*) FROM holding),"
                         "  evidence ->> '$.sts.state' = 'absent' FROM newest";
    _Static_assert(OBSERVATION_FRESH_DAYS * SECONDS_PER_DAY == 604800, "named by number");
    sqlite3_stmt *statement = db_statement(db, select);
    bool reported = tls_mode_has_sts(domain->mode) || tls_mode_has_sts(domain->mode_reported);
    db_bind_integers(statement, (int64_t[]){domain->id, in_testing(domain->mode)}, 2);
    enum db_status status = DB_OK;
    if (statement_next(db, statement, &status)) {
        const char *state = db_text(statement, 0);
        standing->tlsrpt_seen = strcmp(state, "found") == 0;
        standing->tlsrpt_missed = strcmp(state, "absent") == 0;
        standing->sts_broken = sqlite3_column_int(statement, 1) != 0;
        standing->problems = sqlite3_column_int64(statement, 2);
        standing->sts_gone = reported && sqlite3_column_int(statement, 3) != 0 &&
                             domain->check_time / SECONDS_PER_DAY >= domain->last_day;
    }
    return db_done(statement, status);
}

/* --- all of mine --- */

enum {
    FEW = 128,      /* domains that are looked at one by one, before all are */
    ASKED_ALL = -1, /* no domain has this number */
    SILENCE = 14    /* days: weekly reports begin as many before the next has come */
};

struct standings {
    struct db *db;
    const struct advice_settings *settings;
    bool exact;    /* of one domain */
    int64_t began; /* instant */
    int today;
    struct day_range quiet;    /* the last quiet_days */
    struct day_range reviewed; /* the last testing_days, and the week before: see review_days() */
    struct tallies tallies;
    int looked_at, weighed, weighed_before; /* domains by themselves, or all */
    bool causes_added;                      /* of all domains */
    const struct standing *kept;            /* those of all, if they have been made already... */
    int64_t kept_count;
    struct standing *made; /* ...or are being made, by number; NULL: not to be kept */
    struct by_name list;
    enum db_status status; /* of the queries within a row */
};

/* Whom to ask about: DOMAIN while they are few, ASKED so far, then all, and then nobody. */
static int64_t whom_to_ask(int64_t domain, int *asked)
{
    if (*asked > FEW)
        return ASKED_ALL;
    return ++*asked > FEW ? ALL_DOMAINS : domain;
}

/* Makes sure that there is all of `closer` in the tally of DOMAIN. */
static enum db_status look_closer(struct standings *standings, int64_t domain)
{
    const struct advice_settings *settings = standings->settings;
    struct tallies *tallies = &standings->tallies;
    struct db *db = standings->db;
    struct day_range testing = last_days(standings->today, settings->testing_days);
    domain = whom_to_ask(domain, &standings->looked_at);
    if (domain == ASKED_ALL)
        return DB_OK;
    for (int64_t i = 0; domain == ALL_DOMAINS && i < tallies->count; i++)
        tallies->of[i].closer = (struct closer){0};
    enum db_status status = add_sessions(db, domain, standings->quiet, tallies);
    if (status == DB_OK)
        status = add_reporters(db, domain, testing, settings->reporters, tallies);
    return status == DB_OK ? add_named(db, domain, standings->quiet, tallies) : status;
}

/* The same of `refused`. */
static enum db_status weigh_refusals(struct standings *standings, int64_t domain)
{
    struct tallies *tallies = &standings->tallies;
    domain = whom_to_ask(domain, &standings->weighed);
    if (domain == ASKED_ALL)
        return DB_OK;
    for (int64_t i = 0; domain == ALL_DOMAINS && i < tallies->count; i++)
        tallies->of[i].refused = (struct refused){0};
    return add_refusals(standings->db, domain, standings->quiet, tallies, false);
}

/* The same of `before`, whose days are those that silence is waited for. */
static enum db_status weigh_before(struct standings *standings, int64_t domain)
{
    struct tallies *tallies = &standings->tallies;
    struct day_range days = {standings->today - SILENCE, standings->quiet.first - 1};
    domain = whom_to_ask(domain, &standings->weighed_before);
    if (domain == ASKED_ALL)
        return DB_OK;
    for (int64_t i = 0; domain == ALL_DOMAINS && i < tallies->count; i++)
        tallies->of[i].before = (struct refused){0};
    return add_refusals(standings->db, domain, days, tallies, true);
}

/* In a list no further back than tells whether testing_days have passed: the last
 * statement may be so much older than the first of these days. */
static enum db_status add_testing(const struct standings *standings, const struct domain_row *row,
                                  struct standing *standing)
{
    int enough = last_days(standings->today, standings->settings->testing_days).first;
    int last = row->last_day < standings->today ? row->last_day : standings->today;
    if (enough > last)
        enough = last;
    bool exact = standings->exact || standings->settings->exact_days;
    int first = exact ? 0 : enough - MODE_INHERIT_DAYS;
    int by_check = -1;
    enum db_status status = testing_by_reports(standings->db, row->id, first, exact ? 0 : enough,
                                               last, &standing->testing_since);
    if (status == DB_OK)
        status = testing_by_checks(standings->db, row->id, &by_check);
    if (by_check >= 0 && (standing->testing_since < 0 || by_check < standing->testing_since))
        standing->testing_since = by_check;
    if (standing->testing_since < 0) /* only reports of the future have seen it */
        standing->testing_since = standings->today;
    standing->testing_days = standing->tested_days = standings->today - standing->testing_since + 1;
    return status;
}

/* Makes sure that the tally of DOMAIN has its causes: those of a list are added up for all of
 * it when the first asks.  Of reports of several days they may reach further back. */
static enum db_status ask_causes(struct standings *standings, int64_t domain, struct tally *tally)
{
    struct tallies *tallies = &standings->tallies;
    struct day_range quiet = standings->quiet;
    enum db_status status = DB_OK;
    if (!standings->causes_added) {
        for (int64_t i = 0; i < tallies->count; i++)
            tallies->of[i].unfetched = tallies->of[i].undelivered = 0;
        status = add_causes(standings->db, standings->exact ? domain : ALL_DOMAINS, quiet, true,
                            tallies);
        standings->causes_added = true;
    }
    if (tally->running.failed == 0 || status != DB_OK)
        return status;
    quiet = (struct day_range){tally->running.first_day, quiet.first - 1};
    return add_causes(standings->db, domain, quiet, false, tallies);
}

/* Has it been silent since a day on which sessions were refused? */
static enum db_status add_last_refusal(struct standings *standings, const struct domain_row *row,
                                       const struct tally *tally, struct standing *standing)
{
    if (standing->silent_days <= WEEKLY_LATE || standing->silent_days > SILENCE)
        return DB_OK;
    enum db_status status = weigh_before(standings, row->id);
    standing->refused_last = tally->before.last_day == row->last_day;
    return status;
}

/* Why sessions failed, and which of them were refused. */
static enum db_status add_refused(struct standings *standings, const struct domain_row *row,
                                  struct tally *tally, struct standing *standing)
{
    enum db_status status = ask_causes(standings, row->id, tally);
    if (status == DB_OK)
        status = weigh_refusals(standings, row->id);
    int last = row->last_day < standings->today ? row->last_day : standings->today;
    standing->refused_sts = tally->refused.enforced + tally->running.enforced;
    standing->refused_dane = tally->refused.dane + tally->running.dane;
    if (tally->undelivered > standing->refused_dane) /* those under TLSA records are refused */
        standing->undelivered = tally->undelivered - standing->refused_dane;
    standing->refusing =
        standing->refused_sts + standing->refused_dane > 0 &&
        (tally->running.enforced + tally->running.dane > 0 || tally->refused.last_day >= last - 1);
    return status;
}

static int count_unheard(void *context, const struct unheard_row *row)
{
    int64_t *unheard = context;
    (void)row;
    ++*unheard;
    return 0;
}

/* Has nobody told anything for three times as long as is usual? */
static enum db_status add_overdue(const struct standings *standings, const struct domain_row *row,
                                  const struct tally *tally, struct standing *standing)
{
    struct day_range days = last_days(standings->today, standings->settings->testing_days);
    int64_t reported = 0;
    days.last = row->last_day;
    if (standing->silent_days <= REPORTS_LATE)
        return DB_OK;
    standing->overdue = standing->silent_days > WEEKLY_LATE;
    if (standing->overdue || tally->running.last_day >= row->last_day)
        return DB_OK;
    enum db_status status = query_days_reported(standings->db, row->id, days, &reported);
    standing->overdue =
        standing->silent_days * reported > REPORTS_LATE * (days.last - days.first + 1);
    return status;
}

/* What failures of the testing days, silence, and a new mx line, leave to be seen. */
static enum db_status review(struct standings *standings, const struct domain_row *row,
                             const struct tally *tally, struct standing *standing)
{
    int since = -1;
    enum db_status status = add_overdue(standings, row, tally, standing);
    if (status == DB_OK && tally->failed_before > 0)
        status = query_unheard(standings->db, row->id, standings->reviewed, standings->quiet,
                               count_unheard, &standing->unheard);
    if (status == DB_OK)
        status = query_lines_since(standings->db, row->id, standings->today, &since);
    if (since > standing->testing_since)
        standing->tested_days = standings->today - since + 1;
    return status;
}

/* Of millions of sessions some always fail. */
static bool is_tolerated(const struct advice_settings *settings, int64_t failed, int64_t sessions)
{
    return failed > 0 && (double)failed * 1e6 <= (double)sessions * settings->failures;
}

/* All failures count where there is a policy to refuse them, or was by reports,
 * whatever a check has seen since: senders keep policies. */
static enum db_status add_refusable(struct standings *standings, const struct domain_row *row,
                                    struct tally *tally, struct standing *standing)
{
    const struct advice_settings *settings = standings->settings;
    bool failed = tally->all_failed + tally->running.failed > 0;
    bool tested = in_testing(row->mode) && standing->testing_days >= settings->testing_days;
    enum db_status status = DB_OK;
    if ((tested && !failed) || (failed && settings->failures > 0) || standings->exact)
        status = look_closer(standings, row->id);
    if (status == DB_OK && failed)
        status = add_refused(standings, row, tally, standing);
    if (status == DB_OK && !failed && tls_mode_enforces(row->mode))
        status = add_last_refusal(standings, row, tally, standing);
    standing->running = tally->running.failed;
    standing->named = tested && !failed ? tally->closer.named : 0;
    standing->failed = tally->all_failed + standing->running + standing->named;
    standing->tolerated =
        is_tolerated(settings, standing->failed, tally->closer.sessions + tally->running.sessions);
    if (status == DB_OK && tested &&
        (standing->failed == 0 || standing->tolerated || standings->exact))
        status = review(standings, row, tally, standing);
    return status;
}

/* Without a policy there count failures of one that could not be had or read, those that
 * senders refuse by a policy that they keep, and what DNSSEC and DANE hold back. */
static enum db_status add_unusable(struct standings *standings, const struct domain_row *row,
                                   struct tally *tally, struct standing *standing)
{
    bool failed = tally->all_failed + tally->running.failed > 0;
    bool error = failed && tally->fetch_error;
    enum db_status status = DB_OK;
    if (status == DB_OK && failed)
        status = add_refused(standings, row, tally, standing);
    if (status == DB_OK && (error || standings->exact))
        status = look_closer(standings, row->id);
    int64_t unfetched = failed ? tally->unfetched : 0;
    int64_t refused = standing->refused_sts + standing->refused_dane;
    standing->failed = error && tally->closer.failed > unfetched ? tally->closer.failed : unfetched;
    standing->sts_broken |= standing->failed > 0;
    if (refused > 0 && standing->failed < unfetched + refused)
        standing->failed = unfetched + refused;
    standing->failed += standing->undelivered;
    return status;
}

/* How long nobody has told anything. */
static void add_silence(const struct standings *standings, const struct domain_row *row,
                        const struct tally *tally, struct standing *standing)
{
    int last = row->last_day, running = tally->running.last_day;
    if (running > last && running <= standings->today)
        last = running;
    if (row->last_day >= 0 && last < standings->today)
        standing->silent_days = standings->today - last;
}

static enum db_status add_figures(struct standings *standings, const struct domain_row *row,
                                  struct standing *standing)
{
    struct tally *tally = tally_of(&standings->tallies, row->id);
    if (tally == NULL)
        return DB_OK;
    add_silence(standings, row, tally, standing);
    bool policy = has_policy(row->mode) || has_policy(row->mode_reported);
    enum db_status status = policy ? add_refusable(standings, row, tally, standing)
                                   : add_unusable(standings, row, tally, standing);
    bool absent = row->mode == MODE_OPPORTUNISTIC || row->mode == MODE_DANE;
    if (absent && !tls_mode_has_sts(row->mode_reported) && !standing->sts_broken &&
        tally->lost_since > 0)
        standing->sts_lost = tally->lost_since;
    standing->recent_since =
        tally->running.failed > 0 ? tally->running.first_day : standings->quiet.first;
    standing->sessions = in_testing(row->mode) ? tally->closer.sts + tally->running.tested
                                               : tally->closer.sessions + tally->running.sessions;
    standing->tested = tally->closer.tested;
    standing->tested_failed = tally->closer.tested_failed;
    standing->reporters = tally->closer.reporters;
    return status;
}

static enum db_status make_standing(struct standings *standings, const struct domain_row *row,
                                    struct standing *standing)
{
    enum db_status status = DB_OK;
    *standing = (struct standing){.mode = row->mode,
                                  .reported = row->last_day >= 0,
                                  .name_missing = row->name_missing,
                                  .testing_since = -1};
    if (row->check_time != 0)
        status = read_check(standings->db, row, standing);
    if (status == DB_OK && in_testing(row->mode))
        status = add_testing(standings, row, standing);
    return status == DB_OK ? add_figures(standings, row, standing) : status;
}

static int add_standing(void *context, const struct domain_row *row)
{
    struct standings *standings = context;
    struct standing standing;
    if (standings->kept != NULL && row->id < standings->kept_count)
        standing = standings->kept[row->id];
    else
        standings->status = make_standing(standings, row, &standing);
    if (standings->status != DB_OK)
        return -1;
    if (standings->made != NULL && row->id < standings->tallies.count)
        standings->made[row->id] = standing;
    struct domain_row line = *row;
    line.standing = &standing;
    return by_name_add(&standings->list, &line);
}

/* Of one DOMAIN, or all. */
static enum db_status begin(struct standings *standings, struct db *db, int64_t domain,
                            const struct advice_settings *settings)
{
    *standings = (struct standings){.db = db,
                                    .settings = settings,
                                    .exact = domain != ALL_DOMAINS,
                                    .began = instant_now(),
                                    .today = today()};
    standings->quiet = last_days(standings->today, settings->quiet_days);
    standings->reviewed = review_days(standings->today, settings);
    if (domain == ALL_DOMAINS)
        standings->kept = standings_kept(db, settings, &standings->kept_count);
    if (standings->kept != NULL)
        return DB_OK;
    enum db_status status = tallies_make(db, &standings->tallies);
    if (status == DB_OK)
        status = add_running(db, domain, standings->quiet.first, &standings->tallies);
    if (status == DB_OK)
        status = add_errors(db, domain, standings->quiet, &standings->tallies);
    struct day_range looked_back = last_days(standings->today, EVIDENCE_DAYS);
    return status == DB_OK ? add_losses(db, domain, looked_back, &standings->tallies) : status;
}

/* All of mine, with their TOTALS, COUNT of them by number. */
static enum db_status add_all(struct standings *standings, const struct totals *totals,
                              int64_t count)
{
    struct db *db = standings->db;
    enum db_status status = DB_OK;
    if (standings->kept == NULL) {
        status =
            add_failed(db, ALL_DOMAINS, standings->quiet, standings->reviewed, &standings->tallies);
        standings->made = calloc((size_t)standings->tallies.count, sizeof *standings->made);
    }
    if (status == DB_OK)
        status = domains_all(db, totals, count, false, add_standing, standings);
    if (status == DB_OK && standings->status == DB_OK && standings->made != NULL)
        standings_keep(db, standings->settings, standings->began, standings->made,
                       standings->tallies.count);
    else
        free(standings->made);
    standings->made = NULL;
    return status;
}

static enum db_status add_one(struct standings *standings, int64_t domain,
                              const struct totals *totals)
{
    enum db_status status = DB_OK;
    if (standings->kept == NULL)
        status = add_failed(standings->db, domain, standings->quiet, standings->reviewed,
                            &standings->tallies);
    if (status == DB_OK)
        status = domain_single(standings->db, domain, totals, add_standing, standings);
    return status;
}

static enum db_status end(struct standings *standings, enum db_status status, domain_row_fn *row,
                          void *context)
{
    tallies_free(&standings->tallies);
    if (standings->status != DB_OK)
        status = standings->status;
    status = by_name_give(standings->db, &standings->list, status, row, context);
    by_name_free(&standings->list);
    return status;
}

enum db_status query_standings(struct db *db, int64_t domain, struct day_range range,
                               const struct advice_settings *settings, domain_row_fn *row,
                               void *context)
{
    struct standings standings;
    struct totals one, *all = NULL;
    int64_t count;
    enum db_status status = begin(&standings, db, domain, settings);
    if (status == DB_OK && domain == ALL_DOMAINS) {
        status = query_domain_totals(db, range, &all, &count);
        if (status == DB_OK)
            status = add_all(&standings, all, count);
    } else if (status == DB_OK) {
        status = query_total(db, domain, range, &one);
        if (status == DB_OK)
            status = add_one(&standings, domain, &one);
    }
    free(all);
    return end(&standings, status, row, context);
}

/* --- those of mine that failed most --- */

/* Ranks the domains by what failed, and adds up what was reported of them. */
static void rank_by_failed(struct ranking *ranking, const struct totals *totals, int64_t count,
                           struct list_sums *sums)
{
    for (int64_t i = 0; i < count; i++) {
        if (!ranking_lists(ranking, i))
            continue;
        totals_add(&sums->totals, totals[i]);
        ranking->ranks[i] = totals[i].failed > 0 ? totals[i].failed : 0;
        sums->ranked += totals[i].failed > 0;
    }
}

static enum db_status add_first(struct standings *standings, struct day_range range, size_t most,
                                struct list_sums *sums)
{
    struct db *db = standings->db;
    struct ranking ranking;
    struct totals *totals = NULL;
    int64_t *first = NULL, count;
    size_t first_count = 0;
    enum db_status status = ranking_make(db, false, &ranking, sums);
    if (status == DB_OK)
        status = query_domain_totals(db, range, &totals, &count);
    if (status == DB_OK)
        rank_by_failed(&ranking, totals, count, sums);
    sums->complete = sums->domains <= FEW_DOMAINS;
    if (status == DB_OK && sums->complete)
        status = add_all(standings, totals, count);
    else if (status == DB_OK)
        status = ranking_first(db, &ranking, most, &first, &first_count);
    for (size_t i = 0; i < first_count && status == DB_OK; i++)
        status = add_one(standings, first[i], &totals[first[i]]);
    free(first);
    free(totals);
    ranking_free(&ranking);
    return status;
}

enum db_status query_standings_first(struct db *db, struct day_range range,
                                     const struct advice_settings *settings, size_t most,
                                     struct list_sums *sums, domain_row_fn *row, void *context)
{
    struct standings standings;
    enum db_status status = begin(&standings, db, ALL_DOMAINS, settings);
    if (status == DB_OK)
        status = add_first(&standings, range, most, sums);
    return end(&standings, status, row, context);
}
