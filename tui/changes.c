#include "changes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy_diff.h"

#define CHANGE ((const struct change *)row)

/* --- columns --- */

static struct value day_value(const void *row)
{
    return value_number(CHANGE->event->day);
}
static struct value what_value(const void *row)
{
    return value_text(CHANGE->what);
}
static struct value first_value(const void *row)
{
    return value_text(CHANGE->first);
}
static struct value behind_value(const void *row)
{
    return value_text(CHANGE->behind);
}

/* The mode of a domain that came out of it. */
static int style_of(const struct event *event)
{
    return event->kind == EVENT_POLICY ? STYLE_NORMAL : STYLE_MODE + (int)event->to;
}
static int what_style(const void *row)
{
    return style_of(CHANGE->event);
}
static bool is_behind(const struct event *event)
{
    return event->lag_count > 0 && event->lags[0].moved_day < 0;
}
/* Does a reporter keep what was before for longer than max_age allows? */
static bool is_late(const struct event *event)
{
    return is_behind(event) && event->until >= 0 && event->lags[0].last_day > event->until;
}
static int behind_style(const void *row)
{
    const struct event *event = CHANGE->event;
    return is_late(event) ? STYLE_BAD : is_behind(event) ? STYLE_WARN : STYLE_DIM;
}

static uint64_t change_id(const void *row)
{
    return hash_text((uint64_t)CHANGE->event->day, CHANGE->what);
}

static const struct column columns[] = {
    {"day", "Day", VALUE_DAY, 10, 10, 0, true, day_value, NULL, NULL},
    {"change", "Change", VALUE_TEXT, 25, 100, 0, false, what_value, what_style, NULL},
    {"first", "First seen by", VALUE_TEXT, 13, 30, 1, false, first_value, NULL, NULL},
    {"behind", "Behind", VALUE_TEXT, 25, 40, 2, false, behind_value, behind_style, NULL},
};

const struct table_type changes_table = {
    .title = "Changes",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = change_id,
    .sort = -1,
    .nothing = "No mode or policy changed in these days; 8 shows all domains.",
};

const struct table_type all_changes_table = {
    .title = "Changes",
    .columns = columns,
    .column_count = sizeof columns / sizeof *columns,
    .id = change_id,
    .sort = -1,
    .nothing = "No change of mode or policy in the last three years; 8 shows all domains.",
};
_Static_assert(CHANGES_YEARS == 3, "in words");

/* --- in a few words --- */

static const char *const states[] = {
    [STS_UNSTATED] = "unknown",      [STS_STATE_ABSENT] = "no MTA-STS", [STS_STATE_NONE] = "none",
    [STS_STATE_TESTING] = "testing", [STS_STATE_ENFORCE] = "enforce",
};

/* The state that came, as a mark names it. */
static const char *state_name(const struct event *event)
{
    if (event->kind == EVENT_DANE)
        return event->state_to == DANE_PRESENT ? "DANE" : "no DANE";
    return event->kind == EVENT_POLICY && event->state_from == event->state_to
               ? "policy"
               : states[event->state_to];
}

static void write_what(const struct event *event, char text[static POLICY_WORDS])
{
    const char *arrow = glyph(GLYPH_ENTER);
    if (event->kind == EVENT_DANE) {
        bool came = event->state_to == DANE_PRESENT;
        snprintf(text, POLICY_WORDS, "%s %s %s", came ? "no DANE" : "DANE", arrow,
                 came ? "DANE" : "no DANE");
    } else if (event->state_from != event->state_to) {
        snprintf(text, POLICY_WORDS, "%s%s %s %s",
                 event->state_from != STS_STATE_ABSENT ? "MTA-STS " : "", states[event->state_from],
                 arrow, states[event->state_to]);
    } else {
        char words[POLICY_WORDS] = "";
        if (event->text_from != NULL && event->text_to != NULL)
            policy_say_difference(event->text_from, event->text_to, arrow, words);
        snprintf(text, POLICY_WORDS, "policy: %.400s", words[0] != '\0' ? words : "written anew");
    }
}

/* "Yahoo, until 2026-11-26", "Yahoo, was due 2026-11-12", "3 reporters", "" */
static void write_behind(const struct event *event, char text[static POLICY_WORDS])
{
    size_t behind = 0;
    char until[DAY_TEXT] = "";
    while (behind < event->lag_count && event->lags[behind].moved_day < 0)
        behind++;
    text[0] = '\0';
    if (behind == 0)
        return;
    if (event->until >= 0)
        day_format(event->until, until);
    if (behind == 1)
        snprintf(text, POLICY_WORDS, "%.200s", event->lags[0].organization);
    else
        snprintf(text, POLICY_WORDS, "%zu reporters", behind);
    size_t used = strlen(text);
    snprintf(text + used, POLICY_WORDS - used, "%s%s",
             until[0] == '\0' ? ""
             : is_late(event) ? ", was due "
                              : ", until ",
             until);
}

/* "Google", "Google +3", "live check" */
static void write_first(const struct event *event, char text[static POLICY_WORDS])
{
    bool checked_first =
        event->live_day >= 0 && (event->reported_day < 0 || event->live_day < event->reported_day);
    if (checked_first || event->reporter == NULL)
        snprintf(text, POLICY_WORDS, "live check");
    else if (event->also_first > 0)
        snprintf(text, POLICY_WORDS, "%.200s +%d", event->reporter, event->also_first);
    else
        snprintf(text, POLICY_WORDS, "%.200s", event->reporter);
}

static int add_change(struct snapshot *snapshot, int pane, const struct event *event)
{
    char text[POLICY_WORDS];
    struct change *change = snapshot_add(snapshot, pane, sizeof *change);
    if (change == NULL)
        return -1;
    change->event = event;
    write_what(event, text);
    change->what = snapshot_text(snapshot, text);
    write_behind(event, text);
    change->behind = snapshot_text(snapshot, text);
    write_first(event, text);
    change->first = snapshot_text(snapshot, text);
    return 0;
}

enum db_status changes_load(struct db *db, struct snapshot *snapshot, int pane, int64_t domain,
                            struct day_range range)
{
    struct events events;
    enum db_status status = query_events(db, domain, range, &snapshot->arena, &events);
    for (size_t i = 0; i < events.count && status == DB_OK; i++)
        if (add_change(snapshot, pane, &events.events[i]) != 0)
            status = DB_MEMORY;
    return status;
}

/* --- in sentences --- */

struct sentences {
    char *text;
    size_t used;
};

static void say(struct sentences *said, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
static void say(struct sentences *said, const char *format, ...)
{
    va_list args;
    size_t room = CHANGE_SENTENCES - said->used;
    va_start(args, format);
    int written = vsnprintf(said->text + said->used, room, format, args);
    va_end(args);
    if (written > 0)
        said->used += (size_t)written < room ? (size_t)written : room - 1;
}

static void say_when(struct sentences *said, const struct event *event)
{
    char day[DAY_TEXT], live[DAY_TEXT];
    day_format(event->reported_day, day);
    day_format(event->live_day, live);
    if (event->live_day >= 0)
        say(said, "The live check saw it on %s%s. ", live,
            event->reported_day < 0 ? ", no report does so yet" : "");
    if (event->reported_day >= 0 && event->also_first > 0)
        say(said, "%.80s and %d more reported it first, on %s. ", event->reporter,
            event->also_first, day);
    else if (event->reported_day >= 0)
        say(said, "%.80s reported it first, on %s. ", event->reporter, day);
    if (event->reported_day >= 0 && event->mode_day > event->reported_day)
        say(said, "Most sessions since %s. ", day_format(event->mode_day, day));
    if (event->reported_day >= 0 && event->mode_day < 0 && event->kind == EVENT_POLICY &&
        event->state_from != event->state_to)
        say(said, "Most sessions still say what was before. ");
}

/* What was before. */
static const char *older_name(const struct event *event)
{
    if (event->kind == EVENT_DANE)
        return event->state_from == DANE_PRESENT ? "DANE" : "no DANE";
    return event->kind == EVENT_POLICY ? "the older policy" : states[event->state_from];
}

static void say_who_lags(struct sentences *said, const struct event *event)
{
    enum { NAMED = 3 };
    char day[DAY_TEXT], until[DAY_TEXT];
    size_t behind = 0;
    for (; behind < event->lag_count && event->lags[behind].moved_day < 0; behind++)
        if (behind < NAMED)
            say(said, "%s%.80s", behind > 0 ? ", " : "", event->lags[behind].organization);
    if (behind == 0) {
        if (event->lag_count > 0)
            say(said, "The last to follow was %.80s, on %s.", event->lags[0].organization,
                day_format(event->lags[0].moved_day, day));
        else if (event->reported_day >= 0)
            say(said, "Nobody went on reporting what was before.");
        return;
    }
    if (behind > NAMED)
        say(said, " and %zu more", behind - NAMED);
    say(said, " still reported %s on %s", older_name(event),
        day_format(event->lags[0].last_day, day));
    day_format(event->until, until);
    if (event->until < 0)
        say(said, ".");
    else if (!is_late(event))
        say(said, " (max_age ends %s).", until);
    else
        say(said,
            ", longer than max_age allows (%s): can they fetch the policy, and is the id in "
            "_mta-sts a new one?",
            until);
}

void changes_explain(const struct change *change, char text[static CHANGE_SENTENCES])
{
    struct sentences said = {text, 0};
    text[0] = '\0';
    say_when(&said, change->event);
    say_who_lags(&said, change->event);
}

/* --- on a time axis --- */

bool changes_draw_marks(const struct rows *rows, const struct axis *axis, int y, int x)
{
    bool any = false;
    int width = axis->count * axis->cell, end = width;
    for (size_t i = 0; i < rows->count; i++) { /* latest first */
        const struct event *event = ((const struct change *)row_at(rows, i))->event;
        char day[DAY_TEXT], label[48];
        int step = (event->day - axis->first) / axis->days, at = step * axis->cell;
        if (event->day < axis->first || step >= axis->count || at >= end)
            continue;
        if (!any)
            put_text(y, x, width, STYLE_NORMAL, "");
        any = true;
        put_glyphs(y, x + at, 1, style_of(event), glyph(GLYPH_CHANGE));
        snprintf(label, sizeof label, "%s %s", day_format(event->day, day) + strlen("2026-"),
                 state_name(event));
        int room = end - at - 1, length = (int)strlen(label);
        if (length > room) /* at least the date */
            length = (int)strcspn(label, " ");
        label[length] = '\0';
        if (length <= room)
            put_text(y, x + at + 1, length, style_of(event), label);
        end = at - 1;
    }
    return any;
}
