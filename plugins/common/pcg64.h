/* NumPy's default generator, numpy.random.default_rng(seed): PCG64 (O'Neill 2014, XSL-RR output) seeded through
 * NumPy's SeedSequence. */
#ifndef ARQ_PLUGINS_PCG64_H
#define ARQ_PLUGINS_PCG64_H

#include <stdint.h>

/* A number of 128 bits. */
struct pcg64_word {
    uint64_t high;
    uint64_t low;
};

struct pcg64 {
    struct pcg64_word state;
    struct pcg64_word increment; /* always odd */
};

/* The pool of SeedSequence(seed), as four words of 32 bits. */
void pcg64_seed_pool(uint64_t seed, uint32_t pool[4]);

/* SeedSequence(seed).generate_state(4, uint64). */
void pcg64_seed_words(uint64_t seed, uint64_t words[4]);

/* As default_rng(seed). */
void pcg64_seed(struct pcg64 *generator, uint64_t seed);

uint64_t pcg64_next(struct pcg64 *generator);

/* random(): a multiple of 2^-53 in [0, 1). */
double pcg64_random(struct pcg64 *generator);

/* uniform(low, high). */
double pcg64_uniform(struct pcg64 *generator, double low, double high);

#endif
