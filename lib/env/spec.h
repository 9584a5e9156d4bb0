/*
 * Methods and specs that others hand in, checked before anything trusts them.
 */
#ifndef ARQ_ENV_SPEC_H
#define ARQ_ENV_SPEC_H

#include "arq/env.h"
#include "core/context.h"
#include "core/table.h"

/* Copies methods of any allowed struct_size; those a shorter table does not have are NULL. Sets the text. */
arq_status arq_env_methods_copy(const arq_context *context, const char *name, const arq_env_methods *methods,
                                arq_env_methods *copy);

/* Whether a spec is possible and has its step method. Sets the text, which begins with `name`. */
arq_status arq_env_spec_validate(const arq_context *context, const char *name, const arq_env_spec *spec,
                                 const arq_env_methods *methods);

#endif
