/* An agent as a handle: what it is made of, and what it says about itself. */
#include "agent/agent.h"

#include "env/observation.h"
#include "system/fp.h"
#include "system/time.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MOST_INSTANCES 65536u

static arq_status create_episodes(arq_agent *agent)
{
    arq_context *context = agent->context;
    size_t n = agent->instances;
    agent->observations = arq_alloc(context, n, agent->observation_bytes);
    agent->episode = arq_alloc(context, n, sizeof(*agent->episode));
    agent->step = arq_alloc(context, n, sizeof(*agent->step));
    agent->mask = arq_alloc(context, n, 1);
    agent->streams = arq_alloc(context, n, sizeof(*agent->streams));
    agent->actions = arq_alloc(context, n, sizeof(*agent->actions));
    if (agent->observations == NULL || agent->episode == NULL || agent->step == NULL || agent->mask == NULL ||
        agent->streams == NULL || agent->actions == NULL) {
        return arq_fail_memory(context, "an agent's episodes", n * (agent->observation_bytes + sizeof(agent_episode)));
    }
    for (uint32_t i = 0; i < agent->instances; i++) {
        agent_episode *episode = &agent->episode[i];
        arq_random_seed_instance(&episode->exploration, (uint64_t)agent->parameters.seed, ARQ_STREAM_EXPLORATION, i);
        episode->exploration_before_act = episode->exploration;
    }
    return ARQ_OK;
}

static arq_status create_parts(arq_agent *agent, const arq_config *config, int32_t kind, uint32_t size,
                               uint32_t actions)
{
    arq_status status = arq_experience_check(agent->context, config, agent->experience);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_network_create(agent->context, config, kind, size, actions, &agent->network);
    if (status != ARQ_OK) {
        return status;
    }
    agent->network->owned = 1;
    /* The network has made widths of width_scale and of `auto`. */
    agent->parameters.widths = agent->network->parameters.widths;
    agent->parameters.width_scale = agent->network->parameters.width_scale;
    agent->parameters.context_on_explore = agent->network->parameters.context_on_explore;
    status = arq_learner_make(agent->network, &agent->parameters, agent->experience->learning, &agent->learner);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_activations_create(agent->network, agent->instances, &agent->activations);
    if (status != ARQ_OK) {
        return status;
    }
    status = create_episodes(agent);
    if (status != ARQ_OK) {
        return status;
    }
    return agent->experience->create(agent);
}

arq_status arq_agent_create_many(arq_context *context, const arq_config *config, int32_t observation_kind,
                                 uint32_t observation_size, uint32_t actions, uint32_t instances, arq_agent **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status =
        ARQ_REQUIRE(context, "arq_agent_create", {"context", context}, {"config", config}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    if (instances == 0 || instances > MOST_INSTANCES) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_agent_create_many: instances is %u; accepted: 1 .. %u", instances,
                        MOST_INSTANCES);
    }
    arq_agent *agent = arq_alloc(context, 1, sizeof(*agent));
    if (agent == NULL) {
        return arq_fail_memory(context, "an agent", sizeof(*agent));
    }
    arq_context_retain(context);
    agent->context = context;
    agent->parameters = *arq_config_values(config);
    agent->instances = instances;
    agent->observation_bytes = arq_observation_bytes(observation_kind, observation_size);
    agent->experience = arq_experiences[agent->parameters.experience];
    status = create_parts(agent, config, observation_kind, observation_size, actions);
    if (status != ARQ_OK) {
        arq_agent_destroy(agent);
        return status;
    }
    *out = agent;
    return ARQ_OK;
}

arq_status arq_agent_create(arq_context *context, const arq_config *config, int32_t observation_kind,
                            uint32_t observation_size, uint32_t actions, arq_agent **out)
{
    return arq_agent_create_many(context, config, observation_kind, observation_size, actions, 1, out);
}

static void free_agent(arq_agent *agent)
{
    arq_context *context = agent->context;
    size_t n = agent->instances;
    if (agent->memory != NULL) {
        agent->experience->destroy(agent);
    }
    arq_free(context, agent->observations, n, agent->observation_bytes);
    arq_free(context, agent->episode, n, sizeof(*agent->episode));
    arq_free(context, agent->step, n, sizeof(*agent->step));
    arq_free(context, agent->mask, n, 1);
    arq_free(context, agent->streams, n, sizeof(*agent->streams));
    arq_free(context, agent->actions, n, sizeof(*agent->actions));
    arq_activations_destroy(agent->activations);
    arq_learner_destroy(agent->learner);
    arq_network_release(agent->network);
    arq_free(context, agent, 1, sizeof(*agent));
    arq_context_release(context);
}

void arq_agent_release(arq_agent *agent)
{
    if (agent != NULL && arq_life_end(&agent->life)) {
        free_agent(agent);
    }
}

void arq_agent_destroy(arq_agent *agent)
{
    if (agent != NULL && !agent->owned) {
        arq_agent_release(agent);
    }
}

void arq_agent_let_go(arq_agent *agent)
{
    if (arq_life_let_go(&agent->life)) {
        free_agent(agent);
    }
}

arq_status arq_agent_fail_lent(const arq_agent *agent, const char *call)
{
    return arq_fail(agent->context, ARQ_E_BUSY, "%s: called from inside the environment of this agent's own run", call);
}

uint32_t arq_agent_instances(const arq_agent *agent)
{
    return agent == NULL ? 0 : agent->instances;
}

arq_network *arq_agent_network(arq_agent *agent)
{
    return agent == NULL ? NULL : agent->network;
}

const arq_activations *arq_agent_activations(const arq_agent *agent)
{
    return agent == NULL ? NULL : agent->activations;
}

double arq_agent_epsilon(const arq_agent *agent)
{
    uint64_t mode = arq_fp_enter();
    double epsilon = arq_schedule_epsilon(&agent->parameters, agent->experience->explores_from_start, agent->steps);
    arq_fp_leave(mode);
    return epsilon;
}

double arq_agent_learning_rate(const arq_agent *agent, uint64_t steps)
{
    uint64_t mode = arq_fp_enter();
    double rate = arq_schedule_learning_rate(&agent->parameters, steps);
    arq_fp_leave(mode);
    return rate;
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
        return ARQ_OK;
    }
    if (strcmp(name, "episodes") == 0) {
        *value = (double)agent->episodes;
        return ARQ_OK;
    }
    if (strcmp(name, "epsilon") == 0) {
        *value = arq_agent_epsilon(agent);
        return ARQ_OK;
    }
    if (strcmp(name, "learning_rate") == 0) {
        *value = arq_agent_learning_rate(agent, agent->steps);
        return ARQ_OK;
    }
    if (strcmp(name, "learning_seconds") == 0) {
        *value = agent->learning_seconds;
        return ARQ_OK;
    }
    if (agent->experience->metric(agent, name, value)) {
        return ARQ_OK;
    }
    if (strcmp(name, "replay_size") == 0 || strcmp(name, "rollout_size") == 0) {
        *value = (double)NAN; /* a number of the other kind of experience */
        return ARQ_OK;
    }
    status = arq_learner_metric(agent->learner, name, cell, value);
    if (status == ARQ_E_NOT_FOUND) {
        char text[512];
        arq_context_last_error(agent->context, text, sizeof(text));
        return arq_fail(agent->context, status,
                        "%.400s, steps, episodes, epsilon, learning_rate, learning_seconds, replay_size, rollout_size",
                        text);
    }
    return status;
}

static uint32_t collapsed_cells(const arq_agent *agent)
{
    uint32_t count = 0;
    for (uint32_t l = 0; l < agent->network->shape.cells; l++) {
        count += agent->learner->metric[l][ARQ_METRIC_COLLAPSED] != 0;
    }
    return count;
}

arq_status arq_agent_learn(arq_agent *agent, uint64_t steps, agent_learn *learn, uint32_t *events)
{
    uint32_t collapsed = collapsed_cells(agent);
    double begin = arq_seconds();
    arq_learner_set_rate(agent->learner, arq_agent_learning_rate(agent, steps));
    agent->learner->agent_step = steps;
    arq_status status = learn(agent, events);
    agent->learning_seconds += arq_seconds() - begin;
    *events |= collapsed_cells(agent) > collapsed ? ARQ_EVENT_COLLAPSED : 0;
    return status;
}
