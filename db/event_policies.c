/* Changes of the MTA-STS policy, as reporters quote it. */
#include "event_finder.h"

#include <stdlib.h>
#include <string.h>

#include "sts_policy.h"

/* All texts that say the same. */
struct said_policy {
    const char *canonical;
    const char *text; /* as it was seen first */
    enum sts_state mode;
    int64_t max_age;
    int first_day;
    int64_t organization; /* that saw it first */
};

struct policies {
    struct said_policy *policies; /* by first day */
    size_t count, capacity;
    size_t *of_sight; /* which of them each sight is; SIZE_MAX: none that can be read */
};

static int take_policy(struct policies *policies, const struct policy_sight *sight, size_t *which,
                       struct arena *arena)
{
    struct sts_policy read;
    sts_policy_read(sight->text, strlen(sight->text), &read);
    *which = SIZE_MAX;
    if (read.mode == STS_UNREADABLE)
        return 0;
    const char *canonical = sts_policy_canonical(&read, arena);
    if (canonical == NULL)
        return -1;
    for (*which = 0; *which < policies->count; ++*which)
        if (strcmp(policies->policies[*which].canonical, canonical) == 0)
            return 0;
    struct said_policy *more =
        arena_grow(arena, policies->policies, sizeof *more, policies->count, &policies->capacity);
    if (more == NULL)
        return -1;
    policies->policies = more;
    more[policies->count++] = (struct said_policy){
        .canonical = canonical,
        .text = sight->text,
        .mode = (enum sts_state)((int)STS_STATE_ABSENT + (int)read.mode),
        .max_age = read.max_age,
        .first_day = sight->first_day,
        .organization = sight->organization,
    };
    return 0;
}

/* The sights come by their first day. */
static int read_policies(const struct event_evidence *evidence, struct policies *policies,
                         struct arena *arena)
{
    *policies = (struct policies){
        .of_sight = arena_alloc(arena, (evidence->policy_count + 1) * sizeof *policies->of_sight)};
    if (policies->of_sight == NULL)
        return -1;
    for (size_t i = 0; i < evidence->policy_count; i++)
        if (take_policy(policies, &evidence->policies[i], &policies->of_sight[i], arena) != 0)
            return -1;
    return 0;
}

/* The policy of MODE that was first seen on the day nearest to DAY, with BEFORE
 * not behind it; NULL: none. */
static const struct said_policy *policy_near(const struct policies *policies, int mode, int day,
                                             bool before)
{
    const struct said_policy *found = NULL;
    for (size_t i = 0; i < policies->count; i++) {
        const struct said_policy *policy = &policies->policies[i];
        if ((int)policy->mode == mode && (!before || policy->first_day <= day) &&
            (found == NULL || abs(policy->first_day - day) <= abs(found->first_day - day)))
            found = policy;
    }
    return found;
}

static void name_texts(struct finder *finder, const struct policies *policies)
{
    for (size_t i = 0; i < finder->count; i++) {
        struct event *event = &finder->events[i];
        if (event->kind != EVENT_STS)
            continue;
        const struct said_policy *from = policy_near(policies, event->state_from, event->day, true);
        const struct said_policy *to = policy_near(policies, event->state_to, event->day, false);
        event->text_from = from != NULL ? from->text : NULL;
        event->text_to = to != NULL ? to->text : NULL;
        if (from != NULL)
            event->until = kept_until(from->max_age, event->day);
    }
}

/* Does a change of mode tell of POLICY already? */
static bool is_told(const struct finder *finder, const struct said_policy *policy)
{
    for (size_t i = 0; i < finder->count; i++)
        if (finder->events[i].kind == EVENT_STS && finder->events[i].text_to == policy->text)
            return true;
    return false;
}

/* The policy that ORGANIZATION had before it saw the policy NEW on DAY; not one
 * that nobody had seen before NEW, to which only some of its machines went back.
 * SIZE_MAX: none. */
static size_t policy_before(const struct finder *finder, const struct policies *policies,
                            int64_t organization, size_t new, int day)
{
    const struct event_evidence *evidence = finder->evidence;
    size_t found = SIZE_MAX;
    int latest = -1;
    for (size_t i = 0; i < evidence->policy_count; i++) {
        const struct policy_sight *sight = &evidence->policies[i];
        if (sight->organization == organization && policies->of_sight[i] < new &&
            sight->first_day < day && sight->first_day > latest) {
            latest = sight->first_day;
            found = policies->of_sight[i];
        }
    }
    return found;
}

/* Who reported the policy OLD behind the day on which NEW was seen first. */
static int find_policy_lags(struct finder *finder, struct lags *lags,
                            const struct policies *policies, struct event *event, size_t old,
                            size_t new)
{
    const struct event_evidence *evidence = finder->evidence;
    lags_begin(lags);
    for (size_t i = 0; i < evidence->policy_count; i++) {
        const struct policy_sight *sight = &evidence->policies[i];
        if (policies->of_sight[i] != old || sight->last_day <= event->reported_day)
            continue;
        struct event_lag *lag =
            lag_of(finder, lags, reporter_of(finder, sight->organization), true);
        if (lag == NULL)
            return -1;
        if (sight->last_day > lag->last_day)
            lag->last_day = sight->last_day;
    }
    for (size_t i = 0; i < evidence->policy_count; i++) {
        const struct policy_sight *sight = &evidence->policies[i];
        if (policies->of_sight[i] != new)
            continue;
        struct event_lag *lag =
            lag_of(finder, lags, reporter_of(finder, sight->organization), false);
        if (lag != NULL && sight->last_day > lag->last_day)
            lag->moved_day =
                sight->first_day > lag->last_day ? sight->first_day : lag->last_day + 1;
    }
    lags_end(lags, event);
    return 0;
}

/* The policy that the reporters of NEW had before; rather one of the same mode.
 * SIZE_MAX: they never reported another one. */
static size_t policy_replaced(const struct finder *finder, const struct policies *policies,
                              size_t new)
{
    const struct event_evidence *evidence = finder->evidence;
    size_t found = SIZE_MAX;
    for (size_t i = 0; i < evidence->policy_count; i++) {
        if (policies->of_sight[i] != new)
            continue;
        size_t old = policy_before(finder, policies, evidence->policies[i].organization, new,
                                   evidence->policies[i].first_day);
        if (old != SIZE_MAX && policies->policies[old].mode == policies->policies[new].mode)
            return old;
        if (found == SIZE_MAX)
            found = old;
    }
    return found;
}

/* How many others than the one named saw the policy NEW on its first day, too. */
static int count_also_first(const struct finder *finder, const struct policies *policies,
                            size_t new)
{
    const struct said_policy *policy = &policies->policies[new];
    int count = 0;
    for (size_t i = 0; i < finder->evidence->policy_count; i++) {
        const struct policy_sight *sight = &finder->evidence->policies[i];
        count += policies->of_sight[i] == new && sight->first_day == policy->first_day &&
                 sight->organization != policy->organization;
    }
    return count;
}

/* A policy that a reporter sees after another one is a change, unless that of
 * the mode tells it already.  Reporters that never saw another may just quote
 * the same in other words. */
static int add_policy(struct finder *finder, struct lags *lags, const struct policies *policies,
                      size_t new)
{
    const struct said_policy *policy = &policies->policies[new];
    size_t old = policy_replaced(finder, policies, new);
    if (old == SIZE_MAX || is_told(finder, policy))
        return 0;
    const struct said_policy *before = &policies->policies[old];
    struct event *event = add_event(finder, EVENT_POLICY, policy->first_day);
    if (event == NULL)
        return -1;
    event->reported_day = policy->first_day;
    event->reporter_id = policy->organization;
    event->also_first = count_also_first(finder, policies, new);
    event->state_from = (int)before->mode;
    event->state_to = (int)policy->mode;
    event->text_from = before->text;
    event->text_to = policy->text;
    event->until = kept_until(before->max_age, policy->first_day);
    return find_policy_lags(finder, lags, policies, event, old, new);
}

int find_policy_changes(struct finder *finder, struct lags *lags)
{
    struct policies policies;
    if (read_policies(finder->evidence, &policies, finder->arena) != 0)
        return -1;
    name_texts(finder, &policies);
    for (size_t i = 1; i < policies.count; i++)
        if (add_policy(finder, lags, &policies, i) != 0)
            return -1;
    return 0;
}
