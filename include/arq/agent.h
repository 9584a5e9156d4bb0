/**
 * @file agent.h
 * @brief A learner for a program that owns the loop: network, memory, exploration and schedule in one.
 *
 * Deep Q-learning's loop (Mnih et al. 2015, algorithm 1) around a network of any kind. What it learns from is the
 * parameter `experience`: a replay and a target network, or rollouts, which need neither. One agent is used by one
 * thread at a time.
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
/** @brief The network made an update, or several. @since 0.1 */
#define ARQ_EVENT_UPDATED 1u
/** @brief The target network moved; never with rollouts. @since 0.1 */
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
 * @param config Every parameter except total_steps and those of evaluation; copied.
 * @param observation_kind One of the ARQ_OBSERVATION_ kinds (observation.h).
 * @param observation_size Values of one observation.
 * @param actions Number of actions.
 * @param[out] out The agent, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, also for a replay that cannot hold a batch, #ARQ_E_UNSUPPORTED, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_create(arq_context *context, const arq_config *config, int32_t observation_kind,
                                    uint32_t observation_size, uint32_t actions, arq_agent **out);

/**
 * @brief Frees an agent; inside a callback of one of its calls at the end of that call. Nothing happens to the agent of
 * a run, which ends with the run.
 * @param agent NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_agent_destroy(arq_agent *agent);

/**
 * @brief Begins an episode. One that is still open is closed as truncated.
 * @param agent The agent.
 * @param observation The first observation, copied.
 * @return #ARQ_E_ARGUMENT for an observation that is not finite, #ARQ_E_NOMEM; with rollouts, where a cut episode is
 *   worth what the network says of it, #ARQ_E_BUSY while another thread changes the network: nothing changed.
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
 * The context moves on when the executed action is the greedy one, with context_on_explore always. With rollouts the
 * call that fills one learns from all of it, unless minibatches_per_step cuts the work in pieces.
 * @param agent The agent.
 * @param action The action really executed, or #ARQ_ACTION_CHOSEN.
 * @param reward Finite.
 * @param next_observation Copied; the final one at an episode's end.
 * @param terminated 1: ended by the rules, no bootstrap. Wins over truncated.
 * @param truncated 1: cut.
 * @param[out] events ARQ_EVENT_ bits, or NULL.
 * @return #ARQ_E_ORDER without act (needed also before an action of your own), #ARQ_E_ARGUMENT, #ARQ_E_NOMEM: nothing
 *   changed; #ARQ_E_DIVERGED: the transition is stored, and the update that failed has changed no weight (with rollouts
 *   updates before it stay, and the rest of the rollout is dropped). An update that is due while another thread
 *   computes with the network waits for the next observe; a full rollout cannot wait longer than that: #ARQ_E_BUSY,
 *   and nothing changed.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_observe(arq_agent *agent, int32_t action, double reward, const void *next_observation,
                                     int32_t terminated, int32_t truncated, uint32_t *events);

/** @name Several episodes side by side
 *
 * An agent may learn from several instances of an environment at once: one network, an episode for each instance.
 * Arrays have an entry for every instance, and `mask` says which of them a call is for, so that instances may begin,
 * end and pause when they like. The entries of others are neither read nor written. These calls are for an agent of one
 * instance too; with several, those for one episode are refused with #ARQ_E_ORDER.
 *
 *     arq_agent_begin_many(agent, NULL, observations);                      // all N
 *     for (;;) {
 *         arq_agent_act_many(agent, NULL, actions);
 *         ... N worlds move: observations, rewards, terminated, truncated ...
 *         arq_agent_observe_many(agent, NULL, NULL, rewards, observations, terminated, truncated, &events);
 *         for (i = 0; i < N; i++)
 *             ended[i] = terminated[i] || truncated[i];
 *         ... worlds that ended begin anew: their first observations, in place of their final ones ...
 *         arq_agent_begin_many(agent, ended, observations);                 // none, when none has ended
 *     }
 *
 * Vector environments that reset an ended instance in the next step (Gymnasium's NEXT_STEP) fit as they are: the step
 * that resets is no transition, so leave that instance out of act and observe, and begin it with what the step gave.
 * Where the reset happens in the same step (SAME_STEP), observe is given the final observation and begin the other.
 * @{ */

/**
 * @brief Makes an agent that learns from several instances of one environment.
 * @param context The context.
 * @param config As in arq_agent_create().
 * @param observation_kind As there.
 * @param observation_size As there.
 * @param actions As there.
 * @param instances Episodes side by side, 1 .. 65536; 1 is arq_agent_create().
 * @param[out] out The agent, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_UNSUPPORTED, #ARQ_E_NOMEM.
 * @since 0.2
 */
ARQ_API arq_status arq_agent_create_many(arq_context *context, const arq_config *config, int32_t observation_kind,
                                         uint32_t observation_size, uint32_t actions, uint32_t instances,
                                         arq_agent **out);

/**
 * @brief How many episodes an agent plays side by side.
 * @param agent The agent.
 * @return At least 1; 0 for NULL.
 * @since 0.2
 */
ARQ_API uint32_t arq_agent_instances(const arq_agent *agent);

/**
 * @brief Begins an episode in every instance of the mask. One that is still open is closed as truncated.
 * @param agent The agent.
 * @param mask [instances] non-zero: begins; NULL: all.
 * @param observations [instances] first observations without gaps; copied.
 * @return As arq_agent_begin(): on failure nothing has changed; the text names the instance.
 * @since 0.2
 */
ARQ_API arq_status arq_agent_begin_many(arq_agent *agent, const uint8_t *mask, const void *observations);

/**
 * @brief Chooses an action for the newest observation of every instance of the mask. Asking twice gives the same.
 * @param agent The agent.
 * @param mask [instances] non-zero: acts; NULL: all.
 * @param[out] actions [instances] 0 .. actions-1.
 * @return #ARQ_E_ORDER when one of them has no open episode: nothing has changed; #ARQ_E_BUSY while another thread
 *   changes the network.
 * @since 0.2
 */
ARQ_API arq_status arq_agent_act_many(arq_agent *agent, const uint8_t *mask, int32_t *actions);

/**
 * @brief Says what came of the actions of every instance of the mask: stores the transitions, learns when it is due.
 *
 * A call with m instances counts m environment steps. Whatever learning is due then is done inside, when the
 * transitions of all are stored. With a replay that is an update, then a target move, for each of the m step numbers
 * where they are due: m instances get as many updates as one does. All instances share replay_capacity.
 * @param agent The agent.
 * @param mask [instances] non-zero: has stepped; NULL: all.
 * @param actions [instances] actions really executed, each may be #ARQ_ACTION_CHOSEN; NULL: all as chosen.
 * @param rewards [instances] finite.
 * @param next_observations [instances] without gaps, copied; the final one where an episode ended.
 * @param terminated [instances] 1: ended by the rules, no bootstrap. Wins over truncated.
 * @param truncated [instances] 1: cut.
 * @param[out] events ARQ_EVENT_ bits of all of them together, or NULL.
 * @return As arq_agent_observe(); the text names the instance.
 * @since 0.2
 */
ARQ_API arq_status arq_agent_observe_many(arq_agent *agent, const uint8_t *mask, const int32_t *actions,
                                          const double *rewards, const void *next_observations,
                                          const int32_t *terminated, const int32_t *truncated, uint32_t *events);
/** @} */

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
 * @brief What the cells computed when the agent last chose an action by its network, for arq_activations_read(); its
 * episode is the instance, 0 where there is one.
 *
 * An action drawn at random needs no network, so with a replay nothing is computed for it (unless context_on_explore is
 * set): the numbers stay those of the greedy action before, even if that was in an earlier episode.
 * #ARQ_EVENT_EXPLORED tells which kind an action was. With rollouts every action is computed for, and so is the
 * observation at which a rollout or a cut episode ends. Before the first computation arq_activations_read() is refused
 * with #ARQ_E_ORDER.
 * @param agent The agent.
 * @return Borrowed as long as the agent; NULL for NULL.
 * @since 0.1
 */
ARQ_API const arq_activations *arq_agent_activations(const arq_agent *agent);

/**
 * @brief A number about the agent.
 * @param agent The agent.
 * @param name "steps", "episodes", "updates", "epsilon", "learning_rate", "learning_seconds", "replay_size" or
 *   "rollout_size" (NAN for the one it does not learn from), or any name of arq_learner_metric().
 * @param cell As in arq_learner_metric().
 * @param[out] value The number.
 * @return #ARQ_E_NOT_FOUND (the text lists the names), #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_metric(const arq_agent *agent, const char *name, uint32_t cell, double *value);

/**
 * @brief Saves everything (network, learner, replay or unfinished rollout, contexts, random streams, counters) as
 * safetensors; all or nothing.
 * @param agent The agent; open episodes go on after a load.
 * @param path The file.
 * @return #ARQ_E_IO: an older file of that name is untouched; #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_save(arq_agent *agent, const char *path);

/**
 * @brief Takes over a saved agent made with the same config, sizes and instances; it goes on bit for bit.
 *
 * Some parameters may have other values (#ARQ_PARAMETER_RESUME).
 * @param agent The agent; unchanged on failure. Not that of a run, which counts its steps: see arq_run_load().
 * @param path The file.
 * @return #ARQ_E_IO, #ARQ_E_FORMAT, #ARQ_E_SHAPE, #ARQ_E_NOMEM; #ARQ_E_ORDER for a run's agent.
 * @since 0.1
 */
ARQ_API arq_status arq_agent_load(arq_agent *agent, const char *path);

#ifdef __cplusplus
}
#endif

#endif
