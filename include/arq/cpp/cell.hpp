/**
 * @file cell.hpp
 * @brief C++: one cell as a trainable layer.
 */
#ifndef ARQ_CPP_CELL_HPP
#define ARQ_CPP_CELL_HPP

#include "../cell.h"
#include "config.hpp"
#include "tensor.hpp"

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief One trainable cell; see cell.h. A batch has as many rows as x. @since 0.1 */
class Cell : public Handle<arq_cell>
{
  public:
    /** @brief No cell. */
    Cell() = default;

    /**
     * @brief Makes a cell with fresh weights.
     * @param context The context.
     * @param config As in arq_cell_create().
     * @param inputs Values of x, without the action.
     * @param width Units, the length of h.
     * @param actions Number of actions.
     * @return The cell, or as arq_cell_create().
     */
    static Outcome<Cell> create(const Context &context, const Config &config, std::uint32_t inputs, std::uint32_t width,
                                std::uint32_t actions)
    {
        auto owner = own(detail::Access::state(context), arq_cell_destroy);
        arq_status status = arq_cell_create(context.get(), config.get(), inputs, width, actions, &owner->pointer);
        return detail::outcome(owner->state.get(), status, Cell(owner, inputs, width, actions));
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create(). @param context As there. @param config As there. @param inputs As there. @param width As
     * there. @param actions As there. */
    Cell(const Context &context, const Config &config, std::uint32_t inputs, std::uint32_t width, std::uint32_t actions)
        : Cell(create(context, config, inputs, width, actions))
    {
    }
#endif

    /** @brief Length of y for one action. @return Values. */
    std::uint32_t outputs() const noexcept
    {
        return arq_cell_outputs(get());
    }

    /**
     * @brief Forward pass for every action.
     * @param x [batch, inputs].
     * @param[out] h [batch, width], or empty.
     * @param[out] y [batch, actions, outputs()], or empty.
     * @param[out] q [batch, actions], or empty.
     * @return As arq_cell_forward(); #ARQ_E_SHAPE for sizes that do not fit.
     */
    Outcome<void> forward(Span<const float> x, Span<float> h, Span<float> y, Span<float> q)
    {
        std::size_t rows = batch_of(x);
        std::string misfit = check("Cell::forward", x,
                                   {{"h", h.size(), width_ * rows},
                                    {"y", y.size(), std::size_t{actions_} * outputs() * rows},
                                    {"q", q.size(), actions_ * rows}});
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        return outcome(arq_cell_forward(get(), batch(x), x.data(), pointer(h), pointer(y), pointer(q)));
    }

    /**
     * @brief Forward pass for one action a row.
     * @param x [batch, inputs].
     * @param actions [batch].
     * @param[out] h [batch, width], or empty.
     * @param[out] y [batch, outputs()], or empty.
     * @param[out] q [batch], or empty.
     * @return As arq_cell_forward_actions(); #ARQ_E_SHAPE for sizes that do not fit.
     */
    Outcome<void> forward_actions(Span<const float> x, Span<const std::int32_t> actions, Span<float> h, Span<float> y,
                                  Span<float> q)
    {
        std::size_t rows = batch_of(x);
        std::string misfit =
            check("Cell::forward_actions", x,
                  {{"h", h.size(), width_ * rows}, {"y", y.size(), outputs() * rows}, {"q", q.size(), rows}});
        if (misfit.empty() && actions.size() != rows)
            misfit = wrong_size("Cell::forward_actions", "actions", actions.size(), rows);
        if (!misfit.empty())
            return detail::refuse<void>(ARQ_E_SHAPE, std::move(misfit));
        return outcome(
            arq_cell_forward_actions(get(), batch(x), x.data(), actions.data(), pointer(h), pointer(y), pointer(q)));
    }

    /**
     * @brief One local update towards targets.
     * @param x [batch, inputs].
     * @param actions [batch].
     * @param targets [batch].
     * @return Mean loss of the batch before the update; or as arq_cell_update(), #ARQ_E_SHAPE for sizes that do not
     *   fit.
     */
    Outcome<float> update(Span<const float> x, Span<const std::int32_t> actions, Span<const float> targets)
    {
        std::string misfit = check("Cell::update", x, {});
        if (misfit.empty() && actions.size() != batch_of(x))
            misfit = wrong_size("Cell::update", "actions", actions.size(), batch_of(x));
        if (misfit.empty() && targets.size() != batch_of(x))
            misfit = wrong_size("Cell::update", "targets", targets.size(), batch_of(x));
        if (!misfit.empty())
            return detail::refuse<float>(ARQ_E_SHAPE, std::move(misfit));
        float loss = 0;
        arq_status status = arq_cell_update(get(), batch(x), x.data(), actions.data(), targets.data(), &loss);
        return outcome(status, loss);
    }

    /** @brief Names and shapes of the parameters. @return All tensors. */
    std::vector<Tensor> tensors() const
    {
        return detail::list_tensors(get(), arq_cell_tensor);
    }
    /** @brief Copies a tensor out. @param name Its name. @return Row-major values, or as arq_cell_read(). */
    Outcome<std::vector<float>> read(Text name) const
    {
        std::vector<float> values(detail::count_tensor(get(), arq_cell_tensor, name.get()));
        float none = 0;
        arq_status status = arq_cell_read(get(), name.get(), values.empty() ? &none : values.data(), values.size());
        return outcome(status, std::move(values));
    }
    /** @brief Sets a tensor. @param name Its name. @param values Row-major, finite. @return As arq_cell_write(). */
    Outcome<void> write(Text name, Span<const float> values)
    {
        return outcome(arq_cell_write(get(), name.get(), values.data(), values.size()));
    }
    /** @brief Saves weights and optimiser state. @param path The file. @return As arq_cell_save(). */
    Outcome<void> save(Text path) const
    {
        return outcome(arq_cell_save(get(), path.get()));
    }
    /** @brief Takes over a saved cell of the same shape. @param path The file. @return As arq_cell_load(). */
    Outcome<void> load(Text path)
    {
        return outcome(arq_cell_load(get(), path.get()));
    }

  private:
    struct Optional {
        const char *name;
        std::size_t size, wanted;
    };

    Cell(std::shared_ptr<Owner> owner, std::uint32_t inputs, std::uint32_t width, std::uint32_t actions)
        : Handle(std::move(owner)), inputs_(inputs), width_(width), actions_(actions)
    {
    }

    std::size_t batch_of(Span<const float> x) const noexcept
    {
        return inputs_ == 0 ? 0 : x.size() / inputs_;
    }
    /* A size too large for C's type is cut to the largest, which no cell accepts. */
    std::uint32_t batch(Span<const float> x) const noexcept
    {
        std::size_t rows = batch_of(x);
        return rows < UINT32_MAX ? static_cast<std::uint32_t>(rows) : UINT32_MAX;
    }
    static float *pointer(Span<float> values) noexcept
    {
        return values.empty() ? nullptr : values.data();
    }
    static std::string wrong_size(const char *call, const char *name, std::size_t size, std::size_t wanted)
    {
        return std::string(call) + ": " + name + " has " + std::to_string(size) + " values; " + std::to_string(wanted) +
               " are needed";
    }
    std::string check(const char *call, Span<const float> x, std::initializer_list<Optional> outputs) const
    {
        if (get() == nullptr)
            return {}; /* the library refuses NULL */
        if (x.size() % inputs_ != 0)
            return std::string(call) + ": x has " + std::to_string(x.size()) + " values; a multiple of " +
                   std::to_string(inputs_) + " is needed";
        for (const Optional &output : outputs) {
            if (output.size != 0 && output.size != output.wanted)
                return wrong_size(call, output.name, output.size, output.wanted);
        }
        return {};
    }

    std::uint32_t inputs_ = 0, width_ = 0, actions_ = 0;
};

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
