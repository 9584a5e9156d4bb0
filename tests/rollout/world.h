/*
 * Worlds in which the tests of rollouts play: exact in every floating-point mode, answering to actions, and ending in
 * both ways.
 */
#ifndef TESTS_ROLLOUT_WORLD_H
#define TESTS_ROLLOUT_WORLD_H

#include "../api/support.h"

#define SIZE 6u /* values of an observation */
#define ACTIONS 3u
#define MOST_INSTANCES 40u

typedef struct world {
    uint64_t random;
    uint32_t length; /* steps of this episode */
    double scale;    /* of rewards; 0 stands for 1 */
    int endless;
} world;

typedef struct outcome {
    float observation[SIZE];
    double reward;
    int32_t terminated;
    int32_t truncated;
} outcome;

world world_of(uint64_t seed);
void world_begin(world *w, float observation[SIZE]);
outcome world_step(world *w, int32_t action);

/* Worlds side by side, as the calls for many episodes want them. */
typedef struct worlds {
    uint32_t count;
    world world[MOST_INSTANCES];
    float observations[MOST_INSTANCES][SIZE];
    double rewards[MOST_INSTANCES];
    int32_t actions[MOST_INSTANCES];
    int32_t terminated[MOST_INSTANCES];
    int32_t truncated[MOST_INSTANCES];
    uint8_t ended[MOST_INSTANCES]; /* waits for its next episode */
} worlds;

worlds worlds_of(uint32_t count, uint64_t seed);

/* Those of the mask (NULL: all) begin an episode, or do what `actions` says. */
void worlds_begin(worlds *w, const uint8_t *mask);
void worlds_step(worlds *w, const uint8_t *mask);

/* Begins what has ended, acts and observes for all, some times; the hash takes in everything the agent says. */
uint64_t play(struct host *host, arq_agent *agent, worlds *w, int steps);

#endif
