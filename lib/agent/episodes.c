/* Begin, act and observe, for one episode or many: what the caller says is checked here, and only here. */
#include "agent/agent.h"

#include "core/finite.h"
#include "env/observation.h"
#include "system/fp.h"

#include <stdio.h>
#include <string.h>

static int is_asked(const uint8_t *mask, uint32_t instance)
{
    return mask == NULL || mask[instance] != 0;
}

/* " of instance 3" where there are several. */
static const char *instance_words(const arq_agent *agent, uint32_t instance, char room[32])
{
    room[0] = '\0';
    if (agent->instances > 1) {
        snprintf(room, 32, " of instance %u", instance);
    }
    return room;
}

static arq_status check_observations(const arq_agent *agent, const uint8_t *mask, const void *observations,
                                     const char *what)
{
    if (observations == NULL) {
        return arq_fail(agent->context, ARQ_E_ARGUMENT, "%s is NULL", what);
    }
    const arq_network_shape *shape = &agent->network->shape;
    for (uint32_t i = 0; i < agent->instances; i++) {
        const uint8_t *observation = (const uint8_t *)observations + i * agent->observation_bytes;
        if (!is_asked(mask, i) ||
            arq_observation_is_allowed(shape->observation_kind, shape->observation_size, observation)) {
            continue;
        }
        char room[32];
        char text[96];
        snprintf(text, sizeof(text), "%s%s", what, instance_words(agent, i, room));
        return arq_observation_check(agent->context, ARQ_E_ARGUMENT, shape->observation_kind, shape->observation_size,
                                     observation, text);
    }
    return ARQ_OK;
}

/* The one-episode calls are for agents of one instance. */
static arq_status check_alone(const arq_agent *agent, const char *call)
{
    if (agent == NULL) {
        return arq_fail_null(NULL, call, "agent");
    }
    if (agent->instances > 1) {
        return arq_fail(agent->context, ARQ_E_ORDER, "%s: the agent has %u instances; call %s_many", call,
                        agent->instances, call);
    }
    return ARQ_OK;
}

static arq_status check_free(const arq_agent *agent, const char *call)
{
    if (agent == NULL) {
        return arq_fail_null(NULL, call, "agent");
    }
    return agent->lent ? arq_agent_fail_lent(agent, call) : ARQ_OK;
}

/* ---- Begin ---- */

arq_status arq_agent_enter(arq_agent *agent, const uint8_t *mask, const void *observations)
{
    arq_status status = agent->experience->begin(agent, mask, observations);
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < agent->instances; i++) {
        if (!is_asked(mask, i)) {
            continue;
        }
        agent_episode *episode = &agent->episode[i];
        agent->episodes += episode->open ? 1 : 0;
        episode->open = 1;
        episode->acted = 0;
        memcpy(agent->observations + i * agent->observation_bytes,
               (const uint8_t *)observations + i * agent->observation_bytes, agent->observation_bytes);
        arq_activations_begin(agent->activations, i);
    }
    return ARQ_OK;
}

arq_status arq_agent_begin_many(arq_agent *agent, const uint8_t *mask, const void *observations)
{
    const char *call = agent != NULL && agent->instances == 1 ? "arq_agent_begin" : "arq_agent_begin_many";
    arq_status status = check_free(agent, call);
    if (status != ARQ_OK) {
        return status;
    }
    char what[64];
    snprintf(what, sizeof(what), "%s: observation", call);
    status = check_observations(agent, mask, observations, what);
    if (status != ARQ_OK) {
        return status;
    }
    arq_life_hold(&agent->life);
    status = arq_agent_enter(agent, mask, observations);
    arq_agent_let_go(agent);
    return status;
}

arq_status arq_agent_begin(arq_agent *agent, const void *observation)
{
    arq_status status = check_alone(agent, "arq_agent_begin");
    return status != ARQ_OK ? status : arq_agent_begin_many(agent, NULL, observation);
}

/* ---- Act ---- */

arq_status arq_agent_compute(arq_agent *agent, const uint8_t *mask, const char *call)
{
    return arq_network_compute(agent->network, agent->activations, agent->observations, mask, call);
}

/* Epsilon-greedy, each instance from its own random stream. Marks the instances that need Q in agent->mask and returns
 * how many they are. */
static uint32_t draw(arq_agent *agent, const uint8_t *mask)
{
    double epsilon = arq_agent_epsilon(agent);
    int always = agent->experience->values_every_step || agent->network->parameters.context_on_explore;
    uint32_t needs = 0;
    for (uint32_t i = 0; i < agent->instances; i++) {
        agent_episode *episode = &agent->episode[i];
        agent->mask[i] = 0;
        if (!is_asked(mask, i) || episode->acted) {
            continue;
        }
        episode->exploration_before_act = episode->exploration;
        episode->explored = arq_random_uniform(&episode->exploration) < epsilon;
        if (episode->explored) {
            episode->action = (int32_t)arq_random_below(&episode->exploration, agent->network->shape.actions);
        }
        agent->mask[i] = always || !episode->explored;
        needs += agent->mask[i];
    }
    return needs;
}

static void put_back(arq_agent *agent, const uint8_t *mask)
{
    for (uint32_t i = 0; i < agent->instances; i++) {
        agent_episode *episode = &agent->episode[i];
        if (is_asked(mask, i) && !episode->acted) {
            episode->exploration = episode->exploration_before_act;
        }
    }
}

arq_status arq_agent_choose(arq_agent *agent, const uint8_t *mask, int32_t *actions)
{
    if (draw(agent, mask) > 0) {
        arq_status status = arq_agent_compute(agent, agent->mask, "arq_agent_act");
        if (status != ARQ_OK) {
            put_back(agent, mask);
            return status;
        }
        if (agent->experience->valued != NULL) {
            agent->experience->valued(agent, agent->mask);
        }
    }
    uint32_t known = agent->network->shape.actions;
    for (uint32_t i = 0; i < agent->instances; i++) {
        agent_episode *episode = &agent->episode[i];
        if (!is_asked(mask, i)) {
            continue;
        }
        if (!episode->acted && !episode->explored) {
            episode->action = arq_greedy_action(agent->activations->q + (size_t)i * known, known);
        }
        episode->acted = 1;
        actions[i] = episode->action;
    }
    return ARQ_OK;
}

arq_status arq_agent_act_many(arq_agent *agent, const uint8_t *mask, int32_t *actions)
{
    const char *call = agent != NULL && agent->instances == 1 ? "arq_agent_act" : "arq_agent_act_many";
    if (agent == NULL || actions == NULL) {
        return arq_fail_null(agent == NULL ? NULL : agent->context, call, agent == NULL ? "agent" : "actions");
    }
    arq_status status = check_free(agent, call);
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < agent->instances; i++) {
        if (is_asked(mask, i) && !agent->episode[i].open) {
            char room[32];
            return arq_fail(agent->context, ARQ_E_ORDER, "%s: no episode%s is open; call arq_agent_begin first", call,
                            instance_words(agent, i, room));
        }
    }
    arq_life_hold(&agent->life);
    status = arq_agent_choose(agent, mask, actions);
    arq_agent_let_go(agent);
    return status;
}

arq_status arq_agent_act(arq_agent *agent, int32_t *action)
{
    if (agent != NULL) {
        arq_status status = check_alone(agent, "arq_agent_act");
        if (status != ARQ_OK) {
            return status;
        }
    }
    return arq_agent_act_many(agent, NULL, action);
}

/* ---- Observe ---- */

static arq_status check_step(const arq_agent *agent, uint32_t i, int32_t action, double reward, int32_t terminated,
                             int32_t truncated, const char *call)
{
    const arq_context *context = agent->context;
    const agent_episode *episode = &agent->episode[i];
    uint32_t actions = agent->network->shape.actions;
    char room[32];
    if (!episode->open || !episode->acted) {
        return arq_fail(context, ARQ_E_ORDER, "%s: %s first%s%s", call,
                        episode->open ? "call arq_agent_act" : "call arq_agent_begin",
                        agent->instances > 1 ? ", for the episode" : "", instance_words(agent, i, room));
    }
    if (action != ARQ_ACTION_CHOSEN && (action < 0 || (uint32_t)action >= actions)) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: action%s is %d; accepted: 0 .. %u or ARQ_ACTION_CHOSEN", call,
                        instance_words(agent, i, room), action, actions - 1);
    }
    if (!arq_is_finite_as_float(reward)) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: reward%s is %g; accepted: finite as a float, -3.40282e+38 .. 3.40282e+38", call,
                        instance_words(agent, i, room), reward);
    }
    if ((terminated | truncated) & ~1) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: terminated%s is %d and truncated is %d; accepted: 0 or 1", call,
                        instance_words(agent, i, room), terminated, truncated);
    }
    return ARQ_OK;
}

/* Copies the caller's arrays into agent->step; returns how many instances have stepped. */
static uint32_t take_steps(arq_agent *agent, const uint8_t *mask, const int32_t *actions, const double *rewards,
                           const int32_t *terminated, const int32_t *truncated)
{
    uint32_t count = 0;
    uint64_t mode = arq_fp_enter(); /* rewards become floats by the library's rounding */
    for (uint32_t i = 0; i < agent->instances; i++) {
        agent_step *step = &agent->step[i];
        step->stepped = (uint8_t)is_asked(mask, i);
        if (!step->stepped) {
            continue;
        }
        count++;
        step->action = actions == NULL || actions[i] == ARQ_ACTION_CHOSEN ? agent->episode[i].action : actions[i];
        step->reward = (float)rewards[i];
        step->end = terminated[i] ? ARQ_END_TERMINATED : truncated[i] ? ARQ_END_TRUNCATED : ARQ_END_NONE;
    }
    arq_fp_leave(mode);
    return count;
}

/* The papers' released code advances the activations after greedy actions only. */
static int advances(const arq_agent *agent, uint32_t i)
{
    const agent_episode *episode = &agent->episode[i];
    const agent_step *step = &agent->step[i];
    int greedy = !episode->explored && step->action == episode->action;
    return step->stepped && (greedy || agent->network->parameters.context_on_explore);
}

/* After a step is stored: on to the next observation. */
static void move_on(arq_agent *agent, uint32_t i, const void *next_observations, uint32_t *events)
{
    agent_episode *episode = &agent->episode[i];
    const agent_step *step = &agent->step[i];
    memcpy(agent->observations + i * agent->observation_bytes,
           (const uint8_t *)next_observations + i * agent->observation_bytes, agent->observation_bytes);
    *events |= episode->explored ? ARQ_EVENT_EXPLORED : 0;
    episode->acted = 0;
    if (step->end != ARQ_END_NONE) {
        episode->open = 0;
        agent->episodes++;
        *events |= ARQ_EVENT_EPISODE_END;
    }
}

arq_status arq_agent_learn_from(arq_agent *agent, const uint8_t *mask, const int32_t *actions, const double *rewards,
                                const void *next_observations, const int32_t *terminated, const int32_t *truncated,
                                uint32_t *events)
{
    *events = 0;
    uint32_t count = take_steps(agent, mask, actions, rewards, terminated, truncated);
    if (count == 0) {
        return ARQ_OK;
    }
    arq_status status = agent->experience->store(agent, next_observations);
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < agent->instances; i++) {
        agent->mask[i] = (uint8_t)advances(agent, i);
    }
    arq_activations_advance_many(agent->activations, agent->mask);
    for (uint32_t i = 0; i < agent->instances; i++) {
        if (agent->step[i].stepped) {
            move_on(agent, i, next_observations, events);
        }
    }
    uint64_t first = agent->steps;
    agent->steps += count;
    return agent->experience->advance(agent, first, count, events);
}

arq_status arq_agent_observe_many(arq_agent *agent, const uint8_t *mask, const int32_t *actions, const double *rewards,
                                  const void *next_observations, const int32_t *terminated, const int32_t *truncated,
                                  uint32_t *events)
{
    uint32_t happened = 0;
    uint32_t *told = events == NULL ? &happened : events;
    *told = 0;
    const char *call = agent != NULL && agent->instances == 1 ? "arq_agent_observe" : "arq_agent_observe_many";
    arq_status status = check_free(agent, call);
    if (status != ARQ_OK) {
        return status;
    }
    if (rewards == NULL || terminated == NULL || truncated == NULL) {
        return arq_fail_null(agent->context, call,
                             rewards == NULL      ? "rewards"
                             : terminated == NULL ? "terminated"
                                                  : "truncated");
    }
    for (uint32_t i = 0; i < agent->instances; i++) {
        if (is_asked(mask, i)) {
            status = check_step(agent, i, actions == NULL ? ARQ_ACTION_CHOSEN : actions[i], rewards[i], terminated[i],
                                truncated[i], call);
            if (status != ARQ_OK) {
                return status;
            }
        }
    }
    char what[64];
    snprintf(what, sizeof(what), "%s: next_observation", call);
    status = check_observations(agent, mask, next_observations, what);
    if (status != ARQ_OK) {
        return status;
    }
    arq_life_hold(&agent->life);
    status = arq_agent_learn_from(agent, mask, actions, rewards, next_observations, terminated, truncated, told);
    arq_agent_let_go(agent);
    return status;
}

arq_status arq_agent_observe(arq_agent *agent, int32_t action, double reward, const void *next_observation,
                             int32_t terminated, int32_t truncated, uint32_t *events)
{
    if (events != NULL) {
        *events = 0;
    }
    arq_status status = check_alone(agent, "arq_agent_observe");
    if (status != ARQ_OK) {
        return status;
    }
    return arq_agent_observe_many(agent, NULL, &action, &reward, next_observation, &terminated, &truncated, events);
}
