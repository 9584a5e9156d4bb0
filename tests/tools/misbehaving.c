/* An environment that breaks a promise in the middle of its first long episode, for the program's errors. */
#include "arq/env.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FAULT_STEP 40
#define EPISODE_STEPS 100

enum { FAULT_NONE, FAULT_REWARD, FAULT_OBSERVATION, FAULT_CODE, FAULT_CRASH, FAULT_HUGE };

typedef struct world_state {
    int fault;
    int box; /* whether its action is a box */
    int steps;
} world_state;

static arq_status describe(void *self, arq_env_spec *spec)
{
    static const double low = 0;
    static const double high = 1;
    const world_state *world = self;
    spec->observation_kind = ARQ_OBSERVATION_F32;
    spec->observation_size = 2;
    spec->action_kind = ARQ_ACTION_DISCRETE;
    spec->action_count = 2;
    if (world->box) {
        spec->action_kind = ARQ_ACTION_BOX;
        spec->action_count = 1;
        spec->action_low = &low;
        spec->action_high = &high;
    }
    return ARQ_OK;
}

static arq_status reset(void *self, const uint64_t *seed, void *observation)
{
    world_state *world = self;
    float *values = observation;
    (void)seed;
    world->steps = 0;
    values[0] = 0;
    values[1] = 1;
    return ARQ_OK;
}

static arq_status step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                       int32_t *truncated)
{
    world_state *world = self;
    float *values = observation;
    int due = ++world->steps == FAULT_STEP;
    values[0] = due && world->fault == FAULT_OBSERVATION ? NAN : (float)world->steps / EPISODE_STEPS;
    values[1] = (float)action;
    *reward = due && world->fault == FAULT_REWARD ? (double)NAN : action;
    if (world->fault == FAULT_HUGE) {
        *reward = 3e38;
    }
    *terminated = world->steps == EPISODE_STEPS;
    *truncated = 0;
    if (due && world->fault == FAULT_CRASH) {
        abort();
    }
    return due && world->fault == FAULT_CODE ? ARQ_E_CALLER - 234 : ARQ_OK;
}

static arq_status step_box(void *self, const double *action, void *observation, double *reward, int32_t *terminated,
                           int32_t *truncated)
{
    return step(self, *action > 0, observation, reward, terminated, truncated);
}

static arq_status render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                         uint32_t *height)
{
    (void)self;
    *width = 2 * cell_size;
    *height = cell_size;
    for (size_t i = 0; rgb != NULL && i < 6 * (size_t)cell_size * cell_size && i < capacity; i++) {
        rgb[i] = (uint8_t)(50 * (i % 3));
    }
    return ARQ_OK;
}

static const char *action_name(void *self, uint32_t action)
{
    (void)self;
    return action == 0 ? "none" : "go";
}

static arq_status create(void *user, const double *chosen, void **self, char *error, size_t error_size)
{
    (void)user;
    (void)error;
    (void)error_size;
    world_state *world = calloc(1, sizeof(*world));
    if (world == NULL) {
        return ARQ_E_NOMEM;
    }
    world->fault = (int)chosen[0];
    world->box = (int)chosen[1];
    *self = world;
    return ARQ_OK;
}

/* Whoever loads a plugin runs its code; this one leaves a trace. */
__attribute__((constructor)) static void leave_trace(void)
{
    const char *path = getenv("MISBEHAVING_TRACE");
    FILE *file = path == NULL ? NULL : fopen(path, "w");
    if (file != NULL) {
        fclose(file);
    }
}

static const arq_env_methods methods = {
    .struct_size = sizeof(arq_env_methods),
    .spec = describe,
    .reset = reset,
    .step = step,
    .step_box = step_box,
    .destroy = free,
    .render = render,
    .action_name = action_name,
};

static const arq_env_option options[] = {
    {
        .struct_size = sizeof(arq_env_option),
        .type = ARQ_OPTION_CHOICE,
        .name = "fault",
        .high = 5,
        .choices = "none|reward|observation|code|crash|huge",
        .doc = "What goes wrong at step 40",
    },
    {
        .struct_size = sizeof(arq_env_option),
        .type = ARQ_OPTION_BOOL,
        .name = "box",
        .high = 1,
        .doc = "The action is a box",
    },
};

static const arq_env_type type = {
    .struct_size = sizeof(arq_env_type),
    .option_count = 2,
    .id = "misbehaving/world",
    .doc = "Breaks a promise",
    .options = options,
    .methods = &methods,
    .create = create,
};

static const arq_env_type *const types[] = {&type};

static const arq_plugin plugin = {
    .struct_size = sizeof(arq_plugin),
    .abi_version = ARQ_ABI_VERSION,
    .name = "misbehaving",
    .version = "1",
    .type_count = 1,
    .types = types,
};

const arq_plugin *arq_plugin_entry(uint32_t abi_version)
{
    (void)abi_version;
    return &plugin;
}
