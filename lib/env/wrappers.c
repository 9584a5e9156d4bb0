/*
 * Wrappers: environments whose methods go to the environment they own. The inner handle checks what comes out of
 * the author's methods and sets the error texts; the outer one keeps its own order.
 */
#include "env/handle.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* Most components of a box that becomes discrete: 2^16 actions. */
#define MAX_COMPONENTS 16

typedef struct wrapper {
    arq_context *context;
    arq_env *inner;
    uint64_t limit; /* time limit: steps an episode may have, and has had */
    uint64_t steps;
} wrapper;

static arq_status pass_spec(void *self, arq_env_spec *spec)
{
    const wrapper *outer = self;
    *spec = *arq_env_describe(outer->inner);
    return ARQ_OK;
}

static arq_status pass_reset(void *self, const uint64_t *seed, void *observation)
{
    wrapper *outer = self;
    outer->steps = 0;
    return arq_env_reset(outer->inner, seed, observation);
}

static void destroy(void *self)
{
    wrapper *outer = self;
    arq_env_release(outer->inner);
    arq_free(outer->context, outer, 1, sizeof(*outer));
}

static arq_status pass_save(void *self, void *buffer, size_t capacity, size_t *size)
{
    wrapper *outer = self;
    return arq_env_save(outer->inner, buffer, capacity, size);
}

static arq_status pass_load(void *self, const void *buffer, size_t size)
{
    wrapper *outer = self;
    return arq_env_load(outer->inner, buffer, size);
}

static arq_status pass_render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                              uint32_t *height)
{
    wrapper *outer = self;
    return arq_env_render(outer->inner, cell_size, rgb, capacity, width, height);
}

static const char *pass_action_name(void *self, uint32_t action)
{
    wrapper *outer = self;
    return arq_env_action_name(outer->inner, action);
}

static const char *pass_observation_name(void *self, uint32_t index)
{
    wrapper *outer = self;
    return arq_env_observation_name(outer->inner, index);
}

/* Makes a wrapper that has the optional methods its inner environment has. */
static arq_status wrap(arq_env *env, const arq_env_methods *methods, uint64_t limit, arq_env **out)
{
    arq_context *context = env->context;
    if (env->owned) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: a wrapper or a batch owns it already; wrap the outermost handle",
                        env->name);
    }
    arq_status status = arq_env_check_idle(env, "wrapping");
    if (status != ARQ_OK) {
        return status;
    }
    arq_env_methods kept = *methods;
    kept.save = env->methods.save == NULL ? NULL : kept.save;
    kept.load = env->methods.load == NULL ? NULL : kept.load;
    kept.render = env->methods.render == NULL ? NULL : kept.render;
    kept.action_name = env->methods.action_name == NULL ? NULL : kept.action_name;
    kept.observation_name = env->methods.observation_name == NULL ? NULL : kept.observation_name;
    wrapper *outer = arq_alloc(context, 1, sizeof(*outer));
    if (outer == NULL) {
        return arq_fail_memory(context, "a wrapper", sizeof(*outer));
    }
    outer->context = context;
    outer->inner = env;
    outer->limit = limit;
    status = arq_env_make(context, &kept, outer, env->name, 1, out);
    if (status != ARQ_OK) {
        arq_free(context, outer, 1, sizeof(*outer));
        return status;
    }
    env->owned = 1;
    return ARQ_OK;
}

static arq_status limited_spec(void *self, arq_env_spec *spec)
{
    const wrapper *outer = self;
    pass_spec(self, spec);
    spec->time_limit = spec->time_limit == 0 || spec->time_limit > outer->limit ? outer->limit : spec->time_limit;
    return ARQ_OK;
}

/* Both flags may be 1: the rules ended the episode in the very step that would have been its last. */
static arq_status count_step(wrapper *outer, arq_status status, int32_t *truncated)
{
    if (status == ARQ_OK && ++outer->steps >= outer->limit) {
        *truncated = 1;
    }
    return status;
}

static arq_status limited_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                               int32_t *truncated)
{
    wrapper *outer = self;
    arq_status status = arq_env_step(outer->inner, action, observation, reward, terminated, truncated);
    return count_step(outer, status, truncated);
}

static arq_status limited_step_box(void *self, const double *action, void *observation, double *reward,
                                   int32_t *terminated, int32_t *truncated)
{
    wrapper *outer = self;
    arq_status status = arq_env_step_box(outer->inner, action, observation, reward, terminated, truncated);
    return count_step(outer, status, truncated);
}

/* The steps so far, eight bytes from the lowest, stand before the inner environment's state. */
static arq_status limited_save(void *self, void *buffer, size_t capacity, size_t *size)
{
    wrapper *outer = self;
    uint8_t *bytes = buffer;
    size_t inner = 0;
    arq_status status = arq_env_save(outer->inner, bytes == NULL ? NULL : bytes + sizeof(uint64_t),
                                     bytes == NULL ? 0 : capacity - sizeof(uint64_t), &inner);
    for (size_t i = 0; bytes != NULL && i < sizeof(uint64_t); i++) {
        bytes[i] = (uint8_t)(outer->steps >> 8 * i);
    }
    *size = inner + sizeof(uint64_t);
    return status;
}

static arq_status limited_load(void *self, const void *buffer, size_t size)
{
    wrapper *outer = self;
    const uint8_t *bytes = buffer;
    uint64_t steps = 0;
    for (size_t i = 0; i < sizeof(uint64_t) && i < size; i++) {
        steps |= (uint64_t)bytes[i] << 8 * i;
    }
    if (size < sizeof(uint64_t) || steps > outer->limit) {
        return arq_fail(outer->context, ARQ_E_FORMAT,
                        "%s: arq_env_load: %zu bytes with step %" PRIu64 " of a time limit of %" PRIu64,
                        outer->inner->name, size, steps, outer->limit);
    }
    arq_status status = arq_env_load(outer->inner, bytes + sizeof(uint64_t), size - sizeof(uint64_t));
    if (status == ARQ_OK) {
        outer->steps = steps;
    }
    return status;
}

static const arq_env_methods time_limit_methods = {
    .struct_size = sizeof(arq_env_methods),
    .spec = limited_spec,
    .reset = pass_reset,
    .step = limited_step,
    .step_box = limited_step_box,
    .destroy = destroy,
    .save = limited_save,
    .load = limited_load,
    .render = pass_render,
    .action_name = pass_action_name,
    .observation_name = pass_observation_name,
};

arq_status arq_env_time_limit(arq_env *env, uint64_t steps, arq_env **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (env == NULL || out == NULL || steps == 0) {
        return arq_fail(env == NULL ? NULL : env->context, ARQ_E_ARGUMENT, "arq_env_time_limit: %s",
                        env == NULL   ? "env is NULL"
                        : out == NULL ? "out is NULL"
                                      : "steps is 0; at least 1 is accepted");
    }
    return wrap(env, &time_limit_methods, steps, out);
}

static arq_status coded_spec(void *self, arq_env_spec *spec)
{
    pass_spec(self, spec);
    spec->action_kind = ARQ_ACTION_DISCRETE;
    spec->action_count = UINT32_C(1) << spec->action_count;
    spec->action_low = NULL;
    spec->action_high = NULL;
    return ARQ_OK;
}

static arq_status coded_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                             int32_t *truncated)
{
    wrapper *outer = self;
    const arq_env_spec *inner = arq_env_describe(outer->inner);
    double components[MAX_COMPONENTS];
    for (uint32_t k = 0; k < inner->action_count; k++) {
        components[k] = action >> k & 1 ? inner->action_high[k] : inner->action_low[k];
    }
    return arq_env_step_box(outer->inner, components, observation, reward, terminated, truncated);
}

/* A component's name names no combination of them, so actions have no names here. */
static const arq_env_methods bang_bang_methods = {
    .struct_size = sizeof(arq_env_methods),
    .spec = coded_spec,
    .reset = pass_reset,
    .step = coded_step,
    .destroy = destroy,
    .save = pass_save,
    .load = pass_load,
    .render = pass_render,
    .observation_name = pass_observation_name,
};

arq_status arq_env_bang_bang(arq_env *env, arq_env **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (env == NULL || out == NULL) {
        return arq_fail(env == NULL ? NULL : env->context, ARQ_E_ARGUMENT, "arq_env_bang_bang: %s is NULL",
                        env == NULL ? "env" : "out");
    }
    const arq_env_spec *spec = &env->spec;
    if (spec->action_kind != ARQ_ACTION_BOX || spec->action_count > MAX_COMPONENTS) {
        return arq_fail(env->context, ARQ_E_UNSUPPORTED,
                        "%s: arq_env_bang_bang: %" PRIu32 " %s; a box of at most %d components is needed", env->name,
                        spec->action_count, spec->action_kind == ARQ_ACTION_BOX ? "components" : "discrete actions",
                        MAX_COMPONENTS);
    }
    for (uint32_t k = 0; k < spec->action_count; k++) {
        if (!arq_is_finite(spec->action_low[k]) || !arq_is_finite(spec->action_high[k])) {
            return arq_fail(env->context, ARQ_E_UNSUPPORTED,
                            "%s: arq_env_bang_bang: component %" PRIu32 " has bounds %g .. %g; finite ones are needed",
                            env->name, k, spec->action_low[k], spec->action_high[k]);
        }
    }
    return wrap(env, &bang_bang_methods, 0, out);
}
