#include "replay/history.h"

#include <string.h>

static size_t history_bytes(uint32_t lanes)
{
    return sizeof(arq_history) + (size_t)lanes * sizeof(arq_lane);
}

arq_status arq_history_create(arq_context *context, size_t observation_bytes, uint64_t capacity, uint32_t window,
                              uint32_t lanes, arq_history **out)
{
    arq_segments segments;
    arq_status status = arq_segments_for_lanes(context, observation_bytes, lanes, &segments);
    if (status != ARQ_OK) {
        return status;
    }
    arq_history *history = arq_alloc(context, 1, history_bytes(lanes));
    if (history == NULL) {
        return arq_fail_memory(context, "a replay's history", history_bytes(lanes));
    }
    history->segments = segments;
    history->capacity = capacity;
    history->window = window;
    history->lanes = lanes;
    history->segment_transitions = arq_segment_length(segments.segment_bytes >> segments.shift, capacity);
    arq_segments_for_order(context, &history->order_segments);
    history->order.segments = &history->order_segments;
    for (uint32_t i = 0; i < lanes; i++) {
        history->lane[i].slots.segments = &history->segments;
    }
    *out = history;
    return ARQ_OK;
}

void arq_history_destroy(arq_history *history)
{
    if (history == NULL) {
        return;
    }
    arq_shelf_release(history->shelf);
    arq_shelf_release(history->planned);
    for (uint32_t i = 0; i < history->lanes; i++) {
        arq_replay_slots_clear(&history->lane[i].slots);
    }
    arq_replay_slots_clear(&history->order);
    arq_segments_clear(&history->segments);
    arq_segments_clear(&history->order_segments);
    arq_free(history->segments.context, history, 1, history_bytes(history->lanes));
}

/* A draw looks from a lane's oldest transition that can be drawn to its end: only the oldest ones can lack a part of
 * their windows, and there is none between them. */
void arq_history_measure(arq_history *history)
{
    uint64_t reach = 0;
    for (uint32_t i = 0; i < history->lanes; i++) {
        arq_lane *lane = &history->lane[i];
        uint64_t first = lane->slots.first + (lane->transitions - lane->eligible);
        reach += lane->eligible > 0 ? lane->slots.end - first : 0;
        lane->reach = reach;
    }
    history->measured = 1;
}

/* ---- Begin ---- */

arq_status arq_history_reserve(arq_history *history, uint32_t instance)
{
    arq_status status = arq_replay_slots_reserve(&history->lane[instance].slots, 1);
    if (status != ARQ_OK || history->lanes == 1) {
        return status;
    }
    return arq_replay_slots_reserve(&history->order, history->lanes);
}

static void put_observation(const arq_lane *lane, uint64_t position, const void *observation)
{
    memcpy(arq_replay_slots_at(&lane->slots, ARQ_COLUMN_OBSERVATION, position), observation,
           lane->slots.segments->bytes[ARQ_COLUMN_OBSERVATION]);
}

arq_status arq_history_open_episode(arq_history *history, uint32_t instance, const void *observation)
{
    arq_lane *lane = &history->lane[instance];
    arq_replay_slots *slots = &lane->slots;
    uint64_t newest = slots->end - 1;
    if (lane->open && arq_history_begins(slots, newest)) {
        /* An episode without a transition leaves no trace; other lanes may have made it lose those that it had. */
        *arq_replay_slots_age(slots, newest) = 0;
        put_observation(lane, newest, observation);
        return ARQ_OK;
    }
    arq_status status = arq_history_reserve(history, instance);
    if (status != ARQ_OK) {
        return status;
    }
    arq_replay_slots_push(slots);
    put_observation(lane, slots->end - 1, observation);
    if (lane->open) {
        *arq_replay_slots_flags(slots, newest - 1) |= ARQ_SLOT_TRUNCATED;
    }
    lane->open = 1;
    history->measured = 0;
    return ARQ_OK;
}

/* ---- Store ---- */

/* Takes out of `eligible` every transition whose window begins with the oldest slot. Ages rise by one along an
 * episode until the window is full: only a slot that is the episode's first has more than one such window. */
static uint64_t lose_windows(arq_lane *lane, uint32_t window)
{
    const arq_replay_slots *slots = &lane->slots;
    uint64_t position = slots->first;
    uint64_t lost = 0;
    if (*arq_replay_slots_age(slots, position) > 0) {
        position += window - 1;
    }
    while (position < slots->end && position - slots->first == *arq_replay_slots_age(slots, position) &&
           (*arq_replay_slots_flags(slots, position) & ARQ_SLOT_TRANSITION) != 0) {
        position++;
        lost++;
    }
    lane->eligible -= lost;
    return lost;
}

/* Forgets the lane's oldest transition, and with an episode's last one also its final observation. */
static void lose_oldest(arq_history *history, arq_lane *lane, uint32_t window)
{
    arq_replay_slots *slots = &lane->slots;
    history->eligible -= lose_windows(lane, window);
    arq_replay_slots_pop(slots);
    history->transitions--;
    lane->transitions--;
    int newest = lane->open && slots->first == slots->end - 1;
    if (!newest && (*arq_replay_slots_flags(slots, slots->first) & ARQ_SLOT_TRANSITION) == 0) {
        arq_replay_slots_pop(slots);
    }
}

/* Forgets the oldest transition of all. */
static void evict(arq_history *history, uint32_t window)
{
    int32_t oldest = 0;
    if (history->lanes > 1) {
        memcpy(&oldest, arq_replay_slots_at(&history->order, ARQ_COLUMN_LANE, history->order.first), sizeof(oldest));
        arq_replay_slots_pop(&history->order);
    }
    lose_oldest(history, &history->lane[oldest], window);
}

static void put_order(arq_history *history, uint32_t instance)
{
    const int32_t lane = (int32_t)instance;
    if (history->lanes > 1) {
        arq_replay_slots_push(&history->order);
        memcpy(arq_replay_slots_at(&history->order, ARQ_COLUMN_LANE, history->order.end - 1), &lane, sizeof(lane));
    }
}

arq_status arq_history_store(arq_history *history, uint32_t instance, int32_t action, float reward,
                             const void *next_observation, int32_t terminated, int32_t truncated)
{
    arq_lane *lane = &history->lane[instance];
    arq_replay_slots *slots = &lane->slots;
    arq_status status = arq_history_reserve(history, instance);
    if (status != ARQ_OK) {
        return status;
    }
    arq_replay_slots_push(slots);
    put_observation(lane, slots->end - 1, next_observation);
    put_order(history, instance);
    uint64_t from = slots->end - 2;
    uint16_t age = *arq_replay_slots_age(slots, from);
    memcpy(arq_replay_slots_at(slots, ARQ_COLUMN_ACTION, from), &action, sizeof(action));
    memcpy(arq_replay_slots_at(slots, ARQ_COLUMN_REWARD, from), &reward, sizeof(reward));
    *arq_replay_slots_flags(slots, from) =
        (uint8_t)(ARQ_SLOT_TRANSITION | (terminated ? ARQ_SLOT_TERMINATED : 0) | (truncated ? ARQ_SLOT_TRUNCATED : 0));
    *arq_replay_slots_age(slots, from + 1) = (uint16_t)(age + 1u < history->window ? age + 1u : age);
    int reaches = arq_history_reaches(slots, from);
    lane->open = !terminated && !truncated;
    lane->transitions++;
    lane->eligible += (uint64_t)reaches;
    history->transitions++;
    history->eligible += (uint64_t)reaches;
    history->measured = 0;
    if (history->transitions > history->capacity) {
        evict(history, history->window);
    }
    return ARQ_OK;
}
