#include "nn/cells/acting.h"

#include "core/arena.h"
#include "nn/cells/features.h"
#include "nn/cells/sizes.h"
#include "nn/math/encode.h"

#include <string.h>

/* Everything the cells of several episodes keep and need. */
typedef struct cells_state {
    arq_scratch scratch;
    arq_arena arena;
    float *previous[ARQ_MAX_CELLS]; /* [E, n] */
    float *h[ARQ_MAX_CELLS];        /* [E, n] */
    float *y[ARQ_MAX_CELLS];        /* [E, A, action_rows] */
    float *q[ARQ_MAX_CELLS];        /* [E, A] */
    float *u;                       /* [E, widest] */
    arq_projections projections;
    void *codes; /* every action's code */
} cells_state;

static void lay_out(void *owner, arq_arena *arena)
{
    arq_activations *activations = owner;
    cells_state *state = activations->state;
    const arq_network_shape *shape = &activations->shape;
    arq_cells_sizes largest = arq_cells_largest(shape);
    size_t e = activations->episodes;
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = arq_cell_at(shape, l);
        state->previous[l] = arq_arena_floats(arena, e * cell->width);
        state->h[l] = arq_arena_floats(arena, e * cell->width);
        state->y[l] = arq_arena_floats(arena, e * arq_cell_all_outputs(cell));
        state->q[l] = arq_arena_floats(arena, e * cell->actions);
    }
    state->u = arq_arena_floats(arena, e * largest.width);
    state->projections.z1 = arq_arena_floats(arena, e * largest.z1);
    state->projections.z2 = arq_arena_floats(arena, e * largest.z2);
    state->projections.code1 = arq_arena_floats(arena, shape->actions * largest.z1);
    state->projections.code2 = arq_arena_floats(arena, shape->actions * largest.z2);
    state->codes = arq_arena_take(arena, arq_action_codes_bytes(arq_cell_at(shape, 0), shape->actions), 1);
}

arq_status arq_cells_activations_create(arq_activations *activations)
{
    arq_context *context = activations->context;
    cells_state *state = arq_alloc(context, 1, sizeof(*state));
    if (state == NULL) {
        return arq_fail_memory(context, "activations", sizeof(*state));
    }
    activations->state = state;
    arq_status status = arq_arena_create(context, "activations", lay_out, activations, &state->arena);
    if (status != ARQ_OK) {
        return status;
    }
    size_t floats = arq_cells_scratch_floats(&activations->shape, activations->episodes, 0);
    return arq_scratch_create(context, floats, &state->scratch);
}

void arq_cells_activations_destroy(arq_activations *activations)
{
    cells_state *state = activations->state;
    if (state != NULL) {
        arq_arena_destroy(activations->context, &state->arena);
        arq_scratch_destroy(&state->scratch);
        arq_free(activations->context, state, 1, sizeof(*state));
    }
}

typedef struct q_task {
    const arq_context *context;
    const arq_cell_shape *cell;
    cells_state *state;
    uint32_t l;
} q_task;

static void compute_q(void *data, uint32_t episode)
{
    const q_task *t = data;
    cells_state *state = t->state;
    float *workspace = arq_scratch_take(&state->scratch);
    arq_cell_all_actions(t->context->kernels, t->cell, &state->projections, episode,
                         state->h[t->l] + (size_t)episode * t->cell->width, workspace,
                         state->y[t->l] + episode * arq_cell_all_outputs(t->cell),
                         state->q[t->l] + (size_t)episode * t->cell->actions);
    arq_scratch_give(&state->scratch, workspace);
}

/* The network's Q: mean of the cells in use, or the last of them. */
static void combine_q(const arq_network_shape *shape, const cells_state *state, size_t count, float *q)
{
    const arq_cells_shape *own = arq_cells_shape_of(shape);
    if (own->q_last) {
        memcpy(q, state->q[own->q_cells - 1], count * sizeof(float));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        float sum = 0;
        for (uint32_t l = 0; l < own->q_cells; l++) {
            sum += state->q[l][i];
        }
        q[i] = sum / (float)own->q_cells;
    }
}

void arq_cells_compute(const arq_network *network, arq_activations *activations, const void *encoded)
{
    cells_state *state = activations->state;
    const arq_network_shape *shape = &activations->shape;
    const arq_context *context = activations->context;
    uint32_t episodes = activations->episodes;
    arq_segment observation = arq_encoded_segment(shape->observation_kind, shape->observation_size, encoded, 1, 0);
    arq_cells_features(context, &state->scratch, shape, network->weights, episodes, &observation, state->previous,
                       state->u, state->h, NULL);
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = arq_cell_at(shape, l);
        arq_inputs x = arq_cell_inputs(shape, l, &observation, l == 0 ? NULL : state->h[l - 1], state->previous);
        arq_segment codes = arq_action_codes(cell, cell->actions, NULL, state->codes);
        arq_cell_project(context, &state->scratch, cell, network->weights + shape->weights[l], episodes, &x, &codes,
                         &state->projections);
        q_task task = {context, cell, state, l};
        arq_parallel_for(context, episodes, compute_q, &task);
    }
    combine_q(shape, state, (size_t)episodes * shape->actions, activations->q);
}

void arq_cells_begin(arq_activations *activations, uint32_t episode)
{
    cells_state *state = activations->state;
    for (uint32_t l = 0; l < activations->shape.cells; l++) {
        size_t width = activations->shape.width[l];
        memset(state->previous[l] + episode * width, 0, width * sizeof(float));
    }
}

void arq_cells_advance(arq_activations *activations, uint32_t episode)
{
    cells_state *state = activations->state;
    float alpha = arq_cells_shape_of(&activations->shape)->context_alpha;
    for (uint32_t l = 0; l < activations->shape.cells; l++) {
        size_t width = activations->shape.width[l];
        activations->context->kernels->blend(width, alpha, state->h[l] + episode * width,
                                             state->previous[l] + episode * width);
    }
}

float *arq_cells_previous(const arq_activations *activations, uint32_t l, size_t *count)
{
    const cells_state *state = activations->state;
    *count = (size_t)activations->episodes * activations->shape.width[l];
    return state->previous[l];
}

const float *arq_cells_read(const arq_activations *activations, int32_t what, uint32_t l, uint32_t episode,
                            size_t *count)
{
    const cells_state *state = activations->state;
    const arq_cell_shape *cell = arq_cell_at(&activations->shape, l);
    switch (what) {
    case ARQ_ACTIVATION_CONTEXT:
        *count = cell->width;
        return state->previous[l] + (size_t)episode * cell->width;
    case ARQ_ACTIVATION_H:
        *count = cell->width;
        return state->h[l] + (size_t)episode * cell->width;
    case ARQ_ACTIVATION_Y:
        *count = arq_cell_all_outputs(cell);
        return state->y[l] + episode * arq_cell_all_outputs(cell);
    case ARQ_ACTIVATION_Q:
        *count = cell->actions;
        return state->q[l] + (size_t)episode * cell->actions;
    default:
        return NULL;
    }
}
