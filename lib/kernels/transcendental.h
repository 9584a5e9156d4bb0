/*
 * The numbers of tanh and exp, shared by all tiers. Each is one fixed sequence of correctly rounded operations,
 * so every tier gives the same bits. Errors are the largest over all floats (tests/kernels/ulp.c measures them).
 *
 * tanh(x): c = x clamped to +-TANH_LIMIT, t = c c,
 *   numerator = fma(c t, P(t), c), denominator = 1 + t Q(t), both by Horner's rule; tanh = numerator / denominator.
 *   An odd rational function of degrees 9 and 8, fitted for the least relative error (2.3e-8 before rounding); its
 *   coefficients were then moved by units in the last place until the rounded result errs least. TANH_LIMIT is the
 *   first float whose rounded quotient is 1, so that 1 is what every larger one gives; below it none exceeds 1. The
 *   result is odd; it is not monotone, neighbours may fall by rounding errors.
 *
 * exp(x): c = x clamped to [EXP_LOWEST, EXP_HIGHEST], n = c log2(e) to the nearest integer, r = c - n ln 2,
 *   exp = 2^n (1 + r + r^2 E(r)); the power of two is applied in two halves, so that overflow and denormal results
 *   come out of the multiplication.
 *
 * The attention's tanh of x, given p = 2 log2(e) x: c = p clamped to +-LOGISTIC_LIMIT, n = c to the nearest integer,
 *   f = c - n, e = 2^n (1 + f Q(f)) with Q by Horner's rule, T = 1 - 2 / (e + 1). It needs five multiply-adds where
 *   tanh above needs ten; in return its error is small beside 1, not beside small results.
 */
#ifndef ARQ_KERNELS_TRANSCENDENTAL_H
#define ARQ_KERNELS_TRANSCENDENTAL_H

/* The largest errors over all floats, in units in the last place of the result (below 1 for results that are 1). */
#define TANH_ULP 5.41
#define EXP_ULP 1.02

/* The largest error of the attention's tanh over all p, in units in the last place below 1 (2^-24). */
#define LOGISTIC_ULP 3.5

#define TANH_LIMIT 0x1.025eeap+3f /* 8.07 */
#define TANH_P0 0x1.121732p-3f
#define TANH_P1 0x1.ca85d4p-9f
#define TANH_P2 0x1.5a7298p-16f
#define TANH_P3 0x1.cc9b88p-27f
#define TANH_Q0 0x1.de60e2p-2f
#define TANH_Q1 0x1.a8233ap-6f
#define TANH_Q2 0x1.58f784p-12f
#define TANH_Q3 0x1.a2aec6p-21f

#define EXP_LOWEST -104.0f /* exp rounds to 0 */
#define EXP_HIGHEST 89.0f  /* exp overflows */
#define EXP_LOG2E 0x1.715476p+0f
#define EXP_LN2_HIGH 0x1.62e430p-1f
#define EXP_LN2_LOW -0x1.05c610p-29f
#define EXP_E0 0x1.fffffcp-2f
#define EXP_E1 0x1.555492p-3f
#define EXP_E2 0x1.5558b0p-5f
#define EXP_E3 0x1.12398ep-7f
#define EXP_E4 0x1.6a4d56p-10f

#define LOGISTIC_LIMIT 64.0f
#define LOGISTIC_SCALE 0x1.715476p+1f /* 2 log2(e) */
#define LOGISTIC_Q0 0x1.62e428p-1f
#define LOGISTIC_Q1 0x1.ebf9bcp-3f
#define LOGISTIC_Q2 0x1.c6b7c2p-5f
#define LOGISTIC_Q3 0x1.3ceb64p-7f
#define LOGISTIC_Q4 0x1.5bbb70p-10f

/* Adding it rounds a float below 2^22 to the nearest integer, which then stands in the low bits of the sum. */
#define EXP_ROUNDER 12582912.0f

#endif
