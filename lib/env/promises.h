/*
 * What a reset or a step may give, and the texts about what it may not.
 */
#ifndef ARQ_ENV_PROMISES_H
#define ARQ_ENV_PROMISES_H

#include "core/finite.h"
#include "env/handle.h"
#include "env/observation.h"

/* ARQ_E_ENV with the text for what arq_env_may_observe or arq_env_may_give does not allow. */
arq_status arq_env_refuse_observation(const arq_env *env, const void *observation);
arq_status arq_env_refuse_result(const arq_env *env, const void *observation, double reward, int32_t terminated,
                                 int32_t truncated);

/* The status of a failed method for the program. */
arq_status arq_env_method_failed(const arq_env *env, const char *method, arq_status status);

/* Whether an observation keeps what the spec says. */
static inline int arq_env_may_observe(const arq_env *env, const void *observation)
{
    const uint8_t *bytes = observation;
    const arq_env_spec *spec = &env->spec;
    if (!env->checks_values) {
        return (bytes[env->observation_bytes - 1] & env->spare_bits) == 0;
    }
    return arq_observation_is_allowed(spec->observation_kind, spec->observation_size, observation) &&
           (!env->has_bounds || arq_observation_first_outside(spec, observation) == spec->observation_size);
}

/* Whether a step may give this. */
static inline int arq_env_may_give(const arq_env *env, const void *observation, double reward, int32_t terminated,
                                   int32_t truncated)
{
    return arq_is_finite_as_float(reward) && reward >= env->reward_low && reward <= env->reward_high &&
           ((uint32_t)terminated | (uint32_t)truncated) <= 1 && arq_env_may_observe(env, observation);
}

#endif
