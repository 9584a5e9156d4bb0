/*
 * A replay as part of a file: slots column by column, and what follows from none of them. Reading builds a history of
 * its own from the checked columns; taking exchanges it for the replay's.
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
};

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
        shape[1] = replay->history.slots.bytes[column] / values[replay->kind].bytes;
        return values[replay->kind].dtype;
    }
    return column == ARQ_COLUMN_ACTION ? ARQ_DTYPE_I32 : column == ARQ_COLUMN_REWARD ? ARQ_DTYPE_F32 : ARQ_DTYPE_U8;
}

/* ---- Writing ---- */

/* Adds one column, in the pieces it has in memory. */
static arq_status write_column(const arq_replay *replay, const arq_record *record, arq_column column)
{
    const arq_replay_slots *slots = &replay->history.slots;
    uint64_t count = slots->end - slots->first;
    uint64_t shape[2];
    uint32_t rank;
    arq_dtype dtype = describe_column(replay, column, count, &rank, shape);
    size_t room = (size_t)(count >> slots->shift) + 2;
    arq_chunk *chunks = arq_alloc(replay->context, room, sizeof(*chunks));
    if (chunks == NULL) {
        return arq_fail_memory(replay->context, "saving a replay", room * sizeof(*chunks));
    }
    size_t used = 0;
    for (uint64_t position = slots->first, run; position < slots->end; position += run) {
        run = arq_replay_slots_run(slots, position);
        run = run < slots->end - position ? run : slots->end - position;
        chunks[used++] = (arq_chunk){arq_replay_slots_at(slots, column, position), (size_t)run * slots->bytes[column]};
    }
    arq_status status = arq_writer_chunks(record->writer, arq_record_name(record, column_names[column]).text, dtype,
                                          rank, shape, chunks, used);
    arq_free(replay->context, chunks, room, sizeof(*chunks));
    return status;
}

/* ---- Checking ---- */

/* A replay's columns in a file. */
typedef struct saved_columns {
    const arq_replay *replay;
    uint64_t slots;
    uint64_t first_age; /* of the oldest slot: more than 0 where its episode has lost its beginning */
    int open;
    uint32_t actions; /* 0: any action */
    const unsigned char *columns[ARQ_COLUMN_COUNT];
    const uint8_t *flags;
} saved_columns;

static void broken(arq_record *record, const char *what, uint64_t slot)
{
    arq_record_refuse(record, ARQ_E_FORMAT, "the replay \"%.40s\" is broken at slot %" PRIu64 ": %s", record->prefix,
                      slot, what);
}

static void find_columns(arq_record *record, saved_columns *file)
{
    for (int column = 0; column < ARQ_COLUMN_COUNT && record->status == ARQ_OK; column++) {
        uint64_t shape[2];
        uint32_t rank;
        const arq_tensor *tensor;
        if (column == ARQ_COLUMN_AGE) {
            continue;
        }
        arq_dtype dtype = describe_column(file->replay, (arq_column)column, file->slots, &rank, shape);
        record->status = arq_reader_need(record->reader, arq_record_name(record, column_names[column]).text, dtype,
                                         rank, shape, &tensor);
        if (record->status == ARQ_OK) {
            file->columns[column] = tensor->data;
        }
    }
    file->flags = file->columns[ARQ_COLUMN_FLAGS];
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
    memcpy(&action, file->columns[ARQ_COLUMN_ACTION] + slot * sizeof(action), sizeof(action));
    return action;
}

/* What a slot holds besides its place among others. */
static const char *check_content(const saved_columns *file, uint64_t slot)
{
    const arq_replay *replay = file->replay;
    float reward;
    memcpy(&reward, file->columns[ARQ_COLUMN_REWARD] + slot * sizeof(reward), sizeof(reward));
    if (!isfinite(reward)) {
        return "a reward that is not finite";
    }
    if ((file->flags[slot] & ARQ_SLOT_TRANSITION) == 0 &&
        (action_at(file, slot) != 0 || reward != 0 || signbit(reward))) {
        return "an action or reward without a transition";
    }
    const void *observation =
        file->columns[ARQ_COLUMN_OBSERVATION] + slot * replay->history.slots.bytes[ARQ_COLUMN_OBSERVATION];
    if (!arq_observation_is_allowed(replay->kind, replay->observation_size, observation)) {
        return "an observation with a value that is not allowed";
    }
    return NULL;
}

static void check_slots(arq_record *record, const saved_columns *file)
{
    uint64_t transitions = 0;
    for (uint64_t slot = 0; slot < file->slots; slot++) {
        const char *problem = check_order(file, slot);
        problem = problem != NULL ? problem : check_content(file, slot);
        if (problem != NULL) {
            broken(record, problem, slot);
            return;
        }
        int32_t action = action_at(file, slot);
        if (file->actions > 0 && (action < 0 || (uint32_t)action >= file->actions)) {
            arq_record_refuse(record, ARQ_E_FORMAT,
                              "value %" PRIu64 " of '%sactions' is %" PRId32 "; accepted: 0 .. %" PRIu32, slot,
                              record->prefix, action, file->actions - 1);
            return;
        }
        transitions += file->flags[slot] & ARQ_SLOT_TRANSITION;
    }
    if (transitions > file->replay->capacity) {
        broken(record, "more transitions than the capacity", file->slots);
        return;
    }
    if (file->open && file->slots == 0) {
        broken(record, "an open episode without an observation", file->slots);
        return;
    }
    /* Only a full buffer has lost the beginning of an episode. */
    if (file->first_age > 0 && transitions < file->replay->capacity) {
        broken(record, "an oldest episode that has lost its beginning to nothing", 0);
    }
}

/* ---- Taking ---- */

/* Stores a checked slot behind those before it. */
static arq_status take_slot(const saved_columns *file, arq_history *history, uint64_t slot)
{
    arq_replay_slots *slots = &history->slots;
    arq_status status = arq_replay_slots_push(slots);
    if (status != ARQ_OK) {
        return status;
    }
    uint64_t position = slots->end - 1;
    for (int column = 0; column < ARQ_COLUMN_COUNT; column++) {
        if (column != ARQ_COLUMN_AGE) {
            size_t bytes = slots->bytes[column];
            memcpy(arq_replay_slots_at(slots, (arq_column)column, position), file->columns[column] + slot * bytes,
                   bytes);
        }
    }
    uint64_t age = slot == 0 ? file->first_age : 0;
    if (!arq_history_begins(slots, position)) {
        age = *arq_replay_slots_age(slots, position - 1) + 1u;
        age = age < file->replay->window ? age : age - 1;
    }
    *arq_replay_slots_age(slots, position) = (uint16_t)age;
    if ((file->flags[slot] & ARQ_SLOT_TRANSITION) != 0) {
        history->transitions++;
        history->eligible += arq_history_reaches(slots, position);
    }
    return ARQ_OK;
}

static void discard(const arq_replay *replay, arq_history *history)
{
    if (history != NULL) {
        arq_replay_slots_clear(&history->slots);
        arq_free(replay->context, history, 1, sizeof(*history));
    }
}

/* The history that the columns say; NULL without memory. */
static arq_history *build_history(arq_record *record, const saved_columns *file)
{
    const arq_replay *replay = file->replay;
    arq_history *history = arq_alloc(replay->context, 1, sizeof(*history));
    if (history == NULL) {
        record->status = arq_fail_memory(replay->context, "a saved replay", sizeof(*history));
        return NULL;
    }
    record->status =
        arq_replay_slots_create(replay->context, replay->history.slots.bytes[ARQ_COLUMN_OBSERVATION], &history->slots);
    for (uint64_t slot = 0; slot < file->slots && record->status == ARQ_OK; slot++) {
        record->status = take_slot(file, history, slot);
    }
    if (record->status != ARQ_OK) {
        discard(replay, history);
        return NULL;
    }
    history->open = file->open;
    return history;
}

/* ---- The part ---- */

/* What the replay was made with: a file of another one is refused. */
static void list_settings(arq_record *record, const arq_replay *replay)
{
    static const char *const names[] = {"observation kind", "observation size", "capacity", "window"};
    uint64_t own[4] = {(uint64_t)replay->kind, replay->observation_size, replay->capacity, replay->window};
    uint64_t saved[4];
    arq_full_name name = arq_record_name(record, "settings");
    if (record->writer != NULL) {
        record->status = arq_writer_values(record->writer, name.text, ARQ_DTYPE_U64, 4, own);
        return;
    }
    record->status = arq_reader_values(record->reader, name.text, ARQ_DTYPE_U64, 4, saved);
    for (int i = 0; i < 4 && record->status == ARQ_OK; i++) {
        if (saved[i] != own[i]) {
            arq_record_refuse(record, ARQ_E_SHAPE, "the saved replay has %s %" PRIu64 ", this one %" PRIu64, names[i],
                              saved[i], own[i]);
        }
    }
}

static void list_columns(arq_record *record, arq_saved_replay *saved, const arq_number *state)
{
    arq_replay *replay = saved->replay;
    if (record->writer != NULL) {
        for (int column = 0; column < ARQ_COLUMN_COUNT && record->status == ARQ_OK; column++) {
            if (column != ARQ_COLUMN_AGE) { /* follows from the others */
                record->status = write_column(replay, record, (arq_column)column);
            }
        }
        return;
    }
    if (record->takes) {
        arq_history old = replay->history;
        replay->history = *saved->history;
        *saved->history = old;
        return;
    }
    saved_columns file = {.replay = replay,
                          .slots = (uint64_t)state[0].value,
                          .first_age = (uint64_t)state[1].value,
                          .open = state[2].value != 0,
                          .actions = saved->actions};
    find_columns(record, &file);
    if (record->status == ARQ_OK) {
        check_slots(record, &file);
    }
    if (record->status == ARQ_OK) {
        saved->history = build_history(record, &file);
    }
}

static void list_replay(arq_record *record, void *thing)
{
    arq_saved_replay *saved = thing;
    arq_replay *replay = saved->replay;
    const arq_history *history = &replay->history;
    const arq_replay_slots *slots = &history->slots;
    uint64_t count = slots->end - slots->first;
    double first_age = count == 0 ? 0 : *arq_replay_slots_age(slots, slots->first);
    arq_number state[] = {
        {"slots", (double)count, {0, ARQ_COUNT_MOST, 0}},
        {"age of the oldest slot", first_age, {0, replay->window - 1, 0}},
        {"open", history->open, {0, 1, 0}},
    };
    list_settings(record, replay);
    arq_record_numbers(record, "state", ARQ_DTYPE_U64, state, 3);
    arq_record_random(record, "random", &replay->random);
    if (record->status == ARQ_OK) {
        list_columns(record, saved, state);
    }
}

arq_part arq_replay_part(arq_saved_replay *saved, const char *prefix)
{
    return (arq_part){.list = list_replay, .thing = saved, .prefix = prefix};
}

int arq_saved_replay_is_open(const arq_saved_replay *saved)
{
    return saved->history->open;
}

void arq_saved_replay_clear(arq_saved_replay *saved)
{
    discard(saved->replay, saved->history);
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
