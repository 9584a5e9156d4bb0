/* Each kernel of each tier that runs here against the reference; the dispatch. */
#include "cases.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const arq_kernels *tier_of_loop(int i)
{
    return arq_kernels_of((arq_tier)(1 + i / (int)kernel_case_count));
}

START_TEST(same_bits_as_reference)
{
    const arq_kernels *tier = tier_of_loop(_i);
    const kernel_case *c = &kernel_cases[(size_t)_i % kernel_case_count];
    workshop w;
    if (!tier)
        return; /* not built, or not for this machine: the suite's summary counts the tiers that ran */
    ck_assert(workshop_open(&w, kernel_test_seed()));
    bool same = kernel_case_run(c, &w, arq_kernels_of(ARQ_TIER_GENERIC), tier);
    ck_assert_msg(same, "%s, seed %llu: %s", tier->name, (unsigned long long)kernel_test_seed(), w.failure);
    ck_assert_uint_gt(w.checks, 100);
    workshop_close(&w);
}
END_TEST

START_TEST(comparison_notices_a_difference)
{
    const float zero = 0.0f, negative = -0.0f;
    workshop w;
    ck_assert(workshop_open(&w, 1));
    w.context = "self";
    workshop_compare(&w, "zeros", &zero, &negative, 1);
    ck_assert_msg(w.failure[0], "0 and -0 passed as equal");
    workshop_close(&w);
}
END_TEST

START_TEST(generic_is_always_there)
{
    ck_assert_uint_ne(arq_kernels_supported() & 1u << ARQ_TIER_GENERIC, 0);
    ck_assert_str_eq(arq_kernels_of(ARQ_TIER_GENERIC)->name, "generic");
    ck_assert_str_eq(arq_kernels_select(0)->name, "generic");
    ck_assert_str_eq(arq_kernels_select(1u << ARQ_TIER_GENERIC)->name, "generic");
}
END_TEST

START_TEST(selection_obeys_the_mask)
{
    for (int t = 0; t < ARQ_TIER_COUNT; t++) {
        const arq_kernels *tier = arq_kernels_of((arq_tier)t);
        const arq_kernels *only = arq_kernels_select(1u << t);
        ck_assert_ptr_eq(only, tier ? tier : arq_kernels_of(ARQ_TIER_GENERIC));
        if (tier)
            ck_assert_uint_ne(arq_kernels_supported() & 1u << t, 0);
    }
}
END_TEST

START_TEST(selection_takes_the_fastest)
{
    const arq_kernels *best = arq_kernels_of(ARQ_TIER_GENERIC);
    for (int t = 0; t < ARQ_TIER_COUNT; t++) {
        if (arq_kernels_of((arq_tier)t))
            best = arq_kernels_of((arq_tier)t);
    }
    ck_assert_ptr_eq(arq_kernels_select(UINT32_MAX), best);
    ck_assert_ptr_null(arq_kernels_of(ARQ_TIER_COUNT));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("kernels");
    TCase *bits = tcase_create("tiers"), *dispatch = tcase_create("dispatch");
    tcase_set_timeout(bits, 60);
    tcase_add_loop_test(bits, same_bits_as_reference, 0, (ARQ_TIER_COUNT - 1) * (int)kernel_case_count);
    tcase_add_test(bits, comparison_notices_a_difference);
    tcase_add_test(dispatch, generic_is_always_there);
    tcase_add_test(dispatch, selection_obeys_the_mask);
    tcase_add_test(dispatch, selection_takes_the_fastest);
    suite_add_tcase(suite, bits);
    suite_add_tcase(suite, dispatch);
    SRunner *runner = srunner_create(suite);
    for (int t = 1; t < ARQ_TIER_COUNT; t++)
        printf("tier %d: %s\n", t,
               arq_kernels_of((arq_tier)t) ? arq_kernels_of((arq_tier)t)->name : "does not run here");
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
