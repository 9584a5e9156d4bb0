/* DQN from inside: tests look at the gradient before it is applied. */
#ifndef ARQ_NN_DENSE_DQN_H
#define ARQ_NN_DENSE_DQN_H

#include "nn/dense/learner.h"

/* Everything of an update but the change of weights: gradient and metrics. */
arq_status arq_dqn_prepare(arq_learner *learner, const arq_batch *batch);

/* The loss of Q(s_t) against td_target, and the gradient of every layer. */
void arq_dqn_backward(arq_learner *learner, const arq_batch *batch);

#endif
