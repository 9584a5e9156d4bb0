/*
 * An agent that learns from rollouts, as its page says it and as slowly as one likes: Q of one observation at a time,
 * returns by recursion, and arq_learner_update on rows that all terminate with their return as reward. For networks
 * without contexts and with one quantile.
 *
 * Each cell has its own return, and a learner one reward for all: so every cell has a learner and a network of its own,
 * of which only this cell is ever taken over.
 */
#ifndef TESTS_ROLLOUT_NAIVE_H
#define TESTS_ROLLOUT_NAIVE_H

#include "world.h"

#include "core/random.h"
#include "nn/learner.h"
#include "rollout/minibatches.h"

#define MOST_CELLS 3u
#define MOST_STEPS 64u /* of a row */

typedef struct naive_transition {
    float observation[SIZE];
    int32_t action;
    float reward;
    arq_end end;
    float value[MOST_CELLS]; /* of what came after */
    float target[MOST_CELLS];
} naive_transition;

typedef struct naive_row {
    uint32_t count;
    naive_transition transition[MOST_STEPS];
} naive_row;

typedef struct naive_episode {
    float observation[SIZE]; /* the newest */
    arq_random exploration;
    int open, acted;
    int32_t action;
} naive_episode;

typedef struct naive {
    struct host *host;
    const char *settings;
    /* What the settings say, once more. */
    uint32_t instances, rollout, epochs, batch, per_step;
    double gamma, lambda, epsilon_start, epsilon_end, exploration_steps;
    double rate, rate_end, rate_steps; /* 0 steps: constant */
    uint64_t seed;
    int dense; /* the head alone has returns */
    /* What it is made of. */
    uint32_t length, cells, learners;
    arq_network *network[MOST_CELLS];
    arq_learner *learner[MOST_CELLS];
    arq_activations *alone;
    naive_episode episode[MOST_INSTANCES];
    naive_row rows[2][MOST_INSTANCES];
    uint32_t filling, learning;
    arq_rows places; /* of the rows that are learned from: names of transitions, for the order of minibatches */
    arq_minibatches minibatches;
    uint64_t steps, minibatches_made;
} naive;

/* `settings` are those of the network and the optimiser; the fields above them are set by the caller. */
void naive_create(naive *n, struct host *host, const char *settings);
void naive_destroy(naive *n);

/* The agent of the library with the same settings. */
arq_agent *naive_twin(const naive *n);

/* As the agent's calls. NULL: all. */
void naive_begin(naive *n, const uint8_t *mask, float (*observations)[SIZE]);
void naive_act(naive *n, const uint8_t *mask, int32_t *actions);
void naive_observe(naive *n, const uint8_t *mask, const worlds *w);

/* Every weight and the number of updates of the twin are the naive one's. */
void naive_compare(const naive *n, arq_agent *agent);

#endif
