/*
 * An agent's life in a world of which nothing matters but that it is the same every time. Exact in every
 * floating-point mode.
 */
#ifndef TESTS_API_LIFE_H
#define TESTS_API_LIFE_H

#include "support.h"

#define INPUTS 5u
#define ACTIONS 3u

struct world {
    uint64_t random;
    uint64_t steps;
    float x[INPUTS];
    int is_open;
};

/* Goes on for some steps of the caller's loop; the hash takes in everything the agent says. */
uint64_t live(struct host *host, arq_agent *agent, struct world *world, int steps);

#endif
