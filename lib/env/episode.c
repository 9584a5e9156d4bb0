/* Resets and steps: order, arguments and promises around an author's methods. */
#include "env/episode.h"

#include "env/handle.h"
#include "env/promises.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* As arq_env_check_idle, for calls that a batch makes itself for all its instances. */
static arq_status check_alone(const arq_env *env, const char *call)
{
    arq_status status = arq_env_check_idle(env, call);
    if (status != ARQ_OK) {
        return status;
    }
    if (env->batch_busy != NULL) {
        return arq_fail(env->context, ARQ_E_UNSUPPORTED, "%s: the environment belongs to a batch: use %s", call,
                        strcmp(call, "arq_env_reset") == 0 ? "arq_env_batch_reset" : "arq_env_batch_step");
    }
    return ARQ_OK;
}

arq_status arq_env_run_reset(arq_env *env, const uint64_t *seed, void *observation)
{
    uint64_t first_seed = 0;
    int fresh = *env->phase == ARQ_PHASE_FRESH;
    if (fresh && seed == NULL) {
        seed = &first_seed;
    }
    env->episode++;
    env->step = 0;
    arq_env_enter(env);
    arq_status status = env->methods.reset(env->self, seed, observation);
    if (status != ARQ_OK) {
        status = arq_env_method_failed(env, "reset", status);
    } else if (!arq_env_may_observe(env, observation)) {
        status = arq_env_refuse_observation(env, observation);
    }
    arq_env_leave(env);
    /* Where the first reset failed, the next one is still the first and needs a seed. */
    *env->phase = status == ARQ_OK ? ARQ_PHASE_RUNNING : fresh ? ARQ_PHASE_FRESH : ARQ_PHASE_FAILED;
    return status;
}

arq_status arq_env_reset(arq_env *env, const uint64_t *seed, void *observation)
{
    arq_status status = check_alone(env, "arq_env_reset");
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_env_check_buffer(env, "arq_env_reset", observation);
    return status != ARQ_OK ? status : arq_env_run_reset(env, seed, observation);
}

/* Says why a step is refused; only called when it is. */
static arq_status refuse_step(const arq_env *env, const char *call, const void *observation, const double *reward,
                              const int32_t *terminated, const int32_t *truncated)
{
    arq_status status = check_alone(env, call);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_env_check_buffer(env, call, observation);
    if (status != ARQ_OK) {
        return status;
    }
    status = ARQ_REQUIRE(env->context, call, {"reward", reward}, {"terminated", terminated}, {"truncated", truncated});
    if (status != ARQ_OK) {
        return status;
    }
    static const char *const reasons[] = {
        [ARQ_PHASE_FRESH] = "it was never reset",
        [ARQ_PHASE_ENDED] = "its episode has ended",
        [ARQ_PHASE_FAILED] = "its last step or reset failed",
    };
    return arq_fail(env->context, ARQ_E_ORDER, "%s: %s: %s; reset it first", env->name, call, reasons[*env->phase]);
}

static inline int may_step(const arq_env *env, const void *observation, const double *reward, const int32_t *terminated,
                           const int32_t *truncated)
{
    return env != NULL && !arq_env_is_busy(env) && env->batch_busy == NULL && observation != NULL &&
           ((uintptr_t)observation & env->alignment_mask) == 0 && reward != NULL && terminated != NULL &&
           truncated != NULL && *env->phase == ARQ_PHASE_RUNNING;
}

/* What one step gave. It begins with values that no step may give, so that a method that writes nothing is found out.
 */
typedef struct step_result {
    double reward;
    int32_t terminated, truncated;
} step_result;

static const step_result unwritten = {NAN, -1, -1};

static inline arq_status finish_step(arq_env *env, const char *method, arq_status status, const void *observation,
                                     const step_result *result, double *reward, int32_t *terminated, int32_t *truncated)
{
    if (status != ARQ_OK) {
        status = arq_env_method_failed(env, method, status);
    } else if (!arq_env_may_give(env, observation, result->reward, result->terminated, result->truncated)) {
        status = arq_env_refuse_result(env, observation, result->reward, result->terminated, result->truncated);
    }
    arq_env_leave(env);
    if (status != ARQ_OK) {
        *env->phase = ARQ_PHASE_FAILED;
        return status;
    }
    *env->phase = (result->terminated | result->truncated) != 0 ? ARQ_PHASE_ENDED : ARQ_PHASE_RUNNING;
    *reward = result->reward;
    *terminated = result->terminated;
    *truncated = result->truncated;
    return ARQ_OK;
}

arq_status arq_env_step(arq_env *env, int32_t action, void *observation, double *reward, int32_t *terminated,
                        int32_t *truncated)
{
    if (!may_step(env, observation, reward, terminated, truncated)) {
        return refuse_step(env, "arq_env_step", observation, reward, terminated, truncated);
    }
    if (env->spec.action_kind != ARQ_ACTION_DISCRETE) {
        return arq_fail(env->context, ARQ_E_UNSUPPORTED,
                        "%s: arq_env_step: its actions are a box; use arq_env_step_box or arq_env_bang_bang",
                        env->name);
    }
    if ((uint32_t)action >= env->spec.action_count) {
        return arq_fail(env->context, ARQ_E_ARGUMENT,
                        "%s: arq_env_step: action is %" PRId32 "; accepted: 0 .. %" PRIu32, env->name, action,
                        env->spec.action_count - 1);
    }
    step_result result = unwritten;
    env->step++;
    arq_env_enter(env);
    arq_status status =
        env->methods.step(env->self, action, observation, &result.reward, &result.terminated, &result.truncated);
    return finish_step(env, "step", status, observation, &result, reward, terminated, truncated);
}

uint32_t arq_env_first_bad_component(const arq_env *env, const double *action)
{
    uint32_t i = 0;
    while (i < env->spec.action_count && arq_is_finite(action[i]) && action[i] >= env->spec.action_low[i] &&
           action[i] <= env->spec.action_high[i]) {
        i++;
    }
    return i;
}

static arq_status check_box_action(const arq_env *env, const double *action)
{
    if (env->spec.action_kind != ARQ_ACTION_BOX) {
        return arq_fail(env->context, ARQ_E_UNSUPPORTED,
                        "%s: arq_env_step_box: its actions are discrete; use arq_env_step", env->name);
    }
    if (action == NULL) {
        return arq_fail_null(env->context, "arq_env_step_box", "action");
    }
    uint32_t bad = arq_env_first_bad_component(env, action);
    if (bad < env->spec.action_count) {
        return arq_fail(env->context, ARQ_E_ARGUMENT,
                        "%s: arq_env_step_box: component %" PRIu32 " is %.17g; accepted: finite, %g .. %g", env->name,
                        bad, action[bad], env->spec.action_low[bad], env->spec.action_high[bad]);
    }
    return ARQ_OK;
}

arq_status arq_env_step_box(arq_env *env, const double *action, void *observation, double *reward, int32_t *terminated,
                            int32_t *truncated)
{
    if (!may_step(env, observation, reward, terminated, truncated)) {
        return refuse_step(env, "arq_env_step_box", observation, reward, terminated, truncated);
    }
    arq_status status = check_box_action(env, action);
    if (status != ARQ_OK) {
        return status;
    }
    step_result result = unwritten;
    env->step++;
    arq_env_enter(env);
    status =
        env->methods.step_box(env->self, action, observation, &result.reward, &result.terminated, &result.truncated);
    return finish_step(env, "step_box", status, observation, &result, reward, terminated, truncated);
}
