#include "replay/replay.h"

#include "arq/environment.h"
#include "core/finite.h"
#include "env/observation.h"
#include "replay/history.h"
#include "system/fp.h"

#include <inttypes.h>

#define CAPACITY_MOST (UINT64_C(1) << 40)
#define WINDOW_MOST UINT32_C(1025)

static arq_status check_sizes(arq_context *context, int32_t kind, uint32_t size, uint64_t capacity, uint32_t window)
{
    if (capacity < 1 || capacity > CAPACITY_MOST) {
        return arq_fail(context, ARQ_E_ARGUMENT, "replay capacity is %" PRIu64 ", accepted are 1 .. %" PRIu64, capacity,
                        CAPACITY_MOST);
    }
    if (window < 1 || window > WINDOW_MOST) {
        return arq_fail(context, ARQ_E_ARGUMENT, "replay window is %" PRIu32 ", accepted are 1 .. %" PRIu32, window,
                        WINDOW_MOST);
    }
    return arq_observation_validate(context, kind, size);
}

arq_status arq_replay_make(arq_context *context, int32_t observation_kind, uint32_t observation_size, uint64_t capacity,
                           uint32_t window, uint64_t seed, uint32_t instances, arq_replay **out)
{
    arq_status status = check_sizes(context, observation_kind, observation_size, capacity, window);
    if (status != ARQ_OK) {
        return status;
    }
    arq_replay *replay = arq_alloc(context, 1, sizeof(*replay));
    if (replay == NULL) {
        return arq_fail_memory(context, "a replay", sizeof(*replay));
    }
    replay->context = context;
    replay->kind = observation_kind;
    replay->observation_size = observation_size;
    arq_random_seed(&replay->random, seed, ARQ_STREAM_REPLAY);
    status = arq_history_create(context, arq_observation_bytes(observation_kind, observation_size), capacity, window,
                                instances, &replay->history);
    if (status != ARQ_OK) {
        arq_free(context, replay, 1, sizeof(*replay));
        return status;
    }
    arq_context_retain(context);
    *out = replay;
    return ARQ_OK;
}

arq_status arq_replay_create(arq_context *context, int32_t observation_kind, uint32_t observation_size,
                             uint64_t capacity, uint32_t window, uint64_t seed, arq_replay **out)
{
    if (out == NULL) {
        return arq_fail_null(context, "arq_replay_create", "out");
    }
    *out = NULL;
    if (context == NULL) {
        return arq_fail_null(NULL, "arq_replay_create", "context");
    }
    return arq_replay_make(context, observation_kind, observation_size, capacity, window, seed, 1, out);
}

void arq_replay_destroy(arq_replay *replay)
{
    if (replay == NULL) {
        return;
    }
    arq_context *context = replay->context;
    arq_history_destroy(replay->history);
    arq_free(context, replay, 1, sizeof(*replay));
    arq_context_release(context);
}

arq_status arq_replay_reserve(arq_replay *replay, uint32_t instance)
{
    return arq_history_reserve(replay->history, instance);
}

arq_status arq_replay_open_episode(arq_replay *replay, uint32_t instance, const void *observation)
{
    return arq_history_open_episode(replay->history, instance, observation);
}

arq_status arq_replay_store(arq_replay *replay, uint32_t instance, int32_t action, float reward,
                            const void *next_observation, int32_t terminated, int32_t truncated)
{
    return arq_history_store(replay->history, instance, action, reward, next_observation, terminated, truncated);
}

arq_status arq_replay_begin(arq_replay *replay, const void *observation)
{
    if (replay == NULL || observation == NULL) {
        return arq_fail_null(ARQ_CONTEXT_OF(replay), "arq_replay_begin", replay == NULL ? "replay" : "observation");
    }
    return arq_replay_open_episode(replay, 0, observation);
}

static arq_status check_transition(const arq_replay *replay, double reward, const void *next_observation,
                                   int32_t terminated, int32_t truncated)
{
    if (next_observation == NULL) {
        return arq_fail_null(replay->context, "arq_replay_add", "next_observation");
    }
    if (!arq_is_finite_as_float(reward)) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT,
                        "reward is %g, a finite float is expected, -3.40282e+38 .. 3.40282e+38", reward);
    }
    if ((terminated | truncated) & ~1) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT,
                        "terminated is %" PRId32 " and truncated %" PRId32 ", accepted are 0 and 1", terminated,
                        truncated);
    }
    if (!replay->history->lane[0].open) {
        return arq_fail(replay->context, ARQ_E_ORDER, "no episode is open: arq_replay_begin comes first");
    }
    return ARQ_OK;
}

arq_status arq_replay_add(arq_replay *replay, int32_t action, double reward, const void *next_observation,
                          int32_t terminated, int32_t truncated)
{
    if (replay == NULL) {
        return arq_fail_null(NULL, "arq_replay_add", "replay");
    }
    arq_status status = check_transition(replay, reward, next_observation, terminated, truncated);
    if (status != ARQ_OK) {
        return status;
    }
    return arq_replay_store(replay, 0, action, arq_fp_to_float(reward), next_observation, terminated, truncated);
}

uint64_t arq_replay_size(const arq_replay *replay)
{
    return replay == NULL ? 0 : replay->history->transitions;
}

uint64_t arq_replay_eligible(const arq_replay *replay)
{
    return replay == NULL ? 0 : replay->history->eligible;
}
