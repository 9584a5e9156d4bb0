/*
 * What an update of a cell says about itself.
 */
#ifndef ARQ_NN_CELLS_MEASURE_H
#define ARQ_NN_CELLS_MEASURE_H

#include "nn/cells/memory.h"

/* The cell's metrics, after its backward pass. */
void arq_cells_measure(arq_learner *learner, uint32_t batch, uint32_t l);

/* Proves the cell's gradient finite before any weight of any cell changes; ARQ_E_DIVERGED names the cell. */
arq_status arq_cells_check(const arq_learner *learner, uint32_t batch, uint32_t l);

#endif
