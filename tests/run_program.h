/*
 * run_program.h - a real program, run as a user runs it, and what came of it.
 *
 * A program gets an environment without any setting of tlsrptop, and only the
 * standard descriptors.  Whatever cannot be done fails the test.
 */
#ifndef TLSRPTOP_TESTS_RUN_PROGRAM_H
#define TLSRPTOP_TESTS_RUN_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct run {
    /* Wishes, all of which may stay zero. */
    const char *home;               /* $HOME; NULL: none that exists */
    const char *folder;             /* to work in; NULL: the present one */
    const char *const *environment; /* further "NAME=VALUE", ended by NULL */
    const void *input;              /* on standard input; NULL: nothing */
    size_t input_size;
    int input_fd;          /* to be standard input in place of INPUT; 0: none.
                              It stays open. */
    size_t file_max;       /* bytes that a file it writes may grow to; 0: any */
    unsigned patience;     /* seconds until it is killed and the test fails; 0: 120 */
    void (*prepare)(void); /* called in the child before anything else */
    /* What came of it, after run_finish(). */
    int status; /* exit status, or 128 + the signal that killed it */
    char *out;  /* all of its output, with a NUL behind */
    size_t out_size;
    char *err;
    size_t err_size;
    long peak_kib; /* of memory */
    /* While it runs. */
    pid_t pid;
    int out_fd, err_fd;
};

/* Runs PROGRAM (a path, or a name to be found in $PATH) with the arguments that
 * follow, up to a NULL, and waits for its end. */
void run_program(struct run *run, const char *program, ...) __attribute__((sentinel));

/* The same in two steps; between them run->pid may be sent signals. */
void run_start(struct run *run, const char *program, ...) __attribute__((sentinel));
void run_finish(struct run *run);

/* What it has written to standard error up to now, as a new string. */
char *run_errors_so_far(struct run *run);

/* Did it end with STATUS; did it say WORDS on standard error?  Fails the test with
 * all that it said, if not. */
void assert_run_ended(const struct run *run, int status);
void assert_run_said(const struct run *run, const char *words);

/* Frees the output. */
void run_free(struct run *run);

/* The file at PATH, whole, with a NUL behind; to be freed. */
char *read_whole_file(const char *path, size_t *size);
void write_whole_file(const char *path, const void *bytes, size_t size);

#endif
