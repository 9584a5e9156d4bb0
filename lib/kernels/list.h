/*
 * The list of kernels: it declares each tier's functions, fills the dispatch tables and drives the tests.
 * A kernel `op` of a tier is the function arq_k_<op>_<tier>; its type is that of its pointer in arq_kernels.
 */
#ifndef ARQ_KERNELS_LIST_H
#define ARQ_KERNELS_LIST_H

#include "kernels/kernels.h"

/* X(op, tier) for every kernel; `tier` is handed through. */
#define ARQ_KERNEL_LIST(X, tier)                                                                                       \
    X(gemm, tier)                                                                                                      \
    X(gemm_tn, tier)                                                                                                   \
    X(gather_rows, tier)                                                                                               \
    X(gemm_bits, tier)                                                                                                 \
    X(gemm_same_bits, tier)                                                                                            \
    X(scatter_rows, tier)                                                                                              \
    X(unpack_bits, tier)                                                                                               \
    X(add_columns, tier)                                                                                               \
    X(layer_norm, tier)                                                                                                \
    X(layer_norm_backward, tier)                                                                                       \
    X(center, tier)                                                                                                    \
    X(add, tier)                                                                                                       \
    X(covariance, tier)                                                                                                \
    X(row_scales, tier)                                                                                                \
    X(attention, tier)                                                                                                 \
    X(attention_slope, tier)                                                                                           \
    X(attention_backward, tier)                                                                                        \
    X(attention_gradients, tier)                                                                                       \
    X(goodness, tier)                                                                                                  \
    X(goodness_gradient, tier)                                                                                         \
    X(sum_of_squares, tier)                                                                                            \
    X(add_squares, tier)                                                                                               \
    X(adam, tier)                                                                                                      \
    X(blend, tier)                                                                                                     \
    X(tanh, tier)                                                                                                      \
    X(exp, tier)

#define ARQ_KERNEL_DECLARE(op, tier) __typeof__(*((arq_kernels *)0)->op) arq_k_##op##_##tier;
#define ARQ_KERNELS_DECLARE(tier) ARQ_KERNEL_LIST(ARQ_KERNEL_DECLARE, tier)

ARQ_KERNELS_DECLARE(generic)
ARQ_TIER_LIST(ARQ_KERNELS_DECLARE)

#endif
