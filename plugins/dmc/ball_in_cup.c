/* A cup that catches the ball which hangs on it. */
#include "frame.h"

#define COORDINATES 4

enum { CUP_TARGET, BALL, BALL_GEOM, BALL_X, BALL_Z, PLACES };

static const struct dmc_place places[PLACES] = {
    [CUP_TARGET] = {mjOBJ_SITE, "target"}, [BALL] = {mjOBJ_BODY, "ball"},      [BALL_GEOM] = {mjOBJ_GEOM, "ball"},
    [BALL_X] = {mjOBJ_JOINT, "ball_x"},    [BALL_Z] = {mjOBJ_JOINT, "ball_z"},
};

static bool draw_ball(struct dmc *env)
{
    env->data->qpos[env->model->jnt_qposadr[env->at[BALL_X]]] = dmc_uniform(env, -0.2, 0.2);
    env->data->qpos[env->model->jnt_qposadr[env->at[BALL_Z]]] = dmc_uniform(env, 0.2, 0.5);
    return true;
}

static bool begin(struct dmc *env)
{
    return dmc_draw_apart(env, draw_ball);
}

/* 1 while the whole ball is in the cup. */
static double reward(const struct dmc *env)
{
    const double *target = &env->data->site_xpos[3 * env->at[CUP_TARGET]];
    const double *size = &env->model->site_size[3 * env->at[CUP_TARGET]];
    const double *ball = &env->data->xpos[3 * env->at[BALL]];
    double radius = env->model->geom_size[3 * env->at[BALL_GEOM]];

    return fabs(target[0] - ball[0]) < size[0] - radius && fabs(target[2] - ball[2]) < size[2] - radius;
}

static void observe(const struct dmc *env, double *observation)
{
    observation = dmc_put(observation, env->data->qpos, COORDINATES);
    dmc_put(observation, env->data->qvel, COORDINATES);
}

static const char *const observation_names[] = {
    "cup x", "cup z", "ball x", "ball z", "cup x velocity", "cup z velocity", "ball x velocity", "ball z velocity",
};

static const struct dmc_task ball_in_cup_catch_task = {
    .id = "dmc/ball_in_cup-catch",
    .model = "ball_in_cup.xml",
    .substeps = 10,
    .actuators = 2,
    .observations = 2 * COORDINATES,
    .place_count = PLACES,
    .places = places,
    .view = {.y = 0.55, .height = 1.2},
    .observation_names = observation_names,
    .begin = begin,
    .reward = reward,
    .observe = observe,
};

DMC_DEFINE_TYPE(ball_in_cup_catch, "dmc/ball_in_cup-catch", "A cup catches its ball (DeepMind Control, MuJoCo)");
