#include "dmc.h"

ARQ_PLUGIN_EXPORT const arq_plugin *arq_plugin_entry(uint32_t abi_version);

const arq_plugin *arq_plugin_entry(uint32_t abi_version)
{
    return arq_dmc_plugin(abi_version);
}
