/*
 * What the updates of DQN and FF-DQN share: temporal-difference targets, the head's error, gradients and steps.
 */
#ifndef ARQ_NN_DENSE_LEARNER_H
#define ARQ_NN_DENSE_LEARNER_H

#include "nn/dense/layers.h"
#include "nn/learner.h"

typedef struct arq_dense_learner {
    arq_scratch scratch;
    arq_arena arena;
    size_t bytes;               /* of the kind's state, which begins with this */
    arq_dense_pass now;         /* s_t, online weights */
    arq_dense_pass next;        /* s_{t+1}, online weights: with double Q; not with targets given */
    arq_dense_pass next_target; /* s_{t+1}, target weights; not with targets given */
    int32_t *next_action;       /* [B] a* */
    float *td_target;           /* [B] */
    float *d[ARQ_MAX_CELLS];    /* [B, outputs] dLoss / d (W x + b) */
    float *gradient;            /* as the weights */
    double *partial_sums;
    float *transposed; /* the largest kernel above the first layer, transposed */
    uint32_t *fired;   /* [widest] */
} arq_dense_learner;

/* For arq_network_methods. */
arq_status arq_dense_learner_create(arq_learner *learner);
void arq_dense_learner_destroy(arq_learner *learner);

/* For a kind that needs more: its state of `bytes` begins with an arq_dense_learner, and its layout calls
 * arq_dense_lay_out_learner. The owner of both is the learner. */
arq_status arq_dense_learner_make(arq_learner *learner, size_t bytes, arq_layout *layout);
void arq_dense_lay_out_learner(void *owner, arq_arena *arena);

/* What an update begins with: td_target and the observation of s_t in the pass `now`. */

/* From windows: r + gamma Q_target(s', a*); a* is the online network's choice or the target network's own. */
void arq_dense_find_targets(arq_learner *learner, const arq_batch *batch, int double_q);

/* As the caller gives them. */
void arq_dense_take_targets(arq_learner *learner, const arq_target_batch *batch);

/* d of the head and its metrics from Q(s_t). */
void arq_dense_head_error(arq_learner *learner, const arq_batch *batch);

/* Shares of dead units and zero outputs of hidden layer l. */
void arq_dense_measure_units(arq_learner *learner, uint32_t batch, uint32_t l);

/* Gradient of layer l from d[l]. */
void arq_dense_layer_gradient(arq_learner *learner, uint32_t batch, uint32_t l);

/* Norm of the gradients of layers [first, end). */
double arq_dense_norm(const arq_learner *learner, uint32_t first, uint32_t end);

/* ARQ_E_DIVERGED, which says what has diverged, unless loss and norm are sound. */
arq_status arq_dense_check(const arq_learner *learner, const char *what, double loss, double norm);

/* Clip (torch: clip / (norm + 1e-6); 0: none) and Adam for layers [first, end). */
void arq_dense_step(arq_learner *learner, uint32_t first, uint32_t end, double norm, double clip, double learning_rate,
                    double beta1_power, double beta2_power);

#endif
