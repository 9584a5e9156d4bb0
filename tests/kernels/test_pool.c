/* The pool of threads: every index once, also nested and with many more threads than cores; updates ask for no memory.
 */
#include "arq/learner.h"
#include "core/context.h"
#include "support/counting_allocator.h"

#include <check.h>
#include <stdlib.h>

#define TASKS 1000

typedef struct work {
    const arq_context *context;
    atomic_uint runs[TASKS];
    atomic_uint inner;
} work;

static void count_run(void *data, uint32_t index)
{
    work *w = data;
    atomic_fetch_add(&w->runs[index], 1);
}

static void count_inner(void *data, uint32_t index)
{
    work *w = data;
    (void)index;
    atomic_fetch_add(&w->inner, 1);
}

static void count_nested(void *data, uint32_t index)
{
    work *w = data;
    count_run(data, index);
    arq_parallel_for(w->context, 10, count_inner, data);
}

static arq_context *with_threads(uint32_t threads)
{
    arq_context *context;
    ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, NULL, &context), ARQ_OK);
    ck_assert_int_eq(arq_context_set_threads(context, threads), ARQ_OK);
    return context;
}

static void run_rounds(uint32_t threads, void (*task)(void *data, uint32_t index), uint32_t inner)
{
    arq_context *context = with_threads(threads);
    for (uint32_t round = 1; round <= 50; round++) {
        static work w;
        uint32_t tasks = round * TASKS / 50;
        for (uint32_t i = 0; i < TASKS; i++) {
            atomic_store(&w.runs[i], 0);
        }
        atomic_store(&w.inner, 0);
        w.context = context;
        arq_parallel_for(context, tasks, task, &w);
        for (uint32_t i = 0; i < TASKS; i++) {
            ck_assert_uint_eq(atomic_load(&w.runs[i]), i < tasks ? 1 : 0);
        }
        ck_assert_uint_eq(atomic_load(&w.inner), tasks * inner);
    }
    arq_context_destroy(context);
}

START_TEST(every_index_runs_once)
{
    static const uint32_t threads[] = {1, 2, 64};
    run_rounds(threads[_i], count_run, 0);
}
END_TEST

START_TEST(tasks_may_call_again)
{
    static const uint32_t threads[] = {1, 2, 64};
    run_rounds(threads[_i], count_nested, 10);
}
END_TEST

#define BATCH 33
#define BITS 40

static void update_often(arq_context *context, const char *preset, struct counting_allocator *counts)
{
    static const int32_t actions[BATCH] = {0, 1, 2};
    static const float rewards[BATCH] = {1};
    static const uint8_t terminated[BATCH] = {1};
    static uint8_t observations[BATCH * 12 * BITS / 8];
    arq_config *config;
    arq_network *network;
    arq_learner *learner;
    for (size_t i = 0; i < sizeof(observations); i++) {
        observations[i] = (uint8_t)(i * 37);
    }
    ck_assert_int_eq(arq_config_create(context, preset, &config), ARQ_OK);
    ck_assert_int_eq(arq_config_set_int(config, "batch", BATCH), ARQ_OK);
    ck_assert_int_eq(arq_network_create(context, config, ARQ_OBSERVATION_BIT, BITS, 3, &network), ARQ_OK);
    ck_assert_int_eq(arq_learner_create(network, config, &learner), ARQ_OK);
    size_t before = 0;
    for (int update = 0; update < 5; update++) {
        ck_assert_int_eq(arq_learner_update(learner, BATCH, observations, NULL, actions, rewards, terminated), ARQ_OK);
        ck_assert_int_eq(arq_learner_sync(learner), ARQ_OK);
        before = update == 0 ? atomic_load(&counts->total) : before;
    }
    ck_assert_uint_gt(before, 0);
    ck_assert_uint_eq(atomic_load(&counts->total), before);
    arq_learner_destroy(learner);
    arq_network_destroy(network);
    arq_config_destroy(config);
}

START_TEST(an_update_asks_for_no_memory)
{
    static const char *const presets[] = {"fast", "replay-fast", "small"};
    for (uint32_t threads = 1; threads <= 2; threads++) {
        struct counting_allocator counts = {0};
        arq_allocator hooks = counting_hooks(&counts);
        arq_context *context;
        ck_assert_int_eq(arq_context_create(ARQ_ABI_VERSION, &hooks, &context), ARQ_OK);
        ck_assert_int_eq(arq_context_set_threads(context, threads), ARQ_OK);
        update_often(context, presets[_i], &counts);
        arq_context_destroy(context);
        ck_assert_uint_eq(atomic_load(&counts.live), 0);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("pool");
    TCase *tests = tcase_create("pool");
    SRunner *runner = srunner_create(suite);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, every_index_runs_once, 0, 3);
    tcase_add_loop_test(tests, tasks_may_call_again, 0, 3);
    tcase_add_loop_test(tests, an_update_asks_for_no_memory, 0, 3);
    suite_add_tcase(suite, tests);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
