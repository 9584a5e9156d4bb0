/**
 * @file tensor.hpp
 * @brief C++: names and shapes of weight tensors.
 */
#ifndef ARQ_CPP_TENSOR_HPP
#define ARQ_CPP_TENSOR_HPP

#include "handle.hpp"

#include <cstring>

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief Name and shape of a weight tensor. @since 0.1 */
struct Tensor {
    std::string name;          /**< Such as "cell0.fc_h.kernel". */
    std::uint32_t rows = 0;    /**< First dimension. */
    std::uint32_t columns = 0; /**< Second dimension; 0 for a vector of `rows` values. */

    /** @brief How many values it has. @return Values. */
    std::size_t count() const noexcept
    {
        return std::size_t{rows} * (columns == 0 ? 1 : columns);
    }
};

/** @cond internal */
namespace detail
{

/* describe: arq_network_tensor or arq_cell_tensor */
template <class C, class Describe> std::vector<Tensor> list_tensors(const C *handle, const Describe &describe)
{
    std::vector<Tensor> tensors;
    const char *name = nullptr;
    std::uint32_t rows = 0, columns = 0;
    while (describe(handle, static_cast<std::uint32_t>(tensors.size()), &name, &rows, &columns) == ARQ_OK)
        tensors.push_back({name, rows, columns});
    return tensors;
}

/* How many values the tensor of that name has; 0 if there is none: the read that follows reports it. */
template <class C, class Describe>
std::size_t count_tensor(const C *handle, const Describe &describe, const char *wanted)
{
    const char *name = nullptr;
    std::uint32_t rows = 0, columns = 0;
    for (std::uint32_t i = 0; wanted != nullptr && describe(handle, i, &name, &rows, &columns) == ARQ_OK; i++) {
        if (std::strcmp(name, wanted) == 0)
            return std::size_t{rows} * (columns == 0 ? 1 : columns);
    }
    return 0;
}

} // namespace detail
/** @endcond */

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
