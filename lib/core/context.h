/*
 * The library handle from inside. With it come memory and errors, which every floor above needs.
 */
#ifndef ARQ_CORE_CONTEXT_H
#define ARQ_CORE_CONTEXT_H

#include "core/context_fields.h"
#include "core/error.h"
#include "core/memory.h"

/* Every handle made from a context is counted: while there is one, the context's settings stay fixed. */
void arq_context_retain(arq_context *context);
void arq_context_release(arq_context *context);

/* task(data, i) for i in 0 .. count-1 on the executor, each inside the library's FP mode. */
void arq_parallel_for(const arq_context *context, uint32_t count, void (*task)(void *data, uint32_t index), void *data);

#endif
