/**
 * @file checkpoint.hpp
 * @brief C++: training runs kept in a folder.
 */
#ifndef ARQ_CPP_CHECKPOINT_HPP
#define ARQ_CPP_CHECKPOINT_HPP

#include "../checkpoint.h"
#include "run.hpp"

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/**
 * @brief A checkpoint: copied from a run, to be written; or opened, to be read. See checkpoint.h; Run::save() and
 * Run::load() are the short way.
 * @since 0.2
 */
class Checkpoint : public Handle<arq_checkpoint>
{
  public:
    /** @brief No checkpoint. */
    Checkpoint() = default;

    /** @brief Copies all that a checkpoint needs out of a run. @param run The run. @param folder Where it will be
     * written. @param flags ARQ_CHECKPOINT_ bits. @return The checkpoint, or as arq_run_checkpoint(). */
    static Outcome<Checkpoint> copy(Run &run, Text folder, std::uint32_t flags = 0)
    {
        auto owner = own(detail::Access::state(run), arq_checkpoint_destroy);
        const auto kept = detail::Access::owner(run); /* a run may end while its environment is saved */
        arq_status status =
            arq_run_checkpoint(kept == nullptr ? nullptr : kept->pointer, folder.get(), flags, &owner->pointer);
        return detail::outcome(owner->state.get(), status, Checkpoint(owner));
    }

    /** @brief Opens the checkpoint in a folder. @param context The context. @param folder The folder.
     * @return The checkpoint, or as arq_checkpoint_open(). */
    static Outcome<Checkpoint> open(const Context &context, Text folder)
    {
        auto owner = own(detail::Access::state(context), arq_checkpoint_destroy);
        arq_status status = arq_checkpoint_open(context.get(), folder.get(), &owner->pointer);
        return detail::outcome(owner->state.get(), status, Checkpoint(owner));
    }

    /** @brief Puts a short text beside the run. @param name Any name. @param value The text.
     * @return As arq_checkpoint_set_text(). */
    Outcome<void> set_text(Text name, Text value)
    {
        return outcome(arq_checkpoint_set_text(get(), name.get(), value.get()));
    }

    /** @brief Writes it into its folder, all or nothing; on any thread. @return As arq_checkpoint_write(). */
    Outcome<void> write()
    {
        return outcome(arq_checkpoint_write(get()));
    }

    /** @brief A text of one that was opened. @param name Its name. @return Borrowed; NULL when there is none. */
    const char *text(Text name) const noexcept
    {
        return arq_checkpoint_text(get(), name.get());
    }

    /** @brief The config of the run of one that was opened. @return The config, or as arq_checkpoint_config(). */
    Outcome<Config> config() const
    {
        auto owner = Config::own(detail::Access::state(*this), arq_config_destroy);
        arq_status status = arq_checkpoint_config(get(), &owner->pointer);
        return detail::outcome(owner->state.get(), status, Config(owner));
    }

    /** @brief How many instances the run of one that was opened played. @return At least 1; 0 if it was not opened. */
    std::uint32_t instances() const noexcept
    {
        return arq_checkpoint_instances(get());
    }

  private:
    explicit Checkpoint(std::shared_ptr<Owner> owner) : Handle(std::move(owner))
    {
    }
};

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
