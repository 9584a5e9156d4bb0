/*
 * A training run from inside: what its loop does and what it says about itself.
 */
#ifndef ARQ_TRAIN_RUN_H
#define ARQ_TRAIN_RUN_H

#include "arq/run.h"
#include "agent/agent.h"
#include "core/config.h"
#include "core/life.h"
#include "train/worlds.h"

#include <stdatomic.h>

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

/* What a run and a checkpoint of it have in common: whoever lets go last frees it. */
typedef struct run_checkpoints {
    arq_context *context;
    atomic_uint users;
    atomic_int pending; /* one is not destroyed yet */
} run_checkpoints;

struct arq_run {
    arq_context *context;
    arq_config *config; /* as it was given: where each value came from */
    arq_parameters parameters;
    arq_worlds worlds;
    arq_agent *agent;
    uint64_t steps;
    double seconds;       /* inside arq_run_advance */
    uint8_t *playing;     /* [N] an episode is open in the instance and in the agent */
    uint8_t *mask;        /* [N] work space */
    run_episode *episode; /* [N] */
    double *returns;      /* [N] work space of its file */
    uint64_t *lengths;    /* [N] likewise */
    run_episode *ended;   /* [ended_most] of the last advance */
    uint32_t ended_count, ended_most;
    uint64_t finished; /* episodes */
    double recent[ARQ_RUN_RECENT];
    double last_return;
    uint64_t last_length;
    uint32_t resumed; /* ARQ_RESUMED bits */
    run_checkpoints *checkpoints;
    arq_life life; /* held by calls that may run callbacks */
    arq_arena arena;
};

/* The end of a hold of its life. */
void arq_run_let_go(arq_run *run);

/* Lets go of what is shared with a checkpoint; NULL is fine. */
void arq_run_release_checkpoints(run_checkpoints *checkpoints);

/* Ends the episode of an instance: it stands in the list of ended ones. */
void arq_run_end_episode(arq_run *run, uint32_t instance, int32_t end);

#endif
