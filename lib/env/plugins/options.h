/*
 * The options of an environment as text: "option=value&option=value".
 */
#ifndef ARQ_ENV_PLUGINS_OPTIONS_H
#define ARQ_ENV_PLUGINS_OPTIONS_H

#include "env/plugins/type.h"

/* The values of a validated type's options: the defaults, then what the text says. ARQ_E_ARGUMENT names the
 * option, its value and what is accepted. `values` has ARQ_MAX_OPTIONS entries. */
arq_status arq_env_options_parse(const arq_context *context, const arq_env_type *type, const char *text, size_t length,
                                 double *values);

#endif
