/*
 * Tables that others hand in: methods, specs, types and plugins, checked before anything trusts them.
 */
#ifndef ARQ_ENV_SPEC_H
#define ARQ_ENV_SPEC_H

#include "arq/env.h"
#include "core/context.h"

/* Most options a type can have. */
#define ARQ_MAX_OPTIONS 64

/* Copies methods of any allowed struct_size; those a shorter table does not have are NULL. Sets the text. */
arq_status arq_env_methods_copy(const arq_context *context, const char *name, const arq_env_methods *methods,
                                arq_env_methods *copy);

/* Whether a spec is possible and has its step method. Sets the text, which begins with `name`. */
arq_status arq_env_spec_validate(const arq_context *context, const char *name, const arq_env_spec *spec,
                                 const arq_env_methods *methods);

/* Whether a type's id, options, methods and create are usable; `status` is what a bad one becomes. */
arq_status arq_env_type_validate(const arq_context *context, arq_status status, const arq_env_type *type);

/* Whether a plugin's table is usable. */
arq_status arq_plugin_validate(const arq_context *context, const arq_plugin *plugin);

/* ARQ_E_ABI unless the major number is the library's and the minor not newer. */
arq_status arq_abi_validate(const arq_context *context, const char *what, uint32_t abi_version);

/* Row `index`; rows lie at a stride of their own struct_size. */
const arq_env_option *arq_env_option_at(const arq_env_type *type, uint32_t index);

#endif
