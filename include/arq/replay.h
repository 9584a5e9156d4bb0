/**
 * @file replay.h
 * @brief Experience replay: whole trajectories in one copy, sampled as windows of consecutive observations.
 *
 * Every observation is stored once, in its own kind (bits stay bits), in segments that are allocated as
 * the buffer fills. When `capacity` transitions are stored the oldest make room. A window never crosses an
 * episode's end, and a transition whose window has lost its head to newer data is never drawn.
 * A replay needs no network: it can feed a learner of any kind. One replay is used by one thread at a time.
 */
#ifndef ARQ_REPLAY_H
#define ARQ_REPLAY_H

#include "context.h"
#include "observation.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A replay buffer. @since 0.1 */
typedef struct arq_replay arq_replay;

/**
 * @brief Makes an empty buffer.
 * @param context The context.
 * @param observation_kind One of the ARQ_OBSERVATION_ kinds.
 * @param observation_size Values of one observation.
 * @param capacity Most transitions kept, 1 .. 2^40.
 * @param window Observations of a window ending at s_t, 1 .. 1025 (the papers' context of 10 makes 11).
 * @param seed Of the sampling.
 * @param[out] out The buffer, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_replay_create(arq_context *context, int32_t observation_kind, uint32_t observation_size,
                                     uint64_t capacity, uint32_t window, uint64_t seed, arq_replay **out);

/**
 * @brief Frees a buffer.
 * @param replay NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_replay_destroy(arq_replay *replay);

/**
 * @brief Begins an episode. One that is still open is closed as truncated.
 * @param replay The buffer.
 * @param observation The first observation s_0.
 * @return #ARQ_E_NOMEM: nothing changed.
 * @since 0.1
 */
ARQ_API arq_status arq_replay_begin(arq_replay *replay, const void *observation);

/**
 * @brief Adds the transition from the newest observation.
 * @param replay The buffer.
 * @param action a_t.
 * @param reward r_t, finite.
 * @param next_observation s_{t+1}; stored also when it is final.
 * @param terminated 1: the episode ended here, no bootstrap.
 * @param truncated 1: it was cut here; else 0.
 * @return #ARQ_E_ORDER without an open episode, #ARQ_E_ARGUMENT, #ARQ_E_NOMEM: nothing changed.
 * @since 0.1
 */
ARQ_API arq_status arq_replay_add(arq_replay *replay, int32_t action, double reward, const void *next_observation,
                                  int32_t terminated, int32_t truncated);

/**
 * @brief Transitions stored.
 * @param replay The buffer.
 * @return Transitions; 0 for NULL.
 * @since 0.1
 */
ARQ_API uint64_t arq_replay_size(const arq_replay *replay);

/**
 * @brief Transitions that can be drawn.
 * @param replay The buffer.
 * @return Transitions; 0 for NULL.
 * @since 0.1
 */
ARQ_API uint64_t arq_replay_eligible(const arq_replay *replay);

/**
 * @brief Draws transitions uniformly.
 * @param replay The buffer.
 * @param batch How many, at least 1.
 * @param distinct 0: with replacement; 1: each at most once.
 * @param[out] observations [batch, window + 1] observations: the window ending at s_t, then s_{t+1}. Where the episode
 *   is younger than the window its first observation fills the head.
 * @param[out] lengths [batch] observations of the window that are not such filling, 1 .. window.
 * @param[out] actions [batch].
 * @param[out] rewards [batch].
 * @param[out] terminated [batch] 1 where no bootstrap follows.
 * @return #ARQ_E_ORDER when fewer than `batch` can be drawn (the text has both), #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_replay_sample(arq_replay *replay, uint32_t batch, int32_t distinct, void *observations,
                                     int32_t *lengths, int32_t *actions, float *rewards, uint8_t *terminated);

/**
 * @brief Saves everything, sampling state included, as safetensors; all or nothing.
 * @param replay The buffer.
 * @param path The file.
 * @return #ARQ_E_IO: an older file of that name is untouched; #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_replay_save(arq_replay *replay, const char *path);

/**
 * @brief Takes over a saved buffer of the same kind, size and window; its capacity is at most this one's.
 * @param replay The buffer; unchanged on failure.
 * @param path The file.
 * @return #ARQ_E_IO, #ARQ_E_FORMAT, #ARQ_E_SHAPE, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_replay_load(arq_replay *replay, const char *path);

#ifdef __cplusplus
}
#endif

#endif
