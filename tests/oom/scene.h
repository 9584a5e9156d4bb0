/*
 * One handle of every kind, ready for any call, in a context whose memory is counted.
 */
#ifndef TESTS_OOM_SCENE_H
#define TESTS_OOM_SCENE_H

#include "../api/support.h"
#include "../api/worlds.h"

#define INPUTS 64u
#define ACTIONS 3u
#define BATCH 8u
#define WINDOW_MAX 8u

/* What a call can change, and what state_of() looks at. */
enum part {
    NOTHING = 0,
    CONFIG = 1,
    NETWORK = 2,
    LEARNER = 4,
    REPLAY = 8,
    AGENT = 16,
    CELL = 32,
    RUN = 64,
};

struct scene {
    struct host host;
    const char *settings;
    arq_config *config;
    arq_network *network;
    arq_network *second; /* without a learner */
    arq_learner *learner;
    arq_activations *activations;
    arq_replay *replay;
    arq_agent *agent;
    arq_cell *cell; /* NULL for a kind of network without cells */
    arq_env *env;
    arq_run *run;
    struct corridor corridor;
    int progress;    /* of a stream of calls: it goes on where it was stopped */
    int is_open;     /* whether the stream's episode is */
    uint64_t result; /* hash of what the call gave */
    float observations[BATCH * (WINDOW_MAX + 1) * INPUTS];
    int32_t lengths[BATCH];
    int32_t actions[BATCH];
    float rewards[BATCH];
    uint8_t terminated[BATCH];
};

/* A context alone; then everything else in it: `settings` decide the kind of network. */
void scene_open_empty(struct scene *scene);
void scene_furnish(struct scene *scene, const char *settings);

/* Both. */
void scene_open(struct scene *scene, const char *settings);

/* Ends all handles; fails the test when memory is left. */
void scene_close(struct scene *scene);

/* A hash of everything the parts hold and of the result. */
uint64_t state_of(struct scene *scene, unsigned parts);

/* Path of a file that one part of a furnished scene was saved to, of the same shape and other content. */
const char *saved(struct scene *scene, enum part part);

/* Fills observation `index` of a stream. */
void observe_stream(int index, float observation[INPUTS]);

#endif
