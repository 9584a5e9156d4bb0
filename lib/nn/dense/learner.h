/*
 * What the updates of DQN and FF-DQN share: temporal-difference targets, the head's error, gradients and steps.
 */
#ifndef ARQ_NN_DENSE_LEARNER_H
#define ARQ_NN_DENSE_LEARNER_H

#include "nn/dense/layers.h"

typedef struct arq_dense_learner {
    arq_scratch scratch;
    float *memory;
    size_t memory_floats;
    arq_dense_pass now;         /* s_t, online weights */
    arq_dense_pass next;        /* s_{t+1}, online weights: with double Q */
    arq_dense_pass next_target; /* s_{t+1}, target weights */
    int32_t *next_action;       /* [B] a* */
    float *td_target;           /* [B] */
    float *d[ARQ_MAX_CELLS];    /* [B, outputs] dLoss / d (W x + b) */
    float *gradient;            /* as the weights */
    double *partial_sums;
    float *transposed; /* the largest kernel above the first layer, transposed */
    float *backup;     /* FF-DQN: weights, m and v before an update */
    float *goodness;   /* FF-DQN: [B] of the layer at work */
    float *sorted;     /* FF-DQN: [B] */
    uint8_t *positive; /* FF-DQN: [B] */
    uint32_t *fired;   /* [widest] */
} arq_dense_learner;

arq_status arq_dense_learner_create(arq_learner *learner);
void arq_dense_learner_destroy(arq_learner *learner);

/* td_target = r + gamma (1 - terminated) Q_target(s', a*); a* is the online network's choice or the target's own. */
void arq_dense_find_targets(arq_learner *learner, const arq_batch *batch, int double_q);

/* The pass over s_t, observations only. */
void arq_dense_see(arq_learner *learner, const arq_batch *batch);

/* d of the head and its metrics from Q(s_t). */
void arq_dense_head_error(arq_learner *learner, const arq_batch *batch);

/* Shares of dead units and zero outputs of hidden layer l. */
void arq_dense_measure_units(arq_learner *learner, uint32_t batch, uint32_t l);

/* Gradient of layer l from d[l]. */
void arq_dense_layer_gradient(arq_learner *learner, uint32_t batch, uint32_t l);

/* Norm of the gradients of layers [first, end). */
double arq_dense_norm(const arq_learner *learner, uint32_t first, uint32_t end);

/* ARQ_E_DIVERGED unless both are finite. */
arq_status arq_dense_check(const arq_learner *learner, const char *what, double loss, double norm);

/* Clip (torch: clip / (norm + 1e-6); 0: none) and Adam for layers [first, end). */
void arq_dense_step(arq_learner *learner, uint32_t first, uint32_t end, double norm, double clip, double learning_rate,
                    double beta1_power, double beta2_power);

#endif
