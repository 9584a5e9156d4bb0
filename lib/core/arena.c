#include "core/arena.h"

#include <string.h>

void *arq_arena_take(arq_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!arq_multiply_sizes(count, size, &bytes) || bytes > SIZE_MAX - ARQ_ALIGNMENT - arena->bytes) {
        arena->overflow = 1;
        return NULL;
    }
    void *piece = arena->memory == NULL || bytes == 0 ? NULL : arena->memory + arena->bytes;
    arena->bytes += (bytes + ARQ_ALIGNMENT - 1) / ARQ_ALIGNMENT * ARQ_ALIGNMENT;
    return piece;
}

arq_status arq_arena_create(arq_context *context, const char *what, arq_layout *layout, void *owner, arq_arena *arena)
{
    *arena = (arq_arena){.memory = NULL};
    layout(owner, arena);
    size_t bytes = arena->overflow ? SIZE_MAX : arena->bytes;
    char *memory = arena->overflow ? NULL : arq_alloc(context, bytes, 1);
    if (memory == NULL) {
        *arena = (arq_arena){.memory = NULL};
        return arq_fail_memory(context, what, bytes);
    }
    *arena = (arq_arena){.memory = memory};
    layout(owner, arena);
    return ARQ_OK;
}

void arq_arena_destroy(arq_context *context, arq_arena *arena)
{
    arq_free(context, arena->memory, arena->bytes, 1);
    *arena = (arq_arena){.memory = NULL};
}
