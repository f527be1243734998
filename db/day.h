/*
 * day.h - instants and days, always UTC.
 *
 * An instant is int64_t seconds since 1970-01-01T00:00:00Z, a day an int of
 * days since that date.  Nothing here allocates or depends on the locale or
 * the time zone of the machine.
 */
#ifndef TLSRPTOP_DB_DAY_H
#define TLSRPTOP_DB_DAY_H

#include <stdint.h>

enum {
    SECONDS_PER_DAY = 86400,
    DAY_MAX = 2932896, /* 9999-12-31; the first day is 0 */
    DAY_TEXT = sizeof "2026-11-24",
    INSTANT_TEXT = sizeof "2026-11-24T12:34:56Z",
};

/* Days FIRST to LAST, both included.  Empty when last < first. */
struct day_range {
    int first;
    int last;
};

/* The day that contains INSTANT. */
int day_of(int64_t instant);

/* Reads a date-time of RFC 3339, and what reporters send instead: no zone
 * (taken as UTC), an offset with or without colon, fractions, a space for the
 * T, a bare date.  Years 1970 to 9999.  Returns 0, or -1 when it is not one. */
int instant_parse(const char *text, int64_t *instant);

/* Reads YYYY-MM-DD; returns 0, or -1 when it is no such day. */
int day_parse(const char *text, int *day);

/* Writes "2026-11-24"; days before 1970 or after 9999 are written as "-". */
const char *day_format(int day, char text[static DAY_TEXT]);
/* Writes "2026-11-24T12:34:56Z", with the same bounds. */
const char *instant_format(int64_t instant, char text[static INSTANT_TEXT]);

/* Year, month 1-12 and day of month 1-31 of DAY. */
void day_split(int day, int *year, int *month, int *day_of_month);
/* 0 is Monday. */
int day_of_week(int day);

/* The present: from the clock, or from $SOURCE_DATE_EPOCH where it is set, so
 * that tests and pictures show the same day for ever. */
int64_t instant_now(void);
int today(void);

#endif
