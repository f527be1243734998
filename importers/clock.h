/*
 * clock.h - time that only goes forward.
 */
#ifndef TLSRPTOP_IMPORTERS_CLOCK_H
#define TLSRPTOP_IMPORTERS_CLOCK_H

#include <stdint.h>
#include <time.h>

enum { MILLISECONDS = 1000, MILLISECOND_NS = 1000000 };

/* Milliseconds since some moment in the past. */
static inline int64_t monotonic_ms(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * MILLISECONDS + time.tv_nsec / MILLISECOND_NS;
}

#endif
