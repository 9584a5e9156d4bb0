/*
 * Methods and specs that others hand in, checked before anything trusts them.
 */
#ifndef ARQ_ENV_SPEC_H
#define ARQ_ENV_SPEC_H

#include "arq/env.h"
#include "core/context.h"

/* Copies methods of any allowed struct_size; those a shorter table does not have are NULL. Sets the text. */
arq_status arq_env_methods_copy(const arq_context *context, const char *name, const arq_env_methods *methods,
                                arq_env_methods *copy);

/* Whether a spec is possible and has its step method. Sets the text, which begins with `name`. */
arq_status arq_env_spec_validate(const arq_context *context, const char *name, const arq_env_spec *spec,
                                 const arq_env_methods *methods);

/* Whether a table's struct_size and reserved field can be right; `status` is what a bad one becomes. */
arq_status arq_table_check_size(const arq_context *context, arq_status status, const char *what, uint32_t struct_size,
                                size_t least);
arq_status arq_table_check_reserved(const arq_context *context, arq_status status, const char *what, uint32_t reserved);

#endif
