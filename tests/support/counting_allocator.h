/*
 * An allocator that counts what is alive, fails when it is told to, and notices a wrong free.
 * It may be used from many threads; which of them meets a planned failure is then open.
 */
#ifndef TESTS_SUPPORT_COUNTING_ALLOCATOR_H
#define TESTS_SUPPORT_COUNTING_ALLOCATOR_H

#include "arq/context.h"

#include <stdatomic.h>

/* Zero-initialised it counts from 0 and never fails. */
struct counting_allocator {
    atomic_size_t live;       /* allocations that were not freed */
    atomic_size_t live_bytes; /* and their bytes */
    atomic_size_t total;      /* allocations asked for */
    atomic_size_t fail_at;    /* the n-th allocation from now on fails, n = 1 ..; 0: none */
    atomic_int for_ever;      /* and all after it */
    atomic_int mismatched;    /* something was asked for or freed with a wrong size or alignment */
};

/* The hooks for a context. The counts must outlive it. */
arq_allocator counting_hooks(struct counting_allocator *allocator);

#endif
