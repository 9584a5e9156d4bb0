/*
 * Learning from rollouts: T steps of every instance with fixed weights, Q(lambda) returns of every predictor from its
 * own values, some epochs of minibatches, and the rollout is forgotten. No replay, no target network.
 */
#include "agent/agent.h"

#include "nn/activations.h"
#include "nn/kind.h"
#include "rollout/minibatches.h"
#include "rollout/rows.h"
#include "system/fp.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct rollout_memory {
    arq_rows rows[2]; /* the one being filled, and with minibatches_per_step one that is learned from meanwhile */
    uint32_t sets;    /* 1 or 2 */
    uint32_t filling;
    uint32_t learning;
    arq_minibatches minibatches; /* of the rollout that is learned from */

    /* Updates that had to wait because somebody computed with the weights are made in the next store(): */
    uint32_t late_events; /* their events */
    arq_status late;      /* their failure, which is returned once that step is stored */
    int reading;          /* no update may change the weights before the values at truncated ends are computed */
} rollout_memory;

static arq_rows *rows_of(const arq_agent *agent)
{
    rollout_memory *memory = agent->memory;
    return &memory->rows[memory->filling];
}

static arq_rows_shape shape_of(const arq_agent *agent)
{
    const arq_parameters *p = &agent->parameters;
    const arq_network_shape *network = &agent->network->shape;
    const arq_network_methods *methods = network->methods;
    arq_rows_shape shape = {
        .instances = agent->instances,
        .length = (uint32_t)((p->rollout + agent->instances - 1) / agent->instances),
        .observation_bytes = agent->observation_bytes,
        .cells = network->cells,
    };
    for (uint32_t l = 0; l < network->cells; l++) {
        shape.value[l] = methods->value_floats(network, l);
        shape.previous[l] = methods->previous_floats == NULL ? 0 : methods->previous_floats(network, l);
    }
    return shape;
}

static arq_status create(arq_agent *agent)
{
    arq_context *context = agent->context;
    rollout_memory *memory = arq_alloc(context, 1, sizeof(*memory));
    if (memory == NULL) {
        return arq_fail_memory(context, "an agent's rollout", sizeof(*memory));
    }
    agent->memory = memory;
    memory->sets = agent->parameters.minibatches_per_step > 0 ? 2 : 1;
    arq_rows_shape shape = shape_of(agent);
    for (uint32_t i = 0; i < memory->sets; i++) {
        arq_status status = arq_rows_create(context, &shape, &memory->rows[i]);
        if (status != ARQ_OK) {
            return status;
        }
    }
    return arq_minibatches_create(context, &shape, (uint32_t)agent->parameters.batch, (uint64_t)agent->parameters.seed,
                                  &memory->minibatches);
}

static void destroy(arq_agent *agent)
{
    rollout_memory *memory = agent->memory;
    arq_rows_destroy(&memory->rows[0]);
    arq_rows_destroy(&memory->rows[1]);
    arq_minibatches_destroy(&memory->minibatches);
    arq_free(agent->context, memory, 1, sizeof(*memory));
}

/* The value after an instance's newest transition: what the network has just computed. */
static void set_value(const arq_agent *agent, arq_rows *rows, uint32_t instance)
{
    const arq_network_methods *methods = agent->network->shape.methods;
    size_t index;
    if (!arq_rows_newest(rows, instance, &index)) {
        return;
    }
    for (uint32_t l = 0; l < rows->shape.cells; l++) {
        uint32_t width = rows->shape.value[l];
        if (width > 0) {
            methods->value(agent->activations, l, instance, rows->values[l] + index * width);
        }
    }
}

static void valued(arq_agent *agent, const uint8_t *mask)
{
    arq_rows *rows = rows_of(agent);
    for (uint32_t i = 0; i < agent->instances; i++) {
        if (mask[i] && arq_rows_wants_value(rows, i)) {
            set_value(agent, rows, i);
        }
    }
}

/* Computes the values of newest observations where act has not done so already. No episode's activations advance. */
static arq_status find_last_values(arq_agent *agent, const uint8_t *among, const char *call)
{
    arq_rows *rows = rows_of(agent);
    int any = 0;
    for (uint32_t i = 0; i < agent->instances; i++) {
        agent->mask[i] = (among == NULL || among[i]) && !agent->episode[i].acted && arq_rows_wants_value(rows, i);
        any |= agent->mask[i];
    }
    if (!any) {
        return ARQ_OK;
    }
    arq_status status = arq_agent_compute(agent, agent->mask, call);
    if (status == ARQ_OK) {
        valued(agent, agent->mask);
    }
    return status;
}

static arq_status begin(arq_agent *agent, const uint8_t *mask, const void *observations)
{
    (void)observations;
    arq_status status = find_last_values(agent, mask, "arq_agent_begin");
    if (status != ARQ_OK) {
        return status;
    }
    arq_rows *rows = rows_of(agent);
    for (uint32_t i = 0; i < agent->instances; i++) {
        size_t newest;
        if ((mask == NULL || mask[i]) && arq_rows_wants_value(rows, i) && arq_rows_newest(rows, i, &newest)) {
            rows->ends[newest] = ARQ_END_TRUNCATED;
        }
    }
    return ARQ_OK;
}

/* ---- Learning ---- */

static void forget_learned(rollout_memory *memory)
{
    arq_minibatches_stop(&memory->minibatches);
    arq_rows_clear(&memory->rows[memory->learning]);
}

/* Gives up the rollout, and adds to the text which minibatch failed. */
static arq_status drop_rest(const arq_agent *agent, rollout_memory *memory, arq_status status)
{
    char text[320];
    arq_context_last_error(agent->context, text, sizeof(text));
    status =
        arq_fail(agent->context, status, "minibatch %llu of %llu: %s; the rest of the rollout is dropped",
                 (unsigned long long)memory->minibatches.made + 1, (unsigned long long)memory->minibatches.total, text);
    forget_learned(memory);
    return status;
}

/* One minibatch; ARQ_E_BUSY while somebody computes with the weights. */
static arq_status learn_minibatch(arq_agent *agent, uint32_t *events)
{
    rollout_memory *memory = agent->memory;
    arq_minibatches *m = &memory->minibatches;
    arq_minibatches_gather(m, &memory->rows[memory->learning]);
    const arq_target_batch batch = {
        .size = m->size,
        .frames = m->observations,
        .actions = m->actions,
        .targets = (const float *const *)m->targets,
        .previous = m->previous,
    };
    arq_status status = arq_learner_update_towards(agent->learner, &batch);
    if (status == ARQ_E_BUSY) {
        return status;
    }
    if (status != ARQ_OK) {
        return drop_rest(agent, memory, status);
    }
    *events |= ARQ_EVENT_UPDATED;
    arq_minibatches_advance(m);
    if (m->made == m->per_epoch) {
        arq_learner_end_fit(agent->learner);
    }
    if (m->made == m->total) {
        forget_learned(memory);
    }
    return ARQ_OK;
}

/* Learns from all the minibatches that are left. */
static arq_status learn_rest(arq_agent *agent, uint32_t *events)
{
    rollout_memory *memory = agent->memory;
    arq_status status = ARQ_OK;
    while (status == ARQ_OK && arq_minibatches_left(&memory->minibatches) > 0) {
        status = learn_minibatch(agent, events);
    }
    return status;
}

/* Learns from as many minibatches as one call may. */
static arq_status learn_some(arq_agent *agent, uint32_t *events)
{
    rollout_memory *memory = agent->memory;
    if (memory->sets == 1) {
        return learn_rest(agent, events);
    }
    arq_status status = ARQ_OK;
    for (int64_t i = 0; status == ARQ_OK && i < agent->parameters.minibatches_per_step; i++) {
        if (arq_minibatches_left(&memory->minibatches) == 0) {
            break;
        }
        status = learn_minibatch(agent, events);
    }
    return status;
}

/* Once a row is full the rollout ends for all instances: values become returns, and learning starts. */
static arq_status end_rollout(arq_agent *agent)
{
    rollout_memory *memory = agent->memory;
    const arq_parameters *p = &agent->parameters;
    arq_status status = find_last_values(agent, NULL, "arq_agent_observe");
    if (status != ARQ_OK) {
        return status;
    }
    memory->learning = memory->filling;
    memory->filling = (memory->filling + 1) % memory->sets;
    arq_rows *rows = &memory->rows[memory->learning];
    uint64_t mode = arq_fp_enter();
    arq_rows_find_returns(rows, p->gamma, p->td_lambda);
    arq_fp_leave(mode);
    arq_minibatches_start(&memory->minibatches, rows, (uint32_t)p->epochs);
    arq_learner_begin_fit(agent->learner);
    return ARQ_OK;
}

/* Ends a full rollout. First it learns what is left of the one before, whose memory is needed. */
static arq_status end_full_rollout(arq_agent *agent, uint32_t *events)
{
    const rollout_memory *memory = agent->memory;
    int same_rows = memory->sets == 1 && arq_minibatches_left(&memory->minibatches) > 0;
    if (same_rows || !arq_rows_are_full(&memory->rows[memory->filling])) {
        return ARQ_OK;
    }
    arq_status status = arq_agent_learn(agent, agent->steps, learn_rest, events);
    return status == ARQ_OK ? end_rollout(agent) : status;
}

/* Learning that had to wait for the weights may have left a row full: it happens now, or the step is refused. */
static arq_status make_room(arq_agent *agent)
{
    rollout_memory *memory = agent->memory;
    arq_status status = end_full_rollout(agent, &memory->late_events);
    if (status == ARQ_OK && memory->sets == 1) {
        status = arq_agent_learn(agent, agent->steps, learn_rest, &memory->late_events);
    }
    return status;
}

/* ---- The table ---- */

static int is_any_truncated(const arq_agent *agent)
{
    int any = 0;
    for (uint32_t i = 0; i < agent->instances; i++) {
        any |= agent->step[i].stepped && agent->step[i].end == ARQ_END_TRUNCATED;
    }
    return any;
}

static arq_status store(arq_agent *agent, const void *next_observations)
{
    (void)next_observations;
    rollout_memory *memory = agent->memory;
    memory->late_events = 0;
    arq_status status = make_room(agent);
    if (status == ARQ_E_DIVERGED) { /* the rollout that diverged was dropped, which made room */
        memory->late = status;
        status = make_room(agent);
    }
    if (status != ARQ_OK) {
        return status;
    }
    if (is_any_truncated(agent)) {
        status = arq_network_begin_read(agent->network, "arq_agent_observe");
        if (status != ARQ_OK) {
            return status;
        }
        memory->reading = 1;
    }
    arq_rows *rows = rows_of(agent);
    for (uint32_t i = 0; i < agent->instances; i++) {
        const agent_step *step = &agent->step[i];
        if (!step->stepped) {
            continue;
        }
        size_t index =
            arq_rows_add(rows, i, arq_agent_observation(agent, i), step->action, step->reward, (arq_end)step->end);
        for (uint32_t l = 0; l < rows->shape.cells; l++) {
            size_t width = rows->shape.previous[l];
            if (width > 0) {
                size_t count;
                const float *all = arq_activations_previous(agent->activations, l, &count);
                memcpy(rows->previous[l] + index * width, all + i * width, width * sizeof(float));
            }
        }
    }
    return ARQ_OK;
}

/* A truncated episode would have gone on: bootstrap from the network's value of its final observation. */
static arq_status find_values_at_cuts(arq_agent *agent)
{
    rollout_memory *memory = agent->memory;
    if (!memory->reading) {
        return ARQ_OK;
    }
    for (uint32_t i = 0; i < agent->instances; i++) {
        agent->mask[i] = agent->step[i].stepped && agent->step[i].end == ARQ_END_TRUNCATED;
    }
    arq_status status = arq_agent_compute(agent, agent->mask, "arq_agent_observe");
    for (uint32_t i = 0; status == ARQ_OK && i < agent->instances; i++) {
        if (agent->mask[i]) {
            set_value(agent, rows_of(agent), i);
        }
    }
    memory->reading = 0;
    arq_network_end_read(agent->network);
    return status;
}

static arq_status advance(arq_agent *agent, uint64_t first, uint32_t count, uint32_t *events)
{
    (void)first;
    (void)count;
    rollout_memory *memory = agent->memory;
    *events |= memory->late_events;
    arq_status status = find_values_at_cuts(agent);
    if (status == ARQ_OK && memory->late != ARQ_OK) { /* its error text is still this thread's last one */
        status = memory->late;
        memory->late = ARQ_OK;
        return status;
    }
    if (status == ARQ_OK) {
        status = end_full_rollout(agent, events);
    }
    if (status == ARQ_OK && arq_minibatches_left(&memory->minibatches) > 0) {
        status = arq_agent_learn(agent, agent->steps, learn_some, events);
    }
    return status == ARQ_E_BUSY ? ARQ_OK : status; /* the next step tries again */
}

/* Which rows fill and which are learned from. */
static void list_state(arq_record *record, void *thing)
{
    rollout_memory *memory = ((agent_saved *)thing)->agent->memory;
    double last = memory->sets - 1;
    arq_number numbers[] = {
        {"filling", memory->filling, {0, last, 0}},
        {"learning", memory->learning, {0, last, 0}},
    };
    arq_record_numbers(record, "state", ARQ_DTYPE_U64, numbers, 2);
    arq_minibatches_list_fields(record, &memory->minibatches);
    if (record->takes) {
        memory->filling = (uint32_t)numbers[0].value;
        memory->learning = (uint32_t)numbers[1].value;
    }
}

static size_t list_parts(agent_saved *saved, arq_part *parts)
{
    static const char *const prefixes[] = {"rollout.", "rollout1."};
    rollout_memory *memory = saved->agent->memory;
    const arq_network_shape *shape = &saved->agent->network->shape;
    for (uint32_t i = 0; i < memory->sets; i++) {
        saved->rows[i] =
            (arq_saved_rows){&memory->rows[i], shape->actions, shape->observation_kind, shape->observation_size};
        parts[i] = (arq_part){.list = arq_rows_list_fields, .thing = &saved->rows[i], .prefix = prefixes[i]};
    }
    parts[memory->sets] = (arq_part){.list = list_state, .thing = saved, .prefix = "rollout."};
    return memory->sets + 1;
}

static int metric(const arq_agent *agent, const char *name, double *value)
{
    if (strcmp(name, "rollout_size") != 0) {
        return 0;
    }
    const arq_rows *rows = rows_of(agent);
    double size = 0;
    for (uint32_t i = 0; i < agent->instances; i++) {
        size += rows->count[i];
    }
    *value = size;
    return 1;
}

static const agent_idle_parameter idle[] = {
    {"double_q", "bootstraps from the values of the rollout itself"},
    {"target_period", "has no target network"},
    {"tau", "has no target network"},
    {"replay_capacity", "has no replay"},
    {"train_period", "learns whenever a rollout is full"},
    {"learning_starts", "learns from the first rollout on"},
    {"exploration_from", "explores from the first step on"},
    {"context_size", "keeps the contexts that the cells acted with"},
    {"window_padding", "keeps the contexts that the cells acted with"},
    {NULL, NULL},
};

const agent_experience arq_rollout_experience = {
    .name = "rollout",
    .idle = idle,
    .learning = ARQ_LEARN_FROM_TARGETS,
    .values_every_step = 1,
    .explores_from_start = 1,
    .create = create,
    .destroy = destroy,
    .begin = begin,
    .valued = valued,
    .store = store,
    .advance = advance,
    .list_parts = list_parts,
    .metric = metric,
};
