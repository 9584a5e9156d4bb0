/* A planar animal with two legs that runs. */
#include "frame.h"
#include "tolerance.h"

#define COORDINATES 9
#define RUN_SPEED 10.0
#define SETTLING_STEPS 200

enum { SPEED, PLACES };

static const struct dmc_place places[PLACES] = {
    [SPEED] = {mjOBJ_SENSOR, "torso_subtreelinvel"},
};

/* Falls to the ground from a pose at random. */
static bool begin(struct dmc *env)
{
    const mjModel *model = env->model;

    for (int i = 0; i < model->njnt; i++) {
        if (model->jnt_limited[i]) {
            env->data->qpos[model->jnt_qposadr[i]] =
                dmc_uniform(env, model->jnt_range[2 * i], model->jnt_range[2 * i + 1]);
        }
    }
    dmc_simulate(env, SETTLING_STEPS);
    env->data->time = 0;
    return true;
}

static double reward(const struct dmc *env)
{
    return tolerance_linear(env->data->sensordata[env->at[SPEED]], RUN_SPEED, INFINITY, RUN_SPEED, 0);
}

/* Positions except how far it has come, and velocities. */
static void observe(const struct dmc *env, double *observation)
{
    observation = dmc_put(observation, env->data->qpos + 1, COORDINATES - 1);
    dmc_put(observation, env->data->qvel, COORDINATES);
}

static const char *const observation_names[] = {
    "vertical position",    "turning position",    "back thigh position", "back shin position", "back foot position",
    "front thigh position", "front shin position", "front foot position", "forward velocity",   "vertical velocity",
    "turning velocity",     "back thigh velocity", "back shin velocity",  "back foot velocity", "front thigh velocity",
    "front shin velocity",  "front foot velocity",
};

static const struct dmc_task cheetah_run_task = {
    .id = "dmc/cheetah-run",
    .model = "cheetah.xml",
    .substeps = 1,
    .actuators = 6,
    .observations = 2 * COORDINATES - 1,
    .place_count = PLACES,
    .places = places,
    .view = {.y = 0.6, .height = 2.4, .followed = "torso"},
    .observation_names = observation_names,
    .begin = begin,
    .reward = reward,
    .observe = observe,
};

DMC_DEFINE_TYPE(cheetah_run, "dmc/cheetah-run", "A two-legged animal runs forward (DeepMind Control, MuJoCo)");
