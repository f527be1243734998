#include "incident.h"

/* --- one domain --- */

enum {
    LEAST_FAILED = 5,
    LEAST_FAILED_OF_FEW = 3, /* if they are half of the sessions */
    LEAST_PERCENT = 1,
    SILENT_DAYS = 3,       /* reports of a day may be so late */
    LEARNT_DAYS = 4,       /* of which nothing is unusual yet */
    UNJUDGED_DAYS_MAX = 7, /* more of them are usual */
    CALM_DAYS = 2,         /* end an incident... */
    CALM_FAILED = 6,       /* ...if at its rate so many of their sessions had failed */
    LOST_DAYS = 14         /* of reports without an unusual one end it in any case */
};
static const double daily_weight = 0.93; /* a half after ten days */
static const int64_t count_max = (int64_t)1 << 52;

static bool is_half(int64_t sessions, int64_t failed)
{
    return failed > 0 && failed >= sessions - failed;
}

/* Three times as many as are usual, or half of what that leaves; and beyond chance: by four
 * standard deviations. */
static bool is_unusual(const struct incident_watch *watch, int64_t sessions, int64_t failed)
{
    double rate = (watch->failed + 0.5) / (watch->sessions + 1);
    double expected = (double)sessions * rate, beyond = (double)failed - expected;
    double least = 3 * expected, half = (expected + (double)sessions) / 2;
    bool many =
        failed >= LEAST_FAILED || (failed >= LEAST_FAILED_OF_FEW && is_half(sessions, failed));
    return many && (double)failed * 100 >= (double)sessions * LEAST_PERCENT &&
           (double)failed >= (least < half ? least : half) &&
           beyond * beyond >= 16 * expected * (1 - rate);
}

/* What was learnt before weighs less by the days up to DAY. */
static void learn(struct incident_watch *watch, int day, int64_t sessions, int64_t failed)
{
    for (int days = day - watch->learnt_day; days > 0 && watch->sessions > 0.01; days--) {
        watch->sessions *= daily_weight;
        watch->failed *= daily_weight;
    }
    watch->sessions += (double)sessions;
    watch->failed += (double)failed;
    watch->learnt_day = day;
    watch->learnt_days++;
}

static void set_apart(struct incident_watch *watch, int day, int64_t sessions, int64_t failed)
{
    if (watch->apart.days++ == 0)
        watch->apart.first_day = day;
    watch->apart.sessions += sessions;
    watch->apart.failed += failed;
}

/* They are usual. */
static void learn_apart(struct incident_watch *watch)
{
    if (watch->apart.days > 0)
        learn(watch, watch->day, watch->apart.sessions, watch->apart.failed);
    watch->apart = (struct incident_days){0};
}

/* The days that were set apart belong to the incident, whose last one is DAY now. */
static void extend(struct incident_watch *watch, int day)
{
    watch->incident.last_day = day;
    watch->incident.sessions += watch->apart.sessions;
    watch->incident.failed += watch->apart.failed;
    watch->apart = (struct incident_days){0};
}

static void begin(struct incident_watch *watch, int day)
{
    watch->open = true;
    watch->incident = (struct incident){
        .first_day = watch->apart.first_day,
        .usual = watch->sessions > 0 ? watch->failed / watch->sessions : -1,
    };
    extend(watch, day);
}

/* Have the usual days since its last one shown that it is over? */
static bool is_over(const struct incident_watch *watch)
{
    const struct incident *incident = &watch->incident;
    return watch->apart.days >= CALM_DAYS &&
           (double)watch->apart.sessions * (double)incident->failed >=
               CALM_FAILED * (double)incident->sessions;
}

static void end(struct incident_watch *watch, struct incident *ended)
{
    *ended = watch->incident;
    watch->open = false;
    learn_apart(watch);
}

/* What was set apart is unusual together: days of few sessions, half of which failed. */
static bool is_unusual_apart(const struct incident_watch *watch)
{
    const struct incident_days *apart = &watch->apart;
    return is_half(apart->sessions, apart->failed) &&
           is_unusual(watch, apart->sessions, apart->failed);
}

/* A day of an open incident, or after it. */
static bool take_after(struct incident_watch *watch, int day, int64_t sessions, int64_t failed,
                       struct incident *ended)
{
    bool unusual = is_unusual(watch, sessions, failed);
    set_apart(watch, day, sessions, failed);
    if (unusual || is_unusual_apart(watch))
        extend(watch, day);
    else if (is_over(watch))
        end(watch, ended);
    return !watch->open;
}

/* A day with none open.  Those of few sessions, half of which fail, are judged together, and
 * so are those that a domain begins with. */
static void take_before(struct incident_watch *watch, int day, int64_t sessions, int64_t failed)
{
    bool unusual = watch->learnt_days >= LEARNT_DAYS && is_unusual(watch, sessions, failed);
    bool unjudged = is_half(sessions, failed) && watch->apart.days < UNJUDGED_DAYS_MAX;
    if (unusual || !unjudged)
        learn_apart(watch);
    if (!unusual && !unjudged) {
        learn(watch, day, sessions, failed);
        return;
    }
    set_apart(watch, day, sessions, failed);
    if (unusual || is_unusual_apart(watch))
        begin(watch, day);
}

static int64_t bounded(int64_t count)
{
    return count < 0 ? 0 : count > count_max ? count_max : count;
}

bool incident_take(struct incident_watch *watch, int day, const struct totals *totals,
                   struct incident *ended)
{
    int64_t failed = bounded(totals->failed), sessions = bounded(totals->successful) + failed;
    bool has_ended = false;
    if (sessions == 0)
        return false;
    if (watch->open && day - watch->incident.last_day > LOST_DAYS) {
        end(watch, ended);
        has_ended = true;
    } else if (!watch->open && day - watch->day > LOST_DAYS) {
        learn_apart(watch);
    }
    watch->day = day;
    if (!watch->open)
        take_before(watch, day, sessions, failed);
    else
        has_ended = take_after(watch, day, sessions, failed, ended);
    return has_ended;
}

enum incident_state incident_state(const struct incident_watch *watch, int today)
{
    if (today - watch->day > SILENT_DAYS)
        return INCIDENT_SILENT;
    return watch->apart.days > 0 ? INCIDENT_EASING : INCIDENT_ONGOING;
}

bool incident_goes_on(enum incident_state state)
{
    return state == INCIDENT_ONGOING || state == INCIDENT_EASING;
}

const char *incident_state_name(enum incident_state state)
{
    static const char *const names[] = {
        [INCIDENT_ONGOING] = "ongoing",
        [INCIDENT_EASING] = "easing",
        [INCIDENT_SILENT] = "silent",
        [INCIDENT_OVER] = "over",
    };
    return names[state];
}
