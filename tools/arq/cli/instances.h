/* Instances of an environment that a run or an evaluation plays: one, or several side by side. */
#ifndef ARQ_TOOL_INSTANCES_H
#define ARQ_TOOL_INSTANCES_H

#include "arq/environment.h"

typedef struct instances {
    uint32_t count;
    arq_env *env;         /* the only instance, or NULL where there is a batch */
    arq_env_batch *batch; /* all the instances, or NULL */
    int wrapped;          /* the environment has box actions and stands in the bang-bang wrapper */
} instances;

/* Opens them by id, with discrete actions: boxes are wrapped. 0 or an exit code. */
int instances_open(arq_context *context, const char *id, uint32_t count, instances *out);

/* The same as a batch, also of one. */
int instances_open_batch(arq_context *context, const char *id, uint32_t count, instances *out);

/* What each of them looks like. */
const arq_env_spec *instances_describe(const instances *self);

void instances_close(instances *self);

#endif
