#include "query.h"

#include <stdlib.h>
#include <string.h>

#include "key_map.h"
#include "names.h"
#include "sender_blocks.h"
#include "sender_days.h"
#include "statement.h"

/*
 * Failed sessions by sender.  The rows of the totals are added up here: SQLite would
 * sort them several times, for ten times as long.
 */

enum { ORGANIZATION, SENDING_IP, RESULT_TYPE, MX_HOST }; /* parts of keys */

/* What failed for one key. */
struct part {
    struct key key;
    int64_t failed;
    int first_day, last_day;
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

static void join_parts(struct part *part, const struct part *more)
{
    part->failed += more->failed;
    part->first_day = more->first_day < part->first_day ? more->first_day : part->first_day;
    part->last_day = more->last_day > part->last_day ? more->last_day : part->last_day;
}

/* --- adding up days --- */

enum { AT_ONCE = 64 };

/* Some parts wait for one another, so that what they need of a large table is on its way
 * from memory before the first is added. */
struct adding {
    struct key_map *parts;
    bool by_host; /* each domain has MX hosts of its own: of all, there is little to add up */
    bool short_of_memory;
    struct part waiting[AT_ONCE];
    size_t count;
};

static void add_waiting(struct adding *adding)
{
    for (size_t i = 0; i < adding->count; i++)
        key_map_prefetch(adding->parts, &adding->waiting[i].key);
    for (size_t i = 0; i < adding->count && !adding->short_of_memory; i++) {
        size_t known = adding->parts->count;
        struct part *part = key_map_row(adding->parts, &adding->waiting[i].key);
        adding->short_of_memory = part == NULL;
        if (part == NULL)
            break;
        if (adding->parts->count > known)
            *part = adding->waiting[i];
        else
            join_parts(part, &adding->waiting[i]);
    }
    adding->count = 0;
}

static bool add_day(void *context, int day, const struct sender_sum *sum)
{
    struct adding *adding = context;
    adding->waiting[adding->count++] = (struct part){
        .key = {{sum->organization, sum->sending_ip, sum->result_type,
                 adding->by_host ? sum->mx_host : 0}},
        .failed = sum->failed,
        .first_day = day,
        .last_day = day,
    };
    if (adding->count == AT_ONCE)
        add_waiting(adding);
    return !adding->short_of_memory;
}

/* What failed of DOMAIN on the days of PIECES that no block covers, sorted by key. */
static enum db_status add_up_days(struct db *db, int64_t domain, const struct sender_piece *pieces,
                                  size_t count, struct key_map *parts)
{
    struct adding adding = {.parts = parts, .by_host = domain != ALL_DOMAINS};
    enum db_status status = DB_OK;
    for (size_t i = 0; i < count && status == DB_OK; i++)
        if (pieces[i].level == 0)
            status = sender_days(db, domain, pieces[i].days, add_day, &adding);
    add_waiting(&adding);
    if (status == DB_OK && adding.short_of_memory)
        status = db_complain(db, DB_MEMORY, "out of memory");
    if (parts->count > 0)
        qsort(parts->rows, parts->count, parts->row_size, key_compare);
    return status;
}

/* --- blocks, which are sorted, too --- */

/* Parts sorted by their keys, and room for what comes of them with a block. */
struct parts {
    struct part *rows;
    size_t count, capacity;
    struct part *room;
    size_t room_capacity;
};

static enum db_status make_room(struct db *db, struct parts *parts, size_t capacity)
{
    if (capacity <= parts->room_capacity)
        return DB_OK;
    capacity += capacity / 2;
    free(parts->room);
    parts->room = malloc(capacity * sizeof *parts->room);
    parts->room_capacity = parts->room == NULL ? 0 : capacity;
    return parts->room == NULL ? db_complain(db, DB_MEMORY, "out of memory") : DB_OK;
}

/* The next part of a block; false behind the last. */
static bool next_part(struct sender_sums *sums, const struct sender_piece *piece, struct part *part,
                      enum db_status *status)
{
    struct sender_sum sum;
    if (!sender_sums_next(sums, &sum, status))
        return false;
    struct day_range days = sender_block_days(piece, &sum);
    *part = (struct part){
        .key = {{sum.organization, sum.sending_ip, sum.result_type}},
        .failed = sum.failed,
        .first_day = days.first,
        .last_day = days.last,
    };
    return true;
}

/* Adds what is left of SUMS to PARTS. */
static void merge(struct parts *parts, struct sender_sums *sums, const struct sender_piece *piece,
                  enum db_status *status)
{
    struct part other;
    size_t count = 0, row = 0;
    bool more = next_part(sums, piece, &other, status);
    while (more || row < parts->count) {
        int order = !more ? -1 : row == parts->count ? 1 : key_compare(&parts->rows[row], &other);
        struct part *to = &parts->room[count++];
        *to = order > 0 ? other : parts->rows[row];
        if (order == 0)
            join_parts(to, &other);
        row += order <= 0;
        if (order >= 0)
            more = next_part(sums, piece, &other, status);
    }
    *parts = (struct parts){parts->room, count, parts->room_capacity, parts->rows, parts->capacity};
}

static enum db_status add_block(struct db *db, const struct sender_piece *piece,
                                struct parts *parts)
{
    enum db_status status = DB_OK;
    sqlite3_stmt *statement = sender_blocks_select(db, piece);
    while (statement_next(db, statement, &status)) {
        struct sender_sums sums = sender_sums_of(db, statement, 0);
        status = make_room(db, parts, parts->count + sender_sums_most(&sums) + 1);
        if (status == DB_OK)
            merge(parts, &sums, piece, &status);
    }
    return status;
}

static void free_parts(struct parts *parts)
{
    free(parts->rows);
    free(parts->room);
}

/* Adds up what failed of DOMAIN in RANGE: *PARTS, to be freed, whatever it returns. */
static enum db_status add_up(struct db *db, int64_t domain, struct day_range range,
                             struct parts *parts)
{
    struct sender_piece *pieces;
    size_t count;
    struct key_map days = {.row_size = sizeof(struct part)};
    enum db_status status = sender_blocks_cover(db, domain, range, &pieces, &count);
    if (status == DB_OK)
        status = add_up_days(db, domain, pieces, count, &days);
    *parts = (struct parts){.rows = days.rows, .count = days.count, .capacity = days.capacity};
    days.rows = NULL;
    key_map_free(&days);
    for (size_t i = 0; i < count && status == DB_OK; i++)
        if (pieces[i].level > 0)
            status = add_block(db, &pieces[i], parts);
    free(pieces);
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

/* Sorts the parts of one sender, which come by result type: the types with most failures
 * first. */
static void sort_types(struct part *parts, size_t count, struct texts *texts,
                       enum db_status *status)
{
    for (size_t i = 0; i < count;) {
        size_t n = run_of(parts + i, count - i, RESULT_TYPE + 1);
        int64_t failed = failed_of(parts + i, n);
        const char *type = names_get(&texts->types, parts[i].key.part[RESULT_TYPE], status);
        for (size_t end = i + n; i < end; i++) {
            parts[i].of_type = failed;
            parts[i].type = type;
        }
    }
    qsort(parts, count, sizeof *parts, by_type);
}

/* --- senders --- */

struct organization {
    int64_t id;
    const char *name;
    struct organization_sums sums;
};

struct sender {
    struct organization *organization;
    int64_t failed;
    const char *ip;
    struct part *parts;
    size_t part_count;
};

/* All that fail, and then those of them that are given. */
struct senders {
    struct sender *rows;
    size_t count;
    struct organization *organizations;
    size_t organization_count;
};

static int compare_senders(const void *a, const void *b)
{
    const struct sender *left = a, *right = b;
    int order = compare_counts(left->organization->sums.failed, right->organization->sums.failed);
    if (order == 0)
        order = strcmp(left->organization->name, right->organization->name);
    if (order == 0)
        order = compare_counts(left->failed, right->failed);
    if (order == 0)
        order = strcmp(left->ip, right->ip);
    return order != 0 ? order : key_compare(left->parts, right->parts);
}

/* Adds the senders of one organization, which the COUNT parts are of. */
static void add_organization(struct senders *senders, struct part *parts, size_t count)
{
    struct organization *organization = &senders->organizations[senders->organization_count++];
    *organization = (struct organization){
        .id = parts->key.part[ORGANIZATION],
        .sums = {.first_day = DAY_MAX},
    };
    struct organization_sums *sums = &organization->sums;
    for (size_t i = 0, n; i < count; i += n) {
        n = run_of(parts + i, count - i, SENDING_IP + 1);
        struct sender *sender = &senders->rows[senders->count++];
        *sender = (struct sender){
            .organization = organization,
            .failed = failed_of(parts + i, n),
            .parts = parts + i,
            .part_count = n,
        };
        sums->failed += sender->failed;
        sums->senders++;
    }
    for (size_t i = 0; i < count; i++) {
        sums->first_day =
            parts[i].first_day < sums->first_day ? parts[i].first_day : sums->first_day;
        sums->last_day = parts[i].last_day > sums->last_day ? parts[i].last_day : sums->last_day;
    }
}

/* Makes the senders of PARTS, to be freed, whatever it returns. */
static enum db_status find_senders(struct db *db, const struct parts *parts,
                                   struct senders *senders)
{
    size_t organizations = 0, count = 0;
    for (size_t i = 0; i < parts->count; i += run_of(parts->rows + i, parts->count - i, 1))
        organizations++;
    for (size_t i = 0; i < parts->count;
         i += run_of(parts->rows + i, parts->count - i, SENDING_IP + 1))
        count++;
    *senders = (struct senders){
        .rows = calloc(count + 1, sizeof *senders->rows),
        .organizations = calloc(organizations + 1, sizeof *senders->organizations),
    };
    if (senders->rows == NULL || senders->organizations == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    for (size_t i = 0, n; i < parts->count; i += n) {
        n = run_of(parts->rows + i, parts->count - i, ORGANIZATION + 1);
        add_organization(senders, parts->rows + i, n);
    }
    return DB_OK;
}

static void free_senders(struct senders *senders)
{
    free(senders->rows);
    free(senders->organizations);
}

static struct sender_total total_of(const struct senders *senders)
{
    struct sender_total total = {.senders = (int64_t)senders->count,
                                 .organizations = (int64_t)senders->organization_count};
    for (size_t i = 0; i < senders->organization_count; i++)
        total.failed += senders->organizations[i].sums.failed;
    return total;
}

static int by_count(const void *a, const void *b)
{
    return compare_counts(*(const int64_t *)a, *(const int64_t *)b);
}

/* Sets *LEAST to the failed sessions of the sender that comes as the MOST-th, and *WITH_LEAST
 * to how many of those with as many are among the MOST. */
static enum db_status find_least(struct db *db, const struct senders *senders, size_t most,
                                 int64_t *least, size_t *with_least)
{
    int64_t *failed = calloc(senders->count, sizeof *failed);
    size_t above = 0;
    if (failed == NULL)
        return db_complain(db, DB_MEMORY, "out of memory");
    for (size_t i = 0; i < senders->count; i++)
        failed[i] = senders->rows[i].failed;
    qsort(failed, senders->count, sizeof *failed, by_count);
    *least = failed[most - 1];
    while (failed[above] > *least)
        above++;
    *with_least = most - above;
    free(failed);
    return DB_OK;
}

/* Leaves out all but the MOST that fail most. */
static enum db_status choose_senders(struct db *db, struct senders *senders, size_t most)
{
    int64_t least = 0;
    size_t with_least = 0, kept = 0;
    if (senders->count <= most)
        return DB_OK;
    enum db_status status = find_least(db, senders, most, &least, &with_least);
    for (size_t i = 0; i < senders->count && status == DB_OK; i++) {
        const struct sender *sender = &senders->rows[i];
        if (sender->failed < least || (sender->failed == least && with_least == 0))
            continue;
        with_least -= sender->failed == least;
        senders->rows[kept++] = *sender;
    }
    senders->count = kept;
    return status;
}

static void sort_senders(struct senders *senders, struct texts *texts, enum db_status *status)
{
    for (size_t i = 0; i < senders->count; i++) {
        struct sender *sender = &senders->rows[i];
        if (sender->organization->name == NULL)
            sender->organization->name =
                names_get(&texts->organizations, sender->organization->id, status);
        sender->ip = names_get(&texts->values, sender->parts->key.part[SENDING_IP], status);
    }
    if (senders->count > 0)
        qsort(senders->rows, senders->count, sizeof *senders->rows, compare_senders);
}

static enum db_status give_sender(const struct sender *sender, struct texts *texts,
                                  sender_row_fn *row, void *context)
{
    enum db_status status = DB_OK;
    struct joined types, hosts;
    int64_t ip = sender->parts->key.part[SENDING_IP];
    struct sender_row line = {
        .organization_id = sender->organization->id,
        .organization = sender->organization->name,
        .organization_sums = &sender->organization->sums,
        .sending_mta_ip = sender->ip,
        .host_name = texts->has_hosts ? names_get(&texts->hosts, ip, &status) : "",
        .failed = sender->failed,
        .first_day = DAY_MAX,
        .result_types = types.text,
        .mx_hosts = hosts.text,
    };
    sort_types(sender->parts, sender->part_count, texts, &status);
    join_nothing(&types);
    join_nothing(&hosts);
    for (const struct part *part = sender->parts; part < sender->parts + sender->part_count;
         part++) {
        int64_t host = part->key.part[MX_HOST];
        if (part == sender->parts || part->type != part[-1].type)
            join(&types, part->type);
        if (host != 0)
            join(&hosts, names_get(&texts->values, host, &status));
        line.first_day = part->first_day < line.first_day ? part->first_day : line.first_day;
        line.last_day = part->last_day > line.last_day ? part->last_day : line.last_day;
    }
    return status == DB_OK && row(context, &line) != 0 ? DB_STOPPED : status;
}

static enum db_status give_senders(struct db *db, struct senders *senders, sender_row_fn *row,
                                   void *context)
{
    struct texts texts;
    int64_t named = 0;
    enum db_status status =
        db_integer(db, "SELECT EXISTS(SELECT 1 FROM host_name WHERE ip > 0)", &named);
    init_texts(&texts, db);
    texts.has_hosts = named != 0;
    sort_senders(senders, &texts, &status);
    for (size_t i = 0; i < senders->count && status == DB_OK; i++)
        status = give_sender(&senders->rows[i], &texts, row, context);
    free_texts(&texts);
    return status;
}

enum db_status query_worst_senders(struct db *db, int64_t domain, struct day_range range,
                                   size_t most, struct sender_total *total, sender_row_fn *row,
                                   void *context)
{
    struct parts parts;
    struct senders senders = {0};
    enum db_status status = add_up(db, domain, range, &parts);
    if (status == DB_OK)
        status = find_senders(db, &parts, &senders);
    if (status == DB_OK) {
        *total = total_of(&senders);
        status = choose_senders(db, &senders, most);
    }
    if (status == DB_OK)
        status = give_senders(db, &senders, row, context);
    free_senders(&senders);
    free_parts(&parts);
    return status;
}

enum db_status query_senders(struct db *db, int64_t domain, struct day_range range,
                             sender_row_fn *row, void *context)
{
    struct sender_total total;
    return query_worst_senders(db, domain, range, SIZE_MAX, &total, row, context);
}
