#include "nn/cells/sizes.h"

#include "nn/cells/pass.h"

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

arq_cells_sizes arq_cells_largest(const arq_network_shape *shape)
{
    arq_cells_sizes largest = {0};
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = arq_cell_at(shape, l);
        largest.width = larger(largest.width, cell->width);
        largest.workspace = larger(largest.workspace, arq_cell_workspace(cell));
        largest.acting = larger(largest.acting, arq_cell_acting_workspace(cell));
        largest.outputs = larger(largest.outputs, arq_cell_all_outputs(cell));
        largest.z1 = larger(largest.z1, (size_t)cell->heads * cell->width);
        largest.z2 = larger(largest.z2, (size_t)cell->heads * cell->rows);
        largest.weights = larger(largest.weights, cell->offset[ARQ_CELL_TENSORS]);
    }
    return largest;
}

/* Kernels up to this size stay in a core's second-level cache. */
#define CACHED_FLOATS ((size_t)32 << 10)

int arq_cell_fits_cache(const arq_cell_shape *cell, size_t dense)
{
    return dense * cell->heads * (cell->width + cell->rows) <= CACHED_FLOATS;
}

/* Inputs of a cell that are no bits of an observation, whose rows are gathered. */
static size_t dense_inputs(const arq_network_shape *shape, uint32_t l)
{
    int bits = shape->observation_kind == ARQ_OBSERVATION_BIT || shape->observation_kind == ARQ_OBSERVATION_DISCRETE;
    int sees_observation = l == 0 || arq_cells_shape_of(shape)->input_skip;
    return arq_cell_at(shape, l)->inputs - (bits && sees_observation ? shape->observation_size : 0);
}

int arq_cells_fit_cache(const arq_network_shape *shape)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        if (!arq_cell_fits_cache(arq_cell_at(shape, l), dense_inputs(shape, l))) {
            return 0;
        }
    }
    return 1;
}

/* Large enough that a kernel is read few times. */
uint32_t arq_cells_rows(uint32_t batch)
{
    return batch >= 256 ? 128 : batch < 32 ? batch : 32;
}

size_t arq_cells_scratch_floats(const arq_network_shape *shape, uint32_t batch, size_t own)
{
    arq_cells_sizes largest = arq_cells_largest(shape);
    size_t dense = 0;
    for (uint32_t l = 0; l < shape->cells; l++) {
        dense = larger(dense, dense_inputs(shape, l));
    }
    size_t pack =
        arq_project_pack_floats(batch, dense, shape->actions, larger(largest.width, larger(largest.z1, largest.z2)));
    return larger(own, arq_project_segments_floats(arq_cells_rows(batch), (uint32_t)largest.width) + pack);
}
