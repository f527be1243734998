#include "query.h"

#include <unistd.h>

#include "run_lock.h"
#include "statement.h"

/* --- the journal --- */

/* Rows of a run, or of days, lie where the runs in question wrote: what is
 * outside of that is not looked at. */
#define RUNS_ASKED_FOR                                                                             \
    " FROM run WHERE (?1 = 0 OR id = ?1) AND started <= ?4 AND coalesce(ended, ?3) >= ?3"          \
    "  AND first_journal <= last_journal"
#define SELECT_JOURNAL(from)                                                                       \
    "SELECT j.id, j.time, " SQL_SOURCE ", j.outcome, t.value, coalesce(o.name, ''),"               \
    "   coalesce(r.report_id, ''), coalesce(j.report, 0)" from                                     \
    "  LEFT JOIN mailbox m ON m.id = j.mailbox"                                                    \
    "  LEFT JOIN text t ON t.id = j.reason"                                                        \
    "  LEFT JOIN report r ON r.id = j.report"                                                      \
    "  LEFT JOIN organization o ON o.id = r.organization"                                          \
    " WHERE j.id BETWEEN (SELECT min(first_journal)" RUNS_ASKED_FOR ")"                            \
    "   AND (SELECT max(last_journal)" RUNS_ASKED_FOR ")"                                          \
    "  AND (?1 = 0 OR j.run = ?1) AND (1 << j.outcome) & ?2 AND j.time BETWEEN ?3 AND ?4"          \
    "  AND (?5 = 0 OR EXISTS (SELECT 1 FROM policy p WHERE p.report = j.report"                    \
    "   AND p.domain = ?5))"

static const char *journal_statement(unsigned outcomes)
{
    static const char all[] = SELECT_JOURNAL(" FROM journal j") " ORDER BY j.id DESC LIMIT ?6";
    static const char trouble[] =
        SELECT_JOURNAL(" FROM journal j INDEXED BY journal_trouble") " AND j.outcome IN (3, 5) "
                                                                     "ORDER BY j.id DESC LIMIT ?6";
    _Static_assert(OUTCOME_CONFLICT == 3 && OUTCOME_DAMAGED == 5,
                   "the statement names them by number");
    const unsigned troubles = 1U << OUTCOME_CONFLICT | 1U << OUTCOME_DAMAGED;
    return outcomes != 0 && (outcomes & ~troubles) == 0 ? trouble : all;
}

enum db_status query_journal(struct db *db, const struct journal_filter *filter,
                             journal_row_fn *row, void *context)
{
    sqlite3_stmt *statement = db_statement(db, journal_statement(filter->outcomes));
    int64_t outcomes = filter->outcomes == 0 ? -1 : (int64_t)filter->outcomes;
    db_bind_integers(statement,
                     (int64_t[]){filter->run, outcomes,
                                 (int64_t)filter->range.first * SECONDS_PER_DAY,
                                 ((int64_t)filter->range.last + 1) * SECONDS_PER_DAY - 1,
                                 filter->domain, filter->limit == 0 ? -1 : filter->limit},
                     6);
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        struct journal_row line = {
            .id = sqlite3_column_int64(statement, 0),
            .time = sqlite3_column_int64(statement, 1),
            .source = db_text(statement, 2),
            .outcome = (enum outcome)sqlite3_column_int(statement, 3),
            .reason = db_text(statement, 4),
            .organization = db_text(statement, 5),
            .report_id = db_text(statement, 6),
            .report = sqlite3_column_int64(statement, 7),
        };
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}

/* --- runs and mailboxes --- */

enum db_status query_runs(struct db *db, int64_t limit, run_row_fn *row, void *context)
{
    static const char select[] = "SELECT id, started, coalesce(ended, 0), what, message, messages,"
                                 "  imported, duplicates, conflicts, not_reports, damaged"
                                 " FROM run ORDER BY id DESC LIMIT ?";
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, limit == 0 ? -1 : limit);
    enum db_status status = DB_OK;
    int locks = run_locks_open(db_path(db));
    while (statement_next(db, statement, &status)) {
        struct run_row line = {
            .id = sqlite3_column_int64(statement, 0),
            .started = sqlite3_column_int64(statement, 1),
            .ended = sqlite3_column_int64(statement, 2),
            .what = db_text(statement, 3),
            .message = db_text(statement, 4),
            .messages = sqlite3_column_int64(statement, 5),
        };
        line.running = line.ended == 0 && run_is_locked(locks, line.id);
        for (int outcome = OUTCOME_IMPORTED; outcome < OUTCOME_END; outcome++)
            line.outcomes[outcome] = sqlite3_column_int64(statement, 5 + outcome);
        if (row(context, &line) != 0) {
            status = db_done(statement, DB_STOPPED);
            break;
        }
    }
    if (locks >= 0)
        close(locks);
    return status;
}

enum db_status query_mailboxes(struct db *db, mailbox_row_fn *row, void *context)
{
    static const char select[] = "SELECT m.account, m.name, m.uidvalidity, m.last_uid,"
                                 "  coalesce((SELECT j.time FROM journal j WHERE j.mailbox = m.id"
                                 "   ORDER BY j.uid DESC LIMIT 1), 0), m.server"
                                 " FROM mailbox m"
                                 " ORDER BY m.account, m.name, m.server, m.uidvalidity";
    sqlite3_stmt *statement = db_statement(db, select);
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        struct mailbox_row line = {
            .account = db_text(statement, 0),
            .mailbox = db_text(statement, 1),
            .uidvalidity = sqlite3_column_int64(statement, 2),
            .last_uid = sqlite3_column_int64(statement, 3),
            .last_time = sqlite3_column_int64(statement, 4),
            .server = db_text(statement, 5),
        };
        if (row(context, &line) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return status;
}
