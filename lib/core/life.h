/*
 * How long a handle lives that its owner may destroy inside a callback. Calls that may run callbacks hold it; one that
 * is destroyed meanwhile is freed when the last of them lets go.
 */
#ifndef ARQ_CORE_LIFE_H
#define ARQ_CORE_LIFE_H

#include <stdatomic.h>

/* Zero at first. Bit 0: it was destroyed; twice the number of calls that hold it. */
typedef struct arq_life {
    atomic_uint state;
} arq_life;

static inline void arq_life_hold(arq_life *life)
{
    atomic_fetch_add(&life->state, 2);
}

/* 1 if the caller has to free the handle. */
static inline int arq_life_let_go(arq_life *life)
{
    return atomic_fetch_sub(&life->state, 2) == 3;
}

/* Destroys it; 1 if the caller has to free the handle. */
static inline int arq_life_end(arq_life *life)
{
    return atomic_fetch_or(&life->state, 1) == 0;
}

/* Whether it was destroyed, for a call that holds it and should return soon. */
static inline int arq_life_has_ended(arq_life *life)
{
    return (atomic_load(&life->state) & 1) != 0;
}

#endif
