/* The environment handle: what it is made of, who owns it, and names. */
#include "env/handle.h"

#include "env/observation.h"
#include "env/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

arq_status arq_env_check_idle(const arq_env *env, const char *call)
{
    if (env == NULL) {
        return arq_fail_null(NULL, call, "env");
    }
    if (arq_env_is_busy(env)) {
        return arq_fail(env->context, ARQ_E_BUSY, "%s: %s: a method of this environment is running", env->name, call);
    }
    return ARQ_OK;
}

arq_status arq_env_check_buffer(const arq_env *env, const char *call, const void *observation)
{
    if (observation == NULL) {
        return arq_fail(env->context, ARQ_E_ARGUMENT, "%s: observation is NULL; %zu bytes are needed", call,
                        env->observation_bytes);
    }
    if (((uintptr_t)observation & env->alignment_mask) != 0) {
        return arq_fail(env->context, ARQ_E_ARGUMENT,
                        "%s: observation is at %p; for its kind the address must be a multiple of %zu", call,
                        observation, (size_t)env->alignment_mask + 1);
    }
    return ARQ_OK;
}

arq_status arq_env_make(arq_context *context, const arq_env_methods *methods, void *self, const char *name,
                        uint8_t wrapper, arq_env **out)
{
    arq_env_methods copy;
    arq_status status = arq_env_methods_copy(context, name, methods, &copy);
    if (status != ARQ_OK) {
        return status;
    }
    arq_env_spec spec = {.struct_size = sizeof(spec)};
    status = copy.spec(self, &spec);
    if (status != ARQ_OK) {
        char what[160];
        snprintf(what, sizeof(what), "%s: spec", name);
        return arq_fail_callback(context, what, status, copy.last_error == NULL ? NULL : copy.last_error(self));
    }
    status = arq_env_spec_validate(context, name, &spec, &copy);
    if (status != ARQ_OK) {
        return status;
    }
    arq_env *env = arq_alloc(context, 1, sizeof(*env));
    if (env == NULL) {
        return arq_fail_memory(context, "an environment handle", sizeof(*env));
    }
    env->context = context;
    env->self = self;
    env->methods = copy;
    env->spec = spec;
    env->name = name;
    env->observation_bytes = arq_observation_bytes(spec.observation_kind, spec.observation_size);
    env->alignment_mask = arq_observation_alignment(spec.observation_kind) - 1;
    env->reward_low = spec.reward_range_known ? spec.reward_low : -INFINITY;
    env->reward_high = spec.reward_range_known ? spec.reward_high : INFINITY;
    env->phase = &env->own_phase;
    env->wrapper = wrapper;
    if (!wrapper) {
        int is_bits = spec.observation_kind == ARQ_OBSERVATION_BIT;
        env->spare_bits = (uint8_t)(is_bits && spec.observation_size % 8 != 0 ? 0xff << spec.observation_size % 8 : 0);
        env->has_bounds = (uint8_t)arq_observation_has_bounds(&spec);
        env->checks_values = env->has_bounds || (!is_bits && spec.observation_kind != ARQ_OBSERVATION_U8);
    }
    atomic_init(&env->busy, 0);
    arq_context_retain(context);
    *out = env;
    return ARQ_OK;
}

arq_status arq_env_create(arq_context *context, const arq_env_methods *methods, void *self, arq_env **out)
{
    if (out == NULL) {
        return arq_fail_null(context, "arq_env_create", "out");
    }
    *out = NULL;
    arq_status status = ARQ_REQUIRE(context, "arq_env_create", {"context", context}, {"methods", methods});
    return status != ARQ_OK ? status : arq_env_make(context, methods, self, "environment", 0, out);
}

void arq_env_release(arq_env *env)
{
    arq_context *context = env->context;
    env->methods.destroy(env->self);
    arq_free(context, env, 1, sizeof(*env));
    arq_context_release(context);
}

void arq_env_destroy(arq_env *env)
{
    /* One that a wrapper or a batch owns ends with its owner; one inside a method cannot end now. */
    if (env != NULL && !env->owned && !arq_env_is_busy(env)) {
        arq_env_release(env);
    }
}

const arq_env_spec *arq_env_describe(const arq_env *env)
{
    return env == NULL ? NULL : &env->spec;
}

const char *arq_env_action_name(arq_env *env, uint32_t action)
{
    if (env == NULL || arq_env_is_busy(env) || env->methods.action_name == NULL || action >= env->spec.action_count) {
        return NULL;
    }
    arq_env_enter(env);
    const char *name = env->methods.action_name(env->self, action);
    arq_env_leave(env);
    return name;
}

const char *arq_env_observation_name(arq_env *env, uint32_t index)
{
    if (env == NULL || arq_env_is_busy(env) || env->methods.observation_name == NULL) {
        return NULL;
    }
    uint32_t rank = env->spec.observation_rank;
    if (index >= (rank == 0 ? env->spec.observation_size : env->spec.observation_shape[rank - 1])) {
        return NULL;
    }
    arq_env_enter(env);
    const char *name = env->methods.observation_name(env->self, index);
    arq_env_leave(env);
    return name;
}
