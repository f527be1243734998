/*
 * standing.h - the days that the standing of a domain is judged by.  For db/
 * only.
 */
#ifndef TLSRPTOP_DB_STANDING_H
#define TLSRPTOP_DB_STANDING_H

#include "evidence.h"

/* The checks of the domain ?1, whose JSON is good, and the newest of them. */
#define SQL_NEWEST_CHECK                                                                           \
    "WITH checked AS NOT MATERIALIZED ("                                                           \
    "  SELECT id, last_time, iif(json_valid(evidence), evidence, '{}') AS evidence,"               \
    "    iif(json_valid(problems), problems, '[]') AS problems"                                    \
    "   FROM observation WHERE domain = ?1),"                                                      \
    " newest AS MATERIALIZED (SELECT * FROM checked ORDER BY last_time DESC, id DESC LIMIT 1)"

/* The same, with the problems that hold the domain back: errors, and what enforce would make
 * one; ?2 is whether it is in testing, as before a host without TLS keeps nobody from that.
 * Most checks do not look at the TLS of MX hosts: what the last one saw that did stands for
 * a week. */
#define SQL_HOLDING_BACK                                                                           \
    SQL_NEWEST_CHECK                                                                               \
    ", looked AS (SELECT * FROM checked"                                                           \
    "  WHERE last_time > (SELECT last_time FROM newest) - 604800"                                  \
    "   AND EXISTS (SELECT 1 FROM json_each(evidence, '$.mx.hosts') h"                             \
    "    WHERE h.value ->> '$.certificate.state' NOT IN ('unreached', 'no-smtp'))"                 \
    "  ORDER BY last_time DESC, id DESC LIMIT 1),"                                                 \
    " found AS (SELECT p.value FROM newest CROSS JOIN json_each(problems) p"                       \
    "  UNION ALL SELECT p.value FROM looked CROSS JOIN json_each(problems) p"                      \
    "   WHERE looked.id <> (SELECT id FROM newest) AND p.value ->> '$.code' IN"                    \
    "    ('mx-certificate', 'mx-no-starttls', 'mx-tls-failed')),"                                  \
    " holding AS (SELECT value FROM found WHERE value ->> '$.severity' = 'error' OR"               \
    "  (value ->> '$.severity' = 'warning' AND"                                                    \
    "   (value ->> '$.code' IN ('sts-mx-not-covered', 'sts-removed', 'mx-certificate') OR"         \
    "    (?2 AND value ->> '$.code' IN ('mx-no-starttls', 'mx-tls-failed')))))"

/* The last DAYS days up to TODAY. */
struct day_range last_days(int today, int days);

/* The last testing_days, and a week more: a weekly report counts on its first day. */
struct day_range review_days(int today, const struct advice_settings *settings);

#endif
