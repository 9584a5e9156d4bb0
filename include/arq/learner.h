/**
 * @file learner.h
 * @brief Lets a network learn from the caller's own batches: target network, optimiser, one update a call.
 *
 * Cells and feature layers learn from errors of their own; only the kind `dqn` sends gradients from layer to layer. The
 * rules with their sources are in docs/methods.md. One learner is used by one thread at a time.
 */
#ifndef ARQ_LEARNER_H
#define ARQ_LEARNER_H

#include "network.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Target network, optimiser state and working memory of one network that learns. @since 0.1 */
typedef struct arq_learner arq_learner;

/**
 * @brief Makes a learner; the target network begins as a copy.
 * @param network What learns; must outlive the learner. One network has at most one learner.
 * @param config Used: the parameters of the learning rule and `batch`, the largest batch of an update.
 * @param[out] out The learner, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_BUSY when the network has one, #ARQ_E_UNSUPPORTED, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_learner_create(arq_network *network, const arq_config *config, arq_learner **out);

/**
 * @brief Frees a learner; the network stays.
 * @param learner NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_learner_destroy(arq_learner *learner);

/**
 * @brief Observations of the window ending at s_t that an update wants: 1 for a network without contexts.
 * @param learner The learner.
 * @return Observations, at least 1; 0 for NULL.
 * @since 0.1
 */
ARQ_API uint32_t arq_learner_window(const arq_learner *learner);

/**
 * @brief One update of every cell from its own temporal-difference error (ARQ, arXiv 2510.06649; AD, arXiv 2411.03604),
 * or by the rule of the network's kind.
 *
 * The target is r + gamma Q_target(s', a*), where a* is greedy by the online weights (double Q, van Hasselt 2016;
 * parameter double_q) or by the target's. Never moves the target network: call arq_learner_sync() every so often
 * (parameter target_period counts environment steps).
 *
 * The arrays are those of arq_replay_sample(): windows end at s_t, and where lengths[i] is less than the window the
 * entries before are filled with the episode's first observation.
 * @param learner The learner.
 * @param batch 1 .. the config's batch.
 * @param observations [batch, window + 1] observations.
 * @param lengths [batch] 1 .. window; NULL: all full.
 * @param actions [batch].
 * @param rewards [batch], finite.
 * @param terminated [batch].
 * @return #ARQ_E_SHAPE for a batch too large, #ARQ_E_ARGUMENT for a value out of range or not finite, #ARQ_E_BUSY while
 *   somebody acts on the network, #ARQ_E_DIVERGED naming the cell: no weight has changed.
 * @since 0.1
 */
ARQ_API arq_status arq_learner_update(arq_learner *learner, uint32_t batch, const void *observations,
                                      const int32_t *lengths, const int32_t *actions, const float *rewards,
                                      const uint8_t *terminated);

/**
 * @brief Moves the target network: target = (1 - tau) target + tau online (parameter tau).
 * @param learner The learner.
 * @return #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_learner_sync(arq_learner *learner);

/**
 * @brief A number about the last update.
 * @param learner The learner.
 * @param name "loss", "q", "target_q", "td_error", "spread", "gradient_norm", "dead", "zero", "collapsed", "skipped",
 * "return_error", "explained_variance", "unreachable" (what each is: arq_metric_name()); or "updates".
 * @param cell Which cell, from 0; for numbers of the whole network any.
 * @param[out] value The number; NAN before the first update.
 * @return #ARQ_E_NOT_FOUND (the text lists the names), #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_learner_metric(const arq_learner *learner, const char *name, uint32_t cell, double *value);

/**
 * @brief Saves target network, optimiser and counters (not the online weights) as safetensors; all or nothing.
 * @param learner The learner.
 * @param path The file.
 * @return #ARQ_E_IO: an older file of that name is untouched; #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_learner_save(const arq_learner *learner, const char *path);

/**
 * @brief Takes over a saved learner of such a network as this one's.
 * @param learner The learner; unchanged on failure.
 * @param path The file.
 * @return #ARQ_E_IO, #ARQ_E_FORMAT, #ARQ_E_SHAPE (the text has both shapes, or a parameter's two values), #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_learner_load(arq_learner *learner, const char *path);

#ifdef __cplusplus
}
#endif

#endif
