#include "replay/replay.h"

#include "arq/environment.h"
#include "env/observation.h"
#include "replay/history.h"
#include "system/fp.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

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
    replay->capacity = capacity;
    replay->window = window;
    arq_random_seed(&replay->random, seed, ARQ_STREAM_REPLAY);
    status = arq_replay_slots_create(context, arq_observation_bytes(observation_kind, observation_size),
                                     &replay->history.slots);
    if (status != ARQ_OK) {
        arq_free(context, replay, 1, sizeof(*replay));
        return status;
    }
    arq_context_retain(context);
    *out = replay;
    return ARQ_OK;
}

void arq_replay_destroy(arq_replay *replay)
{
    if (replay == NULL) {
        return;
    }
    arq_context *context = replay->context;
    arq_replay_slots_clear(&replay->history.slots);
    arq_free(context, replay, 1, sizeof(*replay));
    arq_context_release(context);
}

/* Stores an observation in a new slot at the end. */
static arq_status append(arq_replay_slots *slots, const void *observation)
{
    arq_status status = arq_replay_slots_push(slots);
    if (status != ARQ_OK) {
        return status;
    }
    memcpy(arq_replay_slots_at(slots, ARQ_COLUMN_OBSERVATION, slots->end - 1), observation,
           slots->bytes[ARQ_COLUMN_OBSERVATION]);
    return ARQ_OK;
}

arq_status arq_replay_open_episode(arq_replay *replay, const void *observation)
{
    arq_history *history = &replay->history;
    arq_replay_slots *slots = &history->slots;
    uint64_t newest = slots->end - 1;
    if (history->open && arq_history_begins(slots, newest)) {
        /* An episode without a transition leaves no trace. */
        memcpy(arq_replay_slots_at(slots, ARQ_COLUMN_OBSERVATION, newest), observation,
               slots->bytes[ARQ_COLUMN_OBSERVATION]);
        return ARQ_OK;
    }
    arq_status status = append(slots, observation);
    if (status != ARQ_OK) {
        return status;
    }
    if (history->open) {
        *arq_replay_slots_flags(slots, newest - 1) |= ARQ_SLOT_TRUNCATED;
    }
    history->open = 1;
    return ARQ_OK;
}

arq_status arq_replay_begin(arq_replay *replay, const void *observation)
{
    if (replay == NULL || observation == NULL) {
        return arq_fail_null(ARQ_CONTEXT_OF(replay), "arq_replay_begin", replay == NULL ? "replay" : "observation");
    }
    return arq_replay_open_episode(replay, observation);
}

static arq_status check_transition(const arq_replay *replay, double reward, const void *next_observation,
                                   int32_t terminated, int32_t truncated)
{
    if (next_observation == NULL) {
        return arq_fail_null(replay->context, "arq_replay_add", "next_observation");
    }
    if (!isfinite(reward) || !isfinite(arq_fp_to_float(reward))) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT, "reward is %g, a finite float is expected", reward);
    }
    if ((terminated | truncated) & ~1) {
        return arq_fail(replay->context, ARQ_E_ARGUMENT,
                        "terminated is %" PRId32 " and truncated %" PRId32 ", accepted are 0 and 1", terminated,
                        truncated);
    }
    if (!replay->history.open) {
        return arq_fail(replay->context, ARQ_E_ORDER, "no episode is open: arq_replay_begin comes first");
    }
    return ARQ_OK;
}

/* Takes out of `eligible` every transition whose window begins with the oldest slot. Ages rise by one along an
 * episode until the window is full: only a slot that is the episode's first has more than one such window. */
static void lose_windows(arq_history *history, uint32_t window)
{
    const arq_replay_slots *slots = &history->slots;
    uint64_t position = slots->first;
    if (*arq_replay_slots_age(slots, position) > 0) {
        position += window - 1;
    }
    for (; position < slots->end; position++) {
        if (position - slots->first != *arq_replay_slots_age(slots, position) ||
            (*arq_replay_slots_flags(slots, position) & ARQ_SLOT_TRANSITION) == 0) {
            return;
        }
        history->eligible--;
    }
}

/* Forgets the oldest transition, and with an episode's last one also its final observation. */
static void evict(arq_history *history, uint32_t window)
{
    arq_replay_slots *slots = &history->slots;
    lose_windows(history, window);
    arq_replay_slots_pop(slots);
    history->transitions--;
    if ((*arq_replay_slots_flags(slots, slots->first) & ARQ_SLOT_TRANSITION) == 0) {
        arq_replay_slots_pop(slots);
    }
}

arq_status arq_replay_store(arq_replay *replay, int32_t action, float reward, const void *next_observation,
                            int32_t terminated, int32_t truncated)
{
    arq_history *history = &replay->history;
    arq_replay_slots *slots = &history->slots;
    arq_status status = append(slots, next_observation);
    if (status != ARQ_OK) {
        return status;
    }
    uint64_t from = slots->end - 2;
    uint16_t age = *arq_replay_slots_age(slots, from);
    memcpy(arq_replay_slots_at(slots, ARQ_COLUMN_ACTION, from), &action, sizeof(action));
    memcpy(arq_replay_slots_at(slots, ARQ_COLUMN_REWARD, from), &reward, sizeof(reward));
    *arq_replay_slots_flags(slots, from) =
        (uint8_t)(ARQ_SLOT_TRANSITION | (terminated ? ARQ_SLOT_TERMINATED : 0) | (truncated ? ARQ_SLOT_TRUNCATED : 0));
    *arq_replay_slots_age(slots, from + 1) = (uint16_t)(age + 1u < replay->window ? age + 1u : age);
    history->open = !terminated && !truncated;
    history->transitions++;
    history->eligible += arq_history_reaches(slots, from);
    if (history->transitions > replay->capacity) {
        evict(history, replay->window);
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
    return arq_replay_store(replay, action, arq_fp_to_float(reward), next_observation, terminated, truncated);
}

uint64_t arq_replay_size(const arq_replay *replay)
{
    return replay == NULL ? 0 : replay->history.transitions;
}

uint64_t arq_replay_eligible(const arq_replay *replay)
{
    return replay == NULL ? 0 : replay->history.eligible;
}
