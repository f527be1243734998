#include "totals.h"

#include <stdlib.h>
#include <string.h>

#include "connection.h"
#include "day.h"
#include "mode.h"
#include "query.h"

/*
 * A fact is a row to be added to one of the tables: key columns, then sums.
 * The first key is the day.  In a levelled table it becomes the block.
 */
enum { KEYS_MAX = 6, SUMS_MAX = 3 };

/* Statements about one domain on one day that are weighed: with a flood of
 * invented organizations the ones known longest count. */
enum { STATEMENTS_MAX = 1024 };

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

static const struct {
    int keys;
    int sums;
    unsigned levels; /* bit set; 0: a table without levels, by day */
    const char *upsert;
} tables[TABLES] = {
    [DOMAIN] = {2, 3, 0xf,
                "INSERT INTO total_domain VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " reports = reports + excluded.reports,"
                " successful = successful + excluded.successful,"
                " failed = failed + excluded.failed"},
    [REPORTER] = {5, 3, 0xf,
                  "INSERT INTO total_reporter VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)"
                  " ON CONFLICT DO UPDATE SET"
                  " reports = reports + excluded.reports,"
                  " successful = successful + excluded.successful,"
                  " failed = failed + excluded.failed"},
    [RESULT] = {4, 1, 0xf,
                "INSERT INTO total_result VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " failed = failed + excluded.failed"},
    [SENDER] = {6, 1, 0x5,
                "INSERT INTO total_sender VALUES(?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
                " failed = failed + excluded.failed"},
    [POLICY_SEEN] = {6, 3, 0,
                     "INSERT INTO policy_seen(first_day, last_day, domain, policy_text,"
                     " organization, type, mode, reports, successful, failed)"
                     " VALUES(?1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT DO UPDATE SET"
                     " first_day = min(first_day, excluded.first_day),"
                     " last_day = max(last_day, excluded.last_day),"
                     " reports = reports + excluded.reports,"
                     " successful = successful + excluded.successful,"
                     " failed = failed + excluded.failed"},
};

struct totals_batch {
    struct facts facts[TABLES];
    size_t begun[TABLES]; /* where the facts of the report being gathered start */
    int64_t organization;
    int day;
    bool failed;          /* memory was short */
    struct facts touched; /* {domain, day}: modes to be weighed anew */
    struct facts firsts;  /* {organization, policy type, day}: first reported, perhaps */
    struct statement said[STATEMENTS_MAX];
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
    batch->touched.count = 0;
    batch->firsts.count = 0;
}

/* --- gathering --- */

static int push(struct facts *facts, const struct fact *fact)
{
    if (facts->count == facts->capacity) {
        size_t capacity = facts->capacity == 0 ? 256 : facts->capacity * 2;
        struct fact *rows = realloc(facts->rows, capacity * sizeof *rows);
        if (rows == NULL)
            return -1;
        facts->rows = rows;
        facts->capacity = capacity;
    }
    facts->rows[facts->count++] = *fact;
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
    struct fact seen = {.key = {batch->day, numbers->domain, numbers->policy_text,
                                batch->organization, numbers->type, policy->mode},
                        .sum = {1, policy->successful, policy->failed}};
    add_fact(batch, POLICY_SEEN, &seen);
}

void totals_failure(struct totals_batch *batch, const struct policy_numbers *policy,
                    const struct failure_numbers *numbers, int64_t failed)
{
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
    for (int t = 0; t < TABLES; t++) {
        if (batch->failed)
            batch->facts[t].count = batch->begun[t];
        else
            merge(&batch->facts[t], batch->begun[t], tables[t].sums == SUMS_MAX);
    }
    return batch->failed ? -1 : 0;
}

/* --- writing --- */

static enum db_status upsert(struct db *db, enum table table, int level, const struct fact *fact)
{
    sqlite3_stmt *statement = db_statement(db, tables[table].upsert);
    int64_t values[1 + KEYS_MAX + SUMS_MAX];
    int count = 0;
    if (tables[table].levels != 0)
        values[count++] = level;
    for (int i = 0; i < tables[table].keys; i++)
        values[count++] = fact->key[i];
    for (int i = 0; i < tables[table].sums; i++)
        values[count++] = fact->sum[i];
    db_bind_integers(statement, values, count);
    return db_run(db, statement);
}

/* Each level is made from the one below, whose facts are merged already. */
static enum db_status flush_table(struct db *db, enum table table, struct facts *facts)
{
    unsigned levels = tables[table].levels == 0 ? 1 : tables[table].levels;
    enum db_status status = DB_OK;
    for (int level = 0; levels >> level != 0; level++) {
        if (levels >> level & 1) {
            merge(facts, 0, false);
            for (size_t i = 0; i < facts->count && status == DB_OK; i++)
                status = upsert(db, table, level, &facts->rows[i]);
        }
        for (size_t i = 0; i < facts->count; i++)
            facts->rows[i].key[0] >>= 2; /* four blocks make one of the next level */
    }
    return status;
}

/* --- modes --- */

/* What the reports of DAY state about DOMAIN, weighed anew from the totals. */
static enum db_status weigh_day(struct totals_batch *batch, struct db *db, int64_t domain, int day)
{
    static const char select[] =
        "SELECT t.organization, t.type, t.mode, t.successful + t.failed,"
        "  coalesce(o.first_tlsa_day <= t.block, 0), coalesce(o.first_sts_day <= t.block, 0)"
        " FROM total_reporter t JOIN organization o ON o.id = t.organization"
        " WHERE t.level = 0 AND t.block = ?1 AND t.domain = ?2"
        " ORDER BY t.organization";
    static const char insert[] = "INSERT OR REPLACE INTO mode_day VALUES(?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *rows = db_statement(db, select);
    db_bind_integers(rows, (int64_t[]){day, domain}, 2);
    size_t count = 0;
    bool row;
    enum db_status status = db_step(db, rows, &row);
    for (; status == DB_OK && row && count < STATEMENTS_MAX; status = db_step(db, rows, &row)) {
        batch->said[count++] = (struct statement){
            .organization = sqlite3_column_int64(rows, 0),
            .policy_type = sqlite3_column_int(rows, 1),
            .mode = (enum sts_mode)sqlite3_column_int(rows, 2),
            .sessions = sqlite3_column_int64(rows, 3),
            .reports_tlsa = sqlite3_column_int(rows, 4) != 0,
            .reports_sts = sqlite3_column_int(rows, 5) != 0,
        };
    }
    db_done(rows, status);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *kept = db_statement(db, insert);
    struct day_statement weighed = mode_weigh(day, batch->said, count);
    db_bind_integers(
        kept,
        (int64_t[]){domain, day, weighed.dane, weighed.sts, weighed.not_found, weighed.fetch_error},
        6);
    return db_run(db, kept);
}

/* The latest statements about DOMAIN up to LAST, ascending; as many as its mode
 * can stand on.  The newest alone will do when it leaves nothing to inherit. */
static enum db_status recent_days(struct db *db, int64_t domain, int last,
                                  struct day_statement days[static MODE_INHERIT_DAYS + 1],
                                  size_t *count)
{
    static const char select[] = "SELECT day, dane, sts, not_found, fetch_error FROM mode_day"
                                 " WHERE domain = ?1 AND day BETWEEN ?2 AND ?3 ORDER BY day DESC";
    enum { MOST = MODE_INHERIT_DAYS + 1 };
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, last - MODE_INHERIT_DAYS, last}, 3);
    size_t first = MOST;
    bool row;
    enum db_status status = db_step(db, statement, &row);
    for (; status == DB_OK && row && first > 0; status = db_step(db, statement, &row)) {
        struct day_statement *day = &days[--first];
        *day = (struct day_statement){
            .day = sqlite3_column_int(statement, 0),
            .dane = (enum dane_state)sqlite3_column_int(statement, 1),
            .sts = (enum sts_state)sqlite3_column_int(statement, 2),
            .not_found = sqlite3_column_int(statement, 3) != 0,
            .fetch_error = sqlite3_column_int(statement, 4) != 0,
        };
        if (day->day == last && day->dane != DANE_UNSTATED && day->sts != STS_UNSTATED)
            break;
    }
    *count = MOST - first;
    memmove(days, days + first, *count * sizeof *days);
    return db_done(statement, status);
}

/* Widens the days DOMAIN spans by FIRST to LAST, and weighs its mode anew if
 * they touch what the mode of its last day stands on. */
static enum db_status update_domain(struct db *db, int64_t domain, int first, int last)
{
    static const char span[] =
        "UPDATE domain SET first_day = min(coalesce(first_day, ?2), ?2),"
        " last_day = max(coalesce(last_day, ?3), ?3) WHERE id = ?1 RETURNING last_day";
    static const char set_mode[] = "UPDATE domain SET mode = ?2 WHERE id = ?1 AND mode <> ?2";
    sqlite3_stmt *statement = db_statement(db, span);
    db_bind_integers(statement, (int64_t[]){domain, first, last}, 3);
    bool row;
    enum db_status status = db_step(db, statement, &row);
    int last_ever = row ? sqlite3_column_int(statement, 0) : last;
    db_done(statement, status);
    if (status != DB_OK || last < last_ever - MODE_INHERIT_DAYS)
        return status;

    struct day_statement days[MODE_INHERIT_DAYS + 1];
    struct day_mode now;
    size_t count;
    status = recent_days(db, domain, last_ever, days, &count);
    if (status != DB_OK)
        return status;
    mode_fill(days, count, last_ever, last_ever, &now);
    statement = db_statement(db, set_mode);
    db_bind_integers(statement, (int64_t[]){domain, now.mode}, 2);
    return db_run(db, statement);
}

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
    merge(&batch->touched, 0, false);
    merge(&batch->firsts, 0, false);
    return 0;
}

/* From DAY on the silence of ORGANIZATION about a policy type states something:
 * if that is news, the days until what was known before are touched too. */
static enum db_status note_first(struct totals_batch *batch, struct db *db, int64_t organization,
                                 int64_t type, int64_t day)
{
    static const char select_sts[] =
        "SELECT coalesce(first_sts_day, 1 << 30) FROM organization WHERE id = ?";
    static const char select_tlsa[] =
        "SELECT coalesce(first_tlsa_day, 1 << 30) FROM organization WHERE id = ?";
    static const char update_sts[] = "UPDATE organization SET first_sts_day = ?2 WHERE id = ?1";
    static const char update_tlsa[] = "UPDATE organization SET first_tlsa_day = ?2 WHERE id = ?1";
    static const char affected[] =
        "SELECT DISTINCT domain, block FROM total_reporter"
        " WHERE level = 0 AND block >= ?2 AND block < ?3 AND organization = ?1 AND domain <> 0";
    sqlite3_stmt *statement = db_statement(db, type == POLICY_STS ? select_sts : select_tlsa);
    sqlite3_bind_int64(statement, 1, organization);
    bool row;
    enum db_status status = db_step(db, statement, &row);
    int64_t known = row ? sqlite3_column_int64(statement, 0) : 0;
    db_done(statement, status);
    if (status != DB_OK || known <= day)
        return status;

    statement = db_statement(db, type == POLICY_STS ? update_sts : update_tlsa);
    db_bind_integers(statement, (int64_t[]){organization, day}, 2);
    status = db_run(db, statement);
    if (status != DB_OK)
        return status;

    statement = db_statement(db, affected);
    db_bind_integers(statement, (int64_t[]){organization, day, known}, 3);
    while ((status = db_step(db, statement, &row)) == DB_OK && row) {
        struct fact fact = {
            .key = {sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1)}};
        if (push(&batch->touched, &fact) != 0)
            return db_done(statement, db_complain(db, DB_MEMORY, "out of memory"));
    }
    return db_done(statement, status);
}

static enum db_status update_modes(struct totals_batch *batch, struct db *db)
{
    enum db_status status = DB_OK;
    const struct facts *firsts = &batch->firsts;
    for (size_t i = 0; i < firsts->count && status == DB_OK; i++) {
        const int64_t *key = firsts->rows[i].key;
        const int64_t *before = i == 0 ? NULL : firsts->rows[i - 1].key;
        if (before == NULL || key[0] != before[0] || key[1] != before[1])
            status = note_first(batch, db, key[0], key[1], key[2]);
    }
    merge(&batch->touched, 0, false);
    const struct fact *touched = batch->touched.rows;
    size_t count = batch->touched.count;
    for (size_t i = 0, next; i < count && status == DB_OK; i = next) {
        int64_t domain = touched[i].key[0];
        for (next = i; next < count && touched[next].key[0] == domain && status == DB_OK; next++)
            status = weigh_day(batch, db, domain, (int)touched[next].key[1]);
        if (status == DB_OK)
            status =
                update_domain(db, domain, (int)touched[i].key[1], (int)touched[next - 1].key[1]);
    }
    return status;
}

enum db_status totals_flush(struct totals_batch *batch, struct db *db)
{
    enum db_status status = DB_OK;
    if (note_touched(batch) != 0)
        status = db_complain(db, DB_MEMORY, "out of memory");
    for (int t = 0; t < TABLES && status == DB_OK; t++)
        status = flush_table(db, (enum table)t, &batch->facts[t]);
    if (status == DB_OK)
        status = update_modes(batch, db);
    totals_clear(batch);
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
        "WITH up(level) AS (VALUES(1), (2), (3))"
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
