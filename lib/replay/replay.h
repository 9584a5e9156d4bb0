/*
 * What the floors above need of a replay besides its public functions: not to check twice, and to be part of their
 * files.
 */
#ifndef ARQ_REPLAY_REPLAY_H
#define ARQ_REPLAY_REPLAY_H

#include "arq/replay.h"
#include "io/safetensors.h"

/* As arq_replay_begin and arq_replay_add, for a caller that has checked everything. */
arq_status arq_replay_open_episode(arq_replay *replay, const void *observation);
arq_status arq_replay_store(arq_replay *replay, int32_t action, float reward, const void *next_observation,
                            int32_t terminated, int32_t truncated);

/* Adds the buffer's tensors and texts, each name with the prefix. Data is borrowed until the writer commits. */
arq_status arq_replay_write(arq_replay *replay, arq_writer *writer, const char *prefix);

/* Reads into a fresh set of segments; the buffer takes them over only when everything is right. */
arq_status arq_replay_read(arq_replay *replay, const arq_reader *reader, const char *prefix);

/* Two steps for a caller that reads several parts and must change all or none. */
typedef struct arq_replay_state arq_replay_state;
arq_status arq_replay_prepare(arq_replay *replay, const arq_reader *reader, const char *prefix, arq_replay_state **out);
void arq_replay_adopt(arq_replay *replay, arq_replay_state *state); /* never fails; uses up the state */
void arq_replay_discard(arq_replay *replay, arq_replay_state *state);

#endif
