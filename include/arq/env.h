/**
 * @file env.h
 * @brief For those who write environments: the methods one implements and the table a plugin exports.
 *
 * This header stands alone (it brings status.h and observation.h): an environment needs no other and links
 * nothing. To step an
 * environment, see environment.h. A walk-through is docs/write-an-environment.md.
 *
 * An environment is a pointer of its author's choice (`self`) and one static table of methods.
 * All methods of one instance are called from one thread at a time; different instances may be
 * stepped at the same time from different threads, so instances share no mutable state.
 * Methods must not call back into the handle that runs them. No pointer argument may be kept
 * after the method returns.
 *
 * Methods return #ARQ_OK or a status; codes of #ARQ_E_CALLER and below reach the program unchanged,
 * #ARQ_E_NOMEM and #ARQ_E_FORMAT do so too, any other failure reaches it as #ARQ_E_CALLBACK.
 *
 * In C fill the tables by designated initialisers; in C++ value-initialise them and assign the fields, so that
 * fields added later stay zero.
 */
#ifndef ARQ_ENV_H
#define ARQ_ENV_H

#include "observation.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief Actions are the integers 0 .. action_count-1. @since 0.1 */
#define ARQ_ACTION_DISCRETE 1
/** @brief An action is action_count doubles, each within its bounds. @since 0.1 */
#define ARQ_ACTION_BOX 2

/** @brief Most dimensions an observation's shape can have. @since 0.1 */
#define ARQ_OBSERVATION_MAX_RANK 4

/**
 * @brief What an environment looks like from outside. It must be the same at every call.
 *
 * The library hands it over zeroed except for `struct_size`; fill what is known.
 * @since 0.1
 */
typedef struct arq_env_spec {
    uint32_t struct_size;      /**< Bytes of this struct as the library knows it; do not write beyond. */
    int32_t observation_kind;  /**< One of the ARQ_OBSERVATION_ kinds. */
    uint32_t observation_size; /**< Values of one observation; for the discrete kind, how many states there are. */
    uint32_t observation_rank; /**< Used entries of observation_shape; 0 means a flat vector. */
    uint32_t observation_shape[ARQ_OBSERVATION_MAX_RANK]; /**< Row-major; its product is observation_size (not for the
                                                             discrete kind). */
    const double *observation_low; /**< [observation_size] lowest values, or NULL: unknown. Borrowed for the life of the
                                      instance. */
    const double *observation_high; /**< [observation_size] highest values, or NULL: unknown. Borrowed as above. */
    int32_t action_kind;            /**< #ARQ_ACTION_DISCRETE or #ARQ_ACTION_BOX. */
    uint32_t action_count;          /**< Number of actions, or of components. */
    const double *action_low;  /**< Box: [action_count] lowest values, -INFINITY where unbounded. Borrowed as above. */
    const double *action_high; /**< Box: [action_count] highest values, INFINITY where unbounded. Borrowed as above. */
    uint32_t reward_range_known; /**< 1 if the next two hold, else 0. */
    uint32_t reserved;           /**< 0. */
    double reward_low;           /**< Lowest reward of one step. */
    double reward_high;          /**< Highest reward of one step. */
    uint64_t time_limit; /**< Steps after which the environment itself truncates an episode; 0: it never does. */
} arq_env_spec;

/**
 * @brief The methods of an environment. Those that say "Required" must be set; others may be NULL.
 * @since 0.1
 */
typedef struct arq_env_methods {
    uint32_t struct_size; /**< sizeof(arq_env_methods) as the author compiled it. */
    uint32_t reserved;    /**< 0. */

    /**
     * Required. Describes the environment.
     * @param self The instance.
     * @param[out] spec To be filled.
     */
    arq_status (*spec)(void *self, arq_env_spec *spec);

    /**
     * Required. Begins an episode.
     * @param self The instance.
     * @param seed NULL: go on with the present random stream. Otherwise all that follows is a function of *seed and the
     *   actions alone. The first reset of an instance always has a seed.
     * @param[out] observation The first observation, in the declared kind, all of it.
     */
    arq_status (*reset)(void *self, const uint64_t *seed, void *observation);

    /**
     * Required for discrete actions. One step.
     * @param self The instance.
     * @param action 0 .. action_count-1 (the library has checked it).
     * @param[out] observation What is seen after the step; at an episode's end the final one.
     * @param[out] reward A finite number.
     * @param[out] terminated 1: the episode ended by the rules, nothing follows; else 0.
     * @param[out] truncated 1: the episode was cut, the world would have gone on; else 0.
     */
    arq_status (*step)(void *self, int32_t action, void *observation, double *reward, int32_t *terminated,
                       int32_t *truncated);

    /** Required for box actions. As step, with `action` = [action_count] doubles within their bounds. */
    arq_status (*step_box)(void *self, const double *action, void *observation, double *reward, int32_t *terminated,
                           int32_t *truncated);

    /**
     * Required. Frees the instance; called once.
     * @param self The instance.
     */
    void (*destroy)(void *self);

    /**
     * Steps many instances of this same table in one call; as `count` calls of step in index order. They may be all
     * of a batch or any part of it. One that fails ends the call: the results of those before it are written and stand,
     * none of its own is, and those behind it have not stepped.
     * @param selves [count] instances.
     * @param count How many.
     * @param actions [count].
     * @param[out] observations [count] observations, each of the declared kind's bytes, without gaps.
     * @param[out] rewards [count].
     * @param[out] terminated [count].
     * @param[out] truncated [count].
     */
    arq_status (*step_batch)(void *const *selves, uint32_t count, const int32_t *actions, void *observations,
                             double *rewards, int32_t *terminated, int32_t *truncated);

    /**
     * Writes the complete state, random stream included.
     * @param self The instance.
     * @param[out] buffer Where to, or NULL: only say the size.
     * @param capacity Bytes at buffer.
     * @param[out] size Bytes of the state.
     */
    arq_status (*save)(void *self, void *buffer, size_t capacity, size_t *size);

    /**
     * Takes over a state written by save of an instance with the same options; what follows is then the same, bit for
     * bit. A state it cannot use must be refused without changing the instance.
     * @param self The instance.
     * @param buffer The state.
     * @param size Its bytes.
     */
    arq_status (*load)(void *self, const void *buffer, size_t size);

    /**
     * Draws the present state.
     * @param self The instance.
     * @param cell_size Pixels a side of one cell of the picture, at least 1.
     * @param[out] rgb Rows from the top, three bytes a pixel, no gaps; or NULL: only say the size.
     * @param capacity Bytes at rgb.
     * @param[out] width Pixels.
     * @param[out] height Pixels.
     */
    arq_status (*render)(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                         uint32_t *height);

    /**
     * Name of an action (discrete) or of a component (box).
     * @return Static text, or NULL if there is none.
     */
    const char *(*action_name)(void *self, uint32_t action);

    /**
     * Name of entry `index` of the observation's last dimension (a channel).
     * @return Static text, or NULL.
     */
    const char *(*observation_name)(void *self, uint32_t index);

    /**
     * Text about the last failure of this instance.
     * @return Valid until its next method; or NULL.
     */
    const char *(*last_error)(void *self);
} arq_env_methods;

/** @name Option types
 * @{ */
#define ARQ_OPTION_BOOL 1   /**< @brief 0 or 1. @since 0.1 */
#define ARQ_OPTION_INT 2    /**< @brief A whole number. @since 0.1 */
#define ARQ_OPTION_FLOAT 3  /**< @brief A finite number. @since 0.1 */
#define ARQ_OPTION_CHOICE 4 /**< @brief One of a few words; its value is the word's index. @since 0.1 */
/** @} */

/**
 * @brief One option of an environment, settable in its id: `minatar/breakout?sticky=0`.
 * @since 0.1
 */
typedef struct arq_env_option {
    uint32_t struct_size; /**< sizeof(arq_env_option) as the author compiled it. */
    int32_t type;         /**< One of the ARQ_OPTION_ types. */
    const char *name;     /**< Lower-case letters, digits and `_`. */
    double low;           /**< Least value. */
    double high;          /**< Greatest value. */
    double default_value; /**< The value where the id does not say. */
    const char *choices;  /**< Choice: the words, separated by `|`; otherwise NULL. */
    const char *doc;      /**< One line. */
} arq_env_option;

/**
 * @brief One environment that a plugin offers. Static; valid while the plugin is loaded.
 * @since 0.1
 */
typedef struct arq_env_type {
    uint32_t struct_size;  /**< sizeof(arq_env_type) as the author compiled it. */
    uint32_t option_count; /**< Rows of options. */
    const char *id;        /**< Such as "minatar/breakout": lower-case letters, digits, `_`, `-`, with one `/`. */
    const char *doc;       /**< One line. */
    const arq_env_option
        *options; /**< [option_count], each at a stride of its own struct_size; NULL if there are none. */
    const arq_env_methods *methods; /**< Methods of every instance. */
    void *user;                     /**< Handed to create; NULL if it needs none. */

    /**
     * Makes an instance. May be called from several threads at once, one for each context.
     * @param user The type's `user`.
     * @param options [option_count] checked values in the order of the rows.
     * @param[out] self The instance; left NULL on failure.
     * @param[out] error Text about a failure, at most error_size bytes with its final 0.
     * @param error_size At least 256.
     * @return #ARQ_OK, or why not: #ARQ_E_NOMEM, #ARQ_E_ARGUMENT or a code of the environment's own.
     */
    arq_status (*create)(void *user, const double *options, void **self, char *error, size_t error_size);

    /**
     * Optional. Makes `count` instances in one call, each as create makes one, so that what step_batch reads can lie
     * side by side in memory. Each is destroyed by itself, in any order, but all by one thread. Where it is NULL, or
     * struct_size ends before it, create makes them one by one. Threads as for create.
     * @param user The type's `user`.
     * @param options As for create; the same for all of them.
     * @param count How many, at least 1.
     * @param[out] selves [count] instances; all of them left NULL on failure.
     * @param[out] error As for create.
     * @param error_size At least 256.
     * @return #ARQ_OK, or why not: #ARQ_E_NOMEM, #ARQ_E_ARGUMENT or a code of the environment's own.
     */
    arq_status (*create_batch)(void *user, const double *options, uint32_t count, void **selves, char *error,
                               size_t error_size);
} arq_env_type;

/**
 * @brief What a plugin exports. Static; valid while the plugin is loaded.
 * @since 0.1
 */
typedef struct arq_plugin {
    uint32_t struct_size;             /**< sizeof(arq_plugin) as the author compiled it. */
    uint32_t abi_version;             /**< #ARQ_ABI_VERSION as the author compiled it. */
    const char *name;                 /**< Short name of the collection. */
    const char *version;              /**< The collection's own version. */
    uint32_t type_count;              /**< Entries of types, at least 1. */
    uint32_t reserved;                /**< 0. */
    const arq_env_type *const *types; /**< [type_count] */
} arq_plugin;

/** @brief Name of the entry every plugin exports. @since 0.1 */
#define ARQ_PLUGIN_ENTRY "arq_plugin_entry"

/**
 * @brief The entry: `ARQ_PLUGIN_EXPORT const arq_plugin *arq_plugin_entry(uint32_t abi_version)`.
 *
 * Gets the ABI number of the running library; returns the table, or NULL if it cannot work with it.
 * @since 0.1
 */
typedef const arq_plugin *(*arq_plugin_entry_function)(uint32_t abi_version);

/**
 * @brief What a plugin defines (the library has none): see #arq_plugin_entry_function. Returning the table is enough;
 * the library checks its abi_version.
 * @param abi_version ABI number of the running library.
 * @return The table, or NULL.
 * @since 0.1
 */
ARQ_PLUGIN_EXPORT const arq_plugin *arq_plugin_entry(uint32_t abi_version);

#ifdef __cplusplus
}
#endif

#endif
