/*
 * A config from inside: its values, for the floors above.
 */
#ifndef ARQ_CORE_CONFIG_H
#define ARQ_CORE_CONFIG_H

#include "arq/config.h"
#include "core/context.h"
#include "core/parameter_text.h"
#include "core/parameters.h"

/* The values of a config. */
const arq_parameters *arq_config_values(const arq_config *config);

#endif
