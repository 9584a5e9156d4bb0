/**
 * @file env.hpp
 * @brief C++: to write an environment, derive from arq::Environment. To use one, see environment.hpp.
 */
#ifndef ARQ_CPP_ENV_HPP
#define ARQ_CPP_ENV_HPP

#include "../env.h"
#include "handle.hpp"
#include "observation.hpp"

#include <new>
#include <optional>

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief What came of one step. @since 0.1 */
struct Step {
    double reward = 0;       /**< Finite. */
    bool terminated = false; /**< The episode ended by the rules, nothing follows. */
    bool truncated = false;  /**< The episode was cut, the world would have gone on. */

    /** @brief Whether the episode has ended. @return True for either flag. */
    bool ended() const noexcept
    {
        return terminated || truncated;
    }
};

/** @brief A picture of a state. @since 0.1 */
struct Picture {
    std::uint32_t width = 0;       /**< Pixels. */
    std::uint32_t height = 0;      /**< Pixels. */
    std::vector<std::uint8_t> rgb; /**< [height, width, 3] rows from the top. */
};

/**
 * @brief What an author of an environment derives from; the promises are those of env.h.
 *
 * spec(), reset() and step() (for box actions step_box()) must be overridden; the other methods are optional, and the
 * library finds out which ones a class overrides. Exceptions come out of the call that ran the method, such as
 * Run::advance(); without exceptions a method returns a Result with a code of #ARQ_E_CALLER or below. All methods of
 * one instance are called from one thread at a time; different instances from different threads, so they share no
 * mutable state.
 * @since 0.1
 */
class Environment
{
  public:
    /** @brief As derived classes need. */
    Environment() = default;
    /** @brief As derived classes need. @param other What to copy. */
    Environment(const Environment &other) = default;
    /** @brief As derived classes need. @param other What to copy. @return This one. */
    Environment &operator=(const Environment &other) = default;
    virtual ~Environment() = default;

    /**
     * @brief Describes the environment, the same at every call.
     * @param[out] spec Zeroed except for struct_size; fill what is known.
     * @return Nothing.
     */
    virtual Outcome<void> spec(arq_env_spec &spec) = 0;

    /**
     * @brief Begins an episode.
     * @param seed If there is one, all that follows is a function of it and the actions alone; the first reset always
     *   has one. Otherwise the present random stream goes on.
     * @param[out] observation The first observation, to be written as a whole: the memory is not zeroed before.
     * @return Nothing.
     */
    virtual Outcome<void> reset(std::optional<std::uint64_t> seed, ObservationBuffer observation) = 0;

    /**
     * @brief One step with a discrete action.
     * @param action 0 .. action_count-1.
     * @param[out] observation What is seen after the step; at an episode's end the final one.
     * @return Reward and flags.
     */
    virtual Outcome<Step> step(std::int32_t action, ObservationBuffer observation)
    {
        static_cast<void>(action);
        static_cast<void>(observation);
        return detail::refuse<Step>(ARQ_E_UNSUPPORTED, "the environment has no step method");
    }

    /**
     * @brief One step with a box action.
     * @param action [action_count] within the bounds.
     * @param[out] observation As step().
     * @return As step().
     */
    virtual Outcome<Step> step_box(Span<const double> action, ObservationBuffer observation)
    {
        static_cast<void>(action);
        static_cast<void>(observation);
        return detail::refuse<Step>(ARQ_E_UNSUPPORTED, "the environment has no step_box method");
    }

    /** @brief The complete state, random stream included; changes nothing. Override load() too. @return The state. */
    virtual Outcome<std::vector<std::uint8_t>> save()
    {
        return detail::refuse<std::vector<std::uint8_t>>(ARQ_E_UNSUPPORTED, "the environment has no save method");
    }

    /**
     * @brief Takes over a state; what follows is the same, bit for bit, as after the save.
     * @param state Written by save(). One that cannot be used is refused with #ARQ_E_FORMAT, changing nothing.
     * @return Nothing.
     */
    virtual Outcome<void> load(Span<const std::uint8_t> state)
    {
        static_cast<void>(state);
        return detail::refuse<void>(ARQ_E_UNSUPPORTED, "the environment has no load method");
    }

    /** @brief Draws the present state; changes nothing. @param cell_size Pixels a side of one cell, at least 1.
     * @return The picture; its size is the same at every call. */
    virtual Outcome<Picture> render(std::uint32_t cell_size)
    {
        static_cast<void>(cell_size);
        return detail::refuse<Picture>(ARQ_E_UNSUPPORTED, "the environment has no render method");
    }

    /** @brief Name of an action or of a box action's component. @param action Its index. @return Static, or NULL. */
    virtual const char *action_name(std::uint32_t action)
    {
        static_cast<void>(action);
        return nullptr;
    }

    /** @brief Name of an entry of the observation's last dimension. @param index Which. @return Static, or NULL. */
    virtual const char *observation_name(std::uint32_t index)
    {
        static_cast<void>(index);
        return nullptr;
    }
};

/** @cond internal */
namespace detail
{

/* Whether Class overrides a method of Environment. Where &Class::method does not compile because it is private or
 * overloaded, Class has declared the method itself. */
template <class Class, template <class> class Method, class = void> inline constexpr bool overrides = true;
template <class Class, template <class> class Method>
inline constexpr bool overrides<Class, Method, std::void_t<Method<Class>>> =
    !std::is_same_v<Method<Class>, Method<Environment>>;

template <class Class> using StepMethod = decltype(&Class::step);
template <class Class> using StepBoxMethod = decltype(&Class::step_box);
template <class Class> using SaveMethod = decltype(&Class::save);
template <class Class> using LoadMethod = decltype(&Class::load);
template <class Class> using RenderMethod = decltype(&Class::render);
template <class Class> using ActionNameMethod = decltype(&Class::action_name);
template <class Class> using ObservationNameMethod = decltype(&Class::observation_name);

#if !defined(ARQ_CPP_NO_EXCEPTIONS)

/* The code a callback returns for the exception that is being handled, and its text. */
inline arq_status keep_exception(State *state, const void *owner, std::string &text) noexcept
{
    try {
        arq_status status = ARQ_E_CALLBACK;
        try {
            throw;
        } catch (const Error &error) {
            text = error.what();
            status = error.status();
        } catch (const std::bad_alloc &error) {
            text = error.what();
            status = ARQ_E_NOMEM;
        } catch (const std::exception &error) {
            text = error.what();
        } catch (...) {
            text = "an exception that is no std::exception";
        }
        /* load() refusing a state is no surprise: the library reports it by itself, with the text. */
        if (state == nullptr || status == ARQ_E_FORMAT)
            return status;
        return state->exceptions.keep(owner, std::current_exception());
    } catch (...) {
        return ARQ_E_NOMEM;
    }
}

#endif

/* An instance as the C methods get it, and the boundary that no exception crosses. */
class Instance
{
  public:
    /* state: of the context; NULL in a plugin, whose exceptions leave as codes and texts only */
    Instance(std::unique_ptr<Environment> environment, State *state) : environment_(std::move(environment))
    {
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
        state_ = state;
#else
        static_cast<void>(state);
#endif
    }
    Instance(const Instance &) = delete;
    Instance &operator=(const Instance &) = delete;
    ~Instance()
    {
        /* Where spec() has thrown (the layout is not known), the call that makes this instance still has to rethrow. */
        if (layout_.kind != 0)
            forget();
    }

    template <class Class> static arq_env_methods methods()
    {
        static_assert(std::is_base_of_v<Environment, Class>, "an environment derives from arq::Environment");
        static_assert(!std::is_same_v<Environment, Class>, "keep the environment's own class in the pointer: which "
                                                           "methods it overrides decides what it can do");
        arq_env_methods methods{};
        methods.struct_size = sizeof(methods);
        methods.spec = spec;
        methods.reset = reset;
        methods.step = overrides<Class, StepMethod> ? step : nullptr;
        methods.step_box = overrides<Class, StepBoxMethod> ? step_box : nullptr;
        methods.destroy = destroy;
        methods.save = overrides<Class, SaveMethod> ? save : nullptr;
        methods.load = overrides<Class, LoadMethod> ? load : nullptr;
        methods.render = overrides<Class, RenderMethod> ? render : nullptr;
        methods.action_name = overrides<Class, ActionNameMethod> ? action_name : nullptr;
        methods.observation_name = overrides<Class, ObservationNameMethod> ? observation_name : nullptr;
        methods.last_error = last_error;
        return methods;
    }

  private:
    static Instance &of(void *self) noexcept
    {
        return *static_cast<Instance *>(self);
    }

    static arq_status spec(void *self, arq_env_spec *spec) noexcept
    {
        Instance &instance = of(self);
        arq_status status = instance.run([&] { return instance.environment_->spec(*spec); });
        if (status == ARQ_OK) {
            instance.layout_ = {spec->observation_kind, spec->observation_size};
            instance.action_count_ = spec->action_count;
        }
        return status;
    }

    static arq_status reset(void *self, const std::uint64_t *seed, void *observation) noexcept
    {
        Instance &instance = of(self);
        arq_status status = instance.know_spec();
        if (status != ARQ_OK)
            return status;
        std::optional<std::uint64_t> optional_seed;
        if (seed != nullptr)
            optional_seed = *seed;
        return instance.run([&] {
            return instance.environment_->reset(optional_seed, {observation, instance.layout_});
        });
    }

    static arq_status step(void *self, std::int32_t action, void *observation, double *reward, std::int32_t *terminated,
                           std::int32_t *truncated) noexcept
    {
        Instance &instance = of(self);
        arq_status status = instance.know_spec();
        if (status != ARQ_OK)
            return status;
        return instance.run(
            [&] {
                return instance.environment_->step(action, {observation, instance.layout_});
            },
            [&](const Step &step) { return give(step, reward, terminated, truncated); });
    }

    static arq_status step_box(void *self, const double *action, void *observation, double *reward,
                               std::int32_t *terminated, std::int32_t *truncated) noexcept
    {
        Instance &instance = of(self);
        arq_status status = instance.know_spec();
        if (status != ARQ_OK)
            return status;
        Span<const double> components(action, instance.action_count_);
        return instance.run(
            [&] {
                return instance.environment_->step_box(components, {observation, instance.layout_});
            },
            [&](const Step &step) { return give(step, reward, terminated, truncated); });
    }

    static arq_status give(const Step &step, double *reward, std::int32_t *terminated, std::int32_t *truncated) noexcept
    {
        *reward = step.reward;
        *terminated = step.terminated;
        *truncated = step.truncated;
        return ARQ_OK;
    }

    static void destroy(void *self) noexcept
    {
        delete static_cast<Instance *>(self);
    }

    static arq_status save(void *self, void *buffer, std::size_t capacity, std::size_t *size) noexcept
    {
        Instance &instance = of(self);
        return instance.run([&] { return instance.environment_->save(); },
                            [&](const std::vector<std::uint8_t> &state) {
                                *size = state.size();
                                return copy_out(state, buffer, capacity);
                            });
    }

    static arq_status load(void *self, const void *buffer, std::size_t size) noexcept
    {
        Instance &instance = of(self);
        Span<const std::uint8_t> state(static_cast<const std::uint8_t *>(buffer), size);
        return instance.run([&] { return instance.environment_->load(state); });
    }

    static arq_status render(void *self, std::uint32_t cell_size, std::uint8_t *rgb, std::size_t capacity,
                             std::uint32_t *width, std::uint32_t *height) noexcept
    {
        Instance &instance = of(self);
        return instance.run([&] { return instance.environment_->render(cell_size); },
                            [&](const Picture &picture) {
                                if (picture.rgb.size() / 3 != std::size_t{picture.width} * picture.height)
                                    return instance.fail(ARQ_E_ENV, "render: rgb has not width * height * 3 bytes");
                                *width = picture.width;
                                *height = picture.height;
                                return copy_out(picture.rgb, rgb, capacity);
                            });
    }

    static arq_status copy_out(const std::vector<std::uint8_t> &bytes, void *buffer, std::size_t capacity) noexcept
    {
        if (buffer == nullptr || bytes.empty())
            return ARQ_OK;
        if (capacity < bytes.size())
            return ARQ_E_SHAPE;
        std::memcpy(buffer, bytes.data(), bytes.size());
        return ARQ_OK;
    }

    static const char *action_name(void *self, std::uint32_t action) noexcept
    {
        return of(self).name([&](Environment &environment) { return environment.action_name(action); });
    }

    static const char *observation_name(void *self, std::uint32_t index) noexcept
    {
        return of(self).name([&](Environment &environment) { return environment.observation_name(index); });
    }

    static const char *last_error(void *self) noexcept
    {
        return of(self).text_.c_str();
    }

    /* The library asks one instance of a type for its spec and may play others without asking. */
    arq_status know_spec() noexcept
    {
        arq_env_spec asked{};
        asked.struct_size = sizeof(asked);
        return layout_.kind == 0 ? spec(this, &asked) : ARQ_OK;
    }

    arq_status fail(arq_status status, const char *text)
    {
        text_ = text;
        return status;
    }

    template <class Method> arq_status run(Method &&method) noexcept
    {
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
        return guard([&] {
            method();
            return ARQ_OK;
        });
#else
        Result<void> result = method();
        return result ? ARQ_OK : fail(result.status(), result.text().c_str());
#endif
    }

    /* use: gets the value that the method returned */
    template <class Method, class Use> arq_status run(Method &&method, Use &&use) noexcept
    {
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
        return guard([&] { return use(method()); });
#else
        auto result = method();
        return result ? use(*result) : fail(result.status(), result.text().c_str());
#endif
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)

    template <class Body> arq_status guard(Body &&body) noexcept
    {
        try {
            return body();
        } catch (...) {
            forget();
            return keep_exception(state_, this, text_);
        }
    }

    template <class Method> const char *name(Method &&method) noexcept
    {
        try {
            return method(*environment_);
        } catch (...) { /* a name has no status to fail with */
            return nullptr;
        }
    }

    void forget() noexcept
    {
        if (state_ != nullptr)
            state_->exceptions.forget(this);
    }

#else

    template <class Method> const char *name(Method &&method) noexcept
    {
        return method(*environment_);
    }

    void forget() noexcept
    {
    }

#endif

    std::unique_ptr<Environment> environment_;
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    State *state_ = nullptr;
#endif
    ObservationLayout layout_;
    std::uint32_t action_count_ = 0;
    std::string text_; /* of the last failure */
};

} // namespace detail
/** @endcond */

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
