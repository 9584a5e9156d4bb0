/*
 * What an update learns from.
 */
#ifndef ARQ_NN_BATCH_H
#define ARQ_NN_BATCH_H

#include <stdint.h>

/* Transitions with the observations before them, after the checks. */
typedef struct arq_batch {
    uint32_t size;
    const void *frames; /* encoded, [size, window + 1] */
    const int32_t *lengths;
    const int32_t *actions;
    const float *rewards;
    const uint8_t *terminated;
} arq_batch;

/* States and actions with what each cell's Q should be. */
typedef struct arq_target_batch {
    uint32_t size;
    const void *frames; /* encoded, [size] */
    const int32_t *actions;
    const float *const *targets; /* of each cell [size], with quantiles [size, N]; a dense network reads its head's */
    float *const *previous; /* of each cell [size, width]: its activations of the step before, where cells see them */
} arq_target_batch;

#endif
