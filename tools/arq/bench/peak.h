/* The processor's peak, measured with the vectors of each instruction set. */
#ifndef ARQ_TOOL_BENCH_PEAK_H
#define ARQ_TOOL_BENCH_PEAK_H

#include "kernels/tiers.h"

#include <stddef.h>

/* Floats at `sums`: those of the widest vector. */
#define BENCH_PEAK_SUMS 16

/* bench_multiply_add_<tier>: chains of `steps` multiply-adds side by side; returns how many floats were added. */
#define BENCH_PEAK_DECLARE(tier) double bench_multiply_add_##tier(size_t steps, float *sums);
ARQ_TIER_LIST(BENCH_PEAK_DECLARE)

#endif
