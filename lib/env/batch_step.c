/* Resets and steps of a batch: all instances or some, on any executor, each failing for itself. */
#include "core/finite.h"
#include "env/batch.h"
#include "env/episode.h"
#include "env/promises.h"
#include "system/fp.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void *observation_at(const arq_env_batch *batch, uint32_t index)
{
    return batch->observations + index * batch->instances[0]->observation_bytes;
}

/* Notes that an instance failed. The calling thread's error text is kept where no lower instance has failed. */
static void keep_failure(arq_env_batch *batch, uint32_t index, arq_status status)
{
    arq_batch_failure *failure = &batch->failure;
    char text[320];
    batch->statuses[index] = status;
    arq_context_last_error(batch->context, text, sizeof(text));
    while (atomic_flag_test_and_set_explicit(&failure->taken, memory_order_acquire)) {
    }
    if (index < failure->index) {
        failure->index = index;
        failure->status = status;
        snprintf(failure->text, sizeof(failure->text), "instance %" PRIu32 " of the batch: %s", index, text);
    }
    atomic_flag_clear_explicit(&failure->taken, memory_order_release);
}

static uint32_t block_end(const arq_env_batch *batch, uint32_t begin)
{
    return batch->count - begin < batch->block ? batch->count : begin + batch->block;
}

static void reset_block(void *data, uint32_t block)
{
    arq_env_batch *batch = data;
    uint32_t begin = block * batch->block;
    uint64_t ours = arq_fp_enter();
    arq_fp_leave(batch->host_fp);
    for (uint32_t i = begin; i < block_end(batch, begin); i++) {
        if (!batch->chosen[i]) {
            continue;
        }
        /* Without seeds, instances that were never reset get different ones: their index. */
        uint64_t index = i;
        const uint64_t *seed = batch->seeds != NULL                  ? &batch->seeds[i]
                               : batch->phases[i] == ARQ_PHASE_FRESH ? &index
                                                                     : NULL;
        arq_status status = arq_env_run_reset(batch->instances[i], seed, observation_at(batch, i));
        if (status != ARQ_OK) {
            keep_failure(batch, i, status);
        }
    }
    arq_fp_leave(ours);
}

/* Fills the results with values that no step may give, so that a method that writes nothing is found out. */
static void forget_results(const arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    memset(&batch->rewards[begin], 0xff, (end - begin) * sizeof(*batch->rewards));
    memset(&batch->terminated[begin], 0xff, (end - begin) * sizeof(*batch->terminated));
    memset(&batch->truncated[begin], 0xff, (end - begin) * sizeof(*batch->truncated));
}

static int is_forgotten(const arq_env_batch *batch, uint32_t index)
{
    uint64_t reward;
    memcpy(&reward, &batch->rewards[index], sizeof(reward));
    return reward == UINT64_MAX || batch->terminated[index] == -1 || batch->truncated[index] == -1;
}

/* Whether rewards and flags are what steps may give. The loop has no early exit, so that compilers vectorise it. */
static int are_results_allowed(const arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    const arq_env *first = batch->instances[0];
    const double most = ARQ_LARGEST_AS_FLOAT;
    const double low = first->reward_low > -most ? first->reward_low : -most;
    const double high = first->reward_high < most ? first->reward_high : most;
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

static void set_phases(const arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    const int32_t *terminated = batch->terminated;
    const int32_t *truncated = batch->truncated;
    uint8_t *phases = batch->phases;
    for (uint32_t i = begin; i < end; i++) {
        phases[i] = (terminated[i] | truncated[i]) != 0 ? ARQ_PHASE_ENDED : ARQ_PHASE_RUNNING;
    }
}

/* Marks an instance whose step failed, and clears its entries so that nobody takes them for a result. */
static void fail_instance(arq_env_batch *batch, uint32_t index, arq_status status)
{
    keep_failure(batch, index, status);
    batch->phases[index] = ARQ_PHASE_FAILED;
    batch->rewards[index] = 0;
    batch->terminated[index] = 0;
    batch->truncated[index] = 0;
}

/* Checks what one instance gave. */
static void judge(arq_env_batch *batch, uint32_t index)
{
    const arq_env *env = batch->instances[index];
    const void *observation = observation_at(batch, index);
    double reward = batch->rewards[index];
    int32_t terminated = batch->terminated[index];
    int32_t truncated = batch->truncated[index];
    if (arq_env_may_give(env, observation, reward, terminated, truncated)) {
        set_phases(batch, index, index + 1);
    } else {
        fail_instance(batch, index, arq_env_refuse_result(env, observation, reward, terminated, truncated));
    }
}

/* Checks instances that were stepped together: all at once, and one by one only to find what is wrong. */
static void judge_together(arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    if (batch->alike && are_results_allowed(batch, begin, end) && are_observations_allowed(batch, begin, end)) {
        set_phases(batch, begin, end);
        return;
    }
    for (uint32_t i = begin; i < end; i++) {
        judge(batch, i);
    }
}

/* The instance that a failed step_batch stopped at: the first without a result; `end` if all have one. */
static uint32_t find_failed(const arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    for (uint32_t i = begin; i < end; i++) {
        if (is_forgotten(batch, i)) {
            return i;
        }
    }
    return end;
}

/* After a failed step_batch: instances before the one that failed have stepped, those behind it have not. Returns the
 * first that is still to be stepped. */
static uint32_t take_stock(arq_env_batch *batch, uint32_t begin, uint32_t end, arq_status status)
{
    uint32_t failed = find_failed(batch, begin, end);
    if (failed < end) {
        judge_together(batch, begin, failed);
        fail_instance(batch, failed, arq_env_method_failed(batch->instances[failed], "step_batch", status));
        return failed + 1;
    }
    for (uint32_t i = begin; i < end; i++) { /* all have a result, yet one failed: any of them may be wrong */
        fail_instance(batch, i, arq_env_method_failed(batch->instances[i], "step_batch", status));
    }
    return end;
}

/* Steps neighbours by the type's own step_batch. */
static void step_together(arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    const arq_env_methods *methods = &batch->instances[0]->methods;
    while (begin < end) {
        forget_results(batch, begin, end);
        arq_fp_leave(batch->host_fp);
        arq_status status = methods->step_batch(&batch->selves[begin], end - begin, &batch->actions[begin],
                                                observation_at(batch, begin), &batch->rewards[begin],
                                                &batch->terminated[begin], &batch->truncated[begin]);
        arq_fp_enter(); /* the host may trap comparisons with NaN */
        if (status == ARQ_OK) {
            judge_together(batch, begin, end);
            return;
        }
        begin = take_stock(batch, begin, end, status);
    }
}

static arq_status step_one(const arq_env_batch *batch, uint32_t index)
{
    const arq_env *env = batch->instances[index];
    void *self = batch->selves[index];
    void *observation = observation_at(batch, index);
    double *reward = &batch->rewards[index];
    int32_t *terminated = &batch->terminated[index];
    int32_t *truncated = &batch->truncated[index];
    if (batch->actions != NULL) {
        return env->methods.step(self, batch->actions[index], observation, reward, terminated, truncated);
    }
    const double *action = batch->box_actions + (size_t)index * env->spec.action_count;
    return env->methods.step_box(self, action, observation, reward, terminated, truncated);
}

/* Steps neighbours one by one. */
static void step_each(arq_env_batch *batch, uint32_t begin, uint32_t end)
{
    const char *method = batch->actions != NULL ? "step" : "step_box";
    forget_results(batch, begin, end);
    for (uint32_t from = begin, i; from < end; from = i + 1) {
        arq_status status = ARQ_OK;
        arq_fp_leave(batch->host_fp);
        for (i = from; i < end; i++) {
            status = step_one(batch, i);
            if (status != ARQ_OK) {
                break;
            }
        }
        arq_fp_enter();
        if (status != ARQ_OK) { /* now: a wrapper's text is this thread's last error, which a later failure replaces */
            fail_instance(batch, i, arq_env_method_failed(batch->instances[i], method, status));
        }
        judge_together(batch, from, i);
    }
}

static void step_block(void *data, uint32_t block)
{
    arq_env_batch *batch = data;
    uint32_t begin = block * batch->block;
    const uint32_t end = block_end(batch, begin);
    uint64_t ours = arq_fp_enter();
    while (begin < end) { /* runs of neighbours that take part */
        uint32_t next = begin;
        while (next < end && batch->chosen[next]) {
            next++;
        }
        if (next > begin && batch->together && batch->actions != NULL) {
            step_together(batch, begin, next);
        } else {
            step_each(batch, begin, next);
        }
        begin = next + 1;
    }
    arq_fp_leave(ours);
}

/* Runs a task over all blocks. On failure the text and status are those of the lowest instance that failed. */
static arq_status run_blocks(arq_env_batch *batch, void (*task)(void *data, uint32_t block))
{
    batch->failure.index = batch->count;
    /* Callbacks run in the mode of the thread that made the call, whichever thread runs them. */
    batch->host_fp = arq_fp_enter();
    arq_fp_leave(batch->host_fp);
    atomic_store_explicit(&batch->busy, 1, memory_order_relaxed);
    uint32_t blocks = batch->count / batch->block + (batch->count % batch->block != 0);
    arq_parallel_for(batch->context, blocks, task, batch);
    atomic_store_explicit(&batch->busy, 0, memory_order_relaxed);
    if (batch->failure.index == batch->count) {
        return ARQ_OK;
    }
    return arq_fail(batch->context, batch->failure.status, "%s", batch->failure.text);
}

/* What every call checks first. Afterwards the statuses are those of this call. */
static arq_status begin_call(arq_env_batch *batch, const char *call, const void *observations)
{
    if (batch == NULL) {
        return arq_fail_null(NULL, call, "batch");
    }
    if (atomic_load_explicit(&batch->busy, memory_order_relaxed) != 0) {
        return arq_fail(batch->context, ARQ_E_BUSY, "%s: a method of this batch is running", call);
    }
    memset(batch->statuses, 0, batch->count * sizeof(*batch->statuses));
    return arq_env_check_buffer(batch->instances[0], call, observations);
}

arq_status arq_env_batch_reset(arq_env_batch *batch, const uint64_t *seeds, const uint8_t *mask, void *observations)
{
    arq_status status = begin_call(batch, "arq_env_batch_reset", observations);
    if (status != ARQ_OK) {
        return status;
    }
    for (uint32_t i = 0; i < batch->count; i++) {
        batch->chosen[i] = mask == NULL || mask[i] != 0;
    }
    batch->seeds = seeds;
    batch->observations = observations;
    return run_blocks(batch, reset_block);
}

/* Who may step. */
typedef enum step_choice {
    STEP_ALL,    /* everyone; nobody may have ended */
    STEP_MASKED, /* those of the mask, none of which may have ended */
    STEP_RUNNING /* those inside an episode */
} step_choice;

/* Chooses who steps, without early exit, so that compilers vectorise the loop. Returns 1 if all of them may. */
static int choose(arq_env_batch *batch, step_choice choice, const uint8_t *mask)
{
    const uint8_t *phases = batch->phases;
    uint8_t *chosen = batch->chosen;
    const uint32_t count = batch->count;
    uint8_t wrong = 0;
    if (choice == STEP_ALL) {
        memset(chosen, 1, count);
    } else {
        const uint8_t *from = choice == STEP_MASKED ? mask : phases;
        for (uint32_t i = 0; i < count; i++) {
            chosen[i] = choice == STEP_MASKED ? from[i] != 0 : from[i] == ARQ_PHASE_RUNNING;
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        wrong |= chosen[i] & (phases[i] != ARQ_PHASE_RUNNING);
    }
    return !wrong;
}

static arq_status refuse_order(const arq_env_batch *batch, const char *call)
{
    static const char *const reasons[] = {
        [ARQ_PHASE_FRESH] = "was never reset",
        [ARQ_PHASE_ENDED] = "has ended its episode",
        [ARQ_PHASE_FAILED] = "failed in its last step or reset",
    };
    uint32_t i = 0;
    while (!batch->chosen[i] || batch->phases[i] == ARQ_PHASE_RUNNING) {
        i++;
    }
    return arq_fail(batch->context, ARQ_E_ORDER, "%s: %s: instance %" PRIu32 " %s; reset it first",
                    batch->instances[0]->name, call, i, reasons[batch->phases[i]]);
}

static arq_status check_actions(const arq_env_batch *batch, const char *call)
{
    const uint32_t action_count = batch->instances[0]->spec.action_count;
    uint32_t outside = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        outside |= (uint32_t)batch->chosen[i] & ((uint32_t)batch->actions[i] >= action_count);
    }
    if (!outside) {
        return ARQ_OK;
    }
    uint32_t i = 0;
    while (!batch->chosen[i] || (uint32_t)batch->actions[i] < action_count) {
        i++;
    }
    return arq_fail(batch->context, ARQ_E_ARGUMENT,
                    "%s: %s: action %" PRIu32 " is %" PRId32 "; accepted: 0 .. %" PRIu32, batch->instances[0]->name,
                    call, i, batch->actions[i], action_count - 1);
}

static arq_status check_box_actions(const arq_env_batch *batch, const char *call)
{
    const arq_env *first = batch->instances[0];
    for (uint32_t i = 0; i < batch->count; i++) {
        const double *action = batch->box_actions + (size_t)i * first->spec.action_count;
        uint32_t bad = batch->chosen[i] ? arq_env_first_bad_component(first, action) : first->spec.action_count;
        if (bad < first->spec.action_count) {
            return arq_fail(batch->context, ARQ_E_ARGUMENT,
                            "%s: %s: component %" PRIu32 " of action %" PRIu32 " is %.17g; accepted: finite, %g .. %g",
                            first->name, call, bad, i, action[bad], first->spec.action_low[bad],
                            first->spec.action_high[bad]);
        }
    }
    return ARQ_OK;
}

/* Checks the actions of those that step, and steps them. The caller has put the call's arrays into the batch. */
static arq_status run_steps(arq_env_batch *batch, const char *call, step_choice choice, const uint8_t *mask)
{
    const arq_env *first = batch->instances[0];
    int box = batch->box_actions != NULL;
    if (box != (first->spec.action_kind == ARQ_ACTION_BOX)) {
        return arq_fail(batch->context, ARQ_E_UNSUPPORTED, "%s: %s: its actions are %s", first->name, call,
                        box ? "discrete; use arq_env_batch_step or arq_env_batch_step_masked"
                            : "a box; use arq_env_batch_step_box or arq_env_batch_bang_bang");
    }
    if (!choose(batch, choice, mask)) {
        return refuse_order(batch, call);
    }
    if (choice == STEP_RUNNING && memchr(batch->chosen, 1, batch->count) == NULL) {
        return arq_fail(batch->context, ARQ_E_ORDER, "%s: %s: no instance is inside an episode; reset some first",
                        first->name, call);
    }
    arq_status status = box ? check_box_actions(batch, call) : check_actions(batch, call);
    return status != ARQ_OK ? status : run_blocks(batch, step_block);
}

/* The arrays of one call. */
typedef struct step_call {
    const char *name;
    const int32_t *actions;
    const double *box_actions;
    void *observations;
    double *rewards;
    int32_t *terminated, *truncated;
} step_call;

static arq_status step(arq_env_batch *batch, const step_call *call, step_choice choice, const uint8_t *mask)
{
    arq_status status = begin_call(batch, call->name, call->observations);
    if (status != ARQ_OK) {
        return status;
    }
    const void *actions = call->actions != NULL ? (const void *)call->actions : call->box_actions;
    status = ARQ_REQUIRE(batch->context, call->name, {"actions", actions}, {"rewards", call->rewards},
                         {"terminated", call->terminated}, {"truncated", call->truncated});
    if (status != ARQ_OK) {
        return status;
    }
    batch->actions = call->actions;
    batch->box_actions = call->box_actions;
    batch->observations = call->observations;
    batch->rewards = call->rewards;
    batch->terminated = call->terminated;
    batch->truncated = call->truncated;
    return run_steps(batch, call->name, choice, mask);
}

arq_status arq_env_batch_step(arq_env_batch *batch, const int32_t *actions, void *observations, double *rewards,
                              int32_t *terminated, int32_t *truncated)
{
    const step_call call = {"arq_env_batch_step", actions, NULL, observations, rewards, terminated, truncated};
    return step(batch, &call, STEP_ALL, NULL);
}

arq_status arq_env_batch_step_masked(arq_env_batch *batch, const uint8_t *mask, const int32_t *actions,
                                     void *observations, double *rewards, int32_t *terminated, int32_t *truncated)
{
    const step_call call = {"arq_env_batch_step_masked", actions, NULL, observations, rewards, terminated, truncated};
    return step(batch, &call, mask != NULL ? STEP_MASKED : STEP_RUNNING, mask);
}

arq_status arq_env_batch_step_box(arq_env_batch *batch, const uint8_t *mask, const double *actions, void *observations,
                                  double *rewards, int32_t *terminated, int32_t *truncated)
{
    const step_call call = {"arq_env_batch_step_box", NULL, actions, observations, rewards, terminated, truncated};
    return step(batch, &call, mask != NULL ? STEP_MASKED : STEP_RUNNING, mask);
}
