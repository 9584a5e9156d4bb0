#include "nn/cells/cells.h"

#include "nn/dense/layers.h"
#include "nn/math/encode.h"

#include <stdio.h>
#include <string.h>

static uint32_t input_size(const arq_network_shape *shape, const arq_parameters *parameters, uint32_t l)
{
    const arq_widths *widths = &parameters->widths;
    uint64_t size = l == 0 ? shape->observation_size : widths->width[l - 1];
    size += l > 0 && shape->input_skip ? shape->observation_size : 0;
    size += shape->recurrent ? widths->width[l] : 0;
    size += shape->top_down && l + 1 < shape->cells ? widths->width[l + 1] : 0;
    return size > UINT32_MAX ? UINT32_MAX : (uint32_t)size;
}

static arq_status shape_cells(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape)
{
    shape->cells = parameters->widths.count;
    shape->recurrent = (int32_t)parameters->recurrent;
    shape->top_down = (int32_t)parameters->top_down;
    shape->input_skip = (int32_t)parameters->input_skip;
    shape->context_alpha = (float)parameters->context_alpha;
    shape->q_last = parameters->q_from == ARQ_Q_LAST;
    shape->q_cells = parameters->q_cells == 0 ? shape->cells : (uint32_t)parameters->q_cells;
    if (shape->q_cells > shape->cells) {
        return arq_fail(context, ARQ_E_ARGUMENT, "q_cells is %u but there are %u cells", shape->q_cells, shape->cells);
    }
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_status status = arq_cell_shape_make(context, parameters, input_size(shape, parameters, l),
                                                parameters->widths.width[l], shape->actions, &shape->cell[l]);
        if (status != ARQ_OK) {
            return status;
        }
        shape->width[l] = shape->cell[l].width;
        shape->weights[l + 1] = shape->weights[l] + shape->cell[l].offset[ARQ_CELL_TENSORS];
    }
    return ARQ_OK;
}

static int cells_tensor(const arq_network_shape *shape, uint32_t index, arq_weight_tensor *tensor)
{
    uint32_t l = index / ARQ_CELL_TENSORS;
    arq_cell_tensor_id id = (arq_cell_tensor_id)(index % ARQ_CELL_TENSORS);
    if (l >= shape->cells) {
        return 0;
    }
    snprintf(tensor->name, sizeof(tensor->name), "cell%u.%s", l, arq_cell_tensor_names[id]);
    arq_cell_tensor_size(&shape->cell[l], id, &tensor->rows, &tensor->columns);
    tensor->offset = shape->weights[l] + shape->cell[l].offset[id];
    return 1;
}

static void initialise_cells(const arq_network_shape *shape, arq_random *random, float *weights)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_cell_initialise(&shape->cell[l], random, weights + shape->weights[l]);
    }
}

uint32_t arq_cells_widest(const arq_network_shape *shape)
{
    uint32_t widest = 0;
    for (uint32_t l = 0; l < shape->cells; l++) {
        widest = shape->cell[l].width > widest ? shape->cell[l].width : widest;
    }
    return widest;
}

size_t arq_cells_largest_workspace(const arq_network_shape *shape)
{
    size_t largest = 0;
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t floats = arq_cell_workspace(&shape->cell[l]);
        largest = floats > largest ? floats : largest;
    }
    return largest;
}

size_t arq_cells_scratch_floats(const arq_network_shape *shape, uint32_t batch, size_t extra)
{
    size_t floats = arq_cells_largest_workspace(shape) + extra;
    size_t pass = arq_project_segments_floats(arq_cells_rows(batch), arq_cells_widest(shape));
    return pass > floats ? pass : floats;
}

size_t arq_cells_most_outputs(const arq_network_shape *shape)
{
    size_t most = 0;
    for (uint32_t l = 0; l < shape->cells; l++) {
        size_t outputs = arq_cell_all_outputs(&shape->cell[l]);
        most = outputs > most ? outputs : most;
    }
    return most;
}

static void add_context(arq_inputs *x, const arq_network_shape *shape, uint32_t l, float *const *context)
{
    uint32_t width = shape->cell[l].width;
    arq_inputs_add(x, (arq_segment){.size = width, .dense = context == NULL ? NULL : context[l], .stride = width});
}

arq_inputs arq_cell_inputs(const arq_network_shape *shape, uint32_t l, const arq_segment *observation,
                           const float *below, float *const *context)
{
    arq_inputs x = {0};
    if (l == 0) {
        arq_inputs_add(&x, *observation);
    } else {
        uint32_t width = shape->cell[l - 1].width;
        arq_inputs_add(&x, (arq_segment){.size = width, .dense = below, .stride = width});
        if (shape->input_skip) {
            arq_inputs_add(&x, *observation);
        }
    }
    if (shape->recurrent) {
        add_context(&x, shape, l, context);
    }
    if (shape->top_down && l + 1 < shape->cells) {
        add_context(&x, shape, l + 1, context);
    }
    return x;
}

/* Large enough that a kernel is read few times. */
uint32_t arq_cells_rows(uint32_t batch)
{
    return batch >= 256 ? 128 : batch < 32 ? batch : 32;
}

void arq_cells_features_rows(const arq_kernels *kernels, const arq_network_shape *shape, const float *weights,
                             uint32_t first, uint32_t rows, const arq_segment *observation, float *const *contexts,
                             float *u, float *const *h, const arq_features *saved, float *workspace)
{
    for (uint32_t l = 0; l < shape->cells; l++) {
        arq_inputs x = arq_cell_inputs(shape, l, observation, l == 0 ? NULL : h[l - 1], contexts);
        arq_cell_features(kernels, &shape->cell[l], weights + shape->weights[l], first, rows, &x, u, h[l],
                          saved == NULL ? NULL : &saved[l], workspace);
    }
}

typedef struct features_task {
    const arq_context *context;
    const arq_scratch *scratch;
    const arq_network_shape *shape;
    const float *weights;
    uint32_t batch;
    const arq_segment *observation;
    float *const *contexts;
    float *u;
    float *const *h;
    const arq_features *saved;
} features_task;

static void compute_features(void *data, uint32_t index)
{
    const features_task *t = data;
    uint32_t block = arq_cells_rows(t->batch);
    uint32_t first = index * block;
    uint32_t rows = t->batch - first < block ? t->batch - first : block;
    float *u = t->saved == NULL ? t->u + (size_t)first * arq_cells_widest(t->shape) : NULL;
    float *workspace = arq_scratch_take(t->scratch);
    arq_cells_features_rows(t->context->kernels, t->shape, t->weights, first, rows, t->observation, t->contexts, u,
                            t->h, t->saved, workspace);
    arq_scratch_give(t->scratch, workspace);
}

void arq_cells_features(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                        const float *weights, uint32_t batch, const arq_segment *observation, float *const *contexts,
                        float *u, float *const *h, const arq_features *saved)
{
    features_task task = {context, scratch, shape, weights, batch, observation, contexts, u, h, saved};
    uint32_t block = arq_cells_rows(batch);
    arq_parallel_for(context, (batch + block - 1) / block, compute_features, &task);
}

/* Acting: everything the cells of several episodes keep and need. */
typedef struct cells_state {
    arq_scratch scratch;
    float *memory; /* all the arrays below */
    size_t memory_floats;
    float *context[ARQ_MAX_CELLS]; /* [E, n] */
    float *h[ARQ_MAX_CELLS];       /* [E, n] */
    float *y[ARQ_MAX_CELLS];       /* [E, A, action_rows] */
    float *q[ARQ_MAX_CELLS];       /* [E, A] */
    float *u;                      /* [E, widest] */
    arq_projections projections;
    float *codes; /* every action's code */
} cells_state;

/* Hands out pieces of one block of memory; with memory NULL it only counts. */
static float *take(float *memory, size_t *used, size_t floats)
{
    float *piece = memory == NULL ? NULL : memory + *used;
    *used += (floats + 15) / 16 * 16;
    return piece;
}

static void lay_out_state(const arq_network_shape *shape, uint32_t episodes, float *memory, cells_state *state)
{
    size_t used = 0;
    size_t e = episodes;
    size_t largest1 = 0;
    size_t largest2 = 0;
    size_t code_bytes = 0;
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = &shape->cell[l];
        size_t z1 = (size_t)cell->heads * cell->width;
        size_t z2 = (size_t)cell->heads * cell->rows;
        state->context[l] = take(memory, &used, e * cell->width);
        state->h[l] = take(memory, &used, e * cell->width);
        state->y[l] = take(memory, &used, e * arq_cell_all_outputs(cell));
        state->q[l] = take(memory, &used, e * cell->actions);
        largest1 = z1 > largest1 ? z1 : largest1;
        largest2 = z2 > largest2 ? z2 : largest2;
        code_bytes = arq_action_codes_bytes(cell, cell->actions);
    }
    state->u = take(memory, &used, e * arq_cells_widest(shape));
    state->projections.z1 = take(memory, &used, e * largest1);
    state->projections.z2 = take(memory, &used, e * largest2);
    state->projections.code1 = take(memory, &used, shape->actions * largest1);
    state->projections.code2 = take(memory, &used, shape->actions * largest2);
    state->codes = take(memory, &used, (code_bytes + sizeof(float) - 1) / sizeof(float));
    state->memory = memory;
    state->memory_floats = used;
}

static arq_status create_activations(arq_activations *activations)
{
    arq_context *context = activations->context;
    const arq_network_shape *shape = &activations->shape;
    cells_state *state = arq_alloc(context, 1, sizeof(*state));
    if (state == NULL) {
        return arq_fail_memory(context, "activations", sizeof(*state));
    }
    activations->state = state;
    lay_out_state(shape, activations->episodes, NULL, state);
    float *memory = arq_alloc(context, state->memory_floats, sizeof(float));
    if (memory == NULL) {
        return arq_fail_memory(context, "activations", state->memory_floats * sizeof(float));
    }
    lay_out_state(shape, activations->episodes, memory, state);
    return arq_scratch_create(context, arq_cells_scratch_floats(shape, activations->episodes, 0), &state->scratch);
}

static void destroy_activations(arq_activations *activations)
{
    cells_state *state = activations->state;
    if (state != NULL) {
        arq_free(activations->context, state->memory, state->memory_floats, sizeof(float));
        arq_scratch_destroy(&state->scratch);
        arq_free(activations->context, state, 1, sizeof(*state));
    }
}

static void begin_episode(arq_activations *activations, uint32_t episode)
{
    cells_state *state = activations->state;
    for (uint32_t l = 0; l < activations->shape.cells; l++) {
        size_t width = activations->shape.cell[l].width;
        memset(state->context[l] + episode * width, 0, width * sizeof(float));
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
    if (shape->q_last) {
        memcpy(q, state->q[shape->q_cells - 1], count * sizeof(float));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        float sum = 0;
        for (uint32_t l = 0; l < shape->q_cells; l++) {
            sum += state->q[l][i];
        }
        q[i] = sum / (float)shape->q_cells;
    }
}

static void compute_cells(const arq_network *network, arq_activations *activations, const void *encoded)
{
    cells_state *state = activations->state;
    const arq_network_shape *shape = &activations->shape;
    const arq_context *context = activations->context;
    uint32_t episodes = activations->episodes;
    arq_segment observation = arq_encoded_segment(shape->observation_kind, shape->observation_size, encoded, 1, 0);
    arq_cells_features(context, &state->scratch, shape, network->weights, episodes, &observation, state->context,
                       state->u, state->h, NULL);
    for (uint32_t l = 0; l < shape->cells; l++) {
        const arq_cell_shape *cell = &shape->cell[l];
        arq_inputs x = arq_cell_inputs(shape, l, &observation, l == 0 ? NULL : state->h[l - 1], state->context);
        arq_segment codes = arq_action_codes(cell, cell->actions, NULL, state->codes);
        arq_cell_project(context, &state->scratch, cell, network->weights + shape->weights[l], episodes, &x, &codes,
                         &state->projections);
        q_task task = {context, cell, state, l};
        arq_parallel_for(context, episodes, compute_q, &task);
    }
    combine_q(shape, state, (size_t)episodes * shape->actions, activations->q);
}

static void advance_episode(arq_activations *activations, uint32_t episode)
{
    cells_state *state = activations->state;
    for (uint32_t l = 0; l < activations->shape.cells; l++) {
        size_t width = activations->shape.cell[l].width;
        activations->context->kernels->blend(width, activations->shape.context_alpha, state->h[l] + episode * width,
                                             state->context[l] + episode * width);
    }
}

static const float *read_cell(const arq_activations *activations, int32_t what, uint32_t l, uint32_t episode,
                              size_t *count)
{
    const cells_state *state = activations->state;
    const arq_cell_shape *cell = &activations->shape.cell[l];
    switch (what) {
    case ARQ_ACTIVATION_CONTEXT:
        *count = cell->width;
        return state->context[l] + (size_t)episode * cell->width;
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

static float *context_of(const arq_activations *activations, uint32_t l, size_t *count)
{
    const cells_state *state = activations->state;
    *count = (size_t)activations->episodes * activations->shape.cell[l].width;
    return state->context[l];
}

/* A code of the action is only read where the action enters at the input. */
static arq_status check_options(const arq_context *context, const arq_config *config)
{
    const arq_parameters *p = arq_config_values(config);
    if (!arq_cell_action_at_input(p) && arq_option_is_chosen(config, "action_code")) {
        return arq_fail(context, ARQ_E_UNSUPPORTED,
                        "action_code is 'binary', but in network '%s' the action enters at the output, where it has no "
                        "code; leave it out, or set action_input to 'input'",
                        arq_network_kinds[p->network]->name);
    }
    return ARQ_OK;
}

static const arq_meaningless arq_meaningless_options[] = {
    {"quantiles", NULL, "has one y for each action, whose goodness is Q"}, ARQ_WITHOUT_FORWARD_FORWARD, {.name = NULL}};

static const arq_meaningless ad_meaningless_options[] = {
    {"goodness", NULL, "has Q as its output, without a goodness"}, ARQ_WITHOUT_FORWARD_FORWARD, {.name = NULL}};

#define CELL_METHODS                                                                                                   \
    .has_cells = 1, .check = check_options, .shape = shape_cells, .tensor = cells_tensor,                              \
    .initialise = initialise_cells, .activations_create = create_activations,                                          \
    .activations_destroy = destroy_activations, .begin = begin_episode, .compute = compute_cells,                      \
    .advance = advance_episode, .context = context_of, .read = read_cell, .window = arq_cells_window,                  \
    .learner_create = arq_cells_learner_create, .learner_destroy = arq_cells_learner_destroy,                          \
    .update = arq_cells_update

const arq_network_methods arq_arq_network = {.name = "arq", .meaningless = arq_meaningless_options, CELL_METHODS};
const arq_network_methods arq_ad_network = {.name = "ad", .meaningless = ad_meaningless_options, CELL_METHODS};
