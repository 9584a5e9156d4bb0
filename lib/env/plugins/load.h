/*
 * Plugins from files into the registry.
 */
#ifndef ARQ_ENV_PLUGINS_LOAD_H
#define ARQ_ENV_PLUGINS_LOAD_H

#include "arq/environment.h"

/* Loads the plugin of a file, unless it is loaded already; `*table` is its table. */
arq_status arq_plugin_load_file(arq_context *context, const char *path, const arq_plugin **table);

/* Loads the plugin of an id's collection if there is one in the folders. */
arq_status arq_plugin_load_collection(arq_context *context, const char *id);

#endif
