#include "replay/columns.h"

#include "arq/environment.h"
#include "env/observation.h"

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

/* The queues that a column is of, and what of them is written. */
typedef struct written_column {
    arq_column column;
    uint32_t queues;
    const arq_slot_span *spans; /* [queues] */
} written_column;

static const arq_replay_slots *queue_at(const arq_history *history, arq_column column, uint32_t index)
{
    return column == ARQ_COLUMN_LANE ? &history->order : &history->lane[index].slots;
}

/* The pieces that the slots have in memory; returns their number. */
static size_t find_chunks(const arq_history *history, const written_column *written, arq_chunk *chunks)
{
    size_t used = 0;
    for (uint32_t i = 0; i < written->queues; i++) {
        const arq_replay_slots *slots = queue_at(history, written->column, i);
        const arq_slot_span span = written->spans[i];
        for (uint64_t position = span.from, run; position < span.to; position += run) {
            run = arq_replay_slots_run(slots, position);
            run = run < span.to - position ? run : span.to - position;
            chunks[used++] = (arq_chunk){arq_replay_slots_at(slots, written->column, position),
                                         (size_t)run * slots->segments->bytes[written->column]};
        }
    }
    return used;
}

static void write_column(arq_record *record, const arq_replay *replay, const written_column *written)
{
    const arq_history *history = replay->history;
    uint64_t count = 0;
    size_t room = 0;
    for (uint32_t i = 0; i < written->queues; i++) {
        uint64_t slots = written->spans[i].to - written->spans[i].from;
        count += slots;
        room += (size_t)(slots >> queue_at(history, written->column, i)->segments->shift) + 2;
    }
    uint64_t shape[2];
    uint32_t rank;
    arq_dtype dtype = describe_column(replay, written->column, count, &rank, shape);
    arq_chunk *chunks = arq_alloc(record->context, room, sizeof(*chunks));
    if (chunks == NULL) {
        record->status = arq_fail_memory(record->context, "saving a replay", room * sizeof(*chunks));
        return;
    }
    size_t used = find_chunks(history, written, chunks);
    record->status = arq_writer_chunks(record->writer, arq_record_name(record, column_names[written->column]).text,
                                       dtype, rank, shape, chunks, used);
    arq_free(record->context, chunks, room, sizeof(*chunks));
}

void arq_columns_write(arq_record *record, const arq_replay *replay, const arq_slot_span *lanes, arq_slot_span order)
{
    uint32_t count = replay->history->lanes;
    for (int column = 0; column < ARQ_COLUMN_COUNT && record->status == ARQ_OK; column++) {
        if (is_kept(column)) {
            write_column(record, replay, &(written_column){(arq_column)column, count, lanes});
        } else if (column == ARQ_COLUMN_LANE && count > 1) {
            write_column(record, replay, &(written_column){ARQ_COLUMN_LANE, 1, &order});
        }
    }
}

/* ---- Finding ---- */

static void broken(arq_record *record, const char *what, uint64_t slot)
{
    arq_record_refuse(record, ARQ_E_FORMAT, "the replay \"%.40s\" is broken at slot %" PRIu64 ": %s", record->prefix,
                      slot, what);
}

static void find_column(arq_record *record, arq_columns *columns, arq_column column, uint64_t slots)
{
    uint64_t shape[2];
    uint32_t rank;
    const arq_tensor *tensor;
    arq_dtype dtype = describe_column(columns->replay, column, slots, &rank, shape);
    record->status = arq_reader_need(record->reader, arq_record_name(record, column_names[column]).text, dtype, rank,
                                     shape, &tensor);
    if (record->status == ARQ_OK) {
        columns->place[column] = tensor->data;
    }
}

static void find_columns(arq_record *record, arq_columns *columns)
{
    uint64_t slots = 0;
    for (uint32_t i = 0; i < columns->replay->history->lanes; i++) {
        /* Not even the sum of all lanes can be too large for 64 bits. */
        slots += columns->lanes[i].slots;
        if (slots > (uint64_t)ARQ_COUNT_MOST) {
            broken(record, "more slots than any file has", slots);
            return;
        }
    }
    for (int column = 0; column < ARQ_COLUMN_COUNT && record->status == ARQ_OK; column++) {
        if (is_kept(column)) {
            find_column(record, columns, (arq_column)column, slots);
        }
    }
}

/* ---- Checking ---- */

/* The slots of one lane in a file. */
typedef struct lane_slots {
    const arq_columns *columns;
    arq_lane *lane; /* what came before */
    const arq_saved_lane *saved;
    uint64_t before; /* slots of other lanes before these in the file */
    const uint8_t *flags;
    uint8_t earlier_flags; /* of the slot that came before; 0: none is kept */
} lane_slots;

static const void *value_at(const lane_slots *slots, arq_column column, uint64_t slot)
{
    size_t bytes = slots->columns->replay->history->segments.bytes[column];
    return slots->columns->place[column] + (slots->before + slot) * bytes;
}

static int is_empty(const arq_lane *lane)
{
    return lane->slots.end == lane->slots.first;
}

/* The first lane, or the one behind `slots`. */
static lane_slots lane_at(const arq_columns *columns, arq_history *history, uint32_t index, const lane_slots *slots)
{
    lane_slots next = {.columns = columns, .lane = &history->lane[index], .saved = &columns->lanes[index]};
    next.before = index == 0 ? 0 : slots->before + slots->saved->slots;
    next.flags = value_at(&next, ARQ_COLUMN_FLAGS, 0);
    if (!is_empty(next.lane)) {
        next.earlier_flags = *arq_replay_slots_flags(&next.lane->slots, next.lane->slots.end - 1);
    }
    return next;
}

/* Whether a slot may stand where it does, given the one before: episodes have a transition or are the newest, end with
 * a transition that says so, and then a last observation. */
static const char *check_order(const lane_slots *slots, uint64_t slot)
{
    const uint8_t ended = ARQ_SLOT_TERMINATED | ARQ_SLOT_TRUNCATED;
    const arq_columns *columns = slots->columns;
    uint8_t flags = slots->flags[slot];
    uint8_t before = slot == 0 ? slots->earlier_flags : slots->flags[slot - 1];
    int last = slot + 1 == slots->saved->slots;
    if ((flags & ~(ARQ_SLOT_TRANSITION | ended)) != 0 || ((flags & ended) != 0 && (flags & ARQ_SLOT_TRANSITION) == 0)) {
        return "unknown flags";
    }
    if ((flags & ARQ_SLOT_TRANSITION) != 0) {
        return last && !columns->has_later ? "a transition without its next observation"
               : (before & ended) != 0     ? "a transition behind the end of its episode"
                                           : NULL;
    }
    if (last && columns->has_later) {
        return "a segment that does not end with a transition";
    }
    if (last && slots->saved->open) {
        return (before & ended) != 0 ? "an open episode that has ended" : NULL;
    }
    /* An earlier file may have lost this episode, or have been written before it was cut. */
    if (slot == 0 && !last && columns->has_earlier) {
        return NULL;
    }
    return (before & ended) == 0 ? "an episode without an end" : NULL;
}

static int32_t action_at(const lane_slots *slots, uint64_t slot)
{
    int32_t action;
    memcpy(&action, value_at(slots, ARQ_COLUMN_ACTION, slot), sizeof(action));
    return action;
}

/* What a slot holds besides its place among others. */
static const char *check_content(const lane_slots *slots, uint64_t slot)
{
    const arq_replay *replay = slots->columns->replay;
    float reward;
    memcpy(&reward, value_at(slots, ARQ_COLUMN_REWARD, slot), sizeof(reward));
    if (!isfinite(reward)) {
        return "a reward that is not finite";
    }
    if ((slots->flags[slot] & ARQ_SLOT_TRANSITION) == 0 &&
        (action_at(slots, slot) != 0 || reward != 0 || signbit(reward))) {
        return "an action or reward without a transition";
    }
    if (!arq_observation_is_allowed(replay->kind, replay->observation_size,
                                    value_at(slots, ARQ_COLUMN_OBSERVATION, slot))) {
        return "an observation with a value that is not allowed";
    }
    return NULL;
}

/* Returns how many transitions there are. */
static uint64_t check_lane(arq_record *record, const lane_slots *slots)
{
    uint32_t actions = slots->columns->actions;
    uint64_t count = slots->saved->slots;
    uint64_t transitions = 0;
    for (uint64_t slot = 0; slot < count; slot++) {
        const char *problem = check_order(slots, slot);
        problem = problem != NULL ? problem : check_content(slots, slot);
        if (problem != NULL) {
            broken(record, problem, slots->before + slot);
            return 0;
        }
        int32_t action = action_at(slots, slot);
        if (actions > 0 && (action < 0 || (uint32_t)action >= actions)) {
            arq_record_refuse(record, ARQ_E_FORMAT,
                              "value %" PRIu64 " of '%sactions' is %" PRId32 "; accepted: 0 .. %" PRIu32,
                              slots->before + slot, record->prefix, action, actions - 1);
            return 0;
        }
        transitions += slots->flags[slot] & ARQ_SLOT_TRANSITION;
    }
    if (count == 0 && !slots->columns->has_later && (slots->saved->open || !is_empty(slots->lane))) {
        broken(record,
               slots->saved->open ? "an open episode without an observation"
                                  : "a transition without its next observation",
               slots->before);
    }
    return transitions;
}

static void check_lanes(arq_record *record, arq_columns *columns, arq_history *history)
{
    lane_slots slots = {.before = 0};
    for (uint32_t i = 0; i < history->lanes && record->status == ARQ_OK; i++) {
        slots = lane_at(columns, history, i, &slots);
        columns->lanes[i].left = check_lane(record, &slots);
        columns->lanes[i].skipped = 0;
        columns->transitions += columns->lanes[i].left;
    }
    if (record->status != ARQ_OK) {
        return;
    }
    if (columns->skipped > columns->transitions) {
        broken(record, "fewer transitions than are left out", slots.before + slots.saved->slots);
    } else if (columns->transitions - columns->skipped > history->capacity - history->transitions) {
        broken(record, "more transitions than the capacity", slots.before + slots.saved->slots);
    }
}

static uint32_t lane_of(const arq_columns *columns, uint64_t transition)
{
    uint32_t lane = 0;
    if (columns->replay->history->lanes > 1) {
        memcpy(&lane, columns->place[ARQ_COLUMN_LANE] + transition * sizeof(lane), sizeof(lane));
    }
    return lane;
}

/* The lanes of all transitions, from the oldest on: each comes up as often as it has transitions. */
static void check_order_of_lanes(arq_record *record, arq_columns *columns)
{
    uint32_t lanes = columns->replay->history->lanes;
    if (lanes > 1) {
        find_column(record, columns, ARQ_COLUMN_LANE, columns->transitions);
    }
    for (uint64_t i = 0; i < columns->transitions && record->status == ARQ_OK; i++) {
        uint32_t lane = lane_of(columns, i);
        if (lane >= lanes || columns->lanes[lane].left == 0) {
            arq_record_refuse(record, ARQ_E_FORMAT,
                              "value %" PRIu64 " of '%sorder' is %" PRId32 ", an instance without such a transition", i,
                              record->prefix, (int32_t)lane);
            return;
        }
        columns->lanes[lane].left--;
        columns->lanes[lane].skipped += i < columns->skipped;
    }
}

/* ---- Storing ---- */

/* Stores a checked slot behind those before it. */
static arq_status take_slot(const lane_slots *slots, uint64_t slot)
{
    arq_lane *lane = slots->lane;
    arq_replay_slots *queue = &lane->slots;
    arq_status status = arq_replay_slots_reserve(queue, 1);
    if (status != ARQ_OK) {
        return status;
    }
    arq_replay_slots_push(queue);
    uint64_t position = queue->end - 1;
    for (int column = 0; column < ARQ_COLUMN_COUNT; column++) {
        if (is_kept(column)) {
            memcpy(arq_replay_slots_at(queue, (arq_column)column, position), value_at(slots, (arq_column)column, slot),
                   queue->segments->bytes[column]);
        }
    }
    uint64_t age = position == queue->first ? slots->saved->first_age : 0;
    if (!arq_history_begins(queue, position)) {
        age = *arq_replay_slots_age(queue, position - 1) + 1u;
        age = age < slots->columns->replay->history->window ? age : age - 1;
    }
    *arq_replay_slots_age(queue, position) = (uint16_t)age;
    if ((slots->flags[slot] & ARQ_SLOT_TRANSITION) != 0) {
        lane->transitions++;
        lane->eligible += (uint64_t)arq_history_reaches(queue, position);
    }
    return ARQ_OK;
}

/* Where an earlier file ends within an episode that was cut afterwards, only its last observation here says so. */
static void end_cut_episode(const lane_slots *slots)
{
    const uint8_t ended = ARQ_SLOT_TERMINATED | ARQ_SLOT_TRUNCATED;
    int newest = slots->saved->slots == 1;
    if (!is_empty(slots->lane) && slots->saved->slots > 0 && (slots->flags[0] & ARQ_SLOT_TRANSITION) == 0 && !newest &&
        (slots->earlier_flags & ended) == 0) {
        *arq_replay_slots_flags(&slots->lane->slots, slots->lane->slots.end - 1) |= ARQ_SLOT_TRUNCATED;
    }
}

static arq_status take_lane(const lane_slots *slots, arq_history *history)
{
    const arq_saved_lane *saved = slots->saved;
    arq_lane *lane = slots->lane;
    arq_status status = ARQ_OK;
    uint64_t skipped = saved->skipped;
    history->transitions -= lane->transitions;
    history->eligible -= lane->eligible;
    end_cut_episode(slots);
    for (uint64_t slot = 0; slot < saved->slots && status == ARQ_OK; slot++) {
        int has_transition = (slots->flags[slot] & ARQ_SLOT_TRANSITION) != 0;
        int is_open = saved->open && slot + 1 == saved->slots;
        /* With an episode's last transition its last observation is lost. */
        if (skipped > 0 || (is_empty(lane) && !has_transition && !is_open)) {
            skipped -= (uint64_t)has_transition;
            continue;
        }
        status = take_slot(slots, slot);
    }
    lane->open = saved->open;
    history->transitions += lane->transitions;
    history->eligible += lane->eligible;
    return status;
}

static arq_status take_order(const arq_columns *columns, arq_history *history)
{
    arq_replay_slots *order = &history->order;
    uint64_t count = columns->transitions - columns->skipped;
    if (history->lanes == 1 || count == 0) {
        return ARQ_OK;
    }
    arq_status status = arq_replay_slots_reserve(order, count);
    for (uint64_t i = columns->skipped; i < columns->transitions && status == ARQ_OK; i++) {
        uint32_t lane = lane_of(columns, i);
        arq_replay_slots_push(order);
        memcpy(arq_replay_slots_at(order, ARQ_COLUMN_LANE, order->end - 1), &lane, sizeof(lane));
    }
    return status;
}

void arq_columns_read(arq_record *record, arq_columns *columns, arq_history *history)
{
    find_columns(record, columns);
    if (record->status != ARQ_OK) {
        return;
    }
    check_lanes(record, columns, history);
    if (record->status != ARQ_OK) {
        return;
    }
    check_order_of_lanes(record, columns);
    lane_slots slots = {.before = 0};
    for (uint32_t i = 0; i < history->lanes && record->status == ARQ_OK; i++) {
        slots = lane_at(columns, history, i, &slots);
        record->status = take_lane(&slots, history);
    }
    if (record->status == ARQ_OK) {
        record->status = take_order(columns, history);
    }
}
