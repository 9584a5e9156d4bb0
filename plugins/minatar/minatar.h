/* The MinAtar games (Young and Tian, "MinAtar: An Atari-Inspired Testbed", 2019) for linking into a program. */
#ifndef ARQ_PLUGINS_MINATAR_H
#define ARQ_PLUGINS_MINATAR_H

#include "arq/env.h"

/* The collection's table, as its shared object's entry returns it. */
const arq_plugin *arq_minatar_plugin(uint32_t abi_version);

#endif
