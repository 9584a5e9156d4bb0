#include "core/scratch.h"

#include "system/thread.h"

#include <string.h>

arq_status arq_scratch_create(arq_context *context, size_t floats, arq_scratch *scratch)
{
    memset(scratch, 0, sizeof(*scratch));
    scratch->context = context;
    scratch->slots = context->executor.parallel_for == NULL ? 1 : context->executor.num_threads;
    scratch->slot_floats = (floats + 15) / 16 * 16;
    size_t total;
    if (!arq_multiply_sizes(scratch->slots, scratch->slot_floats, &total)) {
        return arq_fail_memory(context, "working memory", SIZE_MAX);
    }
    scratch->memory = arq_alloc(context, total, sizeof(float));
    scratch->taken = arq_alloc(context, scratch->slots, sizeof(*scratch->taken));
    if (scratch->memory == NULL || scratch->taken == NULL) {
        arq_scratch_destroy(scratch);
        return arq_fail_memory(context, "working memory", total * sizeof(float));
    }
    for (uint32_t i = 0; i < scratch->slots; i++) {
        atomic_flag_clear(&scratch->taken[i]);
    }
    return ARQ_OK;
}

void arq_scratch_destroy(arq_scratch *scratch)
{
    if (scratch->context != NULL) {
        arq_free(scratch->context, scratch->memory, scratch->slots * scratch->slot_floats, sizeof(float));
        arq_free(scratch->context, scratch->taken, scratch->slots, sizeof(*scratch->taken));
        memset(scratch, 0, sizeof(*scratch));
    }
}

float *arq_scratch_take(const arq_scratch *scratch)
{
    for (;;) {
        for (uint32_t i = 0; i < scratch->slots; i++) {
            if (!atomic_flag_test_and_set(&scratch->taken[i])) {
                return scratch->memory + i * scratch->slot_floats;
            }
        }
        /* Only an executor that runs more tasks at once than it declared comes here. */
        arq_thread_yield();
    }
}

void arq_scratch_give(const arq_scratch *scratch, const float *slot)
{
    atomic_flag_clear(&scratch->taken[(size_t)(slot - scratch->memory) / scratch->slot_floats]);
}
