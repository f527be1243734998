#include "imap.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sysexits.h>

#include "clock.h"
#include "imap_session.h"
#include "progress.h"
#include "stop.h"

enum {
    SECOND = 1000,               /* all times in milliseconds */
    IDLE_MAX = 28 * 60 * SECOND, /* servers may hang up after 30 minutes, RFC 3501 5.4 */
    PAUSE = 1 * SECOND,          /* between two visits, whatever a server sends */
    BACK_OFF_FIRST = 5 * SECOND,
    BACK_OFF_MAX = 600 * SECOND,
    BACK_OFF_DOUBLINGS = 7,
};

_Static_assert((int)IMAP_WATCH_MAX <= (int)STOP_WATCHED_MAX, "stop_wait() takes no more");

static int read_account(struct imap_account *account, const struct config *config, const char *name)
{
    char error[CONFIG_ERROR];
    if (imap_account_read(account, config, name, error) == 0)
        return EX_OK;
    say("%s: %s", name, error);
    return EX_CONFIG;
}

/* --- one visit --- */

static bool goes_on(const struct imap_session *session)
{
    return wire_error(session->wire) == NULL && !stop_requested() &&
           !pipeline_failed(session->pipeline);
}

static int import_mailbox(struct imap_session *session, const char *name)
{
    struct imap_mailbox mailbox;
    int status = imap_select(session, name, &mailbox);
    if (status == EX_OK)
        status = imap_fetch_new(session, &mailbox);
    return status == EX_OK ? imap_act(session, &mailbox) : status;
}

/* Imports from every mailbox of the account; returns what went wrong first. */
static int import_mailboxes(struct imap_session *session)
{
    char name[MAILBOX_NAME];
    int first_failure = EX_OK;
    for (const char *list = session->account->mailboxes;
         goes_on(session) && (list = mailbox_name_next(list, name)) != NULL;) {
        int status = import_mailbox(session, name);
        if (first_failure == EX_OK)
            first_failure = status;
    }
    return first_failure;
}

/* To be asked to end is no failure. */
static int judge(int status, struct pipeline *pipeline)
{
    if (pipeline_failed(pipeline))
        return EX_TEMPFAIL;
    return status == EX_TEMPFAIL && stop_requested() ? EX_OK : status;
}

static int import_account(const struct imap_account *account, struct pipeline *pipeline,
                          struct imap_suspect *suspect)
{
    struct imap_session session;
    int status = imap_session_open(&session, account, pipeline, suspect);
    if (status == EX_OK)
        status = import_mailboxes(&session);
    imap_session_close(&session);
    return status;
}

/* May another session come further than the last one? */
static bool is_worth_another(const struct imap_suspect *suspect, struct pipeline *pipeline)
{
    return suspect->lost && suspect->losses <= IMAP_SUSPICIOUS && !stop_requested() &&
           !pipeline_failed(pipeline);
}

int imap_import(const struct config *config, const char *name, struct pipeline *pipeline)
{
    enum { TRIES_MAX = 12 };
    struct imap_account account;
    struct imap_suspect suspect = {0};
    int status = read_account(&account, config, name);
    if (status != EX_OK)
        return status;
    status = import_account(&account, pipeline, &suspect);
    for (int n = 1; n < TRIES_MAX && is_worth_another(&suspect, pipeline); n++) {
        stop_wait(NULL, 0, PAUSE);
        if (import_account(&account, pipeline, &suspect) == EX_OK)
            status = EX_OK;
    }
    return judge(status, pipeline);
}

/* --- watching --- */

/* An account that is watched. */
struct watcher {
    struct imap_account account;
    struct imap_session session;
    struct imap_suspect suspect;
    enum { AWAY, IDLING, REFUSED, GIVEN_UP } state; /* refused: is tried now and then */
    bool open;                                      /* the session, on the present visit */
    bool worked;                                    /* was open once */
    unsigned failures;
    int64_t visited, due;
};

/* So long until the next try: twice as long each time, and not at the same moment
 * as everyone else. */
static int64_t back_off(unsigned failures)
{
    unsigned doublings = failures < BACK_OFF_DOUBLINGS ? failures : BACK_OFF_DOUBLINGS;
    int64_t delay = (int64_t)BACK_OFF_FIRST << doublings;
    uint32_t random = 0;
    if (delay > BACK_OFF_MAX)
        delay = BACK_OFF_MAX;
    if (getrandom(&random, sizeof random, GRND_NONBLOCK) < 0)
        random = 0;
    return delay - delay / 4 * (random % 1000) / 1000;
}

/* May something have come to the first mailbox without our hearing of it, while
 * others were open, or in answer to a change? */
static bool may_have_missed(const struct imap_account *account)
{
    char name[MAILBOX_NAME];
    const char *rest = mailbox_name_next(account->mailboxes, name);
    return imap_account_acts(account) || mailbox_name_next(rest, name) != NULL;
}

/* Stays on in the first mailbox, if the server tells what comes. */
static int begin_idle(struct watcher *watcher)
{
    struct imap_session *session = &watcher->session;
    char first[MAILBOX_NAME];
    int status = EX_OK;
    if (!watcher->account.idle || !imap_can(session, "IDLE"))
        return EX_OK;
    mailbox_name_next(watcher->account.mailboxes, first);
    if (may_have_missed(&watcher->account))
        status = import_mailbox(session, first);
    if (status == EX_OK)
        status = imap_idle_begin(session);
    if (status == EX_OK)
        watcher->state = IDLING;
    return status;
}

/* Logs in if need be, and imports what is new. */
static int visit(struct watcher *watcher, struct pipeline *pipeline)
{
    struct imap_session *session = &watcher->session;
    int status = watcher->state == IDLING
                     ? imap_idle_end(session)
                     : imap_session_open(session, &watcher->account, pipeline, &watcher->suspect);
    watcher->state = AWAY;
    watcher->open = status == EX_OK;
    if (status != EX_OK)
        return status;
    watcher->worked = true;
    status = import_mailboxes(session);
    if (goes_on(session))
        begin_idle(watcher);
    return status;
}

/* Makes a visit, and sees to the next one. */
static int visit_and_plan(struct watcher *watcher, struct pipeline *pipeline)
{
    int64_t pause = (int64_t)watcher->account.poll * SECOND;
    int status = visit(watcher, pipeline);
    bool lost = !watcher->open || wire_error(watcher->session.wire) != NULL;
    watcher->failures = lost ? watcher->failures + 1 : 0;
    if (lost)
        pause = back_off(watcher->failures - 1);
    else if (watcher->state == IDLING && pause > IDLE_MAX)
        pause = IDLE_MAX;
    watcher->visited = monotonic_ms();
    watcher->due = watcher->visited + pause;
    if (watcher->state == IDLING)
        return EX_OK;
    imap_session_close(&watcher->session);
    if (watcher->worked || (status != EX_CONFIG && status != EX_NOPERM))
        return EX_OK;
    watcher->state = REFUSED;
    watcher->due = watcher->visited + BACK_OFF_MAX;
    return status;
}

/* Is there hope for it?  When there is none for any, the run ends. */
static bool is_hopeful(const struct watcher *watcher)
{
    return watcher->state == AWAY || watcher->state == IDLING;
}

/* Waits until a server has news, an account is due, or the run is to end. */
static void wait_for_news(struct watcher *watchers, size_t count)
{
    struct pollfd watched[IMAP_WATCH_MAX];
    struct watcher *of[IMAP_WATCH_MAX];
    int64_t time = monotonic_ms(), next = time + IDLE_MAX;
    nfds_t idling = 0;
    for (size_t i = 0; i < count; i++) {
        struct watcher *watcher = &watchers[i];
        if (watcher->state == GIVEN_UP)
            continue;
        if (watcher->due < next)
            next = watcher->due;
        if (watcher->state != IDLING || watcher->due - watcher->visited <= PAUSE)
            continue; /* has news already */
        of[idling] = watcher;
        watched[idling++] = (struct pollfd){.fd = wire_fd(watcher->session.wire), .events = POLLIN};
    }
    int64_t patience = next > time ? next - time : 0;
    if (!stop_wait(watched, idling, (int)patience))
        return;
    for (nfds_t i = 0; i < idling; i++)
        if (watched[i].revents != 0)
            of[i]->due = of[i]->visited + PAUSE;
}

/* What came in before we waited does not wake poll(). */
static void take_early_news(struct watcher *watcher)
{
    if (watcher->state == IDLING && (watcher->session.news || wire_pending(watcher->session.wire)))
        watcher->due = watcher->visited + PAUSE;
}

static size_t count_hopeful(const struct watcher *watchers, size_t count)
{
    size_t hopeful = 0;
    for (size_t i = 0; i < count; i++)
        hopeful += is_hopeful(&watchers[i]);
    return hopeful;
}

static int watch(struct watcher *watchers, size_t count, struct pipeline *pipeline)
{
    int status = EX_OK;
    while (count_hopeful(watchers, count) > 0 && !stop_requested() && !pipeline_failed(pipeline)) {
        for (size_t i = 0; i < count && !stop_requested(); i++) {
            struct watcher *watcher = &watchers[i];
            if (watcher->state == GIVEN_UP || watcher->due > monotonic_ms())
                continue;
            int failure = visit_and_plan(watcher, pipeline);
            if (failure != EX_OK)
                status = failure;
            take_early_news(watcher);
        }
        pipeline_flush(pipeline);
        if (count_hopeful(watchers, count) > 0)
            wait_for_news(watchers, count);
    }
    return status;
}

int imap_watch(const struct config *config, const char *const *accounts, size_t count,
               struct pipeline *pipeline)
{
    int status = EX_OK;
    struct watcher *watchers = calloc(count, sizeof *watchers);
    if (watchers == NULL) {
        say("out of memory");
        return EX_TEMPFAIL;
    }
    for (size_t i = 0; i < count; i++) {
        int failure = read_account(&watchers[i].account, config, accounts[i]);
        if (failure == EX_OK)
            continue;
        watchers[i].state = GIVEN_UP;
        status = failure;
    }
    int failure = watch(watchers, count, pipeline);
    for (size_t i = 0; i < count; i++)
        if (watchers[i].state == IDLING)
            imap_session_close(&watchers[i].session);
    free(watchers);
    return judge(failure != EX_OK ? failure : status, pipeline);
}
