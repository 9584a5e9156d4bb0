/**
 * @file observation.hpp
 * @brief C++: observations that know their values' type and size, so that a buffer that does not fit is refused.
 */
#ifndef ARQ_CPP_OBSERVATION_HPP
#define ARQ_CPP_OBSERVATION_HPP

#include "../observation.h"
#include "status.hpp"

#include <cstdint>
#include <cstring>
#include <vector>

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief Kind and size of one observation; see observation.h. @since 0.1 */
struct ObservationLayout {
    std::int32_t kind = 0;  /**< One of the ARQ_OBSERVATION_ kinds. */
    std::uint32_t size = 0; /**< Values; for the discrete kind, how many states there are. */

    /** @brief `size` bits, eight to a byte. @param size Values. @return The layout. */
    static constexpr ObservationLayout bits(std::uint32_t size) noexcept
    {
        return {ARQ_OBSERVATION_BIT, size};
    }
    /** @brief One uint8_t a value. @param size Values. @return The layout. */
    static constexpr ObservationLayout bytes(std::uint32_t size) noexcept
    {
        return {ARQ_OBSERVATION_U8, size};
    }
    /** @brief One float a value. @param size Values. @return The layout. */
    static constexpr ObservationLayout floats(std::uint32_t size) noexcept
    {
        return {ARQ_OBSERVATION_F32, size};
    }
    /** @brief One double a value. @param size Values. @return The layout. */
    static constexpr ObservationLayout doubles(std::uint32_t size) noexcept
    {
        return {ARQ_OBSERVATION_F64, size};
    }
    /** @brief One int32_t in all, a state's number. @param size How many states. @return The layout. */
    static constexpr ObservationLayout states(std::uint32_t size) noexcept
    {
        return {ARQ_OBSERVATION_DISCRETE, size};
    }

    /** @brief Bytes of one observation. @return As arq_observation_bytes(). */
    constexpr std::size_t size_in_bytes() const noexcept
    {
        /* Not asked of the library: a plugin links nothing of it. */
        switch (kind) {
        case ARQ_OBSERVATION_BIT:
            return size / 8u + (size % 8u != 0);
        case ARQ_OBSERVATION_U8:
            return size;
        case ARQ_OBSERVATION_F32:
            return std::size_t{size} * sizeof(float);
        case ARQ_OBSERVATION_F64:
            return std::size_t{size} * sizeof(double);
        case ARQ_OBSERVATION_DISCRETE:
            return size == 0 ? 0 : sizeof(std::int32_t);
        default:
            return 0;
        }
    }
};

/** @brief Compares two layouts. @param a One. @param b The other. @return Whether they are the same. @since 0.1 */
constexpr bool operator==(const ObservationLayout &a, const ObservationLayout &b) noexcept
{
    return a.kind == b.kind && a.size == b.size;
}

/** @cond internal */
namespace detail
{

enum class Element : std::uint8_t { none, u8, f32, f64, i32 };

template <class Value>
inline constexpr Element element_of = std::is_same_v<Value, std::uint8_t>   ? Element::u8
                                      : std::is_same_v<Value, float>        ? Element::f32
                                      : std::is_same_v<Value, double>       ? Element::f64
                                      : std::is_same_v<Value, std::int32_t> ? Element::i32
                                                                            : Element::none;

inline Element element_of_kind(std::int32_t kind) noexcept
{
    switch (kind) {
    case ARQ_OBSERVATION_BIT:
    case ARQ_OBSERVATION_U8:
        return Element::u8;
    case ARQ_OBSERVATION_F32:
        return Element::f32;
    case ARQ_OBSERVATION_F64:
        return Element::f64;
    case ARQ_OBSERVATION_DISCRETE:
        return Element::i32;
    default:
        return Element::none;
    }
}

inline std::size_t size_of(Element element) noexcept
{
    static constexpr std::size_t sizes[] = {1, 1, sizeof(float), sizeof(double), sizeof(std::int32_t)};
    return sizes[static_cast<std::size_t>(element)];
}

inline const char *name_of(Element element) noexcept
{
    static constexpr const char *names[] = {"nothing", "uint8_t", "float", "double", "int32_t"};
    return names[static_cast<std::size_t>(element)];
}

/* The type of what std::data() points to, such as const float. */
template <class Values> using PointedBy = std::remove_pointer_t<decltype(std::data(std::declval<Values &>()))>;

template <class Values>
using IfReadable = std::enable_if_t<element_of<std::remove_const_t<PointedBy<Values>>> != Element::none>;

template <class Values> using IfWritable = std::enable_if_t<element_of<PointedBy<Values>> != Element::none>;

} // namespace detail
/** @endcond */

/** @brief Where an observation, or several without gaps, are written to: borrowed memory of a known type. @since 0.1 */
class ObservationBuffer
{
  public:
    /** @brief From an array, vector or span of uint8_t (bits and bytes), float, double or int32_t (a state).
     * @param values Borrowed. */
    template <class Values, class = detail::IfWritable<Values>>
    ObservationBuffer(Values &&values) noexcept
        : data_(std::data(values)), bytes_(std::size(values) * sizeof(*std::data(values))),
          element_(detail::element_of<detail::PointedBy<Values>>)
    {
    }
    /** @brief From memory of a layout. @param data Borrowed. @param layout Its kind and size. @param count How many
     * observations. */
    ObservationBuffer(void *data, ObservationLayout layout, std::size_t count = 1) noexcept
        : data_(data), bytes_(layout.size_in_bytes() * count), element_(detail::element_of_kind(layout.kind))
    {
    }

    /** @brief The memory. @return Borrowed. */
    void *data() const noexcept
    {
        return data_;
    }
    /** @brief Its size. @return Bytes. */
    std::size_t size_in_bytes() const noexcept
    {
        return bytes_;
    }

    /**
     * @brief The values. @tparam Value uint8_t for bits and bytes, float, double, or int32_t for a state.
     * @return All of them; of another type than the memory's: #ARQ_E_SHAPE.
     */
    template <class Value> Outcome<Span<Value>> as() const
    {
        if (detail::element_of<Value> != element_)
            return detail::refuse<Span<Value>>(ARQ_E_SHAPE, std::string("observation: asked for as ") +
                                                                detail::name_of(detail::element_of<Value>) +
                                                                "; its values are " + detail::name_of(element_));
        return Span<Value>(static_cast<Value *>(data_), bytes_ / sizeof(Value));
    }

    /** @brief Sets every value to 0. */
    void clear() const noexcept
    {
        if (bytes_ > 0)
            std::memset(data_, 0, bytes_);
    }
    /** @brief Sets value `index` of one observation of bits to 1. @param index Which. */
    void set_bit(std::size_t index) const noexcept
    {
        std::uint8_t *byte = static_cast<std::uint8_t *>(data_) + index / 8;
        *byte = static_cast<std::uint8_t>(*byte | 1u << index % 8);
    }

  private:
    friend class Observation;

    void *data_;
    std::size_t bytes_;
    detail::Element element_;
};

/** @brief An observation to read, or several without gaps: borrowed memory of a known type. @since 0.1 */
class Observation
{
  public:
    /** @brief From an array, vector or span of uint8_t (bits and bytes), float, double or int32_t (a state).
     * @param values Borrowed for the call. */
    template <class Values, class = detail::IfReadable<const Values>>
    Observation(const Values &values) noexcept
        : data_(std::data(values)), bytes_(std::size(values) * sizeof(*std::data(values))),
          element_(detail::element_of<std::remove_const_t<detail::PointedBy<const Values>>>)
    {
    }
    /** @brief One state of the discrete kind. @param state Borrowed for the call. */
    Observation(const std::int32_t &state) noexcept
        : data_(&state), bytes_(sizeof(state)), element_(detail::Element::i32)
    {
    }
    /** @brief Any other number is no observation. */
    template <class Number, class = std::enable_if_t<std::is_arithmetic_v<Number>>, class = void>
    Observation(Number) = delete;
    /** @brief From memory of a layout. @param data Borrowed. @param layout Its kind and size. @param count How many
     * observations. */
    Observation(const void *data, ObservationLayout layout, std::size_t count = 1) noexcept
        : data_(data), bytes_(layout.size_in_bytes() * count), element_(detail::element_of_kind(layout.kind))
    {
    }
    /** @brief What a buffer holds. @param buffer Its memory is borrowed. */
    Observation(const ObservationBuffer &buffer) noexcept
        : data_(buffer.data_), bytes_(buffer.bytes_), element_(buffer.element_)
    {
    }

    /** @brief The memory. @return Borrowed. */
    const void *data() const noexcept
    {
        return data_;
    }
    /** @brief Its size. @return Bytes. */
    std::size_t size_in_bytes() const noexcept
    {
        return bytes_;
    }

    /** @cond internal */
    /* Empty if it is `count` observations of the layout, otherwise what is wrong. */
    std::string misfit(const char *call, const char *what, ObservationLayout layout, std::size_t count) const
    {
        detail::Element wanted = detail::element_of_kind(layout.kind);
        std::size_t bytes = layout.size_in_bytes() * count;
        if (bytes == 0 || (element_ == wanted && bytes_ == bytes))
            return {}; /* an unknown layout: the library says so */
        return std::string(call) + ": " + what + " has " + std::to_string(bytes_ / detail::size_of(element_)) + " " +
               detail::name_of(element_) + "; " + std::to_string(bytes / detail::size_of(wanted)) + " " +
               detail::name_of(wanted) + " are needed";
    }
    /** @endcond */

  private:
    const void *data_;
    std::size_t bytes_;
    detail::Element element_;
};

/** @brief Memory for observations of any layout. @since 0.1 */
class ObservationArray
{
  public:
    /** @brief Memory for none. */
    ObservationArray() = default;
    /** @brief Zeroed memory. @param layout Kind and size of one. @param count How many. */
    explicit ObservationArray(ObservationLayout layout, std::size_t count = 1)
        : layout_(layout), count_(count), memory_(layout.size_in_bytes() * count)
    {
    }

    /** @brief Kind and size of one observation. @return The layout. */
    ObservationLayout layout() const noexcept
    {
        return layout_;
    }
    /** @brief How many there are. @return Observations. */
    std::size_t count() const noexcept
    {
        return count_;
    }
    /** @brief All of them, to write. @return Borrowed memory. */
    operator ObservationBuffer() noexcept
    {
        return ObservationBuffer(memory_.data(), layout_, count_);
    }
    /** @brief All of them, to read. @return Borrowed memory. */
    operator Observation() const noexcept
    {
        return Observation(memory_.data(), layout_, count_);
    }
    /** @brief One of them. @param index Less than count(). @return Borrowed memory. */
    ObservationBuffer operator[](std::size_t index) noexcept
    {
        return ObservationBuffer(memory_.data() + index * layout_.size_in_bytes(), layout_);
    }
    /** @brief The values of all. @tparam Value As in ObservationBuffer::as(). @return As there. */
    template <class Value> Outcome<Span<Value>> as()
    {
        return ObservationBuffer(*this).template as<Value>();
    }

  private:
    ObservationLayout layout_;
    std::size_t count_ = 0;
    std::vector<unsigned char> memory_;
};

/**
 * @brief What a network sees of observations: bits as 0 and 1, bytes over 255, states one-hot.
 * @param layout Kind and size of one.
 * @param observations One or several.
 * @return [count, size], or as arq_observation_floats().
 * @since 0.1
 */
inline Outcome<std::vector<float>> observation_floats(ObservationLayout layout, Observation observations)
{
    std::size_t bytes = layout.size_in_bytes();
    std::size_t count = bytes == 0 ? 1 : observations.size_in_bytes() / bytes;
    std::string misfit = observations.misfit("observation_floats", "observations", layout, count);
    if (!misfit.empty())
        return detail::refuse<std::vector<float>>(ARQ_E_SHAPE, std::move(misfit));
    std::vector<float> values(bytes == 0 ? 0 : layout.size * count);
    arq_status status = arq_observation_floats(layout.kind, layout.size, count, observations.data(), values.data());
    if (status != ARQ_OK) /* C has no context here that could keep a text */
        return detail::refuse<std::vector<float>>(status, "observation_floats: kind " + std::to_string(layout.kind) +
                                                              " and size " + std::to_string(layout.size) +
                                                              " are no layout, or a state is not below the size");
    return values;
}

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
