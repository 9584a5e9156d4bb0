/* The most multiply-adds that an instruction set can do; compiled for each, like the templates of lib/kernels/vector.
 */
#include "bench/peak.h"

#include "kernels/vector/vector.h"

/* Enough chains to hide how long a multiply-add takes, few enough to stay in registers. */
#define CHAINS 12

double JOIN_NAMES(bench_multiply_add_, ARQ_TIER)(size_t steps, float *sums)
{
    vec sum[CHAINS], half = vec_set(0.5f);
    FOR_EACH (c, CHAINS) {
        sum[c] = vec_set((float)c); /* each chain another value, or compilers would make them one */
    }
    for (size_t i = 0; i < steps; i++) {
        FOR_EACH (c, CHAINS) {
            sum[c] = vec_fma(sum[c], half, half);
        }
    }
    for (size_t c = 1; c < CHAINS; c++) {
        sum[0] = vec_add(sum[0], sum[c]);
    }
    vec_store(sums, sum[0]);
    return (double)(steps * CHAINS * VEC_WIDTH);
}
