#include "system/processor.h"

#include <stddef.h>
#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

#if defined(__x86_64__)

/* Bits of the register XCR0: registers that the operating system saves and restores. Without them an extension would
 * lose its values whenever another program gets its turn. */
#define SAVES_YMM 0x06u /* SSE and AVX */
#define SAVES_ZMM 0xe6u /* besides, mask registers and both parts of ZMM */

/* Where CPUID tells of an extension: all of these are in register EBX or ECX. */
typedef struct extension {
    uint32_t bit;
    unsigned leaf;
    enum { EBX, ECX } in;
    uint32_t mask;
    uint32_t saved;
} extension;

static const extension known[] = {
    {ARQ_PROCESSOR_FMA, 1, ECX, bit_FMA, SAVES_YMM},
    {ARQ_PROCESSOR_BMI, 7, EBX, bit_BMI, SAVES_YMM},
    {ARQ_PROCESSOR_AVX2, 7, EBX, bit_AVX2, SAVES_YMM},
    {ARQ_PROCESSOR_AVX512F, 7, EBX, bit_AVX512F, SAVES_ZMM},
    {ARQ_PROCESSOR_AVX512BW, 7, EBX, bit_AVX512BW, SAVES_ZMM},
    {ARQ_PROCESSOR_AVX512DQ, 7, EBX, bit_AVX512DQ, SAVES_ZMM},
    {ARQ_PROCESSOR_AVX512VL, 7, EBX, bit_AVX512VL, SAVES_ZMM},
};

/* XCR0; 0 where it cannot be asked or there is no AVX. */
static uint32_t saved_registers(void)
{
    uint32_t eax, ebx, ecx, edx, low, high;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx) || !(ecx & bit_OSXSAVE) || !(ecx & bit_AVX)) {
        return 0;
    }
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

uint32_t arq_processor_extensions(void)
{
    uint32_t saved = saved_registers();
    uint32_t found = 0;
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        uint32_t eax, ebx, ecx, edx;
        if ((saved & known[i].saved) == known[i].saved && __get_cpuid_count(known[i].leaf, 0, &eax, &ebx, &ecx, &edx) &&
            ((known[i].in == EBX ? ebx : ecx) & known[i].mask)) {
            found |= known[i].bit;
        }
    }
    return found;
}

#elif defined(__aarch64__)

uint32_t arq_processor_extensions(void)
{
#if defined(__linux__)
    if (!(getauxval(AT_HWCAP) & HWCAP_ASIMD)) {
        return 0;
    }
#endif
    return ARQ_PROCESSOR_ASIMD;
}

#else

uint32_t arq_processor_extensions(void)
{
    return 0;
}

#endif
