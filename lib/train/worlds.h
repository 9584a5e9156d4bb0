/*
 * What a run or an evaluation plays in: one environment or a batch, through the same calls. Lent by the caller.
 */
#ifndef ARQ_TRAIN_WORLDS_H
#define ARQ_TRAIN_WORLDS_H

#include "arq/environment.h"
#include "core/arena.h"

typedef struct arq_worlds {
    arq_context *context;
    arq_env *env;         /* or NULL */
    arq_env_batch *batch; /* or NULL */
    const arq_env_spec *spec;
    uint32_t count; /* N */
    size_t observation_bytes;
    uint8_t *observations; /* [N] the newest */
    int32_t *actions;      /* [N] */
    double *rewards;       /* [N] */
    int32_t *terminated;   /* [N] */
    int32_t *truncated;    /* [N] */
    uint64_t *seeds;       /* [N] of the first reset */
    uint8_t *fresh;        /* [N] was never reset */
    uint8_t *share;        /* [N] work space: the part of a mask that one call takes */
    arq_arena arena;
} arq_worlds;

/* One of env and batch is NULL. ARQ_E_UNSUPPORTED for box actions: `call` begins the text. */
arq_status arq_worlds_create(arq_context *context, arq_env *env, arq_env_batch *batch, uint64_t seed, const char *call,
                             arq_worlds *worlds);
void arq_worlds_destroy(arq_worlds *worlds);

/* Begins an episode in each instance of the mask: the first of instance i with seed + i. Where one fails its entry of
 * the mask is cleared, and its status returned. */
arq_status arq_worlds_reset(arq_worlds *worlds, uint8_t *mask);

/* One step of each instance of the mask. Where one fails its entry of the mask is cleared, and its status returned. */
arq_status arq_worlds_step(arq_worlds *worlds, uint8_t *mask);

static inline const void *arq_worlds_observation(const arq_worlds *worlds, uint32_t instance)
{
    return worlds->observations + instance * worlds->observation_bytes;
}

#endif
