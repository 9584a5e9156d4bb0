#include "nn/cells/update.h"

#include "nn/cells/quantile_loss.h"
#include "nn/math/encode.h"
#include "nn/math/optimiser.h"

#include <math.h>
#include <string.h>

/* Samples of one task, and of one partial sum of the LayerNorm's gradients. */
#define SAMPLE_BLOCK 16u

/* Kernels up to this size stay in a core's second-level cache. */
#define CACHED_FLOATS ((size_t)32 << 10)

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

/* Room for the bits of observations by value; networks on other observations need none. */
static size_t transposed_floats(const arq_network_shape *shape, uint32_t batch)
{
    int bits = arq_encoded_segment(shape->observation_kind, shape->observation_size, shape, 1, 0).bits != NULL;
    return bits ? shape->observation_size * ARQ_TRANSPOSED_BYTES(batch) / sizeof(float) + 1 : 0;
}

static void lay_out_pass(const arq_network_shape *shape, size_t batch, float *memory, size_t *used, cells_pass *pass)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        pass->context[l] = take(memory, used, batch * shape->cell[l].width);
        pass->h[l] = take(memory, used, batch * shape->cell[l].width);
    }
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

static void lay_out(const arq_learner *learner, float *memory, cells_learner *s)
{
    const arq_network_shape *shape = &learner->network->shape;
    size_t batch = learner->batch;
    size_t used = 0;
    size_t largest = 0, code1 = 0, code2 = 0;
    lay_out_pass(shape, batch, memory, &used, &s->now);
    lay_out_pass(shape, batch, memory, &used, &s->next_target);
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = &shape->cell[l];
        size_t n = cell->width;
        size_t z1 = cell->heads * n;
        size_t z2 = (size_t)cell->heads * cell->rows;
        s->next.h[l] = take(memory, &used, batch * n);
        s->next.context[l] = shape->context_alpha == 1.0f ? s->now.h[l] : take(memory, &used, batch * n);
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
        largest = larger(largest, cell->offset[ARQ_CELL_TENSORS]);
        code1 = larger(code1, cell->actions * z1);
        code2 = larger(code2, cell->actions * z2);
    }
    s->target_code1 = take(memory, &used, code1);
    s->target_code2 = take(memory, &used, code2);
    size_t work = batch * arq_cells_widest(shape);
    s->u = s->gradient = take(memory, &used, larger(largest, 2 * work));
    s->gh = memory == NULL ? NULL : s->gradient + work;
    s->partial_count = arq_norm_blocks(largest);
    s->partial_sums = take(memory, &used, 2 * s->partial_count);
    s->bound = take(memory, &used, 2 * batch);
    size_t code_bytes = arq_action_codes_bytes(&shape->cell[0], shape->actions);
    size_t batch_code_bytes = arq_action_codes_bytes(&shape->cell[0], learner->batch);
    s->all_codes = take(memory, &used, (code_bytes + 3) / 4);
    s->batch_codes = take(memory, &used, (batch_code_bytes + 3) / 4);
    s->transposed = take(memory, &used, transposed_floats(shape, learner->batch));
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

/* ---- Targets and errors of one cell ---- */

typedef struct cell_task cell_task;

typedef void sample_function(const cell_task *t, uint32_t sample, float *workspace);

/* One projection of a cell and what is done with it for every sample. */
struct cell_task {
    const arq_learner *learner;
    const arq_batch *batch;
    cells_learner *s;
    const arq_cell_shape *cell;
    uint32_t l;
    const float *weights; /* of the cell */
    const cells_pass *pass;
    arq_inputs x;
    arq_projections projections;
    sample_function *function;
};

/* Tasks that follow each other, sample by sample. */
typedef struct cell_tasks {
    cell_task task[3];
    uint32_t count;
} cell_tasks;

static void project_block(const cell_task *t, uint32_t first, uint32_t rows, float *workspace)
{
    arq_map maps[2];
    arq_cell_maps(t->cell, t->weights, t->batch->size, &t->x, &t->projections, maps);
    arq_project_rows(t->learner->context->kernels, &maps[0], first, rows, workspace);
    arq_project_rows(t->learner->context->kernels, &maps[1], first, rows, workspace);
}

static void run_block(const cell_task *t, int project, uint32_t index)
{
    float *workspace = arq_scratch_take(&t->s->scratch);
    uint32_t first = index * SAMPLE_BLOCK;
    uint32_t rows = t->batch->size - first < SAMPLE_BLOCK ? t->batch->size - first : SAMPLE_BLOCK;
    if (project) {
        project_block(t, first, rows, workspace);
    }
    arq_cell_center(t->learner->context->kernels, t->cell, first, rows, t->projections.z1);
    for (uint32_t b = first; b < first + rows; b++) {
        t->function(t, b, workspace);
    }
    arq_scratch_give(&t->s->scratch, workspace);
}

static void run_one(void *data, uint32_t index)
{
    run_block(data, 0, index);
}

static void run_all(void *data, uint32_t index)
{
    const cell_tasks *tasks = data;
    for (uint32_t i = 0; i < tasks->count; i++) {
        run_block(&tasks->task[i], 1, index);
    }
}

/* Whether the cell's two kernels of projections, their dense part, stay in a core's cache while rows pass by: then a
 * block of samples goes through everything at once. Otherwise kernels are packed, for all rows. */
static int fits_cache(const cell_task *t)
{
    size_t dense = 0;
    for (uint32_t i = 0; i < t->x.count; i++) {
        dense += t->x.segment[i].dense == NULL ? 0 : t->x.segment[i].size;
    }
    return dense * t->cell->heads * (t->cell->width + t->cell->rows) <= CACHED_FLOATS;
}

static void run_tasks(cell_tasks *tasks)
{
    const cell_task *first = tasks->task;
    const arq_context *context = first->learner->context;
    uint32_t blocks = sample_blocks(first->batch->size);
    if (fits_cache(first)) {
        arq_parallel_for(context, blocks, run_all, tasks);
        return;
    }
    for (uint32_t i = 0; i < tasks->count; i++) {
        cell_task *t = &tasks->task[i];
        arq_map maps[2];
        arq_cell_maps(t->cell, t->weights, t->batch->size, &t->x, &t->projections, maps);
        arq_project(context, &t->s->scratch, maps, 2);
        arq_parallel_for(context, blocks, run_one, t);
    }
}

/* Q of every action at s_{t+1}; the work space holds them behind the cell's. */
static const float *all_q(const cell_task *t, uint32_t sample, float *workspace)
{
    float *y = workspace + arq_cells_largest_workspace(&t->learner->network->shape);
    float *q = y + arq_cells_most_outputs(&t->learner->network->shape);
    arq_cell_all_actions(t->learner->context->kernels, t->cell, &t->projections, sample,
                         t->pass->h[t->l] + (size_t)sample * t->cell->width, workspace, y, q);
    return q;
}

static void choose_next_action(const cell_task *t, uint32_t sample, float *workspace)
{
    if (t->batch->terminated[sample]) {
        t->s->next_action[t->l][sample] = 0;
        return;
    }
    const float *q = all_q(t, sample, workspace);
    t->s->next_action[t->l][sample] = arq_greedy_action(q, t->cell->actions);
}

/* Q_target(s', a*), or its quantiles, into next_q. */
static void rate_next_action(const cell_task *t, uint32_t sample, float *workspace, float *next_q)
{
    cells_learner *s = t->s;
    if (!t->learner->parameters.double_q) {
        const float *q = all_q(t, sample, workspace);
        s->next_action[t->l][sample] = arq_greedy_action(q, t->cell->actions);
        if (arq_cell_quantiles(t->cell) == 1) {
            *next_q = q[s->next_action[t->l][sample]];
            return;
        }
    }
    int quantiles = arq_cell_quantiles(t->cell) > 1;
    float q = arq_cell_one_action(t->learner->context->kernels, t->cell, &t->projections, sample,
                                  t->pass->h[t->l] + (size_t)sample * t->cell->width,
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

/* Of the norm of the sample's gradient: the sum over the tensors of |input| |error|, the bias having the input 1. */
static double bound_gradient(const cell_task *t, uint32_t sample)
{
    const arq_kernels *kernels = t->learner->context->kernels;
    const arq_cell_shape *cell = t->cell;
    size_t n = cell->width, z1 = cell->heads * n, z2 = (size_t)cell->heads * cell->rows;
    double square = arq_row_square(kernels, &t->x, sample);
    double coded = square + cell->code; /* a code's values are at most 1 */
    return sqrt((square + 1) * kernels->sum_of_squares(n, t->s->du[t->l] + sample * n)) +
           sqrt(coded * kernels->sum_of_squares(z1, t->projections.z1 + sample * z1)) +
           sqrt(coded * kernels->sum_of_squares(z2, t->projections.z2 + sample * z2));
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
        arq_cell_learn_sample(kernels, t->cell, &t->projections, sample, t->pass->h[t->l] + sample * n,
                              (uint32_t)t->batch->actions[sample], &slopes, workspace, gh);
    s->q[t->l][sample] = loss.q;
    s->spread[t->l][sample] = loss.spread;
    const arq_features *features = &s->features[t->l];
    float *partial = s->norm_gradients[t->l] + sample / SAMPLE_BLOCK * 2 * n;
    kernels->layer_norm_backward(n, features->u + sample * n, t->weights + t->cell->offset[ARQ_CELL_NORM_SCALE],
                                 features->mean[sample], features->inverse_std[sample], gh, s->du[t->l] + sample * n,
                                 partial, partial + n);
    s->bound[sample] = bound_gradient(t, sample);
}

/* The pass decides whose weights, and so whose codes of the actions. */
static void add_task(cell_tasks *tasks, const arq_learner *learner, const arq_batch *batch, uint32_t l,
                     const cells_pass *pass, sample_function *function)
{
    cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    int online = pass != &s->next_target;
    cell_task *t = &tasks->task[tasks->count++];
    *t = (cell_task){.learner = learner, .batch = batch, .s = s, .cell = &shape->cell[l], .l = l, .pass = pass};
    t->weights = (online ? learner->network->weights : learner->target) + shape->weights[l];
    t->x = arq_cell_inputs(shape, l, &pass->observation, l == 0 ? NULL : pass->h[l - 1], pass->context);
    t->projections = s->projections[l];
    t->function = function;
    if (!online) {
        t->projections.code1 = s->target_code1;
        t->projections.code2 = s->target_code2;
    }
}

static void project_codes(const cell_task *t)
{
    float *pack = arq_scratch_take(&t->s->scratch);
    arq_segment codes = arq_action_codes(t->cell, t->cell->actions, NULL, t->s->all_codes);
    arq_cell_project_codes(t->learner->context->kernels, t->cell, t->weights, &codes, &t->projections, pack);
    arq_scratch_give(&t->s->scratch, pack);
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

/* Proves the gradient finite before any weight of any cell changes. */
static arq_status check_finite(arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    const cells_learner *s = learner->state;
    size_t partials = 2 * (size_t)learner->network->shape.cell[l].width * sample_blocks(batch->size);
    double loss = learner->metric[l][ARQ_METRIC_LOSS];
    double bound = sqrt((double)sample_blocks(batch->size) *
                        learner->context->kernels->sum_of_squares(partials, s->norm_gradients[l]));
    for (uint32_t b = 0; b < batch->size; b++) {
        bound += s->bound[b];
    }
    if (!isfinite(loss) || !(bound < GRADIENT_LIMIT)) {
        return arq_fail(learner->context, ARQ_E_DIVERGED,
                        "cell %u diverged in update %llu: loss %g, gradient norm up to %g; no weight has changed", l,
                        (unsigned long long)(learner->updates + 1), loss, bound);
    }
    return ARQ_OK;
}

/* Adds the forward and backward pass of s_t to the tasks before it, and runs them all. */
static arq_status learn_after(cell_tasks *tasks, arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    cells_learner *s = learner->state;
    size_t partials = 2 * (size_t)learner->network->shape.cell[l].width * sample_blocks(batch->size);
    memset(s->norm_gradients[l], 0, partials * sizeof(float));
    add_task(tasks, learner, batch, l, &s->now, learn_sample);
    project_codes(&tasks->task[tasks->count - 1]);
    run_tasks(tasks);
    measure_cell(learner, batch, l);
    measure_units(learner, batch->size, l);
    return check_finite(learner, batch, l);
}

arq_status arq_cells_learn(arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    cell_tasks tasks = {.count = 0};
    return learn_after(&tasks, learner, batch, l);
}

/* Temporal-difference targets of one cell, from its own Q at s_{t+1}, then the rest. */
static arq_status prepare_cell(arq_learner *learner, const arq_batch *batch, uint32_t l)
{
    cells_learner *s = learner->state;
    cell_tasks tasks = {.count = 0};
    if (learner->parameters.double_q) {
        add_task(&tasks, learner, batch, l, &s->next, choose_next_action);
    }
    add_task(&tasks, learner, batch, l, &s->next_target, rate_next_state);
    project_codes(&tasks.task[tasks.count - 1]);
    return learn_after(&tasks, learner, batch, l);
}

arq_status arq_cells_prepare(arq_learner *learner, const arq_batch *batch)
{
    arq_cells_see(learner, batch);
    arq_status status = ARQ_OK;
    for (uint32_t l = 0; status == ARQ_OK && l < learner->network->shape.cells; l++) {
        status = prepare_cell(learner, batch, l);
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
    arq_map_gradient maps[ARQ_MAX_MAPS] = {
        {&coded, batch->size, cell->heads * n, s->projections[l].z1, gradient + cell->offset[ARQ_CELL_Z1_KERNEL]},
        {&coded, batch->size, cell->heads * cell->rows, s->projections[l].z2,
         gradient + cell->offset[ARQ_CELL_Z2_KERNEL]},
        {&x, batch->size, n, s->du[l], gradient + cell->offset[ARQ_CELL_H_KERNEL]}};
    arq_project_gradients(context, &s->scratch, maps, ARQ_MAX_MAPS);
    memset(gradient + cell->offset[ARQ_CELL_H_BIAS], 0, 3 * n * sizeof(float)); /* bias, scale and offset */
    context->kernels->add_columns(batch->size, n, s->du[l], n, gradient + cell->offset[ARQ_CELL_H_BIAS]);
    context->kernels->add_columns(sample_blocks(batch->size), 2 * n, s->norm_gradients[l], 2 * n,
                                  gradient + cell->offset[ARQ_CELL_NORM_SCALE]);
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
