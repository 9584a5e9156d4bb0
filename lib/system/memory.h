/*
 * Memory from the system, for programs that bring no allocator.
 */
#ifndef ARQ_SYSTEM_MEMORY_H
#define ARQ_SYSTEM_MEMORY_H

#include <stddef.h>

/* Aligned to `align`, a power of two; in large pages where it is large and the system has them. NULL: there is none. */
void *arq_memory_take(size_t size, size_t align);
void arq_memory_give(void *pointer);

#endif
