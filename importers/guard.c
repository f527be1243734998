#include "guard.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

void guard_init(struct guard *guard)
{
    memset(guard, 0, sizeof *guard);
    guard_expect(guard, 0, 0);
}

void guard_expect(struct guard *guard, size_t literals, size_t literal_max)
{
    guard->literals_left = literals;
    guard->literal_max = literal_max;
    guard->lines_left = GUARD_LINES_MAX;
}

/* A number that is too large stays so, whatever digits follow. */
static size_t add_digit(size_t number, char digit)
{
    return number > UINT32_MAX ? number : number * 10 + (size_t)(digit - '0');
}

static const char *begin_literal(struct guard *guard)
{
    if (guard->literals_left == 0)
        return "a literal where there should be none";
    guard->literals_left--;
    guard->literal_left = guard->number;
    return NULL;
}

/* A line is complete; what follows a literal belongs to the same one. */
static const char *end_line(struct guard *guard, bool announces)
{
    static const char bye[] = "* BYE";
    guard->line = 0;
    if (announces)
        return begin_literal(guard);
    guard->present[guard->kept] = '\0';
    if (guard->kept > 0)
        memcpy(guard->last, guard->present, guard->kept + 1);
    if (strncasecmp(guard->last, bye, strlen(bye)) == 0) {
        guard->ended = true;
        snprintf(guard->goodbye, sizeof guard->goodbye, "%s", guard->last + strlen(bye));
    }
    guard->kept = 0;
    guard->brackets = 0;
    return NULL;
}

/* The next byte of what may be the "{N}" before a literal.  Where it stands is
 * no matter: libetpan takes it for one within a line, too, and with blanks. */
static const char *check_number(struct guard *guard, char c)
{
    if (c >= '0' && c <= '9') {
        guard->number = add_digit(guard->number, c);
        return guard->number > guard->literal_max ? "a literal larger than what was asked for"
                                                  : NULL;
    }
    if (c == '-')
        return "a literal of less than no bytes";
    if (c == '}')
        guard->state = GUARD_NUMBER_ENDED;
    else if (c != ' ')
        guard->state = GUARD_WORDS;
    return NULL;
}

/* The next byte of a line. */
static const char *check_byte(struct guard *guard, char c)
{
    bool number_ended = guard->state == GUARD_NUMBER_ENDED;
    bool announces = number_ended || guard->state == GUARD_CR;
    if (++guard->line > GUARD_LINE_MAX)
        return "a line of more than 65536 bytes";
    if (c != '\r' && c != '\n' && guard->kept + 1 < sizeof guard->present)
        guard->present[guard->kept++] = c != '\0' ? c : ' ';
    if (c == '(' && ++guard->brackets > GUARD_BRACKETS_MAX)
        return "more brackets than any answer needs";
    if (guard->state == GUARD_NUMBER && c != '{' && c != '\n')
        return check_number(guard, c);
    guard->state = c == '{' ? GUARD_NUMBER : number_ended && c == '\r' ? GUARD_CR : GUARD_WORDS;
    if (c == '{')
        guard->number = 0;
    return c == '\n' ? end_line(guard, announces) : NULL;
}

/* Passes over what is left of a literal; returns how much of SIZE that is. */
static size_t skip_literal(struct guard *guard, size_t size)
{
    if (size > guard->literal_left)
        size = guard->literal_left;
    guard->literal_left -= size;
    return size;
}

const char *guard_check(struct guard *guard, const char *bytes, size_t size)
{
    const char *end = bytes + size, *trouble = NULL;
    while (trouble == NULL && bytes < end) {
        bytes += skip_literal(guard, (size_t)(end - bytes));
        if (bytes == end)
            break;
        if (guard->lines_left-- == 0)
            return "more than 1 MiB beside what was asked for";
        trouble = check_byte(guard, *bytes++);
    }
    return trouble;
}
