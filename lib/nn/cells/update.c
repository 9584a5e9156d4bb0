#include "nn/cells/update.h"

#include "nn/cells/backward.h"
#include "nn/cells/features.h"
#include "nn/cells/measure.h"
#include "nn/cells/targets.h"
#include "nn/cells/window.h"
#include "nn/math/encode.h"
#include "nn/math/optimiser.h"

#include <string.h>

/* ---- First phase: targets, errors, the check ---- */

static arq_status run_and_check(arq_cell_tasks *tasks, arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    arq_cell_tasks_add_backward(tasks, learner, batch, l);
    arq_cell_tasks_run(tasks);
    arq_cells_measure(learner, batch->size, l);
    return arq_cells_check(learner, batch->size, l);
}

arq_status arq_cells_backward(arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    arq_cell_tasks tasks = {.count = 0};
    return run_and_check(&tasks, learner, batch, l);
}

arq_status arq_cells_prepare(arq_learner *learner, const arq_batch *batch)
{
    arq_cells_run_windows(learner, batch);
    for (uint32_t l = 0; l < learner->network->shape.cells; l++) {
        arq_cell_tasks tasks = {.count = 0};
        arq_cell_tasks_add_targets(&tasks, learner, batch, l);
        arq_status status = run_and_check(&tasks, learner, batch, l);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

/* ---- Second phase: gradients and steps ---- */

/* The weights of a cell that the update changes: all of them, unless bits that were never set are known. */
static arq_spans live_spans(const arq_cells_learner *s, uint32_t l, const arq_span *all)
{
    if (s->now.observation.touched == NULL) {
        return (arq_spans){all, 1};
    }
    return (arq_spans){s->live.span[l], s->live.spans[l]};
}

double arq_cells_gradient(arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    arq_cells_learner *s = learner->state;
    const arq_context *context = learner->context;
    const arq_cell_shape *cell = arq_cell_at(&learner->network->shape, l);
    uint32_t n = cell->width;
    float *gradient = s->gradient;
    arq_inputs x = arq_cell_inputs(&learner->network->shape, l, &s->now.observation, l == 0 ? NULL : s->now.h[l - 1],
                                   s->now.previous);
    arq_inputs coded = x;
    if (cell->action_at_input) {
        arq_inputs_add(&coded, arq_action_codes(cell, batch->size, batch->actions, s->batch_codes));
    }
    arq_map_gradient maps[ARQ_MAX_MAPS] = {
        {&coded, batch->size, cell->heads * n, s->projections[l].z1, gradient + cell->offset[ARQ_CELL_Z1_KERNEL]},
        {&coded, batch->size, cell->heads * cell->rows, s->projections[l].z2,
         gradient + cell->offset[ARQ_CELL_Z2_KERNEL]},
        {&x, batch->size, n, s->du[l], gradient + cell->offset[ARQ_CELL_H_KERNEL]}};
    arq_project_gradients(context, &s->scratch, maps, ARQ_MAX_MAPS);
    memset(gradient + cell->offset[ARQ_CELL_H_BIAS], 0, 3 * n * sizeof(float)); /* bias, scale and offset */
    context->kernels->add_columns(batch->size, n, s->du[l], n, gradient + cell->offset[ARQ_CELL_H_BIAS]);
    context->kernels->add_columns(arq_sample_blocks(batch->size), 2 * n, s->norm_gradients[l], 2 * n,
                                  gradient + cell->offset[ARQ_CELL_NORM_SCALE]);
    const arq_span all = {0, cell->offset[ARQ_CELL_TENSORS]};
    return arq_gradient_norm(context, all.count, live_spans(s, l, &all), gradient, s->partial_sums);
}

void arq_cells_step(arq_learner *learner, uint32_t l, double norm)
{
    arq_cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    const arq_parameters *p = &learner->parameters;
    size_t first = shape->weights[l];
    const arq_span all = {0, shape->weights[l + 1] - first};
    arq_adam_step step = arq_adam_constants(learner->rate, p->beta1, p->beta2, p->adam_epsilon, learner->beta1_power,
                                            learner->beta2_power, norm, p->clip);
    arq_adam_update(learner->context, all.count, live_spans(s, l, &all), &step, s->gradient,
                    learner->network->weights + first, learner->m + first, learner->v + first);
    s->live.known &= s->now.observation.touched != NULL;
}

void arq_cells_apply(arq_learner *learner, const arq_batch *batch)
{
    learner->beta1_power *= learner->parameters.beta1;
    learner->beta2_power *= learner->parameters.beta2;
    arq_cells_learner *s = learner->state;
    if (s->live.touched != NULL) {
        arq_cells_live_find(learner, batch->size, s->now.observation.transposed, &s->live);
        s->now.observation.touched = s->live.touched;
    }
    for (uint32_t l = 0; l < learner->network->shape.cells; l++) {
        double norm = arq_cells_gradient(learner, batch, l);
        learner->metric[l][ARQ_METRIC_GRADIENT_NORM] = norm;
        arq_cells_step(learner, l, norm);
    }
}

/* ---- Both ---- */

arq_status arq_cells_update_from_windows(arq_learner *learner, const arq_batch *batch)
{
    arq_status status = arq_cells_prepare(learner, batch);
    if (status != ARQ_OK) {
        return status;
    }
    arq_cells_apply(learner, batch);
    return ARQ_OK;
}

void arq_cells_run_states(arq_learner *learner, const arq_target_batch *batch)
{
    arq_cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    s->now.observation = arq_encoded_segment(shape->observation_kind, shape->observation_size, batch->frames, 1, 0);
    for (uint32_t l = 0; l < shape->cells; l++) {
        s->now.previous[l] = batch->previous == NULL ? NULL : batch->previous[l];
    }
    arq_cells_features(learner->context, &s->scratch, shape, learner->network->weights, batch->size,
                       &s->now.observation, s->now.previous, NULL, s->now.h, s->features);
    if (s->now.observation.bits != NULL) {
        arq_transpose_bits(&s->now.observation, 0, batch->size, s->transposed);
        s->now.observation.transposed = s->transposed;
    }
}

arq_status arq_cells_update_from_targets(arq_learner *learner, const arq_target_batch *batch)
{
    const arq_cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    const arq_batch rows = {.size = batch->size, .actions = batch->actions};
    arq_cells_run_states(learner, batch);
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t targets = (size_t)batch->size * arq_cell_quantiles(arq_cell_at(shape, l));
        memcpy(s->td_target[l], batch->targets[l], targets * sizeof(float));
        arq_status status = arq_cells_backward(learner, &rows, l);
        if (status != ARQ_OK) {
            return status;
        }
    }
    arq_cells_apply(learner, &rows);
    return ARQ_OK;
}
