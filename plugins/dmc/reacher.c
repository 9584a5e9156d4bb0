/* An arm of two links that brings its tip to a target. */
#include "frame.h"
#include "tolerance.h"

#define COORDINATES 2
#define TARGET_SIZE 0.015
#define NEAREST_TARGET 0.05
#define FARTHEST_TARGET 0.2

enum { FINGER, TARGET, PLACES };

static const struct dmc_place places[PLACES] = {
    [FINGER] = {mjOBJ_GEOM, "finger"},
    [TARGET] = {mjOBJ_GEOM, "target"},
};

/* Every instance has a target of its own. */
static bool open_reacher(struct dmc *env)
{
    mjModel *model = env->model;
    const size_t bytes = 3 * (size_t)model->ngeom * sizeof(mjtNum);

    if (!dmc_own_array(env, &model->geom_pos, bytes) || !dmc_own_array(env, &model->geom_size, bytes)) {
        return false;
    }
    model->geom_size[3 * env->at[TARGET]] = TARGET_SIZE;
    return true;
}

/* Draws the target's place, x and y. */
static bool begin(struct dmc *env)
{
    dmc_draw_joints(env);
    double angle = dmc_uniform(env, 0, 2 * DMC_PI);
    double radius = dmc_uniform(env, NEAREST_TARGET, FARTHEST_TARGET);
    env->drawn[0] = radius * sin(angle);
    env->drawn[1] = radius * cos(angle);
    return true;
}

static void put_target(struct dmc *env)
{
    memcpy(&env->model->geom_pos[3 * env->at[TARGET]], env->drawn, 2 * sizeof(*env->drawn));
}

static const double *place_of(const struct dmc *env, int geom)
{
    return &env->data->geom_xpos[3 * env->at[geom]];
}

static double reward(const struct dmc *env)
{
    const double *target = place_of(env, TARGET);
    const double *finger = place_of(env, FINGER);
    double x = target[0] - finger[0];
    double y = target[1] - finger[1];
    double radii = env->model->geom_size[3 * env->at[TARGET]] + env->model->geom_size[3 * env->at[FINGER]];

    return tolerance_sharp(sqrt(x * x + y * y), 0, radii);
}

/* Angles, where the target is from the tip, and velocities. */
static void observe(const struct dmc *env, double *observation)
{
    const double *target = place_of(env, TARGET);
    const double *finger = place_of(env, FINGER);

    observation = dmc_put(observation, env->data->qpos, COORDINATES);
    *observation++ = target[0] - finger[0];
    *observation++ = target[1] - finger[1];
    dmc_put(observation, env->data->qvel, COORDINATES);
}

static const char *const observation_names[] = {
    "shoulder angle",        "wrist angle",       "target x from the tip",
    "target y from the tip", "shoulder velocity", "wrist velocity",
};

static const struct dmc_task reacher_hard_task = {
    .id = "dmc/reacher-hard",
    .model = "reacher.xml",
    .substeps = 1,
    .actuators = 2,
    .observations = 2 * COORDINATES + 2,
    .drawn = 2,
    .place_count = PLACES,
    .places = places,
    .view = {.is_from_above = true, .height = 0.6},
    .observation_names = observation_names,
    .open = open_reacher,
    .begin = begin,
    .put_drawn = put_target,
    .reward = reward,
    .observe = observe,
};

DMC_DEFINE_TYPE(reacher_hard, "dmc/reacher-hard", "An arm brings its tip to a small target (DeepMind Control, MuJoCo)");
