/*
 * Features of all cells of a network at one time step, from the lowest up.
 */
#ifndef ARQ_NN_CELLS_FEATURES_H
#define ARQ_NN_CELLS_FEATURES_H

#include "nn/cells/pass.h"
#include "nn/cells/wiring.h"

/* h_t of every cell from the observation and what cells did the step before, for rows [first, first + rows) on the
 * calling task. u [rows, widest] is work space, or saved[l] is filled. `workspace`: a scratch slot of
 * arq_cells_scratch_floats(). */
void arq_cells_features_rows(const arq_kernels *kernels, const arq_network_shape *shape, const float *weights,
                             uint32_t first, uint32_t rows, const arq_segment *observation, float *const *previous,
                             float *u, float *const *h, const arq_features *saved, float *workspace);

/* The same for a whole batch, in parallel; u [B, widest]. */
void arq_cells_features(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                        const float *weights, uint32_t batch, const arq_segment *observation, float *const *previous,
                        float *u, float *const *h, const arq_features *saved);

#endif
