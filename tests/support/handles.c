#include "handles.h"

#include "require.h"

#include <string.h>

const void *handles_observe(handles *h)
{
    static _Alignas(8) unsigned char observation[INPUTS * sizeof(double)];
    memset(observation, 0, sizeof(observation));
    for (int i = 0; i < INPUTS; i++) {
        unsigned value = (unsigned)((h->t * 7 + (unsigned)i * 5) % 3);
        if (h->observation == ARQ_OBSERVATION_F64) {
            ((double *)(void *)observation)[i] = value;
        } else if (h->observation == ARQ_OBSERVATION_F32) {
            ((float *)(void *)observation)[i] = (float)value;
        } else if (i == 0 && h->observation == ARQ_OBSERVATION_DISCRETE) {
            *(int32_t *)(void *)observation = (int32_t)value;
        } else if (i == 0) {
            observation[0] = (unsigned char)(1 + value);
        }
    }
    h->t++;
    return observation;
}

void handles_end(handles *h)
{
    arq_run_destroy(h->run);
    arq_env_destroy(h->env);
    arq_cell_destroy(h->cell);
    arq_replay_destroy(h->replay);
    arq_learner_destroy(h->learner);
    arq_network_destroy(h->network);
    arq_agent_destroy(h->agent);
    arq_config_destroy(h->config);
}

/* Works on with numbers that may have been a liar's: they may diverge, but no more than that. */
static void works(const handles *h, arq_status status)
{
    REQUIRE(h->context, status == ARQ_OK || status == ARQ_E_DIVERGED);
}

static arq_status save_agent(handles *h, const char *path)
{
    return arq_agent_save(h->agent, path);
}

static arq_status load_agent(handles *h, const char *path)
{
    return arq_agent_load(h->agent, path);
}

static void use_agent(handles *h)
{
    int32_t action;
    for (int step = 0; step < h->steps; step++) {
        arq_status status = arq_agent_act(h->agent, &action);
        if (status == ARQ_E_ORDER) {
            REQUIRE_OK(h->context, arq_agent_begin(h->agent, handles_observe(h)));
            status = arq_agent_act(h->agent, &action);
        }
        REQUIRE(h->context, status == ARQ_OK && action >= 0 && action < ACTIONS);
        works(h, arq_agent_observe(h->agent, action, 1, handles_observe(h), step % 7 == 6, step % 5 == 4, NULL));
    }
}

static void act(handles *h, arq_network *network)
{
    arq_activations *activations;
    int32_t action;
    REQUIRE_OK(h->context, arq_activations_create(network, 1, &activations));
    for (int step = 0; step < h->steps / 3; step++) {
        REQUIRE_OK(h->context, arq_network_act(network, activations, handles_observe(h), &action));
        REQUIRE(h->context, action >= 0 && action < ACTIONS);
    }
    arq_activations_destroy(activations);
}

static arq_status save_network(handles *h, const char *path)
{
    return arq_network_save(h->network, path);
}

/* Also as one that is made from the file, which may ask for anything. */
static arq_status load_network(handles *h, const char *path)
{
    arq_network *opened;
    if (arq_network_open(h->context, path, &opened) == ARQ_OK) {
        int32_t kind;
        uint32_t size;
        REQUIRE_OK(h->context, arq_network_observation(opened, &kind, &size));
        if (kind == h->observation && size == INPUTS && arq_network_actions(opened) == ACTIONS) {
            act(h, opened);
        }
        arq_network_destroy(opened);
    }
    return arq_network_load(h->network, path);
}

static void use_network(handles *h)
{
    act(h, h->network);
}

static arq_status save_learner(handles *h, const char *path)
{
    return arq_learner_save(h->learner, path);
}

static arq_status load_learner(handles *h, const char *path)
{
    return arq_learner_load(h->learner, path);
}

static void use_learner(handles *h)
{
    _Alignas(8) unsigned char rows[BATCH * (WINDOW_MOST + 1) * INPUTS * sizeof(double)];
    int32_t actions[BATCH] = {0, 1, 2, 0};
    float rewards[BATCH] = {1, 0, -1, 0.5f};
    uint8_t terminated[BATCH] = {0, 1, 0, 0};
    size_t bytes = arq_observation_bytes(h->observation, INPUTS);
    uint32_t frames = arq_learner_window(h->learner) + 1;
    REQUIRE(h->context, frames <= WINDOW_MOST + 1);
    for (int update = 0; update < h->steps / 4; update++) {
        for (size_t i = 0; i < BATCH * frames; i++) {
            memcpy(rows + i * bytes, handles_observe(h), bytes);
        }
        works(h, arq_learner_update(h->learner, BATCH, rows, NULL, actions, rewards, terminated));
        REQUIRE_OK(h->context, arq_learner_sync(h->learner));
    }
    double value;
    REQUIRE_OK(h->context, arq_learner_metric(h->learner, "loss", 0, &value));
}

static arq_status save_replay(handles *h, const char *path)
{
    return arq_replay_save(h->replay, path);
}

static arq_status load_replay(handles *h, const char *path)
{
    return arq_replay_load(h->replay, path);
}

static void use_replay(handles *h)
{
    _Alignas(8) unsigned char rows[CAPACITY * (WINDOW_MOST + 1) * INPUTS * sizeof(double)];
    int32_t lengths[CAPACITY], actions[CAPACITY];
    float rewards[CAPACITY];
    uint8_t terminated[CAPACITY];
    for (int step = 0; step < 3 * h->steps; step++) {
        uint64_t eligible = arq_replay_eligible(h->replay);
        REQUIRE(h->context, eligible <= CAPACITY);
        if (eligible > 0) {
            REQUIRE_OK(h->context, arq_replay_sample(h->replay, (uint32_t)eligible, step % 2, rows, lengths, actions,
                                                     rewards, terminated));
        }
        if (arq_replay_add(h->replay, step % ACTIONS, 1, handles_observe(h), step % 7 == 6, 0) != ARQ_OK) {
            REQUIRE_OK(h->context, arq_replay_begin(h->replay, handles_observe(h)));
        }
    }
}

static arq_status save_cell(handles *h, const char *path)
{
    return arq_cell_save(h->cell, path);
}

static arq_status load_cell(handles *h, const char *path)
{
    return arq_cell_load(h->cell, path);
}

static void use_cell(handles *h)
{
    float x[BATCH * INPUTS], q[BATCH * ACTIONS];
    int32_t actions[BATCH] = {0, 1, 2, 0};
    float targets[BATCH] = {1, 0, -1, 0.5f};
    for (int i = 0; i < BATCH * INPUTS; i++) {
        x[i] = (float)(i % 4);
    }
    for (int update = 0; update < (h->steps + 4) / 6; update++) {
        REQUIRE_OK(h->context, arq_cell_forward(h->cell, BATCH, x, NULL, NULL, q));
        works(h, arq_cell_update(h->cell, BATCH, x, actions, targets, NULL));
    }
}

const handle_file handle_files[HANDLE_FILES] = {
    [FILE_AGENT] = {"agent", save_agent, load_agent, use_agent},
    [FILE_NETWORK] = {"network", save_network, load_network, use_network},
    [FILE_LEARNER] = {"learner", save_learner, load_learner, use_learner},
    [FILE_REPLAY] = {"replay", save_replay, load_replay, use_replay},
    [FILE_CELL] = {"cell", save_cell, load_cell, use_cell},
};
