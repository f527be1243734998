#include "results.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../db/day.h"
#include "../db/domain.h"
#include "../db/observation.h"
#include "../db/query.h"
#include "evidence.h"

struct results {
    const struct results_settings *settings;
    struct results_counts counts;
    char **texts; /* of each domain, from when it is done until it is written */
    size_t count;
    size_t written;
    int error;              /* errno of writing, or 0 */
    struct verdict verdict; /* large, and only one at a time */
};

struct results *results_new(const struct results_settings *settings, size_t count)
{
    struct results *results = calloc(1, sizeof *results);
    char **texts = calloc(count + 1, sizeof *texts);
    if (results == NULL || texts == NULL) {
        free(results);
        free(texts);
        return NULL;
    }
    results->settings = settings;
    results->texts = texts;
    results->count = count;
    return results;
}

void results_free(struct results *results)
{
    if (results == NULL)
        return;
    for (size_t i = 0; i < results->count; i++)
        free(results->texts[i]);
    free(results->texts);
    free(results);
}

const struct results_counts *results_counts(const struct results *results)
{
    return &results->counts;
}

/* --- what was known --- */

struct known_reader {
    struct known *known;
    struct arena *arena;
    int64_t now;
};

static int take_newest(void *context, const struct observation *observation)
{
    struct known_reader *reader = context;
    struct observation newest = *observation;
    if (newest.last_time > reader->now) /* by a clock that was ahead */
        newest.last_time = reader->now;
    known_read(reader->known, reader->arena, &newest);
    return 0;
}

static enum db_status read_known(const struct results_settings *settings, const char *domain,
                                 struct known *known, struct arena *arena)
{
    struct known_reader reader = {known, arena, settings->now};
    int64_t number;
    enum db_status status = query_find_domain(settings->db, domain, &number);
    if (status == DB_OK && number != 0)
        status = observation_each(settings->db, number, 1, take_newest, &reader);
    return status;
}

/* --- what becomes of a verdict --- */

/* Is it a misspelling: a name that does not exist, and that nobody but the command line has? */
static enum db_status is_misspelt(const struct results *results, bool *misspelt)
{
    const struct results_settings *settings = results->settings;
    const char *domain = results->verdict.findings->domain;
    int64_t number = 0;
    *misspelt = results->verdict.mx == MX_NXDOMAIN &&
                (settings->mine[0] == '\0' || !domain_is_mine(domain, settings->mine));
    enum db_status status = *misspelt ? query_find_domain(settings->db, domain, &number) : DB_OK;
    *misspelt = *misspelt && number == 0;
    return status;
}

static enum db_status store(struct results *results, struct json_object *evidence,
                            struct json_object *problems)
{
    bool changed = false, misspelt;
    const struct results_settings *settings = results->settings;
    enum db_status status = is_misspelt(results, &misspelt);
    if (status != DB_OK || misspelt)
        return status;
    struct observation observation = {
        .last_time = settings->now,
        .mode = results->verdict.mode,
        .evidence = json_line(evidence),
        .problems = json_line(problems),
    };
    status = observation_store(settings->db, results->verdict.findings->domain, settings->mine,
                               &observation, &changed);
    results->counts.new += changed;
    return status;
}

/* One line of JSON, to be freed. */
static char *write_json(const struct results *results, struct json_object *evidence,
                        struct json_object *problems)
{
    char time[INSTANT_TEXT], *line = NULL;
    const struct verdict *verdict = &results->verdict;
    struct json_object *object = json_object_new_object();
    if (object == NULL)
        return NULL;
    json_object_object_add(object, "domain", json_object_new_string(verdict->findings->domain));
    json_object_object_add(object, "time",
                           json_object_new_string(instant_format(results->settings->now, time)));
    json_object_object_add(object, "mode", json_object_new_string(tls_mode_name(verdict->mode)));
    json_object_object_add(object, "problems", json_object_get(problems));
    json_object_object_add(object, "evidence", json_object_get(evidence));
    if (asprintf(&line, "%s\n", json_line(object)) < 0)
        line = NULL;
    json_object_put(object);
    return line;
}

static char *write_text(const struct results *results, struct json_object *evidence,
                        struct json_object *problems)
{
    const struct results_settings *settings = results->settings;
    if (!settings->json)
        return verdict_text(&results->verdict, settings->detail);
    if (settings->detail == DETAIL_PROBLEMS && !verdict_has_problem(&results->verdict))
        return strdup("");
    return write_json(results, evidence, problems);
}

static enum db_status keep_verdict(struct results *results, size_t number)
{
    struct json_object *evidence = evidence_new(&results->verdict);
    struct json_object *problems = problems_new(&results->verdict);
    enum db_status status = DB_MEMORY;
    if (results->verdict.memory_short || evidence == NULL || problems == NULL)
        goto out;
    status = store(results, evidence, problems);
    if (status != DB_OK)
        goto out;
    results->texts[number] = write_text(results, evidence, problems);
    status = results->texts[number] != NULL ? DB_OK : DB_MEMORY;
    results->counts.with_problems += verdict_has_problem(&results->verdict);
    results->counts.done++;
out:
    json_object_put(evidence);
    json_object_put(problems);
    return status;
}

enum db_status results_take(struct results *results, size_t number, const struct findings *findings,
                            bool smtp_closed)
{
    const struct results_settings *settings = results->settings;
    struct known known = {.dane = DANE_UNSTATED};
    struct arena arena;
    struct verdict_settings verdict_settings = {
        .now = settings->now,
        .mine = settings->mine,
        .smtp_closed = smtp_closed,
        .own_rua = settings->own_rua,
    };
    results->counts.smtp_closed |= smtp_closed;
    arena_init(&arena, 0);
    enum db_status status = read_known(settings, findings->domain, &known, &arena);
    if (status == DB_OK) {
        verdict_reach(&results->verdict, findings, &known, &verdict_settings, settings->trust);
        status = keep_verdict(results, number);
        verdict_free(&results->verdict);
    }
    arena_free(&arena);
    return status;
}

/* --- writing --- */

int results_write(struct results *results, bool ends, void (*before)(void))
{
    bool begun = false;
    for (; results->written < results->count; results->written++) {
        char *text = results->texts[results->written];
        if (text == NULL && !ends)
            break;
        if (text == NULL)
            continue;
        if (!begun)
            before();
        begun = true;
        if (fputs(text, stdout) == EOF)
            results->error = errno;
        free(text);
        results->texts[results->written] = NULL;
    }
    if (begun && fflush(stdout) != 0)
        results->error = errno;
    return results->error;
}
