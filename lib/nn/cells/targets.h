/*
 * The temporal-difference target of each sample, from the cell's own Q at s_{t+1}.
 */
#ifndef ARQ_NN_CELLS_TARGETS_H
#define ARQ_NN_CELLS_TARGETS_H

#include "nn/cells/samples.h"

/* The tasks that fill td_target[l] from the passes over s_{t+1}. */
void arq_cell_tasks_add_targets(arq_cell_tasks *tasks, const arq_learner *learner, const arq_batch *batch, uint32_t l);

#endif
