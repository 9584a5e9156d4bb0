/**
 * @file context.hpp
 * @brief C++: the library handle.
 */
#ifndef ARQ_CPP_CONTEXT_HPP
#define ARQ_CPP_CONTEXT_HPP

#include "handle.hpp"

#if defined(__has_include)
#if __has_include(<memory_resource>)
#include <memory_resource>
#endif
#endif

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief Names of the instruction sets, as in arq_cpu_name(). @return All of them; static texts. @since 0.2 */
inline std::vector<const char *> cpu_names()
{
    std::vector<const char *> names;
    const char *name = nullptr;
    for (std::uint32_t i = 0; (name = arq_cpu_name(i)) != nullptr; i++)
        names.push_back(name);
    return names;
}

/**
 * @brief The library handle: where memory comes from, who computes, which instructions. See context.h.
 *
 * Every other handle shares it; it ends with the last of them.
 * @since 0.1
 */
class Context
{
  public:
    /** @brief Hears one log line; may be called from any thread that uses the context. What it throws is dropped. */
    using LogFunction = std::function<void(std::int32_t level, const char *text)>;

    /**
     * @brief Makes a context that is serial, silent and uses malloc.
     * @param allocator Copied; NULL: malloc.
     * @return The context, or as arq_context_create().
     */
    static Outcome<Context> create(const arq_allocator *allocator = nullptr)
    {
        Context context(std::make_shared<detail::State>());
        arq_status status = arq_context_create(ARQ_ABI_VERSION, allocator, &context.state_->context);
        /* Without a context the text is that of arq_context_last_error(NULL). */
        detail::State *state = context.state_.get();
        return detail::outcome(state, status, std::move(context));
    }

#if defined(__cpp_lib_memory_resource)
    /**
     * @brief As above, with memory from a resource.
     * @param memory Must outlive the context and be safe to use from every thread that uses the context.
     * @return As above.
     */
    static Outcome<Context> create(std::pmr::memory_resource &memory)
    {
        arq_allocator allocator{};
        allocator.struct_size = sizeof(allocator);
        allocator.user = &memory;
        allocator.alloc = [](void *user, std::size_t size, std::size_t align) noexcept -> void * {
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
            try {
                return static_cast<std::pmr::memory_resource *>(user)->allocate(size, align);
            } catch (...) {
                return nullptr;
            }
#else
            return static_cast<std::pmr::memory_resource *>(user)->allocate(size, align);
#endif
        };
        allocator.free = [](void *user, void *pointer, std::size_t size, std::size_t align) noexcept {
            static_cast<std::pmr::memory_resource *>(user)->deallocate(pointer, size, align);
        };
        return create(&allocator);
    }
#endif

    /** @brief Leaves the other one empty. @param other What to take over. */
    Context(Context &&other) noexcept = default;
    /** @brief As above. @param other What to take over. @return This one. */
    Context &operator=(Context &&other) noexcept = default;
    ~Context() = default;

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create(). */
    Context() : Context(create())
    {
    }
    /** @brief As create(). @param allocator As there. */
    explicit Context(const arq_allocator *allocator) : Context(create(allocator))
    {
    }
#if defined(__cpp_lib_memory_resource)
    /** @brief As create(). @param memory As there. */
    explicit Context(std::pmr::memory_resource &memory) : Context(create(memory))
    {
    }
#endif
#else
    /** @brief No context; every call with it fails with #ARQ_E_ARGUMENT. */
    Context() = default;
#endif

    /** @brief The C handle, for calls of the C interface. @return Borrowed; NULL if it was moved from. */
    arq_context *get() const noexcept
    {
        return state_ == nullptr ? nullptr : state_->context;
    }
    /** @brief Whether there is a C handle. */
    explicit operator bool() const noexcept
    {
        return get() != nullptr;
    }

    /**
     * @brief Sets who hears the log.
     * @param level Most verbose level wanted, one of the ARQ_LOG_ numbers.
     * @param write Called with each line; empty: nobody.
     * @return As arq_context_set_log().
     */
    Outcome<void> set_log(std::int32_t level, LogFunction write)
    {
        arq_log log{};
        log.struct_size = sizeof(log);
        log.level = level;
        log.user = state_.get();
        log.write = hear;
        arq_status status = arq_context_set_log(get(), write ? &log : nullptr);
        if (status == ARQ_OK)
            state_->log = std::move(write);
        return detail::outcome(state_.get(), status);
    }

    /**
     * @brief Sets the program's own executor.
     * @param executor Copied; NULL: serial.
     * @return As arq_context_set_executor().
     */
    Outcome<void> set_executor(const arq_executor *executor)
    {
        return detail::outcome(state_.get(), arq_context_set_executor(get(), executor));
    }

    /**
     * @brief Sets the library's own thread pool as the executor.
     * @param threads 1: serial; 0: one for each processor of this process.
     * @return As arq_context_set_threads().
     */
    Outcome<void> set_threads(std::uint32_t threads)
    {
        return detail::outcome(state_.get(), arq_context_set_threads(get(), threads));
    }

    /**
     * @brief Caps the instruction set.
     * @param name One of cpu_names(); NULL: the best there is.
     * @return As arq_context_set_cpu().
     */
    Outcome<void> set_cpu(Text name)
    {
        return detail::outcome(state_.get(), arq_context_set_cpu(get(), name.get()));
    }

    /** @brief Name of the instruction set in use. @return Static; "" without a context. */
    const char *cpu() const noexcept
    {
        return arq_context_cpu(get());
    }

  private:
    friend struct detail::Access;

    explicit Context(std::shared_ptr<detail::State> state) : state_(std::move(state))
    {
    }

    static void hear(void *user, std::int32_t level, const char *text) noexcept
    {
        const detail::State *state = static_cast<detail::State *>(user);
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
        try {
            state->log(level, text);
        } catch (...) { /* no call of the program waits for this line, so none can report the failure */
        }
#else
        state->log(level, text);
#endif
    }

    std::shared_ptr<detail::State> state_;
};

/** @cond internal */
inline std::shared_ptr<detail::State> detail::Access::state(const Context &context)
{
    return context.state_;
}
/** @endcond */

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
