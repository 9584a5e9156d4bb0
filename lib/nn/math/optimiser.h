/*
 * Norm, clipping and Adam over flat tensors (Kingma and Ba 2015; the clip as optax has it: no epsilon).
 */
#ifndef ARQ_NN_MATH_OPTIMISER_H
#define ARQ_NN_MATH_OPTIMISER_H

#include "core/context.h"

/* Euclidean norm in double: partial sums of fixed blocks, added in order. Parallel. */
double arq_gradient_norm(const arq_context *context, size_t n, const float *gradient, double *partial_sums);

/* Length of partial_sums for n values. */
size_t arq_norm_blocks(size_t n);

/* Constants of one Adam step. clip 0: no clipping; beta powers are beta^(updates so far, this one included). */
arq_adam_step arq_adam_constants(double learning_rate, double beta1, double beta2, double epsilon, double beta1_power,
                                 double beta2_power, double norm, double clip);

/* Clip and Adam in one pass. Parallel. */
void arq_adam_update(const arq_context *context, size_t n, const arq_adam_step *step, const float *gradient,
                     float *weights, float *m, float *v);

#endif
