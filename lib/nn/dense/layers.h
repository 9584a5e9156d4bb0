/*
 * Networks of dense layers with one linear Q-head: h_l = ReLU(W_l x_l + b_l), Q = W h + b (DQN and FF-DQN).
 * The head is the last of the network's `cells`.
 */
#ifndef ARQ_NN_DENSE_LAYERS_H
#define ARQ_NN_DENSE_LAYERS_H

#include "nn/network.h"

typedef struct arq_dense_layer {
    uint32_t inputs, outputs;
    size_t kernel; /* W [inputs, outputs]: offset in the weights */
    size_t bias;   /* b [outputs], right behind */
} arq_dense_layer;

arq_dense_layer arq_dense_layer_at(const arq_network_shape *shape, uint32_t l);

/* Whether layer l sees x / (|x| + 1e-8) instead of x (FF-DQN); where a 1 goes beside the observation, (x, 1). */
int arq_dense_normalises(const arq_network_shape *shape, uint32_t l);

arq_status arq_dense_shape(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape);
int arq_dense_tensor(const arq_network_shape *shape, uint32_t index, arq_weight_tensor *tensor);

/* Uniform in +-limit. */
void arq_dense_uniform(arq_random *random, double limit, size_t count, float *weights);

/* Xavier-uniform W and zero b for layer l. */
void arq_dense_xavier(const arq_network_shape *shape, uint32_t l, arq_random *random, float *weights);

/* What a pass over a batch leaves behind. */
typedef struct arq_dense_pass {
    arq_segment observation;
    float *x[ARQ_MAX_CELLS]; /* [B, inputs] divided by its length, of layers that want it so */
    float *h[ARQ_MAX_CELLS]; /* [B, outputs]; the last: Q [B, A] */
} arq_dense_pass;

/* Hands out a pass's pieces of `memory`, or only counts where that is NULL. */
void arq_dense_lay_out(const arq_network_shape *shape, size_t batch, float *memory, size_t *used, arq_dense_pass *pass);

/* Input of layer l in a pass. */
arq_inputs arq_dense_inputs(const arq_network_shape *shape, uint32_t l, const arq_dense_pass *pass);

/* h[l] from what lies below. */
void arq_dense_forward_layer(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                             const float *weights, uint32_t batch, uint32_t l, arq_dense_pass *pass);

/* Every layer in turn. */
void arq_dense_forward(const arq_context *context, const arq_scratch *scratch, const arq_network_shape *shape,
                       const float *weights, uint32_t batch, arq_dense_pass *pass);

/* Acting, for arq_network_methods: nothing is carried from step to step. */
arq_status arq_dense_activations_create(arq_activations *activations);
void arq_dense_activations_destroy(arq_activations *activations);
void arq_dense_begin(arq_activations *activations, uint32_t episode);
void arq_dense_compute(const arq_network *network, arq_activations *activations, const void *encoded);
float *arq_dense_context(const arq_activations *activations, uint32_t l, size_t *count);
const float *arq_dense_read(const arq_activations *activations, int32_t what, uint32_t l, uint32_t episode,
                            size_t *count);
uint32_t arq_dense_window(const arq_network_shape *shape, const arq_parameters *parameters);

/* Parameters that only networks of cells, or only FF-DQN, have a use for: rows of arq_meaningless. */
#define ARQ_WITHOUT_CELLS                                                                                              \
    {"width_scale", NULL, "has no cells to compare with those of ad"}, {"heads", NULL, "has no attention"},            \
        {"goodness", NULL, "predicts Q by a linear head, without a goodness"},                                         \
        {"row_order", NULL, "has no attention"}, {"quantiles", NULL, "predicts Q alone"},                              \
        {"action_input", NULL, "sees no action: its head has one output for each"},                                    \
        {"action_code", NULL, "sees no action: its head has one output for each"},                                     \
        {"input_skip", NULL, "shows the observation to its first layer alone"},                                        \
        {"recurrent", NULL, "has no activations of the step before"},                                                  \
        {"top_down", NULL, "has no activations of the step before"}, {"context_size", NULL, "has no contexts"},        \
        {"context_alpha", NULL, "has no contexts"}, {"context_on_explore", NULL, "has no contexts"},                   \
        {"window_padding", NULL, "has no contexts"}, {"q_from", NULL, "has one Q, that of its head"},                  \
    {                                                                                                                  \
        "q_cells", NULL, "has one Q, that of its head"                                                                 \
    }

#define ARQ_WITHOUT_FORWARD_FORWARD                                                                                    \
    {"ff_variant", NULL, "does not learn by Forward-Forward"},                                                         \
        {"ff_margin", NULL, "does not learn by Forward-Forward"},                                                      \
        {"ff_update_probability", NULL, "does not learn by Forward-Forward"},                                          \
        {"ff_updates", NULL, "does not learn by Forward-Forward"},                                                     \
        {"ff_normalise", NULL, "does not learn by Forward-Forward"},                                                   \
    {                                                                                                                  \
        "head_learning_rate", NULL, "has one learning rate for all its weights"                                        \
    }

#endif
