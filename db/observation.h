/*
 * observation.h - what the live check saw, and host names of senders.
 *
 * Functions return enum db_status as db.h says.
 */
#ifndef TLSRPTOP_DB_OBSERVATION_H
#define TLSRPTOP_DB_OBSERVATION_H

#include <stdint.h>

#include "db.h"
#include "vocab.h"

/* A live check counts as "now" for so long. */
enum { OBSERVATION_FRESH_DAYS = 7 };

/* One look at a domain by DNS, HTTPS and, where asked for, SMTP. */
struct observation {
    int64_t first_time; /* the same has been seen since then... */
    int64_t last_time;  /* ...until then */
    enum tls_mode mode;
    const char *evidence; /* a JSON object: what was asked and answered */
    const char *problems; /* a JSON array of {severity, text, remedy, reference} */
};

/* Stores what was seen of DOMAIN (normalised) at last_time: a new row when
 * anything differs from the newest or a day has passed, else its last_time
 * moves on.  *CHANGED tells which. */
enum db_status observation_store(struct db *db, const char *domain, const char *mine,
                                 const struct observation *observation, bool *changed);

/* Observations of a domain, newest first, LIMIT at the most (0: all). */
typedef int observation_row_fn(void *context, const struct observation *observation);
enum db_status observation_each(struct db *db, int64_t domain, int64_t limit,
                                observation_row_fn *row, void *context);

/* Sending addresses whose name was never asked, or not since BEFORE. */
typedef int address_fn(void *context, const char *ip);
enum db_status observation_unnamed(struct db *db, int64_t before, address_fn *row, void *context);

/* NAME is the confirmed host name of IP at TIME; "" when there is none. */
enum db_status observation_name(struct db *db, const char *ip, const char *name, int64_t time);

#endif
