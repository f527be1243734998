/*
 * incident.h - days on which far more sessions failed than is usual for a domain.
 *
 * A list by failed sessions is led by what always fails a little at large domains; what
 * broke yesterday is at its end.  What is usual is the rate of failed sessions on the
 * days before, each of which weighs less the longer ago it is.  An incident begins with
 * a day on which at least one session in a hundred failed, five sessions or three that are
 * half of all, and three times as many as is usual (or half of those that usually do not),
 * beyond chance.  It ends with two usual days that would have shown it.  Days with less,
 * on which half of the sessions failed, are judged together; so are the first days that are
 * known of a domain.
 */
#ifndef TLSRPTOP_DB_INCIDENT_H
#define TLSRPTOP_DB_INCIDENT_H

#include <stdbool.h>
#include <stdint.h>

#include "db.h"
#include "query.h"

struct incident {
    int first_day; /* both of them unusual */
    int last_day;
    int64_t sessions; /* from the first to the last day */
    int64_t failed;
    double usual; /* rate of failed sessions before, 0 to 1; -1: nothing is known of it */
};

struct incident_days {
    int days, first_day;
    int64_t sessions, failed;
};

/* What is known of a domain after some of its days; zeroed before the first. */
struct incident_watch {
    int day;                     /* the last that was taken */
    int learnt_day, learnt_days; /* that what is usual was learnt from: the last, how many */
    double sessions, failed;     /* of these, by weight */
    bool open;                   /* an incident is */
    struct incident incident;
    struct incident_days apart; /* usual ones since its last day; of none, those with too few
                                   sessions to be judged alone */
};

/* Takes the next DAY with reports.  True when it ended an incident, which is at *ENDED
 * then. */
bool incident_take(struct incident_watch *watch, int day, const struct totals *totals,
                   struct incident *ended);

enum incident_state {
    INCIDENT_ONGOING,
    INCIDENT_EASING, /* what has been told since was usual, and does not show yet that it is over */
    INCIDENT_SILENT, /* nothing has been told for some days */
    INCIDENT_OVER
};
/* "ongoing", "easing"... */
const char *incident_state_name(enum incident_state state);
/* Is it ongoing or easing? */
bool incident_goes_on(enum incident_state state);
/* That of the open incident when TODAY is the day. */
enum incident_state incident_state(const struct incident_watch *watch, int today);

enum {
    INCIDENTS_DAYS = 30, /* that a screen shows */
    INCIDENTS_MAX = 1000 /* that are told */
};

struct incident_row {
    int64_t domain;
    const char *name;
    enum tls_mode mode; /* now, as in struct domain_row */
    struct incident incident;
    enum incident_state state; /* today */
    int64_t refused;           /* of the failed sessions: under MTA-STS enforce or DANE */
    bool refuses;              /* some of its last day were */
    const char *result_type;   /* that most failed by on its last day; "" without details */
};
/* Return non-zero to stop. */
typedef int incident_row_fn(void *context, const struct incident_row *row);

/* How many there are, however many rows come. */
struct incident_sums {
    int64_t incidents, ongoing; /* or easing */
};

/* The incidents of DOMAIN, or of ALL_DOMAINS of mine, in RANGE up to today; if it ends today
 * with all that go on.  *SUMS is filled in before ROW is called for the first INCIDENTS_MAX:
 * by their state, those that refuse mail first, then by their last day and failed
 * sessions.  Costs as much as the days from 51 days ago, or 21 before RANGE, until today. */
enum db_status query_incidents(struct db *db, int64_t domain, struct day_range range,
                               struct incident_sums *sums, incident_row_fn *row, void *context);

#endif
