/*
 * A run's whole life, told as a text: every episode that ended, and at every row every metric that is no time. Two
 * lives are the same when their texts are, and their agents' files.
 */
#ifndef TESTS_RESUME_LIFE_H
#define TESTS_RESUME_LIFE_H

#include "../api/support.h"

typedef struct life {
    arq_env *env;
    arq_env_batch *batch;
    arq_run *run;
} life;

/* What a life is about. */
typedef struct life_story {
    const char *id;
    uint32_t instances;
    const char *settings;
} life_story;

/* A run of `count` instances of an id; of a story. */
void life_begin(struct host *host, const life_story *story, life *self);
void life_open(struct host *host, const char *id, uint32_t count, const char *settings, life *self);
void life_close(life *self);

/* What was told, in memory of its own. */
typedef struct tale {
    char *text;
    size_t used;
} tale;

/* Goes on to so many steps and tells the episodes that ended, or a row of metrics. */
void life_advance(struct host *host, life *self, uint64_t to, tale *told);
void life_row(struct host *host, const life *self, tale *told);

double life_metric(struct host *host, const life *self, const char *name);

/* Whether two agents are the same in every byte of their files. */
int life_same_agent(struct host *host, const life *a, const life *b);

#endif
