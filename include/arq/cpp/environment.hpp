/**
 * @file environment.hpp
 * @brief C++: to use environments, one at a time or many by one call. To write one, see env.hpp.
 */
#ifndef ARQ_CPP_ENVIRONMENT_HPP
#define ARQ_CPP_ENVIRONMENT_HPP

#include "plugin.hpp"

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief One environment instance to use; see environment.h. @since 0.1 */
class Env : public Handle<arq_env>
{
  public:
    /** @brief No environment. */
    Env() = default;

    /**
     * @brief Opens an environment by id.
     * @param context The context.
     * @param id Such as "minatar/breakout?sticky=0", a registered one, or the path of a plugin.
     * @return The environment, or as arq_env_open().
     */
    static Outcome<Env> open(const Context &context, Text id)
    {
        auto owner = own(detail::Access::state(context), arq_env_destroy);
        arq_status status = arq_env_open(context.get(), id.get(), &owner->pointer);
        return detail::outcome(owner->state.get(), status, Env(owner));
    }

    /**
     * @brief Makes an environment from an instance of the program's own.
     * @tparam Class Derives from Environment; the pointer's class decides which methods exist.
     * @param context The context.
     * @param environment The instance; ends with the handle.
     * @return The environment, or as arq_env_create().
     */
    template <class Class> static Outcome<Env> create(const Context &context, std::unique_ptr<Class> environment)
    {
        auto owner = own(detail::Access::state(context), arq_env_destroy);
        if (environment == nullptr)
            return detail::refuse<Env>(ARQ_E_ARGUMENT, "Env::create: environment is NULL");
        arq_env_methods methods = detail::Instance::methods<Class>();
        auto instance = std::make_unique<detail::Instance>(std::move(environment), owner->state.get());
        arq_status status = arq_env_create(context.get(), &methods, instance.get(), &owner->pointer);
        if (status == ARQ_OK)
            static_cast<void>(instance.release()); /* the C handle owns it now */
        return detail::outcome(owner->state.get(), status, Env(owner));
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As open(). @param context As there. @param id As there. */
    Env(const Context &context, Text id) : Env(open(context, id))
    {
    }
    /** @brief As create(). @param context As there. @param environment As there. */
    template <class Class>
    Env(const Context &context, std::unique_ptr<Class> environment) : Env(create(context, std::move(environment)))
    {
    }
#endif

    /**
     * @brief Wraps an environment so that episodes are truncated after a number of steps.
     * @param env Moved from on success.
     * @param steps At least 1.
     * @return The wrapper, or as arq_env_time_limit(); #ARQ_E_BUSY while a run uses the environment.
     */
    static Outcome<Env> time_limit(Env &&env, std::uint64_t steps)
    {
        return wrap(env, [&](arq_env **out) { return arq_env_time_limit(env.get(), steps, out); });
    }

    /**
     * @brief Wraps box actions of d components as 2^d discrete ones.
     * @param env Moved from on success.
     * @return The wrapper, or as arq_env_bang_bang(); #ARQ_E_BUSY while a run uses the environment.
     */
    static Outcome<Env> bang_bang(Env &&env)
    {
        return wrap(env, [&](arq_env **out) { return arq_env_bang_bang(env.get(), out); });
    }

    /** @brief What the environment looks like. @return Borrowed as long as the handle; NULL if it is empty. */
    const arq_env_spec *spec() const noexcept
    {
        return arq_env_describe(get());
    }
    /** @brief Kind and size of its observations. @return The layout; zeros if the handle is empty. */
    ObservationLayout layout() const noexcept
    {
        const arq_env_spec *known = spec();
        return known == nullptr ? ObservationLayout{}
                                : ObservationLayout{known->observation_kind, known->observation_size};
    }
    /** @brief Actions, or components of a box action. @return How many; 0 if the handle is empty. */
    std::uint32_t actions() const noexcept
    {
        const arq_env_spec *known = spec();
        return known == nullptr ? 0 : known->action_count;
    }

    /**
     * @brief Begins an episode.
     * @param seed None: go on with the present random stream.
     * @param[out] observation One of the environment's layout.
     * @return As arq_env_reset(), or what the environment threw; #ARQ_E_SHAPE for another layout.
     */
    Outcome<void> reset(std::optional<std::uint64_t> seed, ObservationBuffer observation)
    {
        std::string misfit = Observation(observation).misfit("Env::reset", "observation", layout(), 1);
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        const auto kept = this->keep();
        return kept.outcome(arq_env_reset(kept.get(), seed ? &*seed : nullptr, observation.data()));
    }

    /**
     * @brief One step with a discrete action.
     * @param action 0 .. actions()-1.
     * @param[out] observation As reset(); at an episode's end the final one.
     * @return What came of it; or as arq_env_step(), or what the environment threw.
     */
    Outcome<Step> step(std::int32_t action, ObservationBuffer observation)
    {
        std::string misfit = Observation(observation).misfit("Env::step", "observation", layout(), 1);
        if (!misfit.empty())
            return detail::refuse<Step>(ARQ_E_SHAPE, std::move(misfit));
        double reward = 0;
        std::int32_t terminated = 0, truncated = 0;
        const auto kept = this->keep();
        arq_status status = arq_env_step(kept.get(), action, observation.data(), &reward, &terminated, &truncated);
        return kept.outcome(status, Step{reward, terminated != 0, truncated != 0});
    }

    /**
     * @brief One step with a box action.
     * @param action [actions()] within the bounds.
     * @param[out] observation As step().
     * @return As step(), or as arq_env_step_box().
     */
    Outcome<Step> step_box(Span<const double> action, ObservationBuffer observation)
    {
        std::string misfit = Observation(observation).misfit("Env::step_box", "observation", layout(), 1);
        if (misfit.empty() && action.size() != actions())
            misfit = "Env::step_box: action has " + std::to_string(action.size()) + " components; " +
                     std::to_string(actions()) + " are needed";
        if (!misfit.empty())
            return detail::refuse<Step>(ARQ_E_SHAPE, std::move(misfit));
        double reward = 0;
        std::int32_t terminated = 0, truncated = 0;
        const auto kept = this->keep();
        arq_status status =
            arq_env_step_box(kept.get(), action.data(), observation.data(), &reward, &terminated, &truncated);
        return kept.outcome(status, Step{reward, terminated != 0, truncated != 0});
    }

    /** @brief The complete state. @return It, or as arq_env_save(). */
    Outcome<std::vector<std::uint8_t>> save()
    {
        std::size_t size = 0;
        arq_status status = arq_env_save(get(), nullptr, 0, &size);
        std::vector<std::uint8_t> state(status == ARQ_OK ? size : 0);
        if (status == ARQ_OK)
            status = arq_env_save(get(), state.data(), state.size(), &size);
        return outcome(status, std::move(state));
    }
    /** @brief Takes over a state. @param state Of an environment opened with the same id. @return As arq_env_load(). */
    Outcome<void> load(Span<const std::uint8_t> state)
    {
        const auto kept = this->keep();
        return kept.outcome(arq_env_load(kept.get(), state.data(), state.size()));
    }

    /** @brief Draws the present state. @param cell_size Pixels a side of one cell, at least 1. @return The picture, or
     * as arq_env_render(). */
    Outcome<Picture> render(std::uint32_t cell_size)
    {
        Picture picture;
        arq_status status = arq_env_render(get(), cell_size, nullptr, 0, &picture.width, &picture.height);
        if (status == ARQ_OK) {
            picture.rgb.resize(std::size_t{3} * picture.width * picture.height);
            status = arq_env_render(get(), cell_size, picture.rgb.data(), picture.rgb.size(), &picture.width,
                                    &picture.height);
        }
        return outcome(status, std::move(picture));
    }

    /** @brief Name of an action. @param action Its index. @return Borrowed; NULL if it has none. */
    const char *action_name(std::uint32_t action)
    {
        return arq_env_action_name(get(), action);
    }
    /** @brief Name of an entry of the observation's last dimension. @param index Which. @return Borrowed; NULL if it
     * has none. */
    const char *observation_name(std::uint32_t index)
    {
        return arq_env_observation_name(get(), index);
    }

  private:
    friend class EnvBatch;

    explicit Env(std::shared_ptr<Owner> owner) : Handle(std::move(owner))
    {
    }

    template <class Make> static Outcome<Env> wrap(Env &env, const Make &make)
    {
        if (env.owner_.use_count() > 1)
            return detail::refuse<Env>(ARQ_E_BUSY, "Env: a run uses this environment; wrap it before");
        auto owner = own(detail::Access::state(env), arq_env_destroy);
        arq_status status = make(&owner->pointer);
        if (status == ARQ_OK) {
            env.owner_->destroy = nullptr; /* it ends with the wrapper */
            env.owner_ = nullptr;
        }
        return detail::outcome(owner->state.get(), status, Env(owner));
    }
};

/** @brief What came of one step of a batch: a value for each instance. @since 0.1 */
struct BatchStep {
    std::vector<double> rewards;          /**< [count] */
    std::vector<std::int32_t> terminated; /**< [count] 1: ended by the rules. */
    std::vector<std::int32_t> truncated;  /**< [count] 1: cut. */
};

/** @brief Several instances of one environment that are stepped by one call; see environment.h. @since 0.1 */
class EnvBatch : public Handle<arq_env_batch>
{
  public:
    /** @brief No instances. */
    EnvBatch() = default;

    /** @brief Makes `count` instances. @param context The context. @param id As in Env::open(). @param count At least
     * 1. @return The batch, or as arq_env_batch_open(). */
    static Outcome<EnvBatch> open(const Context &context, Text id, std::uint32_t count)
    {
        auto owner = own(detail::Access::state(context), arq_env_batch_destroy);
        arq_status status = arq_env_batch_open(context.get(), id.get(), count, &owner->pointer);
        return detail::outcome(owner->state.get(), status, EnvBatch(owner, count));
    }

    /**
     * @brief Makes a batch of environments that exist already, each wrapped as one likes.
     * @param envs At least one, of one context; moved from on success.
     * @return The batch, or as arq_env_batch_create(); #ARQ_E_BUSY while a run uses one of them.
     */
    static Outcome<EnvBatch> create(std::vector<Env> &&envs)
    {
        std::vector<arq_env *> pointers;
        for (Env &env : envs) {
            if (env.owner_ != nullptr && env.owner_.use_count() > 1)
                return detail::refuse<EnvBatch>(ARQ_E_BUSY, "EnvBatch::create: a run uses one of the environments");
            pointers.push_back(env.get());
        }
        auto owner = own(envs.empty() ? nullptr : detail::Access::state(envs.front()), arq_env_batch_destroy);
        arq_status status =
            arq_env_batch_create(pointers.data(), static_cast<std::uint32_t>(pointers.size()), &owner->pointer);
        for (std::size_t i = 0; status == ARQ_OK && i < envs.size(); i++) {
            envs[i].owner_->destroy = nullptr; /* it ends with the batch */
            envs[i].owner_ = nullptr;
        }
        return detail::outcome(owner->state.get(), status,
                               EnvBatch(owner, static_cast<std::uint32_t>(pointers.size())));
    }

    /**
     * @brief As Env::time_limit() for every instance.
     * @param batch Moved from on success.
     * @param steps At least 1.
     * @return The wrapped batch, or as arq_env_batch_time_limit(); #ARQ_E_BUSY while at() of it is in use.
     */
    static Outcome<EnvBatch> time_limit(EnvBatch &&batch, std::uint64_t steps)
    {
        return wrap(batch, [&](arq_env_batch **out) { return arq_env_batch_time_limit(batch.get(), steps, out); });
    }

    /**
     * @brief As Env::bang_bang() for every instance.
     * @param batch Moved from on success.
     * @return The wrapped batch, or as arq_env_batch_bang_bang(); #ARQ_E_BUSY while at() of it is in use.
     */
    static Outcome<EnvBatch> bang_bang(EnvBatch &&batch)
    {
        return wrap(batch, [&](arq_env_batch **out) { return arq_env_batch_bang_bang(batch.get(), out); });
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As open(). @param context As there. @param id As there. @param count As there. */
    EnvBatch(const Context &context, Text id, std::uint32_t count) : EnvBatch(open(context, id, count))
    {
    }
#endif

    /** @brief How many instances there are. @return Instances. */
    std::uint32_t count() const noexcept
    {
        return get() == nullptr ? 0 : count_;
    }
    /** @brief Kind and size of one observation. @return The layout. */
    ObservationLayout layout() const noexcept
    {
        return layout_;
    }

    /** @brief One instance, for its spec, names, rendering and state. @param index Which. @return A handle that keeps
     * the batch; empty behind the last. */
    Env at(std::uint32_t index) const
    {
        auto owner = Env::own(owner_ == nullptr ? nullptr : owner_->state, nullptr, owner_);
        owner->pointer = arq_env_batch_at(get(), index);
        return Env(owner);
    }

    /**
     * @brief Resets instances.
     * @param seeds [count]; empty: their random streams go on.
     * @param mask [count] which to reset (non-zero); empty: all.
     * @param[in,out] observations [count]; those of the mask are written.
     * @return As arq_env_batch_reset(), or what an instance threw; #ARQ_E_SHAPE for sizes that do not fit.
     */
    Outcome<void> reset(Span<const std::uint64_t> seeds, Span<const std::uint8_t> mask, ObservationBuffer observations)
    {
        std::string misfit = Observation(observations).misfit("EnvBatch::reset", "observations", layout_, count_);
        if (misfit.empty() && ((!seeds.empty() && seeds.size() != count_) || (!mask.empty() && mask.size() != count_)))
            misfit = "EnvBatch::reset: seeds has " + std::to_string(seeds.size()) + " and mask " +
                     std::to_string(mask.size()) + " values; " + std::to_string(count_) + " or none are needed";
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        const auto kept = this->keep();
        return kept.outcome(arq_env_batch_reset(kept.get(), seeds.empty() ? nullptr : seeds.data(),
                                                mask.empty() ? nullptr : mask.data(), observations.data()));
    }

    /**
     * @brief One step of every instance.
     * @param actions [count].
     * @param[out] observations [count].
     * @param[out] result Sized by the call; reuse it and nothing is allocated.
     * @return As arq_env_batch_step(), or what an instance threw; #ARQ_E_SHAPE for sizes that do not fit.
     */
    Outcome<void> step(Span<const std::int32_t> actions, ObservationBuffer observations, BatchStep &result)
    {
        std::string misfit = Observation(observations).misfit("EnvBatch::step", "observations", layout_, count_);
        if (misfit.empty() && actions.size() != count_)
            misfit = "EnvBatch::step: actions has " + std::to_string(actions.size()) + " values; " +
                     std::to_string(count_) + " are needed";
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        result.rewards.resize(count_);
        result.terminated.resize(count_);
        result.truncated.resize(count_);
        const auto kept = this->keep();
        return kept.outcome(arq_env_batch_step(kept.get(), actions.data(), observations.data(), result.rewards.data(),
                                               result.terminated.data(), result.truncated.data()));
    }

    /**
     * @brief One step of some instances.
     * @param mask [count] which (non-zero), each inside an episode; empty: all that are.
     * @param actions [count]; those of instances that do not step are not looked at.
     * @param[in,out] observations [count]; those of instances that step are written, as the entries of result.
     * @param[in,out] result Sized by the call; entries of instances that do not step stay.
     * @return As arq_env_batch_step_masked(), or what the first instance that failed threw; statuses() tells which.
     */
    Outcome<void> step_masked(Span<const std::uint8_t> mask, Span<const std::int32_t> actions,
                              ObservationBuffer observations, BatchStep &result)
    {
        std::string misfit = fit("EnvBatch::step_masked", mask, actions.size(), count_, observations, result);
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        const auto kept = this->keep();
        return kept.outcome(arq_env_batch_step_masked(kept.get(), mask.empty() ? nullptr : mask.data(), actions.data(),
                                                      observations.data(), result.rewards.data(),
                                                      result.terminated.data(), result.truncated.data()));
    }

    /**
     * @brief As step_masked() with box actions.
     * @param mask As there.
     * @param actions [count, actions of an instance], each within its bounds.
     * @param[in,out] observations As there.
     * @param[in,out] result As there.
     * @return As there; #ARQ_E_UNSUPPORTED for discrete actions.
     */
    Outcome<void> step_box(Span<const std::uint8_t> mask, Span<const double> actions, ObservationBuffer observations,
                           BatchStep &result)
    {
        const std::size_t wanted = std::size_t{count_} * at(0).actions();
        std::string misfit = fit("EnvBatch::step_box", mask, actions.size(), wanted, observations, result);
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        const auto kept = this->keep();
        return kept.outcome(arq_env_batch_step_box(kept.get(), mask.empty() ? nullptr : mask.data(), actions.data(),
                                                   observations.data(), result.rewards.data(), result.terminated.data(),
                                                   result.truncated.data()));
    }

    /** @brief How the last reset or step ended for each instance. @return [count], borrowed; #ARQ_OK where it did what
     * was asked or was not asked; empty without instances. */
    Span<const arq_status> statuses() const noexcept
    {
        const arq_status *first = arq_env_batch_statuses(get());
        return first == nullptr ? Span<const arq_status>() : Span<const arq_status>(first, count_);
    }

  private:
    template <class Make> static Outcome<EnvBatch> wrap(EnvBatch &batch, const Make &make)
    {
        if (batch.owner_.use_count() > 1)
            return detail::refuse<EnvBatch>(ARQ_E_BUSY,
                                            "EnvBatch: an instance or a run uses this batch; wrap it before");
        auto owner = own(detail::Access::state(batch), arq_env_batch_destroy);
        const std::uint32_t count = batch.count_;
        arq_status status = make(&owner->pointer);
        if (status == ARQ_OK) {
            batch.owner_->destroy = nullptr; /* it ends with the wrapped one */
            batch.owner_ = nullptr;
        }
        return detail::outcome(owner->state.get(), status, EnvBatch(owner, count));
    }

    /* Says what does not fit a step; if everything does, sizes the result and returns "". */
    std::string fit(const char *call, Span<const std::uint8_t> mask, std::size_t actions, std::size_t wanted,
                    ObservationBuffer observations, BatchStep &result) const
    {
        std::string misfit = Observation(observations).misfit(call, "observations", layout_, count_);
        if (misfit.empty() && (actions != wanted || (!mask.empty() && mask.size() != count_)))
            misfit = std::string(call) + ": actions has " + std::to_string(actions) + " values, mask " +
                     std::to_string(mask.size()) + "; " + std::to_string(wanted) + " and " + std::to_string(count_) +
                     " (or none) are needed";
        if (misfit.empty()) {
            result.rewards.resize(count_);
            result.terminated.resize(count_);
            result.truncated.resize(count_);
        }
        return misfit;
    }

    EnvBatch(std::shared_ptr<Owner> owner, std::uint32_t count) : Handle(std::move(owner)), count_(count)
    {
        const arq_env_spec *spec = arq_env_describe(arq_env_batch_at(get(), 0));
        if (spec != nullptr)
            layout_ = {spec->observation_kind, spec->observation_size};
    }

    std::uint32_t count_ = 0;
    ObservationLayout layout_;
};

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
