#include <stdio.h>
#include <stdlib.h>

#include "domain_rows.h"
#include "incident.h"
#include "review.h"
#include "statement.h"

enum { LEARNING_DAYS = 21 };

struct found {
    int64_t domain;
    struct incident incident;
    enum incident_state state;
    int64_t refused;
    bool refuses;
};

struct search {
    struct day_range range; /* that an incident has a day of, or goes on after */
    struct day_range read;  /* up to today */
    struct found *found;
    size_t count, capacity;
};

/* A range of the last weeks begins where any other does, so that all tell the same of an
 * incident. */
static struct day_range days_to_read(struct day_range range, int today)
{
    int first = today - INCIDENTS_DAYS + 1;
    if (range.first < first)
        first = range.first;
    return (struct day_range){first - LEARNING_DAYS, today};
}

static bool add(struct search *search, int64_t domain, const struct incident *incident,
                enum incident_state state)
{
    enum { FIRST_CAPACITY = 64 };
    bool now = incident_goes_on(state) && search->range.last == search->read.last;
    if ((incident->last_day < search->range.first && !now) ||
        incident->first_day > search->range.last)
        return true;
    if (search->count == search->capacity) {
        size_t capacity = search->capacity > 0 ? search->capacity * 2 : FIRST_CAPACITY;
        struct found *found = realloc(search->found, capacity * sizeof *found);
        if (found == NULL)
            return false;
        search->found = found;
        search->capacity = capacity;
    }
    search->found[search->count++] =
        (struct found){.domain = domain, .incident = *incident, .state = state};
    return true;
}

/* What is open after the last day that was read. */
static bool add_open(struct search *search, int64_t domain, const struct incident_watch *watch)
{
    return !watch->open ||
           add(search, domain, &watch->incident, incident_state(watch, search->read.last));
}

/* The first day with a report on DOMAIN, ever, into *DAY if it is later than that. */
static enum db_status begin_with_reports(struct db *db, int64_t domain, int *day)
{
    static const char select[] = "SELECT coalesce(first_day, 0) FROM domain WHERE id = ?";
    sqlite3_stmt *statement = db_statement(db, select);
    sqlite3_bind_int64(statement, 1, domain);
    enum db_status status = DB_OK;
    if (statement_next(db, statement, &status) && sqlite3_column_int(statement, 0) > *day)
        *day = sqlite3_column_int(statement, 0);
    return db_done(statement, status);
}

static enum db_status search_domain(struct db *db, int64_t domain, struct search *search)
{
    struct day_range days = search->read;
    struct incident_watch watch = {0};
    struct incident ended;
    enum db_status status = begin_with_reports(db, domain, &days.first);
    if (status != DB_OK || days.first > days.last)
        return status;
    int count = days.last - days.first + 1;
    struct totals *totals = calloc((size_t)count, sizeof *totals);
    bool complete = totals != NULL;
    if (complete)
        status = query_steps(db, domain, days.first, 1, count, totals);
    for (int i = 0; i < count && status == DB_OK && complete; i++)
        if (incident_take(&watch, days.first + i, &totals[i], &ended))
            complete = add(search, domain, &ended, INCIDENT_OVER);
    if (status == DB_OK && complete)
        complete = add_open(search, domain, &watch);
    free(totals);
    return complete || status != DB_OK ? status : db_complain(db, DB_MEMORY, "out of memory");
}

/* Reads day by day, and all domains of each: as they lie in the database. */
static enum db_status search_mine(struct db *db, struct search *search)
{
    static const char select[] = "SELECT block, domain, successful, failed FROM total_domain"
                                 " WHERE level = 0 AND block BETWEEN ?1 AND ?2 AND domain > 0";
    struct day_range days = search->read;
    struct incident ended;
    bool *foreign;
    int64_t count;
    enum db_status status = domains_foreign(db, &foreign, &count);
    struct incident_watch *watches =
        status == DB_OK ? calloc((size_t)count, sizeof *watches) : NULL;
    bool complete = watches != NULL;
    sqlite3_stmt *statement = NULL;
    if (complete) {
        statement = db_statement(db, select);
        db_bind_integers(statement, (int64_t[]){days.first, days.last}, 2);
    }
    while (complete && statement_next(db, statement, &status)) {
        int64_t domain = sqlite3_column_int64(statement, 1);
        struct totals totals = {.successful = sqlite3_column_int64(statement, 2),
                                .failed = sqlite3_column_int64(statement, 3)};
        if (domain < count && !foreign[domain] &&
            incident_take(&watches[domain], sqlite3_column_int(statement, 0), &totals, &ended))
            complete = add(search, domain, &ended, INCIDENT_OVER);
    }
    for (int64_t domain = 1; domain < count && complete && status == DB_OK; domain++)
        complete = add_open(search, domain, &watches[domain]);
    if (statement != NULL)
        status = db_done(statement, status);
    free(watches);
    free(foreign);
    return complete || status != DB_OK ? status : db_complain(db, DB_MEMORY, "out of memory");
}

static int compare(const void *a, const void *b)
{
    const struct found *left = a, *right = b;
    const struct incident *before = &left->incident, *after = &right->incident;
    if (left->state != right->state)
        return left->state < right->state ? -1 : 1;
    if (left->refuses != right->refuses)
        return left->refuses ? -1 : 1;
    if (before->last_day != after->last_day)
        return before->last_day > after->last_day ? -1 : 1;
    if (before->failed != after->failed)
        return before->failed > after->failed ? -1 : 1;
    return (left->domain > right->domain) - (left->domain < right->domain);
}

/* --- what was refused --- */

static enum db_status weigh(struct db *db, struct found *found)
{
    const struct incident *incident = &found->incident;
    struct day_range days = {incident->first_day, incident->last_day};
    struct refusals refusals;
    enum db_status status = query_refusals(db, found->domain, days, &refusals);
    found->refused = refusals.enforced + refusals.dane;
    found->refuses = refusals.last_day == incident->last_day;
    return status;
}

/* --- what is told of each --- */

enum { TYPE_MAX = 256 };

struct telling {
    incident_row_fn *row;
    void *context;
    struct incident_row line;
    char result_type[TYPE_MAX];
};

static int keep_first(void *context, const struct result_row *row)
{
    struct telling *telling = context;
    snprintf(telling->result_type, TYPE_MAX, "%s", row->result_type);
    return 1;
}

static int tell(void *context, const struct domain_row *row)
{
    struct telling *telling = context;
    telling->line.name = row->name;
    telling->line.mode = row->mode;
    return telling->row(telling->context, &telling->line);
}

static enum db_status tell_one(struct db *db, const struct found *found, struct telling *telling)
{
    struct totals none = {0};
    struct day_range last = {found->incident.last_day, found->incident.last_day};
    telling->result_type[0] = '\0';
    telling->line = (struct incident_row){.domain = found->domain,
                                          .incident = found->incident,
                                          .state = found->state,
                                          .refused = found->refused,
                                          .refuses = found->refuses,
                                          .result_type = telling->result_type};
    enum db_status status = query_results(db, found->domain, last, keep_first, telling);
    if (status == DB_OK || status == DB_STOPPED)
        status = domain_single(db, found->domain, &none, tell, telling);
    return status;
}

enum db_status query_incidents(struct db *db, int64_t domain, struct day_range range,
                               struct incident_sums *sums, incident_row_fn *row, void *context)
{
    struct telling telling = {.row = row, .context = context};
    int now = today();
    *sums = (struct incident_sums){0};
    if (range.last > now)
        range.last = now;
    if (range.first > range.last)
        return DB_OK;
    struct search search = {.range = range, .read = days_to_read(range, now)};
    enum db_status status =
        domain == ALL_DOMAINS ? search_mine(db, &search) : search_domain(db, domain, &search);
    sums->incidents = (int64_t)search.count;
    for (size_t i = 0; i < search.count; i++)
        sums->ongoing += incident_goes_on(search.found[i].state);
    size_t told = search.count < INCIDENTS_MAX ? search.count : INCIDENTS_MAX;
    if (search.count > 1)
        qsort(search.found, search.count, sizeof *search.found, compare);
    for (size_t i = 0; i < told && status == DB_OK; i++)
        status = weigh(db, &search.found[i]);
    if (told > 1)
        qsort(search.found, told, sizeof *search.found, compare);
    for (size_t i = 0; i < told && status == DB_OK; i++)
        status = tell_one(db, &search.found[i], &telling);
    free(search.found);
    return status;
}
