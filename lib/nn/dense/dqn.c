/*
 * DQN (Mnih et al. 2015): a dense network trained end to end by backprop, the baseline of the local methods. Double Q
 * (van Hasselt et al. 2016) is an option.
 */
#include "nn/dense/dqn.h"

#include "nn/dense/acting.h"
#include "nn/dense/layer_norm.h"
#include "nn/math/temporal_difference.h"
#include "nn/meaningless.h"

#include <string.h>

static void initialise(const arq_network_shape *shape, arq_random *random, float *weights)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_dense_xavier(shape, l, random, weights);
    }
}

static arq_status make_shape(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape)
{
    arq_parameters own = *parameters;
    own.ff_normalise = ARQ_FF_NORMALISE_NONE;
    return arq_dense_make_shape(context, &own, shape);
}

/* W^T of layer l: [outputs, inputs]. */
static const float *transposed_kernel(const arq_learner *learner, uint32_t l)
{
    const arq_dense_learner *s = learner->state;
    arq_dense_layer layer = arq_dense_layer_at(&learner->network->shape, l);
    const float *kernel = learner->network->weights + layer.kernel;
    for (size_t i = 0; i < layer.inputs; i++) {
        for (size_t j = 0; j < layer.outputs; j++) {
            s->transposed[j * layer.inputs + i] = kernel[i * layer.outputs + j];
        }
    }
    return s->transposed;
}

/* d of layer l from that of the layer above: (d W^T) where the unit fired. */
static void propagate(arq_learner *learner, uint32_t batch, uint32_t l)
{
    const arq_dense_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    uint32_t n = shape->width[l];
    uint32_t above = shape->width[l + 1];
    arq_inputs error = {0};
    arq_inputs_add(&error, (arq_segment){.size = above, .dense = s->d[l + 1], .stride = above});
    arq_map map = {.x = &error, .rows = batch, .n = n, .kernel = transposed_kernel(learner, l + 1), .out = s->d[l]};
    arq_project(learner->context, &s->scratch, &map, 1);
    for (size_t i = 0; i < (size_t)batch * n; i++) {
        s->d[l][i] = s->now.h[l][i] > 0 ? s->d[l][i] : 0;
    }
}

/* ---- Layers that normalise ---- */

typedef struct dqn_learner {
    arq_dense_learner dense;
    arq_norm_pass norm; /* of networks whose layers normalise */
} dqn_learner;

static int has_norm(const arq_learner *learner)
{
    return arq_dense_has_norm(&learner->network->shape, 0);
}

static void lay_out(void *owner, arq_arena *arena)
{
    arq_learner *learner = owner;
    dqn_learner *s = learner->state;
    arq_dense_lay_out_learner(learner, arena);
    if (has_norm(learner)) {
        arq_norm_lay_out(&learner->network->shape, learner->batch, arena, &s->norm);
    }
}

static arq_status learner_create(arq_learner *learner)
{
    return arq_dense_learner_make(learner, sizeof(dqn_learner), lay_out);
}

/* dLoss/dQ in double. */
static void find_head_error(const arq_learner *learner, const arq_batch *batch)
{
    const dqn_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    uint32_t head = shape->cells - 1;
    size_t actions = shape->actions;
    memset(s->norm.d[head], 0, batch->size * actions * sizeof(double));
    for (size_t b = 0; b < batch->size; b++) {
        size_t at = b * actions + (size_t)batch->actions[b];
        double error = s->norm.h[head][at] - (double)s->dense.td_target[b];
        s->norm.d[head][at] = arq_td_slope_double((arq_loss)learner->parameters.loss, error, batch->size);
    }
}

static void normed_backward(arq_learner *learner, const arq_batch *batch)
{
    dqn_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    const float *weights = learner->network->weights;
    arq_norm_forward(shape, weights, batch->size, &s->dense.now, &s->norm);
    arq_dense_head_error(learner, batch);
    find_head_error(learner, batch);
    for (uint32_t l = shape->cells; l-- > 0;) {
        if (l + 1 < shape->cells) {
            arq_norm_backward(shape, weights, transposed_kernel(learner, l + 1), batch->size, l, &s->norm,
                              s->dense.d[l], s->dense.gradient + arq_dense_layer_at(shape, l).scale);
            arq_dense_measure_units(learner, batch->size, l);
        }
        arq_dense_layer_gradient(learner, batch->size, l);
    }
}

/* ---- An update ---- */

static void plain_backward(arq_learner *learner, const arq_batch *batch)
{
    arq_dense_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    arq_dense_forward(learner->context, &s->scratch, shape, learner->network->weights, batch->size, &s->now);
    arq_dense_head_error(learner, batch);
    for (uint32_t l = shape->cells; l-- > 0;) {
        if (l + 1 < shape->cells) {
            propagate(learner, batch->size, l);
            arq_dense_measure_units(learner, batch->size, l);
        }
        arq_dense_layer_gradient(learner, batch->size, l);
    }
}

arq_status arq_dqn_backward(arq_learner *learner, const arq_batch *batch)
{
    uint32_t cells = learner->network->shape.cells;
    if (has_norm(learner)) {
        normed_backward(learner, batch);
    } else {
        plain_backward(learner, batch);
    }
    double *metric = learner->metric[cells - 1];
    metric[ARQ_METRIC_GRADIENT_NORM] = arq_dense_norm(learner, 0, cells);
    return arq_dense_check(learner, "the network", metric[ARQ_METRIC_LOSS], metric[ARQ_METRIC_GRADIENT_NORM]);
}

arq_status arq_dqn_prepare(arq_learner *learner, const arq_batch *batch)
{
    arq_dense_find_targets(learner, batch, learner->parameters.double_q != 0);
    return arq_dqn_backward(learner, batch);
}

static void apply(arq_learner *learner)
{
    const arq_parameters *p = &learner->parameters;
    uint32_t cells = learner->network->shape.cells;
    learner->beta1_power *= p->beta1;
    learner->beta2_power *= p->beta2;
    arq_dense_step(learner, 0, cells, learner->metric[cells - 1][ARQ_METRIC_GRADIENT_NORM], p->clip, learner->rate,
                   learner->beta1_power, learner->beta2_power);
}

static arq_status update_from_windows(arq_learner *learner, const arq_batch *batch)
{
    arq_status status = arq_dqn_prepare(learner, batch);
    if (status != ARQ_OK) {
        return status;
    }
    apply(learner);
    return ARQ_OK;
}

static arq_status update_from_targets(arq_learner *learner, const arq_target_batch *batch)
{
    arq_batch rows = {.size = batch->size, .actions = batch->actions};
    arq_dense_take_targets(learner, batch);
    arq_status status = arq_dqn_backward(learner, &rows);
    if (status != ARQ_OK) {
        return status;
    }
    apply(learner);
    return ARQ_OK;
}

static const arq_meaningless meaningless[] = {ARQ_WITHOUT_CELLS, ARQ_WITHOUT_FORWARD_FORWARD, {.name = NULL}};

const arq_network_methods arq_dqn_network = {
    .name = "dqn",
    .meaningless = meaningless,
    .make_shape = make_shape,
    .tensor = arq_dense_tensor,
    .initialise = initialise,
    .activations_create = arq_dense_activations_create,
    .activations_destroy = arq_dense_activations_destroy,
    .compute = arq_dense_compute,
    .read = arq_dense_read,
    .value_floats = arq_dense_value_floats,
    .value = arq_dense_value,
    .learner_create = learner_create,
    .learner_destroy = arq_dense_learner_destroy,
    .update_from_windows = update_from_windows,
    .update_from_targets = update_from_targets,
};
