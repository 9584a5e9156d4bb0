/**
 * @file context.h
 * @brief The library handle: where memory comes from, who computes, which instructions, what went wrong.
 *
 * A context comes first and goes last; every other handle is made from one. There are no globals:
 * two contexts in one process know nothing of each other.
 *
 * Threads, for every handle of the library: one handle is used by one thread at a time unless its
 * header says otherwise; different handles, also of one context, may be made and used from different threads.
 */
#ifndef ARQ_CONTEXT_H
#define ARQ_CONTEXT_H

#include "status.h"

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** @brief The library handle. @since 0.1 */
typedef struct arq_context arq_context;

/**
 * @brief Where memory comes from. Its callbacks may be called from any thread that uses the context.
 * @since 0.1
 */
typedef struct arq_allocator {
    uint32_t struct_size; /**< sizeof(arq_allocator) as the program compiled it. */
    uint32_t reserved;    /**< 0. */
    void *user;           /**< Handed to both callbacks. */
    /** Returns `size` bytes (never 0) aligned to `align` (a power of two), or NULL. */
    void *(*alloc)(void *user, size_t size, size_t align);
    /** Takes back what alloc returned, with the same size and align. Never called with NULL. */
    void (*free)(void *user, void *pointer, size_t size, size_t align);
} arq_allocator;

/** @name Log levels
 * @{ */
#define ARQ_LOG_ERROR 1   /**< @brief Something failed. @since 0.1 */
#define ARQ_LOG_WARNING 2 /**< @brief Something looks wrong, such as a cell whose outputs collapse. @since 0.1 */
#define ARQ_LOG_INFO 3    /**< @brief Worth knowing, such as the chosen instruction set. @since 0.1 */
/** @} */

/**
 * @brief Who hears about events. Called from any thread that uses the context.
 * @since 0.1
 */
typedef struct arq_log {
    uint32_t struct_size; /**< sizeof(arq_log) as the program compiled it. */
    int32_t level;        /**< Most verbose level wanted. */
    void *user;           /**< Handed to the callback. */
    /** Hears one line without a line end; `text` is valid during the call only. */
    void (*write)(void *user, int32_t level, const char *text);
} arq_log;

/**
 * @brief Who runs parallel work. Without one everything runs on the calling thread.
 *
 * Results never depend on it: work is cut by the problem's shape, not by the number of threads.
 * @since 0.1
 */
typedef struct arq_executor {
    uint32_t struct_size; /**< sizeof(arq_executor) as the program compiled it. */
    uint32_t num_threads; /**< How many tasks may run at the same time; at least 1. */
    void *user;           /**< Handed to the callback. */
    /**
     * Runs task(data, i) for every i in 0 .. count-1, in any order, on any threads, each once, and
     * returns when all have returned. May be called from several threads at once.
     */
    void (*parallel_for)(void *user, uint32_t count, void (*task)(void *data, uint32_t index), void *data);
} arq_executor;

/**
 * @brief Makes a context that is serial, silent, uses malloc and every instruction set the CPU has.
 *
 * The environment variable ARQ_CPU caps the instruction set, as arq_context_set_cpu() does.
 * @param abi_version #ARQ_ABI_VERSION. Accepted when the major is the library's and the minor not newer.
 * @param allocator Copied; NULL: malloc.
 * @param[out] out The context, owned by the caller; NULL on failure.
 * @return #ARQ_E_ABI, #ARQ_E_ARGUMENT, #ARQ_E_NOMEM, or #ARQ_E_NOT_FOUND for an unknown ARQ_CPU.
 * @since 0.1
 */
ARQ_API arq_status arq_context_create(uint32_t abi_version, const arq_allocator *allocator, arq_context **out);

/**
 * @brief Ends a context and the library's own threads. Every other handle made from it, configs too, must be gone:
 * otherwise the log hears an error and the context is leaked rather than left dangling.
 * @param context NULL is fine.
 * @since 0.1
 */
ARQ_API void arq_context_destroy(arq_context *context);

/**
 * @brief Sets who hears the log.
 * @param context The context.
 * @param log Copied; NULL: nobody.
 * @return #ARQ_E_ARGUMENT, or #ARQ_E_BUSY while handles of the context exist.
 * @since 0.1
 */
ARQ_API arq_status arq_context_set_log(arq_context *context, const arq_log *log);

/**
 * @brief Sets the program's own executor.
 * @param context The context.
 * @param executor Copied; NULL: serial.
 * @return #ARQ_E_ARGUMENT, or #ARQ_E_BUSY while handles of the context exist.
 * @since 0.1
 */
ARQ_API arq_status arq_context_set_executor(arq_context *context, const arq_executor *executor);

/**
 * @brief Sets the library's own small thread pool as the executor.
 * @param context The context.
 * @param threads 1: serial, nothing is started; up to 256; 0: one for each processor of this process.
 * @return #ARQ_E_ARGUMENT, #ARQ_E_NOMEM, #ARQ_E_IO when a thread cannot be started, or #ARQ_E_BUSY while handles of the
 *   context exist.
 * @since 0.1
 */
ARQ_API arq_status arq_context_set_threads(arq_context *context, uint32_t threads);

/**
 * @brief Caps the instruction set, for tests and comparisons. The results are the same bits on all.
 * @param context The context.
 * @param name A name of arq_cpu_name(), or NULL: the best there is.
 * @return #ARQ_E_NOT_FOUND for a name that is unknown, not built or not of this CPU, or #ARQ_E_BUSY while handles of
 *   the context exist.
 * @since 0.1
 */
ARQ_API arq_status arq_context_set_cpu(arq_context *context, const char *name);

/**
 * @brief Names of the instruction sets that the library's kernels are written for: "generic", which is plain C and runs
 * everywhere, then the others, for each family of processors the better ones later.
 *
 * Which of them this machine can run, arq_context_set_cpu() tells.
 * @param index 0 and above.
 * @return Static text; NULL from the number of names on.
 * @par Threads
 * Any.
 * @since 0.2
 */
ARQ_API const char *arq_cpu_name(uint32_t index);

/**
 * @brief Name of the instruction set in use.
 * @param context The context.
 * @return Static text; "" for NULL.
 * @since 0.1
 */
ARQ_API const char *arq_context_cpu(const arq_context *context);

/**
 * @brief Text of the calling thread's last failure in this context: what failed, the value, what is accepted.
 *
 * Success does not clear it.
 * @param context The context; NULL: of the last failed arq_context_create() of this thread.
 * @param[out] buffer Gets the text, cut to fit, always with a final 0; "" if nothing has failed yet. NULL if size is 0.
 * @param size Bytes at buffer; 512 hold every text.
 * @return Bytes the whole text needs without its final 0.
 * @par Threads
 * Any.
 * @since 0.1
 */
ARQ_API size_t arq_context_last_error(const arq_context *context, char *buffer, size_t size);

#ifdef __cplusplus
}
#endif

#endif
