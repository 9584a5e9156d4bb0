#include "env/promises.h"

#include <inttypes.h>
#include <stdio.h>

/* " at step 3 of episode 1 of minatar/breakout", for error texts. */
static const char *place(const arq_env *env, char *buffer, size_t size)
{
    if (env->batch_busy != NULL) {
        snprintf(buffer, size, "%s", env->name);
    } else {
        snprintf(buffer, size, "%s: step %" PRIu64 " of episode %" PRIu64, env->name, env->step, env->episode);
    }
    return buffer;
}

arq_status arq_env_method_failed(const arq_env *env, const char *method, arq_status status)
{
    if (env->wrapper) {
        return status;
    }
    char where[192];
    char what[256];
    const char *detail = env->methods.last_error == NULL ? NULL : env->methods.last_error(env->self);
    snprintf(what, sizeof(what), "%s: %s", place(env, where, sizeof(where)), method);
    return arq_fail_callback(env->context, what, status, detail);
}

arq_status arq_env_refuse_observation(const arq_env *env, const void *observation)
{
    char where[192];
    char what[256];
    snprintf(what, sizeof(what), "%s: observation", place(env, where, sizeof(where)));
    arq_status status = arq_observation_check(env->context, ARQ_E_ENV, env->spec.observation_kind,
                                              env->spec.observation_size, observation, what);
    return status != ARQ_OK ? status : arq_observation_check_bounds(env->context, &env->spec, observation, what);
}

arq_status arq_env_refuse_result(const arq_env *env, const void *observation, double reward, int32_t terminated,
                                 int32_t truncated)
{
    char where[192];
    place(env, where, sizeof(where));
    if (!arq_is_finite_as_float(reward)) {
        return arq_fail(env->context, ARQ_E_ENV, "%s: reward is %g; it must be finite%s", where, reward,
                        arq_finite_range(reward));
    }
    if (reward < env->reward_low || reward > env->reward_high) {
        return arq_fail(env->context, ARQ_E_ENV, "%s: reward is %.17g; the declared range is %.17g .. %.17g", where,
                        reward, env->reward_low, env->reward_high);
    }
    if (((uint32_t)terminated | (uint32_t)truncated) <= 1) {
        return arq_env_refuse_observation(env, observation);
    }
    int first = (uint32_t)terminated > 1;
    return arq_fail(env->context, ARQ_E_ENV, "%s: %s is %" PRId32 "; it must be 0 or 1", where,
                    first ? "terminated" : "truncated", first ? terminated : truncated);
}
