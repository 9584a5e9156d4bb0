#include "wide.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { UNKNOWN, NO, YES };

static int find_out(void)
{
    const char *wanted = getenv("ARQ_CPU");

    if (wanted && strcmp(wanted, "generic") == 0) {
        return NO;
    }
#if defined(__GNUC__) && defined(__x86_64__)
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") ? YES : NO;
#else
    return NO;
#endif
}

bool has_wide_vectors(void)
{
    static atomic_int known = UNKNOWN;

    if (atomic_load_explicit(&known, memory_order_relaxed) == UNKNOWN) {
        atomic_store_explicit(&known, find_out(), memory_order_relaxed);
    }
    return atomic_load_explicit(&known, memory_order_relaxed) == YES;
}
