#include "nn/cells/memory.h"

#include "nn/math/encode.h"
#include "nn/math/optimiser.h"

/* Room for the bits of observations by value; networks on other observations need none. */
static size_t transposed_bytes(const arq_network_shape *shape, uint32_t batch)
{
    int bits = arq_encoded_segment(shape->observation_kind, shape->observation_size, shape, 1, 0).bits != NULL;
    return bits ? shape->observation_size * ARQ_TRANSPOSED_BYTES(batch) : 0;
}

static void lay_out_pass(const arq_network_shape *shape, size_t batch, arq_arena *arena, arq_cells_pass *pass)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        pass->previous[l] = arq_arena_floats(arena, batch * shape->width[l]);
        pass->h[l] = arq_arena_floats(arena, batch * shape->width[l]);
    }
}

/* What finds targets from s_{t+1}. */
static void lay_out_windows(const arq_learner *learner, arq_arena *arena, arq_cells_learner *s)
{
    const arq_network_shape *shape = &learner->network->shape;
    size_t batch = learner->batch;
    int whole_steps = arq_cells_shape_of(shape)->context_alpha == 1.0f;
    lay_out_pass(shape, batch, arena, &s->next_target);
    for (uint32_t l = 0; l < shape->cells; l++) {
        s->now.previous[l] = arq_arena_floats(arena, batch * shape->width[l]);
        s->next.h[l] = arq_arena_floats(arena, batch * shape->width[l]);
        s->next.previous[l] = whole_steps ? s->now.h[l] : arq_arena_floats(arena, batch * shape->width[l]);
        s->next_action[l] = arq_arena_take(arena, batch, sizeof(int32_t));
    }
    s->target_code1 = arq_arena_floats(arena, shape->actions * s->largest.z1);
    s->target_code2 = arq_arena_floats(arena, shape->actions * s->largest.z2);
}

static void lay_out_cell(const arq_learner *learner, uint32_t l, arq_arena *arena, arq_cells_learner *s)
{
    const arq_cell_shape *cell = arq_cell_at(&learner->network->shape, l);
    size_t batch = learner->batch;
    size_t n = cell->width;
    size_t z1 = cell->heads * n;
    size_t z2 = (size_t)cell->heads * cell->rows;
    s->features[l].u = arq_arena_floats(arena, batch * n);
    s->features[l].mean = arq_arena_floats(arena, batch);
    s->features[l].inverse_std = arq_arena_floats(arena, batch);
    s->projections[l].z1 = arq_arena_floats(arena, batch * z1);
    s->projections[l].z2 = arq_arena_floats(arena, batch * z2);
    s->projections[l].code1 = arq_arena_floats(arena, cell->actions * z1);
    s->projections[l].code2 = arq_arena_floats(arena, cell->actions * z2);
    s->du[l] = arq_arena_floats(arena, batch * n);
    s->norm_gradients[l] = arq_arena_floats(arena, 2 * n * arq_sample_blocks(learner->batch));
    s->td_target[l] = arq_arena_floats(arena, batch * arq_cell_quantiles(cell));
    s->loss[l] = arq_arena_floats(arena, arq_cell_quantiles(cell) > 1 ? batch : 0);
    s->q[l] = arq_arena_floats(arena, batch);
    s->spread[l] = arq_arena_floats(arena, batch);
}

static void lay_out(void *owner, arq_arena *arena)
{
    const arq_learner *learner = owner;
    arq_cells_learner *s = learner->state;
    const arq_network_shape *shape = &learner->network->shape;
    size_t batch = learner->batch;
    for (uint32_t l = 0; l < shape->cells; l++) {
        s->now.h[l] = arq_arena_floats(arena, batch * shape->width[l]);
    }
    if (learner->learning == ARQ_LEARN_FROM_WINDOWS) {
        lay_out_windows(learner, arena, s);
    }
    for (uint32_t l = 0; l < shape->cells; l++) {
        lay_out_cell(learner, l, arena, s);
    }
    size_t work = batch * s->largest.width;
    s->gradient = arq_arena_floats(arena, s->largest.weights > 2 * work ? s->largest.weights : 2 * work);
    s->u = s->gradient;
    s->gh = s->gradient == NULL ? NULL : s->gradient + work;
    s->fired = arq_arena_take(arena, s->largest.width, sizeof(uint32_t));
    s->partial_sums = arq_arena_take(arena, arq_norm_blocks(s->largest.weights), sizeof(double));
    s->bound = arq_arena_take(arena, batch, sizeof(double));
    const arq_cell_shape *first = arq_cell_at(shape, 0);
    s->all_codes = arq_arena_take(arena, arq_action_codes_bytes(first, shape->actions), 1);
    s->batch_codes = arq_arena_take(arena, arq_action_codes_bytes(first, learner->batch), 1);
    s->transposed = arq_arena_take(arena, transposed_bytes(shape, learner->batch), 1);
    arq_cells_live_lay_out(shape, arena, &s->live);
}

arq_status arq_cells_learner_create(arq_learner *learner)
{
    arq_context *context = learner->context;
    const arq_network_shape *shape = &learner->network->shape;
    arq_cells_learner *s = arq_alloc(context, 1, sizeof(*s));
    if (s == NULL) {
        return arq_fail_memory(context, "a learner", sizeof(*s));
    }
    learner->state = s;
    s->largest = arq_cells_largest(shape);
    arq_status status = arq_arena_create(context, "a learner's working memory", lay_out, learner, &s->arena);
    if (status != ARQ_OK) {
        return status;
    }
    /* A task has y of every action and their Q behind its work space. */
    size_t own = s->largest.workspace + s->largest.outputs + shape->actions;
    return arq_scratch_create(context, arq_cells_scratch_floats(shape, learner->batch, own), &s->scratch);
}

void arq_cells_learner_destroy(arq_learner *learner)
{
    arq_cells_learner *s = learner->state;
    if (s != NULL) {
        arq_arena_destroy(learner->context, &s->arena);
        arq_scratch_destroy(&s->scratch);
        arq_free(learner->context, s, 1, sizeof(*s));
    }
}
