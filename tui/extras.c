#include "extras.h"

#include <stdlib.h>
#include <string.h>

#include "app.h"

void extras_reset(struct extras *extras, const struct extras_type *type, size_t size,
                  const void *context)
{
    if (extras->size != size) {
        free(extras->kept);
        extras->kept = NULL;
    }
    extras->type = type;
    extras->size = size;
    extras->count = extras->next = 0;
    extras->generation++;
    memcpy(extras->context, context, type->context_size);
}

void extras_free(struct extras *extras)
{
    free(extras->kept);
    extras->kept = NULL;
    extras->count = 0;
}

const void *extras_find(const struct extras *extras, int64_t id)
{
    for (size_t i = 0; i < extras->count; i++)
        if (extras->ids[i] == id)
            return extras->kept + i * extras->size;
    return NULL;
}

static void keep(struct extras *extras, int64_t id, const void *extra)
{
    if (extras->kept == NULL)
        extras->kept = malloc(EXTRAS_KEPT * extras->size);
    if (extras->kept == NULL)
        return; /* it is asked for again */
    extras->ids[extras->next] = id;
    memcpy(extras->kept + extras->next * extras->size, extra, extras->size);
    extras->next = (extras->next + 1) % EXTRAS_KEPT;
    extras->count += extras->count < EXTRAS_KEPT;
}

/* --- reading --- */

struct extras_job {
    struct job job;
    struct app *app;
    uint64_t serial;
    struct extras *extras; /* valid while the view is open; for the main thread */
    const struct extras_type *type;
    size_t size;
    unsigned generation;
    unsigned char context[EXTRAS_CONTEXT_MAX];
    size_t count;
    int64_t ids[EXTRAS_ASKED];
    unsigned char extras_read[]; /* `count` times `size` */
};

static enum db_status run_extras(struct job *job, struct db *db)
{
    struct extras_job *asked = (struct extras_job *)job;
    return asked->type->read(db, asked->ids, asked->count, asked->context, asked->extras_read);
}

static void extras_read(struct job *job)
{
    struct extras_job *asked = (struct extras_job *)job;
    bool replaced = job->opened && app_notes_opening(asked->app);
    struct view *view = app_view(asked->app, asked->serial);
    if (view != NULL) {
        view->asked_for_extras = false;
        bool wanted =
            job->status == DB_OK && !replaced && asked->generation == asked->extras->generation;
        for (size_t i = 0; i < asked->count && wanted; i++)
            keep(asked->extras, asked->ids[i], asked->extras_read + i * asked->size);
        if (job->status == DB_OK || job->status == DB_STOPPED)
            asked->app->dirty = true; /* and drawing asks for what still lacks */
    }
    free(asked);
}

bool extras_ask(struct view *view, struct extras *extras, const int64_t *ids, size_t count)
{
    struct extras_job *asked = NULL;
    for (size_t i = 0; i < count && !view->asked_for_extras; i++) {
        if (extras_find(extras, ids[i]) != NULL)
            continue;
        size_t most = count - i < EXTRAS_ASKED ? count - i : EXTRAS_ASKED;
        if (asked == NULL)
            asked = calloc(1, sizeof *asked + most * extras->size);
        if (asked == NULL || asked->count == EXTRAS_ASKED)
            break;
        asked->ids[asked->count++] = ids[i];
    }
    if (asked == NULL)
        return false;
    asked->job = (struct job){.run = run_extras, .done = extras_read};
    asked->app = view->app;
    asked->serial = view->serial;
    asked->extras = extras;
    asked->type = extras->type;
    asked->size = extras->size;
    asked->generation = extras->generation;
    memcpy(asked->context, extras->context, sizeof asked->context);
    view->asked_for_extras = true;
    worker_post(view->app->worker, SLOT_DECORATE, &asked->job);
    return true;
}

bool extras_ask_rows(struct view *view, struct extras *extras, const struct table *table)
{
    int64_t ids[EXTRAS_ASKED];
    size_t count = 0;
    for (size_t n = table->top; n < table->order.count && count < EXTRAS_ASKED &&
                                n < table->top + (size_t)table->area.rows;
         n++)
        ids[count++] =
            (int64_t)table->arrangement.type->id(row_at(&table->rows, table->order.rows[n]));
    return extras_ask(view, extras, ids, count);
}
