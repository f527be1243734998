#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "growing.h"
#include "mx_sources.h"
#include "names.h"
#include "sender_blocks.h"
#include "sender_days.h"
#include "statement.h"

/* What failed of DOMAIN in RANGE, by days and blocks. */
static enum db_status find_sources(struct mx_sources *sources, int64_t domain,
                                   struct day_range range)
{
    struct sender_piece *pieces;
    size_t count;
    enum db_status status = sender_blocks_cover(sources->db, domain, range, &pieces, &count);
    for (size_t i = 0; i < count && status == DB_OK; i++)
        status = pieces[i].level > 0
                     ? mx_sources_add_block(sources, pieces[i].level, pieces[i].days.first)
                     : sender_days(sources->db, domain, pieces[i].days, mx_sources_add, sources);
    free(pieces);
    return status == DB_OK ? mx_sources_finish(sources) : status;
}

/* --- hosts --- */

struct host_type {
    int64_t type;
    int64_t failed;
    const char *name;
};

struct host {
    int64_t number;
    int64_t failed;
    int64_t senders;
    size_t first_type, type_count;
    const char *name;
};

struct hosts {
    struct host *rows;
    size_t count, capacity;
    struct host_type *types; /* of one after the other */
    size_t type_count, type_capacity;
};

static bool add_type(struct hosts *hosts, int64_t type, int64_t failed)
{
    struct host_type *types =
        with_room(hosts->types, hosts->type_count, &hosts->type_capacity, sizeof *types);
    if (types == NULL)
        return false;
    hosts->types = types;
    types[hosts->type_count++] = (struct host_type){.type = type, .failed = failed};
    return true;
}

static struct host *add_host(struct hosts *hosts, int64_t number)
{
    struct host *rows = with_room(hosts->rows, hosts->count, &hosts->capacity, sizeof *rows);
    if (rows == NULL)
        return NULL;
    hosts->rows = rows;
    rows[hosts->count] = (struct host){.number = number, .first_type = hosts->type_count};
    return &rows[hosts->count++];
}

/* All hosts of SOURCES, in the order of their numbers. */
static enum db_status read_hosts(struct mx_sources *sources, struct hosts *hosts)
{
    struct mx_reader reader;
    struct mx_seen seen = {0};
    enum db_status status = DB_OK;
    int64_t number, type, failed;
    bool has_room = true;
    mx_reader_begin(&reader, sources->db, sources->parts, sources->count, &status);
    while (has_room && mx_next_host(&reader, &number, &status)) {
        struct host *host = add_host(hosts, number);
        has_room = host != NULL;
        while (has_room && mx_next_type(&reader, &type, &failed, &status)) {
            has_room = add_type(hosts, type, failed);
            host->failed += failed;
            host->type_count++;
        }
        if (has_room)
            host->senders = mx_count_addresses(&reader, &seen, &status);
    }
    free(seen.hosts);
    if (status == DB_OK && !has_room)
        status = db_complain(sources->db, DB_MEMORY, "out of memory");
    return status;
}

/* The most first. */
static int compare(int64_t failed_a, const char *name_a, int64_t failed_b, const char *name_b)
{
    int order = (failed_b > failed_a) - (failed_b < failed_a);
    return order != 0 ? order : strcmp(name_a, name_b);
}

static int compare_types(const void *a, const void *b)
{
    const struct host_type *left = a, *right = b;
    return compare(left->failed, left->name, right->failed, right->name);
}

static int compare_hosts(const void *a, const void *b)
{
    const struct host *left = a, *right = b;
    return compare(left->failed, left->name, right->failed, right->name);
}

static enum db_status give_host(const struct hosts *hosts, const struct host *host, mx_row_fn *row,
                                void *context)
{
    struct host_type *types = hosts->types + host->first_type;
    struct joined joined;
    if (hosts->types != NULL)
        qsort(types, host->type_count, sizeof *types, compare_types);
    join_nothing(&joined);
    for (size_t i = 0; i < host->type_count; i++)
        join(&joined, types[i].name);
    struct mx_row line = {
        .mx_host = host->name,
        .result_types = joined.text,
        .failed = host->failed,
        .senders = host->senders,
    };
    return row(context, &line) != 0 ? DB_STOPPED : DB_OK;
}

/* The names of HOSTS, from one to the next: of many, those between them are few. */
static enum db_status name_hosts(struct db *db, struct hosts *hosts, struct arena *names)
{
    static const char select[] = "SELECT id, value FROM text WHERE id >= ? ORDER BY id";
    enum { FAR = 16 /* to look for a row takes as long as to pass over so many */ };
    sqlite3_stmt *statement = db_statement(db, select);
    enum db_status status = DB_OK;
    int64_t at = INT64_MIN; /* number of the row that STATEMENT is on */
    for (size_t i = 0; i < hosts->count && status == DB_OK; i++) {
        struct host *host = &hosts->rows[i];
        if (at < host->number - FAR) {
            statement = db_statement(db, select);
            db_bind_integers(statement, &host->number, 1);
        }
        while (at < host->number)
            at = statement_next(db, statement, &status) ? sqlite3_column_int64(statement, 0)
                                                        : INT64_MAX;
        host->name = at == host->number ? arena_strdup(names, db_text(statement, 1)) : "";
        if (host->name == NULL)
            status = db_complain(db, DB_MEMORY, "out of memory");
    }
    return db_done(statement, status);
}

static enum db_status give_hosts(struct db *db, struct hosts *hosts, mx_row_fn *row, void *context)
{
    struct names types;
    struct arena names;
    arena_init(&names, 0);
    names_init(&types, db, "SELECT name FROM result_type WHERE id = ?");
    enum db_status status = name_hosts(db, hosts, &names);
    for (size_t i = 0; i < hosts->type_count; i++)
        hosts->types[i].name = names_get(&types, hosts->types[i].type, &status);
    if (status == DB_OK && hosts->count > 0) /* else not all have names */
        qsort(hosts->rows, hosts->count, sizeof *hosts->rows, compare_hosts);
    for (size_t i = 0; i < hosts->count && status == DB_OK; i++)
        status = give_host(hosts, &hosts->rows[i], row, context);
    names_free(&types);
    arena_free(&names);
    return status;
}

enum db_status query_mx(struct db *db, int64_t domain, struct day_range range, mx_row_fn *row,
                        void *context)
{
    struct mx_sources sources = {.db = db};
    struct hosts hosts = {0};
    enum db_status status = find_sources(&sources, domain, range);
    if (status == DB_OK)
        status = read_hosts(&sources, &hosts);
    mx_sources_free(&sources);
    if (status == DB_OK)
        status = give_hosts(db, &hosts, row, context);
    free(hosts.rows);
    free(hosts.types);
    return status;
}
