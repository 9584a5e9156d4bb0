/*
 * Episodes on slots: what is stored, what of it can be drawn.
 *
 * Each instance has a lane of its own, so that an episode lies in one piece however the instances take turns. An
 * episode of n transitions takes n + 1 slots, the last one without a transition. Positions of one episode follow each
 * other. A transition can be drawn when the `age` observations before it are stored: age counts back to its episode's
 * beginning or fills the window, whichever is less.
 */
#ifndef ARQ_REPLAY_HISTORY_H
#define ARQ_REPLAY_HISTORY_H

#include "arq/replay.h"
#include "core/random.h"
#include "replay/segment_shelf.h"
#include "replay/slots.h"

typedef struct arq_lane {
    arq_replay_slots slots;
    uint64_t transitions;
    uint64_t eligible; /* transitions that can be drawn; the others are the oldest ones */
    uint64_t reach;    /* slots of this lane and of those before it that a draw may meet, where measured */
    int open;          /* whether the newest slot awaits its transition */
} arq_lane;

typedef struct arq_history {
    arq_segments segments; /* of all lanes */
    arq_segments order_segments;
    arq_replay_slots order; /* the lane of every stored transition, the oldest first; nothing where there is one lane */
    uint64_t transitions;   /* of all lanes */
    uint64_t eligible;
    uint64_t capacity; /* most transitions */
    uint32_t window;   /* observations, the newest included */
    int measured;      /* nothing has changed since arq_history_measure */
    uint32_t lanes;
    arq_segment_shelf *shelf;     /* what a checkpoint's folder has of it, or NULL */
    arq_segment_shelf *planned;   /* what it will have when the newest copy is written, or NULL */
    uint64_t segment_transitions; /* of a segment that is written */
    arq_lane lane[];
} arq_history;

struct arq_replay {
    arq_context *context;
    int32_t kind;
    uint32_t observation_size;
    arq_history *history;
    arq_random random;
};

/* An empty one. */
arq_status arq_history_create(arq_context *context, size_t observation_bytes, uint64_t capacity, uint32_t window,
                              uint32_t lanes, arq_history **out);
void arq_history_destroy(arq_history *history);

/* What replay.h says of arq_replay_reserve, _open_episode and _store. */
arq_status arq_history_reserve(arq_history *history, uint32_t instance);
arq_status arq_history_open_episode(arq_history *history, uint32_t instance, const void *observation);
arq_status arq_history_store(arq_history *history, uint32_t instance, int32_t action, float reward,
                             const void *next_observation, int32_t terminated, int32_t truncated);

/* Finds the reach of every lane. */
void arq_history_measure(arq_history *history);

static inline size_t arq_history_observation_bytes(const arq_history *history)
{
    return history->segments.bytes[ARQ_COLUMN_OBSERVATION];
}

/* Whether the slot is stored as the first of its episode. */
static inline int arq_history_begins(const arq_replay_slots *slots, uint64_t position)
{
    return position == slots->first || (*arq_replay_slots_flags(slots, position - 1) & ARQ_SLOT_TRANSITION) == 0;
}

/* Whether everything that a window ending here needs is stored; the slot must have a transition. */
static inline int arq_history_reaches(const arq_replay_slots *slots, uint64_t position)
{
    return position - slots->first >= *arq_replay_slots_age(slots, position);
}

#endif
