#include "scene.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void observe_stream(int index, float observation[INPUTS])
{
    for (uint32_t i = 0; i < INPUTS; i++)
        observation[i] = (float)(((uint32_t)index * 7 + i * 3) % 11) / 4;
}

void scene_open_empty(struct scene *scene)
{
    memset(scene, 0, sizeof *scene);
    host_open(&scene->host);
}

void scene_open(struct scene *scene, const char *settings)
{
    scene_open_empty(scene);
    scene_furnish(scene, settings);
}

static void fill_batch(struct scene *scene)
{
    uint32_t window = arq_learner_window(scene->learner);

    ck_assert_uint_le(window, WINDOW_MAX);
    for (uint32_t row = 0; row < BATCH; row++) {
        for (uint32_t i = 0; i <= window; i++)
            observe_stream((int)(row + i), scene->observations + (row * (window + 1) + i) * INPUTS);
        scene->lengths[row] = (int32_t)window;
        scene->actions[row] = (int32_t)(row % ACTIONS);
        scene->rewards[row] = (float)row / 4;
        scene->terminated[row] = row % 3 == 0;
    }
}

static void remember(struct scene *scene)
{
    float x[INPUTS];

    observe_stream(0, x);
    succeeds(&scene->host, arq_replay_begin(scene->replay, x));
    for (int step = 1; step <= 20; step++) {
        observe_stream(step, x);
        succeeds(&scene->host, arq_replay_add(scene->replay, step % 3, step, x, 0, 0));
    }
}

void scene_furnish(struct scene *scene, const char *settings)
{
    struct host *host = &scene->host;
    arq_context *context = host->context;
    char network[16];

    scene->settings = settings;
    scene->config = configured(host, settings);
    succeeds(host, arq_network_create(context, scene->config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &scene->network));
    succeeds(host, arq_network_copy(scene->network, &scene->second));
    succeeds(host, arq_learner_create(scene->network, scene->config, &scene->learner));
    succeeds(host, arq_activations_create(scene->network, 2, &scene->activations));
    succeeds(host, arq_replay_create(context, ARQ_OBSERVATION_F32, INPUTS, 100000, 4, 1, &scene->replay));
    succeeds(host, arq_agent_create(context, scene->config, ARQ_OBSERVATION_F32, INPUTS, ACTIONS, &scene->agent));
    succeeds(host, arq_env_create(context, &corridor_methods, &scene->corridor, &scene->env));
    succeeds(host, arq_run_create(context, scene->config, scene->env, &scene->run));
    succeeds(host, arq_config_get(scene->config, "network", network, sizeof network));
    if (strcmp(network, "arq") == 0 || strcmp(network, "ad") == 0)
        succeeds(host, arq_cell_create(context, scene->config, INPUTS, 16, ACTIONS, &scene->cell));
    fill_batch(scene);
    remember(scene);
    succeeds(host, arq_network_q(scene->network, scene->activations, scene->observations, NULL));
}

void scene_close(struct scene *scene)
{
    arq_run_destroy(scene->run);
    arq_env_destroy(scene->env);
    arq_cell_destroy(scene->cell);
    arq_agent_destroy(scene->agent);
    arq_replay_destroy(scene->replay);
    arq_activations_destroy(scene->activations);
    arq_learner_destroy(scene->learner);
    arq_network_destroy(scene->second);
    arq_network_destroy(scene->network);
    arq_config_destroy(scene->config);
    host_close(&scene->host);
}

static void save(struct scene *scene, enum part part, const char *path)
{
    struct host *host = &scene->host;

    if (part == NETWORK)
        succeeds(host, arq_network_save(scene->network, path));
    else if (part == LEARNER)
        succeeds(host, arq_learner_save(scene->learner, path));
    else if (part == REPLAY)
        succeeds(host, arq_replay_save(scene->replay, path));
    else if (part == AGENT)
        succeeds(host, arq_agent_save(scene->agent, path));
    else if (part == CELL)
        succeeds(host, arq_cell_save(scene->cell, path));
    else
        ck_abort_msg("part %d has no file", (int)part);
}

static uint64_t hash_config(struct scene *scene, uint64_t hash)
{
    const char *name;
    char value[256];

    for (uint32_t index = 0; (name = arq_parameter_name(index)) != NULL; index++) {
        succeeds(&scene->host, arq_config_get(scene->config, name, value, sizeof value));
        hash = hash_bytes(hash, value, strlen(value) + 1);
    }
    return hash;
}

static uint64_t hash_run(struct scene *scene, uint64_t hash)
{
    double value;

    succeeds(&scene->host, arq_run_metric(scene->run, "steps", 0, &value));
    hash = hash_bytes(hash, &value, sizeof value);
    uint64_t weights = hash_network(&scene->host, arq_agent_network(arq_run_agent(scene->run)));
    return hash_bytes(hash, &weights, sizeof weights);
}

uint64_t state_of(struct scene *scene, unsigned parts)
{
    const char *path = temporary_file("state");
    uint64_t hash = hash_bytes(HASH_START, &scene->result, sizeof scene->result);
    size_t size;

    if (parts & CONFIG)
        hash = hash_config(scene, hash);
    if (parts & RUN)
        hash = hash_run(scene, hash);
    for (unsigned part = NETWORK; part <= CELL; part <<= 1)
        if (parts & part) {
            save(scene, (enum part)part, path);
            unsigned char *bytes = file_bytes(path, &size);
            hash = hash_bytes(hash, bytes, size);
            free(bytes);
        }
    return hash;
}

/* Makes what the saved files differ in. */
static void change(struct scene *scene)
{
    struct host *host = &scene->host;
    float x[INPUTS];
    int32_t action;

    succeeds(host, arq_learner_update(scene->learner, BATCH, scene->observations, scene->lengths, scene->actions,
                                      scene->rewards, scene->terminated));
    observe_stream(3, x);
    succeeds(host, arq_agent_begin(scene->agent, x));
    succeeds(host, arq_agent_act(scene->agent, &action));
    succeeds(host, arq_agent_observe(scene->agent, ARQ_ACTION_CHOSEN, 1, x, 0, 0, NULL));
    succeeds(host, arq_replay_add(scene->replay, 1, 5, x, 1, 0));
    if (scene->cell != NULL)
        succeeds(host, arq_cell_update(scene->cell, BATCH, scene->observations, scene->actions, scene->rewards, NULL));
}

const char *saved(struct scene *scene, enum part part)
{
    static struct {
        char path[512];
        const char *settings; /* of the scene that wrote it; NULL: not there yet */
    } files[CELL + 1];

    if (files[part].settings != scene->settings) {
        char name[32];
        snprintf(name, sizeof name, "saved-%d", (int)part);
        snprintf(files[part].path, sizeof files[part].path, "%s", temporary_file(name));
        files[part].settings = scene->settings;
        change(scene);
        save(scene, part, files[part].path);
    }
    return files[part].path;
}
