/* Readers of files: what is taken is used afterwards. READER says which. */
#include "fuzz.h"

#include "../support/handles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static int learns_from_windows(int kind)
{
    return strstr(kinds[kind].settings, "rollout") == NULL;
}

static void set_up(handles *s, int kind)
{
    char settings[256];
    *s = (handles){.context = fuzz_context(), .observation = kinds[kind].observation, .steps = 11};
    snprintf(settings, sizeof(settings), "%s%s", kinds[kind].settings,
             learns_from_windows(kind) ? BY_REPLAY : SCHEDULE);
    s->config = fuzz_config(s->context, settings);
}

static void end(handles *s)
{
    arq_context *context = s->context;
    handles_end(s);
    fuzz_context_end(context);
}

/* ---- Each reader: what is made to load ---- */

typedef struct reader {
    int (*has)(int kind); /* NULL: every kind */
    void (*make)(handles *s);
    const handle_file *file;
} reader;

static void make_agent(handles *s)
{
    REQUIRE_OK(s->context, arq_agent_create(s->context, s->config, s->observation, INPUTS, ACTIONS, &s->agent));
}

static void make_network(handles *s)
{
    REQUIRE_OK(s->context, arq_network_create(s->context, s->config, s->observation, INPUTS, ACTIONS, &s->network));
}

static void make_learner(handles *s)
{
    make_network(s);
    REQUIRE_OK(s->context, arq_learner_create(s->network, s->config, &s->learner));
}

static void make_replay(handles *s)
{
    REQUIRE_OK(s->context, arq_replay_create(s->context, s->observation, INPUTS, CAPACITY, WINDOW_MOST, 1, &s->replay));
}

static int is_first(int kind)
{
    return kind == 0;
}

static void make_cell(handles *s)
{
    arq_config *plain = fuzz_config(s->context, "batch=4");
    REQUIRE_OK(s->context, arq_cell_create(s->context, plain, INPUTS, 3, ACTIONS, &s->cell));
    arq_config_destroy(plain);
}

const arq_plugin *arq_classic_plugin(uint32_t abi_version);

/* FrozenLake's observation is its state's number: networks of every kind take it. */
static void make_run(handles *s)
{
    REQUIRE_OK(s->context, arq_plugin_register(s->context, arq_classic_plugin));
    REQUIRE_OK(s->context, arq_env_open(s->context, "classic/frozenlake", &s->env));
    REQUIRE_OK(s->context, arq_run_create(s->context, s->config, s->env, &s->run));
}

/* A checkpoint is a folder. */
static arq_status load_run(handles *s, const char *path)
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

static arq_status save_run(handles *s, const char *path)
{
    (void)path;
    return arq_run_save(s->run, fuzz_folder());
}

static void use_run(handles *s)
{
    for (int slice = 0; slice < 3; slice++) {
        uint64_t done = 0;
        arq_status status = arq_run_advance(s->run, 9, &done);
        REQUIRE(s->context, status == ARQ_OK || status == ARQ_E_DIVERGED);
    }
}

static const handle_file run_file = {"run", save_run, load_run, use_run};

static const reader agent = {NULL, make_agent, &handle_files[FILE_AGENT]};
static const reader network = {learns_from_windows, make_network, &handle_files[FILE_NETWORK]};
static const reader learner = {learns_from_windows, make_learner, &handle_files[FILE_LEARNER]};
static const reader replay = {learns_from_windows, make_replay, &handle_files[FILE_REPLAY]};
static const reader cell = {is_first, make_cell, &handle_files[FILE_CELL]};
static const reader run = {NULL, make_run, &run_file};
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
    handles s;
    if (size == 0 || data[size - 1] >= KINDS || !has(data[size - 1])) {
        return 0;
    }
    const char *path = fuzz_write(FILE_NAME, data, size - 1);
    set_up(&s, data[size - 1]);
    all[READER]->make(&s);
    if (all[READER]->file->load(&s, path) != ARQ_OK) {
        char text[8];
        REQUIRE(s.context, arq_context_last_error(s.context, text, sizeof(text)) > 0);
    }
    all[READER]->file->use(&s); /* with what was taken, or as if nothing had been tried */
    end(&s);
    return 0;
}

void fuzz_seeds(void (*emit)(const uint8_t *data, size_t size))
{
    char path[256];
    snprintf(path, sizeof(path), "%s/%s", fuzz_folder(), FILE_NAME);
    for (int kind = 0; kind < KINDS; kind++) {
        handles s;
        size_t size;
        if (!has(kind)) {
            continue;
        }
        for (int used = 0; used < 3; used++) {
            set_up(&s, kind);
            all[READER]->make(&s);
            for (int times = 0; times < used; times++) {
                all[READER]->file->use(&s);
            }
            REQUIRE_OK(s.context, all[READER]->file->save(&s, path));
            uint8_t *bytes = fuzz_read(FILE_NAME, &size);
            bytes[size] = (uint8_t)kind;
            emit(bytes, size + 1);
            free(bytes);
            end(&s);
        }
    }
}
