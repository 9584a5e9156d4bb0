/**
 * @file environment.h
 * @brief To use environments: open them by id or from methods, step, wrap, batch and check them.
 *
 * To write one, see env.h. An environment handle checks what its methods return (finite rewards and
 * observations, flags of 0 or 1, declared bounds) and answers a broken promise with #ARQ_E_ENV; the
 * handle stays usable after a reset. One environment or batch is used by one thread at a time.
 */
#ifndef ARQ_ENVIRONMENT_H
#define ARQ_ENVIRONMENT_H

#include "context.h"
#include "env.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief One environment instance. @since 0.1 */
typedef struct arq_env arq_env;

/** @brief Several instances of one environment that are stepped by one call. @since 0.1 */
typedef struct arq_env_batch arq_env_batch;

/**
 * @brief Makes an environment from methods of the program's own.
 * @param context The context.
 * @param methods Copied.
 * @param self The instance. On success the handle owns it and calls methods->destroy(self) at its end; on failure it
 *   stays the caller's.
 * @param[out] out The handle, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT for a missing required method or a spec out of range, #ARQ_E_NOMEM, or the spec method's own
 *   failure.
 * @since 0.1
 */
ARQ_API arq_status arq_env_create(arq_context *context, const arq_env_methods *methods, void *self, arq_env **out);

/**
 * @brief Loads a plugin file, so that arq_env_open() knows its environments.
 * @param context The context; unloads the plugin at its end.
 * @param path The shared object. NULL: every `arq_*.so` of the folders that arq_env_open() searches, except
 *   collections the context knows already; one that fails keeps no other from being loaded.
 * @return #ARQ_E_IO when it cannot be loaded (with the loader's text), #ARQ_E_FORMAT without a usable entry or table,
 *   #ARQ_E_ABI, #ARQ_E_NOMEM. With NULL the code of the first that failed; the text names it and counts the others.
 * @since 0.1
 */
ARQ_API arq_status arq_plugin_load(arq_context *context, const char *path);

/**
 * @brief As arq_plugin_load() for a plugin that is linked into the program.
 * @param context The context.
 * @param entry The plugin's entry.
 * @return As arq_plugin_load().
 * @since 0.1
 */
ARQ_API arq_status arq_plugin_register(arq_context *context, arq_plugin_entry_function entry);

/**
 * @brief Goes through the environment types the context knows.
 * @param context The context.
 * @param index From 0, in the order of loading.
 * @return The type with its id, text and options; borrowed, valid as long as the context. NULL behind the last.
 * @since 0.1
 */
ARQ_API const arq_env_type *arq_plugin_type(const arq_context *context, uint32_t index);

/**
 * @brief Opens an environment by id: "minatar/breakout?sticky=0&ramping=false".
 *
 * An id whose plugin is not loaded yet is looked for as `arq_<part before the slash>.so` in the folders of the
 * environment variable ARQ_PLUGIN_PATH (separated by colons), then where plugins are installed and in arq/plugins beside
 * the library, or beside the program it is linked into. Folders that are no absolute paths, or into which everybody may
 * write, are left out; the log names them. A process with more rights than its user (setuid) looks only where plugins
 * are installed. An id that is a path (it contains ".so") is loaded as a plugin; "?" and options may follow, and "#id"
 * where it offers several.
 *
 * Wrappers may follow, each after a "|", the innermost first: "|time_limit=500" as arq_env_time_limit(), "|bang_bang"
 * as arq_env_bang_bang().
 * @param context The context.
 * @param id The id.
 * @param[out] out The handle, owned by the caller; NULL on failure.
 * @return #ARQ_E_NOT_FOUND (the text lists what is known), #ARQ_E_ARGUMENT for an option that is unknown or out of
 *   range, the create method's own failure, or as arq_plugin_load().
 * @since 0.1
 */
ARQ_API arq_status arq_env_open(arq_context *context, const char *id, arq_env **out);

/**
 * @brief Ends an environment.
 * @param env NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_env_destroy(arq_env *env);

/**
 * @brief What the environment looks like.
 * @param env The environment.
 * @return Borrowed, valid as long as the handle. NULL for NULL.
 * @since 0.1
 */
ARQ_API const arq_env_spec *arq_env_describe(const arq_env *env);

/**
 * @brief Begins an episode. A running one is given up.
 * @param env The environment.
 * @param seed NULL: go on with the present random stream (the first reset uses seed 0 then).
 * @param[out] observation arq_observation_bytes() of the spec's kind and size.
 * @return #ARQ_E_ENV, #ARQ_E_CALLBACK, or the method's own code.
 * @since 0.1
 */
ARQ_API arq_status arq_env_reset(arq_env *env, const uint64_t *seed, void *observation);

/**
 * @brief One step with a discrete action. Reset is explicit: after an end, step answers #ARQ_E_ORDER.
 * @param env The environment.
 * @param action 0 .. action_count-1.
 * @param[out] observation The observation after the step, the final one at an episode's end.
 * @param[out] reward The reward.
 * @param[out] terminated 1: ended by the rules.
 * @param[out] truncated 1: cut.
 * @return #ARQ_E_ORDER without a reset, #ARQ_E_ARGUMENT for the action, #ARQ_E_UNSUPPORTED for box actions, #ARQ_E_ENV,
 *   #ARQ_E_CALLBACK, or the method's own code.
 * @since 0.1
 */
ARQ_API arq_status arq_env_step(arq_env *env, int32_t action, void *observation, double *reward, int32_t *terminated,
                                int32_t *truncated);

/**
 * @brief One step with a box action.
 * @param env The environment.
 * @param action [action_count] within the bounds.
 * @param[out] observation As arq_env_step().
 * @param[out] reward As there.
 * @param[out] terminated As there.
 * @param[out] truncated As there.
 * @return As arq_env_step(); #ARQ_E_UNSUPPORTED for discrete actions.
 * @since 0.1
 */
ARQ_API arq_status arq_env_step_box(arq_env *env, const double *action, void *observation, double *reward,
                                    int32_t *terminated, int32_t *truncated);

/**
 * @brief Writes the complete state.
 * @param env The environment.
 * @param[out] buffer Where to, or NULL: only say the size.
 * @param capacity Its bytes.
 * @param[out] size Bytes of the state.
 * @return #ARQ_E_UNSUPPORTED without the method, #ARQ_E_SHAPE when the buffer is too small, or the method's own code.
 * @since 0.1
 */
ARQ_API arq_status arq_env_save(arq_env *env, void *buffer, size_t capacity, size_t *size);

/**
 * @brief Takes over a state; what follows is the same, bit for bit, as after the save.
 * @param env An environment opened with the same id.
 * @param buffer The state.
 * @param size Its bytes.
 * @return #ARQ_E_UNSUPPORTED without the method, #ARQ_E_FORMAT for a state that is not one; unchanged then.
 * @since 0.1
 */
ARQ_API arq_status arq_env_load(arq_env *env, const void *buffer, size_t size);

/**
 * @brief Draws the present state.
 * @param env The environment.
 * @param cell_size Pixels a side of one cell, at least 1.
 * @param[out] rgb Rows from the top, three bytes a pixel; NULL: only say the size.
 * @param capacity Bytes at rgb.
 * @param[out] width Pixels.
 * @param[out] height Pixels.
 * @return #ARQ_E_UNSUPPORTED without the method, #ARQ_E_SHAPE when the buffer is too small.
 * @since 0.1
 */
ARQ_API arq_status arq_env_render(arq_env *env, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                                  uint32_t *height);

/**
 * @brief Name of an action or of a box action's component.
 * @param env The environment.
 * @param action Its index.
 * @return Borrowed as long as the handle; NULL if it has none.
 * @since 0.1
 */
ARQ_API const char *arq_env_action_name(arq_env *env, uint32_t action);

/**
 * @brief Name of an entry of the observation's last dimension (a channel).
 * @param env The environment.
 * @param index Its index.
 * @return Borrowed as long as the handle; NULL if it has none.
 * @since 0.1
 */
ARQ_API const char *arq_env_observation_name(arq_env *env, uint32_t index);

/**
 * @brief Wraps an environment so that episodes are truncated after a number of steps.
 * @param env Owned by the wrapper from success on.
 * @param steps At least 1.
 * @param[out] out The wrapper; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_env_time_limit(arq_env *env, uint64_t steps, arq_env **out);

/**
 * @brief Wraps box actions of d components as 2^d discrete ones: bit k puts component k at its low (0) or high (1)
 * bound.
 * @param env Owned by the wrapper from success on.
 * @param[out] out The wrapper; NULL on failure.
 * @return #ARQ_E_UNSUPPORTED for discrete or unbounded actions or more than 16 components, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_env_bang_bang(arq_env *env, arq_env **out);

/**
 * @brief Makes `count` instances of one id that are stepped by one call.
 *
 * Nothing resets by itself: an instance that has ended keeps its final observation, and rests, until
 * arq_env_batch_reset() is asked to begin its next episode. For any number of threads a batch gives the same bits as
 * its instances stepped one by one.
 * @param context The context; its executor runs instances in parallel.
 * @param id As in arq_env_open(), wrappers included.
 * @param count At least 1.
 * @param[out] out The batch, owned by the caller; NULL on failure.
 * @return As arq_env_open().
 * @since 0.1; box actions and wrappers since 0.2
 */
ARQ_API arq_status arq_env_batch_open(arq_context *context, const char *id, uint32_t count, arq_env_batch **out);

/**
 * @brief Makes a batch of environments that exist already: a program's own, or each wrapped as one likes.
 *
 * All have one context, and the same observations (kind, size) and actions (kind, number, bounds); options, reward
 * ranges and time limits may differ. Where an instance stands stays as it is: one inside an episode goes on.
 * @param envs [count] different environments that no wrapper and no batch owns. All of them are the batch's from
 *   success on, which destroys them; on failure they stay the caller's. The array itself is not kept.
 * @param count At least 1.
 * @param[out] out The batch, owned by the caller; NULL on failure.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_SHAPE where one differs from the first (the text names it), #ARQ_E_NOMEM.
 * @par Threads
 * With an executor the instances are stepped from its threads, different ones at the same time.
 * @since 0.2
 */
ARQ_API arq_status arq_env_batch_create(arq_env *const *envs, uint32_t count, arq_env_batch **out);

/**
 * @brief As arq_env_time_limit() for every instance of a batch.
 * @param batch Owned by the wrapped batch from success on; what arq_env_batch_at() gave stays valid but is an inner
 *   environment then.
 * @param steps At least 1.
 * @param[out] out The wrapped batch; NULL on failure. Reset it before its first step.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_BUSY, #ARQ_E_NOMEM: the batch is as it was.
 * @since 0.2
 */
ARQ_API arq_status arq_env_batch_time_limit(arq_env_batch *batch, uint64_t steps, arq_env_batch **out);

/**
 * @brief As arq_env_bang_bang() for every instance of a batch.
 * @param batch As for arq_env_batch_time_limit().
 * @param[out] out As there.
 * @return As arq_env_bang_bang(); #ARQ_E_BUSY: the batch is as it was.
 * @since 0.2
 */
ARQ_API arq_status arq_env_batch_bang_bang(arq_env_batch *batch, arq_env_batch **out);

/**
 * @brief Ends a batch and its instances.
 * @param batch NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_env_batch_destroy(arq_env_batch *batch);

/**
 * @brief How many instances a batch has.
 * @param batch The batch.
 * @return Instances; 0 for NULL.
 * @since 0.2
 */
ARQ_API uint32_t arq_env_batch_count(const arq_env_batch *batch);

/**
 * @brief One instance of a batch, for its spec, names, rendering and state (save and load). Stepping or resetting it
 * alone is refused. Observations and actions are the same for all: instance 0 describes the batch.
 * @param batch The batch.
 * @param index Which.
 * @return Borrowed as long as the batch; NULL behind the last.
 * @since 0.1
 */
ARQ_API arq_env *arq_env_batch_at(arq_env_batch *batch, uint32_t index);

/**
 * @brief Resets instances. Ended instances keep their final observation until then: nothing is reset by itself.
 * @param batch The batch.
 * @param seeds [count], or NULL: their random streams go on; an instance that was never reset takes its index.
 * @param mask [count], which to reset (non-zero), or NULL: all.
 * @param[in,out] observations [count] observations without gaps; those of the mask are written.
 * @return #ARQ_OK; #ARQ_E_ARGUMENT, #ARQ_E_BUSY: nothing changed; otherwise what the first instance that failed
 *   answered, with a text that names it: the others are reset, and arq_env_batch_statuses() tells them apart.
 * @since 0.1
 */
ARQ_API arq_status arq_env_batch_reset(arq_env_batch *batch, const uint64_t *seeds, const uint8_t *mask,
                                       void *observations);

/**
 * @brief One step of every instance. Refused with #ARQ_E_ORDER, changing nothing, while one of them has ended:
 * arq_env_batch_step_masked() steps the others.
 * @param batch The batch.
 * @param actions [count].
 * @param[out] observations [count] observations without gaps.
 * @param[out] rewards [count].
 * @param[out] terminated [count].
 * @param[out] truncated [count].
 * @return As arq_env_batch_step_masked().
 * @since 0.1
 */
ARQ_API arq_status arq_env_batch_step(arq_env_batch *batch, const int32_t *actions, void *observations, double *rewards,
                                      int32_t *terminated, int32_t *truncated);

/**
 * @brief One step of some instances, with discrete actions.
 *
 * An instance that fails keeps no other from its step.
 * @param batch The batch.
 * @param mask [count], which to step (non-zero): each must be inside an episode. NULL: all that are.
 * @param actions [count]; those of instances that are not stepped are not looked at.
 * @param[in,out] observations [count] observations without gaps, at an episode's end the final one. In this and the
 *   following arrays only the entries of instances that step are written; what they hold for one that failed is not
 *   to be used.
 * @param[in,out] rewards [count].
 * @param[in,out] terminated [count] 1: ended by the rules.
 * @param[in,out] truncated [count] 1: cut.
 * @return #ARQ_OK; #ARQ_E_ORDER, #ARQ_E_ARGUMENT, #ARQ_E_UNSUPPORTED (box actions), #ARQ_E_BUSY: nothing changed, the
 *   text names the instance; otherwise what the first instance that failed answered, as arq_env_step(): the others have
 *   stepped, and arq_env_batch_statuses() tells them apart. Those that failed must be reset.
 * @since 0.2
 */
ARQ_API arq_status arq_env_batch_step_masked(arq_env_batch *batch, const uint8_t *mask, const int32_t *actions,
                                             void *observations, double *rewards, int32_t *terminated,
                                             int32_t *truncated);

/**
 * @brief As arq_env_batch_step_masked() with box actions.
 * @param batch The batch.
 * @param mask As there.
 * @param actions [count, action_count], each within its bounds.
 * @param[in,out] observations As there.
 * @param[in,out] rewards As there.
 * @param[in,out] terminated As there.
 * @param[in,out] truncated As there.
 * @return As there; #ARQ_E_UNSUPPORTED for discrete actions.
 * @since 0.2
 */
ARQ_API arq_status arq_env_batch_step_box(arq_env_batch *batch, const uint8_t *mask, const double *actions,
                                          void *observations, double *rewards, int32_t *terminated, int32_t *truncated);

/**
 * @brief How the last reset or step of the batch ended for each instance.
 * @param batch The batch.
 * @return [count], borrowed as long as the batch: #ARQ_OK for an instance that did what was asked or was not asked, so
 *   for all of them after a call that was refused; else its failure. NULL for NULL.
 * @since 0.2
 */
ARQ_API const arq_status *arq_env_batch_statuses(const arq_env_batch *batch);

/**
 * @brief Runs methods through every promise of env.h.
 * @param context The context.
 * @param type What to check; `methods` and `create` are used, so a program without a plugin fills in both.
 * @param options As in an id, such as "sticky=0"; NULL: the defaults.
 * @param seed Decides actions and seeds of the check.
 * @param report Hears one line for each broken promise; NULL: nobody.
 * @param user Handed to report.
 * @param[out] broken How many promises are broken.
 * @return #ARQ_OK also when promises are broken; #ARQ_E_ARGUMENT, #ARQ_E_NOMEM.
 * @since 0.1
 */
ARQ_API arq_status arq_env_check(arq_context *context, const arq_env_type *type, const char *options, uint64_t seed,
                                 void (*report)(void *user, const char *line), void *user, uint32_t *broken);

#ifdef __cplusplus
}
#endif

#endif
