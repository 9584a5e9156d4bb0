/*
 * Acting with a network of cells, for arq_network_methods.
 */
#ifndef ARQ_NN_CELLS_ACTING_H
#define ARQ_NN_CELLS_ACTING_H

#include "nn/activations.h"

arq_status arq_cells_activations_create(arq_activations *activations);
void arq_cells_activations_destroy(arq_activations *activations);
void arq_cells_compute(const arq_network *network, arq_activations *activations, const void *encoded,
                       const uint8_t *mask);
void arq_cells_begin(arq_activations *activations, uint32_t episode);
void arq_cells_advance(arq_activations *activations, uint32_t episode);
float *arq_cells_previous(const arq_activations *activations, uint32_t l, size_t *count);
float *arq_cells_present(const arq_activations *activations, uint32_t l, size_t *count);
uint32_t arq_cells_previous_floats(const arq_network_shape *shape, uint32_t l);
uint32_t arq_cells_value_floats(const arq_network_shape *shape, uint32_t l);
void arq_cells_value(const arq_activations *activations, uint32_t l, uint32_t episode, float *value);
const float *arq_cells_read(const arq_activations *activations, int32_t what, uint32_t l, uint32_t episode,
                            size_t *count);

#endif
