/*
 * The memory of a replay: a queue of slots in segments that are allocated as it grows and used again
 * as it moves on. A slot holds one observation and, where one follows, the transition that leaves it.
 */
#ifndef ARQ_REPLAY_SLOTS_H
#define ARQ_REPLAY_SLOTS_H

#include "core/context.h"

/* Each an array of its own within a segment, so that nothing is padded. */
typedef enum arq_column {
    ARQ_COLUMN_OBSERVATION,
    ARQ_COLUMN_ACTION, /* int32_t */
    ARQ_COLUMN_REWARD, /* float */
    ARQ_COLUMN_AGE,    /* uint16_t: observations of the episode before this one, at most window - 1 */
    ARQ_COLUMN_FLAGS,  /* uint8_t */
    ARQ_COLUMN_COUNT
} arq_column;

enum {
    ARQ_SLOT_TRANSITION =
        1, /* one leaves this observation; without it the observation is an episode's last or newest */
    ARQ_SLOT_TERMINATED = 2, /* how that transition ended the episode */
    ARQ_SLOT_TRUNCATED = 4,
    ARQ_SLOT_DRAWN = 8 /* only during a draw */
};

typedef struct arq_replay_slots {
    arq_context *context;
    size_t bytes[ARQ_COLUMN_COUNT];  /* of one slot */
    size_t offset[ARQ_COLUMN_COUNT]; /* of the array within a segment */
    size_t segment_bytes;
    unsigned shift;        /* a segment has 2^shift slots */
    unsigned char **table; /* [table_size], a ring: segment i is at i mod table_size */
    size_t table_size;     /* a power of two */
    unsigned char *spare;  /* segments out of use, each beginning with a pointer to the next */
    uint64_t first;        /* position of the oldest slot; positions only grow */
    uint64_t end;          /* behind the newest */
} arq_replay_slots;

/* An empty queue; allocates nothing yet. */
arq_status arq_replay_slots_create(arq_context *context, size_t observation_bytes, arq_replay_slots *slots);
void arq_replay_slots_clear(arq_replay_slots *slots);

/* Adds a slot with everything 0 but its observation, which is whatever was there before. ARQ_E_NOMEM: unchanged. */
arq_status arq_replay_slots_push(arq_replay_slots *slots);

/* Removes the oldest. */
void arq_replay_slots_pop(arq_replay_slots *slots);

/* How many slots from this position on lie in one piece. */
static inline size_t arq_replay_slots_run(const arq_replay_slots *slots, uint64_t position)
{
    size_t segment_slots = (size_t)1 << slots->shift;
    return segment_slots - (size_t)(position & (segment_slots - 1));
}

static inline void *arq_replay_slots_at(const arq_replay_slots *slots, arq_column column, uint64_t position)
{
    unsigned char *segment = slots->table[(size_t)(position >> slots->shift) & (slots->table_size - 1)];
    size_t index = (size_t)position & (((size_t)1 << slots->shift) - 1);
    return segment + slots->offset[column] + index * slots->bytes[column];
}

static inline uint8_t *arq_replay_slots_flags(const arq_replay_slots *slots, uint64_t position)
{
    return arq_replay_slots_at(slots, ARQ_COLUMN_FLAGS, position);
}

static inline uint16_t *arq_replay_slots_age(const arq_replay_slots *slots, uint64_t position)
{
    return arq_replay_slots_at(slots, ARQ_COLUMN_AGE, position);
}

#endif
