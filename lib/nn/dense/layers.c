#include "nn/dense/layers.h"

#include "nn/kind.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LENGTH_EPSILON 1e-8f

static int32_t normalise_of(const arq_network_shape *shape)
{
    return ((const arq_dense_shape *)(const void *)shape->own)->normalise;
}

int arq_dense_has_norm(const arq_network_shape *shape, uint32_t l)
{
    return ((const arq_dense_shape *)(const void *)shape->own)->layer_norm && l + 1 < shape->cells;
}

arq_dense_layer arq_dense_layer_at(const arq_network_shape *shape, uint32_t l)
{
    uint32_t observed = shape->observation_size + (normalise_of(shape) == ARQ_FF_NORMALISE_HOMOGENEOUS);
    arq_dense_layer layer = {
        .inputs = l == 0 ? observed : shape->width[l - 1], .outputs = shape->width[l], .kernel = shape->weights[l]};
    layer.bias = layer.kernel + (size_t)layer.inputs * layer.outputs;
    layer.scale = layer.bias + layer.outputs;
    return layer;
}

int arq_dense_normalises(const arq_network_shape *shape, uint32_t l)
{
    int is_hidden = l + 1 < shape->cells;
    int32_t normalise = normalise_of(shape);
    return is_hidden && normalise != ARQ_FF_NORMALISE_NONE && (normalise != ARQ_FF_NORMALISE_HIDDEN || l > 0);
}

arq_status arq_dense_make_shape(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape)
{
    const arq_widths *widths = &parameters->widths;
    if (widths->count >= ARQ_MAX_CELLS) {
        return arq_fail(context, ARQ_E_UNSUPPORTED, "widths has %u layers; accepted for network '%s': 1 .. %d",
                        widths->count, shape->methods->name, ARQ_MAX_CELLS - 1);
    }
    shape->cells = widths->count + 1;
    arq_dense_shape *own = (arq_dense_shape *)(void *)shape->own;
    own->normalise = (int32_t)parameters->ff_normalise;
    own->layer_norm = (int32_t)parameters->layer_norm;
    for (uint32_t l = 0; l < shape->cells; l++) {
        shape->width[l] = l < widths->count ? widths->width[l] : shape->actions;
        arq_dense_layer layer = arq_dense_layer_at(shape, l);
        size_t values;
        size_t vectors = arq_dense_has_norm(shape, l) ? 3 : 1; /* bias, scale, shift */
        if (!arq_multiply_sizes((size_t)layer.inputs + vectors, layer.outputs, &values) ||
            values > SIZE_MAX / 64 - shape->weights[l]) {
            return arq_fail(context, ARQ_E_ARGUMENT, "a layer of %u inputs and %u outputs is too large for memory",
                            layer.inputs, layer.outputs);
        }
        shape->weights[l + 1] = shape->weights[l] + values;
    }
    return ARQ_OK;
}

int arq_dense_tensor(const arq_network_shape *shape, uint32_t index, arq_weight_tensor *tensor)
{
    static const char *const parts[] = {"kernel", "bias", "scale", "shift"};
    uint32_t l = 0;
    uint32_t count = arq_dense_has_norm(shape, 0) ? 4 : 2;
    for (; l < shape->cells && index >= count; l++) {
        index -= count;
        count = l + 1 < shape->cells && arq_dense_has_norm(shape, l + 1) ? 4 : 2;
    }
    if (l >= shape->cells) {
        return 0;
    }
    char owner[16] = "head";
    if (l + 1 < shape->cells) {
        snprintf(owner, sizeof(owner), "layer%u", l);
    }
    arq_dense_layer layer = arq_dense_layer_at(shape, l);
    snprintf(tensor->name, sizeof(tensor->name), "%s.%s", owner, parts[index]);
    tensor->rows = index == 0 ? layer.inputs : layer.outputs;
    tensor->columns = index == 0 ? layer.outputs : 0;
    tensor->offset = index == 0 ? layer.kernel : layer.bias + (index - 1) * (size_t)layer.outputs;
    return 1;
}

void arq_dense_uniform(arq_random *random, double limit, size_t count, float *weights)
{
    for (size_t i = 0; i < count; i++) {
        weights[i] = (float)(limit * (2 * arq_random_uniform(random) - 1));
    }
}

void arq_dense_xavier(const arq_network_shape *shape, uint32_t l, arq_random *random, float *weights)
{
    arq_dense_layer layer = arq_dense_layer_at(shape, l);
    double limit = sqrt(6.0 / ((double)layer.inputs + layer.outputs));
    arq_dense_uniform(random, limit, (size_t)layer.inputs * layer.outputs, weights + layer.kernel);
    memset(weights + layer.bias, 0, layer.outputs * sizeof(float));
    if (arq_dense_has_norm(shape, l)) {
        for (uint32_t i = 0; i < layer.outputs; i++) {
            weights[layer.scale + i] = 1;
            weights[layer.scale + layer.outputs + i] = 0;
        }
    }
}

void arq_dense_lay_out_pass(const arq_network_shape *shape, size_t batch, arq_arena *arena, arq_dense_pass *pass)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_dense_layer layer = arq_dense_layer_at(shape, l);
        pass->x[l] = arq_dense_normalises(shape, l) ? arq_arena_floats(arena, batch * layer.inputs) : NULL;
        pass->h[l] = arq_arena_floats(arena, batch * layer.outputs);
    }
}

static arq_segment below(const arq_network_shape *shape, uint32_t l, const arq_dense_pass *pass)
{
    if (l == 0) {
        return pass->observation;
    }
    uint32_t width = shape->width[l - 1];
    return (arq_segment){.size = width, .dense = pass->h[l - 1], .stride = width};
}

size_t arq_dense_scratch_floats(const arq_network_shape *shape, size_t batch)
{
    size_t widest = 0;
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_dense_layer layer = arq_dense_layer_at(shape, l);
        widest = layer.inputs > widest ? layer.inputs : widest;
        widest = layer.outputs > widest ? layer.outputs : widest;
    }
    return arq_project_pack_floats(batch, widest, shape->observation_size, widest);
}

arq_inputs arq_dense_inputs(const arq_network_shape *shape, uint32_t l, const arq_dense_pass *pass)
{
    arq_inputs x = {0};
    arq_segment segment = below(shape, l, pass);
    if (pass->x[l] != NULL) {
        uint32_t size = arq_dense_layer_at(shape, l).inputs;
        segment = (arq_segment){.size = size, .dense = pass->x[l], .stride = size};
    }
    arq_inputs_add(&x, segment);
    return x;
}

/* out[B, n] = x / (|x| + 1e-8), row by row; zeros stay zeros. Where x has n - 1 values, the last is 1 before the
 * division. */
static void divide_by_length(const arq_kernels *kernels, uint32_t batch, const arq_segment *x, size_t n, float *out)
{
    for (uint32_t b = 0; b < batch; b++) {
        float *row = out + b * n;
        row[n - 1] = 1;
        if (x->bits != NULL) {
            kernels->unpack_bits(x->size, x->bits + b * x->stride, row);
        } else {
            memcpy(row, x->dense + b * x->stride, x->size * sizeof(float));
        }
        float length = (float)sqrt(kernels->sum_of_squares(n, row)) + LENGTH_EPSILON;
        for (size_t i = 0; i < n; i++) {
            row[i] = row[i] / length;
        }
    }
}

/* LayerNorm of W x + b, row by row. */
static void normalise(const arq_dense_layer *layer, const float *weights, uint32_t batch, float *rows)
{
    size_t n = layer->outputs;
    const float *scale = weights + layer->scale;
    const float *shift = scale + n;
    for (size_t b = 0; b < batch; b++) {
        float *row = rows + b * n;
        double mean = 0;
        double variance = 0;
        for (size_t i = 0; i < n; i++) {
            mean += (double)row[i];
        }
        mean /= (double)n;
        for (size_t i = 0; i < n; i++) {
            variance += ((double)row[i] - mean) * ((double)row[i] - mean);
        }
        float inverse_std = (float)(1 / sqrt(variance / (double)n + ARQ_DENSE_NORM_EPSILON));
        for (size_t i = 0; i < n; i++) {
            row[i] = scale[i] * ((row[i] - (float)mean) * inverse_std) + shift[i];
        }
    }
}

void arq_dense_forward_layer(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                             const float *weights, uint32_t batch, uint32_t l, arq_dense_pass *pass)
{
    arq_dense_layer layer = arq_dense_layer_at(shape, l);
    if (pass->x[l] != NULL) {
        arq_segment input = below(shape, l, pass);
        divide_by_length(context->kernels, batch, &input, layer.inputs, pass->x[l]);
    }
    arq_inputs x = arq_dense_inputs(shape, l, pass);
    float *h = pass->h[l];
    arq_map map = {&x, batch, layer.outputs, weights + layer.kernel, weights + layer.bias, h};
    arq_project(context, scratch, &map, 1);
    if (arq_dense_has_norm(shape, l)) {
        normalise(&layer, weights, batch, h);
    }
    for (size_t i = 0; l + 1 < shape->cells && i < (size_t)batch * layer.outputs; i++) {
        h[i] = h[i] <= 0 ? 0 : h[i]; /* NaN stays */
    }
}

void arq_dense_forward(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                       const float *weights, uint32_t batch, arq_dense_pass *pass)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_dense_forward_layer(context, scratch, shape, weights, batch, l, pass);
    }
}
