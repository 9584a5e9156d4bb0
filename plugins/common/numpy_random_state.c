#include "numpy_random_state.h"

#define WORDS NUMPY_RANDOM_STATE_WORDS
#define OFFSET 397

static void seed_with_word(struct numpy_random_state *state, uint32_t seed)
{
    state->word[0] = seed;
    for (uint32_t i = 1; i < WORDS; i++)
        state->word[i] = 1812433253u * (state->word[i - 1] ^ state->word[i - 1] >> 30) + i;
}

/* Matsumoto's init_by_array for a key of two words. */
static void seed_with_two_words(struct numpy_random_state *state, const uint32_t key[2])
{
    uint32_t *word = state->word;
    uint32_t i = 1;

    seed_with_word(state, 19650218u);
    for (uint32_t k = 0; k < WORDS; k++) {
        word[i] = (word[i] ^ (word[i - 1] ^ word[i - 1] >> 30) * 1664525u) + key[k % 2] + k % 2;
        if (++i == WORDS) {
            word[0] = word[WORDS - 1];
            i = 1;
        }
    }
    for (uint32_t k = 1; k < WORDS; k++) {
        word[i] = (word[i] ^ (word[i - 1] ^ word[i - 1] >> 30) * 1566083941u) - i;
        if (++i == WORDS) {
            word[0] = word[WORDS - 1];
            i = 1;
        }
    }
    word[0] = 0x80000000u;
}

void numpy_random_state_seed(struct numpy_random_state *state, uint64_t seed)
{
    const uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};

    if (key[1] == 0)
        seed_with_word(state, key[0]);
    else
        seed_with_two_words(state, key);
    state->index = WORDS;
    state->foreseen = 0;
}

/* The recurrence's twist of the upper bit of one word and the lower 31 of the next. */
static inline uint32_t twist(uint32_t word, uint32_t next)
{
    uint32_t joined = (word & 0x80000000u) | (next & 0x7fffffffu);

    return joined >> 1 ^ ((0u - (next & 1)) & 0x9908b0dfu);
}

void numpy_random_state_refill(struct numpy_random_state *state)
{
    uint32_t *word = state->word;

    for (uint32_t i = 0; i < WORDS - OFFSET; i++)
        word[i] = word[i + OFFSET] ^ twist(word[i], word[i + 1]);
    for (uint32_t i = WORDS - OFFSET; i < WORDS - 1; i++)
        word[i] = word[i - (WORDS - OFFSET)] ^ twist(word[i], word[i + 1]);
    word[WORDS - 1] = word[OFFSET - 1] ^ twist(word[WORDS - 1], word[0]);
    state->index = 0;
    state->foreseen = 0;
}

/* Flags of 0 or 1 to bits, lowest first. The product brings the lowest bits of eight bytes together. */
static uint64_t gather_bits(const uint8_t flag[64])
{
    uint64_t bits = 0;

    for (uint32_t i = 0; i < 64; i += 8) {
        uint64_t eight = 0;
        for (uint32_t k = 0; k < 8; k++)
            eight |= (uint64_t)flag[i + k] << 8 * k;
        bits |= (eight * 0x0102040810204080 >> 56) << i;
    }
    return bits;
}

/* For all words, so that compilers make vectors of the loops. */
void numpy_random_state_foresee(struct numpy_random_state *state, uint64_t bound,
                                uint64_t below[NUMPY_RANDOM_STATE_BITS])
{
    const uint32_t upper_bound = (uint32_t)(bound >> 26);
    const uint32_t lower_bound = (uint32_t)(bound & 0x3ffffff);
    uint32_t tempered[WORDS];
    uint8_t flag[64 * NUMPY_RANDOM_STATE_BITS] = {0};

    for (uint32_t i = 0; i < WORDS; i++)
        tempered[i] = numpy_random_state_temper(state->word[i]);
    for (uint32_t i = 0; i < WORDS - 1; i++) {
        uint32_t upper = tempered[i] >> 5;
        uint32_t lower = tempered[i + 1] >> 6;
        flag[i] = (uint8_t)((upper < upper_bound) | ((upper == upper_bound) & (lower < lower_bound)));
    }
    for (uint32_t i = 0; i < NUMPY_RANDOM_STATE_BITS; i++)
        below[i] = gather_bits(flag + 64 * i);
    state->foreseen = WORDS - 1;
}
