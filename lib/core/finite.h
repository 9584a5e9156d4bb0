/*
 * Whether a number is finite, told from its bits: needs no floating-point mode and raises no exception.
 */
#ifndef ARQ_CORE_FINITE_H
#define ARQ_CORE_FINITE_H

#include <stdint.h>
#include <string.h>

static inline int arq_is_finite(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return (bits >> 52 & 0x7ff) != 0x7ff;
}

#endif
