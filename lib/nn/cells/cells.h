/*
 * Networks of cells (ARQ and AD): wiring shared by acting and learning.
 */
#ifndef ARQ_NN_CELLS_CELLS_H
#define ARQ_NN_CELLS_CELLS_H

#include "nn/cells/pass.h"
#include "nn/network.h"

/* Input of cell l at time t: [below; skip; self; top-down] (arXiv 2411.03604, section 3; self as released).
 * `below` is h_t of the cell below ([B, n], unused for l = 0), context[i] is h_{t-1} of cell i ([B, n]); context NULL:
 * all of them are zeros. */
arq_inputs arq_cell_inputs(const arq_network_shape *shape, uint32_t l, const arq_segment *observation,
                           const float *below, float *const *context);

/* h_t of every cell from the observation and the contexts. u is work space [B, widest], or saved[l] is filled. */
void arq_cells_features(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                        const float *weights, uint32_t batch, const arq_segment *observation, float *const *contexts,
                        float *u, float *const *h, const arq_features *saved);

/* The same for rows [first, first + rows) on the calling task; u [rows, widest]. `workspace`: a scratch slot of
 * arq_cells_scratch_floats(). Batches are cut into blocks of arq_cells_rows(). */
void arq_cells_features_rows(const arq_kernels *kernels, const arq_network_shape *shape, const float *weights,
                             uint32_t first, uint32_t rows, const arq_segment *observation, float *const *contexts,
                             float *u, float *const *h, const arq_features *saved, float *workspace);
uint32_t arq_cells_rows(uint32_t batch);

/* Largest of the cells. */
uint32_t arq_cells_widest(const arq_network_shape *shape);
size_t arq_cells_largest_workspace(const arq_network_shape *shape);
size_t arq_cells_most_outputs(const arq_network_shape *shape);

/* Floats of a scratch slot for passes over a batch, and for one sample with `extra` floats behind its work space. */
size_t arq_cells_scratch_floats(const arq_network_shape *shape, uint32_t batch, size_t extra);

/* Whether the cells see any context at all. */
static inline int arq_cells_have_context(const arq_network_shape *shape)
{
    return shape->recurrent || (shape->top_down && shape->cells > 1);
}

/* Updates: cells_learner.c. */
uint32_t arq_cells_window(const arq_network_shape *shape, const arq_parameters *parameters);
arq_status arq_cells_learner_create(arq_learner *learner);
void arq_cells_learner_destroy(arq_learner *learner);
arq_status arq_cells_update(arq_learner *learner, const arq_batch *batch);

#endif
