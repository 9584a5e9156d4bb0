/*
 * The memory of a replay: queues of slots in segments that are allocated as they grow and used again
 * as they move on. A slot holds one observation and, where one follows, the transition that leaves it.
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
    ARQ_COLUMN_LANE,   /* int32_t: of the queue that keeps the order of several lanes, its only column */
    ARQ_COLUMN_COUNT
} arq_column;

enum {
    ARQ_SLOT_TRANSITION =
        1, /* one leaves this observation; without it the observation is an episode's last or newest */
    ARQ_SLOT_TERMINATED = 2, /* how that transition ended the episode */
    ARQ_SLOT_TRUNCATED = 4,
    ARQ_SLOT_DRAWN = 8 /* only during a draw */
};

/* What queues share: how a segment is laid out, and those out of use, which any of the queues takes. */
typedef struct arq_segments {
    arq_context *context;
    size_t bytes[ARQ_COLUMN_COUNT];  /* of one slot; 0: no such column */
    size_t offset[ARQ_COLUMN_COUNT]; /* of the array within a segment */
    size_t segment_bytes;
    unsigned shift;       /* a segment has 2^shift slots */
    unsigned char *spare; /* each beginning with a pointer to the next */
} arq_segments;

typedef struct arq_replay_slots {
    arq_segments *segments;
    unsigned char **table; /* [table_size], a ring: segment i is at i mod table_size */
    size_t table_size;     /* a power of two */
    uint64_t first;        /* position of the oldest slot; positions only grow */
    uint64_t end;          /* behind the newest */
} arq_replay_slots;

/* For trajectories in so many queues: segments are the smaller the more there are. Allocates nothing yet. */
arq_status arq_segments_for_lanes(arq_context *context, size_t observation_bytes, uint32_t lanes,
                                  arq_segments *segments);
/* For the order of several lanes. */
void arq_segments_for_order(arq_context *context, arq_segments *segments);
void arq_segments_clear(arq_segments *segments);

void arq_replay_slots_clear(arq_replay_slots *slots);

/* Room for so many pushes. ARQ_E_NOMEM: the queue is as it was. */
arq_status arq_replay_slots_reserve(arq_replay_slots *slots, uint64_t count);

/* Adds a slot, for which there is room, with everything 0 except its observation, which is whatever was there before.
 */
void arq_replay_slots_push(arq_replay_slots *slots);

/* Removes the oldest. */
void arq_replay_slots_pop(arq_replay_slots *slots);

/* How many slots from this position on lie in one piece. */
static inline size_t arq_replay_slots_run(const arq_replay_slots *slots, uint64_t position)
{
    size_t segment_slots = (size_t)1 << slots->segments->shift;
    return segment_slots - (size_t)(position & (segment_slots - 1));
}

static inline void *arq_replay_slots_at(const arq_replay_slots *slots, arq_column column, uint64_t position)
{
    const arq_segments *segments = slots->segments;
    unsigned char *segment = slots->table[(size_t)(position >> segments->shift) & (slots->table_size - 1)];
    size_t index = (size_t)position & (((size_t)1 << segments->shift) - 1);
    return segment + segments->offset[column] + index * segments->bytes[column];
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
