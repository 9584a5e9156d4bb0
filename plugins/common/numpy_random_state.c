#include "numpy_random_state.h"

#include "bytes.h"
#include "wide.h"

#define WORDS NUMPY_RANDOM_STATE_WORDS
#define OFFSET 397

static void seed_with_word(struct numpy_random_state *state, uint32_t seed)
{
    state->word[0] = seed;
    for (uint32_t i = 1; i < WORDS; i++) {
        state->word[i] = 1812433253u * (state->word[i - 1] ^ state->word[i - 1] >> 30) + i;
    }
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

    if (key[1] == 0) {
        seed_with_word(state, key[0]);
    } else {
        seed_with_two_words(state, key);
    }
    state->index = WORDS;
    state->foreseen = 0;
}

/* The recurrence's twist of the upper bit of one word and the lower 31 of the next. */
static inline uint32_t twist(uint32_t word, uint32_t next)
{
    uint32_t joined = (word & 0x80000000u) | (next & 0x7fffffffu);

    return joined >> 1 ^ ((0u - (next & 1)) & 0x9908b0dfu);
}

static ALWAYS_INLINE void refill(uint32_t word[WORDS])
{
    for (uint32_t i = 0; i < WORDS - OFFSET; i++) {
        word[i] = word[i + OFFSET] ^ twist(word[i], word[i + 1]);
    }
    for (uint32_t i = WORDS - OFFSET; i < WORDS - 1; i++) {
        word[i] = word[i - (WORDS - OFFSET)] ^ twist(word[i], word[i + 1]);
    }
    word[WORDS - 1] = word[OFFSET - 1] ^ twist(word[WORDS - 1], word[0]);
}

WIDE static void refill_wide(uint32_t word[WORDS])
{
    refill(word);
}

void numpy_random_state_refill(struct numpy_random_state *state)
{
    if (has_wide_vectors()) {
        refill_wide(state->word);
    } else {
        refill(state->word);
    }
    state->index = 0;
    state->foreseen = 0;
}

/* The first word of a draw nearly always decides, so that compilers make vectors of the loop. */
static ALWAYS_INLINE void foresee(const uint32_t word[WORDS], uint64_t bound, uint64_t below[NUMPY_RANDOM_STATE_BITS])
{
    const uint32_t upper_bound = (uint32_t)(bound >> 26);
    uint8_t flag[64 * NUMPY_RANDOM_STATE_BITS];
    uint32_t undecided = 0;

    for (uint32_t i = 0; i < WORDS - 1; i++) {
        const uint32_t upper = numpy_random_state_temper(word[i]) >> 5;
        flag[i] = upper < upper_bound;
        undecided |= upper == upper_bound;
    }
    for (uint32_t i = 0; i < WORDS - 1 && undecided; i++) {
        flag[i] = numpy_random_state_join53(numpy_random_state_temper(word[i]),
                                            numpy_random_state_temper(word[i + 1])) < bound;
    }
    memset(flag + WORDS - 1, 0, sizeof(flag) - (WORDS - 1));
    memset(below, 0, NUMPY_RANDOM_STATE_BITS * sizeof(*below));
    for (uint32_t i = 0; i < sizeof(flag); i += 8) {
        below[i / 64] |= bits_of_flags(flag + i) << i % 64;
    }
}

WIDE static void foresee_wide(const uint32_t word[WORDS], uint64_t bound, uint64_t below[NUMPY_RANDOM_STATE_BITS])
{
    foresee(word, bound, below);
}

void numpy_random_state_foresee(struct numpy_random_state *state, uint64_t bound,
                                uint64_t below[NUMPY_RANDOM_STATE_BITS])
{
    if (has_wide_vectors()) {
        foresee_wide(state->word, bound, below);
    } else {
        foresee(state->word, bound, below);
    }
    state->foreseen = WORDS - 1;
}
