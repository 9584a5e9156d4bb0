/*
 * Instances of a type: one, or many that were made together.
 */
#ifndef ARQ_ENV_PLUGINS_INSTANCES_H
#define ARQ_ENV_PLUGINS_INSTANCES_H

#include "arq/environment.h"

/* A new instance with its handle. */
arq_status arq_env_type_create(arq_context *context, const arq_env_type *type, const double *values, arq_env **out);

/* `count` instances without handles, by create_batch if there is one; `selves` comes zeroed, and is zeroed again on
 * failure. */
arq_status arq_env_type_create_selves(const arq_context *context, const arq_env_type *type, const double *values,
                                      uint32_t count, void **selves);

#endif
