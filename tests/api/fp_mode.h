/* Floating-point modes that a host may have set: rounding, and denormal numbers taken as zero. */
#ifndef TESTS_API_FP_MODE_H
#define TESTS_API_FP_MODE_H

#include <stdint.h>

struct fp_mode {
    int rounding;        /* of fesetround() */
    int flushes_to_zero; /* denormal numbers are zero, read and written */
};

/* Sets the calling thread's mode. */
void fp_mode_set(struct fp_mode mode);

/* Its control bits, to be compared; the flags of past exceptions are not among them. */
uint64_t fp_mode_bits(void);

#endif
