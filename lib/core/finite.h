/*
 * Whether a number is finite, and is so as a float, told from its bits: needs no floating-point mode and raises no
 * exception.
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

/* The largest double that becomes a finite float, and its bits. */
#define ARQ_LARGEST_AS_FLOAT 0x1.fffffefffffffp+127
#define ARQ_LARGEST_AS_FLOAT_BITS UINT64_C(0x47efffffefffffff)

static inline int arq_is_finite_as_float(double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof(bits));
    return (bits & INT64_MAX) <= ARQ_LARGEST_AS_FLOAT_BITS;
}

/* What stands behind "must be finite" in the text about a value that is not finite as a float. */
static inline const char *arq_finite_range(double value)
{
    return arq_is_finite(value) ? " as a float, -3.40282e+38 .. 3.40282e+38" : "";
}

#endif
