/*
 * Ids of environments as text: "collection/name?option=value&option=value" or "path.so?options#collection/name".
 */
#ifndef ARQ_ENV_ID_H
#define ARQ_ENV_ID_H

#include "arq/env.h"
#include "core/context.h"

/* Most bytes of an id, and of a path, with the final 0. */
#define ARQ_ID_SIZE 4096

typedef struct arq_env_id {
    char path[ARQ_ID_SIZE]; /* of the plugin, made explicit ("./game.so"), or "" */
    char name[ARQ_ID_SIZE]; /* "collection/name"; "" with a path: the only one there; or "name" alone */
    const char *options;    /* points into the text that was parsed */
    size_t options_length;
} arq_env_id;

/* Takes an id apart. ARQ_E_ARGUMENT when it is empty or too long. */
arq_status arq_env_id_parse(const arq_context *context, const char *text, arq_env_id *id);

/* The values of a validated type's options: the defaults, then what the text says. ARQ_E_ARGUMENT names the
 * option, its value and what is accepted. `values` has ARQ_MAX_OPTIONS entries. */
arq_status arq_env_options_parse(const arq_context *context, const arq_env_type *type, const char *text, size_t length,
                                 double *values);

#endif
