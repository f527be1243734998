#include "kept_standings.h"

#include <stdlib.h>

#include "connection.h"
#include "day.h"

enum { SECONDS_PER_HOUR = 3600 };

/* Of what they were made. */
struct state {
    int64_t version; /* what others have committed... */
    int changes;     /* ...and this connection has changed */
    int64_t hour;
    int testing_days, reporters, sessions, quiet_days, failures;
    bool exact_days;
};

struct kept {
    struct state state;
    struct standing *standings;
    int64_t count;
};

static struct state state_of(struct db *db, const struct advice_settings *settings)
{
    return (struct state){.version = db_data_version(db),
                          .changes = sqlite3_total_changes(db_sqlite(db)),
                          .hour = instant_now() / SECONDS_PER_HOUR,
                          .testing_days = settings->testing_days,
                          .reporters = settings->reporters,
                          .sessions = settings->sessions,
                          .quiet_days = settings->quiet_days,
                          .failures = settings->failures,
                          .exact_days = settings->exact_days};
}

static bool is_same(const struct state *a, const struct state *b)
{
    return a->version >= 0 && a->version == b->version && a->changes == b->changes &&
           a->hour == b->hour && a->testing_days == b->testing_days &&
           a->reporters == b->reporters && a->sessions == b->sessions &&
           a->quiet_days == b->quiet_days && a->failures == b->failures &&
           a->exact_days == b->exact_days;
}

const struct standing *standings_kept(struct db *db, const struct advice_settings *settings,
                                      int64_t *count)
{
    const struct kept *kept = db_attached(db);
    struct state state = state_of(db, settings);
    if (kept == NULL || !is_same(&kept->state, &state))
        return NULL;
    *count = kept->count;
    return kept->standings;
}

static void release(void *attached)
{
    struct kept *kept = attached;
    free(kept->standings);
    free(kept);
}

void standings_keep(struct db *db, const struct advice_settings *settings, int64_t since,
                    struct standing *standings, int64_t count)
{
    struct state state = state_of(db, settings);
    struct kept *kept = since / SECONDS_PER_HOUR == state.hour ? malloc(sizeof *kept) : NULL;
    if (kept == NULL) {
        free(standings);
        return;
    }
    *kept = (struct kept){state, standings, count};
    db_attach(db, kept, release);
}
