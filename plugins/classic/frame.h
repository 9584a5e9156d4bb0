/* What the classic environments share: the generator, the step limit, options, saved states.
 *
 * An environment is a struct that begins with a classic_frame and one description (struct classic_task).
 * CLASSIC_DEFINE_TYPE turns these into the table that the library sees.
 *
 * The last fields of a saved state, before its hash of 8 bytes, are
 *
 *     u64 steps since the reset, i32 ended (0 or 1), then the state: f64 each, in the order of Gymnasium's
 *     `state` (FrozenLake: i32 position)
 *
 * so that a program can put an environment into a state of its choice.
 */
#ifndef ARQ_PLUGINS_CLASSIC_FRAME_H
#define ARQ_PLUGINS_CLASSIC_FRAME_H

#include "arq/env.h"
#include "common/colours.h"
#include "common/pcg64.h"
#include "common/picture.h"
#include "common/saved_state.h"

#include <math.h>

#define CLASSIC_PI 3.14159265358979323846
#define CLASSIC_MOST_OPTIONS 3
#define CLASSIC_LARGEST_LIMIT 1000000000

struct classic_frame {
    const struct classic_task *task;
    struct pcg64 random;
    uint64_t steps; /* since the reset */
    uint64_t limit; /* steps after which an episode is truncated */
    int32_t ended;
    double options[CLASSIC_MOST_OPTIONS];
    char error[192];
};

/* An environment as the frame sees it. `self` is always the environment's own struct. */
struct classic_task {
    const char *id;
    size_t bytes;      /* of the environment's struct */
    arq_env_spec spec; /* all except the time limit; the size of a discrete observation is set by describe */
    const char *const *action_names;
    const char *const *observation_names; /* NULL: none */
    const arq_env_option *options;
    uint32_t option_count;
    uint32_t picture_columns, picture_rows;
    void (*configure)(void *self, const double *options);   /* sets the limit and what else the options say */
    void (*describe)(const void *self, arq_env_spec *spec); /* NULL: `spec` says it all */
    void (*begin)(void *self);                              /* the start of an episode */
    double (*advance)(void *self, int32_t action, int32_t *terminated); /* returns the reward */
    void (*observe)(const void *self, void *observation);
    void (*fields)(void *self, struct saved_state *state);
    void (*draw)(const void *self, struct picture *picture);
};

arq_status classic_create(const struct classic_task *task, const double *options, void **self, char *error,
                          size_t error_size);

extern const arq_env_methods classic_methods;

/* The option row of the step limit that three tasks share. */
#define CLASSIC_LIMIT_OPTION(DEFAULT)                                                                                  \
    {                                                                                                                  \
        .struct_size = sizeof(arq_env_option), .type = ARQ_OPTION_INT, .name = "limit", .low = 1,                      \
        .high = CLASSIC_LARGEST_LIMIT, .default_value = (DEFAULT), .doc = "Steps after which an episode is truncated"  \
    }

/* Defines `classic_NAME_type` from NAME_task and NAME_options. */
#define CLASSIC_DEFINE_TYPE(NAME, DOC)                                                                                 \
    static arq_status NAME##_create(void *user, const double *options, void **self, char *error, size_t error_size)    \
    {                                                                                                                  \
        (void)user;                                                                                                    \
        return classic_create(&NAME##_task, options, self, error, error_size);                                         \
    }                                                                                                                  \
    const arq_env_type classic_##NAME##_type = {                                                                       \
        .struct_size = sizeof(arq_env_type),                                                                           \
        .option_count = sizeof(NAME##_options) / sizeof(NAME##_options[0]),                                            \
        .id = "classic/" #NAME,                                                                                        \
        .doc = DOC,                                                                                                    \
        .options = NAME##_options,                                                                                     \
        .methods = &classic_methods,                                                                                   \
        .create = NAME##_create,                                                                                       \
    }

extern const arq_env_type classic_cartpole_type;
extern const arq_env_type classic_mountaincar_type;
extern const arq_env_type classic_acrobot_type;
extern const arq_env_type classic_frozenlake_type;

#endif
