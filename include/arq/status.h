/**
 * @file status.h
 * @brief What every call that can fail returns.
 */
#ifndef ARQ_STATUS_H
#define ARQ_STATUS_H

#include "version.h"

#ifdef __cplusplus
extern "C" {
#endif

/**
 * @brief Result of a call: #ARQ_OK or a negative code. The numbers never change meaning.
 *
 * The text that goes with a failure, naming the thing, the value it got and what is accepted,
 * is kept per context and thread: arq_context_last_error().
 * Codes of #ARQ_E_CALLER and below belong to the program: a callback that returns one gets it
 * back unchanged from the call that ran the callback.
 * @since 0.1
 */
typedef int32_t arq_status;

/** @brief Success. @since 0.1 */
#define ARQ_OK 0
/** @brief A null pointer, a zero or impossible size, a value out of range. @since 0.1 */
#define ARQ_E_ARGUMENT (-1)
/** @brief The allocator returned NULL; nothing changed. @since 0.1 */
#define ARQ_E_NOMEM (-2)
/** @brief No parameter, preset, tensor, metric, environment or file of that name. @since 0.1 */
#define ARQ_E_NOT_FOUND (-3)
/** @brief A call that needs another one first, such as step before reset. @since 0.1 */
#define ARQ_E_ORDER (-4)
/** @brief The handle is in use by another call, or others still depend on it. @since 0.1 */
#define ARQ_E_BUSY (-5)
/** @brief Program, plugin and library were built for ABIs that do not mix. @since 0.1 */
#define ARQ_E_ABI (-6)
/** @brief The operating system refused to open, read or write; the text has its reason. @since 0.1 */
#define ARQ_E_IO (-7)
/** @brief A file or a state that is not what it should be. @since 0.1 */
#define ARQ_E_FORMAT (-8)
/** @brief Sizes or kinds that do not fit each other. @since 0.1 */
#define ARQ_E_SHAPE (-9)
/** @brief An environment broke its promises; the text says which. @since 0.1 */
#define ARQ_E_ENV (-10)
/** @brief A callback failed with a code that is not its to use; the text has the code. @since 0.1 */
#define ARQ_E_CALLBACK (-11)
/** @brief A loss or gradient was not finite; no weight changed. @since 0.1 */
#define ARQ_E_DIVERGED (-12)
/** @brief A combination that has no meaning or is not built; the text has the reason. @since 0.1 */
#define ARQ_E_UNSUPPORTED (-13)
/** @brief First code that is free for callbacks of the program (this and everything below). @since 0.1 */
#define ARQ_E_CALLER (-1000)

/**
 * @brief Name of a status, such as "ARQ_E_SHAPE".
 * @param status Any number.
 * @return Static text; "ARQ_E_CALLER" for the caller's own codes, "unknown status" otherwise.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API const char *arq_status_name(arq_status status);

#ifdef __cplusplus
}
#endif

#endif
