/* A finger that keeps a body spinning. */
#include "frame.h"

#define SPIN_SPEED 15.0
#define SPIN_DAMPING 0.03

enum {
    PROXIMAL,
    DISTAL,
    PROXIMAL_VELOCITY,
    DISTAL_VELOCITY,
    HINGE_VELOCITY,
    TIP,
    SPINNER,
    TOUCH_TOP,
    TOUCH_BOTTOM,
    HINGE,
    TARGET_MARK,
    TIP_MARK,
    PLACES
};

static const struct dmc_place places[PLACES] = {
    [PROXIMAL] = {mjOBJ_SENSOR, "proximal"},
    [DISTAL] = {mjOBJ_SENSOR, "distal"},
    [PROXIMAL_VELOCITY] = {mjOBJ_SENSOR, "proximal_velocity"},
    [DISTAL_VELOCITY] = {mjOBJ_SENSOR, "distal_velocity"},
    [HINGE_VELOCITY] = {mjOBJ_SENSOR, "hinge_velocity"},
    [TIP] = {mjOBJ_SENSOR, "tip"},
    [SPINNER] = {mjOBJ_SENSOR, "spinner"},
    [TOUCH_TOP] = {mjOBJ_SENSOR, "touchtop"},
    [TOUCH_BOTTOM] = {mjOBJ_SENSOR, "touchbottom"},
    [HINGE] = {mjOBJ_JOINT, "hinge"},
    [TARGET_MARK] = {mjOBJ_SITE, "target"},
    [TIP_MARK] = {mjOBJ_SITE, "tip"},
};

/* The body turns more easily than the model says, and the marks of the model's other tasks are not seen. */
static bool open_spin(struct dmc *env)
{
    mjModel *model = env->model;

    if (!dmc_own_array(env, &model->dof_damping, (size_t)model->nv * sizeof(*model->dof_damping)) ||
        !dmc_own_array(env, &model->site_rgba, 4 * (size_t)model->nsite * sizeof(*model->site_rgba))) {
        return false;
    }
    model->site_rgba[4 * env->at[TARGET_MARK] + 3] = 0;
    model->site_rgba[4 * env->at[TIP_MARK] + 3] = 0;
    model->dof_damping[model->jnt_dofadr[env->at[HINGE]]] = SPIN_DAMPING;
    return true;
}

static bool begin(struct dmc *env)
{
    return dmc_draw_apart(env, dmc_draw_joints);
}

static double sensor(const struct dmc *env, int place, int component)
{
    return env->data->sensordata[env->at[place] + component];
}

static double reward(const struct dmc *env)
{
    return sensor(env, HINGE_VELOCITY, 0) <= -SPIN_SPEED;
}

/* The finger's angles, where the body's tip is, velocities, and what the finger feels. */
static void observe(const struct dmc *env, double *observation)
{
    observation[0] = sensor(env, PROXIMAL, 0);
    observation[1] = sensor(env, DISTAL, 0);
    observation[2] = sensor(env, TIP, 0) - sensor(env, SPINNER, 0);
    observation[3] = sensor(env, TIP, 2) - sensor(env, SPINNER, 2);
    observation[4] = sensor(env, PROXIMAL_VELOCITY, 0);
    observation[5] = sensor(env, DISTAL_VELOCITY, 0);
    observation[6] = sensor(env, HINGE_VELOCITY, 0);
    observation[7] = log1p(sensor(env, TOUCH_TOP, 0));
    observation[8] = log1p(sensor(env, TOUCH_BOTTOM, 0));
}

static const char *const observation_names[] = {
    "proximal angle",  "distal angle",  "tip x",     "tip z",        "proximal velocity",
    "distal velocity", "spin velocity", "top touch", "bottom touch",
};

static const struct dmc_task finger_spin_task = {
    .id = "dmc/finger-spin",
    .model = "finger.xml",
    .substeps = 2,
    .actuators = 2,
    .observations = 9,
    .place_count = PLACES,
    .places = places,
    .view = {.y = 0.4, .height = 0.8},
    .observation_names = observation_names,
    .open = open_spin,
    .begin = begin,
    .reward = reward,
    .observe = observe,
};

DMC_DEFINE_TYPE(finger_spin, "dmc/finger-spin", "A finger spins a body (DeepMind Control, MuJoCo)");
