#include "event_finder.h"

#include <stdlib.h>

static int compare_ids(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int number_reporters(struct finder *finder)
{
    const struct event_evidence *evidence = finder->evidence;
    size_t most = evidence->policy_count, count = 0;
    for (size_t i = 0; i < evidence->day_count; i++)
        most += evidence->days[i].count;
    int64_t *ids = arena_alloc(finder->arena, (most + 1) * sizeof *ids);
    if (ids == NULL)
        return -1;
    for (size_t i = 0; i < evidence->day_count; i++)
        for (size_t j = 0; j < evidence->days[i].count; j++)
            ids[count++] = evidence->days[i].statements[j].organization;
    for (size_t i = 0; i < evidence->policy_count; i++)
        ids[count++] = evidence->policies[i].organization;
    qsort(ids, count, sizeof *ids, compare_ids);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || ids[i] != ids[i - 1])
            ids[finder->reporter_count++] = ids[i];
    finder->reporters = ids;
    return 0;
}

size_t reporter_of(const struct finder *finder, int64_t organization)
{
    const int64_t *id =
        bsearch(&organization, finder->reporters, finder->reporter_count, sizeof *id, compare_ids);
    return (size_t)(id - finder->reporters);
}

int crowd_init(struct crowd *crowd, const struct finder *finder)
{
    *crowd = (struct crowd){
        arena_alloc(finder->arena, (finder->reporter_count + 1) * sizeof *crowd->since), 1};
    return crowd->since != NULL ? 0 : -1;
}

void crowd_clear(struct crowd *crowd)
{
    crowd->round++;
}

void crowd_add(struct crowd *crowd, size_t reporter)
{
    crowd->since[reporter] = crowd->round;
}

bool crowd_holds(const struct crowd *crowd, size_t reporter)
{
    return crowd->since[reporter] == crowd->round;
}

bool next_said(const struct finder *finder, const struct stated_day *day, size_t *at,
               enum event_kind kind, struct said *said)
{
    const struct statement *first = &day->statements[*at];
    size_t count = 0;
    if (*at == day->count)
        return false;
    *said = (struct said){.reporter = reporter_of(finder, first->organization)};
    for (; *at < day->count && first[count].organization == first->organization; ++*at, count++) {
        enum sts_state state = mode_weigh(day->day, &first[count], 1).sts;
        if (kind == EVENT_STS && state != STS_UNSTATED)
            said->states |= 1U << state;
        if (kind == EVENT_DANE || state != STS_UNSTATED)
            said->sessions += first[count].sessions;
    }
    enum dane_state dane = mode_weigh(day->day, first, count).dane;
    if (kind == EVENT_DANE && dane != DANE_UNSTATED)
        said->states = 1U << dane;
    said->sessions += said->sessions == 0;
    return true;
}

struct event *add_event(struct finder *finder, enum event_kind kind, int day)
{
    struct event *events =
        arena_grow(finder->arena, finder->events, sizeof *events, finder->count, &finder->capacity);
    if (events == NULL)
        return NULL;
    finder->events = events;
    struct event *event = &events[finder->count++];
    *event = (struct event){
        .kind = kind, .day = day, .reported_day = -1, .mode_day = -1, .live_day = -1, .until = -1};
    return event;
}

int kept_until(int64_t max_age, int day)
{
    if (max_age < 0)
        return -1;
    return day + (int)((max_age + SECONDS_PER_DAY - 1) / SECONDS_PER_DAY);
}

/* --- who lags --- */

static int lags_init(struct lags *lags, const struct finder *finder)
{
    *lags = (struct lags){
        .places = arena_alloc(finder->arena, (finder->reporter_count + 1) * sizeof *lags->places)};
    return lags->places != NULL ? crowd_init(&lags->in, finder) : -1;
}

void lags_begin(struct lags *lags)
{
    crowd_clear(&lags->in);
    lags->lags = NULL;
    lags->count = lags->capacity = 0;
}

struct event_lag *lag_of(const struct finder *finder, struct lags *lags, size_t reporter, bool make)
{
    if (crowd_holds(&lags->in, reporter))
        return &lags->lags[lags->places[reporter]];
    if (!make)
        return NULL;
    struct event_lag *more =
        arena_grow(finder->arena, lags->lags, sizeof *more, lags->count, &lags->capacity);
    if (more == NULL)
        return NULL;
    lags->lags = more;
    lags->places[reporter] = lags->count;
    crowd_add(&lags->in, reporter);
    more[lags->count] =
        (struct event_lag){.organization_id = finder->reporters[reporter], .moved_day = -1};
    return &more[lags->count++];
}

static int compare_lags(const void *left, const void *right)
{
    const struct event_lag *a = left, *b = right;
    if ((a->moved_day < 0) != (b->moved_day < 0))
        return a->moved_day < 0 ? -1 : 1;
    return (a->last_day < b->last_day) - (a->last_day > b->last_day);
}

void lags_end(struct lags *lags, struct event *event)
{
    if (lags->count > 0)
        qsort(lags->lags, lags->count, sizeof *lags->lags, compare_lags);
    event->lags = lags->lags;
    event->lag_count = lags->count < EVENT_LAGS_MAX ? lags->count : EVENT_LAGS_MAX;
}

/* --- all together --- */

static int compare_events(const void *left, const void *right)
{
    const struct event *a = left, *b = right;
    if (a->day != b->day)
        return a->day > b->day ? -1 : 1;
    return ((int)a->kind > (int)b->kind) - ((int)a->kind < (int)b->kind);
}

int events_find(const struct event_evidence *evidence, int first, struct arena *arena,
                struct events *events)
{
    struct finder finder = {.evidence = evidence, .arena = arena};
    struct lags lags;
    *events = (struct events){0};
    if (number_reporters(&finder) != 0 || lags_init(&lags, &finder) != 0 ||
        find_mode_changes(&finder, &lags) != 0 || find_policy_changes(&finder, &lags) != 0 ||
        take_checks(&finder) != 0)
        return -1;
    if (finder.count > 0)
        qsort(finder.events, finder.count, sizeof *finder.events, compare_events);
    events->events = finder.events;
    while (events->count < finder.count && events->count < EVENTS_MAX &&
           finder.events[events->count].day >= first)
        events->count++;
    return 0;
}
