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
        largest.outputs = larger(largest.outputs, arq_cell_all_outputs(cell));
        largest.z1 = larger(largest.z1, (size_t)cell->heads * cell->width);
        largest.z2 = larger(largest.z2, (size_t)cell->heads * cell->rows);
        largest.weights = larger(largest.weights, cell->offset[ARQ_CELL_TENSORS]);
    }
    return largest;
}

/* Large enough that a kernel is read few times. */
uint32_t arq_cells_rows(uint32_t batch)
{
    return batch >= 256 ? 128 : batch < 32 ? batch : 32;
}

size_t arq_cells_scratch_floats(const arq_network_shape *shape, uint32_t batch, size_t extra)
{
    arq_cells_sizes largest = arq_cells_largest(shape);
    return larger(largest.workspace + extra,
                  arq_project_segments_floats(arq_cells_rows(batch), (uint32_t)largest.width));
}
