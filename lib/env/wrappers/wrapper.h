/*
 * Wrappers: environments that own another environment and call it. The inner handle checks what the author's methods
 * give and sets the error texts; the outer one checks again only that calls come in order (reset before step).
 *
 * A wrapper is a table of methods: its own, and for all it does not change those declared below. `self` is a struct
 * that begins with an arq_wrapper.
 */
#ifndef ARQ_ENV_WRAPPERS_WRAPPER_H
#define ARQ_ENV_WRAPPERS_WRAPPER_H

#include "arq/environment.h"

/* What every wrapper's own struct begins with. */
typedef struct arq_wrapper {
    arq_context *context;
    arq_env *inner;
    size_t bytes; /* of the whole struct */
} arq_wrapper;

/* A zeroed struct of `bytes` for a wrapper around `env`, to be filled in and handed to arq_wrapper_finish. */
arq_status arq_wrapper_begin(arq_env *env, size_t bytes, arq_wrapper **out);

/* Makes the handle, which owns the wrapper and the inner environment from success on; on failure the wrapper is freed.
 * Of the optional methods it gets those that its inner environment has. */
arq_status arq_wrapper_finish(arq_wrapper *outer, const arq_env_methods *methods, arq_env **out);

/* Takes a wrapper's handle off again, and frees both; the inner environment, which it returns, is nobody's then. */
arq_env *arq_wrapper_undo(arq_env *env);

/* Methods that only call the inner environment. */
arq_status arq_wrapper_spec(void *self, arq_env_spec *spec);
arq_status arq_wrapper_reset(void *self, const uint64_t *seed, void *observation);
void arq_wrapper_destroy(void *self);
arq_status arq_wrapper_save(void *self, void *buffer, size_t capacity, size_t *size);
arq_status arq_wrapper_load(void *self, const void *buffer, size_t size);
arq_status arq_wrapper_render(void *self, uint32_t cell_size, uint8_t *rgb, size_t capacity, uint32_t *width,
                              uint32_t *height);
const char *arq_wrapper_action_name(void *self, uint32_t action);
const char *arq_wrapper_observation_name(void *self, uint32_t index);

#endif
