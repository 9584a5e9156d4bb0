/*
 * A training run from inside: what its loop does and what it says about itself.
 */
#ifndef ARQ_TRAIN_RUN_H
#define ARQ_TRAIN_RUN_H

#include "arq/run.h"
#include "agent/agent.h"
#include "train/worlds.h"

/* The papers report the mean return of the last so many episodes. */
#define ARQ_RUN_RECENT 100

/* The episode that an instance plays. */
typedef struct run_episode {
    double episode_return;
    uint64_t length;
    uint64_t step; /* the run's, at its end */
    uint32_t instance;
    int32_t end; /* ARQ_EPISODE_ */
} run_episode;

struct arq_run {
    arq_context *context;
    arq_parameters parameters;
    arq_worlds worlds;
    arq_agent *agent;
    uint64_t steps;
    double seconds;       /* inside arq_run_advance */
    uint8_t *playing;     /* [N] an episode is open in the instance and in the agent */
    uint8_t *mask;        /* [N] work space */
    run_episode *episode; /* [N] */
    run_episode *ended;   /* [ended_most] of the last advance */
    uint32_t ended_count, ended_most;
    uint64_t finished; /* episodes */
    double recent[ARQ_RUN_RECENT];
    double last_return;
    uint64_t last_length;
    arq_arena arena;
};

#endif
