#include "agent/agent.h"

#include "core/finite.h"
#include "env/observation.h"
#include "replay/replay.h"
#include "system/fp.h"

#include <stdio.h>
#include <string.h>

static size_t frames_bytes(const arq_agent *agent)
{
    return agent->observation_bytes * (arq_learner_window(agent->learner) + 1);
}

static arq_status create_batch(arq_agent *agent)
{
    arq_context *context = agent->context;
    size_t rows = (size_t)agent->parameters.batch;
    agent_batch *batch = &agent->batch;
    batch->observations = arq_alloc(context, rows, frames_bytes(agent));
    batch->lengths = arq_alloc(context, rows, sizeof(int32_t));
    batch->actions = arq_alloc(context, rows, sizeof(int32_t));
    batch->rewards = arq_alloc(context, rows, sizeof(float));
    batch->terminated = arq_alloc(context, rows, 1);
    agent->observation = arq_alloc(context, agent->observation_bytes, 1);
    if (batch->observations == NULL || batch->lengths == NULL || batch->actions == NULL || batch->rewards == NULL ||
        batch->terminated == NULL || agent->observation == NULL) {
        return arq_fail_memory(context, "an agent's batch", rows * frames_bytes(agent));
    }
    return ARQ_OK;
}

static void destroy_batch(arq_agent *agent)
{
    if (agent->learner == NULL) {
        return;
    }
    size_t rows = (size_t)agent->parameters.batch;
    arq_free(agent->context, agent->batch.observations, rows, frames_bytes(agent));
    arq_free(agent->context, agent->batch.lengths, rows, sizeof(int32_t));
    arq_free(agent->context, agent->batch.actions, rows, sizeof(int32_t));
    arq_free(agent->context, agent->batch.rewards, rows, sizeof(float));
    arq_free(agent->context, agent->batch.terminated, rows, 1);
    arq_free(agent->context, agent->observation, agent->observation_bytes, 1);
}

static arq_status create_parts(arq_agent *agent, const arq_config *config, int32_t kind, uint32_t size,
                               uint32_t actions)
{
    arq_status status = arq_network_create(agent->context, config, kind, size, actions, &agent->network);
    if (status != ARQ_OK) {
        return status;
    }
    /* width_scale has become widths */
    agent->parameters.widths = agent->network->parameters.widths;
    agent->parameters.width_scale = agent->network->parameters.width_scale;
    status = arq_learner_create(agent->network, config, &agent->learner);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_replay_create(agent->context, kind, size, (uint64_t)agent->parameters.replay_capacity,
                               arq_learner_window(agent->learner), (uint64_t)agent->parameters.seed, &agent->replay);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_activations_create(agent->network, 1, &agent->activations);
    return status != ARQ_OK ? status : create_batch(agent);
}

arq_status arq_agent_create(arq_context *context, const arq_config *config, int32_t observation_kind,
                            uint32_t observation_size, uint32_t actions, arq_agent **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status =
        ARQ_REQUIRE(context, "arq_agent_create", {"context", context}, {"config", config}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    arq_agent *agent = arq_alloc(context, 1, sizeof(*agent));
    if (agent == NULL) {
        return arq_fail_memory(context, "an agent", sizeof(*agent));
    }
    arq_context_retain(context);
    agent->context = context;
    agent->parameters = *arq_config_values(config);
    agent->observation_bytes = arq_observation_bytes(observation_kind, observation_size);
    arq_random_seed(&agent->exploration, (uint64_t)agent->parameters.seed, ARQ_STREAM_EXPLORATION);
    agent->exploration_before_act = agent->exploration;
    status = create_parts(agent, config, observation_kind, observation_size, actions);
    if (status != ARQ_OK) {
        arq_agent_destroy(agent);
        return status;
    }
    *out = agent;
    return ARQ_OK;
}

void arq_agent_destroy(arq_agent *agent)
{
    if (agent == NULL) {
        return;
    }
    arq_context *context = agent->context;
    destroy_batch(agent);
    arq_activations_destroy(agent->activations);
    arq_replay_destroy(agent->replay);
    arq_learner_destroy(agent->learner);
    arq_network_destroy(agent->network);
    arq_free(context, agent, 1, sizeof(*agent));
    arq_context_release(context);
}

static arq_status check_observation(const arq_agent *agent, const void *observation, const char *what)
{
    if (observation == NULL) {
        return arq_fail(agent->context, ARQ_E_ARGUMENT, "%s is NULL", what);
    }
    const arq_network_shape *shape = &agent->network->shape;
    return arq_observation_check(agent->context, ARQ_E_ARGUMENT, shape->observation_kind, shape->observation_size,
                                 observation, what);
}

arq_status arq_agent_fail_lent(const arq_agent *agent, const char *call)
{
    return arq_fail(agent->context, ARQ_E_BUSY, "%s: called from inside the environment of this agent's own run", call);
}

arq_status arq_agent_open_episode(arq_agent *agent, const void *observation)
{
    arq_status status = arq_replay_open_episode(agent->replay, observation);
    if (status != ARQ_OK) {
        return status;
    }
    agent->episodes += agent->open ? 1 : 0;
    agent->open = 1;
    agent->acted = 0;
    memcpy(agent->observation, observation, agent->observation_bytes);
    return arq_activations_begin(agent->activations, 0);
}

arq_status arq_agent_begin(arq_agent *agent, const void *observation)
{
    if (agent == NULL) {
        return arq_fail_null(NULL, "arq_agent_begin", "agent");
    }
    if (agent->lent) {
        return arq_agent_fail_lent(agent, "arq_agent_begin");
    }
    arq_status status = check_observation(agent, observation, "arq_agent_begin: observation");
    return status != ARQ_OK ? status : arq_agent_open_episode(agent, observation);
}

double arq_agent_epsilon(const arq_agent *agent)
{
    const arq_parameters *p = &agent->parameters;
    double since = (double)agent->steps;
    since -= p->exploration_from == ARQ_EXPLORATION_FROM_START ? 0 : (double)p->learning_starts;
    double share = since <= 0 ? 0 : p->exploration_steps == 0 ? 1 : since / (double)p->exploration_steps;
    return share >= 1 ? p->epsilon_end : p->epsilon_start + (p->epsilon_end - p->epsilon_start) * share;
}

arq_status arq_agent_act(arq_agent *agent, int32_t *action)
{
    if (agent == NULL || action == NULL) {
        return arq_fail_null(ARQ_CONTEXT_OF(agent), "arq_agent_act", agent == NULL ? "agent" : "action");
    }
    if (agent->lent) {
        return arq_agent_fail_lent(agent, "arq_agent_act");
    }
    if (!agent->open) {
        return arq_fail(agent->context, ARQ_E_ORDER, "arq_agent_act: no episode is open; call arq_agent_begin first");
    }
    if (!agent->acted) {
        arq_random random = agent->exploration;
        int32_t explored = arq_random_uniform(&random) < arq_agent_epsilon(agent);
        int32_t chosen = 0;
        if (explored) {
            chosen = (int32_t)arq_random_below(&random, agent->network->shape.actions);
        }
        if (!explored || agent->parameters.context_on_explore) {
            arq_status status =
                arq_network_compute(agent->network, agent->activations, agent->observation, "arq_network_q");
            if (status != ARQ_OK) {
                return status;
            }
        }
        if (!explored) {
            chosen = arq_greedy_action(agent->activations->q, agent->network->shape.actions);
        }
        agent->exploration_before_act = agent->exploration;
        agent->exploration = random;
        agent->explored = explored;
        agent->action = chosen;
        agent->acted = 1;
    }
    *action = agent->action;
    return ARQ_OK;
}

/* The released method moves the context on after greedy actions only. */
static void move_context(arq_agent *agent, int32_t executed)
{
    int greedy = !agent->explored && executed == agent->action;
    if (greedy || agent->parameters.context_on_explore) {
        arq_activations_advance(agent->activations, 0);
    }
}

/* An update from the replay when one is due and enough can be drawn. */
static arq_status learn_when_due(arq_agent *agent, uint32_t *events)
{
    uint32_t size = (uint32_t)agent->parameters.batch;
    if (!agent->update_due || arq_replay_eligible(agent->replay) < size) {
        return ARQ_OK;
    }
    if (atomic_load(&agent->network->users) != 0) {
        return ARQ_OK; /* somebody computes with the weights: the update waits for the next step */
    }
    const agent_batch *batch = &agent->batch;
    arq_status status =
        arq_replay_sample(agent->replay, size, agent->network->shape.methods->distinct_samples, batch->observations,
                          batch->lengths, batch->actions, batch->rewards, batch->terminated);
    if (status != ARQ_OK) {
        return status;
    }
    agent->update_due = 0;
    agent->learner->agent_step = agent->steps;
    status = arq_learner_update_trusted(agent->learner, size, batch->observations, batch->lengths, batch->actions,
                                        batch->rewards, batch->terminated);
    if (status != ARQ_OK) {
        return status;
    }
    *events |= ARQ_EVENT_UPDATED;
    return ARQ_OK;
}

static uint32_t collapsed_cells(const arq_agent *agent)
{
    uint32_t count = 0;
    for (uint32_t l = 0; l < agent->network->shape.cells; l++) {
        count += agent->learner->metric[l][ARQ_METRIC_COLLAPSED] != 0;
    }
    return count;
}

/* What the schedule wants after step t (counted from 0). */
static arq_status follow_schedule(arq_agent *agent, uint64_t t, uint32_t *events)
{
    const arq_parameters *p = &agent->parameters;
    int learning = t > (uint64_t)p->learning_starts;
    if (learning && t % (uint64_t)p->train_period == 0) {
        agent->update_due = 1;
    }
    uint32_t collapsed = collapsed_cells(agent);
    arq_status status = learn_when_due(agent, events);
    if (collapsed_cells(agent) > collapsed) {
        *events |= ARQ_EVENT_COLLAPSED;
    }
    if (learning && t % (uint64_t)p->target_period == 0) {
        arq_learner_sync(agent->learner);
        *events |= ARQ_EVENT_SYNCED;
    }
    return status;
}

arq_status arq_agent_store(arq_agent *agent, int32_t executed, double reward, const void *next_observation,
                           int32_t terminated, int32_t truncated, uint32_t *events)
{
    /* An environment may give any finite double. */
    float stored_reward = arq_fp_to_float(reward);
    if (!arq_is_finite((double)stored_reward)) {
        return arq_fail(agent->context, ARQ_E_ARGUMENT, "arq_agent_observe: reward is %g; accepted: finite as a float",
                        reward);
    }
    arq_status status =
        arq_replay_store(agent->replay, executed, stored_reward, next_observation, terminated, truncated);
    if (status != ARQ_OK) {
        return status;
    }
    uint32_t happened = agent->explored ? ARQ_EVENT_EXPLORED : 0;
    move_context(agent, executed);
    memcpy(agent->observation, next_observation, agent->observation_bytes);
    agent->acted = 0;
    if (terminated || truncated) {
        agent->open = 0;
        agent->episodes++;
        happened |= ARQ_EVENT_EPISODE_END;
    }
    uint64_t t = agent->steps++;
    status = follow_schedule(agent, t, &happened);
    if (events != NULL) {
        *events = happened;
    }
    return status;
}

static arq_status check_observe(const arq_agent *agent, int32_t action, const void *next_observation,
                                int32_t terminated, int32_t truncated)
{
    const arq_context *context = agent->context;
    uint32_t actions = agent->network->shape.actions;
    if (agent->lent) {
        return arq_agent_fail_lent(agent, "arq_agent_observe");
    }
    if (!agent->open || !agent->acted) {
        return arq_fail(context, ARQ_E_ORDER, "arq_agent_observe: %s first",
                        agent->open ? "call arq_agent_act" : "call arq_agent_begin");
    }
    if (action != ARQ_ACTION_CHOSEN && (action < 0 || (uint32_t)action >= actions)) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "arq_agent_observe: action is %d; accepted: 0 .. %u or ARQ_ACTION_CHOSEN", action, actions - 1);
    }
    if ((terminated | truncated) & ~1) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "arq_agent_observe: terminated is %d and truncated is %d; accepted: 0 or 1", terminated,
                        truncated);
    }
    return check_observation(agent, next_observation, "arq_agent_observe: next_observation");
}

arq_status arq_agent_observe(arq_agent *agent, int32_t action, double reward, const void *next_observation,
                             int32_t terminated, int32_t truncated, uint32_t *events)
{
    if (events != NULL) {
        *events = 0;
    }
    if (agent == NULL) {
        return arq_fail_null(NULL, "arq_agent_observe", "agent");
    }
    arq_status status = check_observe(agent, action, next_observation, terminated, truncated);
    if (status != ARQ_OK) {
        return status;
    }
    int32_t executed = action == ARQ_ACTION_CHOSEN ? agent->action : action;
    return arq_agent_store(agent, executed, reward, next_observation, terminated, truncated, events);
}

arq_network *arq_agent_network(arq_agent *agent)
{
    return agent == NULL ? NULL : agent->network;
}

const arq_activations *arq_agent_activations(const arq_agent *agent)
{
    return agent == NULL ? NULL : agent->activations;
}

arq_status arq_agent_metric(const arq_agent *agent, const char *name, uint32_t cell, double *value)
{
    arq_status status =
        ARQ_REQUIRE(ARQ_CONTEXT_OF(agent), "arq_agent_metric", {"agent", agent}, {"name", name}, {"value", value});
    if (status != ARQ_OK) {
        return status;
    }
    if (strcmp(name, "steps") == 0) {
        *value = (double)agent->steps;
    } else if (strcmp(name, "episodes") == 0) {
        *value = (double)agent->episodes;
    } else if (strcmp(name, "epsilon") == 0) {
        *value = arq_agent_epsilon(agent);
    } else if (strcmp(name, "replay_size") == 0) {
        *value = (double)arq_replay_size(agent->replay);
    } else {
        status = arq_learner_metric(agent->learner, name, cell, value);
        if (status == ARQ_E_NOT_FOUND) {
            char text[512];
            arq_context_last_error(agent->context, text, sizeof(text));
            return arq_fail(agent->context, status, "%.400s, steps, episodes, epsilon, replay_size", text);
        }
        return status;
    }
    return ARQ_OK;
}
