#include "core/memory.h"

#include "core/context_fields.h"
#include "system/memory.h"

#include <string.h>

static void *default_alloc(void *user, size_t size, size_t align)
{
    (void)user;
    return arq_memory_take(size, align);
}

static void default_free(void *user, void *pointer, size_t size, size_t align)
{
    (void)user;
    (void)size;
    (void)align;
    arq_memory_give(pointer);
}

const arq_allocator arq_default_allocator = {
    .struct_size = sizeof(arq_allocator),
    .alloc = default_alloc,
    .free = default_free,
};

void *arq_alloc_unset(arq_context *context, size_t count, size_t size)
{
    size_t bytes;
    if (!arq_multiply_sizes(count, size, &bytes) || bytes == 0) {
        return NULL;
    }
    return context->allocator.alloc(context->allocator.user, bytes, ARQ_ALIGNMENT);
}

void *arq_alloc(arq_context *context, size_t count, size_t size)
{
    void *pointer = arq_alloc_unset(context, count, size);
    if (pointer != NULL) {
        memset(pointer, 0, count * size);
    }
    return pointer;
}

void arq_free(arq_context *context, void *pointer, size_t count, size_t size)
{
    if (pointer != NULL) {
        context->allocator.free(context->allocator.user, pointer, count * size, ARQ_ALIGNMENT);
    }
}
