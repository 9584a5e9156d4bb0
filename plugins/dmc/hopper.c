/* A planar one-legged robot that hops. */
#include "frame.h"
#include "tolerance.h"

#define COORDINATES 7
#define STAND_HEIGHT 0.6
#define HIGHEST_STAND 2.0
#define HOP_SPEED 2.0

enum { TORSO, FOOT, SPEED, TOE, HEEL, PLACES };

static const struct dmc_place places[PLACES] = {
    [TORSO] = {mjOBJ_BODY, "torso"},
    [FOOT] = {mjOBJ_BODY, "foot"},
    [SPEED] = {mjOBJ_SENSOR, "torso_subtreelinvel"},
    [TOE] = {mjOBJ_SENSOR, "touch_toe"},
    [HEEL] = {mjOBJ_SENSOR, "touch_heel"},
};

static double reward(const struct dmc *env)
{
    const mjData *data = env->data;
    double height = data->xipos[3 * env->at[TORSO] + 2] - data->xipos[3 * env->at[FOOT] + 2];
    double standing = tolerance_sharp(height, STAND_HEIGHT, HIGHEST_STAND);

    return standing * tolerance_linear(data->sensordata[env->at[SPEED]], HOP_SPEED, INFINITY, HOP_SPEED / 2, 0.5);
}

/* Positions except how far it has come, velocities, and what the foot feels. */
static void observe(const struct dmc *env, double *observation)
{
    const mjData *data = env->data;

    observation = dmc_put(observation, data->qpos + 1, COORDINATES - 1);
    observation = dmc_put(observation, data->qvel, COORDINATES);
    observation[0] = log1p(data->sensordata[env->at[TOE]]);
    observation[1] = log1p(data->sensordata[env->at[HEEL]]);
}

static const char *const observation_names[] = {
    "vertical position", "turning position", "waist position",    "hip position",     "knee position",
    "ankle position",    "forward velocity", "vertical velocity", "turning velocity", "waist velocity",
    "hip velocity",      "knee velocity",    "ankle velocity",    "toe touch",        "heel touch",
};

static const struct dmc_task hopper_hop_task = {
    .id = "dmc/hopper-hop",
    .model = "hopper.xml",
    .substeps = 4,
    .actuators = 4,
    .observations = 2 * COORDINATES + 1,
    .place_count = PLACES,
    .places = places,
    .view = {.y = 0.7, .height = 2.4, .followed = "torso"},
    .observation_names = observation_names,
    .begin = dmc_draw_joints,
    .reward = reward,
    .observe = observe,
};

DMC_DEFINE_TYPE(hopper_hop, "dmc/hopper-hop", "A one-legged robot hops forward (DeepMind Control, MuJoCo)");
