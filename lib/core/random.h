/*
 * The library's random numbers: xoshiro256++ (Blackman and Vigna, 2019), seeded through splitmix64.
 * One stream for each purpose, so that drawing more of one never changes another.
 */
#ifndef ARQ_CORE_RANDOM_H
#define ARQ_CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

typedef struct arq_random {
    uint64_t state[4];
} arq_random;

/* Purposes: the second half of a stream's seed. Numbers never change meaning. */
typedef enum arq_random_stream {
    ARQ_STREAM_WEIGHTS = 1,
    ARQ_STREAM_EXPLORATION = 2,
    ARQ_STREAM_REPLAY = 3,
    ARQ_STREAM_EVALUATION = 4,
    ARQ_STREAM_ENVIRONMENT = 5,
    ARQ_STREAM_CHECK = 6,
    ARQ_STREAM_FEATURES = 7,
    ARQ_STREAM_ROLLOUT = 8
} arq_random_stream;

void arq_random_seed(arq_random *random, uint64_t seed, arq_random_stream stream);

/* Streams of one purpose that differ by instance; that of instance 0 is arq_random_seed's. */
void arq_random_seed_instance(arq_random *random, uint64_t seed, arq_random_stream stream, uint32_t instance);

uint64_t arq_random_next(arq_random *random);

/* Uniform in [0, 1): 53 bits. */
double arq_random_uniform(arq_random *random);

/* Uniform in 0 .. bound-1 without bias; bound > 0. */
uint64_t arq_random_below(arq_random *random, uint64_t bound);

/* Standard normal truncated at 2 sigma, by rejection with the library's own exp: no libm. */
float arq_random_truncated_normal(arq_random *random);

#endif
