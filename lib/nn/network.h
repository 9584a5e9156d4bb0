/*
 * A network from inside: its shape and its weights. What it computes is its kind's (kind.h).
 */
#ifndef ARQ_NN_NETWORK_H
#define ARQ_NN_NETWORK_H

#include "arq/network.h"
#include "core/config.h"
#include "core/context.h"
#include "core/life.h"
#include "io/saved.h"
#include "nn/shape.h"

#include <stdatomic.h>

struct arq_network {
    arq_context *context;
    arq_parameters parameters;
    arq_network_shape shape;
    arq_weight_tensor *tensors;
    uint32_t tensor_count;
    float *weights;
    atomic_int users;        /* calls that read the weights now; -1: somebody changes them */
    atomic_bool has_learner; /* one at most */
    arq_life life;           /* held by calls on it, and by its learner */
    int32_t owned;           /* by an agent, which alone may destroy it */
};

/* The shape that parameters ask for, without memory for it; width_scale sets the widths. */
arq_status arq_network_find_shape(const arq_context *context, arq_parameters *parameters, int32_t kind, uint32_t size,
                                  uint32_t actions, arq_network_shape *shape);

/* arq_network_create from parameters that have been checked. */
arq_status arq_network_make(arq_context *context, const arq_parameters *parameters, int32_t kind, uint32_t size,
                            uint32_t actions, arq_network **out);

/* For owners, as arq_network_destroy() is for users. */
void arq_network_release(arq_network *network);

/* Holds it beyond the brackets below; see arq_life. */
void arq_network_hold(const arq_network *network);
void arq_network_let_go(const arq_network *network);

/* Brackets for reading and for changing weights; ARQ_E_BUSY, which names the call. */
arq_status arq_network_begin_read(const arq_network *network, const char *call);
void arq_network_end_read(const arq_network *network);
arq_status arq_network_begin_change(arq_network *network, const char *call);
void arq_network_end_change(arq_network *network);

/* As a part of files, and what it is without its weights: a file of another one is refused. */
arq_part arq_network_part(const arq_network *network);
arq_part arq_network_texts_part(const arq_network *network);

/* Lists an array of weights tensor by tensor, each name behind the prefix. */
void arq_list_weights(arq_record *record, const arq_network_shape *shape, const char *prefix, float *values,
                      const arq_range *range);

#endif
