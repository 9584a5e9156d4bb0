#include "bench/peak.h"

#include "bench/measure.h"

#include <string.h>

#define STEPS 4096

typedef struct peak {
    double (*multiply_add)(size_t steps, float *sums);
    double count; /* multiply-adds of one call */
} peak;

#define OF_TIER(tier, needs) [ARQ_TIER_##tier] = bench_multiply_add_##tier,
static double (*const of_tier[ARQ_TIER_COUNT])(size_t steps, float *sums) = {[ARQ_TIER_GENERIC] = NULL,
                                                                             ARQ_BUILT_TIER_LIST(OF_TIER)};

static void run_peak(void *data)
{
    float sums[BENCH_PEAK_SUMS];
    peak *p = data;
    p->count = p->multiply_add(STEPS, sums);
}

double bench_fma_peak(const bench_plan *plan, const char *tier)
{
    peak p = {NULL, 0};
    for (uint32_t i = 0; i < ARQ_TIER_COUNT; i++) {
        if (strcmp(arq_kernels_name(i), tier) == 0) {
            p.multiply_add = of_tier[i];
        }
    }
    if (p.multiply_add == NULL) {
        return 0;
    }
    double seconds = bench_time(plan, run_peak, &p);
    return p.count / seconds;
}
