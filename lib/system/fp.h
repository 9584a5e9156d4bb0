/*
 * The floating-point mode of a thread. Kernels need round to nearest with denormals kept; the host
 * may have set something else. Every computing entry point and every executor task brackets itself.
 */
#ifndef ARQ_SYSTEM_FP_H
#define ARQ_SYSTEM_FP_H

#include <fenv.h>
#include <stdint.h>

#if defined(__x86_64__)
#include <xmmintrin.h>
/* Returns the host's mode and sets ours: nearest, no FTZ, no DAZ, all exceptions masked. */
static inline uint64_t arq_fp_enter(void)
{
    uint32_t host = _mm_getcsr();
    _mm_setcsr(0x1f80u);
    return host;
}
static inline void arq_fp_leave(uint64_t host)
{
    _mm_setcsr((uint32_t)host);
}
#elif defined(__aarch64__)
static inline uint64_t arq_fp_enter(void)
{
    uint64_t host;
    __asm__ volatile("mrs %0, fpcr" : "=r"(host));
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)0));
    return host;
}
static inline void arq_fp_leave(uint64_t host)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(host));
}
#else
static inline uint64_t arq_fp_enter(void)
{
    int host = fegetround();
    fesetround(FE_TONEAREST);
    return (uint64_t)host;
}
static inline void arq_fp_leave(uint64_t host)
{
    fesetround((int)host);
}
#endif

/*
 * The same around the C library's conversions between text and numbers, snprintf and strtod. On x86-64 they round as
 * the x87 unit is set, which no arithmetic of ours looks at.
 */
typedef struct arq_fp_host {
    uint64_t mode;
    int rounding;
} arq_fp_host;

static inline arq_fp_host arq_fp_enter_text(void)
{
    arq_fp_host host = {.mode = arq_fp_enter(), .rounding = fegetround()};
    fesetround(FE_TONEAREST);
    return host;
}

static inline void arq_fp_leave_text(arq_fp_host host)
{
    fesetround(host.rounding);
    arq_fp_leave(host.mode); /* last: rounding may have been set in both units */
}

/* Float by the library's rounding, whatever the host's. The volatiles keep the conversion between enter and leave. */
static inline float arq_fp_to_float(double value)
{
    volatile double input = value;
    uint64_t host = arq_fp_enter();
    volatile float result = (float)input;
    arq_fp_leave(host);
    return result;
}

#endif
