/*
 * What a learner of cells keeps from one part of an update to the next.
 */
#ifndef ARQ_NN_CELLS_MEMORY_H
#define ARQ_NN_CELLS_MEMORY_H

#include "core/arena.h"
#include "nn/cells/live.h"
#include "nn/cells/pass.h"
#include "nn/cells/sizes.h"
#include "nn/learner.h"

/* A pass over the whole batch at one time step. */
typedef struct arq_cells_pass {
    arq_segment observation;
    float *previous[ARQ_MAX_CELLS]; /* [B, n] h of the step before */
    float *h[ARQ_MAX_CELLS];        /* [B, n] */
} arq_cells_pass;

typedef struct arq_cells_learner {
    arq_scratch scratch;
    arq_arena arena;
    arq_cells_sizes largest;
    arq_cells_pass now;                         /* s_t, online weights */
    arq_cells_pass next;                        /* s_{t+1}, online weights; whole steps: its previous is h of now */
    arq_cells_pass next_target;                 /* s_{t+1}, target weights; neither with targets given */
    arq_features features[ARQ_MAX_CELLS];       /* of s_t */
    arq_projections projections[ARQ_MAX_CELLS]; /* of the pass at work; after prepare: gradients of s_t's */
    float *target_code1;                        /* as the projections' code1 and code2, of the target network's */
    float *target_code2;                        /* cell at work */
    uint8_t *transposed;                        /* bits of s_t by value, or NULL */
    arq_cells_live live;                        /* weights that updates change */
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
    uint32_t *fired;                            /* [widest] */
    double *partial_sums;
    void *all_codes;   /* every action's code */
    void *batch_codes; /* the code of each sample's action */
} arq_cells_learner;

/* Samples of one task, and of one partial sum of the LayerNorm's gradients. */
#define ARQ_SAMPLE_BLOCK 16u

static inline uint32_t arq_sample_blocks(uint32_t batch)
{
    return (batch + ARQ_SAMPLE_BLOCK - 1) / ARQ_SAMPLE_BLOCK;
}

/* For arq_network_methods. */
arq_status arq_cells_learner_create(arq_learner *learner);
void arq_cells_learner_destroy(arq_learner *learner);

#endif
