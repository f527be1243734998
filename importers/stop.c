#include "stop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

static atomic_bool requested;
static int event = -1; /* readable for ever once the run is asked to end */

static void fill(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
}

static void *wait_for_signals(void *context)
{
    (void)context;
    sigset_t signals;
    int number;
    fill(&signals);
    if (sigwait(&signals, &number) != 0)
        return NULL;
    atomic_store(&requested, true);
    eventfd_write(event, 1);
    if (sigwait(&signals, &number) == 0)
        _exit(128 + number);
    return NULL;
}

int stop_init(void)
{
    sigset_t signals;
    pthread_t thread;
    event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (event < 0)
        return -1;
    fill(&signals);
    signal(SIGPIPE, SIG_IGN);
    if (pthread_sigmask(SIG_BLOCK, &signals, NULL) != 0 ||
        pthread_create(&thread, NULL, wait_for_signals, NULL) != 0)
        return -1;
    pthread_detach(thread);
    return 0;
}

bool stop_requested(void)
{
    return atomic_load(&requested);
}

bool stop_wait(struct pollfd *watched, nfds_t count, int milliseconds)
{
    struct pollfd all[STOP_WATCHED_MAX + 1];
    if (count > STOP_WATCHED_MAX)
        count = STOP_WATCHED_MAX;
    if (count > 0)
        memcpy(all, watched, count * sizeof *watched);
    all[count] = (struct pollfd){.fd = event, .events = POLLIN};
    int ready = poll(all, count + 1, milliseconds);
    if (count > 0)
        memcpy(watched, all, count * sizeof *watched);
    return ready > 0 && all[count].revents == 0;
}

int stop_descriptor(void)
{
    return event;
}

void stop_reset(void)
{
    sigset_t signals;
    fill(&signals);
    signal(SIGPIPE, SIG_DFL);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}
