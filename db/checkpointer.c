#include "checkpointer.h"

#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdlib.h>

struct checkpointer {
    sqlite3 *sqlite;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool asked, at_work, ending;
};

static void *work(void *context)
{
    struct checkpointer *checkpointer = context;
    pthread_mutex_lock(&checkpointer->lock);
    while (checkpointer->asked || !checkpointer->ending) {
        if (!checkpointer->asked) {
            pthread_cond_wait(&checkpointer->changed, &checkpointer->lock);
            continue;
        }
        checkpointer->asked = false;
        checkpointer->at_work = true;
        pthread_mutex_unlock(&checkpointer->lock);
        sqlite3_wal_checkpoint_v2(checkpointer->sqlite, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                  NULL);
        pthread_mutex_lock(&checkpointer->lock);
        checkpointer->at_work = false;
        pthread_cond_broadcast(&checkpointer->changed);
    }
    pthread_mutex_unlock(&checkpointer->lock);
    return NULL;
}

/* Signals are for the thread that began it all. */
static int start_thread(struct checkpointer *checkpointer)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int result = pthread_create(&checkpointer->thread, NULL, work, checkpointer);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return result;
}

static void free_checkpointer(struct checkpointer *checkpointer)
{
    pthread_cond_destroy(&checkpointer->changed);
    pthread_mutex_destroy(&checkpointer->lock);
    sqlite3_close(checkpointer->sqlite);
    free(checkpointer);
}

struct checkpointer *checkpointer_new(const char *path)
{
    struct checkpointer *checkpointer = calloc(1, sizeof *checkpointer);
    if (checkpointer == NULL)
        return NULL;
    pthread_mutex_init(&checkpointer->lock, NULL);
    pthread_cond_init(&checkpointer->changed, NULL);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
    /* a connection that has read nothing does not know that there is a log */
    if (sqlite3_open_v2(path, &checkpointer->sqlite, flags, NULL) == SQLITE_OK &&
        sqlite3_exec(checkpointer->sqlite, "PRAGMA schema_version", NULL, NULL, NULL) ==
            SQLITE_OK &&
        start_thread(checkpointer) == 0)
        return checkpointer;
    free_checkpointer(checkpointer);
    return NULL;
}

void checkpointer_free(struct checkpointer *checkpointer)
{
    if (checkpointer == NULL)
        return;
    pthread_mutex_lock(&checkpointer->lock);
    checkpointer->ending = true;
    pthread_cond_broadcast(&checkpointer->changed);
    pthread_mutex_unlock(&checkpointer->lock);
    pthread_join(checkpointer->thread, NULL);
    free_checkpointer(checkpointer);
}

void checkpointer_start(struct checkpointer *checkpointer)
{
    pthread_mutex_lock(&checkpointer->lock);
    checkpointer->asked = true;
    pthread_cond_broadcast(&checkpointer->changed);
    pthread_mutex_unlock(&checkpointer->lock);
}

void checkpointer_wait(struct checkpointer *checkpointer)
{
    if (checkpointer == NULL)
        return;
    pthread_mutex_lock(&checkpointer->lock);
    while (checkpointer->asked || checkpointer->at_work)
        pthread_cond_wait(&checkpointer->changed, &checkpointer->lock);
    pthread_mutex_unlock(&checkpointer->lock);
}
