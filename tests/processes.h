/*
 * processes.h - what the programs under test are doing.
 */
#ifndef TLSRPTOP_TESTS_PROCESSES_H
#define TLSRPTOP_TESTS_PROCESSES_H

#include <stdbool.h>
#include <sys/types.h>

/* Is every thread of PID, and of the processes it started, waiting for
 * something?  A process that is gone waits, too. */
bool processes_sleep(pid_t pid);

#endif
