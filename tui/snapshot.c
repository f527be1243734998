#include "snapshot.h"

#include <stdlib.h>
#include <string.h>

/* --- snapshots --- */

struct snapshot *snapshot_new(void)
{
    struct snapshot *snapshot = calloc(1, sizeof *snapshot);
    if (snapshot != NULL) {
        atomic_init(&snapshot->owners, 1);
        arena_init(&snapshot->arena, 0);
    }
    return snapshot;
}

struct snapshot *snapshot_share(struct snapshot *snapshot)
{
    atomic_fetch_add(&snapshot->owners, 1);
    return snapshot;
}

void snapshot_release(struct snapshot *snapshot)
{
    if (snapshot != NULL && atomic_fetch_sub(&snapshot->owners, 1) == 1) {
        arena_free(&snapshot->arena);
        free(snapshot);
    }
}

void *snapshot_add(struct snapshot *snapshot, int pane, size_t size)
{
    struct rows *rows = &snapshot->rows[pane];
    void *items = arena_grow(&snapshot->arena, (void *)(uintptr_t)rows->items, size, rows->count,
                             &snapshot->capacity[pane]);
    if (items == NULL) {
        snapshot->short_of_memory = true;
        return NULL;
    }
    rows->items = items;
    rows->size = size;
    void *row = (char *)items + rows->count++ * size;
    return memset(row, 0, size);
}

const char *snapshot_text(struct snapshot *snapshot, const char *text)
{
    const char *copy = text[0] != '\0' ? arena_strdup(&snapshot->arena, text) : "";
    if (copy == NULL)
        snapshot->short_of_memory = true;
    return copy != NULL ? copy : "";
}

void snapshot_cut(struct snapshot *snapshot, int pane, int64_t most, int64_t all)
{
    snapshot->cut[pane] = all > most ? (struct cut){most, all} : (struct cut){0};
}

int snapshot_stopped(const struct snapshot *snapshot)
{
    return snapshot->short_of_memory || atomic_load(snapshot->request.cancelled);
}

/* --- scopes --- */

static const char *keep_text(struct arena *arena, const char *text, bool *short_of_memory)
{
    const char *copy = text != NULL ? arena_strdup(arena, text) : NULL;
    *short_of_memory = *short_of_memory || (copy == NULL && text != NULL);
    return copy;
}

bool scope_copy(struct arena *arena, const struct scope *from, struct scope *to)
{
    bool short_of_memory = false;
    *to = *from;
    to->domain_name =
        keep_text(arena, from->domain_name != NULL ? from->domain_name : "", &short_of_memory);
    to->organization = keep_text(arena, from->organization, &short_of_memory);
    to->sending_mta_ip = keep_text(arena, from->sending_mta_ip, &short_of_memory);
    to->result_type = keep_text(arena, from->result_type, &short_of_memory);
    to->mx_host = keep_text(arena, from->mx_host, &short_of_memory);
    return !short_of_memory;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool scope_is_about_same(const struct scope *a, const struct scope *b)
{
    return a->domain == b->domain && a->foreign == b->foreign && a->report == b->report &&
           a->days.last == b->days.last && same_text(a->organization, b->organization) &&
           same_text(a->sending_mta_ip, b->sending_mta_ip) &&
           same_text(a->result_type, b->result_type) && same_text(a->mx_host, b->mx_host);
}

bool scope_equals(const struct scope *a, const struct scope *b)
{
    return scope_is_about_same(a, b) && same_text(a->domain_name, b->domain_name) &&
           a->failing == b->failing && a->grouped == b->grouped && a->run == b->run &&
           a->days.first == b->days.first;
}
