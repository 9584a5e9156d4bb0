/* Makes box actions discrete: bit k of an action puts component k at its low (0) or high (1) bound. */
#include "core/finite.h"
#include "env/handle.h"
#include "env/wrappers/wrapper.h"

#include <inttypes.h>

/* Most components of a box that becomes discrete: 2^16 actions. */
#define MAX_COMPONENTS 16

static arq_status coded_spec(void *self, arq_env_spec *spec)
{
    arq_wrapper_spec(self, spec);
    spec->action_kind = ARQ_ACTION_DISCRETE;
    spec->action_count = UINT32_C(1) << spec->action_count;
    spec->action_low = NULL;
    spec->action_high = NULL;
    return ARQ_OK;
}

static arq_status coded_step(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                             int32_t *truncated)
{
    arq_wrapper *outer = self;
    const arq_env_spec *inner = arq_env_describe(outer->inner);
    double components[MAX_COMPONENTS];
    for (uint32_t k = 0; k < inner->action_count; k++) {
        components[k] = action >> k & 1 ? inner->action_high[k] : inner->action_low[k];
    }
    return arq_env_step_box(outer->inner, components, observation, reward, terminated, truncated);
}

/* An action is a combination of components, and names exist for single components only: actions have none. */
static const arq_env_methods bang_bang_methods = {
    .struct_size = sizeof(arq_env_methods),
    .spec = coded_spec,
    .reset = arq_wrapper_reset,
    .step = coded_step,
    .destroy = arq_wrapper_destroy,
    .save = arq_wrapper_save,
    .load = arq_wrapper_load,
    .render = arq_wrapper_render,
    .observation_name = arq_wrapper_observation_name,
};

arq_status arq_env_bang_bang(arq_env *env, arq_env **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (env == NULL || out == NULL) {
        return arq_fail_null(ARQ_CONTEXT_OF(env), "arq_env_bang_bang", env == NULL ? "env" : "out");
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
    arq_wrapper *outer = NULL;
    arq_status status = arq_wrapper_begin(env, sizeof(*outer), &outer);
    return status != ARQ_OK ? status : arq_wrapper_finish(outer, &bang_bang_methods, out);
}
