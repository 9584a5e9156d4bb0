/* DQN from inside: tests look at the gradient before it is applied. */
#ifndef ARQ_NN_DENSE_DQN_H
#define ARQ_NN_DENSE_DQN_H

#include "nn/dense/learner.h"

/* Everything of an update from windows except the change of weights: gradient and metrics. */
arq_status arq_dqn_prepare(arq_learner *learner, const arq_batch *batch);

/* Its end, when td_target is there: the loss of Q(s_t), the gradient of every layer, the check. Of the batch it reads
 * size and actions. */
arq_status arq_dqn_backward(arq_learner *learner, const arq_batch *batch);

#endif
