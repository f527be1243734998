/*
 * policy_diff.h - two texts of policies beside each other.
 *
 * Pure functions; texts of strangers stay as they are.
 */
#ifndef TLSRPTOP_TUI_POLICY_DIFF_H
#define TLSRPTOP_TUI_POLICY_DIFF_H

#include <stddef.h>

#include "../db/arena.h"

enum { DIFF_LINES_MAX = 256, POLICY_WORDS = 512 };

/* A line of both, side by side: NULL where one has none there. */
struct diff_line {
    const char *before, *now;
    int same;
    int goes_on; /* what did not fit into the line above */
};

/* Puts the lines of BEFORE and NOW beside each other, equal ones on one level;
 * texts longer than DIFF_LINES_MAX lines are cut.  Returns how many lines there
 * are at *LINES, in ARENA; 0 also when memory is short. */
size_t policy_diff(const char *before, const char *now, struct arena *arena,
                   struct diff_line **lines);

/* Breaks COUNT lines to so many cells a side; returns how many there are then at
 * *LINES, in ARENA; 0 when memory is short. */
size_t policy_diff_wrap(struct arena *arena, struct diff_line **lines, size_t count, int columns);

/* What MTA-STS policy NOW says that BEFORE did not, with ARROW between old and
 * new: "mode testing > enforce, +mx2.example.com".  "" when they say the same. */
void policy_say_difference(const char *before, const char *now, const char *arrow,
                           char words[static POLICY_WORDS]);

#endif
