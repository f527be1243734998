#include "verdict.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "../db/day.h"
#include "../db/visible.h"
#include "weigh.h"

/* --- sentences --- */

static const char *format_text(struct verdict *verdict, const char *format, va_list args)
{
    char text[2048];
    vsnprintf(text, sizeof text, format, args);
    const char *copy = arena_strdup(&verdict->arena, text);
    verdict->memory_short |= copy == NULL;
    return copy != NULL ? copy : "";
}

const char *put(struct verdict *verdict, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    const char *text = format_text(verdict, format, args);
    va_end(args);
    return text;
}

void problem(struct verdict *verdict, enum severity severity, const char *code,
             const char *reference, const char *format, ...)
{
    va_list args;
    verdict->latest = NULL;
    if (verdict->problem_count == PROBLEMS_MAX)
        return;
    va_start(args, format);
    verdict->latest = &verdict->problems[verdict->problem_count++];
    *verdict->latest = (struct problem){
        .severity = severity,
        .code = code,
        .text = format_text(verdict, format, args),
        .remedy = "",
        .reference = reference,
    };
    va_end(args);
}

void remedy(struct verdict *verdict, const char *format, ...)
{
    va_list args;
    if (verdict->latest == NULL)
        return;
    va_start(args, format);
    verdict->latest->remedy = format_text(verdict, format, args);
    va_end(args);
}

void need(struct verdict *verdict, struct way *way, const char *format, ...)
{
    va_list args;
    if (way->count == NEEDS_MAX)
        return;
    va_start(args, format);
    way->needs[way->count++] = format_text(verdict, format, args);
    va_end(args);
}

const char *quote(struct verdict *verdict, struct slice bytes)
{
    char text[QUOTE_MAX + 1], visible[4 * QUOTE_MAX + 4];
    size_t length = bytes.length < QUOTE_MAX ? bytes.length : QUOTE_MAX;
    for (size_t i = 0; i < length; i++)
        text[i] = bytes.start[i] != '\0' ? bytes.start[i] : '?';
    text[length] = '\0';
    text_visible(text, visible, 4 * QUOTE_MAX + 1);
    return put(verdict, "%s%s", visible, length < bytes.length ? "..." : "");
}

const char *quote_text(struct verdict *verdict, const char *text)
{
    return quote(verdict, (struct slice){text, strlen(text)});
}

const char *on_day(struct verdict *verdict, int64_t instant)
{
    char day[DAY_TEXT];
    return put(verdict, "%s", day_format(day_of(instant), day));
}

const char *severity_name(enum severity severity)
{
    static const char *const names[] = {"note", "warning", "error"};
    return names[severity];
}

/* --- the mode --- */

/* DANE that could not be looked at stays as it was last known. */
static void keep_dane(struct verdict *verdict)
{
    const struct known *known = verdict->known;
    if (verdict->dane_state == DANE_UNSTATED && known->dane != DANE_UNSTATED) {
        verdict->dane_state = known->dane;
        verdict->dane_kept = true;
    }
}

void weigh_mode(struct verdict *verdict)
{
    keep_dane(verdict);
    bool neither = verdict->dane_state == DANE_ABSENT && verdict->sts_state == STS_STATE_ABSENT;
    verdict->mode = mode_combine(verdict->dane_state, verdict->sts_state, neither);
}

/* --- the whole --- */

/* Worst first, and otherwise as they were found. */
static void sort_problems(struct verdict *verdict)
{
    struct problem *problems = verdict->problems;
    for (size_t i = 1; i < verdict->problem_count; i++) {
        struct problem moved = problems[i];
        size_t at = i;
        for (; at > 0 && problems[at - 1].severity < moved.severity; at--)
            problems[at] = problems[at - 1];
        problems[at] = moved;
    }
}

bool verdict_has_problem(const struct verdict *verdict)
{
    return verdict->problem_count > 0 && verdict->problems[0].severity > SEVERITY_NOTE;
}

void verdict_reach(struct verdict *verdict, const struct findings *findings,
                   const struct known *known, const struct verdict_settings *settings,
                   const struct trust *trust)
{
    memset(verdict, 0, sizeof *verdict);
    verdict->findings = findings;
    verdict->known = known;
    verdict->settings = settings;
    verdict->trust = trust;
    arena_init(&verdict->arena, 0);
    weigh_mx(verdict);
    weigh_tlsrpt(verdict);
    weigh_sts(verdict);
    weigh_dane(verdict);
    weigh_mode(verdict);
    weigh_certificates(verdict);
    weigh_ways(verdict);
    sort_problems(verdict);
}

void verdict_free(struct verdict *verdict)
{
    arena_free(&verdict->arena);
}
