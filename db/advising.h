/*
 * advising.h - advice being written, part by part.  For db/ only.
 */
#ifndef TLSRPTOP_DB_ADVISING_H
#define TLSRPTOP_DB_ADVISING_H

#include "advice.h"

/* Advice being written. */
struct advising {
    const struct evidence *evidence;
    const struct advice_settings *settings;
    int64_t now;
    struct arena *arena;
    struct advice *advice;
    bool out_of_memory;
};

/* Adds a sentence to SENTENCES; what there is no room for is left out. */
void say(struct advising *advising, struct sentences *sentences, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* printf into the arena; "" when memory is short. */
const char *text_of(struct advising *advising, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* "95", "12,345"; from a million on "1.2M", "1.2G"... */
enum { COUNT_TEXT = 64 };
const char *group_digits(int64_t count, char text[static COUNT_TEXT]);
/* "1 failure", "12,345 failures"; from a million on "1.2M failures". */
const char *counted(int64_t count, const char *what, char text[static COUNT_TEXT]);

/* "from 2026-10-29 to 2026-10-31", or "on 2026-10-29". */
enum { SPAN_TEXT = 2 * DAY_TEXT + 16 };
const char *span(int first, int last, char text[static SPAN_TEXT]);

/* Was DANE there until a change of mode of the last EVIDENCE_DAYS, by reports? */
bool has_lost_dane(const struct evidence *evidence);

/* Are there reports of the last quiet_days? */
bool is_reported_lately(const struct advising *advising);

/* What was counted, and what a check saw. */
void tell_evidence(struct advising *advising);

/* Did MTA-STS enforce keep mail from hosts that it is to keep it from?  They are in no mx
 * line. */
bool fails_where_it_should(const struct evidence *evidence);
void tell_kept_away(struct advising *advising);

/* How to put right what has failed in the last quiet_days. */
void tell_remedies(struct advising *advising);

/* How to put right what failed most before, in case it comes back. */
void tell_past_remedy(struct advising *advising);

#endif
