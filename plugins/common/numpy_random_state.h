/* NumPy's legacy generator, numpy.random.RandomState: the Mersenne Twister MT19937 (Matsumoto and
 * Nishimura, 1998) with the conversions to doubles and integers that NumPy has frozen. */
#ifndef ARQ_PLUGINS_NUMPY_RANDOM_STATE_H
#define ARQ_PLUGINS_NUMPY_RANDOM_STATE_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

#define NUMPY_RANDOM_STATE_WORDS 624

/* The words lie apart, their owner says where: they are many, and a draw needs few of them. */
struct numpy_random_state {
    uint32_t *word;    /* [NUMPY_RANDOM_STATE_WORDS] */
    uint32_t index;    /* of the next word to hand out; NUMPY_RANDOM_STATE_WORDS: the words are used up */
    uint32_t foreseen; /* numpy_random_state_foresee has looked at draws that begin below; 0 when words are new */
};

#define NUMPY_RANDOM_STATE_BITS (NUMPY_RANDOM_STATE_WORDS / 64 + 1)

/* As RandomState(seed) below 2^32; NumPy refuses larger integers, which here seed as RandomState([low, high]). */
void numpy_random_state_seed(struct numpy_random_state *state, uint64_t seed);

/* Replaces all words by the next ones. */
void numpy_random_state_refill(struct numpy_random_state *state);

/* The twister's output function. */
static inline uint32_t numpy_random_state_temper(uint32_t word)
{
    word ^= word >> 11;
    word ^= word << 7 & 0x9d2c5680u;
    word ^= word << 15 & 0xefc60000u;
    return word ^ word >> 18;
}

/* How many draws can be made before the next refill. */
static inline uint32_t numpy_random_state_left(const struct numpy_random_state *state)
{
    return NUMPY_RANDOM_STATE_WORDS - state->index;
}

/* Looks at all words ahead: bit k % 64 of below[k / 64] says whether next53 would give a number below `bound` if it
 * began at word k, for every k less than `foreseen`. */
void numpy_random_state_foresee(struct numpy_random_state *state, uint64_t bound,
                                uint64_t below[NUMPY_RANDOM_STATE_BITS]);

/* The next 32 random bits. */
static inline uint32_t numpy_random_state_next(struct numpy_random_state *state)
{
    if (numpy_random_state_left(state) == 0) {
        numpy_random_state_refill(state);
    }
    return numpy_random_state_temper(state->word[state->index++]);
}

/* Two tempered words to a number below 2^53. */
static inline uint64_t numpy_random_state_join53(uint32_t first, uint32_t second)
{
    return (uint64_t)(first >> 5) << 26 | second >> 6;
}

/* random_sample() in units of 2^-53: a number below 2^53, from two words. */
static inline uint64_t numpy_random_state_next53(struct numpy_random_state *state)
{
    const uint32_t first = numpy_random_state_next(state);

    return numpy_random_state_join53(first, numpy_random_state_next(state));
}

/* random_sample(): a multiple of 2^-53 in [0, 1). */
static inline double numpy_random_state_sample(struct numpy_random_state *state)
{
    return (double)(int64_t)numpy_random_state_next53(state) * (1.0 / 9007199254740992.0);
}

/* The normal deviate that randn() has computed already. */
struct numpy_random_normal {
    double next;
    int32_t is_kept; /* 0 or 1 */
};

/* randn(), by pairs (Marsaglia's polar method). Needs libm. */
static inline double numpy_random_state_normal(struct numpy_random_state *state, struct numpy_random_normal *normal)
{
    if (normal->is_kept) {
        normal->is_kept = 0;
        return normal->next;
    }
    double x;
    double y;
    double square;
    do {
        x = 2 * numpy_random_state_sample(state) - 1;
        y = 2 * numpy_random_state_sample(state) - 1;
        square = x * x + y * y;
    } while (square >= 1 || square == 0);
    double scale = sqrt(-2 * log(square) / square);
    *normal = (struct numpy_random_normal){scale * x, 1};
    return scale * y;
}

/* randint(low, high): low <= result < high, by masked rejection; no draw if there is only one choice. */
static inline int32_t numpy_random_state_integer(struct numpy_random_state *state, int32_t low, int32_t high)
{
    uint32_t range = (uint32_t)(high - 1 - low);
    uint32_t mask = range;
    uint32_t value = 0;

    for (uint32_t shift = 1; shift < 32; shift *= 2) {
        mask |= mask >> shift;
    }
    if (range != 0) {
        do {
            value = numpy_random_state_next(state) & mask;
        } while (value > range);
    }
    return low + (int32_t)value;
}

#endif
