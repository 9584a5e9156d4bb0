/*
 * Where plugins are looked for: ARQ_PLUGIN_PATH, where the build installs them, and arq/plugins beside the library
 * itself. The plugin of collection "game" is the first arq_game.so there. A folder that depends on the current one, or
 * into which everybody may write, is left out and named in the log: what lies there may be anybody's code.
 */
#ifndef ARQ_ENV_PLUGINS_FOLDERS_H
#define ARQ_ENV_PLUGINS_FOLDERS_H

#include "arq/context.h"

#include <stddef.h>
#include <stdint.h>

/* Most bytes of a plugin's path, with the final 0. */
#define ARQ_PLUGIN_PATH_SIZE (2 * 4096)

/* Writes the path of a collection's plugin; 0 if there is none. The name is `length` characters long. */
int arq_plugin_find(const arq_context *context, const char *collection, size_t length, char path[ARQ_PLUGIN_PATH_SIZE]);

/* Called with each path; the name of the collection in it begins at `collection` and is `length` characters long. */
typedef void (*arq_plugin_visitor)(void *user, const char *path, const char *collection, size_t length);

/* Visits the plugins of all collections, folder by folder, in the order of their names. */
void arq_plugin_visit_all(const arq_context *context, arq_plugin_visitor visit, void *user);

/* Says which folders are left out and why; "" when none is. */
void arq_plugin_faulty_folders(char *text, size_t size);

#endif
