#include "query.h"

#include <stdlib.h>
#include <zlib.h>

#include "identities.h"
#include "packer.h"
#include "report.h"
#include "statement.h"

/* --- lists of reports --- */

/* One row for each policy.  The policies of a day and domain are sorted by their
 * reports before these are looked up, as a list ends where the screen does: LIMIT
 * keeps the two apart, and the order is that of the inner one.  The domains of a day
 * are known from its totals, so that the newest reports on all of mine come without
 * a look at any other. */
#define SELECT_REPORTS(policies)                                                                   \
    "SELECT r.id, p.day, r.end_time - 1 >= (p.day + 1) * 86400, o.name, r.report_id, d.name, "     \
    "d.id,"                                                                                        \
    "  r.signature, s.value"                                                                       \
    " FROM (SELECT p.day, p.domain, p.report" policies " LIMIT -1) p"                              \
    "  CROSS JOIN domain d ON d.id = p.domain"                                                     \
    "  CROSS JOIN report r ON r.id = p.report"                                                     \
    "   AND (?4 IS NULL OR r.organization = (SELECT id FROM organization WHERE name = ?4))"        \
    "  CROSS JOIN organization o ON o.id = r.organization"                                         \
    "  CROSS JOIN text s ON s.id = r.signed_by"
#define POLICIES_OF_ONE(condition)                                                                 \
    " FROM mode_day m" SQL_POLICIES condition                                                      \
    " WHERE m.domain = ?1 AND m.day BETWEEN ?2 AND ?3 ORDER BY m.day DESC, p.report DESC"
#define POLICIES_OF_TOTAL SQL_POLICIES_ON("+t.block", "t.domain")
#define POLICIES_OF_MINE(condition)                                                                \
    " FROM total_domain t CROSS JOIN domain d ON d.id = t.domain AND d.mine" POLICIES_OF_TOTAL     \
        condition " WHERE t.level = 0 AND t.block BETWEEN ?2 AND ?3"                               \
    " ORDER BY t.block DESC, t.domain DESC, p.report DESC"

static const char *reports_statement(const struct report_filter *filter)
{
    static const char one[] = SELECT_REPORTS(POLICIES_OF_ONE(""));
    static const char one_failing[] = SELECT_REPORTS(POLICIES_OF_ONE(SQL_FAILING));
    static const char mine[] = SELECT_REPORTS(POLICIES_OF_MINE(""));
    static const char mine_failing[] = SELECT_REPORTS(POLICIES_OF_MINE(SQL_FAILING));
    if (filter->domain == ALL_DOMAINS)
        return filter->failing ? mine_failing : mine;
    return filter->failing ? one_failing : one;
}

/* The policies of report LINE->id for DOMAIN: their types and totals. */
static enum db_status sum_report(struct db *db, struct report_row *line, int64_t domain,
                                 struct joined *types)
{
    static const char select[] = "SELECT 1, p.successful, p.failed, t.name, p.failures"
                                 " FROM policy p CROSS JOIN policy_type t ON t.id = p.type"
                                 " WHERE p.report = ? AND p.domain = ? ORDER BY p.n";
    sqlite3_stmt *statement = db_statement(db, select);
    db_bind_integers(statement, (int64_t[]){line->id, domain}, 2);
    join_nothing(types);
    line->policy_types = types->text;
    line->totals.reports = 1;
    enum db_status status = DB_OK;
    while (statement_next(db, statement, &status)) {
        struct totals totals = statement_totals(statement, 0);
        line->totals.successful += totals.successful;
        line->totals.failed += totals.failed;
        line->failures += sqlite3_column_int64(statement, 4);
        join(types, db_text(statement, 3));
    }
    return status;
}

static sqlite3_stmt *bind_reports(struct db *db, const struct report_filter *filter)
{
    sqlite3_stmt *statement = db_statement(db, reports_statement(filter));
    if (filter->domain != ALL_DOMAINS)
        sqlite3_bind_int64(statement, 1, filter->domain);
    sqlite3_bind_int(statement, 2, filter->range.first);
    sqlite3_bind_int(statement, 3, filter->range.last);
    db_bind_text(statement, 4, filter->organization);
    return statement;
}

enum db_status query_reports(struct db *db, const struct report_filter *filter, report_row_fn *row,
                             void *context)
{
    sqlite3_stmt *statement = bind_reports(db, filter);
    enum db_status status = DB_OK;
    int64_t last_report = 0, last_domain = 0, rows = 0;
    while (statement_next(db, statement, &status)) {
        struct joined types;
        struct report_row line = {
            .id = sqlite3_column_int64(statement, 0),
            .day = sqlite3_column_int(statement, 1),
            .covers_days = sqlite3_column_int(statement, 2) != 0,
            .organization = db_text(statement, 3),
            .report_id = db_text(statement, 4),
            .domain = db_text(statement, 5),
            .signature = (enum signature)sqlite3_column_int(statement, 7),
            .signed_by = db_text(statement, 8),
        };
        int64_t domain = sqlite3_column_int64(statement, 6);
        if (line.id == last_report && domain == last_domain)
            continue; /* another policy of it */
        if (filter->limit != 0 && rows++ == filter->limit)
            break;
        last_report = line.id;
        last_domain = domain;
        status = sum_report(db, &line, domain, &types);
        if (status == DB_OK && row(context, &line) != 0)
            status = DB_STOPPED;
        if (status != DB_OK)
            break;
    }
    return db_done(statement, status);
}

/* --- one report --- */

static enum db_status read_head(struct db *db, int64_t report, const struct report_parts *parts,
                                void *context)
{
    static const char select[] =
        "SELECT o.name, r.report_id, c.value, d.name, r.begin_time, r.end_time, j.time,"
        "   " SQL_SOURCE ", r.pruned, r.signature, s.value"
        " FROM report r CROSS JOIN organization o ON o.id = r.organization"
        "  CROSS JOIN text c ON c.id = r.contact CROSS JOIN text s ON s.id = r.signed_by"
        "  CROSS JOIN domain d ON d.id = r.recipient"
        "  CROSS JOIN journal j ON j.id = r.journal LEFT JOIN mailbox m ON m.id = j.mailbox"
        " WHERE r.id = ?";
    enum db_status status = DB_OK;
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, report);
    if (!statement_next(db, statement, &status))
        return status != DB_OK ? status : db_complain(db, DB_MISSING, "has no such report");
    struct report_head head = {
        .organization = db_text(statement, 0),
        .report_id = db_text(statement, 1),
        .contact = db_text(statement, 2),
        .recipient = db_text(statement, 3),
        .begin = sqlite3_column_int64(statement, 4),
        .end = sqlite3_column_int64(statement, 5),
        .imported = sqlite3_column_int64(statement, 6),
        .source = db_text(statement, 7),
        .pruned = sqlite3_column_int(statement, 8) != 0,
        .signature = (enum signature)sqlite3_column_int(statement, 9),
        .signed_by = db_text(statement, 10),
    };
    return db_done(statement, parts->head(context, &head) == 0 ? DB_OK : DB_STOPPED);
}

enum db_status query_report(struct db *db, int64_t report, const struct report_parts *parts,
                            void *context)
{
    static const char select[] =
        "SELECT d.name, t.name, p.mode, x.value, mx.value, host.value, p.successful, p.failed, p.n"
        " FROM policy p CROSS JOIN domain d ON d.id = p.domain"
        "  CROSS JOIN policy_type t ON t.id = p.type"
        "  CROSS JOIN policy_text x ON x.id = p.policy_text"
        "  CROSS JOIN text mx ON mx.id = p.mx CROSS JOIN text host ON host.id = p.mx_host"
        " WHERE p.report = ? ORDER BY p.n";
    enum db_status status = read_head(db, report, parts, context);
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, report);
    while (statement_next(db, statement, &status)) {
        struct policy_row policy = {
            .domain = db_text(statement, 0),
            .policy_type = db_text(statement, 1),
            .mode = (enum sts_mode)sqlite3_column_int(statement, 2),
            .text = db_text(statement, 3),
            .mx = db_text(statement, 4),
            .mx_host = db_text(statement, 5),
            .successful = sqlite3_column_int64(statement, 6),
            .failed = sqlite3_column_int64(statement, 7),
        };
        if (parts->policy(context, &policy) != 0)
            return db_done(statement, DB_STOPPED);
        status = failures_of_policy(db, report, sqlite3_column_int64(statement, 8), parts->failure,
                                    context);
    }
    return status;
}

/* --- documents --- */

enum {
    DOCUMENT_MAX = 1024 * 1024 * 1024, /* the most that document-max lets in */
    DOCUMENT_START = 16 * 1024
};

/* A buffer that documents are unpacked into, one after the other. */
struct unpacked {
    char *json;
    size_t size;
    size_t capacity;
};

/* Room for at least one more byte; -1 when memory is short or it is too long. */
static int make_room(struct unpacked *unpacked)
{
    if (unpacked->size < unpacked->capacity)
        return 0;
    size_t capacity = unpacked->capacity == 0 ? DOCUMENT_START : unpacked->capacity * 2;
    char *json = capacity > DOCUMENT_MAX ? NULL : realloc(unpacked->json, capacity);
    if (json == NULL)
        return -1;
    unpacked->json = json;
    unpacked->capacity = capacity;
    return 0;
}

/* Unpacks the gzip members in BYTES; what follows the last is ignored, as
 * gzip does.  Returns 0, or -1 when they cannot be. */
static int unpack(struct unpacked *unpacked, const void *bytes, size_t size)
{
    enum { GZIP_WINDOW = 15 + 16 };
    z_stream stream = {.next_in = (z_const Bytef *)bytes, .avail_in = (uInt)size};
    unpacked->size = 0;
    if (inflateInit2(&stream, GZIP_WINDOW) != Z_OK)
        return -1;
    int code = Z_OK;
    while (code == Z_OK && (code = make_room(unpacked)) == Z_OK) {
        stream.next_out = (Bytef *)unpacked->json + unpacked->size;
        stream.avail_out = (uInt)(unpacked->capacity - unpacked->size);
        code = inflate(&stream, Z_NO_FLUSH);
        unpacked->size = unpacked->capacity - stream.avail_out;
        if (code == Z_STREAM_END && packer_is_packed(stream.next_in, stream.avail_in))
            code = inflateReset(&stream);
    }
    inflateEnd(&stream);
    return code == Z_STREAM_END ? 0 : -1;
}

/* Unpacks the document in column 1 of STATEMENT, of the report in column 0.  There is
 * none of a pruned report. */
static enum db_status read_document(struct db *db, sqlite3_stmt *statement,
                                    struct unpacked *unpacked)
{
    const void *bytes = sqlite3_column_blob(statement, 1);
    size_t size = (size_t)sqlite3_column_bytes(statement, 1);
    unpacked->size = 0;
    if (bytes != NULL && unpack(unpacked, bytes, size) != 0)
        return db_complain(db, DB_DAMAGED, "cannot unpack the original of report %lld",
                           (long long)sqlite3_column_int64(statement, 0));
    return DB_OK;
}

enum db_status query_document(struct db *db, int64_t report, document_fn *row, void *context)
{
    static const char select[] = "SELECT r.id, b.bytes FROM report r"
                                 " LEFT JOIN document b ON b.report = r.id WHERE r.id = ?";
    struct unpacked unpacked = {0};
    enum db_status status = DB_OK;
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, report);
    if (statement_next(db, statement, &status)) {
        status = read_document(db, statement, &unpacked);
        if (status == DB_OK &&
            row(context, report, unpacked.size == 0 ? "" : unpacked.json, unpacked.size) != 0)
            status = DB_STOPPED;
    }
    free(unpacked.json);
    return db_done(statement, status);
}

#define DOCUMENT_COLUMNS "SELECT p.report, b.bytes, o.name, e.name"
#define DOCUMENT_TEXTS                                                                             \
    " CROSS JOIN report r ON r.id = p.report CROSS JOIN organization o ON o.id = r.organization"   \
    " CROSS JOIN domain e ON e.id = r.recipient LEFT JOIN document b ON b.report = p.report"

static sqlite3_stmt *bind_documents(struct db *db, int64_t domain, struct day_range range)
{
    static const char one[] = DOCUMENT_COLUMNS
        " FROM mode_day m" SQL_POLICIES DOCUMENT_TEXTS
        " WHERE m.domain = ?1 AND m.day BETWEEN ?2 AND ?3 ORDER BY m.day, p.report";
    /* a report on several of mine comes with the first of them */
    static const char mine[] = DOCUMENT_COLUMNS
        " FROM total_domain t CROSS JOIN domain d ON d.id = t.domain AND d.mine" POLICIES_OF_TOTAL
        "   AND p.n = (SELECT q.n FROM policy q CROSS JOIN domain m ON m.id = q.domain AND m.mine"
        "    WHERE q.report = p.report ORDER BY q.n LIMIT 1)" DOCUMENT_TEXTS
        " WHERE t.level = 0 AND t.block BETWEEN ?2 AND ?3"
        " ORDER BY t.block, t.domain, p.report";
    sqlite3_stmt *statement = db_statement(db, domain == ALL_DOMAINS ? mine : one);
    if (domain != ALL_DOMAINS)
        sqlite3_bind_int64(statement, 1, domain);
    sqlite3_bind_int(statement, 2, range.first);
    sqlite3_bind_int(statement, 3, range.last);
    return statement;
}

enum db_status query_documents(struct db *db, int64_t domain, struct day_range range,
                               document_row_fn *row, void *context)
{
    struct unpacked unpacked = {0};
    int64_t last = 0;
    enum db_status status = DB_OK;
    sqlite3_stmt *statement = bind_documents(db, domain, range);
    while (statement_next(db, statement, &status)) {
        int64_t report = sqlite3_column_int64(statement, 0);
        if (report == last)
            continue; /* another policy of it */
        last = report;
        status = read_document(db, statement, &unpacked);
        struct document_row line = {
            .report = report,
            .organization = db_text(statement, 2),
            .recipient = db_text(statement, 3),
            .json = unpacked.size == 0 ? "" : unpacked.json,
            .size = unpacked.size,
        };
        if (status == DB_OK && row(context, &line) != 0)
            status = DB_STOPPED;
    }
    free(unpacked.json);
    return db_done(statement, status);
}

/* --- a report that is not there yet --- */

enum db_status query_outcome(struct db *db, struct identities *identities,
                             const struct report *report, enum outcome *outcome)
{
    /* the identity is a hash of the domains, too; only storing must be beyond doubt */
    static const char select[] = "SELECT r.content FROM report r"
                                 " JOIN organization o ON o.id = r.organization"
                                 " WHERE r.id = ? AND o.name = ? AND r.report_id = ?";
    struct identity_search search = {.hash = report->identity};
    int64_t candidate;
    enum db_status status = DB_OK;
    *outcome = OUTCOME_IMPORTED;
    identities_refresh(identities);
    while (*outcome == OUTCOME_IMPORTED &&
           (status = identities_next(identities, &search, &candidate)) == DB_OK && candidate != 0) {
        sqlite3_stmt *statement = db_statement(db, select);
        sqlite3_bind_int64(statement, 1, candidate);
        db_bind_text(statement, 2, report->organization);
        db_bind_text(statement, 3, report->report_id);
        bool row;
        status = db_step(db, statement, &row);
        if (row)
            *outcome = sqlite3_column_int64(statement, 0) == report->content ? OUTCOME_DUPLICATE
                                                                             : OUTCOME_CONFLICT;
        if (db_done(statement, status) != DB_OK)
            break;
    }
    return status;
}
