/*
 * Working memory for parallel tasks: one slot for each thread that may run at once. A task borrows a
 * slot while it runs; what is in it is never read by another task, so results do not depend on which.
 */
#ifndef ARQ_CORE_SCRATCH_H
#define ARQ_CORE_SCRATCH_H

#include "core/context.h"

typedef struct arq_scratch {
    arq_context *context;
    uint32_t slots;
    size_t slot_floats;
    float *memory;
    atomic_flag *taken; /* [slots] */
} arq_scratch;

/* Slots of `floats` each, one for every thread of the context's executor. */
arq_status arq_scratch_create(arq_context *context, size_t floats, arq_scratch *scratch);
void arq_scratch_destroy(arq_scratch *scratch);

float *arq_scratch_take(const arq_scratch *scratch);
void arq_scratch_give(const arq_scratch *scratch, const float *slot);

#endif
