/*
 * Observations as an input segment of a network.
 */
#ifndef ARQ_NN_MATH_ENCODE_H
#define ARQ_NN_MATH_ENCODE_H

#include "arq/observation.h"
#include "nn/math/projection.h"

/* Bytes of conversion space for `count` observations; 0 where the network reads the kind as it lies. */
size_t arq_encode_bytes(int32_t kind, uint32_t size, size_t count);

/* Converts `count` observations lying without gaps; returns where they are now (in `space`, or where they were). */
const void *arq_encode(int32_t kind, uint32_t size, size_t count, const void *observations, void *space);

/* Observation `index` of every row, `per_row` observations a row, of what arq_encode returned. */
arq_segment arq_encoded_segment(int32_t kind, uint32_t size, const void *encoded, uint32_t per_row, uint32_t index);

#endif
