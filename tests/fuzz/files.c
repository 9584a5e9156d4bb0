/* Readers of files: what is taken is used afterwards. READER says which. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS = 5, ACTIONS = 3, BATCH = 4, CAPACITY = 24, WINDOW_MOST = 3 };

/* One handle of each kind of network and observation. */
static const struct {
    const char *settings;
    int32_t observation;
} kinds[] = {
    {"network=arq widths=3,2 heads=1 context_size=2", ARQ_OBSERVATION_BIT},
    {"network=ad widths=2 quantiles=2 context_size=0", ARQ_OBSERVATION_DISCRETE},
    {"network=dqn widths=2", ARQ_OBSERVATION_F32},
    {"network=ff-dqn widths=2 ff_update_probability=1", ARQ_OBSERVATION_F64},
    {"network=arq widths=2 heads=1 experience=rollout rollout=6 epochs=2", ARQ_OBSERVATION_U8},
};
#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

#define SCHEDULE " batch=4 exploration_steps=20"
#define BY_REPLAY SCHEDULE " train_period=2 target_period=6 learning_starts=4 replay_capacity=24"

typedef struct scene {
    arq_context *context;
    arq_config *config;
    int kind, by_rollout;
    int32_t observation;
    uint64_t t; /* makes observations */
    arq_agent *agent;
    arq_network *network;
    arq_learner *learner;
    arq_replay *replay;
    arq_cell *cell;
    arq_env *env;
    arq_run *run;
} scene;

/* Works on with numbers that may have been a liar's: they may diverge, but no more than that. */
static void works(const scene *s, arq_status status)
{
    REQUIRE(s->context, status == ARQ_OK || status == ARQ_E_DIVERGED);
}

static const void *observe(scene *s)
{
    static _Alignas(8) unsigned char observation[INPUTS * sizeof(double)];
    memset(observation, 0, sizeof(observation));
    for (int i = 0; i < INPUTS; i++) {
        unsigned value = (unsigned)((s->t * 7 + (unsigned)i * 5) % 3);
        if (s->observation == ARQ_OBSERVATION_F64) {
            ((double *)(void *)observation)[i] = value;
        } else if (s->observation == ARQ_OBSERVATION_F32) {
            ((float *)(void *)observation)[i] = (float)value;
        } else if (i == 0) {
            observation[0] = (unsigned char)value;
        }
    }
    s->t++;
    return observation;
}

static void set_up(scene *s, int kind)
{
    char settings[256];
    memset(s, 0, sizeof(*s));
    s->context = fuzz_context();
    s->kind = kind;
    s->by_rollout = strstr(kinds[kind].settings, "rollout") != NULL;
    s->observation = kinds[kind].observation;
    snprintf(settings, sizeof(settings), "%s%s", kinds[kind].settings, s->by_rollout ? SCHEDULE : BY_REPLAY);
    s->config = fuzz_config(s->context, settings);
}

static void end(scene *s)
{
    arq_run_destroy(s->run);
    arq_env_destroy(s->env);
    arq_cell_destroy(s->cell);
    arq_replay_destroy(s->replay);
    arq_learner_destroy(s->learner);
    arq_network_destroy(s->network);
    arq_agent_destroy(s->agent);
    arq_config_destroy(s->config);
    fuzz_context_end(s->context);
}

/* ---- Each reader: what is made, loaded, and used ---- */

typedef struct reader {
    int (*has)(int kind); /* NULL: every kind */
    void (*make)(scene *s);
    arq_status (*load)(scene *s, const char *path);
    arq_status (*save)(scene *s, const char *path);
    void (*use)(scene *s);
} reader;

static void make_agent(scene *s)
{
    REQUIRE_OK(s->context, arq_agent_create(s->context, s->config, s->observation, INPUTS, ACTIONS, &s->agent));
}

static arq_status load_agent(scene *s, const char *path)
{
    return arq_agent_load(s->agent, path);
}

static arq_status save_agent(scene *s, const char *path)
{
    return arq_agent_save(s->agent, path);
}

static void use_agent(scene *s)
{
    int32_t action;
    for (int step = 0; step < 11; step++) {
        arq_status status = arq_agent_act(s->agent, &action);
        if (status == ARQ_E_ORDER) {
            REQUIRE_OK(s->context, arq_agent_begin(s->agent, observe(s)));
            status = arq_agent_act(s->agent, &action);
        }
        REQUIRE(s->context, status == ARQ_OK && action >= 0 && action < ACTIONS);
        works(s, arq_agent_observe(s->agent, action, 1, observe(s), step % 7 == 6, step % 5 == 4, NULL));
    }
}

static void make_network(scene *s)
{
    REQUIRE_OK(s->context, arq_network_create(s->context, s->config, s->observation, INPUTS, ACTIONS, &s->network));
}

static void act(scene *s, arq_network *network)
{
    arq_activations *activations;
    int32_t action;
    REQUIRE_OK(s->context, arq_activations_create(network, 1, &activations));
    for (int step = 0; step < 3; step++) {
        REQUIRE_OK(s->context, arq_network_act(network, activations, observe(s), &action));
        REQUIRE(s->context, action >= 0 && action < ACTIONS);
    }
    arq_activations_destroy(activations);
}

/* Also as one that is made from the file, which may ask for anything. */
static arq_status load_network(scene *s, const char *path)
{
    arq_network *opened;
    if (arq_network_open(s->context, path, &opened) == ARQ_OK) {
        int32_t kind;
        uint32_t size;
        REQUIRE_OK(s->context, arq_network_observation(opened, &kind, &size));
        if (kind == s->observation && size == INPUTS && arq_network_actions(opened) == ACTIONS) {
            act(s, opened);
        }
        arq_network_destroy(opened);
    }
    return arq_network_load(s->network, path);
}

static arq_status save_network(scene *s, const char *path)
{
    return arq_network_save(s->network, path);
}

static void use_network(scene *s)
{
    act(s, s->network);
}

static int learns_from_windows(int kind)
{
    return strstr(kinds[kind].settings, "rollout") == NULL;
}

static void make_learner(scene *s)
{
    make_network(s);
    REQUIRE_OK(s->context, arq_learner_create(s->network, s->config, &s->learner));
}

static arq_status load_learner(scene *s, const char *path)
{
    return arq_learner_load(s->learner, path);
}

static arq_status save_learner(scene *s, const char *path)
{
    return arq_learner_save(s->learner, path);
}

static void use_learner(scene *s)
{
    _Alignas(8) unsigned char rows[BATCH * (WINDOW_MOST + 1) * INPUTS * sizeof(double)];
    int32_t actions[BATCH] = {0, 1, 2, 0};
    float rewards[BATCH] = {1, 0, -1, 0.5f};
    uint8_t terminated[BATCH] = {0, 1, 0, 0};
    size_t bytes = arq_observation_bytes(s->observation, INPUTS);
    uint32_t frames = arq_learner_window(s->learner) + 1;
    REQUIRE(s->context, frames <= WINDOW_MOST + 1);
    for (int update = 0; update < 2; update++) {
        for (size_t i = 0; i < BATCH * frames; i++) {
            memcpy(rows + i * bytes, observe(s), bytes);
        }
        works(s, arq_learner_update(s->learner, BATCH, rows, NULL, actions, rewards, terminated));
        REQUIRE_OK(s->context, arq_learner_sync(s->learner));
    }
}

static void make_replay(scene *s)
{
    REQUIRE_OK(s->context, arq_replay_create(s->context, s->observation, INPUTS, CAPACITY, WINDOW_MOST, 1, &s->replay));
}

static arq_status load_replay(scene *s, const char *path)
{
    return arq_replay_load(s->replay, path);
}

static arq_status save_replay(scene *s, const char *path)
{
    return arq_replay_save(s->replay, path);
}

static void use_replay(scene *s)
{
    _Alignas(8) unsigned char rows[CAPACITY * (WINDOW_MOST + 1) * INPUTS * sizeof(double)];
    int32_t lengths[CAPACITY], actions[CAPACITY];
    float rewards[CAPACITY];
    uint8_t terminated[CAPACITY];
    for (int step = 0; step < CAPACITY + 6; step++) {
        uint64_t eligible = arq_replay_eligible(s->replay);
        REQUIRE(s->context, eligible <= CAPACITY);
        if (eligible > 0) {
            REQUIRE_OK(s->context, arq_replay_sample(s->replay, (uint32_t)eligible, step % 2, rows, lengths, actions,
                                                     rewards, terminated));
        }
        if (arq_replay_add(s->replay, step % ACTIONS, 1, observe(s), step % 7 == 6, 0) != ARQ_OK) {
            REQUIRE_OK(s->context, arq_replay_begin(s->replay, observe(s)));
        }
    }
}

static int is_first(int kind)
{
    return kind == 0;
}

static void make_cell(scene *s)
{
    arq_config *plain = fuzz_config(s->context, "batch=4");
    REQUIRE_OK(s->context, arq_cell_create(s->context, plain, INPUTS, 3, ACTIONS, &s->cell));
    arq_config_destroy(plain);
}

static arq_status load_cell(scene *s, const char *path)
{
    return arq_cell_load(s->cell, path);
}

static arq_status save_cell(scene *s, const char *path)
{
    return arq_cell_save(s->cell, path);
}

static void use_cell(scene *s)
{
    float x[BATCH * INPUTS], q[BATCH * ACTIONS];
    int32_t actions[BATCH] = {0, 1, 2, 0};
    float targets[BATCH] = {1, 0, -1, 0.5f};
    for (int i = 0; i < BATCH * INPUTS; i++) {
        x[i] = (float)(i % 4);
    }
    for (int update = 0; update < 2; update++) {
        REQUIRE_OK(s->context, arq_cell_forward(s->cell, BATCH, x, NULL, NULL, q));
        works(s, arq_cell_update(s->cell, BATCH, x, actions, targets, NULL));
    }
}

const arq_plugin *arq_classic_plugin(uint32_t abi_version);

/* FrozenLake's observation is its state's number: networks of every kind take it. */
static void make_run(scene *s)
{
    REQUIRE_OK(s->context, arq_plugin_register(s->context, arq_classic_plugin));
    REQUIRE_OK(s->context, arq_env_open(s->context, "classic/frozenlake", &s->env));
    REQUIRE_OK(s->context, arq_run_create(s->context, s->config, s->env, &s->run));
}

/* A checkpoint is a folder. */
static arq_status load_run(scene *s, const char *path)
{
    (void)path;
    arq_checkpoint *checkpoint;
    if (arq_checkpoint_open(s->context, fuzz_folder(), &checkpoint) == ARQ_OK) {
        arq_config *config;
        if (arq_checkpoint_config(checkpoint, &config) == ARQ_OK) {
            arq_config_destroy(config);
        }
        REQUIRE(s->context, arq_checkpoint_instances(checkpoint) > 0);
        arq_checkpoint_destroy(checkpoint);
    }
    return arq_run_load(s->run, fuzz_folder());
}

static arq_status save_run(scene *s, const char *path)
{
    (void)path;
    return arq_run_save(s->run, fuzz_folder());
}

static void use_run(scene *s)
{
    for (int slice = 0; slice < 3; slice++) {
        uint64_t done = 0;
        arq_status status = arq_run_advance(s->run, 9, &done);
        REQUIRE(s->context, status == ARQ_OK || status == ARQ_E_DIVERGED);
    }
}

static const reader agent = {NULL, make_agent, load_agent, save_agent, use_agent};
static const reader network = {learns_from_windows, make_network, load_network, save_network, use_network};
static const reader learner = {learns_from_windows, make_learner, load_learner, save_learner, use_learner};
static const reader replay = {learns_from_windows, make_replay, load_replay, save_replay, use_replay};
static const reader cell = {is_first, make_cell, load_cell, save_cell, use_cell};
static const reader run = {NULL, make_run, load_run, save_run, use_run};
static const reader *const all[] = {&agent, &network, &learner, &replay, &cell, &run};
enum { AGENT, NETWORK, LEARNER, REPLAY, CELL, RUN };

#define FILE_NAME "run.safetensors" /* as a checkpoint's folder has it */

static int has(int kind)
{
    return all[READER]->has == NULL || all[READER]->has(kind);
}

/* The last byte says to which kind of handle the file is given: a file should fit, but need not. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    scene s;
    if (size == 0 || data[size - 1] >= KINDS || !has(data[size - 1])) {
        return 0;
    }
    const char *path = fuzz_write(FILE_NAME, data, size - 1);
    set_up(&s, data[size - 1]);
    all[READER]->make(&s);
    if (all[READER]->load(&s, path) != ARQ_OK) {
        char text[8];
        REQUIRE(s.context, arq_context_last_error(s.context, text, sizeof(text)) > 0);
    }
    all[READER]->use(&s); /* with what was taken, or as if nothing had been tried */
    end(&s);
    return 0;
}

void fuzz_seeds(void (*emit)(const uint8_t *data, size_t size))
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), FILE_NAME);
    for (int kind = 0; kind < KINDS; kind++) {
        scene s;
        size_t size;
        if (!has(kind)) {
            continue;
        }
        for (int used = 0; used < 3; used++) {
            set_up(&s, kind);
            all[READER]->make(&s);
            for (int times = 0; times < used; times++) {
                all[READER]->use(&s);
            }
            REQUIRE_OK(s.context, all[READER]->save(&s, path));
            uint8_t *bytes = fuzz_read(FILE_NAME, &size);
            bytes[size] = (uint8_t)kind;
            emit(bytes, size + 1);
            free(bytes);
            end(&s);
        }
    }
}
