/**
 * @file run.h
 * @brief A training run: an agent in an environment, a slice of steps a call; and evaluation.
 *
 * One run, with its environment and its agent, is used by one thread at a time.
 */
#ifndef ARQ_RUN_H
#define ARQ_RUN_H

#include "agent.h"
#include "environment.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A training run. @since 0.1 */
typedef struct arq_run arq_run;

/**
 * @brief Makes a run, before its first step.
 * @param context The context.
 * @param config Every parameter; copied.
 * @param env The environment with discrete actions; lent for the life of the run, reset with the config's seed.
 *   Stepping it elsewhere meanwhile breaks the episode: evaluate on a second instance.
 * @param[out] out The run, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_UNSUPPORTED (box actions: wrap them first), #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_run_create(arq_context *context, const arq_config *config, arq_env *env, arq_run **out);

/**
 * @brief Makes a run over a batch: one network learns from all its instances side by side.
 *
 * A step of all N counts N environment steps, so a run has total_steps / N of them, rounded up. Episodes end at
 * different times; an instance that has ended begins its next episode with the next step.
 * @param context The context.
 * @param config Every parameter; copied.
 * @param batch Instances with discrete actions; lent for the life of the run, as the environment of
 *   arq_run_create(). Instance i is reset with the config's seed + i.
 * @param[out] out The run, owned by the caller; NULL on failure.
 * @return As arq_run_create().
 * @since 0.2
 */
ARQ_API arq_status arq_run_create_batch(arq_context *context, const arq_config *config, arq_env_batch *batch,
                                        arq_run **out);

/**
 * @brief Ends a run; the environment or batch stays. Inside a callback of one of its calls it ends with that call, and
 *   arq_run_advance() returns after the present step.
 * @param run NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_run_destroy(arq_run *run);

/**
 * @brief Goes on for some environment steps. Never evaluates.
 *
 * With one environment it returns at the end of the present episode at the latest. With a batch it goes on over ends of
 * episodes, and returns early only when arq_run_episode() could have no room for those of the next step. The call after
 * it begins a new list.
 * @param run The run.
 * @param steps At most this many, rounded up to whole steps of all instances; fewer at the run's end (parameter
 *   total_steps).
 * @param[out] done How many were made, or NULL; 0 with #ARQ_OK: the run is complete.
 * @return The environment's or the agent's failure. The run stays as it was before the failed step; the next call goes
 *   on with a new episode. Where an instance of a batch fails, its episode ends there, and what the others did is
 *   kept; the text names the instance.
 * @since 0.1
 */
ARQ_API arq_status arq_run_advance(arq_run *run, uint64_t steps, uint64_t *done);

/** @name How an episode ended
 * @{ */
#define ARQ_EPISODE_TERMINATED 1 /**< @brief By the rules. @since 0.2 */
#define ARQ_EPISODE_TRUNCATED 2  /**< @brief It was cut. @since 0.2 */
#define ARQ_EPISODE_FAILED 3     /**< @brief Its environment failed. @since 0.2 */
/** @} */

/**
 * @brief An episode that ended in the last arq_run_advance(), also in one that failed; in the order of their ends, none
 * left out.
 * @param run The run.
 * @param index From 0.
 * @param[out] instance Which one it was played in, or NULL.
 * @param[out] episode_return Sum of its rewards, or NULL.
 * @param[out] length Steps of the episode, or NULL.
 * @param[out] step How many environment steps the run had made when it ended, or NULL.
 * @param[out] end ARQ_EPISODE_, or NULL.
 * @return #ARQ_E_NOT_FOUND behind the last, #ARQ_E_ARGUMENT.
 * @since 0.2
 */
ARQ_API arq_status arq_run_episode(const arq_run *run, uint32_t index, uint32_t *instance, double *episode_return,
                                   uint64_t *length, uint64_t *step, int32_t *end);

/**
 * @brief The agent of a run.
 * @param run The run.
 * @return Borrowed as long as the run; NULL for NULL.
 * @since 0.1
 */
ARQ_API arq_agent *arq_run_agent(arq_run *run);

/**
 * @brief A number about the run.
 * @param run The run.
 * @param name One of arq_metric_name().
 * @param cell Which cell; for numbers of the whole run any.
 * @param[out] value The number; NAN while there is none.
 * @return #ARQ_E_NOT_FOUND (the text lists the names), #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_run_metric(const arq_run *run, const char *name, uint32_t cell, double *value);

/**
 * @brief How many instances a run plays side by side.
 * @param run The run.
 * @return At least 1; 0 for NULL.
 * @since 0.2
 */
ARQ_API uint32_t arq_run_instances(const arq_run *run);

/**
 * @brief Name of a metric of runs, for going through them.
 * @param index From 0.
 * @param[out] per_cell 1: there is one for each cell; or NULL.
 * @param[out] doc One line; or NULL.
 * @return Static text; NULL behind the last.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API const char *arq_metric_name(uint32_t index, int32_t *per_cell, const char **doc);

/**
 * @brief Who hears how far an evaluation is, and may stop it.
 * @since 0.1
 */
typedef struct arq_progress {
    uint32_t struct_size; /**< sizeof(arq_progress) as the program compiled it. */
    uint32_t period;      /**< Steps between reports inside an episode; 0: reports at ends of episodes alone. */
    void *user;           /**< Handed to the callback. */
    /**
     * Hears how far it is: at the end of every episode, and inside one after every `period` steps. Called on the
     * thread of the evaluation, in the program's floating-point mode; must not use the evaluation's environment.
     * @param episodes Episodes that have ended; their returns and lengths stand in the arrays.
     * @param steps Steps of the present episode; 0 at the end of one.
     * @return #ARQ_OK to go on; anything else stops: codes of #ARQ_E_CALLER and below, #ARQ_E_NOMEM and #ARQ_E_FORMAT
     *   come out of the evaluation unchanged, others as #ARQ_E_CALLBACK.
     */
    arq_status (*report)(void *user, uint32_t episodes, uint64_t steps);
} arq_progress;

/**
 * @brief Plays whole episodes without learning. Touches no random stream but its own.
 * @param context The context.
 * @param network Who plays, greedily except for a share epsilon of random actions; NULL: a player that acts at random.
 * @param env The environment with discrete actions; reset with the seed.
 * @param seed Of the environment and of epsilon.
 * @param epsilon Share of random actions, 0 .. 1.
 * @param episodes At least 1.
 * @param max_steps An episode's longest; it counts as it stands then. 0: no limit.
 * @param progress Who hears and may stop; it changes no result. NULL: nobody.
 * @param[out] returns [episodes] sums of rewards.
 * @param[out] lengths [episodes] steps, or NULL.
 * @return The environment's failure, what progress->report stopped with, #ARQ_E_SHAPE when network and environment do
 *   not fit, #ARQ_E_ARGUMENT.
 * @since 0.1
 */
ARQ_API arq_status arq_evaluate(arq_context *context, const arq_network *network, arq_env *env, uint64_t seed,
                                double epsilon, uint32_t episodes, uint64_t max_steps, const arq_progress *progress,
                                double *returns, uint64_t *lengths);

/**
 * @brief As arq_evaluate(), on a batch: every instance plays the same number of episodes, side by side.
 *
 * The same number from each, so that short episodes do not push long ones out of the mean. Instance i is reset with
 * seed + i and has a random stream of its own.
 * @param context The context.
 * @param network As there.
 * @param batch Instances with discrete actions; their number divides `episodes`.
 * @param seed As there.
 * @param epsilon As there.
 * @param episodes At least 1, a multiple of the number of instances.
 * @param max_steps As there.
 * @param progress As there; `steps` are those of the longest present episode.
 * @param[out] returns [episodes] sums of rewards: those of instance i are at i, i + N, i + 2 N ...
 * @param[out] lengths [episodes] steps, or NULL.
 * @return As arq_evaluate(); #ARQ_E_ARGUMENT also when `episodes` is no multiple of the number of instances.
 * @since 0.2
 */
ARQ_API arq_status arq_evaluate_batch(arq_context *context, const arq_network *network, arq_env_batch *batch,
                                      uint64_t seed, double epsilon, uint32_t episodes, uint64_t max_steps,
                                      const arq_progress *progress, double *returns, uint64_t *lengths);

#ifdef __cplusplus
}
#endif

#endif
