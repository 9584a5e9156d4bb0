/*
 * arq_env_check from inside. A check records once what a script of moves gives, then plays the same script again and
 * again, each time with one thing changed (a used instance, a second one beside it, a save at every step ...) that must
 * not change what comes out.
 */
#ifndef ARQ_ENV_CHECK_REPORT_H
#define ARQ_ENV_CHECK_REPORT_H

#include "arq/environment.h"
#include "core/context.h"

/* Moves of the script. A move is a step, or a reset: after an episode's end always, otherwise now and then. */
#define ARQ_CHECK_MOVES 400

/* Instances that are stepped as a batch. */
#define ARQ_CHECK_BATCH 5u

/* Bytes around every buffer a method gets; they must stay as they are. */
#define ARQ_CHECK_GUARD 64

/* Each promise is reported once. */
typedef enum arq_promise {
    ARQ_PROMISE_TABLE,
    ARQ_PROMISE_CREATE,
    ARQ_PROMISE_SPEC,
    ARQ_PROMISE_SPEC_BOUNDS,
    ARQ_PROMISE_SPEC_SAME,
    ARQ_PROMISE_METHOD_FAILS,
    ARQ_PROMISE_STATUS_SIGN,
    ARQ_PROMISE_OBSERVATION_WRITTEN,
    ARQ_PROMISE_OBSERVATION_VALUE,
    ARQ_PROMISE_REWARD_WRITTEN,
    ARQ_PROMISE_REWARD_FINITE,
    ARQ_PROMISE_REWARD_RANGE,
    ARQ_PROMISE_FLAG_WRITTEN,
    ARQ_PROMISE_FLAG_VALUE,
    ARQ_PROMISE_TIME_LIMIT,
    ARQ_PROMISE_NEVER_TRUNCATES,
    ARQ_PROMISE_GUARD,
    ARQ_PROMISE_POINTER_KEPT,
    ARQ_PROMISE_SEED_SAME_INSTANCE,
    ARQ_PROMISE_SEED_OTHER_INSTANCE,
    ARQ_PROMISE_INSTANCES_APART,
    ARQ_PROMISE_SAVE_SIZE,
    ARQ_PROMISE_SAVE_GUARD,
    ARQ_PROMISE_SAVE_WRITTEN,
    ARQ_PROMISE_SAVE_SAME,
    ARQ_PROMISE_SAVE_HARMLESS,
    ARQ_PROMISE_LOAD_NEW,
    ARQ_PROMISE_LOAD_USED,
    ARQ_PROMISE_LOAD_SHORT,
    ARQ_PROMISE_LOAD_REFUSED,
    ARQ_PROMISE_LOAD_BROKEN,
    ARQ_PROMISE_RENDER_SIZE,
    ARQ_PROMISE_RENDER_GUARD,
    ARQ_PROMISE_RENDER_WRITTEN,
    ARQ_PROMISE_RENDER_SAME,
    ARQ_PROMISE_RENDER_HARMLESS,
    ARQ_PROMISE_NAMES,
    ARQ_PROMISE_BATCH,
    ARQ_PROMISE_BATCH_GUARD,
    ARQ_PROMISE_AFTER_END
} arq_promise;

typedef struct arq_check {
    arq_context *context;
    const arq_env_type *type;
    arq_env_methods methods;
    const double *options;
    uint64_t seed;
    void (*report)(void *user, const char *line);
    void *user;
    uint32_t broken;
    uint64_t said;     /* bits of the promises that were reported */
    arq_status status; /* ARQ_E_NOMEM once memory ran out */
    int stop;          /* a method has failed: going on would find nothing more */
    arq_env_spec spec;
    size_t observation_bytes;
    unsigned char *slots; /* what methods write into and read from, see play.c */
    size_t slot_bytes, slots_bytes;
    uint32_t slot;                   /* the one in use */
    uint8_t poison;                  /* what all other bytes there hold */
    uint64_t trace[ARQ_CHECK_MOVES]; /* digest of what each move of the script gave */
    uint8_t ended_after[ARQ_CHECK_MOVES];
} arq_check;

/* Reports a broken promise, once. */
#if defined(__GNUC__)
__attribute__((format(printf, 3, 4)))
#endif
void arq_check_report(arq_check *check, arq_promise promise, const char *format, ...);

/* As above, with the context's last error as the text. */
void arq_check_report_error(arq_check *check, arq_promise promise, const char *prefix);

/* Reports a positive status: failures are negative. */
void arq_check_status_sign(arq_check *check, const char *method, arq_status status);

/* A buffer of `bytes` between guards, filled; NULL sets check->status. Guarded buffers are freed with the same size. */
unsigned char *arq_guarded_alloc(arq_check *check, size_t bytes, uint8_t fill);
void arq_guarded_free(arq_check *check, unsigned char *buffer, size_t bytes);
/* Whether both guards still hold. */
int arq_guarded_intact(const unsigned char *buffer, size_t bytes);

#endif
