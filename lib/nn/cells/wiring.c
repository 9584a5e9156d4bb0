#include "nn/cells/wiring.h"

#include <stdio.h>

static uint32_t input_size(const arq_network_shape *shape, const arq_parameters *parameters, uint32_t l)
{
    const arq_cells_shape *own = arq_cells_shape_of(shape);
    const arq_widths *widths = &parameters->widths;
    uint64_t size = l == 0 ? shape->observation_size : widths->width[l - 1];
    size += l > 0 && own->input_skip ? shape->observation_size : 0;
    size += own->recurrent ? widths->width[l] : 0;
    size += own->top_down && l + 1 < shape->cells ? widths->width[l + 1] : 0;
    return size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

arq_status arq_cells_make_shape(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape)
{
    arq_cells_shape *own = (arq_cells_shape *)(void *)shape->own;
    shape->cells = parameters->widths.count;
    own->recurrent = (int32_t)parameters->recurrent;
    own->top_down = (int32_t)parameters->top_down;
    own->input_skip = (int32_t)parameters->input_skip;
    own->context_alpha = (float)parameters->context_alpha;
    own->q_last = parameters->q_from == ARQ_Q_LAST;
    own->q_cells = parameters->q_cells == 0 ? shape->cells : (uint32_t)parameters->q_cells;
    if (own->q_cells > shape->cells) {
        return arq_fail(context, ARQ_E_ARGUMENT, "q_cells is %u but there are %u cells", own->q_cells, shape->cells);
    }
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_status status = arq_cell_shape_make(context, parameters, input_size(shape, parameters, l),
                                                parameters->widths.width[l], shape->actions, &own->cell[l]);
        if (status != ARQ_OK) {
            return status;
        }
        shape->width[l] = own->cell[l].width;
        shape->weights[l + 1] = shape->weights[l] + own->cell[l].offset[ARQ_CELL_TENSORS];
    }
    return ARQ_OK;
}

int arq_cells_tensor(const arq_network_shape *shape, uint32_t index, arq_weight_tensor *tensor)
{
    uint32_t l = index / ARQ_CELL_TENSORS;
    arq_cell_tensor_id id = (arq_cell_tensor_id)(index % ARQ_CELL_TENSORS);
    if (l >= shape->cells) {
        return 0;
    }
    const arq_cell_shape *cell = arq_cell_at(shape, l);
    snprintf(tensor->name, sizeof(tensor->name), "cell%u.%s", l, arq_cell_tensor_names[id]);
    arq_cell_tensor_size(cell, id, &tensor->rows, &tensor->columns);
    tensor->offset = shape->weights[l] + cell->offset[id];
    return 1;
}

void arq_cells_initialise(const arq_network_shape *shape, arq_random *random, float *weights)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_cell_initialise(arq_cell_at(shape, l), random, weights + shape->weights[l]);
    }
}

static void add_previous(arq_inputs *x, const arq_network_shape *shape, uint32_t l, float *const *previous)
{
    uint32_t width = shape->width[l];
    arq_inputs_add(x, (arq_segment){.size = width, .dense = previous == NULL ? NULL : previous[l], .stride = width});
}

arq_inputs arq_cell_inputs(const arq_network_shape *shape, uint32_t l, const arq_segment *observation,
                           const float *below, float *const *previous)
{
    const arq_cells_shape *own = arq_cells_shape_of(shape);
    arq_inputs x = {0};
    if (l == 0) {
        arq_inputs_add(&x, *observation);
    } else {
        uint32_t width = shape->width[l - 1];
        arq_inputs_add(&x, (arq_segment){.size = width, .dense = below, .stride = width});
        if (own->input_skip) {
            arq_inputs_add(&x, *observation);
        }
    }
    if (own->recurrent) {
        add_previous(&x, shape, l, previous);
    }
    if (own->top_down && l + 1 < shape->cells) {
        add_previous(&x, shape, l + 1, previous);
    }
    return x;
}
