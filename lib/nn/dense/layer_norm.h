/*
 * LayerNorm of a dense layer, before its ReLU (Ba et al. 2016; for value learning without a target network: Gallici et
 * al., arXiv 2407.04811): z = scale (u - mean u) / sqrt(var u + 1e-6) + shift, u = W x + b, var about the mean.
 *
 * Acting computes it in floats. Learning passes forward and backward in double: what is left of a gradient when the
 * mean and the part along u are taken out is small, and Adam divides small gradients by themselves.
 */
#ifndef ARQ_NN_DENSE_LAYER_NORM_H
#define ARQ_NN_DENSE_LAYER_NORM_H

#include "nn/dense/layers.h"

/* A learner's passes over a batch in double, of networks whose layers normalise. */
typedef struct arq_norm_pass {
    double *h[ARQ_MAX_CELLS];           /* [B, outputs]; the last: Q */
    double *normal[ARQ_MAX_CELLS];      /* [B, outputs] before scale and shift */
    double *inverse_std[ARQ_MAX_CELLS]; /* [B] */
    double *d[ARQ_MAX_CELLS];           /* [B, outputs] dLoss / d (W x + b); of the head: dLoss/dQ */
} arq_norm_pass;

void arq_norm_lay_out(const arq_network_shape *shape, size_t batch, arq_arena *arena, arq_norm_pass *norm);

/* Every layer in turn; h of `pass` are the same, rounded. */
void arq_norm_forward(const arq_network_shape *shape, const float *weights, uint32_t batch, arq_dense_pass *pass,
                      const arq_norm_pass *norm);

/* d of layer l from that of the layer above, whose kernel is given transposed, [outputs, inputs]; rounded into `d`.
 * gradient: of the layer's scale, then of its shift. */
void arq_norm_backward(const arq_network_shape *shape, const float *weights, const float *transposed, uint32_t batch,
                       uint32_t l, const arq_norm_pass *norm, float *d, float *gradient);

#endif
