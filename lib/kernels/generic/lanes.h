/* The sum over 16 virtual lanes (kernels.h), one value at a time. */
#ifndef ARQ_KERNELS_GENERIC_LANES_H
#define ARQ_KERNELS_GENERIC_LANES_H

#include <stddef.h>

typedef struct lanes {
    float lane[16];
} lanes;

static inline void lanes_add(lanes *sum, size_t i, float x)
{
    sum->lane[i % 16] += x;
}

static inline void lanes_multiply_add(lanes *sum, size_t i, float x, float y)
{
    sum->lane[i % 16] = __builtin_fmaf(x, y, sum->lane[i % 16]);
}

static inline float lanes_total(lanes *sum)
{
    for (size_t half = 8; half > 0; half /= 2) {
        for (size_t i = 0; i < half; i++) {
            sum->lane[i] += sum->lane[i + half];
        }
    }
    return sum->lane[0];
}

/* The sum of x[n] divided by n. */
static inline float lanes_mean(size_t n, const float *x)
{
    lanes sum = {{0}};
    for (size_t i = 0; i < n; i++) {
        lanes_add(&sum, i, x[i]);
    }
    return lanes_total(&sum) / (float)n;
}

#endif
