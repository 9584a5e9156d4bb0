/*
 * What episodes carry from step to step, from inside.
 */
#ifndef ARQ_NN_ACTIVATIONS_H
#define ARQ_NN_ACTIVATIONS_H

#include "nn/network.h"

struct arq_activations {
    arq_context *context;
    arq_network_shape shape;
    uint32_t episodes;
    float *q;          /* [episodes, actions] of the last arq_network_q */
    uint8_t *computed; /* [episodes] 1: an arq_network_q since the last advance or begin */
    int ever_computed;
    void *encode_space;
    size_t encode_bytes;
    void *state; /* the kind's */
};

/* Q of the episodes of the mask (NULL: all) into the activations, for a caller that has checked everything.
 * Observations are an array over all episodes; what others have computed stays. Errors name `call`. */
arq_status arq_network_compute(const arq_network *network, arq_activations *activations, const void *observations,
                               const uint8_t *mask, const char *call);

/* arq_activations_advance for the episodes of the mask that have been computed. */
void arq_activations_advance_many(arq_activations *activations, const uint8_t *mask);

/* The activations of the step before of one cell, over all episodes, for saving and restoring; NULL where the kind
 * carries none. */
float *arq_activations_previous(const arq_activations *activations, uint32_t cell, size_t *count);

/* And those that the last computation left, to which an episode moves on. */
float *arq_activations_present(const arq_activations *activations, uint32_t cell, size_t *count);

/* Index of the largest Q, the lowest among equals. */
int32_t arq_greedy_action(const float *q, uint32_t actions);

#endif
