/*
 * Resets and steps of one instance.
 */
#ifndef ARQ_ENV_EPISODE_H
#define ARQ_ENV_EPISODE_H

#include "env/handle.h"

/* The first component of a box action that is outside its bounds; action_count if there is none. */
uint32_t arq_env_first_bad_component(const arq_env *env, const double *action);

/* Runs reset and checks what it wrote. The arguments have been checked. */
arq_status arq_env_run_reset(arq_env *env, const uint64_t *seed, void *observation);

#endif
