/**
 * @file config.h
 * @brief Hyperparameters: one table of names, ranges, defaults and sources, and sets of values.
 *
 * The same names are the program's flags (`--learning_rate 1e-3`), Python's keyword arguments and
 * the metadata of saved files. The table is printed in docs/parameters.md and by `arq list`.
 */
#ifndef ARQ_CONFIG_H
#define ARQ_CONFIG_H

#include "context.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A set of values for every parameter. Handles copy what they need from it. @since 0.1 */
typedef struct arq_config arq_config;

/**
 * @brief Makes a config.
 * @param context The context.
 * @param preset "fast", "small", "minatar-paper" ... (arq_preset_name()), or NULL: every parameter's default.
 * @param[out] out The config, owned by the caller; NULL on failure.
 * @return #ARQ_E_NOT_FOUND for an unknown preset (the text lists them), #ARQ_E_ARGUMENT, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_config_create(arq_context *context, const char *preset, arq_config **out);

/**
 * @brief Frees a config.
 * @param config NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_config_destroy(arq_config *config);

/**
 * @brief Sets a parameter from text, whatever its type: "0.001", "64,48,48", "true", "rms".
 * @param config The config; unchanged on failure.
 * @param name The parameter.
 * @param value The text.
 * @return #ARQ_E_NOT_FOUND for an unknown name (the text suggests the nearest), #ARQ_E_ARGUMENT for a value out of
 *   range or of another type (the text has the range).
 * @since 0.1
 */
ARQ_API arq_status arq_config_set(arq_config *config, const char *name, const char *value);

/**
 * @brief Sets an integer or true/false parameter.
 * @param config The config; unchanged on failure.
 * @param name The parameter.
 * @param value The value.
 * @return As arq_config_set().
 * @since 0.1
 */
ARQ_API arq_status arq_config_set_int(arq_config *config, const char *name, int64_t value);

/**
 * @brief Sets a parameter that is a number.
 * @param config The config; unchanged on failure.
 * @param name The parameter.
 * @param value The value.
 * @return As arq_config_set().
 * @since 0.1
 */
ARQ_API arq_status arq_config_set_float(arq_config *config, const char *name, double value);

/**
 * @brief Reads a parameter as text that arq_config_set() takes and that gives the same value.
 * @param config The config.
 * @param name The parameter.
 * @param[out] buffer Gets the text, always with a final 0.
 * @param size Bytes at buffer; 256 hold every value.
 * @return #ARQ_E_NOT_FOUND, #ARQ_E_ARGUMENT, or #ARQ_E_SHAPE when the buffer is too small.
 * @since 0.1
 */
ARQ_API arq_status arq_config_get(const arq_config *config, const char *name, char *buffer, size_t size);

/**
 * @brief Reads a parameter that is a number or true/false (1/0).
 * @param config The config.
 * @param name The parameter.
 * @param[out] value The value.
 * @return #ARQ_E_NOT_FOUND, or #ARQ_E_ARGUMENT for a list or a word.
 * @since 0.1
 */
ARQ_API arq_status arq_config_get_float(const arq_config *config, const char *name, double *value);

/**
 * @brief Says where a parameter's present value comes from.
 * @param config The config.
 * @param name The parameter.
 * @return "default", "set", or the preset's name; static. NULL for an unknown name.
 * @since 0.1
 */
ARQ_API const char *arq_config_origin(const arq_config *config, const char *name);

/** @name What arq_parameter_text() can say
 * @{ */
#define ARQ_PARAMETER_TYPE 1    /**< @brief "int", "float", "bool", "choice" or "widths". @since 0.1 */
#define ARQ_PARAMETER_RANGE 2   /**< @brief What is accepted, such as "0 .. 1" or "rms|mean". @since 0.1 */
#define ARQ_PARAMETER_DEFAULT 3 /**< @brief The value without a preset. @since 0.1 */
#define ARQ_PARAMETER_UNIT 4    /**< @brief "environment steps", "transitions" ..., "" if it has none. @since 0.1 */
#define ARQ_PARAMETER_DOC 5     /**< @brief One line. @since 0.1 */
#define ARQ_PARAMETER_SOURCE 6  /**< @brief Where the default and its name come from. @since 0.1 */
/** @brief What another value means when a saved agent or run goes on; "": it must be the same. @since 0.2 */
#define ARQ_PARAMETER_RESUME 7
/** @} */

/**
 * @brief Name of a parameter, for going through the table.
 * @param index From 0.
 * @return Static text; NULL behind the last.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API const char *arq_parameter_name(uint32_t index);

/**
 * @brief A text of the table.
 * @param name The parameter.
 * @param field One of the ARQ_PARAMETER_ numbers.
 * @return Static text; NULL for an unknown name or field.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API const char *arq_parameter_text(const char *name, int32_t field);

/**
 * @brief Name of a preset, for going through them.
 * @param index From 0.
 * @return Static text; NULL behind the last.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API const char *arq_preset_name(uint32_t index);

/**
 * @brief One line about a preset.
 * @param name The preset.
 * @return Static text; NULL for an unknown name.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API const char *arq_preset_doc(const char *name);

/**
 * @brief How many instances of an environment a preset is best used with, side by side.
 *
 * A recommendation for whoever opens the instances by id, as `arq train` does: a config knows nothing of it, and the
 * agent and the run take the number that they are given.
 * @param name The preset.
 * @return At least 1; 0 for an unknown name.
 * @par Threads
 * Any.
 * @since 0.2
 */
ARQ_API uint32_t arq_preset_environments(const char *name);

#ifdef __cplusplus
}
#endif

#endif
