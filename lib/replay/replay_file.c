/*
 * A replay as part of a file: its slots, and what follows from none of them. Reading builds a history of its own from
 * what was checked; taking exchanges it for the replay's. In a checkpoint's folder the older slots lie in segments.
 */
#include "replay/replay.h"

#include "replay/columns.h"
#include "replay/segment_files.h"

#include <inttypes.h>

/* "state" has three numbers for each lane. */
enum { STATE_SLOTS, STATE_FIRST_AGE, STATE_OPEN, STATE_COUNT };

/* ---- Writing ---- */

static void write_state(arq_record *record, const arq_history *history, const arq_slot_span *spans)
{
    size_t count = (size_t)history->lanes * STATE_COUNT;
    uint64_t *state = arq_alloc(record->context, count, sizeof(*state));
    if (state == NULL) {
        record->status = arq_fail_memory(record->context, "saving a replay", count * sizeof(*state));
        return;
    }
    for (uint32_t i = 0; i < history->lanes; i++) {
        const arq_lane *lane = &history->lane[i];
        uint64_t *own = state + (size_t)i * STATE_COUNT;
        own[STATE_SLOTS] = spans[i].to - spans[i].from;
        own[STATE_FIRST_AGE] =
            lane->slots.end == lane->slots.first ? 0 : *arq_replay_slots_age(&lane->slots, lane->slots.first);
        own[STATE_OPEN] = (uint64_t)lane->open;
    }
    record->status =
        arq_writer_values(record->writer, arq_record_name(record, "state").text, ARQ_DTYPE_U64, count, state);
    arq_free(record->context, state, count, sizeof(*state));
}

/* What no segment has; without segments everything. */
static void write_history(arq_record *record, arq_replay *replay, const arq_segment_copy *copy)
{
    const arq_history *history = replay->history;
    arq_slot_span *spans = arq_alloc(record->context, history->lanes, sizeof(*spans));
    if (spans == NULL) {
        record->status = arq_fail_memory(record->context, "saving a replay", history->lanes * sizeof(*spans));
        return;
    }
    arq_slot_span order = arq_segments_rest(copy, history, spans);
    write_state(record, history, spans);
    arq_record_random(record, "random", &replay->random);
    arq_columns_write(record, replay, spans, order);
    arq_free(record->context, spans, history->lanes, sizeof(*spans));
}

static void write_replay(arq_record *record, arq_saved_replay *saved)
{
    arq_replay *replay = saved->replay;
    if (saved->left_out) {
        arq_segments_forget(replay->history);
        arq_record_random(record, "random", &replay->random);
        return;
    }
    if (saved->folder != NULL) {
        record->status = arq_segments_copy(replay, saved->folder, &saved->copy);
    }
    if (record->status == ARQ_OK) {
        write_history(record, replay, saved->copy);
    }
}

/* ---- Reading ---- */

static void read_state(arq_record *record, const arq_replay *replay, arq_saved_lane *lanes)
{
    const uint64_t shape[1] = {(uint64_t)replay->history->lanes * STATE_COUNT};
    const arq_tensor *tensor;
    record->status =
        arq_reader_need(record->reader, arq_record_name(record, "state").text, ARQ_DTYPE_U64, 1, shape, &tensor);
    if (record->status != ARQ_OK) {
        return;
    }
    const uint64_t *state = tensor->data;
    for (uint32_t i = 0; i < replay->history->lanes; i++, state += STATE_COUNT) {
        const arq_number numbers[STATE_COUNT] = {
            {"slots", (double)state[STATE_SLOTS], {0, ARQ_COUNT_MOST, 0}},
            {"age of the oldest slot", (double)state[STATE_FIRST_AGE], {0, replay->history->window - 1, 0}},
            {"open", (double)state[STATE_OPEN], {0, 1, 0}},
        };
        for (int k = 0; k < STATE_COUNT && record->status == ARQ_OK; k++) {
            arq_record_check_number(record, "state", &numbers[k]);
        }
        lanes[i] = (arq_saved_lane){
            .slots = state[STATE_SLOTS], .first_age = state[STATE_FIRST_AGE], .open = state[STATE_OPEN] != 0};
    }
}

static void check_ages(arq_record *record, const arq_history *history, const arq_saved_lane *lanes)
{
    for (uint32_t i = 0; i < history->lanes && record->status == ARQ_OK; i++) {
        const arq_replay_slots *slots = &history->lane[i].slots;
        if (lanes[i].first_age > 0 && slots->end == slots->first) {
            arq_record_refuse(
                record, ARQ_E_FORMAT,
                "the replay \"%.40s\" is broken: an oldest episode that has lost its beginning to nothing",
                record->prefix);
        }
    }
}

static void read_history(arq_record *record, arq_saved_replay *saved, arq_saved_lane *lanes)
{
    arq_history *history = saved->history;
    arq_columns columns = {.replay = saved->replay, .actions = saved->actions, .lanes = lanes};
    read_state(record, saved->replay, lanes);
    if (record->status == ARQ_OK && saved->folder != NULL) {
        arq_segments_read(record, saved, lanes, history);
        columns.has_earlier = history->shelf != NULL;
    }
    if (record->status == ARQ_OK) {
        arq_columns_read(record, &columns, history);
    }
    check_ages(record, history, lanes);
}

static void read_replay(arq_record *record, arq_saved_replay *saved)
{
    const arq_history *own = saved->replay->history;
    record->status = arq_history_create(record->context, arq_history_observation_bytes(own), own->capacity, own->window,
                                        own->lanes, &saved->history);
    if (record->status != ARQ_OK || saved->left_out) {
        return;
    }
    arq_saved_lane *lanes = arq_alloc(record->context, own->lanes, sizeof(*lanes));
    if (lanes == NULL) {
        record->status = arq_fail_memory(record->context, "loading a replay", own->lanes * sizeof(*lanes));
        return;
    }
    read_history(record, saved, lanes);
    arq_free(record->context, lanes, own->lanes, sizeof(*lanes));
}

/* ---- The part ---- */

/* What the replay was made with: a file of another one is refused. */
static void list_settings(arq_record *record, const arq_replay *replay)
{
    static const char *const names[] = {"observation kind", "observation size", "capacity", "window"};
    uint64_t own[4] = {(uint64_t)replay->kind, replay->observation_size, replay->history->capacity,
                       replay->history->window};
    uint64_t saved[4];
    arq_full_name name = arq_record_name(record, "settings");
    if (record->writer != NULL) {
        record->status = arq_writer_values(record->writer, name.text, ARQ_DTYPE_U64, 4, own);
        return;
    }
    record->status = arq_reader_values(record->reader, name.text, ARQ_DTYPE_U64, 4, saved);
    for (int i = 0; i < 4 && record->status == ARQ_OK; i++) {
        int grows = i == 2 && saved[i] <= own[i]; /* one with more room goes on with it */
        if (saved[i] != own[i] && !grows) {
            arq_record_refuse(record, ARQ_E_SHAPE, "the saved replay has %s %" PRIu64 ", this one %" PRIu64, names[i],
                              saved[i], own[i]);
        }
    }
}

static void list_replay(arq_record *record, void *thing)
{
    arq_saved_replay *saved = thing;
    arq_replay *replay = saved->replay;
    list_settings(record, replay);
    if (record->status == ARQ_OK && record->writer != NULL) {
        write_replay(record, saved);
    }
    if (record->status != ARQ_OK || record->writer != NULL) {
        return;
    }
    arq_record_random(record, "random", &replay->random);
    if (record->takes) {
        arq_history *old = replay->history;
        replay->history = saved->history;
        saved->history = old;
    } else if (record->status == ARQ_OK) {
        read_replay(record, saved);
    }
}

arq_part arq_replay_part(arq_saved_replay *saved, const char *prefix)
{
    return (arq_part){.list = list_replay, .thing = saved, .prefix = prefix};
}

arq_status arq_saved_replay_open_episode(arq_saved_replay *saved, uint32_t instance, const void *observation)
{
    return arq_history_open_episode(saved->history, instance, observation);
}

int arq_saved_replay_is_open(const arq_saved_replay *saved, uint32_t instance)
{
    return saved->history->lane[instance].open;
}

void arq_saved_replay_clear(arq_saved_replay *saved)
{
    arq_history_destroy(saved->history);
    saved->history = NULL;
}

arq_status arq_replay_save(arq_replay *replay, const char *path)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(replay), "arq_replay_save", {"replay", replay}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    arq_saved_replay saved = {.replay = replay};
    const arq_part part = arq_replay_part(&saved, "");
    return arq_save_parts(replay->context, path, "replay", &part, 1);
}

arq_status arq_replay_load(arq_replay *replay, const char *path)
{
    arq_status status = ARQ_REQUIRE(ARQ_CONTEXT_OF(replay), "arq_replay_load", {"replay", replay}, {"path", path});
    if (status != ARQ_OK) {
        return status;
    }
    arq_saved_replay saved = {.replay = replay};
    const arq_part part = arq_replay_part(&saved, "");
    status = arq_load_parts(replay->context, "arq_replay_load", path, "replay", &part, 1);
    arq_saved_replay_clear(&saved);
    return status;
}
