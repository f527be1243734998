/*
 * turns.h - who may be under way: a few that are quick, and many more that are slow.
 *
 * Whoever takes longer than TURN_QUICK_MS makes room for another, up to a bound for all
 * together.  So what waits for a dead server does not hold up the rest, and yet
 * only a few begin at the same time.  Order is kept: the first to come is the first
 * to begin.
 */
#ifndef TLSRPTOP_IMPORTERS_TURNS_H
#define TLSRPTOP_IMPORTERS_TURNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "clock.h"

enum { TURN_QUICK_MS = 1000 };

enum turn_state { TURN_NONE, TURN_WAITING, TURN_QUICK, TURN_SLOW };

/* Part of what takes the turn: as its first member, so that the one can be cast
 * to the other. */
struct turn {
    enum turn_state state;
    int64_t began; /* monotonic_ms() */
    TAILQ_ENTRY(turn) entry;
};

TAILQ_HEAD(turn_list, turn);

struct turns {
    struct turn_list waiting;
    struct turn_list quick; /* both in the order in which they began */
    struct turn_list slow;
    size_t quick_count, open_count;
    size_t quick_max, open_max;
};

void turns_init(struct turns *turns, size_t quick_max, size_t open_max);

/* Puts TURN behind those that wait. */
void turns_wait(struct turns *turns, struct turn *turn);

/* Is there room for one more? */
bool turns_have_room(struct turns *turns);

/* The next that begins now, or NULL when none waits or there is no room. */
struct turn *turns_begin(struct turns *turns);

/* Takes TURN out, whether it waits or is under way. */
void turns_leave(struct turns *turns, struct turn *turn);

/* The one that began first of those under way, and any one of all; NULL: there is
 * none. */
struct turn *turns_oldest(const struct turns *turns);
struct turn *turns_any(const struct turns *turns);

/* Milliseconds until turns_begin() can be of use: 0 is now, -1 never by time alone. */
int turns_wait_ms(const struct turns *turns);

#endif
