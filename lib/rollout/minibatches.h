/*
 * A rollout as minibatches: some epochs, each over all stored transitions in an order drawn anew, cut into minibatches
 * whose sizes differ by at most one, the larger first.
 */
#ifndef ARQ_ROLLOUT_MINIBATCHES_H
#define ARQ_ROLLOUT_MINIBATCHES_H

#include "core/random.h"
#include "rollout/rows.h"

typedef struct arq_minibatches {
    arq_context *context;
    arq_rows_shape shape;
    arq_random random;
    uint32_t *order; /* [N T] indices of transitions; the first `count` are stored ones */
    uint32_t count;
    uint32_t largest; /* most transitions of a minibatch */
    uint32_t per_epoch;
    uint64_t total; /* over all epochs; 0: nothing to learn */
    uint64_t made;
    /* The present minibatch, its rows without gaps. */
    uint32_t size;                  /* B */
    uint8_t *observations;          /* [B] */
    int32_t *actions;               /* [B] */
    float *targets[ARQ_MAX_CELLS];  /* [B, value] for each cell that learns from returns */
    float *previous[ARQ_MAX_CELLS]; /* [B, previous] for each cell that keeps them */
    arq_arena arena;
} arq_minibatches;

/* `largest`: most transitions of a minibatch. */
arq_status arq_minibatches_create(arq_context *context, const arq_rows_shape *shape, uint32_t largest, uint64_t seed,
                                  arq_minibatches *minibatches);
void arq_minibatches_destroy(arq_minibatches *minibatches);

/* Plans some epochs over the stored transitions of rows. */
void arq_minibatches_start(arq_minibatches *minibatches, const arq_rows *rows, uint32_t epochs);

/* Copies the next minibatch from the same rows. Asking twice gives the same. */
void arq_minibatches_gather(arq_minibatches *minibatches, const arq_rows *rows);

/* Goes on to the next minibatch. */
void arq_minibatches_advance(arq_minibatches *minibatches);

/* Drops the minibatches that are left. */
void arq_minibatches_stop(arq_minibatches *minibatches);

static inline uint64_t arq_minibatches_left(const arq_minibatches *minibatches)
{
    return minibatches->total - minibatches->made;
}

#endif
