/**
 * @file agent.h
 * @brief A learner for a program that owns the loop: network, replay, exploration and schedule in one.
 *
 * Deep Q-learning's loop (Mnih et al. 2015, algorithm 1) around a network of any kind. One agent is used by one thread
 * at a time.
 *
 *     arq_agent_begin(agent, observation);
 *     do {
 *         arq_agent_act(agent, &action);
 *         ... the world moves ...
 *         arq_agent_observe(agent, ARQ_ACTION_CHOSEN, reward, next_observation, terminated, truncated, &events);
 *     } while (!terminated && !truncated);
 */
#ifndef ARQ_AGENT_H
#define ARQ_AGENT_H

#include "network.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief An agent that acts, remembers and learns. @since 0.1 */
typedef struct arq_agent arq_agent;

/** @brief For arq_agent_observe(): the action arq_agent_act() gave was the one executed. @since 0.1 */
#define ARQ_ACTION_CHOSEN (-1)

/** @name What an observe did (bits)
 * @{ */
/** @brief The network made an update. @since 0.1 */
#define ARQ_EVENT_UPDATED 1u
/** @brief The target network moved. @since 0.1 */
#define ARQ_EVENT_SYNCED 2u
/** @brief The episode ended; begin comes next. @since 0.1 */
#define ARQ_EVENT_EPISODE_END 4u
/** @brief A cell's spread has collapsed (reported once a cell, also in the log). @since 0.1 */
#define ARQ_EVENT_COLLAPSED 8u
/** @brief The action was drawn at random, not greedy. @since 0.1 */
#define ARQ_EVENT_EXPLORED 16u
/** @} */

/**
 * @brief Makes an agent.
 * @param context The context.
 * @param config Every parameter but total_steps and those of evaluation; copied.
 * @param observation_kind One of the ARQ_OBSERVATION_ kinds (env.h).
 * @param observation_size Values of one observation.
 * @param actions Number of actions.
 * @param[out] out The agent, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_UNSUPPORTED, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_create(arq_context *context, const arq_config *config, int32_t observation_kind,
                                    uint32_t observation_size, uint32_t actions, arq_agent **out);

/**
 * @brief Frees an agent.
 * @param agent NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_agent_destroy(arq_agent *agent);

/**
 * @brief Begins an episode. One that is still open is closed as truncated.
 * @param agent The agent.
 * @param observation The first observation, copied.
 * @return #ARQ_E_ARGUMENT for an observation that is not finite, #ARQ_E_NOMEM: nothing changed.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_begin(arq_agent *agent, const void *observation);

/**
 * @brief Chooses the action for the newest observation, epsilon-greedily. Asking twice gives the same.
 * @param agent The agent.
 * @param[out] action 0 .. actions-1.
 * @return #ARQ_E_ORDER without an open episode.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_act(arq_agent *agent, int32_t *action);

/**
 * @brief Says what came of the action: stores the transition, learns when it is due.
 *
 * The context moves on when the executed action is the greedy one (always, with context_on_explore).
 * @param agent The agent.
 * @param action The action really executed, or #ARQ_ACTION_CHOSEN.
 * @param reward Finite.
 * @param next_observation Copied; the final one at an episode's end.
 * @param terminated 1: ended by the rules, no bootstrap. Wins over truncated.
 * @param truncated 1: cut.
 * @param[out] events ARQ_EVENT_ bits, or NULL.
 * @return #ARQ_E_ORDER without act (needed also before an action of your own), #ARQ_E_ARGUMENT, #ARQ_E_NOMEM: nothing
 *   changed; #ARQ_E_DIVERGED: the transition is stored, no weight has changed. An update that is due while another
 *   thread computes with the network waits for the next observe.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_observe(arq_agent *agent, int32_t action, double reward, const void *next_observation,
                                     int32_t terminated, int32_t truncated, uint32_t *events);

/**
 * @brief The network that learns, to read, write, save or copy between calls.
 *
 * It has its learner already. Other threads act on a copy (arq_network_copy()), not on this one.
 * @param agent The agent.
 * @return Borrowed as long as the agent; NULL for NULL.
 * @since 0.1
 */
ARQ_API arq_network *arq_agent_network(arq_agent *agent);

/**
 * @brief What the cells computed when the agent last chose an action by its network, for arq_activations_read() with
 * episode 0.
 *
 * An action drawn at random needs no network, so nothing is computed for it (unless context_on_explore is set): the
 * numbers stay those of the greedy action before, even if that was in an earlier episode. #ARQ_EVENT_EXPLORED tells
 * which kind an action was. Before the first computation arq_activations_read() is refused with #ARQ_E_ORDER.
 * @param agent The agent.
 * @return Borrowed as long as the agent; NULL for NULL.
 * @since 0.1
 */
ARQ_API const arq_activations *arq_agent_activations(const arq_agent *agent);

/**
 * @brief A number about the agent.
 * @param agent The agent.
 * @param name "steps", "episodes", "updates", "epsilon", "replay_size", or any name of arq_learner_metric().
 * @param cell As in arq_learner_metric().
 * @param[out] value The number.
 * @return #ARQ_E_NOT_FOUND (the text lists the names), #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_metric(const arq_agent *agent, const char *name, uint32_t cell, double *value);

/**
 * @brief Saves everything (network, learner, replay, random streams, counters) as safetensors; all or nothing.
 * @param agent The agent; an open episode goes on after a load.
 * @param path The file.
 * @return #ARQ_E_IO: an older file of that name is untouched; #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_save(arq_agent *agent, const char *path);

/**
 * @brief Takes over a saved agent made with the same config and sizes; it goes on bit for bit.
 * @param agent The agent; unchanged on failure.
 * @param path The file.
 * @return #ARQ_E_IO, #ARQ_E_FORMAT, #ARQ_E_SHAPE, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_load(arq_agent *agent, const char *path);

#ifdef __cplusplus
}
#endif

#endif
