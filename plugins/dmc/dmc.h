/* Tasks of the DeepMind Control Suite on MuJoCo, for linking into a program. */
#ifndef ARQ_PLUGINS_DMC_DMC_H
#define ARQ_PLUGINS_DMC_DMC_H

#include "arq/env.h"

/* The collection's table, as its shared object's entry returns it. */
const arq_plugin *arq_dmc_plugin(uint32_t abi_version);

/* The only version of MuJoCo that it works with, such as "3.17.0". */
const char *arq_dmc_mujoco_version(void);

#endif
