/*
 * Networks of cells: what each cell sees, and where its weights are.
 */
#ifndef ARQ_NN_CELLS_WIRING_H
#define ARQ_NN_CELLS_WIRING_H

#include "nn/cells/shape.h"
#include "nn/network.h"

/* What only networks of cells have in their shape. */
typedef struct arq_cells_shape {
    arq_cell_shape cell[ARQ_MAX_CELLS];
    int32_t recurrent, top_down, input_skip;
    float context_alpha;
    int32_t q_last;   /* the network's Q is that of the last cell used, otherwise the mean */
    uint32_t q_cells; /* cells used for it */
} arq_cells_shape;

_Static_assert(sizeof(arq_cells_shape) <= ARQ_KIND_SHAPE_BYTES, "a shape has no room for the cells'");

static inline const arq_cells_shape *arq_cells_shape_of(const arq_network_shape *shape)
{
    return (const arq_cells_shape *)(const void *)shape->own;
}

static inline const arq_cell_shape *arq_cell_at(const arq_network_shape *shape, uint32_t l)
{
    return &arq_cells_shape_of(shape)->cell[l];
}

/* Whether the cells see any activations of the step before. */
static inline int arq_cells_see_previous(const arq_network_shape *shape)
{
    const arq_cells_shape *own = arq_cells_shape_of(shape);
    return own->recurrent || (own->top_down && shape->cells > 1);
}

/* For arq_network_methods. */
arq_status arq_cells_make_shape(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape);
int arq_cells_tensor(const arq_network_shape *shape, uint32_t index, arq_weight_tensor *tensor);
void arq_cells_initialise(const arq_network_shape *shape, arq_random *random, float *weights);

/* Input of cell l at time t: [below; skip; self; top-down] (arXiv 2411.03604, section 3; self as released).
 * `below` is h_t of the cell below ([B, n], unused for l = 0), previous[i] is h_{t-1} of cell i ([B, n]); previous
 * NULL: all of them are zeros. */
arq_inputs arq_cell_inputs(const arq_network_shape *shape, uint32_t l, const arq_segment *observation,
                           const float *below, float *const *previous);

#endif
