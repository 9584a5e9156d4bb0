/*
 * From an id to an environment.
 */
#ifndef ARQ_ENV_PLUGINS_OPEN_H
#define ARQ_ENV_PLUGINS_OPEN_H

#include "arq/environment.h"

/* The type an id names and the values of its options, loading its plugin if need be. `values` has
 * ARQ_MAX_OPTIONS entries. */
arq_status arq_env_id_resolve(arq_context *context, const char *id, const arq_env_type **type, double *values);

#endif
