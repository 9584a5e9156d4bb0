/*
 * FF-DQN (Krutsylo 2025): features learn by Forward-Forward (Hinton 2022), each layer by itself, to have a large
 * goodness on the samples with the larger temporal-difference targets; a linear head learns Q on them.
 *
 * One update: y from the target network; layer 0 steps, is computed again, layer 1 steps on that, ...; then the head
 * steps on the features of the updated layers with the same y.
 */
#include "nn/dense/ff_dqn.h"

#include "nn/dense/acting.h"
#include "nn/meaningless.h"

#include <math.h>
#include <string.h>

/* ---- Weights ---- */

static void initialise(const arq_network_shape *shape, arq_random *random, float *weights)
{
    uint32_t head = shape->cells - 1;
    for (uint32_t l = 0; l < head; l++) {
        arq_dense_xavier(shape, l, random, weights);
    }
    arq_dense_layer layer = arq_dense_layer_at(shape, head);
    size_t count = ((size_t)layer.inputs + 1) * layer.outputs;
    arq_dense_uniform(random, 1 / sqrt((double)layer.inputs), count, weights + layer.kernel);
}

/* ---- The loss of a layer ---- */

static double exponential(const arq_kernels *kernels, double x)
{
    float exponent = (float)x;
    float result;
    kernels->exp(1, &exponent, &result);
    return (double)result;
}

/* log(1 + z) for z in [0, 1]: 2 artanh(z / (2 + z)) by its series, whose terms fall at least ninefold. */
static double log_one_plus(double z)
{
    double s = z / (2 + z);
    double power = s;
    double sum = 0;
    for (int k = 1; k < 40; k += 2) {
        sum += power / k;
        power *= s * s;
    }
    return 2 * sum;
}

double arq_softplus(const arq_kernels *kernels, double x)
{
    return (x > 0 ? x : 0) + log_one_plus(exponential(kernels, -fabs(x)));
}

double arq_softplus_slope(const arq_kernels *kernels, double x)
{
    double e = exponential(kernels, -fabs(x));
    return x > 0 ? 1 / (1 + e) : e / (1 + e);
}

/* Shell's sort: no memory, no recursion. */
static void sort(uint32_t n, float *values)
{
    static const uint32_t gaps[] = {29524, 9841, 3280, 1093, 364, 121, 40, 13, 4, 1};
    for (size_t g = 0; g < sizeof(gaps) / sizeof(gaps[0]); g++) {
        uint32_t gap = gaps[g];
        for (uint32_t i = gap; i < n; i++) {
            float value = values[i];
            uint32_t j = i;
            for (; j >= gap && values[j - gap] > value; j -= gap) {
                values[j] = values[j - gap];
            }
            values[j] = value;
        }
    }
}

uint32_t arq_ff_classify(uint32_t n, const float *y, float *sorted, uint8_t *positive, float *median)
{
    memcpy(sorted, y, n * sizeof(float));
    sort(n, sorted);
    *median = sorted[(n - 1) / 2];
    uint32_t count = 0;
    for (uint32_t b = 0; b < n; b++) {
        positive[b] = y[b] > *median;
        count += positive[b];
    }
    return count;
}

/* Goodness of every sample: sum (poster) or mean (code) of the squares of h. Returns the classes' means. */
static void find_goodness(const arq_learner *learner, uint32_t batch, uint32_t positives, uint32_t l, double mean[2])
{
    const arq_ff_learner *s = learner->state;
    uint32_t n = learner->network->shape.width[l];
    double divisor = learner->parameters.ff_variant == ARQ_FF_POSTER ? 1 : n;
    mean[0] = mean[1] = 0;
    for (uint32_t b = 0; b < batch; b++) {
        double g = learner->context->kernels->sum_of_squares(n, s->dense.now.h[l] + (size_t)b * n) / divisor;
        s->goodness[b] = (float)g;
        mean[s->positive[b]] += g;
    }
    mean[0] /= batch - positives;
    mean[1] /= positives;
}

/* dLoss / dgoodness of a sample: of its own softplus term (code), or of its class's (poster). */
static double goodness_slope(const arq_learner *learner, uint32_t batch, uint32_t positives, uint32_t sample,
                             const double mean[2])
{
    const arq_ff_learner *s = learner->state;
    const arq_kernels *kernels = learner->context->kernels;
    double margin = learner->parameters.ff_margin;
    int positive = s->positive[sample];
    int poster = learner->parameters.ff_variant == ARQ_FF_POSTER;
    double g = poster ? mean[positive] : (double)s->goodness[sample];
    double share = poster ? (positive ? positives : batch - positives) : batch;
    double slope = arq_softplus_slope(kernels, positive ? margin - g : g - margin);
    return (positive ? -slope : slope) / share;
}

static double layer_loss(const arq_learner *learner, uint32_t batch, const double mean[2])
{
    const arq_ff_learner *s = learner->state;
    const arq_kernels *kernels = learner->context->kernels;
    double margin = learner->parameters.ff_margin;
    if (learner->parameters.ff_variant == ARQ_FF_POSTER) {
        return arq_softplus(kernels, margin - mean[1]) + arq_softplus(kernels, mean[0] - margin);
    }
    double loss = 0;
    for (uint32_t b = 0; b < batch; b++) {
        double g = (double)s->goodness[b];
        loss += arq_softplus(kernels, s->positive[b] ? margin - g : g - margin);
    }
    return loss / batch;
}

void arq_ff_backward(arq_learner *learner, uint32_t batch, uint32_t positives, uint32_t l)
{
    arq_ff_learner *s = learner->state;
    uint32_t n = learner->network->shape.width[l];
    double divisor = learner->parameters.ff_variant == ARQ_FF_POSTER ? 1 : n;
    double mean[2];
    find_goodness(learner, batch, positives, l, mean);
    for (uint32_t b = 0; b < batch; b++) {
        float slope = (float)(2 * goodness_slope(learner, batch, positives, b, mean) / divisor);
        for (size_t i = (size_t)b * n; i < (size_t)(b + 1) * n; i++) {
            s->dense.d[l][i] = slope * s->dense.now.h[l][i]; /* 0 where the unit did not fire */
        }
    }
    arq_dense_layer_gradient(learner, batch, l);
    learner->metric[l][ARQ_METRIC_LOSS] = layer_loss(learner, batch, mean);
    learner->metric[l][ARQ_METRIC_SPREAD] =
        (double)learner->context->kernels->goodness(ARQ_GOODNESS_RMS, batch, s->goodness);
}

/* ---- An update ---- */

static void compute_layer(arq_learner *learner, uint32_t batch, uint32_t l)
{
    arq_dense_learner *s = learner->state;
    arq_dense_forward_layer(learner->context, &s->scratch, &learner->network->shape, learner->network->weights, batch,
                            l, &s->now);
}

arq_status arq_ff_learn_layer(arq_learner *learner, uint32_t batch, uint32_t positives, uint32_t l)
{
    const arq_parameters *p = &learner->parameters;
    compute_layer(learner, batch, l);
    arq_ff_backward(learner, batch, positives, l);
    double norm = arq_dense_norm(learner, l, l + 1);
    learner->metric[l][ARQ_METRIC_GRADIENT_NORM] = norm;
    arq_status status = arq_dense_check(learner, "a feature layer", learner->metric[l][ARQ_METRIC_LOSS], norm);
    if (status != ARQ_OK) {
        return status;
    }
    arq_dense_step(learner, l, l + 1, norm, p->clip, learner->rate, learner->own.beta1_power, learner->own.beta2_power);
    return ARQ_OK;
}

void arq_ff_head_backward(arq_learner *learner, const arq_batch *batch)
{
    uint32_t head = learner->network->shape.cells - 1;
    compute_layer(learner, batch->size, head);
    arq_dense_head_error(learner, batch);
    arq_dense_layer_gradient(learner, batch->size, head);
    learner->metric[head][ARQ_METRIC_GRADIENT_NORM] = arq_dense_norm(learner, head, head + 1);
}

void arq_ff_head_step(arq_learner *learner)
{
    const arq_parameters *p = &learner->parameters;
    uint32_t head = learner->network->shape.cells - 1;
    double rate = learner->rate;
    if (p->head_learning_rate > 0) {
        double share = p->learning_rate > 0 ? learner->rate / p->learning_rate : 1;
        rate = p->head_learning_rate * share;
    }
    learner->beta1_power *= p->beta1;
    learner->beta2_power *= p->beta2;
    arq_dense_step(learner, head, head + 1, learner->metric[head][ARQ_METRIC_GRADIENT_NORM], 0, rate,
                   learner->beta1_power, learner->beta2_power);
}

/* Layers change before the head is known to be sound: what they were is kept until then. */
static void exchange_backup(arq_learner *learner, int restore)
{
    const arq_ff_learner *s = learner->state;
    size_t count = arq_network_weight_count(&learner->network->shape);
    float *parts[] = {learner->network->weights, learner->m, learner->v};
    for (size_t i = 0; i < 3; i++) {
        float *kept = s->backup + i * count;
        memcpy(restore ? parts[i] : kept, restore ? kept : parts[i], count * sizeof(float));
    }
}

/* The features' own numbers of updates are the learner's `own`. */
static arq_status learn_features(arq_learner *learner, const arq_batch *batch, uint32_t positives)
{
    uint32_t head = learner->network->shape.cells - 1;
    exchange_backup(learner, 0);
    learner->own.beta1_power *= learner->parameters.beta1;
    learner->own.beta2_power *= learner->parameters.beta2;
    for (uint32_t l = 0; l < head; l++) {
        arq_status status = arq_ff_learn_layer(learner, batch->size, positives, l);
        compute_layer(learner, batch->size, l);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

/* Whether the features learn in this update: early enough, by chance, and if there are two classes; counts what has
 * only one. */
static uint32_t positives_to_learn(arq_learner *learner, const arq_batch *batch)
{
    arq_ff_learner *s = learner->state;
    uint32_t head = learner->network->shape.cells - 1;
    float median;
    const arq_parameters *p = &learner->parameters;
    int over = p->ff_updates > 0 && learner->updates >= (uint64_t)p->ff_updates;
    if (over || arq_random_uniform(&learner->own.random) >= p->ff_update_probability) {
        return 0;
    }
    uint32_t positives = arq_ff_classify(batch->size, s->dense.td_target, s->sorted, s->positive, &median);
    for (uint32_t l = 0; l < head && positives == 0; l++) {
        learner->metric[l][ARQ_METRIC_SKIPPED]++;
    }
    return positives;
}

static arq_status learn_layers(arq_learner *learner, const arq_batch *batch, uint32_t positives)
{
    uint32_t head = learner->network->shape.cells - 1;
    if (positives > 0) {
        arq_status status = learn_features(learner, batch, positives);
        if (status != ARQ_OK) {
            return status;
        }
    }
    for (uint32_t l = 0; l < head && positives == 0; l++) {
        compute_layer(learner, batch->size, l);
    }
    arq_ff_head_backward(learner, batch);
    arq_status status = arq_dense_check(learner, "the head", learner->metric[head][ARQ_METRIC_LOSS],
                                        learner->metric[head][ARQ_METRIC_GRADIENT_NORM]);
    if (status != ARQ_OK) {
        return status;
    }
    arq_ff_head_step(learner);
    return ARQ_OK;
}

/* From td_target; of the batch it reads size and actions. */
static arq_status learn(arq_learner *learner, const arq_batch *batch)
{
    double powers[2] = {learner->own.beta1_power, learner->own.beta2_power};
    uint32_t positives = positives_to_learn(learner, batch);
    arq_status status = learn_layers(learner, batch, positives);
    if (status != ARQ_OK && positives > 0) {
        exchange_backup(learner, 1);
        learner->own.beta1_power = powers[0];
        learner->own.beta2_power = powers[1];
    }
    for (uint32_t l = 0; l + 1 < learner->network->shape.cells; l++) {
        arq_dense_measure_units(learner, batch->size, l);
    }
    return status;
}

static arq_status update_from_windows(arq_learner *learner, const arq_batch *batch)
{
    arq_dense_find_targets(learner, batch, 0);
    return learn(learner, batch);
}

static arq_status update_from_targets(arq_learner *learner, const arq_target_batch *batch)
{
    arq_batch rows = {.size = batch->size, .actions = batch->actions};
    arq_dense_take_targets(learner, batch);
    return learn(learner, &rows);
}

/* ---- The kind ---- */

static arq_status make_shape(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape)
{
    arq_parameters own = *parameters;
    own.layer_norm = 0;
    return arq_dense_make_shape(context, &own, shape);
}

static void lay_out(void *owner, arq_arena *arena)
{
    arq_learner *learner = owner;
    arq_ff_learner *s = learner->state;
    arq_dense_lay_out_learner(learner, arena);
    s->backup = arq_arena_floats(arena, 3 * arq_network_weight_count(&learner->network->shape));
    s->goodness = arq_arena_floats(arena, learner->batch);
    s->sorted = arq_arena_floats(arena, learner->batch);
    s->positive = arq_arena_take(arena, learner->batch, 1);
}

static arq_status learner_create(arq_learner *learner)
{
    return arq_dense_learner_make(learner, sizeof(arq_ff_learner), lay_out);
}

static const arq_meaningless meaningless[] = {
    ARQ_WITHOUT_CELLS,
    {"layer_norm", NULL, "divides the inputs of its layers by their length instead"},
    {"double_q", "false", "takes its targets from the target network's own maximum"},
    {.name = NULL}};

const arq_network_methods arq_ff_dqn_network = {
    .name = "ff-dqn",
    .distinct_samples = 1,
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
