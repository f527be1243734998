#include "day.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    YEAR_MIN = 1970,
    YEAR_MAX = 9999,
    DAYS_TO_1970 = 719468,     /* from 0000-03-01, where leap days end a year */
    DAYS_IN_400_YEARS = 146097 /* of the Gregorian calendar */
};

int day_of(int64_t instant)
{
    int64_t day = instant / SECONDS_PER_DAY;
    return (int)(instant % SECONDS_PER_DAY < 0 ? day - 1 : day);
}

/* Years begin in March here, so that the leap day is their last. */
static int day_from(int year, int month, int day_of_month)
{
    if (month <= 2)
        year--;
    int months = (month + 9) % 12;
    return year * 365 + year / 4 - year / 100 + year / 400 + (153 * months + 2) / 5 + day_of_month -
           1 - DAYS_TO_1970;
}

void day_split(int day, int *year, int *month, int *day_of_month)
{
    int64_t days = (int64_t)day + DAYS_TO_1970;
    int64_t cycle = days / DAYS_IN_400_YEARS;
    if (days % DAYS_IN_400_YEARS < 0)
        cycle--;
    int rest = (int)(days - cycle * DAYS_IN_400_YEARS);
    int years = (rest - rest / 1460 + rest / 36524 - rest / 146096) / 365;
    rest -= years * 365 + years / 4 - years / 100;
    int months = (5 * rest + 2) / 153;
    *day_of_month = rest - (153 * months + 2) / 5 + 1;
    *month = months < 10 ? months + 3 : months - 9;
    *year = (int)(cycle * 400) + years + (months >= 10);
}

int day_of_week(int day)
{
    return (day % 7 + 7 + 3) % 7; /* 1970-01-01 was a Thursday */
}

/* Reads COUNT digits at *TEXT and moves behind them; -1 when there are fewer. */
static int read_digits(const char **text, int count)
{
    int value = 0;
    for (int i = 0; i < count; i++) {
        char c = (*text)[i];
        if (c < '0' || c > '9')
            return -1;
        value = value * 10 + (c - '0');
    }
    *text += count;
    return value;
}

static int skip(const char **text, char c)
{
    if (**text != c)
        return 0;
    ++*text;
    return 1;
}

static void skip_space(const char **text)
{
    *text += strspn(*text, " \t\r\n");
}

static int read_date(const char **text, int *day)
{
    int year = read_digits(text, 4);
    if (year < YEAR_MIN || !skip(text, '-'))
        return -1;
    int month = read_digits(text, 2);
    if (month < 1 || month > 12 || !skip(text, '-'))
        return -1;
    int day_of_month = read_digits(text, 2);
    if (day_of_month < 1)
        return -1;
    *day = day_from(year, month, day_of_month);
    int y, m, d; /* the 31st of a shorter month comes back as another day */
    day_split(*day, &y, &m, &d);
    return d == day_of_month ? 0 : -1;
}

/* "12:34", "12:34:56" or "12:34:56.789"; a leap second is the next minute. */
static int read_time(const char **text, int *seconds)
{
    int hour = read_digits(text, 2);
    if (hour < 0 || hour > 23 || !skip(text, ':'))
        return -1;
    int minute = read_digits(text, 2);
    if (minute < 0 || minute > 59)
        return -1;
    int second = 0;
    if (skip(text, ':')) {
        second = read_digits(text, 2);
        if (second < 0 || second > 60)
            return -1;
        if (**text == '.' || **text == ',') {
            size_t digits = strspn(*text + 1, "0123456789");
            if (digits == 0)
                return -1;
            *text += 1 + digits;
        }
    }
    *seconds = (hour * 60 + minute) * 60 + second;
    return 0;
}

/* "Z", "+01:00", "+0100", "+01", or nothing for UTC. */
static int read_zone(const char **text, int *offset)
{
    *offset = 0;
    skip_space(text);
    if (skip(text, 'Z') || skip(text, 'z'))
        return 0;
    int sign = **text == '-' ? -1 : 1;
    if (!skip(text, '+') && !skip(text, '-'))
        return 0;
    int hour = read_digits(text, 2);
    if (hour < 0 || hour > 23)
        return -1;
    int minute = 0;
    if (skip(text, ':') || (**text >= '0' && **text <= '9'))
        minute = read_digits(text, 2);
    if (minute < 0 || minute > 59)
        return -1;
    *offset = sign * (hour * 60 + minute) * 60;
    return 0;
}

int instant_parse(const char *text, int64_t *instant)
{
    int day, seconds = 0, offset = 0;
    skip_space(&text);
    if (read_date(&text, &day) != 0)
        return -1;
    int has_time = skip(&text, 'T') || skip(&text, 't');
    if (!has_time) {
        skip_space(&text);
        has_time = *text != '\0';
    }
    if (has_time && (read_time(&text, &seconds) != 0 || read_zone(&text, &offset) != 0))
        return -1;
    skip_space(&text);
    if (*text != '\0')
        return -1;
    int64_t value = (int64_t)day * SECONDS_PER_DAY + seconds - offset;
    if (value < 0 || day_of(value) > DAY_MAX)
        return -1;
    *instant = value;
    return 0;
}

int day_parse(const char *text, int *day)
{
    int value;
    if (read_date(&text, &value) != 0 || *text != '\0')
        return -1;
    *day = value;
    return 0;
}

/* Writes VALUE with COUNT digits; returns what is behind them. */
static char *put_digits(char *text, int value, int count)
{
    for (int i = count - 1; i >= 0; i--) {
        text[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return text + count;
}

const char *day_format(int day, char text[static DAY_TEXT])
{
    if (day < 0 || day > DAY_MAX)
        return strcpy(text, "-");
    int year, month, day_of_month;
    day_split(day, &year, &month, &day_of_month);
    char *end = put_digits(text, year, 4);
    *end++ = '-';
    end = put_digits(end, month, 2);
    *end++ = '-';
    end = put_digits(end, day_of_month, 2);
    *end = '\0';
    return text;
}

const char *instant_format(int64_t instant, char text[static INSTANT_TEXT])
{
    if (instant < 0 || instant / SECONDS_PER_DAY > DAY_MAX)
        return strcpy(text, "-");
    day_format(day_of(instant), text);
    int seconds = (int)(instant % SECONDS_PER_DAY);
    char *end = text + DAY_TEXT - 1;
    *end++ = 'T';
    end = put_digits(end, seconds / 3600, 2);
    *end++ = ':';
    end = put_digits(end, seconds / 60 % 60, 2);
    *end++ = ':';
    end = put_digits(end, seconds % 60, 2);
    strcpy(end, "Z");
    return text;
}

int64_t instant_now(void)
{
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    if (epoch != NULL && *epoch != '\0') {
        char *end;
        errno = 0;
        long long value = strtoll(epoch, &end, 10);
        if (errno == 0 && *end == '\0' && value >= 0)
            return value;
    }
    return (int64_t)time(NULL);
}

int today(void)
{
    return day_of(instant_now());
}
