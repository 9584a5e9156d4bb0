/*
 * The environment handle from inside, for the files of this folder.
 */
#ifndef ARQ_ENV_HANDLE_H
#define ARQ_ENV_HANDLE_H

#include "arq/environment.h"
#include "core/context.h"
#include "env/observation.h"

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
    uint64_t episode, step; /* for error texts; not kept up to date inside a batch */
    uint8_t *phase;         /* own_phase, or the batch's entry */
    arq_env_batch *batch;   /* that this instance belongs to, or NULL */
    uint8_t own_phase;
    uint8_t spare_bits;    /* of an observation's last byte; must be 0 */
    uint8_t checks_values; /* an observation can break more promises than that one */
    uint8_t has_bounds;    /* one of them is the declared bounds */
    uint8_t wrapper;       /* methods go to another handle, which has checked and set the texts */
    uint8_t owned;         /* by a wrapper or a batch: only they may destroy it */
    atomic_uchar busy;     /* a method is running */
};

/* A handle from methods. `name` is kept. See arq_env.wrapper. */
arq_status arq_env_make(arq_context *context, const arq_env_methods *methods, void *self, const char *name,
                        uint8_t wrapper, arq_env **out);

/* Ends a handle whoever owns it. */
void arq_env_release(arq_env *env);

/* ARQ_E_BUSY while a method of the instance is running. */
arq_status arq_env_check_idle(const arq_env *env, const char *call);

/* Whether a call of the batch is running. */
int arq_env_batch_is_busy(const arq_env_batch *batch);

/* ARQ_E_ARGUMENT for an observation buffer that is NULL or not aligned for its kind. */
arq_status arq_env_check_buffer(const arq_env *env, const char *call, const void *observation);

/* Runs reset and checks what it wrote. The arguments have been checked. */
arq_status arq_env_run_reset(arq_env *env, const uint64_t *seed, void *observation);

/* ARQ_E_ENV with the text for what arq_env_may_observe or arq_env_may_give does not allow. */
arq_status arq_env_refuse_observation(const arq_env *env, const void *observation);
arq_status arq_env_refuse_result(const arq_env *env, const void *observation, double reward, int32_t terminated,
                                 int32_t truncated);

/* The status of a failed method for the program. */
arq_status arq_env_method_failed(const arq_env *env, const char *method, arq_status status);

/* Finite, told from the bits: needs no floating-point mode and raises no exception. */
static inline int arq_is_finite(double value)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &value, sizeof(bits));
    return (bits >> 52 & 0x7ff) != 0x7ff;
}

/* Whether an observation keeps what the spec says. */
static inline int arq_env_may_observe(const arq_env *env, const void *observation)
{
    const uint8_t *bytes = observation;
    const arq_env_spec *spec = &env->spec;
    if (!env->checks_values) {
        return (bytes[env->observation_bytes - 1] & env->spare_bits) == 0;
    }
    return arq_observation_is_allowed(spec->observation_kind, spec->observation_size, observation) &&
           (!env->has_bounds || arq_observation_first_outside(spec, observation) == spec->observation_size);
}

/* Whether a step may give this. */
static inline int arq_env_may_give(const arq_env *env, const void *observation, double reward, int32_t terminated,
                                   int32_t truncated)
{
    return arq_is_finite(reward) && reward >= env->reward_low && reward <= env->reward_high &&
           ((uint32_t)terminated | (uint32_t)truncated) <= 1 && arq_env_may_observe(env, observation);
}

#endif
