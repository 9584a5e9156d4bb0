#include "pcg64.h"

#define POOL_WORDS 4

static const struct pcg64_word multiplier = {0x2360ed051fc65da4, 0x4385df649fccf645};

static struct pcg64_word add(struct pcg64_word a, struct pcg64_word b)
{
    uint64_t low = a.low + b.low;

    return (struct pcg64_word){a.high + b.high + (low < a.low), low};
}

/* The product modulo 2^128, from products of 32-bit halves. */
static struct pcg64_word multiply(struct pcg64_word a, struct pcg64_word b)
{
    const uint64_t mask = 0xffffffff;
    uint64_t low_low = (a.low & mask) * (b.low & mask);
    uint64_t low_high = (a.low & mask) * (b.low >> 32);
    uint64_t high_low = (a.low >> 32) * (b.low & mask);
    uint64_t middle = (low_low >> 32) + (low_high & mask) + (high_low & mask);
    uint64_t high = (a.low >> 32) * (b.low >> 32) + (low_high >> 32) + (high_low >> 32) + (middle >> 32);

    return (struct pcg64_word){high + a.high * b.low + a.low * b.high, a.low * b.low};
}

static void advance(struct pcg64 *generator)
{
    generator->state = add(multiply(generator->state, multiplier), generator->increment);
}

static uint32_t hash(uint32_t value, uint32_t *constant, uint32_t factor)
{
    value ^= *constant;
    *constant *= factor;
    value *= *constant;
    return value ^ value >> 16;
}

static uint32_t mix(uint32_t x, uint32_t y)
{
    uint32_t result = 0xca01f9ddu * x - 0x4973f715u * y;

    return result ^ result >> 16;
}

void pcg64_seed_pool(uint64_t seed, uint32_t pool[4])
{
    const uint32_t entropy[POOL_WORDS] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    uint32_t constant = 0x43b0d7e5;

    for (int i = 0; i < POOL_WORDS; i++) {
        pool[i] = hash(entropy[i], &constant, 0x931e8875);
    }
    for (int source = 0; source < POOL_WORDS; source++) {
        for (int target = 0; target < POOL_WORDS; target++) {
            if (source != target) {
                pool[target] = mix(pool[target], hash(pool[source], &constant, 0x931e8875));
            }
        }
    }
}

void pcg64_seed_words(uint64_t seed, uint64_t words[4])
{
    uint32_t pool[POOL_WORDS];
    uint32_t constant = 0x8b51f9dd;

    pcg64_seed_pool(seed, pool);
    for (int i = 0; i < 4; i++) {
        uint64_t low = hash(pool[2 * i % POOL_WORDS], &constant, 0x58f38ded);
        uint64_t high = hash(pool[(2 * i + 1) % POOL_WORDS], &constant, 0x58f38ded);
        words[i] = high << 32 | low;
    }
}

void pcg64_seed(struct pcg64 *generator, uint64_t seed)
{
    uint64_t words[4];

    pcg64_seed_words(seed, words);
    struct pcg64_word initial = {words[0], words[1]};
    generator->increment = (struct pcg64_word){words[2] << 1 | words[3] >> 63, words[3] << 1 | 1};
    generator->state = (struct pcg64_word){0, 0};
    advance(generator);
    generator->state = add(generator->state, initial);
    advance(generator);
}

uint64_t pcg64_next(struct pcg64 *generator)
{
    advance(generator);
    uint64_t value = generator->state.high ^ generator->state.low;
    unsigned rotation = (unsigned)(generator->state.high >> 58);
    return value >> rotation | value << (64 - rotation) % 64;
}

double pcg64_random(struct pcg64 *generator)
{
    return (double)(int64_t)(pcg64_next(generator) >> 11) * (1.0 / 9007199254740992.0);
}

double pcg64_uniform(struct pcg64 *generator, double low, double high)
{
    return low + (high - low) * pcg64_random(generator);
}
