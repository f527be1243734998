/*
 * range.h - the days a screen is about: a preset that moves with today, or two
 * dates.
 */
#ifndef TLSRPTOP_TUI_RANGE_H
#define TLSRPTOP_TUI_RANGE_H

#include <stddef.h>

#include "../db/day.h"

enum { RANGE_TEXT = 64, RANGE_DAYS_MAX = 36525 };

struct range {
    int days; /* the last so many days; 0: `dates`; -1: all there are */
    struct day_range dates;
};

/* Reads "30d", "12w", "6m", "1y", "all", "today", "yesterday", "2026-03",
 * "2026-03-01", "2026-03-01..", "2026-03-01..2026-04-15" (also ".." before a
 * date).  TODAY is the last day of presets, EXTENT what reports span (empty when
 * there are none).  Returns 0; -1 when it is none of these, with a sentence at
 * *WHY (a constant). */
int range_parse(const char *text, int today, struct day_range extent, struct range *range,
                const char **why);

/* The days it stands for now. */
struct day_range range_days(const struct range *range, int today, struct day_range extent);

/* "last 30 days", "2026-03-01 to 2026-04-15", "all days". */
void range_format(const struct range *range, char text[static RANGE_TEXT]);

/* Moves by its own length: STEP -1 to earlier days, 1 to later ones, never past
 * TODAY. */
void range_step(struct range *range, int step, int today, struct day_range extent);
/* To the next preset that is longer (STEP 1) or shorter (-1), with the last day
 * where it is. */
void range_widen(struct range *range, int step, int today, struct day_range extent);

#endif
