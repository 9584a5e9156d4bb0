/*
 * Wrappers by name, as they stand behind an id: "|time_limit=500|bang_bang", the innermost first.
 */
#ifndef ARQ_ENV_WRAPPERS_LIST_H
#define ARQ_ENV_WRAPPERS_LIST_H

#include "arq/environment.h"

/* Wraps one environment; as arq_env_time_limit. Wrappers without a value get 0. */
typedef arq_status (*arq_wrap_function)(arq_env *env, uint64_t value, arq_env **out);

/* arq_env_bang_bang as one of these. */
arq_status arq_wrap_bang_bang(arq_env *env, uint64_t value, arq_env **out);

/* One wrapper of an id. */
typedef struct arq_named_wrapper {
    arq_wrap_function wrap;
    uint64_t value;
} arq_named_wrapper;

/* Takes the next wrapper off the text, which is not "". ARQ_E_ARGUMENT names it and says what is accepted. */
arq_status arq_wrapper_parse(const arq_context *context, const char **text, arq_named_wrapper *wrapper);

/* Whether all wrappers of a text can be parsed. */
arq_status arq_wrappers_check(const arq_context *context, const char *text);

#endif
