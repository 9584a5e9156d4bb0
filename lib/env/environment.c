/* The environment handle: order, arguments and promises around an author's methods. */
#include "env/handle.h"
#include "env/spec.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A running method is marked, so that a call from inside it is refused. The mark only meets calls of the same
 * thread: relaxed order is enough. */
static inline void enter(arq_env *env)
{
    atomic_store_explicit(&env->busy, 1, memory_order_relaxed);
}

static inline void leave(arq_env *env)
{
    atomic_store_explicit(&env->busy, 0, memory_order_relaxed);
}

static inline int is_busy(const arq_env *env)
{
    return atomic_load_explicit(&env->busy, memory_order_relaxed) != 0 ||
           (env->batch != NULL && arq_env_batch_is_busy(env->batch));
}

arq_status arq_env_check_idle(const arq_env *env, const char *call)
{
    if (is_busy(env)) {
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

/* " at step 3 of episode 1 of minatar/breakout", for error texts. */
static const char *place(const arq_env *env, char *buffer, size_t size)
{
    if (env->batch != NULL) {
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
    arq_status status =
        arq_observation_check(env->context, env->spec.observation_kind, env->spec.observation_size, observation, what);
    return status == ARQ_OK ? arq_observation_check_bounds(env->context, &env->spec, observation, what) : status;
}

arq_status arq_env_refuse_result(const arq_env *env, const void *observation, double reward, int32_t terminated,
                                 int32_t truncated)
{
    char where[192];
    place(env, where, sizeof(where));
    if (!arq_is_finite(reward)) {
        return arq_fail(env->context, ARQ_E_ENV, "%s: reward is %g; it must be finite", where, reward);
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
        env->spare_bits = is_bits && spec.observation_size % 8 != 0 ? (uint8_t)(0xff << spec.observation_size % 8) : 0;
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
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_env_create: out is NULL");
    }
    *out = NULL;
    if (context == NULL || methods == NULL) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_env_create: %s is NULL", context == NULL ? "context" : "methods");
    }
    return arq_env_make(context, methods, self, "environment", 0, out);
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
    if (env != NULL && !env->owned && !is_busy(env)) {
        arq_env_release(env);
    }
}

const arq_env_spec *arq_env_describe(const arq_env *env)
{
    return env == NULL ? NULL : &env->spec;
}

static arq_status check_handle(const arq_env *env, const char *call)
{
    if (env == NULL) {
        return arq_fail(NULL, ARQ_E_ARGUMENT, "%s: env is NULL", call);
    }
    return arq_env_check_idle(env, call);
}

/* As check_handle, for calls that a batch makes itself for all its instances. */
static arq_status check_alone(const arq_env *env, const char *call)
{
    arq_status status = check_handle(env, call);
    if (status == ARQ_OK && env->batch != NULL) {
        return arq_fail(env->context, ARQ_E_UNSUPPORTED, "%s: the environment belongs to a batch: use %s", call,
                        strcmp(call, "arq_env_reset") == 0 ? "arq_env_batch_reset" : "arq_env_batch_step");
    }
    return status;
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
    enter(env);
    arq_status status = env->methods.reset(env->self, seed, observation);
    status = status == ARQ_OK ? ARQ_OK : arq_env_method_failed(env, "reset", status);
    leave(env);
    if (status == ARQ_OK && !arq_env_may_observe(env, observation)) {
        status = arq_env_refuse_observation(env, observation);
    }
    /* One that was never seeded still needs its first seed. */
    *env->phase = status == ARQ_OK ? ARQ_PHASE_RUNNING : fresh ? ARQ_PHASE_FRESH : ARQ_PHASE_FAILED;
    return status;
}

arq_status arq_env_reset(arq_env *env, const uint64_t *seed, void *observation)
{
    arq_status status = check_alone(env, "arq_env_reset");
    if (status == ARQ_OK) {
        status = arq_env_check_buffer(env, "arq_env_reset", observation);
    }
    return status == ARQ_OK ? arq_env_run_reset(env, seed, observation) : status;
}

/* What is wrong before a step; only called when something is. */
static arq_status refuse_step(const arq_env *env, const char *call, const void *observation, const double *reward,
                              const int32_t *terminated, const int32_t *truncated)
{
    arq_status status = check_alone(env, call);
    if (status == ARQ_OK) {
        status = arq_env_check_buffer(env, call, observation);
    }
    if (status != ARQ_OK) {
        return status;
    }
    if (reward == NULL || terminated == NULL || truncated == NULL) {
        return arq_fail(env->context, ARQ_E_ARGUMENT, "%s: %s is NULL", call,
                        reward == NULL       ? "reward"
                        : terminated == NULL ? "terminated"
                                             : "truncated");
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
    return env != NULL && !is_busy(env) && env->batch == NULL && observation != NULL &&
           ((uintptr_t)observation & env->alignment_mask) == 0 && reward != NULL && terminated != NULL &&
           truncated != NULL && *env->phase == ARQ_PHASE_RUNNING;
}

/* What one step gave; begins as what no step may give, so that a method that does not write is found. */
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
    leave(env);
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
    enter(env);
    arq_status status =
        env->methods.step(env->self, action, observation, &result.reward, &result.terminated, &result.truncated);
    return finish_step(env, "step", status, observation, &result, reward, terminated, truncated);
}

static arq_status check_box_action(const arq_env *env, const double *action)
{
    if (env->spec.action_kind != ARQ_ACTION_BOX) {
        return arq_fail(env->context, ARQ_E_UNSUPPORTED,
                        "%s: arq_env_step_box: its actions are discrete; use arq_env_step", env->name);
    }
    if (action == NULL) {
        return arq_fail(env->context, ARQ_E_ARGUMENT, "arq_env_step_box: action is NULL");
    }
    for (uint32_t i = 0; i < env->spec.action_count; i++) {
        double low = env->spec.action_low[i];
        double high = env->spec.action_high[i];
        if (!arq_is_finite(action[i]) || action[i] < low || action[i] > high) {
            return arq_fail(env->context, ARQ_E_ARGUMENT,
                            "%s: arq_env_step_box: component %" PRIu32 " is %.17g; accepted: finite, %g .. %g",
                            env->name, i, action[i], low, high);
        }
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
    enter(env);
    status =
        env->methods.step_box(env->self, action, observation, &result.reward, &result.terminated, &result.truncated);
    return finish_step(env, "step_box", status, observation, &result, reward, terminated, truncated);
}

static arq_status fail_unsupported(const arq_env *env, const char *call, const char *method)
{
    return arq_fail(env->context, ARQ_E_UNSUPPORTED, "%s: %s: the environment has no %s method", env->name, call,
                    method);
}

arq_status arq_env_render(arq_env *env, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                          uint32_t *height)
{
    arq_status status = check_handle(env, "arq_env_render");
    if (status != ARQ_OK) {
        return status;
    }
    if (env->methods.render == NULL) {
        return fail_unsupported(env, "arq_env_render", "render");
    }
    if (cell_size == 0 || width == NULL || height == NULL) {
        return arq_fail(env->context, ARQ_E_ARGUMENT,
                        "arq_env_render: cell_size is %" PRIu32 ", width and height are "
                        "%s; at least 1 and both are needed",
                        cell_size, width == NULL || height == NULL ? "not both set" : "set");
    }
    if (rgb != NULL && *env->phase == ARQ_PHASE_FRESH) {
        return arq_fail(env->context, ARQ_E_ORDER, "%s: arq_env_render: it was never reset; reset it first", env->name);
    }
    uint32_t size[2] = {0, 0};
    enter(env);
    status = env->methods.render(env->self, cell_size, NULL, 0, &size[0], &size[1]);
    size_t pixels = 0;
    size_t bytes = 0;
    int fits = arq_multiply_sizes(size[0], size[1], &pixels) && arq_multiply_sizes(pixels, 3, &bytes);
    if (status == ARQ_OK && rgb != NULL && fits && bytes <= capacity) {
        status = env->methods.render(env->self, cell_size, rgb, capacity, &size[0], &size[1]);
    }
    status = status == ARQ_OK ? ARQ_OK : arq_env_method_failed(env, "render", status);
    leave(env);
    if (status != ARQ_OK) {
        return status;
    }
    if (!fits || bytes == 0) {
        return arq_fail(env->context, ARQ_E_ENV,
                        "%s: render: the picture is %" PRIu32 " x %" PRIu32
                        " pixels; it must not be empty and must fit memory",
                        env->name, size[0], size[1]);
    }
    *width = size[0];
    *height = size[1];
    if (rgb != NULL && bytes > capacity) {
        return arq_fail(env->context, ARQ_E_SHAPE,
                        "%s: arq_env_render: capacity is %zu bytes; %" PRIu32 " x %" PRIu32 " pixels need %zu",
                        env->name, capacity, size[0], size[1], bytes);
    }
    return ARQ_OK;
}

const char *arq_env_action_name(arq_env *env, uint32_t action)
{
    if (env == NULL || is_busy(env) || env->methods.action_name == NULL || action >= env->spec.action_count) {
        return NULL;
    }
    enter(env);
    const char *name = env->methods.action_name(env->self, action);
    leave(env);
    return name;
}

const char *arq_env_observation_name(arq_env *env, uint32_t index)
{
    if (env == NULL || is_busy(env) || env->methods.observation_name == NULL) {
        return NULL;
    }
    uint32_t rank = env->spec.observation_rank;
    if (index >= (rank == 0 ? env->spec.observation_size : env->spec.observation_shape[rank - 1])) {
        return NULL;
    }
    enter(env);
    const char *name = env->methods.observation_name(env->self, index);
    leave(env);
    return name;
}
