#include "totals.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "day.h"
#include "domain_modes.h"
#include "growing.h"
#include "levels.h"
#include "query.h"
#include "sender_blocks.h"

/*
 * A fact is a row to be added to one of the tables: key columns, then sums.
 * The first key is the day, which becomes the block in a levelled table; but that of
 * POLICY_SEEN is the last.
 */
enum { KEYS_MAX = 6, SUMS_MAX = 3 };

enum {
    REPORTS_MAX = 1000,    /* that are gathered before they are written */
    SMALL_BATCH = 256,     /* facts about reporters that keep all levels right by themselves */
    DOMAINS_AT_ONCE = 1024 /* whose rows of a block are summed up in memory */
};

struct fact {
    int64_t key[KEYS_MAX];
    int64_t sum[SUMS_MAX];
};

struct facts {
    struct fact *rows;
    size_t count;
    size_t capacity;
};

enum table { DOMAIN, REPORTER, RESULT, SENDER, POLICY_SEEN, TABLES };
enum { SEEN_DAY = 5, SEEN_ROW = 4 /* keys that tell a row of POLICY_SEEN from others */ };

#define OF_BLOCK     " WHERE level = ?1 AND block = ?2"
#define SOME_DOMAINS " AND domain BETWEEN ?3 AND ?4"

static const struct {
    int keys;
    int sums;
    unsigned levels; /* that it keeps; LEVELS_DAYS: the key is the day itself */
    const char *upsert;
    const char *delete; /* of a block; of levelled tables */
    const char *select; /* of a block, some domains; the keys but for the block */
} tables[TABLES] = {
    [DOMAIN] =
        {2, 3, LEVELS_ALL,
         "INSERT INTO total_domain VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
         " reports = reports + excluded.reports,"
         " successful = successful + excluded.successful,"
         " failed = failed + excluded.failed",
         "DELETE FROM total_domain" OF_BLOCK,
         "SELECT domain, reports, successful, failed FROM total_domain" OF_BLOCK SOME_DOMAINS},
    [REPORTER] = {5, 3, LEVELS_SPARSE,
                  "INSERT INTO total_reporter VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
                  " ON CONFLICT DO UPDATE SET"
                  " reports = reports + excluded.reports,"
                  " successful = successful + excluded.successful,"
                  " failed = failed + excluded.failed",
                  "DELETE FROM total_reporter" OF_BLOCK,
                  "SELECT domain, organization, type, mode, reports, successful, failed"
                  " FROM total_reporter" OF_BLOCK SOME_DOMAINS},
    [RESULT] = {4, 1, LEVELS_SPARSE,
                "INSERT INTO total_result VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " failed = failed + excluded.failed",
                "DELETE FROM total_result" OF_BLOCK,
                "SELECT domain, organization, result_type, failed FROM total_result" OF_BLOCK
                    SOME_DOMAINS},
    [SENDER] = {6, 1, LEVELS_DAYS, NULL, NULL, NULL},      /* sender_sums.h */
    [POLICY_SEEN] = {6, 3, LEVELS_DAYS, NULL, NULL, NULL}, /* upsert_seen() */
};

/* Is the first sum of TABLE that of reports? */
static bool counts_reports(enum table table)
{
    return tables[table].sums == SUMS_MAX;
}

struct totals_batch {
    struct facts facts[TABLES];
    size_t begun[TABLES]; /* where the facts of the report being gathered start */
    int64_t organization;
    int day;
    size_t reports;
    size_t policies; /* of the last one */
    size_t failures;
    bool failed;          /* memory was short */
    struct facts touched; /* {domain, day}: modes to be weighed anew */
    struct facts firsts;  /* {organization, policy type, day}: first reported, perhaps */
};

struct totals_batch *totals_new(void)
{
    return calloc(1, sizeof(struct totals_batch));
}

void totals_free(struct totals_batch *batch)
{
    if (batch == NULL)
        return;
    for (int t = 0; t < TABLES; t++)
        free(batch->facts[t].rows);
    free(batch->touched.rows);
    free(batch->firsts.rows);
    free(batch);
}

void totals_clear(struct totals_batch *batch)
{
    for (int t = 0; t < TABLES; t++)
        batch->facts[t].count = 0;
    batch->reports = 0;
    batch->touched.count = 0;
    batch->firsts.count = 0;
}

/* --- gathering --- */

static int push(struct facts *facts, const struct fact *fact)
{
    struct fact *rows = with_room(facts->rows, facts->count, &facts->capacity, sizeof *rows);
    if (rows == NULL)
        return -1;
    facts->rows = rows;
    rows[facts->count++] = *fact;
    return 0;
}

static void add_fact(struct totals_batch *batch, enum table table, const struct fact *fact)
{
    if (push(&batch->facts[table], fact) != 0)
        batch->failed = true;
}

static int compare_keys(const void *a, const void *b)
{
    const struct fact *left = a;
    const struct fact *right = b;
    for (int i = 0; i < KEYS_MAX; i++) {
        if (left->key[i] != right->key[i])
            return left->key[i] < right->key[i] ? -1 : 1;
    }
    return 0;
}

/* Sorts the facts from START on and merges those of the same key.  The first
 * sum of ONCE tables is the number of reports: within one report it stays 1. */
static void merge(struct facts *facts, size_t start, bool once)
{
    if (facts->count - start < 2)
        return;
    struct fact *rows = facts->rows;
    qsort(rows + start, facts->count - start, sizeof *rows, compare_keys);
    size_t last = start;
    for (size_t i = start + 1; i < facts->count; i++) {
        if (compare_keys(&rows[last], &rows[i]) != 0) {
            rows[++last] = rows[i];
            continue;
        }
        for (int s = once ? 1 : 0; s < SUMS_MAX; s++)
            rows[last].sum[s] += rows[i].sum[s];
    }
    facts->count = last + 1;
}

void totals_begin(struct totals_batch *batch, int64_t organization, int day)
{
    for (int t = 0; t < TABLES; t++)
        batch->begun[t] = batch->facts[t].count;
    batch->organization = organization;
    batch->day = day;
    batch->policies = batch->failures = 0;
    batch->failed = false;
}

static void add_policy(struct totals_batch *batch, int64_t domain, int64_t type,
                       const struct policy *policy)
{
    const int64_t sums[SUMS_MAX] = {1, policy->successful, policy->failed};
    struct fact fact = {.key = {batch->day, domain}};
    memcpy(fact.sum, sums, sizeof sums);
    add_fact(batch, DOMAIN, &fact);
    fact.key[2] = batch->organization;
    fact.key[3] = type;
    fact.key[4] = policy->mode;
    add_fact(batch, REPORTER, &fact);
}

void totals_policy(struct totals_batch *batch, const struct policy_numbers *numbers,
                   const struct policy *policy)
{
    add_policy(batch, numbers->domain, numbers->type, policy);
    if (numbers->mine)
        add_policy(batch, ALL_DOMAINS, numbers->type, policy);
    batch->policies++;
    struct fact seen = {.key = {numbers->domain, numbers->policy_text, batch->organization,
                                numbers->type, policy->mode, batch->day},
                        .sum = {1, policy->successful, policy->failed}};
    add_fact(batch, POLICY_SEEN, &seen);
}

void totals_failure(struct totals_batch *batch, const struct policy_numbers *policy,
                    const struct failure_numbers *numbers, int64_t failed)
{
    batch->failures++;
    struct fact result = {
        .key = {batch->day, policy->domain, batch->organization, numbers->result_type},
        .sum = {failed}};
    add_fact(batch, RESULT, &result);
    if (policy->mine) {
        result.key[1] = ALL_DOMAINS;
        add_fact(batch, RESULT, &result);
    }
    struct fact sender = {.key = {batch->day, policy->domain, batch->organization,
                                  numbers->sending_ip, numbers->result_type, numbers->mx_host},
                          .sum = {failed}};
    add_fact(batch, SENDER, &sender);
}

int totals_end(struct totals_batch *batch)
{
    bool several = batch->policies > 1 || batch->failures > 1;
    for (int t = 0; t < TABLES; t++) {
        if (batch->failed)
            batch->facts[t].count = batch->begun[t];
        else if (several)
            merge(&batch->facts[t], batch->begun[t], counts_reports((enum table)t));
    }
    batch->reports += !batch->failed;
    return batch->failed ? -1 : 0;
}

bool totals_is_full(const struct totals_batch *batch)
{
    return batch->reports >= REPORTS_MAX;
}

/* --- writing --- */

static bool keeps(enum table table, int level)
{
    return tables[table].levels >> level & 1;
}

static enum db_status upsert(struct db *db, enum table table, int level, const struct fact *fact)
{
    sqlite3_stmt *statement = db_statement(db, tables[table].upsert);
    int64_t values[1 + KEYS_MAX + SUMS_MAX];
    int count = 0;
    if (tables[table].levels != LEVELS_DAYS)
        values[count++] = level;
    for (int i = 0; i < tables[table].keys; i++)
        values[count++] = fact->key[i];
    for (int i = 0; i < tables[table].sums; i++)
        values[count++] = fact->sum[i];
    db_bind_integers(statement, values, count);
    return db_run(db, statement);
}

/* Level 0 gets every fact; a higher level only where its block is closed. */
static enum db_status flush_level(struct db *db, enum table table, int level,
                                  const struct facts *facts)
{
    enum db_status status = DB_OK;
    bool open = false;
    for (size_t i = 0; i < facts->count && status == DB_OK; i++) {
        int64_t block = facts->rows[i].key[0];
        if (level > 0 && (i == 0 || block != facts->rows[i - 1].key[0]))
            status = levels_is_open(db, level, block, &open);
        if (status == DB_OK && !open)
            status = upsert(db, table, level, &facts->rows[i]);
    }
    return status;
}

/* Each level is made from the one below, whose facts are merged already. */
static enum db_status flush_table(struct db *db, enum table table, struct facts *facts, bool large)
{
    int levels = large ? 1 : LEVELS;
    enum db_status status = DB_OK;
    for (int level = 0; level < levels && status == DB_OK; level++) {
        merge(facts, 0, false);
        if (keeps(table, level))
            status = flush_level(db, table, level, facts);
        for (size_t i = 0; i < facts->count; i++)
            facts->rows[i].key[0] >>= LEVEL_BITS;
    }
    return status;
}

/* The facts of a domain on a day go into one row. */
static enum db_status flush_senders(struct db *db, struct facts *facts)
{
    enum db_status status = DB_OK;
    struct sender_sum *sums = calloc(facts->count + 1, sizeof *sums);
    if (sums == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    merge(facts, 0, false);
    for (size_t i = 0, count; i < facts->count && status == DB_OK; i += count) {
        const struct fact *first = &facts->rows[i];
        for (count = 0; i + count < facts->count; count++) {
            const struct fact *fact = &first[count];
            if (fact->key[0] != first->key[0] || fact->key[1] != first->key[1])
                break;
            sums[count] = (struct sender_sum){fact->key[2], fact->key[3], fact->key[4],
                                              fact->key[5], fact->sum[0]};
        }
        if (i == 0 || first->key[0] != first[-1].key[0])
            status = sender_blocks_open(db, first->key[0]);
        if (status == DB_OK)
            status = sender_sums_add(db, first->key[0], first->key[1], sums, count);
    }
    free(sums);
    return status;
}

static enum db_status upsert_seen(struct db *db, const struct fact *fact, int64_t last_day)
{
    static const char insert[] =
        "INSERT INTO policy_seen(domain, policy_text, organization, type, mode, first_day,"
        " last_day, reports, successful, failed) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET"
        " first_day = min(first_day, excluded.first_day),"
        " last_day = max(last_day, excluded.last_day),"
        " reports = reports + excluded.reports,"
        " successful = successful + excluded.successful,"
        " failed = failed + excluded.failed";
    const int64_t *key = fact->key, *sum = fact->sum;
    sqlite3_stmt *statement = db_statement(db, insert);
    db_bind_integers(statement,
                     (int64_t[]){key[0], key[1], key[2], key[3], key[4], key[SEEN_DAY], last_day,
                                 sum[0], sum[1], sum[2]},
                     10);
    return db_run(db, statement);
}

/* One row for all days on which a reporter has seen a policy. */
static enum db_status flush_seen(struct db *db, struct facts *facts)
{
    enum db_status status = DB_OK;
    merge(facts, 0, false);
    for (size_t i = 0, next; i < facts->count && status == DB_OK; i = next) {
        struct fact row = facts->rows[i];
        for (next = i + 1; next < facts->count; next++) {
            const struct fact *fact = &facts->rows[next];
            if (memcmp(fact->key, row.key, SEEN_ROW * sizeof *row.key) != 0)
                break;
            for (int s = 0; s < SUMS_MAX; s++)
                row.sum[s] += fact->sum[s];
        }
        status = upsert_seen(db, &row, facts->rows[next - 1].key[SEEN_DAY]);
    }
    return status;
}

/* A large batch writes days only, and leaves the levels above them open. */
static enum db_status open_blocks(struct totals_batch *batch, struct db *db)
{
    struct facts *facts = &batch->facts[DOMAIN];
    enum db_status status = DB_OK;
    merge(facts, 0, false);
    for (size_t i = 0; i < facts->count && status == DB_OK; i++) {
        if (i == 0 || facts->rows[i].key[0] != facts->rows[i - 1].key[0])
            status = levels_open(db, facts->rows[i].key[0]);
    }
    return status;
}

/* --- modes --- */

/* Remembers what the facts of reporters, still by day, mean for the modes. */
static int note_touched(struct totals_batch *batch)
{
    const struct facts *reporters = &batch->facts[REPORTER];
    for (size_t i = 0; i < reporters->count; i++) {
        const int64_t *key = reporters->rows[i].key;
        if (key[1] == ALL_DOMAINS)
            continue;
        if (push(&batch->touched, &(struct fact){.key = {key[1], key[0]}}) != 0)
            return -1;
        if ((key[3] == POLICY_STS || key[3] == POLICY_TLSA) &&
            push(&batch->firsts, &(struct fact){.key = {key[2], key[3], key[0]}}) != 0)
            return -1;
    }
    return 0;
}

static int touch(void *context, int64_t domain, int day)
{
    struct totals_batch *batch = context;
    return push(&batch->touched, &(struct fact){.key = {domain, day}});
}

/* Silence that has come to state something touches days, too. */
static enum db_status touch_silent(struct totals_batch *batch, struct db *db)
{
    enum db_status status = DB_OK;
    const struct facts *firsts = &batch->firsts;
    merge(&batch->firsts, 0, false);
    struct silence *silences = calloc(firsts->count + 1, sizeof *silences);
    size_t count = 0;
    if (silences == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    for (size_t i = 0; i < firsts->count && status == DB_OK; i++) {
        const int64_t *key = firsts->rows[i].key;
        const int64_t *before = i == 0 ? NULL : firsts->rows[i - 1].key;
        struct silence *silence = &silences[count];
        if (before != NULL && key[0] == before[0] && key[1] == before[1])
            continue;
        *silence = (struct silence){.organization = key[0], .first = (int)key[2]};
        status = modes_note_first(db, key[0], (int)key[1], silence->first, &silence->until);
        count += silence->until > silence->first;
    }
    if (status == DB_OK)
        status = modes_find_silent(db, silences, count, touch, batch);
    free(silences);
    return status;
}

static enum db_status update_modes(struct totals_batch *batch, struct db *db)
{
    enum db_status status = touch_silent(batch, db);
    merge(&batch->touched, 0, false);
    const struct fact *touched = batch->touched.rows;
    size_t count = batch->touched.count;
    for (size_t i = 0, next; i < count && status == DB_OK; i = next) {
        int64_t domain = touched[i].key[0];
        for (next = i; next < count && touched[next].key[0] == domain && status == DB_OK; next++)
            status = modes_weigh_day(db, domain, (int)touched[next].key[1]);
        if (status == DB_OK)
            status = modes_update_domain(db, domain, (int)touched[i].key[1],
                                         (int)touched[next - 1].key[1]);
    }
    return status;
}

enum db_status totals_flush(struct totals_batch *batch, struct db *db)
{
    bool large = batch->facts[REPORTER].count > SMALL_BATCH;
    enum db_status status = DB_OK;
    if (note_touched(batch) != 0)
        status = db_complain(db, DB_MEMORY, "out of memory");
    else if (large)
        status = open_blocks(batch, db);
    for (int t = 0; t < POLICY_SEEN && status == DB_OK; t++) {
        struct facts *facts = &batch->facts[t];
        status =
            t == SENDER ? flush_senders(db, facts) : flush_table(db, (enum table)t, facts, large);
        facts->count = 0;
    }
    batch->reports = 0;
    return status;
}

enum db_status totals_finish(struct totals_batch *batch, struct db *db)
{
    enum db_status status = totals_flush(batch, db);
    if (status == DB_OK)
        status = flush_seen(db, &batch->facts[POLICY_SEEN]);
    if (status == DB_OK)
        status = update_modes(batch, db);
    totals_clear(batch);
    return status;
}

/* --- blocks made anew --- */

/* Adds to FACTS what TABLE has of DOMAINS (first and last) in CHILD of LEVEL, as
 * rows of BLOCK. */
static enum db_status gather(struct db *db, enum table table, int level, int64_t child,
                             const int64_t domains[static 2], int64_t block, struct facts *facts)
{
    sqlite3_stmt *statement = db_statement(db, tables[table].select);
    db_bind_integers(statement, (int64_t[]){level, child, domains[0], domains[1]}, 4);
    enum db_status status;
    bool row;
    while ((status = db_step(db, statement, &row)) == DB_OK && row) {
        struct fact fact = {.key = {block}};
        int column = 0;
        for (int i = 1; i < tables[table].keys; i++)
            fact.key[i] = sqlite3_column_int64(statement, column++);
        for (int i = 0; i < tables[table].sums; i++)
            fact.sum[i] = sqlite3_column_int64(statement, column++);
        if (push(facts, &fact) != 0) {
            status = db_complain(db, DB_MEMORY, "out of memory");
            break;
        }
    }
    return db_done(statement, status);
}

/* Sums up BLOCK of LEVEL in one table from the next level below that it keeps, as
 * many domains at a time as memory is meant to hold. */
static enum db_status sum_up(struct db *db, enum table table, int level, int64_t block,
                             int64_t last_domain, struct facts *facts)
{
    int below = level - 1;
    while (!keeps(table, below))
        below--;
    const int64_t children = INT64_C(1) << LEVEL_BITS * (level - below);
    enum db_status status = DB_OK;
    for (int64_t first = 0; first <= last_domain && status == DB_OK; first += DOMAINS_AT_ONCE) {
        const int64_t domains[] = {first, first + DOMAINS_AT_ONCE - 1};
        facts->count = 0;
        for (int64_t i = 0; i < children && status == DB_OK; i++)
            status = gather(db, table, below, block * children + i, domains, block, facts);
        merge(facts, 0, false);
        for (size_t i = 0; i < facts->count && status == DB_OK; i++)
            status = upsert(db, table, level, &facts->rows[i]);
    }
    return status;
}

enum db_status totals_make_anew(struct db *db, int level, int64_t block)
{
    struct facts facts = {0};
    int64_t last_domain;
    enum db_status status = db_integer(db, "SELECT coalesce(max(id), 0) FROM domain", &last_domain);
    for (int t = 0; t < TABLES && status == DB_OK; t++) {
        if (!keeps((enum table)t, level))
            continue;
        sqlite3_stmt *statement = db_statement(db, tables[t].delete);
        db_bind_integers(statement, (int64_t[]){level, block}, 2);
        status = db_run(db, statement);
        if (status == DB_OK)
            status = sum_up(db, (enum table)t, level, block, last_domain, &facts);
    }
    free(facts.rows);
    return status;
}

enum db_status totals_rebuild_all(struct db *db)
{
    static const char rebuild[] =
        "DELETE FROM total_domain WHERE domain = 0;"
        "DELETE FROM total_reporter WHERE domain = 0;"
        "DELETE FROM total_result WHERE domain = 0;"
        /* a report counts once, however many of its domains are mine */
        "INSERT INTO total_domain"
        " SELECT 0, p.day, 0, count(DISTINCT p.report), sum(p.successful), sum(p.failed)"
        "  FROM policy p JOIN domain d ON d.id = p.domain WHERE d.mine GROUP BY p.day;"
        "INSERT INTO total_reporter"
        " SELECT 0, p.day, 0, r.organization, p.type, p.mode,"
        "  count(DISTINCT p.report), sum(p.successful), sum(p.failed)"
        "  FROM policy p JOIN domain d ON d.id = p.domain JOIN report r ON r.id = p.report"
        "  WHERE d.mine GROUP BY p.day, r.organization, p.type, p.mode;"
        "WITH up(level) AS (VALUES(1), (2), (3))"
        "INSERT INTO total_domain"
        " SELECT up.level, block >> 2 * up.level, 0, sum(reports), sum(successful), sum(failed)"
        "  FROM up CROSS JOIN total_domain t WHERE t.level = 0 AND domain = 0 GROUP BY 1, 2;"
        "WITH up(level) AS (VALUES(2), (3))"
        "INSERT INTO total_reporter"
        " SELECT up.level, block >> 2 * up.level, 0, organization, type, mode,"
        "  sum(reports), sum(successful), sum(failed)"
        "  FROM up CROSS JOIN total_reporter t WHERE t.level = 0 AND domain = 0"
        "  GROUP BY 1, 2, organization, type, mode;"
        "INSERT INTO total_result"
        " SELECT level, block, 0, organization, result_type, sum(failed)"
        "  FROM total_result t JOIN domain d ON d.id = t.domain WHERE d.mine"
        "  GROUP BY level, block, organization, result_type;";
    return db_exec(db, rebuild);
}
