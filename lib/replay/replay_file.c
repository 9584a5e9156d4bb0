/*
 * A replay as part of a file: slots column by column, one lane behind the other, and what follows from none of them.
 * Reading builds a history of its own from the checked columns; taking exchanges it for the replay's.
 */
#include "replay/replay.h"

#include "arq/environment.h"
#include "env/observation.h"
#include "replay/history.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const char *const column_names[ARQ_COLUMN_COUNT] = {
    [ARQ_COLUMN_OBSERVATION] = "observations",
    [ARQ_COLUMN_ACTION] = "actions",
    [ARQ_COLUMN_REWARD] = "rewards",
    [ARQ_COLUMN_FLAGS] = "flags",
    [ARQ_COLUMN_LANE] = "order",
};

/* What is written of a lane's slots: an age follows from the flags. */
static int is_kept(int column)
{
    return column != ARQ_COLUMN_AGE && column != ARQ_COLUMN_LANE;
}

/* "state" has three numbers for each lane. */
enum { STATE_SLOTS, STATE_FIRST_AGE, STATE_OPEN, STATE_COUNT };

/* How a column of the slots looks in a file: its dtype and [slots] or [slots, values]. */
static arq_dtype describe_column(const arq_replay *replay, arq_column column, uint64_t slots, uint32_t *rank,
                                 uint64_t shape[2])
{
    static const struct {
        arq_dtype dtype;
        size_t bytes;
    } values[] = {
        [ARQ_OBSERVATION_BIT] = {ARQ_DTYPE_U8, 1},       [ARQ_OBSERVATION_U8] = {ARQ_DTYPE_U8, 1},
        [ARQ_OBSERVATION_F32] = {ARQ_DTYPE_F32, 4},      [ARQ_OBSERVATION_F64] = {ARQ_DTYPE_F64, 8},
        [ARQ_OBSERVATION_DISCRETE] = {ARQ_DTYPE_I32, 4},
    };
    shape[0] = slots;
    *rank = 1;
    if (column == ARQ_COLUMN_OBSERVATION) {
        *rank = 2;
        shape[1] = arq_history_observation_bytes(replay->history) / values[replay->kind].bytes;
        return values[replay->kind].dtype;
    }
    return column == ARQ_COLUMN_REWARD ? ARQ_DTYPE_F32 : column == ARQ_COLUMN_FLAGS ? ARQ_DTYPE_U8 : ARQ_DTYPE_I32;
}

/* ---- Writing ---- */

static uint64_t count_slots(const arq_replay_slots *slots)
{
    return slots->end - slots->first;
}

/* A column of the lanes, or of the order where there is but one queue: adds it in the pieces it has in memory. */
static arq_status write_column(const arq_replay *replay, const arq_record *record, arq_column column)
{
    const arq_history *history = replay->history;
    uint32_t queues = column == ARQ_COLUMN_LANE ? 1 : history->lanes;
    uint64_t count = 0;
    size_t room = 0;
    for (uint32_t i = 0; i < queues; i++) {
        const arq_replay_slots *slots = column == ARQ_COLUMN_LANE ? &history->order : &history->lane[i].slots;
        count += count_slots(slots);
        room += (size_t)(count_slots(slots) >> slots->segments->shift) + 2;
    }
    uint64_t shape[2];
    uint32_t rank;
    arq_dtype dtype = describe_column(replay, column, count, &rank, shape);
    arq_chunk *chunks = arq_alloc(replay->context, room, sizeof(*chunks));
    if (chunks == NULL) {
        return arq_fail_memory(replay->context, "saving a replay", room * sizeof(*chunks));
    }
    size_t used = 0;
    for (uint32_t i = 0; i < queues; i++) {
        const arq_replay_slots *slots = column == ARQ_COLUMN_LANE ? &history->order : &history->lane[i].slots;
        for (uint64_t position = slots->first, run; position < slots->end; position += run) {
            run = arq_replay_slots_run(slots, position);
            run = run < slots->end - position ? run : slots->end - position;
            chunks[used++] =
                (arq_chunk){arq_replay_slots_at(slots, column, position), (size_t)run * slots->segments->bytes[column]};
        }
    }
    arq_status status = arq_writer_chunks(record->writer, arq_record_name(record, column_names[column]).text, dtype,
                                          rank, shape, chunks, used);
    arq_free(replay->context, chunks, room, sizeof(*chunks));
    return status;
}

static arq_status write_state(const arq_replay *replay, const arq_record *record)
{
    const arq_history *history = replay->history;
    size_t count = (size_t)history->lanes * STATE_COUNT;
    uint64_t *state = arq_alloc(replay->context, count, sizeof(*state));
    if (state == NULL) {
        return arq_fail_memory(replay->context, "saving a replay", count * sizeof(*state));
    }
    for (uint32_t i = 0; i < history->lanes; i++) {
        const arq_lane *lane = &history->lane[i];
        uint64_t *own = state + (size_t)i * STATE_COUNT;
        own[STATE_SLOTS] = count_slots(&lane->slots);
        own[STATE_FIRST_AGE] = own[STATE_SLOTS] == 0 ? 0 : *arq_replay_slots_age(&lane->slots, lane->slots.first);
        own[STATE_OPEN] = (uint64_t)lane->open;
    }
    arq_status status =
        arq_writer_values(record->writer, arq_record_name(record, "state").text, ARQ_DTYPE_U64, count, state);
    arq_free(replay->context, state, count, sizeof(*state));
    return status;
}

static void write_history(arq_record *record, const arq_replay *replay)
{
    for (int column = 0; column < ARQ_COLUMN_COUNT && record->status == ARQ_OK; column++) {
        if (is_kept(column) || (column == ARQ_COLUMN_LANE && replay->history->lanes > 1)) {
            record->status = write_column(replay, record, (arq_column)column);
        }
    }
}

/* ---- Checking ---- */

/* The columns of a replay in a file, seen from one of its lanes. */
typedef struct saved_columns {
    const arq_replay *replay;
    uint32_t actions;      /* 0: any action */
    const uint64_t *state; /* [lanes, STATE_COUNT] */
    const unsigned char *columns[ARQ_COLUMN_COUNT];
    uint64_t transitions; /* in the lanes that have been looked at */
    uint64_t before;      /* slots of the lanes before this one */
    uint64_t slots;
    uint64_t first_age; /* of the oldest slot: more than 0 where its episode has lost its beginning */
    int open;
    const uint8_t *flags;
} saved_columns;

static void broken(arq_record *record, const char *what, uint64_t slot)
{
    arq_record_refuse(record, ARQ_E_FORMAT, "the replay \"%.40s\" is broken at slot %" PRIu64 ": %s", record->prefix,
                      slot, what);
}

static const void *value_at(const saved_columns *file, arq_column column, uint64_t slot)
{
    size_t bytes = file->replay->history->segments.bytes[column];
    return file->columns[column] + (file->before + slot) * bytes;
}

/* Looks at the first lane, then at each behind it. */
static void enter_lane(saved_columns *file, uint32_t lane)
{
    const uint64_t *state = file->state + (size_t)lane * STATE_COUNT;
    file->before = lane == 0 ? 0 : file->before + file->slots;
    file->slots = state[STATE_SLOTS];
    file->first_age = state[STATE_FIRST_AGE];
    file->open = state[STATE_OPEN] != 0;
    file->flags = value_at(file, ARQ_COLUMN_FLAGS, 0);
}

static void find_state(arq_record *record, saved_columns *file)
{
    const arq_replay *replay = file->replay;
    const uint64_t shape[1] = {(uint64_t)replay->history->lanes * STATE_COUNT};
    const arq_tensor *tensor;
    record->status =
        arq_reader_need(record->reader, arq_record_name(record, "state").text, ARQ_DTYPE_U64, 1, shape, &tensor);
    if (record->status != ARQ_OK) {
        return;
    }
    file->state = tensor->data;
    for (uint64_t i = 0; i < shape[0] && record->status == ARQ_OK; i += STATE_COUNT) {
        const arq_number numbers[STATE_COUNT] = {
            {"slots", (double)file->state[i + STATE_SLOTS], {0, ARQ_COUNT_MOST, 0}},
            {"age of the oldest slot", (double)file->state[i + STATE_FIRST_AGE], {0, replay->history->window - 1, 0}},
            {"open", (double)file->state[i + STATE_OPEN], {0, 1, 0}},
        };
        for (int k = 0; k < STATE_COUNT && record->status == ARQ_OK; k++) {
            arq_record_check_number(record, "state", &numbers[k]);
        }
    }
}

static void find_column(arq_record *record, saved_columns *file, arq_column column, uint64_t slots)
{
    uint64_t shape[2];
    uint32_t rank;
    const arq_tensor *tensor;
    arq_dtype dtype = describe_column(file->replay, column, slots, &rank, shape);
    record->status = arq_reader_need(record->reader, arq_record_name(record, column_names[column]).text, dtype, rank,
                                     shape, &tensor);
    if (record->status == ARQ_OK) {
        file->columns[column] = tensor->data;
    }
}

static void find_columns(arq_record *record, saved_columns *file)
{
    uint64_t slots = 0;
    for (uint32_t i = 0; i < file->replay->history->lanes; i++) {
        /* Not even the sum of all lanes can be too large for 64 bits. */
        slots += file->state[(size_t)i * STATE_COUNT + STATE_SLOTS];
        if (slots > (uint64_t)ARQ_COUNT_MOST) {
            broken(record, "more slots than any file has", slots);
            return;
        }
    }
    for (int column = 0; column < ARQ_COLUMN_COUNT && record->status == ARQ_OK; column++) {
        if (is_kept(column)) {
            find_column(record, file, (arq_column)column, slots);
        }
    }
}

/* Whether a slot may stand where it does, given the one before: episodes have a transition or are the newest, end with
 * a transition that says so, and then a last observation. */
static const char *check_order(const saved_columns *file, uint64_t slot)
{
    const uint8_t ended = ARQ_SLOT_TERMINATED | ARQ_SLOT_TRUNCATED;
    uint8_t flags = file->flags[slot];
    uint8_t before = slot == 0 ? 0 : file->flags[slot - 1];
    int newest = slot + 1 == file->slots;
    if ((flags & ~(ARQ_SLOT_TRANSITION | ended)) != 0 || ((flags & ended) != 0 && (flags & ARQ_SLOT_TRANSITION) == 0)) {
        return "unknown flags";
    }
    if ((flags & ARQ_SLOT_TRANSITION) != 0) {
        return newest                  ? "a transition without its next observation"
               : (before & ended) != 0 ? "a transition behind the end of its episode"
                                       : NULL;
    }
    if (newest && file->open) {
        return (before & ended) != 0 ? "an open episode that has ended" : NULL;
    }
    return (before & ended) == 0 ? "an episode without an end" : NULL;
}

static int32_t action_at(const saved_columns *file, uint64_t slot)
{
    int32_t action;
    memcpy(&action, value_at(file, ARQ_COLUMN_ACTION, slot), sizeof(action));
    return action;
}

/* What a slot holds besides its place among others. */
static const char *check_content(const saved_columns *file, uint64_t slot)
{
    const arq_replay *replay = file->replay;
    float reward;
    memcpy(&reward, value_at(file, ARQ_COLUMN_REWARD, slot), sizeof(reward));
    if (!isfinite(reward)) {
        return "a reward that is not finite";
    }
    if ((file->flags[slot] & ARQ_SLOT_TRANSITION) == 0 &&
        (action_at(file, slot) != 0 || reward != 0 || signbit(reward))) {
        return "an action or reward without a transition";
    }
    if (!arq_observation_is_allowed(replay->kind, replay->observation_size,
                                    value_at(file, ARQ_COLUMN_OBSERVATION, slot))) {
        return "an observation with a value that is not allowed";
    }
    return NULL;
}

static void check_lane(arq_record *record, saved_columns *file)
{
    for (uint64_t slot = 0; slot < file->slots; slot++) {
        const char *problem = check_order(file, slot);
        problem = problem != NULL ? problem : check_content(file, slot);
        if (problem != NULL) {
            broken(record, problem, file->before + slot);
            return;
        }
        int32_t action = action_at(file, slot);
        if (file->actions > 0 && (action < 0 || (uint32_t)action >= file->actions)) {
            arq_record_refuse(record, ARQ_E_FORMAT,
                              "value %" PRIu64 " of '%sactions' is %" PRId32 "; accepted: 0 .. %" PRIu32,
                              file->before + slot, record->prefix, action, file->actions - 1);
            return;
        }
        file->transitions += file->flags[slot] & ARQ_SLOT_TRANSITION;
    }
    if (file->open && file->slots == 0) {
        broken(record, "an open episode without an observation", file->before + file->slots);
    }
}

static void check_slots(arq_record *record, saved_columns *file)
{
    uint32_t lanes = file->replay->history->lanes;
    for (uint32_t i = 0; i < lanes && record->status == ARQ_OK; i++) {
        enter_lane(file, i);
        check_lane(record, file);
    }
    if (record->status == ARQ_OK && file->transitions > file->replay->history->capacity) {
        broken(record, "more transitions than the capacity", file->before + file->slots);
    }
    for (uint32_t i = 0; i < lanes && record->status == ARQ_OK; i++) {
        enter_lane(file, i);
        if (file->first_age > 0 && file->slots == 0) {
            broken(record, "an oldest episode that has lost its beginning to nothing", file->before);
        }
    }
}

/* ---- Taking ---- */

/* Stores a checked slot behind those before it. */
static arq_status take_slot(const saved_columns *file, arq_lane *lane, uint64_t slot)
{
    arq_replay_slots *slots = &lane->slots;
    arq_status status = arq_replay_slots_reserve(slots, 1);
    if (status != ARQ_OK) {
        return status;
    }
    arq_replay_slots_push(slots);
    uint64_t position = slots->end - 1;
    for (int column = 0; column < ARQ_COLUMN_COUNT; column++) {
        if (is_kept(column)) {
            memcpy(arq_replay_slots_at(slots, (arq_column)column, position), value_at(file, (arq_column)column, slot),
                   slots->segments->bytes[column]);
        }
    }
    uint64_t age = slot == 0 ? file->first_age : 0;
    if (!arq_history_begins(slots, position)) {
        age = *arq_replay_slots_age(slots, position - 1) + 1u;
        age = age < file->replay->history->window ? age : age - 1;
    }
    *arq_replay_slots_age(slots, position) = (uint16_t)age;
    if ((file->flags[slot] & ARQ_SLOT_TRANSITION) != 0) {
        lane->transitions++;
        lane->eligible += (uint64_t)arq_history_reaches(slots, position);
    }
    return ARQ_OK;
}

static arq_status take_lane(const saved_columns *file, arq_history *history, arq_lane *lane)
{
    arq_status status = ARQ_OK;
    for (uint64_t slot = 0; slot < file->slots && status == ARQ_OK; slot++) {
        status = take_slot(file, lane, slot);
    }
    lane->open = file->open;
    history->transitions += lane->transitions;
    history->eligible += lane->eligible;
    return status;
}

/* The lanes of all transitions, from the oldest on: each comes up as often as it has transitions. */
static void take_order(arq_record *record, saved_columns *file, arq_history *history)
{
    arq_replay_slots *order = &history->order;
    find_column(record, file, ARQ_COLUMN_LANE, history->transitions);
    if (record->status == ARQ_OK && history->transitions > 0) {
        record->status = arq_replay_slots_reserve(order, history->transitions);
    }
    for (uint32_t i = 0; i < history->lanes; i++) {
        history->lane[i].reach = history->lane[i].transitions; /* those that the order has not named yet */
    }
    for (uint64_t i = 0; i < history->transitions && record->status == ARQ_OK; i++) {
        int32_t lane;
        memcpy(&lane, file->columns[ARQ_COLUMN_LANE] + i * sizeof(lane), sizeof(lane));
        if (lane < 0 || (uint32_t)lane >= history->lanes || history->lane[lane].reach == 0) {
            arq_record_refuse(record, ARQ_E_FORMAT,
                              "value %" PRIu64 " of '%sorder' is %" PRId32 ", an instance without such a transition", i,
                              record->prefix, lane);
            return;
        }
        history->lane[lane].reach--;
        arq_replay_slots_push(order);
        memcpy(arq_replay_slots_at(order, ARQ_COLUMN_LANE, order->end - 1), &lane, sizeof(lane));
    }
}

/* The history that the columns say; NULL on failure. */
static arq_history *build_history(arq_record *record, saved_columns *file)
{
    const arq_replay *replay = file->replay;
    uint32_t lanes = replay->history->lanes;
    arq_history *history = NULL;
    record->status = arq_history_create(replay->context, arq_history_observation_bytes(replay->history),
                                        replay->history->capacity, replay->history->window, lanes, &history);
    for (uint32_t i = 0; i < lanes && record->status == ARQ_OK; i++) {
        enter_lane(file, i);
        record->status = take_lane(file, history, &history->lane[i]);
    }
    if (record->status == ARQ_OK && lanes > 1) {
        take_order(record, file, history);
    }
    if (record->status != ARQ_OK) {
        arq_history_destroy(history);
        return NULL;
    }
    return history;
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

static void list_state(arq_record *record, saved_columns *file)
{
    if (record->status != ARQ_OK) {
        return;
    }
    if (record->writer != NULL) {
        record->status = write_state(file->replay, record);
    } else {
        find_state(record, file);
    }
}

static void read_history(arq_record *record, arq_saved_replay *saved, saved_columns *file)
{
    find_columns(record, file);
    if (record->status == ARQ_OK) {
        check_slots(record, file);
    }
    if (record->status == ARQ_OK) {
        saved->history = build_history(record, file);
    }
}

static void list_replay(arq_record *record, void *thing)
{
    arq_saved_replay *saved = thing;
    arq_replay *replay = saved->replay;
    saved_columns file = {.replay = replay, .actions = saved->actions};
    list_settings(record, replay);
    if (!saved->left_out) {
        list_state(record, &file);
    }
    arq_record_random(record, "random", &replay->random);
    if (record->status != ARQ_OK) {
        return;
    }
    if (record->writer != NULL) {
        if (!saved->left_out) {
            write_history(record, replay);
        }
    } else if (record->takes) {
        arq_history *old = replay->history;
        replay->history = saved->history;
        saved->history = old;
    } else if (saved->left_out) {
        record->status = arq_history_create(replay->context, arq_history_observation_bytes(replay->history),
                                            replay->history->capacity, replay->history->window, replay->history->lanes,
                                            &saved->history);
    } else {
        read_history(record, saved, &file);
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
