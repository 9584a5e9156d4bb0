/*
 * One update of a network of cells, in two steps: everything that can fail is computed for every cell
 * first; only then do weights change. Tests look at the parts through this header.
 */
#ifndef ARQ_NN_CELLS_UPDATE_H
#define ARQ_NN_CELLS_UPDATE_H

#include "nn/cells/cells.h"

/* A pass over the whole batch at one time step. */
typedef struct cells_pass {
    arq_segment observation;
    float *context[ARQ_MAX_CELLS]; /* [B, n] h of the step before */
    float *h[ARQ_MAX_CELLS];       /* [B, n] */
} cells_pass;

typedef struct cells_learner {
    arq_scratch scratch;
    float *memory;
    size_t memory_floats;
    cells_pass now;                             /* s_t, online weights */
    cells_pass next;                            /* s_{t+1}, online weights; whole steps: its context is h of now */
    cells_pass next_target;                     /* s_{t+1}, target weights */
    arq_features features[ARQ_MAX_CELLS];       /* of s_t */
    arq_projections projections[ARQ_MAX_CELLS]; /* of the pass at work; after prepare: gradients of s_t's */
    float *target_code1;                        /* as the projections' code1 and code2, of the target network's */
    float *target_code2;                        /* cell at work */
    uint8_t *transposed;                        /* bits of s_t by value, or NULL */
    float *du[ARQ_MAX_CELLS];                   /* [B, n] dLoss/du of s_t */
    float *norm_gradients[ARQ_MAX_CELLS];       /* [blocks, 2, n] scale and offset, per block of samples */
    int32_t *next_action[ARQ_MAX_CELLS];        /* [B] a* */
    float *td_target[ARQ_MAX_CELLS];            /* [B], with quantiles [B, N] */
    float *loss[ARQ_MAX_CELLS];                 /* [B] with quantiles */
    float *q[ARQ_MAX_CELLS];                    /* [B] Q(s, a) */
    float *spread[ARQ_MAX_CELLS];               /* [B] */
    double *bound;                              /* [B] of the norm of each sample's gradient, one cell at a time */
    float *gradient;                            /* of one cell at a time; before there are any it is work space: */
    float *u;                                   /* [B, widest], for passes with online weights */
    float *gh;                                  /* [B, widest], for passes with target weights, then dLoss/dh */
    double *partial_sums;
    size_t partial_count;
    void *all_codes;   /* every action's code */
    void *batch_codes; /* the code of each sample's action */
    size_t outputs;    /* floats behind a task's work space for y of every action, then q */
} cells_learner;

/* Contexts and h of s_t and s_{t+1} of all cells, online and target, and the bits of s_t by value. */
void arq_cells_see(arq_learner *learner, const arq_batch *batch);

/* Fills everything but `gradient`; ARQ_E_DIVERGED names the cell. No weight has changed. */
arq_status arq_cells_prepare(arq_learner *learner, const arq_batch *batch);

/* The part of it for cell l that begins when td_target[l] and the features of s_t are there. */
arq_status arq_cells_learn(arq_learner *learner, const arq_batch *batch, uint32_t l);

/* Gradient, clip and Adam for every cell, after prepare. */
void arq_cells_apply(arq_learner *learner, const arq_batch *batch);

/* Gradient of cell l, before clipping, into state->gradient; returns its norm. */
double arq_cells_gradient(arq_learner *learner, const arq_batch *batch, uint32_t l);

/* Clip and Adam for cell l; the learner's beta powers are already those of this update. */
void arq_cells_step(arq_learner *learner, uint32_t l, double norm);

#endif
