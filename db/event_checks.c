/* Changes that the live check saw, beside what reports say of them. */
#include "event_finder.h"

#include <string.h>

#include "sts_policy.h"

/* Days within which they tell of the same, beyond what max_age explains. */
enum { LIVE_APART = 8 };

static enum dane_state dane_of(enum tls_mode mode)
{
    if (mode == MODE_UNKNOWN)
        return DANE_UNSTATED;
    return tls_mode_has_dane(mode) ? DANE_PRESENT : DANE_ABSENT;
}

static enum sts_state sts_of(enum tls_mode mode)
{
    return mode == MODE_UNKNOWN ? STS_UNSTATED
                                : (enum sts_state)(STS_STATE_ABSENT + (int)tls_mode_sts(mode));
}

/* What one live check saw that the one before did not. */
struct live_change {
    enum event_kind kind;
    int day;
    int from, to; /* states */
    enum tls_mode mode_from, mode_to;
    const char *text_from, *text_to;
};

/* Do EVENT and CHANGE tell of the same? */
static bool is_same(const struct event *event, const struct live_change *change,
                    struct arena *arena)
{
    int latest = event->until > change->day ? event->until : change->day;
    if (event->kind != change->kind || event->live_day >= 0 || event->state_to != change->to ||
        event->reported_day < change->day - LIVE_APART || event->reported_day > latest + LIVE_APART)
        return false;
    if (event->kind != EVENT_POLICY)
        return true;
    struct sts_policy a, b;
    sts_policy_read(event->text_to, strlen(event->text_to), &a);
    sts_policy_read(change->text_to, strlen(change->text_to), &b);
    const char *one = sts_policy_canonical(&a, arena), *other = sts_policy_canonical(&b, arena);
    return one != NULL && other != NULL && strcmp(one, other) == 0;
}

static bool is_text(const char *text)
{
    return text != NULL && text[0] != '\0';
}

static int take_live_change(struct finder *finder, const struct live_change *change)
{
    struct event *event = NULL;
    for (size_t i = 0; i < finder->count && event == NULL; i++)
        if (is_same(&finder->events[i], change, finder->arena))
            event = &finder->events[i];
    if (event == NULL) {
        event = add_event(finder, change->kind, change->day);
        if (event == NULL)
            return -1;
        event->state_from = change->from;
        event->state_to = change->to;
        event->from = change->kind == EVENT_POLICY ? MODE_UNKNOWN : change->mode_from;
        event->to = change->kind == EVENT_POLICY ? MODE_UNKNOWN : change->mode_to;
    }
    event->live_day = change->day;
    if (change->day < event->day) {
        event->until -= event->until >= 0 ? event->day - change->day : 0;
        event->day = change->day;
    }
    if (change->kind == EVENT_DANE)
        return 0;
    if (is_text(change->text_to))
        event->text_to = change->text_to;
    if (is_text(change->text_from)) {
        struct sts_policy read;
        sts_policy_read(change->text_from, strlen(change->text_from), &read);
        event->text_from = change->text_from;
        event->until = kept_until(read.max_age, event->day);
    }
    return 0;
}

/* What NOW sees that BEFORE did not. */
static int compare_checks(struct finder *finder, const struct live_sight *before,
                          const struct live_sight *now)
{
    struct live_change change = {
        .kind = EVENT_STS,
        .day = day_of(now->time),
        .from = (int)sts_of(before->mode),
        .to = (int)sts_of(now->mode),
        .mode_from = before->mode,
        .mode_to = now->mode,
        .text_from = before->text,
        .text_to = now->text,
    };
    bool other_text =
        is_text(now->text) && is_text(before->text) && strcmp(now->text, before->text) != 0;
    if (change.from == change.to)
        change.kind = EVENT_POLICY;
    if ((change.from != change.to || other_text) && take_live_change(finder, &change) != 0)
        return -1;
    change.kind = EVENT_DANE;
    change.from = (int)dane_of(before->mode);
    change.to = (int)dane_of(now->mode);
    return change.from != change.to ? take_live_change(finder, &change) : 0;
}

int take_checks(struct finder *finder)
{
    const struct event_evidence *evidence = finder->evidence;
    const struct live_sight *before = NULL; /* the last one that could tell */
    for (size_t i = 0; i < evidence->check_count; i++) {
        const struct live_sight *now = &evidence->checks[i];
        if (now->mode == MODE_UNKNOWN)
            continue;
        if (before != NULL && compare_checks(finder, before, now) != 0)
            return -1;
        before = now;
    }
    return 0;
}
