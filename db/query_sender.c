#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "domain_rows.h"
#include "key_map.h"
#include "names.h"
#include "pairs.h"
#include "sender_blocks.h"
#include "statement.h"

/*
 * Failed sessions by sender and by MX host.  The rows of the totals are added up
 * here: SQLite would sort them several times, for ten times as long.
 */

/* A domain has reports on fewer days than a range has.  The plus keeps SQLite from
 * looking through the range for all domains. */
static const char select_of_one[] =
    "SELECT t.day, t.domain, t.senders FROM mode_day m"
    " CROSS JOIN total_sender t ON t.day = +m.day AND t.domain = +m.domain"
    " WHERE m.domain = ?1 AND m.day BETWEEN ?2 AND ?3";
/* total_sender has no rows for ALL_DOMAINS: those of mine are added up. */
static const char select_of_all[] =
    "SELECT t.day, t.domain, t.senders FROM total_sender t WHERE t.day BETWEEN ?2 AND ?3";

/* What failed for one key. */
struct part {
    struct key key;
    int64_t failed;
    int first_day, last_day;
    int64_t senders; /* that no other part of its MX host has */
    int64_t of_type; /* failed with this result type */
    const char *type;
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

typedef struct key key_fn(const struct sender_sum *sum);

enum { AT_ONCE = 64 };

/* Sums of some rows wait for one another, so that what they need of a large table is
 * on its way from memory before the first is added. */
struct waiting {
    struct key key;
    struct day_range days;
    struct sender_sum sum;
};

/* One adding up.  The senders of MX hosts are counted unless SENDERS is NULL. */
struct adding {
    key_fn *key_of;
    struct key_map *parts;
    struct pairs *senders;
    struct waiting waiting[AT_ONCE];
    size_t count;
};

static int add_sum(const struct adding *adding, const struct waiting *waiting)
{
    const struct sender_sum *sum = &waiting->sum;
    size_t known = adding->parts->count;
    struct part *part = key_map_row(adding->parts, &waiting->key);
    bool named = adding->senders != NULL && sum->sending_ip != 0; /* text 0 is "" */
    int met = named ? pairs_add(adding->senders, sum->mx_host, sum->sending_ip) : 0;
    if (part == NULL || met < 0)
        return -1;
    bool is_new = adding->parts->count > known;
    part->failed += sum->failed;
    part->senders += met;
    if (is_new || waiting->days.first < part->first_day)
        part->first_day = waiting->days.first;
    if (is_new || waiting->days.last > part->last_day)
        part->last_day = waiting->days.last;
    return 0;
}

static int add_waiting(struct adding *adding)
{
    for (size_t i = 0; i < adding->count; i++) {
        const struct waiting *waiting = &adding->waiting[i];
        key_map_prefetch(adding->parts, &waiting->key);
        if (adding->senders != NULL)
            pairs_prefetch(adding->senders, waiting->sum.mx_host, waiting->sum.sending_ip);
    }
    int result = 0;
    for (size_t i = 0; i < adding->count && result == 0; i++)
        result = add_sum(adding, &adding->waiting[i]);
    adding->count = 0;
    return result;
}

/* Of a row of a PIECE that is a block; of one DAY without. */
static enum db_status add_row(struct adding *adding, struct sender_sums *row,
                              const struct sender_piece *piece, int day)
{
    enum db_status status = DB_OK;
    while (sender_sums_next(row, &adding->waiting[adding->count].sum, &status)) {
        struct waiting *waiting = &adding->waiting[adding->count++];
        waiting->key = adding->key_of(&waiting->sum);
        waiting->days =
            piece != NULL ? sender_block_days(piece, &waiting->sum) : (struct day_range){day, day};
        if (adding->count == AT_ONCE && add_waiting(adding) != 0)
            status = db_complain(row->db, DB_MEMORY, "out of memory");
    }
    return status;
}

/* The rows of STATEMENT but for those of domains that are FOREIGN, COUNT by number. */
static enum db_status add_days(struct db *db, sqlite3_stmt *statement, struct day_range days,
                               const bool *foreign, int64_t count, struct adding *adding)
{
    enum db_status status = DB_OK;
    sqlite3_bind_int(statement, 2, days.first);
    sqlite3_bind_int(statement, 3, days.last);
    while (statement_next(db, statement, &status)) {
        int64_t domain = sqlite3_column_int64(statement, 1);
        if (domain >= 0 && domain < count && foreign[domain])
            continue;
        struct sender_sums row = sender_sums_of(db, statement, 2);
        status = add_row(adding, &row, NULL, sqlite3_column_int(statement, 0));
    }
    return status;
}

static enum db_status add_block(struct db *db, const struct sender_piece *piece,
                                struct adding *adding)
{
    enum db_status status = DB_OK;
    sqlite3_stmt *statement = sender_blocks_select(db, piece);
    while (statement_next(db, statement, &status)) {
        struct sender_sums row = sender_sums_of(db, statement, 0);
        status = add_row(adding, &row, piece, 0);
    }
    return status;
}

/* MX hosts are kept by day alone. */
static enum db_status add_mine(struct db *db, struct day_range range, struct adding *adding)
{
    struct sender_piece whole = {0, range}, *pieces = &whole;
    bool *foreign;
    int64_t domain_count;
    size_t count = 1;
    enum db_status status = domains_foreign(db, &foreign, &domain_count);
    if (status == DB_OK && adding->senders == NULL)
        status = sender_blocks_cover(db, range, &pieces, &count);
    for (size_t i = 0; i < count && status == DB_OK; i++)
        status = pieces[i].level > 0 ? add_block(db, &pieces[i], adding)
                                     : add_days(db, db_statement(db, select_of_all), pieces[i].days,
                                                foreign, domain_count, adding);
    if (pieces != &whole)
        free(pieces);
    free(foreign);
    return status;
}

/* Adds up what failed of DOMAIN in RANGE.  The parts are sorted by their keys, by which
 * no more can be added then. */
static enum db_status add_up(struct db *db, int64_t domain, struct day_range range,
                             struct adding *adding)
{
    enum db_status status;
    if (domain == ALL_DOMAINS) {
        status = add_mine(db, range, adding);
    } else {
        sqlite3_stmt *statement = db_statement(db, select_of_one);
        sqlite3_bind_int64(statement, 1, domain);
        status = add_days(db, statement, range, NULL, 0, adding);
    }
    if (status == DB_OK && add_waiting(adding) != 0)
        status = db_complain(db, DB_MEMORY, "out of memory");
    struct key_map *parts = adding->parts;
    if (parts->count > 0)
        qsort(parts->rows, parts->count, parts->row_size, key_compare);
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
static size_t find_senders(const struct key_map *parts, struct texts *texts, struct sender *senders,
                           enum db_status *status)
{
    size_t count = 0;
    for (size_t i = 0; i < parts->count;) {
        struct part *rows = (struct part *)parts->rows + i;
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

static enum db_status give_senders(struct db *db, const struct key_map *parts, sender_row_fn *row,
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

static struct key sender_key(const struct sender_sum *sum)
{
    return (struct key){{sum->organization, sum->sending_ip, sum->result_type, sum->mx_host}};
}

/* Each domain has MX hosts of its own: with them there is little to add up. */
static struct key sender_key_of_mine(const struct sender_sum *sum)
{
    return (struct key){{sum->organization, sum->sending_ip, sum->result_type, 0}};
}

enum db_status query_senders(struct db *db, int64_t domain, struct day_range range,
                             sender_row_fn *row, void *context)
{
    struct key_map parts = {.row_size = sizeof(struct part)};
    struct adding adding = {.key_of = domain == ALL_DOMAINS ? sender_key_of_mine : sender_key,
                            .parts = &parts};
    enum db_status status = add_up(db, domain, range, &adding);
    if (status == DB_OK)
        status = give_senders(db, &parts, row, context);
    key_map_free(&parts);
    return status;
}

/* --- MX hosts --- */

enum { HOST, HOST_TYPE }; /* of their keys */

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

static size_t find_hosts(const struct key_map *parts, struct texts *texts, struct host *hosts,
                         enum db_status *status)
{
    size_t count = 0;
    for (size_t i = 0; i < parts->count;) {
        struct part *rows = (struct part *)parts->rows + i;
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

static enum db_status give_hosts(struct db *db, const struct key_map *parts, mx_row_fn *row,
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

static struct key host_key(const struct sender_sum *sum)
{
    return (struct key){{sum->mx_host, sum->result_type}};
}

enum db_status query_mx(struct db *db, int64_t domain, struct day_range range, mx_row_fn *row,
                        void *context)
{
    struct key_map parts = {.row_size = sizeof(struct part)};
    struct pairs senders = {0};
    struct adding adding = {.key_of = host_key, .parts = &parts, .senders = &senders};
    enum db_status status = add_up(db, domain, range, &adding);
    pairs_free(&senders);
    if (status == DB_OK)
        status = give_hosts(db, &parts, row, context);
    key_map_free(&parts);
    return status;
}
