#include "recall.h"

#include <stdlib.h>
#include <string.h>

struct known {
    const struct view_type *type;
    struct snapshot *snapshot;
};

struct recall {
    struct recall_state state; /* that all of them are of */
    size_t count, bytes;
    struct known known[RECALL_MAX]; /* last used first */
};

struct recall *recall_new(void)
{
    return calloc(1, sizeof(struct recall));
}

static void forget_last(struct recall *recall)
{
    struct snapshot *snapshot = recall->known[--recall->count].snapshot;
    recall->bytes -= snapshot->arena.total;
    snapshot_release(snapshot);
}

void recall_free(struct recall *recall)
{
    while (recall != NULL && recall->count > 0)
        forget_last(recall);
    free(recall);
}

static void follow(struct recall *recall, struct recall_state state)
{
    if (recall->state.opening == state.opening && recall->state.version == state.version &&
        recall->state.hour == state.hour)
        return;
    while (recall->count > 0)
        forget_last(recall);
    recall->state = state;
}

static bool same_days(struct day_range a, struct day_range b)
{
    return a.first == b.first && a.last == b.last;
}

/* Whether all rows are wanted at once does not matter: all of them were read. */
static bool answers(const struct request *answered, const struct request *request)
{
    return same_days(answered->range, request->range) &&
           same_days(answered->extent, request->extent) && answered->today == request->today &&
           answered->columns == request->columns && answered->rows == request->rows &&
           answered->config == request->config && scope_equals(&answered->scope, &request->scope);
}

static void put_first(struct recall *recall, struct known known, size_t place)
{
    memmove(recall->known + 1, recall->known, place * sizeof known);
    recall->known[0] = known;
}

struct snapshot *recall_find(struct recall *recall, const struct view_type *type,
                             const struct request *request, struct recall_state state)
{
    follow(recall, state);
    for (size_t i = 0; i < recall->count; i++) {
        struct known known = recall->known[i];
        if (known.type == type && answers(&known.snapshot->request, request)) {
            put_first(recall, known, i);
            return snapshot_share(known.snapshot);
        }
    }
    return NULL;
}

void recall_keep(struct recall *recall, const struct view_type *type, struct snapshot *snapshot,
                 struct recall_state state)
{
    size_t bytes = snapshot->arena.total;
    follow(recall, state);
    if (bytes > RECALL_BYTES)
        return;
    while (recall->count == RECALL_MAX || recall->bytes + bytes > RECALL_BYTES)
        forget_last(recall);
    put_first(recall, (struct known){type, snapshot_share(snapshot)}, recall->count++);
    recall->bytes += bytes;
}
