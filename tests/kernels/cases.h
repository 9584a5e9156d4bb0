/* One check for each kernel of lib/kernels/list.h: a tier against the reference, bit by bit. */
#ifndef ARQ_TESTS_KERNELS_CASES_H
#define ARQ_TESTS_KERNELS_CASES_H

#include "guarded.h"
#include "kernels/kernels.h"

typedef struct kernel_case {
    const char *name;
    void (*check)(workshop *w, const arq_kernels *reference, const arq_kernels *tier, size_t size);
} kernel_case;

extern const kernel_case kernel_cases[];
extern const size_t kernel_case_count;

/* Runs one case over all sizes, fills and placements; true if nothing differed, else `w->failure` says what did. */
bool kernel_case_run(const kernel_case *c, workshop *w, const arq_kernels *reference, const arq_kernels *tier);

/* The seed of this run: ARQ_TEST_SEED, or 1. */
uint64_t kernel_test_seed(void);

#endif
