#include "nn/dense/acting.h"

#include "nn/dense/layers.h"
#include "nn/math/blocks.h"
#include "nn/math/encode.h"

#include <string.h>

typedef struct dense_state {
    arq_scratch scratch;
    arq_arena arena;
    arq_dense_pass pass;
} dense_state;

static void lay_out(void *owner, arq_arena *arena)
{
    arq_activations *activations = owner;
    dense_state *state = activations->state;
    arq_dense_lay_out_pass(&activations->shape, activations->episodes, arena, &state->pass);
}

arq_status arq_dense_activations_create(arq_activations *activations)
{
    arq_context *context = activations->context;
    dense_state *state = arq_alloc(context, 1, sizeof(*state));
    if (state == NULL) {
        return arq_fail_memory(context, "activations", sizeof(*state));
    }
    activations->state = state;
    arq_status status = arq_arena_create(context, "activations", lay_out, activations, &state->arena);
    if (status != ARQ_OK) {
        return status;
    }
    size_t floats = arq_dense_scratch_floats(&activations->shape, activations->episodes);
    return arq_scratch_create(context, floats, &state->scratch);
}

void arq_dense_activations_destroy(arq_activations *activations)
{
    dense_state *state = activations->state;
    if (state != NULL) {
        arq_arena_destroy(activations->context, &state->arena);
        arq_scratch_destroy(&state->scratch);
        arq_free(activations->context, state, 1, sizeof(*state));
    }
}

/* A part of another pass: its rows from `first` on. */
static arq_dense_pass rows_of(const arq_network_shape *shape, const arq_dense_pass *pass, uint32_t first)
{
    arq_dense_pass rows = *pass;
    if (rows.observation.bits != NULL) {
        rows.observation.bits += first * rows.observation.stride;
    } else {
        rows.observation.dense += first * rows.observation.stride;
    }
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_dense_layer layer = arq_dense_layer_at(shape, l);
        rows.x[l] = rows.x[l] == NULL ? NULL : rows.x[l] + (size_t)first * layer.inputs;
        rows.h[l] += (size_t)first * layer.outputs;
    }
    return rows;
}

void arq_dense_compute(const arq_network *network, arq_activations *activations, const void *encoded,
                       const uint8_t *mask)
{
    dense_state *state = activations->state;
    const arq_network_shape *shape = &activations->shape;
    state->pass.observation = arq_encoded_segment(shape->observation_kind, shape->observation_size, encoded, 1, 0);
    arq_row_block block = {0};
    while (arq_next_block(mask, activations->episodes, activations->episodes, &block)) {
        arq_dense_pass rows = rows_of(shape, &state->pass, block.first);
        arq_dense_forward(activations->context, &state->scratch, shape, network->weights, block.rows, &rows);
        memcpy(activations->q + (size_t)block.first * shape->actions, rows.h[shape->cells - 1],
               (size_t)block.rows * shape->actions * sizeof(float));
    }
}

uint32_t arq_dense_value_floats(const arq_network_shape *shape, uint32_t l)
{
    return l + 1 == shape->cells;
}

void arq_dense_value(const arq_activations *activations, uint32_t l, uint32_t episode, float *value)
{
    (void)l;
    uint32_t actions = activations->shape.actions;
    const float *q = activations->q + (size_t)episode * actions;
    *value = q[arq_greedy_action(q, actions)];
}

const float *arq_dense_read(const arq_activations *activations, int32_t what, uint32_t l, uint32_t episode,
                            size_t *count)
{
    const dense_state *state = activations->state;
    const arq_network_shape *shape = &activations->shape;
    int is_head = l + 1 == shape->cells;
    if ((what == ARQ_ACTIVATION_H && !is_head) || (what == ARQ_ACTIVATION_Q && is_head)) {
        *count = shape->width[l];
        return state->pass.h[l] + (size_t)episode * shape->width[l];
    }
    return NULL;
}
