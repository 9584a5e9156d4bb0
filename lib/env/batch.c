/* Many instances as one thing: from an id, from handles, wrapped. */
#include "env/batch.h"

#include "env/plugins/instances.h"
#include "env/plugins/open.h"
#include "env/wrappers/list.h"
#include "env/wrappers/wrapper.h"

#include <inttypes.h>
#include <string.h>

/* Instances that one task steps: many where a step_batch takes a few nanoseconds for each, few where a single step may
 * take long. The blocks are the same for any number of threads. */
#define BLOCK_TOGETHER 256u
#define BLOCK_ONE_BY_ONE 8u

/* Frees the arrays, not the instances. */
static void free_arrays(arq_env_batch *batch)
{
    arq_context *context = batch->context;
    arq_free(context, batch->instances, batch->count, sizeof(*batch->instances));
    arq_free(context, batch->selves, batch->count, sizeof(*batch->selves));
    arq_free(context, batch->phases, batch->count, sizeof(*batch->phases));
    arq_free(context, batch->chosen, batch->count, sizeof(*batch->chosen));
    arq_free(context, batch->statuses, batch->count, sizeof(*batch->statuses));
    arq_free(context, batch, 1, sizeof(*batch));
    arq_context_release(context);
}

/* A batch with room for its instances. */
static arq_status begin_batch(arq_context *context, uint32_t count, arq_env_batch **out)
{
    arq_env_batch *batch = arq_alloc(context, 1, sizeof(*batch));
    if (batch == NULL) {
        return arq_fail_memory(context, "a batch of environments", sizeof(*batch));
    }
    arq_context_retain(context);
    batch->context = context;
    batch->count = count;
    batch->instances = arq_alloc(context, count, sizeof(*batch->instances));
    batch->selves = arq_alloc(context, count, sizeof(*batch->selves));
    batch->phases = arq_alloc(context, count, sizeof(*batch->phases));
    batch->chosen = arq_alloc(context, count, sizeof(*batch->chosen));
    batch->statuses = arq_alloc(context, count, sizeof(*batch->statuses));
    atomic_init(&batch->busy, 0);
    atomic_flag_clear(&batch->failure.taken);
    if (batch->instances == NULL || batch->selves == NULL || batch->phases == NULL || batch->chosen == NULL ||
        batch->statuses == NULL) {
        free_arrays(batch);
        return arq_fail_memory(context, "a batch of environments", count * sizeof(*batch->instances));
    }
    *out = batch;
    return ARQ_OK;
}

/* Makes an instance a part of the batch, in the phase that it is in. */
static void attach(arq_env_batch *batch, uint32_t index, arq_env *env)
{
    batch->instances[index] = env;
    batch->selves[index] = env->self;
    batch->phases[index] = *env->phase;
    env->phase = &batch->phases[index];
    env->batch_busy = &batch->busy;
    env->owned = 1;
}

/* Makes it stand alone again. */
static void detach(arq_env *env)
{
    env->own_phase = *env->phase;
    env->phase = &env->own_phase;
    env->batch_busy = NULL;
    env->owned = 0;
}

static void detach_all(arq_env_batch *batch)
{
    for (uint32_t i = 0; i < batch->count && batch->instances[i] != NULL; i++) {
        detach(batch->instances[i]);
    }
}

static int same_bounds(const double *a, const double *b, uint32_t count)
{
    return memcmp(a, b, count * sizeof(*a)) == 0;
}

/* Name of what differs between two instances of one batch, or NULL. */
static const char *difference(const arq_env_spec *a, const arq_env_spec *b)
{
    if (a->observation_kind != b->observation_kind || a->observation_size != b->observation_size) {
        return "observation";
    }
    if (a->action_kind != b->action_kind || a->action_count != b->action_count) {
        return "actions";
    }
    if (a->action_kind == ARQ_ACTION_BOX && (!same_bounds(a->action_low, b->action_low, a->action_count) ||
                                             !same_bounds(a->action_high, b->action_high, a->action_count))) {
        return "bounds of actions";
    }
    return NULL;
}

/* What all instances have in common, once they are there. */
static arq_status finish_batch(arq_env_batch *batch, const char *call)
{
    const arq_env *first = batch->instances[0];
    size_t bytes;
    if (!arq_multiply_sizes(batch->count, first->observation_bytes, &bytes)) {
        return arq_fail(batch->context, ARQ_E_ARGUMENT,
                        "%s: %s: count is %" PRIu32 "; observations of %zu bytes each do not fit memory", first->name,
                        call, batch->count, first->observation_bytes);
    }
    batch->together = first->methods.step_batch != NULL && first->spec.action_kind == ARQ_ACTION_DISCRETE;
    batch->alike = 1;
    for (uint32_t i = 1; i < batch->count; i++) {
        const arq_env *env = batch->instances[i];
        batch->together = batch->together && env->methods.step_batch == first->methods.step_batch;
        batch->alike = batch->alike && !env->has_bounds && !first->has_bounds &&
                       env->checks_values == first->checks_values && env->reward_low == first->reward_low &&
                       env->reward_high == first->reward_high;
    }
    batch->block = batch->together ? BLOCK_TOGETHER : BLOCK_ONE_BY_ONE;
    return ARQ_OK;
}

/* Destroys the instances: by their handles, or by the type where a handle is missing. */
static void destroy_instances(arq_env_batch *batch, const arq_env_type *type)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        if (batch->instances[i] != NULL) {
            arq_env_release(batch->instances[i]);
        } else if (type != NULL && batch->selves[i] != NULL) {
            type->methods->destroy(batch->selves[i]);
        }
    }
}

/* The handles of instances that were made together. */
static arq_status make_handles(arq_env_batch *batch, const arq_env_type *type)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        arq_env *env = NULL;
        arq_status status = arq_env_make(batch->context, type->methods, batch->selves[i], type->id, 0, &env);
        if (status != ARQ_OK) {
            return status;
        }
        attach(batch, i, env);
        if (difference(&env->spec, &batch->instances[0]->spec) != NULL) {
            return arq_fail(batch->context, ARQ_E_ENV, "%s: spec: instance %" PRIu32 " differs from the first one's",
                            env->name, i);
        }
    }
    return ARQ_OK;
}

static arq_status open_type(arq_context *context, const arq_resolved_id *id, uint32_t count, arq_env_batch **out)
{
    arq_env_batch *batch = NULL;
    arq_status status = begin_batch(context, count, &batch);
    if (status != ARQ_OK) {
        return status;
    }
    status = arq_env_type_create_selves(context, id->type, id->values, count, batch->selves);
    if (status != ARQ_OK) {
        goto failed;
    }
    status = make_handles(batch, id->type);
    if (status != ARQ_OK) {
        goto failed;
    }
    status = finish_batch(batch, "arq_env_batch_open");
    if (status != ARQ_OK) {
        goto failed;
    }
    *out = batch;
    return ARQ_OK;

failed:
    destroy_instances(batch, id->type);
    free_arrays(batch);
    return status;
}

/* Undoes wrapping that failed: removes the first `count` wrappers, and all instances are the batch's again. */
static void unwrap(arq_env_batch *batch, uint32_t count)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        arq_env *env = batch->instances[i];
        attach(batch, i, i < count ? arq_wrapper_undo(env) : env);
    }
}

/* Wraps every instance in place. */
static arq_status wrap(arq_env_batch *batch, const arq_named_wrapper *wrapper)
{
    detach_all(batch);
    for (uint32_t i = 0; i < batch->count; i++) {
        arq_env *outer = NULL;
        arq_status status = wrapper->wrap(batch->instances[i], wrapper->value, &outer);
        if (status != ARQ_OK) {
            unwrap(batch, i);
            return status;
        }
        batch->instances[i] = outer;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        attach(batch, i, batch->instances[i]);
    }
    return finish_batch(batch, "wrapping");
}

arq_status arq_env_batch_open(arq_context *context, const char *id, uint32_t count, arq_env_batch **out)
{
    const char *call = "arq_env_batch_open";
    if (out != NULL) {
        *out = NULL;
    }
    arq_status status = ARQ_REQUIRE(context, call, {"context", context}, {"id", id}, {"out", out});
    if (status != ARQ_OK) {
        return status;
    }
    if (count == 0) {
        return arq_fail(context, ARQ_E_ARGUMENT, "%s: count is 0; at least 1 is accepted", call);
    }
    arq_resolved_id resolved;
    status = arq_env_id_resolve(context, id, &resolved);
    if (status != ARQ_OK) {
        return status;
    }
    arq_env_batch *batch = NULL;
    status = open_type(context, &resolved, count, &batch);
    if (status != ARQ_OK) {
        return status;
    }
    for (const char *rest = resolved.wrappers; *rest != '\0';) {
        arq_named_wrapper wrapper;
        arq_wrapper_parse(context, &rest, &wrapper);
        status = wrap(batch, &wrapper);
        if (status != ARQ_OK) {
            arq_env_batch_destroy(batch);
            return status;
        }
    }
    *out = batch;
    return ARQ_OK;
}

/* Whether a handle can become instance `index` of a batch that begins with `first`. */
static arq_status check_member(const arq_env *first, const arq_env *env, uint32_t index)
{
    const char *call = "arq_env_batch_create";
    if (env == NULL) {
        return arq_fail(first->context, ARQ_E_ARGUMENT, "%s: envs[%" PRIu32 "] is NULL", call, index);
    }
    if (env->context != first->context) {
        return arq_fail(first->context, ARQ_E_ARGUMENT, "%s: envs[%" PRIu32 "] has another context than the first",
                        call, index);
    }
    if (env->owned) {
        return arq_fail(first->context, ARQ_E_ARGUMENT,
                        "%s: envs[%" PRIu32 "]: a wrapper or a batch owns it already, or it stands in the array twice",
                        call, index);
    }
    const char *what = difference(&first->spec, &env->spec);
    if (what != NULL) {
        return arq_fail(first->context, ARQ_E_SHAPE,
                        "%s: envs[%" PRIu32 "] (%s): its %s differ from those of the first; all must be the same", call,
                        index, env->name, what);
    }
    return arq_env_check_idle(env, call);
}

arq_status arq_env_batch_create(arq_env *const *envs, uint32_t count, arq_env_batch **out)
{
    const char *call = "arq_env_batch_create";
    if (out != NULL) {
        *out = NULL;
    }
    if (out == NULL || envs == NULL) {
        return arq_fail_null(NULL, call, out == NULL ? "out" : "envs");
    }
    if (count == 0 || envs[0] == NULL) {
        return arq_fail(NULL, ARQ_E_ARGUMENT, "%s: %s", call,
                        count == 0 ? "count is 0; at least 1 is accepted" : "envs[0] is NULL");
    }
    arq_env_batch *batch = NULL;
    arq_status status = begin_batch(envs[0]->context, count, &batch);
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < count; i++) {
        status = check_member(envs[0], envs[i], i);
        if (status != ARQ_OK) {
            goto failed;
        }
        attach(batch, i, envs[i]);
    }
    status = finish_batch(batch, call);
    if (status != ARQ_OK) {
        goto failed;
    }
    *out = batch;
    return ARQ_OK;

failed:
    detach_all(batch);
    free_arrays(batch);
    return status;
}

static int is_busy(const arq_env_batch *batch)
{
    return atomic_load_explicit(&batch->busy, memory_order_relaxed) != 0;
}

static arq_status wrap_for_caller(arq_env_batch *batch, const char *call, const arq_named_wrapper *wrapper,
                                  arq_env_batch **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (batch == NULL || out == NULL) {
        return arq_fail_null(ARQ_CONTEXT_OF(batch), call, batch == NULL ? "batch" : "out");
    }
    if (is_busy(batch)) {
        return arq_fail(batch->context, ARQ_E_BUSY, "%s: a method of this batch is running", call);
    }
    arq_status status = wrap(batch, wrapper);
    if (status != ARQ_OK) {
        return status;
    }
    *out = batch;
    return ARQ_OK;
}

arq_status arq_env_batch_time_limit(arq_env_batch *batch, uint64_t steps, arq_env_batch **out)
{
    const arq_named_wrapper wrapper = {arq_env_time_limit, steps};
    return wrap_for_caller(batch, "arq_env_batch_time_limit", &wrapper, out);
}

arq_status arq_env_batch_bang_bang(arq_env_batch *batch, arq_env_batch **out)
{
    const arq_named_wrapper wrapper = {arq_wrap_bang_bang, 0};
    return wrap_for_caller(batch, "arq_env_batch_bang_bang", &wrapper, out);
}

void arq_env_batch_destroy(arq_env_batch *batch)
{
    if (batch != NULL && !is_busy(batch)) {
        destroy_instances(batch, NULL);
        free_arrays(batch);
    }
}

uint32_t arq_env_batch_count(const arq_env_batch *batch)
{
    return batch == NULL ? 0 : batch->count;
}

arq_env *arq_env_batch_at(arq_env_batch *batch, uint32_t index)
{
    return batch == NULL || index >= batch->count ? NULL : batch->instances[index];
}

const arq_status *arq_env_batch_statuses(const arq_env_batch *batch)
{
    return batch == NULL ? NULL : batch->statuses;
}
