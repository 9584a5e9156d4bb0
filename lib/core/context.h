/*
 * The library handle from inside: memory and parallel work for every floor above, and errors by error.h.
 */
#ifndef ARQ_CORE_CONTEXT_H
#define ARQ_CORE_CONTEXT_H

#include "arq/context.h"
#include "core/error.h"
#include "kernels/kernels.h"

#include <stdatomic.h>

typedef struct arq_pool arq_pool;

struct arq_context {
    arq_allocator allocator;
    arq_log log;           /* write is NULL when nobody listens */
    arq_executor executor; /* parallel_for is NULL when serial */
    arq_pool *pool;        /* the library's own threads, or NULL */
    const arq_kernels *kernels;
    uint32_t allowed_tiers; /* from ARQ_CPU and arq_context_set_cpu */
    uint64_t id;            /* tells contexts apart in the per-thread error texts */
    atomic_uint_fast64_t handles;
    void *plugins; /* lib/env's registry; freed by free_plugins */
    void (*free_plugins)(arq_context *context, void *plugins);
};

/* Alignment of everything arq_alloc returns. */
#define ARQ_ALIGNMENT ((size_t)64)

/* `count` zeroed items of `size` bytes; NULL when the product overflows, is 0 or there is no memory.
 * Sets no error text: the caller knows what it was for and says so with arq_fail_memory. */
void *arq_alloc(arq_context *context, size_t count, size_t size);

/* Takes back arq_alloc's result with the same count and size; NULL is fine. */
void arq_free(arq_context *context, void *pointer, size_t count, size_t size);

/* Every handle made from a context counts, so that the context's settings stay fixed meanwhile. */
void arq_context_retain(arq_context *context);
void arq_context_release(arq_context *context);

/* task(data, i) for i in 0 .. count-1 on the executor, each inside the library's FP mode. */
void arq_parallel_for(const arq_context *context, uint32_t count, void (*task)(void *data, uint32_t index), void *data);

/* product = a * b; returns 0 when it overflows. */
static inline int arq_multiply_sizes(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

#endif
