#include "replay/slots.h"

#include <string.h>

/* A segment is about this large, and has at most this many slots. */
#define SEGMENT_BYTES ((size_t)1 << 20)
#define SEGMENT_SHIFT_MOST 12u

/* Places the arrays of a segment one behind the other; returns 0 when its size overflows. */
static int lay_out(arq_replay_slots *slots)
{
    size_t end = 0;
    for (int column = 0; column < ARQ_COLUMN_COUNT; column++) {
        size_t bytes;
        slots->offset[column] = end;
        if (!arq_multiply_sizes(slots->bytes[column], (size_t)1 << slots->shift, &bytes) ||
            __builtin_add_overflow(bytes, ARQ_ALIGNMENT - 1, &bytes) ||
            __builtin_add_overflow(end, bytes / ARQ_ALIGNMENT * ARQ_ALIGNMENT, &end)) {
            return 0;
        }
    }
    slots->segment_bytes = end;
    return 1;
}

arq_status arq_replay_slots_create(arq_context *context, size_t observation_bytes, arq_replay_slots *slots)
{
    *slots = (arq_replay_slots){.context = context, .shift = SEGMENT_SHIFT_MOST};
    slots->bytes[ARQ_COLUMN_OBSERVATION] = observation_bytes;
    slots->bytes[ARQ_COLUMN_ACTION] = sizeof(int32_t);
    slots->bytes[ARQ_COLUMN_REWARD] = sizeof(float);
    slots->bytes[ARQ_COLUMN_AGE] = sizeof(uint16_t);
    slots->bytes[ARQ_COLUMN_FLAGS] = sizeof(uint8_t);
    while (slots->shift > 0 && observation_bytes > SEGMENT_BYTES >> slots->shift) {
        slots->shift--;
    }
    if (!lay_out(slots)) {
        return arq_fail_memory(context, "replay observations", observation_bytes);
    }
    return ARQ_OK;
}

static void free_segment(arq_replay_slots *slots, unsigned char *segment)
{
    arq_free(slots->context, segment, slots->segment_bytes, 1);
}

static unsigned char *take_spare(arq_replay_slots *slots)
{
    unsigned char *segment = slots->spare;
    if (segment != NULL) {
        memcpy(&slots->spare, segment, sizeof(slots->spare));
    }
    return segment;
}

static void keep_spare(arq_replay_slots *slots, unsigned char *segment)
{
    memcpy(segment, &slots->spare, sizeof(slots->spare));
    slots->spare = segment;
}

void arq_replay_slots_clear(arq_replay_slots *slots)
{
    for (size_t i = 0; i < slots->table_size; i++) {
        if (slots->table[i] != NULL) {
            free_segment(slots, slots->table[i]);
        }
    }
    for (unsigned char *segment = take_spare(slots); segment != NULL; segment = take_spare(slots)) {
        free_segment(slots, segment);
    }
    arq_free(slots->context, slots->table, slots->table_size, sizeof(*slots->table));
    slots->table = NULL;
    slots->table_size = 0;
    slots->first = slots->end = 0;
}

static arq_status widen_table(arq_replay_slots *slots)
{
    size_t size = slots->table_size == 0 ? 16 : slots->table_size * 2;
    unsigned char **table = arq_alloc(slots->context, size, sizeof(*table));
    if (table == NULL) {
        return arq_fail_memory(slots->context, "the table of replay segments", size * sizeof(*table));
    }
    uint64_t segment = slots->first >> slots->shift;
    for (size_t i = 0; i < slots->table_size; i++, segment++) {
        table[(size_t)segment & (size - 1)] = slots->table[(size_t)segment & (slots->table_size - 1)];
    }
    arq_free(slots->context, slots->table, slots->table_size, sizeof(*slots->table));
    slots->table = table;
    slots->table_size = size;
    return ARQ_OK;
}

/* The segment of the next position, which begins there. */
static arq_status add_segment(arq_replay_slots *slots)
{
    uint64_t index = slots->end >> slots->shift;
    if (index - (slots->first >> slots->shift) >= slots->table_size) {
        arq_status status = widen_table(slots);
        if (status != ARQ_OK) {
            return status;
        }
    }
    unsigned char *segment = take_spare(slots);
    if (segment == NULL) {
        segment = arq_alloc(slots->context, slots->segment_bytes, 1);
    }
    if (segment == NULL) {
        return arq_fail_memory(slots->context, "a replay segment", slots->segment_bytes);
    }
    slots->table[(size_t)index & (slots->table_size - 1)] = segment;
    return ARQ_OK;
}

arq_status arq_replay_slots_push(arq_replay_slots *slots)
{
    if (arq_replay_slots_run(slots, slots->end) == (size_t)1 << slots->shift) {
        arq_status status = add_segment(slots);
        if (status != ARQ_OK) {
            return status;
        }
    }
    for (int column = ARQ_COLUMN_ACTION; column < ARQ_COLUMN_COUNT; column++) {
        memset(arq_replay_slots_at(slots, (arq_column)column, slots->end), 0, slots->bytes[column]);
    }
    slots->end++;
    return ARQ_OK;
}

void arq_replay_slots_pop(arq_replay_slots *slots)
{
    size_t place = (size_t)(slots->first >> slots->shift) & (slots->table_size - 1);
    slots->first++;
    if (arq_replay_slots_run(slots, slots->first) == (size_t)1 << slots->shift) {
        keep_spare(slots, slots->table[place]);
        slots->table[place] = NULL;
    }
}
