/* Evaluation of players, and the table that shows them side by side. */
#ifndef ARQ_TOOL_EVALUATION_H
#define ARQ_TOOL_EVALUATION_H

#include "cli/instances.h"

#include "arq/run.h"

typedef struct evaluation_plan {
    uint64_t episodes;
    double epsilon;
    uint64_t seed;
    uint64_t max_steps; /* of an episode; 0: no limit */
} evaluation_plan;

typedef struct evaluation_score {
    uint64_t episodes;                              /* fewer than planned when Ctrl-C stopped it */
    double mean, standard_error, low, high, length; /* standard_error is NAN for a single episode */
} evaluation_score;

#define EVALUATION_MAX_EPISODES 1000000
#define EVALUATION_MAX_STEPS 100000
#define EVALUATION_MAX_INSTANCES 128

/* As the parameters in the network's file say. The seed is the training's plus 1. */
evaluation_plan evaluation_plan_of(const arq_network *network);

/* How many instances play so many episodes side by side: the largest divisor of `episodes` that is at most
 * EVALUATION_MAX_INSTANCES. */
uint32_t evaluation_instances(uint64_t episodes);

/* Plays the network and at random, prints the table and, with a run's folder, writes its result.csv. 0 or an exit
 * code. Ctrl-C ends it early: the table has the episodes until then, and nothing is written. */
int evaluation_compare(arq_context *context, const arq_network *network, const instances *environments,
                       const evaluation_plan *plan, const char *folder);

#endif
