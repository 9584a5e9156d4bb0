/*
 * A small pool of threads behind the executor interface. Threads sleep while there is no work.
 */
#ifndef ARQ_CORE_POOL_H
#define ARQ_CORE_POOL_H

#include "arq/context.h"

typedef struct arq_pool arq_pool;

#define ARQ_POOL_MAX_THREADS 256

/* `threads` counts the caller's; 0: one for each processor this process may use. */
arq_status arq_pool_create(arq_context *context, uint32_t threads, arq_pool **out);
void arq_pool_destroy(arq_context *context, arq_pool *pool);
void arq_pool_executor(arq_pool *pool, arq_executor *executor);

#endif
