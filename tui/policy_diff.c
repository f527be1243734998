#include "policy_diff.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "../db/day.h"
#include "../db/sts_policy.h"
#include "text.h"

/* --- line by line --- */

/* The lines of TEXT at LINES, copied; returns how many, -1 when memory is short. */
static int split(const char *text, struct arena *arena, const char *lines[static DIFF_LINES_MAX])
{
    int count = 0;
    while (*text != '\0' && count < DIFF_LINES_MAX) {
        size_t length = strcspn(text, "\n");
        lines[count] = arena_strndup(arena, text, length);
        if (lines[count++] == NULL)
            return -1;
        text += length + (text[length] == '\n');
    }
    return count;
}

/* How many equal lines can follow from (I, J) on. */
typedef uint16_t common_table[DIFF_LINES_MAX + 1][DIFF_LINES_MAX + 1];

static void count_common(const char *const *before, int before_count, const char *const *now,
                         int now_count, common_table common)
{
    for (int i = before_count - 1; i >= 0; i--)
        for (int j = now_count - 1; j >= 0; j--) {
            uint16_t down = common[i + 1][j], right = common[i][j + 1];
            common[i][j] = strcmp(before[i], now[j]) == 0 ? (uint16_t)(common[i + 1][j + 1] + 1)
                           : down > right                 ? down
                                                          : right;
        }
}

size_t policy_diff(const char *before_text, const char *now_text, struct arena *arena,
                   struct diff_line **lines)
{
    const char *before[DIFF_LINES_MAX], *now[DIFF_LINES_MAX];
    int before_count = split(before_text, arena, before), now_count = split(now_text, arena, now);
    uint16_t(*common)[DIFF_LINES_MAX + 1] = arena_alloc(arena, sizeof(common_table));
    *lines = arena_alloc(arena, (2 * DIFF_LINES_MAX + 1) * sizeof **lines);
    if (before_count < 0 || now_count < 0 || common == NULL || *lines == NULL)
        return 0;
    count_common(before, before_count, now, now_count, common);
    size_t gone = 0, come = 0; /* what is gone stands beside what came */
    for (int i = 0, j = 0; i < before_count || j < now_count;) {
        bool both = i < before_count && j < now_count;
        if (both && strcmp(before[i], now[j]) == 0) {
            size_t level = gone > come ? gone : come;
            (*lines)[level] = (struct diff_line){before[i++], now[j++], 1, 0};
            gone = come = level + 1;
        } else if (j == now_count || (both && common[i + 1][j] >= common[i][j + 1])) {
            (*lines)[gone++].before = before[i++];
        } else {
            (*lines)[come++].now = now[j++];
        }
    }
    return gone > come ? gone : come;
}

/* Takes what fits into COLUMNS off *REST, which is NULL when nothing is left. */
static const char *take_piece(struct arena *arena, const char **rest, int columns)
{
    const char *next, *start = *rest;
    if (start == NULL)
        return NULL;
    size_t length = text_line(start, columns, &next), used = (size_t)(next - start);
    if (*next != '\0' && used < (size_t)columns / 2) /* rather a broken word than half a line */
        length = used + text_line(next, columns - (int)used, &next);
    *rest = *next != '\0' ? next : NULL;
    return arena_strndup(arena, start, length);
}

size_t policy_diff_wrap(struct arena *arena, struct diff_line **lines, size_t count, int columns)
{
    struct diff_line *wrapped = NULL;
    size_t wrapped_count = 0, capacity = 0;
    for (size_t i = 0; i < count; i++) {
        struct diff_line rest = (*lines)[i];
        while (rest.before != NULL || rest.now != NULL) {
            wrapped = arena_grow(arena, wrapped, sizeof *wrapped, wrapped_count, &capacity);
            if (wrapped == NULL)
                return 0;
            struct diff_line *line = &wrapped[wrapped_count++];
            *line = (struct diff_line){.same = rest.same, .goes_on = rest.goes_on};
            line->before = take_piece(arena, &rest.before, columns);
            line->now = take_piece(arena, &rest.now, columns);
            rest.goes_on = 1;
        }
    }
    *lines = wrapped;
    return wrapped_count;
}

/* --- by what they say --- */

struct words {
    char *text;
    size_t used;
};

static void say(struct words *words, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(struct words *words, const char *format, ...)
{
    va_list args;
    size_t room = POLICY_WORDS - words->used;
    va_start(args, format);
    int written = snprintf(words->text + words->used, room, "%s", words->used > 0 ? ", " : "");
    if (written >= 0 && (size_t)written < room)
        written +=
            vsnprintf(words->text + words->used + written, room - (size_t)written, format, args);
    va_end(args);
    if (written >= 0 && (size_t)written < room)
        words->used += (size_t)written;
    else
        words->text[words->used] = '\0'; /* rather nothing than a half */
}

static bool has_pattern(const struct sts_policy *policy, const char *start, size_t length)
{
    for (size_t i = 0; i < policy->mx_count; i++)
        if (policy->mx[i].length == length && strncasecmp(policy->mx[i].start, start, length) == 0)
            return true;
    return false;
}

/* The patterns of THESE that are not in THOSE, with SIGN. */
static void say_patterns(struct words *words, char sign, const struct sts_policy *these,
                         const struct sts_policy *those)
{
    for (size_t i = 0; i < these->mx_count; i++)
        if (!has_pattern(those, these->mx[i].start, these->mx[i].length))
            say(words, "%c%.*s", sign, (int)these->mx[i].length, these->mx[i].start);
}

/* "604800 (7 days)"; of a negative one "none". */
static void say_age(long long max_age, char words[static 48])
{
    if (max_age < 0)
        snprintf(words, 48, "none");
    else if (max_age >= 2 * SECONDS_PER_DAY)
        snprintf(words, 48, "%lld (%lld days)", max_age, max_age / SECONDS_PER_DAY);
    else
        snprintf(words, 48, "%lld (%lld h)", max_age, max_age / 3600);
}

void policy_say_difference(const char *before, const char *now, const char *arrow,
                           char words[static POLICY_WORDS])
{
    struct sts_policy old, new;
    struct words said = {words, 0};
    char old_age[48], new_age[48];
    words[0] = '\0';
    sts_policy_read(before, strlen(before), &old);
    sts_policy_read(now, strlen(now), &new);
    if (old.mode != new.mode)
        say(&said, "mode %s %s %s", sts_mode_name(old.mode), arrow, sts_mode_name(new.mode));
    if (old.max_age != new.max_age) {
        say_age(old.max_age, old_age);
        say_age(new.max_age, new_age);
        say(&said, "max_age %s %s %s", old_age, arrow, new_age);
    }
    say_patterns(&said, '+', &new, &old);
    say_patterns(&said, '-', &old, &new);
}
