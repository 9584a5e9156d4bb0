#include "nn/cells/window.h"

#include "nn/cells/features.h"
#include "nn/math/encode.h"

#include <string.h>

typedef struct window_task {
    const arq_learner *learner;
    const arq_batch *batch;
    uint32_t block; /* rows of a task */
    uint32_t blocks;
} window_task;

/* Some rows of the batch, on one task. */
typedef struct window_rows {
    const arq_learner *learner;
    const arq_batch *batch;
    const float *weights;
    uint32_t first, rows;
    float *u; /* [rows, widest] */
    float *workspace;
} window_rows;

static arq_segment frame(const arq_learner *learner, const arq_batch *batch, uint32_t index)
{
    const arq_network_shape *shape = &learner->network->shape;
    return arq_encoded_segment(shape->observation_kind, shape->observation_size, batch->frames, learner->window + 1,
                               index);
}

/* h of one time step. */
static void step_rows(const window_rows *r, uint32_t index, float *const *previous, float *const *h,
                      const arq_features *saved)
{
    arq_segment observation = frame(r->learner, r->batch, index);
    arq_cells_features_rows(r->learner->context->kernels, &r->learner->network->shape, r->weights, r->first, r->rows,
                            &observation, previous, r->u, h, saved, r->workspace);
}

static float alpha_of(const arq_learner *learner)
{
    return arq_cells_shape_of(&learner->network->shape)->context_alpha;
}

static void exchange(arq_cells_pass *pass, uint32_t l)
{
    float *h = pass->h[l];
    pass->h[l] = pass->previous[l];
    pass->previous[l] = h;
}

/* The step's h becomes what the next step sees. With alpha 1 that is all of it: the two buffers change places. */
static void move_on(const window_rows *r, arq_cells_pass *pass)
{
    const arq_network_shape *shape = &r->learner->network->shape;
    float alpha = alpha_of(r->learner);
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t n = shape->width[l];
        if (alpha == 1.0f) {
            exchange(pass, l);
        } else {
            r->learner->context->kernels->blend(r->rows * n, alpha, pass->h[l] + r->first * n,
                                                pass->previous[l] + r->first * n);
        }
    }
}

/* With window_padding zero-context: an episode younger than the window begins at this step, so what came before is
 * forgotten. */
static void forget_padding(const window_rows *r, uint32_t step, const arq_cells_pass *pass)
{
    const arq_network_shape *shape = &r->learner->network->shape;
    const int32_t *lengths = r->batch->lengths;
    for (uint32_t b = r->first; b < r->first + r->rows; b++) {
        if (lengths == NULL || step + (uint32_t)lengths[b] >= r->learner->window) {
            continue;
        }
        for (uint32_t l = 0; l < shape->cells; l++) {
            size_t n = shape->width[l];
            memset(pass->previous[l] + b * n, 0, n * sizeof(float));
        }
    }
}

/* The first `steps` observations of the window, from zeros; the first step leaves the products with zeros out. */
static void run_window(const window_rows *r, uint32_t steps, arq_cells_pass *pass)
{
    const arq_network_shape *shape = &r->learner->network->shape;
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t n = shape->width[l];
        memset(pass->previous[l] + r->first * n, 0, r->rows * n * sizeof(float));
    }
    for (uint32_t step = 0; step < steps; step++) {
        step_rows(r, step, step == 0 ? NULL : pass->previous, pass->h, NULL);
        move_on(r, pass);
        if (r->learner->parameters.window_padding == ARQ_PADDING_ZERO_CONTEXT) {
            forget_padding(r, step, pass);
        }
    }
}

/* What the online network sees of s_t at s_{t+1}. With alpha 1 it is h of s_t itself. */
static void continue_pass(const window_rows *r, const arq_cells_pass *now, arq_cells_pass *next)
{
    const arq_network_shape *shape = &r->learner->network->shape;
    float alpha = alpha_of(r->learner);
    for (uint32_t l = 0; l < shape->cells; l++) {
        if (alpha == 1.0f) {
            next->previous[l] = now->h[l];
            continue;
        }
        size_t n = shape->width[l];
        size_t values = r->rows * n;
        float *previous = next->previous[l] + r->first * n;
        memcpy(previous, now->previous[l] + r->first * n, values * sizeof(float));
        r->learner->context->kernels->blend(values, alpha, now->h[l] + r->first * n, previous);
    }
}

static void run_online(const window_rows *r, const arq_cells_learner *s)
{
    const arq_learner *learner = r->learner;
    arq_cells_pass now = s->now, next = s->next;
    int see_previous = arq_cells_see_previous(&learner->network->shape);
    if (see_previous) {
        run_window(r, learner->window - 1, &now);
    }
    step_rows(r, learner->window - 1, now.previous, now.h, s->features);
    if (see_previous) {
        continue_pass(r, &now, &next);
    }
    if (learner->parameters.double_q) {
        step_rows(r, learner->window, next.previous, next.h, NULL);
    }
}

static void run_target(const window_rows *r, const arq_cells_learner *s)
{
    arq_cells_pass next = s->next_target;
    if (arq_cells_see_previous(&r->learner->network->shape)) {
        run_window(r, r->learner->window, &next);
    }
    step_rows(r, r->learner->window, next.previous, next.h, NULL);
}

/* Tasks: blocks of rows with online weights, then as many with target weights; last, if wanted, the bits of s_t by
 * value. */
static void run_task(void *data, uint32_t index)
{
    const window_task *t = data;
    const arq_cells_learner *s = t->learner->state;
    if (index == 2 * t->blocks) {
        arq_transpose_bits(&s->now.observation, 0, t->batch->size, s->transposed);
        return;
    }
    int online = index < t->blocks;
    window_rows r = {.learner = t->learner, .batch = t->batch, .first = index % t->blocks * t->block};
    r.rows = t->batch->size - r.first < t->block ? t->batch->size - r.first : t->block;
    r.weights = online ? t->learner->network->weights : t->learner->target;
    r.u = (online ? s->u : s->gh) + r.first * s->largest.width;
    r.workspace = arq_scratch_take(&s->scratch);
    if (online) {
        run_online(&r, s);
    } else {
        run_target(&r, s);
    }
    arq_scratch_give(&s->scratch, r.workspace);
}

/* Tasks exchange buffers in their own copies of a pass. After an odd number of whole steps the pass itself follows. */
static void follow_exchanges(const arq_learner *learner, uint32_t steps, arq_cells_pass *pass)
{
    for (uint32_t l = 0; steps % 2 != 0 && l < learner->network->shape.cells; l++) {
        exchange(pass, l);
    }
}

void arq_cells_run_windows(arq_learner *learner, const arq_batch *batch)
{
    arq_cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    uint32_t block = arq_cells_rows(batch->size);
    window_task task = {learner, batch, block, (batch->size + block - 1) / block};
    s->now.observation = frame(learner, batch, learner->window - 1);
    s->next.observation = frame(learner, batch, learner->window);
    s->next_target.observation = s->next.observation;
    arq_parallel_for(learner->context, 2 * task.blocks + (s->now.observation.bits != NULL), run_task, &task);
    s->now.observation.transposed = s->now.observation.bits == NULL ? NULL : s->transposed;
    if (arq_cells_see_previous(shape) && alpha_of(learner) == 1.0f) {
        follow_exchanges(learner, learner->window - 1, &s->now);
        follow_exchanges(learner, learner->window, &s->next_target);
        for (uint32_t l = 0; l < shape->cells; l++) {
            s->next.previous[l] = s->now.h[l];
        }
    }
}

uint32_t arq_cells_window(const arq_network_shape *shape, const arq_parameters *parameters)
{
    return arq_cells_see_previous(shape) ? (uint32_t)parameters->context_size + 1 : 1;
}
