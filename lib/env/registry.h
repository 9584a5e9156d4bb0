/*
 * The plugins of a context and the environment types they offer.
 */
#ifndef ARQ_ENV_REGISTRY_H
#define ARQ_ENV_REGISTRY_H

#include "arq/environment.h"

/* The type an id names and the values of its options, loading its plugin if need be. `values` has
 * ARQ_MAX_OPTIONS entries. */
arq_status arq_registry_resolve(arq_context *context, const char *id, const arq_env_type **type, double *values);

/* The instances of a batch, without handles; `selves` comes zeroed, and is zeroed again on failure. */
arq_status arq_env_type_create_selves(const arq_context *context, const arq_env_type *type, const double *values,
                                      uint32_t count, void **selves);

/* A new instance of a type. */
arq_status arq_env_type_create(arq_context *context, const arq_env_type *type, const double *values, arq_env **out);

#endif
