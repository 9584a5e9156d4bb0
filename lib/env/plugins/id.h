/*
 * Ids of environments as text: "collection/name?option=value&option=value" or "path.so?options#collection/name", and
 * behind either wrappers: "|time_limit=500|bang_bang".
 */
#ifndef ARQ_ENV_PLUGINS_ID_H
#define ARQ_ENV_PLUGINS_ID_H

#include "arq/env.h"
#include "core/context.h"

/* Most bytes of an id, and of a path, with the final 0. */
#define ARQ_ID_SIZE 4096

typedef struct arq_env_id {
    char path[ARQ_ID_SIZE]; /* of the plugin, made explicit ("./game.so"), or "" */
    char name[ARQ_ID_SIZE]; /* "collection/name"; "" with a path: the only one there; or "name" alone */
    const char *options;    /* points into the text that was parsed */
    size_t options_length;
    const char *wrappers; /* the rest of the text, from its first "|" on, or "" */
} arq_env_id;

/* Takes an id apart. ARQ_E_ARGUMENT when it is empty or too long. */
arq_status arq_env_id_parse(const arq_context *context, const char *text, arq_env_id *id);

#endif
