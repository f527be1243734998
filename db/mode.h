/*
 * mode.h - the TLS mode of a domain, told from what reporters state.
 *
 * Pure functions over what one domain's reports say; they allocate nothing and
 * cannot fail.  A reporter evaluates what it implements, so silence proves
 * nothing: it states "no DANE" only if it has reported tlsa for some domain by
 * then, and "no MTA-STS" only if it has reported sts.
 */
#ifndef TLSRPTOP_DB_MODE_H
#define TLSRPTOP_DB_MODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vocab.h"

enum {
    MODE_INHERIT_DAYS = 30,
    /* About one domain on one day that are weighed: with a flood of invented
     * organizations those known longest count. */
    DAY_STATEMENTS_MAX = 512,
};

/* What one reporter said of a domain on a day, by one kind of policy. */
struct statement {
    int64_t organization;
    int policy_type; /* enum policy_type or a number of an unknown one */
    enum sts_mode mode;
    int64_t sessions;  /* successful and failed */
    bool reports_tlsa; /* has reported tlsa for some domain by this day */
    bool reports_sts;  /* has reported sts for some domain by this day */
};

enum dane_state { DANE_UNSTATED, DANE_ABSENT, DANE_PRESENT };
/* The order after STS_STATE_ABSENT is that of enum sts_mode. */
enum sts_state {
    STS_UNSTATED,
    STS_STATE_ABSENT,
    STS_STATE_NONE,
    STS_STATE_TESTING,
    STS_STATE_ENFORCE
};

/* All that the reports of one day state about a domain. */
struct day_statement {
    int day;
    enum dane_state dane;
    enum sts_state sts;
    bool not_found;   /* some reporter said no-policy-found */
    bool fetch_error; /* sts, but no policy text that can be read */
};

/* The mode of one day, as a strip shows it. */
struct day_mode {
    enum tls_mode mode;
    bool reported;  /* there are reports of this very day */
    bool inherited; /* the mode stands on an earlier day's statement */
};

/* Weighs the statements of DAY: for each mechanism the one with most sessions,
 * a tie to the stricter.  Statements of one reporter stand together. */
struct day_statement mode_weigh(int day, const struct statement *statements, size_t count);

/* The mode that follows from what is known of both mechanisms. */
enum tls_mode mode_combine(enum dane_state dane, enum sts_state sts, bool not_found);

/* What is remembered while the days of a domain go by in order: the last that
 * stated something of each mechanism.  Zeroed, nothing is. */
struct mode_memory {
    struct day_statement dane;
    struct day_statement sts;
    struct day_statement not_found;
};
void mode_learn(struct mode_memory *memory, const struct day_statement *day);
/* The mode of DAY by what is remembered, for MODE_INHERIT_DAYS. */
enum tls_mode mode_on(const struct mode_memory *memory, int day);

/* The modes of the days FIRST to LAST at MODES (last - first + 1 of them).
 * DAYS is ascending and may begin up to MODE_INHERIT_DAYS before FIRST: what a
 * day does not state it inherits from the last statement, that long. */
void mode_fill(const struct day_statement *days, size_t count, int first, int last,
               struct day_mode *modes);

/* A day with reports whose mode is another than that of the day with reports
 * before it. */
struct mode_change {
    int day;
    enum tls_mode from, to;
};

/* Watches the days of a domain go by in order, zeroed at first.  Days whose mode
 * cannot be told are passed over. */
struct mode_watch {
    struct mode_memory memory;
    enum tls_mode mode; /* of the last day that told */
};
/* Does the mode change on DAY? */
bool mode_watch(struct mode_watch *watch, const struct day_statement *day,
                struct mode_change *change);

#endif
