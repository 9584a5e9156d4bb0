/*
 * Forward and backward passes of one cell over a batch (arXiv 2510.06649, section 3; the backward pass by hand).
 *
 *     h = LayerNorm(ReLU(X W_h + b_h))            features
 *     Z1 = [X; code(a)] W_1, Z2 = [X; code(a)] W_2    projections; the action's part is added per action
 *     P = Z2^T Z1, rows standardised, T = tanh    attention, never stored
 *     y = T h,  Q = goodness(y)                   (AD: Q_a = y_a, or the mean of a's quantiles)
 */
#ifndef ARQ_NN_CELLS_PASS_H
#define ARQ_NN_CELLS_PASS_H

#include "nn/cells/shape.h"

/* Pre-activations and row statistics that the backward pass of the features needs. */
typedef struct arq_features {
    float *u;           /* [B, n] before the ReLU */
    float *mean;        /* [B] */
    float *inverse_std; /* [B] */
} arq_features;

/* h of rows [first, first + rows) of a batch; `saved` may be NULL, otherwise its rows are filled. `u` is the first
 * row's pre-activations when saved is NULL: [rows, n] of work space. `workspace`: arq_project_segments_floats(). */
void arq_cell_features(const arq_kernels *kernels, const arq_cell_shape *shape, const float *weights, uint32_t first,
                       uint32_t rows, const arq_inputs *x, float *u, float *h, const arq_features *saved,
                       float *workspace);

/* The two projections of a batch without the action, and the action's part for every action. */
typedef struct arq_projections {
    float *z1;    /* [B, K n], each head centred */
    float *z2;    /* [B, K d] */
    float *code1; /* [A, K n], each head centred; unused for actions at the output */
    float *code2; /* [A, K d] */
} arq_projections;

/* `codes` is the segment of every action's code in order. */
void arq_cell_project(const arq_context *context, const arq_scratch *scratch, const arq_cell_shape *shape,
                      const float *weights, uint32_t batch, const arq_inputs *x, const arq_segment *codes,
                      const arq_projections *out);

/* Its parts. The maps of a batch, Z1 not yet centred; out->z1 and z2 are written. */
void arq_cell_maps(const arq_cell_shape *shape, const float *weights, uint32_t batch, const arq_inputs *x,
                   const arq_projections *out, arq_map maps[2]);

/* Centres rows [first, first + rows) of Z1. */
void arq_cell_center(const arq_kernels *kernels, const arq_cell_shape *shape, uint32_t first, uint32_t rows, float *z1);

/* The action's part for every action, on the calling task; nothing for actions at the output. */
void arq_cell_project_codes(const arq_kernels *kernels, const arq_cell_shape *shape, const float *weights,
                            const arq_segment *codes, const arq_projections *out, float *pack);

/* Floats of work space for the functions below (one sample at a time). */
size_t arq_cell_workspace(const arq_cell_shape *shape);

/* The same where no gradient is wanted. */
size_t arq_cell_acting_workspace(const arq_cell_shape *shape);

/* One sample, every action: y [A, action_rows] and q [A]. h is the sample's. */
void arq_cell_all_actions(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_projections *p,
                          uint32_t sample, const float *h, float *workspace, float *y, float *q);

/* One sample, one action: returns Q; y [action_rows] may be NULL. */
float arq_cell_one_action(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_projections *p,
                          uint32_t sample, const float *h, uint32_t action, float *workspace, float *y);

/* What one sample says about itself. */
typedef struct arq_sample_loss {
    float q;
    float spread; /* standard deviation of y (AD: of Q over actions; NAN with the action at the input) */
} arq_sample_loss;

/* How the loss of a sample changes with what the cell computes for its action. */
typedef struct arq_loss_slopes {
    float (*of_q)(const void *data, uint32_t sample, float q); /* dLoss/dQ */
    /* dLoss/dy [action_rows]; used instead where a cell predicts quantiles. */
    void (*of_quantiles)(const void *data, uint32_t sample, const float *y, float *gy);
    const void *data;
} arq_loss_slopes;

/* One sample, forward and backward for its action. On return z1 and z2 of the sample in `p` hold dLoss/dZ1 and
 * dLoss/dZ2, and gh [n] holds dLoss/dh. */
arq_sample_loss arq_cell_learn_sample(const arq_kernels *kernels, const arq_cell_shape *shape, const arq_projections *p,
                                      uint32_t sample, const float *h, uint32_t action, const arq_loss_slopes *slopes,
                                      float *workspace, float *gh);

#endif
