/**
 * @file status.hpp
 * @brief How the C++ calls fail: by an exception, or by a result that carries the status.
 *
 * As a rule a call that fails throws arq::Error. A program that defines ARQ_CPP_NO_EXCEPTIONS before it includes
 * arq.hpp gets an arq::Result from the same calls instead; where the compiler has exceptions switched off this is so
 * by itself. Both kinds of files can be linked into one program: their names differ by an inline namespace.
 */
#ifndef ARQ_CPP_STATUS_HPP
#define ARQ_CPP_STATUS_HPP

#include "../context.h"
#include "span.hpp"

#include <string>
#include <utility>

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
#include <stdexcept>
#endif

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief A text argument: from a string literal, a char pointer, or a std::string. @since 0.1 */
class Text
{
  public:
    /** @brief From a text that ends with 0, or NULL where the call allows none. @param text Borrowed for the call. */
    Text(const char *text) noexcept : text_(text)
    {
    }
    /** @brief From a string. @param text Borrowed for the call. */
    Text(const std::string &text) noexcept : text_(text.c_str())
    {
    }
    /** @brief The text as C takes it. @return Borrowed. */
    const char *get() const noexcept
    {
        return text_;
    }

  private:
    const char *text_;
};

#if !defined(ARQ_CPP_NO_EXCEPTIONS)

/** @brief A failed call: its status and the text that names what failed, the value and what is accepted. @since 0.1 */
class Error : public std::runtime_error
{
  public:
    /** @brief Also for environments to throw. @param status A negative code. @param text For people. */
    Error(arq_status status, const std::string &text) : std::runtime_error(text), status_(status)
    {
    }
    /** @brief Why. @return One of the ARQ_E_ codes, or the program's own. */
    arq_status status() const noexcept
    {
        return status_;
    }

  private:
    arq_status status_;
};

/** @brief What a call that can fail returns: the value itself, as failures are thrown. @since 0.1 */
template <class Value> using Outcome = Value;

#else

/** @brief A call's value, or the status and text of its failure. @since 0.1 */
template <class Value> class [[nodiscard]] Result
{
  public:
    /** @brief Success. @param value The value. */
    Result(Value value) : value_(std::move(value))
    {
    }
    /** @brief Failure. @param status A negative code. @param text For people. */
    Result(arq_status status, std::string text) : status_(status), text_(std::move(text))
    {
    }
    /** @brief Whether the call succeeded. */
    explicit operator bool() const noexcept
    {
        return status_ == ARQ_OK;
    }
    /** @brief Why it failed. @return #ARQ_OK if it did not. */
    arq_status status() const noexcept
    {
        return status_;
    }
    /** @brief Text of the failure. @return Borrowed; "" if there is none. */
    const std::string &text() const noexcept
    {
        return text_;
    }
    /** @brief The value; an empty one after a failure. @return Borrowed. */
    Value &operator*() &noexcept
    {
        return value_;
    }
    /** @brief As above. @return Borrowed. */
    const Value &operator*() const &noexcept
    {
        return value_;
    }
    /** @brief As above, to be moved from. @return Borrowed. */
    Value &&operator*() &&noexcept
    {
        return std::move(value_);
    }
    /** @brief A member of the value. @return Borrowed. */
    Value *operator->() noexcept
    {
        return &value_;
    }

  private:
    arq_status status_ = ARQ_OK;
    std::string text_;
    Value value_{};
};

/** @brief Success, or the status and text of a failure. @since 0.1 */
template <> class [[nodiscard]] Result<void>
{
  public:
    /** @brief Success. */
    Result() = default;
    /** @brief Failure. @param status A negative code. @param text For people. */
    Result(arq_status status, std::string text) : status_(status), text_(std::move(text))
    {
    }
    /** @brief Whether the call succeeded. */
    explicit operator bool() const noexcept
    {
        return status_ == ARQ_OK;
    }
    /** @brief Why it failed. @return #ARQ_OK if it did not. */
    arq_status status() const noexcept
    {
        return status_;
    }
    /** @brief Text of the failure. @return Borrowed; "" if there is none. */
    const std::string &text() const noexcept
    {
        return text_;
    }

  private:
    arq_status status_ = ARQ_OK;
    std::string text_;
};

/** @brief What a call that can fail returns. @since 0.1 */
template <class Value> using Outcome = Result<Value>;

#endif

/** @cond internal */
namespace detail
{

/* The calling thread's last text of a context, or of calls without one. */
inline std::string last_text(const arq_context *context)
{
    char buffer[512];
    arq_context_last_error(context, buffer, sizeof(buffer));
    return buffer;
}

/* A failure that this header found itself. */
template <class Value> Outcome<Value> refuse(arq_status status, std::string text)
{
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    throw Error(status, text);
#else
    return Result<Value>(status, std::move(text));
#endif
}

} // namespace detail
/** @endcond */

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
