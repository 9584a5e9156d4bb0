/*
 * From an id to an environment.
 */
#ifndef ARQ_ENV_PLUGINS_OPEN_H
#define ARQ_ENV_PLUGINS_OPEN_H

#include "arq/environment.h"
#include "env/plugins/type.h"

/* What an id means. */
typedef struct arq_resolved_id {
    const arq_env_type *type;
    double values[ARQ_MAX_OPTIONS]; /* of the type's options */
    const char *wrappers;           /* within the id, or ""; they can be parsed */
} arq_resolved_id;

/* Loads the plugin if need be. */
arq_status arq_env_id_resolve(arq_context *context, const char *id, arq_resolved_id *resolved);

#endif
