/*
 * A learner from inside.
 */
#ifndef ARQ_NN_LEARNER_H
#define ARQ_NN_LEARNER_H

#include "arq/learner.h"
#include "core/random.h"
#include "nn/batch.h"
#include "nn/metrics.h"
#include "nn/network.h"

/* Where an update's targets come from. */
typedef enum arq_learning {
    ARQ_LEARN_FROM_WINDOWS, /* found by the learner, from what came next and a target network */
    ARQ_LEARN_FROM_TARGETS, /* given by the caller: no target network, no passes over s_{t+1} */
} arq_learning;

/* What a kind counts and draws by itself. Saved with every learner, whatever the kind. */
typedef struct arq_kind_counts {
    double beta1_power, beta2_power; /* of weights that have updates of their own */
    arq_random random;               /* for what an update draws */
} arq_kind_counts;

struct arq_learner {
    arq_context *context;
    arq_network *network;
    arq_parameters parameters;
    arq_learning learning;
    uint32_t batch;  /* largest */
    uint32_t window; /* observations ending at s_t */
    uint64_t updates;
    uint64_t loads;                  /* from files: moments are others since */
    uint64_t agent_step;             /* environment steps, where an agent learns; for warnings */
    double beta1_power, beta2_power; /* beta^updates, as running products */
    arq_kind_counts own;
    float *target; /* weights of the target network, or NULL */
    float *m, *v;  /* Adam's moments */
    double rate;   /* Adam's step now: learning_rate, until it is set */
    double metric[ARQ_MAX_CELLS][ARQ_METRICS];
    arq_td_sums fit[ARQ_MAX_CELLS]; /* of the last update, or over those since arq_learner_begin_fit */
    int fits_span;                  /* the latter */
    int unreachable[ARQ_MAX_CELLS]; /* the update at work has a target that the cell's Q cannot reach */
    double first_spread[ARQ_MAX_CELLS];
    uint32_t low_spread_updates[ARQ_MAX_CELLS];
    void *encode_space;
    size_t encode_bytes;
    void *state; /* the kind's */
};

/* arq_learner_create from parameters that have been checked. */
arq_status arq_learner_make(arq_network *network, const arq_parameters *parameters, arq_learning learning,
                            arq_learner **out);

/* arq_learner_update for rows that need no checks, such as a replay's. */
arq_status arq_learner_update_trusted(arq_learner *learner, uint32_t batch, const void *observations,
                                      const int32_t *lengths, const int32_t *actions, const float *rewards,
                                      const uint8_t *terminated);

/* One update towards given targets; frames of the batch are not yet encoded. */
arq_status arq_learner_update_towards(arq_learner *learner, const arq_target_batch *batch);

/* Adam's step from the next update on; a rate of the head's own changes in proportion. */
static inline void arq_learner_set_rate(arq_learner *learner, double rate)
{
    learner->rate = rate;
}

/* How well Q foresaw the targets, as metrics: over all updates in between, instead of each by itself. */
void arq_learner_begin_fit(arq_learner *learner);
void arq_learner_end_fit(arq_learner *learner);

/* A learner as a part of a file. */
arq_part arq_learner_part(const arq_learner *learner);

#endif
