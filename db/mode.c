#include "mode.h"

/* Sessions behind each thing that can be stated; -1 where nobody states it. */
struct weights {
    int64_t dane[DANE_PRESENT + 1];
    int64_t sts[STS_STATE_ENFORCE + 1];
};

static void weigh(int64_t *weight, int64_t sessions)
{
    *weight = (*weight < 0 ? 0 : *weight) + sessions;
}

/* The heaviest of the states 1 to LAST, a tie to the later, which is the
 * stricter; 0 when none is stated. */
static int heaviest(const int64_t *weights, int last)
{
    int found = 0;
    for (int state = 1; state <= last; state++) {
        if (weights[state] >= 0 && weights[state] >= weights[found])
            found = state;
    }
    return found;
}

static void weigh_sts(struct weights *weights, const struct statement *statement)
{
    if (statement->policy_type == POLICY_STS && statement->mode != STS_UNREADABLE)
        weigh(&weights->sts[STS_STATE_ABSENT + (int)statement->mode], statement->sessions);
    else if (statement->policy_type == POLICY_NOT_FOUND && statement->reports_sts)
        weigh(&weights->sts[STS_STATE_ABSENT], statement->sessions);
}

/* What the COUNT statements of one reporter say of DANE. */
static void weigh_dane(struct weights *weights, const struct statement *statements, size_t count)
{
    bool present = false;
    bool would_tell = false;
    int64_t others = 0;
    for (size_t i = 0; i < count; i++) {
        would_tell |= statements[i].reports_tlsa;
        if (statements[i].policy_type != POLICY_TLSA) {
            others += statements[i].sessions;
            continue;
        }
        present = true;
        weigh(&weights->dane[DANE_PRESENT], statements[i].sessions);
    }
    if (!present && would_tell)
        weigh(&weights->dane[DANE_ABSENT], others);
}

struct day_statement mode_weigh(int day, const struct statement *statements, size_t count)
{
    struct day_statement weighed = {.day = day};
    struct weights weights = {.dane = {-1, -1, -1}, .sts = {-1, -1, -1, -1, -1}};
    for (size_t i = 0, next; i < count; i = next) {
        for (next = i; next < count; next++) {
            const struct statement *statement = &statements[next];
            if (statement->organization != statements[i].organization)
                break;
            weigh_sts(&weights, statement);
            weighed.not_found |= statement->policy_type == POLICY_NOT_FOUND;
            weighed.fetch_error |=
                statement->policy_type == POLICY_STS && statement->mode == STS_UNREADABLE;
        }
        weigh_dane(&weights, &statements[i], next - i);
    }
    weighed.dane = (enum dane_state)heaviest(weights.dane, DANE_PRESENT);
    weighed.sts = (enum sts_state)heaviest(weights.sts, STS_STATE_ENFORCE);
    return weighed;
}

enum tls_mode mode_combine(enum dane_state dane, enum sts_state sts, bool not_found)
{
    bool with_dane = dane == DANE_PRESENT;
    switch (sts) {
    case STS_STATE_ENFORCE:
        return with_dane ? MODE_DANE_STS_ENFORCE : MODE_STS_ENFORCE;
    case STS_STATE_TESTING:
        return with_dane ? MODE_DANE_STS_TESTING : MODE_STS_TESTING;
    case STS_STATE_NONE:
        return with_dane ? MODE_DANE : MODE_STS_NONE;
    case STS_STATE_ABSENT:
    case STS_UNSTATED:
        break;
    }
    if (with_dane)
        return MODE_DANE;
    return not_found ? MODE_OPPORTUNISTIC : MODE_UNKNOWN;
}

void mode_learn(struct mode_memory *memory, const struct day_statement *day)
{
    if (day->dane != DANE_UNSTATED)
        memory->dane = *day;
    if (day->sts != STS_UNSTATED)
        memory->sts = *day;
    if (day->not_found)
        memory->not_found = *day;
}

static bool holds(const struct day_statement *statement, int day)
{
    return day - statement->day <= MODE_INHERIT_DAYS;
}

enum tls_mode mode_on(const struct mode_memory *memory, int day)
{
    return mode_combine(holds(&memory->dane, day) ? memory->dane.dane : DANE_UNSTATED,
                        holds(&memory->sts, day) ? memory->sts.sts : STS_UNSTATED,
                        holds(&memory->not_found, day) && memory->not_found.not_found);
}

void mode_fill(const struct day_statement *days, size_t count, int first, int last,
               struct day_mode *modes)
{
    struct mode_memory memory = {0};
    size_t next = 0;
    while (next < count && days[next].day < first)
        mode_learn(&memory, &days[next++]);
    for (int day = first; day <= last; day++, modes++) {
        struct mode_memory own = {0};
        *modes = (struct day_mode){.reported = next < count && days[next].day == day};
        if (modes->reported) {
            mode_learn(&own, &days[next]);
            mode_learn(&memory, &days[next++]);
        }
        modes->mode = mode_on(&memory, day);
        modes->inherited = modes->mode != mode_on(&own, day);
    }
}

bool mode_watch(struct mode_watch *watch, const struct day_statement *day,
                struct mode_change *change)
{
    mode_learn(&watch->memory, day);
    enum tls_mode before = watch->mode, mode = mode_on(&watch->memory, day->day);
    if (mode == MODE_UNKNOWN)
        return false;
    watch->mode = mode;
    *change = (struct mode_change){day->day, before, mode};
    return before != MODE_UNKNOWN && mode != before;
}
