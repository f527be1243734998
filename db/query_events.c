/* What events are told from, and the names in them. */
#include <stdlib.h>
#include <string.h>

#include "events.h"
#include "statement.h"

enum {
    CONTEXT_DAYS = 90, /* around a range: what its first changes changed from, and who followed
                          its last */
    CHECKS_MAX = 4096,
};

struct reader {
    struct db *db;
    struct arena *arena;
    struct event_evidence evidence;
};

static enum db_status complain(const struct reader *reader)
{
    return db_complain(reader->db, DB_MEMORY, "out of memory");
}

static const char *keep(const struct reader *reader, const char *text, enum db_status *status)
{
    const char *copy = text != NULL ? arena_strdup(reader->arena, text) : NULL;
    if (copy == NULL && text != NULL)
        *status = complain(reader);
    return copy;
}

/* Room for one more in ROWS. */
static void *grow(const struct reader *reader, void *rows, size_t size, size_t count,
                  size_t *capacity, enum db_status *status)
{
    void *grown = arena_grow(reader->arena, rows, size, count, capacity);
    if (grown == NULL)
        *status = complain(reader);
    return grown;
}

/* --- statements, latest day first --- */

/* The plus signs keep SQLite from taking the range of days for that of blocks,
 * of all domains. */
static sqlite3_stmt *select_statements(struct db *db, int64_t domain, struct day_range range)
{
    static const char select[] =
        "SELECT m.day, t.organization, t.type, t.mode, t.successful + t.failed,"
        "   coalesce(o.first_tlsa_day <= m.day, 0), coalesce(o.first_sts_day <= m.day, 0)"
        "  FROM mode_day m CROSS JOIN total_reporter t"
        "   ON t.level = 0 AND t.block = +m.day AND t.domain = +m.domain"
        "   CROSS JOIN organization o ON o.id = t.organization"
        "  WHERE m.domain = ?1 AND m.day BETWEEN ?2 AND ?3"
        "  ORDER BY m.day DESC, t.organization LIMIT ?4";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){domain, range.first, range.last, EVENT_STATEMENTS_MAX},
                     4);
    return statement;
}

static struct statement read_statement(sqlite3_stmt *statement)
{
    return (struct statement){
        .organization = sqlite3_column_int64(statement, 1),
        .policy_type = sqlite3_column_int(statement, 2),
        .mode = (enum sts_mode)sqlite3_column_int(statement, 3),
        .sessions = sqlite3_column_int64(statement, 4),
        .reports_tlsa = sqlite3_column_int(statement, 5) != 0,
        .reports_sts = sqlite3_column_int(statement, 6) != 0,
    };
}

/* Their days, ascending.  A day's statements are as many as its mode was told
 * from. */
static enum db_status gather_days(struct reader *reader, const struct statement *statements,
                                  const int *days, size_t count)
{
    struct stated_day *stated = arena_alloc(reader->arena, (count + 1) * sizeof *stated);
    if (stated == NULL)
        return complain(reader);
    size_t day_count = 0;
    for (size_t end = count, first; end > 0; end = first) {
        first = end - 1;
        while (first > 0 && days[first - 1] == days[first])
            first--;
        size_t length = end - first;
        stated[day_count++] = (struct stated_day){
            .day = days[first],
            .statements = statements + first,
            .count = length < DAY_STATEMENTS_MAX ? length : DAY_STATEMENTS_MAX,
        };
    }
    reader->evidence.days = stated;
    reader->evidence.day_count = day_count;
    return DB_OK;
}

static enum db_status read_statements(struct reader *reader, int64_t domain, struct day_range range)
{
    sqlite3_stmt *statement = select_statements(reader->db, domain, range);
    struct statement *statements = NULL;
    int *days = NULL;
    size_t count = 0, capacity = 0, day_capacity = 0;
    enum db_status status = DB_OK;
    while (statement_next(reader->db, statement, &status)) {
        struct statement *more =
            grow(reader, statements, sizeof *statements, count, &capacity, &status);
        int *more_days = grow(reader, days, sizeof *days, count, &day_capacity, &status);
        if (status != DB_OK)
            break;
        statements = more;
        days = more_days;
        statements[count] = read_statement(statement);
        days[count++] = sqlite3_column_int(statement, 0);
    }
    db_done(statement, status);
    return status != DB_OK ? status : gather_days(reader, statements, days, count);
}

/* --- policies and live checks --- */

static enum db_status read_policies(struct reader *reader, int64_t domain, int last_day)
{
    static const char select[] =
        "WITH latest AS MATERIALIZED ("
        "  SELECT policy_text, organization, first_day, last_day FROM policy_seen"
        "   WHERE domain = ?1 AND type = ?2 AND mode <> ?3 AND first_day <= ?4"
        "   ORDER BY first_day DESC, policy_text DESC, organization DESC LIMIT ?5)"
        " SELECT s.policy_text, x.value, s.organization, s.first_day, s.last_day"
        "  FROM latest s CROSS JOIN policy_text x ON x.id = s.policy_text"
        "  ORDER BY s.first_day, s.policy_text, s.organization";
    sqlite3_stmt *statement = db_statement(reader->db, select);
    db_bind_integers(statement,
                     (int64_t[]){domain, POLICY_STS, STS_UNREADABLE, last_day, EVENT_POLICIES_MAX},
                     5);
    struct policy_sight *policies = NULL;
    size_t count = 0, capacity = 0;
    int64_t last_text = 0; /* one text is often reported by many */
    enum db_status status = DB_OK;
    while (statement_next(reader->db, statement, &status)) {
        struct policy_sight *more =
            grow(reader, policies, sizeof *policies, count, &capacity, &status);
        int64_t number = sqlite3_column_int64(statement, 0);
        const char *text = count > 0 && number == last_text
                               ? policies[count - 1].text
                               : keep(reader, db_text(statement, 1), &status);
        if (status != DB_OK)
            break;
        last_text = number;
        policies = more;
        policies[count++] = (struct policy_sight){
            .text = text,
            .organization = sqlite3_column_int64(statement, 2),
            .first_day = sqlite3_column_int(statement, 3),
            .last_day = sqlite3_column_int(statement, 4),
        };
    }
    reader->evidence.policies = policies;
    reader->evidence.policy_count = count;
    return db_done(statement, status);
}

static enum db_status read_checks(struct reader *reader, int64_t domain, struct day_range range)
{
    static const char select[] =
        "WITH latest AS MATERIALIZED ("
        "  SELECT first_time, last_time, mode, evidence FROM observation"
        "   WHERE domain = ?1 AND last_time >= ?2 AND first_time <= ?3"
        "   ORDER BY last_time DESC LIMIT ?4)"
        " SELECT first_time, mode,"
        "   iif(json_valid(evidence), evidence ->> '$.sts.policy.text', NULL)"
        "  FROM latest ORDER BY last_time";
    sqlite3_stmt *statement = db_statement(reader->db, select);
    db_bind_integers(statement,
                     (int64_t[]){domain, (int64_t)range.first * SECONDS_PER_DAY,
                                 ((int64_t)range.last + 1) * SECONDS_PER_DAY - 1, CHECKS_MAX},
                     4);
    struct live_sight *checks = NULL;
    size_t count = 0, capacity = 0;
    enum db_status status = DB_OK;
    while (statement_next(reader->db, statement, &status)) {
        struct live_sight *more = grow(reader, checks, sizeof *checks, count, &capacity, &status);
        const char *text = keep(reader, db_text(statement, 2), &status);
        if (status != DB_OK)
            break;
        checks = more;
        checks[count++] = (struct live_sight){
            .time = sqlite3_column_int64(statement, 0),
            .mode = (enum tls_mode)sqlite3_column_int(statement, 1),
            .text = text,
        };
    }
    reader->evidence.checks = checks;
    reader->evidence.check_count = count;
    return db_done(statement, status);
}

/* --- what is given back --- */

static enum db_status name_of(const struct reader *reader, int64_t organization, const char **name)
{
    static const char select[] = "SELECT name FROM organization WHERE id = ?";
    sqlite3_stmt *statement = db_statement(reader->db, select);
    sqlite3_bind_int64(statement, 1, organization);
    enum db_status status = DB_OK;
    *name = "";
    if (statement_next(reader->db, statement, &status))
        *name = keep(reader, db_text(statement, 0), &status);
    return db_done(statement, status);
}

/* Makes a copy of all that EVENT points to, with names. */
static enum db_status keep_event(const struct reader *reader, struct event *event)
{
    enum db_status status = DB_OK;
    event->text_from = keep(reader, event->text_from, &status);
    event->text_to = keep(reader, event->text_to, &status);
    struct event_lag *lags = arena_alloc(reader->arena, (event->lag_count + 1) * sizeof *lags);
    if (lags == NULL)
        return complain(reader);
    for (size_t i = 0; i < event->lag_count && status == DB_OK; i++) {
        lags[i] = event->lags[i];
        status = name_of(reader, lags[i].organization_id, &lags[i].organization);
    }
    event->lags = lags;
    if (status == DB_OK && event->reported_day >= 0)
        status = name_of(reader, event->reporter_id, &event->reporter);
    return status;
}

static enum db_status keep_events(const struct reader *reader, struct events *events)
{
    struct event *kept = arena_alloc(reader->arena, (events->count + 1) * sizeof *kept);
    enum db_status status = kept != NULL ? DB_OK : complain(reader);
    for (size_t i = 0; i < events->count && status == DB_OK; i++) {
        kept[i] = events->events[i];
        status = keep_event(reader, &kept[i]);
    }
    events->events = kept;
    return status;
}

static void leave_out_later(struct events *events, int last_day)
{
    size_t kept = 0;
    for (size_t i = 0; i < events->count; i++) {
        if (events->events[i].day <= last_day)
            events->events[kept++] = events->events[i];
    }
    events->count = kept;
}

enum db_status query_events(struct db *db, int64_t domain, struct day_range range,
                            struct arena *arena, struct events *events)
{
    struct arena scratch;
    arena_init(&scratch, 0);
    struct reader reader = {.db = db, .arena = &scratch};
    struct day_range around = {range.first - CONTEXT_DAYS, range.last + CONTEXT_DAYS};
    enum db_status status = read_statements(&reader, domain, around);
    if (status == DB_OK)
        status = read_policies(&reader, domain, around.last);
    if (status == DB_OK)
        status = read_checks(&reader, domain, around);
    if (status == DB_OK && events_find(&reader.evidence, range.first, &scratch, events) != 0)
        status = complain(&reader);
    if (status == DB_OK)
        leave_out_later(events, range.last);
    reader.arena = arena;
    if (status == DB_OK)
        status = keep_events(&reader, events);
    if (status != DB_OK)
        *events = (struct events){0};
    arena_free(&scratch);
    return status;
}
