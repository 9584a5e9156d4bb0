/* An agent as one safetensors file: network, learner, replay, random streams, counters. */
#include "agent/agent.h"

#include "replay/replay.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNTERS 4

static arq_status write_state(const arq_agent *agent, arq_writer *writer)
{
    uint64_t counters[COUNTERS] = {agent->steps, agent->episodes, (uint64_t)agent->open, (uint64_t)agent->update_due};
    /* An action that was chosen but not observed is chosen again after a load. */
    const arq_random *exploration = agent->acted ? &agent->exploration_before_act : &agent->exploration;
    arq_status status = arq_writer_values(writer, "agent.counters", ARQ_DTYPE_U64, COUNTERS, counters);
    if (status == ARQ_OK) {
        status = arq_writer_values(writer, "agent.exploration", ARQ_DTYPE_U64, 4, exploration->state);
    }
    if (status == ARQ_OK) {
        status =
            arq_writer_values(writer, "agent.observation", ARQ_DTYPE_U8, agent->observation_bytes, agent->observation);
    }
    for (uint32_t l = 0; status == ARQ_OK && l < agent->network->shape.cells; l++) {
        size_t count = 0;
        const float *context = agent->network->shape.methods->context(agent->activations, l, &count);
        char name[32];
        snprintf(name, sizeof(name), "agent.context%u", l);
        if (context != NULL) {
            status = arq_writer_values(writer, name, ARQ_DTYPE_F32, count, context);
        }
    }
    return status;
}

arq_status arq_agent_save(arq_agent *agent, const char *path)
{
    if (agent == NULL || path == NULL) {
        return arq_fail(agent == NULL ? NULL : agent->context, ARQ_E_ARGUMENT, "arq_agent_save: %s is NULL",
                        agent == NULL ? "agent" : "path");
    }
    arq_writer *writer = NULL;
    arq_status status = arq_writer_create(agent->context, &writer);
    if (status == ARQ_OK) {
        status = arq_writer_text(writer, "kind", "agent");
    }
    if (status == ARQ_OK) {
        status = arq_network_write_parts(agent->network, writer);
    }
    if (status == ARQ_OK) {
        status = arq_learner_write_parts(agent->learner, writer);
    }
    if (status == ARQ_OK) {
        status = write_state(agent, writer);
    }
    if (status == ARQ_OK) {
        status = arq_replay_write(agent->replay, writer, "replay.");
    }
    if (status == ARQ_OK) {
        status = arq_writer_commit(writer, path);
    }
    arq_writer_destroy(writer);
    return status;
}

/* Parameters that a loaded agent may have different from the file's: they do not touch what it does. */
static int free_to_differ(const char *name)
{
    return strcmp(name, "total_steps") == 0 || strncmp(name, "evaluation_", 11) == 0;
}

static arq_status check_parameters(const arq_agent *agent, const arq_reader *reader)
{
    for (const arq_parameter *row = arq_parameter_table; row->name != NULL; row++) {
        char own[256];
        arq_parameter_format(row, &agent->parameters, own, sizeof(own));
        const char *theirs = arq_reader_text(reader, row->name);
        if (theirs != NULL && strcmp(own, theirs) != 0 && !free_to_differ(row->name)) {
            return arq_fail(agent->context, ARQ_E_SHAPE, "%s: %s is %.64s in the file, %s in this agent",
                            arq_reader_path(reader), row->name, theirs, own);
        }
    }
    return ARQ_OK;
}

static arq_status check_contexts(const arq_agent *agent, const arq_reader *reader)
{
    for (uint32_t l = 0; l < agent->network->shape.cells; l++) {
        size_t count = 0;
        if (agent->network->shape.methods->context(agent->activations, l, &count) == NULL) {
            continue;
        }
        char name[32];
        uint64_t shape[1] = {count};
        const arq_tensor *tensor;
        snprintf(name, sizeof(name), "agent.context%u", l);
        arq_status status = arq_reader_need(reader, name, ARQ_DTYPE_F32, 1, shape, &tensor);
        for (size_t i = 0; status == ARQ_OK && i < count; i++) {
            if (!isfinite(((const float *)tensor->data)[i])) {
                status = arq_fail(agent->context, ARQ_E_FORMAT, "%s: value %zu of '%s' is not finite",
                                  arq_reader_path(reader), i, name);
            }
        }
        if (status != ARQ_OK) {
            return status;
        }
    }
    return ARQ_OK;
}

typedef struct agent_numbers {
    uint64_t counters[COUNTERS];
    uint64_t exploration[4];
    const arq_tensor *observation;
} agent_numbers;

static arq_status read_numbers(const arq_agent *agent, const arq_reader *reader, agent_numbers *numbers)
{
    uint64_t shape[1] = {agent->observation_bytes};
    arq_status status = arq_reader_values(reader, "agent.counters", ARQ_DTYPE_U64, COUNTERS, numbers->counters);
    if (status == ARQ_OK) {
        status = arq_reader_values(reader, "agent.exploration", ARQ_DTYPE_U64, 4, numbers->exploration);
    }
    if (status == ARQ_OK) {
        status = arq_reader_need(reader, "agent.observation", ARQ_DTYPE_U8, 1, shape, &numbers->observation);
    }
    if (status == ARQ_OK && (numbers->counters[2] > 1 || numbers->counters[3] > 1)) {
        status = arq_fail(agent->context, ARQ_E_FORMAT,
                          "%s: flags of 'agent.counters' are %llu and %llu; accepted: 0 or 1", arq_reader_path(reader),
                          (unsigned long long)numbers->counters[2], (unsigned long long)numbers->counters[3]);
    }
    return status;
}

static arq_status check_file(const arq_agent *agent, const arq_reader *reader, agent_numbers *numbers)
{
    arq_status status = arq_reader_kind(reader, "agent");
    if (status == ARQ_OK) {
        status = check_parameters(agent, reader);
    }
    if (status == ARQ_OK) {
        status = arq_network_check_file(agent->network, reader);
    }
    if (status == ARQ_OK) {
        status = arq_learner_check_file(agent->learner, reader);
    }
    if (status == ARQ_OK) {
        status = check_contexts(agent, reader);
    }
    return status == ARQ_OK ? read_numbers(agent, reader, numbers) : status;
}

static void take_contexts(arq_agent *agent, const arq_reader *reader)
{
    arq_activations_begin(agent->activations, 0);
    for (uint32_t l = 0; l < agent->network->shape.cells; l++) {
        size_t count = 0;
        float *context = agent->network->shape.methods->context(agent->activations, l, &count);
        char name[32];
        snprintf(name, sizeof(name), "agent.context%u", l);
        if (context != NULL) {
            memcpy(context, arq_reader_find(reader, name)->data, count * sizeof(float));
        }
    }
}

static void take_numbers(arq_agent *agent, const agent_numbers *numbers)
{
    agent->steps = numbers->counters[0];
    agent->episodes = numbers->counters[1];
    agent->open = (int32_t)numbers->counters[2];
    agent->update_due = (int32_t)numbers->counters[3];
    agent->acted = 0;
    memcpy(agent->exploration.state, numbers->exploration, sizeof(numbers->exploration));
    memcpy(agent->observation, numbers->observation->data, agent->observation_bytes);
}

arq_status arq_agent_load(arq_agent *agent, const char *path)
{
    if (agent == NULL || path == NULL) {
        return arq_fail(agent == NULL ? NULL : agent->context, ARQ_E_ARGUMENT, "arq_agent_load: %s is NULL",
                        agent == NULL ? "agent" : "path");
    }
    if (agent->lent) {
        return arq_agent_fail_lent(agent, "arq_agent_load");
    }
    arq_reader *reader = NULL;
    arq_replay_state *replay = NULL;
    agent_numbers numbers;
    arq_status status = arq_reader_open(agent->context, path, &reader);
    if (status == ARQ_OK) {
        status = check_file(agent, reader, &numbers);
    }
    if (status == ARQ_OK) {
        status = arq_replay_prepare(agent->replay, reader, "replay.", &replay);
    }
    if (status == ARQ_OK) {
        status = arq_network_begin_change(agent->network, "arq_agent_load");
    }
    if (status == ARQ_OK) {
        arq_network_take_file(agent->network, reader);
        arq_network_end_change(agent->network);
        arq_learner_take_file(agent->learner, reader);
        arq_replay_adopt(agent->replay, replay);
        take_contexts(agent, reader);
        take_numbers(agent, &numbers);
    } else if (replay != NULL) {
        arq_replay_discard(agent->replay, replay);
    }
    arq_reader_close(reader);
    return status;
}
