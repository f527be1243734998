#include "turns.h"

void turns_init(struct turns *turns, size_t quick_max, size_t open_max)
{
    *turns = (struct turns){.quick_max = quick_max, .open_max = open_max};
    TAILQ_INIT(&turns->waiting);
    TAILQ_INIT(&turns->quick);
    TAILQ_INIT(&turns->slow);
}

void turns_wait(struct turns *turns, struct turn *turn)
{
    turn->state = TURN_WAITING;
    TAILQ_INSERT_TAIL(&turns->waiting, turn, entry);
}

/* When the first that is still quick counts as slow. */
static int64_t slow_at(const struct turns *turns)
{
    return TAILQ_FIRST(&turns->quick)->began + TURN_QUICK_MS;
}

static void find_slow(struct turns *turns)
{
    int64_t now = monotonic_ms();
    while (turns->quick_count > 0 && slow_at(turns) <= now) {
        struct turn *turn = TAILQ_FIRST(&turns->quick);
        TAILQ_REMOVE(&turns->quick, turn, entry);
        TAILQ_INSERT_TAIL(&turns->slow, turn, entry);
        turn->state = TURN_SLOW;
        turns->quick_count--;
    }
}

bool turns_have_room(struct turns *turns)
{
    find_slow(turns);
    return turns->quick_count < turns->quick_max && turns->open_count < turns->open_max;
}

struct turn *turns_begin(struct turns *turns)
{
    struct turn *turn = TAILQ_FIRST(&turns->waiting);
    if (turn == NULL || !turns_have_room(turns))
        return NULL;
    TAILQ_REMOVE(&turns->waiting, turn, entry);
    TAILQ_INSERT_TAIL(&turns->quick, turn, entry);
    turn->state = TURN_QUICK;
    turn->began = monotonic_ms();
    turns->quick_count++;
    turns->open_count++;
    return turn;
}

void turns_leave(struct turns *turns, struct turn *turn)
{
    struct turn_list *lists[] = {NULL, &turns->waiting, &turns->quick, &turns->slow};
    TAILQ_REMOVE(lists[turn->state], turn, entry);
    turns->quick_count -= turn->state == TURN_QUICK;
    turns->open_count -= turn->state != TURN_WAITING;
    turn->state = TURN_NONE;
}

struct turn *turns_oldest(const struct turns *turns)
{
    struct turn *turn = TAILQ_FIRST(&turns->slow);
    return turn != NULL ? turn : TAILQ_FIRST(&turns->quick);
}

struct turn *turns_any(const struct turns *turns)
{
    struct turn *turn = turns_oldest(turns);
    return turn != NULL ? turn : TAILQ_FIRST(&turns->waiting);
}

int turns_wait_ms(const struct turns *turns)
{
    if (TAILQ_FIRST(&turns->waiting) == NULL || turns->open_count >= turns->open_max)
        return -1;
    if (turns->quick_count < turns->quick_max)
        return 0;
    int64_t left = slow_at(turns) - monotonic_ms();
    return left > 0 ? (int)left : 0;
}
