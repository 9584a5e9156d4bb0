/*
 * The public cell from inside, for its file.
 */
#ifndef ARQ_NN_CELLS_SINGLE_H
#define ARQ_NN_CELLS_SINGLE_H

#include "arq/cell.h"
#include "nn/learner.h"

struct arq_cell {
    arq_context *context;
    arq_network *network;
    arq_learner *learner;
};

#endif
