/*
 * incident.h - days on which far more sessions failed than is usual for a domain.
 *
 * A list by failed sessions is led by what always fails a little at large domains; what
 * broke yesterday is at its end.  What is usual is the rate of failed sessions on the
 * days before, each of which weighs less the longer ago it is.  An incident begins with
 * a day on which at least one session in a hundred failed, five sessions or three that are
 * half of all, and three times as many as is usual (or half of those that usually do not),
 * beyond chance.  It ends with two usual days that would have shown it.  Days with less,
 * on which half of the sessions failed, are judged together.
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
    double usual; /* rate of failed sessions before, 0 to 1 */
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

/* Is one open that may go on after DAY, with which the reports end? */
bool incident_goes_on(const struct incident_watch *watch, int day);

enum {
    INCIDENT_LOST_DAYS = 14, /* without an unusual one end an incident in any case */
    INCIDENTS_DAYS = 42,     /* more are not looked at: the last ones of a range; what has lasted
                                longer is usual */
    INCIDENT_LEARNING_DAYS = 28
};

struct incident_row {
    int64_t domain;
    const char *name;
    enum tls_mode mode; /* now, as in struct domain_row */
    struct incident incident;
    bool ongoing;            /* today: no day has told that it is over */
    const char *result_type; /* that most failed by on these days; "" without details */
};
/* Return non-zero to stop. */
typedef int incident_row_fn(void *context, const struct incident_row *row);

/* How many there are, however many rows come. */
struct incident_sums {
    int64_t incidents, ongoing;
};

/* The incidents of DOMAIN, or of ALL_DOMAINS of mine, in RANGE up to today, or the last
 * INCIDENTS_DAYS of it; if it ends today with all that go on.  *SUMS is filled in before
 * ROW is called for the first INCIDENTS_MAX: those that go on, then those that ended last;
 * of a day the one with most failed sessions first. */
enum { INCIDENTS_MAX = 1000 };
enum db_status query_incidents(struct db *db, int64_t domain, struct day_range range,
                               struct incident_sums *sums, incident_row_fn *row, void *context);

/* RANGE as that looks at it. */
struct day_range incident_range(struct day_range range);

#endif
