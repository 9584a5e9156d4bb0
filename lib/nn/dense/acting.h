/*
 * Acting with dense layers, for arq_network_methods: nothing is carried from step to step.
 */
#ifndef ARQ_NN_DENSE_ACTING_H
#define ARQ_NN_DENSE_ACTING_H

#include "nn/activations.h"

arq_status arq_dense_activations_create(arq_activations *activations);
void arq_dense_activations_destroy(arq_activations *activations);
void arq_dense_compute(const arq_network *network, arq_activations *activations, const void *encoded,
                       const uint8_t *mask);
uint32_t arq_dense_value_floats(const arq_network_shape *shape, uint32_t l);
void arq_dense_value(const arq_activations *activations, uint32_t l, uint32_t episode, float *value);
const float *arq_dense_read(const arq_activations *activations, int32_t what, uint32_t l, uint32_t episode,
                            size_t *count);

#endif
