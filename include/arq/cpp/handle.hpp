/**
 * @file handle.hpp
 * @brief What every C++ handle has in common: it moves, it ends its C handle once, and it keeps alive what that needs.
 */
#ifndef ARQ_CPP_HANDLE_HPP
#define ARQ_CPP_HANDLE_HPP

#include "status.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
#include <exception>
#include <map>
#include <mutex>
#endif

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

class Context;

/** @cond internal */
namespace detail
{

#if !defined(ARQ_CPP_NO_EXCEPTIONS)

/*
 * Exceptions on their way through C. A callback leaves its exception here and returns a code that no other exception
 * of the context has; the library hands codes from ARQ_E_CALLER downwards through unchanged, and the C++ call that
 * gets the code back rethrows. So each exception leaves through the call that ran the callback, whatever thread the
 * callback ran on.
 */
class Exceptions
{
  public:
    arq_status keep(const void *owner, std::exception_ptr exception)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        drop(owner); /* an earlier one that no call has rethrown: an owner's calls come one after the other */
        kept_[next_] = {owner, std::move(exception)};
        arq_status code = next_;
        next_ = next_ == INT32_MIN ? first : next_ - 1;
        return code;
    }

    std::exception_ptr take(arq_status code)
    {
        if (code > first)
            return nullptr;
        std::lock_guard<std::mutex> lock(mutex_);
        auto found = kept_.find(code);
        if (found == kept_.end())
            return nullptr;
        std::exception_ptr exception = std::move(found->second.exception);
        kept_.erase(found);
        return exception;
    }

    /* Drops the exceptions of an owner that no call has rethrown: when several environments of a batch fail at once,
     * one is rethrown and the others stay behind. */
    void forget(const void *owner)
    {
        std::lock_guard<std::mutex> lock(mutex_);
        drop(owner);
    }

  private:
    void drop(const void *owner)
    {
        for (auto entry = kept_.begin(); entry != kept_.end();)
            entry = entry->second.owner == owner ? kept_.erase(entry) : std::next(entry);
    }

    struct Entry {
        const void *owner;
        std::exception_ptr exception;
    };

    static constexpr arq_status first = -(1 << 30);
    std::mutex mutex_;
    std::map<arq_status, Entry> kept_;
    arq_status next_ = first;
};

#endif

/* A context with what its callbacks need. Every handle shares it, so the context goes last. */
struct State {
    State() = default;
    State(const State &) = delete;
    State &operator=(const State &) = delete;
    ~State()
    {
        arq_context_destroy(context);
    }

    arq_context *context = nullptr;
    std::function<void(std::int32_t level, const char *text)> log;
    std::vector<std::shared_ptr<const void>> plugins; /* tables that the context points to */
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    Exceptions exceptions;
#endif
};

#if !defined(ARQ_CPP_NO_EXCEPTIONS)

[[noreturn]] inline void raise(State *state, arq_status status)
{
    if (state != nullptr) {
        if (std::exception_ptr exception = state->exceptions.take(status))
            std::rethrow_exception(exception);
    }
    throw Error(status, last_text(state == nullptr ? nullptr : state->context));
}

inline void outcome(State *state, arq_status status)
{
    if (status != ARQ_OK)
        raise(state, status);
}

template <class Value> Value outcome(State *state, arq_status status, Value value)
{
    if (status != ARQ_OK)
        raise(state, status);
    return value;
}

#else

inline Result<void> outcome(State *state, arq_status status)
{
    if (status == ARQ_OK)
        return {};
    return {status, last_text(state == nullptr ? nullptr : state->context)};
}

template <class Value> Result<Value> outcome(State *state, arq_status status, Value value)
{
    if (status == ARQ_OK)
        return Result<Value>(std::move(value));
    return Result<Value>(status, last_text(state == nullptr ? nullptr : state->context));
}

#endif

/* A C handle and what must outlive it. */
template <class C> struct Owner {
    Owner(std::shared_ptr<State> state_, void (*destroy_)(C *), std::shared_ptr<const void> parent_)
        : state(std::move(state_)), parent(std::move(parent_)), destroy(destroy_)
    {
    }
    Owner(const Owner &) = delete;
    Owner &operator=(const Owner &) = delete;
    ~Owner()
    {
        if (destroy != nullptr)
            destroy(pointer);
    }

    std::shared_ptr<State> state;
    std::shared_ptr<const void> parent; /* a learner's network, a run's environment, the lender of a borrowed handle */
    void (*destroy)(C *);               /* NULL: borrowed from the parent */
    C *pointer = nullptr;
};

/* For a call that may run callbacks: what it uses lives until it returns, even if a callback ends the handle. */
template <class C> struct Kept {
    std::shared_ptr<Owner<C>> owner;

    C *get() const noexcept
    {
        return owner == nullptr ? nullptr : owner->pointer;
    }
    Outcome<void> outcome(arq_status status) const
    {
        return detail::outcome(owner == nullptr ? nullptr : owner->state.get(), status);
    }
    template <class Value> Outcome<Value> outcome(arq_status status, Value value) const
    {
        return detail::outcome(owner == nullptr ? nullptr : owner->state.get(), status, std::move(value));
    }
};

struct Access;

} // namespace detail
/** @endcond */

/**
 * @brief Base of the handles. They can be moved, not copied; their C handle ends with them, once.
 *
 * Handles may end in any order: a context, a network or an environment lives on while another handle needs it. A
 * handle that was moved from is empty; calls with it fail with #ARQ_E_ARGUMENT. A handle may end inside a callback of a
 * call on it: what the call uses ends when the call returns.
 * @par Threads
 * As for the C handles: one handle is used by one thread at a time, different handles from different threads.
 * @since 0.1
 */
template <class C> class Handle
{
  public:
    /** @brief The C handle, for calls of the C interface. @return Borrowed as long as the handle; NULL if empty. */
    C *get() const noexcept
    {
        return owner_ == nullptr ? nullptr : owner_->pointer;
    }
    /** @brief Whether there is a C handle. */
    explicit operator bool() const noexcept
    {
        return get() != nullptr;
    }

  protected:
    /** @cond internal */
    friend struct detail::Access;
    using Owner = detail::Owner<C>;

    Handle() = default;
    explicit Handle(std::shared_ptr<Owner> owner) : owner_(std::move(owner))
    {
    }
    Handle(Handle &&) noexcept = default;
    Handle &operator=(Handle &&) noexcept = default;
    ~Handle() = default;

    static std::shared_ptr<Owner> own(std::shared_ptr<detail::State> state, void (*destroy)(C *),
                                      std::shared_ptr<const void> parent = nullptr)
    {
        return std::make_shared<Owner>(std::move(state), destroy, std::move(parent));
    }

    detail::State *state() const noexcept
    {
        return owner_ == nullptr ? nullptr : owner_->state.get();
    }
    detail::Kept<C> keep() const noexcept
    {
        return {owner_};
    }
    Outcome<void> outcome(arq_status status) const
    {
        return detail::outcome(state(), status);
    }
    template <class Value> Outcome<Value> outcome(arq_status status, Value value) const
    {
        return detail::outcome(state(), status, std::move(value));
    }

    std::shared_ptr<Owner> owner_;
    /** @endcond */
};

/** @cond internal */
namespace detail
{

/* What the handles' classes may see of each other. */
struct Access {
    template <class C> static const std::shared_ptr<Owner<C>> &owner(const Handle<C> &handle)
    {
        return handle.owner_;
    }
    template <class C> static std::shared_ptr<State> state(const Handle<C> &handle)
    {
        return handle.owner_ == nullptr ? nullptr : handle.owner_->state;
    }
    static std::shared_ptr<State> state(const Context &context); /* in context.hpp */
};

} // namespace detail
/** @endcond */

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
