/*
 * floor - the least that importing a folder of report mails can cost.
 *
 *   floor DATABASE FOLDER
 *
 * One thread that reads each file, finds its base64 part, decodes, unpacks and
 * parses it, and inserts what a database of tlsrptop keeps of a report: head,
 * policies, failures and the original, texts by number, a transaction some thousand
 * reports.  No journal, no totals, no modes, no duplicates, no index but the primary
 * keys, no bounds worth the name.  What the importer is measured against; never for
 * real mail.
 */
#include <dirent.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

#include "../../importers/decode.h"

enum { MAIL_MAX = 1024 * 1024, DOCUMENT_MAX = 4 * 1024 * 1024, BATCH = 6000, TEXTS = 1 << 16 };

static sqlite3 *sqlite;
static sqlite3_stmt *insert_text, *insert_report, *insert_policy, *insert_failure, *insert_document;

static sqlite3_stmt *prepare(const char *sql)
{
    sqlite3_stmt *statement;
    if (sqlite3_prepare_v2(sqlite, sql, -1, &statement, NULL) != SQLITE_OK) {
        fprintf(stderr, "floor: %s\n", sqlite3_errmsg(sqlite));
        exit(1);
    }
    return statement;
}

static void run(sqlite3_stmt *statement)
{
    sqlite3_step(statement);
    sqlite3_reset(statement);
}

/* The number of TEXT: a table without collisions worth a thought. */
static sqlite3_int64 number_of(const char *text)
{
    static struct {
        char *text;
        sqlite3_int64 number;
    } known[TEXTS];
    unsigned hash = 5381;
    for (const char *at = text; *at != '\0'; at++)
        hash = hash * 33 + (unsigned char)*at;
    unsigned slot = hash % TEXTS;
    while (known[slot].text != NULL && strcmp(known[slot].text, text) != 0)
        slot = (slot + 1) % TEXTS;
    if (known[slot].text == NULL) {
        sqlite3_bind_text(insert_text, 1, text, -1, SQLITE_STATIC);
        run(insert_text);
        known[slot].text = strdup(text);
        known[slot].number = sqlite3_last_insert_rowid(sqlite);
    }
    return known[slot].number;
}

static const char *text_of(struct json_object *object, const char *key)
{
    struct json_object *value;
    return json_object_object_get_ex(object, key, &value) && value != NULL
               ? json_object_get_string(value)
               : "";
}

static sqlite3_int64 count_of(struct json_object *object, const char *key)
{
    struct json_object *value;
    return json_object_object_get_ex(object, key, &value) ? json_object_get_int64(value) : 0;
}

static struct json_object *member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;
    json_object_object_get_ex(object, key, &value);
    return value;
}

static void bind_all(sqlite3_stmt *statement, const sqlite3_int64 *values, int count)
{
    for (int i = 0; i < count; i++)
        sqlite3_bind_int64(statement, i + 1, values[i]);
    run(statement);
}

static void store_policy(sqlite3_int64 report, sqlite3_int64 n, struct json_object *entry)
{
    struct json_object *policy = member(entry, "policy"), *summary = member(entry, "summary");
    struct json_object *failures = member(entry, "failure-details");
    sqlite3_int64 values[] = {report,
                              n,
                              number_of(text_of(policy, "policy-domain")),
                              number_of(text_of(policy, "policy-type")),
                              number_of(text_of(policy, "policy-string")),
                              number_of(text_of(policy, "mx-host")),
                              count_of(summary, "total-successful-session-count"),
                              count_of(summary, "total-failure-session-count")};
    bind_all(insert_policy, values, (int)(sizeof values / sizeof *values));
    size_t count =
        json_object_is_type(failures, json_type_array) ? json_object_array_length(failures) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *failure = json_object_array_get_idx(failures, i);
        sqlite3_int64 detail[] = {report,
                                  n,
                                  (sqlite3_int64)i,
                                  number_of(text_of(failure, "result-type")),
                                  number_of(text_of(failure, "sending-mta-ip")),
                                  number_of(text_of(failure, "receiving-mx-hostname")),
                                  number_of(text_of(failure, "receiving-mx-helo")),
                                  number_of(text_of(failure, "receiving-ip")),
                                  count_of(failure, "failed-session-count"),
                                  number_of(text_of(failure, "failure-reason-code")),
                                  number_of(text_of(failure, "additional-information"))};
        bind_all(insert_failure, detail, (int)(sizeof detail / sizeof *detail));
    }
}

static void store(struct json_object *document, const char *original, size_t size)
{
    struct json_object *range = member(document, "date-range"),
                       *policies = member(document, "policies");
    const char *id = text_of(document, "report-id");
    sqlite3_bind_int64(insert_report, 1, number_of(text_of(document, "organization-name")));
    sqlite3_bind_text(insert_report, 2, id, -1, SQLITE_STATIC);
    sqlite3_bind_text(insert_report, 3, text_of(range, "start-datetime"), -1, SQLITE_STATIC);
    sqlite3_bind_text(insert_report, 4, text_of(range, "end-datetime"), -1, SQLITE_STATIC);
    sqlite3_bind_int64(insert_report, 5, number_of(text_of(document, "contact-info")));
    run(insert_report);
    sqlite3_int64 report = sqlite3_last_insert_rowid(sqlite);
    sqlite3_bind_int64(insert_document, 1, report);
    sqlite3_bind_blob64(insert_document, 2, original, size, SQLITE_STATIC);
    run(insert_document);
    size_t count =
        json_object_is_type(policies, json_type_array) ? json_object_array_length(policies) : 0;
    for (size_t i = 0; i < count; i++)
        store_policy(report, (sqlite3_int64)i, json_object_array_get_idx(policies, i));
}

/* Unpacks BYTES into DOCUMENT; its length. */
static size_t unpack(const char *bytes, size_t size, char *document)
{
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)bytes,
                       .avail_in = (uInt)size,
                       .next_out = (Bytef *)document,
                       .avail_out = DOCUMENT_MAX};
    if (inflateInit2(&stream, 15 + 16) != Z_OK)
        return 0;
    inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return stream.total_out;
}

static void import(char *mail, size_t size, struct json_tokener *tokener)
{
    static char document[DOCUMENT_MAX];
    mail[size] = '\0';
    char *part = strstr(mail, "H4sI"); /* how every gzip begins in base64 */
    bool packed = part != NULL;
    if (!packed && (part = strstr(mail, "\neyJ")) == NULL && (part = strstr(mail, "\newo")) == NULL)
        return;
    struct slice encoded = {part, strcspn(part, "-")};
    size_t packed_length = decode_base64(encoded, part, NULL), length = packed_length;
    if (packed)
        length = unpack(part, length, document);
    else
        memcpy(document, part, length);
    json_tokener_reset(tokener);
    struct json_object *object = json_tokener_parse_ex(tokener, document, (int)length);
    if (object != NULL)
        store(object, part, packed_length);
    json_object_put(object);
}

int main(int argc, char **argv)
{
    static char mail[MAIL_MAX + 1];
    if (argc != 3 || sqlite3_open(argv[1], &sqlite) != SQLITE_OK || chdir(argv[2]) != 0) {
        fprintf(stderr, "usage: floor DATABASE FOLDER\n");
        return 64;
    }
    sqlite3_exec(
        sqlite,
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
        "CREATE TABLE text(id INTEGER PRIMARY KEY, value TEXT UNIQUE);"
        "CREATE TABLE report(id INTEGER PRIMARY KEY, organization, report_id, begin, end,"
        " contact);"
        "CREATE TABLE policy(report, n, domain, type, text, mx, successful, failed,"
        " PRIMARY KEY(report, n)) WITHOUT ROWID;"
        "CREATE TABLE failure(report, n, i, type, sender, mx, helo, ip, failed, code, info,"
        " PRIMARY KEY(report, n, i)) WITHOUT ROWID;"
        "CREATE TABLE document(report INTEGER PRIMARY KEY, bytes); BEGIN",
        NULL, NULL, NULL);
    insert_text = prepare("INSERT INTO text(value) VALUES(?)");
    insert_report = prepare("INSERT INTO report VALUES(NULL, ?, ?, ?, ?, ?)");
    insert_policy = prepare("INSERT INTO policy VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
    insert_failure = prepare("INSERT INTO failure VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
    insert_document = prepare("INSERT INTO document VALUES(?, ?)");
    struct json_tokener *tokener = json_tokener_new();
    DIR *folder = opendir(".");
    size_t count = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;) {
        int fd = entry->d_name[0] == '.' ? -1 : open(entry->d_name, O_RDONLY | O_CLOEXEC);
        ssize_t size = fd >= 0 ? read(fd, mail, MAIL_MAX) : -1;
        if (fd >= 0)
            close(fd);
        if (size > 0)
            import(mail, (size_t)size, tokener);
        if (++count % BATCH == 0)
            sqlite3_exec(sqlite, "COMMIT; BEGIN", NULL, NULL, NULL);
    }
    sqlite3_exec(sqlite, "COMMIT", NULL, NULL, NULL);
    json_tokener_free(tokener);
    return sqlite3_close_v2(sqlite) == SQLITE_OK ? 0 : 1;
}
