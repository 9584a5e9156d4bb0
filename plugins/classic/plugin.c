#include "classic.h"

#include "frame.h"

static const arq_env_type *const types[] = {
    &classic_cartpole_type,
    &classic_mountaincar_type,
    &classic_acrobot_type,
    &classic_frozenlake_type,
};

static const arq_plugin plugin = {
    .struct_size = sizeof(arq_plugin),
    .abi_version = ARQ_ABI_VERSION,
    .name = "classic",
    .version = "1.0.0",
    .type_count = sizeof(types) / sizeof(types[0]),
    .types = types,
};

/* The structs only ever grow at their ends: any library of the same major number can read this table. */
const arq_plugin *arq_classic_plugin(uint32_t abi_version)
{
    return abi_version >> 16 == ARQ_ABI_MAJOR ? &plugin : NULL;
}
