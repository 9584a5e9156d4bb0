/*
 * An agent from inside: for the training run, and for its file.
 */
#ifndef ARQ_AGENT_AGENT_H
#define ARQ_AGENT_AGENT_H

#include "arq/agent.h"
#include "arq/replay.h"
#include "core/random.h"
#include "nn/activations.h"
#include "nn/kind.h"
#include "nn/learner.h"

/* Rows of one batch as the replay gives them. */
typedef struct agent_batch {
    void *observations; /* [B, window + 1] */
    int32_t *lengths;
    int32_t *actions;
    float *rewards;
    uint8_t *terminated;
} agent_batch;

struct arq_agent {
    arq_context *context;
    arq_parameters parameters;
    arq_network *network;
    arq_learner *learner;
    arq_replay *replay;
    arq_activations *activations;
    agent_batch batch;
    size_t observation_bytes;
    void *observation; /* the newest */
    arq_random exploration;
    arq_random exploration_before_act; /* so that a saved agent chooses its pending action again */
    uint64_t steps;
    uint64_t episodes;
    int32_t open;       /* an episode is running */
    int32_t acted;      /* act has chosen, observe has not come yet */
    int32_t update_due; /* an update waits until enough can be drawn */
    int32_t action;     /* what act chose */
    int32_t explored;   /* ... at random */
    int32_t lent;       /* a run is inside its environment: the environment may not use the agent */
};

/* ARQ_E_BUSY: the call comes from inside the environment of the agent's own run. */
arq_status arq_agent_fail_lent(const arq_agent *agent, const char *call);

/* As arq_agent_begin and arq_agent_observe for a run, whose environment handle has checked observations and flags. The
 * action is the one that act chose. */
arq_status arq_agent_open_episode(arq_agent *agent, const void *observation);
arq_status arq_agent_store(arq_agent *agent, int32_t executed, double reward, const void *next_observation,
                           int32_t terminated, int32_t truncated, uint32_t *events);

/* epsilon(t) for the next step. */
double arq_agent_epsilon(const arq_agent *agent);

#endif
