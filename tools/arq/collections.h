/* The environments of all plugins that can be found, for commands that go through them. */
#ifndef ARQ_TOOL_COLLECTIONS_H
#define ARQ_TOOL_COLLECTIONS_H

#include "arq/environment.h"

/* Lets the context load the bundled plugins and every arq_*.so of the plugin folders. One that cannot be loaded is
 * warned of. */
void collections_load(arq_context *context);

#endif
