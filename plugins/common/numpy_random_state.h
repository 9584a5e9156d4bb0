/* NumPy's legacy generator, numpy.random.RandomState: the Mersenne Twister MT19937 (Matsumoto and
 * Nishimura, 1998) with the conversions to doubles and integers that NumPy has frozen. */
#ifndef ARQ_PLUGINS_NUMPY_RANDOM_STATE_H
#define ARQ_PLUGINS_NUMPY_RANDOM_STATE_H

#include <stdint.h>

#define NUMPY_RANDOM_STATE_WORDS 624

/* The words come first: what follows the generator in a game's struct then shares a cache line with `index`. */
struct numpy_random_state {
    uint32_t word[NUMPY_RANDOM_STATE_WORDS];
    uint32_t index; /* of the next word to hand out; NUMPY_RANDOM_STATE_WORDS: the words are used up */
};

/* As RandomState(seed) below 2^32; NumPy refuses larger integers, which here seed as RandomState([low, high]). */
void numpy_random_state_seed(struct numpy_random_state *state, uint64_t seed);

/* Replaces all words by the next ones. */
void numpy_random_state_refill(struct numpy_random_state *state);

/* Two of the sequence's words, the first in the low half, tempered side by side; no shift below carries a bit from
 * one half to the other past its mask. */
static inline uint64_t numpy_random_state_temper_pair(uint32_t first, uint32_t second)
{
    uint64_t pair = (uint64_t)second << 32 | first;

    pair ^= pair >> 11 & 0x001fffff001fffff;
    pair ^= pair << 7 & 0x9d2c56809d2c5680;
    pair ^= pair << 15 & 0xefc60000efc60000;
    pair ^= pair >> 18 & 0x00003fff00003fff;
    return pair;
}

/* The next 32 random bits. */
static inline uint32_t numpy_random_state_next(struct numpy_random_state *state)
{
    if (state->index >= NUMPY_RANDOM_STATE_WORDS)
        numpy_random_state_refill(state);
    return (uint32_t)numpy_random_state_temper_pair(state->word[state->index++], 0);
}

/* random_sample(): a multiple of 2^-53 in [0, 1), from two words. */
static inline double numpy_random_state_sample(struct numpy_random_state *state)
{
    uint64_t pair;

    if (state->index + 2 <= NUMPY_RANDOM_STATE_WORDS) {
        pair = numpy_random_state_temper_pair(state->word[state->index], state->word[state->index + 1]);
        state->index += 2;
    } else {
        pair = numpy_random_state_next(state);
        pair |= (uint64_t)numpy_random_state_next(state) << 32;
    }
    uint64_t high = (pair & 0xffffffff) >> 5;
    uint64_t low = pair >> 38;
    return (double)(int64_t)(high << 26 | low) * (1.0 / 9007199254740992.0);
}

/* randint(low, high): low <= result < high, by masked rejection; no draw if there is but one choice. */
static inline int32_t numpy_random_state_integer(struct numpy_random_state *state, int32_t low, int32_t high)
{
    uint32_t range = (uint32_t)(high - 1 - low);
    uint32_t mask = range;
    uint32_t value = 0;

    for (uint32_t shift = 1; shift < 32; shift *= 2)
        mask |= mask >> shift;
    if (range != 0) {
        do
            value = numpy_random_state_next(state) & mask;
        while (value > range);
    }
    return low + (int32_t)value;
}

#endif
