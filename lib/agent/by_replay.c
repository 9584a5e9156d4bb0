/* Learning from a replay (Mnih et al. 2015, algorithm 1): an update from drawn windows every train_period steps. */
#include "agent/agent.h"

#include "nn/kind.h"
#include "replay/replay.h"

#include <inttypes.h>
#include <string.h>

/* One batch drawn from the replay. */
typedef struct replay_batch {
    void *observations; /* [B, window + 1] */
    int32_t *lengths;
    int32_t *actions;
    float *rewards;
    uint8_t *terminated;
} replay_batch;

typedef struct replay_memory {
    arq_replay *replay;
    replay_batch batch;
} replay_memory;

static size_t frames_bytes(const arq_agent *agent)
{
    return agent->observation_bytes * (arq_learner_window(agent->learner) + 1);
}

/* Where all episodes are long, the oldest transitions of each have lost the head of their window: a replay that cannot
 * hold a batch beside these would store for ever and never learn. */
static arq_status check_capacity(const arq_agent *agent)
{
    const arq_parameters *p = &agent->parameters;
    const uint64_t window = arq_learner_window(agent->learner);
    const uint64_t least = (uint64_t)p->batch + agent->instances * (window - 1);
    if ((uint64_t)p->replay_capacity >= least) {
        return ARQ_OK;
    }
    return arq_fail(agent->context, ARQ_E_ARGUMENT,
                    "replay_capacity is %" PRId64 "; accepted: at least %" PRIu64 ", a batch of %" PRId64
                    " and what %u instances with windows of %" PRIu64 " steps cannot use, or learning never begins",
                    p->replay_capacity, least, p->batch, agent->instances, window);
}

static arq_status create(arq_agent *agent)
{
    arq_context *context = agent->context;
    arq_status status = check_capacity(agent);
    if (status != ARQ_OK) {
        return status;
    }
    const arq_network_shape *shape = &agent->network->shape;
    replay_memory *memory = arq_alloc(context, 1, sizeof(*memory));
    if (memory == NULL) {
        return arq_fail_memory(context, "an agent's replay", sizeof(*memory));
    }
    agent->memory = memory;
    size_t rows = (size_t)agent->parameters.batch;
    replay_batch *batch = &memory->batch;
    batch->observations = arq_alloc(context, rows, frames_bytes(agent));
    batch->lengths = arq_alloc(context, rows, sizeof(int32_t));
    batch->actions = arq_alloc(context, rows, sizeof(int32_t));
    batch->rewards = arq_alloc(context, rows, sizeof(float));
    batch->terminated = arq_alloc(context, rows, 1);
    if (batch->observations == NULL || batch->lengths == NULL || batch->actions == NULL || batch->rewards == NULL ||
        batch->terminated == NULL) {
        return arq_fail_memory(context, "an agent's batch", rows * frames_bytes(agent));
    }
    return arq_replay_make(context, shape->observation_kind, shape->observation_size,
                           (uint64_t)agent->parameters.replay_capacity, arq_learner_window(agent->learner),
                           (uint64_t)agent->parameters.seed, agent->instances, &memory->replay);
}

static void destroy(arq_agent *agent)
{
    replay_memory *memory = agent->memory;
    arq_context *context = agent->context;
    size_t rows = (size_t)agent->parameters.batch;
    arq_free(context, memory->batch.observations, rows, frames_bytes(agent));
    arq_free(context, memory->batch.lengths, rows, sizeof(int32_t));
    arq_free(context, memory->batch.actions, rows, sizeof(int32_t));
    arq_free(context, memory->batch.rewards, rows, sizeof(float));
    arq_free(context, memory->batch.terminated, rows, 1);
    arq_replay_destroy(memory->replay);
    arq_free(context, memory, 1, sizeof(*memory));
}

/* Makes room for every instance first: after that nothing can fail half-way. */
static arq_status begin(arq_agent *agent, const uint8_t *mask, const void *observations)
{
    const replay_memory *memory = agent->memory;
    arq_status status = ARQ_OK;
    for (uint32_t i = 0; i < agent->instances && status == ARQ_OK; i++) {
        status = mask == NULL || mask[i] ? arq_replay_reserve(memory->replay, i) : ARQ_OK;
    }
    for (uint32_t i = 0; i < agent->instances && status == ARQ_OK; i++) {
        if (mask == NULL || mask[i]) {
            status = arq_replay_open_episode(memory->replay, i,
                                             (const uint8_t *)observations + i * agent->observation_bytes);
        }
    }
    return status;
}

static arq_status store(arq_agent *agent, const void *next_observations)
{
    const replay_memory *memory = agent->memory;
    arq_status status = ARQ_OK;
    for (uint32_t i = 0; i < agent->instances && status == ARQ_OK; i++) {
        status = agent->step[i].stepped ? arq_replay_reserve(memory->replay, i) : ARQ_OK;
    }
    for (uint32_t i = 0; i < agent->instances && status == ARQ_OK; i++) {
        const agent_step *step = &agent->step[i];
        if (step->stepped) {
            status = arq_replay_store(memory->replay, i, step->action, step->reward,
                                      (const uint8_t *)next_observations + i * agent->observation_bytes,
                                      step->end == ARQ_END_TERMINATED, step->end == ARQ_END_TRUNCATED);
        }
    }
    return status;
}

static arq_status update(arq_agent *agent, uint32_t *events)
{
    const replay_memory *memory = agent->memory;
    const replay_batch *batch = &memory->batch;
    uint32_t size = (uint32_t)agent->parameters.batch;
    arq_status status =
        arq_replay_sample(memory->replay, size, agent->network->shape.methods->distinct_samples, batch->observations,
                          batch->lengths, batch->actions, batch->rewards, batch->terminated);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_learner_update_trusted(agent->learner, size, batch->observations, batch->lengths, batch->actions,
                                        batch->rewards, batch->terminated);
    *events |= status == ARQ_OK ? ARQ_EVENT_UPDATED : 0;
    return status;
}

/* Updates if an update is due, enough transitions can be drawn, and nobody computes with the weights. Otherwise it
 * stays due, and the next step tries again. */
static arq_status update_when_due(arq_agent *agent, uint64_t t, uint32_t *events)
{
    const replay_memory *memory = agent->memory;
    if (!agent->update_due || arq_replay_eligible(memory->replay) < (uint64_t)agent->parameters.batch ||
        atomic_load(&agent->network->users) != 0) {
        return ARQ_OK;
    }
    agent->update_due = 0;
    return arq_agent_learn(agent, t + 1, update, events);
}

/* After step t (counted from 0): is an update due, does the target network move? */
static arq_status follow_schedule(arq_agent *agent, uint64_t t, uint32_t *events)
{
    const arq_parameters *p = &agent->parameters;
    int learning = t > (uint64_t)p->learning_starts;
    if (learning && t % (uint64_t)p->train_period == 0) {
        agent->update_due = 1;
    }
    arq_status status = update_when_due(agent, t, events);
    if (learning && t % (uint64_t)p->target_period == 0) {
        arq_learner_sync(agent->learner);
        *events |= ARQ_EVENT_SYNCED;
    }
    return status;
}

/* Goes through all the step numbers even after a failure, so that no period is missed; returns the first failure. */
static arq_status advance(arq_agent *agent, uint64_t first, uint32_t count, uint32_t *events)
{
    arq_status status = ARQ_OK;
    for (uint64_t t = first; t < first + count; t++) {
        arq_status of_step = follow_schedule(agent, t, events);
        status = status == ARQ_OK ? of_step : status;
    }
    return status;
}

/* Agent and replay must agree on which episodes are open. Where the transitions were left out, open episodes begin at
 * their newest observation. */
static void check_episode(arq_record *record, void *thing)
{
    agent_saved *saved = thing;
    uint32_t n = saved->agent->instances;
    if (record->writer != NULL || record->takes) {
        return;
    }
    const uint64_t *counters = arq_record_find(record, "counters")->data;
    const arq_tensor *tensor = arq_record_find(record, "state");
    const uint8_t *states = n == 1 && !saved->of_run ? NULL : tensor->data; /* 0: no episode */
    const uint8_t *observations = arq_record_find(record, "observation")->data;
    for (uint32_t i = 0; i < n && record->status == ARQ_OK; i++) {
        uint64_t own = states == NULL ? counters[2] : states[i] != 0;
        if (saved->replay.left_out) {
            record->status = own == 0 ? ARQ_OK
                                      : arq_saved_replay_open_episode(
                                            &saved->replay, i, observations + i * saved->agent->observation_bytes);
        } else if (own != (uint64_t)arq_saved_replay_is_open(&saved->replay, i)) {
            arq_record_refuse(record, ARQ_E_FORMAT, "an episode is open by 'agent.%s' or by 'replay.state' alone",
                              states == NULL ? "counters" : "state");
        }
    }
}

static size_t list_parts(agent_saved *saved, arq_part *parts)
{
    const replay_memory *memory = saved->agent->memory;
    saved->replay.replay = memory->replay;
    saved->replay.actions = saved->agent->network->shape.actions;
    parts[0] = arq_replay_part(&saved->replay, "replay.");
    parts[1] = (arq_part){.list = check_episode, .thing = saved, .prefix = "agent."};
    return 2;
}

static int metric(const arq_agent *agent, const char *name, double *value)
{
    const replay_memory *memory = agent->memory;
    if (strcmp(name, "replay_size") != 0) {
        return 0;
    }
    *value = (double)arq_replay_size(memory->replay);
    return 1;
}

static const agent_idle_parameter idle[] = {
    {"rollout", "keeps no rollout"},
    {"td_lambda", "learns from one step"},
    {"epochs", "draws from its replay"},
    {"minibatches_per_step", "draws from its replay"},
    {NULL, NULL},
};

const agent_experience arq_replay_experience = {
    .name = "replay",
    .idle = idle,
    .learning = ARQ_LEARN_FROM_WINDOWS,
    .create = create,
    .destroy = destroy,
    .begin = begin,
    .store = store,
    .advance = advance,
    .list_parts = list_parts,
    .metric = metric,
};
