/*
 * Networks of dense layers with one linear Q-head: h_l = ReLU(W_l x_l + b_l), Q = W h + b (DQN and FF-DQN); with
 * layer_norm h_l = ReLU(LayerNorm(W_l x_l + b_l)). The head is the last of the network's `cells`.
 */
#ifndef ARQ_NN_DENSE_LAYERS_H
#define ARQ_NN_DENSE_LAYERS_H

#include "core/arena.h"
#include "core/random.h"
#include "nn/math/projection.h"
#include "nn/shape.h"

/* What only dense networks have in their shape. */
typedef struct arq_dense_shape {
    int32_t normalise;  /* arq_ff_normalise: layers that divide their input by its length */
    int32_t layer_norm; /* hidden layers normalise before the ReLU */
} arq_dense_shape;

_Static_assert(sizeof(arq_dense_shape) <= ARQ_KIND_SHAPE_BYTES, "a shape has no room for a dense network's");

typedef struct arq_dense_layer {
    uint32_t inputs, outputs;
    size_t kernel; /* W [inputs, outputs]: offset in the weights */
    size_t bias;   /* b [outputs], right behind */
    size_t scale;  /* [outputs], then as many shifts: of a layer that normalises, otherwise the layer's end */
} arq_dense_layer;

arq_dense_layer arq_dense_layer_at(const arq_network_shape *shape, uint32_t l);

/* Whether layer l sees x / (|x| + 1e-8) instead of x (FF-DQN); where a 1 goes beside the observation, (x, 1). */
int arq_dense_normalises(const arq_network_shape *shape, uint32_t l);

/* Added to the variance of a layer that normalises. */
#define ARQ_DENSE_NORM_EPSILON 1e-6

/* Whether layer l has a LayerNorm. */
int arq_dense_has_norm(const arq_network_shape *shape, uint32_t l);

/* For arq_network_methods. */
arq_status arq_dense_make_shape(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape);
int arq_dense_tensor(const arq_network_shape *shape, uint32_t index, arq_weight_tensor *tensor);

/* Uniform in +-limit. */
void arq_dense_uniform(arq_random *random, double limit, size_t count, float *weights);

/* Xavier-uniform W and zero b for layer l; scale 1 and shift 0. */
void arq_dense_xavier(const arq_network_shape *shape, uint32_t l, arq_random *random, float *weights);

/* What a pass over a batch leaves behind. */
typedef struct arq_dense_pass {
    arq_segment observation;
    float *x[ARQ_MAX_CELLS]; /* [B, inputs] divided by its length, of layers that want it so */
    float *h[ARQ_MAX_CELLS]; /* [B, outputs]; the last: Q [B, A] */
} arq_dense_pass;

/* Takes a pass's arrays. */
void arq_dense_lay_out_pass(const arq_network_shape *shape, size_t batch, arq_arena *arena, arq_dense_pass *pass);

/* Floats of a scratch slot for passes over a batch, forward and back. */
size_t arq_dense_scratch_floats(const arq_network_shape *shape, size_t batch);

/* Input of layer l in a pass. */
arq_inputs arq_dense_inputs(const arq_network_shape *shape, uint32_t l, const arq_dense_pass *pass);

/* h[l] from what lies below. */
void arq_dense_forward_layer(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                             const float *weights, uint32_t batch, uint32_t l, arq_dense_pass *pass);

/* Every layer in turn. */
void arq_dense_forward(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                       const float *weights, uint32_t batch, arq_dense_pass *pass);

#endif
