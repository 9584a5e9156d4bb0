#include "cli/instances.h"

#include "cli/message.h"
#include "cli/session.h"

#include <string.h>

int instances_open_batch(arq_context *context, const char *id, uint32_t count, instances *out)
{
    arq_env_batch *batch = NULL;
    memset(out, 0, sizeof(*out));
    out->count = count;
    if (arq_env_batch_open(context, id, count, &batch) != ARQ_OK) {
        return message_library(context);
    }
    if (arq_env_describe(arq_env_batch_at(batch, 0))->action_kind == ARQ_ACTION_DISCRETE) {
        out->batch = batch;
        return 0;
    }
    if (arq_env_batch_bang_bang(batch, &out->batch) != ARQ_OK) {
        arq_env_batch_destroy(batch);
        return message_library(context);
    }
    out->wrapped = 1;
    return 0;
}

int instances_open(arq_context *context, const char *id, uint32_t count, instances *out)
{
    if (count > 1) {
        return instances_open_batch(context, id, count, out);
    }
    memset(out, 0, sizeof(*out));
    out->count = 1;
    return session_environment_wrapped(context, id, &out->env, &out->wrapped);
}

const arq_env_spec *instances_describe(const instances *self)
{
    return arq_env_describe(self->env != NULL ? self->env : arq_env_batch_at(self->batch, 0));
}

void instances_close(instances *self)
{
    arq_env_destroy(self->env);
    arq_env_batch_destroy(self->batch);
    memset(self, 0, sizeof(*self));
}
