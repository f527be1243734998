#include "incident.h"

/* --- one domain --- */

enum {
    LEAST_FAILED = 5,
    LEAST_PERCENT = 1,
    LEAST_FAILED_OF_FEW = 3, /* if they are half of the sessions */
    LEARNT_DAYS = 4,         /* of which nothing is unusual yet */
    CALM_DAYS = 2,           /* end an incident... */
    CALM_FAILED = 6          /* ...if at its rate so many of their sessions had failed */
};
static const double daily_weight = 0.93; /* a half after ten days */
static const double times_usual = 3;

static bool is_unusual(const struct incident_watch *watch, int64_t sessions, int64_t failed)
{
    double expected = (double)sessions * (watch->failed + 0.5) / (watch->sessions + 1);
    double beyond = (double)failed - expected;
    bool many = failed >= LEAST_FAILED || (failed >= LEAST_FAILED_OF_FEW && failed * 2 >= sessions);
    return many && failed * 100 >= sessions * LEAST_PERCENT &&
           (double)failed >= times_usual * expected &&
           beyond * beyond >= 16 * expected; /* four standard deviations */
}

/* Days before DAY weigh less by it. */
static void learn(struct incident_watch *watch, int days, int64_t sessions, int64_t failed)
{
    for (; days > 0 && watch->sessions > 0.01; days--) {
        watch->sessions *= daily_weight;
        watch->failed *= daily_weight;
    }
    watch->sessions += (double)sessions;
    watch->failed += (double)failed;
    watch->learnt_days++;
}

static double usual_rate(const struct incident_watch *watch)
{
    return watch->sessions > 0 ? watch->failed / watch->sessions : 0;
}

/* Its last day is DAY now; the days since the one before are a part of it. */
static void extend(struct incident_watch *watch, int day, int64_t sessions, int64_t failed)
{
    watch->incident.last_day = day;
    watch->incident.sessions += watch->calm_sessions + sessions;
    watch->incident.failed += watch->calm_failed + failed;
    watch->calm_days = 0;
    watch->calm_sessions = watch->calm_failed = 0;
}

/* Have the usual days since its last one shown that it is over? */
static bool is_over(const struct incident_watch *watch)
{
    const struct incident *incident = &watch->incident;
    return watch->calm_days >= CALM_DAYS &&
           (double)watch->calm_sessions * (double)incident->failed >=
               CALM_FAILED * (double)incident->sessions;
}

static bool end(struct incident_watch *watch, struct incident *ended)
{
    *ended = watch->incident;
    learn(watch, watch->day - watch->incident.last_day, watch->calm_sessions, watch->calm_failed);
    watch->open = false;
    watch->calm_days = 0;
    watch->calm_sessions = watch->calm_failed = 0;
    return true;
}

bool incident_take(struct incident_watch *watch, int day, const struct totals *totals,
                   struct incident *ended)
{
    int64_t failed = totals->failed, sessions = totals->successful + failed;
    int days = watch->day > 0 ? day - watch->day : 1;
    bool has_ended = false;
    if (sessions <= 0)
        return false;
    if (watch->open && day - watch->incident.last_day > INCIDENT_LOST_DAYS)
        has_ended = end(watch, ended);
    watch->day = day;
    if (is_unusual(watch, sessions, failed) && (watch->open || watch->learnt_days >= LEARNT_DAYS)) {
        if (!watch->open)
            watch->incident = (struct incident){.first_day = day, .usual = usual_rate(watch)};
        watch->open = true;
        extend(watch, day, sessions, failed);
    } else if (watch->open) {
        watch->calm_sessions += sessions;
        watch->calm_failed += failed;
        watch->calm_days++;
        if (is_over(watch))
            has_ended = end(watch, ended);
    } else {
        learn(watch, days, sessions, failed);
    }
    return has_ended;
}

bool incident_goes_on(const struct incident_watch *watch, int day)
{
    return watch->open && day - watch->incident.last_day <= INCIDENT_LOST_DAYS;
}
