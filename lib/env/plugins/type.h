/*
 * Environment types and plugins' tables, checked before anything trusts them.
 */
#ifndef ARQ_ENV_PLUGINS_TYPE_H
#define ARQ_ENV_PLUGINS_TYPE_H

#include "arq/env.h"
#include "core/context.h"

/* Most options a type can have. */
#define ARQ_MAX_OPTIONS 64

/* Whether a type's id, options, methods and create are usable; `status` is what a bad one becomes. */
arq_status arq_env_type_validate(const arq_context *context, arq_status status, const arq_env_type *type);

/* Whether a plugin's table is usable. */
arq_status arq_plugin_validate(const arq_context *context, const arq_plugin *plugin);

/* Row `index`; rows lie at a stride of their own struct_size. */
const arq_env_option *arq_env_option_at(const arq_env_type *type, uint32_t index);

#endif
