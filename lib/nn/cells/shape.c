#include "nn/cells/shape.h"

#include <math.h>
#include <string.h>

const char *const arq_cell_tensor_names[ARQ_CELL_TENSORS] = {"fc_h.kernel",     "fc_h.bias",    "layer_norm.scale",
                                                             "layer_norm.bias", "fc_z1.kernel", "fc_z2.kernel"};

static arq_status code_columns(const arq_context *context, arq_cell_shape *shape)
{
    if (!shape->action_at_input) {
        shape->code = 0;
        return ARQ_OK;
    }
    if (shape->action_code == ARQ_CODE_ONE_HOT) {
        shape->code = shape->actions;
        return ARQ_OK;
    }
    if (shape->actions < 2 || (shape->actions & (shape->actions - 1)) != 0) {
        return arq_fail(context, ARQ_E_UNSUPPORTED,
                        "action_code is 'binary' but there are %u actions; it needs 2^k of them", shape->actions);
    }
    for (shape->code = 0; (UINT32_C(1) << shape->code) < shape->actions;) {
        shape->code++;
    }
    return ARQ_OK;
}

static arq_status lay_out(const arq_context *context, arq_cell_shape *shape)
{
    size_t offset = 0;
    for (int id = 0; id < ARQ_CELL_TENSORS; id++) {
        uint32_t rows;
        uint32_t columns;
        arq_cell_tensor_size(shape, (arq_cell_tensor_id)id, &rows, &columns);
        shape->offset[id] = offset;
        size_t size;
        if (!arq_multiply_sizes(rows, columns == 0 ? 1 : columns, &size) || size > SIZE_MAX / 64 - offset) {
            return arq_fail(context, ARQ_E_ARGUMENT,
                            "a cell of %u inputs, width %u and %u actions is too large for memory", shape->inputs,
                            shape->width, shape->actions);
        }
        offset += size;
    }
    shape->offset[ARQ_CELL_TENSORS] = offset;
    return ARQ_OK;
}

int arq_cell_action_at_input(const arq_parameters *parameters)
{
    return parameters->action_input == ARQ_ACTION_AUTO ? parameters->network == ARQ_NETWORK_ARQ
                                                       : parameters->action_input == ARQ_ACTION_AT_INPUT;
}

arq_status arq_cell_shape_make(const arq_context *context, const arq_parameters *parameters, uint32_t inputs,
                               uint32_t width, uint32_t actions, arq_cell_shape *shape)
{
    memset(shape, 0, sizeof(*shape));
    shape->kind = (arq_network_kind)parameters->network;
    shape->goodness = (arq_goodness)parameters->goodness;
    shape->action_code = (arq_action_code)parameters->action_code;
    shape->action_at_input = arq_cell_action_at_input(parameters);
    shape->inputs = inputs;
    shape->width = width;
    shape->heads = (uint32_t)parameters->heads;
    shape->actions = actions;
    shape->action_rows = shape->kind == ARQ_NETWORK_ARQ ? width : (uint32_t)parameters->quantiles;
    shape->row_stride = shape->kind == ARQ_NETWORK_ARQ || shape->action_at_input ? 1 : actions;
    shape->rows_as_printed = parameters->row_order == ARQ_ROWS_PAPER;
    if (inputs > (1u << 28) || width > (1u << 20) || actions > 65536) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "a cell of %u inputs, width %u and %u actions; accepted: up to 2^28, 2^20 and 65536", inputs,
                        width, actions);
    }
    shape->rows = shape->action_at_input ? shape->action_rows : actions * shape->action_rows;
    arq_status status = code_columns(context, shape);
    return status == ARQ_OK ? lay_out(context, shape) : status;
}

void arq_cell_tensor_size(const arq_cell_shape *shape, arq_cell_tensor_id id, uint32_t *rows, uint32_t *columns)
{
    *rows = shape->width;
    *columns = 0;
    if (id == ARQ_CELL_H_KERNEL) {
        *rows = shape->inputs;
        *columns = shape->width;
    } else if (id == ARQ_CELL_Z1_KERNEL || id == ARQ_CELL_Z2_KERNEL) {
        *rows = shape->inputs + shape->code;
        *columns = shape->heads * (id == ARQ_CELL_Z1_KERNEL ? shape->width : shape->rows);
    }
}

/* Standard deviation of a standard normal truncated at 2 sigma. */
#define TRUNCATED_DEVIATION 0.87962566103423978

void arq_cell_initialise(const arq_cell_shape *shape, arq_random *random, float *weights)
{
    static const arq_cell_tensor_id kernels[] = {ARQ_CELL_H_KERNEL, ARQ_CELL_Z1_KERNEL, ARQ_CELL_Z2_KERNEL};
    memset(weights, 0, shape->offset[ARQ_CELL_TENSORS] * sizeof(float));
    for (uint32_t i = 0; i < shape->width; i++) {
        weights[shape->offset[ARQ_CELL_NORM_SCALE] + i] = 1.0f;
    }
    for (size_t k = 0; k < sizeof(kernels) / sizeof(kernels[0]); k++) {
        uint32_t fan_in;
        uint32_t columns;
        arq_cell_tensor_size(shape, kernels[k], &fan_in, &columns);
        float sigma = (float)(1.0 / (TRUNCATED_DEVIATION * sqrt((double)fan_in)));
        float *kernel = weights + shape->offset[kernels[k]];
        for (size_t i = 0; i < (size_t)fan_in * columns; i++) {
            kernel[i] = sigma * arq_random_truncated_normal(random);
        }
    }
}

size_t arq_action_codes_bytes(const arq_cell_shape *shape, uint32_t rows)
{
    size_t row = shape->action_code == ARQ_CODE_ONE_HOT ? (shape->code + 7) / 8 : shape->code * sizeof(float);
    return row * rows;
}

arq_segment arq_action_codes(const arq_cell_shape *shape, uint32_t rows, const int32_t *actions, void *memory)
{
    arq_segment segment = {.size = shape->code};
    if (!shape->action_at_input) { /* no code, and no memory for one */
        return segment;
    }
    if (shape->action_code == ARQ_CODE_ONE_HOT) {
        uint8_t *bits = memory;
        segment.bits = bits;
        segment.stride = (shape->code + 7) / 8;
        memset(bits, 0, segment.stride * rows);
        for (uint32_t r = 0; r < rows; r++) {
            uint32_t action = actions == NULL ? r : (uint32_t)actions[r];
            bits[r * segment.stride + action / 8] = (uint8_t)(1u << (action % 8));
        }
        return segment;
    }
    float *values = memory;
    segment.dense = values;
    segment.stride = shape->code;
    for (uint32_t r = 0; r < rows; r++) {
        uint32_t action = actions == NULL ? r : (uint32_t)actions[r];
        for (uint32_t bit = 0; bit < shape->code; bit++) {
            values[(size_t)r * shape->code + bit] = (action >> bit & 1) != 0 ? 1.0f : -1.0f;
        }
    }
    return segment;
}
