/*
 * Acting with a network of cells, for arq_network_methods.
 */
#ifndef ARQ_NN_CELLS_ACTING_H
#define ARQ_NN_CELLS_ACTING_H

#include "nn/activations.h"

arq_status arq_cells_activations_create(arq_activations *activations);
void arq_cells_activations_destroy(arq_activations *activations);
void arq_cells_compute(const arq_network *network, arq_activations *activations, const void *encoded);
void arq_cells_begin(arq_activations *activations, uint32_t episode);
void arq_cells_advance(arq_activations *activations, uint32_t episode);
float *arq_cells_previous(const arq_activations *activations, uint32_t l, size_t *count);
const float *arq_cells_read(const arq_activations *activations, int32_t what, uint32_t l, uint32_t episode,
                            size_t *count);

#endif
