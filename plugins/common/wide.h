/* Functions that are compiled a second time, for processors with wider vectors than all have. */
#ifndef ARQ_PLUGINS_WIDE_H
#define ARQ_PLUGINS_WIDE_H

#include <stdbool.h>

/* Marks such a function, which is only called where has_wide_vectors says so. */
#if defined(__GNUC__) && defined(__x86_64__)
#define WIDE __attribute__((target("avx2,bmi,bmi2")))
#else
#define WIDE
#endif

/* Whether the processor has them, and ARQ_CPU does not ask for generic code. Any thread. */
bool has_wide_vectors(void);

/* Marks what is compiled into both. */
#if defined(__GNUC__)
#define ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define ALWAYS_INLINE inline
#endif

#endif
