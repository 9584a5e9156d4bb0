#include "system/memory.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Weights are read from end to end: within large pages the processor fetches ahead. */
#define LARGE_PAGE ((size_t)2 << 20)
#define LARGE (2 * LARGE_PAGE)

static void ask_for_large_pages(void *pointer, size_t size)
{
#if defined(MADV_HUGEPAGE)
    if (pointer != NULL && size >= LARGE) {
        madvise(pointer, size / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE); /* a wish */
    }
#else
    (void)pointer;
    (void)size;
#endif
}

void *arq_memory_take(size_t size, size_t align)
{
    size_t rounded;
    align = size >= LARGE ? LARGE_PAGE : align;
    if (__builtin_add_overflow(size, align - 1, &rounded)) {
        return NULL;
    }
    void *pointer = aligned_alloc(align, rounded / align * align);
    ask_for_large_pages(pointer, size);
    return pointer;
}

void arq_memory_give(void *pointer)
{
    free(pointer);
}
