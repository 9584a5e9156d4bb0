/*
 * Memory for many arrays in one allocation. A layout is a function that takes every array from the arena. It runs
 * twice: first the arena only counts, then it hands out pieces of one block.
 */
#ifndef ARQ_CORE_ARENA_H
#define ARQ_CORE_ARENA_H

#include "core/context.h"

typedef struct arq_arena {
    char *memory; /* NULL while counting */
    size_t bytes; /* counted, or handed out, so far */
    int overflow; /* the count does not fit a size_t */
} arq_arena;

/* The next piece: count values of `size` bytes, zeroed, aligned to a cache line. NULL while counting, and for 0 values.
 */
void *arq_arena_take(arq_arena *arena, size_t count, size_t size);

static inline float *arq_arena_floats(arq_arena *arena, size_t count)
{
    return arq_arena_take(arena, count, sizeof(float));
}

typedef void arq_layout(void *owner, arq_arena *arena);

/* Lays out the owner's arrays; `what` names them where memory is short. */
arq_status arq_arena_create(arq_context *context, const char *what, arq_layout *layout, void *owner, arq_arena *arena);
void arq_arena_destroy(arq_context *context, arq_arena *arena);

#endif
