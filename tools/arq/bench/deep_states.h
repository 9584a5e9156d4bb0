/* States from deep inside an episode, where games are at their hardest and random play does not come by itself. */
#ifndef ARQ_TOOL_DEEP_STATES_H
#define ARQ_TOOL_DEEP_STATES_H

#include "arq/environment.h"

#define DEEP_STATES 64

typedef struct deep_states {
    unsigned char *bytes; /* [DEEP_STATES, size]; the last `count` that were passed, in a ring */
    size_t size;
    uint32_t count, newest;
    uint64_t step[DEEP_STATES]; /* at which step of the episode each was saved */
} deep_states;

/* Plays `env` at random to the given step of an episode. Where the episode ends before, it goes back to an earlier
 * state and tries other actions. Returns 1, or 0 when the environment cannot save its state or does not get there. */
int deep_states_find(deep_states *self, arq_env *env, uint64_t step);

/* State `index`, modulo how many there are. */
const void *deep_states_at(const deep_states *self, uint32_t index);

void deep_states_free(deep_states *self);

#endif
