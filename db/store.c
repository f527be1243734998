#include "store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "arena.h"
#include "connection.h"
#include "day.h"
#include "domain.h"
#include "identities.h"
#include "intern.h"
#include "levels.h"
#include "packer.h"
#include "run_lock.h"
#include "sender_blocks.h"
#include "totals.h"

enum {
    PRUNE_STEP = 10000,   /* reports looked at by one store_prune() */
    COMPACT_PAGES = 1000, /* given back by one store_compact() */
    CLOSE_ROWS = 10000,   /* of totals made anew in a transaction, or some more */
    CLOSE_FIRST = 100000, /* reports of a run before blocks are closed */
    SETTLED_DAYS = 3,     /* most reports on a day have come in after so many */
};

/* What is in the table damaged, as far as we know. */
struct kept {
    int64_t bytes;
    int64_t of_conflicts; /* of these, of reports in conflict */
};

struct store {
    struct db *db;
    struct interns *interns;
    struct identities *identities;
    struct totals_batch *totals;
    struct store_settings settings;
    char *mine;
    int64_t run;
    int lock;              /* a descriptor: says that the run is at work */
    int64_t first_journal; /* rows of this run */
    int64_t last_journal;
    int64_t next_journal; /* valid while the transaction is open */
    size_t pending;
    size_t stored;   /* journal rows of this run */
    size_t close_at; /* so many of them, and open blocks are closed in between... */
    int closed_on;   /* ...as they are when a day begins: those of a long watch end, too */
    bool open;       /* a transaction is */
    struct store_counts counts;
    struct kept kept;
    struct { /* what the last commit left */
        struct store_counts counts;
        struct kept kept;
    } committed;
    struct packer *packer; /* for plain JSON */
};

/* What became of something that brought no new report. */
struct verdict {
    enum outcome outcome;
    const char *reason;
    int64_t report; /* the one that it repeats or contradicts, or 0 */
    const void *bytes;
    size_t size;
};

/* --- transactions --- */

static enum db_status roll_back(struct store *store, enum db_status status)
{
    sqlite3_exec(db_sqlite(store->db), "ROLLBACK", NULL, NULL, NULL);
    intern_clear(store->interns);
    identities_clear(store->identities);
    totals_clear(store->totals);
    store->counts = store->committed.counts;
    store->kept = store->committed.kept;
    store->open = false;
    store->pending = 0;
    return status;
}

/* After a step within the transaction: what failed takes it all back. */
static enum db_status settle(struct store *store, enum db_status status)
{
    return status == DB_OK ? DB_OK : roll_back(store, status);
}

static const char select_mine[] =
    "SELECT coalesce((SELECT value FROM meta WHERE key = 'mine'), '')";

/* Another importer may have been told of other patterns meanwhile, by which domains and
 * totals stand now: those of the one that began last hold for all. */
static enum db_status follow_mine(struct store *store)
{
    sqlite3_stmt *statement = db_statement(store->db, select_mine);
    bool row;
    enum db_status status = db_step(store->db, statement, &row);
    if (status == DB_OK && row && strcmp(db_text(statement, 0), store->mine) != 0) {
        char *mine = strdup(db_text(statement, 0));
        if (mine == NULL)
            return db_done(statement, db_complain(store->db, DB_MEMORY, "out of memory"));
        intern_use(store->interns, mine);
        free(store->mine);
        store->mine = mine;
    }
    return db_done(statement, status);
}

static enum db_status begin(struct store *store)
{
    static const char begin_sql[] = "BEGIN IMMEDIATE";
    if (store->open)
        return DB_OK;
    enum db_status status = db_run(store->db, db_statement(store->db, begin_sql));
    if (status != DB_OK)
        return status;
    store->open = true;
    identities_refresh(store->identities);
    status =
        db_integer(store->db, "SELECT coalesce(max(id), 0) + 1 FROM journal", &store->next_journal);
    if (status == DB_OK && store->run != 0) /* of this run they have been applied */
        status = follow_mine(store);
    return settle(store, status);
}

static enum db_status write_run(struct store *store)
{
    static const char update[] =
        "UPDATE run SET messages = ?2, imported = ?3, duplicates = ?4, conflicts = ?5,"
        " not_reports = ?6, damaged = ?7, first_journal = ?8, last_journal = ?9 WHERE id = ?1";
    sqlite3_stmt *statement = db_statement(store->db, update);
    const int64_t *outcomes = store->counts.outcomes;
    db_bind_integers(statement,
                     (int64_t[]){store->run, store->counts.messages, outcomes[OUTCOME_IMPORTED],
                                 outcomes[OUTCOME_DUPLICATE], outcomes[OUTCOME_CONFLICT],
                                 outcomes[OUTCOME_NOT_A_REPORT], outcomes[OUTCOME_DAMAGED],
                                 store->first_journal, store->last_journal},
                     9);
    return db_run(store->db, statement);
}

/* Nobody will find what goes into a file that has left its place. */
static enum db_status check_place(struct db *db)
{
    int moved = 0;
    int code = sqlite3_file_control(db_sqlite(db), NULL, SQLITE_FCNTL_HAS_MOVED, &moved);
    return code == SQLITE_OK && moved != 0
               ? db_complain(db, DB_BUSY,
                             "the database %s was deleted, moved or replaced meanwhile",
                             db_path(db))
               : DB_OK;
}

static enum db_status commit(struct store *store)
{
    static const char commit_sql[] = "COMMIT";
    if (!store->open)
        return DB_OK;
    enum db_status status = check_place(store->db);
    if (status == DB_OK)
        status = totals_finish(store->totals, store->db);
    if (status == DB_OK)
        status = identities_index(store->identities, store->settings.unindexed);
    if (status == DB_OK)
        status = write_run(store);
    if (status == DB_OK)
        status = db_run(store->db, db_statement(store->db, commit_sql));
    if (settle(store, status) != DB_OK)
        return status;
    store->open = false;
    store->stored += store->pending;
    store->pending = 0;
    store->committed.counts = store->counts;
    store->committed.kept = store->kept;
    return DB_OK;
}

/* Makes anew the totals of ended blocks that large batches left open, not too
 * many rows in a transaction, so that nobody waits long. */
static enum db_status close_blocks(struct store *store)
{
    sqlite3 *sqlite = db_sqlite(store->db);
    int64_t reports = 0;
    enum db_status status = commit(store);
    if (status == DB_OK)
        status = db_integer(store->db, "SELECT coalesce(max(id), 0) FROM report", &reports);
    bool closes = reports >= store->settings.close_from, more = closes;
    int day = today() - SETTLED_DAYS;
    while (status == DB_OK && more) {
        int before = sqlite3_total_changes(sqlite);
        status = begin(store);
        while (status == DB_OK && more && sqlite3_total_changes(sqlite) - before < CLOSE_ROWS)
            status = settle(store, levels_close_one(store->db, day, &more));
        if (status == DB_OK)
            status = commit(store);
    }
    for (more = closes; status == DB_OK && more;) {
        status = begin(store);
        if (status == DB_OK)
            status = settle(store, sender_blocks_close_one(store->db, day, &more));
        if (status == DB_OK)
            status = commit(store);
    }
    return status;
}

enum db_status store_commit(struct store *store)
{
    enum db_status status = commit(store);
    bool is_due = store->stored >= store->close_at;
    if (status != DB_OK || (!is_due && store->closed_on == today()))
        return status;
    if (is_due)
        store->close_at *= 2; /* so that days in any order cost a constant each */
    store->closed_on = today();
    return close_blocks(store);
}

/* Brings what is committed to the disk itself, before a mail is deleted from a
 * mailbox, or a mail system told that it need not keep its copy: a commit that waits
 * for the disk takes with it what is in the log before it.  It has to change something,
 * as a commit of nothing waits for nothing. */
static enum db_status make_durable(struct store *store)
{
    static const char change[] = "INSERT INTO meta VALUES('synced', 1)"
                                 " ON CONFLICT DO UPDATE SET value = value + 1";
    enum db_status status = db_exec(store->db, "PRAGMA synchronous = FULL");
    if (status == DB_OK)
        status = begin(store);
    if (status == DB_OK)
        status = settle(store, db_run(store->db, db_statement(store->db, change)));
    if (status == DB_OK)
        status = commit(store);
    if (status == DB_OK)
        status = db_exec(store->db, "PRAGMA synchronous = NORMAL");
    return status;
}

/* --- beginning and ending a run --- */

/* A change of [domains] mine moves domains between mine and foreign. */
static enum db_status apply_mine(struct store *store)
{
    static const char domains[] = "SELECT id, name, mine FROM domain";
    static const char set_mine[] = "UPDATE domain SET mine = ?2 WHERE id = ?1";
    static const char set_meta[] = "INSERT OR REPLACE INTO meta VALUES('mine', ?)";
    struct db *db = store->db;
    sqlite3_stmt *statement = db_statement(db, select_mine);
    bool row;
    enum db_status status = db_step(db, statement, &row);
    bool same = row && strcmp(db_text(statement, 0), store->mine) == 0;
    db_done(statement, status);
    if (status != DB_OK || same)
        return status;

    bool changed = false;
    statement = db_statement(db, domains);
    while ((status = db_step(db, statement, &row)) == DB_OK && row) {
        bool mine = domain_is_mine(db_text(statement, 1), store->mine) != 0;
        if (mine == (sqlite3_column_int(statement, 2) != 0))
            continue;
        changed = true;
        sqlite3_stmt *update = db_statement(db, set_mine);
        db_bind_integers(update, (int64_t[]){sqlite3_column_int64(statement, 0), mine}, 2);
        status = db_run(db, update);
        if (status != DB_OK)
            return db_done(statement, status);
    }
    db_done(statement, status);
    if (status == DB_OK && changed)
        status = totals_rebuild_all(db);
    if (status == DB_OK && changed)
        status = sender_blocks_open_all(db);
    if (status != DB_OK)
        return status;
    statement = db_statement(db, set_meta);
    db_bind_text(statement, 1, store->mine);
    return db_run(db, statement);
}

static enum db_status enter_run(struct store *store, const char *what)
{
    static const char insert[] = "INSERT INTO run(started, what) VALUES(?, ?)";
    sqlite3_stmt *statement = db_statement(store->db, insert);
    sqlite3_bind_int64(statement, 1, instant_now());
    db_bind_text(statement, 2, what);
    enum db_status status = db_run(store->db, statement);
    store->run = sqlite3_last_insert_rowid(db_sqlite(store->db));
    if (status == DB_OK)
        store->lock = run_lock(db_path(store->db), store->run);
    return status;
}

static void store_free(struct store *store)
{
    if (store->lock >= 0)
        close(store->lock);
    interns_free(store->interns);
    identities_free(store->identities);
    totals_free(store->totals);
    packer_free(store->packer);
    free(store->mine);
    free(store);
}

enum db_status store_open(struct store **out, struct db *db, const char *what,
                          const struct store_settings *settings)
{
    *out = NULL;
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    store->db = db;
    store->settings = *settings;
    store->close_at = CLOSE_FIRST;
    store->closed_on = today();
    store->lock = -1;
    store->last_journal = -1;
    store->mine = strdup(settings->mine);
    store->identities = identities_new(db);
    store->totals = totals_new();
    store->packer = packer_new();
    store->interns = store->mine == NULL ? NULL : interns_new(db, store->mine);
    enum db_status status = DB_OK;
    if (store->identities == NULL || store->totals == NULL || store->packer == NULL ||
        store->interns == NULL)
        status = db_complain(db, DB_MEMORY, "out of memory");
    if (status == DB_OK)
        status = begin(store);
    if (status == DB_OK)
        status = apply_mine(store);
    if (status == DB_OK)
        status = enter_run(store, what);
    if (status == DB_OK)
        status = db_integer(db, "SELECT coalesce(sum(length(bytes)), 0) FROM damaged",
                            &store->kept.bytes);
    if (status == DB_OK)
        status = db_integer(db,
                            "SELECT coalesce(sum(length(d.bytes)), 0) FROM damaged d"
                            " JOIN journal j ON j.id = d.journal WHERE j.outcome = 3",
                            &store->kept.of_conflicts);
    _Static_assert(OUTCOME_CONFLICT == 3, "the statement names it by number");
    if (status == DB_OK)
        status = store_commit(store);
    if (status != DB_OK) {
        if (store->open)
            roll_back(store, status);
        store_free(store);
        return status;
    }
    *out = store;
    return DB_OK;
}

static enum db_status end_run(struct store *store, const char *message)
{
    static const char update[] = "UPDATE run SET ended = ?2, message = ?3 WHERE id = ?1";
    sqlite3_stmt *statement = db_statement(store->db, update);
    db_bind_integers(statement, (int64_t[]){store->run, instant_now()}, 2);
    db_bind_text(statement, 3, message);
    return db_run(store->db, statement);
}

enum db_status store_close(struct store *store, const char *message)
{
    enum db_status status = close_blocks(store);
    if (status == DB_OK)
        status = begin(store);
    if (status == DB_OK)
        status = settle(store, end_run(store, message));
    if (status == DB_OK)
        status = store_commit(store);
    if (status == DB_OK)
        status = make_durable(store);
    if (status == DB_OK) /* a dashboard may be open for days */
        db_checkpoint(store->db, SQLITE_CHECKPOINT_PASSIVE);
    store_free(store);
    return status;
}

/* --- the journal --- */

static enum db_status write_journal(struct store *store, const struct origin *origin,
                                    enum outcome outcome, const char *reason, int64_t report)
{
    static const char insert[] =
        "INSERT INTO journal(id, run, time, part, outcome, reason, mailbox, uid, path, report)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    int64_t reason_id;
    enum db_status status = intern(store->interns, INTERN_TEXT, reason, &reason_id, NULL);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(store->db, insert);
    db_bind_integers(statement,
                     (int64_t[]){store->next_journal, store->run, instant_now(), origin->part,
                                 outcome, reason_id},
                     6);
    if (origin->mailbox != 0) {
        sqlite3_bind_int64(statement, 7, origin->mailbox);
        sqlite3_bind_int64(statement, 8, origin->uid);
    } else {
        db_bind_text(statement, 9, origin->path);
    }
    if (report != 0)
        sqlite3_bind_int64(statement, 10, report);
    status = db_run(store->db, statement);
    if (status != DB_OK)
        return status;
    store->last_journal = store->next_journal++;
    if (store->first_journal == 0)
        store->first_journal = store->last_journal;
    store->pending++;
    store->counts.outcomes[outcome]++;
    return DB_OK;
}

/* Has another importer, or this one before it was killed, dealt with this
 * attachment of a mailbox?  Then RESULT is what it wrote. */
static enum db_status recall(struct store *store, const struct origin *origin, bool *known,
                             struct store_result *result)
{
    static const char select[] =
        "SELECT j.outcome, t.value FROM journal j JOIN text t ON t.id = j.reason"
        " WHERE j.mailbox = ? AND j.uid = ? AND j.part = ?";
    *known = false;
    if (origin->mailbox == 0)
        return DB_OK;
    sqlite3_stmt *statement = db_statement(store->db, select);
    db_bind_integers(statement, (int64_t[]){origin->mailbox, origin->uid, origin->part}, 3);
    enum db_status status = db_step(store->db, statement, known);
    if (*known) {
        store->pending++; /* the transaction that was begun for it shall end, too */
        result->outcome = (enum outcome)sqlite3_column_int(statement, 0);
        snprintf(result->reason, sizeof result->reason, "%s", db_text(statement, 1));
    }
    return db_done(statement, status);
}

/* Is SIZE bytes more within the limits?  Reports in conflict are never let go of, and whoever
 * sends them shall not fill the room for those that may be tried again. */
static bool has_room(const struct store *store, enum outcome outcome, size_t size)
{
    enum { CONFLICTS_SHARE = 4 /* one part in so many */ };
    int64_t most = (int64_t)store->settings.damaged_total_max, more = (int64_t)size;
    return size <= store->settings.damaged_item_max && store->kept.bytes + more <= most &&
           (outcome != OUTCOME_CONFLICT ||
            store->kept.of_conflicts + more <= most / CONFLICTS_SHARE);
}

/* Keeps BYTES beside the journal row written last, within the limits. */
static enum db_status keep_bytes(struct store *store, enum outcome outcome, const void *bytes,
                                 size_t size)
{
    static const char insert[] = "INSERT INTO damaged VALUES(?, ?)";
    if (size == 0)
        return DB_OK;
    if (!has_room(store, outcome, size)) {
        store->counts.not_kept++;
        return DB_OK;
    }
    sqlite3_stmt *statement = db_statement(store->db, insert);
    sqlite3_bind_int64(statement, 1, store->next_journal - 1);
    sqlite3_bind_blob64(statement, 2, bytes, size, SQLITE_STATIC);
    enum db_status status = db_run(store->db, statement);
    if (status != DB_OK)
        return status;
    store->kept.bytes += (int64_t)size;
    store->kept.of_conflicts += outcome == OUTCOME_CONFLICT ? (int64_t)size : 0;
    return DB_OK;
}

/* Did report ID come from the very file and part at ORIGIN? */
static enum db_status came_from(struct store *store, const struct origin *origin, int64_t id,
                                bool *same)
{
    static const char select[] = "SELECT 1 FROM report r JOIN journal j ON j.id = r.journal"
                                 " WHERE r.id = ? AND j.part = ? AND j.path = ?";
    sqlite3_stmt *statement = db_statement(store->db, select);
    db_bind_integers(statement, (int64_t[]){id, origin->part}, 2);
    db_bind_text(statement, 3, origin->path);
    return db_done(statement, db_step(store->db, statement, same));
}

/* Does the journal say just this of the file at ORIGIN already? */
static enum db_status is_noted(struct store *store, const struct origin *origin,
                               const struct verdict *verdict, bool *noted)
{
    static const char select[] =
        "SELECT 1 FROM journal j LEFT JOIN damaged d ON d.journal = j.id"
        " WHERE j.path = ?1 AND j.part = ?2 AND j.mailbox IS NULL AND j.outcome <> 1"
        "  AND j.outcome = ?3 AND j.reason = ?4 AND j.report IS nullif(?5, 0)"
        "  AND (d.bytes IS NULL OR d.bytes = ?6) LIMIT 1";
    _Static_assert(OUTCOME_IMPORTED == 1, "the statement names it by number");
    int64_t reason;
    *noted = false;
    if (origin->mailbox != 0 || origin->path[0] != '/')
        return DB_OK;
    enum db_status status = DB_OK;
    if (verdict->outcome == OUTCOME_DUPLICATE)
        status = came_from(store, origin, verdict->report, noted);
    if (status == DB_OK && !*noted)
        status = intern(store->interns, INTERN_TEXT, verdict->reason, &reason, NULL);
    if (status != DB_OK || *noted)
        return status;
    sqlite3_stmt *statement = db_statement(store->db, select);
    db_bind_text(statement, 1, origin->path);
    sqlite3_bind_int64(statement, 2, origin->part);
    sqlite3_bind_int64(statement, 3, verdict->outcome);
    sqlite3_bind_int64(statement, 4, reason);
    sqlite3_bind_int64(statement, 5, verdict->report);
    sqlite3_bind_blob64(statement, 6, verdict->bytes, verdict->size, SQLITE_STATIC);
    return db_done(statement, db_step(store->db, statement, noted));
}

/* Writes what became of the thing at ORIGIN, unless the journal knows. */
static enum db_status note(struct store *store, const struct origin *origin,
                           const struct verdict *verdict)
{
    bool noted;
    enum db_status status = is_noted(store, origin, verdict, &noted);
    if (status == DB_OK && noted) {
        store->pending++;
        store->counts.outcomes[verdict->outcome]++;
        return DB_OK;
    }
    if (status == DB_OK)
        status = write_journal(store, origin, verdict->outcome, verdict->reason, verdict->report);
    if (status == DB_OK &&
        (verdict->outcome == OUTCOME_DAMAGED || verdict->outcome == OUTCOME_CONFLICT))
        status = keep_bytes(store, verdict->outcome, verdict->bytes, verdict->size);
    return status;
}

enum db_status store_refused(struct store *store, const struct origin *origin, enum outcome outcome,
                             const char *reason, const void *bytes, size_t size)
{
    bool known;
    struct store_result result;
    struct verdict verdict = {outcome, reason, 0, bytes, size};
    enum db_status status = begin(store);
    if (status != DB_OK)
        return status;
    status = recall(store, origin, &known, &result);
    if (status == DB_OK && !known)
        status = note(store, origin, &verdict);
    return settle(store, status);
}

void store_count_message(struct store *store)
{
    store->counts.messages++;
}

const struct store_counts *store_counts(const struct store *store)
{
    return &store->counts;
}

size_t store_pending(const struct store *store)
{
    return store->pending;
}

/* --- reports --- */

const char store_conflict_reason[] =
    "the same report-id came before with other content; the first stands";

static int compare_domains(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

/* Do the policies of stored report ID count for just the same domains? */
static enum db_status same_domains(struct store *store, int64_t id, const struct report *report,
                                   bool *same)
{
    static const char select[] = "SELECT DISTINCT domain FROM policy WHERE report = ? ORDER BY 1";
    *same = false;
    int64_t *domains = calloc(report->policy_count + 1, sizeof *domains);
    if (domains == NULL)
        return db_complain(store->db, DB_MEMORY, "out of memory");
    enum db_status status = DB_OK;
    for (size_t i = 0; i < report->policy_count && status == DB_OK; i++)
        status = intern(store->interns, INTERN_DOMAIN, report->policies[i].counts_for, &domains[i],
                        NULL);
    if (status != DB_OK) {
        free(domains);
        return status;
    }
    sqlite3_stmt *statement = db_statement(store->db, select);
    qsort(domains, report->policy_count, sizeof *domains, compare_domains);
    sqlite3_bind_int64(statement, 1, id);
    size_t i = 0;
    bool row;
    while ((status = db_step(store->db, statement, &row)) == DB_OK && row) {
        if (i == report->policy_count || domains[i] != sqlite3_column_int64(statement, 0))
            break;
        int64_t domain = domains[i];
        while (i < report->policy_count && domains[i] == domain)
            i++;
    }
    *same = status == DB_OK && !row && i == report->policy_count;
    free(domains);
    return db_done(statement, status);
}

/* The stored report of the same identity at *ID, 0 when there is none, and
 * whether its content is the same. */
static enum db_status find_report(struct store *store, const struct report *report,
                                  int64_t organization, int64_t *id, bool *same_content)
{
    static const char select[] =
        "SELECT content FROM report WHERE id = ? AND organization = ? AND report_id = ?";
    struct identity_search search = {.hash = report->identity};
    enum db_status status;
    while ((status = identities_next(store->identities, &search, id)) == DB_OK && *id != 0) {
        sqlite3_stmt *statement = db_statement(store->db, select);
        db_bind_integers(statement, (int64_t[]){*id, organization}, 2);
        db_bind_text(statement, 3, report->report_id);
        bool same;
        status = db_step(store->db, statement, &same);
        *same_content = same && sqlite3_column_int64(statement, 0) == report->content;
        db_done(statement, status);
        if (status == DB_OK && same)
            status = same_domains(store, *id, report, &same);
        if (status != DB_OK || same)
            break;
    }
    return status;
}

static enum db_status write_failure(struct store *store, int64_t report, size_t n, size_t i,
                                    const struct failure *failure,
                                    const struct policy_numbers *policy)
{
    static const char insert[] = "INSERT INTO failure VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    const char *const texts[] = {failure->sending_mta_ip,    failure->receiving_mx_hostname,
                                 failure->receiving_mx_helo, failure->receiving_ip,
                                 failure->reason_code,       failure->additional_info};
    enum { TEXTS = sizeof texts / sizeof *texts };
    int64_t ids[TEXTS];
    struct failure_numbers numbers;
    enum db_status status = intern(store->interns, INTERN_RESULT_TYPE, failure->result_type,
                                   &numbers.result_type, NULL);
    for (int t = 0; t < TEXTS && status == DB_OK; t++)
        status = intern(store->interns, INTERN_TEXT, texts[t], &ids[t], NULL);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(store->db, insert);
    db_bind_integers(statement,
                     (int64_t[]){report, (int64_t)n, (int64_t)i, numbers.result_type, ids[0],
                                 ids[1], ids[2], ids[3], failure->failed, ids[4], ids[5]},
                     11);
    numbers.sending_ip = ids[0];
    numbers.mx_host = ids[1];
    totals_failure(store->totals, policy, &numbers, failure->failed);
    return db_run(store->db, statement);
}

static enum db_status write_policy(struct store *store, int64_t report, size_t n, int day,
                                   const struct policy *policy, bool *mine)
{
    static const char insert[] = "INSERT INTO policy VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    struct interns *interns = store->interns;
    struct policy_numbers numbers;
    int64_t mx = 0, mx_host = 0;
    enum db_status status =
        intern(interns, INTERN_DOMAIN, policy->counts_for, &numbers.domain, &numbers.mine);
    if (status == DB_OK)
        status = intern(interns, INTERN_POLICY_TYPE, policy->type, &numbers.type, NULL);
    if (status == DB_OK)
        status = intern(interns, INTERN_POLICY_TEXT, policy->text, &numbers.policy_text, NULL);
    if (status == DB_OK)
        status = intern(interns, INTERN_TEXT, policy->mx, &mx, NULL);
    if (status == DB_OK)
        status = intern(interns, INTERN_TEXT, policy->mx_host, &mx_host, NULL);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(store->db, insert);
    db_bind_integers(statement,
                     (int64_t[]){report, (int64_t)n, numbers.domain, day, numbers.type,
                                 policy->mode, numbers.policy_text, mx, mx_host, policy->successful,
                                 policy->failed, (int64_t)policy->failure_count},
                     12);
    status = db_run(store->db, statement);
    *mine |= numbers.mine;
    totals_policy(store->totals, &numbers, policy);
    for (size_t i = 0; i < policy->failure_count && status == DB_OK; i++)
        status = write_failure(store, report, n, i, &policy->failures[i], &numbers);
    return status;
}

static enum db_status write_head(struct store *store, const struct report *report,
                                 int64_t organization, int64_t *id)
{
    static const char insert[] =
        "INSERT INTO report(identity, content, organization, recipient, contact, begin_time,"
        " end_time, journal, signature, signed_by, report_id)"
        " VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
    int64_t recipient, contact, signed_by;
    enum db_status status =
        intern(store->interns, INTERN_DOMAIN, report->recipient, &recipient, NULL);
    if (status == DB_OK)
        status = intern(store->interns, INTERN_TEXT, report->contact, &contact, NULL);
    if (status == DB_OK)
        status = intern(store->interns, INTERN_TEXT, report->signed_by, &signed_by, NULL);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(store->db, insert);
    db_bind_integers(statement,
                     (int64_t[]){report->identity, report->content, organization, recipient,
                                 contact, report->begin, report->end, store->next_journal,
                                 report->signature, signed_by},
                     10);
    db_bind_text(statement, 11, report->report_id);
    status = db_run(store->db, statement);
    *id = sqlite3_last_insert_rowid(db_sqlite(store->db));
    return status == DB_OK ? identities_add(store->identities, report->identity, *id) : status;
}

static enum db_status write_document(struct store *store, int64_t report, const void *raw,
                                     size_t size)
{
    static const char insert[] = "INSERT INTO document VALUES(?, ?)";
    if (!packer_is_packed(raw, size))
        raw = packer_pack(store->packer, raw, size, &size);
    if (raw == NULL)
        return db_complain(store->db, DB_MEMORY, "out of memory");
    sqlite3_stmt *statement = db_statement(store->db, insert);
    sqlite3_bind_int64(statement, 1, report);
    sqlite3_bind_blob64(statement, 2, raw, size, SQLITE_STATIC);
    return db_run(store->db, statement);
}

static enum db_status write_report(struct store *store, const struct origin *origin,
                                   const struct report *report, int64_t organization,
                                   const void *raw, size_t raw_size)
{
    int64_t id = 0;
    int day = report_day(report);
    bool mine = report->policy_count == 0;
    enum db_status status = write_head(store, report, organization, &id);
    totals_begin(store->totals, organization, day);
    for (size_t i = 0; i < report->policy_count && status == DB_OK; i++)
        status = write_policy(store, id, i, day, &report->policies[i], &mine);
    if (!mine && store->counts.foreign++ == 0)
        snprintf(store->counts.foreign_domain, DOMAIN_TEXT, "%s", report->policies[0].counts_for);
    if (totals_end(store->totals) != 0 && status == DB_OK)
        status = db_complain(store->db, DB_MEMORY, "out of memory");
    if (status == DB_OK)
        status = write_document(store, id, raw, raw_size);
    if (status == DB_OK)
        status = write_journal(store, origin, OUTCOME_IMPORTED, "", id);
    if (status == DB_OK && totals_is_full(store->totals))
        status = totals_flush(store->totals, store->db);
    return status;
}

enum db_status store_report(struct store *store, const struct origin *origin,
                            const struct report *report, const void *raw, size_t raw_size,
                            struct store_result *result)
{
    *result = (struct store_result){.outcome = OUTCOME_IMPORTED};
    enum db_status status = begin(store);
    if (status != DB_OK)
        return status;
    bool known, same_content = false;
    int64_t organization = 0, id = 0;
    status = recall(store, origin, &known, result);
    if (status == DB_OK && known)
        return DB_OK;
    if (status == DB_OK)
        status =
            intern(store->interns, INTERN_ORGANIZATION, report->organization, &organization, NULL);
    if (status == DB_OK)
        status = find_report(store, report, organization, &id, &same_content);
    if (status == DB_OK && id == 0) {
        status = write_report(store, origin, report, organization, raw, raw_size);
    } else if (status == DB_OK) {
        result->outcome = same_content ? OUTCOME_DUPLICATE : OUTCOME_CONFLICT;
        if (!same_content)
            snprintf(result->reason, sizeof result->reason, "%s", store_conflict_reason);
        struct verdict verdict = {result->outcome, result->reason, id, raw, raw_size};
        status = note(store, origin, &verdict);
    }
    return settle(store, status);
}

/* --- mailboxes --- */

static sqlite3_stmt *mailbox_statement(struct store *store, const char *sql, const char *account,
                                       const char *server, const char *mailbox,
                                       uint32_t uidvalidity)
{
    sqlite3_stmt *statement = db_statement(store->db, sql);
    sqlite3_bind_int64(statement, 1, uidvalidity);
    db_bind_text(statement, 2, account);
    db_bind_text(statement, 3, server);
    db_bind_text(statement, 4, mailbox);
    return statement;
}

enum db_status store_mailbox(struct store *store, const char *account, const char *server,
                             const char *mailbox, uint32_t uidvalidity,
                             struct mailbox_position *position)
{
    static const char adopt[] = /* one that was entered without a server */
        "UPDATE OR IGNORE mailbox SET server = ?3"
        " WHERE uidvalidity = ?1 AND account = ?2 AND server = '' AND name = ?4";
    static const char insert[] =
        "INSERT INTO mailbox(uidvalidity, account, server, name) VALUES(?1, ?2, ?3, ?4)"
        " ON CONFLICT DO UPDATE SET name = excluded.name RETURNING id, last_uid, acted_uid";
    enum db_status status = begin(store);
    if (status != DB_OK)
        return status;
    bool row = false;
    status =
        db_run(store->db, mailbox_statement(store, adopt, account, server, mailbox, uidvalidity));
    sqlite3_stmt *statement =
        mailbox_statement(store, insert, account, server, mailbox, uidvalidity);
    if (status == DB_OK)
        status = db_step(store->db, statement, &row);
    if (row) {
        position->id = sqlite3_column_int64(statement, 0);
        position->last_uid = (uint32_t)sqlite3_column_int64(statement, 1);
        position->acted_uid = (uint32_t)sqlite3_column_int64(statement, 2);
    }
    db_done(statement, status);
    return status == DB_OK ? store_commit(store) : roll_back(store, status);
}

static enum db_status move_position(struct store *store, const char *update, int64_t mailbox,
                                    uint32_t uid)
{
    enum db_status status = begin(store);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(store->db, update);
    db_bind_integers(statement, (int64_t[]){mailbox, uid}, 2);
    status = db_run(store->db, statement);
    store->pending++;
    return settle(store, status);
}

enum db_status store_position(struct store *store, int64_t mailbox, uint32_t last_uid)
{
    static const char update[] = "UPDATE mailbox SET last_uid = max(last_uid, ?2) WHERE id = ?1";
    return move_position(store, update, mailbox, last_uid);
}

enum db_status store_acted(struct store *store, int64_t mailbox, uint32_t acted_uid)
{
    static const char update[] = "UPDATE mailbox SET acted_uid = max(acted_uid, ?2) WHERE id = ?1";
    return move_position(store, update, mailbox, acted_uid);
}

enum db_status store_unacted(struct store *store, int64_t mailbox, store_uid_row *row,
                             void *context)
{
    /* the worst counts; an attachment that is no report counts only alone */
    static const char select[] = "SELECT j.uid, coalesce(max(nullif(j.outcome, 4)), 4)"
                                 " FROM mailbox m JOIN journal j ON j.mailbox = m.id"
                                 " WHERE m.id = ? AND j.uid > m.acted_uid AND j.uid <= m.last_uid"
                                 " GROUP BY j.uid ORDER BY j.uid";
    _Static_assert(OUTCOME_NOT_A_REPORT == 4, "the statement names it by number");
    enum db_status status = store_commit(store);
    if (status == DB_OK)
        status = make_durable(store);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(store->db, select);
    sqlite3_bind_int64(statement, 1, mailbox);
    bool found;
    while ((status = db_step(store->db, statement, &found)) == DB_OK && found) {
        if (row(context, (uint32_t)sqlite3_column_int64(statement, 0),
                (enum outcome)sqlite3_column_int(statement, 1)) != 0)
            return db_done(statement, DB_STOPPED);
    }
    return db_done(statement, status);
}

/* --- damaged attachments --- */

/* The first row behind *JOURNAL, copied: the caller stores reports between them, and no
 * statement may be on an older state of the database then. */
static enum db_status copy_damaged(struct store *store, struct arena *arena, int64_t *journal,
                                   struct origin *origin, const char **bytes, size_t *size)
{
    static const char next[] = "SELECT d.journal, j.part, d.bytes, 'retry of ' || " SQL_SOURCE
                               " FROM damaged d JOIN journal j ON j.id = d.journal"
                               " LEFT JOIN mailbox m ON m.id = j.mailbox"
                               " WHERE d.journal > ? AND j.outcome = 5 ORDER BY d.journal LIMIT 1";
    _Static_assert(OUTCOME_DAMAGED == 5, "the statement names it by number");
    sqlite3_stmt *statement = db_statement(store->db, next);
    sqlite3_bind_int64(statement, 1, *journal);
    bool found;
    enum db_status status = db_step(store->db, statement, &found);
    *journal = found ? sqlite3_column_int64(statement, 0) : -1;
    if (status != DB_OK || !found)
        return db_done(statement, status);
    const void *kept = sqlite3_column_blob(statement, 2);
    *size = (size_t)sqlite3_column_bytes(statement, 2);
    *bytes = arena_strndup(arena, *size > 0 ? kept : "", *size);
    *origin = (struct origin){.path = arena_strdup(arena, db_text(statement, 3)),
                              .part = (unsigned)sqlite3_column_int(statement, 1)};
    if (*bytes == NULL || origin->path == NULL)
        status = db_complain(store->db, DB_MEMORY, "out of memory");
    return db_done(statement, status);
}

enum db_status store_each_damaged(struct store *store, store_damaged_row *row, void *context)
{
    struct arena arena;
    int64_t journal = 0;
    enum db_status status = DB_OK;
    arena_init(&arena, 0);
    while (status == DB_OK && journal >= 0) {
        struct origin origin;
        const char *bytes = "";
        size_t size = 0;
        arena_reset(&arena);
        status = copy_damaged(store, &arena, &journal, &origin, &bytes, &size);
        if (status == DB_OK && journal >= 0 && row(context, journal, &origin, bytes, size) != 0)
            status = DB_STOPPED;
    }
    arena_free(&arena);
    return status;
}

#define RETURNING_KEPT                                                                             \
    " RETURNING length(bytes), (SELECT outcome FROM journal WHERE id = damaged.journal)"

/* Runs STATEMENT, which deletes rows of damaged, RETURNING_KEPT. */
static enum db_status let_go(struct store *store, sqlite3_stmt *statement)
{
    bool row;
    enum db_status status;
    while ((status = db_step(store->db, statement, &row)) == DB_OK && row) {
        int64_t bytes = sqlite3_column_int64(statement, 0);
        store->kept.bytes -= bytes;
        store->kept.of_conflicts -=
            sqlite3_column_int(statement, 1) == OUTCOME_CONFLICT ? bytes : 0;
    }
    return db_done(statement, status);
}

static enum db_status forget_damaged(struct store *store, int64_t journal)
{
    static const char forget[] = "DELETE FROM damaged WHERE journal = ?" RETURNING_KEPT;
    static const char note[] = "UPDATE journal SET reason = ?2 WHERE id = ?1";
    int64_t reason;
    enum db_status status = intern(store->interns, INTERN_TEXT,
                                   "was damaged, could be read by a later attempt", &reason, NULL);
    if (status != DB_OK)
        return status;
    sqlite3_stmt *statement = db_statement(store->db, forget);
    db_bind_integers(statement, &journal, 1);
    status = let_go(store, statement);
    if (status != DB_OK)
        return status;
    statement = db_statement(store->db, note);
    db_bind_integers(statement, (int64_t[]){journal, reason}, 2);
    return db_run(store->db, statement);
}

enum db_status store_mended(struct store *store, int64_t journal)
{
    enum db_status status = begin(store);
    if (status != DB_OK)
        return status;
    store->pending++;
    return settle(store, forget_damaged(store, journal));
}

/* --- retention --- */

static enum db_status prune_report(struct store *store, int64_t id)
{
    static const char *const statements[] = {
        "DELETE FROM failure WHERE report = ?",
        "DELETE FROM document WHERE report = ?",
        "UPDATE report SET pruned = 1 WHERE id = ?",
    };
    enum db_status status = DB_OK;
    for (size_t i = 0; i < sizeof statements / sizeof *statements && status == DB_OK; i++) {
        sqlite3_stmt *statement = db_statement(store->db, statements[i]);
        sqlite3_bind_int64(statement, 1, id);
        status = db_run(store->db, statement);
    }
    return status;
}

/* Where to begin: reports looked at for the same day in an earlier run, or step,
 * need no second look. */
static enum db_status find_prune_cursor(struct store *store, int day, int64_t *cursor)
{
    static const char select[] = "SELECT p.through FROM pruned p WHERE p.before >= ?";
    sqlite3_stmt *statement = db_statement(store->db, select);
    sqlite3_bind_int(statement, 1, day);
    bool row;
    enum db_status status = db_step(store->db, statement, &row);
    *cursor = row ? sqlite3_column_int64(statement, 0) : 0;
    return db_done(statement, status);
}

static enum db_status set_prune_cursor(struct store *store, int day, int64_t cursor)
{
    static const char update[] = "UPDATE pruned SET before = ?, through = ?";
    sqlite3_stmt *statement = db_statement(store->db, update);
    db_bind_integers(statement, (int64_t[]){day, cursor}, 2);
    return db_run(store->db, statement);
}

/* Lets go of what is kept of attachments that came before DAY and could not be read. */
static enum db_status prune_damaged(struct store *store, int day)
{
    static const char forget[] =
        "DELETE FROM damaged WHERE journal IN"
        " (SELECT d.journal FROM damaged d JOIN journal j ON j.id = d.journal"
        "   WHERE j.time < ?)" RETURNING_KEPT;
    sqlite3_stmt *statement = db_statement(store->db, forget);
    sqlite3_bind_int64(statement, 1, (int64_t)day * SECONDS_PER_DAY);
    return let_go(store, statement);
}

enum db_status store_prune(struct store *store, int day, bool *more)
{
    static const char select[] =
        "SELECT id, end_time < ?2 AND NOT pruned FROM report WHERE id > ?1 ORDER BY id LIMIT ?3";
    int64_t cursor;
    int seen = 0;
    bool row = true;
    *more = false;
    enum db_status status = begin(store);
    if (status != DB_OK)
        return status;
    status = find_prune_cursor(store, day, &cursor);
    sqlite3_stmt *statement = db_statement(store->db, select);
    db_bind_integers(statement, (int64_t[]){cursor, (int64_t)day * SECONDS_PER_DAY, PRUNE_STEP}, 3);
    while (status == DB_OK && (status = db_step(store->db, statement, &row)) == DB_OK && row) {
        seen++;
        cursor = sqlite3_column_int64(statement, 0);
        if (sqlite3_column_int(statement, 1) != 0)
            status = prune_report(store, cursor);
    }
    db_done(statement, status);
    if (status == DB_OK && seen > 0)
        status = set_prune_cursor(store, day, cursor);
    *more = seen == PRUNE_STEP;
    if (status == DB_OK && !*more)
        status = prune_damaged(store, day);
    return settle(store, status) == DB_OK ? store_commit(store) : status;
}

enum db_status store_compact(struct store *store, bool *more)
{
    char step[64];
    static const char count[] = "SELECT freelist_count FROM pragma_freelist_count";
    int64_t before = 0, pages = 0;
    *more = false;
    snprintf(step, sizeof step, "PRAGMA incremental_vacuum(%d)", COMPACT_PAGES);
    enum db_status status = store_commit(store);
    if (status == DB_OK)
        status = db_integer(store->db, count, &before);
    if (status == DB_OK)
        status = db_exec(store->db, step);
    if (status == DB_OK)
        status = db_integer(store->db, count, &pages);
    if (status != DB_OK)
        return status;
    *more = pages > 0 && pages < before; /* other tools can make a file that keeps what it has */
    if (*more)
        return DB_OK;
    int code = db_checkpoint(store->db, SQLITE_CHECKPOINT_TRUNCATE);
    return code == SQLITE_OK || code == SQLITE_BUSY ? DB_OK : db_fail(store->db, code);
}
