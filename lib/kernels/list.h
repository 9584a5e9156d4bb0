/*
 * The list of kernels: it declares each tier's functions, fills the dispatch tables and drives the tests.
 * A kernel `op` of tier `isa` is the function arq_k_<op>_<isa>; its type is that of its pointer in arq_kernels.
 */
#ifndef ARQ_KERNELS_LIST_H
#define ARQ_KERNELS_LIST_H

#include "kernels/kernels.h"

/* X(op, isa) for every kernel; `isa` is handed through. */
#define ARQ_KERNEL_LIST(X, isa)                                                                                        \
    X(gemm, isa)                                                                                                       \
    X(gemm_tn, isa)                                                                                                    \
    X(gather_rows, isa)                                                                                                \
    X(gemm_bits, isa)                                                                                                  \
    X(scatter_rows, isa)                                                                                               \
    X(unpack_bits, isa)                                                                                                \
    X(add_columns, isa)                                                                                                \
    X(layer_norm, isa)                                                                                                 \
    X(layer_norm_backward, isa)                                                                                        \
    X(center, isa)                                                                                                     \
    X(add, isa)                                                                                                        \
    X(covariance, isa)                                                                                                 \
    X(row_scales, isa)                                                                                                 \
    X(attention, isa)                                                                                                  \
    X(attention_slope, isa)                                                                                            \
    X(attention_backward, isa)                                                                                         \
    X(attention_gradients, isa)                                                                                        \
    X(goodness, isa)                                                                                                   \
    X(goodness_gradient, isa)                                                                                          \
    X(sum_of_squares, isa)                                                                                             \
    X(adam, isa)                                                                                                       \
    X(blend, isa)                                                                                                      \
    X(tanh, isa)                                                                                                       \
    X(exp, isa)

#define ARQ_KERNEL_DECLARE(op, isa) __typeof__(*((arq_kernels *)0)->op) arq_k_##op##_##isa;

ARQ_KERNEL_LIST(ARQ_KERNEL_DECLARE, c)
ARQ_KERNEL_LIST(ARQ_KERNEL_DECLARE, neon)
ARQ_KERNEL_LIST(ARQ_KERNEL_DECLARE, avx2)
ARQ_KERNEL_LIST(ARQ_KERNEL_DECLARE, avx512)

#endif
