/* A planar biped that stands, walks or runs. */
#include "frame.h"
#include "tolerance.h"

#define BODIES 7
#define COORDINATES 9
#define STAND_HEIGHT 1.2
#define WALK_SPEED 1.0
#define RUN_SPEED 8.0

enum { TORSO, SPEED, PLACES };

static const struct dmc_place places[PLACES] = {
    [TORSO] = {mjOBJ_BODY, "torso"},
    [SPEED] = {mjOBJ_SENSOR, "torso_subtreelinvel"},
};

static double reward(const struct dmc *env, double speed)
{
    const mjData *data = env->data;
    double standing = tolerance_gaussian(data->xpos[3 * env->at[TORSO] + 2], STAND_HEIGHT, INFINITY, STAND_HEIGHT / 2);
    double upright = (1 + data->xmat[9 * env->at[TORSO] + 8]) / 2;
    double moving = tolerance_linear(data->sensordata[env->at[SPEED]], speed, INFINITY, speed / 2, 0.5);

    return (3 * standing + upright) / 4 * (5 * moving + 1) / 6;
}

static double walk_reward(const struct dmc *env)
{
    return reward(env, WALK_SPEED);
}

static double run_reward(const struct dmc *env)
{
    return reward(env, RUN_SPEED);
}

/* How each body is turned, how high the torso is, and velocities. */
static void observe(const struct dmc *env, double *observation)
{
    const mjData *data = env->data;

    for (int body = 1; body <= BODIES; body++) {
        *observation++ = data->xmat[9 * body];
        *observation++ = data->xmat[9 * body + 2];
    }
    *observation++ = data->xpos[3 * env->at[TORSO] + 2];
    dmc_put(observation, data->qvel, COORDINATES);
}

static const char *const observation_names[] = {
    "torso xx",
    "torso xz",
    "right thigh xx",
    "right thigh xz",
    "right leg xx",
    "right leg xz",
    "right foot xx",
    "right foot xz",
    "left thigh xx",
    "left thigh xz",
    "left leg xx",
    "left leg xz",
    "left foot xx",
    "left foot xz",
    "torso height",
    "vertical velocity",
    "forward velocity",
    "turning velocity",
    "right hip velocity",
    "right knee velocity",
    "right ankle velocity",
    "left hip velocity",
    "left knee velocity",
    "left ankle velocity",
};

#define WALKER_TASK                                                                                                    \
    .model = "walker.xml", .substeps = 10, .actuators = 6, .observations = 2 * BODIES + 1 + COORDINATES,               \
    .place_count = PLACES, .places = places, .view = {.y = 0.9, .height = 2.6, .followed = "torso"},                   \
    .observation_names = observation_names, .begin = dmc_draw_joints, .observe = observe

static const struct dmc_task walker_walk_task = {WALKER_TASK, .id = "dmc/walker-walk", .reward = walk_reward};
static const struct dmc_task walker_run_task = {WALKER_TASK, .id = "dmc/walker-run", .reward = run_reward};

DMC_DEFINE_TYPE(walker_walk, "dmc/walker-walk", "A biped walks forward (DeepMind Control, MuJoCo)");
DMC_DEFINE_TYPE(walker_run, "dmc/walker-run", "A biped runs forward (DeepMind Control, MuJoCo)");
