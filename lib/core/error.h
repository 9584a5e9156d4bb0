/*
 * Statuses with their texts, kept for each context and thread, and lines of the log.
 */
#ifndef ARQ_CORE_ERROR_H
#define ARQ_CORE_ERROR_H

#include "arq/context.h"

/* A number no other context of the process has. */
uint64_t arq_error_new_id(void);

/* Keeps the text for the calling thread and returns the status. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
arq_status
arq_fail(const arq_context *context, arq_status status, const char *format, ...);

/* ARQ_E_NOMEM: "no memory for <what> (<bytes> bytes)". */
arq_status arq_fail_memory(const arq_context *context, const char *what, size_t bytes);

/* ARQ_E_ARGUMENT: "<call>: <name> is NULL". */
arq_status arq_fail_null(const arq_context *context, const char *call, const char *name);

/* A pointer that a caller must give, and its name. */
typedef struct arq_required {
    const char *name;
    const void *pointer;
} arq_required;

/* arq_fail_null for the first that is NULL, otherwise ARQ_OK. A row without a name ends the list. */
arq_status arq_check_required(const arq_context *context, const char *call, const arq_required *required);

/* ARQ_REQUIRE(context, "arq_network_create", {"config", config}, {"out", out}) is ARQ_OK when none is NULL. */
#define ARQ_REQUIRE(context, call, ...)                                                                                \
    arq_check_required(context, call, (const arq_required[]){__VA_ARGS__, {NULL, NULL}})

/* The context of a handle that may itself be the missing argument. */
#define ARQ_CONTEXT_OF(handle) ((handle) == NULL ? NULL : (handle)->context)

/* What a host callback's status becomes: its own codes (ARQ_E_CALLER and below) unchanged, others ARQ_E_CALLBACK. */
arq_status arq_fail_callback(const arq_context *context, const char *what, arq_status status, const char *detail);

/* One line to the log, if somebody listens at that level. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void arq_log_line(const arq_context *context, int32_t level, const char *format, ...);

#endif
