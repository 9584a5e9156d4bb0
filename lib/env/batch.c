/*
 * Many instances stepped by one call. Where each stands is kept side by side here, so that stepping a batch touches
 * no handle. Work is cut into blocks of a fixed size, whatever the number of threads.
 */
#include "env/episode.h"
#include "env/plugins/instances.h"
#include "env/plugins/open.h"
#include "env/plugins/type.h"
#include "env/promises.h"
#include "system/fp.h"

#include <float.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BLOCK 256u

/* What went wrong first in a block; kept here because error texts belong to the thread that set them. */
typedef struct block_failure {
    arq_status status;
    char text[380];
} block_failure;

struct arq_env_batch {
    arq_context *context;
    uint32_t count;
    uint32_t blocks;
    arq_env **instances;     /* [count] */
    void **selves;           /* [count] */
    uint8_t *phases;         /* [count] */
    block_failure *failures; /* [blocks] */
    atomic_uchar busy;
    /* The call that is running. */
    uint64_t host_fp;
    const uint64_t *seeds;
    const uint8_t *mask;
    const int32_t *actions;
    unsigned char *observations;
    double *rewards;
    int32_t *terminated, *truncated;
};

/* Frees what a batch has so far. */
static void free_batch(arq_env_batch *batch)
{
    arq_context *context = batch->context;
    for (uint32_t i = 0; batch->instances != NULL && i < batch->count; i++) {
        if (batch->instances[i] != NULL) {
            arq_env_release(batch->instances[i]);
        }
    }
    arq_free(context, batch->instances, batch->count, sizeof(*batch->instances));
    arq_free(context, batch->selves, batch->count, sizeof(*batch->selves));
    arq_free(context, batch->phases, batch->count, sizeof(*batch->phases));
    arq_free(context, batch->failures, batch->blocks, sizeof(*batch->failures));
    arq_free(context, batch, 1, sizeof(*batch));
}

/* The handle of instance `index`, whose place is in the batch. */
static arq_status make_instance(arq_env_batch *batch, const arq_env_type *type, uint32_t index)
{
    arq_status status =
        arq_env_make(batch->context, type->methods, batch->selves[index], type->id, 0, &batch->instances[index]);
    if (status != ARQ_OK) {
        return status;
    }
    arq_env *env = batch->instances[index];
    env->phase = &batch->phases[index];
    env->batch_busy = &batch->busy;
    env->owned = 1;
    const arq_env *first = batch->instances[0];
    if (env->spec.observation_kind != first->spec.observation_kind ||
        env->spec.observation_size != first->spec.observation_size ||
        env->spec.action_count != first->spec.action_count) {
        return arq_fail(batch->context, ARQ_E_ENV, "%s: spec: instance %" PRIu32 " differs from the first one's",
                        env->name, index);
    }
    return ARQ_OK;
}

static arq_status make_instances(arq_env_batch *batch, const arq_env_type *type)
{
    arq_status status = ARQ_OK;
    uint32_t made = 0;
    while (made < batch->count && status == ARQ_OK) {
        status = make_instance(batch, type, made++);
    }
    /* Those without a handle cannot be destroyed through it. */
    for (uint32_t i = 0; i < batch->count && status != ARQ_OK; i++) {
        if (batch->instances[i] == NULL) {
            type->methods->destroy(batch->selves[i]);
        }
    }
    return status;
}

static arq_status create_instances(arq_env_batch *batch, const arq_env_type *type, const double *values)
{
    arq_context *context = batch->context;
    batch->instances = arq_alloc(context, batch->count, sizeof(*batch->instances));
    batch->selves = arq_alloc(context, batch->count, sizeof(*batch->selves));
    batch->phases = arq_alloc(context, batch->count, sizeof(*batch->phases));
    batch->failures = arq_alloc(context, batch->blocks, sizeof(*batch->failures));
    if (batch->instances == NULL || batch->selves == NULL || batch->phases == NULL || batch->failures == NULL) {
        return arq_fail_memory(context, "a batch of environments", batch->count * sizeof(*batch->instances));
    }
    arq_status status = arq_env_type_create_selves(context, type, values, batch->count, batch->selves);
    status = status == ARQ_OK ? make_instances(batch, type) : status;
    if (status != ARQ_OK) {
        return status;
    }
    const arq_env *first = batch->instances[0];
    size_t bytes;
    if (first->spec.action_kind != ARQ_ACTION_DISCRETE) {
        return arq_fail(context, ARQ_E_UNSUPPORTED,
                        "%s: arq_env_batch_open: its actions are a box; discrete ones are "
                        "needed",
                        first->name);
    }
    if (!arq_multiply_sizes(batch->count, first->observation_bytes, &bytes)) {
        return arq_fail(context, ARQ_E_ARGUMENT,
                        "%s: arq_env_batch_open: count is %" PRIu32 "; observations of %zu "
                        "bytes each do not fit memory",
                        first->name, batch->count, first->observation_bytes);
    }
    return ARQ_OK;
}

arq_status arq_env_batch_open(arq_context *context, const char *id, uint32_t count, arq_env_batch **out)
{
    if (out != NULL) {
        *out = NULL;
    }
    if (context == NULL || id == NULL || out == NULL || count == 0) {
        return arq_fail(context, ARQ_E_ARGUMENT, "arq_env_batch_open: %s",
                        context == NULL ? "context is NULL"
                        : id == NULL    ? "id is NULL"
                        : out == NULL   ? "out is NULL"
                                        : "count is 0; at least 1 is accepted");
    }
    const arq_env_type *type = NULL;
    double values[ARQ_MAX_OPTIONS];
    arq_status status = arq_env_id_resolve(context, id, &type, values);
    if (status != ARQ_OK) {
        return status;
    }
    arq_env_batch *batch = arq_alloc(context, 1, sizeof(*batch));
    if (batch == NULL) {
        return arq_fail_memory(context, "a batch of environments", sizeof(*batch));
    }
    batch->context = context;
    batch->count = count;
    batch->blocks = count / BLOCK + (count % BLOCK != 0);
    atomic_init(&batch->busy, 0);
    status = create_instances(batch, type, values);
    if (status != ARQ_OK) {
        free_batch(batch);
        return status;
    }
    *out = batch;
    return ARQ_OK;
}

void arq_env_batch_destroy(arq_env_batch *batch)
{
    if (batch != NULL && atomic_load_explicit(&batch->busy, memory_order_relaxed) == 0) {
        free_batch(batch);
    }
}

arq_env *arq_env_batch_at(arq_env_batch *batch, uint32_t index)
{
    return batch == NULL || index >= batch->count ? NULL : batch->instances[index];
}

static int is_busy(const arq_env_batch *batch)
{
    return atomic_load_explicit(&batch->busy, memory_order_relaxed) != 0;
}

static void *observation_at(const arq_env_batch *batch, uint32_t index)
{
    return batch->observations + index * batch->instances[0]->observation_bytes;
}

/* Keeps the calling thread's error text for the thread that made the batch call. */
static void keep_failure(arq_env_batch *batch, uint32_t block, uint32_t index, arq_status status)
{
    block_failure *failure = &batch->failures[block];
    char text[320];
    arq_context_last_error(batch->context, text, sizeof(text));
    failure->status = status;
    snprintf(failure->text, sizeof(failure->text), "instance %" PRIu32 " of the batch: %s", index, text);
}

static uint32_t block_end(const arq_env_batch *batch, uint32_t block)
{
    return batch->count - block * BLOCK < BLOCK ? batch->count : (block + 1) * BLOCK;
}

static void reset_block(void *data, uint32_t block)
{
    arq_env_batch *batch = data;
    uint32_t end = block_end(batch, block);
    uint64_t ours = arq_fp_enter();
    arq_fp_leave(batch->host_fp);
    for (uint32_t i = block * BLOCK; i < end; i++) {
        if (batch->mask != NULL && batch->mask[i] == 0) {
            continue;
        }
        /* Without seeds, instances that were never reset get different ones: their index. */
        uint64_t index = i;
        const uint64_t *seed = batch->seeds != NULL                  ? &batch->seeds[i]
                               : batch->phases[i] == ARQ_PHASE_FRESH ? &index
                                                                     : NULL;
        arq_status status = arq_env_run_reset(batch->instances[i], seed, observation_at(batch, i));
        if (status != ARQ_OK && batch->failures[block].status == ARQ_OK) {
            keep_failure(batch, block, i, status);
        }
    }
    arq_fp_leave(ours);
}

/* A failed step_batch does not say which instance it was: the first that has a text, else the first of all. */
static uint32_t find_failed(const arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    const arq_env_methods *methods = &batch->instances[begin]->methods;
    for (uint32_t i = begin; i < end && methods->last_error != NULL; i++) {
        const char *text = methods->last_error(batch->selves[i]);
        if (text != NULL && text[0] != '\0') {
            return i;
        }
    }
    return begin;
}

/* Steps a block by the type's own step_batch, or one by one. Returns the instance that failed, if one did. */
static uint32_t run_steps(arq_env_batch *batch, uint32_t begin, uint32_t end, arq_status *status)
{
    const arq_env_methods *methods = &batch->instances[0]->methods;
    if (methods->step_batch != NULL) {
        *status = methods->step_batch(&batch->selves[begin], end - begin, &batch->actions[begin],
                                      observation_at(batch, begin), &batch->rewards[begin], &batch->terminated[begin],
                                      &batch->truncated[begin]);
        uint32_t failed = *status == ARQ_OK ? begin : find_failed(batch, begin, end);
        if (*status != ARQ_OK) {
            *status = arq_env_method_failed(batch->instances[failed], "step_batch", *status);
        }
        return failed;
    }
    uint32_t i = begin;
    for (; i < end; i++) {
        *status = methods->step(batch->selves[i], batch->actions[i], observation_at(batch, i), &batch->rewards[i],
                                &batch->terminated[i], &batch->truncated[i]);
        if (*status != ARQ_OK) {
            *status = arq_env_method_failed(batch->instances[i], "step", *status);
            break;
        }
    }
    return i;
}

/* Whether rewards and ends of a block are what steps may give. No exits, so that compilers make vectors of it. */
static int are_results_allowed(const arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    const arq_env *first = batch->instances[0];
    const double low = first->reward_low > -DBL_MAX ? first->reward_low : -DBL_MAX;
    const double high = first->reward_high < DBL_MAX ? first->reward_high : DBL_MAX;
    const double *rewards = batch->rewards;
    const int32_t *terminated = batch->terminated;
    const int32_t *truncated = batch->truncated;
    double outside = 0;
    uint32_t flags = 0;
    for (uint32_t i = begin; i < end; i++) {
        outside = rewards[i] >= low ? outside : 1;
        outside = rewards[i] <= high ? outside : 1;
    }
    for (uint32_t i = begin; i < end; i++) {
        flags |= (uint32_t)terminated[i] | (uint32_t)truncated[i];
    }
    return outside == 0 && flags <= 1;
}

static int are_observations_allowed(const arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    const arq_env *first = batch->instances[0];
    if (first->checks_values) {
        for (uint32_t i = begin; i < end; i++) {
            if (!arq_env_may_observe(first, observation_at(batch, i))) {
                return 0;
            }
        }
    } else if (first->spare_bits != 0) {
        const size_t bytes = first->observation_bytes;
        const uint8_t *last_bytes = (const uint8_t *)observation_at(batch, begin) + bytes - 1;
        uint8_t bits = 0;
        for (uint32_t i = 0; i < end - begin; i++) {
            bits |= last_bytes[i * bytes];
        }
        return (bits & first->spare_bits) == 0;
    }
    return 1;
}

/* The first instance of a block that gave what no step may give. */
static uint32_t find_refused(const arq_env_batch *batch, uint32_t begin, uint32_t end, arq_status *status)
{
    const arq_env *first = batch->instances[0];
    for (uint32_t i = begin; i < end; i++) {
        const void *observation = observation_at(batch, i);
        if (!arq_env_may_give(first, observation, batch->rewards[i], batch->terminated[i], batch->truncated[i])) {
            *status =
                arq_env_refuse_result(first, observation, batch->rewards[i], batch->terminated[i], batch->truncated[i]);
            return i;
        }
    }
    return end;
}

static void set_phases(const arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    const int32_t *terminated = batch->terminated;
    const int32_t *truncated = batch->truncated;
    uint8_t *phases = batch->phases;
    for (uint32_t i = begin; i < end; i++) {
        phases[i] = (terminated[i] | truncated[i]) != 0 ? ARQ_PHASE_ENDED : ARQ_PHASE_RUNNING;
    }
}

static void step_block(void *data, uint32_t block)
{
    arq_env_batch *batch = data;
    uint32_t begin = block * BLOCK;
    uint32_t end = block_end(batch, block);
    arq_status status = ARQ_OK;
    uint64_t ours = arq_fp_enter();
    arq_fp_leave(batch->host_fp);
    /* What no step may give, so that a method that does not write is found. */
    memset(&batch->rewards[begin], 0xff, (end - begin) * sizeof(*batch->rewards));
    memset(&batch->terminated[begin], 0xff, (end - begin) * sizeof(*batch->terminated));
    memset(&batch->truncated[begin], 0xff, (end - begin) * sizeof(*batch->truncated));
    uint32_t failed = run_steps(batch, begin, end, &status);
    arq_fp_enter(); /* comparing a reward that is no number must not reach the host's traps */
    if (status == ARQ_OK && (!are_results_allowed(batch, begin, end) || !are_observations_allowed(batch, begin, end))) {
        failed = find_refused(batch, begin, end, &status);
    }
    if (status == ARQ_OK) {
        set_phases(batch, begin, end);
    } else {
        keep_failure(batch, block, failed, status);
    }
    arq_fp_leave(ours);
}

/* Runs a task over all blocks. On failure the text and status are those of the lowest block that failed. */
static arq_status run_blocks(arq_env_batch *batch, void (*task)(void *data, uint32_t block))
{
    for (uint32_t block = 0; block < batch->blocks; block++) {
        batch->failures[block].status = ARQ_OK;
    }
    /* Callbacks run in the mode of the thread that made the call, whichever thread runs them. */
    batch->host_fp = arq_fp_enter();
    arq_fp_leave(batch->host_fp);
    atomic_store_explicit(&batch->busy, 1, memory_order_relaxed);
    arq_parallel_for(batch->context, batch->blocks, task, batch);
    atomic_store_explicit(&batch->busy, 0, memory_order_relaxed);
    for (uint32_t block = 0; block < batch->blocks; block++) {
        const block_failure *failure = &batch->failures[block];
        if (failure->status != ARQ_OK) {
            return arq_fail(batch->context, failure->status, "%s", failure->text);
        }
    }
    return ARQ_OK;
}

static arq_status check_call(const arq_env_batch *batch, const char *call, const void *observations)
{
    if (batch == NULL) {
        return arq_fail(NULL, ARQ_E_ARGUMENT, "%s: batch is NULL", call);
    }
    if (is_busy(batch)) {
        return arq_fail(batch->context, ARQ_E_BUSY, "%s: a method of this batch is running", call);
    }
    return arq_env_check_buffer(batch->instances[0], call, observations);
}

arq_status arq_env_batch_reset(arq_env_batch *batch, const uint64_t *seeds, const uint8_t *mask, void *observations)
{
    arq_status status = check_call(batch, "arq_env_batch_reset", observations);
    if (status != ARQ_OK) {
        return status;
    }
    batch->seeds = seeds;
    batch->mask = mask;
    batch->observations = observations;
    return run_blocks(batch, reset_block);
}

static int may_all_step(const arq_env_batch *batch, const int32_t *actions)
{
    const uint32_t action_count = batch->instances[0]->spec.action_count;
    const uint8_t *phases = batch->phases;
    uint32_t other_phases = 0;
    uint32_t outside = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        other_phases |= (uint32_t)phases[i] ^ ARQ_PHASE_RUNNING;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        outside |= (uint32_t)actions[i] >= action_count;
    }
    return (other_phases | outside) == 0;
}

/* What is wrong with the first instance that cannot make its step. */
static arq_status refuse_steps(const arq_env_batch *batch, const int32_t *actions)
{
    const arq_env *first = batch->instances[0];
    uint32_t i = 0;
    while (batch->phases[i] == ARQ_PHASE_RUNNING && (uint32_t)actions[i] < first->spec.action_count) {
        i++;
    }
    if (batch->phases[i] != ARQ_PHASE_RUNNING) {
        return arq_fail(batch->context, ARQ_E_ORDER, "%s: arq_env_batch_step: instance %" PRIu32 " %s; reset it first",
                        first->name, i,
                        batch->phases[i] == ARQ_PHASE_FRESH   ? "was never reset"
                        : batch->phases[i] == ARQ_PHASE_ENDED ? "has ended its episode"
                                                              : "failed in its last step or reset");
    }
    return arq_fail(batch->context, ARQ_E_ARGUMENT,
                    "%s: arq_env_batch_step: action %" PRIu32 " is %" PRId32 "; accepted: 0 .. %" PRIu32, first->name,
                    i, actions[i], first->spec.action_count - 1);
}

static arq_status check_step_call(const arq_env_batch *batch, const int32_t *actions, const double *rewards,
                                  const int32_t *terminated, const int32_t *truncated)
{
    if (actions == NULL || rewards == NULL || terminated == NULL || truncated == NULL) {
        return arq_fail(batch->context, ARQ_E_ARGUMENT, "arq_env_batch_step: %s is NULL",
                        actions == NULL      ? "actions"
                        : rewards == NULL    ? "rewards"
                        : terminated == NULL ? "terminated"
                                             : "truncated");
    }
    if (!may_all_step(batch, actions)) {
        return refuse_steps(batch, actions);
    }
    return ARQ_OK;
}

arq_status arq_env_batch_step(arq_env_batch *batch, const int32_t *actions, void *observations, double *rewards,
                              int32_t *terminated, int32_t *truncated)
{
    arq_status status = check_call(batch, "arq_env_batch_step", observations);
    if (status == ARQ_OK) {
        status = check_step_call(batch, actions, rewards, terminated, truncated);
    }
    if (status != ARQ_OK) {
        return status;
    }
    batch->actions = actions;
    batch->observations = observations;
    batch->rewards = rewards;
    batch->terminated = terminated;
    batch->truncated = truncated;
    status = run_blocks(batch, step_block);
    if (status != ARQ_OK) {
        /* Some instances have stepped and some have not: all of them begin anew. */
        memset(batch->phases, ARQ_PHASE_FAILED, batch->count);
    }
    return status;
}
