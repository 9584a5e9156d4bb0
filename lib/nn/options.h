/*
 * Which parameters have a meaning for which kind of network.
 */
#ifndef ARQ_NN_OPTIONS_H
#define ARQ_NN_OPTIONS_H

#include "nn/kind.h"

/* Refuses parameters that were set by hand and have no meaning for the kind: ARQ_E_UNSUPPORTED with the reason. */
arq_status arq_network_check_options(const arq_context *context, const arq_config *config,
                                     const arq_network_methods *methods);

/* Whether a parameter was set by hand to something else than its default. */
int arq_option_is_chosen(const arq_config *config, const char *name);

#endif
