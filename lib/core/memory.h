/*
 * Memory from a context's allocator.
 */
#ifndef ARQ_CORE_MEMORY_H
#define ARQ_CORE_MEMORY_H

#include "arq/context.h"

/* The system's memory, for programs that bring no allocator. */
extern const arq_allocator arq_default_allocator;

/* Alignment of everything arq_alloc returns. */
#define ARQ_ALIGNMENT ((size_t)64)

/* `count` zeroed items of `size` bytes; NULL when the product overflows, is 0 or there is no memory.
 * Sets no error text: the caller knows what it was for and says so with arq_fail_memory. */
void *arq_alloc(arq_context *context, size_t count, size_t size);

/* The same with whatever content, for large pieces that are filled at once. */
void *arq_alloc_unset(arq_context *context, size_t count, size_t size);

/* Takes back arq_alloc's result with the same count and size; NULL is fine. */
void arq_free(arq_context *context, void *pointer, size_t count, size_t size);

/* product = a * b; returns 0 when it overflows. */
static inline int arq_multiply_sizes(size_t a, size_t b, size_t *product)
{
    return !__builtin_mul_overflow(a, b, product);
}

#endif
