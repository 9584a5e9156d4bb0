/*
 * A batch from inside. The phases of all instances lie in one array here, so that a step_batch is served without
 * touching the handles.
 */
#ifndef ARQ_ENV_BATCH_H
#define ARQ_ENV_BATCH_H

#include "env/handle.h"

/* The failure of the lowest instance that failed; kept here because error texts belong to the thread that set them. */
typedef struct arq_batch_failure {
    atomic_flag taken; /* held by a thread while it reads or writes the rest */
    uint32_t index;    /* the batch's count: nothing went wrong */
    arq_status status;
    char text[380];
} arq_batch_failure;

struct arq_env_batch {
    arq_context *context;
    uint32_t count;
    uint32_t block;       /* instances of one task */
    arq_env **instances;  /* [count] */
    void **selves;        /* [count] */
    uint8_t *phases;      /* [count] */
    uint8_t *chosen;      /* [count] 1: takes part in the call that is running */
    arq_status *statuses; /* [count] of the last call */
    uint8_t together;     /* all have the same step_batch */
    uint8_t alike;        /* all promise the same of rewards and observations */
    atomic_uchar busy;    /* a call is running */
    arq_batch_failure failure;
    /* The call that is running. */
    uint64_t host_fp;
    const uint64_t *seeds;
    const int32_t *actions;
    const double *box_actions; /* [count, action_count] */
    unsigned char *observations;
    double *rewards;
    int32_t *terminated, *truncated;
};

#endif
