#include "fp_mode.h"

#include <fenv.h>

#if defined(__x86_64__)
#include <xmmintrin.h>

#define FLUSH_BITS 0x8040u /* flush to zero, denormals are zero */
#define FLAG_BITS 0x3fu

static void set_flushing(int on)
{
    _mm_setcsr(on ? _mm_getcsr() | FLUSH_BITS : _mm_getcsr() & ~FLUSH_BITS);
}

uint64_t fp_mode_bits(void)
{
    uint16_t x87;

    __asm__ volatile("fnstcw %0" : "=m"(x87));
    return (uint64_t)x87 << 32 | (_mm_getcsr() & ~FLAG_BITS);
}

#elif defined(__aarch64__)
#define FLUSH_BIT ((uint64_t)1 << 24)

uint64_t fp_mode_bits(void)
{
    uint64_t control;

    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    return control;
}

static void set_flushing(int on)
{
    uint64_t control = on ? fp_mode_bits() | FLUSH_BIT : fp_mode_bits() & ~FLUSH_BIT;

    __asm__ volatile("msr fpcr, %0" : : "r"(control));
}

#else
static void set_flushing(int on)
{
    (void)on;
}

uint64_t fp_mode_bits(void)
{
    return (uint64_t)fegetround();
}
#endif

void fp_mode_set(struct fp_mode mode)
{
    fesetround(mode.rounding);
    set_flushing(mode.flushes_to_zero);
}
