/* What an update sees first: windows run through the cells, for contexts and h of s_t and s_{t+1}. Rows of the batch
 * know nothing of each other here, so a task takes some of them through the whole window. */
#include "nn/cells/update.h"
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
static void step_rows(const window_rows *r, uint32_t index, float *const *contexts, float *const *h,
                      const arq_features *saved)
{
    arq_segment observation = frame(r->learner, r->batch, index);
    arq_cells_features_rows(r->learner->context->kernels, &r->learner->network->shape, r->weights, r->first, r->rows,
                            &observation, contexts, r->u, h, saved, r->workspace);
}

/* Context of the next step from h of this one. A whole step (alpha 1) trades the two buffers. */
static void move_contexts(const window_rows *r, cells_pass *pass)
{
    const arq_network_shape *shape = &r->learner->network->shape;
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t n = shape->cell[l].width;
        if (shape->context_alpha == 1.0f) {
            float *h = pass->h[l];
            pass->h[l] = pass->context[l];
            pass->context[l] = h;
        } else {
            r->learner->context->kernels->blend(r->rows * n, shape->context_alpha, pass->h[l] + r->first * n,
                                                pass->context[l] + r->first * n);
        }
    }
}

/* With window_padding zero-context an episode younger than the window starts at its true beginning. */
static void clear_unborn(const window_rows *r, uint32_t step, const cells_pass *pass)
{
    const arq_network_shape *shape = &r->learner->network->shape;
    const int32_t *lengths = r->batch->lengths;
    for (uint32_t b = r->first; b < r->first + r->rows; b++) {
        if (lengths == NULL || step + (uint32_t)lengths[b] >= r->learner->window) {
            continue;
        }
        for (uint32_t l = 0; l < shape->cells; l++) {
            size_t n = shape->cell[l].width;
            memset(pass->context[l] + b * n, 0, n * sizeof(float));
        }
    }
}

/* Contexts from zeros over the first `steps` observations of the window; zeros are not multiplied. */
static void roll_contexts(const window_rows *r, uint32_t steps, cells_pass *pass)
{
    const arq_network_shape *shape = &r->learner->network->shape;
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t n = shape->cell[l].width;
        memset(pass->context[l] + r->first * n, 0, r->rows * n * sizeof(float));
    }
    for (uint32_t step = 0; step < steps; step++) {
        step_rows(r, step, step == 0 ? NULL : pass->context, pass->h, NULL);
        move_contexts(r, pass);
        if (r->learner->parameters.window_padding == ARQ_PADDING_ZERO_CONTEXT) {
            clear_unborn(r, step, pass);
        }
    }
}

/* The online context of s_{t+1} is what the pass at s_t ends with: after a whole step h itself. */
static void context_after(const window_rows *r, const cells_pass *now, cells_pass *next)
{
    const arq_network_shape *shape = &r->learner->network->shape;
    for (uint32_t l = 0; l < shape->cells; l++) {
        if (shape->context_alpha == 1.0f) {
            next->context[l] = now->h[l];
            continue;
        }
        size_t n = shape->cell[l].width;
        size_t values = r->rows * n;
        float *context = next->context[l] + r->first * n;
        memcpy(context, now->context[l] + r->first * n, values * sizeof(float));
        r->learner->context->kernels->blend(values, shape->context_alpha, now->h[l] + r->first * n, context);
    }
}

static void see_online(const window_rows *r, const cells_learner *s)
{
    const arq_learner *learner = r->learner;
    cells_pass now = s->now, next = s->next;
    int have_context = arq_cells_have_context(&learner->network->shape);
    if (have_context) {
        roll_contexts(r, learner->window - 1, &now);
    }
    step_rows(r, learner->window - 1, now.context, now.h, s->features);
    if (have_context) {
        context_after(r, &now, &next);
    }
    if (learner->parameters.double_q) {
        step_rows(r, learner->window, next.context, next.h, NULL);
    }
}

static void see_target(const window_rows *r, const cells_learner *s)
{
    cells_pass next = s->next_target;
    if (arq_cells_have_context(&r->learner->network->shape)) {
        roll_contexts(r, r->learner->window, &next);
    }
    step_rows(r, r->learner->window, next.context, next.h, NULL);
}

/* A block of rows with online weights, then as many tasks with target weights; last, if wanted, the bits by value. */
static void see_block(void *data, uint32_t index)
{
    const window_task *t = data;
    const cells_learner *s = t->learner->state;
    if (index == 2 * t->blocks) {
        arq_transpose_bits(&s->now.observation, 0, t->batch->size, s->transposed);
        return;
    }
    int online = index < t->blocks;
    window_rows r = {.learner = t->learner, .batch = t->batch, .first = index % t->blocks * t->block};
    r.rows = t->batch->size - r.first < t->block ? t->batch->size - r.first : t->block;
    r.weights = online ? t->learner->network->weights : t->learner->target;
    r.u = (online ? s->u : s->gh) + (size_t)r.first * arq_cells_widest(&t->learner->network->shape);
    r.workspace = arq_scratch_take(&s->scratch);
    if (online) {
        see_online(&r, s);
    } else {
        see_target(&r, s);
    }
    arq_scratch_give(&s->scratch, r.workspace);
}

/* After an odd number of whole steps every task's own copy of the pass has its buffers traded. */
static void follow_trades(const arq_network_shape *shape, uint32_t steps, cells_pass *pass)
{
    for (uint32_t l = 0; shape->context_alpha == 1.0f && steps % 2 != 0 && l < shape->cells; l++) {
        float *h = pass->h[l];
        pass->h[l] = pass->context[l];
        pass->context[l] = h;
    }
}

void arq_cells_see(arq_learner *learner, const arq_batch *batch)
{
    cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    uint32_t block = arq_cells_rows(batch->size);
    window_task task = {learner, batch, block, (batch->size + block - 1) / block};
    s->now.observation = frame(learner, batch, learner->window - 1);
    s->next.observation = frame(learner, batch, learner->window);
    s->next_target.observation = s->next.observation;
    arq_parallel_for(learner->context, 2 * task.blocks + (s->now.observation.bits != NULL), see_block, &task);
    s->now.observation.transposed = s->now.observation.bits == NULL ? NULL : s->transposed;
    if (arq_cells_have_context(shape)) {
        follow_trades(shape, learner->window - 1, &s->now);
        follow_trades(shape, learner->window, &s->next_target);
        for (uint32_t l = 0; shape->context_alpha == 1.0f && l < shape->cells; l++) {
            s->next.context[l] = s->now.h[l];
        }
    }
}
