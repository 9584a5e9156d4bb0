#include "minatar.h"

#include "frame.h"

static const arq_env_type *const types[] = {
    &minatar_breakout_type, &minatar_freeway_type,        &minatar_asterix_type,
    &minatar_seaquest_type, &minatar_space_invaders_type,
};

static const arq_plugin plugin = {
    .struct_size = sizeof(arq_plugin),
    .abi_version = ARQ_ABI_VERSION,
    .name = "minatar",
    .version = "1.0.0",
    .type_count = sizeof(types) / sizeof(types[0]),
    .types = types,
};

/* The structs only ever grow at their ends: any library of the same major number can read this table. */
const arq_plugin *arq_minatar_plugin(uint32_t abi_version)
{
    return abi_version >> 16 == ARQ_ABI_MAJOR ? &plugin : NULL;
}
