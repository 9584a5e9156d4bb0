/**
 * @file checkpoint.h
 * @brief A training run kept in a folder, to go on with it bit for bit: after the end of the program, on another
 * machine.
 *
 * A checkpoint is everything that decides what comes next: weights, optimiser, target network, replay or unfinished
 * rollout, random streams, counters, open episodes with the states of their environments. Its folder holds
 * `run.safetensors`, and beside it the transitions of the replay in files that are written once and named by what they
 * hold; a folder belongs to one run.
 *
 * Taking one and writing it are two calls, so that learning need not wait for the disk:
 *
 * @code
 * arq_run_checkpoint(run, "run1/checkpoint", 0, &checkpoint); // copies; learning goes on behind it
 * arq_checkpoint_write(checkpoint);                           // on any thread
 * arq_checkpoint_destroy(checkpoint);
 * @endcode
 *
 * and to go on, perhaps in another program:
 *
 * @code
 * arq_checkpoint_open(context, "run1/checkpoint", &checkpoint);
 * arq_checkpoint_config(checkpoint, &config);
 * arq_run_create(context, config, env, &run);
 * arq_run_load(run, "run1/checkpoint");
 * @endcode
 */
#ifndef ARQ_CHECKPOINT_H
#define ARQ_CHECKPOINT_H

#include "run.h"

#ifdef __cplusplus
extern "C" {
#endif

/** @brief A checkpoint: copied from a run, to be written; or opened, to be read. @since 0.2 */
typedef struct arq_checkpoint arq_checkpoint;

/** @name What a checkpoint leaves out
 * @{ */
/** @brief The transitions of the replay: a resumed run fills it anew before it learns again. @since 0.2 */
#define ARQ_CHECKPOINT_WITHOUT_REPLAY 1u
/** @} */

/**
 * @brief Copies all that a checkpoint needs out of a run, between two calls of arq_run_advance().
 *
 * Of a replay only those transitions are copied that the folder does not have yet. An environment without save and load
 * methods is left out: arq_run_load() says what that means.
 * @param run The run.
 * @param folder Where it will be written. The folder is made if need be; those above it must be there.
 * @param flags ARQ_CHECKPOINT_ bits.
 * @param[out] out The checkpoint, owned by the caller; NULL on failure. It may outlive the run, not the context.
 * @return #ARQ_E_BUSY from inside an environment or while an earlier checkpoint of the run is not destroyed;
 *   #ARQ_E_NOMEM, #ARQ_E_ARGUMENT, or the failure of an environment's save method.
 * @since 0.2
 */
ARQ_API arq_status arq_run_checkpoint(arq_run *run, const char *folder, uint32_t flags, arq_checkpoint **out);

/**
 * @brief Puts a short text beside the run, for the program's own use, such as how long its log was.
 * @param checkpoint One that is not written yet.
 * @param name Up to 200 bytes; a second text of one name is refused.
 * @param value UTF-8.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_ORDER for one that was opened, #ARQ_E_NOMEM.
 * @since 0.2
 */
ARQ_API arq_status arq_checkpoint_set_text(arq_checkpoint *checkpoint, const char *name, const char *value);

/**
 * @brief Writes a checkpoint into its folder. All or nothing: whenever the program or the machine stops, the folder
 * holds the checkpoint before or this one, whole.
 * @param checkpoint One of arq_run_checkpoint().
 * @return #ARQ_E_IO: the folder's checkpoint is the one before, and writing may be tried again; #ARQ_E_NOMEM;
 *   #ARQ_E_ORDER for one that was opened.
 * @par Threads
 * Any thread, while the run goes on in another one.
 * @since 0.2
 */
ARQ_API arq_status arq_checkpoint_write(arq_checkpoint *checkpoint);

/**
 * @brief Frees a checkpoint; what was written stays.
 * @param checkpoint NULL is fine.
 * @par Threads
 * As arq_checkpoint_write().
 * @since 0.2
 */
ARQ_API void arq_checkpoint_destroy(arq_checkpoint *checkpoint);

/**
 * @brief Opens the checkpoint in a folder, to make a run like the one it is of.
 * @param context The context.
 * @param folder The folder.
 * @param[out] out The checkpoint, owned by the caller; NULL on failure.
 * @return #ARQ_E_IO, #ARQ_E_FORMAT, #ARQ_E_NOMEM, #ARQ_E_ARGUMENT.
 * @since 0.2
 */
ARQ_API arq_status arq_checkpoint_open(arq_context *context, const char *folder, arq_checkpoint **out);

/**
 * @brief A text that was put beside the run.
 * @param checkpoint One that was opened.
 * @param name As in arq_checkpoint_set_text().
 * @return Borrowed as long as the checkpoint; NULL when there is none of that name, and for NULL.
 * @since 0.2
 */
ARQ_API const char *arq_checkpoint_text(const arq_checkpoint *checkpoint, const char *name);

/**
 * @brief The config of the run that a checkpoint is of, with the origin of each value.
 * @param checkpoint One that was opened.
 * @param[out] out The config, owned by the caller; NULL on failure.
 * @return #ARQ_E_FORMAT, #ARQ_E_ORDER for one that was not opened, #ARQ_E_NOMEM, #ARQ_E_ARGUMENT.
 * @since 0.2
 */
ARQ_API arq_status arq_checkpoint_config(const arq_checkpoint *checkpoint, arq_config **out);

/**
 * @brief How many instances the run of a checkpoint played side by side.
 * @param checkpoint One that was opened.
 * @return At least 1; 0 for NULL and for one that was not opened.
 * @since 0.2
 */
ARQ_API uint32_t arq_checkpoint_instances(const arq_checkpoint *checkpoint);

/**
 * @brief arq_run_checkpoint() and arq_checkpoint_write() in one.
 * @param run The run.
 * @param folder As there.
 * @return As arq_run_checkpoint() and arq_checkpoint_write().
 * @since 0.2
 */
ARQ_API arq_status arq_run_save(arq_run *run, const char *folder);

/**
 * @brief Takes over a checkpoint; from here on everything is as if the run had never been interrupted, bit for bit.
 *
 * The run is made with the checkpoint's config, its instances and the same environment. Some parameters may have other
 * values than there, and mean what arq_parameter_text() says of a resume (#ARQ_PARAMETER_RESUME): rates, epsilon, the
 * run's length, a larger replay. All others are refused with both values.
 *
 * Where an environment's state was left out, or it had failed, a new episode begins with the next step: the present one
 * counts as truncated, and the instance is reset with the config's seed + its index + the steps made.
 * arq_run_resumed() says so, and so does the log.
 * @param run The run, wherever it stands; unchanged on failure, except that new episodes begin where a load method of
 * an environment failed or was called before the one that did.
 * @param folder The folder of the checkpoint.
 * @return #ARQ_E_IO, #ARQ_E_FORMAT, #ARQ_E_SHAPE, #ARQ_E_NOMEM, #ARQ_E_ARGUMENT, #ARQ_E_BUSY from inside an
 *   environment or while a checkpoint of the run is not destroyed, or the failure of an environment's load method.
 * @since 0.2
 */
ARQ_API arq_status arq_run_load(arq_run *run, const char *folder);

/** @name How a run was resumed
 * @{ */
#define ARQ_RESUMED 1u              /**< @brief arq_run_load() has succeeded. @since 0.2 */
#define ARQ_RESUMED_NEW_EPISODES 2u /**< @brief In some instances a new episode begins. @since 0.2 */
#define ARQ_RESUMED_NEW_REPLAY 4u   /**< @brief The replay was left out: it fills anew. @since 0.2 */
/** @} */

/**
 * @brief How the last arq_run_load() went.
 * @param run The run.
 * @return ARQ_RESUMED bits; 0 for a run that began at its first step, and for NULL.
 * @since 0.2
 */
ARQ_API uint32_t arq_run_resumed(const arq_run *run);

#ifdef __cplusplus
}
#endif

#endif
