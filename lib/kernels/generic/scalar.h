/* tanh and exp of one value, reference tier. */
#ifndef ARQ_KERNELS_GENERIC_SCALAR_H
#define ARQ_KERNELS_GENERIC_SCALAR_H

#include "kernels/transcendental.h"

#include <stdint.h>
#include <string.h>

static inline float tanh_scalar(float x)
{
    float c = x > TANH_LIMIT ? TANH_LIMIT : x < -TANH_LIMIT ? -TANH_LIMIT : x; /* NaN stays */
    float t = c * c;
    float p = __builtin_fmaf(__builtin_fmaf(__builtin_fmaf(TANH_P3, t, TANH_P2), t, TANH_P1), t, TANH_P0);
    float q = __builtin_fmaf(__builtin_fmaf(__builtin_fmaf(TANH_Q3, t, TANH_Q2), t, TANH_Q1), t, TANH_Q0);
    return __builtin_fmaf(c * t, p, c) / __builtin_fmaf(q, t, 1.0f);
}

/* 2^n, n in [-126, 127]. */
static inline float power_of_two(int32_t n)
{
    uint32_t bits = (uint32_t)(n + 127) << 23;
    float power;
    memcpy(&power, &bits, sizeof power);
    return power;
}

static inline float exp_scalar(float x)
{
    if (x != x) {
        return x;
    }
    float c = x > EXP_HIGHEST ? EXP_HIGHEST : x < EXP_LOWEST ? EXP_LOWEST : x;
    float n = __builtin_fmaf(c, EXP_LOG2E, EXP_ROUNDER) - EXP_ROUNDER;
    float r = __builtin_fmaf(n, -EXP_LN2_LOW, __builtin_fmaf(n, -EXP_LN2_HIGH, c));
    float e = __builtin_fmaf(__builtin_fmaf(EXP_E4, r, EXP_E3), r, EXP_E2);
    e = __builtin_fmaf(__builtin_fmaf(e, r, EXP_E1), r, EXP_E0);
    e = __builtin_fmaf(r * r, e, r) + 1.0f;
    int32_t half = (int32_t)n >> 1;
    return e * power_of_two(half) * power_of_two((int32_t)n - half);
}

/* tanh(x) for p = 2 log2(e) x, as the attention computes it. */
static inline float logistic_tanh_scalar(float p)
{
    if (p != p) {
        return p;
    }
    float c = p > LOGISTIC_LIMIT ? LOGISTIC_LIMIT : p < -LOGISTIC_LIMIT ? -LOGISTIC_LIMIT : p;
    float n = (c + EXP_ROUNDER) - EXP_ROUNDER;
    float f = c - n;
    float q = __builtin_fmaf(__builtin_fmaf(LOGISTIC_Q4, f, LOGISTIC_Q3), f, LOGISTIC_Q2);
    q = __builtin_fmaf(__builtin_fmaf(q, f, LOGISTIC_Q1), f, LOGISTIC_Q0);
    float e = __builtin_fmaf(q, f, 1.0f) * power_of_two((int32_t)n);
    return 1.0f - 2.0f / (e + 1.0f);
}

#endif
