#include "replay/replay.h"

#include "arq/environment.h"
#include "env/observation.h"
#include "replay/history.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* What a replay is, and what it has come to: each a vector of whole numbers in the file. */
enum { SETTING_KIND, SETTING_SIZE, SETTING_CAPACITY, SETTING_WINDOW, SETTING_COUNT };
enum { STATE_SLOTS, STATE_FIRST_AGE, STATE_OPEN, STATE_COUNT };

static const char *const column_names[ARQ_COLUMN_COUNT] = {
    [ARQ_COLUMN_OBSERVATION] = "observations",
    [ARQ_COLUMN_ACTION] = "actions",
    [ARQ_COLUMN_REWARD] = "rewards",
    [ARQ_COLUMN_FLAGS] = "flags",
};

/* The name of a tensor behind the prefix, for the duration of a call. */
typedef struct full_name {
    char text[128];
} full_name;

static full_name name_of(const char *prefix, const char *name)
{
    full_name full;
    snprintf(full.text, sizeof(full.text), "%s%s", prefix, name);
    return full;
}

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

/* Adds one column, in the pieces it has in memory. */
static arq_status write_column(const arq_replay *replay, arq_writer *writer, const char *prefix, arq_column column)
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
    arq_status status =
        arq_writer_chunks(writer, name_of(prefix, column_names[column]).text, dtype, rank, shape, chunks, used);
    arq_free(replay->context, chunks, room, sizeof(*chunks));
    return status;
}

arq_status arq_replay_write(arq_replay *replay, arq_writer *writer, const char *prefix)
{
    const arq_history *history = &replay->history;
    const arq_replay_slots *slots = &history->slots;
    uint64_t count = slots->end - slots->first;
    uint64_t settings[SETTING_COUNT] = {(uint64_t)replay->kind, replay->observation_size, replay->capacity,
                                        replay->window};
    uint64_t state[STATE_COUNT] = {count, count == 0 ? 0 : *arq_replay_slots_age(slots, slots->first),
                                   (uint64_t)history->open};
    arq_status status =
        arq_writer_values(writer, name_of(prefix, "settings").text, ARQ_DTYPE_U64, SETTING_COUNT, settings);
    if (status == ARQ_OK) {
        status = arq_writer_values(writer, name_of(prefix, "state").text, ARQ_DTYPE_U64, STATE_COUNT, state);
    }
    if (status == ARQ_OK) {
        status = arq_writer_values(writer, name_of(prefix, "random").text, ARQ_DTYPE_U64, 4, replay->random.state);
    }
    for (int column = 0; column < ARQ_COLUMN_COUNT && status == ARQ_OK; column++) {
        if (column != ARQ_COLUMN_AGE) { /* follows from the others */
            status = write_column(replay, writer, prefix, (arq_column)column);
        }
    }
    return status;
}

struct arq_replay_state {
    arq_history history;
    arq_random random;
};

/* A saved replay that is being read. */
typedef struct saved {
    const arq_replay *replay;
    const arq_reader *reader;
    const char *prefix;
    uint64_t state[STATE_COUNT];
    const unsigned char *columns[ARQ_COLUMN_COUNT];
    const uint8_t *flags;
} saved;

static arq_status broken(const saved *file, const char *what, uint64_t slot)
{
    return arq_fail(file->replay->context, ARQ_E_FORMAT,
                    "%.200s: the replay \"%.40s\" is broken at slot %" PRIu64 ": %s", arq_reader_path(file->reader),
                    file->prefix, slot, what);
}

static arq_status read_settings(const saved *file)
{
    static const char *const names[] = {"observation kind", "observation size", "capacity", "window"};
    const arq_replay *replay = file->replay;
    uint64_t want[SETTING_COUNT] = {(uint64_t)replay->kind, replay->observation_size, replay->capacity, replay->window};
    uint64_t have[SETTING_COUNT];
    arq_status status =
        arq_reader_values(file->reader, name_of(file->prefix, "settings").text, ARQ_DTYPE_U64, SETTING_COUNT, have);
    for (int i = 0; i < SETTING_COUNT && status == ARQ_OK; i++) {
        if (have[i] != want[i]) {
            status =
                arq_fail(replay->context, ARQ_E_SHAPE, "%.200s: the saved replay has %s %" PRIu64 ", this one %" PRIu64,
                         arq_reader_path(file->reader), names[i], have[i], want[i]);
        }
    }
    return status;
}

static arq_status read_columns(saved *file)
{
    arq_status status =
        arq_reader_values(file->reader, name_of(file->prefix, "state").text, ARQ_DTYPE_U64, STATE_COUNT, file->state);
    for (int column = 0; column < ARQ_COLUMN_COUNT && status == ARQ_OK; column++) {
        uint64_t shape[2];
        uint32_t rank;
        const arq_tensor *tensor;
        if (column == ARQ_COLUMN_AGE) {
            continue;
        }
        arq_dtype dtype = describe_column(file->replay, (arq_column)column, file->state[STATE_SLOTS], &rank, shape);
        status = arq_reader_need(file->reader, name_of(file->prefix, column_names[column]).text, dtype, rank, shape,
                                 &tensor);
        if (status == ARQ_OK) {
            file->columns[column] = tensor->data;
        }
    }
    file->flags = file->columns[ARQ_COLUMN_FLAGS];
    return status;
}

/* Whether a slot may stand where it does, given the one before: episodes have a transition or are the newest, end with
 * a transition that says so, and then a last observation. */
static const char *check_order(const saved *file, uint64_t slot)
{
    const uint8_t ended = ARQ_SLOT_TERMINATED | ARQ_SLOT_TRUNCATED;
    uint8_t flags = file->flags[slot];
    uint8_t before = slot == 0 ? 0 : file->flags[slot - 1];
    int newest = slot + 1 == file->state[STATE_SLOTS];
    if ((flags & ~(ARQ_SLOT_TRANSITION | ended)) != 0 || ((flags & ended) != 0 && (flags & ARQ_SLOT_TRANSITION) == 0)) {
        return "unknown flags";
    }
    if ((flags & ARQ_SLOT_TRANSITION) != 0) {
        return newest                  ? "a transition without its next observation"
               : (before & ended) != 0 ? "a transition behind the end of its episode"
                                       : NULL;
    }
    if (newest && file->state[STATE_OPEN]) {
        return (before & ended) != 0 ? "an open episode that has ended" : NULL;
    }
    return (before & ended) == 0 ? "an episode without an end" : NULL;
}

/* What a slot holds besides its place among others. */
static const char *check_content(const saved *file, uint64_t slot)
{
    const arq_replay *replay = file->replay;
    int32_t action;
    float reward;
    memcpy(&action, file->columns[ARQ_COLUMN_ACTION] + slot * sizeof(action), sizeof(action));
    memcpy(&reward, file->columns[ARQ_COLUMN_REWARD] + slot * sizeof(reward), sizeof(reward));
    if (!isfinite(reward)) {
        return "a reward that is not finite";
    }
    if ((file->flags[slot] & ARQ_SLOT_TRANSITION) == 0 && (action != 0 || reward != 0 || signbit(reward))) {
        return "an action or reward without a transition";
    }
    const void *observation =
        file->columns[ARQ_COLUMN_OBSERVATION] + slot * replay->history.slots.bytes[ARQ_COLUMN_OBSERVATION];
    if (!arq_observation_is_allowed(replay->kind, replay->observation_size, observation)) {
        return "an observation with a value that is not allowed";
    }
    return NULL;
}

static arq_status check_slots(const saved *file)
{
    const arq_replay *replay = file->replay;
    uint64_t count = file->state[STATE_SLOTS];
    uint64_t transitions = 0;
    for (uint64_t slot = 0; slot < count; slot++) {
        const char *problem = check_order(file, slot);
        if (problem == NULL) {
            problem = check_content(file, slot);
        }
        if (problem != NULL) {
            return broken(file, problem, slot);
        }
        transitions += file->flags[slot] & ARQ_SLOT_TRANSITION;
    }
    if (transitions > replay->capacity) {
        return broken(file, "more transitions than the capacity", count);
    }
    if (file->state[STATE_OPEN] > (count > 0)) {
        return broken(file, "an open episode without an observation", count);
    }
    /* Only a full buffer has lost the beginning of an episode. */
    if (file->state[STATE_FIRST_AGE] >= replay->window ||
        (file->state[STATE_FIRST_AGE] > 0 && transitions < replay->capacity)) {
        return broken(file, "an oldest episode that has lost its beginning to nothing", 0);
    }
    return ARQ_OK;
}

/* Stores a checked slot behind those before it. */
static arq_status take_slot(const saved *file, arq_history *history, uint64_t slot)
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
    uint64_t age = slot == 0 ? file->state[STATE_FIRST_AGE] : 0;
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

static arq_status take_all(const saved *file, arq_replay_state *state)
{
    const arq_replay *replay = file->replay;
    arq_history *history = &state->history;
    arq_status status =
        arq_replay_slots_create(replay->context, replay->history.slots.bytes[ARQ_COLUMN_OBSERVATION], &history->slots);
    for (uint64_t slot = 0; slot < file->state[STATE_SLOTS] && status == ARQ_OK; slot++) {
        status = take_slot(file, history, slot);
    }
    history->open = file->state[STATE_OPEN] != 0;
    return status;
}

static arq_status read_random(const saved *file, arq_random *random)
{
    arq_status status =
        arq_reader_values(file->reader, name_of(file->prefix, "random").text, ARQ_DTYPE_U64, 4, random->state);
    if (status == ARQ_OK && (random->state[0] | random->state[1] | random->state[2] | random->state[3]) == 0) {
        return arq_fail(file->replay->context, ARQ_E_FORMAT, "%.200s: the state of the random numbers is all 0",
                        arq_reader_path(file->reader));
    }
    return status;
}

arq_status arq_replay_prepare(arq_replay *replay, const arq_reader *reader, const char *prefix, arq_replay_state **out)
{
    *out = NULL;
    saved file = {.replay = replay, .reader = reader, .prefix = prefix};
    arq_status status = read_settings(&file);
    if (status == ARQ_OK) {
        status = read_columns(&file);
    }
    if (status == ARQ_OK) {
        status = check_slots(&file);
    }
    if (status != ARQ_OK) {
        return status;
    }
    arq_replay_state *state = arq_alloc(replay->context, 1, sizeof(*state));
    if (state == NULL) {
        return arq_fail_memory(replay->context, "a saved replay", sizeof(*state));
    }
    status = read_random(&file, &state->random);
    if (status == ARQ_OK) {
        status = take_all(&file, state);
    }
    if (status != ARQ_OK) {
        arq_replay_discard(replay, state);
        return status;
    }
    *out = state;
    return ARQ_OK;
}

void arq_replay_adopt(arq_replay *replay, arq_replay_state *state)
{
    arq_history old = replay->history;
    replay->history = state->history;
    replay->random = state->random;
    state->history = old;
    arq_replay_discard(replay, state);
}

void arq_replay_discard(arq_replay *replay, arq_replay_state *state)
{
    if (state != NULL) {
        arq_replay_slots_clear(&state->history.slots);
        arq_free(replay->context, state, 1, sizeof(*state));
    }
}

arq_status arq_replay_read(arq_replay *replay, const arq_reader *reader, const char *prefix)
{
    arq_replay_state *state;
    arq_status status = arq_replay_prepare(replay, reader, prefix, &state);
    if (status == ARQ_OK) {
        arq_replay_adopt(replay, state);
    }
    return status;
}

static arq_status check_path(const arq_replay *replay, const char *path, const char *function)
{
    if (replay == NULL || path == NULL) {
        return arq_fail(replay == NULL ? NULL : replay->context, ARQ_E_ARGUMENT, "%s: %s is NULL", function,
                        replay == NULL ? "replay" : "path");
    }
    return ARQ_OK;
}

arq_status arq_replay_save(arq_replay *replay, const char *path)
{
    arq_status status = check_path(replay, path, "arq_replay_save");
    arq_writer *writer = NULL;
    if (status == ARQ_OK) {
        status = arq_writer_create(replay->context, &writer);
    }
    if (status == ARQ_OK) {
        status = arq_writer_text(writer, "kind", "replay");
    }
    if (status == ARQ_OK) {
        status = arq_replay_write(replay, writer, "");
    }
    if (status == ARQ_OK) {
        status = arq_writer_commit(writer, path);
    }
    arq_writer_destroy(writer);
    return status;
}

arq_status arq_replay_load(arq_replay *replay, const char *path)
{
    arq_status status = check_path(replay, path, "arq_replay_load");
    arq_reader *reader = NULL;
    if (status == ARQ_OK) {
        status = arq_reader_open(replay->context, path, &reader);
    }
    if (status == ARQ_OK) {
        status = arq_reader_kind(reader, "replay");
    }
    if (status == ARQ_OK) {
        status = arq_replay_read(replay, reader, "");
    }
    arq_reader_close(reader);
    return status;
}
