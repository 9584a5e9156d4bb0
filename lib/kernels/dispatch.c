/* Which tiers this build holds, which of them this machine can run, and the table of each. */
#include "kernels/kernels.h"
#include "kernels/list.h"
#include "kernels/tiers.h"

#include <stdatomic.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#define TABLE_ENTRY(op, isa) .op = arq_k_##op##_##isa,

static const arq_kernels table_generic = {.name = "generic", ARQ_KERNEL_LIST(TABLE_ENTRY, c)};
#if ARQ_BUILT_NEON
static const arq_kernels table_neon = {.name = "neon", ARQ_KERNEL_LIST(TABLE_ENTRY, neon)};
#endif
#if ARQ_BUILT_AVX2
static const arq_kernels table_avx2 = {.name = "avx2", ARQ_KERNEL_LIST(TABLE_ENTRY, avx2)};
#endif
#if ARQ_BUILT_AVX512
static const arq_kernels table_avx512 = {.name = "avx512", ARQ_KERNEL_LIST(TABLE_ENTRY, avx512)};
#endif

/* NULL where the tier is not built. */
static const arq_kernels *const tables[ARQ_TIER_COUNT] = {
    [ARQ_TIER_GENERIC] = &table_generic,
#if ARQ_BUILT_NEON
    [ARQ_TIER_NEON] = &table_neon,
#endif
#if ARQ_BUILT_AVX2
    [ARQ_TIER_AVX2] = &table_avx2,
#endif
#if ARQ_BUILT_AVX512
    [ARQ_TIER_AVX512] = &table_avx512,
#endif
};

#if defined(__x86_64__)

/* The register state that the operating system saves and restores; 0 where it cannot be asked. */
static uint32_t saved_register_state(void)
{
    uint32_t eax, ebx, ecx, edx, low, high;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE))
        return 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static uint32_t tiers_of_cpu(void)
{
    const uint32_t ymm = 0x06, zmm = 0xe6; /* XCR0: SSE and AVX; besides, opmask and both ZMM halves */
    const uint32_t avx2 = bit_AVX2 | bit_BMI;
    const uint32_t avx512 = bit_AVX512F | bit_AVX512BW | bit_AVX512DQ | bit_AVX512VL;
    uint32_t state = saved_register_state();
    uint32_t eax, ebx, ecx, edx, tiers = 0;
    if ((state & ymm) != ymm)
        return 0;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_AVX) || !(ecx & bit_FMA))
        return 0;
    if (!__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx))
        return 0;
    if ((ebx & avx2) == avx2)
        tiers |= 1u << ARQ_TIER_AVX2;
    if ((ebx & avx2) == avx2 && (ebx & avx512) == avx512 && (state & zmm) == zmm)
        tiers |= 1u << ARQ_TIER_AVX512;
    return tiers;
}

#elif defined(__aarch64__)

static uint32_t tiers_of_cpu(void)
{
#if defined(__linux__)
    if (!(getauxval(AT_HWCAP) & HWCAP_ASIMD))
        return 0;
#endif
    return 1u << ARQ_TIER_NEON;
}

#else

static uint32_t tiers_of_cpu(void)
{
    return 0;
}

#endif

/* The processor is asked once: in a virtual machine CPUID takes microseconds. Threads that ask at once all find the
 * same. */
uint32_t arq_kernels_supported(void)
{
    static _Atomic uint32_t known; /* 0: not asked yet; the generic tier's bit is always set */
    uint32_t tiers = atomic_load_explicit(&known, memory_order_relaxed);
    if (tiers == 0) {
        tiers = tiers_of_cpu() | 1u << ARQ_TIER_GENERIC;
        atomic_store_explicit(&known, tiers, memory_order_relaxed);
    }
    return tiers;
}

const arq_kernels *arq_kernels_select(uint32_t allowed)
{
    uint32_t usable = allowed & arq_kernels_supported();
    for (int tier = ARQ_TIER_COUNT - 1; tier > ARQ_TIER_GENERIC; tier--) {
        if ((usable >> tier & 1u) && tables[tier])
            return tables[tier];
    }
    return tables[ARQ_TIER_GENERIC];
}

const arq_kernels *arq_kernels_of(arq_tier tier)
{
    if ((unsigned)tier >= ARQ_TIER_COUNT || !(arq_kernels_supported() >> tier & 1u))
        return NULL;
    return tables[tier];
}
