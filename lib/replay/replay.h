/*
 * What the floors above need of a replay besides its public functions: not to check twice, and to be part of their
 * files.
 */
#ifndef ARQ_REPLAY_REPLAY_H
#define ARQ_REPLAY_REPLAY_H

#include "arq/replay.h"
#include "io/saved.h"

/* As arq_replay_create, for so many instances: `capacity` and draws are of all together. Public calls that begin and
 * add are for one instance. */
arq_status arq_replay_make(arq_context *context, int32_t observation_kind, uint32_t observation_size, uint64_t capacity,
                           uint32_t window, uint64_t seed, uint32_t instances, arq_replay **out);

/* Room for one begin or transition of this instance, beside one of every other: what has room cannot fail. */
arq_status arq_replay_reserve(arq_replay *replay, uint32_t instance);

/* As arq_replay_begin and arq_replay_add, for a caller that has checked everything. */
arq_status arq_replay_open_episode(arq_replay *replay, uint32_t instance, const void *observation);
arq_status arq_replay_store(arq_replay *replay, uint32_t instance, int32_t action, float reward,
                            const void *next_observation, int32_t terminated, int32_t truncated);

/* A replay while it is saved or loaded. */
typedef struct arq_saved_replay {
    arq_replay *replay;
    uint32_t actions;   /* a stored action is less than this; 0: any */
    int left_out;       /* its transitions are not in the file: it begins empty */
    const char *folder; /* of a checkpoint: older transitions lie there in segments; NULL: one file has all */
    struct arq_segment_copy *copy; /* saving to a folder: the caller's, for replay/segment_files.h */
    struct arq_history *history;   /* checked and not yet taken; then what was there before */
} arq_saved_replay;

arq_part arq_replay_part(arq_saved_replay *saved, const char *prefix);

/* Begins an episode in what was checked, where the transitions were left out. */
arq_status arq_saved_replay_open_episode(arq_saved_replay *saved, uint32_t instance, const void *observation);

/* Whether an episode of the instance is open in what was checked. */
int arq_saved_replay_is_open(const arq_saved_replay *saved, uint32_t instance);

/* After a load, whether it took the replay or not. */
void arq_saved_replay_clear(arq_saved_replay *saved);

#endif
