/**
 * @file learner.hpp
 * @brief C++: lets a network learn from batches.
 */
#ifndef ARQ_CPP_LEARNER_HPP
#define ARQ_CPP_LEARNER_HPP

#include "../learner.h"
#include "network.hpp"
#include "replay.hpp"

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief Target network and optimiser of one network that learns; see learner.h. Keeps the network. @since 0.1 */
class Learner : public Handle<arq_learner>
{
  public:
    /** @brief No learner. */
    Learner() = default;

    /** @brief Makes a learner. @param network What learns. @param config Used: the parameters of the learning rule and
     * batch. @return The learner, or as arq_learner_create(). */
    static Outcome<Learner> create(Network &network, const Config &config)
    {
        auto owner = own(detail::Access::state(network), arq_learner_destroy, detail::Access::owner(network));
        arq_status status = arq_learner_create(network.get(), config.get(), &owner->pointer);
        return detail::outcome(owner->state.get(), status, Learner(owner, network.layout()));
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create(). @param network As there. @param config As there. */
    Learner(Network &network, const Config &config) : Learner(create(network, config))
    {
    }
#endif

    /** @brief Observations of a window ending at s_t that an update wants. @return At least 1. */
    std::uint32_t window() const noexcept
    {
        return arq_learner_window(get());
    }

    /** @brief One update of every cell. @param batch Of the network's layout and of window(). @return As
     * arq_learner_update(); #ARQ_E_SHAPE for sizes that do not fit. */
    Outcome<void> update(const Batch &batch)
    {
        std::size_t count = std::size_t{batch.size()} * (std::size_t{window()} + 1);
        std::string misfit = Observation(batch.observations)
                                 .misfit("Learner::update", "batch.observations",
                                         get() == nullptr ? ObservationLayout{} : layout_, count);
        if (misfit.empty() && ((!batch.lengths.empty() && batch.lengths.size() != batch.size()) ||
                               batch.rewards.size() != batch.size() || batch.terminated.size() != batch.size()))
            misfit = "Learner::update: the batch's arrays differ in length";
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        return outcome(arq_learner_update(get(), batch.size(), Observation(batch.observations).data(),
                                          batch.lengths.empty() ? nullptr : batch.lengths.data(), batch.actions.data(),
                                          batch.rewards.data(), batch.terminated.data()));
    }

    /** @brief Moves the target network. @return As arq_learner_sync(). */
    Outcome<void> sync()
    {
        return outcome(arq_learner_sync(get()));
    }

    /** @brief A number about the last update. @param name As in arq_learner_metric(). @param cell Which.
     * @return The number; NAN before the first update. */
    Outcome<double> metric(Text name, std::uint32_t cell = 0) const
    {
        double value = 0;
        arq_status status = arq_learner_metric(get(), name.get(), cell, &value);
        return outcome(status, value);
    }

    /** @brief Saves target network, optimiser and counters. @param path The file. @return As arq_learner_save(). */
    Outcome<void> save(Text path) const
    {
        return outcome(arq_learner_save(get(), path.get()));
    }
    /** @brief Takes over a saved learner. @param path The file. @return As arq_learner_load(). */
    Outcome<void> load(Text path)
    {
        return outcome(arq_learner_load(get(), path.get()));
    }

  private:
    Learner(std::shared_ptr<Owner> owner, ObservationLayout layout) : Handle(std::move(owner)), layout_(layout)
    {
    }

    ObservationLayout layout_;
};

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
