#include "replay/slots.h"

#include <string.h>

/* A segment is about this large, and has at most this many slots: the first and last ones of a queue are partly empty.
 * Of many queues both are shared out, down to what is worth an allocation. */
#define SEGMENT_BYTES ((size_t)1 << 20)
#define SEGMENT_BYTES_LEAST ((size_t)1 << 14)
#define SEGMENT_SHIFT_MOST 12u
#define SEGMENT_SHIFT_LEAST 4u

/* Places the arrays of a segment one behind the other; returns 0 when its size overflows. */
static int lay_out(arq_segments *segments)
{
    size_t end = 0;
    for (int column = 0; column < ARQ_COLUMN_COUNT; column++) {
        size_t bytes;
        segments->offset[column] = end;
        if (!arq_multiply_sizes(segments->bytes[column], (size_t)1 << segments->shift, &bytes) ||
            __builtin_add_overflow(bytes, ARQ_ALIGNMENT - 1, &bytes) ||
            __builtin_add_overflow(end, bytes / ARQ_ALIGNMENT * ARQ_ALIGNMENT, &end)) {
            return 0;
        }
    }
    segments->segment_bytes = end;
    return 1;
}

arq_status arq_segments_for_lanes(arq_context *context, size_t observation_bytes, uint32_t lanes,
                                  arq_segments *segments)
{
    *segments = (arq_segments){.context = context, .shift = SEGMENT_SHIFT_MOST};
    segments->bytes[ARQ_COLUMN_OBSERVATION] = observation_bytes;
    segments->bytes[ARQ_COLUMN_ACTION] = sizeof(int32_t);
    segments->bytes[ARQ_COLUMN_REWARD] = sizeof(float);
    segments->bytes[ARQ_COLUMN_AGE] = sizeof(uint16_t);
    segments->bytes[ARQ_COLUMN_FLAGS] = sizeof(uint8_t);
    while (segments->shift > SEGMENT_SHIFT_LEAST && lanes > UINT32_C(1) << (SEGMENT_SHIFT_MOST - segments->shift)) {
        segments->shift--;
    }
    size_t share = SEGMENT_BYTES / lanes;
    share = share < SEGMENT_BYTES_LEAST ? SEGMENT_BYTES_LEAST : share;
    while (segments->shift > 0 && observation_bytes > share >> segments->shift) {
        segments->shift--;
    }
    if (!lay_out(segments)) {
        return arq_fail_memory(context, "replay observations", observation_bytes);
    }
    return ARQ_OK;
}

void arq_segments_for_order(arq_context *context, arq_segments *segments)
{
    *segments = (arq_segments){.context = context, .shift = SEGMENT_SHIFT_MOST};
    segments->bytes[ARQ_COLUMN_LANE] = sizeof(int32_t);
    lay_out(segments);
}

static void free_segment(const arq_segments *segments, unsigned char *segment)
{
    arq_free(segments->context, segment, segments->segment_bytes, 1);
}

static unsigned char *take_spare(arq_segments *segments)
{
    unsigned char *segment = segments->spare;
    if (segment != NULL) {
        memcpy(&segments->spare, segment, sizeof(segments->spare));
    }
    return segment;
}

static void keep_spare(arq_segments *segments, unsigned char *segment)
{
    memcpy(segment, &segments->spare, sizeof(segments->spare));
    segments->spare = segment;
}

void arq_segments_clear(arq_segments *segments)
{
    for (unsigned char *segment = take_spare(segments); segment != NULL; segment = take_spare(segments)) {
        free_segment(segments, segment);
    }
}

void arq_replay_slots_clear(arq_replay_slots *slots)
{
    for (size_t i = 0; i < slots->table_size; i++) {
        if (slots->table[i] != NULL) {
            free_segment(slots->segments, slots->table[i]);
        }
    }
    arq_free(slots->segments->context, slots->table, slots->table_size, sizeof(*slots->table));
    slots->table = NULL;
    slots->table_size = 0;
    slots->first = slots->end = 0;
}

static arq_status widen_table(arq_replay_slots *slots)
{
    arq_context *context = slots->segments->context;
    size_t size = slots->table_size == 0 ? 16 : slots->table_size * 2;
    unsigned char **table = arq_alloc(context, size, sizeof(*table));
    if (table == NULL) {
        return arq_fail_memory(context, "the table of replay segments", size * sizeof(*table));
    }
    uint64_t segment = slots->first >> slots->segments->shift;
    for (size_t i = 0; i < slots->table_size; i++, segment++) {
        table[(size_t)segment & (size - 1)] = slots->table[(size_t)segment & (slots->table_size - 1)];
    }
    arq_free(context, slots->table, slots->table_size, sizeof(*slots->table));
    slots->table = table;
    slots->table_size = size;
    return ARQ_OK;
}

static arq_status add_segment(arq_replay_slots *slots, uint64_t index)
{
    arq_segments *segments = slots->segments;
    while (index - (slots->first >> segments->shift) >= slots->table_size) {
        arq_status status = widen_table(slots);
        if (status != ARQ_OK) {
            return status;
        }
    }
    unsigned char **place = &slots->table[(size_t)index & (slots->table_size - 1)];
    if (*place != NULL) {
        return ARQ_OK;
    }
    *place = take_spare(segments);
    if (*place == NULL) {
        *place = arq_alloc(segments->context, segments->segment_bytes, 1);
    }
    return *place != NULL ? ARQ_OK : arq_fail_memory(segments->context, "a replay segment", segments->segment_bytes);
}

arq_status arq_replay_slots_reserve(arq_replay_slots *slots, uint64_t count)
{
    unsigned shift = slots->segments->shift;
    uint64_t last = (slots->end + count - 1) >> shift;
    arq_status status = ARQ_OK;
    for (uint64_t index = slots->end >> shift; index <= last && status == ARQ_OK; index++) {
        status = add_segment(slots, index);
    }
    return status;
}

void arq_replay_slots_push(arq_replay_slots *slots)
{
    for (int column = ARQ_COLUMN_ACTION; column < ARQ_COLUMN_COUNT; column++) {
        memset(arq_replay_slots_at(slots, (arq_column)column, slots->end), 0, slots->segments->bytes[column]);
    }
    slots->end++;
}

void arq_replay_slots_pop(arq_replay_slots *slots)
{
    unsigned shift = slots->segments->shift;
    size_t place = (size_t)(slots->first >> shift) & (slots->table_size - 1);
    slots->first++;
    if (arq_replay_slots_run(slots, slots->first) == (size_t)1 << shift) {
        keep_spare(slots->segments, slots->table[place]);
        slots->table[place] = NULL;
    }
}
