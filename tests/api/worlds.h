/*
 * A corridor to walk along, as an environment of the program's own that can be told to misbehave.
 *
 * CORRIDOR_LENGTH places, one-hot; action 1 goes right, 0 left; the right end pays 1 and terminates, and after
 * 30 steps an episode is truncated. Everything is exact in every floating-point mode.
 */
#ifndef TESTS_API_WORLDS_H
#define TESTS_API_WORLDS_H

#include "arq/environment.h"

#define CORRIDOR_LENGTH 6u

enum fault {
    FAULT_NONE,
    FAULT_REWARD_NAN,
    FAULT_REWARD_INFINITE,
    FAULT_OBSERVATION_NAN,
    FAULT_TERMINATED_FLAG,
    FAULT_TRUNCATED_FLAG,
    FAULT_CALLER_CODE,
    FAULT_LIBRARY_CODE,
    FAULT_POSITIVE_CODE,
    FAULT_NO_MEMORY
};

#define FAULT_CODE (-1005)

struct corridor {
    uint32_t place;
    uint32_t steps;      /* of this episode */
    uint64_t all_steps;  /* of this instance */
    uint64_t fault_step; /* the value of all_steps at which the fault shows, once */
    enum fault fault;
    uint64_t random;
    int destroyed;
    void (*on_step)(void *user); /* called in every step, or NULL */
    void *user;
};

extern const arq_env_methods corridor_methods;

#endif
