#include "core/random.h"

#include "kernels/list.h"

static uint64_t splitmix64(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

void arq_random_seed_instance(arq_random *random, uint64_t seed, arq_random_stream stream, uint32_t instance)
{
    uint64_t state = seed;
    uint64_t purpose = (uint64_t)stream + ((uint64_t)instance << 32);
    uint64_t mixed = splitmix64(&state) ^ (purpose * UINT64_C(0xd1342543de82ef95));
    for (int i = 0; i < 4; i++) {
        random->state[i] = splitmix64(&mixed);
    }
}

void arq_random_seed(arq_random *random, uint64_t seed, arq_random_stream stream)
{
    arq_random_seed_instance(random, seed, stream, 0);
}

static uint64_t rotate_left(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

uint64_t arq_random_next(arq_random *random)
{
    uint64_t *s = random->state;
    uint64_t result = rotate_left(s[0] + s[3], 23) + s[0];
    uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotate_left(s[3], 45);
    return result;
}

double arq_random_uniform(arq_random *random)
{
    return (double)(arq_random_next(random) >> 11) * 0x1p-53;
}

uint64_t arq_random_below(arq_random *random, uint64_t bound)
{
    /* Rejects the few numbers beyond the last whole multiple of the bound. */
    uint64_t excess = (UINT64_MAX % bound + 1) % bound;
    uint64_t number;
    do {
        number = arq_random_next(random);
    } while (number > UINT64_MAX - excess);
    return number % bound;
}

float arq_random_truncated_normal(arq_random *random)
{
    for (;;) {
        float x = (float)(arq_random_uniform(random) * 4.0 - 2.0);
        float exponent = -0.5f * x * x;
        float density;
        arq_k_exp_generic(1, &exponent, &density); /* the same bits on every machine */
        if (arq_random_uniform(random) < (double)density) {
            return x;
        }
    }
}
