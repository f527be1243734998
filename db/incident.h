/*
 * incident.h - days on which far more sessions failed than is usual for a domain.
 *
 * A list by failed sessions is led by what always fails a little at large domains; what
 * broke yesterday is at its end.  What is usual is the rate of failed sessions on the
 * days before, each of which weighs less the longer ago it is.  An incident begins with
 * a day whose failures are one in a hundred sessions or more, beyond three times what is
 * usual, and beyond chance; it ends with two usual days that would have shown it.
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

/* What is known of a domain after some of its days; zeroed before the first. */
struct incident_watch {
    int day;         /* the last that was taken */
    int learnt_days; /* that what is usual was learnt from */
    double sessions; /* of these, by weight */
    double failed;
    bool open; /* an incident is */
    struct incident incident;
    int calm_days; /* usual ones since its last day */
    int64_t calm_sessions;
    int64_t calm_failed;
};

/* Takes the next DAY with reports.  True when it ended an incident, which is at *ENDED
 * then. */
bool incident_take(struct incident_watch *watch, int day, const struct totals *totals,
                   struct incident *ended);

/* Is one open that may go on after DAY, with which the reports end? */
bool incident_goes_on(const struct incident_watch *watch, int day);

enum {
    INCIDENT_LOST_DAYS = 14, /* without an unusual one end an incident in any case */
    INCIDENTS_DAYS = 62,     /* more are not looked at: the last ones of a range */
    INCIDENT_LEARNING_DAYS = 30
};

struct incident_row {
    int64_t domain;
    const char *name;
    enum tls_mode mode; /* now, as in struct domain_row */
    struct incident incident;
    bool ongoing;            /* no day has told that it is over */
    const char *result_type; /* that most failed by on these days; "" without details */
};
/* Return non-zero to stop. */
typedef int incident_row_fn(void *context, const struct incident_row *row);

/* The incidents of DOMAIN, or of ALL_DOMAINS of mine, in RANGE up to today, or the last
 * INCIDENTS_DAYS of it: those that go on, then those that ended last; of a day the one with most
 * failed sessions first. */
enum db_status query_incidents(struct db *db, int64_t domain, struct day_range range,
                               incident_row_fn *row, void *context);

#endif
