/*
 * The first part of an update: windows run through the cells, for h of s_t and s_{t+1} and of the steps before them.
 * Rows of the batch know nothing of each other here, so a task takes some of them through the whole window.
 */
#ifndef ARQ_NN_CELLS_WINDOW_H
#define ARQ_NN_CELLS_WINDOW_H

#include "nn/cells/memory.h"

/* Observations up to s_t that an update needs. */
uint32_t arq_cells_window(const arq_network_shape *shape, const arq_parameters *parameters);

/* h of s_t (with what its backward pass needs) and of s_{t+1}, online and target, and the bits of s_t by value. */
void arq_cells_run_windows(arq_learner *learner, const arq_batch *batch);

#endif
