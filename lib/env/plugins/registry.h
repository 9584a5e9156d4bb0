/*
 * The plugins of a context, and the environment types they offer.
 */
#ifndef ARQ_ENV_PLUGINS_REGISTRY_H
#define ARQ_ENV_PLUGINS_REGISTRY_H

#include "arq/environment.h"
#include "core/context.h"

/* The type of this id, or NULL. */
const arq_env_type *arq_registry_find(const arq_context *context, const char *id);

/* Whether a type of the collection is known; its name is `length` characters long. */
int arq_registry_knows(const arq_context *context, const char *collection, size_t length);

/* Asks the entry for its table and adds it. A table that is there already is fine: `*added` is 0 then. `object` is the
 * dynamic loader's, or NULL for a plugin that is linked in; it is closed with the context. */
arq_status arq_registry_add(arq_context *context, arq_plugin_entry_function entry, void *object, int *added,
                            const arq_plugin **table);

#endif
