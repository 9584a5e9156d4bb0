#include "nn/dense/learner.h"

#include "nn/math/encode.h"
#include "nn/math/optimiser.h"

#include <math.h>
#include <string.h>

/* A gradient whose norm could be larger than this has diverged: squares must fit a float. */
#define GRADIENT_LIMIT 1e18

/* Hands out pieces of one block of memory; with memory NULL it only counts. */
static void *take(float *memory, size_t *used, size_t values)
{
    void *piece = memory == NULL ? NULL : memory + *used;
    *used += (values + 15) / 16 * 16;
    return piece;
}

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

static void lay_out(const arq_learner *learner, float *memory, arq_dense_learner *s)
{
    const arq_network_shape *shape = &learner->network->shape;
    size_t batch = learner->batch;
    size_t weights = arq_network_weight_count(shape);
    size_t used = 0;
    uint32_t widest;
    size_t kernel = largest_upper_kernel(shape, &widest);
    int forward_forward = shape->methods == &arq_ff_dqn_network;
    arq_dense_lay_out(shape, batch, memory, &used, &s->now);
    arq_dense_lay_out(shape, batch, memory, &used, &s->next);
    arq_dense_lay_out(shape, batch, memory, &used, &s->next_target);
    for (uint32_t l = 0; l < shape->cells; l++) {
        s->d[l] = take(memory, &used, batch * shape->width[l]);
    }
    s->next_action = take(memory, &used, batch);
    s->td_target = take(memory, &used, batch);
    s->gradient = take(memory, &used, weights);
    s->partial_sums = take(memory, &used, 2 * arq_norm_blocks(weights));
    s->transposed = take(memory, &used, kernel);
    s->fired = take(memory, &used, widest);
    s->backup = forward_forward ? take(memory, &used, 3 * weights) : NULL;
    s->goodness = forward_forward ? take(memory, &used, batch) : NULL;
    s->sorted = forward_forward ? take(memory, &used, batch) : NULL;
    s->positive = forward_forward ? take(memory, &used, (batch + 3) / 4) : NULL;
    s->memory = memory;
    s->memory_floats = used;
}

arq_status arq_dense_learner_create(arq_learner *learner)
{
    arq_context *context = learner->context;
    arq_dense_learner *s = arq_alloc(context, 1, sizeof(*s));
    if (s == NULL) {
        return arq_fail_memory(context, "a learner", sizeof(*s));
    }
    learner->state = s;
    lay_out(learner, NULL, s);
    float *memory = arq_alloc(context, s->memory_floats, sizeof(float));
    if (memory == NULL) {
        return arq_fail_memory(context, "a learner's working memory", s->memory_floats * sizeof(float));
    }
    lay_out(learner, memory, s);
    return arq_scratch_create(context, ARQ_GEMM_PACK_FLOATS, &s->scratch);
}

void arq_dense_learner_destroy(arq_learner *learner)
{
    arq_dense_learner *s = learner->state;
    if (s != NULL) {
        arq_free(learner->context, s->memory, s->memory_floats, sizeof(float));
        arq_scratch_destroy(&s->scratch);
        arq_free(learner->context, s, 1, sizeof(*s));
    }
}

/* A row of a batch is s_t, s_{t+1}. */
static arq_segment frame(const arq_learner *learner, const arq_batch *batch, uint32_t index)
{
    const arq_network_shape *shape = &learner->network->shape;
    return arq_encoded_segment(shape->observation_kind, shape->observation_size, batch->frames, 2, index);
}

static void pass_over(arq_learner *learner, const arq_batch *batch, const float *weights, arq_dense_pass *pass)
{
    const arq_dense_learner *s = learner->state;
    pass->observation = frame(learner, batch, 1);
    arq_dense_forward(learner->context, &s->scratch, &learner->network->shape, weights, batch->size, pass);
}

void arq_dense_find_targets(arq_learner *learner, const arq_batch *batch, int double_q)
{
    arq_dense_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    uint32_t head = shape->cells - 1;
    pass_over(learner, batch, learner->target, &s->next_target);
    if (double_q) {
        pass_over(learner, batch, learner->network->weights, &s->next);
    }
    const float *choice = double_q ? s->next.h[head] : s->next_target.h[head];
    for (size_t b = 0; b < batch->size; b++) {
        s->next_action[b] = arq_greedy_action(choice + b * shape->actions, shape->actions);
        float next_q = s->next_target.h[head][b * shape->actions + (size_t)s->next_action[b]];
        s->td_target[b] =
            batch->terminated[b] ? batch->rewards[b] : batch->rewards[b] + (float)learner->parameters.gamma * next_q;
    }
}

void arq_dense_see(arq_learner *learner, const arq_batch *batch)
{
    arq_dense_learner *s = learner->state;
    s->now.observation = frame(learner, batch, 0);
}

void arq_dense_head_error(arq_learner *learner, const arq_batch *batch)
{
    arq_dense_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    uint32_t head = shape->cells - 1;
    uint32_t actions = shape->actions;
    int huber = learner->parameters.loss == ARQ_LOSS_HUBER;
    double loss = 0, mean_q = 0, target = 0, td_error = 0, spread = 0;
    memset(s->d[head], 0, (size_t)batch->size * actions * sizeof(float));
    for (size_t b = 0; b < batch->size; b++) {
        const float *q = s->now.h[head] + b * actions;
        size_t a = (size_t)batch->actions[b];
        float e = q[a] - s->td_target[b];
        float slope = huber ? (e > 1 ? 1 : e < -1 ? -1 : e) : 2 * e;
        s->d[head][b * actions + a] = slope / (float)batch->size;
        double size = fabs((double)e);
        loss += !huber ? size * size : size <= 1 ? size * size / 2 : size - 0.5;
        mean_q += (double)q[a];
        target += (double)s->td_target[b];
        td_error += size;
        spread += (double)learner->context->kernels->goodness(ARQ_GOODNESS_RMS, actions, q);
    }
    double *metric = learner->metric[head];
    metric[ARQ_METRIC_LOSS] = loss / batch->size;
    metric[ARQ_METRIC_Q] = mean_q / batch->size;
    metric[ARQ_METRIC_TARGET_Q] = target / batch->size;
    metric[ARQ_METRIC_TD_ERROR] = td_error / batch->size;
    metric[ARQ_METRIC_SPREAD] = spread / batch->size;
}

void arq_dense_measure_units(arq_learner *learner, uint32_t batch, uint32_t l)
{
    const arq_dense_learner *s = learner->state;
    uint32_t n = learner->network->shape.width[l];
    memset(s->fired, 0, n * sizeof(*s->fired));
    for (uint32_t b = 0; b < batch; b++) {
        const float *h = s->now.h[l] + (size_t)b * n;
        for (uint32_t i = 0; i < n; i++) {
            s->fired[i] += h[i] > 0;
        }
    }
    uint32_t dead = 0;
    uint64_t total = 0;
    for (uint32_t i = 0; i < n; i++) {
        dead += s->fired[i] == 0;
        total += s->fired[i];
    }
    learner->metric[l][ARQ_METRIC_DEAD] = (double)dead / n;
    learner->metric[l][ARQ_METRIC_ZERO] = 1 - (double)total / ((double)n * batch);
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
    return arq_gradient_norm(learner->context, weights[end] - weights[first], s->gradient + weights[first],
                             s->partial_sums);
}

arq_status arq_dense_check(const arq_learner *learner, const char *what, double loss, double norm)
{
    if (isfinite(loss) && norm < GRADIENT_LIMIT) {
        return ARQ_OK;
    }
    return arq_fail(learner->context, ARQ_E_DIVERGED,
                    "%s diverged in update %llu: loss %g, gradient norm %g; no weight has changed", what,
                    (unsigned long long)(learner->updates + 1), loss, norm);
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
    arq_adam_update(learner->context, count, &step, s->gradient + begin, learner->network->weights + begin,
                    learner->m + begin, learner->v + begin);
}
