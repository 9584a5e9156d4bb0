#include "bench_measure.h"

#include "message.h"
#include "session.h"

#include <stdlib.h>
#include <string.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define MAX_REPEATS 100
#define LARGE_PAGE ((size_t)2 << 20)

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_time(const bench_plan *plan, void (*call)(void *data), void *data)
{
    double times[MAX_REPEATS];
    uint64_t calls = 1;
    call(data); /* warms up */
    for (;;) {
        double begin = session_seconds();
        for (uint64_t i = 0; i < calls; i++) {
            call(data);
        }
        if (session_seconds() - begin >= plan->seconds || calls > (1u << 30)) {
            break;
        }
        calls *= 2;
    }
    for (uint64_t r = 0; r < plan->repeats; r++) {
        double begin = session_seconds();
        for (uint64_t i = 0; i < calls; i++) {
            call(data);
        }
        times[r] = (session_seconds() - begin) / (double)calls;
    }
    qsort(times, plan->repeats, sizeof(*times), compare);
    return times[plan->repeats / 2];
}

float *bench_floats(size_t count)
{
    size_t bytes = count * sizeof(float);
    size_t align = bytes >= 2 * LARGE_PAGE ? LARGE_PAGE : 64; /* large pages, as the library has them */
    float *values = aligned_alloc(align, (bytes + align - 1) / align * align);
    uint32_t state = 1;
    if (values == NULL) {
        exit(message_fail("no memory for %zu floats", count));
    }
#if defined(MADV_HUGEPAGE)
    if (align == LARGE_PAGE) {
        madvise(values, bytes / LARGE_PAGE * LARGE_PAGE, MADV_HUGEPAGE);
    }
#endif
    for (size_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        values[i] = (float)(int32_t)state * 0x1p-31f;
    }
    return values;
}

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

#define READ_FLOATS ((size_t)64 << 20)

typedef struct reading {
    const arq_kernels *kernels;
    float *values;
    double sum;
} reading;

static void read_all(void *data)
{
    reading *r = data;
    r->sum += r->kernels->sum_of_squares(READ_FLOATS, r->values);
}

double bench_read_bandwidth(const bench_plan *plan)
{
    reading r = {.kernels = bench_kernels_of(plan), .values = bench_floats(READ_FLOATS)};
    double seconds = bench_time(plan, read_all, &r);
    free(r.values);
    return (double)READ_FLOATS * sizeof(float) / seconds;
}

const arq_kernels *bench_kernels_of(const bench_plan *plan)
{
    if (plan->cpu == NULL) {
        return arq_kernels_select(UINT32_MAX);
    }
    for (int tier = 0; tier < ARQ_TIER_COUNT; tier++) {
        const arq_kernels *kernels = arq_kernels_of((arq_tier)tier);
        if (kernels != NULL && strcmp(kernels->name, plan->cpu) == 0) {
            return kernels;
        }
    }
    message_fail("no kernels for '%s' on this processor", plan->cpu);
    return NULL;
}
