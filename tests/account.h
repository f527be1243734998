/*
 * account.h - tlsrptop-import run on accounts that a test has written, and what
 * stands in the database afterwards.
 */
#ifndef TLSRPTOP_TESTS_ACCOUNT_H
#define TLSRPTOP_TESTS_ACCOUNT_H

#include <stdint.h>

#include "run_program.h"

struct account {
    char folder[64];  /* of the test; others may enter it */
    char config[128]; /* paths in it */
    char database[128];
};

void account_open(struct account *account);
void account_close(struct account *account);

/* Writes the configuration. */
void account_configure(const struct account *account, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Runs tlsrptop-import on every account, with OPTIONS up to a NULL. */
void account_start(const struct account *account, struct run *run, ...) __attribute__((sentinel));
void account_import(const struct account *account, struct run *run, ...) __attribute__((sentinel));

/* The same without options.  It must end with STATUS, and standard error hold
 * SENTENCE. */
void account_expect(const struct account *account, int status, const char *sentence);

/* An integer from the database; 0 while there is none. */
int64_t account_integer(const struct account *account, const char *sql);

/* Waits until SQL selects VALUE, as long as the program of RUN has patience. */
void account_await(const struct account *account, struct run *run, const char *sql, int64_t value);

#endif
