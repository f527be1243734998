#include "observation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "day.h"
#include "domain.h"
#include "sender_sums.h"
#include "statement.h"

static enum db_status begin(struct db *db)
{
    static const char sql[] = "BEGIN IMMEDIATE";
    return db_run(db, db_statement(db, sql));
}

/* Commits, or takes all back if STATUS is a failure. */
static enum db_status end(struct db *db, enum db_status status)
{
    static const char commit[] = "COMMIT";
    if (status == DB_OK)
        status = db_run(db, db_statement(db, commit));
    if (status != DB_OK)
        sqlite3_exec(db_sqlite(db), "ROLLBACK", NULL, NULL, NULL);
    return status;
}

/* --- observations --- */

static enum db_status enter_domain(struct db *db, const char *name, const char *mine, int64_t *id)
{
    static const char insert[] = "INSERT INTO domain(mine, name) VALUES(?, ?)"
                                 " ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id";
    sqlite3_stmt *statement = db_statement(db, insert);
    sqlite3_bind_int(statement, 1, domain_is_mine(name, mine) != 0);
    db_bind_text(statement, 2, name);
    enum db_status status = DB_OK;
    if (statement_next(db, statement, &status))
        *id = sqlite3_column_int64(statement, 0);
    return db_done(statement, status);
}

void observation_need(const char *need, int64_t now, char *text, size_t size)
{
    char time[INSTANT_TEXT];
    const char *id = strstr(need, OBSERVATION_ID);
    instant_format(now, time);
    if (id == NULL)
        snprintf(text, size, "%s", need);
    else
        snprintf(text, size, "%.*sid=%.4s%.2s%.2sT%.2s%.2s%.2sZ%s", (int)(id - need), need, time,
                 time + 5, time + 8, time + 11, time + 14, time + 17, id + strlen(OBSERVATION_ID));
}

/* A look that is to come at TIME was stored by a clock that was ahead, and would be the newest
 * until then.  Where several have begun later it is the present clock that is behind. */
static enum db_status bring_back(struct db *db, int64_t domain, int64_t time)
{
    static const char update[] =
        "UPDATE observation SET first_time = min(first_time, ?2), last_time = ?2"
        " WHERE domain = ?1 AND last_time > ?2"
        "  AND (SELECT count(*) FROM observation WHERE domain = ?1 AND first_time > ?2) <= 1";
    sqlite3_stmt *statement = db_statement(db, update);
    db_bind_integers(statement, (int64_t[]){domain, time}, 2);
    return db_run(db, statement);
}

/* Do A and B say the same?  Of many addresses some name servers tell a few at a time, others at
 * each look: those are passed over. */
static bool is_same_evidence(const char *a, const char *b)
{
    static const char addresses[] = "\"addresses\":[";
    for (;;) {
        const char *end_a = strstr(a, addresses), *end_b = strstr(b, addresses);
        if (end_a == NULL || end_b == NULL)
            return end_a == end_b && strcmp(a, b) == 0;
        if (end_a - a != end_b - b || memcmp(a, b, (size_t)(end_a - a)) != 0)
            return false;
        a = end_a + strcspn(end_a, "]");
        b = end_b + strcspn(end_b, "]");
    }
}

/* The newest observation of DOMAIN at *ID if it says the same as SEEN, and did so while it still
 * counted as now; 0 if a new row is called for. */
static enum db_status find_same(struct db *db, int64_t domain, const struct observation *seen,
                                int64_t *id)
{
    static const char select[] =
        "SELECT id, last_time > ?2 AND mode = ?3 AND problems = ?4, evidence"
        " FROM observation WHERE domain = ?1"
        " ORDER BY last_time DESC, id DESC LIMIT 1";
    sqlite3_stmt *statement = db_statement(db, select);
    int64_t fresh_since = seen->last_time - (int64_t)OBSERVATION_FRESH_DAYS * SECONDS_PER_DAY;
    db_bind_integers(statement, (int64_t[]){domain, fresh_since, seen->mode}, 3);
    db_bind_text(statement, 4, seen->problems);
    enum db_status status = DB_OK;
    *id = 0;
    if (statement_next(db, statement, &status) && sqlite3_column_int(statement, 1) != 0 &&
        is_same_evidence(db_text(statement, 2), seen->evidence))
        *id = sqlite3_column_int64(statement, 0);
    return db_done(statement, status);
}

static enum db_status move_on(struct db *db, int64_t id, const struct observation *seen)
{
    static const char update[] = "UPDATE observation SET last_time = max(last_time, ?2),"
                                 " evidence = ?3 WHERE id = ?1";
    sqlite3_stmt *statement = db_statement(db, update);
    db_bind_integers(statement, (int64_t[]){id, seen->last_time}, 2);
    db_bind_text(statement, 3, seen->evidence);
    return db_run(db, statement);
}

static enum db_status enter(struct db *db, int64_t domain, const struct observation *seen)
{
    static const char insert[] = "INSERT INTO observation(domain, first_time, last_time, mode,"
                                 " evidence, problems) VALUES(?, ?, ?, ?, ?, ?)";
    sqlite3_stmt *statement = db_statement(db, insert);
    db_bind_integers(statement, (int64_t[]){domain, seen->last_time, seen->last_time, seen->mode},
                     4);
    db_bind_text(statement, 5, seen->evidence);
    db_bind_text(statement, 6, seen->problems);
    return db_run(db, statement);
}

enum db_status observation_store(struct db *db, const char *domain, const char *mine,
                                 const struct observation *observation, bool *changed)
{
    int64_t number = 0, same = 0;
    enum db_status status = begin(db);
    if (status != DB_OK)
        return status;
    status = enter_domain(db, domain, mine, &number);
    if (status == DB_OK)
        status = bring_back(db, number, observation->last_time);
    if (status == DB_OK)
        status = find_same(db, number, observation, &same);
    *changed = same == 0;
    if (status == DB_OK)
        status = same == 0 ? enter(db, number, observation) : move_on(db, same, observation);
    return end(db, status);
}

enum db_status observation_each(struct db *db, int64_t domain, int64_t limit,
                                observation_row_fn *row, void *context)
{
    static const char select[] = "SELECT first_time, last_time, mode, evidence, problems"
                                 " FROM observation WHERE domain = ?1"
                                 " ORDER BY last_time DESC, id DESC LIMIT ?2";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, limit == 0 ? -1 : limit}, 2);
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        struct observation line = {
            .first_time = sqlite3_column_int64(statement, 0),
            .last_time = sqlite3_column_int64(statement, 1),
            .mode = (enum tls_mode)sqlite3_column_int(statement, 2),
            .evidence = db_text(statement, 3),
            .problems = db_text(statement, 4),
        };
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

/* --- host names of senders --- */

/* Marks in SEEN, by number of its text, which addresses anything came from. */
static enum db_status mark_senders(struct db *db, bool *seen, int64_t count)
{
    enum db_status status = DB_OK;
    sqlite3_stmt *statement = db_statement(db, "SELECT senders FROM total_sender");
    while (statement_next(db, statement, &status)) {
        struct sender_sums sums = sender_sums_of(db, statement, 0);
        struct sender_sum sum;
        while (sender_sums_next(&sums, &sum, &status))
            if (sum.sending_ip < count)
                seen[sum.sending_ip] = true;
    }
    return status;
}

/* Those of the addresses that SELECT tells, COUNT by number, which are in SEEN. */
static enum db_status give_seen(struct db *db, sqlite3_stmt *statement, const bool *seen,
                                int64_t count, address_fn *row, void *context)
{
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        int64_t ip = sqlite3_column_int64(statement, 0);
        if (ip < count && seen[ip] && row(context, db_text(statement, 1)) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

enum db_status observation_unnamed(struct db *db, int64_t before, address_fn *row, void *context)
{
    static const char never[] =
        "SELECT id, value FROM text WHERE value <> ''"
        "  AND NOT EXISTS(SELECT 1 FROM host_name WHERE ip = text.id) ORDER BY id";
    static const char long_ago[] =
        "SELECT h.ip, t.value FROM host_name h CROSS JOIN text t ON t.id = h.ip"
        " WHERE h.time < ? OR NOT h.answered ORDER BY h.time, h.ip";
    int64_t count;
    enum db_status status = db_integer(db, "SELECT max(id) + 1 FROM text", &count);
    if (status != DB_OK)
        return status;
    bool *seen = calloc((size_t)count + 1, sizeof *seen);
    if (seen == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    status = mark_senders(db, seen, count);
    if (status == DB_OK)
        status = give_seen(db, db_statement(db, never), seen, count, row, context);
    if (status == DB_OK) {
        sqlite3_stmt *statement = db_statement(db, long_ago);
        sqlite3_bind_int64(statement, 1, before);
        status = give_seen(db, statement, seen, count, row, context);
    }
    free(seen);
    return status;
}

enum db_status observation_name(struct db *db, const char *ip, const char *name, int64_t time)
{
    static const char insert[] =
        "INSERT INTO host_name(ip, name, time, answered)"
        " SELECT id, coalesce(?2, ''), ?3, ?2 IS NOT NULL FROM text WHERE value = ?1"
        " ON CONFLICT DO UPDATE SET name = coalesce(?2, name), time = excluded.time,"
        "  answered = excluded.answered";
    sqlite3_stmt *statement = db_statement(db, insert);
    db_bind_text(statement, 1, ip);
    db_bind_text(statement, 2, name);
    sqlite3_bind_int64(statement, 3, time);
    return db_run(db, statement);
}
