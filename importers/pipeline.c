#include "pipeline.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../db/arena.h"
#include "../db/identities.h"
#include "../db/packer.h"
#include "../db/query.h"
#include "clock.h"
#include "progress.h"

enum {
    BATCH_BYTES = 128 * 1024,
    BATCH_ITEMS = 128,
    BATCHES = 24,                      /* under way at once, at most */
    BYTES_UNDER_WAY = 5 * 1024 * 1024, /* a new batch waits for less than this */
    BATCH_KEPT = 512 * 1024,           /* memory that the next use of a batch has again */
    COMMIT_MILLISECONDS = 1000,
    IDLE_MILLISECONDS = 100,      /* so long without work, and what there is gets committed... */
    QUIET_MILLISECONDS = 5000,    /* after so long upkeep is done when there is nothing else... */
    UPKEEP_MILLISECONDS = 600000, /* ...and so long after that */
    YIELD_MICROSECONDS = 1000,
    KEPT_FREE = 8 * 1024 * 1024, /* bytes that are free and not given back to the system */
    GROW_BY = 1024 * 1024,
};

/* One thing that was found in a message. */
struct finding {
    enum outcome outcome;
    unsigned part;
    const char *reason;
    struct report report; /* when imported */
    const void *bytes;
    size_t size;
};

/* One thing that was handed over. */
struct item {
    enum { ITEM_MESSAGE, ITEM_DAMAGED, ITEM_POSITION, ITEM_CALL } kind;
    struct place place;
    const char *bytes; /* of a message */
    size_t size;
    const char *reason; /* of a damaged one */
    pipeline_call_fn *call;
    void *context;
    size_t findings; /* how many of the batch's belong to this message */
};

/* A batch goes round.  Each thread takes and frees only its own part of the
 * memory: memory that two threads take and free has them wait for one another. */
struct batch {
    struct batch *next;
    struct arena arena; /* the source's: the items, and what they point to */
    struct item *items;
    size_t count, capacity;
    struct arena found; /* the extracting thread's: what the findings point to */
    struct finding *findings;
    size_t finding_count, finding_capacity; /* those behind the count keep memory for reports */
    size_t bytes;                           /* in all of that: they are under way */
    bool short_of_memory;                   /* a message could not be taken apart */
};

struct queue {
    struct batch *first;
    struct batch **end;
    pthread_cond_t filled; /* for the one thread that takes from it */
};

struct pipeline {
    struct pipeline_settings settings;
    struct extractor *extractor; /* the extracting thread's */
    struct packer *packer;
    struct batch *filling; /* the source's */
    struct item begun;     /* a message that comes in pieces */
    pthread_t extract_thread, store_thread;
    /* of the store thread, until it has ended */
    struct store_counts counts;
    struct identities *identities; /* of `known` */
    int64_t committed_at;          /* milliseconds */
    /* shared, under the lock */
    pthread_mutex_t lock;
    pthread_cond_t called; /* for the source */
    struct queue spare, to_extract, to_store;
    size_t batches;
    size_t bytes_under_way;
    bool source_ended, extract_ended;
    bool call_pending;
    enum db_status status;
    char error[PIPELINE_ERROR];
};

/* --- queues; all under the lock --- */

static void push(struct queue *queue, struct batch *batch)
{
    batch->next = NULL;
    *queue->end = batch;
    queue->end = &batch->next;
    pthread_cond_signal(&queue->filled);
}

static struct batch *pop(struct queue *queue)
{
    struct batch *batch = queue->first;
    if (batch != NULL) {
        queue->first = batch->next;
        if (queue->first == NULL)
            queue->end = &queue->first;
    }
    return batch;
}

/* Waits for a batch, until *ENDED says that none will come, or PATIENCE (in
 * milliseconds, -1 for ever) is over. */
static struct batch *await(struct pipeline *pipeline, struct queue *queue, const bool *ended,
                           int patience)
{
    int64_t deadline = monotonic_ms() + patience;
    struct timespec until = {.tv_sec = (time_t)(deadline / MILLISECONDS),
                             .tv_nsec = (long)(deadline % MILLISECONDS) * 1000000};
    while (queue->first == NULL && !*ended) {
        if (patience < 0)
            pthread_cond_wait(&queue->filled, &pipeline->lock);
        else if (pthread_cond_timedwait(&queue->filled, &pipeline->lock, &until) != 0)
            break;
    }
    return pop(queue);
}

/* --- batches --- */

static struct batch *new_batch(void)
{
    struct batch *batch = calloc(1, sizeof *batch);
    if (batch != NULL) {
        arena_init(&batch->arena, 0);
        arena_init(&batch->found, 0);
    }
    return batch;
}

/* Gives all memory of BATCH back. */
static void empty(struct batch *batch)
{
    for (size_t i = 0; i < batch->finding_capacity; i++)
        report_free(&batch->findings[i].report);
    free(batch->findings);
    arena_free(&batch->arena);
    arena_free(&batch->found);
    *batch = (struct batch){0};
}

static void free_batch(struct batch *batch)
{
    if (batch == NULL)
        return;
    empty(batch);
    free(batch);
}

/* BATCH is done, and goes back to the source. */
static void recycle(struct pipeline *pipeline, struct batch *batch)
{
    size_t bytes = batch->bytes;
    if (bytes > BATCH_KEPT)
        empty(batch);
    pthread_mutex_lock(&pipeline->lock);
    pipeline->bytes_under_way -= bytes;
    push(&pipeline->spare, batch);
    pthread_mutex_unlock(&pipeline->lock);
}

/* --- extracting --- */

struct extraction {
    struct pipeline *pipeline;
    struct batch *batch;
    struct item *item;
};

/* Copies the bytes of what may be stored.  Documents are packed here, as the
 * storing thread has more to do. */
static int keep_bytes(struct extraction *extraction, const struct extracted *found,
                      struct finding *finding)
{
    struct pipeline *pipeline = extraction->pipeline;
    const void *bytes = found->bytes;
    size_t size = found->size;
    finding->bytes = NULL;
    finding->size = 0;
    if (found->outcome == OUTCOME_NOT_A_REPORT || pipeline->settings.store == NULL || size == 0)
        return 0;
    if (found->outcome == OUTCOME_IMPORTED && !packer_is_packed(bytes, size))
        bytes = packer_pack(pipeline->packer, bytes, size, &size);
    if (bytes != NULL)
        finding->bytes = arena_strndup(&extraction->batch->found, bytes, size);
    finding->size = size;
    return finding->bytes != NULL ? 0 : -1;
}

/* Room for one more finding.  A report that was there before keeps its memory. */
static struct finding *next_finding(struct batch *batch)
{
    if (batch->finding_count == batch->finding_capacity) {
        size_t capacity = batch->finding_capacity == 0 ? 64 : 2 * batch->finding_capacity;
        struct finding *findings = reallocarray(batch->findings, capacity, sizeof *findings);
        if (findings == NULL)
            return NULL;
        for (size_t i = batch->finding_capacity; i < capacity; i++)
            report_init(&findings[i].report, 0);
        batch->findings = findings;
        batch->finding_capacity = capacity;
    }
    return &batch->findings[batch->finding_count];
}

static int keep_finding(void *context, struct extracted *found)
{
    struct extraction *extraction = context;
    struct batch *batch = extraction->batch;
    struct finding *finding = next_finding(batch);
    if (finding == NULL)
        return -1;
    finding->outcome = found->outcome;
    finding->part = found->part;
    finding->reason = arena_strdup(&batch->found, found->reason);
    if (finding->reason == NULL || keep_bytes(extraction, found, finding) != 0)
        return -1;
    if (found->outcome == OUTCOME_IMPORTED) {
        struct report used = finding->report;
        finding->report = *found->report;
        *found->report = used;
        batch->bytes += finding->report.arena.total;
    }
    batch->finding_count++;
    extraction->item->findings++;
    return 0;
}

static void extract_batch(struct pipeline *pipeline, struct batch *batch)
{
    size_t before = batch->bytes;
    arena_reset(&batch->found);
    batch->finding_count = 0;
    for (size_t i = 0; i < batch->count; i++) {
        struct item *item = &batch->items[i];
        struct extraction extraction = {pipeline, batch, item};
        if (item->kind != ITEM_MESSAGE)
            continue;
        const char *name = item->place.mailbox == 0 ? item->place.name : NULL;
        if (extract(pipeline->extractor, name, item->bytes, item->size, keep_finding,
                    &extraction) != 0)
            batch->short_of_memory = true;
    }
    batch->bytes += batch->found.total;
    pthread_mutex_lock(&pipeline->lock);
    pipeline->bytes_under_way += batch->bytes - before;
    pthread_mutex_unlock(&pipeline->lock);
}

static void *extract_all(void *context)
{
    struct pipeline *pipeline = context;
    pthread_mutex_lock(&pipeline->lock);
    struct batch *batch;
    while ((batch = await(pipeline, &pipeline->to_extract, &pipeline->source_ended, -1)) != NULL) {
        pthread_mutex_unlock(&pipeline->lock);
        extract_batch(pipeline, batch);
        pthread_mutex_lock(&pipeline->lock);
        push(&pipeline->to_store, batch);
    }
    pipeline->extract_ended = true;
    pthread_cond_signal(&pipeline->to_store.filled);
    pthread_mutex_unlock(&pipeline->lock);
    return NULL;
}

/* --- storing --- */

static void fail(struct pipeline *pipeline, enum db_status status, const char *why)
{
    pthread_mutex_lock(&pipeline->lock);
    if (pipeline->status == DB_OK) {
        pipeline->status = status;
        snprintf(pipeline->error, sizeof pipeline->error, "%s", why);
    }
    pthread_mutex_unlock(&pipeline->lock);
}

/* Says what went wrong with a message, and where. */
static void report_trouble(const struct pipeline *pipeline, const struct place *place,
                           enum outcome outcome, const char *reason)
{
    char where[32] = "";
    if (place->mailbox != 0 || place->uid != 0)
        snprintf(where, sizeof where, " UID %u", (unsigned)place->uid);
    if (outcome == OUTCOME_DAMAGED || outcome == OUTCOME_CONFLICT || pipeline->settings.verbose)
        say("%s%s: %s: %s", place->name, where, outcome_name(outcome), reason);
}

/* What storing FINDING would come to: reports are compared with the database, not
 * with one another. */
static enum db_status foresee(struct pipeline *pipeline, const struct finding *finding,
                              struct store_result *result)
{
    enum db_status status = DB_OK;
    if (finding->outcome == OUTCOME_IMPORTED && pipeline->settings.known != NULL)
        status = query_outcome(pipeline->settings.known, pipeline->identities, &finding->report,
                               &result->outcome);
    if (result->outcome == OUTCOME_CONFLICT)
        snprintf(result->reason, sizeof result->reason, "%s", store_conflict_reason);
    pipeline->counts.outcomes[result->outcome]++;
    return status;
}

static enum db_status store_finding(struct pipeline *pipeline, const struct place *place,
                                    const struct finding *finding)
{
    struct store *store = pipeline->settings.store;
    struct origin origin = {.mailbox = place->mailbox,
                            .uid = place->uid,
                            .path = place->mailbox == 0 ? place->name : NULL,
                            .part = finding->part};
    struct store_result result = {.outcome = finding->outcome};
    enum db_status status = DB_OK;
    snprintf(result.reason, sizeof result.reason, "%s", finding->reason);
    if (store == NULL)
        status = foresee(pipeline, finding, &result);
    else if (finding->outcome == OUTCOME_IMPORTED)
        status =
            store_report(store, &origin, &finding->report, finding->bytes, finding->size, &result);
    else
        status = store_refused(store, &origin, finding->outcome, finding->reason, finding->bytes,
                               finding->size);
    if (status == DB_OK && result.outcome != OUTCOME_IMPORTED &&
        result.outcome != OUTCOME_DUPLICATE)
        report_trouble(pipeline, place, result.outcome, result.reason);
    return status;
}

static enum db_status store_message(struct pipeline *pipeline, const struct item *item,
                                    const struct finding *findings)
{
    for (size_t i = 0; i < item->findings; i++) {
        enum db_status status = store_finding(pipeline, &item->place, &findings[i]);
        if (status != DB_OK)
            return status;
    }
    if (pipeline->settings.store != NULL)
        store_count_message(pipeline->settings.store);
    else
        pipeline->counts.messages++;
    return DB_OK;
}

static enum db_status store_item(struct pipeline *pipeline, const struct item *item,
                                 const struct finding *findings)
{
    struct store *store = pipeline->settings.store;
    struct finding damaged = {.outcome = OUTCOME_DAMAGED, .reason = item->reason};
    struct item unread = *item;
    switch (item->kind) {
    case ITEM_MESSAGE:
        return store_message(pipeline, item, findings);
    case ITEM_DAMAGED:
        unread.findings = 1;
        return store_message(pipeline, &unread, &damaged);
    case ITEM_POSITION:
        return store == NULL ? DB_OK : store_position(store, item->place.mailbox, item->place.uid);
    case ITEM_CALL:
        return item->call(store, item->context);
    }
    return DB_FAILED;
}

static enum db_status store_items(struct pipeline *pipeline, const struct batch *batch)
{
    const struct finding *findings = batch->findings;
    for (size_t i = 0; i < batch->count; i++) {
        const struct item *item = &batch->items[i];
        enum db_status status = store_item(pipeline, item, findings);
        if (status != DB_OK)
            return status;
        findings += item->findings;
    }
    return DB_OK;
}

/* Commits, and leaves the database to other writers for a moment. */
static enum db_status commit(struct pipeline *pipeline)
{
    struct store *store = pipeline->settings.store;
    pipeline->committed_at = monotonic_ms();
    if (store == NULL || store_pending(store) == 0)
        return DB_OK;
    enum db_status status = store_commit(store);
    nanosleep(&(struct timespec){.tv_nsec = YIELD_MICROSECONDS * 1000L}, NULL);
    return status;
}

static enum db_status store_batch(struct pipeline *pipeline, const struct batch *batch)
{
    struct store *store = pipeline->settings.store;
    if (batch->short_of_memory) {
        fail(pipeline, DB_MEMORY, "out of memory");
        return DB_MEMORY;
    }
    enum db_status status = store_items(pipeline, batch);
    if (store == NULL)
        return status;
    if (status == DB_OK && (store_pending(store) >= STORE_BATCH ||
                            monotonic_ms() - pipeline->committed_at >= COMMIT_MILLISECONDS))
        status = commit(pipeline);
    pipeline->counts = *store_counts(store);
    return status;
}

/* Nothing has come for a while, or nothing will. */
static enum db_status idle(struct pipeline *pipeline)
{
    const struct pipeline_settings *settings = &pipeline->settings;
    enum db_status status = commit(pipeline);
    if (status == DB_OK && settings->store != NULL && settings->upkeep != NULL)
        status = settings->upkeep(settings->store, settings->upkeep_context);
    return status;
}

static const char *why(const struct pipeline *pipeline)
{
    const struct pipeline_settings *settings = &pipeline->settings;
    const struct db *db = settings->store != NULL ? settings->db : settings->known;
    return db != NULL ? db_error(db) : "";
}

/* Deals with BATCH (NULL: there was none for a while).  After a failure batches
 * are only passed through, so that the source does not wait for ever. */
static void process(struct pipeline *pipeline, struct batch *batch)
{
    bool calls =
        batch != NULL && batch->count > 0 && batch->items[batch->count - 1].kind == ITEM_CALL;
    if (!pipeline_failed(pipeline)) {
        enum db_status status = batch != NULL ? store_batch(pipeline, batch) : idle(pipeline);
        if (status != DB_OK)
            fail(pipeline, status, why(pipeline));
        progress_show(&pipeline->counts);
    }
    if (batch != NULL)
        recycle(pipeline, batch);
    if (calls) {
        pthread_mutex_lock(&pipeline->lock);
        pipeline->call_pending = false;
        pthread_cond_signal(&pipeline->called);
        pthread_mutex_unlock(&pipeline->lock);
    }
}

/* How long to wait for a batch, if upkeep is due at that time. */
static int patience_of(const struct pipeline *pipeline, int64_t due)
{
    const struct store *store = pipeline->settings.store;
    if (store == NULL)
        return -1;
    if (store_pending(store) > 0)
        return IDLE_MILLISECONDS;
    int64_t left = due - monotonic_ms();
    return left > 0 ? (int)left : 0;
}

static void *store_all(void *context)
{
    struct pipeline *pipeline = context;
    int64_t due = monotonic_ms() + QUIET_MILLISECONDS;
    bool ended = false;
    while (!ended) {
        int patience = patience_of(pipeline, due);
        pthread_mutex_lock(&pipeline->lock);
        struct batch *batch =
            await(pipeline, &pipeline->to_store, &pipeline->extract_ended, patience);
        ended = batch == NULL && pipeline->extract_ended;
        pthread_mutex_unlock(&pipeline->lock);
        process(pipeline, batch);
        if (batch == NULL)
            due = monotonic_ms() + UPKEEP_MILLISECONDS;
    }
    return NULL;
}

/* --- the source's side --- */

static void init_queue(struct queue *queue, const pthread_condattr_t *monotonic)
{
    queue->first = NULL;
    queue->end = &queue->first;
    pthread_cond_init(&queue->filled, monotonic);
}

static int start_threads(struct pipeline *pipeline)
{
    if (pthread_create(&pipeline->extract_thread, NULL, extract_all, pipeline) != 0)
        return -1;
    if (pthread_create(&pipeline->store_thread, NULL, store_all, pipeline) == 0)
        return 0;
    pthread_mutex_lock(&pipeline->lock);
    pipeline->source_ended = true;
    pthread_cond_signal(&pipeline->to_extract.filled);
    pthread_mutex_unlock(&pipeline->lock);
    pthread_join(pipeline->extract_thread, NULL);
    return -1;
}

static void free_pipeline(struct pipeline *pipeline)
{
    struct queue *queues[] = {&pipeline->spare, &pipeline->to_extract, &pipeline->to_store};
    for (size_t i = 0; i < sizeof queues / sizeof *queues; i++) {
        struct batch *batch;
        while ((batch = pop(queues[i])) != NULL)
            free_batch(batch);
        pthread_cond_destroy(&queues[i]->filled);
    }
    free_batch(pipeline->filling);
    extractor_free(pipeline->extractor);
    packer_free(pipeline->packer);
    identities_free(pipeline->identities);
    pthread_cond_destroy(&pipeline->called);
    pthread_mutex_destroy(&pipeline->lock);
    free(pipeline);
}

struct pipeline *pipeline_open(const struct pipeline_settings *settings)
{
    struct pipeline *pipeline = calloc(1, sizeof *pipeline);
    if (pipeline == NULL)
        return NULL;
    /* batches come and go all the time: giving their pages back between two of
     * them took two thirds of all time */
    mallopt(M_TRIM_THRESHOLD, KEPT_FREE);
    mallopt(M_TOP_PAD, GROW_BY);
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    init_queue(&pipeline->spare, &monotonic);
    init_queue(&pipeline->to_extract, &monotonic);
    init_queue(&pipeline->to_store, &monotonic);
    pthread_condattr_destroy(&monotonic);
    pthread_cond_init(&pipeline->called, NULL);
    pthread_mutex_init(&pipeline->lock, NULL);
    pipeline->settings = *settings;
    pipeline->committed_at = monotonic_ms();
    pipeline->extractor = extractor_new(settings->limits);
    pipeline->packer = packer_new();
    if (settings->known != NULL)
        pipeline->identities = identities_new(settings->known);
    if (pipeline->extractor != NULL)
        extractor_verify(pipeline->extractor, settings->signatures);
    if (pipeline->extractor == NULL || pipeline->packer == NULL ||
        (settings->known != NULL && pipeline->identities == NULL) || start_threads(pipeline) != 0) {
        free_pipeline(pipeline);
        return NULL;
    }
    return pipeline;
}

bool pipeline_dry_run(const struct pipeline *pipeline, struct db **db)
{
    *db = pipeline->settings.db;
    return pipeline->settings.store == NULL;
}

bool pipeline_failed(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    bool failed = pipeline->status != DB_OK;
    pthread_mutex_unlock(&pipeline->lock);
    return failed;
}

void pipeline_flush(struct pipeline *pipeline)
{
    if (pipeline->filling == NULL)
        return;
    pipeline->filling->bytes = pipeline->filling->arena.total;
    pthread_mutex_lock(&pipeline->lock);
    pipeline->bytes_under_way += pipeline->filling->bytes;
    push(&pipeline->to_extract, pipeline->filling);
    pthread_mutex_unlock(&pipeline->lock);
    pipeline->filling = NULL;
}

/* A batch to fill: waits until there is room for one under way. */
static struct batch *begin_batch(struct pipeline *pipeline)
{
    pthread_mutex_lock(&pipeline->lock);
    while (pipeline->status == DB_OK &&
           ((pipeline->spare.first == NULL && pipeline->batches >= BATCHES) ||
            pipeline->bytes_under_way >= BYTES_UNDER_WAY))
        pthread_cond_wait(&pipeline->spare.filled, &pipeline->lock);
    bool failed = pipeline->status != DB_OK;
    struct batch *batch = failed ? NULL : pop(&pipeline->spare);
    if (batch == NULL && !failed) {
        batch = new_batch();
        pipeline->batches += batch != NULL;
    }
    pthread_mutex_unlock(&pipeline->lock);
    if (batch == NULL && !failed)
        fail(pipeline, DB_MEMORY, "out of memory");
    if (batch != NULL) {
        arena_reset(&batch->arena);
        batch->items = NULL;
        batch->count = batch->capacity = 0;
    }
    return batch;
}

/* A batch with room for one more, or NULL. */
static struct batch *fillable(struct pipeline *pipeline)
{
    if (pipeline->filling == NULL)
        pipeline->filling = begin_batch(pipeline);
    return pipeline->filling;
}

/* Adds ITEM, whose text is in the arena of the batch that is being filled. */
static int append(struct pipeline *pipeline, const struct item *item)
{
    struct batch *batch = pipeline->filling;
    struct arena *arena = &batch->arena;
    bool has_text = item->kind == ITEM_MESSAGE || item->kind == ITEM_DAMAGED;
    const char *text = item->kind == ITEM_MESSAGE ? item->bytes : item->reason;
    struct item *items =
        arena_grow(arena, batch->items, sizeof *items, batch->count, &batch->capacity);
    if (items == NULL || (has_text && (text == NULL || item->place.name == NULL))) {
        fail(pipeline, DB_MEMORY, "out of memory");
        return -1;
    }
    batch->items = items;
    items[batch->count++] = *item;
    if (arena->total >= BATCH_BYTES || batch->count >= BATCH_ITEMS || item->kind == ITEM_CALL)
        pipeline_flush(pipeline);
    return 0;
}

/* Adds ITEM with its text copied. */
static int add(struct pipeline *pipeline, struct item item)
{
    struct batch *batch = fillable(pipeline);
    if (batch == NULL)
        return -1;
    struct arena *arena = &batch->arena;
    if (item.bytes != NULL)
        item.bytes = arena_strndup(arena, item.bytes, item.size);
    if (item.reason != NULL)
        item.reason = arena_strdup(arena, item.reason);
    if (item.place.name != NULL)
        item.place.name = arena_strdup(arena, item.place.name);
    return append(pipeline, &item);
}

int pipeline_message(struct pipeline *pipeline, const struct place *place, const char *bytes,
                     size_t size)
{
    return add(pipeline,
               (struct item){.kind = ITEM_MESSAGE, .place = *place, .bytes = bytes, .size = size});
}

char *pipeline_begin_message(struct pipeline *pipeline, const struct place *place, size_t size)
{
    struct batch *batch = fillable(pipeline);
    if (batch == NULL)
        return NULL;
    char *room = arena_alloc(&batch->arena, size);
    if (room == NULL) {
        fail(pipeline, DB_MEMORY, "out of memory");
        return NULL;
    }
    pipeline->begun = (struct item){.kind = ITEM_MESSAGE, .place = *place, .bytes = room};
    pipeline->begun.place.name = arena_strdup(&batch->arena, place->name);
    return room;
}

int pipeline_end_message(struct pipeline *pipeline, size_t size)
{
    pipeline->begun.size = size;
    return append(pipeline, &pipeline->begun);
}

int pipeline_damaged(struct pipeline *pipeline, const struct place *place, const char *reason)
{
    return add(pipeline, (struct item){.kind = ITEM_DAMAGED, .place = *place, .reason = reason});
}

int pipeline_position(struct pipeline *pipeline, int64_t mailbox, uint32_t uid)
{
    return add(pipeline, (struct item){.kind = ITEM_POSITION, .place = {mailbox, uid, NULL}});
}

int pipeline_call(struct pipeline *pipeline, pipeline_call_fn *call, void *context)
{
    pthread_mutex_lock(&pipeline->lock);
    pipeline->call_pending = true;
    pthread_mutex_unlock(&pipeline->lock);
    if (add(pipeline, (struct item){.kind = ITEM_CALL, .call = call, .context = context}) != 0)
        return -1;
    pthread_mutex_lock(&pipeline->lock);
    while (pipeline->call_pending)
        pthread_cond_wait(&pipeline->called, &pipeline->lock);
    bool failed = pipeline->status != DB_OK;
    pthread_mutex_unlock(&pipeline->lock);
    return failed ? -1 : 0;
}

enum db_status pipeline_close(struct pipeline *pipeline, struct store_counts *counts,
                              char error[static PIPELINE_ERROR])
{
    pipeline_flush(pipeline);
    pthread_mutex_lock(&pipeline->lock);
    pipeline->source_ended = true;
    pthread_cond_signal(&pipeline->to_extract.filled);
    pthread_mutex_unlock(&pipeline->lock);
    pthread_join(pipeline->extract_thread, NULL);
    pthread_join(pipeline->store_thread, NULL);
    enum db_status status = pipeline->status;
    *counts = pipeline->counts;
    snprintf(error, PIPELINE_ERROR, "%s", pipeline->error);
    free_pipeline(pipeline);
    return status;
}
