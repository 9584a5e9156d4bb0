/* What the processor can compute with. */
#ifndef ARQ_SYSTEM_PROCESSOR_H
#define ARQ_SYSTEM_PROCESSOR_H

#include <stdint.h>

/* A bit for each extension that instruction sets of lib/kernels ask for. */
enum {
    ARQ_PROCESSOR_ASIMD = 1 << 0,
    ARQ_PROCESSOR_FMA = 1 << 1,
    ARQ_PROCESSOR_BMI = 1 << 2,
    ARQ_PROCESSOR_AVX2 = 1 << 3,
    ARQ_PROCESSOR_AVX512F = 1 << 4,
    ARQ_PROCESSOR_AVX512BW = 1 << 5,
    ARQ_PROCESSOR_AVX512DQ = 1 << 6,
    ARQ_PROCESSOR_AVX512VL = 1 << 7,
};

/* The extensions that this processor has and whose registers the operating system saves. It asks the processor anew
 * each time, which takes microseconds in a virtual machine. */
uint32_t arq_processor_extensions(void);

#endif
