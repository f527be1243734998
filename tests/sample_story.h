/*
 * sample_story.h - the domains of the sample, and what happened to each.
 *
 * Time is told in days before the end: 1 is the last day with reports.  A large
 * sample has customers as well, each of which lives through one of the stories
 * some weeks earlier or later.
 */
#ifndef TLSRPTOP_TESTS_SAMPLE_STORY_H
#define TLSRPTOP_TESTS_SAMPLE_STORY_H

#include <stdbool.h>

#include "../db/domain.h"
#include "../db/vocab.h"
#include "sample_reporter.h"

enum { STORY_MX_MAX = 2, STORY_PHASES_MAX = 3, STORY_INCIDENTS_MAX = 3 };

/* What the domain's policy host says. */
enum published {
    PUBLISHED_NOTHING,
    PUBLISHED_NONE,
    PUBLISHED_TESTING,
    PUBLISHED_ENFORCE,
    PUBLISHED_BROKEN /* there is a record, but the policy cannot be fetched */
};

/* From SINCE days before the end on. */
struct phase {
    int since;
    enum published published;
    unsigned max_age; /* seconds */
    unsigned mx;      /* bit I: the policy lists the MX I */
};

/* Something that made sessions fail. */
struct incident {
    int first, last;    /* days before the end; first >= last */
    unsigned policies;  /* bit T: seen by who evaluates a policy of type T */
    unsigned reporters; /* bit R: seen by reporter R */
    unsigned mx;        /* at which MX */
    unsigned share;     /* of the sessions there, in 1000 */
    const char *result_type;
    const char *reason_code;
    const char *information;
};

struct story {
    const char *domain;
    const char *mx[STORY_MX_MAX]; /* "%s" is the domain; the first is the busiest */
    unsigned volume;              /* sessions a day from everybody */
    unsigned activity;            /* how often it is reported on */
    struct phase phases[STORY_PHASES_MAX];
    int dane_since; /* 0: never */
    struct incident incidents[STORY_INCIDENTS_MAX];
};

struct sample_domain {
    const struct story *story;
    char name[DOMAIN_TEXT]; /* A-labels */
    int shift;              /* of the story, days later */
    unsigned volume;
};

enum { STORY_CALM = 0 }; /* the number of the domain to which nothing happens */
extern const unsigned story_count;
extern const struct phase story_beginning; /* nothing is published */

/* Domain INDEX: below story_count the stories' own, then customers. */
struct sample_domain sample_domain(unsigned index);
/* The name of its MX number MX; NULL when it has no such. */
const char *sample_mx(const struct sample_domain *domain, unsigned mx,
                      char name[static DOMAIN_TEXT]);
/* The share of its sessions that arrive there, in 1000. */
unsigned sample_mx_share(const struct sample_domain *domain, unsigned mx);

/* The MTA-STS policy that REPORTER goes by, AGO days before the end: it keeps
 * one until it looks again, or max_age ends. */
const struct phase *sample_policy_seen(const struct sample_domain *domain,
                                       const struct reporter *reporter, int ago);
bool sample_has_dane(const struct sample_domain *domain, int ago);

/* Is INCIDENT going on for REPORTER, when it evaluates a policy of TYPE? */
bool sample_incident_on(const struct sample_domain *domain, const struct incident *incident,
                        enum reporter_number reporter, enum policy_type type, int ago);

/* How much likelier than usual a report of that day is in the sample. */
double sample_interest(const struct sample_domain *domain, enum reporter_number reporter, int ago);

#endif
