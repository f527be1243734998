/*
 * event_finder.h - what the files event_*.c share.  For db/ only.
 *
 * Functions that return int return 0, or -1 when memory is short.
 */
#ifndef TLSRPTOP_DB_EVENT_FINDER_H
#define TLSRPTOP_DB_EVENT_FINDER_H

#include "events.h"

/* Sightings that lie further apart, in days, are different stories. */
enum { SIGHTINGS_APART = 30 };

/* Events as they are found, those of one kind ascending. */
struct finder {
    const struct event_evidence *evidence;
    struct arena *arena;
    int64_t *reporters; /* ascending: their places here stand for them */
    size_t reporter_count;
    struct event *events;
    size_t count, capacity;
};

size_t reporter_of(const struct finder *finder, int64_t organization);
/* A new one that nobody has seen; NULL when memory is short.  Those found before
 * may move. */
struct event *add_event(struct finder *finder, enum event_kind kind, int day);

/* A set of reporters that is emptied at once. */
struct crowd {
    unsigned *since; /* for each of them: in it, if this is `round` */
    unsigned round;
};
int crowd_init(struct crowd *crowd, const struct finder *finder);
void crowd_clear(struct crowd *crowd);
void crowd_add(struct crowd *crowd, size_t reporter);
bool crowd_holds(const struct crowd *crowd, size_t reporter);

/* What one reporter says of one mechanism on a day. */
struct said {
    size_t reporter;
    unsigned states;  /* bit set: a large sender can say several */
    int64_t sessions; /* at least 1 */
};
/* Reads the reporter whose statements begin at *AT, and moves behind them; false
 * at the end of the day. */
bool next_said(const struct finder *finder, const struct stated_day *day, size_t *at,
               enum event_kind kind, struct said *said);

/* Who lags, of one event after the other: lags_begin(), lag_of() as often as
 * there is reason to, lags_end(). */
struct lags {
    struct crowd in;
    size_t *places; /* in `lags`, of those who are in it */
    struct event_lag *lags;
    size_t count, capacity;
};
void lags_begin(struct lags *lags);
/* The one of REPORTER; NULL when there is none, or with MAKE memory is short. */
struct event_lag *lag_of(const struct finder *finder, struct lags *lags, size_t reporter,
                         bool make);
void lags_end(struct lags *lags, struct event *event);

/* Until when a policy of MAX_AGE seconds may be kept that was replaced on DAY; -1
 * when MAX_AGE is negative. */
int kept_until(int64_t max_age, int day);

/* What is done, in this order. */
int find_mode_changes(struct finder *finder, struct lags *lags);
int find_policy_changes(struct finder *finder, struct lags *lags);
int take_checks(struct finder *finder);

#endif
