/*
 * The environment handle from inside, for the files of this folder.
 */
#ifndef ARQ_ENV_HANDLE_H
#define ARQ_ENV_HANDLE_H

#include "arq/environment.h"
#include "core/context.h"

/* Where an instance stands. Saved states contain these numbers. */
typedef enum arq_env_phase {
    ARQ_PHASE_FRESH = 0,   /* never reset */
    ARQ_PHASE_RUNNING = 1, /* inside an episode */
    ARQ_PHASE_ENDED = 2,   /* terminated or truncated */
    ARQ_PHASE_FAILED = 3   /* its last step or reset failed: only a reset helps */
} arq_env_phase;

struct arq_env {
    arq_context *context;
    void *self;
    arq_env_methods methods;
    arq_env_spec spec;
    const char *name; /* begins error texts */
    size_t observation_bytes;
    uintptr_t alignment_mask; /* bits an observation's address must not have */
    double reward_low, reward_high;
    uint64_t episode, step;         /* for error texts; not kept up to date inside a batch */
    uint8_t *phase;                 /* own_phase, or the batch's entry */
    const atomic_uchar *batch_busy; /* of the batch that this instance belongs to; NULL: it stands alone */
    uint8_t own_phase;
    uint8_t spare_bits;    /* of an observation's last byte; must be 0 */
    uint8_t checks_values; /* observations may be wrong in other ways than by spare bits */
    uint8_t has_bounds;    /* the spec declares bounds that they must keep */
    uint8_t wrapper;       /* its methods call another handle, which checks results and sets the texts */
    uint8_t owned;         /* by a wrapper or a batch: only they may destroy it */
    atomic_uchar busy;     /* a method is running */
};

/* A handle from methods. `name` must outlive it; `wrapper` as in arq_env. */
arq_status arq_env_make(arq_context *context, const arq_env_methods *methods, void *self, const char *name,
                        uint8_t wrapper, arq_env **out);

/* Destroys a handle even if it is owned by another: for its owner. */
void arq_env_release(arq_env *env);

/* ARQ_E_ARGUMENT for NULL, ARQ_E_BUSY while a method of the instance is running. */
arq_status arq_env_check_idle(const arq_env *env, const char *call);

/* ARQ_E_ARGUMENT for an observation buffer that is NULL or not aligned for its kind. */
arq_status arq_env_check_buffer(const arq_env *env, const char *call, const void *observation);

/* A running method is marked, so that a call from inside it is refused. The mark only meets calls of the same
 * thread: relaxed order is enough. */
static inline void arq_env_enter(arq_env *env)
{
    atomic_store_explicit(&env->busy, 1, memory_order_relaxed);
}

static inline void arq_env_leave(arq_env *env)
{
    atomic_store_explicit(&env->busy, 0, memory_order_relaxed);
}

static inline int arq_env_is_busy(const arq_env *env)
{
    return atomic_load_explicit(&env->busy, memory_order_relaxed) != 0 ||
           (env->batch_busy != NULL && atomic_load_explicit(env->batch_busy, memory_order_relaxed) != 0);
}

#endif
