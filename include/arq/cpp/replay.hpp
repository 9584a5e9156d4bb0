/**
 * @file replay.hpp
 * @brief C++: experience replay, and the batches it draws.
 */
#ifndef ARQ_CPP_REPLAY_HPP
#define ARQ_CPP_REPLAY_HPP

#include "../replay.h"
#include "context.hpp"
#include "env.hpp"

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief Transitions to learn from, drawn by Replay::sample() or filled by the program. @since 0.1 */
struct Batch {
    ObservationArray observations;        /**< [batch, window + 1]: windows ending at s_t, then s_{t+1}. */
    std::vector<std::int32_t> lengths;    /**< [batch] observations of each window that are not filling. */
    std::vector<std::int32_t> actions;    /**< [batch] */
    std::vector<float> rewards;           /**< [batch] */
    std::vector<std::uint8_t> terminated; /**< [batch] 1 where no bootstrap follows. */

    /** @brief No transitions. */
    Batch() = default;
    /** @brief Zeroed memory, every window full. @param layout Kind and size of one observation. @param size
     * Transitions. @param window Observations of a window ending at s_t. */
    Batch(ObservationLayout layout, std::uint32_t size, std::uint32_t window)
        : observations(layout, std::size_t{size} * (std::size_t{window} + 1)),
          lengths(size, static_cast<std::int32_t>(window)), actions(size), rewards(size), terminated(size)
    {
    }

    /** @brief How many transitions there are. @return Transitions. */
    std::uint32_t size() const noexcept
    {
        return static_cast<std::uint32_t>(actions.size());
    }
};

/** @brief A replay buffer; see replay.h. @since 0.1 */
class Replay : public Handle<arq_replay>
{
  public:
    /** @brief No buffer. */
    Replay() = default;

    /**
     * @brief Makes an empty buffer.
     * @param context The context.
     * @param layout Kind and size of one observation.
     * @param capacity Most transitions kept.
     * @param window Observations of a window ending at s_t, at least 1.
     * @param seed Of the sampling.
     * @return The buffer, or as arq_replay_create().
     */
    static Outcome<Replay> create(const Context &context, ObservationLayout layout, std::uint64_t capacity,
                                  std::uint32_t window = 1, std::uint64_t seed = 0)
    {
        auto owner = own(detail::Access::state(context), arq_replay_destroy);
        arq_status status =
            arq_replay_create(context.get(), layout.kind, layout.size, capacity, window, seed, &owner->pointer);
        return detail::outcome(owner->state.get(), status, Replay(owner, layout, window));
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create(). @param context As there. @param layout As there. @param capacity As there. @param window As
     * there. @param seed As there. */
    Replay(const Context &context, ObservationLayout layout, std::uint64_t capacity, std::uint32_t window = 1,
           std::uint64_t seed = 0)
        : Replay(create(context, layout, capacity, window, seed))
    {
    }
#endif

    /** @brief Begins an episode. @param observation The first one. @return As arq_replay_begin(); #ARQ_E_SHAPE for
     * another layout. */
    Outcome<void> begin(Observation observation)
    {
        std::string misfit = observation.misfit("Replay::begin", "observation", layout(), 1);
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        return outcome(arq_replay_begin(get(), observation.data()));
    }

    /** @brief Adds the transition from the newest observation. @param action a_t. @param step What came of it.
     * @param next_observation s_{t+1}. @return As arq_replay_add(); #ARQ_E_SHAPE for another layout. */
    Outcome<void> add(std::int32_t action, const Step &step, Observation next_observation)
    {
        std::string misfit = next_observation.misfit("Replay::add", "next_observation", layout(), 1);
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        return outcome(
            arq_replay_add(get(), action, step.reward, next_observation.data(), step.terminated, step.truncated));
    }

    /** @brief Transitions stored. @return Transitions. */
    std::uint64_t size() const noexcept
    {
        return arq_replay_size(get());
    }
    /** @brief Transitions that can be drawn. @return Transitions. */
    std::uint64_t eligible() const noexcept
    {
        return arq_replay_eligible(get());
    }
    /** @brief What the buffer stores. @return Kind and size of one observation; zeros if the handle is empty. */
    ObservationLayout layout() const noexcept
    {
        return get() == nullptr ? ObservationLayout{} : layout_;
    }

    /** @brief Memory to draw into. @param size Transitions. @return A batch of this buffer's layout and window. */
    Batch batch(std::uint32_t size) const
    {
        return Batch(layout(), size, window_);
    }

    /**
     * @brief Draws transitions uniformly.
     * @param distinct Whether each is drawn at most once.
     * @param[out] batch Made by batch(); as many are drawn as it holds.
     * @return As arq_replay_sample(); #ARQ_E_SHAPE for a batch of another layout or window.
     */
    Outcome<void> sample(bool distinct, Batch &batch)
    {
        std::size_t count = std::size_t{batch.size()} * (std::size_t{window_} + 1);
        std::string misfit =
            Observation(batch.observations).misfit("Replay::sample", "batch.observations", layout(), count);
        if (misfit.empty() && (batch.lengths.size() != batch.size() || batch.rewards.size() != batch.size() ||
                               batch.terminated.size() != batch.size()))
            misfit = "Replay::sample: the batch's arrays differ in length";
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        return outcome(arq_replay_sample(get(), batch.size(), distinct, ObservationBuffer(batch.observations).data(),
                                         batch.lengths.data(), batch.actions.data(), batch.rewards.data(),
                                         batch.terminated.data()));
    }

    /** @brief Saves everything. @param path The file. @return As arq_replay_save(). */
    Outcome<void> save(Text path)
    {
        return outcome(arq_replay_save(get(), path.get()));
    }
    /** @brief Takes over a saved buffer. @param path The file. @return As arq_replay_load(). */
    Outcome<void> load(Text path)
    {
        return outcome(arq_replay_load(get(), path.get()));
    }

  private:
    Replay(std::shared_ptr<Owner> owner, ObservationLayout layout, std::uint32_t window)
        : Handle(std::move(owner)), layout_(layout), window_(window)
    {
    }

    ObservationLayout layout_;
    std::uint32_t window_ = 0;
};

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
