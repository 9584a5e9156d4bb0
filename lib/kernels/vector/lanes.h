/* The sum over 16 virtual lanes (kernels.h) in vectors. */
#ifndef ARQ_KERNELS_VECTOR_LANES_H
#define ARQ_KERNELS_VECTOR_LANES_H

#include "kernels/vector/vector.h"

#define LANE_PARTS (16 / VEC_WIDTH)

typedef struct lanes {
    vec part[LANE_PARTS];
} lanes;

static ALWAYS_INLINE lanes lanes_zero(void)
{
    lanes sum;
    FOR_EACH (p, LANE_PARTS) {
        sum.part[p] = vec_set(0.0f);
    }
    return sum;
}

/* How many of the entries [i, n) belong to part p of the block of 16 at i. */
static ALWAYS_INLINE size_t lanes_in_part(size_t i, size_t p, size_t n)
{
    size_t start = i + p * VEC_WIDTH;
    return start >= n ? 0 : n - start < VEC_WIDTH ? n - start : VEC_WIDTH;
}

/*
 * For each block of 16 entries and each of its parts, run `statement` with `at` (index of the part's first entry),
 * `count` (its entries) and `p` (the part's number); whole blocks see count == VEC_WIDTH as a constant.
 */
#define FOR_LANES(n, statement)                                                                                        \
    do {                                                                                                               \
        size_t block_ = 0;                                                                                             \
        for (; block_ + 16 <= (n); block_ += 16) {                                                                     \
            FOR_EACH (p, LANE_PARTS) {                                                                                 \
                const size_t at = block_ + p * VEC_WIDTH, count = VEC_WIDTH;                                           \
                statement;                                                                                             \
            }                                                                                                          \
        }                                                                                                              \
        if (block_ < (n)) {                                                                                            \
            FOR_EACH (p, LANE_PARTS) {                                                                                 \
                const size_t at = block_ + p * VEC_WIDTH, count = lanes_in_part(block_, p, (n));                       \
                if (count == 0)                                                                                        \
                    break;                                                                                             \
                statement;                                                                                             \
            }                                                                                                          \
        }                                                                                                              \
    } while (0)

/* Lanes that do not exist keep what they have. */
static ALWAYS_INLINE void lanes_add(lanes *sum, size_t p, size_t count, vec x)
{
    vec added = vec_add(sum->part[p], x);
    sum->part[p] = count == VEC_WIDTH ? added : vec_blend_first(count, added, sum->part[p]);
}

static ALWAYS_INLINE void lanes_multiply_add(lanes *sum, size_t p, size_t count, vec x, vec y)
{
    vec added = vec_fma(x, y, sum->part[p]);
    sum->part[p] = count == VEC_WIDTH ? added : vec_blend_first(count, added, sum->part[p]);
}

static ALWAYS_INLINE void lanes_add_centred_square(lanes *sum, size_t p, size_t count, vec x, vec mean)
{
    vec c = vec_sub(x, mean);
    lanes_multiply_add(sum, p, count, c, c);
}

static ALWAYS_INLINE float lanes_total(const lanes *sum)
{
    return vec_total(sum->part);
}

static ALWAYS_INLINE float lanes_mean(size_t n, const float *x)
{
    lanes sum = lanes_zero();
    FOR_LANES(n, lanes_add(&sum, p, count, vec_load_up_to(x + at, count)));
    return lanes_total(&sum) / (float)n;
}

#endif
