#include "dmc.h"

#include "frame.h"

static const arq_env_type *const types[] = {
    &dmc_ball_in_cup_catch_type, &dmc_cartpole_swingup_type, &dmc_cheetah_run_type, &dmc_finger_spin_type,
    &dmc_hopper_hop_type,        &dmc_reacher_hard_type,     &dmc_walker_run_type,  &dmc_walker_walk_type,
};

static const arq_plugin plugin = {
    .struct_size = sizeof(arq_plugin),
    .abi_version = ARQ_ABI_VERSION,
    .name = "dmc",
    .version = "1.0.0",
    .type_count = sizeof(types) / sizeof(types[0]),
    .types = types,
};

/* The structs only ever grow at their ends: any library of the same major number can read this table. */
const arq_plugin *arq_dmc_plugin(uint32_t abi_version)
{
    return abi_version >> 16 == ARQ_ABI_MAJOR ? &plugin : NULL;
}

const char *arq_dmc_mujoco_version(void)
{
    return DMC_MUJOCO_VERSION;
}
