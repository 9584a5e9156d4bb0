/* Classic control and FrozenLake, as in Gymnasium 1.x, for linking into a program. */
#ifndef ARQ_PLUGINS_CLASSIC_H
#define ARQ_PLUGINS_CLASSIC_H

#include "arq/env.h"

/* The collection's table, as its shared object's entry returns it. */
const arq_plugin *arq_classic_plugin(uint32_t abi_version);

#endif
