/*
 * One of each handle that has files, and what each does with its life: for tests that give them files of liars and use
 * them afterwards.
 */
#ifndef TESTS_SUPPORT_HANDLES_H
#define TESTS_SUPPORT_HANDLES_H

#include "arq/arq.h"

enum { INPUTS = 5, ACTIONS = 3, BATCH = 4, CAPACITY = 24, WINDOW_MOST = 3 };

typedef struct handles {
    arq_context *context;
    arq_config *config;
    int32_t observation; /* ARQ_OBSERVATION_ */
    uint64_t t;          /* makes observations */
    int steps;           /* how long an agent is used; the others accordingly */
    arq_agent *agent;
    arq_network *network;
    arq_learner *learner;
    arq_replay *replay;
    arq_cell *cell;
    arq_env *env;
    arq_run *run;
} handles;

/* A reader of files, and what is done with the handle that took one. */
typedef struct handle_file {
    const char *name;
    arq_status (*save)(handles *h, const char *path);
    arq_status (*load)(handles *h, const char *path);
    void (*use)(handles *h);
} handle_file;

enum { FILE_AGENT, FILE_NETWORK, FILE_LEARNER, FILE_REPLAY, FILE_CELL, HANDLE_FILES };
extern const handle_file handle_files[HANDLE_FILES];

/* The next observation. */
const void *handles_observe(handles *h);

/* Destroys what there is, except the context. */
void handles_end(handles *h);

#endif
