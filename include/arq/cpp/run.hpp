/**
 * @file run.hpp
 * @brief C++: training runs, and evaluation.
 */
#ifndef ARQ_CPP_RUN_HPP
#define ARQ_CPP_RUN_HPP

#include "../checkpoint.h"
#include "../run.h"
#include "agent.hpp"
#include "environment.hpp"

#include <functional>

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief An episode of a run that has ended. @since 0.2 */
struct Episode {
    std::uint32_t instance = 0; /**< Which one it was played in. */
    double episode_return = 0;  /**< Sum of its rewards. */
    std::uint64_t length = 0;   /**< Its steps. */
    std::uint64_t step = 0;     /**< The run's steps when it ended. */
    std::int32_t end = 0;       /**< ARQ_EPISODE_TERMINATED, _TRUNCATED or _FAILED. */
};

/** @brief A training run; see run.h. Keeps the environment or the batch. @since 0.1 */
class Run : public Handle<arq_run>
{
  public:
    /** @brief No run. */
    Run() = default;

    /** @brief Makes a run, before its first step. @param context The context. @param config Every parameter; copied.
     * @param env The environment with discrete actions; not to be stepped elsewhere meanwhile.
     * @return The run, or as arq_run_create(). */
    static Outcome<Run> create(const Context &context, const Config &config, Env &env)
    {
        auto owner = own(detail::Access::state(context), arq_run_destroy, detail::Access::owner(env));
        arq_status status = arq_run_create(context.get(), config.get(), env.get(), &owner->pointer);
        return detail::outcome(owner->state.get(), status, Run(owner));
    }

    /** @brief Makes a run over a batch: one network learns from all its instances. @param context The context. @param
     * config Every parameter; copied. @param batch Instances with discrete actions; not to be stepped elsewhere
     * meanwhile. @return The run, or as arq_run_create_batch(). @since 0.2 */
    static Outcome<Run> create_batch(const Context &context, const Config &config, EnvBatch &batch)
    {
        auto owner = own(detail::Access::state(context), arq_run_destroy, detail::Access::owner(batch));
        arq_status status = arq_run_create_batch(context.get(), config.get(), batch.get(), &owner->pointer);
        return detail::outcome(owner->state.get(), status, Run(owner));
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create(). @param context As there. @param config As there. @param env As there. */
    Run(const Context &context, const Config &config, Env &env) : Run(create(context, config, env))
    {
    }
    /** @brief As create_batch(). @param context As there. @param config As there. @param batch As there. @since 0.2 */
    Run(const Context &context, const Config &config, EnvBatch &batch) : Run(create_batch(context, config, batch))
    {
    }
#endif

    /** @brief How many instances it plays side by side. @return At least 1; 0 if the handle is empty. @since 0.2 */
    std::uint32_t instances() const noexcept
    {
        return arq_run_instances(get());
    }

    /**
     * @brief Goes on for some environment steps, with one environment at most to the end of the present episode.
     * @param steps At most this many; of several instances rounded up to whole steps of all.
     * @return How many were made, 0 when the run is complete; or as arq_run_advance(), or what the environment threw.
     *   After a failure the next call goes on with a new episode.
     */
    Outcome<std::uint64_t> advance(std::uint64_t steps)
    {
        std::uint64_t done = 0;
        const auto kept = this->keep();
        arq_status status = arq_run_advance(kept.get(), steps, &done);
        return kept.outcome(status, done);
    }

    /** @brief The episodes that ended in the last advance(), in the order of their ends; also in one that failed.
     * @return All of them. @since 0.2 */
    std::vector<Episode> episodes() const
    {
        std::vector<Episode> ended;
        Episode episode;
        while (get() != nullptr &&
               arq_run_episode(get(), static_cast<std::uint32_t>(ended.size()), &episode.instance,
                               &episode.episode_return, &episode.length, &episode.step, &episode.end) == ARQ_OK)
            ended.push_back(episode);
        return ended;
    }

    /** @brief The agent of the run. @return A handle that keeps the run. */
    Agent agent()
    {
        auto owner = Agent::own(detail::Access::state(*this), nullptr, owner_);
        owner->pointer = arq_run_agent(get());
        return Agent(owner);
    }

    /** @brief A number about the run. @param name One of metrics(). @param cell Which. @return The number; NAN while
     * there is none. */
    Outcome<double> metric(Text name, std::uint32_t cell = 0) const
    {
        double value = 0;
        arq_status status = arq_run_metric(get(), name.get(), cell, &value);
        return outcome(status, value);
    }

    /** @brief Saves the whole run into a folder, all or nothing. @param folder The folder, for this run alone.
     * @return As arq_run_save(). @since 0.2 */
    Outcome<void> save(Text folder)
    {
        const auto kept = this->keep();
        return kept.outcome(arq_run_save(kept.get(), folder.get()));
    }

    /** @brief Takes over a saved run; it goes on bit for bit. @param folder The folder. @return As arq_run_load().
     * @since 0.2 */
    Outcome<void> load(Text folder)
    {
        const auto kept = this->keep();
        return kept.outcome(arq_run_load(kept.get(), folder.get()));
    }

    /** @brief How the last load() went. @return ARQ_RESUMED bits; 0 before one. @since 0.2 */
    std::uint32_t resumed() const noexcept
    {
        return arq_run_resumed(get());
    }

  private:
    explicit Run(std::shared_ptr<Owner> owner) : Handle(std::move(owner))
    {
    }
};

/** @brief A metric of runs; its texts are static. @since 0.1 */
struct Metric {
    const char *name; /**< As in Run::metric(). */
    bool per_cell;    /**< There is one for each cell. */
    const char *doc;  /**< One line. */
};

/** @brief The metrics of runs. @return All of them. @since 0.1 */
inline std::vector<Metric> metrics()
{
    std::vector<Metric> rows;
    std::int32_t per_cell = 0;
    const char *doc = nullptr;
    while (const char *name = arq_metric_name(static_cast<std::uint32_t>(rows.size()), &per_cell, &doc))
        rows.push_back({name, per_cell != 0, doc});
    return rows;
}

/** @brief How to evaluate. @since 0.1 */
struct EvaluationOptions {
    std::uint64_t seed = 0;      /**< Of the environment and of epsilon; instance i of a batch has seed + i. */
    double epsilon = 0;          /**< Share of random actions. */
    std::uint32_t episodes = 10; /**< At least 1; of a batch a multiple of its instances. */
    std::uint64_t max_steps = 0; /**< An episode's longest; 0: no limit. */
    /** Called after every episode and every `period` steps inside one, with the number of episodes that have ended and
     * the steps of the present one (0 at the end of one; of a batch those of the longest). If it returns false, the
     * evaluation ends with the episodes that have ended. Empty: not called. */
    std::function<bool(std::uint32_t episodes, std::uint64_t steps)> keep_going;
    std::uint32_t period = 64; /**< Steps between calls of keep_going inside an episode; 0: none inside. */
};

/** @brief What an evaluation found. @since 0.1 */
struct Evaluation {
    std::vector<double> returns; /**< [episodes] sums of rewards; of a batch of N, instance i's are i, i + N ... */
    std::vector<std::uint64_t> lengths; /**< [episodes] steps. */

    /** @brief Mean of the returns. @return It; 0 without episodes. */
    double mean_return() const noexcept
    {
        double sum = 0;
        for (double value : returns)
            sum += value;
        return returns.empty() ? 0 : sum / static_cast<double>(returns.size());
    }
};

/** @cond internal */
namespace detail
{

/* Asks keep_going for C. */
struct Listener {
    const EvaluationOptions *options;
    State *state;
    bool stopped = false;

    static arq_status report(void *user, std::uint32_t episodes, std::uint64_t steps) noexcept
    {
        auto *self = static_cast<Listener *>(user);
#if defined(ARQ_CPP_NO_EXCEPTIONS)
        self->stopped = !self->options->keep_going(episodes, steps);
#else
        try {
            self->stopped = !self->options->keep_going(episodes, steps);
        } catch (...) {
            return keep(self);
        }
#endif
        return self->stopped ? ARQ_E_CALLER : ARQ_OK;
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    static arq_status keep(const Listener *self) noexcept
    {
        try {
            return self->state->exceptions.keep(self, std::current_exception());
        } catch (...) { /* no memory to keep it in */
            return ARQ_E_NOMEM;
        }
    }
#endif
};

/* Keeps only the episodes that have ended, which are those with a length. In a batch they need not be the first. */
inline void keep_ended(Evaluation &evaluation)
{
    std::size_t ended = 0;
    for (std::size_t i = 0; i < evaluation.lengths.size(); i++) {
        if (evaluation.lengths[i] == 0)
            continue;
        evaluation.returns[ended] = evaluation.returns[i];
        evaluation.lengths[ended++] = evaluation.lengths[i];
    }
    evaluation.returns.resize(ended);
    evaluation.lengths.resize(ended);
}

/* World is Env or EnvBatch, with the function that evaluates in it. Handles may end in keep_going. */
template <class World, class Function>
Outcome<Evaluation> evaluate(const Context &context, const Network *network, const World &world, Function function,
                             const EvaluationOptions &options)
{
    const auto player = network == nullptr ? nullptr : Access::owner(*network);
    const auto played = Access::owner(world);
    const auto state = Access::state(context);
    Evaluation evaluation;
    evaluation.returns.resize(options.episodes);
    evaluation.lengths.resize(options.episodes);
    Listener listener{&options, state.get()};
    arq_progress progress{};
    progress.struct_size = sizeof(progress);
    progress.period = options.period;
    progress.user = &listener;
    progress.report = Listener::report;
    arq_status status =
        function(state == nullptr ? nullptr : state->context, player == nullptr ? nullptr : player->pointer,
                 played == nullptr ? nullptr : played->pointer, options.seed, options.epsilon, options.episodes,
                 options.max_steps, options.keep_going ? &progress : nullptr, evaluation.returns.data(),
                 evaluation.lengths.data());
    if (listener.stopped) {
        keep_ended(evaluation);
        status = ARQ_OK;
    }
    return outcome(state.get(), status, std::move(evaluation));
}

} // namespace detail
/** @endcond */

/**
 * @brief Plays whole episodes without learning.
 * @param context The context.
 * @param network Who plays, greedily except for a share epsilon of random actions.
 * @param env The environment with discrete actions; reset with the seed.
 * @param options How.
 * @return Returns and lengths; or as arq_evaluate(), or what the environment threw.
 * @since 0.1
 */
inline Outcome<Evaluation> evaluate(const Context &context, const Network &network, Env &env,
                                    const EvaluationOptions &options = {})
{
    if (!network)
        return detail::refuse<Evaluation>(ARQ_E_ARGUMENT, "evaluate: the network is empty; see evaluate_random");
    return detail::evaluate(context, &network, env, arq_evaluate, options);
}

/** @brief As evaluate() on a batch: every instance plays the same number of episodes, side by side. @param context As
 * there. @param network As there. @param batch Instances with discrete actions. @param options How. @return As there;
 * or as arq_evaluate_batch(). @since 0.2 */
inline Outcome<Evaluation> evaluate_batch(const Context &context, const Network &network, EnvBatch &batch,
                                          const EvaluationOptions &options = {})
{
    if (!network)
        return detail::refuse<Evaluation>(ARQ_E_ARGUMENT,
                                          "evaluate_batch: the network is empty; see evaluate_random_batch");
    return detail::evaluate(context, &network, batch, arq_evaluate_batch, options);
}

/** @brief As evaluate() for a player that acts at random. @param context The context. @param env As there. @param
 * options How; epsilon has no meaning here. @return As there. @since 0.1 */
inline Outcome<Evaluation> evaluate_random(const Context &context, Env &env, const EvaluationOptions &options = {})
{
    return detail::evaluate(context, nullptr, env, arq_evaluate, options);
}

/** @brief As evaluate_batch() for a player that acts at random. @param context As there. @param batch As there. @param
 * options As in evaluate_random(). @return As there. @since 0.2 */
inline Outcome<Evaluation> evaluate_random_batch(const Context &context, EnvBatch &batch,
                                                 const EvaluationOptions &options = {})
{
    return detail::evaluate(context, nullptr, batch, arq_evaluate_batch, options);
}

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
