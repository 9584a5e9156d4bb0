/**
 * @file config.hpp
 * @brief C++: hyperparameters, presets and the table of parameters.
 */
#ifndef ARQ_CPP_CONFIG_HPP
#define ARQ_CPP_CONFIG_HPP

#include "../config.h"
#include "context.hpp"

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief A set of values for every parameter; see config.h. @since 0.1 */
class Config : public Handle<arq_config>
{
  public:
    /** @brief No config. */
    Config() = default;

    /**
     * @brief Makes a config.
     * @param context The context.
     * @param preset "fast", "small", "minatar-paper" ...; NULL: every parameter's default.
     * @return The config, or as arq_config_create().
     */
    static Outcome<Config> create(const Context &context, Text preset = nullptr)
    {
        auto owner = own(detail::Access::state(context), arq_config_destroy);
        arq_status status = arq_config_create(context.get(), preset.get(), &owner->pointer);
        return detail::outcome(owner->state.get(), status, Config(owner));
    }

#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    /** @brief As create(). @param context As there. @param preset As there. */
    explicit Config(const Context &context, Text preset = nullptr) : Config(create(context, preset))
    {
    }
#endif

    /**
     * @brief Sets a parameter.
     * @param name The parameter.
     * @param value A number, true or false, or a text; a text does for every parameter, such as "0.5" or "true".
     * @return As arq_config_set().
     */
    template <class Value> Outcome<void> set(Text name, const Value &value)
    {
        if constexpr (std::is_integral_v<Value>)
            return outcome(arq_config_set_int(get(), name.get(), static_cast<std::int64_t>(value)));
        else if constexpr (std::is_floating_point_v<Value>)
            return outcome(arq_config_set_float(get(), name.get(), static_cast<double>(value)));
        else
            return outcome(arq_config_set(get(), name.get(), Text(value).get()));
    }

    /** @brief Reads a parameter as text. @param name The parameter. @return The text, or as arq_config_get(). */
    Outcome<std::string> text(Text name) const
    {
        char buffer[256] = "";
        arq_status status = arq_config_get(get(), name.get(), buffer, sizeof(buffer));
        return outcome(status, std::string(buffer));
    }

    /** @brief Reads a parameter that is a number or true/false. @param name The parameter. @return The number (true:
     * 1), or as arq_config_get_float(). */
    Outcome<double> number(Text name) const
    {
        double value = 0;
        arq_status status = arq_config_get_float(get(), name.get(), &value);
        return outcome(status, value);
    }

    /** @brief Where a parameter's value comes from. @param name The parameter. @return "default", "set", or the
     * preset's name; static. NULL for an unknown name. */
    const char *origin(Text name) const noexcept
    {
        return arq_config_origin(get(), name.get());
    }

  private:
    friend class Checkpoint;
    explicit Config(std::shared_ptr<Owner> owner) : Handle(std::move(owner))
    {
    }
};

/** @brief A row of the table of parameters; every text is static. @since 0.1 */
struct Parameter {
    const char *name;          /**< As in Config::set(). */
    const char *type;          /**< "int", "float", "bool", "choice" or "widths". */
    const char *range;         /**< What is accepted. */
    const char *default_value; /**< The value without a preset. */
    const char *unit;          /**< "" if it has none. */
    const char *doc;           /**< One line. */
    const char *source;        /**< Where the default and its name come from. */
    const char *resume;        /**< What another value means when a run goes on; "": it must be the same. */
};

/** @brief The table of parameters. @return Its rows. @since 0.1 */
inline std::vector<Parameter> parameters()
{
    std::vector<Parameter> rows;
    const char *name = nullptr;
    for (std::uint32_t i = 0; (name = arq_parameter_name(i)) != nullptr; i++)
        rows.push_back({name, arq_parameter_text(name, ARQ_PARAMETER_TYPE),
                        arq_parameter_text(name, ARQ_PARAMETER_RANGE), arq_parameter_text(name, ARQ_PARAMETER_DEFAULT),
                        arq_parameter_text(name, ARQ_PARAMETER_UNIT), arq_parameter_text(name, ARQ_PARAMETER_DOC),
                        arq_parameter_text(name, ARQ_PARAMETER_SOURCE),
                        arq_parameter_text(name, ARQ_PARAMETER_RESUME)});
    return rows;
}

/** @brief A preset; its texts are static. @since 0.1 */
struct Preset {
    const char *name; /**< As in Config. */
    const char *doc;  /**< One line. */
};

/** @brief The presets. @return All of them. @since 0.1 */
inline std::vector<Preset> presets()
{
    std::vector<Preset> rows;
    const char *name = nullptr;
    for (std::uint32_t i = 0; (name = arq_preset_name(i)) != nullptr; i++)
        rows.push_back({name, arq_preset_doc(name)});
    return rows;
}

/** @brief How many instances of an environment a preset is meant to play side by side. @param preset Its name.
 * @return At least 1; 0 for an unknown name. @since 0.2 */
inline std::uint32_t preset_environments(Text preset)
{
    return arq_preset_environments(preset.get());
}

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
