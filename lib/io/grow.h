/*
 * Lists that double when they are full.
 */
#ifndef ARQ_IO_GROW_H
#define ARQ_IO_GROW_H

#include "core/context.h"

#include <string.h>

/* Room for one more item than `count`. Returns the list, moved or not, or NULL with the old one as it was. */
static inline void *arq_grow(arq_context *context, void *items, size_t count, size_t *room, size_t size)
{
    if (count < *room) {
        return items;
    }
    if (*room > SIZE_MAX / 2) {
        return NULL;
    }
    size_t wider = *room == 0 ? 16 : *room * 2;
    void *moved = arq_alloc(context, wider, size);
    if (moved == NULL) {
        return NULL;
    }
    if (count > 0) {
        memcpy(moved, items, count * size);
    }
    arq_free(context, items, *room, size);
    *room = wider;
    return moved;
}

#endif
