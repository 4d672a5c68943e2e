/*
 * rng.h - the same numbers from the same seed on every machine.
 */
#ifndef SANDBOX_RNG_H
#define SANDBOX_RNG_H

#include <stdbool.h>
#include <stdint.h>

struct rng {
    uint64_t state;
};

static inline uint64_t rng_mix(uint64_t value)
{
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
    return value ^ (value >> 31);
}

static inline uint64_t rng_next(struct rng *rng)
{
    rng->state += 0x9e3779b97f4a7c15ULL;
    return rng_mix(rng->state);
}

/* 0 … limit - 1 */
static inline uint32_t rng_below(struct rng *rng, uint32_t limit)
{
    return limit ? (uint32_t)(rng_next(rng) % limit) : 0;
}

static inline bool rng_percent(struct rng *rng, uint32_t percent)
{
    return rng_below(rng, 100) < percent;
}

#endif
