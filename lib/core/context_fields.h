/*
 * What a context is made of, for the files of this folder; others need it for the chosen kernels and the executor.
 */
#ifndef ARQ_CORE_CONTEXT_FIELDS_H
#define ARQ_CORE_CONTEXT_FIELDS_H

#include "arq/context.h"
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

#endif
