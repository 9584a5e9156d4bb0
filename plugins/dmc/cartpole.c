/* A cart that swings its pole up and balances it. */
#include "frame.h"
#include "tolerance.h"

#define COORDINATES 2
#define SPREAD 0.01

enum { POLE, PLACES };

static const struct dmc_place places[PLACES] = {
    [POLE] = {mjOBJ_BODY, "pole_1"},
};

/* The pole hangs, almost at rest. */
static bool begin(struct dmc *env)
{
    mjData *data = env->data;

    data->qpos[0] = SPREAD * dmc_normal(env);
    data->qpos[1] = DMC_PI + SPREAD * dmc_normal(env);
    for (int i = 0; i < COORDINATES; i++) {
        data->qvel[i] = SPREAD * dmc_normal(env);
    }
    return true;
}

static double cosine(const struct dmc *env)
{
    return env->data->xmat[9 * env->at[POLE] + 8];
}

static double reward(const struct dmc *env)
{
    const mjData *data = env->data;
    double upright = (cosine(env) + 1) / 2;
    double centred = (1 + tolerance_gaussian(data->qpos[0], 0, 0, 2)) / 2;
    double gentle = (4 + tolerance_quadratic(data->ctrl[0], 0, 0, 1)) / 5;
    double calm = (1 + tolerance_gaussian(data->qvel[1], 0, 0, 5)) / 2;

    return upright * gentle * calm * centred;
}

static void observe(const struct dmc *env, double *observation)
{
    observation[0] = env->data->qpos[0];
    observation[1] = cosine(env);
    observation[2] = env->data->xmat[9 * env->at[POLE] + 2];
    dmc_put(observation + 3, env->data->qvel, COORDINATES);
}

static const char *const observation_names[] = {
    "cart position", "pole cosine", "pole sine", "cart velocity", "pole velocity",
};

static const struct dmc_task cartpole_swingup_task = {
    .id = "dmc/cartpole-swingup",
    .model = "cartpole.xml",
    .substeps = 1,
    .actuators = 1,
    .observations = 3 + COORDINATES,
    .place_count = PLACES,
    .places = places,
    .view = {.y = 1, .height = 3.2},
    .observation_names = observation_names,
    .begin = begin,
    .reward = reward,
    .observe = observe,
};

DMC_DEFINE_TYPE(cartpole_swingup, "dmc/cartpole-swingup", "A cart swings its pole up (DeepMind Control, MuJoCo)");
