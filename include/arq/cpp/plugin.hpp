/**
 * @file plugin.hpp
 * @brief C++: environments that are opened by id, registered with a context or exported by a plugin of one's own.
 */
#ifndef ARQ_CPP_PLUGIN_HPP
#define ARQ_CPP_PLUGIN_HPP

#include "../environment.h"
#include "context.hpp"
#include "env.hpp"

namespace arq
{
inline namespace ARQ_CPP_NAMESPACE
{

/** @brief One option of an environment, settable in its id: `toy/corridor?length=9`. @since 0.1 */
struct EnvOption {
    std::int32_t type = ARQ_OPTION_FLOAT; /**< One of the ARQ_OPTION_ types. */
    std::string name;                     /**< Lower-case letters, digits and `_`. */
    double low = 0;                       /**< Least value. */
    double high = 0;                      /**< Greatest value. */
    double default_value = 0;             /**< The value where the id does not say. */
    std::string doc;                      /**< One line. */
    std::string choices;                  /**< Choice: the words, separated by `|`. */
};

class Plugin;

/**
 * @brief One kind of environment: its id and how to make one.
 * @since 0.1
 */
class EnvType
{
  public:
    /**
     * @brief Describes a class.
     * @tparam Class Derives from Environment; made from Span<const double>, the options' values in the order of the
     *   rows, where it has such a constructor, otherwise by its default constructor.
     * @param id Such as "toy/corridor": lower-case letters, digits, `_`, `-`, with one `/`.
     * @param doc One line.
     * @param options Its options.
     * @return The kind. What is wrong with it is said when it is registered, checked or loaded.
     */
    template <class Class> static EnvType of(std::string id, std::string doc, std::vector<EnvOption> options = {})
    {
        EnvType type(std::make_shared<Table>());
        Table &table = *type.table_;
        table.id = std::move(id);
        table.doc = std::move(doc);
        table.options = std::move(options);
        for (const EnvOption &option : table.options) {
            arq_env_option row{};
            row.struct_size = sizeof(row);
            row.type = option.type;
            row.name = option.name.c_str();
            row.low = option.low;
            row.high = option.high;
            row.default_value = option.default_value;
            row.choices = option.choices.empty() ? nullptr : option.choices.c_str();
            row.doc = option.doc.c_str();
            table.rows.push_back(row);
        }
        table.methods = detail::Instance::methods<Class>();
        table.type.struct_size = sizeof(table.type);
        table.type.option_count = static_cast<std::uint32_t>(table.rows.size());
        table.type.id = table.id.c_str();
        table.type.doc = table.doc.c_str();
        table.type.options = table.rows.empty() ? nullptr : table.rows.data();
        table.type.methods = &table.methods;
        table.type.create = create;
        table.type.user = &table;
        table.make = [](Span<const double> values) -> std::unique_ptr<Environment> {
            if constexpr (std::is_constructible_v<Class, Span<const double>>)
                return std::make_unique<Class>(values);
            else
                return static_cast<void>(values), std::make_unique<Class>();
        };
        return type;
    }

    /** @brief The C table. @return Borrowed as long as one of the copies. */
    const arq_env_type &get() const noexcept
    {
        return table_->type;
    }

  private:
    friend Outcome<void> register_plugin(Context &context, const Plugin &plugin);

    struct Table {
        Table() = default;
        Table(const Table &) = delete;
        Table &operator=(const Table &) = delete;
        ~Table()
        {
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
            if (std::shared_ptr<detail::State> alive = state.lock())
                alive->exceptions.forget(this);
#endif
        }

        std::string id, doc;
        std::vector<EnvOption> options;
        std::vector<arq_env_option> rows;
        arq_env_methods methods{};
        arq_env_type type{};
        std::unique_ptr<Environment> (*make)(Span<const double> values) = nullptr;
        std::weak_ptr<detail::State> state; /* of the context it is registered with */
    };

    explicit EnvType(std::shared_ptr<Table> table) : table_(std::move(table))
    {
    }

    static arq_status create(void *user, const double *options, void **self, char *error,
                             std::size_t error_size) noexcept
    {
        const Table &table = *static_cast<const Table *>(user);
        std::shared_ptr<detail::State> state = table.state.lock();
        Span<const double> values(options, table.rows.size());
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
        try {
            *self = new detail::Instance(table.make(values), state.get());
        } catch (...) {
            std::string text;
            arq_status status = detail::keep_exception(state.get(), &table, text);
            std::size_t length = text.size() < error_size ? text.size() : error_size - 1;
            std::memcpy(error, text.data(), length);
            error[length] = '\0';
            return status;
        }
#else
        static_cast<void>(error);
        static_cast<void>(error_size);
        *self = new detail::Instance(table.make(values), state.get());
#endif
        return ARQ_OK;
    }

    std::shared_ptr<Table> table_;
};

/**
 * @brief A collection of environments. A shared object exports one so that every program can load it:
 *
 *     const arq_plugin *arq_plugin_entry(uint32_t)
 *     {
 *         static const arq::Plugin plugin("toy", "1.0", {arq::EnvType::of<Corridor>("toy/corridor", "Walk right")});
 *         return plugin.get();
 *     }
 * @since 0.1
 */
class Plugin
{
  public:
    /** @brief Makes the table. @param name Short name of the collection. @param version Its own version.
     * @param types What it offers, at least one. */
    Plugin(std::string name, std::string version, std::vector<EnvType> types) : table_(std::make_shared<Table>())
    {
        table_->name = std::move(name);
        table_->version = std::move(version);
        table_->types = std::move(types);
        for (const EnvType &type : table_->types)
            table_->pointers.push_back(&type.get());
        table_->plugin.struct_size = sizeof(table_->plugin);
        table_->plugin.abi_version = ARQ_ABI_VERSION;
        table_->plugin.name = table_->name.c_str();
        table_->plugin.version = table_->version.c_str();
        table_->plugin.type_count = static_cast<std::uint32_t>(table_->pointers.size());
        table_->plugin.types = table_->pointers.data();
    }

    /** @brief The C table. @return Borrowed as long as one of the copies. */
    const arq_plugin *get() const noexcept
    {
        return &table_->plugin;
    }

  private:
    friend Outcome<void> register_plugin(Context &context, const Plugin &plugin);

    struct Table {
        std::string name, version;
        std::vector<EnvType> types;
        std::vector<const arq_env_type *> pointers;
        arq_plugin plugin{};
    };

    std::shared_ptr<Table> table_;
};

/** @cond internal */
namespace detail
{

/* What the entry returns: arq_plugin_register() calls it without an argument to find the table by. */
inline thread_local const arq_plugin *table_to_register = nullptr;

} // namespace detail
/** @endcond */

/**
 * @brief Makes a context know the environments of a collection.
 * @param context The context; keeps the collection.
 * @param plugin The collection, of this context alone.
 * @return As arq_plugin_register(); #ARQ_E_BUSY for a collection that another context has.
 * @since 0.1
 */
inline Outcome<void> register_plugin(Context &context, const Plugin &plugin)
{
    std::shared_ptr<detail::State> state = detail::Access::state(context);
    for (const EnvType &type : plugin.table_->types) {
        std::shared_ptr<detail::State> other = type.table_->state.lock();
        if (other != nullptr && other != state)
            return detail::refuse<void>(ARQ_E_BUSY, std::string("register_plugin: ") + type.get().id +
                                                        " belongs to another context");
    }
    if (state != nullptr)
        state->plugins.push_back(plugin.table_);
    detail::table_to_register = plugin.get();
    arq_status status = arq_plugin_register(context.get(), [](std::uint32_t) { return detail::table_to_register; });
    if (status == ARQ_OK) {
        for (const EnvType &type : plugin.table_->types)
            type.table_->state = state;
    }
    return detail::outcome(state.get(), status);
}

/**
 * @brief Makes a context know one environment: Env::open() and EnvBatch::open() find it by its id.
 * @tparam Class As in EnvType::of().
 * @param context The context.
 * @param id As in EnvType::of().
 * @param doc As in EnvType::of().
 * @param options As in EnvType::of().
 * @return As arq_plugin_register().
 * @since 0.1
 */
template <class Class>
Outcome<void> register_environment(Context &context, std::string id, std::string doc,
                                   std::vector<EnvOption> options = {})
{
    std::string collection = id.substr(0, id.find('/'));
    std::vector<EnvType> types{EnvType::of<Class>(std::move(id), std::move(doc), std::move(options))};
    return register_plugin(context, Plugin(std::move(collection), "1", std::move(types)));
}

/**
 * @brief Loads a plugin file. @param context The context. @param path The shared object; NULL: every one that is found.
 * @return As arq_plugin_load().
 * @since 0.1
 */
inline Outcome<void> load_plugin(Context &context, Text path)
{
    return detail::outcome(detail::Access::state(context).get(), arq_plugin_load(context.get(), path.get()));
}

/**
 * @brief The kinds of environments that a context knows so far.
 * @param context The context.
 * @return Their tables, borrowed as long as the context.
 * @since 0.1
 */
inline std::vector<const arq_env_type *> environment_types(const Context &context)
{
    std::vector<const arq_env_type *> types;
    while (const arq_env_type *type = arq_plugin_type(context.get(), static_cast<std::uint32_t>(types.size())))
        types.push_back(type);
    return types;
}

/**
 * @brief Runs an environment through every promise of env.h.
 * @param context The context.
 * @param type What to check, such as EnvType::of<Corridor>("toy/corridor", "Walk right").
 * @param options As in an id, such as "length=9"; NULL: the defaults.
 * @param seed Decides actions and seeds of the check.
 * @return One line for each broken promise; or as arq_env_check().
 * @since 0.1
 */
inline Outcome<std::vector<std::string>> check_environment(Context &context, const EnvType &type,
                                                           Text options = nullptr, std::uint64_t seed = 0)
{
    struct Report {
        std::vector<std::string> lines;
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
        std::exception_ptr failure;
#endif
    } report;
    auto hear = [](void *user, const char *line) noexcept {
        Report &heard = *static_cast<Report *>(user);
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
        try {
            heard.lines.emplace_back(line);
        } catch (...) {
            heard.failure = std::current_exception();
        }
#else
        heard.lines.emplace_back(line);
#endif
    };
    std::uint32_t broken = 0;
    arq_status status = arq_env_check(context.get(), &type.get(), options.get(), seed, hear, &report, &broken);
#if !defined(ARQ_CPP_NO_EXCEPTIONS)
    if (report.failure)
        std::rethrow_exception(report.failure);
#endif
    return detail::outcome(detail::Access::state(context).get(), status, std::move(report.lines));
}

} // namespace ARQ_CPP_NAMESPACE
} // namespace arq

#endif
