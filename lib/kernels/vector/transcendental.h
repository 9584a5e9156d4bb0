/* tanh and exp in vectors. */
#ifndef ARQ_KERNELS_VECTOR_TRANSCENDENTAL_H
#define ARQ_KERNELS_VECTOR_TRANSCENDENTAL_H

#include "kernels/transcendental.h"
#include "kernels/vector/vector.h"

static ALWAYS_INLINE vec vec_tanh(vec x)
{
    vec c = vec_clamp(x, -TANH_LIMIT, TANH_LIMIT);
    vec t = vec_mul(c, c);
    vec p = vec_fma(vec_set(TANH_P3), t, vec_set(TANH_P2));
    vec q = vec_fma(vec_set(TANH_Q3), t, vec_set(TANH_Q2));
    p = vec_fma(p, t, vec_set(TANH_P1));
    q = vec_fma(q, t, vec_set(TANH_Q1));
    p = vec_fma(p, t, vec_set(TANH_P0));
    q = vec_fma(q, t, vec_set(TANH_Q0));
    p = vec_fma(vec_mul(c, t), p, c);
    q = vec_fma(q, t, vec_set(1.0f));
    return vec_div(p, q);
}

static ALWAYS_INLINE vec vec_exp(vec x)
{
    vec rounder = vec_set(EXP_ROUNDER);
    vec c = vec_clamp(x, EXP_LOWEST, EXP_HIGHEST);
    vec n = vec_sub(vec_fma(c, vec_set(EXP_LOG2E), rounder), rounder);
    vec r = vec_fnma(n, vec_set(EXP_LN2_LOW), vec_fnma(n, vec_set(EXP_LN2_HIGH), c));
    vec e = vec_fma(vec_set(EXP_E4), r, vec_set(EXP_E3));
    e = vec_fma(e, r, vec_set(EXP_E2));
    e = vec_fma(e, r, vec_set(EXP_E1));
    e = vec_fma(e, r, vec_set(EXP_E0));
    e = vec_add(vec_fma(vec_mul(r, r), e, r), vec_set(1.0f));
    return vec_scale_by_power(e, n);
}

/*
 * tanh(x) of `count` vectors side by side, given 2 log2(e) x, clamped; as the attention computes it. Step by step over
 * all of them: each step of one vector waits for the one before.
 */
static ALWAYS_INLINE void vec_logistic_tanh(size_t count, vec *x)
{
    vec n[TANH_VECTORS], e[TANH_VECTORS];
    FOR_EACH (i, count) {
        x[i] = vec_split(x[i], &n[i]);
    }
    FOR_EACH (i, count) {
        e[i] = vec_fma(vec_set(LOGISTIC_Q4), x[i], vec_set(LOGISTIC_Q3));
    }
    FOR_EACH (i, count) {
        e[i] = vec_fma(e[i], x[i], vec_set(LOGISTIC_Q2));
    }
    FOR_EACH (i, count) {
        e[i] = vec_fma(e[i], x[i], vec_set(LOGISTIC_Q1));
    }
    FOR_EACH (i, count) {
        e[i] = vec_fma(e[i], x[i], vec_set(LOGISTIC_Q0));
    }
    FOR_EACH (i, count) {
        e[i] = vec_fma(e[i], x[i], vec_set(1.0f));
    }
    FOR_EACH (i, count) {
        e[i] = vec_add_to_exponent(e[i], n[i]);
    }
    FOR_EACH (i, count) {
        e[i] = vec_add(e[i], vec_set(1.0f));
    }
    FOR_EACH (i, count) {
        x[i] = vec_sub(vec_set(1.0f), vec_div(vec_set(2.0f), e[i]));
    }
}

#endif
