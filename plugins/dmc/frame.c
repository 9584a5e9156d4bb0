#include "frame.h"

#include "common/colours.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Steps of an episode in dm_control. */
#define USUAL_LIMIT 1000
#define LARGEST_LIMIT 1000000000
/* Attempts at a start of an episode. */
#define MOST_DRAWS 1000

const arq_env_option dmc_options[DMC_OPTIONS] = {
    [DMC_OPTION_LIMIT] = {.struct_size = sizeof(arq_env_option),
                          .type = ARQ_OPTION_INT,
                          .name = "limit",
                          .low = 1,
                          .high = LARGEST_LIMIT,
                          .default_value = USUAL_LIMIT,
                          .doc = "Steps after which an episode is truncated"},
    [DMC_OPTION_OBSERVATION] = {.struct_size = sizeof(arq_env_option),
                                .type = ARQ_OPTION_CHOICE,
                                .name = "observation",
                                .low = 0,
                                .high = 1,
                                .default_value = 0,
                                .choices = "f32|f64",
                                .doc = "Observations as floats, or as the doubles of the simulation"},
    [DMC_OPTION_PICTURE] = {.struct_size = sizeof(arq_env_option),
                            .type = ARQ_OPTION_CHOICE,
                            .name = "picture",
                            .low = 0,
                            .high = 1,
                            .default_value = 0,
                            .choices = "flat|mujoco",
                            .doc = "Pictures drawn flat from the side, or by MuJoCo (needs EGL)"},
};

/* ---- Instances ---- */

static void destroy(void *self)
{
    struct dmc *env = self;

    camera_close(env->camera);
    if (env->data != NULL) {
        mujoco.mj_deleteData(env->data);
    }
    for (size_t i = 0; i < DMC_MOST_ARRAYS; i++) {
        free(env->array[i]);
    }
    free(env->model);
    model_give_back(env->shared);
    free(env);
}

bool dmc_own_array(struct dmc *env, void *field, size_t bytes)
{
    const void *shared;
    size_t at = 0;

    while (at < DMC_MOST_ARRAYS && env->array[at] != NULL) {
        at++;
    }
    void *own = at < DMC_MOST_ARRAYS ? malloc(bytes) : NULL;
    if (own == NULL) {
        return false;
    }
    memcpy(&shared, field, sizeof(shared));
    memcpy(own, shared, bytes);
    memcpy(field, &own, sizeof(own));
    env->array[at] = own;
    return true;
}

static arq_status find_places(struct dmc *env, char *error, size_t error_size)
{
    for (uint32_t i = 0; i < env->task->place_count; i++) {
        const struct dmc_place *place = &env->task->places[i];
        int id = mujoco.mj_name2id(env->model, place->kind, place->name);
        if (id < 0) {
            snprintf(error, error_size, "%s has no '%s'", env->task->model, place->name);
            return ARQ_E_FORMAT;
        }
        env->at[i] = place->kind == mjOBJ_SENSOR ? env->model->sensor_adr[id] : id;
    }
    return ARQ_OK;
}

/* Whether a model is what the tasks are made for. Its actuators are motors: with control 0 they do nothing, so that no
 * reset needs to switch them off as dm_control does. */
static arq_status check_model(const struct dmc_task *task, const mjModel *model, char *error, size_t error_size)
{
    int motors = 0;

    while (motors < model->nu && model->actuator_gaintype[motors] == mjGAIN_FIXED &&
           model->actuator_biastype[motors] == mjBIAS_NONE) {
        motors++;
    }
    if (model->nu != task->actuators || motors != model->nu || model->na != 0 || model->nq != model->nv ||
        model->nq > DMC_MOST_COORDINATES) {
        snprintf(error, error_size,
                 "%s is not dm_control's: %" PRIu32 " motors are expected, and at most %d coordinates", task->model,
                 task->actuators, DMC_MOST_COORDINATES);
        return ARQ_E_FORMAT;
    }
    return ARQ_OK;
}

static void set_bounds(struct dmc *env)
{
    const mjModel *model = env->model;

    for (uint32_t i = 0; i < env->task->actuators; i++) {
        bool is_limited = model->actuator_ctrllimited[i];
        env->action_low[i] = is_limited ? model->actuator_ctrlrange[2 * i] : -INFINITY;
        env->action_high[i] = is_limited ? model->actuator_ctrlrange[2 * i + 1] : INFINITY;
    }
}

static void make_data(void *self)
{
    struct dmc *env = self;

    env->data = mujoco.mj_makeData(env->model);
}

/* What may fail of a creation; destroy undoes any part of it. */
static arq_status open_instance(struct dmc *env, char *error, size_t error_size)
{
    const struct dmc_task *task = env->task;
    arq_status status = model_take(task->model, &env->shared, error, error_size);

    if (status != ARQ_OK) {
        return status;
    }
    status = check_model(task, env->shared, error, error_size);
    if (status != ARQ_OK) {
        return status;
    }
    env->model = malloc(sizeof(*env->model));
    if (env->model != NULL) {
        *env->model = *env->shared;
    }
    status = env->model == NULL ? ARQ_E_NOMEM : find_places(env, error, error_size);
    if (status == ARQ_OK && task->open != NULL && !task->open(env)) {
        status = ARQ_E_NOMEM;
    }
    if (status == ARQ_E_NOMEM) {
        snprintf(error, error_size, "create %s: no memory for a copy of its model", task->id);
        return status;
    }
    if (status == ARQ_OK && !mujoco_run(make_data, env, error, error_size)) {
        return ARQ_E_NOMEM;
    }
    set_bounds(env);
    return status;
}

arq_status dmc_create(const struct dmc_task *task, const double *options, void **self, char *error, size_t error_size)
{
    *self = NULL;
    if (!mujoco_open(error, error_size)) {
        return ARQ_E_UNSUPPORTED;
    }
    struct dmc *env = calloc(1, sizeof(*env));
    if (env == NULL) {
        snprintf(error, error_size, "create %s: no memory for %zu bytes", task->id, sizeof(*env));
        return ARQ_E_NOMEM;
    }
    env->task = task;
    memcpy(env->options, options, sizeof(env->options));
    env->limit = (uint64_t)options[DMC_OPTION_LIMIT];
    env->random.word = env->random_word;
    numpy_random_state_seed(&env->random, 0);
    arq_status status = open_instance(env, error, error_size);
    if (status != ARQ_OK) {
        destroy(env);
        return status;
    }
    *self = env;
    return ARQ_OK;
}

static bool observes_doubles(const struct dmc *env)
{
    return env->options[DMC_OPTION_OBSERVATION] != 0;
}

static arq_status spec(void *self, arq_env_spec *out)
{
    const struct dmc *env = self;

    out->observation_kind = observes_doubles(env) ? ARQ_OBSERVATION_F64 : ARQ_OBSERVATION_F32;
    out->observation_size = env->task->observations;
    out->action_kind = ARQ_ACTION_BOX;
    out->action_count = env->task->actuators;
    out->action_low = env->action_low;
    out->action_high = env->action_high;
    out->reward_range_known = 1;
    out->reward_low = 0;
    out->reward_high = 1;
    out->time_limit = env->limit;
    return ARQ_OK;
}

/* ---- Resets and steps ---- */

double dmc_uniform(struct dmc *env, double low, double high)
{
    return low + (high - low) * numpy_random_state_sample(&env->random);
}

double dmc_normal(struct dmc *env)
{
    return numpy_random_state_normal(&env->random, &env->normal);
}

bool dmc_draw_joints(struct dmc *env)
{
    const mjModel *model = env->model;

    for (int i = 0; i < model->njnt; i++) {
        double *position = &env->data->qpos[model->jnt_qposadr[i]];
        if (model->jnt_limited[i]) {
            *position = dmc_uniform(env, model->jnt_range[2 * i], model->jnt_range[2 * i + 1]);
        } else if (model->jnt_type[i] == mjJNT_HINGE) {
            *position = dmc_uniform(env, -DMC_PI, DMC_PI);
        }
    }
    return true;
}

bool dmc_draw_apart(struct dmc *env, bool (*draw)(struct dmc *env))
{
    for (int i = 0; i < MOST_DRAWS; i++) {
        draw(env);
        mujoco.mj_forward(env->model, env->data);
        if (env->data->ncon == 0) {
            return true;
        }
    }
    snprintf(env->error, sizeof(env->error), "reset: no start without contact in %d draws", MOST_DRAWS);
    return false;
}

static void observe(const struct dmc *env, void *observation)
{
    double values[DMC_MOST_OBSERVATIONS];

    if (observes_doubles(env)) {
        env->task->observe(env, observation);
        return;
    }
    env->task->observe(env, values);
    for (uint32_t i = 0; i < env->task->observations; i++) {
        ((float *)observation)[i] = (float)values[i];
    }
}

/* A call of MuJoCo on an instance, and whether it succeeded. */
struct attempt {
    struct dmc *env;
    bool succeeded;
};

static void begin(void *argument)
{
    struct attempt *attempt = argument;
    struct dmc *env = attempt->env;

    mujoco.mj_resetData(env->model, env->data);
    mujoco.mj_forward(env->model, env->data);
    attempt->succeeded = env->task->begin(env);
    if (env->task->put_drawn != NULL) {
        env->task->put_drawn(env);
    }
    mujoco.mj_forward(env->model, env->data);
}

static arq_status reset(void *self, const uint64_t *seed, void *observation)
{
    struct dmc *env = self;
    struct attempt attempt = {.env = env};

    if (seed != NULL) {
        numpy_random_state_seed(&env->random, *seed);
        env->normal = (struct numpy_random_normal){0};
    }
    env->steps = 0;
    env->ended = 0;
    if (!mujoco_run(begin, &attempt, env->error, sizeof(env->error)) || !attempt.succeeded) {
        return ARQ_E_CALLBACK;
    }
    observe(env, observation);
    return ARQ_OK;
}

/* As dm_control steps: positions and velocities, and what follows from them, belong together before and after. */
void dmc_simulate(struct dmc *env, uint32_t substeps)
{
    uint32_t done = 0;

    if (env->model->opt.integrator != mjINT_RK4) {
        mujoco.mj_step2(env->model, env->data);
        done = 1;
    }
    for (; done < substeps; done++) {
        mujoco.mj_step(env->model, env->data);
    }
    mujoco.mj_step1(env->model, env->data);
}

static void advance(void *argument)
{
    struct attempt *attempt = argument;
    struct dmc *env = attempt->env;
    const mjWarningStat *warning = env->data->warning;

    dmc_simulate(env, env->task->substeps);
    attempt->succeeded = warning[mjWARN_BADQPOS].number == 0 && warning[mjWARN_BADQVEL].number == 0 &&
                         warning[mjWARN_BADQACC].number == 0;
    if (!attempt->succeeded) {
        snprintf(env->error, sizeof(env->error), "step: the simulation diverged; a reset begins the next episode");
    }
}

static arq_status step_box(void *self, const double *action, void *observation, double *reward, int32_t *terminated,
                           int32_t *truncated)
{
    struct dmc *env = self;
    struct attempt attempt = {.env = env};

    if (env->ended) {
        snprintf(env->error, sizeof(env->error),
                 "step: the episode ended after %" PRIu64 " steps; a reset begins the next", env->steps);
        return ARQ_E_ORDER;
    }
    memcpy(env->data->ctrl, action, env->task->actuators * sizeof(*action));
    if (!mujoco_run(advance, &attempt, env->error, sizeof(env->error)) || !attempt.succeeded) {
        return ARQ_E_CALLBACK;
    }
    env->steps++;
    env->ended = env->steps >= env->limit;
    *reward = env->task->reward(env);
    *terminated = 0;
    *truncated = env->ended;
    observe(env, observation);
    return ARQ_OK;
}

/* ---- Pictures and names ---- */

static arq_status render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                         uint32_t *height)
{
    struct dmc *env = self;
    struct picture picture;
    arq_status status = picture_begin(&picture, SIDE_VIEW_COLUMNS, SIDE_VIEW_ROWS, cell_size, rgb, capacity,
                                      COLOUR_BLACK, env->error, sizeof(env->error));

    if (status != ARQ_OK) {
        return status;
    }
    *width = picture.width;
    *height = picture.height;
    if (rgb != NULL && env->options[DMC_OPTION_PICTURE] != 0) {
        return camera_draw(&env->camera, env->model, env->data, picture.width, picture.height, rgb, env->error,
                           sizeof(env->error))
                   ? ARQ_OK
                   : ARQ_E_CALLBACK;
    }
    if (rgb != NULL) {
        side_view_draw(&env->task->view, env->model, env->data, &picture);
    }
    return ARQ_OK;
}

static const char *action_name(void *self, uint32_t action)
{
    const struct dmc *env = self;

    return action < env->task->actuators ? mujoco.mj_id2name(env->model, mjOBJ_ACTUATOR, (int)action) : NULL;
}

static const char *observation_name(void *self, uint32_t index)
{
    const struct dmc_task *task = ((struct dmc *)self)->task;

    return index < task->observations ? task->observation_names[index] : NULL;
}

static const char *last_error(void *self)
{
    const struct dmc *env = self;

    return env->error[0] ? env->error : NULL;
}

const arq_env_methods dmc_methods = {
    .struct_size = sizeof(arq_env_methods),
    .spec = spec,
    .reset = reset,
    .step_box = step_box,
    .destroy = destroy,
    .save = dmc_save,
    .load = dmc_load,
    .render = render,
    .action_name = action_name,
    .observation_name = observation_name,
    .last_error = last_error,
};
