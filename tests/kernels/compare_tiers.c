/* Every kernel of every tier that runs here against the reference, without a test library: for cross builds. With an
 * argument, those whose names have it. */
#include "cases.h"

#include <stdio.h>
#include <string.h>

#define SKIPPED 77 /* what Meson takes as that */

int main(int count, char **arguments)
{
    const arq_kernels *reference = arq_kernels_of(ARQ_TIER_GENERIC);
    size_t passed = 0, failed = 0;
    int tiers = 0;
    workshop w;
    if (!workshop_open(&w, kernel_test_seed())) {
        fprintf(stderr, "cannot map the guarded buffers\n");
        return 1;
    }
    for (int t = ARQ_TIER_GENERIC + 1; t < ARQ_TIER_COUNT; t++) {
        const arq_kernels *tier = arq_kernels_of((arq_tier)t);
        tiers += tier != NULL;
        for (size_t i = 0; tier && i < kernel_case_count; i++) {
            if (count > 1 && strstr(kernel_cases[i].name, arguments[1]) == NULL) {
                continue;
            }
            if (kernel_case_run(&kernel_cases[i], &w, reference, tier)) {
                passed++;
            } else {
                failed++;
                printf("%s, seed %llu: %s\n", tier->name, (unsigned long long)kernel_test_seed(), w.failure);
            }
        }
    }
    workshop_close(&w);
    if (tiers == 0) {
        printf("skipped: no instruction set of the list runs here\n");
        return SKIPPED;
    }
    printf("%zu passed, %zu failed\n", passed, failed);
    return failed || !passed;
}
