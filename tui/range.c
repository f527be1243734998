#include "range.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const int presets[] = {1, 7, 14, 30, 90, 180, 365, 730};
enum { PRESETS = sizeof presets / sizeof *presets };

static int parse_preset(const char *text, int *days)
{
    static const struct {
        char unit;
        int days;
    } units[] = {{'d', 1}, {'w', 7}, {'m', 30}, {'y', 365}};
    char *end;
    long number = strtol(text, &end, 10);
    if (!isdigit((unsigned char)text[0]) || number < 1 || number > RANGE_DAYS_MAX ||
        (*end != '\0' && end[1] != '\0'))
        return -1;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (tolower((unsigned char)*end) == units[i].unit &&
            number * units[i].days <= RANGE_DAYS_MAX) {
            *days = (int)number * units[i].days;
            return 0;
        }
    }
    return -1;
}

/* "2026-03-01" is a day, "2026-03" all days of a month. */
static int parse_date(const char *text, struct day_range *dates)
{
    char first[DAY_TEXT + 8];
    if (day_parse(text, &dates->first) == 0) {
        dates->last = dates->first;
        return 0;
    }
    if (strlen(text) != strlen("2026-03"))
        return -1;
    snprintf(first, sizeof first, "%s-01", text);
    if (day_parse(first, &dates->first) != 0)
        return -1;
    int year, month, day, other;
    day_split(dates->first, &year, &month, &day);
    dates->last = dates->first + 27;
    do
        day_split(++dates->last, &year, &other, &day);
    while (other == month);
    dates->last--;
    return 0;
}

static int parse_dates(const char *text, int today, struct day_range extent,
                       struct day_range *dates)
{
    char first[RANGE_TEXT];
    const char *dots = strstr(text, "..");
    if (dots == NULL)
        return parse_date(text, dates);
    struct day_range from = {extent.first, extent.first}, to = {today, today};
    snprintf(first, sizeof first, "%.*s", (int)(dots - text), text);
    if ((first[0] != '\0' && parse_date(first, &from) != 0) ||
        (dots[2] != '\0' && parse_date(dots + 2, &to) != 0) ||
        (first[0] == '\0' && dots[2] == '\0'))
        return -1;
    *dates = (struct day_range){from.first, to.last};
    return 0;
}

/* "2026-02-30": four digits, two and two. */
static bool is_like_a_day(const char *text)
{
    static const char form[] = "0000-00-00";
    if (strlen(text) != strlen(form))
        return false;
    for (size_t i = 0; text[i] != '\0'; i++) {
        if (form[i] == '-' ? text[i] != '-' : !isdigit((unsigned char)text[i]))
            return false;
    }
    return true;
}

int range_parse(const char *text, int today, struct day_range extent, struct range *range,
                const char **why)
{
    struct range read = {0};
    *why = "write 30d, 12w, 6m, 1y, all, 2026-03, or 2026-03-01..2026-04-15";
    if (strlen(text) >= RANGE_TEXT)
        return -1;
    if (strcmp(text, "all") == 0)
        read.days = -1;
    else if (strcmp(text, "today") == 0)
        read.days = 1;
    else if (strcmp(text, "yesterday") == 0)
        read.dates = (struct day_range){today - 1, today - 1};
    else if (parse_preset(text, &read.days) != 0 &&
             parse_dates(text, today, extent, &read.dates) != 0) {
        if (is_like_a_day(text))
            *why = "there is no such day";
        return -1;
    }
    if (read.days == 0 && read.dates.last < read.dates.first) {
        *why = "the last day is before the first";
        return -1;
    }
    if (read.days == 0 && read.dates.last - read.dates.first >= RANGE_DAYS_MAX) {
        *why = "that is more than a hundred years";
        return -1;
    }
    *range = read;
    return 0;
}

struct day_range range_days(const struct range *range, int today, struct day_range extent)
{
    if (range->days > 0)
        return (struct day_range){range->days > today ? 0 : today - range->days + 1, today};
    if (range->days == 0)
        return range->dates;
    if (extent.last < extent.first)
        return (struct day_range){today, today};
    struct day_range all = extent;
    if (all.last > today + 1) /* a report of the future */
        all.last = today + 1 > all.first ? today + 1 : all.first;
    if (all.last - all.first >= RANGE_DAYS_MAX)
        all.first = all.last - RANGE_DAYS_MAX + 1;
    return all;
}

void range_format(const struct range *range, char text[static RANGE_TEXT])
{
    char first[DAY_TEXT], last[DAY_TEXT];
    if (range->days == 1)
        snprintf(text, RANGE_TEXT, "today");
    else if (range->days > 0)
        snprintf(text, RANGE_TEXT, "last %d days", range->days);
    else if (range->days < 0)
        snprintf(text, RANGE_TEXT, "all days");
    else if (range->dates.first == range->dates.last)
        snprintf(text, RANGE_TEXT, "%s", day_format(range->dates.first, first));
    else
        snprintf(text, RANGE_TEXT, "%s to %s", day_format(range->dates.first, first),
                 day_format(range->dates.last, last));
}

void range_step(struct range *range, int step, int today, struct day_range extent)
{
    struct day_range days = range_days(range, today, extent);
    int length = days.last - days.first + 1;
    int last = days.last + step * length;
    if (range->days < 0 || last - length + 1 < 0)
        return;
    if (last >= today) {
        *range = (struct range){.days = length};
        return;
    }
    *range = (struct range){.dates = {last - length + 1, last}};
}

void range_widen(struct range *range, int step, int today, struct day_range extent)
{
    struct day_range days = range_days(range, today, extent);
    int length = days.last - days.first + 1, chosen = 0;
    if (range->days < 0 && step > 0)
        return;
    for (int i = 0; i < PRESETS; i++) {
        int preset = presets[step > 0 ? i : PRESETS - 1 - i];
        if ((step > 0 && preset > length) || (step < 0 && preset < length)) {
            chosen = preset;
            break;
        }
    }
    if (chosen == 0) {
        if (step > 0)
            range->days = -1;
    } else if (range->days < 0 && days.last <= today - chosen) { /* else nothing is left */
        range->days = 0;
        range->dates = (struct day_range){days.last - chosen + 1, days.last};
    } else if (range->days != 0) {
        range->days = chosen;
    } else {
        range->dates.first = range->dates.last - chosen + 1;
        if (range->dates.first < 0)
            range->dates.first = 0;
    }
}
