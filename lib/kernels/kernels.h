/*
 * Kernels: flat float arrays in, flat float arrays out. They know shapes, not algorithms.
 *
 * Every kernel has one meaning, written beside its pointer below as the exact order of its rounded
 * operations. lib/kernels/generic is that meaning in plain C; every other tier gives the same bits
 * (NaN at the same positions). Two kinds of sum occur:
 *
 *   chain   c = fma(a_k, b_k, c) for k ascending, one chain for each output element;
 *   lanes   16 partial sums, entry i into lane i mod 16 in ascending order, then the fixed tree
 *           l[i] += l[i + 8], l[i] += l[i + 4], l[i] += l[i + 2], l[0] + l[1]; entries that do not
 *           exist are not added.
 *
 * All matrices are row-major; a leading dimension (ld) counts floats between rows. No pointer needs
 * alignment. Outputs do not overlap inputs unless said. Kernels never allocate; they expect the FP
 * mode of system/fp.h (round to nearest, denormals kept) and leave it.
 */
#ifndef ARQ_KERNELS_H
#define ARQ_KERNELS_H

#include "kernels/tiers.h"

#include <stddef.h>
#include <stdint.h>

/* Most heads a cell can have: the K of the fused attention is at most this. */
#define ARQ_MAX_HEADS 16

/* Floats of packing space that one gemm call may use, whatever its sizes. */
#define ARQ_GEMM_PACK_FLOATS (size_t)(256 * 1024)

/* The same for sums of at most k products and at most n columns: strips of a block of B, and some rows of A. */
static inline size_t arq_gemm_pack_floats(size_t k, size_t n)
{
    size_t depth = k < 256 ? k : 256;
    size_t columns = n + 32 < 512 ? n + 32 : 512;
    return depth * (columns + 16);
}

/* X(NAME, word of the parameter `goodness`) for every goodness. */
#define ARQ_GOODNESS_LIST(X)                                                                                           \
    X(RMS, rms)                       /* sqrt(mean((y - mean y)^2)) */                                                 \
    X(MEAN_SQUARE, mean_square)       /* mean(y^2) */                                                                  \
    X(MEAN, mean)                     /* mean(y) */                                                                    \
    X(VARIANCE, variance)             /* mean((y - mean y)^2) */                                                       \
    X(RMS_UNCENTERED, rms_uncentered) /* sqrt(mean(y^2)) */

#define ARQ_GOODNESS_NUMBER(NAME, word) ARQ_GOODNESS_##NAME,
typedef enum arq_goodness { ARQ_GOODNESS_LIST(ARQ_GOODNESS_NUMBER) ARQ_GOODNESS_COUNT } arq_goodness;

/* One sample's attention, all pointers to its own rows. */
typedef struct arq_attention {
    size_t heads;    /* K */
    size_t width;    /* n: entries of a row of P */
    size_t rows;     /* d: rows of P, length of y */
    const float *zc; /* [K, n] first projection, each head centred (kernel `center`) */
    size_t ldzc;
    const float *z2; /* [K, d] second projection */
    size_t ldz2;
    const float *h; /* [n] */
    float *tanh; /* [ARQ_KEPT_TANH_FLOATS(n, d)] T, from attention_slope for attention_backward; NULL: none is kept */
} arq_attention;

/* Their order is the tier's own. Keeping them saves computing T twice, as long as they stay in a core's second-level
 * cache. */
#define ARQ_KEPT_TANH_FLOATS(n, d) (((size_t)(d) + 15) / 16 * 16 * (n))
#define ARQ_MOST_KEPT_TANH_FLOATS ((size_t)32 << 10)

/* Adam's constants for one update; powers are computed in double by the caller. */
typedef struct arq_adam_step {
    float gradient_scale; /* 1, or clip / norm */
    float beta1, one_minus_beta1;
    float beta2, one_minus_beta2;
    float inverse_bias1; /* 1 / (1 - beta1^u) */
    float inverse_bias2; /* 1 / (1 - beta2^u) */
    float learning_rate;
    float epsilon;
    /* Moments of so many units of the smallest denormal stay as they are where the gradient is 0, and move weights as
     * zeros of their sign do. Processors are slow with them, and there they would come to rest. */
    uint32_t still_first, still_second;
} arq_adam_step;

/* C[m, n] of a product of bits with B[k, n]. */
typedef struct arq_bit_product {
    size_t n;
    const float *b;
    size_t ldb;
    float *c;
    size_t ldc;
} arq_bit_product;

typedef struct arq_kernels {
    const char *name; /* the tier's */

    /* C[m, n] += A[m, k] B[k, n]: each C[i, j] is the chain over k, starting from C[i, j]. */
    void (*gemm)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                 size_t ldc, float *pack);

    /* C[m, n] = A^T B with A[k, m], B[k, n]: each C[i, j] is the chain over k, starting from 0. */
    void (*gemm_tn)(size_t m, size_t n, size_t k, const float *a, size_t lda, const float *b, size_t ldb, float *c,
                    size_t ldc, float *pack);

    /* For each set bit i of bits[0 .. count) in ascending order: c[j] = c[j] + b[i * ldb + j], j < n.
     * Bit i is bit (i mod 8) of byte i / 8. Bits at count and above are ignored. */
    void (*gather_rows)(size_t count, const uint8_t *bits, size_t n, const float *b, size_t ldb, float *c);

    /* C[m, n] += A B with the bits A[m, k], its rows `stride` bytes apart: gather_rows for each row of A. */
    void (*gemm_bits)(size_t m, size_t n, size_t k, const uint8_t *a, size_t stride, const float *b, size_t ldb,
                      float *c, size_t ldc);

    /* gemm_bits for each of `count` products of the same bits, starting from 0 instead of C. */
    void (*gemm_same_bits)(size_t m, size_t k, const uint8_t *a, size_t stride, const arq_bit_product *products,
                           size_t count);

    /* For each set bit i of bits[0 .. count): g[i * ldg + j] = g[i * ldg + j] + d[j], j < n. */
    void (*scatter_rows)(size_t count, const uint8_t *bits, size_t n, const float *d, float *g, size_t ldg);

    /* out[i] = 1.0f if bit i is set, else 0.0f, i < count. */
    void (*unpack_bits)(size_t count, const uint8_t *bits, float *out);

    /* out[j] = out[j] + in[r * ld + j] for r ascending over rows: column sums. */
    void (*add_columns)(size_t rows, size_t n, const float *in, size_t ld, float *out);

    /* LayerNorm(ReLU(u)) of one row; r = u > 0 ? u : 0 (NaN stays NaN); mean = lanes(r) / n;
     * c = r - mean; variance = lanes chain of fma(c, c, .) per lane, tree, / n;
     * is = 1 / sqrt(variance + 1e-6f); h = fma(scale, c * is, offset). *inverse_std = is. */
    void (*layer_norm)(size_t n, const float *u, const float *scale, const float *offset, float *h, float *mean,
                       float *inverse_std);

    /* Backward of layer_norm for one row: gh[n] = dLoss/dh. r and c as above, rn = c * is;
     * offset_gradient[j] += gh[j]; scale_gradient[j] = fma(gh[j], rn[j], scale_gradient[j]); g = gh * scale;
     * m1 = lanes(g) / n; m2 = lanes chain of fma(g, rn, .) / n;
     * du[j] = u[j] > 0 ? is * ((g[j] - m1) - rn[j] * m2, contracted as fma(-rn[j], m2, g[j] - m1)) : 0. */
    void (*layer_norm_backward)(size_t n, const float *u, const float *scale, float mean, float inverse_std,
                                const float *gh, float *du, float *scale_gradient, float *offset_gradient);

    /* Each of the rows: x[j] = x[j] - lanes(x) / n. In place. */
    void (*center)(size_t rows, size_t n, float *x, size_t ld);

    /* out[r, j] = a[r, j] + b[r, j]. out may be a. */
    void (*add)(size_t rows, size_t n, const float *a, size_t lda, const float *b, size_t ldb, float *out, size_t ldo);

    /* C[k, l] = (lanes chain of fma(zc[k, i], zc[l, i], .)) / n, k <= l computed, mirrored. C is [K, K]. */
    void (*covariance)(size_t heads, size_t n, const float *zc, size_t ld, float *c);

    /* Column scales of z2[K, d] for covariance C: w_k = chain over l of fma(C[k, l], z2[l, j], .) from 0;
     * q = chain over k of fma(z2[k, j], w_k, .) from 0; s[j] = q > 0 ? sqrt(q) : 0 (NaN stays NaN);
     * inverse[j] = s[j] > 0 ? 1 / (s[j] + 1e-6f) : 0 (NaN stays NaN); v[k, j] = z2[k, j] * inverse[j]. v is [K, d]. */
    void (*row_scales)(size_t heads, size_t d, const float *z2, size_t ldz2, const float *c, float *s, float *inverse,
                       float *v);

    /* y[j] = chain over i of fma(T[j, i], h[i], .) from 0, T[j, i] = the tanh of transcendental.h that takes
     * p = chain over k of fma(v[k, j] * 2 log2(e), zc[k, i], .) from 0. v is [K, d] with ld d. */
    void (*attention)(const arq_attention *a, const float *v, float *y);

    /* As attention; besides, G[k, j] = chain over i of fma(e, h[i] * zc[k, i], .) from 0 with
     * e = fma(-T[j, i], T[j, i], 1). G is [K, d]; dV = G * gy. */
    void (*attention_slope)(const arq_attention *a, const float *v, float *y, float *g);

    /* Over the rows j in [first, first + count) of P, ascending, T as above:
     * gh[i] = chain of fma(T[j, i], gy[j], .) from 0;
     * u[k, i] = (chain of fma(v[k, j] * gy[j], fma(-T[j, i], T[j, i], 1), .) from 0) * h[i].  u is [K, n].
     * Where T is kept, attention_slope has been called with the same v. */
    void (*attention_backward)(const arq_attention *a, const float *v, const float *gy, size_t first, size_t count,
                               float *gh, float *u);

    /* The two projections' gradients from G, gy and u (algorithms 6), rows [first, first + count) of P:
     *   dv = G[k, j] * gy[j];  t = chain over k of fma(v[k, j], dv[k, j], .) from 0;
     *   rho = s[j] > 0 ? -(inverse[j] * t) / s[j] : 0;
     *   w_k = chain over l of fma(C[k, l], z2[l, j], .) from 0;
     *   dz2[k, j] = fma(w_k, rho, dv * inverse[j]); columns outside the rows are set to 0;
     *   M[k, l] = (lanes chain over j of fma(z2[k, j] * rho[j], z2[l, j], .)) / n, lane (j - first) mod 16;
     *   dz1[k, i] = (u[k, i] - lanes(u[k]) / n) + (chain over l of fma(M[k, l], zc[l, i], .) from 0).
     * u is used up. dz1 is [K, n], dz2 is [K, d], both without gaps. rho: [d] work space. */
    void (*attention_gradients)(const arq_attention *a, const float *c, const float *s, const float *inverse,
                                const float *v, const float *g, const float *gy, size_t first, size_t count, float *u,
                                float *rho, float *dz1, float *dz2);

    /* Goodness of y[d]; mean = lanes(y) / d, second moments as lanes chains of fma(x, x, .) / d. */
    float (*goodness)(arq_goodness kind, size_t d, const float *y);

    /* gy = e * d goodness / d y (algorithms 6); q is the goodness; 0 where its square root is of 0.
     * rms: f = e / (d * q), gy = (y - mean) * f;  mean_square, variance: f = (2 e) / d, gy = y f, (y - mean) f;
     * mean: gy = e / d;  rms_uncentered: f = e / (d * q), gy = y * f. */
    void (*goodness_gradient)(arq_goodness kind, size_t d, const float *y, float q, float e, float *gy);

    /* Sum of x[i]^2 in double: 16 double lanes, fma of the exact values, then the tree. */
    double (*sum_of_squares)(size_t n, const float *x);

    /* The same in parts: adds to the lanes, entry i to lane i mod 16. arq_double_lanes_total() is the tree. */
    void (*add_squares)(size_t n, const float *x, double lanes[16]);

    /* g' = g * gradient_scale; m = fma(one_minus_beta1, g', beta1 * m); v = fma(one_minus_beta2 * g', g', beta2 * v);
     * p = p - (learning_rate * (m * inverse_bias1)) / (sqrt(v * inverse_bias2) + epsilon). Constants are finite,
     * epsilon is positive and v not negative: where g, m and v are +0 all three and p stay as they are. */
    void (*adam)(size_t n, const arq_adam_step *step, const float *g, float *p, float *m, float *v);

    /* y[i] = fma(alpha, x[i], (1 - alpha) * y[i]), alpha given; alpha 1 copies. */
    void (*blend)(size_t n, float alpha, const float *x, float *y);

    /* out[i] = tanh(x[i]), exp(x[i]): the functions used above, for tests and other layers. */
    void (*tanh)(size_t n, const float *x, float *out);
    void (*exp)(size_t n, const float *x, float *out);
} arq_kernels;

/* The sums are used up. */
static inline double arq_double_lanes_total(double sums[16])
{
    for (int half = 8; half > 0; half /= 2) {
        for (int i = 0; i < half; i++) {
            sums[i] += sums[i + half];
        }
    }
    return sums[0];
}

/*
 * Tiers: the reference, then the instruction sets of meson.build's list, faster ones of a processor family later. A
 * mask of tiers is a bit for each: 1 << tier. Generic is always allowed.
 */
#define ARQ_TIER_NUMBER(name) ARQ_TIER_##name,
typedef enum arq_tier { ARQ_TIER_GENERIC, ARQ_TIER_LIST(ARQ_TIER_NUMBER) ARQ_TIER_COUNT } arq_tier;

/* The tier's name, also of one that is not built; NULL from ARQ_TIER_COUNT on. */
const char *arq_kernels_name(uint32_t tier);

/* Bit for each tier that is built and that this processor and its operating system can run. */
uint32_t arq_kernels_supported(void);

/* The fastest table among those both supported and in `allowed`; never NULL. */
const arq_kernels *arq_kernels_select(uint32_t allowed);

/* The table of one tier, or NULL where it is not built or the processor cannot run it. */
const arq_kernels *arq_kernels_of(arq_tier tier);

#endif
