/*
 * What the templates of this folder, *_tmpl.c, are written in. The build compiles each of them once for every tier,
 * with the tier's name in ARQ_TIER and its vector header in ARQ_VECTOR_HEADER. Every operation below is exact or
 * correctly rounded, so a template gives the same bits in all tiers.
 *
 * A vector header defines the type vec, VEC_WIDTH (its floats: 4, 8 or 16), the sizes of tiles in registers
 *   GEMM_ROWS, GEMM_VECTORS               a tile of a product: at most 14 rows, so many vectors wide
 *   PRODUCT_STEPS                         attention: products of 16 rows summed side by side
 *   TANH_VECTORS                          attention: vectors whose tanh is taken side by side, whole sixteens
 *   SLOPE_HEADS                           attention: heads whose slopes are summed side by side, at least 4
 * and, beside the obvious vec_load, vec_store, vec_set, vec_add, vec_sub, vec_mul, vec_div and vec_sqrt,
 *   vec_load_partial, vec_store_partial   the first `count` <= VEC_WIDTH entries only; others read as 0
 *   vec_fma(a, b, c), vec_fnma(a, b, c)   a b + c, -a b + c, rounded once
 *   vec_clamp(x, low, high)               NaN stays
 *   vec_unless_le_zero(x, y)              y where x > 0 or NaN, else +0
 *   vec_if_positive(x, y)                 y where x > 0, else +0
 *   vec_blend_first(count, a, b)          a in the first `count` lanes, b in the others
 *   vec_of_bits(bits)                     1 where the lane's bit is set, else 0
 *   vec_any_bit(a, b, c)                  whether any bit of the three is set: 0 where all entries are +0
 *   vec_or(a, b), vec_xor(a, b), vec_sign(x)  of bits
 *   vec_if_still(x, g, most)              x where g is +0 and x is 1 .. most units of the smallest denormal, else +0
 *   vec_zip(a, b, &first, &second)        entries of a and b in turns: the first half of them, and the second
 *   vec_scale_by_power(x, n)              (x 2^(n >> 1)) 2^(n - (n >> 1)), n integral
 *   vec_split(x, &n)                      x - n, n the nearest integer, ties to even
 *   vec_add_to_exponent(x, n)             x 2^n for normal results, n integral; NaN stays
 *   vec_total(lanes)                      the tree over 16 lanes, given as 16 / VEC_WIDTH vectors
 *   vec_add_squares(x, sums)              squares in double, added to two vectors of half the lanes each
 */
#ifndef ARQ_KERNELS_VECTOR_VECTOR_H
#define ARQ_KERNELS_VECTOR_VECTOR_H

#include "kernels/list.h"
#include ARQ_VECTOR_HEADER

/* The name of this tier's kernel: arq_k_<op>_<tier>. */
#define KERNEL(op) JOIN_NAMES(arq_k_##op##_, ARQ_TIER)
#define JOIN_NAMES(a, b) JOIN_EXPANDED_NAMES(a, b)
#define JOIN_EXPANDED_NAMES(a, b) a##b

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* GCC must be told to unroll loops over arrays that are to be registers, and warns where it does not optimise; clang
 * does so by itself. */
#if defined(__clang__) || !defined(__OPTIMIZE__) || defined(ARQ_SANITIZED)
#define UNROLL
#else
#define UNROLL _Pragma("GCC unroll 32")
#endif

/* for i = 0 .. count, unrolled. */
#define FOR_EACH(i, count) UNROLL for (size_t i = 0; i < (count); i++)

/* Whole vectors take the plain load and store. */
static ALWAYS_INLINE vec vec_load_up_to(const float *p, size_t count)
{
    return count >= VEC_WIDTH ? vec_load(p) : vec_load_partial(p, count);
}

static ALWAYS_INLINE void vec_store_up_to(float *p, vec x, size_t count)
{
    if (count >= VEC_WIDTH) {
        vec_store(p, x);
    } else {
        vec_store_partial(p, x, count);
    }
}

/* vec_store and vec_load of entries [i, n) of an array, as many as fit into one vector. */
static ALWAYS_INLINE vec vec_load_at(const float *x, size_t i, size_t n)
{
    return vec_load_up_to(x + i, n - i);
}

static ALWAYS_INLINE void vec_store_at(float *x, size_t i, size_t n, vec value)
{
    vec_store_up_to(x + i, value, n - i);
}

#endif
