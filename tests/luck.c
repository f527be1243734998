#include "luck.h"

#define GOLDEN UINT64_C(0x9e3779b97f4a7c15)

/* splitmix64 */
uint64_t luck_next(struct luck *luck)
{
    uint64_t x = luck->state += GOLDEN;
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

struct luck luck_of(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    struct luck luck = {seed};
    luck.state = luck_next(&luck) ^ a;
    luck.state = luck_next(&luck) ^ b;
    luck.state = luck_next(&luck) ^ c;
    return luck;
}

unsigned luck_pick(struct luck *luck, unsigned below)
{
    return (unsigned)((luck_next(luck) >> 32) * below >> 32);
}

double luck_share(struct luck *luck)
{
    return (double)(luck_next(luck) >> 11) / (double)(UINT64_C(1) << 53);
}
