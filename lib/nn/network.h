/*
 * A network from inside, and the methods that make a network kind: one file of lib/nn and one line of
 * core/network_kinds.h.
 */
#ifndef ARQ_NN_NETWORK_H
#define ARQ_NN_NETWORK_H

#include "arq/learner.h"
#include "arq/network.h"
#include "core/config.h"
#include "core/random.h"
#include "core/scratch.h"
#include "io/saved.h"
#include "nn/cells/shape.h"

typedef struct arq_network_methods arq_network_methods;

/* Everything about a network but its weights. Zeroed before it is filled, so that shapes compare by memcmp. */
typedef struct arq_network_shape {
    const arq_network_methods *methods;
    int32_t observation_kind;
    uint32_t observation_size;
    uint32_t actions;
    uint32_t cells;                     /* L; the head of a dense network is its last */
    uint32_t width[ARQ_MAX_CELLS];      /* outputs of each */
    arq_cell_shape cell[ARQ_MAX_CELLS]; /* of kinds with cells */
    size_t weights[ARQ_MAX_CELLS + 1];  /* where each cell's begin; [cells]: their number */
    int32_t recurrent, top_down, input_skip;
    float context_alpha;
    int32_t q_last;    /* the network's Q is that of the last cell used, otherwise the mean */
    uint32_t q_cells;  /* cells used for it */
    int32_t normalise; /* ff-dqn: layers that divide their input by its length */
} arq_network_shape;

typedef struct arq_weight_tensor {
    char name[48];
    uint32_t rows, columns; /* columns 0: a vector */
    size_t offset;
} arq_weight_tensor;

struct arq_network {
    arq_context *context;
    arq_parameters parameters;
    arq_network_shape shape;
    arq_weight_tensor *tensors;
    uint32_t tensor_count;
    float *weights;
    atomic_int users;        /* calls that read the weights now; -1: somebody changes them */
    atomic_bool has_learner; /* one at most */
};

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

/* Numbers an update leaves behind, for each cell. */
typedef enum arq_cell_metric {
    ARQ_METRIC_LOSS,
    ARQ_METRIC_Q,
    ARQ_METRIC_TARGET_Q,
    ARQ_METRIC_TD_ERROR,
    ARQ_METRIC_SPREAD,
    ARQ_METRIC_GRADIENT_NORM,
    ARQ_METRIC_DEAD,
    ARQ_METRIC_ZERO,
    ARQ_METRIC_COLLAPSED,
    ARQ_METRIC_SKIPPED,
    ARQ_METRICS
} arq_cell_metric;

typedef struct arq_metric_row {
    const char *name;
    const char *doc;
} arq_metric_row;

extern const arq_metric_row arq_cell_metrics[ARQ_METRICS];

struct arq_learner {
    arq_context *context;
    arq_network *network;
    arq_parameters parameters;
    uint32_t batch;  /* largest */
    uint32_t window; /* observations ending at s_t */
    uint64_t updates;
    uint64_t agent_step;                             /* environment steps, where an agent learns; for warnings */
    double beta1_power, beta2_power;                 /* beta^updates, as running products */
    double feature_beta1_power, feature_beta2_power; /* ff-dqn: of the features' own updates */
    arq_random random;                               /* ff-dqn: decides which updates are the features' too */
    float *target;                                   /* weights of the target network */
    float *m, *v;                                    /* Adam's moments */
    double metric[ARQ_MAX_CELLS][ARQ_METRICS];
    double first_spread[ARQ_MAX_CELLS];
    uint32_t low_spread_updates[ARQ_MAX_CELLS];
    void *encode_space;
    size_t encode_bytes;
    void *state; /* the kind's */
};

/* A batch as an update gets it, after the checks. */
typedef struct arq_batch {
    uint32_t size;
    const void *frames; /* encoded, [size, window + 1] */
    const int32_t *lengths;
    const int32_t *actions;
    const float *rewards;
    const uint8_t *terminated;
} arq_batch;

/* A parameter that has no meaning for a kind. */
typedef struct arq_meaningless {
    const char *name;
    const char *only;   /* a value that is accepted all the same; NULL: the default */
    const char *reason; /* follows "network 'dqn' " */
} arq_meaningless;

struct arq_network_methods {
    const char *name;
    int has_cells;
    int distinct_samples;               /* batches are drawn without replacement */
    const arq_meaningless *meaningless; /* a name of NULL ends them */
    /* Refuses what has no meaning beside other parameters; may be NULL. */
    arq_status (*check)(const arq_context *context, const arq_config *config);
    /* Fills cells, weights and what else the kind needs from the parameters. */
    arq_status (*shape)(const arq_context *context, const arq_parameters *parameters, arq_network_shape *shape);
    /* Name, dimensions and offset of tensor `index`; 0 behind the last. */
    int (*tensor)(const arq_network_shape *shape, uint32_t index, arq_weight_tensor *tensor);
    void (*initialise)(const arq_network_shape *shape, arq_random *random, float *weights);

    arq_status (*activations_create)(arq_activations *activations);
    void (*activations_destroy)(arq_activations *activations);
    void (*begin)(arq_activations *activations, uint32_t episode);
    void (*compute)(const arq_network *network, arq_activations *activations, const void *encoded);
    void (*advance)(arq_activations *activations, uint32_t episode);
    /* The context of a cell over all episodes, for saving and restoring; NULL where there is none. */
    float *(*context)(const arq_activations *activations, uint32_t cell, size_t *count);
    /* Where the values lie, and how many; NULL for something the kind does not have. */
    const float *(*read)(const arq_activations *activations, int32_t what, uint32_t cell, uint32_t episode,
                         size_t *count);

    uint32_t (*window)(const arq_network_shape *shape, const arq_parameters *parameters);
    arq_status (*learner_create)(arq_learner *learner);
    void (*learner_destroy)(arq_learner *learner);
    arq_status (*update)(arq_learner *learner, const arq_batch *batch);
};

/* By network kind of the parameter table. */
extern const arq_network_methods *const arq_network_kinds[];
#define ARQ_NETWORK_KIND_METHODS(number, methods, word) extern const arq_network_methods arq_##methods##_network;
ARQ_NETWORK_KIND_LIST(ARQ_NETWORK_KIND_METHODS)

/* Refuses parameters that were set by hand and have no meaning for the kind: ARQ_E_UNSUPPORTED with the reason. */
arq_status arq_network_check_options(const arq_context *context, const arq_config *config,
                                     const arq_network_methods *methods);

/* Whether a parameter was set by hand to something else than its default. */
int arq_option_is_chosen(const arq_config *config, const char *name);

/* The shape that parameters ask for, without memory for it; width_scale sets the widths. */
arq_status arq_network_find_shape(const arq_context *context, arq_parameters *parameters, int32_t kind, uint32_t size,
                                  uint32_t actions, arq_network_shape *shape);

/* As the public calls, from parameters and without the checks for NULL. */
arq_status arq_network_make(arq_context *context, const arq_parameters *parameters, int32_t kind, uint32_t size,
                            uint32_t actions, arq_network **out);
arq_status arq_learner_make(arq_network *network, const arq_parameters *parameters, arq_learner **out);

static inline size_t arq_network_weight_count(const arq_network_shape *shape)
{
    return shape->weights[shape->cells];
}

/* As arq_network_q into the activations, for a caller that has checked everything; errors name `call`. */
arq_status arq_network_compute(const arq_network *network, arq_activations *activations, const void *observations,
                               const char *call);

/* Brackets for reading and for changing weights; ARQ_E_BUSY, which names the call. */
arq_status arq_network_begin_read(const arq_network *network, const char *call);
void arq_network_end_read(const arq_network *network);
arq_status arq_network_begin_change(arq_network *network, const char *call);
void arq_network_end_change(arq_network *network);

/* Index of the largest Q, the lowest among equals. */
int32_t arq_greedy_action(const float *q, uint32_t actions);

/* Both as parts of files. */
arq_part arq_network_part(const arq_network *network);
arq_part arq_learner_part(const arq_learner *learner);

/* Lists an array of weights tensor by tensor, each name behind the prefix. */
void arq_list_weights(arq_record *record, const arq_network_shape *shape, const char *prefix, float *values,
                      const arq_range *range);

/* Every metric as before the first update. */
void arq_learner_clear_metrics(arq_learner *learner);

/* arq_learner_update without its checks, for rows that come from a replay. */
arq_status arq_learner_learn(arq_learner *learner, uint32_t batch, const void *observations, const int32_t *lengths,
                             const int32_t *actions, const float *rewards, const uint8_t *terminated);

#endif
