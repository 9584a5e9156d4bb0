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

arq_status arq_config_copy(const arq_config *config, arq_config **out);

/* Sets a value that a config had before; `by_hand`: it was set by whoever used it, otherwise it comes from where the
 * present value does. */
arq_status arq_config_restore(arq_config *config, const char *name, const char *value, int by_hand);
int arq_config_is_set(const arq_config *config, const char *name);

/* The preset that a config was made with, or NULL. */
const char *arq_config_preset(const arq_config *config);

#endif
