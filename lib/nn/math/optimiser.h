/*
 * Norm, clipping and Adam over flat tensors (Kingma and Ba 2015; the clip as optax has it: no epsilon).
 */
#ifndef ARQ_NN_MATH_OPTIMISER_H
#define ARQ_NN_MATH_OPTIMISER_H

#include "core/context.h"

/* Some of a tensor's values. */
typedef struct arq_span {
    size_t first, count;
} arq_span;

/* The values that count: ascending, apart, and beginning at multiples of 16. The gradients of others are 0 and their
 * moments +0, in memory or as if they were. */
typedef struct arq_spans {
    const arq_span *span;
    uint32_t count;
} arq_spans;

/* Euclidean norm in double: partial sums of fixed blocks of n values, added in order. Parallel. */
double arq_gradient_norm(const arq_context *context, size_t n, arq_spans spans, const float *gradient,
                         double *partial_sums);

/* Length of partial_sums for n values. */
size_t arq_norm_blocks(size_t n);

/* Constants of one Adam step. clip 0: no clipping; beta powers are beta^(updates so far, this one included). */
arq_adam_step arq_adam_constants(double learning_rate, double beta1, double beta2, double epsilon, double beta1_power,
                                 double beta2_power, double norm, double clip);

/* Clip and Adam in one pass. Parallel. */
void arq_adam_update(const arq_context *context, size_t n, arq_spans spans, const arq_adam_step *step,
                     const float *gradient, float *weights, float *m, float *v);

#endif
