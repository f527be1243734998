#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "key_map.h"
#include "names.h"
#include "pairs.h"
#include "statement.h"

/*
 * Failed sessions by sender and by MX host.  The rows of the totals are added up
 * here: SQLite would sort them several times, for ten times as long.
 */

/* A domain has reports on fewer days than a range has.  The plus keeps SQLite from
 * looking through the range for all domains. */
#define SELECT_OF_ONE(keys)                                                                        \
    "SELECT " keys ", t.failed, t.day FROM mode_day m"                                             \
    " CROSS JOIN total_sender t ON t.day = +m.day AND t.domain = +m.domain"                        \
    " WHERE m.domain = ?1 AND m.day BETWEEN ?2 AND ?3"
/* total_sender has no rows for ALL_DOMAINS: those of mine are added up. */
#define SELECT_OF_MINE(keys)                                                                       \
    "SELECT " keys ", t.failed, t.day FROM total_sender t"                                         \
    " CROSS JOIN domain d ON d.id = t.domain AND d.mine WHERE t.day BETWEEN ?2 AND ?3"

/* What failed for one key, the meaning of whose parts is the statement's. */
struct part {
    struct key key; /* the first member, for key_compare() */
    int64_t failed;
    int first_day, last_day;
    int64_t senders; /* that no other part of its MX host has */
    int64_t of_type; /* failed with this result type */
    const char *type;
};

struct parts {
    struct part *rows;
    size_t count, capacity;
};

/* The texts behind the numbers. */
struct texts {
    struct names organizations, types, values, hosts;
    bool has_hosts; /* most databases have none */
};

static void init_texts(struct texts *texts, struct db *db)
{
    texts->has_hosts = false;
    names_init(&texts->organizations, db, "SELECT name FROM organization WHERE id = ?");
    names_init(&texts->types, db, "SELECT name FROM result_type WHERE id = ?");
    names_init(&texts->values, db, "SELECT value FROM text WHERE id = ?");
    names_init(&texts->hosts, db, "SELECT name FROM host_name WHERE ip = ?");
}

static void free_texts(struct texts *texts)
{
    names_free(&texts->organizations);
    names_free(&texts->types);
    names_free(&texts->values);
    names_free(&texts->hosts);
}

/* --- adding up --- */

enum { HOST, HOST_TYPE, HOST_SENDER }; /* of the keys of MX hosts */

static struct part *part_of(struct parts *parts, struct key_map *map, const struct key *key)
{
    size_t number = key_map_number(map, key);
    if (number == KEY_NONE)
        return NULL;
    if (parts->capacity < map->capacity) {
        struct part *rows = reallocarray(parts->rows, map->capacity, sizeof *rows);
        if (rows == NULL)
            return NULL;
        parts->rows = rows;
        parts->capacity = map->capacity;
    }
    if (number == parts->count)
        parts->rows[parts->count++] = (struct part){.key = *key, .first_day = DAY_MAX};
    return &parts->rows[number];
}

/* Adds up what SELECT finds of DOMAIN in RANGE: keys, failed sessions, a day.  The
 * parts are sorted by their keys.  With SENDERS, which is empty, the keys are those of
 * MX hosts; their senders are counted, and no part of their keys any more. */
static enum db_status add_up(struct db *db, int64_t domain, struct day_range range,
                             const char *select, struct parts *parts, struct pairs *senders)
{
    struct key_map map = {0};
    enum db_status status = DB_OK;
    sqlite3_stmt *statement = db_statement(db, select);
    if (domain != ALL_DOMAINS)
        sqlite3_bind_int64(statement, 1, domain);
    sqlite3_bind_int(statement, 2, range.first);
    sqlite3_bind_int(statement, 3, range.last);
    while (statement_next(db, statement, &status)) {
        struct key key;
        for (int i = 0; i < KEY_PARTS; i++)
            key.part[i] = sqlite3_column_int64(statement, i);
        int day = sqlite3_column_int(statement, KEY_PARTS + 1);
        int met = 0;
        if (senders != NULL) {
            met = pairs_add(senders, key.part[HOST], key.part[HOST_SENDER]);
            key.part[HOST_SENDER] = 0;
        }
        struct part *part = part_of(parts, &map, &key);
        if (part == NULL || met < 0) {
            status = db_done(statement, db_complain(db, DB_MEMORY, "out of memory"));
            break;
        }
        part->failed += sqlite3_column_int64(statement, KEY_PARTS);
        part->senders += met;
        part->first_day = day < part->first_day ? day : part->first_day;
        part->last_day = day > part->last_day ? day : part->last_day;
    }
    key_map_free(&map);
    if (parts->count > 0)
        qsort(parts->rows, parts->count, sizeof *parts->rows, key_compare);
    return status;
}

/* How many of the COUNT parts from PART on have the same first DEPTH parts of
 * their key. */
static size_t run_of(const struct part *part, size_t count, size_t depth)
{
    size_t n = 1;
    while (n < count && memcmp(part[n].key.part, part->key.part, depth * sizeof(int64_t)) == 0)
        n++;
    return n;
}

static int64_t failed_of(const struct part *parts, size_t count)
{
    int64_t failed = 0;
    for (size_t i = 0; i < count; i++)
        failed += parts[i].failed;
    return failed;
}

static int compare_counts(int64_t a, int64_t b) /* most first */
{
    return (b > a) - (b < a);
}

static int by_type(const void *a, const void *b)
{
    const struct part *left = a, *right = b;
    int order = compare_counts(left->of_type, right->of_type);
    if (order == 0)
        order = strcmp(left->type, right->type);
    if (order == 0)
        order = compare_counts(left->failed, right->failed);
    return order != 0 ? order : key_compare(a, b);
}

/* Sorts parts of one sender or MX host, which come by result type, part DEPTH of
 * their keys: the types with most failures first. */
static void sort_types(struct part *parts, size_t count, size_t depth, struct texts *texts,
                       enum db_status *status)
{
    for (size_t i = 0; i < count;) {
        size_t n = run_of(parts + i, count - i, depth + 1);
        int64_t failed = failed_of(parts + i, n);
        const char *type = names_get(&texts->types, parts[i].key.part[depth], status);
        for (size_t end = i + n; i < end; i++) {
            parts[i].of_type = failed;
            parts[i].type = type;
        }
    }
    qsort(parts, count, sizeof *parts, by_type);
}

/* --- senders --- */

enum { ORGANIZATION, SENDING_IP, RESULT_TYPE, MX_HOST }; /* of their keys */

struct sender {
    int64_t of_organization; /* failed */
    const char *organization;
    int64_t failed;
    const char *ip;
    struct part *parts;
    size_t part_count;
};

static int compare_senders(const void *a, const void *b)
{
    const struct sender *left = a, *right = b;
    int order = compare_counts(left->of_organization, right->of_organization);
    if (order == 0)
        order = strcmp(left->organization, right->organization);
    if (order == 0)
        order = compare_counts(left->failed, right->failed);
    if (order == 0)
        order = strcmp(left->ip, right->ip);
    return order != 0 ? order : key_compare(left->parts, right->parts);
}

/* Makes the senders of PARTS, of which there are no more than parts; returns how
 * many. */
static size_t find_senders(const struct parts *parts, struct texts *texts, struct sender *senders,
                           enum db_status *status)
{
    size_t count = 0;
    for (size_t i = 0; i < parts->count;) {
        struct part *rows = parts->rows + i;
        size_t left = parts->count - i, n = run_of(rows, left, SENDING_IP + 1);
        int64_t organization = rows->key.part[ORGANIZATION];
        bool same = i > 0 && rows[-1].key.part[ORGANIZATION] == organization;
        senders[count] = (struct sender){
            .of_organization = same ? senders[count - 1].of_organization
                                    : failed_of(rows, run_of(rows, left, ORGANIZATION + 1)),
            .organization = names_get(&texts->organizations, organization, status),
            .failed = failed_of(rows, n),
            .ip = names_get(&texts->values, rows->key.part[SENDING_IP], status),
            .parts = rows,
            .part_count = n,
        };
        count++;
        i += n;
    }
    if (count > 0)
        qsort(senders, count, sizeof *senders, compare_senders);
    return count;
}

static enum db_status give_sender(const struct sender *sender, struct texts *texts,
                                  sender_row_fn *row, void *context)
{
    enum db_status status = DB_OK;
    struct joined types, hosts;
    int64_t ip = sender->parts->key.part[SENDING_IP];
    struct sender_row line = {
        .organization_id = sender->parts->key.part[ORGANIZATION],
        .organization = sender->organization,
        .sending_mta_ip = sender->ip,
        .host_name = texts->has_hosts ? names_get(&texts->hosts, ip, &status) : "",
        .failed = sender->failed,
        .first_day = DAY_MAX,
        .result_types = types.text,
        .mx_hosts = hosts.text,
    };
    sort_types(sender->parts, sender->part_count, RESULT_TYPE, texts, &status);
    join_nothing(&types);
    join_nothing(&hosts);
    for (const struct part *part = sender->parts; part < sender->parts + sender->part_count;
         part++) {
        join(&types, part->type);
        join(&hosts, names_get(&texts->values, part->key.part[MX_HOST], &status));
        line.first_day = part->first_day < line.first_day ? part->first_day : line.first_day;
        line.last_day = part->last_day > line.last_day ? part->last_day : line.last_day;
    }
    return status == DB_OK && row(context, &line) != 0 ? DB_STOPPED : status;
}

static enum db_status give_senders(struct db *db, const struct parts *parts, sender_row_fn *row,
                                   void *context)
{
    struct texts texts;
    int64_t named = 0;
    enum db_status status =
        db_integer(db, "SELECT EXISTS(SELECT 1 FROM host_name WHERE ip > 0)", &named);
    struct sender *senders = calloc(parts->count + 1, sizeof *senders);
    if (senders == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    init_texts(&texts, db);
    texts.has_hosts = named != 0;
    size_t count = find_senders(parts, &texts, senders, &status);
    for (size_t i = 0; i < count && status == DB_OK; i++)
        status = give_sender(&senders[i], &texts, row, context);
    free_texts(&texts);
    free(senders);
    return status;
}

#define SENDER_KEYS "t.organization, t.sending_ip, t.result_type, t.mx_host"
static const char select_senders[] = SELECT_OF_ONE(SENDER_KEYS);
/* each domain has MX hosts of its own: with them there is little to add up */
static const char select_senders_of_mine[] =
    SELECT_OF_MINE("t.organization, t.sending_ip, t.result_type, 0");

enum db_status query_senders(struct db *db, int64_t domain, struct day_range range,
                             sender_row_fn *row, void *context)
{
    struct parts parts = {0};
    enum db_status status =
        add_up(db, domain, range, domain == ALL_DOMAINS ? select_senders_of_mine : select_senders,
               &parts, NULL);
    if (status == DB_OK)
        status = give_senders(db, &parts, row, context);
    free(parts.rows);
    return status;
}

/* --- MX hosts --- */

struct host {
    int64_t failed;
    const char *name;
    struct part *parts;
    size_t part_count;
};

static int compare_hosts(const void *a, const void *b)
{
    const struct host *left = a, *right = b;
    int order = compare_counts(left->failed, right->failed);
    return order != 0 ? order : strcmp(left->name, right->name);
}

static size_t find_hosts(const struct parts *parts, struct texts *texts, struct host *hosts,
                         enum db_status *status)
{
    size_t count = 0;
    for (size_t i = 0; i < parts->count;) {
        struct part *rows = parts->rows + i;
        size_t n = run_of(rows, parts->count - i, HOST + 1);
        hosts[count++] = (struct host){
            failed_of(rows, n), names_get(&texts->values, rows->key.part[HOST], status), rows, n};
        i += n;
    }
    if (count > 0)
        qsort(hosts, count, sizeof *hosts, compare_hosts);
    return count;
}

static enum db_status give_host(const struct host *host, struct texts *texts, mx_row_fn *row,
                                void *context)
{
    enum db_status status = DB_OK;
    struct joined types;
    sort_types(host->parts, host->part_count, HOST_TYPE, texts, &status);
    join_nothing(&types);
    struct mx_row line = {
        .mx_host = host->name,
        .result_types = types.text,
        .failed = host->failed,
    };
    for (size_t i = 0; i < host->part_count; i++) {
        join(&types, host->parts[i].type);
        line.senders += host->parts[i].senders;
    }
    return status == DB_OK && row(context, &line) != 0 ? DB_STOPPED : status;
}

static enum db_status give_hosts(struct db *db, const struct parts *parts, mx_row_fn *row,
                                 void *context)
{
    struct texts texts;
    enum db_status status = DB_OK;
    struct host *hosts = calloc(parts->count + 1, sizeof *hosts);
    if (hosts == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    init_texts(&texts, db);
    size_t count = find_hosts(parts, &texts, hosts, &status);
    for (size_t i = 0; i < count && status == DB_OK; i++)
        status = give_host(&hosts[i], &texts, row, context);
    free_texts(&texts);
    free(hosts);
    return status;
}

#define MX_KEYS "t.mx_host, t.result_type, t.sending_ip, 0"
static const char select_mx[] = SELECT_OF_ONE(MX_KEYS);
static const char select_mx_of_mine[] = SELECT_OF_MINE(MX_KEYS);

enum db_status query_mx(struct db *db, int64_t domain, struct day_range range, mx_row_fn *row,
                        void *context)
{
    struct parts parts = {0};
    struct pairs senders = {0};
    enum db_status status = add_up(
        db, domain, range, domain == ALL_DOMAINS ? select_mx_of_mine : select_mx, &parts, &senders);
    pairs_free(&senders);
    if (status == DB_OK)
        status = give_hosts(db, &parts, row, context);
    free(parts.rows);
    return status;
}
