/* An agent as one safetensors file: network, learner, what it is doing, replay. */
#include "agent/agent.h"

#include "core/parameter_changes.h"
#include "env/observation.h"
#include "io/saved.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Whether the agent may go on with a value of its own in place of the file's. */
static int may_change(const arq_parameter *row, const char *own, const char *theirs)
{
    const arq_parameter_change *change = arq_parameter_find_change(row->name);
    return change != NULL && (!change->upwards || strtoull(own, NULL, 10) >= strtoull(theirs, NULL, 10));
}

/* All other parameters in the file (they stand there with the network's) must be those of this agent. */
static void check_parameters(arq_record *record, void *thing)
{
    const arq_agent *agent = ((const agent_saved *)thing)->agent;
    if (record->writer != NULL) {
        if (agent->instances > 1) {
            char instances[16];
            snprintf(instances, sizeof(instances), "%u", agent->instances);
            arq_record_text(record, "instances", instances);
        }
        return;
    }
    if (record->takes) {
        return;
    }
    const char *instances = arq_reader_text(record->reader, "instances");
    if ((instances == NULL ? 1 : strtoul(instances, NULL, 10)) != agent->instances) {
        arq_record_refuse(record, ARQ_E_SHAPE, "instances is %.16s in the file, %u in this agent",
                          instances == NULL ? "1" : instances, agent->instances);
        return;
    }
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        char own[256];
        arq_parameter_format(row, &agent->parameters, own, sizeof(own));
        const char *theirs = arq_reader_text(record->reader, row->name);
        if (theirs != NULL && strcmp(own, theirs) != 0 && !may_change(row, own, theirs)) {
            arq_record_refuse(record, ARQ_E_SHAPE, "%s is %.64s in the file, %s in this agent", row->name, theirs, own);
            return;
        }
    }
}

static void list_counters(arq_record *record, arq_agent *agent)
{
    arq_number counters[] = {
        {"steps", (double)agent->steps, {0, ARQ_COUNT_MOST, 0}},
        {"episodes", (double)agent->episodes, {0, ARQ_COUNT_MOST, 0}},
        {"open", agent->episode[0].open, {0, 1, 0}},
        {"update_due", agent->update_due, {0, 1, 0}},
    };
    arq_record_numbers(record, "counters", ARQ_DTYPE_U64, counters, 4);
    if (record->takes) {
        agent->steps = (uint64_t)counters[0].value;
        agent->episodes = (uint64_t)counters[1].value;
        agent->episode[0].open = (uint8_t)counters[2].value;
        agent->update_due = (int32_t)counters[3].value;
    }
}

typedef enum episode_state {
    EPISODE_CLOSED,
    EPISODE_OPEN,
    EPISODE_ACTED, /* act has chosen, observe has not come yet */
    EPISODE_EXPLORED
} episode_state;

static episode_state state_of(const agent_episode *episode)
{
    if (!episode->open) {
        return EPISODE_CLOSED;
    }
    return !episode->acted ? EPISODE_OPEN : episode->explored ? EPISODE_EXPLORED : EPISODE_ACTED;
}

/* A single instance in an agent's file has no state and action: a counter says whether its episode is open, and it
 * chooses again, which gives the same action. */
static int chooses_again(const agent_saved *saved)
{
    return saved->agent->instances == 1 && !saved->of_run;
}

/* State and action of each instance. An action that act has chosen is kept: the network may have learned from other
 * instances since, and would choose another. */
static void list_episodes(arq_record *record, const agent_saved *saved)
{
    arq_agent *agent = saved->agent;
    uint32_t n = agent->instances;
    const arq_range states = {EPISODE_CLOSED, EPISODE_EXPLORED, 0};
    const arq_range actions = {0, (double)agent->network->shape.actions - 1, 0};
    if (chooses_again(saved)) {
        return;
    }
    for (uint32_t i = 0; i < n && record->writer != NULL; i++) {
        agent->mask[i] = (uint8_t)state_of(&agent->episode[i]);
        agent->actions[i] = agent->episode[i].action;
    }
    arq_record_field(record, &(arq_field){"state", ARQ_DTYPE_U8, 1, {n}, agent->mask, &states, NULL});
    arq_record_field(record, &(arq_field){"action", ARQ_DTYPE_I32, 1, {n}, agent->actions, &actions, NULL});
    for (uint32_t i = 0; i < n && record->takes; i++) {
        agent_episode *episode = &agent->episode[i];
        episode->open = agent->mask[i] != EPISODE_CLOSED;
        episode->acted = agent->mask[i] >= EPISODE_ACTED;
        episode->explored = agent->mask[i] == EPISODE_EXPLORED;
        episode->action = agent->actions[i];
    }
}

/* An instance that chooses again goes back to before its pending action. */
static void list_exploration(arq_record *record, const agent_saved *saved)
{
    arq_agent *agent = saved->agent;
    uint32_t n = agent->instances;
    int again = chooses_again(saved);
    for (uint32_t i = 0; i < n && record->writer != NULL; i++) {
        const agent_episode *episode = &agent->episode[i];
        agent->streams[i] = again && episode->acted ? episode->exploration_before_act : episode->exploration;
    }
    arq_record_randoms(record, "exploration", agent->streams, n);
    for (uint32_t i = 0; i < n && record->takes; i++) {
        agent_episode *episode = &agent->episode[i];
        episode->exploration = agent->streams[i];
        episode->acted = !again && episode->acted;
    }
}

static void list_observations(arq_record *record, arq_agent *agent)
{
    const arq_network_shape *shape = &agent->network->shape;
    size_t bytes = agent->instances * agent->observation_bytes;
    arq_record_field(record, &(arq_field){"observation", ARQ_DTYPE_U8, 1, {bytes}, agent->observations, NULL, NULL});
    if (record->status != ARQ_OK || record->writer != NULL) {
        return;
    }
    char what[256];
    snprintf(what, sizeof(what), "%.200s: 'agent.observation'", arq_reader_path(record->reader));
    const uint8_t *observations = arq_record_find(record, "observation")->data;
    for (uint32_t i = 0; i < agent->instances && record->status == ARQ_OK; i++) {
        record->status =
            arq_observation_check(agent->context, ARQ_E_FORMAT, shape->observation_kind, shape->observation_size,
                                  observations + i * agent->observation_bytes, what);
    }
}

static void list_context(arq_record *record, const char *which, uint32_t l, float *place, size_t count)
{
    char name[32];
    snprintf(name, sizeof(name), "%s%u", which, l);
    if (place != NULL) {
        arq_record_field(record, &(arq_field){name, ARQ_DTYPE_F32, 1, {count}, place, &arq_range_finite, NULL});
    }
}

/* The activations of the step before; where a pending action is kept also those that become it once the action is
 * observed. */
static void list_contexts(arq_record *record, const agent_saved *saved)
{
    arq_agent *agent = saved->agent;
    for (uint32_t i = 0; i < agent->instances && record->takes; i++) {
        arq_activations_begin(agent->activations, i);
        agent->activations->computed[i] = agent->episode[i].acted;
    }
    for (uint32_t l = 0; l < agent->network->shape.cells; l++) {
        size_t count = 0;
        float *previous = arq_activations_previous(agent->activations, l, &count);
        list_context(record, "context", l, previous, count);
        if (!chooses_again(saved)) {
            float *present = arq_activations_present(agent->activations, l, &count);
            list_context(record, "present", l, present, count);
        }
    }
}

static void list_agent(arq_record *record, void *thing)
{
    const agent_saved *saved = thing;
    list_counters(record, saved->agent);
    list_episodes(record, saved);
    list_exploration(record, saved);
    list_observations(record, saved->agent);
    list_contexts(record, saved);
}

size_t arq_agent_list_parts(agent_saved *saved, arq_part parts[ARQ_AGENT_PARTS])
{
    parts[0] = (arq_part){.list = check_parameters, .thing = saved, .prefix = ""};
    parts[1] = arq_network_part(saved->agent->network);
    parts[2] = arq_learner_part(saved->agent->learner);
    parts[3] = (arq_part){.list = list_agent, .thing = saved, .prefix = "agent."};
    return 4 + saved->agent->experience->list_parts(saved, &parts[4]);
}

arq_status arq_agent_save(arq_agent *agent, const char *path)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(agent), "arq_agent_save", {"agent", agent}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    agent_saved saved = {.agent = agent};
    arq_part parts[ARQ_AGENT_PARTS];
    size_t count = arq_agent_list_parts(&saved, parts);
    arq_life_hold(&agent->life);
    status = arq_save_parts(agent->context, path, "agent", parts, count);
    arq_agent_let_go(agent);
    return status;
}

arq_status arq_agent_load(arq_agent *agent, const char *path)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(agent), "arq_agent_load", {"agent", agent}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    if (agent->lent) {
        return arq_agent_fail_lent(agent, "arq_agent_load");
    }
    if (agent->owned) {
        return arq_fail(agent->context, ARQ_E_ORDER,
                        "arq_agent_load: the agent belongs to a run, which counts its steps and plays its episodes; "
                        "arq_run_load takes both over from a checkpoint, arq_network_load the weights alone");
    }
    agent_saved saved = {.agent = agent};
    arq_part parts[ARQ_AGENT_PARTS];
    size_t count = arq_agent_list_parts(&saved, parts);
    arq_life_hold(&agent->life);
    status = arq_load_parts(agent->context, "arq_agent_load", path, "agent", parts, count);
    arq_saved_replay_clear(&saved.replay);
    arq_agent_let_go(agent);
    return status;
}
