/*
 * Episodes on slots: what is stored, what of it can be drawn.
 *
 * An episode of n transitions takes n + 1 slots, the last one without a transition. Positions of
 * one episode follow each other. A transition can be drawn when the `age` observations before it
 * are stored: age counts back to its episode's beginning or fills the window, whichever is less.
 */
#ifndef ARQ_REPLAY_HISTORY_H
#define ARQ_REPLAY_HISTORY_H

#include "arq/replay.h"
#include "core/random.h"
#include "replay/slots.h"

typedef struct arq_history {
    arq_replay_slots slots;
    uint64_t transitions;
    uint64_t eligible; /* transitions that can be drawn; the others are the oldest ones */
    int open;          /* whether the newest slot awaits its transition */
} arq_history;

struct arq_replay {
    arq_context *context;
    int32_t kind;
    uint32_t observation_size;
    uint64_t capacity;
    uint32_t window;
    arq_history history;
    arq_random random;
};

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
