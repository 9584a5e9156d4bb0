/*
 * Weights that an update changes. A row of a kernel whose input is a bit of the observation that was never set has no
 * gradient and moments of +0: Adam leaves it as it is, so that nothing of it needs to be read.
 */
#ifndef ARQ_NN_CELLS_LIVE_H
#define ARQ_NN_CELLS_LIVE_H

#include "core/arena.h"
#include "nn/learner.h"
#include "nn/math/optimiser.h"

typedef struct arq_cells_live {
    uint8_t *touched; /* a bit for each value of the observation that was ever set; NULL: every weight is live */
    int known;        /* touched fits the moments as they were after so many loads of the learner */
    uint64_t loads;
    arq_span *span[ARQ_MAX_CELLS]; /* of each cell's weights */
    uint32_t spans[ARQ_MAX_CELLS];
} arq_cells_live;

void arq_cells_live_lay_out(const arq_network_shape *shape, arq_arena *arena, arq_cells_live *live);

/* Takes in the bits of a batch, by value, and finds the spans that its update changes. */
void arq_cells_live_find(const arq_learner *learner, uint32_t batch, const uint8_t *transposed, arq_cells_live *live);

#endif
