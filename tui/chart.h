/*
 * chart.h - figures over time and in proportion, drawn in cells.
 */
#ifndef TLSRPTOP_TUI_CHART_H
#define TLSRPTOP_TUI_CHART_H

#include "../db/mode.h"
#include "../db/query.h"
#include "terminal.h"

/* Days in steps: a step of so many days takes `cell` cells. */
struct axis {
    int first; /* day of the first step */
    int days;  /* in a step */
    int count; /* of steps */
    int cell;
    int start; /* the step under a cursor that nobody has moved */
};

enum { AXIS_STEPS_MAX = SCREEN_COLUMNS_MAX };

/* Fits RANGE into COLUMNS cells: as many cells a day, or days a cell (one, two,
 * a week, ...), as are needed.  The last step ends with the range, and the cursor
 * starts there. */
struct axis axis_fit(struct day_range range, int columns);
/* The last of STEPS with a report; the last one where none has any. */
int axis_last_reported(const struct axis *axis, const struct totals *steps);
/* The step of DAY, or the one that is nearest. */
int axis_step_of(const struct axis *axis, int day);
/* The days of a step, cut to days from AXIS.first on. */
struct day_range axis_step(const struct axis *axis, int step);

/* "Fri 2026-11-20", or "2026-11-14 to 2026-11-20". */
enum { AXIS_STEP_TEXT = 32 };
void axis_step_format(const struct axis *axis, int step, char text[static AXIS_STEP_TEXT]);

/* The mode of a step of several days: that of its last day that has reports,
 * else of its last day. */
struct day_mode axis_mode(const struct axis *axis, const struct day_mode *modes, int step);

/* A step of a strip in so many cells: a letter on the colour of its mode, dim where
 * it is inherited.  EXTRA is or'ed to the style. */
void chart_mode(int y, int x, int cells, int extra, struct day_mode mode);
/* One line of them. */
void chart_modes(int y, int x, const struct axis *axis, const struct day_mode *modes);
/* The letter that stands for MODE: ? o n t E D d X. */
char mode_letter(enum tls_mode mode);

/* Bars from below, of height ROWS, each step its VALUE(steps[i]); the largest
 * fills the height. */
enum chart_of { CHART_SESSIONS, CHART_FAILED };
void chart_bars(struct area area, const struct axis *axis, const struct totals *steps,
                enum chart_of of, int style);
/* The largest value of the chart. */
int64_t chart_most(const struct axis *axis, const struct totals *steps, enum chart_of of);

/* One line with dates above or below their steps, and MARK, one cell in STYLE, at the
 * step CURSOR; a date that it would touch is left out. */
void chart_dates(int y, int x, const struct axis *axis, int cursor, int style, const char *mark);

/* A bar from the left that fills PART of WHOLE of COLUMNS cells, never none
 * where PART is above 0. */
void chart_bar(int y, int x, int columns, int style, int64_t part, int64_t whole);

/* COUNT values spread evenly over COLUMNS cells, as many as there are or not; the
 * largest is a full cell. */
void chart_sparkline(int y, int x, int columns, int style, const int64_t *values, int count);

#endif
