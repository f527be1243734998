/* Changes of a mechanism, MTA-STS or DANE, as reporters tell them. */
#include "event_finder.h"

enum { STATES = STS_STATE_ENFORCE + 1 };

/* Days on which a state has been seen, without a long break. */
struct run {
    int first_day, last_day; /* -1: none */
    size_t reporter;         /* that saw it first */
    int also;                /* others on that day */
};

struct track {
    enum event_kind kind;
    int state, before; /* 0: not known */
    struct run runs[STATES];
    struct crowd moved; /* those who have said `state` since it was first seen */
    int64_t back, stay; /* sessions today of those: who returned, and who did not */
};

static void forget_runs(struct track *track)
{
    for (int state = 0; state < STATES; state++)
        track->runs[state] = (struct run){-1, -1, 0, 0};
}

static void see(struct run *run, int day, size_t reporter)
{
    if (run->last_day < 0 || day - run->last_day > SIGHTINGS_APART)
        *run = (struct run){day, day, reporter, 0};
    else if (day == run->first_day)
        run->also++;
    run->last_day = day;
}

/* Hears every reporter of a day.  What was before counts as seen only by those
 * who return to it. */
static void hear(const struct finder *finder, struct track *track, const struct stated_day *day)
{
    struct said said;
    track->back = track->stay = 0;
    for (size_t at = 0; next_said(finder, day, &at, track->kind, &said);) {
        bool returns = track->before != 0 && said.states == 1U << track->before &&
                       crowd_holds(&track->moved, said.reporter);
        if (said.states & 1U << track->state) {
            crowd_add(&track->moved, said.reporter);
            track->stay += said.sessions;
        }
        if (returns)
            track->back += said.sessions;
        for (int state = 1; state < STATES; state++)
            if (said.states & 1U << state && (state != track->before || returns))
                see(&track->runs[state], day->day, said.reporter);
    }
}

/* Those who have said the present state on the COUNT days from FIRST on. */
static void gather_moved(const struct finder *finder, struct track *track, size_t count, int first)
{
    const struct stated_day *days = finder->evidence->days;
    crowd_clear(&track->moved);
    for (size_t i = count; i > 0 && days[i - 1].day >= first; i--) {
        struct said said;
        for (size_t at = 0; next_said(finder, &days[i - 1], &at, track->kind, &said);)
            if (said.states & 1U << track->state)
                crowd_add(&track->moved, said.reporter);
    }
}

static enum tls_mode mode_of(const struct track tracks[2])
{
    return mode_combine((enum dane_state)tracks[EVENT_DANE].state,
                        (enum sts_state)tracks[EVENT_STS].state, true);
}

/* Takes the day I, which states STATE, into one of the TRACKS. */
static int step(struct finder *finder, struct track tracks[2], enum event_kind kind, size_t i,
                int state)
{
    struct track *track = &tracks[kind];
    const struct stated_day *day = &finder->evidence->days[i];
    hear(finder, track, day);
    if (state == 0 || state == track->state ||
        (state == track->before && (track->back == 0 || track->back < track->stay)))
        return 0; /* nothing new, or by those only who have not seen the change */
    struct run run = track->runs[state];
    enum tls_mode from = mode_of(tracks);
    track->before = track->state;
    track->state = state;
    forget_runs(track);
    gather_moved(finder, track, i + 1, track->before != 0 ? run.first_day : day->day);
    if (track->before == 0)
        return 0;
    struct event *event = add_event(finder, kind, run.first_day);
    if (event == NULL)
        return -1;
    event->state_from = track->before;
    event->state_to = state;
    event->from = from;
    event->to = mode_of(tracks);
    event->reported_day = run.first_day;
    event->reporter_id = finder->reporters[run.reporter];
    event->also_first = run.also;
    event->mode_day = day->day;
    return 0;
}

/* Where a policy was looked for and not found, and nobody has ever seen one, there is none:
 * what is seen later is a change. */
static void note_absence(struct track tracks[2])
{
    if (tracks[EVENT_STS].state == STS_UNSTATED)
        tracks[EVENT_STS].state = STS_STATE_ABSENT;
    if (tracks[EVENT_DANE].state == DANE_UNSTATED)
        tracks[EVENT_DANE].state = DANE_ABSENT;
}

static int follow(struct finder *finder)
{
    struct track tracks[2] = {
        [EVENT_STS] = {.kind = EVENT_STS}, [EVENT_DANE] = {.kind = EVENT_DANE}};
    for (int kind = EVENT_STS; kind <= EVENT_DANE; kind++) {
        forget_runs(&tracks[kind]);
        if (crowd_init(&tracks[kind].moved, finder) != 0)
            return -1;
    }
    for (size_t i = 0; i < finder->evidence->day_count; i++) {
        const struct stated_day *day = &finder->evidence->days[i];
        struct day_statement weighed = mode_weigh(day->day, day->statements, day->count);
        if (step(finder, tracks, EVENT_STS, i, (int)weighed.sts) != 0 ||
            step(finder, tracks, EVENT_DANE, i, (int)weighed.dane) != 0)
            return -1;
        if (weighed.not_found)
            note_absence(tracks);
    }
    return 0;
}

/* The day before the next change of the same mechanism was seen. */
static int last_day_of(const struct finder *finder, size_t event)
{
    for (size_t i = event + 1; i < finder->count; i++)
        if (finder->events[i].kind == finder->events[event].kind)
            return finder->events[i].reported_day - 1;
    return INT32_MAX;
}

/* Who reported what was before on days behind the first sighting. */
static int find_lags(struct finder *finder, struct lags *lags, size_t number)
{
    const struct event_evidence *evidence = finder->evidence;
    struct event *event = &finder->events[number];
    int last = last_day_of(finder, number);
    lags_begin(lags);
    for (size_t i = 0; i < evidence->day_count && evidence->days[i].day <= last; i++) {
        const struct stated_day *day = &evidence->days[i];
        struct said said;
        size_t at = day->day > event->reported_day ? 0 : day->count;
        while (next_said(finder, day, &at, event->kind, &said)) {
            bool older = said.states & 1U << event->state_from;
            struct event_lag *lag = lag_of(finder, lags, said.reporter, older);
            if (older && lag == NULL)
                return -1;
            if (older) {
                lag->last_day = day->day;
                lag->moved_day = -1;
            } else if (lag != NULL && lag->moved_day < 0 && said.states & 1U << event->state_to) {
                lag->moved_day = day->day;
            }
        }
    }
    lags_end(lags, event);
    return 0;
}

int find_mode_changes(struct finder *finder, struct lags *lags)
{
    if (follow(finder) != 0)
        return -1;
    for (size_t i = 0; i < finder->count; i++)
        if (find_lags(finder, lags, i) != 0)
            return -1;
    return 0;
}
