/* Put before every file of the library: the same sources with double in place of float, and libm's tanh and exp, whose
 * derivatives are those that the backward passes assume. */
#ifndef ARQ_TESTS_DOUBLE_H
#define ARQ_TESTS_DOUBLE_H

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "kernels/transcendental.h"

#define float double
#define sqrtf sqrt
#define __builtin_fmaf __builtin_fma

/* In place of lib/kernels/generic/scalar.h. */
#define ARQ_KERNELS_GENERIC_SCALAR_H

static inline __attribute__((unused)) double tanh_scalar(double x)
{
    return tanh(x);
}

static inline __attribute__((unused)) double exp_scalar(double x)
{
    return exp(x);
}

/* tanh(x) for p = 2 log2(e) x. */
static inline __attribute__((unused)) double logistic_tanh_scalar(double p)
{
    return tanh(p * 0.34657359027997265);
}

#endif
