#include "retry.h"

#include <stdio.h>

#include "progress.h"
#include "stop.h"

enum { REASON_TEXT = 256 };

struct retry {
    struct store *store;
    struct extractor *extractor;
    enum db_status status;
    size_t damaged;
    /* of the present attachment */
    struct origin origin;
    size_t reports;
    char reason[REASON_TEXT]; /* why it is still damaged; "" when it is not */
};

static int store_found(void *context, struct extracted *found)
{
    struct retry *retry = context;
    struct store_result result;
    if (found->outcome != OUTCOME_IMPORTED) {
        snprintf(retry->reason, sizeof retry->reason, "%s", found->reason);
        return 0;
    }
    retry->reports++;
    retry->status = store_report(retry->store, &retry->origin, found->report, found->bytes,
                                 found->size, &result);
    if (retry->status == DB_OK && result.outcome == OUTCOME_CONFLICT)
        say("%s: %s: %s", retry->origin.path, outcome_name(result.outcome), result.reason);
    return retry->status == DB_OK ? 0 : -1;
}

static int try_again(void *context, int64_t journal, const struct origin *origin, const void *bytes,
                     size_t size)
{
    struct retry *retry = context;
    if (stop_requested())
        return -1;
    retry->origin = *origin;
    retry->reports = 0;
    retry->reason[0] = '\0';
    extract(retry->extractor, NULL, bytes, size, store_found, retry);
    store_count_message(retry->store);
    if (retry->status == DB_OK && retry->reports > 0 && retry->reason[0] == '\0') {
        retry->status = store_mended(retry->store, journal);
    } else if (retry->status == DB_OK) {
        retry->damaged++;
        say("%s: still damaged: %s", origin->path, retry->reason);
    }
    if (retry->status == DB_OK && store_pending(retry->store) >= STORE_BATCH)
        retry->status = store_commit(retry->store);
    progress_show(store_counts(retry->store));
    return retry->status == DB_OK ? 0 : -1;
}

enum db_status retry_damaged(struct store *store, const struct limits *limits, size_t *damaged)
{
    struct retry retry = {.store = store, .extractor = extractor_new(limits)};
    *damaged = 0;
    if (retry.extractor == NULL)
        return DB_MEMORY;
    enum db_status status = store_each_damaged(store, try_again, &retry);
    if (status == DB_OK || (status == DB_STOPPED && retry.status == DB_OK)) {
        enum db_status committed = store_commit(store);
        status = committed != DB_OK ? committed : status;
    } else if (retry.status != DB_OK) {
        status = retry.status;
    }
    *damaged = retry.damaged;
    extractor_free(retry.extractor);
    return status;
}
