/* What the control tasks share: the model, resets and steps, options, saved states.
 *
 * A task is one description (struct dmc_task) of a model of dm_control's suite: how an episode starts, what is observed
 * and rewarded. DMC_DEFINE_TYPE turns it into the table that the library sees.
 *
 * The last fields of a saved state, before its hash of 8 bytes, are
 *
 *     u64 steps since the reset, i32 ended (0 or 1), f64 time, then f64 each: what the task drew (reacher: the target's
 *     x and y), positions, velocities, accelerations that the solver starts from (mjData's qpos, qvel, qacc_warmstart)
 *
 * so that a program can put an environment into a state of its choice.
 */
#ifndef ARQ_PLUGINS_DMC_FRAME_H
#define ARQ_PLUGINS_DMC_FRAME_H

#include "arq/env.h"
#include "camera.h"
#include "common/numpy_random_state.h"
#include "common/saved_state.h"
#include "model.h"
#include "side_view.h"

#include <math.h>
#include <string.h>

#define DMC_PI 3.14159265358979323846
#define DMC_MOST_ACTUATORS 8
#define DMC_MOST_OBSERVATIONS 32
#define DMC_MOST_PLACES 12
#define DMC_MOST_DRAWN 2
#define DMC_MOST_ARRAYS 2
#define DMC_MOST_COORDINATES 16

enum dmc_option { DMC_OPTION_LIMIT, DMC_OPTION_OBSERVATION, DMC_OPTION_PICTURE, DMC_OPTIONS };

extern const arq_env_option dmc_options[DMC_OPTIONS];

/* One instance. */
struct dmc {
    const struct dmc_task *task;
    const mjModel *shared;
    mjModel *model; /* a copy of what `shared` points to: it has its arrays, unless dmc_own_array gave it one */
    mjData *data;
    void *array[DMC_MOST_ARRAYS];
    int32_t at[DMC_MOST_PLACES]; /* of the task's places: ids of bodies and geoms, where sensors begin */
    double drawn[DMC_MOST_DRAWN];
    struct numpy_random_state random;
    uint32_t random_word[NUMPY_RANDOM_STATE_WORDS];
    struct numpy_random_normal normal;
    uint64_t steps; /* since the reset */
    uint64_t limit; /* steps after which an episode is truncated */
    int32_t ended;
    struct camera *camera; /* NULL until it draws */
    double options[DMC_OPTIONS];
    double action_low[DMC_MOST_ACTUATORS], action_high[DMC_MOST_ACTUATORS];
    char error[256];
};

/* Something of the model that has a name, and what `at` gets: the address of a sensor (mjOBJ_SENSOR), else its id. */
struct dmc_place {
    mjtObj kind;
    const char *name;
};

struct dmc_task {
    const char *id;
    const char *model; /* file of dm_control's suite */
    uint32_t substeps; /* of the simulation in a step */
    uint32_t actuators;
    uint32_t observations;
    uint32_t drawn; /* numbers in `drawn` that are part of the state */
    uint32_t place_count;
    const struct dmc_place *places;       /* [place_count] */
    const char *const *observation_names; /* [observations] */
    struct side_view view;
    bool (*open)(struct dmc *env);           /* changes the model of an instance; NULL: nothing. False: no memory */
    bool (*begin)(struct dmc *env);          /* draws the start of an episode; false if there is none */
    void (*put_drawn)(struct dmc *env);      /* brings `drawn` into the model; NULL: nothing is drawn */
    double (*reward)(const struct dmc *env); /* of the step before */
    void (*observe)(const struct dmc *env, double *observation);
};

arq_status dmc_create(const struct dmc_task *task, const double *options, void **self, char *error, size_t error_size);

extern const arq_env_methods dmc_methods;

arq_status dmc_save(void *self, void *buffer, size_t capacity, size_t *size);
arq_status dmc_load(void *self, const void *buffer, size_t size);

/* Gives the instance an array of its model to change; `field` is the address of the model's pointer to it. */
bool dmc_own_array(struct dmc *env, void *field, size_t bytes);

/* uniform(low, high) and randn() of the instance's generator. */
double dmc_uniform(struct dmc *env, double low, double high);
double dmc_normal(struct dmc *env);

/* Steps of the simulation with the present control. */
void dmc_simulate(struct dmc *env, uint32_t substeps);

/* Positions at random: of joints with limits between them, of hinges without limits all around. True. */
bool dmc_draw_joints(struct dmc *env);

/* Draws positions until nothing touches; false if it never comes to that. */
bool dmc_draw_apart(struct dmc *env, bool (*draw)(struct dmc *env));

/* Copies values to `observation`; returns what is behind them. */
static inline double *dmc_put(double *observation, const double *values, size_t count)
{
    memcpy(observation, values, count * sizeof(*values));
    return observation + count;
}

/* Defines `dmc_NAME_type` from NAME_task. */
#define DMC_DEFINE_TYPE(NAME, ID, DOC)                                                                                 \
    static arq_status NAME##_create(void *user, const double *options, void **self, char *error, size_t error_size)    \
    {                                                                                                                  \
        (void)user;                                                                                                    \
        return dmc_create(&NAME##_task, options, self, error, error_size);                                             \
    }                                                                                                                  \
    const arq_env_type dmc_##NAME##_type = {                                                                           \
        .struct_size = sizeof(arq_env_type),                                                                           \
        .option_count = DMC_OPTIONS,                                                                                   \
        .id = ID,                                                                                                      \
        .doc = DOC,                                                                                                    \
        .options = dmc_options,                                                                                        \
        .methods = &dmc_methods,                                                                                       \
        .create = NAME##_create,                                                                                       \
    }

extern const arq_env_type dmc_ball_in_cup_catch_type;
extern const arq_env_type dmc_cartpole_swingup_type;
extern const arq_env_type dmc_cheetah_run_type;
extern const arq_env_type dmc_finger_spin_type;
extern const arq_env_type dmc_hopper_hop_type;
extern const arq_env_type dmc_reacher_hard_type;
extern const arq_env_type dmc_walker_run_type;
extern const arq_env_type dmc_walker_walk_type;

#endif
