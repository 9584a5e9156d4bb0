/*
 * The shape of a network.
 */
#ifndef ARQ_NN_SHAPE_H
#define ARQ_NN_SHAPE_H

#include "core/parameters.h"

typedef struct arq_network_methods arq_network_methods;

/* Room for what a kind alone knows of a shape; a kind asserts that its own fits. */
#define ARQ_KIND_SHAPE_BYTES 2048

/* Everything about a network except its weights. Zeroed before it is filled, so that shapes compare by memcmp. */
typedef struct arq_network_shape {
    const arq_network_methods *methods;
    int32_t observation_kind;
    uint32_t observation_size;
    uint32_t actions;
    uint32_t cells;                                      /* L; the head of a dense network is its last */
    uint32_t width[ARQ_MAX_CELLS];                       /* outputs of each */
    size_t weights[ARQ_MAX_CELLS + 1];                   /* where each cell's begin; [cells]: their number */
    _Alignas(8) unsigned char own[ARQ_KIND_SHAPE_BYTES]; /* the kind's */
} arq_network_shape;

typedef struct arq_weight_tensor {
    char name[48];
    uint32_t rows, columns; /* columns 0: a vector */
    size_t offset;
} arq_weight_tensor;

static inline size_t arq_network_weight_count(const arq_network_shape *shape)
{
    return shape->weights[shape->cells];
}

#endif
