#include "counting_allocator.h"

#include <stdlib.h>
#include <string.h>

/* Larger blocks are refused as a real machine would, but at once and under every sanitizer. */
#define LARGEST_BLOCK ((size_t)1 << 30)

/* In front of every block, so that free can be checked. */
struct block {
    size_t size;
    size_t align;
};

static int is_to_fail(struct counting_allocator *allocator)
{
    size_t fail_at = atomic_load(&allocator->fail_at);

    if (fail_at == 0)
        return 0;
    if (fail_at > 1) {
        atomic_store(&allocator->fail_at, fail_at - 1);
        return 0;
    }
    if (!atomic_load(&allocator->for_ever))
        atomic_store(&allocator->fail_at, 0);
    return 1;
}

static size_t offset_of_block(size_t align)
{
    return align > sizeof(struct block) ? align : sizeof(struct block);
}

static void *count_alloc(void *user, size_t size, size_t align)
{
    struct counting_allocator *allocator = user;
    size_t offset = offset_of_block(align);
    void *base = NULL;

    atomic_fetch_add(&allocator->total, 1);
    if (size == 0 || align == 0 || (align & (align - 1)) != 0)
        atomic_store(&allocator->mismatched, 1);
    if (is_to_fail(allocator) || size > LARGEST_BLOCK)
        return NULL;
    if (posix_memalign(&base, align < sizeof(void *) ? sizeof(void *) : align, offset + size) != 0)
        return NULL;
    memset(base, 0xa5, offset + size < 4096 ? offset + size : 4096);
    unsigned char *pointer = (unsigned char *)base + offset;
    struct block block = {size, align};
    memcpy(pointer - sizeof block, &block, sizeof block);
    atomic_fetch_add(&allocator->live, 1);
    atomic_fetch_add(&allocator->live_bytes, size);
    return pointer;
}

static void count_free(void *user, void *pointer, size_t size, size_t align)
{
    struct counting_allocator *allocator = user;
    struct block block;

    if (pointer == NULL) {
        atomic_store(&allocator->mismatched, 1);
        return;
    }
    memcpy(&block, (unsigned char *)pointer - sizeof block, sizeof block);
    if (block.size != size || block.align != align)
        atomic_store(&allocator->mismatched, 1);
    atomic_fetch_sub(&allocator->live, 1);
    atomic_fetch_sub(&allocator->live_bytes, block.size);
    free((unsigned char *)pointer - offset_of_block(block.align));
}

arq_allocator counting_hooks(struct counting_allocator *allocator)
{
    return (arq_allocator){
        .struct_size = sizeof(arq_allocator), .user = allocator, .alloc = count_alloc, .free = count_free};
}
