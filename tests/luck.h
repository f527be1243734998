/*
 * luck.h - random numbers that are the same on every run and machine.
 */
#ifndef TLSRPTOP_TESTS_LUCK_H
#define TLSRPTOP_TESTS_LUCK_H

#include <stdint.h>

struct luck {
    uint64_t state;
};

/* What happens to the thing named by these four numbers, whatever else happens. */
struct luck luck_of(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

uint64_t luck_next(struct luck *luck);
/* 0 to BELOW - 1. */
unsigned luck_pick(struct luck *luck, unsigned below);
/* 0 <= x < 1. */
double luck_share(struct luck *luck);

#endif
