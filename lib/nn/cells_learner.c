#include "nn/cells_learner.h"

#include "nn/encode.h"
#include "nn/optimiser.h"
#include "nn/quantile_loss.h"

#include <math.h>
#include <string.h>

/* Samples of one task, and of one partial sum of the LayerNorm's gradients. */
#define SAMPLE_BLOCK 16u

/* A gradient whose norm could be larger than this has diverged: squares must fit a float. */
#define GRADIENT_LIMIT 1e18

static uint32_t sample_blocks(uint32_t batch)
{
    return (batch + SAMPLE_BLOCK - 1) / SAMPLE_BLOCK;
}

uint32_t arq_cells_window(const arq_network_shape *shape, const arq_parameters *parameters)
{
    return arq_cells_have_context(shape) ? (uint32_t)parameters->context_size + 1 : 1;
}

/* Hands out pieces of one block of memory; with memory NULL it only counts. Everything is 4 bytes a value. */
static void *take(float *memory, size_t *used, size_t values)
{
    void *piece = memory == NULL ? NULL : memory + *used;
    *used += (values + 15) / 16 * 16;
    return piece;
}

static void lay_out_pass(const arq_network_shape *shape, size_t batch, float *memory, size_t *used, cells_pass *pass)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        pass->context[l] = take(memory, used, batch * shape->cell[l].width);
        pass->h[l] = take(memory, used, batch * shape->cell[l].width);
    }
}

static void lay_out(const arq_learner *learner, float *memory, cells_learner *s)
{
    const arq_network_shape *shape = &learner->network->shape;
    size_t batch = learner->batch;
    size_t used = 0;
    size_t largest = 0;
    lay_out_pass(shape, batch, memory, &used, &s->now);
    lay_out_pass(shape, batch, memory, &used, &s->next);
    lay_out_pass(shape, batch, memory, &used, &s->next_target);
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = &shape->cell[l];
        size_t n = cell->width;
        size_t z1 = cell->heads * n;
        size_t z2 = (size_t)cell->heads * cell->rows;
        s->features[l].u = take(memory, &used, batch * n);
        s->features[l].mean = take(memory, &used, batch);
        s->features[l].inverse_std = take(memory, &used, batch);
        s->projections[l].z1 = take(memory, &used, batch * z1);
        s->projections[l].z2 = take(memory, &used, batch * z2);
        s->projections[l].code1 = take(memory, &used, cell->actions * z1);
        s->projections[l].code2 = take(memory, &used, cell->actions * z2);
        s->du[l] = take(memory, &used, batch * n);
        s->norm_gradients[l] = take(memory, &used, 2 * n * sample_blocks(learner->batch));
        s->next_action[l] = take(memory, &used, batch);
        s->td_target[l] = take(memory, &used, batch * arq_cell_quantiles(cell));
        s->loss[l] = take(memory, &used, arq_cell_quantiles(cell) > 1 ? batch : 0);
        s->q[l] = take(memory, &used, batch);
        s->spread[l] = take(memory, &used, batch);
        largest = cell->offset[ARQ_CELL_TENSORS] > largest ? cell->offset[ARQ_CELL_TENSORS] : largest;
    }
    s->gradient = take(memory, &used, largest);
    s->partial_count = arq_norm_blocks(largest);
    s->partial_sums = take(memory, &used, 2 * s->partial_count);
    s->u = take(memory, &used, batch * arq_cells_widest(shape));
    s->gh = take(memory, &used, batch * arq_cells_widest(shape));
    size_t code_bytes = arq_action_codes_bytes(&shape->cell[0], shape->actions);
    size_t batch_code_bytes = arq_action_codes_bytes(&shape->cell[0], learner->batch);
    s->all_codes = take(memory, &used, (code_bytes + 3) / 4);
    s->batch_codes = take(memory, &used, (batch_code_bytes + 3) / 4);
    s->memory = memory;
    s->memory_floats = used;
}

arq_status arq_cells_learner_create(arq_learner *learner)
{
    arq_context *context = learner->context;
    const arq_network_shape *shape = &learner->network->shape;
    cells_learner *s = arq_alloc(context, 1, sizeof(*s));
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
    s->outputs = arq_cells_most_outputs(shape) + shape->actions;
    return arq_scratch_create(context, arq_cells_scratch_floats(shape, learner->batch, s->outputs), &s->scratch);
}

void arq_cells_learner_destroy(arq_learner *learner)
{
    cells_learner *s = learner->state;
    if (s != NULL) {
        arq_free(learner->context, s->memory, s->memory_floats, sizeof(float));
        arq_scratch_destroy(&s->scratch);
        arq_free(learner->context, s, 1, sizeof(*s));
    }
}

/* ---- Contexts ---- */

static arq_segment frame(const arq_learner *learner, const arq_batch *batch, uint32_t index)
{
    const arq_network_shape *shape = &learner->network->shape;
    return arq_encoded_segment(shape->observation_kind, shape->observation_size, batch->frames, learner->window + 1,
                               index);
}

/* Context of the next step from h of this one. A whole step (alpha 1) trades the two buffers. */
static void move_context(const arq_learner *learner, uint32_t batch, cells_pass *pass)
{
    const arq_network_shape *shape = &learner->network->shape;
    for (uint32_t l = 0; l < shape->cells; l++) {
        if (shape->context_alpha == 1.0f) {
            float *h = pass->h[l];
            pass->h[l] = pass->context[l];
            pass->context[l] = h;
        } else {
            learner->context->kernels->blend((size_t)batch * shape->cell[l].width, shape->context_alpha, pass->h[l],
                                             pass->context[l]);
        }
    }
}

/* With window_padding zero-context an episode younger than the window starts at its true beginning. */
static void clear_unborn(const arq_learner *learner, const arq_batch *batch, uint32_t step, cells_pass *pass)
{
    const arq_network_shape *shape = &learner->network->shape;
    for (uint32_t b = 0; b < batch->size; b++) {
        if (batch->lengths == NULL || step + (uint32_t)batch->lengths[b] >= learner->window) {
            continue;
        }
        for (uint32_t l = 0; l < shape->cells; l++) {
            size_t n = shape->cell[l].width;
            memset(pass->context[l] + b * n, 0, n * sizeof(float));
        }
    }
}

/* Contexts from zeros over the first `steps` observations of the window. */
static void roll_contexts(const arq_learner *learner, const arq_batch *batch, const float *weights, uint32_t steps,
                          cells_pass *pass)
{
    cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    for (uint32_t l = 0; l < shape->cells; l++) {
        memset(pass->context[l], 0, (size_t)batch->size * shape->cell[l].width * sizeof(float));
    }
    for (uint32_t step = 0; step < steps; step++) {
        arq_segment observation = frame(learner, batch, step);
        arq_cells_features(learner->context, &s->scratch, shape, weights, batch->size, &observation, pass->context,
                           s->u, pass->h, NULL);
        move_context(learner, batch->size, pass);
        if (learner->parameters.window_padding == ARQ_PADDING_ZERO_CONTEXT) {
            clear_unborn(learner, batch, step, pass);
        }
    }
}

/* The online context of s_{t+1} is what the pass at s_t ends with. */
static void context_after(const arq_learner *learner, uint32_t batch, const cells_pass *now, cells_pass *next)
{
    const arq_network_shape *shape = &learner->network->shape;
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t values = (size_t)batch * shape->cell[l].width;
        memcpy(next->context[l], now->context[l], values * sizeof(float));
        learner->context->kernels->blend(values, shape->context_alpha, now->h[l], next->context[l]);
    }
}

static void compute_pass(const arq_learner *learner, const arq_batch *batch, const float *weights, uint32_t index,
                         cells_pass *pass, const arq_features *saved)
{
    cells_learner *s = learner->state;
    pass->observation = frame(learner, batch, index);
    arq_cells_features(learner->context, &s->scratch, &learner->network->shape, weights, batch->size,
                       &pass->observation, pass->context, s->u, pass->h, saved);
}

static void compute_features(const arq_learner *learner, const arq_batch *batch)
{
    cells_learner *s = learner->state;
    const float *online = learner->network->weights;
    int have_context = arq_cells_have_context(&learner->network->shape);
    if (have_context) {
        roll_contexts(learner, batch, online, learner->window - 1, &s->now);
    }
    compute_pass(learner, batch, online, learner->window - 1, &s->now, s->features);
    if (have_context) {
        context_after(learner, batch->size, &s->now, &s->next);
        roll_contexts(learner, batch, learner->target, learner->window, &s->next_target);
    }
    if (learner->parameters.double_q) {
        compute_pass(learner, batch, online, learner->window, &s->next, NULL);
    }
    compute_pass(learner, batch, learner->target, learner->window, &s->next_target, NULL);
}

/* ---- Targets and errors of one cell ---- */

typedef struct cell_task {
    const arq_learner *learner;
    const arq_batch *batch;
    cells_learner *s;
    const arq_cell_shape *cell;
    const float *weights;
    uint32_t l;
} cell_task;

typedef void sample_function(const cell_task *t, uint32_t sample, float *workspace);

typedef struct sample_task {
    const cell_task *cell;
    sample_function *function;
} sample_task;

static void run_samples(void *data, uint32_t index)
{
    const sample_task *t = data;
    const cell_task *cell = t->cell;
    float *workspace = arq_scratch_take(&cell->s->scratch);
    uint32_t end = (index + 1) * SAMPLE_BLOCK;
    for (uint32_t b = index * SAMPLE_BLOCK; b < end && b < cell->batch->size; b++) {
        t->function(cell, b, workspace);
    }
    arq_scratch_give(&cell->s->scratch, workspace);
}

static void for_samples(const cell_task *cell, sample_function *function)
{
    sample_task task = {cell, function};
    arq_parallel_for(cell->learner->context, sample_blocks(cell->batch->size), run_samples, &task);
}

/* Q of every action at s_{t+1}; the work space holds them behind the cell's. */
static const float *all_q(const cell_task *t, const cells_pass *pass, uint32_t sample, float *workspace)
{
    float *y = workspace + arq_cells_largest_workspace(&t->learner->network->shape);
    float *q = y + arq_cells_most_outputs(&t->learner->network->shape);
    arq_cell_all_actions(t->learner->context->kernels, t->cell, &t->s->projections[t->l], sample,
                         pass->h[t->l] + (size_t)sample * t->cell->width, workspace, y, q);
    return q;
}

static void choose_next_action(const cell_task *t, uint32_t sample, float *workspace)
{
    if (t->batch->terminated[sample]) {
        t->s->next_action[t->l][sample] = 0;
        return;
    }
    const float *q = all_q(t, &t->s->next, sample, workspace);
    t->s->next_action[t->l][sample] = arq_greedy_action(q, t->cell->actions);
}

/* Q_target(s', a*), or its quantiles, into next_q. */
static void rate_next_action(const cell_task *t, uint32_t sample, float *workspace, float *next_q)
{
    cells_learner *s = t->s;
    if (!t->learner->parameters.double_q) {
        const float *q = all_q(t, &s->next_target, sample, workspace);
        s->next_action[t->l][sample] = arq_greedy_action(q, t->cell->actions);
        if (arq_cell_quantiles(t->cell) == 1) {
            *next_q = q[s->next_action[t->l][sample]];
            return;
        }
    }
    int quantiles = arq_cell_quantiles(t->cell) > 1;
    float q = arq_cell_one_action(t->learner->context->kernels, t->cell, &s->projections[t->l], sample,
                                  s->next_target.h[t->l] + (size_t)sample * t->cell->width,
                                  (uint32_t)s->next_action[t->l][sample], workspace, quantiles ? next_q : NULL);
    if (!quantiles) {
        *next_q = q;
    }
}

/* r + gamma Q_target(s', a*), bootstrap stops at terminations. */
static void rate_next_state(const cell_task *t, uint32_t sample, float *workspace)
{
    uint32_t n = arq_cell_quantiles(t->cell);
    float *target = t->s->td_target[t->l] + (size_t)sample * n;
    if (t->batch->terminated[sample]) {
        memset(target, 0, n * sizeof(float));
    } else {
        rate_next_action(t, sample, workspace, target);
    }
    for (uint32_t i = 0; i < n; i++) {
        target[i] = t->batch->rewards[sample] + (float)t->learner->parameters.gamma * target[i];
    }
}

/* dLoss/dQ of one sample: 2 e / B, or clamp(e, -1, 1) / B. */
static float slope_of_q(void *data, uint32_t sample, float q)
{
    const cell_task *t = data;
    float e = q - t->s->td_target[t->l][sample];
    float batch = (float)t->batch->size;
    if (t->learner->parameters.loss == ARQ_LOSS_HUBER) {
        return (e > 1 ? 1 : e < -1 ? -1 : e) / batch;
    }
    return 2 * e / batch;
}

static void slope_of_quantiles(void *data, uint32_t sample, const float *y, float *gy)
{
    const cell_task *t = data;
    uint32_t n = arq_cell_quantiles(t->cell);
    int huber = t->learner->parameters.loss == ARQ_LOSS_HUBER;
    const float *target = t->s->td_target[t->l] + (size_t)sample * n;
    t->s->loss[t->l][sample] = (float)arq_quantile_loss(n, y, target, huber);
    arq_quantile_slopes(n, y, target, huber, t->batch->size, gy);
}

static void learn_sample(const cell_task *t, uint32_t sample, float *workspace)
{
    cells_learner *s = t->s;
    const arq_kernels *kernels = t->learner->context->kernels;
    size_t n = t->cell->width;
    cell_task own = *t;
    const arq_loss_slopes slopes = {slope_of_q, slope_of_quantiles, &own};
    float *gh = s->gh + sample * n;
    arq_sample_loss loss =
        arq_cell_learn_sample(kernels, t->cell, &s->projections[t->l], sample, s->now.h[t->l] + sample * n,
                              (uint32_t)t->batch->actions[sample], &slopes, workspace, gh);
    s->q[t->l][sample] = loss.q;
    s->spread[t->l][sample] = loss.spread;
    const arq_features *features = &s->features[t->l];
    float *partial = s->norm_gradients[t->l] + sample / SAMPLE_BLOCK * 2 * n;
    kernels->layer_norm_backward(n, features->u + sample * n, t->weights + t->cell->offset[ARQ_CELL_NORM_SCALE],
                                 features->mean[sample], features->inverse_std[sample], gh, s->du[t->l] + sample * n,
                                 partial, partial + n);
}

static arq_segment all_codes(const cell_task *t)
{
    return arq_action_codes(t->cell, t->cell->actions, NULL, t->s->all_codes);
}

static void project(const cell_task *t, const float *weights, const cells_pass *pass)
{
    arq_inputs x = arq_cell_inputs(&t->learner->network->shape, t->l, &pass->observation,
                                   t->l == 0 ? NULL : pass->h[t->l - 1], pass->context);
    arq_segment codes = all_codes(t);
    arq_cell_project(t->learner->context, &t->s->scratch, t->cell, weights, t->batch->size, &x, &codes,
                     &t->s->projections[t->l]);
}

static cell_task task_of(const arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    const arq_network_shape *shape = &learner->network->shape;
    cell_task task = {learner, batch, learner->state, &shape->cell[l], learner->network->weights + shape->weights[l],
                      l};
    return task;
}

/* ---- What an update says about itself ---- */

/* The mean of a sample's targets: one, or its quantiles. */
static double mean_target(const cells_learner *s, const arq_cell_shape *cell, uint32_t l, uint32_t sample)
{
    uint32_t n = arq_cell_quantiles(cell);
    double sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        sum += (double)s->td_target[l][(size_t)sample * n + i];
    }
    return sum / n;
}

static void measure_cell(arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    const cells_learner *s = learner->state;
    const arq_cell_shape *cell = &learner->network->shape.cell[l];
    double *metric = learner->metric[l];
    double loss = 0, q = 0, target = 0, td_error = 0, spread = 0;
    for (uint32_t b = 0; b < batch->size; b++) {
        double wanted = mean_target(s, cell, l, b);
        double e = (double)s->q[l][b] - wanted;
        double size = fabs(e);
        loss += arq_cell_quantiles(cell) > 1               ? (double)s->loss[l][b]
                : learner->parameters.loss == ARQ_LOSS_MSE ? e * e
                : size <= 1                                ? e * e / 2
                                                           : size - 0.5;
        q += (double)s->q[l][b];
        target += wanted;
        td_error += size;
        spread += (double)s->spread[l][b];
    }
    metric[ARQ_METRIC_LOSS] = loss / batch->size;
    metric[ARQ_METRIC_Q] = q / batch->size;
    metric[ARQ_METRIC_TARGET_Q] = target / batch->size;
    metric[ARQ_METRIC_TD_ERROR] = td_error / batch->size;
    metric[ARQ_METRIC_SPREAD] = spread / batch->size;
}

/* Share of zero ReLU outputs, and of units that never fire in the batch. */
static void measure_units(arq_learner *learner, uint32_t batch, uint32_t l)
{
    const cells_learner *s = learner->state;
    uint32_t n = learner->network->shape.cell[l].width;
    uint32_t *fired = (uint32_t *)(void *)s->u; /* work space, free by now */
    uint64_t total = 0;
    memset(fired, 0, n * sizeof(*fired));
    for (uint32_t b = 0; b < batch; b++) {
        const float *u = s->features[l].u + (size_t)b * n;
        for (uint32_t i = 0; i < n; i++) {
            fired[i] += u[i] > 0;
        }
    }
    uint32_t dead = 0;
    for (uint32_t i = 0; i < n; i++) {
        dead += fired[i] == 0;
        total += fired[i];
    }
    learner->metric[l][ARQ_METRIC_DEAD] = (double)dead / n;
    learner->metric[l][ARQ_METRIC_ZERO] = 1 - (double)total / ((double)n * batch);
}

/* ---- Gradients ---- */

static arq_inputs inputs_now(const arq_learner *learner, uint32_t l)
{
    const cells_learner *s = learner->state;
    return arq_cell_inputs(&learner->network->shape, l, &s->now.observation, l == 0 ? NULL : s->now.h[l - 1],
                           s->now.context);
}

static arq_inputs with_codes(const arq_learner *learner, const arq_batch *batch, uint32_t l, arq_inputs x)
{
    const cells_learner *s = learner->state;
    const arq_cell_shape *cell = &learner->network->shape.cell[l];
    if (cell->action_at_input) {
        arq_inputs_add(&x, arq_action_codes(cell, batch->size, batch->actions, s->batch_codes));
    }
    return x;
}

/* Proves the gradient finite before any weight of any cell changes: its norm is at most the sum over samples
 * of |input| |error|. */
static arq_status check_finite(arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    const cells_learner *s = learner->state;
    const arq_cell_shape *cell = &learner->network->shape.cell[l];
    const arq_kernels *kernels = learner->context->kernels;
    arq_inputs x = inputs_now(learner, l);
    arq_inputs coded = with_codes(learner, batch, l, x);
    double bound = arq_gradient_bound(kernels, batch->size, &x, s->du[l], cell->width);
    bound += arq_gradient_bound(kernels, batch->size, &coded, s->projections[l].z1, cell->heads * cell->width);
    bound += arq_gradient_bound(kernels, batch->size, &coded, s->projections[l].z2, cell->heads * cell->rows);
    size_t partials = 2 * (size_t)cell->width * sample_blocks(batch->size);
    bound += sqrt((double)sample_blocks(batch->size) * kernels->sum_of_squares(partials, s->norm_gradients[l]));
    bound += sqrt((double)batch->size * kernels->sum_of_squares((size_t)batch->size * cell->width, s->du[l]));
    double loss = learner->metric[l][ARQ_METRIC_LOSS];
    if (!isfinite(loss) || !(bound < GRADIENT_LIMIT)) {
        return arq_fail(learner->context, ARQ_E_DIVERGED,
                        "cell %u diverged in update %llu: loss %g, gradient norm up to %g; no weight has changed", l,
                        (unsigned long long)(learner->updates + 1), loss, bound);
    }
    return ARQ_OK;
}

/* Temporal-difference targets of one cell, from its own Q at s_{t+1}. */
static void find_targets(const arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    cell_task t = task_of(learner, batch, l);
    if (learner->parameters.double_q) {
        project(&t, t.weights, &t.s->next);
        for_samples(&t, choose_next_action);
    }
    project(&t, learner->target + learner->network->shape.weights[l], &t.s->next_target);
    for_samples(&t, rate_next_state);
}

arq_status arq_cells_learn(arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    cell_task t = task_of(learner, batch, l);
    memset(t.s->norm_gradients[l], 0, sizeof(float) * 2 * t.cell->width * sample_blocks(batch->size));
    project(&t, t.weights, &t.s->now);
    for_samples(&t, learn_sample);
    measure_cell(learner, batch, l);
    measure_units(learner, batch->size, l);
    return check_finite(learner, batch, l);
}

arq_status arq_cells_prepare(arq_learner *learner, const arq_batch *batch)
{
    compute_features(learner, batch);
    arq_status status = ARQ_OK;
    for (uint32_t l = 0; status == ARQ_OK && l < learner->network->shape.cells; l++) {
        find_targets(learner, batch, l);
        status = arq_cells_learn(learner, batch, l);
    }
    return status;
}

double arq_cells_gradient(arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    cells_learner *s = learner->state;
    const arq_context *context = learner->context;
    const arq_cell_shape *cell = &learner->network->shape.cell[l];
    uint32_t n = cell->width;
    arq_inputs x = inputs_now(learner, l);
    arq_inputs coded = with_codes(learner, batch, l, x);
    float *gradient = s->gradient;
    arq_project_gradient(context, &s->scratch, batch->size, &x, s->du[l], n,
                         gradient + cell->offset[ARQ_CELL_H_KERNEL]);
    memset(gradient + cell->offset[ARQ_CELL_H_BIAS], 0, 3 * n * sizeof(float)); /* bias, scale and offset */
    context->kernels->add_columns(batch->size, n, s->du[l], n, gradient + cell->offset[ARQ_CELL_H_BIAS]);
    context->kernels->add_columns(sample_blocks(batch->size), 2 * n, s->norm_gradients[l], 2 * n,
                                  gradient + cell->offset[ARQ_CELL_NORM_SCALE]);
    arq_project_gradient(context, &s->scratch, batch->size, &coded, s->projections[l].z1, cell->heads * n,
                         gradient + cell->offset[ARQ_CELL_Z1_KERNEL]);
    arq_project_gradient(context, &s->scratch, batch->size, &coded, s->projections[l].z2, cell->heads * cell->rows,
                         gradient + cell->offset[ARQ_CELL_Z2_KERNEL]);
    return arq_gradient_norm(context, cell->offset[ARQ_CELL_TENSORS], gradient, s->partial_sums);
}

void arq_cells_step(arq_learner *learner, uint32_t l, double norm)
{
    const cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    const arq_parameters *p = &learner->parameters;
    size_t first = shape->weights[l];
    arq_adam_step step = arq_adam_constants(p->learning_rate, p->beta1, p->beta2, p->adam_epsilon, learner->beta1_power,
                                            learner->beta2_power, norm, p->clip);
    arq_adam_update(learner->context, shape->cell[l].offset[ARQ_CELL_TENSORS], &step, s->gradient,
                    learner->network->weights + first, learner->m + first, learner->v + first);
}

void arq_cells_apply(arq_learner *learner, const arq_batch *batch)
{
    learner->beta1_power *= learner->parameters.beta1;
    learner->beta2_power *= learner->parameters.beta2;
    for (uint32_t l = 0; l < learner->network->shape.cells; l++) {
        double norm = arq_cells_gradient(learner, batch, l);
        learner->metric[l][ARQ_METRIC_GRADIENT_NORM] = norm;
        arq_cells_step(learner, l, norm);
    }
}

arq_status arq_cells_update(arq_learner *learner, const arq_batch *batch)
{
    arq_status status = arq_cells_prepare(learner, batch);
    if (status != ARQ_OK) {
        return status;
    }
    arq_cells_apply(learner, batch);
    return ARQ_OK;
}
