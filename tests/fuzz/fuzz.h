/*
 * fuzz.h - what the fuzz targets share.
 *
 * A target is one file with LLVMFuzzerTestOneInput(): clang links it with
 * -fsanitize=fuzzer, any other compiler with driver.c.
 */
#ifndef TLSRPTOP_TESTS_FUZZ_H
#define TLSRPTOP_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Reads SIZE bytes as the target does; returns 0.  What is wrong aborts. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Aborts, naming what should hold, unless it does. */
#define EXPECT(condition)                                                                          \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

#endif
