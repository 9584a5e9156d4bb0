/* The most multiply-adds a second that registers alone allow. */
#include "bench/measure.h"

#include <string.h>
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define CHAINS 12
#define CHAIN_STEPS 4096

/* So that the sums are registers; clang unrolls by itself. */
#if defined(__clang__)
#define UNROLLED
#else
#define UNROLLED _Pragma("GCC unroll 16")
#endif

/* Twelve chains hide an FMA's latency; the empty asm keeps each of them alive without a store. */
#if defined(__x86_64__)
__attribute__((target("avx512f"))) static void fma_avx512(void *data)
{
    __m512 sum[CHAINS], x = _mm512_set1_ps(0.5f);
    (void)data;
    UNROLLED for (int c = 0; c < CHAINS; c++)
    {
        sum[c] = x;
    }
    for (int i = 0; i < CHAIN_STEPS; i++) {
        UNROLLED for (int c = 0; c < CHAINS; c++)
        {
            sum[c] = _mm512_fmadd_ps(sum[c], x, x);
            __asm__ volatile("" : "+v"(sum[c]));
        }
    }
}

__attribute__((target("avx2,fma"))) static void fma_avx2(void *data)
{
    __m256 sum[CHAINS], x = _mm256_set1_ps(0.5f);
    (void)data;
    UNROLLED for (int c = 0; c < CHAINS; c++)
    {
        sum[c] = x;
    }
    for (int i = 0; i < CHAIN_STEPS; i++) {
        UNROLLED for (int c = 0; c < CHAINS; c++)
        {
            sum[c] = _mm256_fmadd_ps(sum[c], x, x);
            __asm__ volatile("" : "+x"(sum[c]));
        }
    }
}
#elif defined(__aarch64__)
static void fma_neon(void *data)
{
    float32x4_t sum[CHAINS], x = vdupq_n_f32(0.5f);
    (void)data;
    UNROLLED for (int c = 0; c < CHAINS; c++)
    {
        sum[c] = x;
    }
    for (int i = 0; i < CHAIN_STEPS; i++) {
        UNROLLED for (int c = 0; c < CHAINS; c++)
        {
            sum[c] = vfmaq_f32(sum[c], x, x);
            __asm__ volatile("" : "+w"(sum[c]));
        }
    }
}
#endif

double bench_fma_peak(const bench_plan *plan, const char *tier)
{
    const double each = (double)CHAINS * CHAIN_STEPS;
#if defined(__x86_64__)
    if (strcmp(tier, "avx512") == 0) {
        return each * 16 / bench_time(plan, fma_avx512, NULL);
    }
    if (strcmp(tier, "avx2") == 0) {
        return each * 8 / bench_time(plan, fma_avx2, NULL);
    }
#elif defined(__aarch64__)
    if (strcmp(tier, "neon") == 0) {
        return each * 4 / bench_time(plan, fma_neon, NULL);
    }
#endif
    (void)plan;
    (void)tier;
    (void)each;
    return 0;
}
