/**
 * @file span.hpp
 * @brief A pointer with a size: std::span from C++20 on, before it a small view of the same use.
 */
#ifndef ARQ_CPP_SPAN_HPP
#define ARQ_CPP_SPAN_HPP

#include <array>
#include <cstddef>
#include <iterator>
#include <type_traits>

#if defined(__has_include)
#if __has_include(<version>)
#include <version>
#endif
#endif

#if !defined(__cpp_exceptions) && !defined(ARQ_CPP_NO_EXCEPTIONS)
/** @brief Defined before the first header of arq/cpp: calls return arq::Result and nothing throws. @since 0.1 */
#define ARQ_CPP_NO_EXCEPTIONS
#endif

/** @cond internal */
/* std::span and exceptions change the types of this interface. Every name carries which of them are in use, so that
 * differently compiled files share no symbols. */
#if defined(__cpp_lib_span) && !defined(ARQ_CPP_NO_EXCEPTIONS)
#define ARQ_CPP_NAMESPACE throwing_span
#elif defined(__cpp_lib_span)
#define ARQ_CPP_NAMESPACE returning_span
#elif !defined(ARQ_CPP_NO_EXCEPTIONS)
#define ARQ_CPP_NAMESPACE throwing
#else
#define ARQ_CPP_NAMESPACE returning
#endif
/** @endcond */

#if defined(__cpp_lib_span)
#include <span>
#endif

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

#if defined(__cpp_lib_span)

/** @brief Borrowed values that lie side by side. @since 0.1 */
template <class Value> using Span = std::span<Value>;

#else

/** @brief Borrowed values that lie side by side. From C++20 on this is std::span. @since 0.1 */
template <class Value> class Span
{
  public:
    /** @brief No values. */
    constexpr Span() noexcept = default;
    /** @brief From a pointer. @param data The first value. @param size How many. */
    constexpr Span(Value *data, std::size_t size) noexcept : data_(data), size_(size)
    {
    }
    /** @brief From whatever std::data() and std::size() take: arrays, vectors, spans of the same or a less const value.
     * @param values Borrowed. */
    template <class Values,
              class = std::enable_if_t<std::is_convertible_v<
                  std::remove_pointer_t<decltype(std::data(std::declval<Values &>()))> (*)[], Value (*)[]>>>
    constexpr Span(Values &&values) noexcept : data_(std::data(values)), size_(std::size(values))
    {
    }
    /** @brief The first value. @return Borrowed. */
    constexpr Value *data() const noexcept
    {
        return data_;
    }
    /** @brief How many. @return Values. */
    constexpr std::size_t size() const noexcept
    {
        return size_;
    }
    /** @brief Whether there is none. @return True for no values. */
    constexpr bool empty() const noexcept
    {
        return size_ == 0;
    }
    /** @brief One value. @param index Less than size(). @return Borrowed. */
    constexpr Value &operator[](std::size_t index) const noexcept
    {
        return data_[index];
    }
    /** @brief The first value. @return Borrowed. */
    constexpr Value *begin() const noexcept
    {
        return data_;
    }
    /** @brief Behind the last value. @return Borrowed. */
    constexpr Value *end() const noexcept
    {
        return data_ + size_;
    }

  private:
    Value *data_ = nullptr;
    std::size_t size_ = 0;
};

#endif

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
