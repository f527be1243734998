#include "chart.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct axis axis_fit(struct day_range range, int columns)
{
    static const int lengths[] = {1, 2, 3, 4, 7, 14, 28, 91, 182, 364, 1820, 36400};
    int days = range.last - range.first + 1, length = 1;
    if (columns > AXIS_STEPS_MAX)
        columns = AXIS_STEPS_MAX;
    if (columns < 1)
        columns = 1;
    if (days < 1)
        days = 1;
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        length = lengths[i];
        if ((days + length - 1) / length <= columns)
            break;
    }
    int count = (days + length - 1) / length;
    if (count > columns)
        count = columns;
    int cell = columns / count;
    return (struct axis){.first = range.first + days - count * length,
                         .days = length,
                         .count = count,
                         .cell = cell > 6 ? 6 : cell,
                         .start = count - 1};
}

int axis_last_reported(const struct axis *axis, const struct totals *steps)
{
    for (int step = axis->count - 1; step >= 0; step--)
        if (steps[step].reports > 0)
            return step;
    return axis->count - 1;
}

int axis_step_of(const struct axis *axis, int day)
{
    int step = (day - axis->first) / axis->days;
    return step < 0 ? 0 : step >= axis->count ? axis->count - 1 : step;
}

struct day_range axis_step(const struct axis *axis, int step)
{
    int first = axis->first + step * axis->days;
    return (struct day_range){first < 0 ? 0 : first, first + axis->days - 1};
}

void axis_step_format(const struct axis *axis, int step, char text[static AXIS_STEP_TEXT])
{
    static const char *const names[] = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
    struct day_range days = axis_step(axis, step);
    char first[DAY_TEXT], last[DAY_TEXT];
    day_format(days.first, first);
    if (days.first == days.last)
        snprintf(text, AXIS_STEP_TEXT, "%s %s", names[day_of_week(days.first)], first);
    else
        snprintf(text, AXIS_STEP_TEXT, "%s to %s", first, day_format(days.last, last));
}

struct day_mode axis_mode(const struct axis *axis, const struct day_mode *modes, int step)
{
    const struct day_mode *days = modes + step * axis->days;
    for (int day = axis->days - 1; day >= 0; day--)
        if (days[day].reported)
            return days[day];
    return days[axis->days - 1];
}

char mode_letter(enum tls_mode mode)
{
    static const char letters[] = "?ontEDdX";
    return letters[mode];
}

void chart_mode(int y, int x, int cells, int extra, struct day_mode mode)
{
    int style = (STYLE_MODE + (int)mode.mode) | extra;
    char letter[2] = {mode_letter(mode.mode), '\0'};
    if (mode.mode == MODE_UNKNOWN && !mode.reported)
        put_text(y, x, cells, STYLE_DIM | extra, "");
    else if (mode.inherited)
        put_glyphs(y, x, cells, style, glyph(GLYPH_SHADE));
    else
        put_glyphs(y, x, cells, style | INVERSE, letter);
}

void chart_modes(int y, int x, const struct axis *axis, const struct day_mode *modes)
{
    for (int step = 0; step < axis->count; step++)
        chart_mode(y, x + step * axis->cell, axis->cell, 0, axis_mode(axis, modes, step));
}

static int64_t value_of(struct totals totals, enum chart_of of)
{
    return of == CHART_FAILED ? totals.failed : totals.successful + totals.failed;
}

int64_t chart_most(const struct axis *axis, const struct totals *steps, enum chart_of of)
{
    int64_t most = 0;
    for (int step = 0; step < axis->count; step++)
        if (value_of(steps[step], of) > most)
            most = value_of(steps[step], of);
    return most;
}

/* VALUE as so many UNITS of MOST, at least one when there is any. */
static int scaled(double value, double most, int units)
{
    if (value <= 0 || most <= 0)
        return 0;
    int result = (int)(value / most * units + 0.5);
    return result < 1 ? 1 : result > units ? units : result;
}

void chart_bars(struct area area, const struct axis *axis, const struct totals *steps,
                enum chart_of of, int style)
{
    int64_t most = chart_most(axis, steps, of);
    for (int step = 0; step < axis->count; step++) {
        int eighths = scaled((double)value_of(steps[step], of), (double)most, area.rows * 8);
        for (int row = 0; row < area.rows; row++)
            put_glyphs(area.y + area.rows - 1 - row, area.x + step * axis->cell,
                       axis->cell > 1 ? axis->cell - (axis->cell > 2) : 1, style,
                       bar_up(eighths - row * 8));
    }
}

void chart_dates(int y, int x, const struct axis *axis, int cursor, int style, const char *mark)
{
    enum { LABEL = sizeof "2026-11-24" - 1 };
    int width = axis->count * axis->cell, every = LABEL + 4;
    int free_from = 0, marked = cursor * axis->cell;
    put_text(y, x, width, STYLE_DIM, "");
    for (int step = 0; step < axis->count; step++) {
        char text[DAY_TEXT];
        int at = step * axis->cell;
        if (at < free_from || at + LABEL > width)
            continue;
        free_from = at + every;
        if (marked < at - 1 || marked > at + LABEL)
            put_text(y, x + at, LABEL, STYLE_DIM, day_format(axis_step(axis, step).first, text));
    }
    put_glyphs(y, x + marked, 1, style, mark);
}

void chart_bar(int y, int x, int columns, int style, int64_t part, int64_t whole)
{
    int eighths = scaled((double)part, (double)whole, columns * 8), full = eighths / 8;
    put_text(y, x, columns, STYLE_NORMAL | (style & SELECTED), "");
    put_glyphs(y, x, full, style, bar_right(8));
    if (eighths % 8 > 0)
        put_glyphs(y, x + full, 1, style, bar_right(full > 0 || eighths > 1 ? eighths % 8 : 2));
}

/* What falls on one of COLUMNS cells, when each value covers as much of them: so
 * many values, in parts of one COLUMNS-th. */
static double spread(const int64_t *values, int count, int column, int columns)
{
    double sum = 0;
    int from = column * count, to = from + count;
    for (int i = from / columns; i < count && i * columns < to; i++) {
        int first = i * columns > from ? i * columns : from;
        int last = (i + 1) * columns < to ? (i + 1) * columns : to;
        sum += (double)values[i] * (last - first);
    }
    return sum;
}

void chart_sparkline(int y, int x, int columns, int style, const int64_t *values, int count)
{
    double most = 0;
    for (int i = 0; i < columns; i++)
        most = fmax(most, spread(values, count, i, columns));
    for (int i = 0; i < columns; i++)
        put_glyphs(y, x + i, 1, style, bar_up(scaled(spread(values, count, i, columns), most, 8)));
}
