/**
 * @file agent.hpp
 * @brief C++: a learner for a program that owns the loop.
 *
 *     agent.begin(observation);
 *     do {
 *         std::int32_t action = agent.act();
 *         step = ... the world moves ...;
 *         agent.observe(step, next_observation);
 *     } while (!step.ended());
 *
 * Several episodes side by side: create_many(), then begin_many(), act_many() and observe_many().
 */
#ifndef ARQ_CPP_AGENT_HPP
#define ARQ_CPP_AGENT_HPP

#include "../agent.h"
#include "environment.hpp"
#include "network.hpp"

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief What an observe did. @since 0.1 */
struct Events {
    std::uint32_t bits = 0; /**< ARQ_EVENT_ bits. */

    /** @brief The network made an update. @return Whether it is so. */
    bool updated() const noexcept
    {
        return (bits & ARQ_EVENT_UPDATED) != 0;
    }
    /** @brief The target network moved. @return Whether it is so. */
    bool synced() const noexcept
    {
        return (bits & ARQ_EVENT_SYNCED) != 0;
    }
    /** @brief The episode ended; begin comes next. @return Whether it is so. */
    bool episode_end() const noexcept
    {
        return (bits & ARQ_EVENT_EPISODE_END) != 0;
    }
    /** @brief A cell's spread has collapsed. @return Whether it is so. */
    bool collapsed() const noexcept
    {
        return (bits & ARQ_EVENT_COLLAPSED) != 0;
    }
    /** @brief The action was drawn at random, not greedy. @return Whether it is so. */
    bool explored() const noexcept
    {
        return (bits & ARQ_EVENT_EXPLORED) != 0;
    }
};

/** @brief An agent that acts, remembers and learns; see agent.h. @since 0.1 */
class Agent : public Handle<arq_agent>
{
  public:
    /** @brief No agent. */
    Agent() = default;

    /**
     * @brief Makes an agent.
     * @param context The context.
     * @param config Every parameter but total_steps and those of evaluation; copied.
     * @param layout Kind and size of one observation, such as ObservationLayout::floats(50) or Env::layout().
     * @param actions Number of actions.
     * @return The agent, or as arq_agent_create().
     */
    static Outcome<Agent> create(const Context &context, const Config &config, ObservationLayout layout,
                                 std::uint32_t actions)
    {
        auto owner = own(detail::Access::state(context), arq_agent_destroy);
        arq_status status =
            arq_agent_create(context.get(), config.get(), layout.kind, layout.size, actions, &owner->pointer);
        return detail::outcome(owner->state.get(), status, Agent(owner));
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create(). @param context As there. @param config As there. @param layout As there. @param actions As
     * there. */
    Agent(const Context &context, const Config &config, ObservationLayout layout, std::uint32_t actions)
        : Agent(create(context, config, layout, actions))
    {
    }
#endif

    /**
     * @brief Makes an agent that learns from several instances of one environment.
     * @param context As in create().
     * @param config As there.
     * @param layout As there.
     * @param actions As there.
     * @param instances Episodes side by side.
     * @return The agent, or as arq_agent_create_many().
     * @since 0.2
     */
    static Outcome<Agent> create_many(const Context &context, const Config &config, ObservationLayout layout,
                                      std::uint32_t actions, std::uint32_t instances)
    {
        auto owner = own(detail::Access::state(context), arq_agent_destroy);
        arq_status status = arq_agent_create_many(context.get(), config.get(), layout.kind, layout.size, actions,
                                                  instances, &owner->pointer);
        return detail::outcome(owner->state.get(), status, Agent(owner));
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create_many(). @param context As there. @param config As there. @param layout As there. @param actions
     * As there. @param instances As there. @since 0.2 */
    Agent(const Context &context, const Config &config, ObservationLayout layout, std::uint32_t actions,
          std::uint32_t instances)
        : Agent(create_many(context, config, layout, actions, instances))
    {
    }
#endif

    /** @brief How many episodes it plays side by side. @return At least 1; 0 if the handle is empty. @since 0.2 */
    std::uint32_t instances() const noexcept
    {
        return arq_agent_instances(get());
    }

    /** @brief What the agent looks at. @return Kind and size of one observation; zeros if the handle is empty. */
    ObservationLayout layout() const noexcept
    {
        return get() == nullptr ? ObservationLayout{} : layout_;
    }

    /** @brief Begins an episode. @param observation The first one, copied. @return As arq_agent_begin(); #ARQ_E_SHAPE
     * for another layout. */
    Outcome<void> begin(Observation observation)
    {
        std::string misfit = observation.misfit("Agent::begin", "observation", layout(), 1);
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        const auto kept = this->keep();
        return kept.outcome(arq_agent_begin(kept.get(), observation.data()));
    }

    /** @brief Chooses the action for the newest observation. @return The action, or as arq_agent_act(). */
    Outcome<std::int32_t> act()
    {
        std::int32_t action = 0;
        const auto kept = this->keep();
        arq_status status = arq_agent_act(kept.get(), &action);
        return kept.outcome(status, action);
    }

    /**
     * @brief Says what came of the action: stores the transition, learns when it is due.
     * @param step Reward and flags.
     * @param next_observation Copied; the final one at an episode's end.
     * @param action The action really executed, if not the one of act().
     * @return What it did; or as arq_agent_observe(), #ARQ_E_SHAPE for another layout.
     */
    Outcome<Events> observe(const Step &step, Observation next_observation, std::int32_t action = ARQ_ACTION_CHOSEN)
    {
        std::string misfit = next_observation.misfit("Agent::observe", "next_observation", layout(), 1);
        if (!misfit.empty())
            return detail::refuse<Events>(ARQ_E_SHAPE, std::move(misfit));
        Events events;
        const auto kept = this->keep();
        arq_status status = arq_agent_observe(kept.get(), action, step.reward, next_observation.data(), step.terminated,
                                              step.truncated, &events.bits);
        return kept.outcome(status, events);
    }

    /**
     * @brief Begins an episode in every instance of the mask.
     * @param mask [instances] non-zero: begins; empty: all.
     * @param observations [instances] first observations, such as an ObservationArray; copied.
     * @return As arq_agent_begin_many(); #ARQ_E_SHAPE for sizes that do not fit.
     * @since 0.2
     */
    Outcome<void> begin_many(Span<const std::uint8_t> mask, Observation observations)
    {
        std::string misfit = observations.misfit("Agent::begin_many", "observations", layout(), instances());
        if (misfit.empty())
            misfit = fit("Agent::begin_many", mask, "observations", instances());
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        const auto kept = this->keep();
        return kept.outcome(arq_agent_begin_many(kept.get(), all_or(mask), observations.data()));
    }

    /**
     * @brief Chooses an action for the newest observation of every instance of the mask.
     * @param mask [instances] non-zero: acts; empty: all.
     * @param[out] actions [instances]; those of the mask are written.
     * @return As arq_agent_act_many(); #ARQ_E_SHAPE for sizes that do not fit.
     * @since 0.2
     */
    Outcome<void> act_many(Span<const std::uint8_t> mask, Span<std::int32_t> actions)
    {
        std::string misfit = fit("Agent::act_many", mask, "actions", actions.size());
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        const auto kept = this->keep();
        return kept.outcome(arq_agent_act_many(kept.get(), all_or(mask), actions.data()));
    }

    /**
     * @brief Says what came of the actions of every instance of the mask: stores the transitions, learns when it is
     * due.
     * @param mask [instances] non-zero: has stepped; empty: all.
     * @param step Rewards and flags, as EnvBatch::step() gives them.
     * @param next_observations [instances] copied; the final one where an episode ended.
     * @param actions [instances] actions really executed, each may be #ARQ_ACTION_CHOSEN; empty: those of act_many().
     * @return What it did; or as arq_agent_observe_many(), #ARQ_E_SHAPE for sizes that do not fit.
     * @since 0.2
     */
    Outcome<Events> observe_many(Span<const std::uint8_t> mask, const BatchStep &step, Observation next_observations,
                                 Span<const std::int32_t> actions = {})
    {
        static constexpr const char *call = "Agent::observe_many";
        std::string misfit = next_observations.misfit(call, "next_observations", layout(), instances());
        if (misfit.empty())
            misfit = fit(call, mask, "step.rewards", step.rewards.size());
        if (misfit.empty())
            misfit = fit(call, mask, "step.terminated", step.terminated.size());
        if (misfit.empty())
            misfit = fit(call, mask, "step.truncated", step.truncated.size());
        if (misfit.empty() && !actions.empty())
            misfit = fit(call, mask, "actions", actions.size());
        if (!misfit.empty())
            return detail::refuse<Events>(ARQ_E_SHAPE, std::move(misfit));
        Events events;
        const auto kept = this->keep();
        arq_status status = arq_agent_observe_many(kept.get(), all_or(mask), actions.empty() ? nullptr : actions.data(),
                                                   step.rewards.data(), next_observations.data(),
                                                   step.terminated.data(), step.truncated.data(), &events.bits);
        return kept.outcome(status, events);
    }

    /** @brief The network that learns. Other threads act on a copy, not on this one. @return A handle that keeps the
     * agent. */
    Network network()
    {
        auto owner = Network::own(detail::Access::state(*this), nullptr, owner_);
        owner->pointer = arq_agent_network(get());
        return Network(owner);
    }

    /** @brief What one cell computed for the last greedy act(). @param what One of the ARQ_ACTIVATION_ numbers.
     * @param cell Which. @return Row-major values, or as arq_activations_read(). */
    Outcome<std::vector<float>> activations(std::int32_t what, std::uint32_t cell) const
    {
        auto owner = Activations::own(detail::Access::state(*this), nullptr, owner_);
        owner->pointer = const_cast<arq_activations *>(arq_agent_activations(get())); /* only read() is called */
        return Activations(owner, 1).read(what, cell);
    }

    /** @brief A number about the agent. @param name As in arq_agent_metric(). @param cell Which. @return The number.
     */
    Outcome<double> metric(Text name, std::uint32_t cell = 0) const
    {
        double value = 0;
        arq_status status = arq_agent_metric(get(), name.get(), cell, &value);
        return outcome(status, value);
    }

    /** @brief Saves everything. @param path The file. @return As arq_agent_save(). */
    Outcome<void> save(Text path)
    {
        const auto kept = this->keep();
        return kept.outcome(arq_agent_save(kept.get(), path.get()));
    }
    /** @brief Takes over a saved agent; it goes on bit for bit. @param path The file. @return As arq_agent_load(). */
    Outcome<void> load(Text path)
    {
        const auto kept = this->keep();
        return kept.outcome(arq_agent_load(kept.get(), path.get()));
    }

  private:
    friend class Run;

    explicit Agent(std::shared_ptr<Owner> owner) : Handle(std::move(owner))
    {
        if (get() != nullptr)
            arq_network_observation(arq_agent_network(get()), &layout_.kind, &layout_.size);
    }

    /* Says which array has not one entry for each instance; empty if all have. */
    std::string fit(const char *call, Span<const std::uint8_t> mask, const char *name, std::size_t size) const
    {
        const std::size_t wanted = instances();
        if (!mask.empty() && mask.size() != wanted)
            return std::string(call) + ": mask has " + std::to_string(mask.size()) + " values; " +
                   std::to_string(wanted) + " or none are needed";
        if (size != wanted)
            return std::string(call) + ": " + name + " has " + std::to_string(size) + " values; " +
                   std::to_string(wanted) + " are needed";
        return {};
    }

    static const std::uint8_t *all_or(Span<const std::uint8_t> mask) noexcept
    {
        return mask.empty() ? nullptr : mask.data();
    }

    ObservationLayout layout_;
};

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
