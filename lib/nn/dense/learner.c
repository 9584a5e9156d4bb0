#include "nn/dense/learner.h"

#include "nn/activations.h"
#include "nn/math/encode.h"
#include "nn/math/optimiser.h"
#include "nn/math/temporal_difference.h"

#include <string.h>

static size_t largest_upper_kernel(const arq_network_shape *shape, uint32_t *widest)
{
    size_t largest = 0;
    *widest = shape->width[0];
    for (uint32_t l = 1; l < shape->cells; l++) {
        size_t values = (size_t)shape->width[l - 1] * shape->width[l];
        largest = values > largest ? values : largest;
        *widest = shape->width[l] > *widest ? shape->width[l] : *widest;
    }
    return largest;
}

void arq_dense_lay_out_learner(void *owner, arq_arena *arena)
{
    const arq_learner *learner = owner;
    arq_dense_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    size_t batch = learner->batch;
    size_t weights = arq_network_weight_count(shape);
    uint32_t widest;
    size_t kernel = largest_upper_kernel(shape, &widest);
    arq_dense_lay_out_pass(shape, batch, arena, &s->now);
    if (learner->learning == ARQ_LEARN_FROM_WINDOWS) {
        arq_dense_lay_out_pass(shape, batch, arena, &s->next);
        arq_dense_lay_out_pass(shape, batch, arena, &s->next_target);
        s->next_action = arq_arena_take(arena, batch, sizeof(int32_t));
    }
    for (uint32_t l = 0; l < shape->cells; l++) {
        s->d[l] = arq_arena_floats(arena, batch * shape->width[l]);
    }
    s->td_target = arq_arena_floats(arena, batch);
    s->gradient = arq_arena_floats(arena, weights);
    s->partial_sums = arq_arena_take(arena, arq_norm_blocks(weights), sizeof(double));
    s->transposed = arq_arena_floats(arena, kernel);
    s->fired = arq_arena_take(arena, widest, sizeof(uint32_t));
}

arq_status arq_dense_learner_make(arq_learner *learner, size_t bytes, arq_layout *layout)
{
    arq_context *context = learner->context;
    arq_dense_learner *s = arq_alloc(context, 1, bytes);
    if (s == NULL) {
        return arq_fail_memory(context, "a learner", bytes);
    }
    s->bytes = bytes;
    learner->state = s;
    arq_status status = arq_arena_create(context, "a learner's working memory", layout, learner, &s->arena);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_scratch_create(context, arq_dense_scratch_floats(&learner->network->shape, learner->batch), &s->scratch);
}

arq_status arq_dense_learner_create(arq_learner *learner)
{
    return arq_dense_learner_make(learner, sizeof(arq_dense_learner), arq_dense_lay_out_learner);
}

void arq_dense_learner_destroy(arq_learner *learner)
{
    arq_dense_learner *s = learner->state;
    if (s != NULL) {
        arq_arena_destroy(learner->context, &s->arena);
        arq_scratch_destroy(&s->scratch);
        arq_free(learner->context, s, 1, s->bytes);
    }
}

/* Observation `index` of every row of `per_row`. */
static arq_segment frame(const arq_learner *learner, const void *frames, uint32_t per_row, uint32_t index)
{
    const arq_network_shape *shape = &learner->network->shape;
    return arq_encoded_segment(shape->observation_kind, shape->observation_size, frames, per_row, index);
}

static void pass_over_next(arq_learner *learner, const arq_batch *batch, const float *weights, arq_dense_pass *pass)
{
    const arq_dense_learner *s = learner->state;
    pass->observation = frame(learner, batch->frames, 2, 1);
    arq_dense_forward(learner->context, &s->scratch, &learner->network->shape, weights, batch->size, pass);
}

void arq_dense_find_targets(arq_learner *learner, const arq_batch *batch, int double_q)
{
    arq_dense_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    uint32_t head = shape->cells - 1;
    float gamma = (float)learner->parameters.gamma;
    s->now.observation = frame(learner, batch->frames, 2, 0);
    pass_over_next(learner, batch, learner->target, &s->next_target);
    if (double_q) {
        pass_over_next(learner, batch, learner->network->weights, &s->next);
    }
    const float *choice = double_q ? s->next.h[head] : s->next_target.h[head];
    for (size_t b = 0; b < batch->size; b++) {
        s->next_action[b] = arq_greedy_action(choice + b * shape->actions, shape->actions);
        float next_q = s->next_target.h[head][b * shape->actions + (size_t)s->next_action[b]];
        s->td_target[b] = arq_td_target(batch->rewards[b], gamma, batch->terminated[b], next_q);
    }
}

void arq_dense_take_targets(arq_learner *learner, const arq_target_batch *batch)
{
    arq_dense_learner *s = learner->state;
    s->now.observation = frame(learner, batch->frames, 1, 0);
    memcpy(s->td_target, batch->targets[learner->network->shape.cells - 1], batch->size * sizeof(float));
}

void arq_dense_head_error(arq_learner *learner, const arq_batch *batch)
{
    arq_dense_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    uint32_t head = shape->cells - 1;
    uint32_t actions = shape->actions;
    arq_loss loss = (arq_loss)learner->parameters.loss;
    arq_td_sums sums = {0};
    memset(s->d[head], 0, (size_t)batch->size * actions * sizeof(float));
    for (size_t b = 0; b < batch->size; b++) {
        const float *q = s->now.h[head] + b * actions;
        size_t a = (size_t)batch->actions[b];
        float error = q[a] - s->td_target[b];
        s->d[head][b * actions + a] = arq_td_slope(loss, error, batch->size);
        double spread = (double)learner->context->kernels->goodness(ARQ_GOODNESS_RMS, actions, q);
        arq_td_add(&sums, arq_td_loss(loss, (double)error), (double)q[a], (double)s->td_target[b], (double)error,
                   spread);
    }
    arq_td_add_sums(&learner->fit[head], &sums);
    arq_metrics_set_means(learner->metric[head], &sums, batch->size);
}

void arq_dense_measure_units(arq_learner *learner, uint32_t batch, uint32_t l)
{
    const arq_dense_learner *s = learner->state;
    uint32_t n = learner->network->shape.width[l];
    arq_metrics_set_units(learner->metric[l], arq_share_units(batch, n, s->now.h[l], s->fired));
}

void arq_dense_layer_gradient(arq_learner *learner, uint32_t batch, uint32_t l)
{
    const arq_dense_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    arq_dense_layer layer = arq_dense_layer_at(shape, l);
    arq_inputs x = arq_dense_inputs(shape, l, &s->now);
    arq_map_gradient map = {&x, batch, layer.outputs, s->d[l], s->gradient + layer.kernel};
    arq_project_gradients(learner->context, &s->scratch, &map, 1);
    memset(s->gradient + layer.bias, 0, layer.outputs * sizeof(float));
    learner->context->kernels->add_columns(batch, layer.outputs, s->d[l], layer.outputs, s->gradient + layer.bias);
}

double arq_dense_norm(const arq_learner *learner, uint32_t first, uint32_t end)
{
    const arq_dense_learner *s = learner->state;
    const size_t *weights = learner->network->shape.weights;
    const arq_span all = {0, weights[end] - weights[first]};
    return arq_gradient_norm(learner->context, all.count, (arq_spans){&all, 1}, s->gradient + weights[first],
                             s->partial_sums);
}

arq_status arq_dense_check(const arq_learner *learner, const char *what, double loss, double norm)
{
    return arq_check_divergence(learner->context, learner->updates + 1, what, loss, "gradient norm", norm);
}

void arq_dense_step(arq_learner *learner, uint32_t first, uint32_t end, double norm, double clip, double learning_rate,
                    double beta1_power, double beta2_power)
{
    const arq_dense_learner *s = learner->state;
    const arq_parameters *p = &learner->parameters;
    size_t begin = learner->network->shape.weights[first];
    size_t count = learner->network->shape.weights[end] - begin;
    arq_adam_step step =
        arq_adam_constants(learning_rate, p->beta1, p->beta2, p->adam_epsilon, beta1_power, beta2_power, norm, 0);
    double scale = clip / (norm + 1e-6);
    step.gradient_scale = clip > 0 && scale < 1 ? (float)scale : 1.0f;
    const arq_span all = {0, count};
    arq_adam_update(learner->context, count, (arq_spans){&all, 1}, &step, s->gradient + begin,
                    learner->network->weights + begin, learner->m + begin, learner->v + begin);
}
