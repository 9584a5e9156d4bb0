/*
 * One update of a network of cells, in two phases: everything that can fail is computed for every cell first; only
 * then do weights change. Tests look at the parts through this header.
 */
#ifndef ARQ_NN_CELLS_UPDATE_H
#define ARQ_NN_CELLS_UPDATE_H

#include "nn/cells/memory.h"

/* The first phase, from windows: fills everything but `gradient`. ARQ_E_DIVERGED names the cell. */
arq_status arq_cells_prepare(arq_learner *learner, const arq_batch *batch);

/* Its end for cell l, when td_target[l] and h of s_t are there; of the batch it reads size and actions. */
arq_status arq_cells_backward(arq_learner *learner, const arq_batch *batch, uint32_t l);

/* The second phase: gradient, clip and Adam for every cell. */
void arq_cells_apply(arq_learner *learner, const arq_batch *batch);

/* Gradient of cell l, before clipping, into state->gradient; returns its norm. */
double arq_cells_gradient(arq_learner *learner, const arq_batch *batch, uint32_t l);

/* Clip and Adam for cell l; the learner's beta powers are already those of this update. */
void arq_cells_step(arq_learner *learner, uint32_t l, double norm);

/* For arq_network_methods. */
arq_status arq_cells_update_from_windows(arq_learner *learner, const arq_batch *batch);
arq_status arq_cells_update_from_targets(arq_learner *learner, const arq_target_batch *batch);

/* h of s_t for given states, with what its backward pass needs. */
void arq_cells_run_states(arq_learner *learner, const arq_target_batch *batch);

#endif
