/*
 * events.h - changes of a domain's mode and of its MTA-STS policy: when, from what
 * to what, who saw it first, and who went on reporting what was before.
 *
 * A reporter keeps a policy for up to its max_age, so that for some time after a
 * change reporters contradict each other.  Such a time is one event and not
 * many: a return to what was before counts only when it is those who had seen
 * the change that return.
 */
#ifndef TLSRPTOP_DB_EVENTS_H
#define TLSRPTOP_DB_EVENTS_H

#include <stdbool.h>

#include "arena.h"
#include "day.h"
#include "db.h"
#include "mode.h"

enum {
    EVENTS_MAX = 256,              /* the latest ones */
    EVENT_LAGS_MAX = 64,           /* reporters of one event */
    EVENT_STATEMENTS_MAX = 200000, /* read for a domain: the latest */
    EVENT_POLICIES_MAX = 2048,     /* by their first day */
};

enum event_kind {
    EVENT_STS,   /* the mode of MTA-STS */
    EVENT_DANE,  /* DANE came or went */
    EVENT_POLICY /* another policy, of the same mode or seen by few so far */
};

/* A reporter that went on reporting what was before. */
struct event_lag {
    int64_t organization_id;
    const char *organization; /* NULL until query_events() fills it in */
    int last_day;             /* on which it did */
    int moved_day;            /* since when it reports the new; -1: not yet */
};

struct event {
    enum event_kind kind;
    int day;                         /* of the first who saw it, reporter or live check */
    int state_from, state_to;        /* enum sts_state; of DANE enum dane_state */
    enum tls_mode from, to;          /* of the domain; both MODE_UNKNOWN of POLICY */
    const char *text_from, *text_to; /* policies; NULL: not known, or there is none */
    int reported_day;                /* on which a reporter saw it first; -1: none has */
    int64_t reporter_id;             /* that one */
    const char *reporter;            /* NULL as above */
    int also_first;                  /* so many others saw it on that day, too */
    int mode_day;                    /* since when most sessions say so; -1: not yet */
    int live_day;                    /* on which the live check saw it first; -1: never */
    int until; /* reporters may keep what was before until then; -1: none says how long */
    struct event_lag *lags; /* those who have not moved first, then by last_day */
    size_t lag_count;
};

/* Latest first. */
struct events {
    struct event *events;
    size_t count;
};

/* --- what they are told from --- */

/* One day: its statements, those of a reporter together. */
struct stated_day {
    int day;
    const struct statement *statements;
    size_t count;
};

/* One MTA-STS policy that one reporter reported. */
struct policy_sight {
    const char *text;
    int64_t organization;
    int first_day, last_day;
};

/* One live check: what it saw, from then on. */
struct live_sight {
    int64_t time;
    enum tls_mode mode;
    const char *text; /* of the policy; "": there is none, or it is not known */
};

struct event_evidence {
    const struct stated_day *days; /* ascending */
    size_t day_count;
    const struct policy_sight *policies;
    size_t policy_count;
    const struct live_sight *checks; /* ascending */
    size_t check_count;
};

/* What follows from EVIDENCE for the days from FIRST on; days before it tell
 * what was before.  Texts are those of the evidence, all else is in ARENA.
 * Returns 0; -1 when memory is short. */
int events_find(const struct event_evidence *evidence, int first, struct arena *arena,
                struct events *events);

/* The events of DOMAIN on the days of RANGE, all in ARENA.  Costs as much as it
 * has days with reports then, times its reporters. */
enum db_status query_events(struct db *db, int64_t domain, struct day_range range,
                            struct arena *arena, struct events *events);

#endif
