/*
 * A cell's error and the gradients of its samples, from its targets.
 */
#ifndef ARQ_NN_CELLS_BACKWARD_H
#define ARQ_NN_CELLS_BACKWARD_H

#include "nn/cells/samples.h"

/* The task that needs h of s_t and td_target[l] of its sample, and fills du[l], norm_gradients[l], q[l], spread[l],
 * bound, and the gradients of the projections. */
void arq_cell_tasks_add_backward(arq_cell_tasks *tasks, const arq_learner *learner, const arq_batch *batch, uint32_t l);

#endif
