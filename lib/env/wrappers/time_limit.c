/* Truncates episodes after a number of steps. */
#include "env/handle.h"
#include "env/wrappers/wrapper.h"

#include <inttypes.h>

typedef struct limited {
    arq_wrapper wrapper;
    uint64_t limit; /* steps an episode may have */
    uint64_t steps; /* that it has had */
} limited;

static arq_status limited_spec(void *self, arq_env_spec *spec)
{
    const limited *outer = self;
    arq_wrapper_spec(self, spec);
    spec->time_limit = spec->time_limit == 0 || spec->time_limit > outer->limit ? outer->limit : spec->time_limit;
    return ARQ_OK;
}

/* Both flags may be 1: the rules ended the episode in the very step that would have been its last. */
static arq_status count_step(limited *outer, arq_status status, int32_t *truncated)
{
    if (status == ARQ_OK && ++outer->steps >= outer->limit) {
        *truncated = 1;
    }
    return status;
}

static arq_status limited_reset(void *self, const uint64_t *seed, void *observation)
{
    limited *outer = self;
    outer->steps = 0;
    return arq_wrapper_reset(self, seed, observation);
}

static arq_status limited_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                               int32_t *truncated)
{
    limited *outer = self;
    arq_status status = arq_env_step(outer->wrapper.inner, action, observation, reward, terminated, truncated);
    return count_step(outer, status, truncated);
}

static arq_status limited_step_box(void *self, const double *action, void *observation, double *reward,
                                   int32_t *terminated, int32_t *truncated)
{
    limited *outer = self;
    arq_status status = arq_env_step_box(outer->wrapper.inner, action, observation, reward, terminated, truncated);
    return count_step(outer, status, truncated);
}

/* Eight bytes with the steps so far (lowest byte first), then the inner environment's state. */
static arq_status limited_save(void *self, void *buffer, size_t capacity, size_t *size)
{
    limited *outer = self;
    uint8_t *bytes = buffer;
    size_t inner = 0;
    arq_status status = arq_env_save(outer->wrapper.inner, bytes == NULL ? NULL : bytes + sizeof(uint64_t),
                                     bytes == NULL ? 0 : capacity - sizeof(uint64_t), &inner);
    for (size_t i = 0; bytes != NULL && i < sizeof(uint64_t); i++) {
        bytes[i] = (uint8_t)(outer->steps >> 8 * i);
    }
    *size = inner + sizeof(uint64_t);
    return status;
}

static arq_status limited_load(void *self, const void *buffer, size_t size)
{
    limited *outer = self;
    const uint8_t *bytes = buffer;
    uint64_t steps = 0;
    for (size_t i = 0; i < sizeof(uint64_t) && i < size; i++) {
        steps |= (uint64_t)bytes[i] << 8 * i;
    }
    if (size < sizeof(uint64_t) || steps > outer->limit) {
        return arq_fail(outer->wrapper.context, ARQ_E_FORMAT,
                        "%s: arq_env_load: %zu bytes with step %" PRIu64 " of a time limit of %" PRIu64,
                        outer->wrapper.inner->name, size, steps, outer->limit);
    }
    arq_status status = arq_env_load(outer->wrapper.inner, bytes + sizeof(uint64_t), size - sizeof(uint64_t));
    if (status == ARQ_OK) {
        outer->steps = steps;
    }
    return status;
}

static const arq_env_methods time_limit_methods = {
    .struct_size = sizeof(arq_env_methods),
    .spec = limited_spec,
    .reset = limited_reset,
    .step = limited_step,
    .step_box = limited_step_box,
    .destroy = arq_wrapper_destroy,
    .save = limited_save,
    .load = limited_load,
    .render = arq_wrapper_render,
    .action_name = arq_wrapper_action_name,
    .observation_name = arq_wrapper_observation_name,
};

arq_status arq_env_time_limit(arq_env *env, uint64_t steps, arq_env **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (env == NULL || out == NULL) {
        return arq_fail_null(ARQ_CONTEXT_OF(env), "arq_env_time_limit", env == NULL ? "env" : "out");
    }
    if (steps == 0) {
        return arq_fail(env->context, ARQ_E_ARGUMENT, "arq_env_time_limit: steps is 0; at least 1 is accepted");
    }
    arq_wrapper *outer = NULL;
    arq_status status = arq_wrapper_begin(env, sizeof(limited), &outer);
    if (status != ARQ_OK) {
        return status;
    }
    ((limited *)outer)->limit = steps;
    return arq_wrapper_finish(outer, &time_limit_methods, out);
}
