/* Batches step as their instances would one by one, on any executor. */
#include "support.h"

#include <fenv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct arrays {
    uint32_t count;
    size_t bytes;
    int32_t *actions;
    unsigned char *observations;
    double *rewards;
    int32_t *terminated, *truncated;
    uint8_t *mask;
};

static void *take(size_t count, size_t size)
{
    void *memory = calloc(count, size);
    ck_assert_ptr_nonnull(memory);
    return memory;
}

static struct arrays new_arrays(uint32_t count, size_t bytes)
{
    return (struct arrays){.count = count,
                           .bytes = bytes,
                           .actions = take(count, sizeof(int32_t)),
                           .observations = take(count, bytes),
                           .rewards = take(count, sizeof(double)),
                           .terminated = take(count, sizeof(int32_t)),
                           .truncated = take(count, sizeof(int32_t)),
                           .mask = take(count, 1)};
}

static void free_arrays(struct arrays *arrays)
{
    free(arrays->actions);
    free(arrays->observations);
    free(arrays->rewards);
    free(arrays->terminated);
    free(arrays->truncated);
    free(arrays->mask);
}

static arq_env_batch *open_batch(arq_context *context, const char *id, uint32_t count)
{
    arq_env_batch *batch = NULL;
    ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
    ck_assert_msg(arq_env_batch_open(context, id, count, &batch) == ARQ_OK, "%s", last_error(context));
    return batch;
}

static arq_status step(arq_env_batch *batch, struct arrays *a)
{
    return arq_env_batch_step(batch, a->actions, a->observations, a->rewards, a->terminated, a->truncated);
}

static const struct {
    const char *kind;
    size_t bytes;
    uint32_t count;
    uint32_t threads;
} cases[] = {
    {"bit", 2, 1, 1},   {"bit", 2, 255, 1},  {"bit", 2, 257, 1},  {"bit", 2, 1000, 3},
    {"u8", 10, 513, 2}, {"f32", 40, 300, 2}, {"f64", 80, 300, 2}, {"discrete", 4, 600, 3},
};

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

/* Every instance of a batch does what a single environment with its seed does, final observations included. */
START_TEST(equals_single_environments)
{
    arq_context *context = new_context();
    uint32_t count = cases[_i].count;
    size_t bytes = cases[_i].bytes;
    char id[64];
    ck_assert_int_eq(arq_context_set_threads(context, cases[_i].threads), ARQ_OK);
    snprintf(id, sizeof(id), "test/walk?kind=%s", cases[_i].kind);
    arq_env_batch *batch = open_batch(context, id, count);
    struct arrays a = new_arrays(count, bytes);
    arq_env **singles = take(count, sizeof(*singles));
    uint64_t *seeds = take(count, sizeof(*seeds));
    union {
        double alignment;
        unsigned char bytes[80];
    } single;
    uint32_t random = 7;
    for (uint32_t i = 0; i < count; i++) {
        singles[i] = open_env(context, id);
        seeds[i] = 1000 + i;
        ck_assert_int_eq(arq_env_reset(singles[i], &seeds[i], single.bytes), ARQ_OK);
    }
    ck_assert_int_eq(arq_env_batch_reset(batch, seeds, NULL, a.observations), ARQ_OK);
    for (int round = 0; round < 100; round++) {
        uint32_t ended = 0;
        for (uint32_t i = 0; i < count; i++) {
            a.actions[i] = next_random(&random) % 4 != 0;
        }
        ck_assert_msg(step(batch, &a) == ARQ_OK, "%s", last_error(context));
        for (uint32_t i = 0; i < count; i++) {
            double reward;
            int32_t terminated, truncated;
            arq_status status = arq_env_step(singles[i], a.actions[i], single.bytes, &reward, &terminated, &truncated);
            int same = status == ARQ_OK && memcmp(single.bytes, a.observations + i * bytes, bytes) == 0 &&
                       reward == a.rewards[i] && terminated == a.terminated[i] && truncated == a.truncated[i];
            if (!same) {
                ck_abort_msg("instance %u differs in round %d", i, round);
            }
            a.mask[i] = terminated || truncated;
            ended += a.mask[i];
            if (a.mask[i]) {
                ck_assert_int_eq(arq_env_reset(singles[i], NULL, single.bytes), ARQ_OK);
            }
        }
        if (ended > 0) {
            ck_assert_int_eq(step(batch, &a), ARQ_E_ORDER);
            ck_assert_int_eq(arq_env_batch_reset(batch, NULL, a.mask, a.observations), ARQ_OK);
        }
    }
    for (uint32_t i = 0; i < count; i++) {
        arq_env_destroy(singles[i]);
    }
    free(singles);
    free(seeds);
    free_arrays(&a);
    arq_env_batch_destroy(batch);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

/* An ended instance keeps its final observation and makes the batch wait for a reset of just it. */
START_TEST(waits_for_ended_instances)
{
    arq_context *context = new_context();
    arq_env_batch *batch = open_batch(context, "test/walk", 3);
    struct arrays a = new_arrays(3, 2);
    unsigned char before[6];
    ck_assert_int_eq(step(batch, &a), ARQ_E_ORDER);
    ck_assert(error_says(context, "instance 0 was never reset"));
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, a.observations), ARQ_OK);
    a.actions[1] = 1;
    do {
        ck_assert_int_eq(step(batch, &a), ARQ_OK);
    } while (!a.terminated[1]);
    ck_assert_uint_eq(a.observations[3], 2);
    memcpy(before, a.observations, sizeof(before));
    a.rewards[0] = 77;
    ck_assert_int_eq(step(batch, &a), ARQ_E_ORDER);
    ck_assert(error_says(context, "instance 1 has ended its episode"));
    ck_assert_mem_eq(before, a.observations, sizeof(before));
    ck_assert_double_eq(a.rewards[0], 77);
    a.mask[1] = 1;
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, a.mask, a.observations), ARQ_OK);
    ck_assert_mem_eq(before, a.observations, 2);
    ck_assert_mem_eq(before + 4, a.observations + 4, 2);
    ck_assert_uint_eq(a.observations[3], 0);
    ck_assert_int_eq(step(batch, &a), ARQ_OK);
    free_arrays(&a);
    arq_env_batch_destroy(batch);
    arq_context_destroy(context);
}
END_TEST

/* Without seeds the first episodes of the instances still differ. */
START_TEST(begins_with_different_seeds)
{
    arq_context *context = new_context();
    arq_env_batch *batch = open_batch(context, "test/walk?kind=discrete", 64);
    struct arrays a = new_arrays(64, 4);
    int32_t first, state;
    int different = 0;
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, a.observations), ARQ_OK);
    memcpy(&first, a.observations, sizeof(first));
    for (uint32_t i = 0; i < 64; i++) {
        memcpy(&state, a.observations + i * sizeof(state), sizeof(state));
        different += state != first;
    }
    ck_assert_int_gt(different, 10);
    free_arrays(&a);
    arq_env_batch_destroy(batch);
    arq_context_destroy(context);
}
END_TEST

START_TEST(shows_its_instances)
{
    arq_context *context = new_context();
    arq_env_batch *batch = open_batch(context, "test/walk", 2);
    struct arrays a = new_arrays(2, 2);
    arq_env *member = arq_env_batch_at(batch, 1);
    unsigned char state[128];
    double reward;
    int32_t flag;
    size_t size;
    uint32_t width, height;
    arq_env *wrapped;
    ck_assert_ptr_null(arq_env_batch_at(batch, 2));
    ck_assert_ptr_null(arq_env_batch_at(NULL, 0));
    ck_assert_uint_eq(arq_env_describe(member)->observation_size, WALK_CELLS);
    ck_assert_str_eq(arq_env_action_name(member, 0), "left");
    ck_assert_int_eq(arq_env_save(member, NULL, 0, &size), ARQ_E_ORDER);
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, a.observations), ARQ_OK);
    ck_assert_int_eq(arq_env_render(member, 1, NULL, 0, &width, &height), ARQ_OK);
    ck_assert_int_eq(arq_env_step(member, 0, a.observations, &reward, &flag, &flag), ARQ_E_UNSUPPORTED);
    ck_assert(error_says(context, "use arq_env_batch_step"));
    ck_assert_int_eq(arq_env_reset(member, NULL, a.observations), ARQ_E_UNSUPPORTED);
    ck_assert(error_says(context, "use arq_env_batch_reset"));
    ck_assert_int_eq(arq_env_time_limit(member, 3, &wrapped), ARQ_E_ARGUMENT);
    arq_env_destroy(member);
    /* A state goes from one instance to the other, its phase with it. */
    a.actions[1] = 1;
    do {
        ck_assert_int_eq(step(batch, &a), ARQ_OK);
    } while (!a.terminated[1]);
    ck_assert_int_eq(arq_env_save(arq_env_batch_at(batch, 0), state, sizeof(state), &size), ARQ_OK);
    ck_assert_int_eq(arq_env_load(member, state, size), ARQ_OK);
    a.actions[1] = a.actions[0];
    ck_assert_int_eq(step(batch, &a), ARQ_OK);
    ck_assert_mem_eq(a.observations, a.observations + 2, 2);
    free_arrays(&a);
    arq_env_batch_destroy(batch);
    ck_assert_int_eq(walk_count(), 0);
    arq_context_destroy(context);
}
END_TEST

static const arq_plugin *old_plugin(uint32_t abi_version)
{
    static arq_env_type type;
    static const arq_env_type *const types[] = {&type};
    static arq_plugin plugin;
    type = walk_type;
    type.id = "old/walk";
    type.struct_size = offsetof(arq_env_type, create_batch);
    memset(&type.create_batch, 0x5a, sizeof(type.create_batch));
    plugin = *walk_plugin(abi_version);
    plugin.types = types;
    return &plugin;
}

/* A type from before create_batch makes its instances one by one: nothing is read beyond its struct_size. */
START_TEST(makes_instances_of_an_older_type)
{
    arq_context *context = new_context();
    struct arrays a = new_arrays(300, 2);
    arq_env_batch *batch = NULL;
    ck_assert_int_eq(arq_plugin_register(context, old_plugin), ARQ_OK);
    ck_assert_msg(arq_env_batch_open(context, "old/walk", 300, &batch) == ARQ_OK, "%s", last_error(context));
    ck_assert_int_eq(walk_count(), 300);
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, a.observations), ARQ_OK);
    ck_assert_int_eq(step(batch, &a), ARQ_OK);
    arq_env_batch_destroy(batch);
    ck_assert_int_eq(walk_count(), 0);
    free_arrays(&a);
    arq_context_destroy(context);
}
END_TEST

START_TEST(passes_failures_of_create_batch_on)
{
    static const struct {
        int fault;
        arq_status status;
        const char *words;
    } failures[] = {
        {WALK_CREATE_BATCH_FAILS, WALK_OWN_CODE, "test/walk: create_batch failed with code -1234: too narrow for 600"},
        {WALK_CREATE_BATCH_NULL, ARQ_E_ENV, "test/walk: create_batch returned ARQ_OK and left instance 3 NULL"},
        {WALK_CREATE_FAILS, ARQ_E_CALLBACK, "no ground to walk on"},
        {WALK_SPEC_KIND, ARQ_E_ARGUMENT, "observation kind is 9"},
    };
    for (size_t f = 0; f < sizeof(failures) / sizeof(failures[0]); f++) {
        arq_context *context = new_context();
        arq_env_batch *batch = (arq_env_batch *)(void *)context;
        char id[64];
        snprintf(id, sizeof(id), "test/walk?fault=%d", failures[f].fault);
        ck_assert_int_eq(arq_plugin_register(context, walk_plugin), ARQ_OK);
        ck_assert_int_eq(arq_env_batch_open(context, id, 600, &batch), failures[f].status);
        ck_assert_ptr_null(batch);
        ck_assert_msg(error_says(context, failures[f].words), "%s", last_error(context));
        ck_assert_int_eq(walk_count(), 0);
        arq_context_destroy(context);
    }
}
END_TEST

/* A failure in any block names its instance, whatever thread ran it; all begin anew then. */
START_TEST(names_the_instance_that_fails)
{
    static const struct {
        int fault;
        arq_status status;
        const char *words;
    } failures[] = {
        {WALK_REWARD_NAN, ARQ_E_ENV, "test/walk: reward is nan"},
        {WALK_FAILS_OWN_CODE, WALK_OWN_CODE, "cell five is mine"},
        {WALK_FAILS, ARQ_E_CALLBACK, "code -4"},
        {WALK_SPARE_BITS, ARQ_E_ENV, "the spare bits must be 0"},
        {WALK_TRUNCATED_UNWRITTEN, ARQ_E_ENV, "truncated is -1"},
    };
    for (size_t f = 0; f < sizeof(failures) / sizeof(failures[0]); f++) {
        for (uint32_t threads = 1; threads <= 2; threads++) {
            arq_context *context = new_context();
            char id[64];
            uint64_t *seeds = take(600, sizeof(*seeds));
            snprintf(id, sizeof(id), "test/walk?fault=%d", failures[f].fault);
            ck_assert_int_eq(arq_context_set_threads(context, threads), ARQ_OK);
            arq_env_batch *batch = open_batch(context, id, 600);
            struct arrays a = new_arrays(600, 2);
            ck_assert_int_eq(arq_env_batch_reset(batch, seeds, NULL, a.observations), ARQ_OK);
            /* One walks right, in the last block; the others stay at the left. */
            a.actions[555] = 1;
            arq_status status = ARQ_OK;
            for (int i = 0; i < 40 && status == ARQ_OK; i++) {
                status = step(batch, &a);
            }
            ck_assert_int_eq(status, failures[f].status);
            ck_assert(error_says(context, failures[f].words));
            ck_assert(error_says(context, "of the batch: "));
            ck_assert_int_eq(step(batch, &a), ARQ_E_ORDER);
            ck_assert(error_says(context, "failed in its last step"));
            ck_assert_int_eq(arq_env_batch_reset(batch, seeds, NULL, a.observations), ARQ_OK);
            free_arrays(&a);
            free(seeds);
            arq_env_batch_destroy(batch);
            arq_context_destroy(context);
        }
    }
}
END_TEST

START_TEST(refuses_bad_arguments)
{
    arq_context *context = new_context();
    arq_env_batch *batch = (arq_env_batch *)(void *)context;
    struct arrays a = new_arrays(2, 2);
    ck_assert_int_eq(arq_env_batch_open(NULL, "test/walk", 1, &batch), ARQ_E_ARGUMENT);
    ck_assert_ptr_null(batch);
    ck_assert_int_eq(arq_env_batch_open(context, NULL, 1, &batch), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_batch_open(context, "test/walk", 1, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_batch_open(context, "test/walk", 0, &batch), ARQ_E_ARGUMENT);
    ck_assert(error_says(context, "count is 0"));
    ck_assert_int_eq(arq_env_batch_open(context, "test/walk", 1, &batch), ARQ_E_NOT_FOUND);
    batch = open_batch(context, "test/walk", 2);
    ck_assert_int_eq(arq_env_batch_reset(NULL, NULL, NULL, a.observations), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, NULL), ARQ_E_ARGUMENT);
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, a.mask, a.observations), ARQ_OK);
    ck_assert_int_eq(step(batch, &a), ARQ_E_ORDER);
    ck_assert_int_eq(arq_env_batch_reset(batch, NULL, NULL, a.observations), ARQ_OK);
    struct arrays missing = a;
    missing.actions = NULL;
    ck_assert_int_eq(step(batch, &missing), ARQ_E_ARGUMENT);
    missing = a;
    missing.observations = NULL;
    ck_assert_int_eq(step(batch, &missing), ARQ_E_ARGUMENT);
    missing = a;
    missing.rewards = NULL;
    ck_assert_int_eq(step(batch, &missing), ARQ_E_ARGUMENT);
    missing = a;
    missing.terminated = NULL;
    ck_assert_int_eq(step(batch, &missing), ARQ_E_ARGUMENT);
    missing = a;
    missing.truncated = NULL;
    ck_assert_int_eq(step(batch, &missing), ARQ_E_ARGUMENT);
    ck_assert_int_eq(step(NULL, &a), ARQ_E_ARGUMENT);
    const int32_t bad[] = {-1, 2, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        a.actions[1] = bad[i];
        ck_assert_int_eq(step(batch, &a), ARQ_E_ARGUMENT);
        ck_assert(error_says(context, "action 1 is"));
    }
    a.actions[1] = 0;
    ck_assert_int_eq(step(batch, &a), ARQ_OK);
    arq_env_batch_destroy(NULL);
    arq_env_batch_destroy(batch);
    free_arrays(&a);
    arq_context_destroy(context);
}
END_TEST

struct caller {
    arq_env_batch *batch;
    struct arrays *arrays;
    int calls;
    int rounding;
};

static void call_back(void *user)
{
    struct caller *caller = user;
    size_t size;
    if (caller->calls++ == 0) {
        ck_assert_int_eq(step(caller->batch, caller->arrays), ARQ_E_BUSY);
        ck_assert_int_eq(arq_env_batch_reset(caller->batch, NULL, NULL, caller->arrays->observations), ARQ_E_BUSY);
        ck_assert_int_eq(arq_env_save(arq_env_batch_at(caller->batch, 0), NULL, 0, &size), ARQ_E_BUSY);
        arq_env_batch_destroy(caller->batch);
    }
    caller->rounding = fegetround();
}

START_TEST(refuses_calls_from_its_own_methods)
{
    arq_context *context = new_context();
    struct arrays a = new_arrays(300, 2);
    struct caller caller = {open_batch(context, "test/walk", 300), &a, 0, -1};
    ck_assert_int_eq(arq_env_batch_reset(caller.batch, NULL, NULL, a.observations), ARQ_OK);
    walk_on_step(call_back, &caller);
    fesetround(FE_UPWARD);
    ck_assert_int_eq(step(caller.batch, &a), ARQ_OK);
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
    walk_on_step(NULL, NULL);
    ck_assert_int_eq(caller.calls, 300);
    ck_assert_int_eq(caller.rounding, FE_UPWARD);
    arq_env_batch_destroy(caller.batch);
    free_arrays(&a);
    arq_context_destroy(context);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("batch");
    TCase *test_case = tcase_create("batch");
    tcase_set_timeout(test_case, 60);
    tcase_add_loop_test(test_case, equals_single_environments, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(test_case, waits_for_ended_instances);
    tcase_add_test(test_case, begins_with_different_seeds);
    tcase_add_test(test_case, shows_its_instances);
    tcase_add_test(test_case, makes_instances_of_an_older_type);
    tcase_add_test(test_case, passes_failures_of_create_batch_on);
    tcase_add_test(test_case, names_the_instance_that_fails);
    tcase_add_test(test_case, refuses_bad_arguments);
    tcase_add_test(test_case, refuses_calls_from_its_own_methods);
    suite_add_tcase(suite, test_case);
    return run_suite(suite);
}
