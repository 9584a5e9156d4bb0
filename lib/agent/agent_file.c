/* An agent as one safetensors file: network, learner, what it is doing, replay. */
#include "agent/agent.h"

#include "env/observation.h"
#include "io/saved.h"
#include "replay/replay.h"

#include <stdio.h>
#include <string.h>

/* An agent while it is saved or loaded. */
typedef struct saved_agent {
    arq_agent *agent;
    arq_saved_replay replay;
} saved_agent;

/* Parameters that a loaded agent may have different from the file's: they do not touch what it does. */
static int free_to_differ(const char *name)
{
    return strcmp(name, "total_steps") == 0 || strncmp(name, "evaluation_", 11) == 0;
}

/* The parameters lie in the file with the network; all others must be this agent's. */
static void check_parameters(arq_record *record, void *thing)
{
    const arq_agent *agent = ((const saved_agent *)thing)->agent;
    if (record->writer != NULL || record->takes) {
        return;
    }
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        char own[256];
        arq_parameter_format(row, &agent->parameters, own, sizeof(own));
        const char *theirs = arq_reader_text(record->reader, row->name);
        if (theirs != NULL && strcmp(own, theirs) != 0 && !free_to_differ(row->name)) {
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
        {"open", agent->open, {0, 1, 0}},
        {"update_due", agent->update_due, {0, 1, 0}},
    };
    arq_record_numbers(record, "counters", ARQ_DTYPE_U64, counters, 4);
    if (record->takes) {
        agent->steps = (uint64_t)counters[0].value;
        agent->episodes = (uint64_t)counters[1].value;
        agent->open = (int32_t)counters[2].value;
        agent->update_due = (int32_t)counters[3].value;
        agent->acted = 0;
    }
}

static void list_observation(arq_record *record, arq_agent *agent)
{
    const arq_network_shape *shape = &agent->network->shape;
    arq_record_field(
        record,
        &(arq_field){"observation", ARQ_DTYPE_U8, 1, {agent->observation_bytes}, agent->observation, NULL, NULL});
    if (record->status != ARQ_OK || record->writer != NULL) {
        return;
    }
    char what[256];
    snprintf(what, sizeof(what), "%.200s: 'agent.observation'", arq_reader_path(record->reader));
    const void *observation = arq_record_find(record, "observation")->data;
    record->status = arq_observation_check(agent->context, ARQ_E_FORMAT, shape->observation_kind,
                                           shape->observation_size, observation, what);
}

/* What the cells did the step before. */
static void list_contexts(arq_record *record, arq_agent *agent)
{
    if (record->takes) {
        arq_activations_begin(agent->activations, 0);
    }
    for (uint32_t l = 0; l < agent->network->shape.cells; l++) {
        size_t count = 0;
        float *previous = arq_activations_previous(agent->activations, l, &count);
        char name[32];
        snprintf(name, sizeof(name), "context%u", l);
        if (previous != NULL) {
            arq_record_field(record, &(arq_field){name, ARQ_DTYPE_F32, 1, {count}, previous, &arq_range_finite, NULL});
        }
    }
}

static void list_agent(arq_record *record, void *thing)
{
    arq_agent *agent = ((saved_agent *)thing)->agent;
    /* An action that was chosen but not observed is chosen again after a load. */
    int chooses_again = record->writer != NULL && agent->acted;
    list_counters(record, agent);
    arq_record_random(record, "exploration", chooses_again ? &agent->exploration_before_act : &agent->exploration);
    list_observation(record, agent);
    list_contexts(record, agent);
}

/* What the agent and its replay must say alike. */
static void check_episode(arq_record *record, void *thing)
{
    const saved_agent *saved = thing;
    if (record->writer != NULL || record->takes) {
        return;
    }
    const uint64_t *counters = arq_record_find(record, "counters")->data;
    if (counters[2] != (uint64_t)arq_saved_replay_is_open(&saved->replay)) {
        arq_record_refuse(record, ARQ_E_FORMAT, "an episode is open by 'agent.counters' or by 'replay.state' alone");
    }
}

#define PARTS 6
static void list_parts(saved_agent *saved, arq_part parts[PARTS])
{
    parts[0] = (arq_part){.list = check_parameters, .thing = saved, .prefix = ""};
    parts[1] = arq_network_part(saved->agent->network);
    parts[2] = arq_learner_part(saved->agent->learner);
    parts[3] = (arq_part){.list = list_agent, .thing = saved, .prefix = "agent."};
    parts[4] = arq_replay_part(&saved->replay, "replay.");
    parts[5] = (arq_part){.list = check_episode, .thing = saved, .prefix = "agent."};
}

static saved_agent saved_of(arq_agent *agent)
{
    return (saved_agent){agent, {.replay = agent->replay, .actions = agent->network->shape.actions}};
}

arq_status arq_agent_save(arq_agent *agent, const char *path)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(agent), "arq_agent_save", {"agent", agent}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    saved_agent saved = saved_of(agent);
    arq_part parts[PARTS];
    list_parts(&saved, parts);
    return arq_save_parts(agent->context, path, "agent", parts, PARTS);
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
    saved_agent saved = saved_of(agent);
    arq_part parts[PARTS];
    list_parts(&saved, parts);
    status = arq_load_parts(agent->context, "arq_agent_load", path, "agent", parts, PARTS);
    arq_saved_replay_clear(&saved.replay);
    return status;
}
