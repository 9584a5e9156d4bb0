/*
 * Observations of every kind as memory and as network input.
 */
#ifndef ARQ_ENV_OBSERVATION_H
#define ARQ_ENV_OBSERVATION_H

#include "arq/env.h"
#include "core/context.h"

/* Whether a kind and size can be an observation; sets the text. */
arq_status arq_observation_validate(const arq_context *context, int32_t kind, uint32_t size);

/* Whether every value is allowed: finite floats, spare bits 0, states in range. `status` is what a bad one becomes;
 * `what` begins the text. */
arq_status arq_observation_check(const arq_context *context, arq_status status, int32_t kind, uint32_t size,
                                 const void *observation, const char *what);

/* The same without a text: for every step. */
int arq_observation_is_allowed(int32_t kind, uint32_t size, const void *observation);

/* What an observation's address must be a multiple of. */
size_t arq_observation_alignment(int32_t kind);

/* Whether the spec's bounds forbid anything that the kind allows. */
int arq_observation_has_bounds(const arq_env_spec *spec);

/* Index of the first value outside the spec's bounds, observation_size if there is none. Values must be allowed. */
uint32_t arq_observation_first_outside(const arq_env_spec *spec, const void *observation);

/* ARQ_E_ENV where a value lies outside the spec's bounds. arq_observation_check comes first. */
arq_status arq_observation_check_bounds(const arq_context *context, const arq_env_spec *spec, const void *observation,
                                        const char *what);

#endif
