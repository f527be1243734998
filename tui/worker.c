#include "worker.h"

#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct worker {
    pthread_t thread;
    char *path;
    int event;
    /* the thread's own */
    struct db *db;
    unsigned openings;
    dev_t device; /* of the file that is open */
    ino_t inode;
    /* shared, under the lock */
    pthread_mutex_t lock;
    pthread_cond_t posted;
    struct job *waiting[SLOTS];
    struct job *running;
    enum slot running_slot;
    struct db *interruptible; /* what `running` reads */
    struct job *finished;     /* newest first */
    bool ending;
};

/* --- in the thread --- */

static void close_database(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    worker->interruptible = NULL;
    pthread_mutex_unlock(&worker->lock);
    db_close(worker->db);
    worker->db = NULL;
}

/* Opens the database unless it is open; again if another file has its name. */
static enum db_status open_database(struct worker *worker, struct job *job)
{
    struct stat now;
    bool there = stat(worker->path, &now) == 0;
    if (worker->db != NULL && there && now.st_dev == worker->device && now.st_ino == worker->inode)
        return DB_OK;
    close_database(worker);
    enum db_status status = db_open(&worker->db, worker->path, DB_READ);
    if (status != DB_OK) {
        snprintf(job->error, sizeof job->error, "%s",
                 worker->db != NULL ? db_error(worker->db) : "out of memory");
        db_close(worker->db);
        worker->db = NULL;
    } else {
        there = stat(worker->path, &now) == 0;
        job->opened = true;
        worker->openings++;
        worker->device = there ? now.st_dev : 0; /* gone again: the next job finds out */
        worker->inode = there ? now.st_ino : 0;
    }
    return status;
}

static enum db_status run_held(struct job *job, struct db *db)
{
    enum db_status status = db_hold(db);
    if (status != DB_OK)
        return status;
    status = atomic_load(&job->cancelled) ? DB_STOPPED : job->run(job, db);
    db_release(db);
    return status;
}

static void run(struct worker *worker, struct job *job)
{
    enum db_status status = job->needs_none ? job->run(job, NULL) : open_database(worker, job);
    job->opening = worker->openings;
    if (status == DB_OK && !job->needs_none) {
        pthread_mutex_lock(&worker->lock);
        worker->interruptible = worker->db;
        pthread_mutex_unlock(&worker->lock);
        if (atomic_load(&job->cancelled))
            status = DB_STOPPED;
        else
            status = run_held(job, worker->db);
        if (status != DB_OK && job->error[0] == '\0' && worker->db != NULL)
            snprintf(job->error, sizeof job->error, "%s", db_error(worker->db));
    }
    job->status = atomic_load(&job->cancelled) ? DB_STOPPED : status;
}

/* Under the lock. */
static struct job *next_job(struct worker *worker)
{
    for (int slot = 0; slot < SLOTS; slot++) {
        struct job *job = worker->waiting[slot];
        if (job != NULL) {
            worker->waiting[slot] = NULL;
            worker->running_slot = (enum slot)slot;
            return job;
        }
    }
    return NULL;
}

/* Under the lock. */
static void finish(struct worker *worker, struct job *job)
{
    job->next = worker->finished;
    worker->finished = job;
    eventfd_write(worker->event, 1);
}

#if defined __GLIBC__ && defined MADV_POPULATE_WRITE

/* Memory that comes page by page, when it is first touched, took half the time of a
 * screen.  So it is got in large pieces and kept... */
static void keep_memory(void)
{
    enum { PIECE = 1024 * 1024, KEPT = 64 * PIECE };
    mallopt(M_ARENA_MAX, 1); /* another one grows by pages */
    mallopt(M_TOP_PAD, PIECE);
    mallopt(M_MMAP_THRESHOLD, KEPT / 2);
    mallopt(M_TRIM_THRESHOLD, KEPT);
}

/* ...and as much as the first screens of a large database need at once.  An older
 * kernel does not do that: no harm. */
static void have_memory(void)
{
    enum { MEMORY = 16 * 1024 * 1024 };
    char *memory = malloc(MEMORY);
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (memory != NULL)
        madvise(memory + (page - (uintptr_t)memory % page), MEMORY - 2 * page, MADV_POPULATE_WRITE);
    free(memory);
}

#else

static void keep_memory(void)
{
}

static void have_memory(void)
{
}

#endif

static void *work(void *context)
{
    struct worker *worker = context;
    have_memory();
    pthread_mutex_lock(&worker->lock);
    while (!worker->ending) {
        struct job *job = worker->running = next_job(worker);
        if (job == NULL) {
            pthread_cond_wait(&worker->posted, &worker->lock);
            continue;
        }
        pthread_mutex_unlock(&worker->lock);
        run(worker, job);
        pthread_mutex_lock(&worker->lock);
        worker->running = NULL;
        finish(worker, job);
    }
    pthread_mutex_unlock(&worker->lock);
    close_database(worker);
    return NULL;
}

/* --- in the main thread --- */

struct worker *worker_new(const char *path)
{
    keep_memory();
    struct worker *worker = calloc(1, sizeof *worker);
    if (worker == NULL)
        return NULL;
    worker->path = strdup(path);
    worker->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_mutex_init(&worker->lock, NULL);
    pthread_cond_init(&worker->posted, NULL);
    if (worker->path == NULL || worker->event < 0 ||
        pthread_create(&worker->thread, NULL, work, worker) != 0) {
        if (worker->event >= 0)
            close(worker->event);
        pthread_mutex_destroy(&worker->lock);
        pthread_cond_destroy(&worker->posted);
        free(worker->path);
        free(worker);
        return NULL;
    }
    return worker;
}

/* Under the lock. */
static void cancel_running(struct worker *worker, enum slot first)
{
    if (worker->running == NULL || worker->running_slot < first)
        return;
    atomic_store(&worker->running->cancelled, true);
    if (worker->interruptible != NULL)
        db_interrupt(worker->interruptible);
}

/* Under the lock. */
static void drop_waiting(struct worker *worker, enum slot slot)
{
    struct job *job = worker->waiting[slot];
    worker->waiting[slot] = NULL;
    if (job != NULL) {
        job->status = DB_STOPPED;
        finish(worker, job);
    }
}

void worker_post(struct worker *worker, enum slot slot, struct job *job)
{
    pthread_mutex_lock(&worker->lock);
    drop_waiting(worker, slot);
    cancel_running(worker, slot);
    worker->waiting[slot] = job;
    pthread_cond_signal(&worker->posted);
    pthread_mutex_unlock(&worker->lock);
}

bool worker_busy(struct worker *worker, enum slot slot)
{
    pthread_mutex_lock(&worker->lock);
    bool busy =
        worker->running != NULL && worker->running_slot < slot && !worker->running->unhurried;
    for (int i = 0; i < (int)slot; i++)
        busy = busy || (worker->waiting[i] != NULL && !worker->waiting[i]->unhurried);
    pthread_mutex_unlock(&worker->lock);
    return busy;
}

int worker_fd(const struct worker *worker)
{
    return worker->event;
}

void worker_collect(struct worker *worker)
{
    eventfd_t events;
    pthread_mutex_lock(&worker->lock);
    eventfd_read(worker->event, &events);
    struct job *newest = worker->finished, *oldest = NULL;
    worker->finished = NULL;
    pthread_mutex_unlock(&worker->lock);
    while (newest != NULL) {
        struct job *job = newest;
        newest = job->next;
        job->next = oldest;
        oldest = job;
    }
    while (oldest != NULL) {
        struct job *job = oldest;
        oldest = job->next;
        job->done(job);
    }
}

void worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->ending = true;
    for (int slot = 0; slot < SLOTS; slot++)
        drop_waiting(worker, (enum slot)slot);
    cancel_running(worker, 0);
    pthread_cond_signal(&worker->posted);
    pthread_mutex_unlock(&worker->lock);
    pthread_join(worker->thread, NULL);
    worker_collect(worker);
    pthread_mutex_destroy(&worker->lock);
    pthread_cond_destroy(&worker->posted);
    close(worker->event);
    free(worker->path);
    free(worker);
}
