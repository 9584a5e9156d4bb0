/*
 * The methods that make a kind of network. The shared floor calls a kind through them only; the list of kinds is
 * core/network_kinds.h.
 */
#ifndef ARQ_NN_KIND_H
#define ARQ_NN_KIND_H

#include "arq/learner.h"
#include "arq/network.h"
#include "core/config.h"
#include "core/random.h"
#include "nn/batch.h"
#include "nn/shape.h"

/* A parameter that has no meaning for a kind. */
typedef struct arq_meaningless {
    const char *name;
    const char *only;   /* a value that is accepted all the same; NULL: the default */
    const char *reason; /* follows "network 'dqn' " */
} arq_meaningless;

struct arq_network_methods {
    const char *name;
    int distinct_samples;               /* batches are drawn without replacement */
    const arq_meaningless *meaningless; /* a name of NULL ends them */
    /* Refuses what has no meaning beside other parameters; may be NULL. */
    arq_status (*check)(const arq_context *context, const arq_config *config);

    /* ---- Shape and weights ---- */

    /* Sets the widths that width_scale asks for; NULL: it has no meaning. `shape` is that of the widths as given. */
    arq_status (*scale_widths)(const arq_context *context, const arq_network_shape *shape, arq_parameters *parameters);
    /* Fills cells, width, weights and the kind's own part from the parameters. */
    arq_status (*make_shape)(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape);
    /* Name, dimensions and offset of tensor `index`; 0 behind the last. */
    int (*tensor)(const arq_network_shape *shape, uint32_t index, arq_weight_tensor *tensor);
    void (*initialise)(const arq_network_shape *shape, arq_random *random, float *weights);

    /* ---- Acting ---- */

    arq_status (*activations_create)(arq_activations *activations);
    void (*activations_destroy)(arq_activations *activations);
    /* Q of the episodes of the mask, NULL: of all. Nothing of the others is written. */
    void (*compute)(const arq_network *network, arq_activations *activations, const void *encoded, const uint8_t *mask);
    /* What an episode carries from step to step: forgotten, moved on, and where it lies for one cell over all
     * episodes, as does what it moves on to. NULL, all four, where a kind carries nothing. */
    void (*begin)(arq_activations *activations, uint32_t episode);
    void (*advance)(arq_activations *activations, uint32_t episode);
    float *(*previous)(const arq_activations *activations, uint32_t cell, size_t *count);
    float *(*present)(const arq_activations *activations, uint32_t cell, size_t *count);
    /* Where the values lie, and how many; NULL for something the kind does not have. */
    const float *(*read)(const arq_activations *activations, int32_t what, uint32_t cell, uint32_t episode,
                         size_t *count);

    /* ---- Learning from rollouts ---- */

    /* Floats of what a state is worth to a cell: 1, or its quantiles; 0: it learns from no returns. And that value for
     * an episode: the cell's own largest Q, or the quantiles of its greedy action. */
    uint32_t (*value_floats)(const arq_network_shape *shape, uint32_t cell);
    void (*value)(const arq_activations *activations, uint32_t cell, uint32_t episode, float *value);
    /* Floats of a cell's activations of the step before that any cell sees; NULL: none are. */
    uint32_t (*previous_floats)(const arq_network_shape *shape, uint32_t cell);

    /* ---- Learning ---- */

    /* Observations up to s_t that an update from windows needs; NULL: s_t alone. */
    uint32_t (*window)(const arq_network_shape *shape, const arq_parameters *parameters);
    /* Memory for learner->learning; the learner's batch and window are set. */
    arq_status (*learner_create)(arq_learner *learner);
    void (*learner_destroy)(arq_learner *learner);
    /* One update. Everything that can fail comes first, then weights change: ARQ_E_DIVERGED has changed none. */
    arq_status (*update_from_windows)(arq_learner *learner, const arq_batch *batch);
    arq_status (*update_from_targets)(arq_learner *learner, const arq_target_batch *batch);
};

/* By network kind of the parameter table. */
extern const arq_network_methods *const arq_network_kinds[];
#define ARQ_NETWORK_KIND_METHODS(number, methods, word) extern const arq_network_methods arq_##methods##_network;
ARQ_NETWORK_KIND_LIST(ARQ_NETWORK_KIND_METHODS)

#endif
