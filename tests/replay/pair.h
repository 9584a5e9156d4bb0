/*
 * A replay and the naive model of it, fed the same random history.
 */
#ifndef ARQ_TEST_REPLAY_PAIR_H
#define ARQ_TEST_REPLAY_PAIR_H

#include "arq/replay.h"
#include "model.h"
#include "test_support.h"

typedef struct replay_pair {
    uint64_t seed;
    arq_context *context;
    test_memory memory;
    int32_t kind;
    uint32_t observation_size;
    uint32_t longest; /* most transitions of an episode */
    uint32_t next_state;
    test_random random;
    arq_replay *replay;
    replay_model model;
    unsigned char *observation; /* the one being added */
    unsigned char *rows;        /* [most, window + 1] observations drawn */
    unsigned char *expected;    /* [window + 1] */
    uint32_t most;
    int32_t *lengths;
    int32_t *actions;
    float *rewards;
    uint8_t *terminated;
} replay_pair;

/* Everything random from the seed. `most`: the largest batch that will be drawn. */
void pair_create(replay_pair *pair, uint64_t seed, int32_t kind, uint32_t size, uint64_t capacity, uint32_t window,
                 uint32_t longest, uint32_t most);
void pair_destroy(replay_pair *pair);

/* One random event: a step, a begin, or a begin that cuts the episode. */
void pair_step(replay_pair *pair);
/* The same, also for another replay. */
void pair_step_both(replay_pair *pair, arq_replay *twin);

/* Draws a batch and compares every row with the model; counts[action] grows by one each, if given. */
void pair_sample(replay_pair *pair, uint32_t batch, int32_t distinct, uint32_t *counts);

/* Sizes agree, and all that can be drawn is drawn at once and right. */
void pair_compare(replay_pair *pair);

#endif
