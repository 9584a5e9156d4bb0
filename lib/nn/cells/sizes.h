/*
 * The largest of a network's cells, for memory that they share, and how batches are cut.
 */
#ifndef ARQ_NN_CELLS_SIZES_H
#define ARQ_NN_CELLS_SIZES_H

#include "nn/cells/wiring.h"

typedef struct arq_cells_sizes {
    size_t width;
    size_t workspace; /* arq_cell_workspace() */
    size_t acting;    /* arq_cell_acting_workspace() */
    size_t outputs;   /* arq_cell_all_outputs() */
    size_t z1, z2;    /* K n, K d: of one sample's projections */
    size_t weights;
} arq_cells_sizes;

arq_cells_sizes arq_cells_largest(const arq_network_shape *shape);

/* Whether a cell's two kernels of projections, their part for `dense` inputs, stay in a core's cache while rows pass
 * by: then a block of samples goes through everything at once. Otherwise kernels are packed, for all rows. */
int arq_cell_fits_cache(const arq_cell_shape *cell, size_t dense);
int arq_cells_fit_cache(const arq_network_shape *shape);

/* Samples that one task takes through all cells' features. */
uint32_t arq_cells_rows(uint32_t batch);

/* Floats of a scratch slot for passes over a batch, and for one sample that needs `own` floats. */
size_t arq_cells_scratch_floats(const arq_network_shape *shape, uint32_t batch, size_t own);

#endif
