/**
 * @file network.hpp
 * @brief C++: a network to act with, and the activations that episodes carry along.
 */
#ifndef ARQ_CPP_NETWORK_HPP
#define ARQ_CPP_NETWORK_HPP

#include "../network.h"
#include "config.hpp"
#include "observation.hpp"
#include "tensor.hpp"

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

class Network;

/** @brief What the cells of one or several episodes carry from step to step; see network.h. @since 0.1 */
class Activations : public Handle<arq_activations>
{
  public:
    /** @brief No activations. */
    Activations() = default;

    /** @brief Makes activations for episodes side by side, all at their beginning. @param network Gives the shape; is
     * not needed afterwards. @param episodes At least 1. @return The activations, or as arq_activations_create(). */
    static Outcome<Activations> create(const Network &network, std::uint32_t episodes = 1);

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create(). @param network As there. @param episodes As there. */
    explicit Activations(const Network &network, std::uint32_t episodes = 1) : Activations(create(network, episodes))
    {
    }
#endif

    /** @brief How many episodes there are. @return Episodes. */
    std::uint32_t episodes() const noexcept
    {
        return episodes_;
    }
    /** @brief Begins an episode. @param episode Which. @return As arq_activations_begin(). */
    Outcome<void> begin(std::uint32_t episode = 0)
    {
        return outcome(arq_activations_begin(get(), episode));
    }
    /** @brief Moves an episode's context on to what the last Network::q() computed. @param episode Which. @return As
     * arq_activations_advance(). */
    Outcome<void> advance(std::uint32_t episode = 0)
    {
        return outcome(arq_activations_advance(get(), episode));
    }

    /**
     * @brief What one cell computed in the last Network::q().
     * @param what One of the ARQ_ACTIVATION_ numbers.
     * @param cell Which.
     * @param episode Which.
     * @return Row-major values, or as arq_activations_read().
     */
    Outcome<std::vector<float>> read(std::int32_t what, std::uint32_t cell, std::uint32_t episode = 0) const
    {
        std::size_t count = 0;
        arq_status status = arq_activations_read(get(), what, cell, episode, nullptr, 0, &count);
        std::vector<float> values(status == ARQ_OK ? count : 0);
        if (status == ARQ_OK)
            status = arq_activations_read(get(), what, cell, episode, values.data(), count, &count);
        return outcome(status, std::move(values));
    }

  private:
    friend class Agent;

    Activations(std::shared_ptr<Owner> owner, std::uint32_t episodes) : Handle(std::move(owner)), episodes_(episodes)
    {
    }

    std::uint32_t episodes_ = 0;
};

/** @brief The weights of a network; see network.h. @since 0.1 */
class Network : public Handle<arq_network>
{
  public:
    /** @brief No network. */
    Network() = default;

    /**
     * @brief Makes a network with fresh weights.
     * @param context The context.
     * @param config Used: the parameters of the network's shape, and seed.
     * @param layout Kind and size of one observation.
     * @param actions Number of actions.
     * @return The network, or as arq_network_create().
     */
    static Outcome<Network> create(const Context &context, const Config &config, ObservationLayout layout,
                                   std::uint32_t actions)
    {
        auto owner = own(detail::Access::state(context), arq_network_destroy);
        arq_status status =
            arq_network_create(context.get(), config.get(), layout.kind, layout.size, actions, &owner->pointer);
        return detail::outcome(owner->state.get(), status, Network(owner));
    }

    /** @brief Makes a network from a file. @param context The context. @param path Written by save() or Agent::save().
     * @return The network, or as arq_network_open(). */
    static Outcome<Network> open(const Context &context, Text path)
    {
        auto owner = own(detail::Access::state(context), arq_network_destroy);
        arq_status status = arq_network_open(context.get(), path.get(), &owner->pointer);
        return detail::outcome(owner->state.get(), status, Network(owner));
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create(). @param context As there. @param config As there. @param layout As there. @param actions As
     * there. */
    Network(const Context &context, const Config &config, ObservationLayout layout, std::uint32_t actions)
        : Network(create(context, config, layout, actions))
    {
    }
    /** @brief As open(). @param context As there. @param path As there. */
    Network(const Context &context, Text path) : Network(open(context, path))
    {
    }
#endif

    /** @brief A copy, for acting on while this one learns. @return The copy, or as arq_network_copy(). */
    Outcome<Network> copy() const
    {
        auto owner = own(detail::Access::state(*this), arq_network_destroy);
        const auto kept = this->keep();
        arq_status status = arq_network_copy(kept.get(), &owner->pointer);
        return kept.outcome(status, Network(owner));
    }

    /** @brief Number of cells (layers). @return Cells. */
    std::uint32_t cells() const noexcept
    {
        return arq_network_cells(get());
    }
    /** @brief Number of actions. @return Actions. */
    std::uint32_t actions() const noexcept
    {
        return arq_network_actions(get());
    }
    /** @brief What the network looks at. @return Kind and size of one observation; zeros if the handle is empty. */
    ObservationLayout layout() const noexcept
    {
        return get() == nullptr ? ObservationLayout{} : layout_;
    }
    /** @brief The value a shape parameter has. @param name Such as "widths". @return The text, or as
     * arq_network_parameter(). */
    Outcome<std::string> parameter(Text name) const
    {
        char buffer[256] = "";
        arq_status status = arq_network_parameter(get(), name.get(), buffer, sizeof(buffer));
        return outcome(status, std::string(buffer));
    }

    /** @brief Names and shapes of the weights. @return All tensors. */
    std::vector<Tensor> tensors() const
    {
        return detail::list_tensors(get(), arq_network_tensor);
    }
    /** @brief Copies a tensor out. @param name Its name. @return Row-major values, or as arq_network_read(). */
    Outcome<std::vector<float>> read(Text name) const
    {
        std::vector<float> values(detail::count_tensor(get(), arq_network_tensor, name.get()));
        float none = 0;
        arq_status status = arq_network_read(get(), name.get(), values.empty() ? &none : values.data(), values.size());
        return outcome(status, std::move(values));
    }
    /** @brief Sets a tensor. @param name Its name. @param values Row-major, finite. @return As arq_network_write(). */
    Outcome<void> write(Text name, Span<const float> values)
    {
        return outcome(arq_network_write(get(), name.get(), values.data(), values.size()));
    }
    /** @brief Saves shape and weights. @param path The file. @return As arq_network_save(). */
    Outcome<void> save(Text path) const
    {
        const auto kept = this->keep();
        return kept.outcome(arq_network_save(kept.get(), path.get()));
    }
    /** @brief Takes over weights of the same shape. @param path The file. @return As arq_network_load(). */
    Outcome<void> load(Text path)
    {
        const auto kept = this->keep();
        return kept.outcome(arq_network_load(kept.get(), path.get()));
    }

    /**
     * @brief Computes Q for the present observation of every episode; moves no context.
     * @param activations Of a network of the same shape.
     * @param observations [episodes].
     * @param[out] q [episodes, actions].
     * @return As arq_network_q(); #ARQ_E_SHAPE for sizes that do not fit.
     * @par Threads
     * Any number at once, each with its own activations.
     */
    Outcome<void> q(Activations &activations, Observation observations, Span<float> q) const
    {
        std::string misfit = observations.misfit("Network::q", "observations", layout(), activations.episodes());
        std::size_t values = std::size_t{activations.episodes()} * actions();
        if (misfit.empty() && q.size() != values)
            misfit =
                "Network::q: q has " + std::to_string(q.size()) + " values; " + std::to_string(values) + " are needed";
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        const auto kept = this->keep();
        return kept.outcome(arq_network_q(kept.get(), activations.get(), observations.data(), q.data()));
    }

    /** @brief As above. @param activations As above. @param observations As above. @return [episodes, actions]. */
    Outcome<std::vector<float>> q(Activations &activations, Observation observations) const
    {
        std::vector<float> values(std::size_t{activations.episodes()} * actions());
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
        q(activations, observations, values);
#else
        Result<void> result = q(activations, observations, values);
        if (!result)
            return {result.status(), result.text()};
#endif
        return values;
    }

    /**
     * @brief Plays one greedy step of every episode; every context moves on.
     * @param activations As q().
     * @param observations As q().
     * @param[out] actions [episodes].
     * @return As arq_network_act(); #ARQ_E_SHAPE for sizes that do not fit.
     * @par Threads
     * As q().
     */
    Outcome<void> act(Activations &activations, Observation observations, Span<std::int32_t> actions) const
    {
        std::string misfit = observations.misfit("Network::act", "observations", layout(), activations.episodes());
        if (misfit.empty() && actions.size() != activations.episodes())
            misfit = "Network::act: actions has " + std::to_string(actions.size()) + " values; " +
                     std::to_string(activations.episodes()) + " are needed";
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        const auto kept = this->keep();
        return kept.outcome(arq_network_act(kept.get(), activations.get(), observations.data(), actions.data()));
    }

    /** @brief As above for activations of one episode. @param activations As above. @param observation As above.
     * @return The action. */
    Outcome<std::int32_t> act(Activations &activations, Observation observation) const
    {
        std::int32_t action = 0;
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
        act(activations, observation, Span<std::int32_t>(&action, 1));
#else
        Result<void> result = act(activations, observation, Span<std::int32_t>(&action, 1));
        if (!result)
            return {result.status(), result.text()};
#endif
        return action;
    }

  private:
    friend class Agent;

    explicit Network(std::shared_ptr<Owner> owner) : Handle(std::move(owner))
    {
        if (get() != nullptr)
            arq_network_observation(get(), &layout_.kind, &layout_.size);
    }

    ObservationLayout layout_;
};

inline Outcome<Activations> Activations::create(const Network &network, std::uint32_t episodes)
{
    auto owner = own(detail::Access::state(network), arq_activations_destroy);
    arq_status status = arq_activations_create(network.get(), episodes, &owner->pointer);
    return detail::outcome(owner->state.get(), status, Activations(owner, episodes));
}

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
