#include "nn/cells/acting.h"

#include "core/arena.h"
#include "nn/cells/features.h"
#include "nn/cells/sizes.h"
#include "nn/math/blocks.h"
#include "nn/math/encode.h"

#include <string.h>

/* Everything the cells of several episodes keep and need. */
typedef struct cells_state {
    arq_scratch scratch;
    arq_arena arena;
    float *previous[ARQ_MAX_CELLS];             /* [E, n] */
    float *h[ARQ_MAX_CELLS];                    /* [E, n] */
    float *y[ARQ_MAX_CELLS];                    /* [E, A, action_rows] */
    float *q[ARQ_MAX_CELLS];                    /* [E, A] */
    float *u;                                   /* [E, widest] */
    arq_projections projections[ARQ_MAX_CELLS]; /* cells share z1 and z2 */
    void *codes;                                /* every action's code */
    arq_row_block *block;                       /* [E] at most */
    uint32_t episodes;                          /* E */
    arq_cells_sizes largest;
    int fits_cache; /* one task takes a block of rows through all cells */
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
    float *z1 = arq_arena_floats(arena, e * largest.z1);
    float *z2 = arq_arena_floats(arena, e * largest.z2);
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = arq_cell_at(shape, l);
        size_t coded = cell->action_at_input ? cell->actions : 0;
        state->projections[l].z1 = z1;
        state->projections[l].z2 = z2;
        state->projections[l].code1 = arq_arena_floats(arena, coded * cell->heads * cell->width);
        state->projections[l].code2 = arq_arena_floats(arena, coded * cell->heads * cell->rows);
    }
    state->block = arq_arena_take(arena, e, sizeof(*state->block));
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
    state->episodes = activations->episodes;
    state->largest = arq_cells_largest(&activations->shape);
    state->fits_cache = arq_cells_fit_cache(&activations->shape);
    arq_status status = arq_arena_create(context, "activations", lay_out, activations, &state->arena);
    if (status != ARQ_OK) {
        return status;
    }
    size_t floats = arq_cells_scratch_floats(&activations->shape, activations->episodes, state->largest.acting);
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

/* ---- Q of a batch of episodes ---- */

/* Rows of one task: few, so that the cores share a small batch. */
#define BLOCK_ROWS 16u

typedef struct q_task {
    const arq_context *context;
    const arq_network *network;
    cells_state *state;
    arq_segment observation;
    uint32_t l; /* the cell at work, where cells follow each other */
} q_task;

/* Q of one cell for a block of rows, from their projections. */
static void compute_q(const q_task *t, uint32_t l, const arq_projections *projections, arq_row_block block,
                      float *workspace)
{
    const arq_cell_shape *cell = arq_cell_at(&t->network->shape, l);
    cells_state *state = t->state;
    for (size_t i = block.first; i < block.first + block.rows; i++) {
        arq_cell_all_actions(t->context->kernels, cell, projections, (uint32_t)i, state->h[l] + i * cell->width,
                             workspace, state->y[l] + i * arq_cell_all_outputs(cell), state->q[l] + i * cell->actions);
    }
}

static arq_inputs inputs_of(const q_task *t, uint32_t l)
{
    cells_state *state = t->state;
    return arq_cell_inputs(&t->network->shape, l, &t->observation, l == 0 ? NULL : state->h[l - 1], state->previous);
}

/* A cell's projections of a block of rows. Cells share memory and have rows of different lengths, and other blocks may
 * be at other cells meanwhile: so a block's rows begin where the longest ones would. */
static arq_projections projections_of(const cells_state *state, const arq_cell_shape *cell, uint32_t l,
                                      arq_row_block block)
{
    arq_projections projections = state->projections[l];
    projections.z1 += block.first * (state->largest.z1 - (size_t)cell->heads * cell->width);
    projections.z2 += block.first * (state->largest.z2 - (size_t)cell->heads * cell->rows);
    return projections;
}

/* All cells of a block of rows by one task: their kernels stay in its core's cache. */
static void compute_block(void *data, uint32_t index)
{
    const q_task *t = data;
    const arq_network_shape *shape = &t->network->shape;
    const arq_kernels *kernels = t->context->kernels;
    cells_state *state = t->state;
    arq_row_block block = state->block[index];
    float *workspace = arq_scratch_take(&state->scratch);
    arq_cells_features_rows(kernels, shape, t->network->weights, block.first, block.rows, &t->observation,
                            state->previous, state->u + block.first * state->largest.width, state->h, NULL, workspace);
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = arq_cell_at(shape, l);
        arq_inputs x = inputs_of(t, l);
        arq_projections projections = projections_of(state, cell, l, block);
        arq_map maps[2];
        arq_cell_maps(cell, t->network->weights + shape->weights[l], state->episodes, &x, &projections, maps);
        arq_project_rows(kernels, maps, 2, block.first, block.rows, workspace);
        arq_cell_center(kernels, cell, block.first, block.rows, projections.z1);
        compute_q(t, l, &projections, block, workspace);
    }
    arq_scratch_give(&state->scratch, workspace);
}

static void compute_row(void *data, uint32_t index)
{
    const q_task *t = data;
    float *workspace = arq_scratch_take(&t->state->scratch);
    compute_q(t, t->l, &t->state->projections[t->l], (arq_row_block){.first = index, .rows = 1}, workspace);
    arq_scratch_give(&t->state->scratch, workspace);
}

/* Product by product over all rows: wide kernels are packed once for them all. */
static void compute_all_rows(q_task *t)
{
    const arq_network_shape *shape = &t->network->shape;
    cells_state *state = t->state;
    arq_cells_features(t->context, &state->scratch, shape, t->network->weights, state->episodes, &t->observation,
                       state->previous, state->u, state->h, NULL);
    for (t->l = 0; t->l < shape->cells; t->l++) {
        const arq_cell_shape *cell = arq_cell_at(shape, t->l);
        arq_inputs x = inputs_of(t, t->l);
        arq_segment codes = arq_action_codes(cell, cell->actions, NULL, state->codes);
        arq_cell_project(t->context, &state->scratch, cell, t->network->weights + shape->weights[t->l], state->episodes,
                         &x, &codes, &state->projections[t->l]);
        arq_parallel_for(t->context, state->episodes, compute_row, t);
    }
}

/* The actions' part of every cell's projections. */
static void project_codes(const q_task *t)
{
    const arq_network_shape *shape = &t->network->shape;
    cells_state *state = t->state;
    float *pack = arq_scratch_take(&state->scratch);
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = arq_cell_at(shape, l);
        arq_segment codes = arq_action_codes(cell, cell->actions, NULL, state->codes);
        arq_cell_project_codes(t->context->kernels, cell, t->network->weights + shape->weights[l], &codes,
                               &state->projections[l], pack);
    }
    arq_scratch_give(&state->scratch, pack);
}

/* The network's Q: mean of the cells in use, or the last of them. */
static void combine_q(const arq_network_shape *shape, const cells_state *state, arq_row_block block, float *q)
{
    const arq_cells_shape *own = arq_cells_shape_of(shape);
    size_t first = (size_t)block.first * shape->actions;
    size_t count = (size_t)block.rows * shape->actions;
    if (own->q_last) {
        memcpy(q + first, state->q[own->q_cells - 1] + first, count * sizeof(float));
        return;
    }
    for (size_t i = first; i < first + count; i++) {
        float sum = 0;
        for (uint32_t l = 0; l < own->q_cells; l++) {
            sum += state->q[l][i];
        }
        q[i] = sum / (float)own->q_cells;
    }
}

void arq_cells_compute(const arq_network *network, arq_activations *activations, const void *encoded,
                       const uint8_t *mask)
{
    cells_state *state = activations->state;
    const arq_network_shape *shape = &activations->shape;
    q_task task = {.context = activations->context, .network = network, .state = state};
    task.observation = arq_encoded_segment(shape->observation_kind, shape->observation_size, encoded, 1, 0);
    uint32_t blocks = 0;
    arq_row_block block = {0};
    while (arq_next_block(mask, state->episodes, BLOCK_ROWS, &block)) {
        state->block[blocks++] = block;
    }
    if (mask == NULL && !state->fits_cache) {
        compute_all_rows(&task);
    } else {
        project_codes(&task);
        arq_parallel_for(task.context, blocks, compute_block, &task);
    }
    for (uint32_t i = 0; i < blocks; i++) {
        combine_q(shape, state, state->block[i], activations->q);
    }
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

float *arq_cells_present(const arq_activations *activations, uint32_t l, size_t *count)
{
    const cells_state *state = activations->state;
    *count = (size_t)activations->episodes * activations->shape.width[l];
    return state->h[l];
}

uint32_t arq_cells_previous_floats(const arq_network_shape *shape, uint32_t l)
{
    const arq_cells_shape *own = arq_cells_shape_of(shape);
    return own->recurrent || (own->top_down && l > 0) ? shape->width[l] : 0;
}

uint32_t arq_cells_value_floats(const arq_network_shape *shape, uint32_t l)
{
    return arq_cell_quantiles(arq_cell_at(shape, l));
}

void arq_cells_value(const arq_activations *activations, uint32_t l, uint32_t episode, float *value)
{
    const cells_state *state = activations->state;
    const arq_cell_shape *cell = arq_cell_at(&activations->shape, l);
    const float *q = state->q[l] + (size_t)episode * cell->actions;
    size_t greedy = (size_t)arq_greedy_action(q, cell->actions);
    uint32_t quantiles = arq_cell_quantiles(cell);
    if (quantiles == 1) {
        *value = q[greedy];
        return;
    }
    const float *y = state->y[l] + episode * arq_cell_all_outputs(cell);
    memcpy(value, y + greedy * quantiles, quantiles * sizeof(float));
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
