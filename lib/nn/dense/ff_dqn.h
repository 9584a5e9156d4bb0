/* FF-DQN from inside: tests look at each step of an update. */
#ifndef ARQ_NN_DENSE_FF_DQN_H
#define ARQ_NN_DENSE_FF_DQN_H

#include "nn/dense/learner.h"

/* The learner's state. */
typedef struct arq_ff_learner {
    arq_dense_learner dense;
    float *backup;     /* weights, m and v before an update */
    float *goodness;   /* [B] of the layer at work */
    float *sorted;     /* [B] */
    uint8_t *positive; /* [B] */
} arq_ff_learner;

/* log(1 + exp(x)) and its slope, without overflow. Own arithmetic: the same bits on every machine. */
double arq_softplus(const arq_kernels *kernels, double x);
double arq_softplus_slope(const arq_kernels *kernels, double x);

/* Marks the samples above the median of y[n] (its lower one for even n); `sorted` [n] is work space. Returns how many
 * there are: 0 where there is one class only. */
uint32_t arq_ff_classify(uint32_t n, const float *y, float *sorted, uint8_t *positive, float *median);

/* Goodness, loss and gradient of hidden layer l from its outputs in the pass over s_t. The loss is the metric. */
void arq_ff_backward(arq_learner *learner, uint32_t batch, uint32_t positives, uint32_t l);

/* Layer l sees its input, learns from it, and hands on what it then computes. */
arq_status arq_ff_learn_layer(arq_learner *learner, uint32_t batch, uint32_t positives, uint32_t l);

/* Gradient of the head on the features of the pass over s_t. */
void arq_ff_head_backward(arq_learner *learner, const arq_batch *batch);
void arq_ff_head_step(arq_learner *learner);

#endif
