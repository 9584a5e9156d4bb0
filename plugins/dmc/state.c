/* Saved states of control tasks. */
#include "frame.h"

#include <string.h>

#define STATE_VERSION 1

/* What a state consists of beside the options, as read from bytes. */
struct state {
    uint32_t random_word[NUMPY_RANDOM_STATE_WORDS];
    uint32_t random_index;
    struct numpy_random_normal normal;
    uint64_t steps;
    int32_t ended;
    double time;
    double drawn[DMC_MOST_DRAWN];
    double qpos[DMC_MOST_COORDINATES], qvel[DMC_MOST_COORDINATES], qacc_warmstart[DMC_MOST_COORDINATES];
};

static void get(const struct dmc *env, struct state *state)
{
    const size_t bytes = (size_t)env->model->nv * sizeof(double);

    memcpy(state->random_word, env->random_word, sizeof(state->random_word));
    state->random_index = env->random.index;
    state->normal = env->normal;
    state->steps = env->steps;
    state->ended = env->ended;
    state->time = env->data->time;
    memcpy(state->drawn, env->drawn, sizeof(state->drawn));
    memcpy(state->qpos, env->data->qpos, bytes);
    memcpy(state->qvel, env->data->qvel, bytes);
    memcpy(state->qacc_warmstart, env->data->qacc_warmstart, bytes);
}

/* A state and where to put it. */
struct placing {
    struct dmc *env;
    const struct state *state;
};

static void put(void *argument)
{
    const struct placing *placing = argument;
    const struct state *state = placing->state;
    struct dmc *env = placing->env;
    const size_t bytes = (size_t)env->model->nv * sizeof(double);

    memcpy(env->random_word, state->random_word, sizeof(env->random_word));
    env->random.index = state->random_index;
    env->random.foreseen = 0;
    env->normal = state->normal;
    env->steps = state->steps;
    env->ended = state->ended;
    memcpy(env->drawn, state->drawn, sizeof(env->drawn));
    if (env->task->put_drawn != NULL) {
        env->task->put_drawn(env);
    }
    mujoco.mj_resetData(env->model, env->data);
    env->data->time = state->time;
    memcpy(env->data->qpos, state->qpos, bytes);
    memcpy(env->data->qvel, state->qvel, bytes);
    memcpy(env->data->qacc_warmstart, state->qacc_warmstart, bytes);
    mujoco.mj_step1(env->model, env->data);
}

/* MuJoCo accepts no larger numbers. */
static void numbers(struct saved_state *saved, const char *name, double *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        saved_state_f64(saved, name, &values[i], -mjMAXVAL, mjMAXVAL);
    }
}

static void fields(const struct dmc *env, struct state *state, struct saved_state *saved)
{
    const size_t coordinates = (size_t)env->model->nv;

    saved_state_option(saved, "limit", env->options[DMC_OPTION_LIMIT]);
    saved_state_option(saved, "observation", env->options[DMC_OPTION_OBSERVATION]);
    for (size_t i = 0; i < NUMPY_RANDOM_STATE_WORDS; i++) {
        saved_state_u32(saved, "generator word", &state->random_word[i], 0, UINT32_MAX);
    }
    saved_state_u32(saved, "generator index", &state->random_index, 0, NUMPY_RANDOM_STATE_WORDS);
    saved_state_i32(saved, "whether a normal deviate is kept", &state->normal.is_kept, 0, 1);
    numbers(saved, "kept normal deviate", &state->normal.next, 1);
    saved_state_u64(saved, "steps since the reset", &state->steps, 0, env->limit);
    saved_state_i32(saved, "ended", &state->ended, 0, 1);
    saved_state_require(saved, (state->steps >= env->limit) == (state->ended != 0), "an episode ends at its limit");
    numbers(saved, "time", &state->time, 1);
    numbers(saved, "drawn number", state->drawn, env->task->drawn);
    numbers(saved, "position", state->qpos, coordinates);
    numbers(saved, "velocity", state->qvel, coordinates);
    numbers(saved, "acceleration", state->qacc_warmstart, coordinates);
}

arq_status dmc_save(void *self, void *buffer, size_t capacity, size_t *size)
{
    struct dmc *env = self;
    struct saved_state saved;
    struct state state;

    get(env, &state);
    saved_state_begin_write(&saved, env->task->id, STATE_VERSION, buffer, capacity);
    fields(env, &state, &saved);
    return saved_state_end_write(&saved, size, env->error, sizeof(env->error));
}

arq_status dmc_load(void *self, const void *buffer, size_t size)
{
    struct dmc *env = self;
    struct saved_state saved;
    struct state state;
    struct placing placing = {env, &state};

    get(env, &state);
    saved_state_begin_read(&saved, env->task->id, STATE_VERSION, buffer, size, env->error, sizeof(env->error));
    fields(env, &state, &saved);
    arq_status status = saved_state_end_read(&saved);
    if (status != ARQ_OK) {
        return status;
    }
    return mujoco_run(put, &placing, env->error, sizeof(env->error)) ? ARQ_OK : ARQ_E_CALLBACK;
}
